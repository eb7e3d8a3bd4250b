// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A contract that acts on facts. The call is a hint: whatever it does must be repeatable by anyone from state.
interface IMilestoneConsumer {
    /// @notice Tells of a fact that has become final or measured. The oracle only.
    /// @param subject the consignment
    /// @param tag number that the consumer gave when it began to watch the subject
    /// @param milestone one of `Milestones`
    /// @param sequence number of the partial delivery, from 1
    function onMilestone(bytes32 subject, uint64 tag, uint32 milestone, uint32 sequence) external;
}
