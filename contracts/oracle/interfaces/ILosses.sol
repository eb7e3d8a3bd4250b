// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "./IMilestoneOracle.sol";

/// @title What the milestone oracle knows of the loss of consignments: the worst of all facts LOST, whatever their number.
interface ILosses {
    /// @notice A loss counts from the moment that its quorum is complete, also within the dispute window, and is never
    /// unsaid: who dissents then denies a quantity, not the loss. Whatever was lost of a consignment, nothing of it is lent
    /// on any more.
    /// @return status Final where a quorum has attested a loss; Disputed where witnesses agree that there was one, and not
    /// of how much; None otherwise
    /// @return occurredAt no earlier than the last loss, Unix seconds; 0 for none
    function lossOf(bytes32 subject) external view returns (IMilestoneOracle.Status status, uint40 occurredAt);
}
