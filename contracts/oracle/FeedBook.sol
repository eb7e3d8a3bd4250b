// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rates} from "../types/Rates.sol";
import {Excursions} from "./Excursions.sol";
import {FeedPolicies} from "./FeedPolicies.sol";
import {LatestWord} from "./FeedWords.sol";
import {IFeedOracle} from "./interfaces/IFeedOracle.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The feeds: how each is reported, its last value, and what may be relied on of it now.
abstract contract FeedBook is AccessManaged, IFeedOracle {
    using Excursions for Excursion;
    using FeedPolicies for Kind;

    mapping(bytes32 policyId => Rules) internal _rules;
    mapping(bytes32 policyId => Terms) internal _terms;
    mapping(bytes32 feed => LatestWord) internal _latest;
    mapping(bytes32 feed => Excursion) internal _excursions;
    address private _keeper;

    // Governor

    /// @inheritdoc IFeedOracle
    function setPolicy(bytes32 policyId, Rules memory rules, Terms memory terms) external restricted {
        uint32 expected = _rules[policyId].version + 1;
        require(rules.version == expected, VersionNotNext(policyId, rules.version, expected));
        Flaw flaw = FeedPolicies.flawOf(policyId, rules, terms);
        require(flaw == Flaw.None, FeedPolicyInvalid(policyId, flaw));
        require(expected == 1 || _isSameMeaning(policyId, rules, terms), FeedMeaningFixed(policyId));
        // With both ways set a round trip could profit from their difference.
        bool single = rules.kind != Kind.Fx || _rules[FeedPolicies.rateFeedOf(terms.quote, terms.base)].version == 0;
        require(single, InverseRateExists(terms.base, terms.quote));
        (_rules[policyId], _terms[policyId]) = (rules, terms);
        emit FeedPolicySet(policyId, rules, terms);
    }

    /// @inheritdoc IFeedOracle
    function setKeeper(address keeper) external restricted {
        require(keeper.code.length != 0, KeeperHasNoCode(keeper));
        _keeper = keeper;
        emit KeeperSet(keeper);
    }

    // Guardian

    /// @inheritdoc IFeedOracle
    /// @dev No value lies between 1 and 0.
    function closeBand(bytes32 policyId) external restricted {
        require(_rules[policyId].version != 0, FeedPolicyUnknown(policyId));
        (_terms[policyId].least, _terms[policyId].greatest) = (1, 0);
        emit FeedBandClosed(policyId, msg.sender);
    }

    // Keeper

    /// @inheritdoc IFeedOracle
    function watchRange(Kind kind, bytes32 subject, int32 low, int32 high) external {
        require(msg.sender == _keeper, OnlyKeeper(msg.sender, _keeper));
        require(kind.isCondition() && low <= high, RangeInvalid(kind, low, high));
        bytes32 feed = FeedPolicies.conditionFeedOf(kind, subject);
        LatestWord last = _latest[feed];
        _excursions[feed] = Excursions.begin(low, high, last.unpack(), _excursions[feed]);
        // It was of the range before.
        if (last.hasCalm()) _latest[feed] = last.withCalm(0);
        emit RangeWatched(kind, subject, low, high);
    }

    /// @inheritdoc IFeedOracle
    /// @dev A calm range stays: the condition is within its range, which is the same.
    function restartRange(Kind kind, bytes32 subject) external {
        require(msg.sender == _keeper, OnlyKeeper(msg.sender, _keeper));
        bytes32 feed = FeedPolicies.conditionFeedOf(kind, subject);
        Excursion memory its = _excursions[feed];
        require(its.since != 0, RangeUnwatched(kind, subject));
        its.restart(_latest[feed].unpack());
        _excursions[feed] = its;
        emit RangeRestarted(kind, subject);
    }

    // Views

    /// @inheritdoc IFeedOracle
    function latest(bytes32 feed) external view returns (Status status, int256 value, uint64 observedAt) {
        return _standing(feed, feed);
    }

    /// @inheritdoc IFeedOracle
    function condition(Kind kind, bytes32 subject)
        external
        view
        returns (Status status, int256 value, uint64 observedAt)
    {
        return _standing(kind.policyIdOf(), FeedPolicies.conditionFeedOf(kind, subject));
    }

    /// @inheritdoc IFeedOracle
    /// @dev One division, rounded down, over everything: the way there and back gives no more than the amount.
    function convert(uint256 amount, bytes3 from, bytes3 to) external view returns (uint256) {
        if (from == to) return amount;
        (bytes32 feed, bool inverse) = _rateBetween(from, to);
        (Status status, int256 value,) = _standing(feed, feed);
        require(status == Status.Usable, RateNotUsable(from, to, status));
        Terms memory its = _terms[feed];
        // Safe: a usable rate lies within its band, and so above 0.
        uint256 quotes = uint256(value) * 10 ** its.quoteDigits;
        uint256 bases = 10 ** (uint256(_rules[feed].decimals) + its.baseDigits);
        if (inverse) (quotes, bases) = (bases, quotes);
        return Math.mulDiv(amount, quotes * (Rates.BPS - its.haircutBps), bases * Rates.BPS);
    }

    /// @inheritdoc IFeedOracle
    function rateStatus(bytes3 from, bytes3 to) external view returns (Status status) {
        if (from == to) return Status.Usable;
        (bytes32 feed,) = _rateBetween(from, to);
        (status,,) = _standing(feed, feed);
    }

    /// @inheritdoc IFeedOracle
    function record(bytes32 feed) external view returns (Latest memory) {
        return _latest[feed].unpack();
    }

    /// @inheritdoc IFeedOracle
    function worstOf(Kind kind, bytes32 subject)
        external
        view
        returns (Status status, uint32 deepest, uint32 longestSeconds)
    {
        bytes32 feed = FeedPolicies.conditionFeedOf(kind, subject);
        (status,,) = _standing(kind.policyIdOf(), feed);
        Excursion storage its = _excursions[feed];
        (deepest, longestSeconds) = (its.deepest, its.longestSeconds);
    }

    /// @inheritdoc IFeedOracle
    function excursion(Kind kind, bytes32 subject) external view returns (Excursion memory) {
        return _excursions[FeedPolicies.conditionFeedOf(kind, subject)];
    }

    /// @inheritdoc IFeedOracle
    function policy(bytes32 policyId) external view returns (Rules memory rules, Terms memory terms) {
        return (_rules[policyId], _terms[policyId]);
    }

    /// @inheritdoc IFeedOracle
    function dueAt(bytes32 policyId, bytes32 subject) external view returns (uint64) {
        Rules storage rules = _rules[policyId];
        // Safe: 40 bits.
        uint64 observedAt = uint64(_latest[_feedOf(rules.kind, policyId, subject)].observedAt());
        return observedAt == 0 ? 0 : observedAt + rules.heartbeatSeconds;
    }

    /// @inheritdoc IFeedOracle
    function keeperOfRanges() external view returns (address) {
        return _keeper;
    }

    /// @inheritdoc IFeedOracle
    function rateFeedOf(bytes3 base, bytes3 quote) external pure returns (bytes32) {
        return FeedPolicies.rateFeedOf(base, quote);
    }

    /// @inheritdoc IFeedOracle
    function conditionFeedOf(Kind kind, bytes32 subject) external pure returns (bytes32) {
        return FeedPolicies.conditionFeedOf(kind, subject);
    }

    // Internals

    function _feedOf(Kind kind, bytes32 policyId, bytes32 subject) internal pure returns (bytes32) {
        return kind.isCondition() ? FeedPolicies.conditionFeedOf(kind, subject) : policyId;
    }

    function _isSameMeaning(bytes32 policyId, Rules memory rules, Terms memory terms) private view returns (bool) {
        (Rules storage before, Terms storage its) = (_rules[policyId], _terms[policyId]);
        bool sameUnit = before.kind == rules.kind && before.decimals == rules.decimals;
        bool sameNames = its.base == terms.base && its.quote == terms.quote;
        return sameUnit && sameNames && its.baseDigits == terms.baseDigits && its.quoteDigits == terms.quoteDigits;
    }

    function _isFresh(uint256 observedAt, uint256 staleAfterSeconds) internal view returns (bool) {
        return block.timestamp <= observedAt + staleAfterSeconds;
    }

    /// @dev A value that the present band would refuse counts as none.
    function _standing(bytes32 policyId, bytes32 feed)
        private
        view
        returns (Status status, int256 value, uint64 observedAt)
    {
        LatestWord last = _latest[feed];
        if (last.round() == 0) return (Status.Missing, 0, 0);
        // Safe: 40 bits.
        (value, observedAt) = (last.value(), uint64(last.observedAt()));
        Terms storage terms = _terms[policyId];
        if (value < terms.least || value > terms.greatest) return (Status.Missing, 0, observedAt);
        if (!_isFresh(observedAt, _rules[policyId].staleAfterSeconds)) return (Status.Stale, 0, observedAt);
        return (Status.Usable, value, observedAt);
    }

    /// @return feed of the rate that has been set between the two; where neither has, one that is missing
    /// @return inverse whether it gives `from` in `to` the other way round
    function _rateBetween(bytes3 from, bytes3 to) private view returns (bytes32 feed, bool inverse) {
        feed = FeedPolicies.rateFeedOf(from, to);
        if (_rules[feed].version != 0) return (feed, false);
        return (FeedPolicies.rateFeedOf(to, from), true);
    }
}
