// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title A tokenised deposit in one currency. One base unit is one ISO 4217 minor unit (EUR: a cent).
interface ICashToken is IERC20, IERC20Permit {
    /// @param paymentReference hash of the bank payment that brought the money in; never used twice
    event CashIssued(address indexed to, uint256 amount, bytes32 indexed paymentReference);
    /// @param paymentReference hash of the bank payment that takes the money out; never used twice
    event CashWithdrawn(address indexed from, uint256 amount, bytes32 indexed paymentReference);

    error PaymentReferenceUsed(bytes32 paymentReference);
    error PaymentReferenceMissing();
    error AmountZero(bytes32 paymentReference);
    error CurrencyInvalid(bytes3 currency);
    error RegistryZero();

    /// @notice Issues cash against money received. Cash issuer only.
    function issue(address to, uint256 amount, bytes32 paymentReference) external;

    /// @notice Destroys cash that is paid out, within the holder's allowance to the issuer. Cash issuer only.
    function withdraw(address from, uint256 amount, bytes32 paymentReference) external;

    /// @return ISO 4217 alphabetic code, e.g. "EUR"
    function currency() external view returns (bytes3);
    /// @return digits of the minor unit in ISO 4217: 2 for EUR
    function decimals() external view returns (uint8);
    /// @return whether a bank payment has already been issued against or paid out
    function isUsed(bytes32 paymentReference) external view returns (bool);
}
