// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Tranche} from "./ILendingPool.sol";
import {ILendingPool} from "./ILendingPool.sol";

/// @title What lenders' shares of a tranche say beyond ERC-4626 and ERC-7540 (asynchronous redemption).
/// Shares are bought at once, at the tranche's entry assets. They are given back by request; the pool closes an epoch and
/// pays what its cash allows, pro rata among the requests of an epoch, older epochs first, senior before junior; then
/// the controller claims. The request's id is its epoch.
interface ITrancheVault {
    /// @notice Pays redemption requests, oldest epoch first, pro rata within one, at the exit assets of now, and begins the
    /// next epoch. Pool only. O(1) in the number of lenders.
    /// @param mostAssets minor units that may be spent
    /// @return assets minor units that the pool must set aside for claims
    function closeEpoch(uint256 mostAssets) external returns (uint256 assets);

    /// @return the pool that the shares are claims on
    function pool() external view returns (ILendingPool);
    /// @return which of the pool's two tranches
    function tranche() external view returns (Tranche);
    /// @return minor units that all shares waiting for redemption are worth now, at the exit assets, rounded down
    function pendingAssets() external view returns (uint256);
}
