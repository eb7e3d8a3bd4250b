// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {IDrawPurposes} from "../../../contracts/lending/interfaces/IDrawPurposes.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FacilityId, FinancingId, LotId, OrderId} from "../../../contracts/types/Ids.sol";
import {LendingBase} from "./LendingBase.sol";
import {PurchaseBase} from "./PurchaseBase.sol";
import {StockBase} from "./StockBase.sol";

/// @title The scene of `PurchaseToStock.t.sol`: an order that the lender has half paid, and its goods with the seller.
abstract contract PurchaseStockBase is StockBase, PurchaseBase {
    uint256 internal constant BOUGHT = uint256(keccak256("PO-ACME-4712"));
    uint256 internal constant PRICE = 12_000_000;
    bytes32 internal constant INBOUND = keccak256("Juniper's coffee");

    FinancingId internal _id;
    LotId internal _lot = LotId.wrap(uint256(keccak256("Ember 4720")));

    function setUp() public virtual override(StockBase, LendingBase) {
        super.setUp();
        escrow = _newEscrow(lots);
        _deployPurchases();
        desk.setPurposes(purposes);
        lots.listCustodian(address(escrow));
        _sellersGoods();
        _order();
        _lend();
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

    function _offered() internal returns (IOrderEscrow.Delivery memory delivery) {
        delivery = IOrderEscrow.Delivery(OrderId.wrap(BOUGHT), buyer, _lot, KILOS, PRICE);
        vm.prank(buyer);
        escrow.offerDelivery(delivery, true);
    }
}
