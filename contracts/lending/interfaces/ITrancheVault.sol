// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../access/interfaces/IParticipantRegistry.sol";
import {IERC7540Operator, IERC7540Redeem, IERC7575} from "./IERC7540.sol";
import {ILendingPool, Tranche} from "./ILendingPool.sol";

/// @title Lenders' shares of a tranche: ERC-4626 with ERC-7540 (asynchronous redemption).
/// Shares are bought at once, at the tranche's entry assets. They are given back by request; the pool closes an epoch and
/// pays what its cash allows, pro rata among the requests of an epoch, older epochs first, senior before junior; then
/// the controller claims. The request's id is its epoch. A request cannot be taken back. Its shares stay in the vault,
/// gaining and losing with the others, until they are paid, and are burned then.
/// Claims round down; what rounding leaves, less than a minor unit a claim, stays set aside in the pool.
interface ITrancheVault is IERC7540Operator, IERC7540Redeem, IERC7575 {
    /// @notice Requests of one epoch, of all controllers together.
    /// @param requested shares
    /// @param processed shares paid so far and burned
    /// @param assets minor units set aside for them
    struct Epoch {
        uint96 requested;
        uint96 processed;
        uint64 assets;
    }

    /// @notice One controller's request of one epoch.
    /// @param shares requested
    /// @param claimedShares of those paid, the ones claimed
    /// @param claimedAssets minor units claimed
    /// @param epoch its id
    /// @param later requests of younger epochs that wait behind this one
    struct Request {
        uint80 shares;
        uint80 claimedShares;
        uint56 claimedAssets;
        uint32 epoch;
        uint8 later;
    }

    /// @notice Requests of an epoch were paid, in part or in full, and the shares burned.
    /// @param shares paid now
    /// @param assets minor units set aside for them now
    event EpochPaid(uint256 indexed epoch, uint256 shares, uint256 assets);

    /// @notice A request for fewer shares is refused from now on, unless it is half of what the owner has.
    event SmallestRequestSet(uint256 shares);

    /// @notice The caller is not the pool.
    error OnlyPool(address caller, address pool);
    /// @notice The caller may not act for the account: it is neither the account itself nor its operator.
    error NotOperator(address account, address caller);
    /// @notice A controller answers for what others hand it only where it has approved them as operators.
    error ControllerNotWilling(address controller, address owner);
    /// @notice No shares were asked for.
    error SharesZero();
    /// @notice Fewer shares are asked for than a request of this owner needs.
    error RequestTooSmall(address owner, uint256 shares, uint256 smallest);
    /// @notice The smallest request would keep lenders in; both in shares.
    error SmallestRequestTooLarge(uint256 shares, uint256 most);
    /// @notice The shares would pass the most that there may be.
    error SharesTooMany(uint256 supply, uint256 most);
    /// @notice The controller has as many requests in unpaid epochs as it may have.
    error RequestsFull(address controller, uint256 most);
    /// @notice More is claimed than has been paid; both in shares.
    error ClaimableSharesTooLow(address controller, uint256 shares, uint256 claimable);
    /// @notice More is claimed than has been paid; both in minor units.
    error ClaimableAssetsTooLow(address controller, uint256 assets, uint256 claimable);
    /// @notice What a redemption pays is known only when its epoch is closed (ERC-7540).
    error PreviewUnsupported();
    /// @notice Shares are handed to the vault by `requestRedeem` only.
    error SharesToVault();

    /// @notice Sets how many shares a request needs at least, unless it is half of what the owner has. An epoch of fewer
    /// stays open at its closing where none of it can be paid: a closing pays eight epochs at most, and none of them
    /// shall be dust that holds back those behind it. Governor only. Until it is set there is no least.
    /// @param shares at most 1e12: what 1,000,000 minor units buy at the first price, a million shares each; 0 for no least
    function setSmallestRequest(uint256 shares) external;

    /// @notice Pays redemption requests, oldest epoch first, pro rata within one, at the exit assets of now, and begins the
    /// next epoch. Pool only. O(1) in the number of lenders: eight epochs at most, the rest at the next closing.
    /// @param mostAssets minor units that may be spent, at most `exitAssets`
    /// @param exitAssets minor units that all the tranche's shares are worth now
    /// @return assets minor units that the pool must set aside for claims
    /// @return waiting shares that are still unpaid
    function closeEpoch(uint256 mostAssets, uint256 exitAssets) external returns (uint256 assets, uint256 waiting);

    /// @return the pool that the shares are claims on
    function pool() external view returns (ILendingPool);
    /// @return which of the pool's two tranches
    function tranche() external view returns (Tranche);
    /// @return who may hold shares
    function registry() external view returns (IParticipantRegistry);
    /// @return shares that a request needs at least, unless it is all that the owner has
    function smallestRequest() external view returns (uint256);
    /// @return the epoch that requests made now belong to, from 1
    function currentEpoch() external view returns (uint256);
    /// @return see `Epoch`
    function epoch(uint256 id) external view returns (Epoch memory);
    /// @return a controller's requests that are not yet claimed in full, oldest first
    function requestsOf(address controller) external view returns (Request[] memory);
    /// @return minor units that all shares waiting for redemption are worth now, at the exit assets, rounded down
    function pendingAssets() external view returns (uint256);
}
