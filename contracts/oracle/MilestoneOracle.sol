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
import {SubjectBook} from "./SubjectBook.sol";
import {PackedTally, Tallies, Tally} from "./Tallies.sol";
import {IMilestoneConsumer} from "./interfaces/IMilestoneConsumer.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title Counts the votes of independent organisations until a fact stands, and then tells whoever watches it.
contract MilestoneOracle is SubjectBook, EIP712 {
    using Tallies for PackedTally;
    using Tallies for Tally;

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
    /// @param evidence that of the votes that count, one item after the other
    /// @param pending items that votes may name whose signers have not been looked up
    /// @param listHash what all of them have signed; 0 until the first is checked
    struct Roll {
        Witness[] witnesses;
        bytes32[] evidence;
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
    /// @param agrees its quantity fits those before
    /// @param voters all that have voted on the fact
    /// @param joined those of them whose vote is on this item, and their number
    struct Draft {
        Tally tally;
        PackedTally before;
        PackedPolicy policy;
        GroupId beneficiary;
        bool agrees;
        bool measured;
        OrganisationSet voters;
        OrganisationSet joined;
        uint256 joins;
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
        Tally memory tally;
        _records[subjectId][milestone][sequence].tally.unpack(tally);
        uint256 least = tally.status == Status.Final ? tally.reliedQuantity() : tally.leastQuantity;
        // Safe: a tally comes out of its slot, in these widths or narrower.
        return Fact(
            uint64(least),
            uint64(tally.greatestQuantity),
            uint40(tally.occurredAt),
            uint40(tally.finalAt),
            uint8(tally.rolesSeen),
            uint8(tally.count),
            tally.status
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
        Draft memory draft;
        Refusal closed = _load(draft, it, record);
        if (closed == Refusal.None && roll.pending & bit != 0) _identify(roll, bit, observations, votes);
        for (uint256 v = 0; v < roll.witnesses.length; ++v) {
            Witness memory witness = roll.witnesses[v];
            if (witness.mask & bit == 0) continue;
            Refusal refusal = closed == Refusal.None ? witness.refusal : closed;
            if (refusal == Refusal.None) refusal = _count(draft, witness, roll.evidence, it);
            if (refusal != Refusal.None) _refuse(it, votes[v].signer, refusal);
        }
        if (draft.joins == 0) return false;
        _report(draft, roll.evidence, it);
        return _store(draft, it, record);
    }

    /// @return why no vote on the item can count, whoever signed it
    function _load(Draft memory draft, Observation memory it, Record storage record) private view returns (Refusal) {
        Tally memory tally = draft.tally;
        draft.before = record.tally;
        draft.before.unpack(tally);
        Refusal closed = tally.closedTo(it.quantity);
        if (closed != Refusal.None) return closed;
        draft.beneficiary = _subjects[it.subject].beneficiary;
        if (GroupId.unwrap(draft.beneficiary) == 0) return Refusal.SubjectUnknown;
        PackedPolicy its = _policies[it.milestone];
        draft.policy = its;
        if (its.threshold() == 0) return Refusal.MilestoneUnknown;
        if (it.sequence == 0) return Refusal.SequenceZero;
        if (it.quantity > Tallies.MOST_QUANTITY) return Refusal.QuantityOutOfRange;
        if (it.occurredAt > block.timestamp + its.clockSkewSeconds()) return Refusal.InFuture;
        if (uint256(it.occurredAt) + its.maxAgeSeconds() < block.timestamp) return Refusal.TooOld;
        if (tally.count != 0) draft.voters = record.voters;
        draft.agrees = tally.meet(its, it.occurredAt, it.quantity);
        draft.measured = it.quantity != 0;
        return Refusal.None;
    }

    function _count(Draft memory draft, Witness memory witness, bytes32[] memory evidence, Observation memory it)
        private
        view
        returns (Refusal refusal)
    {
        Tally memory tally = draft.tally;
        refusal = tally.closedTo(it.quantity);
        if (refusal != Refusal.None) return refusal;
        PackedPolicy its = draft.policy;
        uint256 roles = witness.roles & its.eligibleRoles();
        if (roles == 0) return Refusal.RoleNotEligible;
        if (witness.group == draft.beneficiary) return Refusal.AffiliateOfBeneficiary;
        OrganisationSet voters = draft.voters;
        if (voters.contains(witness.organisation)) return Refusal.AlreadyVoted;
        uint256 seat = tally.count;
        refusal = tally.add(its, draft.agrees, draft.measured, roles);
        if (refusal != Refusal.None) return refusal;
        if (seat < Tallies.MOST_VOTERS) draft.voters = voters.with(witness.organisation, seat);
        // Safe: votes on one item say the same, so that a dissent is its only one, and others have seats.
        uint256 joins = draft.joins++;
        draft.joined = draft.joined.with(witness.organisation, joins);
        evidence[joins] = witness.evidence;
    }

    /// @dev Assembly because the compiler takes the list of evidence word by word: measured, 250 gas an item instead of
    /// 900.
    function _report(Draft memory draft, bytes32[] memory evidence, Observation memory it) private {
        bytes32 topic = VotesCounted.selector;
        (bytes32 subjectId, uint256 milestone) = (it.subject, it.milestone);
        (uint256 sequence, uint256 occurredAt, uint256 quantity) = (it.sequence, it.occurredAt, it.quantity);
        (OrganisationSet joined, uint256 joins) = (draft.joined, draft.joins);
        assembly ("memory-safe") {
            // Beyond the free memory: five words, and the list with its length.
            let data := mload(0x40)
            mstore(data, sequence)
            mstore(add(data, 0x20), occurredAt)
            mstore(add(data, 0x40), quantity)
            mstore(add(data, 0x60), joined)
            mstore(add(data, 0x80), 0xa0)
            mstore(add(data, 0xa0), joins)
            let size := shl(5, joins)
            mcopy(add(data, 0xc0), add(evidence, 0x20), size)
            log3(data, add(0xc0, size), topic, subjectId, milestone)
        }
    }

    function _refuse(Observation memory it, address signer, Refusal refusal) private {
        emit VoteRefused(it.subject, it.milestone, it.sequence, signer, refusal);
    }

    /// @dev The voters are kept only while more votes may count: a quorum reached in one call needs one slot.
    function _store(Draft memory draft, Observation memory it, Record storage record) private returns (bool) {
        Tally memory tally = draft.tally;
        PackedTally before = draft.before;
        record.tally = tally.pack();
        if (tally.closedTo(Tallies.MOST_QUANTITY) == Refusal.None) record.voters = draft.voters;
        // Safe: the widths of the slot.
        uint64 quantity = uint64(tally.reliedQuantity());
        if (tally.status == Status.Disputed) {
            emit FactInDispute(
                it.subject, it.milestone, it.sequence, uint64(tally.leastQuantity), uint64(tally.greatestQuantity)
            );
            return false;
        }
        if (tally.status == Status.Final && before.statusOf() != Status.Final) {
            emit FactFinal(
                it.subject, it.milestone, it.sequence, quantity, uint40(tally.occurredAt), uint8(tally.count)
            );
            return true;
        }
        if (!tally.quantityStands || before.quantityStood()) return false;
        emit FactMeasured(it.subject, it.milestone, it.sequence, quantity, uint8(tally.measuredBy));
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
