// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DayCounts} from "../../contracts/libraries/DayCounts.sol";
import {DayCount} from "../../contracts/types/Rates.sol";

/// @title Answers for many moments in one call what the library of day counts says.
contract ClockHarness {
    /// @param timestamps Unix seconds
    /// @return seconds_ on the clock of the day count
    function clocks(DayCount dayCount, uint256[] calldata timestamps) external pure returns (uint256[] memory seconds_) {
        seconds_ = new uint256[](timestamps.length);
        for (uint256 i = 0; i < timestamps.length; ++i) {
            seconds_[i] = DayCounts.clock(dayCount, timestamps[i]);
        }
    }

    /// @param unixDays days since 1970-01-01
    /// @return dates_ year, month, day and the days of the month, one after the other
    function dates(uint256[] calldata unixDays) external pure returns (uint256[4][] memory dates_) {
        dates_ = new uint256[4][](unixDays.length);
        for (uint256 i = 0; i < unixDays.length; ++i) {
            (dates_[i][0], dates_[i][1], dates_[i][2], dates_[i][3]) = DayCounts.date(unixDays[i]);
        }
    }
}
