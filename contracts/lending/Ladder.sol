// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "./interfaces/ICollateral.sol";

/// @notice A ladder of up to four steps in half a word, so that it lies beside the pledge's units and a draw reads both
/// with one storage read. From the low end, a step takes 16 bits of milestone, 15 of advance rate and 1 of flag; a zero
/// milestone ends the ladder.
type Ladder is uint128;

using LadderCoder for Ladder global;

/// @title Packs ladders and reads them.
library LadderCoder {
    uint256 internal constant MOST_STEPS = 4;
    uint256 internal constant MOST_MILESTONE = type(uint16).max;
    uint256 private constant STEP_BITS = 32;
    uint256 private constant RATE_MASK = (1 << 15) - 1;

    /// @dev Of at most four steps whose milestones and rates have been checked.
    function pack(ICollateral.Step[] memory steps) internal pure returns (Ladder) {
        uint256 word;
        for (uint256 i = steps.length; i > 0; --i) {
            ICollateral.Step memory step = steps[i - 1];
            word <<= STEP_BITS;
            word |= uint256(step.milestone) | uint256(step.advanceRateBps) << 16 | (step.measured ? 1 << 31 : 0);
        }
        // Safe: four steps of 32 bits.
        return Ladder.wrap(uint128(word));
    }

    /// @param index from 0
    /// @return milestone zero beyond the last step
    function stepAt(Ladder ladder, uint256 index)
        internal
        pure
        returns (uint32 milestone, uint256 advanceRateBps, bool measured)
    {
        uint256 word = uint256(Ladder.unwrap(ladder)) >> (index * STEP_BITS);
        // The cast cuts off the fields above, which is its purpose.
        return (uint16(word), word >> 16 & RATE_MASK, word >> 31 & 1 == 1);
    }

    function length(Ladder ladder) internal pure returns (uint256 steps) {
        for (uint256 word = Ladder.unwrap(ladder); word != 0; word >>= STEP_BITS) {
            ++steps;
        }
    }

    function unpack(Ladder ladder) internal pure returns (ICollateral.Step[] memory steps) {
        steps = new ICollateral.Step[](ladder.length());
        for (uint256 i; i < steps.length; ++i) {
            (uint32 milestone, uint256 advanceRateBps, bool measured) = ladder.stepAt(i);
            // Safe: fifteen bits.
            steps[i] = ICollateral.Step(milestone, uint16(advanceRateBps), measured);
        }
    }
}
