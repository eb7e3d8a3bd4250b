// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FinancingId} from "../../../contracts/types/Ids.sol";
import {ForeignBase} from "../lending/ForeignBase.sol";
import {GasRecord} from "./GasRecord.sol";

/// @title Quotes, and money of another currency on its way to the pool.
/// @dev Steady use: the dealer has both currencies and has been paid before, the exchange has held euros.
/// forge-config: default.isolate = true
contract FxGas is ForeignBase, GasRecord {
    FinancingId private _id;

    function setUp() public override {
        super.setUp();
        _id = _openForeign();
        _depart(SHIPMENT);
        _reserve(_id, locked);
        _pay(1_000_000);
    }

    function test_quotes() public {
        uint64 id = _quote(dealer, 100_000, LOCKED_RATE, 1 days, supplier);
        _record("quote a rate to one taker", 150_000);
        _issue(euro, supplier, 1000);
        vm.prank(supplier);
        euro.approve(address(exchange), 1000);
        vm.prank(supplier);
        exchange.take(id, 1000);
        _record("exchange at a quote", 105_000);
    }

    function test_paymentAtTheReservedQuote() public {
        _pay(1_000_000);
        _record("debtor pays in another currency -> quote -> waterfall -> pool", 320_000);
    }

    function test_paymentAtTheBestOfTwo() public {
        vm.warp(vm.getBlockTimestamp() + 1 hours);
        FinancingId id = _id;
        _quote(dealer, 10_000_000, uint256(RATE), 7 days, address(0));
        _quote(rival, 10_000_000, uint256(RATE) + 1, 7 days, address(0));
        _pay(5_000_000);
        vm.prank(stranger);
        invoices.forward(id);
        _pay(500_000);
        _record("debtor pays in another currency -> best of two quotes -> pool", 320_000);
    }
}
