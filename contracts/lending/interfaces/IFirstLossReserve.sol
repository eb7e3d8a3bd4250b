// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILendingPool} from "./ILendingPool.sol";

/// @title Money that absorbs a pool's losses before its lenders do. Fed by a share of every draw's volume, which the
/// waterfall collects, and by sponsors; released to sponsors only above its floor.
interface IFirstLossReserve {
    /// @notice Money came in: from the waterfall (`from` the pool), from a recovery, or from a sponsor.
    /// @param amount minor units
    event ReserveFunded(address indexed from, uint256 amount);
    /// @notice A loss was absorbed; the pool had `amount` minor units of it.
    event LossCovered(uint256 loss, uint256 amount);
    /// @notice A sponsor took money back, minor units.
    event ReserveReleased(address indexed to, uint256 amount);

    /// @notice The caller is not the pool.
    error OnlyPool(address caller, address pool);
    /// @notice More is to be released than lies above the floor; both in minor units.
    error BelowFloor(uint256 wanted, uint256 releasable);
    /// @notice The amount is zero.
    error ReserveAmountZero();

    /// @notice Pays the pool as much of a loss as there is. Pool only.
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
    /// @param amount minor units, at most `releasable`
    function release(address to, uint256 amount) external;

    /// @return the pool whose losses it absorbs
    function pool() external view returns (ILendingPool);
    /// @return minor units held
    function held() external view returns (uint256);
    /// @return minor units that must stay: `floorBps` of the pool's principal out, rounded up
    function floor() external view returns (uint256);
    /// @return minor units above the floor
    function releasable() external view returns (uint256);
}
