// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "./interfaces/ICollateral.sol";

/// @notice A ladder of up to four steps in half a word, so that it lies beside the pledge's units and a draw reads both
/// with one storage read. The furthest step is at the low end, as a draw asks for it first. A step takes 16 bits of
/// milestone, 15 of advance rate and 1 of flag; its milestone is never zero, so that zero is the empty ladder.
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
        for (uint256 i; i < steps.length; ++i) {
            ICollateral.Step memory step = steps[i];
            word <<= STEP_BITS;
            word |= uint256(step.milestone) | uint256(step.advanceRateBps) << 16 | (step.measured ? 1 << 31 : 0);
        }
        // Safe: four steps of 32 bits.
        return Ladder.wrap(uint128(word));
    }

    function isEmpty(Ladder ladder) internal pure returns (bool) {
        return Ladder.unwrap(ladder) == 0;
    }

    /// @return milestone zero where the ladder is empty
    function furthest(Ladder ladder) internal pure returns (uint32 milestone, uint256 advanceRateBps, bool measured) {
        uint256 word = Ladder.unwrap(ladder);
        // The cast cuts off the fields above, which is its purpose.
        return (uint16(word), word >> 16 & RATE_MASK, word >> 31 & 1 == 1);
    }

    /// @return the ladder without its furthest step
    function below(Ladder ladder) internal pure returns (Ladder) {
        return Ladder.wrap(Ladder.unwrap(ladder) >> STEP_BITS);
    }

    function length(Ladder ladder) internal pure returns (uint256 steps) {
        for (; !ladder.isEmpty(); ladder = ladder.below()) {
            ++steps;
        }
    }

    function unpack(Ladder ladder) internal pure returns (ICollateral.Step[] memory steps) {
        steps = new ICollateral.Step[](ladder.length());
        for (uint256 i = steps.length; i > 0; ladder = ladder.below()) {
            (uint32 milestone, uint256 advanceRateBps, bool measured) = ladder.furthest();
            // Safe: fifteen bits.
            steps[--i] = ICollateral.Step(milestone, uint16(advanceRateBps), measured);
        }
    }
}
