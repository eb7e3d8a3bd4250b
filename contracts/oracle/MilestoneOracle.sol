// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {OrganisationSet} from "../libraries/OrganisationSet.sol";
import {GroupId, OrganisationId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Attestations} from "./Attestations.sol";
import {PackedPolicy} from "./Policies.sol";
import {Reports} from "./Reports.sol";
import {Retractions} from "./Retractions.sol";
import {Roll, Rolls} from "./Rolls.sol";
import {PackedTally} from "./Tallies.sol";
import {Witness, Witnesses} from "./Witnesses.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";

/// @title Counts the votes of independent organisations until a fact stands, and then tells whoever watches it.
contract MilestoneOracle is Retractions {
    /// @dev One item while its votes are counted.
    /// @param key its milestone and sequence
    /// @param isOpen whether more votes on it can count
    /// @param weight what each vote on it adds to the tally; 0 where its quantity does not fit those before
    /// @param earlier who had voted on the fact before
    /// @param withdrawn who has lost the right to
    /// @param joined whose votes on this item count, in their order
    /// @param joins how many they are
    /// @param repeats the fact is new and all votes on it count, so that the next may be counted like it
    struct Draft {
        uint256 key;
        uint256 occurredAt;
        uint256 quantity;
        PackedTally before;
        PackedTally tally;
        PackedPolicy policy;
        GroupId beneficiary;
        bool isOpen;
        uint256 weight;
        OrganisationSet earlier;
        OrganisationSet withdrawn;
        OrganisationSet joined;
        uint256 joins;
        bool repeats;
    }

    constructor(IParticipantRegistry registry, address authority) Retractions(registry, authority) {}

    // Witnesses

    /// @inheritdoc IMilestoneOracle
    function attest(Observation[] calldata observations, Vote[] calldata votes) external {
        uint256 items = observations.length;
        // Safe: 0 becomes the greatest number of all, and so too many.
        unchecked {
            bool sized = items - 1 < MOST_ITEMS && votes.length - 1 < MOST_ITEMS;
            require(sized, BatchSizeWrong(items, votes.length, MOST_ITEMS));
        }
        Roll memory roll = Rolls.made(_domainSeparatorV4(), observations, votes);
        if (!roll.sound) _refuseVoid(votes, roll);
        Draft memory draft;
        uint256 news = 0;
        for (uint256 i = 0; i < items; ++i) {
            if (_record(draft, observations[i], 1 << i, votes, roll)) news |= 1 << i;
        }
        for (uint256 i = 0; news != 0; ++i) {
            if (news & 1 != 0) _tell(observations[i]);
            news >>= 1;
        }
    }

    // Internals

    /// @dev A vote for no item of the list is refused here: no item carries its refusal.
    function _refuseVoid(Vote[] calldata votes, Roll memory roll) private {
        for (uint256 v = 0; v < votes.length; ++v) {
            if (votes[v].mask & roll.all == 0) emit VoteRefused(0, 0, 0, roll.namedBy(votes, v), Refusal.MaskInvalid);
        }
    }

    /// @dev Counts an item's votes in memory and stores the outcome once. The tally is read here, because the same fact
    /// may stand twice in one list.
    /// @param draft the item before
    /// @return whether the fact became final, or its quantity reliable, in this call
    function _record(Draft memory draft, Observation calldata it, uint256 bit, Vote[] calldata votes, Roll memory roll)
        private
        returns (bool)
    {
        (draft.key, draft.occurredAt, draft.quantity) = Attestations.read(it);
        Record storage record = _records[it.subject][draft.key];
        if (roll.changes & bit != 0 || !_repeat(draft, it.subject, record)) {
            _load(draft, it.subject, record);
            _countAll(draft, it, bit, votes, roll);
        }
        return draft.joins != 0 && _store(draft, it, record, roll.evidence);
    }

    /// @dev Whose the votes are is found out at the first item that is open: a list whose facts are all final looks nobody
    /// up.
    function _countAll(
        Draft memory draft,
        Observation calldata it,
        uint256 bit,
        Vote[] calldata votes,
        Roll memory roll
    ) private {
        (uint256 count, uint256[] memory memberships) = (votes.length, roll.memberships);
        for (uint256 v = 0; v < count; ++v) {
            Vote calldata vote = Attestations.voteOf(votes, v);
            if (vote.mask & bit == 0) continue;
            if (draft.isOpen) {
                if (!roll.isIdentified) roll.identify(_registry, votes);
                if (_join(draft, Witnesses.get(memberships, v))) {
                    Reports.note(roll.evidence, draft.joins, vote.evidence);
                    continue;
                }
            }
            _refuse(draft, it.subject, votes, v, roll);
        }
    }

    /// @dev Two new facts of one milestone and beneficiary, with the same votes on both, come to the same. Measured,
    /// 6,700 gas less for each but the first.
    /// @return whether the item is such a one after the one before, and so counted without looking at its votes
    function _repeat(Draft memory draft, bytes32 subjectId, Record storage record) private view returns (bool) {
        if (!draft.repeats || PackedTally.unwrap(record.tally) != 0) return false;
        GroupId beneficiary = _subjects[subjectId].beneficiary;
        PackedPolicy its = _policies[Attestations.milestoneOf(draft.key)];
        if (PackedPolicy.unwrap(its) != PackedPolicy.unwrap(draft.policy)) return false;
        if (!(beneficiary == draft.beneficiary) || !draft.tally.isMeasuredAs(draft.quantity)) return false;
        if (its.closedTo(draft.key, draft.occurredAt, draft.quantity) != Refusal.None) return false;
        draft.tally = draft.tally.withFigures(draft.occurredAt, draft.quantity);
        return true;
    }

    /// @notice Begins an item: what its votes are counted on, if any can count.
    function _load(Draft memory draft, bytes32 subjectId, Record storage record) private view {
        PackedTally before = record.tally;
        PackedPolicy its = _policies[Attestations.milestoneOf(draft.key)];
        GroupId beneficiary = _subjects[subjectId].beneficiary;
        (draft.before, draft.policy, draft.beneficiary) = (before, its, beneficiary);
        (draft.joined, draft.joins, draft.repeats) = (OrganisationSet.wrap(0), 0, false);
        (uint256 occurredAt, uint256 quantity) = (draft.occurredAt, draft.quantity);
        bool isOpen = GroupId.unwrap(beneficiary) != 0 && before.isOpen(quantity != 0)
            && its.closedTo(draft.key, occurredAt, quantity) == Refusal.None;
        draft.isOpen = isOpen;
        if (!isOpen) return;
        bool isNew = PackedTally.unwrap(before) == 0;
        (draft.earlier, draft.repeats) = (isNew ? OrganisationSet.wrap(0) : record.voters, isNew);
        draft.withdrawn = before.isDoubted() ? record.withdrawn : OrganisationSet.wrap(0);
        (draft.tally, draft.weight) = before.meet(its, occurredAt, quantity);
    }

    /// @dev Who is nobody's has no roles. Votes on one item say the same: none of them dissents after another, and those
    /// that agree have found seats.
    /// @param draft open to the vote
    /// @return whether the vote counts; the draft has it then, and is as it was otherwise
    function _join(Draft memory draft, Witness witness) private view returns (bool) {
        PackedPolicy its = draft.policy;
        uint256 roles = witness.roles() & its.eligibleRoles();
        if (roles == 0) return false;
        if (witness.isOf(draft.beneficiary)) return false;
        OrganisationId organisation = witness.organisation();
        OrganisationSet joined = draft.joined;
        if (joined.contains(organisation)) return false;
        OrganisationSet earlier = draft.earlier;
        if (OrganisationSet.unwrap(earlier) != 0) {
            if (earlier.contains(organisation)) return false;
        }
        OrganisationSet withdrawn = draft.withdrawn;
        if (OrganisationSet.unwrap(withdrawn) != 0) {
            if (withdrawn.contains(organisation)) return false;
        }
        PackedTally tally = draft.tally.add(its, draft.weight, roles);
        if (PackedTally.unwrap(tally) == 0) return false;
        uint256 joins = draft.joins;
        (draft.tally, draft.joined) = (tally, joined.with(organisation, joins));
        // Safe: a list has 64 votes at most.
        unchecked {
            draft.joins = joins + 1;
        }
        if (!tally.isBelowFinal()) draft.isOpen = tally.isOpen(draft.quantity != 0);
        return true;
    }

    function _refuse(Draft memory draft, bytes32 subjectId, Vote[] calldata votes, uint256 v, Roll memory roll)
        private
    {
        draft.repeats = false;
        address named = roll.namedBy(votes, v);
        Refusal reason = draft.isOpen
            ? _refusalOf(draft, votes[v], named, Witnesses.get(roll.memberships, v), roll.all)
            : _closureOf(draft);
        (uint32 milestone, uint32 sequence) = (Attestations.milestoneOf(draft.key), Attestations.sequenceOf(draft.key));
        emit VoteRefused(subjectId, milestone, sequence, named, reason);
    }

    /// @return why no vote on the item counts any more
    function _closureOf(Draft memory draft) private view returns (Refusal) {
        PackedTally tally = draft.joins == 0 ? draft.before : draft.tally;
        if (tally.isDisputed()) return Refusal.FactDisputed;
        if (!tally.isOpen(draft.quantity != 0)) return Refusal.AlreadyFinal;
        if (GroupId.unwrap(draft.beneficiary) == 0) return Refusal.SubjectUnknown;
        return draft.policy.closedTo(draft.key, draft.occurredAt, draft.quantity);
    }

    /// @return why `_join` has answered no, by the same order of reasons
    function _refusalOf(Draft memory draft, Vote calldata vote, address named, Witness witness, uint256 all)
        private
        view
        returns (Refusal)
    {
        if (Witness.unwrap(witness) == 0) return Rolls.doubtAbout(_registry, vote, named, all);
        if (witness.roles() & draft.policy.eligibleRoles() == 0) return Refusal.RoleNotEligible;
        if (witness.isOf(draft.beneficiary)) return Refusal.AffiliateOfBeneficiary;
        OrganisationId organisation = witness.organisation();
        if (draft.joined.contains(organisation) || draft.earlier.contains(organisation)) return Refusal.AlreadyVoted;
        if (draft.withdrawn.contains(organisation)) return Refusal.VoteWithdrawn;
        return draft.tally.refusalOf(draft.weight);
    }

    /// @dev The voters are kept only while more votes may count: a quorum reached in one call needs one slot.
    function _store(Draft memory draft, Observation calldata it, Record storage record, bytes32[] memory evidence)
        private
        returns (bool)
    {
        (PackedTally before, PackedTally tally) = (draft.before, draft.tally);
        record.tally = tally;
        if (tally.isOpen(true)) record.voters = draft.earlier.withAll(draft.joined, before.count());
        bool completes = before.isBelowFinal() && tally.isFinal();
        uint64 quantity = tally.reliedQuantity();
        bytes32 news = completes ? FactFinal.selector : VotesCounted.selector;
        Reports.votes(news, it, quantity, draft.joined, draft.joins, evidence);
        bool disputed = tally.isDisputed();
        if (it.milestone == Milestones.LOST && (completes || disputed)) _noteLoss(it.subject, tally);
        if (completes) return true;
        if (disputed) {
            emit FactInDispute(it.subject, it.milestone, it.sequence, tally.leastQuantity(), tally.greatestQuantity());
        }
        if (quantity == 0 || before.quantityStands()) return false;
        emit FactMeasured(it.subject, it.milestone, it.sequence, quantity, tally.measuredBy());
        return true;
    }

    /// @dev A dispute does not undo what a quorum has said, of this loss or of another.
    function _noteLoss(bytes32 subjectId, PackedTally tally) private {
        Loss storage its = _losses[subjectId];
        if (its.status != Status.Final) its.status = tally.status();
        if (tally.occurredAt() > its.occurredAt) its.occurredAt = tally.occurredAt();
    }
}
