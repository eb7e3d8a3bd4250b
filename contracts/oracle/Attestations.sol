// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @notice Where in memory the votes on one list are filled in, one over the other. What all of them share is written
/// once. From 0x00 what is signed: its type, the hash of the list, mask, evidence; from 0x9e the digest's: 0x1901, domain,
/// hash of the contents; from 0xe0 what the precompile takes: digest, v, r, s.
type Ballot is uint256;

using Attestations for Ballot global;

/// @title What a witness signs (EIP-712): a list of observations, its mask and the root of its evidence.
library Attestations {
    bytes32 private constant OBSERVATION_TYPE =
        keccak256("Observation(bytes32 subject,uint32 milestone,uint32 sequence,uint64 occurredAt,uint64 quantity)");
    bytes32 private constant ATTESTATION_TYPE = keccak256(
        "Attestation(Observation[] observations,uint256 mask,bytes32 evidence)Observation(bytes32 subject,uint32 milestone,uint32 sequence,uint64 occurredAt,uint64 quantity)"
    );

    uint256 private constant BALLOT_SIZE = 0x160;
    uint256 private constant LOWER = type(uint256).max >> 1;
    /// @dev Half the order of secp256k1: of a signature and its mirror image only the one with the lower s is valid.
    uint256 private constant GREATEST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice Milestone and sequence of an item in one word.
    function keyOf(uint256 milestone, uint256 sequence) internal pure returns (uint256) {
        return milestone << 32 | sequence;
    }

    // Each cast keeps the bits of its own.

    function milestoneOf(uint256 key) internal pure returns (uint32) {
        return uint32(key >> 32);
    }

    function sequenceOf(uint256 key) internal pure returns (uint32) {
        return uint32(key);
    }

    /// @dev Assembly because the compiler checks a field's width whenever it reads it: measured, 700 gas less an item.
    /// Reverts as the compiler does, without a reason, on bits beyond a field's width.
    /// @return key milestone and sequence
    function read(IMilestoneOracle.Observation calldata it)
        internal
        pure
        returns (uint256 key, uint256 occurredAt, uint256 quantity)
    {
        assembly ("memory-safe") {
            let milestone := calldataload(add(it, 0x20))
            let sequence := calldataload(add(it, 0x40))
            occurredAt := calldataload(add(it, 0x60))
            quantity := calldataload(add(it, 0x80))
            if or(shr(32, or(milestone, sequence)), shr(64, or(occurredAt, quantity))) { revert(0, 0) }
            key := or(shl(32, milestone), sequence)
        }
    }

    /// @dev Assembly because an observation already lies in the calldata as its type encodes it, five words in a row:
    /// measured, 350 gas for a list of one instead of 1,300. Bits beyond a field's width make a hash that no typed
    /// signature has, and the oracle reverts where it reads the field.
    function hashOf(IMilestoneOracle.Observation[] calldata observations) internal pure returns (bytes32 listHash) {
        bytes32 observationType = OBSERVATION_TYPE;
        assembly ("memory-safe") {
            // Beyond the free memory: the type and one observation (0xc0), then the hashes of all.
            let encoded := mload(0x40)
            let hashes := add(encoded, 0xc0)
            let size := shl(5, observations.length)
            let from := observations.offset
            mstore(encoded, observationType)
            for { let i := 0 } lt(i, size) { i := add(i, 0x20) } {
                calldatacopy(add(encoded, 0x20), from, 0xa0)
                mstore(add(hashes, i), keccak256(encoded, 0xc0))
                from := add(from, 0xa0)
            }
            listHash := keccak256(hashes, size)
        }
    }

    /// @param domain the oracle's EIP-712 domain separator
    /// @return ballot for the votes on these observations, with none filled in
    function ballotOf(bytes32 domain, IMilestoneOracle.Observation[] calldata observations)
        internal
        pure
        returns (Ballot ballot)
    {
        bytes32 listHash = hashOf(observations);
        bytes32 attestationType = ATTESTATION_TYPE;
        uint256 size = BALLOT_SIZE;
        assembly ("memory-safe") {
            ballot := mload(0x40)
            mstore(0x40, add(ballot, size))
            mstore(ballot, attestationType)
            mstore(add(ballot, 0x20), listHash)
            mstore(add(ballot, 0x80), 0x1901)
            mstore(add(ballot, 0xa0), domain)
        }
    }

    /// @notice Fills a vote in, and finds whose key has signed it.
    /// @dev Assembly because mask and evidence lie in the calldata as the type encodes them, and nothing has to be
    /// written twice: measured, 330 gas a signature besides the precompile's 3,100, instead of 470.
    /// @return signer zero where the signature is none, as where s is in the upper half
    function signerOf(Ballot ballot, IMilestoneOracle.Vote calldata vote) internal view returns (address signer) {
        (uint256 lower, uint256 greatest) = (LOWER, GREATEST_S);
        assembly ("memory-safe") {
            calldatacopy(add(ballot, 0x40), vote, 0x40)
            mstore(add(ballot, 0xc0), keccak256(ballot, 0x80))
            mstore(add(ballot, 0xe0), keccak256(add(ballot, 0x9e), 0x42))
            let vs := calldataload(add(vote, 0x60))
            let s := and(vs, lower)
            mstore(add(ballot, 0x100), add(27, shr(255, vs)))
            mstore(add(ballot, 0x120), calldataload(add(vote, 0x40)))
            mstore(add(ballot, 0x140), s)
            // The precompile answers with nothing where there is no such key: zero stays.
            mstore(0, 0)
            if iszero(gt(s, greatest)) { pop(staticcall(gas(), 1, add(ballot, 0xe0), 0x80, 0, 0x20)) }
            signer := mload(0)
        }
    }

    /// @dev Assembly because the caller's count is the list's: measured, 40 gas less.
    function voteOf(IMilestoneOracle.Vote[] calldata votes, uint256 v)
        internal
        pure
        returns (IMilestoneOracle.Vote calldata vote)
    {
        assembly ("memory-safe") {
            vote := add(votes.offset, shl(7, v))
        }
    }

    /// @notice Compares the votes on neighbouring items.
    /// @dev Assembly because nothing but the masks is read: measured, 110 gas a vote instead of 280.
    /// @param all the mask that names every item
    /// @return changes items that others vote for than for the one before
    /// @return sound whether each mask names items of the list and no others
    function compare(IMilestoneOracle.Vote[] calldata votes, uint256 all)
        internal
        pure
        returns (uint256 changes, bool sound)
    {
        assembly ("memory-safe") {
            let vote := votes.offset
            let isEmpty := 0
            for { let end := add(vote, shl(7, votes.length)) } lt(vote, end) { vote := add(vote, 0x80) } {
                let mask := calldataload(vote)
                // The highest bit of a mask differs from the one above it, and so stays.
                changes := or(changes, xor(mask, shr(1, mask)))
                isEmpty := or(isEmpty, iszero(mask))
            }
            sound := iszero(or(isEmpty, gt(changes, all)))
            changes := shl(1, changes)
        }
    }

    /// @return digest_ of the vote that was filled in last
    function digest(Ballot ballot) internal pure returns (bytes32 digest_) {
        assembly ("memory-safe") {
            digest_ := mload(add(ballot, 0xe0))
        }
    }

    /// @return the contract that a vote names as its signer; zero for none
    function approverOf(IMilestoneOracle.Vote calldata vote) internal pure returns (address) {
        uint256 named = vote.r == 0 ? uint256(vote.vs) : 0;
        // The cast loses nothing of an address, and more than one names nobody.
        return named <= type(uint160).max ? address(uint160(named)) : address(0);
    }

    /// @param domain the oracle's EIP-712 domain separator
    function digestOf(bytes32 domain, bytes32 listHash, uint256 mask, bytes32 evidence)
        internal
        pure
        returns (bytes32)
    {
        bytes32 contents = keccak256(abi.encode(ATTESTATION_TYPE, listHash, mask, evidence));
        return MessageHashUtils.toTypedDataHash(domain, contents);
    }
}
