// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILendingPool} from "./ILendingPool.sol";

/// @title Money that absorbs a pool's losses before its lenders do. It has two parts. The collected part is what the
/// pool sends: a share of every draw's volume, from the waterfall, and what is recovered for it; it is the network's and
/// loses first. The sponsored part is what sponsors have deposited; it loses next, all sponsors in proportion to their
/// claims. Sponsors earn nothing here and their claims never grow.
/// Nothing leaves below the floor but to cover a loss: sponsors may take out what all of the reserve has above it, the
/// network only what the collected part alone has above it, so that it keeps standing before the sponsors.
/// What sponsors have lost is remembered, and made good first: as long as they have not got all of it back, whatever the
/// pool sends is theirs, recoveries and shares of volume alike, each sponsor's in proportion to what it has lost itself.
/// Only then does the collected part grow again. So recoveries run in the reverse order of losses, the network keeps
/// nothing while a sponsor lacks something, and who sponsors after a loss neither bears it nor gains by its recovery. What
/// is made good stays in the sponsored part, and so absorbs the next loss. The right to it does not end: not when the
/// sponsored part is used up, not when others come, and not when the sponsor takes out what it still has.
/// A claim is rounded down: it may come to one minor unit less than its part, until all has been made good.
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
    /// @notice Of what the pool sent, `amount` minor units made good what sponsors had lost; `left` is still to be.
    event SponsorsRestored(uint256 amount, uint256 left);

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

    /// @notice Books money that the pool has just sent here: the sponsors' as far as they have lost more than they got
    /// back, wherever it comes from, and collected beyond that. Pool only.
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
    /// @return minor units of the part that loses first: collected by the waterfall, or recovered. 0 while sponsors lack
    /// something
    function collected() external view returns (uint256);
    /// @return minor units of the part that loses next: the sponsors'
    function sponsored() external view returns (uint256);
    /// @return minor units of the sponsored part that are this sponsor's, rounded down
    function claimOf(address sponsor) external view returns (uint256);
    /// @return minor units that the sponsor has paid in and not taken out: its claim, and what it has lost and not got back
    function stakeOf(address sponsor) external view returns (uint256);
    /// @return minor units that all sponsors have lost and not got back
    function lostBySponsors() external view returns (uint256);
}
