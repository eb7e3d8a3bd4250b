// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DayCount, Rates} from "../types/Rates.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Simple interest, kept as an exact numerator so that how often it is booked never matters: weight times seconds
/// on the clock of its day count (`DayCounts`), over `Rates.INTEREST_DENOMINATOR`.
library Accrual {
    /// @dev What a year of 360 days and one of 365 weigh: `Rates.COMMON_YEAR_DAYS` over the days of the year.
    uint256 private constant OF_360_DAYS = Rates.COMMON_YEAR_DAYS / 360;
    uint256 private constant OF_365_DAYS = Rates.COMMON_YEAR_DAYS / 365;

    /// @param principal minor units
    /// @param discountRateBps per year
    /// @return what one second on the clock adds to the numerator
    function weightOf(uint256 principal, uint256 discountRateBps, DayCount dayCount) internal pure returns (uint256) {
        return principal * discountRateBps * (dayCount == DayCount.Actual365 ? OF_365_DAYS : OF_360_DAYS);
    }

    /// @param numerator exact interest, in minor units times `Rates.INTEREST_DENOMINATOR`
    /// @return minor units, rounded up: what a debt comes to
    function interestUp(uint256 numerator) internal pure returns (uint256) {
        return Math.ceilDiv(numerator, Rates.INTEREST_DENOMINATOR);
    }

    /// @return minor units, rounded down: what an asset is worth
    function interestDown(uint256 numerator) internal pure returns (uint256) {
        return numerator / Rates.INTEREST_DENOMINATOR;
    }

    /// @notice The part of the numerator that a cash payment settles. Paying the whole rounded-up interest settles the
    /// exact numerator: crediting the rounded-up figure would let what was paid pass what was earned.
    /// @param paid minor units, at most `interestUp(numerator)`
    function settledBy(uint256 paid, uint256 numerator) internal pure returns (uint256) {
        return Math.min(paid * Rates.INTEREST_DENOMINATOR, numerator);
    }
}
