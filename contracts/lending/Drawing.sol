// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {DayCounts} from "../libraries/DayCounts.sol";
import {ParkedPayouts} from "../libraries/ParkedPayouts.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {FinancingBook} from "./FinancingBook.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Draws: what base, limit, cash and caps leave room for, from state alone, so that it does not matter who calls.
abstract contract Drawing is IFinancingDesk, FinancingBook, ParkedPayouts {
    using SafeCast for uint256;
    using Waterfall for Waterfall.Claims;

    // By anyone

    /// @inheritdoc IFinancingDesk
    function poke(FinancingId id) external nonReentrant returns (uint256 drawn) {
        return _draw(id);
    }

    // Views

    /// @inheritdoc IFinancingDesk
    function availability(FinancingId id) external view returns (uint256 base, uint256 available) {
        Account memory its = _current(id);
        if (its.debt.state != State.Released) base = its.anchor.collateral.borrowingBase(id);
        if (!_mayDraw(its)) return (base, 0);
        available = Math.min(_room(its, base, _taken(its, _commitmentDue(its))), _limitLeft(its));
        available = Math.min(available, its.usage.pool.lendable());
        available = Math.min(available, _concentration.room(id));
    }

    // Internals

    function _draw(FinancingId id) internal returns (uint256 amount) {
        Account memory its = _load(id);
        if (!_mayDraw(its)) return 0;
        uint256 base = its.anchor.collateral.borrowingBase(id);
        bool isFirst = its.debt.accruedAt == 0;
        _accrue(its);
        uint256 commitment = _commitmentDue(its);
        // Nothing is owed before the first draw.
        uint256 taken = isFirst ? commitment : _taken(its, commitment);
        amount = _grant(id, its, _room(its, base, taken));
        if (amount == 0) return 0;

        if (commitment != 0) _chargeCommitment(id, its, commitment);
        if (isFirst) its.debt.accruedAt = uint40(DayCounts.clock(its.usage.dayCount, block.timestamp));
        _bookDraw(id, its, amount, base);
        if (!isFirst) _financings[id].accruals = its.accruals;

        _disburse(its, amount);
    }

    function _mayDraw(Account memory its) private view returns (bool) {
        bool isOpen = its.debt.state == State.Open && its.anchor.impairment == 0 && its.accruals.writtenOff == 0;
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

    /// @dev Takes from the caps what is drawn; says what kept it below the room that the base leaves.
    function _grant(FinancingId id, Account memory its, uint256 wanted) private returns (uint256 amount) {
        if (wanted == 0) return 0;
        Bound bound = Bound.Limit;
        amount = Math.min(wanted, _limitLeft(its));
        if (amount != 0) {
            uint256 cash = its.usage.pool.lendable();
            if (cash < amount) (amount, bound) = (cash, Bound.Cash);
        }
        if (amount != 0) {
            uint256 granted = _concentration.take(id, amount);
            if (granted < amount) (amount, bound) = (granted, Bound.Cap);
        }
        if (amount < wanted) emit DrawDeferred(id, bound, wanted, amount);
    }

    function _bookDraw(FinancingId id, Account memory its, uint256 amount, uint256 base) private {
        (uint256 fee, uint256 reserve) = _charges(its, amount);
        Debt memory debt = its.debt;
        debt.principal = (debt.principal + amount).toUint48();
        debt.feesDue = (debt.feesDue + fee).toUint48();
        debt.reserveDue = (debt.reserveDue + reserve).toUint48();
        _financings[id].debt = debt;
        // Safe: at most the limit.
        _facilityOf(its).usage.drawn = uint48(its.usage.drawn + amount);
        FacilityId facilityId = FacilityId.wrap(its.anchor.facility);
        emit Drawn(id, facilityId, its.line.supplier, amount, fee, reserve, base, debt.principal);
    }

    /// @dev A supplier that cannot take the money now finds it parked here; the financing is the same either way.
    function _disburse(Account memory its, uint256 amount) private {
        (IFundingSource pool, address supplier) = (its.usage.pool, its.line.supplier);
        uint256 weight = Accrual.weightOf(amount, its.line.discountRateBps, its.usage.dayCount);
        try pool.disburse(supplier, amount, weight, its.usage.dayCount) {}
        catch {
            _park(pool.cash(), supplier, amount);
            pool.disburse(address(this), amount, weight, its.usage.dayCount);
        }
    }
}
