// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IDrawPurposes} from "../../../contracts/lending/interfaces/IDrawPurposes.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IPurchaseCollateral} from "../../../contracts/lending/interfaces/IPurchaseCollateral.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FacilityId, FinancingId, LotId, OrderId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {PurchaseBase} from "./PurchaseBase.sol";

/// @title Draws that go to their purpose and never to the supplier: the carrier's accepted invoice, and the escrow of an
/// order that the supplier has placed itself with Harbour Goods, 40,000.00, for which the lender gives 80 %.
contract EarmarkedTest is PurchaseBase {
    uint256 private constant FREIGHT = uint256(keccak256("Delta freight 77"));
    uint256 private constant FREIGHT_VALUE = 500_000;
    uint256 private constant BOUGHT = uint256(keccak256("PO-ACME-4711"));
    uint256 private constant BOUGHT_VALUE = 4_000_000;
    bytes32 private constant INBOUND = keccak256("inbound");

    FacilityId private earmarked;
    Party private harbour;

    function setUp() public override {
        super.setUp();
        _deployPurchases();
        registry.setRoles(carrier.lei, Roles.CARRIER | Roles.SUPPLIER);
        harbour = _admit("HARBOURGOODS", Roles.SUPPLIER);
        _registerFreight();
        _placeOrder();
    }

    // Refusals

    function test_nothingIsEarmarkedBeforeThereArePurposes() public {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.earmarked = true;
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.PurposesUnset.selector, supplier));
        desk.openFacility(terms);
        desk.setPurposes(purposes);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.AddressFixed.selector, stranger, address(purposes)));
        desk.setPurposes(IDrawPurposes(stranger));
        FacilityId id = desk.openFacility(terms);
        assertTrue(desk.facility(id).terms.earmarked);
        assertFalse(desk.facility(facility).terms.earmarked);
        assertEq(address(desk.purposes()), address(purposes));
    }

    function test_onlyTheSupplierSaysWhatFor() public {
        FinancingId id = _openEarmarked();
        vm.expectRevert(abi.encodeWithSelector(IDrawPurposes.NotSupplierOfPurpose.selector, id, stranger, supplier));
        vm.prank(stranger);
        purposes.setPurpose(id, IDrawPurposes.Kind.Freight, FREIGHT, FREIGHT_VALUE);
    }

    function test_onlyEarmarkedFinancingsHaveAPurpose() public {
        FinancingId id = _open();
        vm.expectRevert(abi.encodeWithSelector(IDrawPurposes.NotEarmarked.selector, id));
        _setPurpose(id, IDrawPurposes.Kind.Freight, FREIGHT, FREIGHT_VALUE);
    }

    function test_unfitPurposesAreRefused() public {
        FinancingId id = _openEarmarked();
        _unfit(id, IDrawPurposes.Kind.None, FREIGHT);
        _unfit(id, IDrawPurposes.Kind.Freight, ITEM);
        _unfit(id, IDrawPurposes.Kind.Freight, uint256(keccak256("unknown")));
        // Its refunds would go to the supplier.
        _unfit(id, IDrawPurposes.Kind.Purchase, BOUGHT);
        registry.setRoles(carrier.lei, Roles.SUPPLIER);
        _unfit(id, IDrawPurposes.Kind.Freight, FREIGHT);
        registry.setRoles(carrier.lei, Roles.CARRIER | Roles.SUPPLIER);
        vm.expectRevert(abi.encodeWithSelector(IDrawPurposes.PurposeOutOfRange.selector, id, 0, type(uint64).max));
        _setPurpose(id, IDrawPurposes.Kind.Freight, FREIGHT, 0);
        _setPurpose(id, IDrawPurposes.Kind.Freight, FREIGHT, 1);
    }

    /// @dev The lender has nothing but the order: what it lends goes there and nowhere else.
    function test_purchasesPayNoFreight() public {
        FinancingId id = _openPurchase();
        _unfit(id, IDrawPurposes.Kind.Freight, FREIGHT);
    }

    function test_purposeIsSettledByTheFirstDraw() public {
        FinancingId id = _openEarmarked();
        _setPurpose(id, IDrawPurposes.Kind.Freight, FREIGHT, FREIGHT_VALUE);
        _setPurpose(id, IDrawPurposes.Kind.Freight, FREIGHT, 200_000);
        _depart(SHIPMENT);
        assertEq(desk.financing(id).principal, 200_000);
        vm.expectRevert(abi.encodeWithSelector(IDrawPurposes.PurposeSettled.selector, id));
        _setPurpose(id, IDrawPurposes.Kind.Freight, FREIGHT, FREIGHT_VALUE);
    }

    function test_onlyTheDeskPays() public {
        FinancingId id = _openEarmarked();
        vm.expectRevert(abi.encodeWithSelector(IDrawPurposes.PurposeOnlyDesk.selector, supplier, address(desk)));
        vm.prank(supplier);
        purposes.pay(id, 1);
    }

    function test_purchasesNeedAnEarmarkedFacilityAndOneStep() public {
        desk.setLadder(facility, purchases, _acceptedOnly(8000));
        vm.expectRevert(abi.encodeWithSelector(IPurchaseCollateral.FacilityNotEarmarked.selector, facility));
        vm.prank(supplier);
        desk.openFinancing(facility, purchases, BOUGHT, BOUGHT_VALUE, INBOUND);
        _openEarmarkedFacility();
        desk.setLadder(earmarked, purchases, _ladder(5000, 6000, 8000, false));
        vm.expectRevert(abi.encodeWithSelector(ICollateral.LadderInvalid.selector, earmarked, 0));
        vm.prank(supplier);
        desk.openFinancing(earmarked, purchases, BOUGHT, BOUGHT_VALUE, INBOUND);
    }

    function test_purchaseTakesTheOrdersOwnConsignmentAndItsBuyer() public {
        _openEarmarkedFacility();
        vm.prank(supplier);
        oracle.openSubject(SHIPMENT, new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(ICollateral.SubjectNotItsOwn.selector, BOUGHT, SHIPMENT, INBOUND));
        vm.prank(supplier);
        desk.openFinancing(earmarked, purchases, BOUGHT, BOUGHT_VALUE, SHIPMENT);
        _registerAndAcceptOrder();
        vm.expectRevert(
            abi.encodeWithSelector(IOrderEscrow.NotBuyerOf.selector, OrderId.wrap(ORDER), acme.id, borealis.id)
        );
        vm.prank(supplier);
        desk.openFinancing(earmarked, purchases, ORDER, FACE_VALUE, ORDER_SHIPMENT);
    }

    /// @dev The seller's financing on the order and the buyer's would lend on the same goods.
    function test_oneConsignmentBacksSellerOrBuyer() public {
        _openPurchase();
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.supplier = harbour.account;
        FacilityId theirs = _openFacility(terms);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.SubjectAlreadyWatched.selector, INBOUND, address(desk)));
        vm.prank(harbour.account);
        desk.openFinancing(theirs, orders, BOUGHT, BOUGHT_VALUE, INBOUND);
    }

    function test_earmarkedDebtDoesNotMoveToWhereDrawsAreFree() public {
        FinancingId id = _openEarmarked();
        _setPurpose(id, IDrawPurposes.Kind.Freight, FREIGHT, FREIGHT_VALUE);
        _depart(SHIPMENT);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.RefinancingUnfit.selector, id, earmarked, facility));
        desk.refinance(id, facility);
    }

    // Freight

    function test_withoutAPurposeNothingIsDrawn() public {
        FinancingId id = _openEarmarked();
        _depart(SHIPMENT);
        assertEq(desk.financing(id).principal, 0);
        (uint256 base, uint256 available) = desk.availability(id);
        assertEq(base, FACE_VALUE * 6000 / 10_000);
        assertEq(available, 0);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.DrawDeferred(id, IFinancingDesk.Bound.Payee, _greatestDraw(base, CHARGES_BPS), 0);
        desk.poke(id);
    }

    function test_drawPaysTheCarrier() public {
        FinancingId id = _openEarmarked();
        _setPurpose(id, IDrawPurposes.Kind.Freight, FREIGHT, FREIGHT_VALUE);
        uint256 before = euro.balanceOf(supplier);
        _depart(SHIPMENT);
        assertEq(desk.financing(id).principal, FREIGHT_VALUE);
        assertEq(receivables.outstanding(ReceivableId.wrap(FREIGHT)), 0);
        vm.prank(carrier.account);
        receivables.claim(ReceivableId.wrap(FREIGHT));
        assertEq(euro.balanceOf(carrier.account), FREIGHT_VALUE);
        assertEq(euro.balanceOf(supplier), before, "nothing goes through the supplier's hands");
        assertEq(euro.balanceOf(address(purposes)), 0);
        assertEq(purposes.purposeOf(id).paid, FREIGHT_VALUE);
        assertEq(desk.poke(id), 0);
    }

    function test_noMoreThanTheInvoiceTakes() public {
        FinancingId id = _openEarmarked();
        _setPurpose(id, IDrawPurposes.Kind.Freight, FREIGHT, 3 * FREIGHT_VALUE);
        _fundAndApprove(debtor, 100_000, address(receivables));
        vm.prank(debtor);
        receivables.pay(ReceivableId.wrap(FREIGHT), 100_000);
        _depart(SHIPMENT);
        assertEq(desk.financing(id).principal, FREIGHT_VALUE - 100_000);
        assertEq(receivables.outstanding(ReceivableId.wrap(FREIGHT)), 0);
    }

    // Purchase

    function test_drawFundsTheOrder() public {
        FinancingId id = _openPurchase();
        uint256 before = euro.balanceOf(supplier);
        _setPurpose(id, IDrawPurposes.Kind.Purchase, BOUGHT, BOUGHT_VALUE);
        uint256 drawn = desk.poke(id);
        assertEq(drawn, _greatestDraw(BOUGHT_VALUE * 8000 / 10_000, CHARGES_BPS));
        assertEq(escrow.fundedBy(OrderId.wrap(BOUGHT), supplier), drawn);
        assertEq(escrow.heldInAll(OrderId.wrap(BOUGHT)), drawn);
        assertEq(euro.balanceOf(supplier), before);
        assertEq(euro.balanceOf(address(purposes)), 0);
        assertEq(escrow.refundAssigneeOf(OrderId.wrap(BOUGHT)), address(purchases));
        assertEq(desk.financing(id).maturityDay, DELIVER_BY + 3);
    }

    /// @dev Not delivered: the money comes back to the lender, and what is above the debt to the supplier.
    function test_refundsPayTheFinancing() public {
        FinancingId id = _openPurchase();
        _setPurpose(id, IDrawPurposes.Kind.Purchase, BOUGHT, BOUGHT_VALUE);
        uint256 drawn = desk.poke(id);
        _fundAndApprove(supplier, BOUGHT_VALUE - drawn, address(escrow));
        vm.prank(supplier);
        escrow.fund(OrderId.wrap(BOUGHT), BOUGHT_VALUE - drawn);
        vm.warp((DELIVER_BY + 1) * 1 days);
        assertEq(_base(id), 0, "the day of delivery has passed");
        assertEq(purchases.valueOf(id), BOUGHT_VALUE);
        vm.warp((DELIVER_BY + 4) * 1 days);
        uint256 owed = _owed(id);
        uint256 before = euro.balanceOf(supplier);
        escrow.refund(OrderId.wrap(BOUGHT));
        assertEq(_owed(id), 0);
        assertEq(euro.balanceOf(supplier) - before, BOUGHT_VALUE - owed);
        assertEq(purchases.valueOf(id), 0);
        vm.prank(supplier);
        desk.release(id);
        assertEq(escrow.refundAssigneeOf(OrderId.wrap(BOUGHT)), address(0));
        assertEq(FinancingId.unwrap(desk.financingOf(INBOUND)), 0);
    }

    function test_factsMoveNothing() public {
        FinancingId id = _openPurchase();
        uint256 base = _base(id);
        _fact(carrier, inspector, INBOUND, Milestones.DEPARTED, 1, uint64(QUANTITY));
        assertEq(_base(id), base);
        assertEq(base, BOUGHT_VALUE * 8000 / 10_000);
    }

    // Delivery against payment. The escrow's part is played; an invoice of the supplier's own plays the lot.

    function test_goodsAreTakenAndPledgedInOneCall() public {
        FinancingId id = _drawnPurchase();
        IOrderEscrow.Delivery memory delivery = _delivery();
        uint256 owed = _owed(id);
        vm.expectCall(address(escrow), abi.encodeCall(escrow.deliver, (delivery, supplier)));
        vm.expectEmit(address(purchases));
        emit IPurchaseCollateral.DeliveryTaken(id, OrderId.wrap(BOUGHT), ITEM);
        vm.prank(supplier);
        purchases.takeDelivery(id, delivery, invoices, 0);
        assertEq(address(desk.financing(id).collateral), address(invoices));
        assertEq(_owed(id), owed);
        assertEq(_custody(), FACE_VALUE);
        assertEq(purchases.borrowingBase(id), 0);
        // The rest of the order is still its own: what goes back pays the debt.
        assertEq(escrow.refundAssigneeOf(OrderId.wrap(BOUGHT)), address(purchases));
    }

    function test_goodsThatDoNotBearTheDebtAreNotTaken() public {
        FinancingId id = _drawnPurchase();
        desk.setLadder(earmarked, invoices, _ladder(100, 6000, 8000, false));
        IOrderEscrow.Delivery memory delivery = _delivery();
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.HandoverUncovered.selector, id, _owed(id), FACE_VALUE / 100)
        );
        vm.prank(supplier);
        purchases.takeDelivery(id, delivery, invoices, 0);
    }

    function test_onlyTheSupplierTakesDeliveryAndOfItsOrder() public {
        FinancingId id = _drawnPurchase();
        IOrderEscrow.Delivery memory delivery = _delivery();
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.NotSupplierOf.selector, earmarked, stranger, supplier));
        vm.prank(stranger);
        purchases.takeDelivery(id, delivery, invoices, 0);
        delivery.id = OrderId.wrap(7);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPurchaseCollateral.DeliveryOfOtherOrder.selector, id, OrderId.wrap(7), OrderId.wrap(BOUGHT)
            )
        );
        vm.prank(supplier);
        purchases.takeDelivery(id, delivery, invoices, 0);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.PledgeUnknown.selector, FinancingId.wrap(9)));
        vm.prank(supplier);
        purchases.takeDelivery(FinancingId.wrap(9), delivery, invoices, 0);
    }

    function test_furtherGoodsAreFreeOnlyWhileTheDebtIsBorne() public {
        FinancingId id = _drawnPurchase();
        IOrderEscrow.Delivery memory delivery = _delivery();
        vm.startPrank(supplier);
        purchases.takeDelivery(id, delivery, invoices, 0);
        purchases.takeDelivery(id, delivery, ICollateral(address(0)), 0);
        vm.stopPrank();
        vm.warp((DUE_DATE + 1) * 1 days);
        vm.expectRevert(abi.encodeWithSelector(IPurchaseCollateral.DeliveryUncovered.selector, id, _owed(id), 0));
        vm.prank(supplier);
        purchases.takeDelivery(id, delivery, ICollateral(address(0)), 0);
    }

    // Fuzz

    /// @dev However draws and payments come: the order is funded by what has been drawn, to the minor unit, no more is drawn
    /// than was said, and none of it stays on the way.
    function testFuzz_everyMinorUnitReachesTheOrder(uint256 most, uint256 own, uint16 rateBps) public {
        most = bound(most, 1, 2 * BOUGHT_VALUE);
        own = bound(own, 1, BOUGHT_VALUE);
        rateBps = uint16(bound(rateBps, 1, 10_000));
        _openEarmarkedFacility();
        desk.setLadder(earmarked, purchases, _acceptedOnly(rateBps));
        vm.prank(supplier);
        FinancingId id = desk.openFinancing(earmarked, purchases, BOUGHT, BOUGHT_VALUE, INBOUND);
        _fundAndApprove(supplier, own, address(escrow));
        vm.prank(supplier);
        escrow.fund(OrderId.wrap(BOUGHT), own);
        uint256 before = euro.balanceOf(supplier);
        _setPurpose(id, IDrawPurposes.Kind.Purchase, BOUGHT, most);
        uint256 drawn = desk.poke(id);
        uint256 room = BOUGHT_VALUE * rateBps / 10_000;
        uint256 expected = room == 0 ? 0 : room * 10_000 / (10_000 + CHARGES_BPS);
        if (expected > most) expected = most;
        if (expected > BOUGHT_VALUE - own) expected = BOUGHT_VALUE - own;
        assertEq(drawn, expected);
        assertEq(escrow.heldInAll(OrderId.wrap(BOUGHT)), own + drawn);
        assertEq(euro.balanceOf(address(purposes)), 0);
        assertEq(euro.balanceOf(supplier), before);
        assertEq(desk.poke(id), 0);
    }

    // The scene

    function _registerFreight() private {
        IReceivableToken.RegisterTerms memory terms = _terms();
        (terms.id, terms.debtor, terms.faceValue) = (ReceivableId.wrap(FREIGHT), supplier, FREIGHT_VALUE);
        vm.prank(carrier.account);
        receivables.register(terms);
        IReceivableToken.Acceptance memory acceptance = _acceptance();
        (acceptance.id, acceptance.faceValue) = (terms.id, FREIGHT_VALUE);
        vm.prank(supplier);
        receivables.accept(acceptance);
    }

    function _placeOrder() private {
        IOrderEscrow.OrderTerms memory terms =
            _termsOf(OrderId.wrap(BOUGHT), supplier, INBOUND, BOUGHT_VALUE, QUANTITY, DELIVER_BY);
        terms.graceDays = 3;
        vm.startPrank(harbour.account);
        oracle.openSubject(INBOUND, new bytes32[](0));
        escrow.registerOrder(terms);
        vm.stopPrank();
        bytes32 hash = escrow.termsHashOf(terms.id);
        vm.prank(supplier);
        escrow.acceptOrder(terms.id, hash);
    }

    function _openEarmarkedFacility() private {
        if (address(desk.purposes()) == address(0)) desk.setPurposes(purposes);
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.earmarked = true;
        earmarked = _openFacility(terms);
        desk.setLadder(earmarked, purchases, _acceptedOnly(8000));
    }

    /// @notice On the supplier's own invoice, which Borealis owes.
    function _openEarmarked() private returns (FinancingId) {
        _openEarmarkedFacility();
        _registerAndAccept();
        _openSubject();
        return _pledge(earmarked, ITEM, FACE_VALUE, SHIPMENT);
    }

    function _openPurchase() private returns (FinancingId) {
        _openEarmarkedFacility();
        vm.prank(supplier);
        return desk.openFinancing(earmarked, purchases, BOUGHT, BOUGHT_VALUE, INBOUND);
    }

    function _drawnPurchase() private returns (FinancingId id) {
        id = _openPurchase();
        _setPurpose(id, IDrawPurposes.Kind.Purchase, BOUGHT, BOUGHT_VALUE);
        desk.poke(id);
        _registerAndAccept();
        desk.setLadder(earmarked, invoices, _ladder(7000, 7500, 8000, false));
        vm.prank(supplier);
        receivables.setApprovalForAll(address(invoices), true);
        vm.mockCall(address(escrow), abi.encodeWithSelector(escrow.deliver.selector), "");
    }

    function _delivery() private view returns (IOrderEscrow.Delivery memory) {
        return IOrderEscrow.Delivery(OrderId.wrap(BOUGHT), harbour.account, LotId.wrap(ITEM), FACE_VALUE, 1);
    }

    function _setPurpose(FinancingId id, IDrawPurposes.Kind kind, uint256 itemId, uint256 most) private {
        vm.prank(supplier);
        purposes.setPurpose(id, kind, itemId, most);
    }

    function _unfit(FinancingId id, IDrawPurposes.Kind kind, uint256 itemId) private {
        vm.expectRevert(abi.encodeWithSelector(IDrawPurposes.PurposeUnfit.selector, id, kind, itemId));
        _setPurpose(id, kind, itemId, 1);
    }
}
