// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../../money/interfaces/ICashToken.sol";

/// @title One pot of lenders' money in one currency.
/// gross = cash + principalOut + accruedIncome - accruedFees; net = gross - impairment. Shares are bought at gross and
/// sold at net, so that nobody gains by stepping in front of news. Income accrues each second, in aggregate, as W*t - K.
interface ILendingPool {
    /// @param cash minor units here and free to lend; counted, never read from the token
    /// @param principalOut minor units lent
    /// @param accruedFees minor units collected for the operator and not yet taken out
    /// @param impairment minor units expected to be lost
    struct Books {
        uint64 cash;
        uint64 principalOut;
        uint64 accruedFees;
        uint64 impairment;
    }

    event Disbursed(address indexed to, uint256 amount);
    /// @param interest cash received as interest, minor units
    /// @param principal cash received as principal
    /// @param fees cash received as fees
    event Collected(uint256 interest, uint256 principal, uint256 fees);
    event ImpairmentChanged(uint256 impairment);
    event FeesTaken(address indexed to, uint256 amount);
    event Funded(uint256 assets);
    event Defunded(address indexed to, uint256 assets);

    error OnlyDesk(address caller);
    error OnlyVault(address caller);
    error CashTooLow(uint256 wanted, uint256 cash);
    error AmountTooLarge(uint256 amount, uint256 most);
    error FeesTooLow(uint256 wanted, uint256 accruedFees);

    /// @notice Lends. Desk only.
    /// @param weight principal * discountRateBps that starts to accrue now
    function disburse(address to, uint256 amount, uint256 weight) external;

    /// @notice Books money that has arrived in this contract. Desk only, in the same call that moved it here.
    /// @param settledNumerator exact interest numerator that the interest payment settles
    /// @param weight principal * discountRateBps that stops accruing now
    function collect(uint256 interest, uint256 settledNumerator, uint256 principal, uint256 weight, uint256 fees)
        external;

    function setImpairment(uint256 impairment) external;

    /// @notice Books a lender's deposit that has arrived here. Vault only.
    function fund(uint256 assets) external;
    /// @notice Pays a lender out. Vault only.
    function defund(address to, uint256 assets) external;

    /// @notice Pays collected fees to the operator. Servicer only.
    function takeFees(address to, uint256 amount) external;

    function cash() external view returns (ICashToken);
    function books() external view returns (Books memory);
    /// @return minor units of interest earned and not yet received, rounded down
    function accruedIncome() external view returns (uint256);
    function grossAssets() external view returns (uint256);
    function netAssets() external view returns (uint256);
}
