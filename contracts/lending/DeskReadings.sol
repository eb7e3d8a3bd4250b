// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Waterfall} from "../libraries/Waterfall.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {DrawBook} from "./DrawBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What may be read of the desk and takes much code to answer: it lies in a part, as what is seldom called.
abstract contract DeskReadings is DrawBook {
    using Waterfall for Waterfall.Claims;

    /// @notice See `IFinancingDesk`.
    function facility(FacilityId id) external view returns (IFinancingDesk.Facility memory its) {
        FacilityRecord storage record = _known(id);
        Line memory line = record.line;
        Usage memory usage = _usageOf(record);
        Covenants memory covenants = record.covenants;
        its.terms = IFinancingDesk.FacilityTerms({
            supplier: line.supplier,
            pool: usage.pool,
            limit: line.limit,
            discountRateBps: line.discountRateBps,
            dayCount: usage.dayCount,
            feeBps: line.feeBps,
            lateFeeBps: covenants.lateFeeBps,
            reserveBps: line.reserveBps,
            committedFeeBps: covenants.committedFeeBps,
            graceDays: covenants.graceDays,
            recourse: covenants.recourse,
            revolving: usage.flags & REVOLVING != 0,
            earmarked: usage.flags & EARMARKED != 0,
            expiresAt: usage.expiresAt
        });
        its.drawn = usage.drawn;
        its.recourseTo = covenants.recourseTo;
    }

    /// @notice See `IFinancingDesk`.
    function financing(FinancingId id) external view returns (IFinancingDesk.Financing memory its) {
        Account memory account = _load(id);
        (Anchor memory anchor, Debt memory debt) = (account.anchor, account.debt);
        Accruals memory accruals = _financings[id].accruals;
        its.facility = FacilityId.wrap(anchor.facility);
        its.state = debt.state;
        its.principal = debt.principal;
        its.feesDue = debt.feesDue;
        its.reserveDue = debt.reserveDue;
        its.writtenOff = accruals.writtenOff;
        its.impairment = _impairmentOf(id, account);
        its.repaidAhead = debt.repaidAhead;
        its.accruedAt = debt.accruedAt;
        its.accruedNumerator = accruals.interest;
        its.lateNumerator = accruals.late;
        its.graceSpent = debt.graceSpent;
        its.openedDay = accruals.openedDay;
        its.maturityDay = anchor.maturityDay;
        its.collateral = anchor.collateral;
        (its.itemId, its.subject,) = anchor.collateral.pledgeOf(id);
    }

    /// @notice See `IFinancingDesk`.
    function earlierCollateral(FinancingId id) external view returns (ICollateral[] memory) {
        return _earlier[id];
    }

    /// @notice See `IFinancingDesk`.
    function owedInAll(FinancingId id) external view returns (uint256) {
        Account memory its = _current(id);
        return _claims(its).total() + _coverDue(id, its);
    }

    /// @notice See `IFinancingDesk`.
    function maturityOf(FinancingId id) external view returns (uint256 day, uint256 overdueFrom) {
        Anchor memory anchor = _outlineOf(id).anchor;
        return (anchor.maturityDay, _overdueFrom(anchor));
    }

    /// @notice See `IFinancingDesk`.
    function requireActing(FacilityId id) external view {
        _requireActing(id, _known(id).line.supplier);
    }

    /// @notice See `IFinancingDesk`.
    function requireUnclaimed(FinancingId id) external view {
        FacilityId facilityId = FacilityId.wrap(_financings[id].anchor.facility);
        _requireNoRecourse(facilityId, _facilities[facilityId]);
    }

    /// @notice See `IFinancingDesk`.
    function availability(FinancingId id) external view returns (uint256 base, uint256 available) {
        Account memory its = _current(id);
        if (its.debt.state != IFinancingDesk.State.Released) base = its.anchor.collateral.borrowingBase(id);
        if (!_mayDraw(its) || !_isOfSeller(its)) return (base, 0);
        available = Math.min(_room(its, base, _taken(id, its, _commitmentDue(its))), _limitLeft(its));
        available = Math.min(available, its.usage.pool.lendable());
        available = Math.min(available, _concentration.room(id));
        if (its.usage.flags & EARMARKED != 0) available = Math.min(available, _purposes.room(id));
    }
}
