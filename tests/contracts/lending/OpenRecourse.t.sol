// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FacilityId, FinancingId, OrderId} from "../../../contracts/types/Ids.sol";
import {LendingBase} from "./LendingBase.sol";

contract OpenRecourseTest is LendingBase {
    FinancingId private id;
    FinancingId private other;

    function setUp() public override {
        super.setUp();
        id = _open();
        _depart(SHIPMENT);
        other = _openOnOrder();
        _fundAndApprove(supplier, 20_000_000, address(desk));
    }

    // Refusals

    function test_withoutRecourseThereIsNone() public {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.recourse = false;
        FacilityId free = _openFacility(terms);
        OrderId order = OrderId.wrap(7);
        bytes32 subject = keccak256("third");
        vm.prank(supplier);
        oracle.openSubject(subject, new bytes32[](0));
        _registerAndAccept(_termsOf(order, debtor, subject, FACE_VALUE, QUANTITY, DELIVER_BY));
        vm.prank(supplier);
        FinancingId third = desk.openFinancing(free, orders, 7, FACE_VALUE, subject);
        assertGt(_owed(third), 0);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.WithoutRecourse.selector, free));
        desk.openRecourse(third);
    }

    function test_oneAtATime() public {
        desk.openRecourse(id);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.RecourseIsOpen.selector, facility, id));
        desk.openRecourse(other);
    }

    function test_collateralStaysWhileAnotherIsUnderRecourse() public {
        desk.openRecourse(id);
        _repaid(other);
        vm.startPrank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.RecourseIsOpen.selector, facility, id));
        desk.release(other);
        desk.repay(id, type(uint256).max);
        desk.release(other);
        vm.stopPrank();
    }

    function test_whatIsNotUnderRecourseCannotBeLetGo() public {
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.RecourseNotOpen.selector, facility, id, FinancingId.wrap(0))
        );
        desk.closeRecourse(id);
        desk.openRecourse(id);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.RecourseNotOpen.selector, facility, other, id));
        desk.closeRecourse(other);
    }

    function test_whatIsInDefaultIsNotLetGo() public {
        desk.openRecourse(id);
        desk.declareDefault(id, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFinancingDesk.FinancingStateWrong.selector,
                id,
                IFinancingDesk.State.Defaulted,
                IFinancingDesk.State.Open
            )
        );
        desk.closeRecourse(id);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), FinancingId.unwrap(id));
    }

    // Happy path

    function test_facilityDrawsAgainOnceItIsLetGo() public {
        desk.openRecourse(id);
        _depart(ORDER_SHIPMENT);
        assertEq(desk.poke(other), 0);
        uint256 owed = _owed(id);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.RecourseClosed(facility, id);
        desk.closeRecourse(id);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), 0);
        assertEq(_owed(id), owed);
        assertGt(desk.poke(other), 0);
        desk.openRecourse(id);
        assertEq(
            FinancingId.unwrap(desk.facility(facility).recourseTo), FinancingId.unwrap(id), "and may be held again"
        );
    }

    function test_facilityDrawsNothingUntilItIsPaid() public {
        desk.openRecourse(id);
        _depart(ORDER_SHIPMENT);
        assertEq(desk.poke(other), 0);
        (, uint256 available) = desk.availability(other);
        assertEq(available, 0);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.RecourseClosed(facility, id);
        vm.prank(supplier);
        desk.repay(id, type(uint256).max);
        assertGt(desk.poke(other), 0);
    }

    /// @dev The buyer pays the other order: its own debt, then the financing under recourse, and only then the supplier.
    function test_residualPaysTheClaimFirst() public {
        desk.openRecourse(id);
        uint256 before = euro.balanceOf(supplier);
        uint256 residual = FACE_VALUE - _owed(other);
        uint256 owed = _owed(id);
        _payOrder(FACE_VALUE);

        assertEq(_owed(other), 0);
        assertGt(residual, owed);
        assertEq(_owed(id), 0);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
        assertEq(euro.balanceOf(supplier), before + residual - owed);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), 0);
        assertEq(desk.financing(id).repaidAhead, 0);
    }

    function test_partOfTheResidualPaysAPartOfTheClaim() public {
        desk.openRecourse(id);
        uint256 before = euro.balanceOf(supplier);
        uint256 owed = _owed(id);
        _payOrder(_owed(other) + 1_000_000);
        assertEq(_owed(id), owed - 1_000_000);
        assertEq(euro.balanceOf(supplier), before);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), FinancingId.unwrap(id));
    }

    /// @dev Its own proceeds end the claim, and the same payment's rest is the supplier's.
    function test_ownProceedsEndTheClaim() public {
        desk.openRecourse(id);
        uint256 before = euro.balanceOf(supplier);
        uint256 owed = _owed(id);
        _pay(FACE_VALUE);
        assertEq(euro.balanceOf(supplier), before + FACE_VALUE - owed);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), 0);
    }

    // Internals

    function _repaid(FinancingId which) private {
        vm.prank(supplier);
        desk.repay(which, type(uint256).max);
    }
}
