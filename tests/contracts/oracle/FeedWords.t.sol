// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FeedWords, LatestWord, RulesWord} from "../../../contracts/oracle/FeedWords.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {GroupId} from "../../../contracts/types/Ids.sol";
import {Test} from "forge-std/Test.sol";

/// @dev The slots read whole, against the compiler's own reading of the same structs.
contract FeedWordsTest is Test {
    using FeedWords for IFeedOracle.Excursion;
    using FeedWords for IFeedOracle.Latest;
    using FeedWords for IFeedOracle.Rules;
    using FeedWords for IFeedOracle.Terms;

    IFeedOracle.Rules private _rules;
    IFeedOracle.Terms private _terms;
    IFeedOracle.Latest private _latest;
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

    function testFuzz_the_last_value(IFeedOracle.Latest memory its) public {
        _latest = its;
        LatestWord word = _latest.load();
        assertEq(word.value(), its.value);
        assertEq(word.least(), its.least);
        assertEq(word.greatest(), its.greatest);
        assertEq(word.observedAt(), its.observedAt);
        assertEq(word.round(), its.round);
        assertTrue(word.beneficiary() == its.beneficiary);
    }

    function testFuzz_a_value_put_together(int88 value, uint40 observedAt, uint40 round) public {
        _latest.store(FeedWords.latestOf(value, observedAt, round));
        assertEq(abi.encode(_latest), abi.encode(IFeedOracle.Latest(value, 0, 0, observedAt, round, GroupId.wrap(0))));
    }

    function testFuzz_a_condition_put_together(IFeedOracle.Latest memory before, int32 value, uint24 group) public {
        before.round = uint40(bound(before.round, 0, 2));
        _latest = before;
        LatestWord word = FeedWords.latestOf(value, 7, before.round + 1);
        _latest.store(word.ofCondition(_latest.load(), GroupId.wrap(group)));
        int32 least = before.round != 0 && before.least < value ? before.least : value;
        int32 greatest = before.round != 0 && before.greatest > value ? before.greatest : value;
        IFeedOracle.Latest memory expected =
            IFeedOracle.Latest(value, least, greatest, 7, before.round + 1, GroupId.wrap(group));
        assertEq(abi.encode(_latest), abi.encode(expected));
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

    function _random(uint256 seed, uint256 number) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, number)));
    }
}
