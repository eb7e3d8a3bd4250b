// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {CollateralBase} from "./doubles/CollateralBase.sol";

/// @title What may be lent against a pledge, from state alone.
contract BorrowingBaseTest is CollateralBase {
    // Nothing

    function test_nothingIsLentWithoutAPledgeOrAFact() public {
        assertEq(_base(1), 0);
        assertEq(invoices.valueOf(_id(1)), 0);
        _take(1, supplier, 1_000_000);
        assertEq(_base(1), 0);
        assertEq(invoices.valueOf(_id(1)), 1_000_000);
    }

    function test_overdueLendsNothingAndKeepsItsValue() public {
        _take(1, supplier, 1_000_000);
        _fact(Milestones.DEPARTED, 1, QUANTITY);
        vm.warp((uint256(DUE_DAY) + 1) * 1 days - 1);
        assertEq(_base(1), 600_000, "the whole of the last day counts");
        vm.warp((uint256(DUE_DAY) + 1) * 1 days);
        assertEq(_base(1), 0);
        assertEq(invoices.valueOf(_id(1)), 1_000_000);
    }

    function test_onlyAcceptedAndDisputedInvoicesLend() public {
        _take(1, supplier, 1_000_000);
        _fact(Milestones.DEPARTED, 1, QUANTITY);
        for (uint8 state; state <= uint8(IReceivableToken.State.Disputed); ++state) {
            _setState(IReceivableToken.State(state), 0);
            bool lends =
                state == uint8(IReceivableToken.State.Accepted) || state == uint8(IReceivableToken.State.Disputed);
            assertEq(_base(1), lends ? 600_000 : 0);
        }
    }

    /// @dev Falling back to "shipped" would raise the base by bad news.
    function test_factInDisputeStopsDraws() public {
        _take(1, supplier, 1_000_000);
        _fact(Milestones.DEPARTED, 1, QUANTITY);
        _dispute(Milestones.RECEIVED, 1);
        assertEq(_base(1), 0);
        _fact(Milestones.RECEIVED, 1, QUANTITY / 2);
        assertEq(_base(1), 400_000);
        _dispute(Milestones.RECEIVED, 2);
        assertEq(_base(1), 0, "a later delivery counts too");
    }

    function test_withoutAConsignmentOnlyAcceptanceCounts() public {
        ICollateral.Step[] memory steps = new ICollateral.Step[](2);
        steps[0] = ICollateral.Step(Milestones.ACCEPTED, 5000, false);
        steps[1] = ICollateral.Step(Milestones.DEPARTED, 9000, false);
        desk.setLadder(invoices, OTHER_FACILITY, steps);
        oracle.set(0, Milestones.DEPARTED, 1, IMilestoneOracle.Status.Final, QUANTITY);
        desk.take(invoices, _id(1), OTHER_FACILITY, supplier, ITEM, 1_000_000, 0);
        desk.take(invoices, _id(2), FACILITY, supplier, ITEM, 1_000_000, 0);
        assertEq(_base(1), 499_999, "a minor unit less, because the item is shared");
        assertEq(_base(2), 0, "there is no step for it");
    }

    /// @dev What the oracle may say of acceptance does not matter: the invoice's own state does.
    function test_acceptanceCountsUntilAFactStands() public {
        ICollateral.Step[] memory steps = new ICollateral.Step[](2);
        steps[0] = ICollateral.Step(Milestones.ACCEPTED, 5000, true);
        steps[1] = ICollateral.Step(Milestones.DEPARTED, 9000, false);
        desk.setLadder(invoices, FACILITY, steps);
        _take(1, supplier, 1_000_000);
        _dispute(Milestones.ACCEPTED, 1);
        assertEq(_base(1), 500_000);
        _fact(Milestones.DEPARTED, 1, QUANTITY / 10);
        assertEq(_base(1), 900_000);
        _dispute(Milestones.DEPARTED, 1);
        assertEq(_base(1), 0);
    }

    // The ladder

    function test_fourStepsAreClimbedOneByOne() public {
        for (uint32 first = Milestones.ACCEPTED; first <= 2; ++first) {
            ICollateral.Step[] memory steps = new ICollateral.Step[](4);
            steps[0] = ICollateral.Step(first, 1000, false);
            steps[1] = ICollateral.Step(300, 2000, true);
            steps[2] = ICollateral.Step(301, 3000, false);
            steps[3] = ICollateral.Step(type(uint16).max, 10_000, true);
            desk.setLadder(invoices, FACILITY, steps);
            bytes32 goods = keccak256(abi.encode(first));
            uint64 id = first;
            desk.take(invoices, _id(id), FACILITY, first == 1 ? supplier : secondTier, ITEM, 1_000_000, goods);
            assertEq(abi.encode(invoices.ladderOf(_id(id))), abi.encode(steps));
            // The second pledge shares the item, and counts for a minor unit less.
            uint256 less = first - 1;
            assertEq(_base(id), first == Milestones.ACCEPTED ? 100_000 : 0);
            uint256 value = 1_000_000 - less;
            for (uint256 i = less == 0 ? 1 : 0; i < 4; ++i) {
                oracle.set(goods, steps[i].milestone, 1, IMilestoneOracle.Status.Final, QUANTITY / 2);
                uint256 expected = (steps[i].measured ? value / 2 : value) * steps[i].advanceRateBps / 10_000;
                assertEq(_base(id), expected);
            }
        }
    }

    function test_theFurthestStepCounts() public {
        _take(1, supplier, 1_000_000);
        _fact(Milestones.DEPARTED, 1, 0);
        assertEq(_base(1), 600_000, "not measured");
        _fact(Milestones.RECEIVED, 1, QUANTITY * 3 / 10);
        assertEq(_base(1), 240_000);
        _fact(Milestones.RECEIVED, 2, QUANTITY * 6 / 10);
        assertEq(_base(1), 720_000, "partial deliveries add up");
        _fact(Milestones.RECEIVED, 3, QUANTITY);
        assertEq(_base(1), 800_000, "never more than was invoiced");
    }

    function test_noMoreThanEightDeliveriesAreAddedUp() public {
        _take(1, supplier, 1_000_000);
        for (uint32 i = 1; i <= 9; ++i) {
            _fact(Milestones.RECEIVED, i, QUANTITY / 10);
        }
        assertEq(_base(1), 640_000);
    }

    function test_gatheringFactsDoNotCount() public {
        _take(1, supplier, 1_000_000);
        oracle.set(GOODS, Milestones.DEPARTED, 1, IMilestoneOracle.Status.Gathering, 0);
        assertEq(_base(1), 0);
    }

    // Payment, dilution, dispute

    /// @dev The record says it all, until something has come in or gone off.
    function test_custodyIsLookedIntoOnlyWhenLessIsOwed() public {
        _takeThree();
        _fact(Milestones.DEPARTED, 1, QUANTITY);
        uint256 base = _base(1);
        vm.mockCallRevert(address(token), abi.encodeWithSelector(token.position.selector), "looked into");
        assertEq(_base(1), base);
        assertEq(invoices.borrowingBaseOf(_id(1), GOODS), base);
        _bring(1);
        vm.expectRevert("looked into");
        invoices.borrowingBase(_id(1));
        vm.clearMockedCalls();
        invoices.onProceeds(ITEM);
        base = _base(1);
        vm.mockCallRevert(address(token), abi.encodeWithSelector(token.position.selector), "looked into");
        assertEq(_base(1), base, "allotted: its units are known again");
        _dilute(1);
        vm.expectRevert("looked into");
        invoices.valueOf(_id(1));
    }

    /// @dev Nobody took a hint: the truth is read all the same.
    function test_paymentAndDilutionLowerAtOnce() public {
        _take(1, supplier, 1_000_000);
        _fact(Milestones.DEPARTED, 1, QUANTITY);
        _bring(100_000);
        assertEq(_base(1), 540_000);
        _dilute(200_000);
        assertEq(_base(1), 420_000);
        assertEq(invoices.valueOf(_id(1)), 700_000);
        invoices.forward(_id(1));
        assertEq(_base(1), 420_000, "bringing it in changes nothing");
    }

    /// @dev Shares of a shared item, one minor unit less each: the rounding of an allotment can never raise a base.
    function test_sharedItemLowersEverySibling() public {
        _takeThree();
        _bring(1_000_000);
        _dilute(1_000_000);
        assertEq(invoices.valueOf(_id(1)), 4_000_000 - 1);
        assertEq(invoices.valueOf(_id(2)), 2_000_000 - 1);
        invoices.onProceeds(ITEM);
        assertEq(invoices.valueOf(_id(1)), 4_000_000 - 1);
        assertEq(invoices.valueOf(_id(3)), 2_000_000 - 1);
        assertEq(_units(3), 2_000_000);
    }

    /// @dev 30,000.00 of 100,000.00 in dispute: three tenths of every part.
    function test_disputedInvoiceLendsOnTheRest() public {
        _take(1, supplier, 1_000_000);
        _fact(Milestones.DEPARTED, 1, QUANTITY);
        _setState(IReceivableToken.State.Disputed, 3_000_000);
        assertEq(invoices.valueOf(_id(1)), 700_000);
        assertEq(_base(1), 420_000);
        _setState(IReceivableToken.State.Disputed, FACE);
        assertEq(_base(1), 0);
        _setState(IReceivableToken.State.Accepted, 0);
        assertEq(_base(1), 600_000);
    }

    function test_disputedShareIsRoundedUp() public {
        _take(1, supplier, 1_000_001);
        _setState(IReceivableToken.State.Disputed, 3_000_000);
        assertEq(invoices.valueOf(_id(1)), 1_000_001 - 300_001);
    }

    // Fuzz

    /// @dev Payments, credit notes, disputes of the invoice, disputes of facts, hints and siblings' releases, in any
    /// order: no base is ever above what it was before.
    function testFuzz_aWorseFactNeverRaisesABase(uint256 seed, uint256 pledges) public {
        pledges = _bound(pledges, 1, 6);
        for (uint64 i = 1; i <= pledges; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            _take(i, supplier, _bound(random >> 8, LEAST, random % 2 == 0 ? LEAST + 30 : FACE / 16));
        }
        _fact(Milestones.DEPARTED, 1, QUANTITY);
        if (seed % 2 == 0) _fact(Milestones.RECEIVED, 1, seed % QUANTITY);
        uint256[] memory bases = new uint256[](pledges + 1);
        for (uint64 i = 1; i <= pledges; ++i) {
            bases[i] = _base(i);
        }
        uint256 disputed;
        for (uint256 round; round < 12; ++round) {
            uint256 random = uint256(keccak256(abi.encode(seed, "round", round)));
            disputed = _worsen(random, pledges, disputed);
            for (uint64 i = 1; i <= pledges; ++i) {
                uint256 now_ = _base(i);
                assertLe(now_, bases[i]);
                assertLe(now_, _units(i) + invoices.cashOf(_id(i)));
                bases[i] = now_;
            }
        }
    }

    /// @dev One bad thing, or one that must not matter.
    function _worsen(uint256 random, uint256 pledges, uint256 disputed) private returns (uint256) {
        (uint256 units, uint256 claimable) = token.position(ReceivableId.wrap(ITEM), address(invoices));
        (IReceivableToken.State state,,, uint256 outstanding,) = token.debtOf(ReceivableId.wrap(ITEM));
        uint256 good = units - claimable;
        uint256 act = random % 7;
        uint256 amount = good == 0 ? 0 : _bound(random >> 8, 1, random % 3 == 0 && good > 5 ? 5 : good);
        if (act == 0 && amount != 0) _bring(amount);
        if (act == 1 && amount != 0) _dilute(amount);
        if (act == 2 && state != IReceivableToken.State.Settled) {
            if (disputed < outstanding) disputed = _bound(random >> 8, disputed, outstanding);
        }
        if (act == 3) invoices.onProceeds(ITEM);
        if (act == 4) invoices.forward(_id(uint64(_bound(random >> 8, 1, pledges))));
        if (act == 5 && random >> 250 == 0) _dispute(Milestones.RECEIVED, 1);
        if (act == 6 && random >> 252 == 0) vm.warp(vm.getBlockTimestamp() + 30 days);
        (,,, uint256 left,) = token.debtOf(ReceivableId.wrap(ITEM));
        if (disputed > left) disputed = left;
        if (disputed != 0) _setState(IReceivableToken.State.Disputed, disputed);
        return disputed;
    }

    /// @dev The formula another way: in one fraction, over the attested part.
    function testFuzz_base(uint256 units, uint256 quantity, uint256 rate, bool measured, bool received) public {
        units = _bound(units, LEAST, FACE / 2);
        quantity = _bound(quantity, 0, 2 * QUANTITY);
        ICollateral.Step[] memory steps = _ladder();
        steps[1].measured = measured;
        steps[1].advanceRateBps = uint16(_bound(rate, 1, 10_000));
        desk.setLadder(invoices, FACILITY, steps);
        _take(1, supplier, units);
        _fact(Milestones.DEPARTED, 1, 0);
        if (received) _fact(Milestones.RECEIVED, 1, quantity);

        uint256 expected = units * 6 / 10;
        if (received) {
            uint256 good = units;
            while (measured && good * QUANTITY > units * quantity && quantity < QUANTITY) {
                // The greatest whole number of units within the attested part, from above.
                uint256 excess = (good * QUANTITY - units * quantity) / QUANTITY;
                good -= excess == 0 ? 1 : excess;
            }
            expected = good * steps[1].advanceRateBps / 10_000;
        }
        assertEq(_base(1), expected);
    }
}
