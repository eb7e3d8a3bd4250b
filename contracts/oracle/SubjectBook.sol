// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Hints} from "../libraries/Hints.sol";
import {GroupId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {IMilestoneConsumer} from "./interfaces/IMilestoneConsumer.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title The consignments that facts are about: who gains from them, by which references they are found, who is told.
/// @dev Warning: whoever has the network's key can compute a reference before its owner links it, and so take it. Every
/// participant has the key, is known by its LEI, and leaves its name in `SubjectOpened`.
abstract contract SubjectBook is AccessManaged, IMilestoneOracle {
    uint256 private constant MOST_REFERENCES = 32;
    uint256 private constant MOST_CONSUMERS = 4;

    /// @dev One of those that are told of a subject's facts.
    struct Watcher {
        address consumer;
        uint64 tag;
    }

    IParticipantRegistry internal immutable _registry;

    /// @dev The first watcher lies beside the beneficiary, because there is seldom another.
    mapping(bytes32 id => Subject) internal _subjects;
    /// @dev Those after the first, in the order in which they began.
    mapping(bytes32 id => Watcher[]) private _others;
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
    function watch(bytes32 subjectId, uint64 tag) external returns (GroupId beneficiary) {
        require(_isListed[msg.sender], NotListedConsumer(msg.sender));
        Subject storage its = _subjects[subjectId];
        beneficiary = its.beneficiary;
        require(GroupId.unwrap(beneficiary) != 0, SubjectUnopened(subjectId));
        require(tag != 0, TagZero(subjectId));
        require(tagOf(subjectId, msg.sender) == 0, SubjectAlreadyWatched(subjectId, msg.sender));
        if (its.consumer == address(0)) {
            (its.consumer, its.tag) = (msg.sender, tag);
        } else {
            require(_others[subjectId].length + 1 < MOST_CONSUMERS, TooManyConsumers(subjectId, MOST_CONSUMERS));
            _others[subjectId].push(Watcher(msg.sender, tag));
            its.isShared = true;
        }
        emit SubjectWatched(subjectId, msg.sender, tag);
    }

    /// @inheritdoc IMilestoneOracle
    /// @dev Open to a consumer that is no longer listed: a contract that runs off must be able to let go.
    function unwatch(bytes32 subjectId) external {
        Subject storage its = _subjects[subjectId];
        if (!its.isShared && its.consumer == msg.sender) (its.consumer, its.tag) = (address(0), 0);
        else _leaveOthers(subjectId, its);
        emit SubjectWatched(subjectId, msg.sender, 0);
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

    /// @inheritdoc IMilestoneOracle
    function tagOf(bytes32 subjectId, address consumer) public view returns (uint64) {
        Subject storage its = _subjects[subjectId];
        if (its.consumer == consumer) return its.tag;
        if (!its.isShared) return 0;
        Watcher[] storage others = _others[subjectId];
        for (uint256 i = 0; i < others.length; ++i) {
            if (others[i].consumer == consumer) return others[i].tag;
        }
        return 0;
    }

    // Internals

    function _isOpened(bytes32 subjectId) internal view returns (bool) {
        return GroupId.unwrap(_subjects[subjectId].beneficiary) != 0;
    }

    /// @dev Where others watch it too.
    function _leaveOthers(bytes32 subjectId, Subject storage its) private {
        Watcher[] memory watchers = _watchersOf(subjectId);
        uint256 place = 0;
        while (place < watchers.length && watchers[place].consumer != msg.sender) ++place;
        require(place < watchers.length, NotConsumerOf(subjectId, msg.sender));

        Watcher[] storage others = _others[subjectId];
        if (place == 0) (its.consumer, its.tag) = (watchers[1].consumer, watchers[1].tag);
        // Those before the caller stay where they are; of the others, each takes the place before its own.
        for (uint256 i = place == 0 ? 2 : place + 1; i < watchers.length; ++i) {
            others[i - 2] = watchers[i];
        }
        others.pop();
        its.isShared = watchers.length > 2;
    }

    /// @notice Tells whoever watches a subject of a fact.
    function _tell(Observation calldata it) internal {
        bytes32 subjectId = it.subject;
        Subject storage its = _subjects[subjectId];
        if (its.isShared) {
            _tellAll(it, subjectId);
        } else if (its.consumer != address(0)) {
            _tellOne(it, its.consumer, its.tag);
        }
    }

    /// @dev Those who watched before the first was told; one who has let go since is not told, nor is one who has begun.
    function _tellAll(Observation calldata it, bytes32 subjectId) private {
        Watcher[] memory watchers = _watchersOf(subjectId);
        for (uint256 i = 0; i < watchers.length; ++i) {
            (address consumer, uint64 tag) = (watchers[i].consumer, watchers[i].tag);
            if (tagOf(subjectId, consumer) == tag) _tellOne(it, consumer, tag);
        }
    }

    function _tellOne(Observation calldata it, address consumer, uint64 tag) private {
        bytes memory message =
            abi.encodeCall(IMilestoneConsumer.onMilestone, (it.subject, tag, it.milestone, it.sequence));
        if (!Hints.tell(consumer, message)) emit ConsumerFailed(it.subject, it.milestone, it.sequence, consumer);
    }

    /// @return watchers in the order in which they began
    function _watchersOf(bytes32 subjectId) private view returns (Watcher[] memory watchers) {
        Subject storage its = _subjects[subjectId];
        Watcher[] storage others = _others[subjectId];
        if (its.consumer == address(0)) return watchers;
        watchers = new Watcher[](its.isShared ? others.length + 1 : 1);
        watchers[0] = Watcher(its.consumer, its.tag);
        for (uint256 i = 1; i < watchers.length; ++i) {
            watchers[i] = others[i - 1];
        }
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
