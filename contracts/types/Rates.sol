// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Bases of rates and of time.
library Rates {
    /// @dev 100 % in basis points.
    uint256 internal constant BPS = 10_000;
    /// @dev Seconds of the actual/360 year: interest runs for the real seconds over a year of 360 days.
    uint256 internal constant YEAR_ACT360 = 360 days;
    /// @dev Interest in minor units = principal * discountRateBps * seconds / INTEREST_DENOMINATOR.
    uint256 internal constant INTEREST_DENOMINATOR = BPS * YEAR_ACT360;
}
