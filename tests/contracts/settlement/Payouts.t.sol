// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hints} from "../../../contracts/libraries/Hints.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Assignee} from "../support/Assignee.sol";
import {EscrowBase} from "./EscrowBase.sol";

contract PayoutsTest is EscrowBase {
    // Refusals

    function test_fundingNothingOrTooMuchOrTooEarlyIsRefused() public {
        _registerOrder();
        vm.prank(buyer);
        vm.expectRevert(_wrongState(IOrderEscrow.State.Registered, IOrderEscrow.State.Accepted));
        escrow.fund(ID, 1);
        _acceptOrder(ID);
        _fund(6_000_000);
        _payOrder(3_000_000);
        vm.startPrank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.PaymentZero.selector, ID));
        escrow.fund(ID, 0);
        bytes memory refusal =
            abi.encodeWithSelector(IOrderEscrow.PaymentExceedsOutstanding.selector, ID, 1_000_001, 1_000_000);
        vm.expectRevert(refusal);
        escrow.fund(ID, 1_000_001);
        vm.expectRevert(refusal);
        escrow.payOrder(ID, 1_000_001);
    }

    function test_onlyTheOracleTellsOfFacts() public {
        _accepted();
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.OnlyOracle.selector, address(this), address(oracle)));
        escrow.onMilestone(SHIPMENT, 1, Milestones.DEPARTED, 1);
    }

    function test_settlingWhatDoesNotRunIsRefused() public {
        _registerOrder();
        vm.expectRevert(_wrongState(IOrderEscrow.State.Registered, IOrderEscrow.State.Accepted));
        escrow.settle(ID);
    }

    // Facts

    function test_aFactPaysItsShareAtOnce() public {
        _accepted();
        _fund(VALUE);
        vm.expectEmit(address(escrow));
        emit IOrderEscrow.OrderPaidOut(ID, seller, 4_000_000, 6_000_000);
        _depart();
        assertEq(euro.balanceOf(seller), 4_000_000);
        assertEq(escrow.order(ID).held, 6_000_000);
        assertEq(escrow.settle(ID), 0, "once");

        _receive(1, uint64(QUANTITY));
        assertEq(euro.balanceOf(seller), VALUE);
        _assertState(IOrderEscrow.State.Settled);
        _assertBalanced();
    }

    function test_nothingIsPaidBeforeItCanNoLongerBeDisputed() public {
        _accepted();
        _fund(VALUE);
        _attestBoth(SHIPMENT, Milestones.RECEIVED, 1, uint64(QUANTITY));
        assertEq(escrow.settle(ID), 0);
        vm.warp(vm.getBlockTimestamp() + WINDOW);
        assertEq(escrow.settle(ID), VALUE, "goods that have come have departed");
    }

    function test_aFactInDisputePaysNothing() public {
        _accepted();
        _fund(VALUE);
        _attestBoth(SHIPMENT, Milestones.RECEIVED, 1, uint64(QUANTITY));
        _attestDissent(Milestones.RECEIVED);
        vm.warp(vm.getBlockTimestamp() + WINDOW);
        assertEq(escrow.settle(ID), 0);
        assertEq(escrow.earnedOf(ID), 0);
    }

    function test_partialShipmentsAddUp() public {
        _accepted();
        _fund(VALUE);
        _receive(1, 300_000);
        assertEq(euro.balanceOf(seller), 3_000_000);
        _receive(2, 300_000);
        assertEq(euro.balanceOf(seller), 6_000_000);
        _depart();
        // 60 % received earn 60 % of the last step's part, and the first step is reached whole.
        assertEq(euro.balanceOf(seller), 7_600_000);
        _receive(3, 389_999);
        assertLt(euro.balanceOf(seller), VALUE, "a thousandth more is missing than the tolerance");
        _receive(4, 1);
        assertEq(euro.balanceOf(seller), VALUE, "1 % short is all of it");
    }

    /// @dev An eighth delivery counts and a ninth does not: the work of a payout is bounded.
    function test_eightDeliveriesCount() public {
        _accepted();
        _fund(VALUE);
        for (uint32 sequence = 1; sequence <= 9; ++sequence) {
            _receive(sequence, 100_000);
        }
        assertEq(escrow.earnedOf(ID), 8_000_000);
        assertEq(euro.balanceOf(seller), 8_000_000);
    }

    function test_moreThanOrderedEarnsNoMoreThanTheOrder() public {
        _accepted();
        _fund(VALUE);
        _receive(1, uint64(QUANTITY * 2));
        assertEq(euro.balanceOf(seller), VALUE);
        _assertState(IOrderEscrow.State.Settled);
    }

    function test_acceptanceItselfMayEarn() public {
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        terms.deposit = 3_000_000;
        terms.payouts[0] = IOrderEscrow.Payout(Milestones.ACCEPTED, 2000, false);
        _give(buyer, 3_000_000);
        _accepted(terms);
        assertEq(euro.balanceOf(seller), 2_000_000);
        assertEq(escrow.order(ID).held, 1_000_000);
        _assertBalanced();
    }

    /// @dev What the consignment's facts say at the acceptance counts: the buyer agrees to that consignment.
    function test_earlierFactsCountAtTheAcceptance() public {
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        terms.deposit = VALUE;
        _give(buyer, VALUE);
        vm.prank(seller);
        escrow.registerOrder(terms);
        _depart();
        assertEq(escrow.earnedOf(ID), 0, "nobody has agreed yet");
        _acceptOrder(ID);
        assertEq(euro.balanceOf(seller), 4_000_000);
    }

    // Money

    function test_onlyWhatIsHeldIsPaid() public {
        _accepted();
        _fund(1_500_000);
        _depart();
        assertEq(euro.balanceOf(seller), 1_500_000);
        _fund(5_000_000);
        assertEq(euro.balanceOf(seller), 1_500_000, "funding pays nothing out");
        assertEq(escrow.settle(ID), 2_500_000);
        _assertBalanced();
    }

    /// @dev What the buyer pays straight is part of what is earned, so that no share is paid twice.
    function test_straightPaymentsCountAsPaid() public {
        _accepted();
        _fund(5_000_000);
        _payOrder(3_000_000);
        _depart();
        assertEq(euro.balanceOf(seller), 4_000_000);
        _receive(1, uint64(QUANTITY));
        assertEq(euro.balanceOf(seller), 8_000_000);
        assertEq(escrow.outstanding(ID), 2_000_000);
        assertEq(escrow.unfunded(ID), 2_000_000);
        _payOrder(2_000_000);
        _assertState(IOrderEscrow.State.Settled);
    }

    function test_donationsAreNobodysPayout() public {
        _accepted();
        _issue(euro, address(escrow), VALUE);
        _depart();
        assertEq(euro.balanceOf(seller), 0);
        _fund(1);
        assertEq(escrow.settle(ID), 1);
    }

    function test_payoutToAFrozenSellerIsParked() public {
        _accepted();
        _fund(VALUE);
        registry.freezeAccount(seller);
        _depart();
        assertEq(escrow.parked(seller, address(euro)), 4_000_000);
        assertEq(escrow.order(ID).paid, 4_000_000);
        _assertBalanced();
    }

    // Assignee

    /// @dev In the oracle's call there is no second stipend; what is left of the first tells the assignee.
    function test_theAssigneeIsPaidAndToldByTheFact() public {
        _accepted();
        assignee.assign(escrow, ID, seller);
        _fund(VALUE);
        _depart();
        assertEq(euro.balanceOf(address(assignee)), 4_000_000);
        assertEq(assignee.hints(), 1);
        assertEq(euro.balanceOf(seller), 0);
    }

    function testFuzz_aBadAssigneeHoldsUpNoPayout(uint8 mood) public {
        mood = uint8(bound(mood, 1, 2));
        _accepted();
        assignee.assign(escrow, ID, seller);
        assignee.setMood(Assignee.Mood(mood));
        _fund(VALUE);
        vm.expectEmit(address(escrow));
        emit IOrderEscrow.ProceedsHintFailed(ID, address(assignee));
        _depart();
        assertEq(euro.balanceOf(address(assignee)), 4_000_000);
        assertEq(escrow.order(ID).paid, 4_000_000);
    }

    function test_settlingWithTooLittleGasForTheHintIsRefused() public {
        _accepted();
        assignee.assign(escrow, ID, seller);
        _depart();
        _fund(VALUE);
        vm.expectPartialRevert(Hints.GasTooLow.selector);
        escrow.settle{gas: 600_000}(ID);
        assertEq(escrow.order(ID).paid, 0);
    }

    function test_onWhoseName() public {
        _accepted();
        _fund(1);
        _fundBy(lender.account, 2);
        _issue(euro, address(assignee), 4);
        assignee.fund(escrow, euro, ID, 4);
        assertEq(escrow.fundedBy(ID, buyer), 5, "the network's contracts pay for the buyer");
        assertEq(escrow.fundedBy(ID, lender.account), 2);
        assertEq(escrow.fundsOf(ID).funded, 7);
    }

    // Properties

    /// @dev In whatever order facts, fundings and straight payments come, the seller has what is earned as far as money
    /// came in: worked out here from the figures that the test chose, not from the contract's.
    function testFuzz_paidIsTheLesserOfEarnedAndFunded(
        uint256 funded,
        uint256 straight,
        uint256[3] memory parts,
        bool departed
    ) public {
        _accepted();
        straight = bound(straight, 0, VALUE);
        funded = bound(funded, 0, VALUE - straight);
        if (straight != 0) _payOrder(straight);
        if (departed) _depart();
        if (funded != 0) _fund(funded);
        uint256 come;
        for (uint32 i; i < 3; ++i) {
            uint256 part = bound(parts[i], 1, QUANTITY / 2);
            come += part;
            if (_state() != IOrderEscrow.State.Accepted) break;
            _receive(i + 1, uint64(part));
            uint256 counted = come >= QUANTITY * 99 / 100 ? QUANTITY : come;
            uint256 first = departed ? QUANTITY : counted;
            uint256 earned = (first * 4000 + counted * 6000) * VALUE / QUANTITY / 10_000;
            uint256 due = earned > straight ? earned - straight : 0;
            assertEq(euro.balanceOf(seller), straight + (due < funded ? due : funded), "paid");
            assertEq(escrow.earnedOf(ID), earned, "earned");
        }
        _assertBalanced();
    }

    // Internals

    function _attestDissent(uint32 milestone) private {
        IMilestoneOracle.Observation[] memory observations = new IMilestoneOracle.Observation[](1);
        uint64 moment = uint64(block.timestamp - 1 hours);
        observations[0] = IMilestoneOracle.Observation(SHIPMENT, milestone, 1, moment, uint64(QUANTITY / 2));
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](1);
        votes[0] = _vote(carrier, observations, 1);
        oracle.attest(observations, votes);
        assertEq(uint8(oracle.fact(SHIPMENT, milestone, 1).status), uint8(IMilestoneOracle.Status.Disputed));
    }
}
