// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeedOracle} from "./interfaces/IFeedOracle.sol";

/// @title How one more value of a condition changes what is remembered of it: never for the better within a period.
library Excursions {
    /// @notice Begins to watch a condition; what lay outside the range before counts.
    /// @param last what has been reported of it; round 0 where nothing has
    /// @param before what was remembered under another range; all zero where it was not watched
    function begin(int32 low, int32 high, IFeedOracle.Latest memory last, IFeedOracle.Excursion memory before)
        internal
        view
        returns (IFeedOracle.Excursion memory its)
    {
        // Safe: the block's time has 40 bits for 34,000 years.
        (its.low, its.high, its.since) = (low, high, uint40(block.timestamp));
        if (last.round == 0) return its;
        (its.longestSeconds, its.lastOutsideAt) = (before.longestSeconds, before.lastOutsideAt);
        its.deepest = uint32(_max(_distance(its, last.least), _distance(its, last.greatest)));
        if (its.deepest != 0) its.lastOutsideAt = last.observedAt;
        if (_distance(its, last.value) != 0) its.outsideSince = last.observedAt;
    }

    /// @notice Begins a new period. A condition that is out of its range counts as so from now on.
    function restart(IFeedOracle.Excursion memory its, IFeedOracle.Latest memory last) internal view {
        // Safe: as above; the distance of 32-bit values has 32 bits.
        its.since = uint40(block.timestamp);
        uint256 distance = last.round == 0 ? 0 : _distance(its, last.value);
        (its.deepest, its.longestSeconds) = (uint32(distance), 0);
        its.outsideSince = distance == 0 ? 0 : its.since;
    }

    /// @notice Takes in a value. The time out of the range lasts until a value within it: goods are not thought safe
    /// while nobody says so.
    /// @param observedAt later than that of the value before
    function add(IFeedOracle.Excursion memory its, int256 value, uint40 observedAt) internal pure {
        uint256 distance = _distance(its, value);
        // Safe: the distance of 32-bit values has 32 bits; times lie within 136 years of each other.
        if (its.outsideSince != 0 && observedAt > its.outsideSince) {
            its.longestSeconds = uint32(_max(its.longestSeconds, observedAt - its.outsideSince));
        }
        if (distance == 0) {
            its.outsideSince = 0;
            return;
        }
        if (its.outsideSince == 0) its.outsideSince = observedAt;
        (its.lastOutsideAt, its.deepest) = (observedAt, uint32(_max(its.deepest, distance)));
    }

    /// @notice Takes in a value of before the last one, whatever came in between: it makes things worse or leaves them.
    /// What was within the range since then is not remembered, and so it counts as out of it until the last value: in
    /// whatever order values come, depth and moments are the same, and no time out of the range is shorter than in the order
    /// in which they were measured; one that was read out late may be longer, by as much as it was late at most.
    /// @param observedAt after the period's begin, and not after `lastAt`
    /// @param lastAt moment of the last value
    function addPast(IFeedOracle.Excursion memory its, int256 value, uint40 observedAt, uint40 lastAt) internal pure {
        uint256 distance = _distance(its, value);
        if (distance == 0) return;
        // Safe: as above.
        its.deepest = uint32(_max(its.deepest, distance));
        its.longestSeconds = uint32(_max(its.longestSeconds, lastAt - observedAt));
        if (observedAt > its.lastOutsideAt) its.lastOutsideAt = observedAt;
        if (observedAt < its.outsideSince) its.outsideSince = observedAt;
    }

    /// @return how far the value lies outside the range; 0 within
    function _distance(IFeedOracle.Excursion memory its, int256 value) private pure returns (uint256) {
        if (value < its.low) return uint256(its.low - value);
        return value > its.high ? uint256(value - its.high) : 0;
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}
