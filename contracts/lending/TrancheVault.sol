// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Roles} from "../types/Roles.sol";
import {RedemptionQueue} from "./RedemptionQueue.sol";
import {IERC7540Operator, IERC7540Redeem, IERC7575} from "./interfaces/IERC7540.sol";
import {ILendingPool, Tranche} from "./interfaces/ILendingPool.sol";
import {ITrancheVault} from "./interfaces/ITrancheVault.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Lenders' shares of one tranche of a pool. The assets live in the pool. Shares are bought at the tranche's entry
/// assets and given back at its exit assets; `previewDeposit` and `previewMint` speak of entry, `totalAssets` and the
/// `convertTo` pair of exit: what has been lost and what still streams in is nobody's yet.
/// @dev A million virtual shares on one virtual unit keep the first price from being moved; a donation to the pool or
/// to this contract changes nothing, because neither reads its balance of cash.
contract TrancheVault is RedemptionQueue, ERC4626, AccessManaged, ReentrancyGuardTransient, IERC165 {
    using Math for uint256;
    using SafeERC20 for ERC20;

    uint8 private constant SHARE_DECIMALS_ABOVE_CASH = 6;
    /// @dev What a controller's request can count.
    uint256 private constant MOST_SHARES = type(uint80).max;
    /// @dev ERC-7575's, which includes all of ERC-4626.
    bytes4 private constant VAULT_INTERFACE = 0x2f0a18c5;

    ILendingPool public immutable pool;
    Tranche public immutable tranche;
    IParticipantRegistry public immutable registry;

    mapping(address controller => mapping(address operator => bool)) public isOperator;

    modifier onlyOperatorOf(address controller) {
        bool may = msg.sender == controller || isOperator[controller][msg.sender];
        require(may, NotOperator(controller, msg.sender));
        _;
    }

    constructor(
        ILendingPool pool_,
        Tranche tranche_,
        IParticipantRegistry registry_,
        string memory name_,
        string memory symbol_
    ) ERC20(name_, symbol_) ERC4626(pool_.cash()) AccessManaged(IAccessManaged(address(pool_)).authority()) {
        pool = pool_;
        tranche = tranche_;
        registry = registry_;
    }

    // By the governor

    /// @inheritdoc ITrancheVault
    function setSmallestRequest(uint256 shares) external restricted {
        _setSmallest(shares);
    }

    // Lenders: deposits

    /// @inheritdoc ERC4626
    function deposit(uint256 assets, address receiver) public override nonReentrant returns (uint256 sharesDown) {
        uint256 entry = pool.fund(assets);
        sharesDown = assets.mulDiv(_allShares(), entry + VIRTUAL_ASSETS);
        _issue(assets, sharesDown, receiver);
    }

    /// @inheritdoc ERC4626
    function mint(uint256 shares, address receiver) public override nonReentrant returns (uint256 assetsUp) {
        assetsUp = previewMint(shares);
        pool.fund(assetsUp);
        _issue(assetsUp, shares, receiver);
    }

    // Lenders: redemptions

    /// @inheritdoc IERC7540Operator
    function setOperator(address operator, bool approved) external returns (bool) {
        isOperator[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    /// @inheritdoc IERC7540Redeem
    /// @dev Handing shares to another controller is a transfer, and needs what a transfer needs. A controller that has not
    /// approved the owner as its operator cannot be handed anything: nobody fills another's queue.
    function requestRedeem(uint256 shares, address controller, address owner)
        external
        nonReentrant
        returns (uint256 requestId)
    {
        require(shares != 0, SharesZero());
        if (controller == owner) {
            registry.requireAdmitted(owner, msg.sender);
        } else {
            require(isOperator[controller][owner], ControllerNotWilling(controller, owner));
            _requireLenders(owner, controller);
        }
        if (msg.sender != owner && !isOperator[owner][msg.sender]) _spendAllowance(owner, msg.sender, shares);

        requestId = _request(controller, owner, shares);
        // Past the rule for transfers: the vault is no lender.
        super._update(owner, address(this), shares);
        emit RedeemRequest(controller, owner, requestId, msg.sender, shares);
    }

    /// @inheritdoc ERC4626
    /// @dev Claims what closed epochs have paid. An account that may not act now may not be acted for either: its money
    /// waits for it.
    function redeem(uint256 shares, address receiver, address controller)
        public
        override
        onlyOperatorOf(controller)
        nonReentrant
        returns (uint256 assets)
    {
        registry.requireAdmitted(controller, msg.sender);
        assets = _claimShares(controller, shares);
        _pay(assets, shares, receiver, controller);
    }

    /// @inheritdoc ERC4626
    /// @dev As `redeem`, by assets.
    function withdraw(uint256 assets, address receiver, address controller)
        public
        override
        onlyOperatorOf(controller)
        nonReentrant
        returns (uint256 shares)
    {
        registry.requireAdmitted(controller, msg.sender);
        shares = _claimAssets(controller, assets);
        _pay(assets, shares, receiver, controller);
    }

    // By the pool

    /// @inheritdoc ITrancheVault
    function closeEpoch(uint256 mostAssets, uint256 exitAssets) external returns (uint256 assets, uint256 waiting) {
        require(msg.sender == address(pool), OnlyPool(msg.sender, address(pool)));
        return _payEpochs(mostAssets, exitAssets);
    }

    // Prices

    /// @inheritdoc ERC4626
    function totalAssets() public view override returns (uint256 exit) {
        (, exit) = pool.trancheAssets(tranche);
    }

    /// @inheritdoc ERC4626
    function previewDeposit(uint256 assets) public view override returns (uint256 sharesDown) {
        return assets.mulDiv(_allShares(), _entryAssets());
    }

    /// @inheritdoc ERC4626
    function previewMint(uint256 shares) public view override returns (uint256 assetsUp) {
        return shares.mulDiv(_entryAssets(), _allShares(), Math.Rounding.Ceil);
    }

    /// @inheritdoc ERC4626
    /// @dev Always reverts, as ERC-7540 demands: what is paid is known when the epoch is closed.
    function previewWithdraw(uint256) public pure override returns (uint256) {
        revert PreviewUnsupported();
    }

    /// @inheritdoc ERC4626
    /// @dev Always reverts, as ERC-7540 demands: what is paid is known when the epoch is closed.
    function previewRedeem(uint256) public pure override returns (uint256) {
        revert PreviewUnsupported();
    }

    /// @inheritdoc ITrancheVault
    function pendingAssets() external view returns (uint256) {
        return convertToAssets(balanceOf(address(this)));
    }

    // Limits: they never revert, and what they name succeeds

    /// @inheritdoc ERC4626
    function maxDeposit(address receiver) public view override returns (uint256) {
        if (!_isLender(receiver)) return 0;
        uint256 room = MOST_SHARES.saturatingSub(totalSupply());
        uint256 within = (room + 1).mulDiv(_entryAssets(), _allShares(), Math.Rounding.Ceil) - 1;
        return Math.min(pool.fundable(tranche), within);
    }

    /// @inheritdoc ERC4626
    function maxMint(address receiver) public view override returns (uint256) {
        if (!_isLender(receiver)) return 0;
        return Math.min(previewDeposit(pool.fundable(tranche)), MOST_SHARES.saturatingSub(totalSupply()));
    }

    /// @inheritdoc ERC4626
    /// @return assets minor units that the controller can claim now
    function maxWithdraw(address controller) public view override returns (uint256 assets) {
        if (registry.isAdmitted(controller)) (, assets) = _claimable(controller);
    }

    /// @inheritdoc ERC4626
    /// @return shares that the controller can claim now
    function maxRedeem(address controller) public view override returns (uint256 shares) {
        if (registry.isAdmitted(controller)) (shares,) = _claimable(controller);
    }

    // Standards

    /// @inheritdoc IERC7575
    function share() external view returns (address) {
        return address(this);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC7540Redeem).interfaceId || interfaceId == type(IERC7540Operator).interfaceId
            || interfaceId == VAULT_INTERFACE || interfaceId == type(IERC165).interfaceId;
    }

    /// @inheritdoc ERC4626
    function decimals() public view override(ERC20, ERC4626) returns (uint8) {
        return super.decimals();
    }

    // Internals

    function _decimalsOffset() internal pure override returns (uint8) {
        return SHARE_DECIMALS_ABOVE_CASH;
    }

    /// @dev Takes the money that the pool has booked. The registry is asked for the receiver when the shares are minted,
    /// and here for a caller that is another.
    function _issue(uint256 assets, uint256 shares, address receiver) private {
        if (msg.sender != receiver) registry.requireRole(msg.sender, Roles.LENDER);
        uint256 supply = totalSupply() + shares;
        require(supply <= MOST_SHARES, SharesTooMany(supply, MOST_SHARES));

        _mint(receiver, shares);
        emit Deposit(msg.sender, receiver, assets, shares);

        ERC20(asset()).safeTransferFrom(msg.sender, address(pool), assets);
    }

    function _pay(uint256 assets, uint256 shares, address receiver, address controller) private {
        emit Withdraw(msg.sender, receiver, controller, assets, shares);
        if (assets != 0) pool.payClaim(receiver, assets);
    }

    /// @dev Shares move among admitted lenders only. They are handed in for whoever still may act, role or not, so that a
    /// lender whose role has ended can leave.
    function _update(address from, address to, uint256 shares) internal override {
        require(to != address(this), SharesToVault());
        if (to != address(0)) registry.requireRole(to, Roles.LENDER);
        if (from != address(0) && to != address(0) && from != to) registry.requireRole(from, Roles.LENDER);
        super._update(from, to, shares);
    }

    function _requireLenders(address first, address second) private view {
        registry.requireRole(first, Roles.LENDER);
        registry.requireRole(second, Roles.LENDER);
        registry.requireAdmitted(msg.sender, msg.sender);
    }

    function _isLender(address account) private view returns (bool) {
        return registry.isAdmitted(account) && registry.membershipOf(account).roles & Roles.LENDER != 0;
    }

    /// @return minor units that all shares would be bought at, with the virtual one
    function _entryAssets() private view returns (uint256) {
        (uint256 entry,) = pool.trancheAssets(tranche);
        return entry + VIRTUAL_ASSETS;
    }

    function _allShares() private view returns (uint256) {
        return totalSupply() + VIRTUAL_SHARES;
    }
}
