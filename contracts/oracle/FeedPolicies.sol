// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Letters} from "../libraries/Letters.sol";
import {OrganisationSets} from "../libraries/OrganisationSet.sol";
import {Rates} from "../types/Rates.sol";
import {IFeedOracle} from "./interfaces/IFeedOracle.sol";

/// @title The ids of feeds, and what a policy must be.
library FeedPolicies {
    uint256 private constant LONGEST_SKEW = 1 days;
    uint256 private constant MOST_DECIMALS = 18;
    uint256 private constant CONDITION_DECIMALS = 3;
    /// @dev The least that outvotes one who lies.
    uint256 private constant LEAST_THRESHOLD = 3;

    function isCondition(IFeedOracle.Kind kind) internal pure returns (bool) {
        return kind > IFeedOracle.Kind.Fx;
    }

    /// @dev Small numbers are the policies of conditions, and no hash is one.
    function policyIdOf(IFeedOracle.Kind kind) internal pure returns (bytes32) {
        return bytes32(uint256(kind));
    }

    function rateFeedOf(bytes3 base, bytes3 quote) internal pure returns (bytes32) {
        return keccak256(abi.encode(IFeedOracle.Kind.Fx, base, quote));
    }

    function conditionFeedOf(IFeedOracle.Kind kind, bytes32 subject) internal pure returns (bytes32) {
        return keccak256(abi.encode(kind, subject));
    }

    /// @return what is wrong first; `None` for a policy that can be set
    function flawOf(bytes32 id, IFeedOracle.Rules memory rules, IFeedOracle.Terms memory terms)
        internal
        pure
        returns (IFeedOracle.Flaw)
    {
        if (!_isNamed(id, rules.kind, terms)) return IFeedOracle.Flaw.Id;
        if (!_isWitnessed(rules)) return IFeedOracle.Flaw.Quorum;
        if (!_isTimed(rules)) return IFeedOracle.Flaw.Times;
        if (!_hasUnits(rules, terms)) return IFeedOracle.Flaw.Units;
        return _hasBand(rules, terms) ? IFeedOracle.Flaw.None : IFeedOracle.Flaw.Band;
    }

    function _isNamed(bytes32 id, IFeedOracle.Kind kind, IFeedOracle.Terms memory terms) private pure returns (bool) {
        if (isCondition(kind)) return id == policyIdOf(kind);
        if (kind == IFeedOracle.Kind.Price) return uint256(id) > type(uint8).max;
        return kind == IFeedOracle.Kind.Fx && id == rateFeedOf(terms.base, terms.quote);
    }

    /// @dev Whether f of the organisations can neither make up a value by lying nor prevent one by silence, f > 0.
    function _isWitnessed(IFeedOracle.Rules memory rules) private pure returns (bool) {
        (uint256 threshold, uint256 organisations) = (rules.threshold, rules.organisations);
        if (threshold < LEAST_THRESHOLD || organisations > OrganisationSets.MOST) return false;
        uint256 faulty = (threshold - 1) / 2;
        bool outvoted = 3 * faulty < organisations && threshold + faulty <= organisations;
        return outvoted && rules.eligibleRoles != 0 && rules.requiredRoles & ~rules.eligibleRoles == 0;
    }

    function _isTimed(IFeedOracle.Rules memory rules) private pure returns (bool) {
        uint256 stale = rules.staleAfterSeconds;
        bool aged = rules.maxAgeSeconds != 0 && rules.maxAgeSeconds <= stale;
        return aged && rules.heartbeatSeconds != 0 && rules.heartbeatSeconds <= stale
            && rules.clockSkewSeconds <= LONGEST_SKEW;
    }

    function _hasUnits(IFeedOracle.Rules memory rules, IFeedOracle.Terms memory terms) private pure returns (bool) {
        if (isCondition(rules.kind)) {
            uint256 decimals = rules.kind == IFeedOracle.Kind.Door ? 0 : CONDITION_DECIMALS;
            bool nameless = terms.base == 0 && terms.quote == 0 && terms.baseDigits == 0 && terms.quoteDigits == 0;
            return nameless && rules.decimals == decimals;
        }
        bool isRate = rules.kind == IFeedOracle.Kind.Fx;
        bool based = isRate ? Letters.isCurrency(terms.base) && terms.base != terms.quote : terms.base != 0;
        return based && Letters.isCurrency(terms.quote) && rules.decimals <= MOST_DECIMALS
            && terms.baseDigits <= MOST_DECIMALS && terms.quoteDigits <= MOST_DECIMALS;
    }

    /// @dev A price of zero never passes, and a spread of all of it would be none.
    function _hasBand(IFeedOracle.Rules memory rules, IFeedOracle.Terms memory terms) private pure returns (bool) {
        if (terms.least >= terms.greatest || rules.mostMove == 0) return false;
        bool isRate = rules.kind == IFeedOracle.Kind.Fx;
        if (isRate ? terms.haircutBps >= Rates.BPS : terms.haircutBps != 0) return false;
        if (!isCondition(rules.kind)) return terms.least > 0 && rules.mostSpread < Rates.BPS;
        return terms.least >= type(int32).min && terms.greatest <= type(int32).max;
    }
}
