// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memberships} from "../access/Memberships.sol";
import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {OrganisationSet} from "../libraries/OrganisationSet.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {GroupId, OrganisationId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Rates} from "../types/Rates.sol";
import {Attestations} from "./Attestations.sol";
import {PackedPolicy, Policies} from "./Policies.sol";
import {Reports} from "./Reports.sol";
import {SubjectBook} from "./SubjectBook.sol";
import {PackedTally, Tallies} from "./Tallies.sol";
import {Witness, Witnesses} from "./Witnesses.sol";
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

    /// @dev All votes of a list.
    /// @param evidence that of the votes that count on an item
    /// @param draft the item that is counted, or was last
    /// @param changes items that others vote for than for the one before
    /// @param listHash what all of them have signed
    struct Roll {
        Witness[] witnesses;
        bytes32[] evidence;
        Draft draft;
        uint256 changes;
        bytes32 domain;
        bytes32 listHash;
    }

    /// @dev What is kept of a fact.
    struct Record {
        PackedTally tally;
        OrganisationSet voters;
    }

    /// @dev One item while its votes are counted.
    /// @param key its milestone and sequence
    /// @param isOpen whether more votes on it can count
    /// @param agrees its quantity fits those before
    /// @param earlier who had voted on the fact before
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
        bool agrees;
        OrganisationSet earlier;
        OrganisationSet joined;
        uint256 joins;
        bool repeats;
    }

    mapping(uint32 milestone => PackedPolicy) private _policies;
    mapping(bytes32 subject => mapping(uint256 milestoneAndSequence => Record)) private _records;

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
        Roll memory roll = _rollOf(observations, votes);
        uint256 news = 0;
        for (uint256 i = 0; i < items; ++i) {
            if (_record(observations[i], 1 << i, votes, roll)) news |= 1 << i;
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
        PackedTally tally = _recordOf(subjectId, milestone, sequence).tally;
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
        (status, quantity) = _recordOf(subjectId, milestone, sequence).tally.standing();
        usable = status == Status.Final;
    }

    /// @inheritdoc IMilestoneOracle
    function standing(bytes32 subjectId, uint32 milestone, uint32 sequence)
        external
        view
        returns (Status status, uint64 quantity)
    {
        return _recordOf(subjectId, milestone, sequence).tally.standing();
    }

    /// @inheritdoc IMilestoneOracle
    function furthest(bytes32 subjectId, uint256 milestones)
        external
        view
        returns (uint256 index, Status status, uint64 quantity)
    {
        for (; index < MOST_STEPS && milestones != 0; ++index) {
            // The cast keeps the lowest number.
            (status, quantity) = _recordOf(subjectId, uint16(milestones), 1).tally.standing();
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
        return _recordOf(subjectId, milestone, sequence).voters.list();
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

    function _rollOf(Observation[] calldata observations, Vote[] calldata votes) private returns (Roll memory roll) {
        uint256 count = votes.length;
        uint256 all = (1 << observations.length) - 1;
        uint256 changes = 0;
        Witness[] memory witnesses = new Witness[](count);
        for (uint256 v = 0; v < count; ++v) {
            uint256 mask = votes[v].mask;
            changes |= mask ^ mask << 1;
            if (mask == 0 || mask > all) {
                mask &= all;
                // No item of the list carries this one's refusal.
                if (mask == 0) emit VoteRefused(0, 0, 0, votes[v].signer, Refusal.MaskInvalid);
                witnesses[v] = Witnesses.voting(mask).refused(Refusal.MaskInvalid);
            } else {
                witnesses[v] = Witnesses.voting(mask);
            }
        }
        (roll.witnesses, roll.evidence, roll.changes) = (witnesses, new bytes32[](count), changes);
        (roll.domain, roll.listHash) = (_domainSeparatorV4(), Attestations.hashOf(observations));
    }

    function _identify(Witness witness, Vote calldata vote, Roll memory roll) private view returns (Witness) {
        address signer = vote.signer;
        uint256 membership = Memberships.lookUp(_registry, signer);
        if (!Memberships.isActive(membership)) return witness.refused(Refusal.SignerNotAdmitted);
        bytes32 digest = Attestations.digestOf(roll.domain, roll.listHash, vote.mask, vote.evidence);
        if (!Signatures.isValid(signer, digest, vote.r, vote.vs)) return witness.refused(Refusal.SignatureInvalid);
        return witness.known(membership);
    }

    // Internals: items

    /// @dev Counts an item's votes in memory and stores the outcome once. The tally is read here, because the same fact
    /// may stand twice in one list.
    /// @return whether the fact became final, or its quantity reliable, in this call
    function _record(Observation calldata it, uint256 bit, Vote[] calldata votes, Roll memory roll)
        private
        returns (bool)
    {
        Draft memory draft = roll.draft;
        (draft.key, draft.occurredAt, draft.quantity) = Attestations.read(it);
        Record storage record = _records[it.subject][draft.key];
        if (roll.changes & bit != 0 || !_repeat(draft, it.subject, record)) {
            _load(draft, it.subject, record);
            _countAll(draft, it, bit, votes, roll);
        }
        return draft.joins != 0 && _store(draft, it, record, roll.evidence);
    }

    /// @dev A signer is looked up at the first item that is open to its vote: a list whose facts are all final costs no
    /// recovery.
    function _countAll(
        Draft memory draft,
        Observation calldata it,
        uint256 bit,
        Vote[] calldata votes,
        Roll memory roll
    ) private {
        Witness[] memory witnesses = roll.witnesses;
        uint256 count = witnesses.length;
        for (uint256 v = 0; v < count; ++v) {
            Witness witness = witnesses[v];
            if (witness.mask() & bit == 0) continue;
            Vote calldata vote = votes[v];
            if (draft.isOpen && !witness.isIdentified()) witnesses[v] = witness = _identify(witness, vote, roll);
            if (_join(draft, witness)) Reports.note(roll.evidence, draft.joins, vote.evidence);
            else _refuse(draft, witness, it.subject, vote.signer);
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
        (draft.tally, draft.agrees) = before.meet(its, occurredAt, quantity);
    }

    /// @dev One who is refused in the whole list has no roles. Votes on one item say the same: none of them dissents
    /// after another, and those that agree have found seats.
    /// @return whether the vote counts; the draft has it then, and is as it was otherwise
    function _join(Draft memory draft, Witness witness) private view returns (bool) {
        if (!draft.isOpen) return false;
        PackedPolicy its = draft.policy;
        uint256 roles = witness.roles() & its.eligibleRoles();
        if (roles == 0 || witness.group() == draft.beneficiary) return false;
        OrganisationId organisation = witness.organisation();
        OrganisationSet joined = draft.joined;
        if (joined.contains(organisation) || draft.earlier.contains(organisation)) return false;
        PackedTally tally = draft.tally;
        if (!tally.takes(its, draft.agrees, roles)) return false;
        bool measured = draft.quantity != 0;
        tally = tally.add(its, draft.agrees, measured, roles);
        uint256 joins = draft.joins;
        (draft.tally, draft.joined, draft.joins) = (tally, joined.with(organisation, joins), joins + 1);
        draft.isOpen = tally.isOpen(measured);
        return true;
    }

    function _refuse(Draft memory draft, Witness witness, bytes32 subjectId, address signer) private {
        draft.repeats = false;
        (uint32 milestone, uint32 sequence) = (Attestations.milestoneOf(draft.key), Attestations.sequenceOf(draft.key));
        emit VoteRefused(subjectId, milestone, sequence, signer, _refusalOf(draft, witness));
    }

    /// @return why `_join` has answered no, by the same order of reasons
    function _refusalOf(Draft memory draft, Witness witness) private view returns (Refusal) {
        if (!draft.isOpen) {
            PackedTally tally = draft.joins == 0 ? draft.before : draft.tally;
            if (tally.isDisputed()) return Refusal.FactDisputed;
            if (!tally.isOpen(draft.quantity != 0)) return Refusal.AlreadyFinal;
            if (GroupId.unwrap(draft.beneficiary) == 0) return Refusal.SubjectUnknown;
            return draft.policy.closedTo(draft.key, draft.occurredAt, draft.quantity);
        }
        if (witness.isRefused()) return witness.refusal();
        if (witness.roles() & draft.policy.eligibleRoles() == 0) return Refusal.RoleNotEligible;
        if (witness.group() == draft.beneficiary) return Refusal.AffiliateOfBeneficiary;
        OrganisationId organisation = witness.organisation();
        if (draft.joined.contains(organisation) || draft.earlier.contains(organisation)) return Refusal.AlreadyVoted;
        return draft.tally.refusalOf(draft.agrees);
    }

    /// @dev The voters are kept only while more votes may count: a quorum reached in one call needs one slot.
    function _store(Draft memory draft, Observation calldata it, Record storage record, bytes32[] memory evidence)
        private
        returns (bool)
    {
        (PackedTally before, PackedTally tally) = (draft.before, draft.tally);
        record.tally = tally;
        if (tally.isOpen(true)) record.voters = draft.earlier.withAll(draft.joined, before.count());
        bool completes = tally.isFinal() && !before.isFinal();
        uint64 quantity = tally.reliedQuantity();
        bytes32 news = completes ? FactFinal.selector : VotesCounted.selector;
        Reports.votes(news, it, quantity, draft.joined, draft.joins, evidence);
        if (completes) return true;
        if (tally.isDisputed()) {
            emit FactInDispute(it.subject, it.milestone, it.sequence, tally.leastQuantity(), tally.greatestQuantity());
        }
        if (quantity == 0 || before.quantityStands()) return false;
        emit FactMeasured(it.subject, it.milestone, it.sequence, quantity, tally.measuredBy());
        return true;
    }

    function _recordOf(bytes32 subjectId, uint32 milestone, uint32 sequence) private view returns (Record storage) {
        return _records[subjectId][Attestations.keyOf(milestone, sequence)];
    }
}
