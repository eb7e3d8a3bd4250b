// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IOrderMatch} from "../../../contracts/settlement/interfaces/IOrderMatch.sol";
import {FacilityId, FinancingId, LotId, OrderId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {StockBase} from "./StockBase.sol";

/// @dev The same goods count through one paper at a time, and what happened to other goods lends on none. An order goes into
/// the warehouse; a second line lends 80 % on accepted invoices.
contract OnePaperTest is StockBase {
    OrderId private constant NEXT = OrderId.wrap(uint256(keccak256("PO-next")));

    FacilityId private _factoring;

    function setUp() public override {
        super.setUp();
        _factoring = _openFacility(LIMIT, 0);
        ICollateral.Step[] memory accepted = new ICollateral.Step[](1);
        accepted[0] = ICollateral.Step(Milestones.ACCEPTED, 8000, false);
        desk.setLadder(_factoring, invoices, accepted);
        vm.prank(supplier);
        receivables.setApprovalForAll(address(invoices), true);
    }

    function test_goodsInCustodyAndTheirInvoiceAreNotTwoFinancings() public {
        FinancingId id = _storedLine();
        _registerAndAccept();
        vm.startPrank(supplier);
        matching.link(OrderId.wrap(ORDER), ReceivableId.wrap(ITEM));
        bytes4 differs = IOrderMatch.MatchSubjectDiffers.selector;
        vm.expectRevert(abi.encodeWithSelector(differs, ReceivableId.wrap(ITEM), bytes32(0), ORDER_SHIPMENT));
        desk.openFinancing(_factoring, invoices, ITEM, FACE_VALUE, 0);
        // With its own consignment the desk finds the goods' financing.
        vm.expectRevert();
        desk.openFinancing(_factoring, invoices, ITEM, FACE_VALUE, ORDER_SHIPMENT);
        vm.stopPrank();
        assertGt(stock.borrowingBase(id), 0);
        assertEq(_pledged(SECOND), KILOS);
    }

    function test_anInvoiceThatIsMatchedAfterItsPledgeBacksNothingMore() public {
        _storedLine();
        _registerAndAccept();
        vm.startPrank(supplier);
        FinancingId second = desk.openFinancing(_factoring, invoices, ITEM, FACE_VALUE, 0);
        assertEq(invoices.borrowingBase(second), FACE_VALUE * 8 / 10, "its debtor owes it, for all that is known");
        matching.link(OrderId.wrap(ORDER), ReceivableId.wrap(ITEM));
        vm.stopPrank();
        invoices.recheck(ITEM);
        assertEq(invoices.borrowingBase(second), 0, "the goods back another financing");
    }

    function test_whoDemandsAMatchIsNotLeftToTheSellersChoice() public {
        matching.demandMatch(_factoring, true);
        _registerAndAccept();
        vm.startPrank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IOrderMatch.MatchMissing.selector, _factoring, ReceivableId.wrap(ITEM)));
        desk.openFinancing(_factoring, invoices, ITEM, FACE_VALUE, 0);
        vm.stopPrank();
        _registerAndAcceptOrder();
        _fact(warehouse, inspector, ORDER_SHIPMENT, Milestones.RECEIVED, 1, uint64(QUANTITY / 2));
        vm.warp(block.timestamp + WINDOW);
        vm.startPrank(supplier);
        matching.link(OrderId.wrap(ORDER), ReceivableId.wrap(ITEM));
        FinancingId id = desk.openFinancing(_factoring, invoices, ITEM, FACE_VALUE, ORDER_SHIPMENT);
        vm.stopPrank();
        assertEq(invoices.borrowingBase(id), FACE_VALUE * 8 / 10 / 2, "capped at what was received");
    }

    /// @dev Acme's coffee is in the warehouse: an order for it is none of goods that have yet to set out.
    function test_anOrderOfEarlierGoodsIsNoCollateral() public {
        vm.prank(supplier);
        escrow.registerOrder(_termsOf(NEXT, debtor, SHIPMENT, FACE_VALUE, QUANTITY, DELIVER_BY));
        bytes32 termsHash = escrow.termsHashOf(NEXT);
        vm.prank(debtor);
        escrow.acceptOrder(NEXT, termsHash);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.ItemOfEarlierGoods.selector, OrderId.unwrap(NEXT)));
        desk.openFinancing(line, orders, OrderId.unwrap(NEXT), FACE_VALUE, SHIPMENT);
    }

    function test_factsOfAnEndedOrderLendOnNoOtherInvoice() public {
        _registerAndAcceptOrder();
        _depart(ORDER_SHIPMENT);
        _payOrder(FACE_VALUE);
        _registerAndAccept();
        vm.prank(supplier);
        vm.expectRevert(
            abi.encodeWithSelector(
                IOrderMatch.GoodsOfEndedOrder.selector, ReceivableId.wrap(ITEM), ORDER_SHIPMENT, OrderId.wrap(ORDER)
            )
        );
        desk.openFinancing(_factoring, invoices, ITEM, FACE_VALUE, ORDER_SHIPMENT);
    }

    /// @return id a financing that was opened on the order and goes on with its goods
    function _storedLine() private returns (FinancingId id) {
        _registerAndAcceptOrder();
        vm.prank(supplier);
        id = desk.openFinancing(line, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT);
        _depart(ORDER_SHIPMENT);
        _store(SECOND, ORDER_SHIPMENT, 1);
        _feed(TEMPERATURE, ORDER_SHIPMENT, COOL);
        vm.prank(supplier);
        desk.handOver(id, stock, LotId.unwrap(SECOND), KILOS, ORDER_SHIPMENT, address(0));
    }
}
