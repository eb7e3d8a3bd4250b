// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../../money/interfaces/ICashToken.sol";

/// @title One pot of lenders' money in one currency.
/// gross = cash + principalOut + accruedIncome - accruedFees; net = gross - impairment. Shares are bought at gross and
/// sold at net, so that nobody gains by stepping in front of news. Income accrues each second, in aggregate, as W*t - K.
interface ILendingPool {
    /// @param cash minor units here, collected fees among them; counted, never read from the token
    /// @param principalOut minor units lent
    /// @param accruedFees minor units collected for the operator and not yet taken out
    /// @param impairment minor units expected to be lost
    struct Books {
        uint64 cash;
        uint64 principalOut;
        uint64 accruedFees;
        uint64 impairment;
    }

    event VaultSet(address indexed vault);
    event Disbursed(address indexed to, uint256 amount);
    /// @param interest cash received as interest, minor units
    /// @param principal cash received as principal
    /// @param fees cash received as fees
    event Collected(uint256 interest, uint256 principal, uint256 fees);
    event ImpairmentChanged(uint256 impairment);
    event FeesTaken(address indexed to, uint256 amount);
    event Funded(uint256 assets);
    event Defunded(address indexed to, uint256 assets);

    error OnlyDesk(address caller, address desk);
    error OnlyVault(address caller, address vault);
    error VaultAlreadySet(address vault);
    error VaultOfOtherPool(address vault, address pool);
    error CashTooLow(uint256 wanted, uint256 cash);
    error AmountTooLarge(uint256 amount, uint256 most);
    error FeesTooLow(uint256 wanted, uint256 accruedFees);
    error ImpairmentTooLarge(uint256 impairment, uint256 principalOut);

    /// @notice Names the vault whose shares are claims on this pool. Governor only, once.
    function setVault(address vault) external;

    /// @notice Lends. Desk only.
    /// @param weight principal * discountRateBps that starts to accrue now
    function disburse(address to, uint256 amount, uint256 weight) external;

    /// @notice Books money that has arrived in this contract. Desk only, in the same call that moved it here.
    /// @param settledNumerator exact interest numerator that the interest payment settles
    /// @param weight principal * discountRateBps that stops accruing now
    function collect(uint256 interest, uint256 settledNumerator, uint256 principal, uint256 weight, uint256 fees)
        external;

    /// @notice Books the expected loss over all financings. Desk only.
    /// @param impairment minor units, the new total; at most the principal out
    function setImpairment(uint256 impairment) external;

    /// @notice Books a lender's deposit that has arrived here. Vault only.
    function fund(uint256 assets) external;
    /// @notice Pays a lender out. Vault only.
    function defund(address to, uint256 assets) external;

    /// @notice Pays collected fees to the operator. Servicer only.
    function takeFees(address to, uint256 amount) external;

    function cash() external view returns (ICashToken);
    function vault() external view returns (address);
    function books() external view returns (Books memory);
    /// @return minor units that may be lent or paid out to lenders now: cash less the fees collected for the operator
    function freeCash() external view returns (uint256);
    /// @return minor units that lenders may still bring in before the counters could overflow
    function fundable() external view returns (uint256);
    /// @return minor units of interest earned and not yet received, rounded down
    function accruedIncome() external view returns (uint256);
    /// @return the same, exact, times `Rates.INTEREST_DENOMINATOR`
    function accruedNumerator() external view returns (uint256);
    function grossAssets() external view returns (uint256);
    function netAssets() external view returns (uint256);
}
