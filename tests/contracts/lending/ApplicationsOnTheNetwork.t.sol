// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {ReceivableCollateral} from "../../../contracts/lending/ReceivableCollateral.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IApplications} from "../../../contracts/lending/interfaces/IApplications.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ICirculation} from "../../../contracts/receivables/interfaces/ICirculation.sol";
import {FacilityId, FinancingId, OrderId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "./LendingBase.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @title Two lenders, two pools, one invoice: on the whole network.
contract ApplicationsOnTheNetworkTest is LendingBase {
    bytes32 private constant OTHER_SHIPMENT = keccak256("HAM26059999");

    FacilityId private otherFacility;
    LendingPool private otherPool;

    function setUp() public override {
        super.setUp();
        TrancheVault otherSenior;
        TrancheVault otherJunior;
        (otherPool, otherSenior, otherJunior,) = _deployPool(euro, 300, 2000);
        _fundTranche(otherJunior, granite, JUNIOR_FUNDED);
        _fundTranche(otherSenior, cobalt, SENIOR_FUNDED);
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.pool = otherPool;
        otherFacility = _openFacility(terms);
        _registerAndAccept();
        vm.startPrank(supplier);
        oracle.openSubject(SHIPMENT, new bytes32[](0));
        oracle.openSubject(OTHER_SHIPMENT, new bytes32[](0));
        receivables.setApprovalForAll(address(invoices), true);
        vm.stopPrank();
    }

    // Refusals

    function test_onlyApplicationsOpenForASupplier() public {
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.OnlyApplications.selector, stranger, address(applications))
        );
        desk.openFinancingFor(supplier, facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    function test_strangerCannotOpenThroughApplications() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.NotSupplierOf.selector, facility, stranger, supplier));
        applications.open(facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    /// @dev Nothing is reserved without the holder's approval of the custodian.
    function test_reservationNeedsTheApprovalOfTheCustodian() public {
        vm.startPrank(supplier);
        receivables.setApprovalForAll(address(invoices), false);
        vm.expectRevert(
            abi.encodeWithSelector(IERC1155Errors.ERC1155MissingApprovalForAll.selector, address(invoices), supplier)
        );
        applications.reserve(facility, invoices, ITEM, uint40(START + 1 days));
        receivables.setApprovalForAll(address(invoices), true);
        applications.reserve(facility, invoices, ITEM, uint40(START + 1 days));
        vm.stopPrank();
    }

    // One block, both orders

    function test_oneBlockOneWinner() public {
        _raceFor(facility, otherFacility, SHIPMENT, OTHER_SHIPMENT);
    }

    function test_oneBlockOneWinnerTheOtherWayRound() public {
        _raceFor(otherFacility, facility, OTHER_SHIPMENT, SHIPMENT);
    }

    function test_reservationKeepsTheOtherPoolOut() public {
        IApplications.FinancingRequest memory first = _request(facility, SHIPMENT, 1);
        IApplications.FinancingRequest memory second = _request(otherFacility, OTHER_SHIPMENT, 2);
        applications.reserveBySignature(first, _sign(first));
        bytes memory signature = _sign(second);
        vm.expectRevert(
            abi.encodeWithSelector(ICollateral.ItemReserved.selector, ITEM, supplier, facility, first.deadline)
        );
        applications.openBySignature(second, signature);
        assertEq(desk.financingCount(), 0);

        FinancingId id = applications.openBySignature(first, _sign(first));
        _depart(SHIPMENT);
        assertEq(desk.financing(id).principal, _greatestDraw(6_000_000, CHARGES_BPS));
        assertEq(uint256(receivables.holding(_invoice(), supplier).reservedUntil), 0, "used up in the token too");
    }

    function test_reservedUnitsDoNotLeaveTheirHolder() public {
        vm.startPrank(supplier);
        applications.reserve(facility, invoices, ITEM, uint40(START + 1 days));
        address friend = warehouse.account;
        vm.expectRevert(
            abi.encodeWithSelector(ICirculation.AlreadyReserved.selector, ITEM, supplier, 1, uint40(START + 1 days))
        );
        receivables.safeTransferFrom(supplier, friend, ITEM, 1, "");
        vm.warp(START + 1 days);
        receivables.safeTransferFrom(supplier, friend, ITEM, 1, "");
        vm.stopPrank();
        assertEq(receivables.balanceOf(friend, ITEM), 1);
    }

    /// @dev A second adapter has its own book; the token's one keeps the item from being reserved or held twice.
    function test_acrossTwoAdaptersTheTokenRefuses() public {
        ReceivableCollateral second = _secondAdapter();
        vm.prank(supplier);
        applications.reserve(facility, invoices, ITEM, uint40(START + 1 days));
        bytes memory reason =
            abi.encodeWithSelector(ICirculation.AlreadyReserved.selector, ITEM, supplier, 1, uint40(START + 1 days));
        vm.startPrank(supplier);
        vm.expectRevert(reason);
        applications.reserve(otherFacility, second, ITEM, uint40(START + 1 days));
        vm.expectRevert(reason);
        applications.open(otherFacility, second, ITEM, FACE_VALUE / 64, OTHER_SHIPMENT);

        applications.open(facility, invoices, ITEM, FACE_VALUE / 2, SHIPMENT);
        vm.expectRevert(abi.encodeWithSelector(ICirculation.AlreadyEncumbered.selector, ITEM, 1));
        applications.open(otherFacility, second, ITEM, FACE_VALUE / 64, OTHER_SHIPMENT);
        vm.stopPrank();
        assertEq(desk.financingCount(), 1);
    }

    // Happy path

    function test_signedApplicationBringsCash() public {
        IApplications.FinancingRequest memory request = _request(facility, SHIPMENT, 0);
        bytes memory signature = _sign(request);
        vm.prank(stranger);
        applications.openBySignature(request, signature);
        _depart(SHIPMENT);
        assertEq(euro.balanceOf(supplier), _greatestDraw(6_000_000, CHARGES_BPS));
        assertEq(euro.balanceOf(stranger), 0);
    }

    /// @dev The supplier finances half with each pool; what the debtor pays is shared and goes to both.
    function test_twoPoolsFinanceOneInvoice() public {
        (FinancingId first, FinancingId second) = _halves();
        _depart(SHIPMENT);
        _depart(OTHER_SHIPMENT);
        uint256 lent = pool.books().principalOut;
        assertEq(lent, otherPool.books().principalOut);
        assertGt(lent, 0);
        uint256 before = euro.balanceOf(supplier);
        _pay(1_000_001);
        assertEq(pool.books().principalOut + otherPool.books().principalOut, 2 * lent - 1_000_001 + _fees(2));
        assertEq(euro.balanceOf(supplier), before);
        assertEq(euro.balanceOf(address(invoices)), 0);
        _pay(FACE_VALUE - 1_000_001);
        assertEq(desk.owedInAll(first) + desk.owedInAll(second), 0);
        assertEq(euro.balanceOf(address(invoices)), 0);
        assertEq(_custody(), 0);
    }

    /// @dev The desk cannot pay one pool; the other is not held up.
    function test_aStuckPoolHoldsUpNobody() public {
        (FinancingId first, FinancingId second) = _halves();
        _depart(SHIPMENT);
        _depart(OTHER_SHIPMENT);
        vm.mockCallRevert(address(pool), abi.encodeWithSelector(pool.collect.selector), "stuck");
        _pay(1_000_000);
        assertEq(invoices.cashOf(first), 500_000);
        assertEq(invoices.cashOf(second), 0);
        vm.clearMockedCalls();
        uint256 owed = _owed(first);
        vm.prank(stranger);
        assertEq(invoices.forward(first), 500_000);
        assertEq(_owed(first), owed - 500_000);
    }

    function test_halfIsReleasedWhileTheOtherHalfOwes() public {
        (FinancingId first, FinancingId second) = _halves();
        _depart(SHIPMENT);
        vm.prank(supplier);
        desk.release(second);
        assertEq(receivables.balanceOf(supplier, ITEM), FACE_VALUE / 2);
        assertEq(_custody(), FACE_VALUE / 2);
        (,, uint256 units) = invoices.pledgeOf(first);
        assertEq(units, FACE_VALUE / 2);
        assertGt(_owed(first), 0);
    }

    // Tiers

    /// @dev Supplier, second and third tier finance their parts of one invoice, without facts of their own.
    function test_everyTierFinancesItsPart() public {
        (Party memory second, Party memory third) = _tiers();
        _openFor(acme, FACE_VALUE / 2);
        _openFor(second, FACE_VALUE / 4);
        _openFor(third, FACE_VALUE / 4);
        assertEq(invoices.financingsOf(ITEM).length, 3);
        assertEq(_custody(), FACE_VALUE);
        assertGt(euro.balanceOf(third.account), 1_000_000);
        uint256[3] memory before =
            [euro.balanceOf(supplier), euro.balanceOf(second.account), euro.balanceOf(third.account)];
        uint256 owed = desk.owedInAll(FinancingId.wrap(1)) + desk.owedInAll(FinancingId.wrap(2))
            + desk.owedInAll(FinancingId.wrap(3));
        _pay(FACE_VALUE);
        uint256 came = euro.balanceOf(supplier) + euro.balanceOf(second.account) + euro.balanceOf(third.account)
            - before[0] - before[1] - before[2];
        assertEq(came + owed, FACE_VALUE, "each tier gets what its own part leaves over");
        assertEq(euro.balanceOf(third.account) - before[2], FACE_VALUE / 4 - (owed / 4));
    }

    /// @dev The worst case of a hint: sixteen pledges, all drawn. The stipend allots to all and forwards for some; anyone
    /// forwards the rest.
    function test_sixteenPledgesFitIntoOneHint() public {
        FacilityId line = _acceptedLine(acme);
        for (uint256 i; i < 16; ++i) {
            vm.prank(supplier);
            desk.openFinancing(line, invoices, ITEM, FACE_VALUE / 16, 0);
        }
        _pay(FACE_VALUE);
        assertEq(_custody(), 0, "the hint was taken");
        assertEq(invoices.unitsOf(ITEM), 0);
        uint256 waiting = euro.balanceOf(address(invoices));
        assertLt(waiting, FACE_VALUE, "and forwarded for some");
        assertGt(waiting, 0);
        for (uint64 i = 1; i <= 16; ++i) {
            uint256 left = gasleft();
            invoices.forward(FinancingId.wrap(i));
            assertLt(left - gasleft(), 150_000, "a waterfall fits into what is left for it");
            assertEq(desk.owedInAll(FinancingId.wrap(i)), 0);
        }
        assertEq(euro.balanceOf(address(invoices)), 0);
    }

    // Orders

    function test_orderIsReservedForOneFacility() public {
        _registerAndAcceptOrder();
        vm.startPrank(supplier);
        applications.reserve(facility, orders, ORDER, uint40(START + 1 days));
        vm.expectRevert(
            abi.encodeWithSelector(ICollateral.ItemReserved.selector, ORDER, supplier, facility, START + 1 days)
        );
        applications.open(otherFacility, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT);
        applications.open(facility, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT);
        vm.stopPrank();
        assertEq(orders.unitsOf(ORDER), FACE_VALUE);
        (FacilityId reserved,) = orders.reservationOf(ORDER, supplier);
        assertEq(FacilityId.unwrap(reserved), 0);
    }

    function test_onlyAnAcceptedOrderOfItsSellerIsReserved() public {
        vm.startPrank(supplier);
        oracle.openSubject(ORDER_SHIPMENT, new bytes32[](0));
        escrow.registerOrder(_orderTerms());
        vm.expectRevert(abi.encodeWithSelector(ICollateral.ItemNotFinanceable.selector, ORDER, 1, 2));
        applications.reserve(facility, orders, ORDER, uint40(START + 1 days));
        vm.stopPrank();
        bytes32 termsHash = escrow.termsHashOf(OrderId.wrap(ORDER));
        vm.prank(debtor);
        escrow.acceptOrder(OrderId.wrap(ORDER), termsHash);
        vm.prank(address(applications));
        vm.expectRevert(abi.encodeWithSelector(ICollateral.NotHolderOf.selector, ORDER, debtor));
        orders.reserve(facility, debtor, ORDER, uint40(START + 1 days));
    }

    function test_crumbsOfAnOrderAreRefused() public {
        _registerAndAcceptOrder();
        uint256 least = FACE_VALUE / 64;
        vm.startPrank(supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.PledgeTooSmall.selector, ORDER, least - 1, least));
        applications.open(facility, orders, ORDER, least - 1, ORDER_SHIPMENT);
        applications.open(facility, orders, ORDER, least, ORDER_SHIPMENT);
        assertEq(orders.unitsOf(ORDER), least);
    }

    function test_orderOfPartIsPaidIntoItsFinancingWhole() public {
        _registerAndAcceptOrder();
        vm.prank(supplier);
        FinancingId id = desk.openFinancing(facility, orders, ORDER, 4_000_000, ORDER_SHIPMENT);
        assertEq(orders.valueOf(id), 4_000_000);
        assertEq(orders.borrowingBase(id), 1_200_000);
        uint256 owed = _owed(id);
        _payOrder(7_000_000);
        assertEq(orders.valueOf(id), 3_000_000);
        assertEq(_owed(id), 0);
        assertEq(euro.balanceOf(supplier), 7_000_000 - owed + _greatestDraw(1_200_000, CHARGES_BPS));
        _payOrder(3_000_000);
        assertEq(orders.valueOf(id), 0);
        assertEq(euro.balanceOf(address(orders)), 0);
        vm.prank(supplier);
        desk.release(id);
        assertEq(orders.financingsOf(ORDER).length, 0);
    }

    // Internals

    function _raceFor(FacilityId winner, FacilityId loser, bytes32 goods, bytes32 loserGoods) private {
        IApplications.FinancingRequest memory first = _request(winner, goods, 1);
        IApplications.FinancingRequest memory second = _request(loser, loserGoods, 2);
        bytes memory signature = _sign(second);
        FinancingId id = applications.openBySignature(first, _sign(first));
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnitsOutOfRange.selector, ITEM, FACE_VALUE, 0));
        applications.openBySignature(second, signature);

        assertEq(desk.financingCount(), 1);
        assertEq(FacilityId.unwrap(desk.financing(id).facility), FacilityId.unwrap(winner));
        assertEq(FinancingId.unwrap(desk.financingOf(loserGoods)), 0);
        assertEq(oracle.subject(loserGoods).consumer, address(0));
        assertEq(invoices.financingsOf(ITEM).length, 1);
        assertEq(applications.nonces(supplier, 2), 2 << 64);
    }

    function _halves() private returns (FinancingId first, FinancingId second) {
        vm.startPrank(supplier);
        first = applications.open(facility, invoices, ITEM, FACE_VALUE / 2, SHIPMENT);
        second = applications.open(otherFacility, invoices, ITEM, FACE_VALUE / 2, OTHER_SHIPMENT);
        vm.stopPrank();
    }

    /// @dev Fees and reserve contributions of so many draws of half the invoice, which payments serve first or last.
    function _fees(uint256 draws) private pure returns (uint256) {
        return draws * _feeUp(_greatestDraw(3_000_000, CHARGES_BPS), FEE_BPS);
    }

    function _tiers() private returns (Party memory second, Party memory third) {
        second = _admit("SECONDTIER", Roles.SUPPLIER);
        third = _admit("THIRDTIER", Roles.SUPPLIER);
        vm.prank(supplier);
        receivables.safeTransferFrom(supplier, second.account, ITEM, FACE_VALUE / 2, "");
        vm.prank(second.account);
        receivables.safeTransferFrom(second.account, third.account, ITEM, FACE_VALUE / 4, "");
    }

    function _openFor(Party memory party, uint256 units) private {
        FacilityId line = _acceptedLine(party);
        vm.startPrank(party.account);
        receivables.setApprovalForAll(address(invoices), true);
        desk.openFinancing(line, invoices, ITEM, units, 0);
        vm.stopPrank();
    }

    /// @dev A facility that lends 70 % of what the debtor has accepted, without further facts.
    function _acceptedLine(Party memory party) private returns (FacilityId line) {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.supplier = party.account;
        line = desk.openFacility(terms);
        ICollateral.Step[] memory steps = new ICollateral.Step[](1);
        steps[0] = ICollateral.Step(Milestones.ACCEPTED, 7000, false);
        desk.setLadder(line, invoices, steps);
    }

    function _secondAdapter() private returns (ReceivableCollateral second) {
        second =
            new ReceivableCollateral(receivables, oracle, desk, address(applications), registry, matching, conversions);
        registry.admitAccount(operator.lei, address(second));
        receivables.listCustodian(address(second));
        desk.listCollateral(second, true);
        desk.setLadder(otherFacility, second, _ladder(0, 6000, 8000, true));
        vm.prank(supplier);
        receivables.setApprovalForAll(address(second), true);
    }

    function _request(FacilityId line, bytes32 goods, uint192 series)
        private
        view
        returns (IApplications.FinancingRequest memory)
    {
        return IApplications.FinancingRequest({
            facility: line,
            collateral: invoices,
            itemId: ITEM,
            units: FACE_VALUE,
            subject: goods,
            signer: supplier,
            nonce: uint256(series) << 64,
            deadline: START + 3 days
        });
    }

    function _sign(IApplications.FinancingRequest memory request) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(acme.key, applications.requestDigest(request));
        return abi.encodePacked(r, s, v);
    }
}
