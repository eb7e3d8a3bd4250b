// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {FinancingId, OrganisationId} from "../../../contracts/types/Ids.sol";
import {LendingBase} from "./LendingBase.sol";

/// @title Losses and default, as the servicing contract books them.
contract WriteOffTest is LendingBase {
    FinancingId private id;
    uint256 private principal;

    function setUp() public override {
        super.setUp();
        id = _open();
        _depart(SHIPMENT);
        principal = desk.financing(id).principal;
        vm.warp(START + 30 days);
        _fundAndApprove(supplier, 20_000_000, address(desk));
    }

    // Refusals

    function test_onlyServicing() public {
        bytes memory refusal = abi.encodeWithSelector(IFinancingDesk.OnlyServicing.selector, stranger, address(this));
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        desk.writeOff(id, 1);
        vm.expectRevert(refusal);
        desk.declareDefault(id, 0);
        vm.expectRevert(refusal);
        desk.reschedule(id, 1);
        vm.expectRevert(refusal);
        desk.refinance(id, facility);
        vm.expectRevert(refusal);
        desk.openRecourse(id);
        vm.expectRevert(refusal);
        desk.closeRecourse(id);
    }

    function test_nothingOrMoreThanThereIs() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.WriteOffOutOfRange.selector, id, 0, principal));
        desk.writeOff(id, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.WriteOffOutOfRange.selector, id, principal + 1, principal)
        );
        desk.writeOff(id, principal + 1);
    }

    function test_repaidFinancingHasNoLosses() public {
        vm.prank(supplier);
        desk.repay(id, type(uint256).max);
        bytes memory refusal = abi.encodeWithSelector(
            IFinancingDesk.FinancingStateWrong.selector, id, IFinancingDesk.State.Repaid, IFinancingDesk.State.Open
        );
        vm.expectRevert(refusal);
        desk.writeOff(id, 1);
        vm.expectRevert(refusal);
        desk.declareDefault(id, 0);
    }

    function test_moreLossIsExpectedThanThereIs() public {
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.ImpairmentExceedsPrincipal.selector, id, principal + 1, principal)
        );
        desk.declareDefault(id, principal + 1);
    }

    // Happy path

    function test_lossLeavesTheBooksAndStaysOwed() public {
        Waterfall.Claims memory before = _claims(id);
        uint256 cut = principal / 2;
        desk.writeOff(id, cut);

        Waterfall.Claims memory after_ = _claims(id);
        assertEq(after_.principal, principal - cut);
        assertEq(after_.writtenOff, cut);
        assertEq(after_.fees, before.fees);
        assertEq(after_.reserve, before.reserve);
        assertApproxEqAbs(after_.interest, before.interest / 2, 1, "the pool gives the interest on it up");
        assertApproxEqAbs(after_.lateFees, before.interest - after_.interest, 1, "and the debtor owes it still");
        assertGt(after_.lateFees, 0);
        assertEq(pool.accruedIncome(), after_.interest - 1, "none of that is the pool's until it is paid");
        assertEq(pool.books().principalOut, principal - cut);
        assertEq(_drawn(facility), principal, "what is lost still counts against the limit");
        assertEq(_exposure(), principal - cut);
        assertEq(desk.poke(id), 0, "and nothing more is drawn");
    }

    function test_impairmentIsUsedUp() public {
        desk.setImpairment(id, 1_000_000);
        desk.writeOff(id, 400_000);
        assertEq(desk.financing(id).impairment, 600_000);
        assertEq(pool.books().impairment, 600_000);
        desk.writeOff(id, 900_000);
        assertEq(desk.financing(id).impairment, 0);
        assertEq(pool.books().impairment, 0);
    }

    /// @dev Nothing accrues on what has been written off; it comes back after principal and before the reserve.
    function test_recoveryComesAfterPrincipal() public {
        desk.writeOff(id, principal);
        uint256 owed = _owed(id);
        vm.warp(START + 50 days);
        assertEq(_owed(id), owed);
        Waterfall.Claims memory due = _claims(id);
        assertEq(due.interest, 0);
        vm.prank(supplier);
        desk.repay(id, due.lateFees + due.fees + principal - 10);
        assertEq(_claims(id).writtenOff, 10);
        assertEq(_claims(id).reserve, due.reserve);
        assertEq(_drawn(facility), 10);
        vm.prank(supplier);
        desk.repay(id, type(uint256).max);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
        assertEq(_drawn(facility), 0);
    }

    function test_defaultStopsDrawsAndTakesPayments() public {
        uint256 owed = _owed(id);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.FinancingDefaulted(id, owed);
        desk.declareDefault(id, 0);
        _receive(SHIPMENT, uint64(QUANTITY));
        assertEq(desk.financing(id).principal, principal, "a better base draws nothing");
        vm.prank(supplier);
        vm.expectPartialRevert(IFinancingDesk.StillOwed.selector);
        desk.release(id);
        desk.setImpairment(id, principal);
        desk.writeOff(id, principal);
        _pay(FACE_VALUE);
        assertEq(_owed(id), 0);
        vm.prank(supplier);
        desk.release(id);
    }

    /// @dev What the pool has given up comes to it when it is paid, and counts over the days that follow.
    function test_interestGivenUpIsIncomeWhenItIsPaid() public {
        desk.writeOff(id, principal);
        Waterfall.Claims memory due = _claims(id);
        uint256 gross = pool.grossAssets();
        vm.prank(supplier);
        desk.repay(id, due.lateFees);
        assertEq(pool.grossAssets(), gross);
        assertEq(pool.held().streaming, due.lateFees);
        assertEq(_claims(id).lateFees, 0);
        vm.warp(START + 37 days);
        assertEq(pool.grossAssets(), gross + due.lateFees);
    }

    /// @dev Within the grace: what the grace may spare is not owed before, and not because of the loss.
    function test_lossWithinTheGraceChargesNothing() public {
        vm.warp((DUE_DATE + 2) * 1 days);
        assertGt(desk.financing(id).accruedAt, 0);
        uint256 owed = _owed(id);
        assertEq(_claims(id).lateFees, 0);
        desk.writeOff(id, principal / 4);
        assertApproxEqAbs(_owed(id), owed, 1);
        assertGe(_owed(id), owed);
        assertTrue(desk.financing(id).graceSpent);
    }

    function test_defaultBooksALossAtOnce() public {
        (, uint256 exit) = pool.trancheAssets(Tranche.Junior);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.ImpairmentSet(id, 1_000_000);
        desk.declareDefault(id, 1_000_000);
        assertEq(desk.financing(id).impairment, 1_000_000);
        (, uint256 exitAfter) = pool.trancheAssets(Tranche.Junior);
        assertEq(exit - exitAfter, 1_000_000);
    }

    function test_defaultLowersNoExpectation() public {
        desk.setImpairment(id, 1_000_001);
        desk.declareDefault(id, 1_000_000);
        assertEq(desk.financing(id).impairment, 1_000_001);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Defaulted));
    }

    // Properties

    /// @dev Whenever it is taken, before maturity, within the grace or long after, and in how many parts.
    function testFuzz_lossLeavesTheDebtAsItWas(uint256 first, uint256 second, uint32 wait) public {
        vm.warp(START + bound(wait, 0, 400 days));
        uint256 owed = _owed(id);
        first = bound(first, 1, principal - 1);
        desk.writeOff(id, first);
        uint256 between = _owed(id);
        desk.writeOff(id, bound(second, 1, principal - first));
        assertGe(between, owed, "no less is owed");
        assertLe(between, owed + 1, "and at most one unit of rounding more");
        assertGe(_owed(id), between);
        assertLe(_owed(id), between + 1);
        owed = _owed(id);
        uint256 before = euro.balanceOf(address(pool));
        vm.prank(supplier);
        desk.repay(id, type(uint256).max);
        assertEq(euro.balanceOf(address(pool)) - before, owed);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
    }

    /// @dev Written off in two cuts or in one, the debtor owes the same and the pool has lost the same.
    function testFuzz_cutsAddUp(uint256 first, uint256 second, uint32 wait) public {
        first = bound(first, 1, principal - 1);
        second = bound(second, 1, principal - first);
        vm.warp(START + bound(wait, 1, 59 days));
        uint256 snapshot = vm.snapshotState();
        desk.writeOff(id, first + second);
        Waterfall.Claims memory once = _claims(id);
        uint256 gross = pool.grossAssets();
        vm.revertToState(snapshot);
        desk.writeOff(id, first);
        desk.writeOff(id, second);
        Waterfall.Claims memory twice = _claims(id);
        assertEq(twice.principal, once.principal);
        assertEq(twice.writtenOff, once.writtenOff);
        assertApproxEqAbs(twice.interest, once.interest, 1);
        assertApproxEqAbs(twice.lateFees, once.lateFees, 1);
        assertApproxEqAbs(pool.grossAssets(), gross, 1);
    }

    function _exposure() private view returns (uint256) {
        uint256 key = OrganisationId.unwrap(borealis.id);
        return concentration.exposureOf(pool, IConcentration.Dimension.Debtor, key);
    }
}
