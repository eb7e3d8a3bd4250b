// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationSet} from "../libraries/OrganisationSet.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";

/// @title Reports the votes that count on an item.
library Reports {
    /// @dev Assembly because the compiler copies the list of evidence word by word: measured, 320 gas less an item.
    /// @param joins how many have joined; as many of the evidence are theirs
    function votesCounted(
        IMilestoneOracle.Observation memory it,
        OrganisationSet joined,
        uint256 joins,
        bytes32[] memory evidence
    ) internal {
        bytes32 topic = IMilestoneOracle.VotesCounted.selector;
        (bytes32 subject, uint256 milestone) = (it.subject, it.milestone);
        (uint256 sequence, uint256 occurredAt, uint256 quantity) = (it.sequence, it.occurredAt, it.quantity);
        assembly ("memory-safe") {
            // Beyond the free memory: five words, and the list with its length.
            let data := mload(0x40)
            mstore(data, sequence)
            mstore(add(data, 0x20), occurredAt)
            mstore(add(data, 0x40), quantity)
            mstore(add(data, 0x60), joined)
            mstore(add(data, 0x80), 0xa0)
            mstore(add(data, 0xa0), joins)
            let size := shl(5, joins)
            mcopy(add(data, 0xc0), add(evidence, 0x20), size)
            log3(data, add(0xc0, size), topic, subject, milestone)
        }
    }
}
