// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {GroupId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title The consignments that facts are about: who gains from them, by which references they are found, who is told.
/// @dev Warning: whoever has the network's key can compute a reference before its owner links it, and so take it. Every
/// participant has the key, is known by its LEI, and leaves its name in `SubjectOpened`.
abstract contract SubjectBook is AccessManaged, IMilestoneOracle {
    uint256 private constant MOST_REFERENCES = 32;

    IParticipantRegistry internal immutable _registry;

    mapping(bytes32 id => Subject) internal _subjects;
    mapping(bytes32 tradeReference => bytes32 subject) private _subjectOf;
    mapping(address consumer => bool) private _isListed;

    constructor(IParticipantRegistry registry) {
        _registry = registry;
    }

    // Governor

    /// @inheritdoc IMilestoneOracle
    function listConsumer(address consumer, bool listed) external restricted {
        require(!listed || consumer.code.length != 0, ConsumerHasNoCode(consumer));
        _isListed[consumer] = listed;
        emit ConsumerListed(consumer, listed);
    }

    // Suppliers

    /// @inheritdoc IMilestoneOracle
    function openSubject(bytes32 subjectId, bytes32[] calldata references) external {
        GroupId group = _registry.requireRole(msg.sender, Roles.SUPPLIER).group;
        require(subjectId != 0, SubjectZero());
        require(!_isOpened(subjectId), SubjectExists(subjectId));
        _subjects[subjectId].beneficiary = group;
        emit SubjectOpened(subjectId, group, msg.sender);
        _link(subjectId, references);
    }

    /// @inheritdoc IMilestoneOracle
    function linkReferences(bytes32 subjectId, bytes32[] calldata references) external {
        GroupId group = _registry.requireRole(msg.sender, Roles.ALL).group;
        require(_isOpened(subjectId), SubjectUnopened(subjectId));
        GroupId beneficiary = _subjects[subjectId].beneficiary;
        require(group == beneficiary, NotBeneficiary(subjectId, group, beneficiary));
        _link(subjectId, references);
    }

    // Consumers

    /// @inheritdoc IMilestoneOracle
    function watch(bytes32 subjectId, uint64 tag) external {
        require(_isListed[msg.sender], NotListedConsumer(msg.sender));
        require(_isOpened(subjectId), SubjectUnopened(subjectId));
        address consumer = _subjects[subjectId].consumer;
        require(consumer == address(0), SubjectAlreadyWatched(subjectId, consumer));
        (_subjects[subjectId].consumer, _subjects[subjectId].tag) = (msg.sender, tag);
        emit SubjectWatched(subjectId, msg.sender, tag);
    }

    /// @inheritdoc IMilestoneOracle
    /// @dev Open to a consumer that is no longer listed: a contract that runs off must be able to let go.
    function unwatch(bytes32 subjectId) external {
        address consumer = _subjects[subjectId].consumer;
        require(consumer == msg.sender, NotConsumerOf(subjectId, msg.sender, consumer));
        (_subjects[subjectId].consumer, _subjects[subjectId].tag) = (address(0), 0);
        emit SubjectWatched(subjectId, address(0), 0);
    }

    // Views

    /// @inheritdoc IMilestoneOracle
    function subjectOf(bytes32 tradeReference) external view returns (bytes32) {
        return _subjectOf[tradeReference];
    }

    /// @inheritdoc IMilestoneOracle
    function subject(bytes32 id) external view returns (Subject memory) {
        return _subjects[id];
    }

    // Internals

    function _isOpened(bytes32 subjectId) internal view returns (bool) {
        return GroupId.unwrap(_subjects[subjectId].beneficiary) != 0;
    }

    /// @dev Linking a reference to the subject it already leads to changes nothing, so that a call can be repeated.
    function _link(bytes32 subjectId, bytes32[] calldata references) private {
        uint256 count = references.length;
        require(count <= MOST_REFERENCES, TooManyReferences(subjectId, count, MOST_REFERENCES));
        for (uint256 i = 0; i < count; ++i) {
            bytes32 tradeReference = references[i];
            require(tradeReference != 0, ReferenceZero(subjectId));
            bytes32 taken = _subjectOf[tradeReference];
            if (taken == subjectId) continue;
            require(taken == 0, ReferenceTaken(tradeReference, taken));
            _subjectOf[tradeReference] = subjectId;
            emit ReferenceLinked(tradeReference, subjectId);
        }
    }
}
