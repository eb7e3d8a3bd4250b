// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "./interfaces/ICollateral.sol";

/// @notice A ladder of up to four steps in half a word, so that it lies beside the pledge's units and a draw reads both
/// with one storage read. It is two lists of four 16-bit numbers, each with the furthest step at its low end: milestones,
/// as the oracle is asked for them, and above these the terms, 15 bits of advance rate and 1 of flag. A zero milestone
/// ends the ladder.
type Ladder is uint128;

using LadderCoder for Ladder global;

/// @title Packs ladders and reads them; a step's index is 0 for the furthest.
library LadderCoder {
    uint256 internal constant MOST_STEPS = 4;
    uint256 internal constant MOST_MILESTONE = type(uint16).max;
    uint256 private constant STEP_BITS = 16;
    uint256 private constant TERMS = STEP_BITS * MOST_STEPS;
    uint256 private constant RATE_MASK = (1 << 15) - 1;

    /// @dev Of at most four steps whose milestones and rates have been checked.
    function pack(ICollateral.Step[] memory steps) internal pure returns (Ladder) {
        uint256 milestones_;
        uint256 terms;
        for (uint256 i; i < steps.length; ++i) {
            ICollateral.Step memory step = steps[i];
            milestones_ = milestones_ << STEP_BITS | step.milestone;
            terms = terms << STEP_BITS | step.advanceRateBps | (step.measured ? 1 << 15 : 0);
        }
        // Safe: eight numbers of 16 bits.
        return Ladder.wrap(uint128(terms << TERMS | milestones_));
    }

    /// @return 16 bits each, the furthest in the lowest; 0 ends
    function milestones(Ladder ladder) internal pure returns (uint256) {
        // The cast cuts off the terms, which is its purpose.
        return uint64(Ladder.unwrap(ladder));
    }

    function length(Ladder ladder) internal pure returns (uint256 steps) {
        for (uint256 left = ladder.milestones(); left != 0; left >>= STEP_BITS) {
            ++steps;
        }
    }

    /// @return zero beyond the last step
    function milestoneAt(Ladder ladder, uint256 index) internal pure returns (uint32) {
        // The cast cuts off the milestones above, which is its purpose.
        return uint16(ladder.milestones() >> (index * STEP_BITS));
    }

    /// @return advanceRateBps zero beyond the last step
    function termsAt(Ladder ladder, uint256 index) internal pure returns (uint256 advanceRateBps, bool measured) {
        uint256 terms = uint256(Ladder.unwrap(ladder)) >> (TERMS + index * STEP_BITS);
        return (terms & RATE_MASK, terms >> 15 & 1 == 1);
    }

    function unpack(Ladder ladder) internal pure returns (ICollateral.Step[] memory steps) {
        steps = new ICollateral.Step[](ladder.length());
        uint256 last = steps.length;
        for (uint256 i; i < steps.length; ++i) {
            (uint256 advanceRateBps, bool measured) = ladder.termsAt(i);
            // Safe: fifteen bits.
            steps[--last] = ICollateral.Step(ladder.milestoneAt(i), uint16(advanceRateBps), measured);
        }
    }
}
