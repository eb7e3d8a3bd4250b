// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeedOracle} from "./interfaces/IFeedOracle.sol";

/// @title What a witness of a feed signs (EIP-712): one value, of one feed, for one round, under one policy.
library Readings {
    bytes32 internal constant TYPE =
        keccak256("Reading(bytes32 feed,uint64 round,uint32 version,int256 value,uint64 observedAt)");

    /// @dev The fields as the standard encodes them, in a row: what all readings of a report share is written once.
    /// @param readingType always `TYPE`
    struct Form {
        bytes32 readingType;
        bytes32 feed;
        uint256 round;
        uint256 version;
        int256 value;
        uint256 observedAt;
    }

    /// @dev Assembly because the caller's count is the list's: five words each, in a row. Likewise below.
    function at(IFeedOracle.Reading[] calldata readings, uint256 i)
        internal
        pure
        returns (IFeedOracle.Reading calldata its)
    {
        assembly ("memory-safe") {
            its := add(readings.offset, mul(i, 0xa0))
        }
    }

    /// @notice Puts the signer of each reading in its place, whatever bits there are beyond an address's: `fill` refuses
    /// those.
    /// @param signers a list as long as the readings, as `Memberships.roomFor` makes it
    function listSigners(IFeedOracle.Reading[] calldata readings, uint256[] memory signers) internal pure {
        assembly ("memory-safe") {
            let from := readings.offset
            let to := add(signers, 0x20)
            for { let end := add(to, shl(5, readings.length)) } lt(to, end) { to := add(to, 0x20) } {
                mstore(to, calldataload(from))
                from := add(from, 0xa0)
            }
        }
    }

    /// @notice Puts what is signed of a reading into the form.
    /// @dev Assembly because value and moment lie side by side in both, and the compiler checks a field's width
    /// whenever it reads it: measured, 260 gas less a reading, with its moment held against bounds computed once.
    /// Reverts as the compiler does on bits beyond a field's width.
    /// @param earliest moment that fits, Unix seconds
    /// @param until last moment that fits
    /// @return signer as it is claimed
    /// @return value as it is signed, whatever its width
    /// @return observedAt likewise
    /// @return fits whether the moment does, and the value has no more than 88 bits
    function fill(Form memory form, IFeedOracle.Reading calldata its, uint256 earliest, uint256 until)
        internal
        pure
        returns (address signer, int256 value, uint256 observedAt, bool fits)
    {
        assembly ("memory-safe") {
            signer := calldataload(its)
            value := calldataload(add(its, 0x20))
            observedAt := calldataload(add(its, 0x40))
            if or(shr(160, signer), shr(64, observedAt)) { revert(0, 0) }
            calldatacopy(add(form, 0x80), add(its, 0x20), 0x40)
            fits := iszero(or(or(lt(observedAt, earliest), gt(observedAt, until)), xor(value, signextend(10, value))))
        }
    }

    /// @dev Assembly because a struct in memory is its encoding, six words in a row, and nothing of the digest's is
    /// needed again: as in `Attestations`.
    /// @param domain the oracle's EIP-712 domain separator
    function digestOf(Form memory form, bytes32 domain) internal pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            // Beyond the free memory: 0x1901, the domain and the hash of the contents.
            let encoded := mload(0x40)
            mstore(encoded, shl(240, 0x1901))
            mstore(add(encoded, 0x02), domain)
            mstore(add(encoded, 0x22), keccak256(form, 0xc0))
            digest := keccak256(encoded, 0x42)
        }
    }
}
