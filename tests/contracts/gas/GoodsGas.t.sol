// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInventoryCollateral} from "../../../contracts/lending/interfaces/IInventoryCollateral.sol";
import {FinancingId} from "../../../contracts/types/Ids.sol";
import {StockBase} from "../lending/StockBase.sol";
import {GasRecord} from "./GasRecord.sol";

/// @title What goods cost as collateral, where their temperature is watched and their consignments are graded already.
/// forge-config: default.isolate = true
contract GoodsGas is StockBase, GasRecord {
    FinancingId private _id;

    function setUp() public override {
        super.setUp();
        _store(SECOND, SHIPMENT, 2);
        _store(OTHER, OTHER_SHIPMENT, 1);
        valuation.enrol(OTHER);
        valuation.enrol(LOT);
        _fundAndApprove(supplier, 20_000_000, address(desk));
        _fundAndApprove(supplier, 20_000_000, address(stock));
        _fundAndApprove(buyer, 20_000_000, address(stock));
    }

    function _opened() private {
        _id = _openStock(LOT, KILOS / 2, SHIPMENT);
    }

    /// @dev New: the pledge (four slots and a lot), the financing, the first draw's books.
    function test_open() public {
        _opened();
        _record("open a financing on goods and draw", 620_000);
    }

    /// @dev Nothing new: the position and the lot's stock change.
    function test_pledgeMore() public {
        _opened();
        vm.prank(supplier);
        stock.addGoods(_id, LOT, KILOS / 4);
        _record("pledge: more goods of a lot", 130_000);
    }

    /// @dev New: the lot's place.
    function test_pledgeLot() public {
        _opened();
        vm.prank(supplier);
        stock.addGoods(_id, SECOND, KILOS / 4);
        _record("pledge: another lot", 130_000);
    }

    /// @dev New: the lot's place, and who watches its consignment.
    function test_pledgeConsignment() public {
        _opened();
        vm.prank(supplier);
        stock.addGoods(_id, OTHER, KILOS / 4);
        _record("pledge: another lot, of another consignment", 130_000);
    }

    /// @dev What has ended is cleared: the pledge's terms, and who watches the consignment.
    function test_release() public {
        _opened();
        vm.startPrank(supplier);
        desk.repay(_id, type(uint256).max);
        desk.release(_id);
        vm.stopPrank();
        _record("release goods", 100_000);
    }

    function test_payAndRelease() public {
        _opened();
        vm.prank(supplier);
        stock.payAndRelease(_id, 1_000_000, LOT, KILOS / 20);
        _record("pay and release a part", 320_000);
    }

    function test_sale() public {
        _opened();
        IInventoryCollateral.Offer memory offer =
            IInventoryCollateral.Offer(_id, LOT, KILOS / 4, 5_000_000, buyer, uint40(block.timestamp + 1 days));
        vm.prank(supplier);
        stock.offerGoods(offer);
        vm.prank(buyer);
        stock.buyGoods(offer);
        // What leaves is valued before and after, so that the price keeps the lender's ratio; what left the warehouse, too.
        _recordMissed("buy goods out of custody", 295_000, 340_000);
    }

    function test_marginCall() public {
        _opened();
        _news(150, COOL);
        stock.callMargin(_id);
        _record("call margin", 200_000);
        _later(1 days, 150, COOL);
        stock.startSale(_id);
        _record("start a sale", 170_000);
        vm.prank(buyer);
        stock.bid(_id, LOT, KILOS / 4, type(uint256).max);
        _record("bid in a sale", 330_000);
    }
}
