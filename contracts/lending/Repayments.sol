// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ParkedPayouts} from "../libraries/ParkedPayouts.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {FinancingId} from "../types/Ids.sol";
import {PaymentBook} from "./PaymentBook.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Money that comes back, by the waterfall. Nothing here can be stopped.
abstract contract Repayments is IFinancingDesk, PaymentBook, ParkedPayouts {
    using SafeERC20 for IERC20;
    using Waterfall for Waterfall.Claims;

    // By anyone

    /// @inheritdoc IFinancingDesk
    function repay(FinancingId id, uint256 amount) external nonReentrant returns (uint256 taken) {
        return _repay(id, amount);
    }

    /// @inheritdoc IFinancingDesk
    function repayWithPermit(FinancingId id, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
        returns (uint256 taken)
    {
        IERC20Permit cash = IERC20Permit(address(_load(id).usage.pool.cash()));
        // Whoever hands the permit in first does not stop the payment: the allowance is there either way.
        try cash.permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        return _repay(id, amount);
    }

    // By the collateral

    /// @inheritdoc IFinancingDesk
    function applyProceeds(FinancingId id, uint256 amount)
        external
        nonReentrant
        returns (uint256 toPool, uint256 toSupplier)
    {
        Account memory its = _current(id);
        _requireCollateral(id, its);
        require(its.debt.state != State.Released, FinancingStateWrong(id, its.debt.state, State.Open));

        toSupplier = _share(id, its, _claims(its), amount);
        if (toSupplier != 0 && its.usage.flags & CLAIMED != 0) toSupplier -= _payRecourse(its, toSupplier);
        toPool = amount - toSupplier;

        _payOrPark(its.usage.pool.cash(), msg.sender, its.line.supplier, toSupplier);
    }

    // Internals

    function _repay(FinancingId id, uint256 amount) private returns (uint256 taken) {
        Account memory its = _current(id);
        // What insurers have paid is still theirs when the source of money has all that it is owed.
        if (its.debt.state != State.Repaid || its.debt.marks & COVERED == 0) _requireLive(id, its);
        Waterfall.Claims memory claims = _claims(its);
        uint256 due = claims.total();
        if (_isShared(its)) due += _coverDue(id, its);
        taken = Math.min(amount, due);
        require(taken != 0, RepaymentZero(id));

        its.special = AHEAD;
        _share(id, its, claims, taken);
    }

    /// @dev Otherwise anyone could poke the money out again, with a new fee, against the will of whoever repaid it. Where
    /// the count is full it stays there: no repayment is refused because of it. What falls to insurers is none of it: it
    /// was never lent, and paid to them directly it is not counted either.
    function _countAhead(Debt memory debt, uint256 taken) private pure {
        // Safe: 48 bits, and what is owed, which has few more.
        unchecked {
            uint256 ahead = debt.repaidAhead + taken;
            debt.repaidAhead = ahead > type(uint48).max ? type(uint48).max : uint48(ahead);
        }
    }

    /// @dev What has backed it before may still bring something in.
    function _requireCollateral(FinancingId id, Account memory its) private view {
        address collateral = address(its.anchor.collateral);
        bool backs = msg.sender == collateral;
        if (!backs && its.debt.marks & HANDED_OVER != 0) backs = _hasBacked(id, msg.sender);
        require(backs, OnlyCollateralOf(id, msg.sender, collateral));
    }

    /// @dev The supplier's rest of one financing pays the one that it answers for. The one may just have been paid itself.
    function _payRecourse(Account memory its, uint256 rest) private returns (uint256 taken) {
        FinancingId claim = _facilityOf(its).covenants.recourseTo;
        if (FinancingId.unwrap(claim) == 0) return 0;
        Account memory claimed = _current(claim);
        Waterfall.Claims memory claims = _claims(claimed);
        taken = Math.min(rest, claims.total() + _coverDue(claim, claimed));
        _share(claim, claimed, claims, taken);
    }

    /// @dev Insurers do not pay themselves: their own payment is the source's alone.
    function _isShared(Account memory its) private view returns (bool) {
        return its.debt.marks & COVERED != 0 && msg.sender != address(_cover);
    }

    /// @dev Premiums first, then the source of money, then what insurers have paid: all by allowance of the caller.
    /// @return rest minor units that stay with the caller
    function _share(FinancingId id, Account memory its, Waterfall.Claims memory claims, uint256 amount)
        private
        returns (uint256 rest)
    {
        if (!_isShared(its)) return _settle(id, its, claims, amount);
        IERC20 cash = IERC20(its.usage.pool.cash());
        uint256 premium = Math.min(amount, _cover.premiumDue(id));
        if (premium != 0) {
            cash.safeTransferFrom(msg.sender, address(_cover), premium);
            _cover.bookPremium(id, premium);
        }
        rest = _settle(id, its, claims, amount - premium);
        uint256 recovery = Math.min(rest, _cover.subrogatedDue(id));
        if (recovery != 0) {
            cash.safeTransferFrom(msg.sender, address(_cover), recovery);
            _cover.bookRecovery(id, recovery);
        }
        rest -= recovery;
    }

    /// @dev Takes what falls to the source of money from the caller, by allowance.
    /// @return residual minor units that stay with the caller
    function _settle(FinancingId id, Account memory its, Waterfall.Claims memory claims, uint256 amount)
        private
        returns (uint256 residual)
    {
        Waterfall.Split memory parts = Waterfall.split(amount, claims);
        residual = parts.residual;
        if (its.special & AHEAD != 0) _countAhead(its.debt, amount - residual);
        IFundingSource.Receipt memory receipt = _bookPayment(id, its, parts, amount - residual, claims.total());
        if (amount == residual) return residual;

        _bring(its.usage.pool, receipt, amount - residual);
        if (parts.principal != 0) _giveExposure(id, its, parts.principal);
        if (_impairmentOf(id, its) > its.debt.principal) _impair(id, its, its.debt.principal);
    }

    function _bring(IFundingSource pool, IFundingSource.Receipt memory receipt, uint256 amount) private {
        IERC20(pool.cash()).safeTransferFrom(msg.sender, address(pool), amount);
        pool.collect(receipt);
    }
}
