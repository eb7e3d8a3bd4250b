// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {IDrawPurposes} from "../../../contracts/lending/interfaces/IDrawPurposes.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FacilityId, FinancingId, LotId, OrderId} from "../../../contracts/types/Ids.sol";
import {LendingBase} from "./LendingBase.sol";
import {PurchaseBase} from "./PurchaseBase.sol";
import {StockBase} from "./StockBase.sol";

/// @title The lender pays for the buyer, and has the goods for it: Acme buys Juniper's 100,000 kilograms of coffee in
/// Ember's warehouse for 120,000.00; the lender puts half of it into the escrow, and the goods go from the seller into its
/// custody in the call that pays the seller.
contract PurchaseToStockTest is StockBase, PurchaseBase {
    uint256 private constant BOUGHT = uint256(keccak256("PO-ACME-4712"));
    uint256 private constant PRICE = 12_000_000;
    bytes32 private constant INBOUND = keccak256("Juniper's coffee");

    FinancingId private _id;
    LotId private _lot = LotId.wrap(uint256(keccak256("Ember 4720")));

    function setUp() public override(StockBase, LendingBase) {
        super.setUp();
        escrow = _newEscrow(lots);
        _deployPurchases();
        desk.setPurposes(purposes);
        lots.listCustodian(address(escrow));
        _sellersGoods();
        _order();
        _lend();
    }

    function test_goodsAndMoneyChangeHandsAndTheGoodsBackTheLoan() public {
        uint256 owed = _owed(_id);
        uint256 before = euro.balanceOf(buyer);
        IOrderEscrow.Delivery memory delivery = _offered();
        vm.prank(supplier);
        purchases.takeDelivery(_id, delivery, stock, INBOUND);
        assertEq(euro.balanceOf(buyer), before + PRICE, "the seller has its money");
        assertEq(lots.position(_lot, supplier).pledged, KILOS, "the goods are the buyer's, in the lender's custody");
        assertEq(lots.titleOf(_lot, buyer), 0);
        assertEq(address(desk.financing(_id).collateral), address(stock));
        assertEq(_owed(_id), owed, "the same debt");
        assertEq(stock.borrowingBase(_id), BASE);
        assertEq(purchases.borrowingBase(_id), 0);
        assertEq(FinancingId.unwrap(desk.financingOf(INBOUND)), FinancingId.unwrap(_id));

        _fundAndApprove(supplier, owed, address(desk));
        vm.startPrank(supplier);
        desk.repay(_id, owed);
        desk.release(_id);
        vm.stopPrank();
        assertEq(lots.position(_lot, supplier).free, KILOS);
        assertEq(FinancingId.unwrap(desk.financingOf(INBOUND)), 0);
    }

    function test_withoutThePowerOfSaleNothingChangesHands() public {
        IOrderEscrow.Delivery memory delivery = _offered();
        vm.startPrank(supplier);
        lots.setPowerOfSale(address(stock), false);
        vm.expectPartialRevert(IGoodsRights.PowerOfSaleMissing.selector);
        purchases.takeDelivery(_id, delivery, stock, INBOUND);
        vm.stopPrank();
        assertEq(lots.position(_lot, buyer).free, KILOS);
        assertEq(escrow.order(OrderId.wrap(BOUGHT)).held, PRICE);
    }

    // Internals

    function _sellersGoods() private {
        vm.startPrank(buyer);
        oracle.openSubject(INBOUND, new bytes32[](0));
        lots.engageOperator(warehouse.id, true);
        lots.setApprovalForAll(address(escrow), true);
        lots.setPowerOfSale(address(escrow), true);
        vm.stopPrank();
        ILots.Entry memory entry = _entry(_lot, INBOUND, 1);
        entry.owner = buyer;
        _storeEntry(entry);
        _feed(TEMPERATURE, INBOUND, COOL);
    }

    function _order() private {
        IOrderEscrow.OrderTerms memory terms =
            _termsOf(OrderId.wrap(BOUGHT), supplier, INBOUND, PRICE, KILOS, DELIVER_BY);
        vm.prank(buyer);
        escrow.registerOrder(terms);
        bytes32 termsHash = escrow.termsHashOf(terms.id);
        vm.prank(supplier);
        escrow.acceptOrder(terms.id, termsHash);
    }

    /// @dev Half of the price; Acme puts in the other half itself.
    function _lend() private {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.earmarked = true;
        FacilityId earmarked = _openFacility(terms);
        desk.setLadder(earmarked, purchases, _acceptedOnly(6000));
        desk.setLadder(earmarked, stock, _stored(RATE));
        stock.setMarginTerms(earmarked, _margin());
        vm.startPrank(supplier);
        _id = desk.openFinancing(earmarked, purchases, BOUGHT, PRICE, INBOUND);
        purposes.setPurpose(_id, IDrawPurposes.Kind.Purchase, BOUGHT, PRICE / 2);
        vm.stopPrank();
        desk.poke(_id);
        assertEq(escrow.order(OrderId.wrap(BOUGHT)).held, PRICE / 2, "lent straight into the escrow");
        _fundAndApprove(supplier, PRICE / 2, address(escrow));
        vm.prank(supplier);
        escrow.fund(OrderId.wrap(BOUGHT), PRICE / 2);
    }

    function _offered() private returns (IOrderEscrow.Delivery memory delivery) {
        delivery = IOrderEscrow.Delivery(OrderId.wrap(BOUGHT), buyer, _lot, KILOS, PRICE);
        vm.prank(buyer);
        escrow.offerDelivery(delivery, true);
    }
}
