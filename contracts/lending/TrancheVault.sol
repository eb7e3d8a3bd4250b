// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Roles} from "../types/Roles.sol";
import {ILendingPool} from "./interfaces/ILendingPool.sol";
import {ITrancheVault} from "./interfaces/ITrancheVault.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Lenders' shares of a pool, as ERC-4626. The assets live in the pool. Shares are bought at the pool's gross
/// assets and sold at its net assets; `totalAssets` and the `convertTo` pair speak of gross.
/// @dev A million virtual shares on one virtual unit keep the first price from being moved; a donation to the pool or
/// to this contract changes nothing, because neither reads its balance.
contract TrancheVault is ITrancheVault, ERC4626, ReentrancyGuardTransient {
    using Math for uint256;
    using SafeERC20 for ERC20;

    uint8 private constant SHARE_DECIMALS_ABOVE_CASH = 6;
    uint256 private constant VIRTUAL_SHARES = 10 ** SHARE_DECIMALS_ABOVE_CASH;
    uint256 private constant VIRTUAL_ASSETS = 1;

    ILendingPool public immutable pool;
    IParticipantRegistry public immutable registry;

    constructor(ILendingPool pool_, IParticipantRegistry registry_, string memory name_, string memory symbol_)
        ERC20(name_, symbol_)
        ERC4626(pool_.cash())
    {
        pool = pool_;
        registry = registry_;
    }

    // Prices

    /// @inheritdoc ERC4626
    function totalAssets() public view override returns (uint256) {
        return pool.grossAssets();
    }

    /// @inheritdoc ERC4626
    function previewWithdraw(uint256 assets) public view override returns (uint256 sharesUp) {
        return assets.mulDiv(_allShares(), _netAssets(), Math.Rounding.Ceil);
    }

    /// @inheritdoc ERC4626
    function previewRedeem(uint256 shares) public view override returns (uint256 assetsDown) {
        return shares.mulDiv(_netAssets(), _allShares(), Math.Rounding.Floor);
    }

    // Limits: they never revert, and what they name succeeds

    /// @inheritdoc ERC4626
    function maxDeposit(address receiver) public view override returns (uint256) {
        return _isLender(receiver) ? pool.fundable() : 0;
    }

    /// @inheritdoc ERC4626
    function maxMint(address receiver) public view override returns (uint256) {
        return previewDeposit(maxDeposit(receiver));
    }

    /// @inheritdoc ERC4626
    function maxWithdraw(address owner) public view override returns (uint256) {
        if (!registry.isAdmitted(owner)) return 0;
        return Math.min(previewRedeem(balanceOf(owner)), pool.freeCash());
    }

    /// @inheritdoc ERC4626
    /// @dev The most shares whose assets, rounded down, are still within the pool's free cash.
    function maxRedeem(address owner) public view override returns (uint256) {
        if (!registry.isAdmitted(owner)) return 0;
        uint256 payable_ = (pool.freeCash() + 1).mulDiv(_allShares(), _netAssets(), Math.Rounding.Ceil) - 1;
        return Math.min(balanceOf(owner), payable_);
    }

    // Internals

    function _decimalsOffset() internal pure override returns (uint8) {
        return SHARE_DECIMALS_ABOVE_CASH;
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override nonReentrant {
        registry.requireRole(caller, Roles.LENDER);
        super._deposit(caller, receiver, assets, shares);
    }

    /// @dev An owner that may not act now may not be acted for either: its shares wait for it.
    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        override
        nonReentrant
    {
        registry.requireAdmitted(caller, owner);
        super._withdraw(caller, receiver, owner, assets, shares);
    }

    function _transferIn(address from, uint256 assets) internal override {
        ERC20(asset()).safeTransferFrom(from, address(pool), assets);
        pool.fund(assets);
    }

    function _transferOut(address to, uint256 assets) internal override {
        pool.defund(to, assets);
    }

    /// @dev Shares move among admitted lenders only; they are burned for whoever still may act, role or not, so that a
    /// lender whose role has ended can leave.
    function _update(address from, address to, uint256 shares) internal override {
        if (to != address(0)) registry.requireRole(to, Roles.LENDER);
        if (from != address(0) && to != address(0)) registry.requireRole(from, Roles.LENDER);
        super._update(from, to, shares);
    }

    function _isLender(address account) private view returns (bool) {
        return registry.isAdmitted(account) && registry.membershipOf(account).roles & Roles.LENDER != 0;
    }

    function _allShares() private view returns (uint256) {
        return totalSupply() + VIRTUAL_SHARES;
    }

    function _netAssets() private view returns (uint256) {
        return pool.netAssets() + VIRTUAL_ASSETS;
    }
}
