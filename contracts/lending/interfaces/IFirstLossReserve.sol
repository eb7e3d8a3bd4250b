// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILendingPool} from "./ILendingPool.sol";

/// @title Money that absorbs a pool's losses before its lenders do. It has two parts. The collected part is what the
/// pool sends: a share of every draw's volume, from the waterfall, and what is recovered for it; it is the network's and
/// loses first. The sponsored part is what sponsors have deposited; it loses next, all sponsors in proportion to their
/// claims. Sponsors earn nothing here and their claims never grow.
/// Nothing leaves below the floor but to cover a loss: sponsors may take out what all of the reserve has above it, the
/// network only what the collected part alone has above it, so that it keeps standing before the sponsors.
/// Sponsors hold shares of the sponsored part, bought and given back at its value, rounded for those who stay: a claim
/// may come to one minor unit less than was paid in. When losses leave the shares less than a millionth of their first
/// value, what is left joins the collected part and they are void, so that those who come later start clean.
interface IFirstLossReserve {
    /// @notice Money came in: from the waterfall (`from` the pool), from a recovery, or from a sponsor.
    /// @param amount minor units
    event ReserveFunded(address indexed from, uint256 amount);
    /// @notice A loss was absorbed; the pool had `amount` minor units of it.
    event LossCovered(uint256 loss, uint256 amount);
    /// @notice A sponsor took money back, minor units.
    event ReserveReleased(address indexed to, uint256 amount);
    /// @notice The network took out money that the waterfall had collected, minor units.
    event SurplusReleased(address indexed to, uint256 amount);
    /// @notice The sponsors' claims have come to nothing: `remainder` minor units joined the collected part.
    event SponsorsExhausted(uint256 remainder);

    /// @notice The caller is not the pool.
    error OnlyPool(address caller, address pool);
    /// @notice More is to be released than lies above the floor; both in minor units.
    error BelowFloor(uint256 wanted, uint256 releasable);
    /// @notice The amount is zero.
    error ReserveAmountZero();
    /// @notice More is to be released than the sponsor's claim comes to; both in minor units.
    error ClaimTooLow(address sponsor, uint256 wanted, uint256 claim);
    /// @notice At deployment: the floor is above the whole of what is lent; both in basis points.
    error FloorTooHigh(uint256 floorBps, uint256 most);

    /// @notice Pays the pool as much of a loss as there is. Pool only. Never fails: where the cash cannot move, because
    /// an account is frozen, it covers nothing and keeps what it has.
    /// @param loss minor units
    /// @return covered minor units sent to the pool
    function cover(uint256 loss) external returns (uint256 covered);

    /// @notice Books money that the pool has just sent here. Pool only.
    /// @param amount minor units
    function topUp(uint256 amount) external;

    /// @notice Adds money of the caller's, by allowance. Sponsors (admitted participants) only.
    /// @param amount minor units
    function deposit(uint256 amount) external;

    /// @notice Gives money above the floor to its sponsor. Servicer only.
    /// @param amount minor units, at most `releasable` and the sponsor's claim
    function release(address to, uint256 amount) external;

    /// @notice Gives what the waterfall has collected above the floor to the operator. Servicer only.
    /// @param to an account of an organisation with the role NETWORK
    /// @param amount minor units, at most `surplus`
    function releaseSurplus(address to, uint256 amount) external;

    /// @return the pool whose losses it absorbs
    function pool() external view returns (ILendingPool);
    /// @return minor units held
    function held() external view returns (uint256);
    /// @return minor units that must stay: `floorBps` of the pool's principal out, rounded up
    function floor() external view returns (uint256);
    /// @return minor units above the floor
    function releasable() external view returns (uint256);
    /// @return minor units of the collected part above the floor
    function surplus() external view returns (uint256);
    /// @return minor units of the part that loses first: collected by the waterfall, or recovered
    function collected() external view returns (uint256);
    /// @return minor units of the part that loses next: the sponsors'
    function sponsored() external view returns (uint256);
    /// @return minor units of the sponsored part that are this sponsor's, rounded down
    function claimOf(address sponsor) external view returns (uint256);
}
