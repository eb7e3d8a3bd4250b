// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Collateral that is worth at most what order, shipment and receipt agree with.
interface IMatchedCollateral {
    /// @notice The invoice was matched with an order after it was pledged: its pledges are capped from now on.
    event ItemMatched(uint256 indexed itemId, uint256 pledges);

    /// @notice No order is matched with the invoice.
    error ItemUnmatched(uint256 itemId);

    /// @notice Has pledges of an invoice follow a match that was made after them. Anyone; can only lower their base.
    function recheck(uint256 itemId) external;
}
