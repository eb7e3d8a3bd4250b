// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FinancingId, LotId} from "../../../contracts/types/Ids.sol";
import {PurchaseStockBase} from "../lending/PurchaseStockBase.sol";
import {StockBase} from "../lending/StockBase.sol";
import {GasRecord} from "./GasRecord.sol";

/// @title What it costs to carry one debt from paper to paper. New each time: the pledge that takes the other's place (four
/// slots and a lot, or the receivable's), and what backed the financing before.
/// forge-config: default.isolate = true
contract LineGas is PurchaseStockBase, GasRecord {
    function test_takeDelivery() public {
        valuation.enrol(_lot);
        IOrderEscrow.Delivery memory delivery = _offered();
        vm.prank(supplier);
        purchases.takeDelivery(_id, delivery, stock, INBOUND);
        _record("goods for money, from the order into custody", 635_000);
    }
}

/// @title The same from the order to its goods, and from these to their invoice.
/// forge-config: default.isolate = true
contract HandOverGas is StockBase, GasRecord {
    FinancingId private _id;

    /// @dev The goods' consignment is the order's, and graded already.
    function test_handOver() public {
        _registerAndAcceptOrder();
        vm.startPrank(supplier);
        _id = desk.openFinancing(line, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT);
        receivables.setApprovalForAll(address(invoices), true);
        vm.stopPrank();
        _depart(ORDER_SHIPMENT);
        _store(SECOND, ORDER_SHIPMENT, 1);
        _feed(TEMPERATURE, ORDER_SHIPMENT, COOL);
        valuation.enrol(SECOND);
        vm.prank(supplier);
        desk.handOver(_id, stock, LotId.unwrap(SECOND), KILOS, ORDER_SHIPMENT, address(0));
        _record("hand over: from the order to its goods", 515_000);
        _registerAndAccept();
        vm.prank(supplier);
        desk.handOver(_id, invoices, ITEM, FACE_VALUE, ORDER_SHIPMENT, debtor);
        _record("hand over: from the goods to their invoice", 515_000);
    }
}
