// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rates} from "../types/Rates.sol";

/// @title Exchange rates as feeds give them: units of the quote currency for one of the base currency, times 10^decimals.
library ExchangeRates {
    /// @notice What an amount in minor units of one currency is multiplied with and divided by to be in those of the other.
    /// @param rate above 0, of 88 bits
    /// @param decimals of the rate, at most 18
    /// @param baseDigits decimal places of the base currency, at most 18
    /// @param quoteDigits decimal places of the quote currency, at most 18
    /// @param fromBase whether the amount is in the base currency
    function ratio(uint256 rate, uint256 decimals, uint256 baseDigits, uint256 quoteDigits, bool fromBase)
        internal
        pure
        returns (uint256 numerator, uint256 denominator)
    {
        (numerator, denominator) = (rate * 10 ** quoteDigits, 10 ** (decimals + baseDigits));
        if (!fromBase) (numerator, denominator) = (denominator, numerator);
    }

    /// @notice Whether who pays at `rate` gets at least what it would get at `value` less a haircut. Exact.
    /// @param getsBase whether it gets the base currency, and so more at a lower rate
    function isAtLeast(uint256 rate, uint256 value, uint256 haircutBps, bool getsBase) internal pure returns (bool) {
        if (getsBase) (rate, value) = (value, rate);
        return rate * Rates.BPS >= value * (Rates.BPS - haircutBps);
    }

    /// @return whether who pays gets more at `rate` than at `other`
    function isBetter(uint256 rate, uint256 other, bool getsBase) internal pure returns (bool) {
        return getsBase ? rate < other : rate > other;
    }
}
