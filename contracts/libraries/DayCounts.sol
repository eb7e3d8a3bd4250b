// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DayCount} from "../types/Rates.sol";

/// @title The clocks that interest runs on. Interest between two moments is a weight times the difference of the clock.
library DayCounts {
    uint256 private constant EPOCH_YEAR = 1970;
    /// @dev Days from 1 March of the year 0 to 1 January 1970, in the Gregorian calendar.
    uint256 private constant EPOCH_DAY = 719_468;
    uint256 private constant FOUR_YEARS = 1461;
    uint256 private constant CENTURY = 36_524;
    uint256 private constant FOUR_CENTURIES = 146_097;
    /// @dev From March on, every five months have 153 days: 31, 30, 31, 30, 31.
    uint256 private constant FIVE_MONTHS = 153;

    /// @param timestamp Unix seconds, UTC
    /// @return seconds since 1970 on the clock of the day count
    function clock(DayCount dayCount, uint256 timestamp) internal pure returns (uint256) {
        return dayCount == DayCount.Thirty360 ? thirty360(timestamp) : timestamp;
    }

    /// @notice Midnights are 30E/360 exactly: the 31st of a month counts as its 30th. Between two midnights the clock runs
    /// evenly, so that it never jumps: it stands still on the 30th of a month that has a 31st, and runs two or three
    /// times as fast on the last day of February.
    function thirty360(uint256 timestamp) internal pure returns (uint256) {
        (uint256 year, uint256 month, uint256 day, uint256 length) = date(timestamp / 1 days);
        uint256 counted = day == 31 ? 30 : day;
        uint256 toNextDay = 1;
        if (day == length) toNextDay = 31 - counted;
        else if (day == 30) toNextDay = 0;
        uint256 days_ = (year - EPOCH_YEAR) * 360 + (month - 1) * 30 + counted - 1;
        return days_ * 1 days + timestamp % 1 days * toNextDay;
    }

    /// @param unixDay days since 1 January 1970
    /// @return year
    /// @return month 1 to 12
    /// @return day 1 to 31
    /// @return length days of the month
    function date(uint256 unixDay) internal pure returns (uint256 year, uint256 month, uint256 day, uint256 length) {
        // Years that begin in March have their leap day last, so that no month before it moves.
        uint256 fromMarch = unixDay + EPOCH_DAY;
        uint256 cycle = fromMarch / FOUR_CENTURIES;
        uint256 dayOfCycle = fromMarch % FOUR_CENTURIES;
        uint256 leapDays = dayOfCycle / (FOUR_YEARS - 1) - dayOfCycle / CENTURY + dayOfCycle / (FOUR_CENTURIES - 1);
        uint256 yearOfCycle = (dayOfCycle - leapDays) / 365;
        uint256 dayOfYear = dayOfCycle - (yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100);
        uint256 monthFromMarch = (dayOfYear * 5 + 2) / FIVE_MONTHS;
        day = dayOfYear - _daysBefore(monthFromMarch) + 1;
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
        year = cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0);
        length = month == 2 ? _februaryOf(year) : _daysBefore(monthFromMarch + 1) - _daysBefore(monthFromMarch);
    }

    /// @return days from 1 March to the first of the month
    function _daysBefore(uint256 monthFromMarch) private pure returns (uint256) {
        return (monthFromMarch * FIVE_MONTHS + 2) / 5;
    }

    function _februaryOf(uint256 year) private pure returns (uint256) {
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    }
}
