// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
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
        desk.declareDefault(id);
        vm.expectRevert(refusal);
        desk.reschedule(id, 1);
        vm.expectRevert(refusal);
        desk.refinance(id, facility);
        vm.expectRevert(refusal);
        desk.openRecourse(id);
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
        desk.declareDefault(id);
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
        assertApproxEqAbs(after_.interest, before.interest / 2, 1, "the interest on it is given up");
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
        desk.repay(id, due.fees + principal - 10);
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
        desk.declareDefault(id);
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

    // Properties

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
        assertApproxEqAbs(pool.grossAssets(), gross, 1);
    }

    function _exposure() private view returns (uint256) {
        uint256 key = OrganisationId.unwrap(borealis.id);
        return concentration.exposureOf(pool, IConcentration.Dimension.Debtor, key);
    }
}
