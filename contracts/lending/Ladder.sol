// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "./interfaces/ICollateral.sol";

/// @notice A ladder of up to four steps in one word, so that a draw reads it with one storage read. From the low end, a
/// step takes 32 bits of milestone, 16 of advance rate and 8 of flag; a zero milestone ends the ladder.
type Ladder is uint256;

using LadderCoder for Ladder global;

/// @title Packs ladders and reads them.
library LadderCoder {
    uint256 internal constant MOST_STEPS = 4;
    uint256 private constant STEP_BITS = 56;

    function pack(ICollateral.Step[] memory steps) internal pure returns (Ladder) {
        uint256 word;
        for (uint256 i = steps.length; i > 0; --i) {
            ICollateral.Step memory step = steps[i - 1];
            word <<= STEP_BITS;
            word |= uint256(step.milestone) | uint256(step.advanceRateBps) << 32 | (step.measured ? 1 << 48 : 0);
        }
        return Ladder.wrap(word);
    }

    /// @param index from 0
    function stepAt(Ladder ladder, uint256 index) internal pure returns (ICollateral.Step memory) {
        uint256 word = Ladder.unwrap(ladder) >> (index * STEP_BITS);
        // The casts cut off the fields above, which is their purpose.
        return ICollateral.Step(uint32(word), uint16(word >> 32), word >> 48 & 1 == 1);
    }

    function length(Ladder ladder) internal pure returns (uint256 steps) {
        while (steps < MOST_STEPS && ladder.stepAt(steps).milestone != 0) ++steps;
    }

    function unpack(Ladder ladder) internal pure returns (ICollateral.Step[] memory steps) {
        steps = new ICollateral.Step[](ladder.length());
        for (uint256 i; i < steps.length; ++i) {
            steps[i] = ladder.stepAt(i);
        }
    }
}
