// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rates} from "../types/Rates.sol";
import {IOrderEscrow} from "./interfaces/IOrderEscrow.sol";

/// @title Payout ladders of up to four steps in half a word, beside what else a payment on a fact reads. A step is 32
/// bits: milestone 16, cumulative share 15, flag 1; the furthest lies lowest, and a zero ends the ladder.
library PayoutLadder {
    uint256 internal constant MOST_STEPS = 4;
    uint256 private constant STEP_BITS = 32;
    uint256 private constant MEASURED = 1 << 31;
    uint256 private constant SHARE_MASK = (1 << 15) - 1;

    /// @notice Reads the furthest step.
    /// @return milestone zero where the ladder has ended
    /// @return shareBps what it earns in all
    function furthest(uint256 ladder) internal pure returns (uint32 milestone, uint256 shareBps, bool measured) {
        // The cast keeps the milestone alone, which is its purpose.
        return (uint16(ladder), ladder >> 16 & SHARE_MASK, ladder & MEASURED != 0);
    }

    /// @return the ladder without its furthest step
    function below(uint256 ladder) internal pure returns (uint256) {
        return ladder >> STEP_BITS;
    }

    /// @param quantity of the order, thousandths; 0 where it cannot be measured
    function pack(IOrderEscrow.OrderTerms calldata terms, uint256 quantity) internal pure returns (uint128 ladder) {
        IOrderEscrow.Payout[] calldata steps = terms.payouts;
        uint256 count = steps.length;
        require(count != 0 && count <= MOST_STEPS, IOrderEscrow.PayoutsInvalid(terms.id, count));
        uint256 word;
        uint256 milestone;
        uint256 shareBps;
        for (uint256 i = 0; i < count; ++i) {
            IOrderEscrow.Payout calldata step = steps[i];
            bool rises = step.milestone > milestone && step.milestone <= type(uint16).max && step.shareBps > shareBps;
            bool ends = i + 1 == count ? step.shareBps == Rates.BPS : step.shareBps < Rates.BPS;
            bool measurable = !step.measured || (quantity != 0 && step.milestone != 1);
            require(rises && ends && measurable, IOrderEscrow.PayoutsInvalid(terms.id, i));
            (milestone, shareBps) = (step.milestone, step.shareBps);
            word = word << STEP_BITS | (step.measured ? MEASURED : 0) | shareBps << 16 | milestone;
        }
        // Safe: four steps of 32 bits.
        return uint128(word);
    }

    function unpack(uint256 ladder) internal pure returns (IOrderEscrow.Payout[] memory steps) {
        uint256 count;
        for (uint256 left = ladder; left != 0; left = below(left)) {
            ++count;
        }
        steps = new IOrderEscrow.Payout[](count);
        for (; count != 0; ladder = below(ladder)) {
            (uint32 milestone, uint256 shareBps, bool measured) = furthest(ladder);
            // Safe: fifteen bits.
            steps[--count] = IOrderEscrow.Payout(milestone, uint16(shareBps), measured);
        }
    }
}
