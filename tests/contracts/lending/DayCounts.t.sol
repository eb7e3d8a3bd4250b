// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../../../contracts/libraries/Accrual.sol";
import {DayCounts} from "../../../contracts/libraries/DayCounts.sol";
import {DayCount, Rates} from "../../../contracts/types/Rates.sol";
import {Test} from "forge-std/Test.sol";

/// @title The clocks of interest against a calendar that is walked day by day.
contract DayCountsTest is Test {
    function test_knownDates() public pure {
        _assertDate(0, 1970, 1, 1, 31);
        _assertDate(59, 1970, 3, 1, 31);
        _assertDate(11_016, 2000, 2, 29, 29);
        _assertDate(19_782, 2024, 2, 29, 29);
        _assertDate(20_088, 2024, 12, 31, 31);
        _assertDate(20_577, 2026, 5, 4, 31);
        _assertDate(47_540, 2100, 2, 28, 28);
        _assertDate(47_541, 2100, 3, 1, 31);
    }

    /// @dev Every day of 150 years, with the century that is no leap year.
    function test_calendarDayByDay() public pure {
        (uint256 year, uint256 month, uint256 day) = (1970, 1, 1);
        for (uint256 unixDay; unixDay < 54_800; ++unixDay) {
            (uint256 y, uint256 m, uint256 d, uint256 length) = DayCounts.date(unixDay);
            assert(y == year && m == month && d == day && length == _length(year, month));
            if (day < length) ++day;
            else if (month < 12) (month, day) = (month + 1, 1);
            else (year, month, day) = (year + 1, 1, 1);
        }
        assertEq(year, 2120);
    }

    function test_thirty360OfTheRulebook() public pure {
        // 30E/360 between the dates, as ISDA's formula has it.
        _assertDays(20_454, 20_483, 29, "1 to 30 January 2026");
        _assertDays(20_454, 20_484, 29, "1 to 31 January 2026");
        _assertDays(20_484, 20_485, 1, "31 January to 1 February 2026");
        _assertDays(20_484, 20_512, 28, "31 January to 28 February 2026");
        _assertDays(20_512, 20_513, 3, "28 February to 1 March 2026");
        _assertDays(19_782, 19_783, 2, "29 February to 1 March 2024");
        _assertDays(19_781, 19_782, 1, "28 to 29 February 2024");
        _assertDays(20_454, 20_819, 360, "a year");
    }

    function testFuzz_thirty360AtMidnightsIsTheFormula(uint256 first, uint256 second) public pure {
        first = bound(first, 0, 60_000);
        second = bound(second, first, 60_000);
        (uint256 y1, uint256 m1, uint256 d1,) = DayCounts.date(first);
        (uint256 y2, uint256 m2, uint256 d2,) = DayCounts.date(second);
        int256 between = 360 * (int256(y2) - int256(y1)) + 30 * (int256(m2) - int256(m1)) + int256(d2 > 30 ? 30 : d2)
            - int256(d1 > 30 ? 30 : d1);
        assertEq(
            int256(DayCounts.thirty360(second * 1 days)) - int256(DayCounts.thirty360(first * 1 days)),
            between * int256(1 days)
        );
    }

    /// @dev Between two midnights the clock runs evenly: it never goes back and never jumps.
    function testFuzz_thirty360RunsEvenly(uint256 unixDay, uint256 first, uint256 second) public pure {
        unixDay = bound(unixDay, 0, 60_000);
        first = bound(first, 0, 1 days);
        uint256 start = DayCounts.thirty360(unixDay * 1 days);
        uint256 whole = DayCounts.thirty360((unixDay + 1) * 1 days) - start;
        assertEq(DayCounts.thirty360(unixDay * 1 days + first), start + whole * first / 1 days);
        second = bound(second, 0, first);
        assertLe(DayCounts.thirty360(unixDay * 1 days + second), DayCounts.thirty360(unixDay * 1 days + first));
    }

    function testFuzz_actualClocksAreTheTime(uint40 timestamp) public pure {
        assertEq(DayCounts.clock(DayCount.Actual360, timestamp), timestamp);
        assertEq(DayCounts.clock(DayCount.Actual365, timestamp), timestamp);
        assertEq(DayCounts.clock(DayCount.Thirty360, timestamp), DayCounts.thirty360(timestamp));
    }

    // Accrual

    function testFuzz_weightsOfAYear(uint64 principal, uint16 bps) public pure {
        uint256 interest = uint256(principal) * bps / 10_000;
        assertEq(Accrual.interestDown(Accrual.weightOf(principal, bps, DayCount.Actual360) * 360 days), interest);
        assertEq(Accrual.interestDown(Accrual.weightOf(principal, bps, DayCount.Actual365) * 365 days), interest);
        assertEq(Accrual.interestDown(Accrual.weightOf(principal, bps, DayCount.Thirty360) * 360 days), interest);
    }

    function testFuzz_settledByNeverPassesTheNumerator(uint128 numerator, uint256 paid) public pure {
        uint256 most = Accrual.interestUp(numerator);
        assertGe(most * Rates.INTEREST_DENOMINATOR, numerator);
        assertLe(most, Accrual.interestDown(numerator) + 1);
        paid = bound(paid, 0, most);
        uint256 settled = Accrual.settledBy(paid, numerator);
        assertLe(settled, numerator);
        assertEq(settled == numerator, paid * Rates.INTEREST_DENOMINATOR >= numerator);
        assertEq(Accrual.settledBy(most, numerator), numerator, "the whole debt settles the exact interest");
    }

    // Internals

    function _assertDate(uint256 unixDay, uint256 year, uint256 month, uint256 day, uint256 length) private pure {
        (uint256 y, uint256 m, uint256 d, uint256 l) = DayCounts.date(unixDay);
        assertEq(y, year);
        assertEq(m, month);
        assertEq(d, day);
        assertEq(l, length);
    }

    function _assertDays(uint256 first, uint256 second, uint256 expected, string memory what) private pure {
        uint256 difference = DayCounts.thirty360(second * 1 days) - DayCounts.thirty360(first * 1 days);
        assertEq(difference, expected * 1 days, what);
    }

    function _length(uint256 year, uint256 month) private pure returns (uint256) {
        if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    }
}
