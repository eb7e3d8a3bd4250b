// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FinancingId, OrderId} from "../../../contracts/types/Ids.sol";
import {PurchaseStockBase} from "./PurchaseStockBase.sol";

/// @title The lender pays for the buyer, and has the goods for it: Acme buys Juniper's 100,000 kilograms of coffee in
/// Ember's warehouse for 120,000.00; the lender puts half of it into the escrow, and the goods go from the seller into its
/// custody in the call that pays the seller.
contract PurchaseToStockTest is PurchaseStockBase {
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
}
