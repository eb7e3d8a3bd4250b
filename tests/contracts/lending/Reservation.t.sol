// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReceivableCollateral} from "../../../contracts/lending/ReceivableCollateral.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {FacilityId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {CollateralBase} from "./doubles/CollateralBase.sol";

/// @title Keeping a holder's part of an item for one facility.
contract ReservationTest is CollateralBase {
    // Refusals

    function test_onlyApplicationsReserve() public {
        bytes memory reason = abi.encodeWithSelector(ICollateral.OnlyApplications.selector, address(desk), applications);
        vm.startPrank(address(desk));
        vm.expectRevert(reason);
        invoices.reserve(FACILITY, supplier, ITEM, uint40(START + 1 days));
        vm.expectRevert(reason);
        invoices.endReservation(supplier, ITEM);
    }

    function test_reservationOutOfRangeIsRefused() public {
        _expectOutOfRange(START);
        _expectOutOfRange(START + 7 days + 1);
    }

    function test_reservedPartIsNotReservedAgain() public {
        _reserve(FACILITY, supplier, START + 1 days);
        bytes memory reason = _itemReserved(FACILITY, START + 1 days);
        vm.startPrank(applications);
        vm.expectRevert(reason);
        invoices.reserve(OTHER_FACILITY, supplier, ITEM, uint40(START + 2 days));
        vm.expectRevert(reason);
        invoices.reserve(FACILITY, supplier, ITEM, uint40(START + 2 days));
    }

    function test_anotherFacilityDoesNotTakeAReservedPart() public {
        _reserve(FACILITY, supplier, START + 1 days);
        vm.expectRevert(_itemReserved(FACILITY, START + 1 days));
        desk.take(invoices, _id(1), OTHER_FACILITY, supplier, ITEM, LEAST, GOODS);
    }

    /// @dev Another adapter knows nothing of the reservation; the token does.
    function test_anotherAdapterCannotTakeAReservedPart() public {
        ReceivableCollateral other = _newAdapter();
        desk.setLadder(other, OTHER_FACILITY, _ladder());
        _reserve(FACILITY, supplier, START + 1 days);
        vm.expectRevert("reserved by another custodian");
        desk.take(other, _id(1), OTHER_FACILITY, supplier, ITEM, LEAST, GOODS);
        vm.prank(applications);
        vm.expectRevert("reserved already");
        other.reserve(OTHER_FACILITY, supplier, ITEM, uint40(START + 1 days));
    }

    function test_whatIsNotReservedCannotBeFreed() public {
        bytes memory reason = abi.encodeWithSelector(ICollateral.NotReserved.selector, ITEM, supplier);
        vm.startPrank(applications);
        vm.expectRevert(reason);
        invoices.endReservation(supplier, ITEM);
        invoices.reserve(FACILITY, supplier, ITEM, uint40(START + 1 days));
        vm.warp(START + 1 days);
        vm.expectRevert(reason);
        invoices.endReservation(supplier, ITEM);
    }

    function test_whoHoldsNothingReservesNothing() public {
        vm.prank(applications);
        vm.expectRevert("nothing to reserve");
        invoices.reserve(FACILITY, stranger, ITEM, uint40(START + 1 days));
    }

    // Happy path

    function test_reservedPartIsForItsFacilityAlone() public {
        vm.expectEmit(address(invoices));
        emit ICollateral.ReservationMade(FACILITY, ITEM, supplier, START + 7 days);
        _reserve(FACILITY, supplier, START + 7 days);
        (FacilityId facility, uint256 until) = invoices.reservationOf(ITEM, supplier);
        assertEq(FacilityId.unwrap(facility), FacilityId.unwrap(FACILITY));
        assertEq(until, START + 7 days);

        vm.expectEmit(address(invoices));
        emit ICollateral.ReservationEnded(FACILITY, ITEM, supplier);
        _take(1, supplier, LEAST);
        assertEq(_units(1), LEAST);
    }

    /// @dev Used up by its facility: what is left of the part is free.
    function test_takingUsesTheReservationUp() public {
        _reserve(FACILITY, supplier, START + 7 days);
        _take(1, supplier, LEAST);
        (FacilityId facility, uint256 until) = invoices.reservationOf(ITEM, supplier);
        assertEq(FacilityId.unwrap(facility), 0);
        assertEq(until, 0);
        (address custodian,) = token.reservations(ReceivableId.wrap(ITEM), supplier);
        assertEq(custodian, address(0));
        desk.take(invoices, _id(2), OTHER_FACILITY, supplier, ITEM, LEAST, GOODS);
        assertEq(_held(), 2 * LEAST);
    }

    function test_anotherHoldersPartStaysFree() public {
        _reserve(FACILITY, supplier, START + 1 days);
        desk.take(invoices, _id(1), OTHER_FACILITY, secondTier, ITEM, LEAST, GOODS);
        _reserve(OTHER_FACILITY, thirdTier, START + 1 days);
        (FacilityId facility,) = invoices.reservationOf(ITEM, thirdTier);
        assertEq(FacilityId.unwrap(facility), FacilityId.unwrap(OTHER_FACILITY));
    }

    function test_lapsedReservationIsInNobodysWay() public {
        _reserve(FACILITY, supplier, START + 1 days);
        vm.warp(START + 1 days - 1);
        vm.expectRevert(_itemReserved(FACILITY, START + 1 days));
        desk.take(invoices, _id(1), OTHER_FACILITY, supplier, ITEM, LEAST, GOODS);
        vm.warp(START + 1 days);
        desk.take(invoices, _id(1), OTHER_FACILITY, supplier, ITEM, LEAST, GOODS);
        _reserve(OTHER_FACILITY, supplier, START + 2 days);
    }

    function test_endedReservationFreesThePart() public {
        _reserve(FACILITY, supplier, START + 1 days);
        vm.prank(applications);
        invoices.endReservation(supplier, ITEM);
        desk.take(invoices, _id(1), OTHER_FACILITY, supplier, ITEM, LEAST, GOODS);
        assertEq(_held(), LEAST);
    }

    // Fuzz

    /// @dev Live to the second, for whichever facility.
    function testFuzz_reservationEndsInTime(uint256 length, uint256 waited, bool own) public {
        length = _bound(length, 1, 7 days);
        waited = _bound(waited, 0, 8 days);
        _reserve(FACILITY, supplier, START + length);
        vm.warp(START + waited);
        bool free = own || waited >= length;
        if (!free) vm.expectRevert(_itemReserved(FACILITY, START + length));
        desk.take(invoices, _id(1), own ? FACILITY : OTHER_FACILITY, supplier, ITEM, LEAST, GOODS);
        assertEq(_held(), free ? LEAST : 0);
    }

    function _expectOutOfRange(uint256 until) private {
        vm.prank(applications);
        vm.expectRevert(
            abi.encodeWithSelector(ICollateral.ReservationOutOfRange.selector, ITEM, until, START, START + 7 days)
        );
        invoices.reserve(FACILITY, supplier, ITEM, uint40(until));
    }

    function _itemReserved(FacilityId facility, uint256 until) private view returns (bytes memory) {
        return abi.encodeWithSelector(ICollateral.ItemReserved.selector, ITEM, supplier, facility, until);
    }
}
