// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FinancingId, LotId} from "../../../contracts/types/Ids.sol";
import {StockBase} from "./StockBase.sol";

/// @title One line: the order, the goods in the warehouse, the invoice. One debt, and at no point two papers that count.
contract StockHandOverTest is StockBase {
    FinancingId private _id;

    /// @dev 60 % of the order are drawn when the goods have left; they have come in since, and their temperature is known.
    function setUp() public override {
        super.setUp();
        _registerAndAcceptOrder();
        vm.startPrank(supplier);
        _id = desk.openFinancing(line, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT);
        receivables.setApprovalForAll(address(invoices), true);
        vm.stopPrank();
        _depart(ORDER_SHIPMENT);
        _store(SECOND, ORDER_SHIPMENT, 1);
        _feed(TEMPERATURE, ORDER_SHIPMENT, COOL);
    }

    function _toGoods(uint256 quantity) private {
        vm.prank(supplier);
        desk.handOver(_id, stock, LotId.unwrap(SECOND), quantity, ORDER_SHIPMENT, address(0));
    }

    function test_refusedWhereTheGoodsDoNotBearTheDebt() public {
        vm.prank(supplier);
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.HandoverUncovered.selector, _id, FACE_VALUE * 6 / 10, BASE / 10)
        );
        desk.handOver(_id, stock, LotId.unwrap(SECOND), KILOS / 10, ORDER_SHIPMENT, address(0));
    }

    function test_theReceiptGoesStraightIntoCustodyAndTheInvoiceTakesItsPlace() public {
        uint256 owed = _owed(_id);
        assertEq(owed, FACE_VALUE * 6 / 10);
        _toGoods(KILOS);
        assertEq(_pledged(SECOND), KILOS);
        assertEq(orders.borrowingBase(_id), 0, "the order counts no more");
        assertEq(stock.borrowingBase(_id), BASE);
        assertEq(_owed(_id), owed, "the same debt");

        _registerAndAccept();
        vm.prank(supplier);
        desk.handOver(_id, invoices, ITEM, FACE_VALUE, ORDER_SHIPMENT, debtor);
        assertEq(lots.titleOf(SECOND, debtor), KILOS, "goods and title go to who owes the invoice");
        assertEq(lots.stock(SECOND).inCustody, 0);
        assertEq(stock.borrowingBase(_id), 0, "the goods count no more");
        assertEq(stock.lotsOf(_id).length, 0);
        assertEq(invoices.borrowingBase(_id), owed);

        _pay(FACE_VALUE);
        assertEq(_owed(_id), 0);
        vm.prank(supplier);
        desk.release(_id);
        assertEq(FinancingId.unwrap(desk.financingOf(ORDER_SHIPMENT)), 0);
        _assertEmptyHanded();
    }
}
