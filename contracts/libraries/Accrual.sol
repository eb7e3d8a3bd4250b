// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rates} from "../types/Rates.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Simple interest, actual/360, kept as an exact numerator so that how often it is booked never matters.
library Accrual {
    /// @param principal minor units
    /// @param discountRateBps per year
    /// @return what one second adds to the numerator
    function weightOf(uint256 principal, uint256 discountRateBps) internal pure returns (uint256) {
        return principal * discountRateBps;
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
