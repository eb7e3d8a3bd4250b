// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DayCount} from "../../types/Rates.sol";
import {IFundingSource} from "./IFundingSource.sol";
import {ILendingPool} from "./ILendingPool.sol";

/// @title Several pools of one currency that lend together, in fixed shares. To the desk it is one source; to each member
/// it is one more desk, which the member must have listed. It holds no money between calls.
/// Every figure that a member gets is a whole number of minor units, and the members' figures always sum to the whole:
/// - a draw: by funding shares; each member pays the payee directly, all of them or none;
/// - principal: in proportion to what each still has out at the same rate, so that the last payment leaves zero everywhere;
/// - interest: in proportion to what each has earned and not been paid. A member that got a fraction less than its part
///   keeps that much more of what it has earned, and has it at the next payment;
/// - fees and late fees: by fee shares; money for first-loss reserves: by funding shares;
/// - losses: by loss shares, up to what a member has out; the rest falls on the others, in their order;
/// - expected losses: by the same rule, over all financings together, so that they lie where a loss would;
/// - recoveries: in proportion to what each has lost and not got back.
interface ISyndicate is IFundingSource {
    /// @param pool lends its own money
    /// @param fundingBps of every draw; the shares of all members sum to 10,000
    /// @param lossBps of every loss; likewise
    /// @param feeBps of all fees; likewise
    struct Member {
        ILendingPool pool;
        uint16 fundingBps;
        uint16 lossBps;
        uint16 feeBps;
    }

    /// @notice What a member has at stake through the syndicate, in minor units.
    /// @param principalOut lent and neither repaid nor written off
    /// @param impairment expected to be lost
    /// @param lost written off and not recovered
    struct Position {
        uint64 principalOut;
        uint64 impairment;
        uint64 lost;
    }

    /// @notice At deployment: the member lends and takes its shares of what follows.
    event MemberJoined(ILendingPool indexed pool, uint256 fundingBps, uint256 lossBps, uint256 feeBps);

    /// @notice The caller is not the financing desk.
    error OnlyDesk(address caller, address desk);
    /// @notice At deployment: fewer members than two, or more than eight.
    error MembersOutOfRange(uint256 members, uint256 least, uint256 most);
    /// @notice At deployment: the pool is a member already.
    error MemberTwice(ILendingPool pool);
    /// @notice At deployment: the pool lends another currency than the first member.
    error MemberOfOtherCurrency(ILendingPool pool, address cash, address expected);
    /// @notice At deployment: a member that funds nothing.
    error FundingShareZero(ILendingPool pool);
    /// @notice At deployment: the shares of one kind do not sum to the whole; both in basis points.
    error SharesNotWhole(uint256 sum, uint256 whole);
    /// @notice The weight is not a whole number a minor unit of principal, as `Accrual.weightOf` makes it.
    error WeightUneven(uint256 principal, uint256 weight);
    /// @notice More is to be taken off than is on the members' books here: an error of the desk.
    /// @param amount minor units, or an interest numerator
    /// @param booked the same
    error MoreThanBooked(uint256 amount, uint256 booked);

    /// @return the members, in the order in which they bear what is left over
    function members() external view returns (Member[] memory);
    /// @return what the member has at stake here; zeros where the pool is no member
    function positionOf(ILendingPool pool) external view returns (Position memory);
    /// @return exact interest numerator that the member has earned here and not been paid, on one of the clocks
    function accruedNumeratorOf(ILendingPool pool, DayCount dayCount) external view returns (uint256);
    /// @return minor units that the member has out here at one rate
    /// @param unitWeight what one minor unit of principal adds to the numerator each second
    function principalAt(ILendingPool pool, DayCount dayCount, uint256 unitWeight) external view returns (uint256);
}
