// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rates} from "../types/Rates.sol";
import {InventoryBook} from "./InventoryBook.sol";
import {IInventoryCollateral} from "./interfaces/IInventoryCollateral.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The falling price of goods that are put up for sale.
library SalePrices {
    /// @notice The share of the market value falls from start to floor in a straight line over the round, in whole bps, and
    /// share and price are rounded up: it is never nothing, so that even goods worth nothing are sold and nothing is left
    /// that blocks an end.
    /// @param mark of something
    /// @param quantity thousandths
    /// @return minor units, at least 1
    function priceOf(
        InventoryBook.Mark memory mark,
        IInventoryCollateral.MarginTerms memory terms,
        uint256 saleFrom,
        uint256 quantity
    ) internal view returns (uint256) {
        uint256 elapsed = Math.min(block.timestamp - saleFrom, terms.saleSeconds);
        uint256 fallen = uint256(terms.startBps - terms.floorBps) * elapsed / terms.saleSeconds;
        uint256 shareBps = terms.startBps - fallen;
        uint256 scaled = uint256(mark.marketValue) * shareBps * quantity;
        return Math.max(Math.ceilDiv(scaled, mark.quantity * Rates.BPS), 1);
    }
}
