// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memberships} from "../access/Memberships.sol";
import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {OrganisationSet, OrganisationSets} from "../libraries/OrganisationSet.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {GroupId} from "../types/Ids.sol";
import {Rates} from "../types/Rates.sol";
import {Excursions} from "./Excursions.sol";
import {FeedBook} from "./FeedBook.sol";
import {FeedPolicies} from "./FeedPolicies.sol";
import {FeedWords, LatestWord, RulesWord} from "./FeedWords.sol";
import {Medians} from "./Medians.sol";
import {Readings} from "./Readings.sol";
import {Witness, Witnesses} from "./Witnesses.sol";
import {IFeedOracle} from "./interfaces/IFeedOracle.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title Makes the signed readings of independent organisations into the next value of a feed.
contract FeedOracle is FeedBook, EIP712 {
    using Excursions for Excursion;
    using FeedPolicies for Kind;
    using FeedWords for Excursion;
    using FeedWords for Rules;
    using FeedWords for Terms;
    using Readings for Readings.Form;

    uint256 private constant MOST_REPORTS = 32;

    /// @dev One report while its readings are counted.
    /// @param form what is signed of a reading
    /// @param before the feed as it was
    /// @param after_ moment that a reading must be newer than: the last value's, or where the report begins with an older one
    /// of a condition, the beginning of its period
    /// @param earliest moment of a reading that counts: not too old, and after that
    /// @param until last moment of a reading that counts
    /// @param values of the readings that count, ascending
    /// @param count how many they are
    /// @param value their median
    /// @param oldest moment of the oldest of them
    /// @param roles of those who gave them; those that are required are eligible
    struct Draft {
        Readings.Form form;
        RulesWord rules;
        LatestWord before;
        bool isCondition;
        GroupId beneficiary;
        bytes32 domain;
        uint256 after_;
        uint256 earliest;
        uint256 until;
        int256[] values;
        uint256 count;
        int256 value;
        uint256 oldest;
        uint256 roles;
        OrganisationSet joined;
    }

    IParticipantRegistry private immutable _registry;
    IMilestoneOracle private immutable _milestones;

    constructor(IParticipantRegistry registry, IMilestoneOracle milestones, address authority)
        AccessManaged(authority)
        EIP712("Portolan FeedOracle", "1")
    {
        (_registry, _milestones) = (registry, milestones);
    }

    // Witnesses

    /// @inheritdoc IFeedOracle
    function report(Report calldata its) external returns (bool) {
        return _take(its);
    }

    /// @inheritdoc IFeedOracle
    function reportAll(Report[] calldata reports) external returns (uint256 accepted) {
        uint256 count = reports.length;
        require(count != 0 && count <= MOST_REPORTS, ReportsOutOfRange(count, MOST_REPORTS));
        for (uint256 i = 0; i < count; ++i) {
            if (_take(reports[i])) accepted |= 1 << i;
        }
    }

    // Views

    /// @inheritdoc IFeedOracle
    function readingDigest(bytes32 policyId, bytes32 subject, uint64 round, int256 value, uint64 observedAt)
        external
        view
        returns (bytes32)
    {
        Rules storage rules = _rules[policyId];
        bytes32 feed = _feedOf(rules.kind, policyId, subject);
        return
            Readings.Form(Readings.TYPE, feed, round, rules.version, value, observedAt).digestOf(_domainSeparatorV4());
    }

    // Internals: a report

    function _take(Report calldata its) private returns (bool) {
        (bytes32 policyId, bytes32 subject, uint256 round) = (its.policyId, its.subject, its.round);
        Draft memory draft;
        RulesWord rules = _rules[policyId].load();
        draft.isCondition = rules.kind().isCondition();
        bytes32 feed = draft.isCondition ? FeedPolicies.conditionFeedOf(rules.kind(), subject) : policyId;
        (draft.rules, draft.before) = (rules, _latest[feed]);
        Refusal reason = _open(draft, subject, round, its.readings.length);
        if (reason == Refusal.None) {
            Readings.Form memory form = draft.form;
            (form.readingType, form.feed, form.round, form.version) = (Readings.TYPE, feed, round, rules.version());
            draft.after_ = draft.before.observedAt();
            // What is read out late is no less a breach: of the past everything counts that the period has not seen.
            if (draft.isCondition && Readings.at(its.readings, 0).observedAt <= draft.after_) {
                draft.after_ = _excursions[feed].since;
            }
            _countAll(draft, its);
            reason = _judge(draft, policyId);
        }
        if (reason == Refusal.None) {
            if (_isPast(draft)) _lookBack(draft, policyId, subject);
            else _store(draft, policyId, subject);
            return true;
        }
        emit ReportRefused(policyId, subject, its.round, reason);
        return false;
    }

    /// @return why no reading could make the report hold; `None` where some could
    function _open(Draft memory draft, bytes32 subject, uint256 round, uint256 readings)
        private
        view
        returns (Refusal)
    {
        LatestWord before = draft.before;
        if (draft.isCondition) {
            // Whose consignment it is never changes: asked once a feed.
            GroupId beneficiary = before.beneficiary();
            if (GroupId.unwrap(beneficiary) == 0) beneficiary = _milestones.subject(subject).beneficiary;
            if (GroupId.unwrap(beneficiary) == 0) return Refusal.SubjectUnknown;
            draft.beneficiary = beneficiary;
        } else {
            if (RulesWord.unwrap(draft.rules) == 0) return Refusal.FeedUnknown;
            if (subject != 0) return Refusal.SubjectUnknown;
        }
        if (round != before.round() + 1 || round > type(uint40).max) return Refusal.RoundNotNext;
        return readings == 0 || readings > OrganisationSets.MOST ? Refusal.ReadingsOutOfRange : Refusal.None;
    }

    /// @dev All signers are looked up together, each of them before its signature is.
    function _countAll(Draft memory draft, Report calldata its) private {
        Reading[] calldata readings = its.readings;
        uint256 count = readings.length;
        RulesWord rules = draft.rules;
        uint256[] memory memberships = Memberships.roomFor(count);
        Readings.listSigners(readings, memberships);
        Memberships.lookUpAll(_registry, memberships);
        (draft.values, draft.oldest, draft.domain) = (Medians.roomFor(count), type(uint256).max, _domainSeparatorV4());
        // Safe: moments have 40 bits, the policy's times 32; at most ten readings.
        unchecked {
            (draft.earliest, draft.until) = (draft.after_ + 1, block.timestamp + rules.clockSkewSeconds());
            uint256 age = rules.maxAgeSeconds();
            if (draft.earliest + age < block.timestamp) draft.earliest = block.timestamp - age;
            for (uint256 i = 0; i < count; ++i) {
                Reading calldata reading = Readings.at(readings, i);
                if (!_join(draft, reading, Witnesses.get(memberships, i))) _refuse(draft, its, reading);
            }
        }
    }

    /// @dev The signature is looked at last, because it costs most. A value has as many bits as the feed keeps, so that
    /// no difference of two can overflow.
    /// @param witness the reading's signer; 0 for one who may not act, who has no roles
    /// @return whether the reading counts; the draft has it then, and is as it was otherwise
    function _join(Draft memory draft, Reading calldata reading, Witness witness) private view returns (bool) {
        Readings.Form memory form = draft.form;
        (address signer, int256 value, uint256 observedAt, bool fits) = form.fill(reading, draft.earliest, draft.until);
        if (!fits) return false;
        (RulesWord rules, uint256 count, OrganisationSet joined) = (draft.rules, draft.count, draft.joined);
        // A price has no beneficiary, and no group is 0.
        if (witness.roles() & rules.eligibleRoles() == 0 || witness.isOf(draft.beneficiary)) return false;
        if (count == rules.organisations() || joined.contains(witness.organisation())) return false;
        if (!Signatures.isValid(signer, form.digestOf(draft.domain), reading.r, reading.vs)) return false;
        Medians.insert(draft.values, count, value);
        if (observedAt < draft.oldest) draft.oldest = observedAt;
        draft.roles |= witness.roles();
        draft.joined = joined.with(witness.organisation(), count);
        // Safe: one more of ten.
        unchecked {
            draft.count = count + 1;
        }
        return true;
    }

    function _refuse(Draft memory draft, Report calldata its, Reading calldata reading) private {
        emit ReadingRefused(its.policyId, its.subject, its.round, reading.signer, _refusalOf(draft, reading));
    }

    /// @return why `_join` has answered no
    function _refusalOf(Draft memory draft, Reading calldata reading) private view returns (Refusal) {
        if (reading.value != int88(reading.value)) return Refusal.ValueOutOfRange;
        if (reading.observedAt > draft.until) return Refusal.InFuture;
        if (reading.observedAt <= draft.after_) return Refusal.NotNewer;
        if (reading.observedAt < draft.earliest) return Refusal.TooOld;
        uint256 membership = Memberships.lookUp(_registry, reading.signer);
        if (!Memberships.isActive(membership)) return Refusal.SignerNotAdmitted;
        Witness witness = Witness.wrap(membership);
        if (witness.roles() & draft.rules.eligibleRoles() == 0) return Refusal.RoleNotEligible;
        if (witness.isOf(draft.beneficiary)) return Refusal.AffiliateOfBeneficiary;
        if (draft.joined.contains(witness.organisation())) return Refusal.AlreadyCounted;
        return draft.count == draft.rules.organisations() ? Refusal.SeatsTaken : Refusal.SignatureInvalid;
    }

    /// @return why the readings that count make no value; `None` where they do
    function _judge(Draft memory draft, bytes32 policyId) private view returns (Refusal) {
        (RulesWord rules, uint256 count, int256[] memory values) = (draft.rules, draft.count, draft.values);
        if (count < rules.threshold()) return Refusal.QuorumNotReached;
        if (rules.requiredRoles() & ~draft.roles != 0) return Refusal.RoleMissing;
        (int256 least, int256 value, int256 greatest) = Medians.spanOf(values, count);
        draft.value = value;
        if (!_terms[policyId].hasInBand(value)) return Refusal.ValueOutOfBand;
        bool absolute = draft.isCondition;
        if (!_lieWithin(least, greatest, rules.mostSpread(), value, absolute)) return Refusal.SpreadTooWide;
        LatestWord before = draft.before;
        // A value that has gone stale says nothing of the next: without this a real jump would stop the feed for good.
        if (before.round() == 0 || !_isFresh(before.observedAt(), rules.staleAfterSeconds())) return Refusal.None;
        // Nor does the last value say what one before it may be.
        if (_isPast(draft)) return Refusal.None;
        (int256 low, int256 high) = (before.value(), value);
        if (high < low) (low, high) = (high, low);
        bool near = _lieWithin(low, high, rules.mostMove(), before.value(), absolute);
        return near ? Refusal.None : Refusal.MoveTooGreat;
    }

    /// @param low at most `high`; both of 88 bits
    /// @param most in bps of `value`, or absolute
    /// @param value above 0 unless absolute
    function _lieWithin(int256 low, int256 high, uint256 most, int256 value, bool absolute)
        private
        pure
        returns (bool)
    {
        // Safe: 88 bits, and shares of 32.
        unchecked {
            uint256 distance = uint256(high - low);
            return absolute ? distance <= most : distance * Rates.BPS <= most * uint256(value);
        }
    }

    /// @return whether a reading that counts is no newer than the last value: the feed's value stays what it is
    function _isPast(Draft memory draft) private pure returns (bool) {
        return draft.oldest <= draft.before.observedAt();
    }

    /// @dev Value, moment and round stay, and so a report of the past taken again changes nothing, and keeps no newer value
    /// from the round. The calm range stays, too: the condition is where it was.
    function _lookBack(Draft memory draft, bytes32 policyId, bytes32 subject) private {
        (bytes32 feed, LatestWord before) = (draft.form.feed, draft.before);
        _latest[feed] = before.widened(draft.value);
        Excursion memory its = _excursions[feed];
        if (its.since != 0) {
            // Safe: moments have 40 bits.
            its.addPast(draft.value, uint40(draft.oldest), uint40(before.observedAt()));
            _excursions[feed] = its;
        }
        (uint64 round, uint64 observedAt) = (uint64(draft.form.round), uint64(draft.oldest));
        emit PastValueReported(policyId, subject, round, draft.value, observedAt, draft.joined);
    }

    /// @dev Readings were held against 88 bits and the block's time; the band of a condition has 32 bits.
    function _store(Draft memory draft, bytes32 policyId, bytes32 subject) private {
        (bytes32 feed, int256 value) = (draft.form.feed, draft.value);
        LatestWord its = FeedWords.latestOf(value, draft.oldest, draft.form.round);
        if (draft.isCondition) {
            its = its.ofCondition(draft.before, draft.beneficiary);
            if (!draft.before.isCalmAt(value)) its = its.withCalm(_watch(feed, value, draft.oldest));
        }
        _latest[feed] = its;
        _tell(draft, policyId, subject);
    }

    function _tell(Draft memory draft, bytes32 policyId, bytes32 subject) private {
        // Safe: both were held against 40 bits.
        (uint64 round, uint64 observedAt) = (uint64(draft.form.round), uint64(draft.oldest));
        emit ValueReported(policyId, subject, round, draft.value, observedAt, draft.joined);
    }

    /// @return calm bits of the range in which the next value need not be taken in
    function _watch(bytes32 feed, int256 value, uint256 observedAt) private returns (uint256 calm) {
        Excursion storage stored = _excursions[feed];
        if (!stored.isQuiet(value)) {
            Excursion memory its = stored;
            // Safe: held against the block's time.
            its.add(value, uint40(observedAt));
            _excursions[feed] = its;
        }
        return stored.calmOf();
    }
}
