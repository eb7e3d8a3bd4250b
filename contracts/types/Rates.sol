// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice How the days of interest are counted, and over how long a year (ISDA 2006, 4.16).
/// `Actual360` and `Actual365`: the real seconds, over 360 or 365 days. `Thirty360`: the Eurobond basis 30E/360, where
/// every month has thirty days: the 31st adds nothing and the end of February adds what is missing.
enum DayCount {
    Actual360,
    Actual365,
    Thirty360
}

/// @title Bases of rates and of time.
library Rates {
    /// @dev 100 % in basis points.
    uint256 internal constant BPS = 10_000;
    /// @dev The least number of days that years of 360 and of 365 days both divide, so that every day count is exact
    /// over one denominator: a year of 360 days weighs 73 of it, one of 365 days 72.
    uint256 internal constant COMMON_YEAR_DAYS = 26_280;
    /// @dev Interest in minor units = weight * seconds / INTEREST_DENOMINATOR, weight by `Accrual.weightOf`.
    uint256 internal constant INTEREST_DENOMINATOR = BPS * COMMON_YEAR_DAYS * 1 days;
}
