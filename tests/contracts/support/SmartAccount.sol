// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title A smart account that answers for one key (ERC-1271), or misbehaves as told.
contract SmartAccount {
    enum Mood {
        Honest,
        Refusing,
        ShortAnswer,
        Reverting,
        Flooding,
        Burning
    }

    address private immutable _owner;
    Mood private _mood;
    mapping(bytes32 digest => bool) private _approved;

    constructor(address owner) {
        _owner = owner;
    }

    function setMood(Mood mood) external {
        _mood = mood;
    }

    /// @notice Answers for the digest without a signature from now on.
    function approve(bytes32 digest) external {
        _approved[digest] = true;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (_mood == Mood.Reverting) revert("not today");
        if (_mood == Mood.Refusing) return 0xffffffff;
        bytes4 yes = this.isValidSignature.selector;
        if (_mood == Mood.ShortAnswer) {
            assembly ("memory-safe") {
                mstore(0, yes)
                return(0, 4)
            }
        }
        if (_mood == Mood.Flooding) {
            assembly ("memory-safe") {
                revert(0, 30000)
            }
        }
        if (_mood == Mood.Burning) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (signature.length == 0) return _approved[digest] ? yes : bytes4(0);
        return ECDSA.recover(digest, signature) == _owner ? yes : bytes4(0);
    }
}
