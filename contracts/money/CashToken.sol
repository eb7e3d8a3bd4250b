// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Letters} from "../libraries/Letters.sol";
import {ICashToken} from "./interfaces/ICashToken.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit, IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title A tokenised deposit that only admitted accounts can hold, give or direct.
/// @dev Warning: the cash issuer alone decides how much there is, against bank payments that it names by their hashes.
contract CashToken is ERC20, ERC20Permit, AccessManaged, ICashToken {
    IParticipantRegistry private immutable _registry;
    bytes3 public immutable currency;
    uint8 private immutable _decimals;

    mapping(bytes32 paymentReference => bool) private _used;

    constructor(
        string memory name,
        string memory symbol,
        bytes3 currency_,
        uint8 decimals_,
        IParticipantRegistry registry,
        address authority
    ) ERC20(name, symbol) ERC20Permit(name) AccessManaged(authority) {
        require(Letters.isCurrency(currency_), CurrencyInvalid(currency_));
        require(address(registry) != address(0), RegistryZero());
        currency = currency_;
        _decimals = decimals_;
        _registry = registry;
    }

    // Cash issuer

    /// @inheritdoc ICashToken
    function issue(address to, uint256 amount, bytes32 paymentReference) external restricted {
        _useReference(paymentReference, amount);
        _mint(to, amount);
        emit CashIssued(to, amount, paymentReference);
    }

    /// @inheritdoc ICashToken
    function withdraw(address from, uint256 amount, bytes32 paymentReference) external restricted {
        _useReference(paymentReference, amount);
        _spendAllowance(from, _msgSender(), amount);
        _burn(from, amount);
        emit CashWithdrawn(from, amount, paymentReference);
    }

    // Holders

    /// @dev The two sides are checked in `_update`; one who directs somebody else's cash must be admitted as well.
    function transferFrom(address from, address to, uint256 amount) public override(ERC20, IERC20) returns (bool) {
        address spender = _msgSender();
        if (spender != from && spender != to) _registry.requireAdmitted(spender, spender);
        return super.transferFrom(from, to, amount);
    }

    // Views

    /// @inheritdoc ICashToken
    function decimals() public view override(ERC20, ICashToken) returns (uint8) {
        return _decimals;
    }

    /// @notice The next nonce of a holder's ERC-2612 permit.
    function nonces(address holder) public view override(ERC20Permit, IERC20Permit) returns (uint256) {
        return super.nonces(holder);
    }

    /// @inheritdoc ICashToken
    function isUsed(bytes32 paymentReference) external view returns (bool) {
        return _used[paymentReference];
    }

    // Internals

    /// @dev Every movement passes here. Issued and destroyed cash has one side only, which is asked for twice.
    function _update(address from, address to, uint256 amount) internal override {
        _registry.requireAdmitted(from == address(0) ? to : from, to == address(0) ? from : to);
        super._update(from, to, amount);
    }

    function _useReference(bytes32 paymentReference, uint256 amount) private {
        require(paymentReference != 0, PaymentReferenceMissing());
        require(!_used[paymentReference], PaymentReferenceUsed(paymentReference));
        require(amount != 0, AmountZero(paymentReference));
        _used[paymentReference] = true;
    }
}
