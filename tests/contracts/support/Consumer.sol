// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneConsumer} from "../../../contracts/oracle/interfaces/IMilestoneConsumer.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";

/// @title A consumer that records what it is told, or misbehaves as told.
contract Consumer is IMilestoneConsumer {
    enum Mood {
        Recording,
        Reverting,
        Flooding,
        Burning,
        Reentering
    }

    /// @notice This consumer has been told of a fact.
    event Told(bytes32 subject, uint32 milestone, uint32 sequence);

    uint64 public constant TAG = type(uint64).max - 1;

    IMilestoneOracle private immutable _oracle;
    address private _target;
    Mood private _mood;
    bytes private _message;
    uint256 public hints;
    uint256 public gasGiven;
    bool public sawUsable;
    uint64 public sawQuantity;

    constructor(IMilestoneOracle oracle) {
        _oracle = oracle;
        _target = address(oracle);
    }

    /// @param target whom a reentering consumer calls
    function setTarget(address target) external {
        _target = target;
    }

    function setMood(Mood mood) external {
        _mood = mood;
    }

    /// @param message call to its target that a reentering consumer makes; the oracle unless told otherwise
    function setMessage(bytes calldata message) external {
        _message = message;
    }

    function watch(bytes32 subject) external {
        _oracle.watch(subject, TAG);
    }

    function unwatch(bytes32 subject) external {
        _oracle.unwatch(subject);
    }

    function onMilestone(bytes32 subject, uint64 tag, uint32 milestone, uint32 sequence) external {
        gasGiven = gasleft();
        require(tag == TAG, "not my tag");
        ++hints;
        emit Told(subject, milestone, sequence);
        (sawUsable, sawQuantity) = _oracle.usableFact(subject, milestone, sequence);
        if (_mood == Mood.Reverting) revert("not today");
        if (_mood == Mood.Flooding) {
            assembly ("memory-safe") {
                revert(0, 300000)
            }
        }
        if (_mood == Mood.Burning) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (_mood == Mood.Reentering) {
            (bool done,) = _target.call(_message);
            require(done, "refused");
        }
    }
}
