// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rates} from "../types/Rates.sol";
import {IGoodsValuation} from "./interfaces/IGoodsValuation.sol";

/// @notice Up to four steps of a haircut, the first in the lowest bits: 32 bits of age and 16 of haircut each. A step of
/// zero ends them.
type HaircutSchedule is uint192;

using HaircutSteps for HaircutSchedule global;

/// @title Packs the steps of a haircut into three quarters of a word and reads them: a value reads two schedules, which
/// would lie in eight words as arrays of structs: six more to read, 12,600 gas.
library HaircutSteps {
    uint256 private constant MOST_STEPS = 4;
    uint256 private constant STEP_BITS = 48;
    uint256 private constant FROM_BITS = 32;

    /// @return whether the steps are at most four, their ages rise, their haircuts do not fall and are 1 to 10000 bps
    function areSound(IGoodsValuation.Step[] calldata steps) internal pure returns (bool) {
        if (steps.length > MOST_STEPS) return false;
        uint256 before;
        for (uint256 i; i < steps.length; ++i) {
            uint256 haircutBps = steps[i].haircutBps;
            if (haircutBps == 0 || haircutBps < before || haircutBps > Rates.BPS) return false;
            if (i != 0 && steps[i].from <= steps[i - 1].from) return false;
            before = haircutBps;
        }
        return true;
    }

    /// @dev Of sound steps.
    function pack(IGoodsValuation.Step[] calldata steps) internal pure returns (HaircutSchedule) {
        uint256 word;
        for (uint256 i = steps.length; i != 0; --i) {
            word = word << STEP_BITS | uint256(steps[i - 1].haircutBps) << FROM_BITS | steps[i - 1].from;
        }
        // Safe: four steps of 48 bits.
        return HaircutSchedule.wrap(uint192(word));
    }

    function unpack(HaircutSchedule schedule) internal pure returns (IGoodsValuation.Step[] memory steps) {
        uint256 word = HaircutSchedule.unwrap(schedule);
        uint256 count;
        while (word >> count * STEP_BITS != 0) ++count;
        steps = new IGoodsValuation.Step[](count);
        for (uint256 i; i < count; ++i) {
            // The casts keep the bits of their own fields.
            steps[i] = IGoodsValuation.Step(uint32(word), uint16(word >> FROM_BITS));
            word >>= STEP_BITS;
        }
    }

    /// @return haircutBps of the last step that has been reached at this age; 0 before the first
    function reachedAt(HaircutSchedule schedule, uint256 age) internal pure returns (uint256 haircutBps) {
        for (uint256 word = HaircutSchedule.unwrap(schedule); word != 0; word >>= STEP_BITS) {
            // The casts keep the bits of their own fields.
            if (uint32(word) > age) return haircutBps;
            haircutBps = uint16(word >> FROM_BITS);
        }
    }
}
