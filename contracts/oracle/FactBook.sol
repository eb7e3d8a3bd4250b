// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {OrganisationSet} from "../libraries/OrganisationSet.sol";
import {OrganisationId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Rates} from "../types/Rates.sol";
import {Attestations} from "./Attestations.sol";
import {PackedPolicy, Policies} from "./Policies.sol";
import {SubjectBook} from "./SubjectBook.sol";
import {PackedTally, Tallies} from "./Tallies.sol";
import {ILosses} from "./interfaces/ILosses.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title What has been reported of each consignment, under which policies, and how far it may be relied on.
abstract contract FactBook is SubjectBook, EIP712, ILosses {
    uint256 internal constant MOST_ITEMS = 64;
    uint256 private constant LONGEST_WINDOW = 90 days;
    uint256 private constant LONGEST_SKEW = 1 days;
    uint256 private constant MOST_STEPS = 4;
    uint256 private constant STEP_BITS = 16;

    /// @dev What is kept of a fact.
    /// @param voters whose votes count; kept only while more of them may
    /// @param withdrawn who has taken a vote back, or was convicted of two, while votes were gathered
    struct Record {
        PackedTally tally;
        OrganisationSet voters;
        OrganisationSet withdrawn;
    }

    /// @dev The worst of a consignment's facts LOST, in one slot, so that a draw need not look for them.
    struct Loss {
        Status status;
        uint40 occurredAt;
    }

    mapping(uint32 milestone => PackedPolicy) internal _policies;
    mapping(bytes32 subject => mapping(uint256 milestoneAndSequence => Record)) internal _records;
    mapping(bytes32 subject => Loss) internal _losses;

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
    /// @dev No step counts of what is lost: the index of none, and a status that is not None.
    function furthest(bytes32 subjectId, uint256 milestones)
        external
        view
        returns (uint256 index, Status status, uint64 quantity)
    {
        status = _losses[subjectId].status;
        if (status != Status.None) return (MOST_STEPS, status, 0);
        for (; index < MOST_STEPS && milestones != 0; ++index) {
            // The cast keeps the lowest number.
            (status, quantity) = _recordOf(subjectId, uint16(milestones), 1).tally.standing();
            if (status > Status.Gathering) return (index, status, quantity);
            milestones >>= STEP_BITS;
        }
        return (MOST_STEPS, Status.None, 0);
    }

    /// @inheritdoc ILosses
    function lossOf(bytes32 subjectId) external view returns (Status status, uint40 occurredAt) {
        Loss storage its = _losses[subjectId];
        return (its.status, its.occurredAt);
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

    // Internals

    function _recordOf(bytes32 subjectId, uint32 milestone, uint32 sequence) internal view returns (Record storage) {
        return _records[subjectId][Attestations.keyOf(milestone, sequence)];
    }
}
