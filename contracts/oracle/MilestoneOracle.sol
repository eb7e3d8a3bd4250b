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
import {SubjectBook} from "./SubjectBook.sol";
import {Tallies, Tally} from "./Tallies.sol";
import {IMilestoneConsumer} from "./interfaces/IMilestoneConsumer.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title Counts the votes of independent organisations until a fact stands, and then tells whoever watches it.
contract MilestoneOracle is SubjectBook, EIP712 {
    using Tallies for Tally;

    bytes32 private constant OBSERVATION_TYPE =
        keccak256("Observation(bytes32 subject,uint32 milestone,uint32 sequence,uint64 occurredAt,uint64 quantity)");
    bytes32 private constant ATTESTATION_TYPE = keccak256(
        "Attestation(Observation[] observations,uint256 mask,bytes32 evidence)Observation(bytes32 subject,uint32 milestone,uint32 sequence,uint64 occurredAt,uint64 quantity)"
    );
    uint256 private constant MOST_ITEMS = 64;
    uint256 private constant LONGEST_WINDOW = 90 days;
    uint256 private constant LONGEST_SKEW = 1 days;

    /// @dev One vote's signer, once for the whole list.
    struct Witness {
        OrganisationId organisation;
        GroupId group;
        uint8 roles;
        Refusal refusal;
    }

    /// @dev One item while its votes are counted.
    struct Draft {
        bytes32 key;
        Tally tally;
        Policy policy;
        GroupId beneficiary;
        OrganisationSet voters;
        bool changed;
    }

    mapping(uint32 milestone => Policy) private _policies;
    mapping(bytes32 key => Tally) private _tallies;
    mapping(bytes32 key => OrganisationSet) private _voters;

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
        _policies[milestone] = policy_;
        emit PolicySet(milestone, policy_);
    }

    // Witnesses

    /// @inheritdoc IMilestoneOracle
    function attest(Observation[] calldata observations, Vote[] calldata votes) external {
        uint256 items = observations.length;
        bool sized = items != 0 && items <= MOST_ITEMS && votes.length != 0 && votes.length <= MOST_ITEMS;
        require(sized, BatchSizeWrong(items, votes.length, MOST_ITEMS));
        Refusal[] memory refusals = new Refusal[](items);
        uint256 open = 0;
        for (uint256 i = 0; i < items; ++i) {
            refusals[i] = _refusalOf(observations[i]);
            if (refusals[i] == Refusal.None) open |= 1 << i;
        }
        Witness[] memory witnesses = _identify(observations, votes, open);
        uint256 news = 0;
        for (uint256 i = 0; i < items; ++i) {
            if (_record(observations[i], 1 << i, refusals[i], votes, witnesses)) news |= 1 << i;
        }
        for (uint256 i = 0; i < items; ++i) {
            if (news & (1 << i) != 0) _tell(observations[i]);
        }
    }

    // Views

    /// @inheritdoc IMilestoneOracle
    function policy(uint32 milestone) external view returns (Policy memory) {
        return _policies[milestone];
    }

    /// @inheritdoc IMilestoneOracle
    function fact(bytes32 subjectId, uint32 milestone, uint32 sequence) external view returns (Fact memory) {
        Tally memory tally = _tallies[_keyOf(subjectId, milestone, sequence)];
        uint64 least = tally.status == Status.Final ? tally.reliedQuantity() : tally.leastQuantity;
        return Fact(
            least, tally.greatestQuantity, tally.occurredAt, tally.finalAt, tally.rolesSeen, tally.count, tally.status
        );
    }

    /// @inheritdoc IMilestoneOracle
    function usableFact(bytes32 subjectId, uint32 milestone, uint32 sequence)
        external
        view
        returns (bool usable, uint64 quantity)
    {
        Tally memory tally = _tallies[_keyOf(subjectId, milestone, sequence)];
        usable = tally.status == Status.Final && !tally.inWindow();
        quantity = usable ? tally.reliedQuantity() : 0;
    }

    /// @inheritdoc IMilestoneOracle
    function votersOf(bytes32 subjectId, uint32 milestone, uint32 sequence)
        external
        view
        returns (OrganisationId[] memory)
    {
        return _voters[_keyOf(subjectId, milestone, sequence)].list();
    }

    /// @inheritdoc IMilestoneOracle
    function attestationDigest(Observation[] calldata observations, uint256 mask, bytes32 evidence)
        external
        view
        returns (bytes32)
    {
        return _digestOf(_hashOf(observations), mask, evidence);
    }

    // Internals: signers

    /// @dev A signature is checked only where the signer's mask names an item that is open to votes: a list whose facts
    /// are all final costs no recovery.
    function _identify(Observation[] calldata observations, Vote[] calldata votes, uint256 open)
        private
        returns (Witness[] memory witnesses)
    {
        witnesses = new Witness[](votes.length);
        uint256 all = (1 << observations.length) - 1;
        bytes32 listHash = open == 0 ? bytes32(0) : _hashOf(observations);
        for (uint256 v = 0; v < votes.length; ++v) {
            Vote calldata vote = votes[v];
            if (vote.mask == 0 || vote.mask & ~all != 0) {
                witnesses[v].refusal = Refusal.MaskInvalid;
                // No item of the list carries this one's refusal.
                if (vote.mask & all == 0) emit VoteRefused(0, 0, 0, vote.signer, Refusal.MaskInvalid);
            } else if (vote.mask & open != 0) {
                _identifySigner(witnesses[v], vote, listHash);
            }
        }
    }

    function _identifySigner(Witness memory witness, Vote calldata vote, bytes32 listHash) private view {
        IParticipantRegistry.Membership memory member = _registry.membershipOf(vote.signer);
        bool active = OrganisationId.unwrap(member.organisation) != 0 && !member.frozen && !member.suspended
            && member.expiresAt > block.timestamp;
        if (!active) {
            witness.refusal = Refusal.SignerNotAdmitted;
            return;
        }
        bytes32 digest = _digestOf(listHash, vote.mask, vote.evidence);
        if (!Signatures.isValid(vote.signer, digest, vote.signature)) {
            witness.refusal = Refusal.SignatureInvalid;
            return;
        }
        witness.organisation = member.organisation;
        witness.group = member.group;
        // Safe: the oracle roles are the low eight bits.
        witness.roles = uint8(member.roles & Roles.ORACLE_ROLES);
    }

    // Internals: items

    /// @return why no vote on the item can count, whoever signed it
    function _refusalOf(Observation calldata it) private view returns (Refusal) {
        Tally memory tally = _tallies[_keyOf(it.subject, it.milestone, it.sequence)];
        if (tally.status == Status.Disputed) return Refusal.FactDisputed;
        if (!tally.isOpen(it.quantity)) return Refusal.AlreadyFinal;
        if (!_isOpened(it.subject)) return Refusal.SubjectUnknown;
        Policy memory its = _policies[it.milestone];
        if (its.threshold == 0) return Refusal.MilestoneUnknown;
        if (it.sequence == 0) return Refusal.SequenceZero;
        if (it.quantity > Tallies.MOST_QUANTITY) return Refusal.QuantityOutOfRange;
        if (it.occurredAt > block.timestamp + its.clockSkewSeconds) return Refusal.InFuture;
        if (uint256(it.occurredAt) + its.maxAgeSeconds < block.timestamp) return Refusal.TooOld;
        return Refusal.None;
    }

    /// @dev Counts an item's votes in memory and stores the outcome once. The tally is read anew, because the same fact
    /// may stand twice in one list.
    /// @return whether the fact became final, or its quantity reliable, in this call
    function _record(
        Observation calldata it,
        uint256 bit,
        Refusal itemRefusal,
        Vote[] calldata votes,
        Witness[] memory witnesses
    ) private returns (bool) {
        Draft memory draft;
        if (itemRefusal == Refusal.None) _load(draft, it);
        Status before = draft.tally.status;
        bool stood = draft.tally.quantityStands;
        for (uint256 v = 0; v < votes.length; ++v) {
            if (votes[v].mask & bit == 0) continue;
            Refusal refusal = itemRefusal == Refusal.None ? witnesses[v].refusal : itemRefusal;
            if (refusal == Refusal.None) refusal = _count(draft, witnesses[v], it);
            _report(it, votes[v], witnesses[v].organisation, refusal);
        }
        return draft.changed && _store(draft, it, before, stood);
    }

    function _load(Draft memory draft, Observation calldata it) private view {
        draft.key = _keyOf(it.subject, it.milestone, it.sequence);
        draft.tally = _tallies[draft.key];
        draft.policy = _policies[it.milestone];
        draft.beneficiary = _subjects[it.subject].beneficiary;
        if (draft.tally.count != 0) draft.voters = _voters[draft.key];
    }

    function _count(Draft memory draft, Witness memory witness, Observation calldata it)
        private
        view
        returns (Refusal refusal)
    {
        Tally memory tally = draft.tally;
        if (tally.status == Status.Disputed) return Refusal.FactDisputed;
        if (!tally.isOpen(it.quantity)) return Refusal.AlreadyFinal;
        uint8 roles = witness.roles & draft.policy.eligibleRoles;
        if (roles == 0) return Refusal.RoleNotEligible;
        if (witness.group == draft.beneficiary) return Refusal.AffiliateOfBeneficiary;
        if (draft.voters.contains(witness.organisation)) return Refusal.AlreadyVoted;
        uint256 seat = tally.count;
        refusal = tally.add(draft.policy, it.occurredAt, it.quantity, roles);
        if (refusal != Refusal.None) return refusal;
        draft.changed = true;
        if (seat < Tallies.MOST_VOTERS) draft.voters = draft.voters.with(witness.organisation, seat);
    }

    function _report(Observation calldata it, Vote calldata vote, OrganisationId organisation, Refusal refusal)
        private
    {
        if (refusal != Refusal.None) {
            emit VoteRefused(it.subject, it.milestone, it.sequence, vote.signer, refusal);
            return;
        }
        emit VoteCounted(it.subject, it.milestone, it.sequence, organisation, it.occurredAt, it.quantity, vote.evidence);
    }

    /// @dev The voters are kept only while more votes may count: a quorum reached in one call needs one slot.
    function _store(Draft memory draft, Observation calldata it, Status before, bool stood)
        private
        returns (bool news)
    {
        Tally memory tally = draft.tally;
        _tallies[draft.key] = tally;
        if (tally.isOpen(Tallies.MOST_QUANTITY)) _voters[draft.key] = draft.voters;
        uint64 quantity = tally.reliedQuantity();
        if (tally.status == Status.Disputed) {
            emit FactInDispute(it.subject, it.milestone, it.sequence, tally.leastQuantity, tally.greatestQuantity);
        } else if (tally.status == Status.Final && before != Status.Final) {
            emit FactFinal(it.subject, it.milestone, it.sequence, quantity, tally.occurredAt, tally.count);
            news = true;
        } else if (tally.quantityStands && !stood) {
            emit FactMeasured(it.subject, it.milestone, it.sequence, quantity, tally.measuredBy);
            news = true;
        }
    }

    function _tell(Observation calldata it) private {
        address consumer = _subjects[it.subject].consumer;
        if (consumer == address(0)) return;
        bool taken = Hints.tell(
            consumer, abi.encodeCall(IMilestoneConsumer.onMilestone, (it.subject, it.milestone, it.sequence))
        );
        if (!taken) emit ConsumerFailed(it.subject, it.milestone, it.sequence, consumer);
    }

    // Internals: hashes

    function _keyOf(bytes32 subjectId, uint32 milestone, uint32 sequence) private pure returns (bytes32) {
        return keccak256(abi.encode(subjectId, milestone, sequence));
    }

    function _hashOf(Observation[] calldata observations) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](observations.length);
        for (uint256 i = 0; i < hashes.length; ++i) {
            // An observation is static words in the order of its type, so it encodes in place.
            hashes[i] = keccak256(abi.encode(OBSERVATION_TYPE, observations[i]));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _digestOf(bytes32 listHash, uint256 mask, bytes32 evidence) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ATTESTATION_TYPE, listHash, mask, evidence)));
    }
}
