// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {
    FacilityId,
    FinancingId,
    GroupId,
    OrderId,
    OrganisationId,
    ReceivableId
} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Consumer} from "../support/Consumer.sol";
import {LendingBase} from "./LendingBase.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract OpenFinancingTest is LendingBase {
    // Refusals

    function test_unknownFacilityIsRefused() public {
        FacilityId unknown = FacilityId.wrap(99);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FacilityUnknown.selector, unknown));
        desk.openFinancing(unknown, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    function test_onlyTheFacilitysSupplierOpens() public {
        _registerAndAccept();
        _openSubject();
        vm.prank(debtor);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.NotSupplierOf.selector, facility, debtor, supplier));
        desk.openFinancing(facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    function test_expiredFacilityOpensNothing() public {
        _registerAndAccept();
        _openSubject();
        uint256 expiry = START + 365 days;
        vm.warp(expiry);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FacilityExpired.selector, facility, expiry, expiry));
        desk.openFinancing(facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    function test_unlistedCollateralIsRefused() public {
        desk.listCollateral(invoices, false);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.CollateralUnlisted.selector, invoices));
        desk.openFinancing(facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    function test_unlistedPoolIsRefused() public {
        desk.listPool(pool, false);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.PoolUnlisted.selector, pool));
        desk.openFinancing(facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    function test_subjectThatNobodyOpenedIsRefused() public {
        _registerAndAccept();
        GroupId group = registry.membershipOf(supplier).group;
        vm.prank(supplier);
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.SubjectNotOfSupplier.selector, SHIPMENT, 0, GroupId.unwrap(group))
        );
        desk.openFinancing(facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    /// @dev Otherwise the supplier's own affiliates could witness its goods: only the beneficiary's group is kept out.
    function test_subjectOfAnotherGroupIsRefused() public {
        _registerAndAccept();
        Party memory other = _admit("HARBOURGOODS", Roles.SUPPLIER);
        vm.prank(other.account);
        oracle.openSubject(SHIPMENT, new bytes32[](0));
        GroupId theirs = registry.membershipOf(other.account).group;
        GroupId ours = registry.membershipOf(supplier).group;
        vm.prank(supplier);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFinancingDesk.SubjectNotOfSupplier.selector, SHIPMENT, GroupId.unwrap(theirs), GroupId.unwrap(ours)
            )
        );
        desk.openFinancing(facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    function test_frozenSupplierOpensNothing() public {
        _registerAndAccept();
        _openSubject();
        registry.freezeAccount(supplier);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, supplier));
        desk.openFinancing(facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    function test_invoiceThatTheDebtorHasNotAcceptedIsRefused() public {
        _register();
        _openSubject();
        vm.prank(supplier);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICollateral.ItemNotFinanceable.selector,
                ITEM,
                IReceivableToken.State.Registered,
                IReceivableToken.State.Accepted
            )
        );
        desk.openFinancing(facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    function test_invoiceInAnotherCurrencyIsRefused() public {
        (LendingPool dollars,,,) = _deployPool(dollar, 0, 0);
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.pool = dollars;
        FacilityId other = desk.openFacility(terms);
        desk.setLadder(other, invoices, _ladder(0, 6000, 8000, true));
        _registerAndAccept();
        _openSubject();
        vm.prank(supplier);
        vm.expectRevert(
            abi.encodeWithSelector(ICollateral.ItemCurrencyDiffers.selector, ITEM, address(euro), address(dollar))
        );
        desk.openFinancing(other, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    function test_unitsOutsideTheSuppliersBalanceAreRefused() public {
        _registerAndAccept();
        _openSubject();
        vm.startPrank(supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnitsOutOfRange.selector, ITEM, FACE_VALUE + 1, FACE_VALUE));
        desk.openFinancing(facility, invoices, ITEM, FACE_VALUE + 1, SHIPMENT);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnitsOutOfRange.selector, ITEM, 0, FACE_VALUE));
        desk.openFinancing(facility, invoices, ITEM, 0, SHIPMENT);
    }

    function test_facilityWithoutLadderIsRefused() public {
        FacilityId bare = desk.openFacility(_facilityTerms());
        _registerAndAccept();
        _openSubject();
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.LadderMissing.selector, bare));
        desk.openFinancing(bare, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    /// @dev Each part of an invoice may back a financing of its own, and no unit backs two.
    function test_unitsInFinancingAreRefused() public {
        _registerAndAccept();
        _openSubject();
        _pledge(facility, ITEM, FACE_VALUE * 3 / 4, SHIPMENT);
        vm.startPrank(supplier);
        oracle.openSubject("second", new bytes32[](0));
        vm.expectRevert(
            abi.encodeWithSelector(ICollateral.UnitsOutOfRange.selector, ITEM, FACE_VALUE / 4 + 1, FACE_VALUE / 4)
        );
        desk.openFinancing(facility, invoices, ITEM, FACE_VALUE / 4 + 1, "second");
        desk.openFinancing(facility, invoices, ITEM, FACE_VALUE / 4, "second");
        vm.stopPrank();
        assertEq(_custody(), FACE_VALUE);
    }

    function test_onlyApplicationsOpensForOthers() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.OnlyApplications.selector, address(this), applications));
        desk.openFinancingFor(supplier, facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    function test_applicationsCannotOpenForAnother() public {
        vm.prank(address(applications));
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.NotSupplierOf.selector, facility, debtor, supplier));
        desk.openFinancingFor(debtor, facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    /// @dev What was opened before goes on: it draws, is paid and is released.
    function test_stoppedOpeningOpensNothing() public {
        FinancingId id = _open();
        desk.stop(IFinancingDesk.Stoppable.Opening);
        assertTrue(desk.isStopped(IFinancingDesk.Stoppable.Opening));
        _registerAndAcceptOrder();
        bytes memory refusal =
            abi.encodeWithSelector(IFinancingDesk.IsStopped.selector, IFinancingDesk.Stoppable.Opening);
        vm.prank(supplier);
        vm.expectRevert(refusal);
        desk.openFinancing(facility, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT);
        vm.prank(address(applications));
        vm.expectRevert(refusal);
        desk.openFinancingFor(supplier, facility, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT);
        _depart(SHIPMENT);
        _pay(FACE_VALUE);
        vm.prank(supplier);
        desk.release(id);

        desk.resume(IFinancingDesk.Stoppable.Opening);
        vm.prank(supplier);
        desk.openFinancing(facility, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT);
    }

    function test_consignmentInFinancingIsRefused() public {
        _open();
        _registerAndAccept(_termsOf(OrderId.wrap(ORDER), debtor, SHIPMENT, FACE_VALUE, QUANTITY, DELIVER_BY));
        vm.prank(supplier);
        vm.expectRevert(
            abi.encodeWithSelector(IMilestoneOracle.SubjectAlreadyWatched.selector, SHIPMENT, address(desk))
        );
        desk.openFinancing(facility, orders, ORDER, FACE_VALUE, SHIPMENT);
    }

    /// @dev The goods of a settled invoice would otherwise raise the base of the next one at once.
    function test_factsOfOneInvoiceNeverCountForAnother() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        _pay(FACE_VALUE);
        vm.startPrank(supplier);
        desk.release(id);
        IReceivableToken.RegisterTerms memory terms = _terms();
        terms.id = ReceivableId.wrap(7);
        receivables.register(terms);
        vm.stopPrank();
        IReceivableToken.Acceptance memory acceptance = _acceptance();
        acceptance.id = terms.id;
        vm.prank(debtor);
        receivables.accept(acceptance);

        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.SubjectOfOtherItem.selector, SHIPMENT, 7, ITEM));
        desk.openFinancing(facility, invoices, 7, FACE_VALUE, SHIPMENT);
    }

    function test_refusalLeavesNothingBehind() public {
        _registerAndAccept();
        _openSubject();
        vm.prank(supplier);
        vm.expectPartialRevert(IERC1155Errors.ERC1155MissingApprovalForAll.selector);
        desk.openFinancing(facility, invoices, ITEM, FACE_VALUE, SHIPMENT);

        assertEq(oracle.subject(SHIPMENT).consumer, address(0), "no approval was given, so nothing was taken");
        assertEq(FinancingId.unwrap(desk.financingOf(SHIPMENT)), 0);
        assertEq(FinancingId.unwrap(_pledge(facility, ITEM, FACE_VALUE, SHIPMENT)), 1);
    }

    // Happy path

    function test_openingTakesTheUnitsAndWatches() public {
        FinancingId id = _open();

        assertEq(_custody(), FACE_VALUE);
        assertEq(receivables.balanceOf(supplier, ITEM), 0);
        assertEq(oracle.subject(SHIPMENT).consumer, address(desk));
        IFinancingDesk.Financing memory its = desk.financing(id);
        assertEq(uint8(its.state), uint8(IFinancingDesk.State.Open));
        assertEq(its.itemId, ITEM);
        assertEq(its.subject, SHIPMENT);
        assertEq(its.principal, 0);
        assertEq(its.maturityDay, DUE_DATE);
        assertEq(its.openedDay, START / 1 days);
        assertEq(FinancingId.unwrap(invoices.financingsOf(ITEM)[0]), FinancingId.unwrap(id));
        assertEq(OrganisationId.unwrap(concentration.keysOf(id).debtor), OrganisationId.unwrap(borealis.id));
        assertEq(desk.financingCount(), 1);
        assertEq(euro.balanceOf(supplier), 0, "nothing has shipped");
    }

    function test_openingDrawsWhatTheBaseAlreadyAllows() public {
        _registerAndAccept();
        _openSubject();
        _depart(SHIPMENT);
        FinancingId id = _pledge(facility, ITEM, FACE_VALUE, SHIPMENT);
        assertEq(euro.balanceOf(supplier), _greatestDraw(6_000_000, CHARGES_BPS));
        assertLe(_owed(id), _base(id));
    }

    function test_onlyTheOrdersOwnConsignmentWillDo() public {
        _registerAndAcceptOrder();
        _openSubject();
        bytes32[2] memory others = [bytes32(0), SHIPMENT];
        for (uint256 i; i < 2; ++i) {
            vm.prank(supplier);
            vm.expectRevert(
                abi.encodeWithSelector(ICollateral.SubjectNotItsOwn.selector, ORDER, others[i], ORDER_SHIPMENT)
            );
            desk.openFinancing(facility, orders, ORDER, FACE_VALUE, others[i]);
        }
    }

    function test_orderIsFinancedOnAcceptance() public {
        FinancingId id = _openOnOrder();
        assertEq(_base(id), 3_000_000);
        assertEq(euro.balanceOf(supplier), _greatestDraw(3_000_000, CHARGES_BPS));
        assertEq(escrow.assigneeOf(_orderTerms().id), address(orders));
    }

    /// @dev The desk is one of several that are told of the goods, and has at most one financing on them all the same.
    function test_consignmentThatAnotherWatchesIsFinanced() public {
        Consumer other = new Consumer(oracle);
        oracle.listConsumer(address(other), true);
        _registerAndAccept();
        _openSubject();
        other.watch(SHIPMENT);
        FinancingId id = _pledge(facility, ITEM, FACE_VALUE, SHIPMENT);

        assertEq(oracle.subject(SHIPMENT).consumer, address(other));
        assertEq(FinancingId.unwrap(desk.financingOf(SHIPMENT)), FinancingId.unwrap(id));
        _depart(SHIPMENT);
        assertEq(other.hints(), 1);
        assertEq(euro.balanceOf(supplier), _greatestDraw(6_000_000, CHARGES_BPS), "the desk was told too");

        _registerAndAccept(_termsOf(OrderId.wrap(ORDER), debtor, SHIPMENT, FACE_VALUE, QUANTITY, DELIVER_BY));
        vm.prank(supplier);
        vm.expectRevert(
            abi.encodeWithSelector(IMilestoneOracle.SubjectAlreadyWatched.selector, SHIPMENT, address(desk))
        );
        desk.openFinancing(facility, orders, ORDER, FACE_VALUE, SHIPMENT);

        _pay(FACE_VALUE);
        vm.prank(supplier);
        desk.release(id);
        assertEq(FinancingId.unwrap(desk.financingOf(SHIPMENT)), 0);
        assertEq(oracle.subject(SHIPMENT).consumer, address(other), "who still watches stays");
    }

    /// @dev A tier without goods of its own: nothing is watched, and only acceptance counts.
    function test_financingWithoutConsignment() public {
        desk.setLadder(facility, invoices, _ladder(3000, 6000, 8000, true));
        _registerAndAccept();
        FinancingId id = _pledge(facility, ITEM, FACE_VALUE, 0);
        assertEq(euro.balanceOf(supplier), _greatestDraw(3_000_000, CHARGES_BPS));
        assertEq(FinancingId.unwrap(desk.financingOf(0)), 0);

        _pay(FACE_VALUE);
        vm.prank(supplier);
        desk.release(id);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Released));
    }

    function test_applicationsOpenForTheSupplier() public {
        _registerAndAccept();
        _openSubject();
        vm.prank(supplier);
        receivables.setApprovalForAll(address(invoices), true);
        vm.prank(address(applications));
        FinancingId id = desk.openFinancingFor(supplier, facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
        assertEq(_custody(), FACE_VALUE);
        _depart(SHIPMENT);
        assertGt(euro.balanceOf(supplier), 0, "the money is the supplier's");
        assertEq(desk.financing(id).itemId, ITEM);
    }
}
