// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {FinancingBook} from "./FinancingBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";

/// @title What may be read of the desk.
abstract contract DeskViews is IFinancingDesk, FinancingBook {
    using Waterfall for Waterfall.Claims;

    // Listings

    /// @inheritdoc IFinancingDesk
    function concentration() external view returns (IConcentration) {
        return _concentration;
    }

    /// @inheritdoc IFinancingDesk
    function servicing() external view returns (address) {
        return _servicing;
    }

    /// @inheritdoc IFinancingDesk
    function applications() external view returns (address) {
        return _applications;
    }

    /// @inheritdoc IFinancingDesk
    function isStopped(Stoppable what) external view returns (bool) {
        return _isStopped[what];
    }

    /// @inheritdoc IFinancingDesk
    function isPoolListed(IFundingSource pool) external view returns (bool) {
        return _isPoolListed[pool];
    }

    /// @inheritdoc IFinancingDesk
    function isCollateralListed(ICollateral collateral) external view returns (bool) {
        return _isCollateralListed[collateral];
    }

    // Facilities

    /// @inheritdoc IFinancingDesk
    function facilityCount() external view returns (uint256) {
        return _facilityCount;
    }

    /// @inheritdoc IFinancingDesk
    function facility(FacilityId id) external view returns (Facility memory its) {
        FacilityRecord storage record = _known(id);
        Line memory line = record.line;
        Usage memory usage = _usageOf(record);
        Covenants memory covenants = record.covenants;
        its.terms = FacilityTerms({
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
            expiresAt: usage.expiresAt
        });
        its.drawn = usage.drawn;
        its.recourseTo = covenants.recourseTo;
    }

    /// @inheritdoc IFinancingDesk
    function commitmentDue(FacilityId id) external view returns (uint256) {
        return Accrual.interestUp(_commitment(_known(id)));
    }

    // Financings

    /// @inheritdoc IFinancingDesk
    function financingCount() external view returns (uint256) {
        return _financingCount;
    }

    /// @inheritdoc IFinancingDesk
    function requireActing(FacilityId id) external view {
        _requireActing(id, _known(id).line.supplier);
    }

    /// @inheritdoc IFinancingDesk
    function requireUnclaimed(FinancingId id) external view {
        FacilityId facilityId = FacilityId.wrap(_financings[id].anchor.facility);
        _requireNoRecourse(facilityId, _facilities[facilityId]);
    }

    /// @inheritdoc IFinancingDesk
    function financing(FinancingId id) external view returns (Financing memory its) {
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

    /// @inheritdoc IFinancingDesk
    function owed(FinancingId id) external view returns (Waterfall.Claims memory) {
        return _claims(_current(id));
    }

    /// @inheritdoc IFinancingDesk
    function owedInAll(FinancingId id) external view returns (uint256) {
        return _claims(_current(id)).total();
    }

    /// @inheritdoc IFinancingDesk
    function maturityOf(FinancingId id) external view returns (uint256 day, uint256 overdueFrom) {
        Anchor memory anchor = _load(id).anchor;
        return (anchor.maturityDay, _overdueFrom(anchor));
    }
}
