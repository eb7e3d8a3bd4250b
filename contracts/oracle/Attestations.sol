// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title What a witness signs (EIP-712): a list of observations, its mask and the root of its evidence.
library Attestations {
    bytes32 private constant OBSERVATION_TYPE =
        keccak256("Observation(bytes32 subject,uint32 milestone,uint32 sequence,uint64 occurredAt,uint64 quantity)");
    bytes32 private constant ATTESTATION_TYPE = keccak256(
        "Attestation(Observation[] observations,uint256 mask,bytes32 evidence)Observation(bytes32 subject,uint32 milestone,uint32 sequence,uint64 occurredAt,uint64 quantity)"
    );

    /// @dev Assembly because an observation already lies in the calldata as its type encodes it, five words in a row:
    /// measured, 150 gas an observation instead of 960. Bits beyond a field's width make a hash that no typed signature
    /// has, and the oracle reverts where it reads the field.
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

    function digestOf(bytes32 domain, bytes32 listHash, uint256 mask, bytes32 evidence)
        internal
        pure
        returns (bytes32)
    {
        return MessageHashUtils.toTypedDataHash(
            domain, keccak256(abi.encode(ATTESTATION_TYPE, listHash, mask, evidence))
        );
    }
}
