// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {ILendingPool} from "./interfaces/ILendingPool.sol";
import {ITrancheVault} from "./interfaces/ITrancheVault.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title One pot of lenders' money in one currency: counts what comes and goes, and earns by the second.
contract LendingPool is ILendingPool, AccessManaged, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeCast for int256;
    using SafeERC20 for ICashToken;

    /// @notice Interest of the whole pool in one word: what is earned and not yet received, exact, is weight * t - settled.
    /// @param weight sum of principal * discountRateBps
    /// @param settled sum of weight * t at each draw, plus what has been received, less weight * t at each repayment;
    /// signed, because a loss taken later may leave it below zero
    struct Income {
        uint96 weight;
        int160 settled;
    }

    /// @dev Half of the counter's range, so that interest on it can never overflow the other half.
    uint256 private constant MOST_FUNDED = type(uint64).max / 2;

    ICashToken public immutable cash;
    IFinancingDesk public immutable desk;

    Books private _books;
    Income private _income;
    address public vault;

    modifier onlyDesk() {
        require(msg.sender == address(desk), OnlyDesk(msg.sender, address(desk)));
        _;
    }

    modifier onlyVault() {
        require(msg.sender == vault, OnlyVault(msg.sender, vault));
        _;
    }

    constructor(ICashToken cash_, IFinancingDesk desk_, address authority) AccessManaged(authority) {
        cash = cash_;
        desk = desk_;
    }

    // By the operator's offices

    /// @inheritdoc ILendingPool
    function setVault(address vault_) external restricted {
        require(vault == address(0), VaultAlreadySet(vault));
        require(address(ITrancheVault(vault_).pool()) == address(this), VaultOfOtherPool(vault_, address(this)));

        vault = vault_;
        emit VaultSet(vault_);
    }

    /// @inheritdoc ILendingPool
    function takeFees(address to, uint256 amount) external restricted nonReentrant {
        uint256 accruedFees = _books.accruedFees;
        require(amount <= accruedFees, FeesTooLow(amount, accruedFees));

        _books.accruedFees = (accruedFees - amount).toUint64();
        _books.cash = (_books.cash - amount).toUint64();
        emit FeesTaken(to, amount);

        cash.safeTransfer(to, amount);
    }

    // By the desk

    /// @inheritdoc ILendingPool
    function disburse(address to, uint256 amount, uint256 weight) external onlyDesk nonReentrant {
        Books memory books_ = _books;
        uint256 free = books_.cash - books_.accruedFees;
        require(amount <= free, CashTooLow(amount, free));

        _books.cash = (books_.cash - amount).toUint64();
        _books.principalOut = (books_.principalOut + amount).toUint64();
        _reweigh(_income.weight + weight, int256(weight * block.timestamp));
        emit Disbursed(to, amount);

        cash.safeTransfer(to, amount);
    }

    /// @inheritdoc ILendingPool
    function collect(uint256 interest, uint256 settledNumerator, uint256 principal, uint256 weight, uint256 fees)
        external
        onlyDesk
        nonReentrant
    {
        Books memory books_ = _books;
        _books.cash = (books_.cash + interest + principal + fees).toUint64();
        _books.principalOut = (books_.principalOut - principal).toUint64();
        _books.accruedFees = (books_.accruedFees + fees).toUint64();
        // The casts are safe: both are products of a uint96 at most and of seconds.
        _reweigh(_income.weight - weight, int256(settledNumerator) - int256(weight * block.timestamp));
        emit Collected(interest, principal, fees);
    }

    /// @inheritdoc ILendingPool
    function setImpairment(uint256 impairment) external onlyDesk {
        uint256 principalOut = _books.principalOut;
        require(impairment <= principalOut, ImpairmentTooLarge(impairment, principalOut));

        _books.impairment = impairment.toUint64();
        emit ImpairmentChanged(impairment);
    }

    // By the vault

    /// @inheritdoc ILendingPool
    function fund(uint256 assets) external onlyVault nonReentrant {
        uint256 most = fundable();
        require(assets <= most, AmountTooLarge(assets, most));

        _books.cash = (_books.cash + assets).toUint64();
        emit Funded(assets);
    }

    /// @inheritdoc ILendingPool
    function defund(address to, uint256 assets) external onlyVault nonReentrant {
        uint256 free = freeCash();
        require(assets <= free, CashTooLow(assets, free));

        _books.cash = (_books.cash - assets).toUint64();
        emit Defunded(to, assets);

        cash.safeTransfer(to, assets);
    }

    // Views

    /// @inheritdoc ILendingPool
    function books() external view returns (Books memory) {
        return _books;
    }

    /// @inheritdoc ILendingPool
    function freeCash() public view returns (uint256) {
        return _books.cash - _books.accruedFees;
    }

    /// @inheritdoc ILendingPool
    function fundable() public view returns (uint256) {
        uint256 held = uint256(_books.cash) + _books.principalOut;
        return held < MOST_FUNDED ? MOST_FUNDED - held : 0;
    }

    /// @inheritdoc ILendingPool
    function accruedNumerator() public view returns (uint256) {
        Income memory income = _income;
        // The cast is safe: a uint96 times seconds. The sum is never negative: only earned interest is ever settled.
        return (int256(income.weight * block.timestamp) - income.settled).toUint256();
    }

    /// @inheritdoc ILendingPool
    function accruedIncome() public view returns (uint256) {
        return Accrual.interestDown(accruedNumerator());
    }

    /// @inheritdoc ILendingPool
    function grossAssets() public view returns (uint256) {
        Books memory books_ = _books;
        return uint256(books_.cash) + books_.principalOut + accruedIncome() - books_.accruedFees;
    }

    /// @inheritdoc ILendingPool
    function netAssets() external view returns (uint256) {
        return grossAssets() - _books.impairment;
    }

    // Internals

    function _reweigh(uint256 weight, int256 settledChange) private {
        int256 settled = _income.settled + settledChange;
        _income = Income(weight.toUint96(), settled.toInt160());
    }
}
