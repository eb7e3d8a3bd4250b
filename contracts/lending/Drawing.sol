// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memberships} from "../access/Memberships.sol";
import {Accrual} from "../libraries/Accrual.sol";
import {DayCounts} from "../libraries/DayCounts.sol";
import {ParkedPayouts} from "../libraries/ParkedPayouts.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {FinancingBook} from "./FinancingBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Draws: what base, limit, cash and caps leave room for, from state alone, so that it does not matter who calls.
abstract contract Drawing is IFinancingDesk, FinancingBook, ParkedPayouts {
    using SafeCast for uint256;
    using Waterfall for Waterfall.Claims;

    // By anyone

    /// @inheritdoc IFinancingDesk
    function poke(FinancingId id) external nonReentrant returns (uint256 drawn) {
        return _draw(id, 0);
    }

    // Views

    /// @inheritdoc IFinancingDesk
    function availability(FinancingId id) external view returns (uint256 base, uint256 available) {
        Account memory its = _current(id);
        if (its.debt.state != State.Released) base = its.anchor.collateral.borrowingBase(id);
        if (!_mayDraw(its) || !_isOfSeller(its)) return (base, 0);
        available = Math.min(_room(its, base, _taken(its, _commitmentDue(its))), _limitLeft(its));
        available = Math.min(available, its.usage.pool.lendable());
        available = Math.min(available, _concentration.room(id));
    }

    // Internals

    /// @param subject the financing's consignment where the caller knows it, so that the adapter need not look it up
    function _draw(FinancingId id, bytes32 subject) internal returns (uint256 amount) {
        Account memory its = _load(id);
        if (!_mayDraw(its)) return 0;
        ICollateral collateral = its.anchor.collateral;
        uint256 base = subject == 0 ? collateral.borrowingBase(id) : collateral.borrowingBaseOf(id, subject);
        bool isFirst = its.debt.accruedAt == 0;
        _accrue(its);
        uint256 commitment = _commitmentDue(its);
        // Nothing is owed before the first draw.
        uint256 taken = isFirst ? commitment : _taken(its, commitment);
        amount = _lend(id, its, _room(its, base, taken));
        if (amount == 0) return 0;

        if (commitment != 0) _chargeCommitment(id, its, commitment);
        if (isFirst) its.debt.accruedAt = uint40(DayCounts.clock(its.usage.dayCount, block.timestamp));
        _bookDraw(id, its, amount, base);
        if (!isFirst) _financings[id].accruals = its.accruals;
    }

    function _mayDraw(Account memory its) private view returns (bool) {
        bool isOpen = its.debt.state == State.Open && its.debt.marks & IMPAIRED == 0 && its.accruals.writtenOff == 0;
        bool inTime = block.timestamp < its.usage.expiresAt && block.timestamp < _endOf(its.anchor.maturityDay);
        return isOpen && inTime && its.usage.flags & CLAIMED == 0;
    }

    /// @return minor units that are owed, or have been repaid ahead and are not drawn again
    function _taken(Account memory its, uint256 commitment) private pure returns (uint256) {
        return _claims(its).total() + its.debt.repaidAhead + commitment;
    }

    /// @return minor units that the base leaves, so that with the draw's own charges all that is owed stays within it
    function _room(Account memory its, uint256 base, uint256 taken) private pure returns (uint256) {
        if (base <= taken) return 0;
        return Rounding.beforeFeeDown(base - taken, uint256(its.line.feeBps) + its.line.reserveBps);
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
        debt.principal = (debt.principal + amount).toUint48();
        debt.feesDue = (debt.feesDue + fee).toUint48();
        debt.reserveDue = (debt.reserveDue + reserve).toUint48();
        _storeDebt(id, debt);
        // Safe: at most the limit.
        _facilityOf(its).usage.drawn = uint48(its.usage.drawn + amount);
        FacilityId facilityId = FacilityId.wrap(its.anchor.facility);
        emit Drawn(id, facilityId, its.line.supplier, amount, fee, reserve, base, debt.principal);
    }

    /// @dev Whoever is frozen is still of the group, and finds the money parked.
    function _isOfSeller(Account memory its) private view returns (bool) {
        return Memberships.groupOf(Memberships.lookUp(registry, its.line.supplier)) == its.anchor.sellerGroup;
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
