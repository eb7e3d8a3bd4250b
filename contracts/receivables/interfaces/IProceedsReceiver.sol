// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A custodian that is told that money has come in on an item it holds. A hint: the state is the truth.
interface IProceedsReceiver {
    /// @notice Tells that money has come in. Anyone may call; the receiver looks up what there is.
    /// @param itemId receivable or order that was paid
    function onProceeds(uint256 itemId) external;
}
