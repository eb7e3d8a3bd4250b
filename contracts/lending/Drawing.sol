// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {DayCounts} from "../libraries/DayCounts.sol";
import {ParkedPayouts} from "../libraries/ParkedPayouts.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {DrawBook} from "./DrawBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Draws: what base, limit, cash and caps leave room for, from state alone, so that it does not matter who calls.
abstract contract Drawing is IFinancingDesk, DrawBook, ParkedPayouts {
    using SafeCast for uint256;

    // By anyone

    /// @inheritdoc IFinancingDesk
    function poke(FinancingId id) external nonReentrant returns (uint256 drawn) {
        return _draw(id, 0);
    }

    // Internals

    /// @param subject the financing's consignment where the caller knows it, so that the adapter need not look it up
    function _draw(FinancingId id, bytes32 subject) internal returns (uint256 amount) {
        Account memory its = _load(id);
        if (!_mayDraw(its)) return 0;
        ICollateral collateral = its.anchor.collateral;
        its.special = its.debt.marks & (HANDED_OVER | COVERED) | its.usage.flags & EARMARKED;
        // Once handed over a financing may watch more consignments than its pledge's own.
        if (its.special & HANDED_OVER != 0) subject = 0;
        uint256 base = subject == 0 ? collateral.borrowingBase(id) : collateral.borrowingBaseOf(id, subject);
        bool isFirst = its.debt.accruedAt == 0;
        _accrue(its);
        uint256 commitment = _commitmentDue(its);
        // Nothing is owed before the first draw, but for premiums.
        uint256 taken = isFirst && its.special & COVERED == 0 ? commitment : _taken(id, its, commitment);
        amount = _lend(id, its, _room(its, base, taken));
        if (amount == 0) return 0;

        if (commitment != 0) _chargeCommitment(id, its, commitment);
        if (isFirst) its.debt.accruedAt = uint40(DayCounts.clock(its.usage.dayCount, block.timestamp));
        _bookDraw(id, its, amount, base);
        if (!isFirst) _financings[id].accruals = its.accruals;
        if (its.special & EARMARKED != 0) _purposes.pay(id, amount);
    }

    /// @dev Takes from the caps what is drawn, and has it paid; says what kept it below the room that the base leaves.
    /// The money goes before it is booked here, because only the source knows how much it has, and asking it first would
    /// have it look at everything twice. That is safe: source, caps and cash are contracts of the network that call nobody
    /// back, and the desk's guard is closed meanwhile.
    function _lend(FinancingId id, Account memory its, uint256 wanted) private returns (uint256 amount) {
        if (wanted == 0) return 0;
        Bound bound = Bound.Limit;
        amount = Math.min(wanted, _limitLeft(its));
        if (amount != 0 && !_isOfSeller(its)) (amount, bound) = (0, Bound.Payee);
        if (its.special & EARMARKED != 0 && amount != 0) {
            uint256 room = _purposes.room(id);
            if (room < amount) (amount, bound) = (room, Bound.Payee);
            // The payee of this draw, which is not kept: it goes on to its purpose in this call.
            its.line.supplier = address(_purposes);
        }
        if (amount != 0) {
            uint256 granted = _takeExposure(id, its, amount);
            if (granted < amount) (amount, bound) = (granted, Bound.Cap);
        }
        if (amount != 0) {
            uint256 paid = _disburse(its, amount);
            if (paid < amount) {
                _giveExposure(id, its, amount - paid);
                (amount, bound) = (paid, Bound.Cash);
            }
        }
        if (amount < wanted) emit DrawDeferred(id, bound, wanted, amount);
    }

    function _bookDraw(FinancingId id, Account memory its, uint256 amount, uint256 base) private {
        (uint256 fee, uint256 reserve) = _charges(its, amount);
        Debt memory debt = its.debt;
        // Safe: what is out has been drawn, and with this draw that is at most the limit.
        unchecked {
            debt.principal += uint48(amount);
        }
        debt.feesDue = (debt.feesDue + fee).toUint48();
        debt.reserveDue = (debt.reserveDue + reserve).toUint48();
        _storeDebt(id, debt);
        // Safe: at most the limit.
        _facilityOf(its).usage.drawn = uint48(its.usage.drawn + amount);
        FacilityId facilityId = FacilityId.wrap(its.anchor.facility);
        emit Drawn(id, facilityId, its.line.supplier, amount, fee, reserve, base, debt.principal);
    }

    /// @dev The source is asked what it has only after it has refused. A supplier that cannot take the money now finds it
    /// parked here; the financing is the same either way.
    /// @return paid minor units, at most `amount`
    function _disburse(Account memory its, uint256 amount) private returns (uint256 paid) {
        if (_isPaid(its, amount)) return amount;
        paid = Math.min(amount, its.usage.pool.lendable());
        if (paid == 0 || (paid < amount && _isPaid(its, paid))) return paid;
        _park(its.usage.pool.cash(), its.line.supplier, paid);
        its.usage.pool.disburse(address(this), paid, _weightOf(its, paid), its.usage.dayCount);
    }

    function _isPaid(Account memory its, uint256 amount) private returns (bool) {
        try its.usage.pool.disburse(its.line.supplier, amount, _weightOf(its, amount), its.usage.dayCount) {
            return true;
        } catch {
            return false;
        }
    }

    function _weightOf(Account memory its, uint256 amount) private pure returns (uint256) {
        return Accrual.weightOf(amount, its.line.discountRateBps, its.usage.dayCount);
    }
}
