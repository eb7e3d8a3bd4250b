// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FinancingId} from "../../../contracts/types/Ids.sol";
import {LendingBase} from "./LendingBase.sol";

contract RescheduleTest is LendingBase {
    FinancingId private id;
    uint256 private principal;

    function setUp() public override {
        super.setUp();
        id = _open();
        _depart(SHIPMENT);
        principal = desk.financing(id).principal;
        _fundAndApprove(supplier, 20_000_000, address(desk));
    }

    // Refusals

    function test_earlierOrPastIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.MaturityNotLater.selector, id, DUE_DATE, DUE_DATE + 1));
        desk.reschedule(id, uint16(DUE_DATE));
        vm.warp((DUE_DATE + 20) * 1 days);
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.MaturityNotLater.selector, id, DUE_DATE + 19, DUE_DATE + 20)
        );
        desk.reschedule(id, uint16(DUE_DATE + 19));
    }

    function test_defaultedFinancingIsNotExtended() public {
        desk.declareDefault(id, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFinancingDesk.FinancingStateWrong.selector,
                id,
                IFinancingDesk.State.Defaulted,
                IFinancingDesk.State.Open
            )
        );
        desk.reschedule(id, uint16(DUE_DATE + 1));
    }

    // Happy path

    function test_extensionInTimeMovesTheLateFees() public {
        vm.expectEmit(address(desk));
        emit IFinancingDesk.MaturitySet(id, DUE_DATE, DUE_DATE + 30);
        desk.reschedule(id, uint16(DUE_DATE + 30));
        (uint256 day, uint256 overdueFrom) = desk.maturityOf(id);
        assertEq(day, DUE_DATE + 30);
        assertEq(overdueFrom, (DUE_DATE + 31 + GRACE_DAYS) * 1 days);
        vm.warp(overdueFrom - 1);
        assertEq(_claims(id).lateFees, 0);
        vm.warp(overdueFrom);
        assertEq(_claims(id).lateFees, _yearly(LATE_FEE_BPS, GRACE_DAYS * 1 days));
    }

    function test_withinGraceLateFeesAreForgiven() public {
        vm.warp((DUE_DATE + 3) * 1 days);
        desk.reschedule(id, uint16(DUE_DATE + 10));
        vm.warp((DUE_DATE + 11 + GRACE_DAYS) * 1 days);
        assertEq(_claims(id).lateFees, _yearly(LATE_FEE_BPS, GRACE_DAYS * 1 days));
    }

    /// @dev What was charged stays charged, and there is no second grace.
    function test_chargedLateFeesStay() public {
        vm.warp((DUE_DATE + 11) * 1 days);
        assertEq(_claims(id).lateFees, _yearly(LATE_FEE_BPS, 10 days));
        desk.reschedule(id, uint16(DUE_DATE + 20));
        assertEq(_claims(id).lateFees, _yearly(LATE_FEE_BPS, 10 days));
        vm.warp((DUE_DATE + 21) * 1 days);
        assertEq(_claims(id).lateFees, _yearly(LATE_FEE_BPS, 10 days), "none before the new maturity");
        vm.warp((DUE_DATE + 23) * 1 days);
        assertEq(_claims(id).lateFees, _yearly(LATE_FEE_BPS, 12 days), "and at once after it");
    }

    function test_undrawnFinancingIsExtended() public {
        desk.setLadder(facility, orders, _ladder(0, 6000, 8000, true));
        FinancingId undrawn = _openOnOrder();
        desk.reschedule(undrawn, uint16(DELIVER_BY + 9));
        (uint256 day,) = desk.maturityOf(undrawn);
        assertEq(day, DELIVER_BY + 9);
        assertEq(desk.financing(undrawn).openedDay, START / 1 days);
    }

    function _yearly(uint256 bps, uint256 time) private view returns (uint256) {
        uint256 numerator = principal * bps * time;
        uint256 whole = 10_000 * 360 days;
        return numerator % whole == 0 ? numerator / whole : numerator / whole + 1;
    }
}
