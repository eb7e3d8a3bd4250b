// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IServicing} from "../../../contracts/lending/interfaces/IServicing.sol";
import {FacilityId, FinancingId, OrganisationId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {ServicingBase} from "./ServicingBase.sol";

/// @title A supplier whose account is replaced: its facility goes on with another account of the same organisation.
contract MoveFacilityTest is ServicingBase {
    address private _next = makeAddr("Acme's new account");
    FinancingId private _id;

    function setUp() public override {
        super.setUp();
        registry.admitAccount(acme.lei, _next);
        _id = _open();
    }

    // Refusals

    function test_nobodyElseMovesIt() public {
        _refused(stranger, _next, _notSupplier(stranger));
        _refused(debtor, _next, _notSupplier(debtor));
        _refused(_next, _next, _notSupplier(_next));
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FacilityUnknown.selector, FacilityId.wrap(9)));
        desk.moveFacility(FacilityId.wrap(9), _next);
    }

    function test_anotherOrganisationIsNoSuccessor() public {
        Party memory gull = _admit("GULLPARTS", Roles.SUPPLIER);
        bytes memory refusal = abi.encodeWithSelector(
            IFinancingDesk.AccountNotOfSupplier.selector, facility, gull.account, gull.id, acme.id
        );
        _refused(supplier, gull.account, refusal);
        registry.removeAccount(supplier);
        _refused(gull.account, gull.account, refusal);
        _refused(supplier, _next, _notSupplier(supplier));
    }

    function test_whoIsNotAdmittedIsNoSuccessor() public {
        _refused(supplier, stranger, abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
        registry.freezeAccount(_next);
        _refused(supplier, _next, abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, _next));
        registry.removeAccount(supplier);
        _refused(_next, _next, abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, _next));
    }

    /// @dev The registrar may give an account to another organisation: what it had of the facility it has no more.
    function test_accountOfAnotherOrganisationDoesNothingForTheFacility() public {
        Party memory gull = _gone();
        bytes memory refusal =
            abi.encodeWithSelector(IFinancingDesk.AccountNotOfSupplier.selector, facility, supplier, gull.id, acme.id);
        uint256 item = _itemOf("Gull's own invoice");
        _accepted(item, FACE_VALUE, false);
        vm.startPrank(supplier);
        receivables.setApprovalForAll(address(invoices), true);
        vm.expectRevert(refusal);
        desk.openFinancing(facility, invoices, item, FACE_VALUE, 0);
        vm.expectRevert(refusal);
        desk.release(_id);
        vm.expectRevert(refusal);
        servicing.agree(_extension());
        vm.stopPrank();
        vm.expectRevert(refusal);
        desk.requireActing(facility);
    }

    function test_whoMayNotActDoesNotAgree() public {
        registry.freezeAccount(supplier);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, supplier));
        servicing.agree(_extension());
        registry.unfreezeAccount(supplier);
        registry.removeAccount(supplier);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, supplier));
        servicing.agree(_extension());
        vm.prank(_next);
        desk.moveFacility(facility, _next);
        desk.requireActing(facility);
    }

    /// @dev Neither another organisation's, nor nobody's: the money stays in the pool until somebody acts for the supplier.
    function test_nothingIsDrawnForAnAccountThatHasLeft() public {
        _gone();
        _depart(SHIPMENT);
        assertEq(_principal(_id), 0);
        (, uint256 available) = desk.availability(_id);
        assertEq(available, 0);
        registry.removeAccount(supplier);
        desk.poke(_id);
        assertEq(_principal(_id), 0);
        assertEq(euro.balanceOf(supplier), 0);
        assertEq(desk.parked(supplier, address(euro)), 0);

        vm.prank(_next);
        desk.moveFacility(facility, _next);
        desk.poke(_id);
        assertGt(_principal(_id), 0);
        assertEq(euro.balanceOf(_next), _principal(_id));
    }

    /// @dev Neither by itself, nor by its fellows: what comes in meanwhile waits for it.
    function test_moneyOfAFrozenAccountGoesNowhereElse() public {
        _depart(SHIPMENT);
        registry.freezeAccount(supplier);
        _refused(supplier, _next, abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, supplier));
        _refused(_next, _next, _notSupplier(_next));
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, supplier));
        registry.removeAccount(supplier);
        _payItem(ITEM, FACE_VALUE);
        assertGt(desk.parked(supplier, address(euro)), 0);
        assertEq(euro.balanceOf(_next), 0);
    }

    function test_accountThatHasGoneToAnotherOrganisationMovesNothing() public {
        registry.removeAccount(supplier);
        bytes20 gull = _admit("GULLPARTS", Roles.SUPPLIER).lei;
        registry.admitAccount(gull, supplier);
        _refused(supplier, _next, _notSupplier(supplier));
        vm.prank(_next);
        desk.moveFacility(facility, _next);
    }

    // Happy path

    function test_itsAccountHandsItOn() public {
        vm.expectEmit(address(desk));
        emit IFinancingDesk.FacilityMoved(facility, supplier, _next);
        vm.prank(supplier);
        desk.moveFacility(facility, _next);
        assertEq(desk.facility(facility).terms.supplier, _next);
        _depart(SHIPMENT);
        assertEq(euro.balanceOf(_next), _principal(_id), "who is paid");
        assertEq(euro.balanceOf(supplier), 0);
    }

    /// @dev The whole life goes on: draws, agreements, what is left over, and what comes back.
    function test_aLostAccountStopsNothing() public {
        _depart(SHIPMENT);
        uint256 drawn = euro.balanceOf(supplier);
        registry.removeAccount(supplier);
        vm.prank(_next);
        desk.moveFacility(facility, _next);

        _extend();
        _payItem(ITEM, FACE_VALUE / 2);
        _repayAll(_id);
        uint256 left = receivables.balanceOf(address(invoices), ITEM);
        assertGt(left, 0);
        vm.prank(_next);
        desk.release(_id);
        assertEq(receivables.balanceOf(_next, ITEM), left);
        assertEq(euro.balanceOf(supplier), drawn);

        vm.startPrank(_next);
        receivables.setApprovalForAll(address(invoices), true);
        FinancingId again = desk.openFinancing(facility, invoices, ITEM, left, 0);
        vm.stopPrank();
        assertEq(FacilityId.unwrap(desk.financing(again).facility), FacilityId.unwrap(facility));
        _assertHealthy(_healthOf(pool));
    }

    function test_thePreviousAccountMayNothingAfterIt() public {
        vm.prank(supplier);
        desk.moveFacility(facility, _next);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.NotSupplierOf.selector, facility, supplier, _next));
        desk.release(_id);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.NotSupplierOf.selector, facility, supplier, _next));
        desk.moveFacility(facility, supplier);
    }

    /// @dev Agreed to by the account before it, taken back by the one after.
    function test_theNewAccountWithdrawsWhatTheOldOneAgreedTo() public {
        IServicing.Amendment memory its = _extension();
        bytes32 hash = servicing.amendmentHash(its);
        vm.startPrank(supplier);
        servicing.agree(its);
        desk.moveFacility(facility, _next);
        vm.expectRevert(abi.encodeWithSelector(IServicing.NotSupplierOf.selector, facility, supplier, _next));
        servicing.withdrawAgreement(hash);
        vm.stopPrank();
        vm.prank(_next);
        servicing.withdrawAgreement(hash);
        servicing.approve(its);
        assertEq(desk.financing(_id).maturityDay, DUE_DATE);
    }

    // Helpers

    function _extension() private view returns (IServicing.Amendment memory) {
        uint16 due = uint16(DUE_DATE);
        return IServicing.Amendment(_id, facility, due, facility, due + 30, "paper", uint40(START + 30 days));
    }

    function _extend() private {
        IServicing.Amendment memory its = _extension();
        vm.prank(_next);
        servicing.agree(its);
        servicing.approve(its);
        assertEq(desk.financing(_id).maturityDay, DUE_DATE + 30);
    }

    function _refused(address by, address account, bytes memory refusal) private {
        vm.prank(by);
        vm.expectRevert(refusal);
        desk.moveFacility(facility, account);
    }

    function _notSupplier(address caller) private view returns (bytes memory) {
        return abi.encodeWithSelector(IFinancingDesk.NotSupplierOf.selector, facility, caller, supplier);
    }

    /// @return gull whose the supplier's account is now
    function _gone() private returns (Party memory gull) {
        gull = _admit("GULLPARTS", Roles.SUPPLIER);
        registry.removeAccount(supplier);
        registry.admitAccount(gull.lei, supplier);
    }
}
