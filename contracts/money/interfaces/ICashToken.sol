// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title A tokenised deposit in one currency. One base unit is one ISO 4217 minor unit (EUR: a cent).
interface ICashToken is IERC20, IERC20Permit {
    /// @notice Cash came into being against money received.
    /// @param amount minor units
    /// @param paymentReference hash of the bank payment that brought the money in; never used twice
    event CashIssued(address indexed to, uint256 amount, bytes32 indexed paymentReference);
    /// @notice Cash was destroyed and is paid out by the bank.
    /// @param amount minor units
    /// @param paymentReference hash of the bank payment that takes the money out; never used twice
    event CashWithdrawn(address indexed from, uint256 amount, bytes32 indexed paymentReference);

    /// @notice The bank payment has already been issued against or paid out.
    error PaymentReferenceUsed(bytes32 paymentReference);
    /// @notice The hash of the bank payment is zero.
    error PaymentReferenceMissing();
    /// @notice The bank payment is of nothing.
    error AmountZero(bytes32 paymentReference);
    /// @notice At deployment: not three capital letters.
    error CurrencyInvalid(bytes3 currency);
    /// @notice At deployment: there is no participant registry to ask.
    error RegistryZero();

    /// @notice Issues cash against money received. Cash issuer only.
    /// @param amount minor units
    /// @param paymentReference hash of the bank payment, not zero
    function issue(address to, uint256 amount, bytes32 paymentReference) external;

    /// @notice Destroys cash that is paid out, within the holder's allowance to the issuer. Cash issuer only.
    /// @param amount minor units
    /// @param paymentReference hash of the bank payment, not zero
    function withdraw(address from, uint256 amount, bytes32 paymentReference) external;

    /// @return ISO 4217 alphabetic code, e.g. "EUR"
    function currency() external view returns (bytes3);
    /// @return digits of the minor unit in ISO 4217: 2 for EUR
    function decimals() external view returns (uint8);
    /// @return whether a bank payment has already been issued against or paid out
    function isUsed(bytes32 paymentReference) external view returns (bool);
}
