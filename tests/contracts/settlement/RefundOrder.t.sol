// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {EscrowBase} from "./EscrowBase.sol";

contract RefundOrderTest is EscrowBase {
    // Refusals

    function test_beforeTheDeadlineNothingGoesBack() public {
        _accepted();
        _fund(VALUE);
        vm.warp(TOO_LATE - 1);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.RefundTooEarly.selector, ID, TOO_LATE, TOO_LATE - 1));
        escrow.refund(ID);
    }

    function test_whereNothingIsHeldNothingGoesBack() public {
        _accepted();
        vm.warp(TOO_LATE);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NothingToRefund.selector, ID, buyer));
        escrow.refund(ID);
        _payOrder(1);
        assertEq(euro.balanceOf(seller), 1, "a late order can still be paid");
    }

    function test_strangersHaveNothingToClaim() public {
        _accepted();
        _fund(VALUE);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NothingToRefund.selector, ID, buyer));
        escrow.claimRefund(ID, buyer);
        vm.warp(TOO_LATE);
        escrow.refund(ID);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NothingToRefund.selector, ID, stranger));
        escrow.claimRefund(ID, stranger);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NothingToRefund.selector, ID, buyer));
        escrow.claimRefund(ID, buyer);
        vm.expectRevert(_wrongState(IOrderEscrow.State.Lapsed, IOrderEscrow.State.Accepted));
        escrow.refund(ID);
    }

    /// @dev What may still be disputed may still count: the seller does not lose it to the hour.
    function test_aFactInItsWindowPutsTheRefundOff() public {
        _accepted();
        _fund(VALUE);
        vm.warp(TOO_LATE);
        _attestBoth(SHIPMENT, Milestones.RECEIVED, 1, uint64(QUANTITY));
        uint256 from = TOO_LATE + DISPUTE_DAYS * 1 days;
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.RefundTooEarly.selector, ID, from, TOO_LATE));
        escrow.refund(ID);
        vm.warp(TOO_LATE + WINDOW);
        assertEq(escrow.refund(ID), 0, "and then it is earned");
        _assertState(IOrderEscrow.State.Settled);
        assertEq(euro.balanceOf(seller), VALUE);
    }

    /// @dev Put off, not for ever: where nobody opens a dispute here, what no fact has earned goes back.
    function test_aFactInDisputePutsTheRefundOff() public {
        _accepted();
        _fund(VALUE);
        _attestBoth(SHIPMENT, Milestones.RECEIVED, 1, uint64(QUANTITY));
        _attestOne(carrier, Milestones.RECEIVED, 1, uint64(QUANTITY / 2));
        vm.warp(TOO_LATE);
        uint256 from = TOO_LATE + DISPUTE_DAYS * 1 days;
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.RefundTooEarly.selector, ID, from, TOO_LATE));
        escrow.refund(ID);
        vm.warp(from);
        assertEq(escrow.refund(ID), VALUE);
    }

    // Happy path

    function test_whatIsNotEarnedGoesBack() public {
        _accepted();
        _fund(VALUE);
        _depart();
        vm.warp(TOO_LATE);
        vm.expectEmit(address(escrow));
        emit IOrderEscrow.OrderLapsed(ID, 6_000_000);
        vm.expectEmit(address(escrow));
        emit IOrderEscrow.OrderRefunded(ID, buyer, buyer, 6_000_000);
        vm.prank(stranger);
        assertEq(escrow.refund(ID), 6_000_000);
        assertEq(euro.balanceOf(buyer), 6_000_000);
        assertEq(euro.balanceOf(seller), 4_000_000);
        assertEq(escrow.outstanding(ID), 0);
        assertEq(escrow.fundsOf(ID).refunded, 6_000_000);
        _assertState(IOrderEscrow.State.Lapsed);
        _assertBalanced();
    }

    /// @dev A fact that nobody settled on is settled first.
    function test_lateFactsCountUntilTheRefund() public {
        _accepted();
        _depart();
        _fund(VALUE);
        vm.warp(TOO_LATE);
        assertEq(escrow.refund(ID), 6_000_000);
        assertEq(euro.balanceOf(seller), 4_000_000);
        _assertBalanced();
    }

    function test_factsAfterTheRefundPayNothing() public {
        _accepted();
        _fund(VALUE);
        vm.warp(TOO_LATE);
        escrow.refund(ID);
        _depart();
        assertEq(euro.balanceOf(seller), 0);
    }

    function test_whatIsWaivedCanStillBePaid() public {
        _accepted();
        _fund(1_000_000);
        vm.warp(TOO_LATE);
        escrow.refund(ID);
        assertEq(escrow.unfunded(ID), 0);
        _payOrder(VALUE);
        assertEq(euro.balanceOf(seller), VALUE);
        _assertBalanced();
        _assertState(IOrderEscrow.State.Lapsed);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.PaymentExceedsOutstanding.selector, ID, 1, 0));
        escrow.payOrder(ID, 1);
    }

    function test_aFrozenBuyersRefundIsParked() public {
        _accepted();
        _fund(VALUE);
        vm.warp(TOO_LATE);
        registry.freezeAccount(buyer);
        escrow.refund(ID);
        assertEq(escrow.parked(buyer, address(euro)), VALUE);
        _assertBalanced();
    }

    // Assigned refunds

    function test_assigningRefundsIsForListedContractsAndThatBuyer() public {
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.AssigneeUnlisted.selector, address(this)));
        escrow.assignRefunds(ID, buyer);
        _accepted();
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotBuyerOf.selector, ID, acme.id, borealis.id));
        assignee.assignRefunds(escrow, ID, seller);
        assignee.assignRefunds(escrow, ID, buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.RefundsAlreadyAssigned.selector, ID, address(assignee)));
        assignee.assignRefunds(escrow, ID, buyer);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotRefundAssigneeOf.selector, ID, buyer, address(assignee)));
        escrow.releaseRefunds(ID);
        assignee.releaseRefunds(escrow, ID);
        assertEq(escrow.refundAssigneeOf(ID), address(0));
        assertEq(escrow.order(ID).flags, 0);
    }

    /// @dev What the network's contracts put in for the buyer and what it put in itself; not what a stranger did.
    function test_theAssigneeHasTheBuyersRefunds() public {
        _accepted();
        assignee.assignRefunds(escrow, ID, buyer);
        _fund(1_000_000);
        _issue(euro, address(assignee), 4_000_000);
        assignee.fund(escrow, euro, ID, 4_000_000);
        _fundBy(lender.account, 5_000_000);
        vm.warp(TOO_LATE);
        escrow.refund(ID);
        assertEq(euro.balanceOf(address(assignee)), 5_000_000);
        assertEq(assignee.hints(), 1);
        assertEq(euro.balanceOf(buyer), 0);
        assertEq(escrow.claimRefund(ID, lender.account), 5_000_000);
        assertEq(euro.balanceOf(lender.account), 5_000_000);
        assertEq(escrow.heldInAll(ID), 0);
        _assertBalanced();
    }

    // Properties

    /// @dev Each has its part within a minor unit for each who came before, in whatever order; the parts sum exactly.
    function testFuzz_refundsAreInProportion(uint256[4] memory amounts, uint256 earnedBps, uint8 order) public {
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        earnedBps = bound(earnedBps, 1, 9999);
        terms.payouts[0].shareBps = uint16(earnedBps);
        _accepted(terms);
        address[4] memory who = [buyer, lender.account, carrier.account, inspector.account];
        uint256 funded;
        for (uint256 i; i < 4; ++i) {
            amounts[i] = bound(amounts[i], 1, VALUE / 4);
            funded += amounts[i];
            _fundBy(who[i], amounts[i]);
        }
        _depart();
        uint256 paid = euro.balanceOf(seller);
        vm.warp(TOO_LATE);
        if (paid == funded) {
            vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NothingToRefund.selector, ID, buyer));
            escrow.refund(ID);
            return;
        }
        uint256 back = escrow.refund(ID);
        assertEq(back, funded - paid);
        for (uint256 i; i < 3; ++i) {
            uint256 next = (i + order) % 3 + 1;
            if (escrow.heldInAll(ID) != 0) escrow.claimRefund(ID, who[next]);
        }
        uint256 sum;
        for (uint256 i; i < 4; ++i) {
            uint256 has = euro.balanceOf(who[i]);
            sum += has;
            assertApproxEqAbs(has, back * amounts[i] / funded, 4, "in proportion");
            assertLe(has, amounts[i], "no more than was put in");
        }
        assertEq(sum, back, "to the last minor unit");
        assertEq(euro.balanceOf(address(escrow)), 0);
    }
}
