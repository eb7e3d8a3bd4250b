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

    /// @notice The pool's vault was named, for good.
    event VaultSet(address indexed vault);
    /// @notice Money was lent.
    /// @param amount minor units
    event Disbursed(address indexed to, uint256 amount);
    /// @notice Money came back from a borrower.
    /// @param interest cash received as interest, minor units
    /// @param principal cash received as principal, minor units
    /// @param fees cash received as fees, minor units
    event Collected(uint256 interest, uint256 principal, uint256 fees);
    /// @param impairment minor units expected to be lost over all financings, the new total
    event ImpairmentChanged(uint256 impairment);
    /// @notice The operator took fees.
    /// @param amount minor units
    event FeesTaken(address indexed to, uint256 amount);
    /// @notice A lender's deposit arrived.
    /// @param assets minor units
    event Funded(uint256 assets);
    /// @notice A lender was paid out.
    /// @param assets minor units
    event Defunded(address indexed to, uint256 assets);

    /// @notice The caller is not the financing desk.
    error OnlyDesk(address caller, address desk);
    /// @notice The caller is not the pool's vault, which is zero until it is set.
    error OnlyVault(address caller, address vault);
    /// @notice The vault is set once; `vault` is it.
    error VaultAlreadySet(address vault);
    /// @notice The vault's shares are claims on another pool than this one, `pool`.
    error VaultOfOtherPool(address vault, address pool);
    /// @notice More is wanted than the pool's free cash; both in minor units.
    error CashTooLow(uint256 wanted, uint256 cash);
    /// @notice A deposit exceeds what the counters can still hold; both in minor units.
    error AmountTooLarge(uint256 amount, uint256 most);
    /// @notice More fees are taken than have been collected; both in minor units.
    error FeesTooLow(uint256 wanted, uint256 accruedFees);
    /// @notice More loss is expected than there is principal out; both in minor units.
    error ImpairmentTooLarge(uint256 impairment, uint256 principalOut);

    /// @notice Names the vault whose shares are claims on this pool. Governor only, once.
    function setVault(address vault) external;

    /// @notice Lends. Desk only.
    /// @param weight principal * discountRateBps that starts to accrue now
    /// @param amount minor units, at most the free cash
    function disburse(address to, uint256 amount, uint256 weight) external;

    /// @notice Books money that has arrived in this contract. Desk only, in the same call that moved it here.
    /// @param interest minor units received as interest
    /// @param settledNumerator exact interest numerator that the interest payment settles
    /// @param principal minor units received as principal
    /// @param weight principal * discountRateBps that stops accruing now
    /// @param fees minor units received as fees
    function collect(uint256 interest, uint256 settledNumerator, uint256 principal, uint256 weight, uint256 fees)
        external;

    /// @notice Books the expected loss over all financings. Desk only.
    /// @param impairment minor units, the new total; at most the principal out
    function setImpairment(uint256 impairment) external;

    /// @notice Books a lender's deposit that has arrived here. Vault only.
    /// @param assets minor units, at most `fundable`
    function fund(uint256 assets) external;
    /// @notice Pays a lender out. Vault only.
    /// @param assets minor units, at most `freeCash`
    function defund(address to, uint256 assets) external;

    /// @notice Pays collected fees to the operator. Servicer only.
    /// @param amount minor units, at most what has been collected and not yet taken out
    function takeFees(address to, uint256 amount) external;

    /// @return token of the one currency that the pool lends
    function cash() external view returns (ICashToken);
    /// @return the contract whose shares are claims on this pool; zero until it is set
    function vault() external view returns (address);
    /// @return the counters, without the interest that has accrued since the last payment
    function books() external view returns (Books memory);
    /// @return minor units that may be lent or paid out to lenders now: cash less the fees collected for the operator
    function freeCash() external view returns (uint256);
    /// @return minor units that lenders may still bring in before the counters could overflow
    function fundable() external view returns (uint256);
    /// @return minor units of interest earned and not yet received, rounded down
    function accruedIncome() external view returns (uint256);
    /// @return the same, exact, times `Rates.INTEREST_DENOMINATOR`
    function accruedNumerator() external view returns (uint256);
    /// @return minor units that shares are bought at, rounded down; before impairment
    function grossAssets() external view returns (uint256);
    /// @return minor units that shares are sold at, rounded down; after impairment
    function netAssets() external view returns (uint256);
}
