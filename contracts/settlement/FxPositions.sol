// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {Roles} from "../types/Roles.sol";
import {IFxQuotes} from "./interfaces/IFxQuotes.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title What dealers have paid in and been paid, and how much of it their quotes lock. Counts what it is told and never
/// reads its balance.
abstract contract FxPositions is IFxQuotes {
    using SafeCast for uint256;
    using SafeERC20 for ICashToken;

    /// @dev One word.
    struct Position {
        uint128 free;
        uint128 locked;
    }

    IParticipantRegistry public immutable registry;

    mapping(ICashToken => bool) internal _isTraded;
    mapping(address dealer => mapping(ICashToken => Position)) private _positions;
    /// @inheritdoc IFxQuotes
    mapping(ICashToken => uint256) public heldInAll;

    constructor(IParticipantRegistry registry_) {
        registry = registry_;
    }

    // By the dealer

    /// @inheritdoc IFxQuotes
    function fund(ICashToken cash, uint256 amount) external {
        registry.requireRole(msg.sender, Roles.FX_DEALER);
        require(_isTraded[cash], MarketUnknown(cash, cash));
        require(amount != 0, PositionUnchanged(msg.sender));

        _add(msg.sender, cash, amount);
        emit PositionFunded(msg.sender, cash, amount);

        cash.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IFxQuotes
    /// @dev The cash token refuses an account that is frozen or has left: its money stays here for it.
    function withdraw(ICashToken cash, uint256 amount) external {
        require(amount != 0, PositionUnchanged(msg.sender));
        Position storage its = _positions[msg.sender][cash];
        uint256 free = its.free;
        require(amount <= free, FreePositionTooSmall(msg.sender, cash, amount, free));

        // The cast is safe: at most what is free.
        its.free -= uint128(amount);
        heldInAll[cash] -= amount;
        emit PositionWithdrawn(msg.sender, cash, amount);

        cash.safeTransfer(msg.sender, amount);
    }

    // Views

    /// @inheritdoc IFxQuotes
    function positionOf(address dealer, ICashToken cash) external view returns (uint256 free, uint256 locked) {
        Position storage its = _positions[dealer][cash];
        return (its.free, its.locked);
    }

    // Internals

    function _add(address dealer, ICashToken cash, uint256 amount) internal {
        Position storage its = _positions[dealer][cash];
        its.free = (its.free + amount).toUint128();
        heldInAll[cash] += amount;
    }

    /// @param amount of 56 bits
    function _lock(address dealer, ICashToken cash, uint256 amount) internal {
        Position storage its = _positions[dealer][cash];
        uint256 free = its.free;
        require(amount <= free, FreePositionTooSmall(dealer, cash, amount, free));
        // The cast is safe: at most what is free. A dealer has no more than 2^64 quotes of 56 bits.
        (its.free, its.locked) = (its.free - uint128(amount), its.locked + uint128(amount));
    }

    /// @param amount that is locked, of 56 bits
    function _unlock(address dealer, ICashToken cash, uint256 amount) internal {
        Position storage its = _positions[dealer][cash];
        // The casts are safe: 56 bits.
        (its.free, its.locked) = (its.free + uint128(amount), its.locked - uint128(amount));
    }

    /// @dev What was locked leaves for good.
    /// @param amount that is locked, of 56 bits
    function _spend(address dealer, ICashToken cash, uint256 amount) internal {
        // The cast is safe: 56 bits.
        _positions[dealer][cash].locked -= uint128(amount);
        heldInAll[cash] -= amount;
    }
}
