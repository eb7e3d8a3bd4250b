// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../../money/interfaces/ICashToken.sol";
import {DayCount} from "../../types/Rates.sol";

/// @title Where a facility's money comes from: one pool, or a syndicate of pools in fixed shares. The desk knows no
/// more of it than this.
interface IFundingSource {
    /// @notice Money that has just arrived at the source from one financing, by what it pays. All in minor units but
    /// the numerator and the weight; the amounts sum to what arrived.
    /// @param lateFees interest on arrears; income, recognised when received
    /// @param fees for the operator
    /// @param interest discount earned
    /// @param settledNumerator exact interest numerator that the interest settles
    /// @param principal of what is still booked as lent
    /// @param weight what the principal stops adding each second (`Accrual.weightOf`)
    /// @param recovered principal that had been written off
    /// @param reserve for the first-loss reserve
    /// @param dayCount clock on which the financing's interest runs
    struct Receipt {
        uint256 lateFees;
        uint256 fees;
        uint256 interest;
        uint256 settledNumerator;
        uint256 principal;
        uint256 weight;
        uint256 recovered;
        uint256 reserve;
        DayCount dayCount;
    }

    /// @notice Lends. Desk only. Reverts where `amount` is above `lendable`.
    /// @param amount minor units
    /// @param weight what the principal adds each second from now on (`Accrual.weightOf`)
    function disburse(address to, uint256 amount, uint256 weight, DayCount dayCount) external;

    /// @notice Books money that has arrived here. Desk only, in the same call that moved it.
    function collect(Receipt calldata receipt) external;

    /// @notice Replaces one financing's expected loss by another figure. Desk only.
    /// @param previous minor units booked for it so far
    /// @param next minor units from now on
    function changeImpairment(uint256 previous, uint256 next) external;

    /// @notice Takes a loss: principal that is not expected back leaves the books, and the interest accrued on it. The
    /// first-loss reserve pays first, then junior bears, then senior. Desk only.
    /// @param principal minor units
    /// @param weight what it stops adding each second
    /// @param settledNumerator exact interest numerator that is given up with it
    function writeOff(uint256 principal, uint256 weight, uint256 settledNumerator, DayCount dayCount) external;

    /// @return token of the one currency that is lent
    function cash() external view returns (ICashToken);
    /// @return minor units that may be lent now: free cash, or nothing while draws are paused or junior is below its floor
    function lendable() external view returns (uint256);
}
