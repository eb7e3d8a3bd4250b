// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FeedWords, LatestWord, RulesWord} from "../../../contracts/oracle/FeedWords.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {GroupId} from "../../../contracts/types/Ids.sol";
import {Test} from "forge-std/Test.sol";

/// @dev The slots read whole, against the compiler's own reading of the same structs.
contract FeedWordsTest is Test {
    using FeedWords for IFeedOracle.Excursion;
    using FeedWords for IFeedOracle.Rules;
    using FeedWords for IFeedOracle.Terms;

    IFeedOracle.Rules private _rules;
    IFeedOracle.Terms private _terms;
    IFeedOracle.Excursion private _excursion;

    function testFuzz_rules(uint256 seed) public {
        IFeedOracle.Rules memory rules;
        rules.kind = IFeedOracle.Kind(_random(seed, 0) % 7);
        (rules.decimals, rules.threshold) = (uint8(_random(seed, 1)), uint8(_random(seed, 2)));
        (rules.organisations, rules.eligibleRoles) = (uint8(_random(seed, 3)), uint8(_random(seed, 4)));
        (rules.requiredRoles, rules.version) = (uint8(_random(seed, 5)), uint32(_random(seed, 6)));
        (rules.mostSpread, rules.mostMove) = (uint32(_random(seed, 7)), uint32(_random(seed, 8)));
        (rules.staleAfterSeconds, rules.maxAgeSeconds) = (uint32(_random(seed, 9)), uint32(_random(seed, 10)));
        (rules.clockSkewSeconds, rules.heartbeatSeconds) = (uint24(_random(seed, 11)), uint24(_random(seed, 12)));
        _rules = rules;
        RulesWord word = _rules.load();
        assertEq(uint8(word.kind()), uint8(rules.kind));
        assertEq(word.threshold(), rules.threshold);
        assertEq(word.organisations(), rules.organisations);
        assertEq(word.eligibleRoles(), rules.eligibleRoles);
        assertEq(word.requiredRoles(), rules.requiredRoles);
        assertEq(word.version(), rules.version);
        assertEq(word.mostSpread(), rules.mostSpread);
        assertEq(word.mostMove(), rules.mostMove);
        assertEq(word.staleAfterSeconds(), rules.staleAfterSeconds);
        assertEq(word.maxAgeSeconds(), rules.maxAgeSeconds);
        assertEq(word.clockSkewSeconds(), rules.clockSkewSeconds);
    }

    function testFuzz_a_value_put_together(int88 value, uint40 observedAt, uint40 round) public pure {
        LatestWord word = FeedWords.latestOf(value, observedAt, round);
        assertEq(word.value(), value);
        assertEq(word.observedAt(), observedAt);
        assertEq(word.round(), round);
        assertEq(
            abi.encode(word.unpack()), abi.encode(IFeedOracle.Latest(value, 0, 0, observedAt, round, GroupId.wrap(0)))
        );
    }

    /// @dev Whatever lies beside it, and whatever calm range there is.
    function testFuzz_a_condition_put_together(
        int32 first,
        int32 value,
        uint40 observedAt,
        uint24 group,
        int24 low,
        int24 high,
        bool isFirst
    ) public pure {
        group = uint24(bound(group, 1, type(uint24).max));
        LatestWord before;
        if (!isFirst) before = FeedWords.latestOf(first, 6, 1).ofCondition(before, GroupId.wrap(group));
        before = before.withCalm(_calmBits(low, high));
        LatestWord word = FeedWords.latestOf(value, observedAt, 2).ofCondition(before, GroupId.wrap(group));
        int32 least = !isFirst && first < value ? first : value;
        int32 greatest = !isFirst && first > value ? first : value;
        IFeedOracle.Latest memory expected =
            IFeedOracle.Latest(value, least, greatest, observedAt, 2, GroupId.wrap(group));
        assertEq(abi.encode(word.unpack()), abi.encode(expected));
        assertEq(word.value(), value);
        assertEq(LatestWord.unwrap(word), LatestWord.unwrap(word.withCalm(_calmBits(low, high))), "calm is kept");
        assertEq(abi.encode(word.withCalm(0).unpack()), abi.encode(expected), "calm lies beside");
        assertFalse(word.withCalm(0).hasCalm());
    }

    /// @dev What is calm is quiet, and of a range of 24 bits the other way round as well.
    function testFuzz_a_calm_value(
        IFeedOracle.Excursion memory its,
        int32 value,
        bool watched,
        bool outside,
        bool small
    ) public {
        if (!watched) its.since = 0;
        if (!outside) its.outsideSince = 0;
        if (small) (its.low, its.high, value) = (int24(its.low), int24(its.high), int24(value));
        if (its.low > its.high) (its.low, its.high) = (its.high, its.low);
        _excursion = its;
        LatestWord word = FeedWords.latestOf(0, 1, 1).ofCondition(LatestWord.wrap(0), GroupId.wrap(1));
        word = word.withCalm(_excursion.calmOf());
        bool within = value >= its.low && value <= its.high;
        bool calm = its.since != 0 && its.outsideSince == 0 && within;
        if (word.isCalmAt(value)) assertTrue(calm && _excursion.isQuiet(value));
        if (small && (its.low != 0 || its.high != 0)) assertEq(word.isCalmAt(value), calm);
        assertEq(word.hasCalm(), _excursion.calmOf() != 0);
    }

    function test_nothing_is_calm_without_a_range() public pure {
        LatestWord word = FeedWords.latestOf(0, 1, 1).ofCondition(LatestWord.wrap(0), GroupId.wrap(1));
        assertFalse(word.isCalmAt(0));
        assertFalse(word.isCalmAt(-1));
        assertFalse(LatestWord.wrap(0).isCalmAt(0));
    }

    function testFuzz_the_band(IFeedOracle.Terms memory terms, int88 value) public {
        _terms = terms;
        assertEq(_terms.hasInBand(value), value >= terms.least && value <= terms.greatest);
        assertTrue(terms.least > terms.greatest || _terms.hasInBand(terms.greatest));
    }

    function testFuzz_a_quiet_value(IFeedOracle.Excursion memory its, int32 value, bool watched, bool outside) public {
        if (!watched) its.since = 0;
        if (!outside) its.outsideSince = 0;
        if (its.low > its.high) (its.low, its.high) = (its.high, its.low);
        _excursion = its;
        bool within = value >= its.low && value <= its.high;
        assertEq(_excursion.isQuiet(value), its.since == 0 || (its.outsideSince == 0 && within));
    }

    function _calmBits(int24 low, int24 high) private pure returns (uint256) {
        return uint256(uint24(low)) << 32 | uint256(uint24(high)) << 56;
    }

    function _random(uint256 seed, uint256 number) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, number)));
    }
}
