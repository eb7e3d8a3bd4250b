// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Hints} from "../libraries/Hints.sol";
import {OrganisationSet} from "../libraries/OrganisationSet.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {GroupId, OrganisationId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Rates} from "../types/Rates.sol";
import {Roles} from "../types/Roles.sol";
import {Attestations} from "./Attestations.sol";
import {Memberships} from "./Memberships.sol";
import {PackedPolicy, Policies} from "./Policies.sol";
import {Reports} from "./Reports.sol";
import {SubjectBook} from "./SubjectBook.sol";
import {PackedTally, Tallies} from "./Tallies.sol";
import {IMilestoneConsumer} from "./interfaces/IMilestoneConsumer.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title Counts the votes of independent organisations until a fact stands, and then tells whoever watches it.
contract MilestoneOracle is SubjectBook, EIP712 {
    uint256 private constant MOST_ITEMS = 64;
    uint256 private constant LONGEST_WINDOW = 90 days;
    uint256 private constant LONGEST_SKEW = 1 days;
    uint256 private constant MOST_STEPS = 4;
    uint256 private constant STEP_BITS = 16;

    /// @dev One vote and its signer, once for the whole list.
    /// @param identified the signer has been looked up, or need not be
    struct Witness {
        uint256 mask;
        bytes32 evidence;
        OrganisationId organisation;
        GroupId group;
        uint8 roles;
        Refusal refusal;
        bool identified;
    }

    /// @dev All votes of a list.
    /// @param evidence that of the votes that count on an item
    /// @param changes items that others vote for than for the one before
    /// @param draft the item that is counted, or was last
    /// @param pending items that votes may name whose signers have not been looked up
    /// @param listHash what all of them have signed; 0 until the first is checked
    struct Roll {
        Witness[] witnesses;
        bytes32[] evidence;
        Draft draft;
        uint256 changes;
        uint256 pending;
        bytes32 domain;
        bytes32 listHash;
    }

    /// @dev What is kept of a fact.
    struct Record {
        PackedTally tally;
        OrganisationSet voters;
    }

    /// @dev One item while its votes are counted.
    /// @param closed why no more votes on it can count
    /// @param agrees its quantity fits those before
    /// @param earlier who had voted on the fact before
    /// @param joined whose votes on this item count, in their order
    /// @param joins how many they are
    /// @param repeats the fact is new and all votes on it count, so that the next may be counted like it
    struct Draft {
        Refusal closed;
        PackedTally before;
        PackedTally tally;
        PackedPolicy policy;
        GroupId beneficiary;
        bool agrees;
        bool measured;
        OrganisationSet earlier;
        OrganisationSet joined;
        uint256 joins;
        bool repeats;
    }

    mapping(uint32 milestone => PackedPolicy) private _policies;
    mapping(bytes32 subject => mapping(uint32 milestone => mapping(uint32 sequence => Record))) private _records;

    constructor(IParticipantRegistry registry, address authority)
        SubjectBook(registry)
        AccessManaged(authority)
        EIP712("Portolan MilestoneOracle", "1")
    {}

    // Governor

    /// @inheritdoc IMilestoneOracle
    function setPolicy(uint32 milestone, Policy calldata policy_) external restricted {
        bool counts = policy_.threshold != 0 && policy_.threshold <= Tallies.MOST_VOTERS;
        bool witnessed = policy_.eligibleRoles != 0 && policy_.requiredRoles & ~policy_.eligibleRoles == 0;
        bool timed = policy_.maxAgeSeconds != 0 && policy_.clockSkewSeconds <= LONGEST_SKEW
            && policy_.disputeWindowSeconds <= LONGEST_WINDOW;
        bool attested = milestone > Milestones.ACCEPTED && policy_.toleranceBps <= Rates.BPS;
        require(counts && witnessed && timed && attested, PolicyInvalid(milestone, policy_));
        _policies[milestone] = Policies.pack(policy_);
        emit PolicySet(milestone, policy_);
    }

    // Witnesses

    /// @inheritdoc IMilestoneOracle
    function attest(Observation[] calldata observations, Vote[] calldata votes) external {
        uint256 items = observations.length;
        bool sized = items != 0 && items <= MOST_ITEMS && votes.length != 0 && votes.length <= MOST_ITEMS;
        require(sized, BatchSizeWrong(items, votes.length, MOST_ITEMS));
        Roll memory roll = _rollOf(votes, items);
        uint256 news = 0;
        for (uint256 i = 0; i < items; ++i) {
            if (_record(observations, i, votes, roll)) news |= 1 << i;
        }
        for (uint256 i = 0; news != 0; ++i) {
            if (news & 1 != 0) _tell(observations[i]);
            news >>= 1;
        }
    }

    // Views

    /// @inheritdoc IMilestoneOracle
    function policy(uint32 milestone) external view returns (Policy memory) {
        return _policies[milestone].unpack();
    }

    /// @inheritdoc IMilestoneOracle
    function fact(bytes32 subjectId, uint32 milestone, uint32 sequence) external view returns (Fact memory) {
        PackedTally tally = _records[subjectId][milestone][sequence].tally;
        Status its = tally.status();
        return Fact(
            its == Status.Final ? tally.reliedQuantity() : tally.leastQuantity(),
            tally.greatestQuantity(),
            tally.occurredAt(),
            tally.finalAt(),
            tally.rolesSeen(),
            tally.count(),
            its
        );
    }

    /// @inheritdoc IMilestoneOracle
    function usableFact(bytes32 subjectId, uint32 milestone, uint32 sequence)
        external
        view
        returns (bool usable, uint64 quantity)
    {
        Status status;
        (status, quantity) = _records[subjectId][milestone][sequence].tally.standing();
        usable = status == Status.Final;
    }

    /// @inheritdoc IMilestoneOracle
    function standing(bytes32 subjectId, uint32 milestone, uint32 sequence)
        external
        view
        returns (Status status, uint64 quantity)
    {
        return _records[subjectId][milestone][sequence].tally.standing();
    }

    /// @inheritdoc IMilestoneOracle
    function furthest(bytes32 subjectId, uint256 milestones)
        external
        view
        returns (uint256 index, Status status, uint64 quantity)
    {
        mapping(uint32 => mapping(uint32 => Record)) storage records = _records[subjectId];
        for (; index < MOST_STEPS && milestones != 0; ++index) {
            // The cast keeps the lowest number.
            (status, quantity) = records[uint16(milestones)][1].tally.standing();
            if (status > Status.Gathering) return (index, status, quantity);
            milestones >>= STEP_BITS;
        }
        return (MOST_STEPS, Status.None, 0);
    }

    /// @inheritdoc IMilestoneOracle
    function votersOf(bytes32 subjectId, uint32 milestone, uint32 sequence)
        external
        view
        returns (OrganisationId[] memory)
    {
        return _records[subjectId][milestone][sequence].voters.list();
    }

    /// @inheritdoc IMilestoneOracle
    function attestationDigest(Observation[] calldata observations, uint256 mask, bytes32 evidence)
        external
        view
        returns (bytes32)
    {
        return Attestations.digestOf(_domainSeparatorV4(), Attestations.hashOf(observations), mask, evidence);
    }

    // Internals: signers

    function _rollOf(Vote[] calldata votes, uint256 items) private returns (Roll memory roll) {
        Witness[] memory witnesses = _seats(votes.length);
        uint256 all = (1 << items) - 1;
        for (uint256 v = 0; v < witnesses.length; ++v) {
            Vote calldata vote = votes[v];
            uint256 mask = vote.mask;
            Witness memory witness =
                Witness(mask, vote.evidence, OrganisationId.wrap(0), GroupId.wrap(0), 0, Refusal.None, false);
            witnesses[v] = witness;
            roll.changes |= mask ^ mask << 1;
            if (mask != 0 && mask & ~all == 0) continue;
            (witness.refusal, witness.identified) = (Refusal.MaskInvalid, true);
            // No item of the list carries this one's refusal.
            if (mask & all == 0) emit VoteRefused(0, 0, 0, vote.signer, Refusal.MaskInvalid);
        }
        (roll.witnesses, roll.evidence) = (witnesses, new bytes32[](witnesses.length));
        roll.pending = all;
    }

    /// @dev A list of nobody yet, every place of which the caller fills: the compiler would make a witness for each.
    /// Measured, 70 gas a place instead of 310.
    function _seats(uint256 count) private pure returns (Witness[] memory witnesses) {
        uint256[] memory seats = new uint256[](count);
        assembly ("memory-safe") {
            witnesses := seats
        }
    }

    /// @dev Looks up the signers of an item that is open to votes. Those of no such item are never looked up: a list
    /// whose facts are all final costs no recovery.
    function _identify(Roll memory roll, uint256 bit, Observation[] calldata observations, Vote[] calldata votes)
        private
        view
    {
        if (roll.listHash == 0) {
            (roll.domain, roll.listHash) = (_domainSeparatorV4(), Attestations.hashOf(observations));
        }
        uint256 pending = 0;
        for (uint256 v = 0; v < votes.length; ++v) {
            Witness memory witness = roll.witnesses[v];
            if (witness.identified) continue;
            if (witness.mask & bit != 0) _identifySigner(witness, roll, votes[v]);
            else pending |= witness.mask;
        }
        roll.pending = pending;
    }

    function _identifySigner(Witness memory witness, Roll memory roll, Vote calldata vote) private view {
        witness.identified = true;
        address signer = vote.signer;
        (OrganisationId organisation, GroupId group, uint32 roles, bool active) = Memberships.lookUp(_registry, signer);
        if (!active) {
            witness.refusal = Refusal.SignerNotAdmitted;
            return;
        }
        bytes32 digest = Attestations.digestOf(roll.domain, roll.listHash, witness.mask, witness.evidence);
        if (!Signatures.isValid(signer, digest, vote.signature)) {
            witness.refusal = Refusal.SignatureInvalid;
            return;
        }
        witness.organisation = organisation;
        witness.group = group;
        // Safe: the oracle roles are the low eight bits.
        witness.roles = uint8(roles & Roles.ORACLE_ROLES);
    }

    // Internals: items

    /// @dev Counts an item's votes in memory and stores the outcome once. The tally is read here, because the same fact
    /// may stand twice in one list.
    /// @return whether the fact became final, or its quantity reliable, in this call
    function _record(Observation[] calldata observations, uint256 i, Vote[] calldata votes, Roll memory roll)
        private
        returns (bool)
    {
        Observation memory it = observations[i];
        uint256 bit = 1 << i;
        Record storage record = _records[it.subject][it.milestone][it.sequence];
        Draft memory draft = roll.draft;
        if (roll.changes & bit != 0 || !_repeat(draft, it, record)) {
            _load(draft, it, record);
            if (roll.pending & bit != 0 && draft.closed == Refusal.None) _identify(roll, bit, observations, votes);
            _countAll(draft, it, bit, votes, roll);
        }
        if (draft.joins == 0) return false;
        Reports.votesCounted(it, draft.joined, draft.joins, roll.evidence);
        return _store(draft, it, record);
    }

    function _countAll(Draft memory draft, Observation memory it, uint256 bit, Vote[] calldata votes, Roll memory roll)
        private
    {
        draft.repeats = draft.closed == Refusal.None && PackedTally.unwrap(draft.before) == 0;
        Witness[] memory witnesses = roll.witnesses;
        for (uint256 v = 0; v < witnesses.length; ++v) {
            Witness memory witness = witnesses[v];
            if (witness.mask & bit == 0) continue;
            Refusal refusal = _count(draft, witness);
            if (refusal == Refusal.None) {
                _join(draft, witness, roll.evidence, it.quantity);
            } else {
                draft.repeats = false;
                emit VoteRefused(it.subject, it.milestone, it.sequence, votes[v].signer, refusal);
            }
        }
    }

    /// @dev Two new facts of one milestone and beneficiary, with the same votes on both, come to the same. Measured,
    /// 6,700 gas less for each but the first.
    /// @return whether the item is such a one after the one before, and so counted without looking at its votes
    function _repeat(Draft memory draft, Observation memory it, Record storage record) private view returns (bool) {
        if (!draft.repeats || PackedTally.unwrap(record.tally) != 0) return false;
        GroupId beneficiary = _subjects[it.subject].beneficiary;
        PackedPolicy its = _policies[it.milestone];
        if (PackedPolicy.unwrap(its) != PackedPolicy.unwrap(draft.policy)) return false;
        if (!(beneficiary == draft.beneficiary) || (it.quantity != 0) != draft.measured) return false;
        if (its.closedTo(it) != Refusal.None) return false;
        draft.tally = draft.tally.withFigures(it.occurredAt, it.quantity);
        return true;
    }

    /// @notice Begins an item: why no vote on it can count, or what its votes are counted on.
    function _load(Draft memory draft, Observation memory it, Record storage record) private view {
        PackedTally before = record.tally;
        uint256 quantity = it.quantity;
        (draft.joined, draft.joins, draft.closed) = (OrganisationSet.wrap(0), 0, before.closedTo(quantity));
        if (draft.closed != Refusal.None) return;
        GroupId beneficiary = _subjects[it.subject].beneficiary;
        PackedPolicy its = _policies[it.milestone];
        draft.closed = GroupId.unwrap(beneficiary) == 0 ? Refusal.SubjectUnknown : its.closedTo(it);
        if (draft.closed != Refusal.None) return;
        draft.earlier = before.count() == 0 ? OrganisationSet.wrap(0) : record.voters;
        (draft.beneficiary, draft.policy) = (beneficiary, its);
        (draft.before, draft.measured) = (before, quantity != 0);
        (draft.tally, draft.agrees) = before.meet(its, it.occurredAt, quantity);
    }

    /// @dev One who is refused in the whole list has no roles.
    /// @return why the vote does not count; where it does, the draft's tally has it
    function _count(Draft memory draft, Witness memory witness) private view returns (Refusal) {
        if (draft.closed != Refusal.None) return draft.closed;
        PackedPolicy its = draft.policy;
        uint256 roles = witness.roles & its.eligibleRoles();
        if (roles == 0) return witness.refusal == Refusal.None ? Refusal.RoleNotEligible : witness.refusal;
        if (witness.group == draft.beneficiary) return Refusal.AffiliateOfBeneficiary;
        OrganisationId organisation = witness.organisation;
        if (draft.joined.contains(organisation) || draft.earlier.contains(organisation)) return Refusal.AlreadyVoted;
        Refusal refusal;
        (draft.tally, refusal) = draft.tally.add(its, draft.agrees, draft.measured, roles);
        return refusal;
    }

    /// @dev Votes on one item say the same: none of them dissents after another, and those that agree have found seats.
    function _join(Draft memory draft, Witness memory witness, bytes32[] memory evidence, uint256 quantity)
        private
        view
    {
        uint256 joins = draft.joins;
        evidence[joins] = witness.evidence;
        draft.joined = draft.joined.with(witness.organisation, joins);
        draft.joins = joins + 1;
        draft.closed = draft.tally.closedTo(quantity);
    }

    /// @dev The voters are kept only while more votes may count: a quorum reached in one call needs one slot.
    function _store(Draft memory draft, Observation memory it, Record storage record) private returns (bool) {
        (PackedTally before, PackedTally tally) = (draft.before, draft.tally);
        record.tally = tally;
        if (tally.closedTo(Tallies.MOST_QUANTITY) == Refusal.None) {
            record.voters = draft.earlier.withAll(draft.joined, before.count());
        }
        (bytes32 subjectId, uint32 milestone, uint32 sequence) = (it.subject, it.milestone, it.sequence);
        Status its = tally.status();
        if (its == Status.Disputed) {
            emit FactInDispute(subjectId, milestone, sequence, tally.leastQuantity(), tally.greatestQuantity());
            return false;
        }
        uint64 quantity = tally.reliedQuantity();
        if (its == Status.Final && before.status() != Status.Final) {
            emit FactFinal(subjectId, milestone, sequence, quantity, tally.occurredAt(), tally.count());
            return true;
        }
        if (quantity == 0 || before.quantityStands()) return false;
        emit FactMeasured(subjectId, milestone, sequence, quantity, tally.measuredBy());
        return true;
    }

    function _tell(Observation calldata it) private {
        address consumer = _subjects[it.subject].consumer;
        if (consumer == address(0)) return;
        bool taken = Hints.tell(
            consumer, abi.encodeCall(IMilestoneConsumer.onMilestone, (it.subject, it.milestone, it.sequence))
        );
        if (!taken) emit ConsumerFailed(it.subject, it.milestone, it.sequence, consumer);
    }
}
