// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DayCounts} from "../libraries/DayCounts.sol";
import {FacilityId, OrganisationId} from "../types/Ids.sol";
import {Rates} from "../types/Rates.sol";
import {Roles} from "../types/Roles.sol";
import {FinancingBook} from "./FinancingBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IDrawPurposes} from "./interfaces/IDrawPurposes.sol";
import {IFinancingCover} from "./interfaces/IFinancingCover.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";

/// @title What the operator's offices write in the desk: grants, limits, listings, the stop.
abstract contract DeskOffices is FinancingBook {
    // By the governor and the guardian

    /// @notice See `IFinancingDesk`.
    function listPool(IFundingSource pool, bool listed) external restricted {
        _isPoolListed[pool] = listed;
        emit IFinancingDesk.PoolListed(pool, listed);
    }

    /// @notice See `IFinancingDesk`.
    function listCollateral(ICollateral collateral, bool listed) external restricted {
        _isCollateralListed[collateral] = listed;
        emit IFinancingDesk.CollateralListed(collateral, listed);
    }

    /// @notice See `IFinancingDesk`.
    function setServicing(address servicing_) external restricted {
        _requireUnset(servicing_, _servicing);
        _servicing = servicing_;
        emit IFinancingDesk.ServicingSet(servicing_);
    }

    /// @notice See `IFinancingDesk`.
    function setApplications(address applications_) external restricted {
        _requireUnset(applications_, _applications);
        _applications = applications_;
        emit IFinancingDesk.ApplicationsSet(applications_);
    }

    /// @notice See `IFinancingDesk`.
    function setCover(IFinancingCover cover_) external restricted {
        _requireUnset(address(cover_), address(_cover));
        _cover = cover_;
        emit IFinancingDesk.CoverSet(cover_);
    }

    /// @notice See `IFinancingDesk`.
    function setPurposes(IDrawPurposes purposes_) external restricted {
        _requireUnset(address(purposes_), address(_purposes));
        _purposes = purposes_;
        emit IFinancingDesk.PurposesSet(purposes_);
    }

    /// @notice See `IFinancingDesk`.
    function stop(IFinancingDesk.Stoppable what) external restricted {
        _isStopped[what] = true;
        emit IFinancingDesk.Stopped(what, msg.sender);
    }

    /// @notice See `IFinancingDesk`.
    function resume(IFinancingDesk.Stoppable what) external restricted {
        _isStopped[what] = false;
        emit IFinancingDesk.Resumed(what, msg.sender);
    }

    // By the credit officer

    /// @notice See `IFinancingDesk`.
    function openFacility(IFinancingDesk.FacilityTerms calldata terms) external restricted returns (FacilityId id) {
        _requireInRange(terms);
        require(_isPoolListed[terms.pool], IFinancingDesk.PoolUnlisted(terms.pool));
        OrganisationId organisation = registry.requireRole(terms.supplier, Roles.SUPPLIER).organisation;

        id = FacilityId.wrap(uint64(++_facilityCount));
        _organisationOf[id] = organisation;
        FacilityRecord storage its = _facilities[id];
        // The casts are safe: _requireInRange bounds limit and end.
        its.line = Line(terms.supplier, uint48(terms.limit), terms.discountRateBps, terms.feeBps, terms.reserveBps);
        its.usage = Usage(terms.pool, 0, uint32(terms.expiresAt), terms.dayCount, _flagsOf(terms));
        Covenants storage covenants = its.covenants;
        covenants.lateFeeBps = terms.lateFeeBps;
        covenants.committedFeeBps = terms.committedFeeBps;
        covenants.graceDays = terms.graceDays;
        covenants.recourse = terms.recourse;
        covenants.committedAt = uint40(DayCounts.clock(terms.dayCount, block.timestamp));
        emit IFinancingDesk.FacilityOpened(id, terms.supplier, terms.pool, terms);
    }

    /// @notice See `IFinancingDesk`.
    function setLadder(FacilityId id, ICollateral collateral, ICollateral.Step[] calldata steps) external restricted {
        _known(id);
        require(_isCollateralListed[collateral], IFinancingDesk.CollateralUnlisted(collateral));

        collateral.setLadder(id, steps);
    }

    /// @notice See `IFinancingDesk`.
    function setLimit(FacilityId id, uint256 limit) external restricted {
        FacilityRecord storage its = _known(id);
        _requireLimit(its.line.supplier, limit);

        _countCommitment(its);
        emit IFinancingDesk.FacilityLimitSet(id, its.line.limit, limit);
        // The cast is safe: _requireLimit bounds it.
        its.line.limit = uint48(limit);
    }

    /// @notice See `IFinancingDesk`.
    function setExpiry(FacilityId id, uint256 expiresAt) external restricted {
        FacilityRecord storage its = _known(id);
        address supplier = its.line.supplier;
        require(expiresAt >= block.timestamp, IFinancingDesk.FacilityEndInPast(supplier, expiresAt, block.timestamp));
        _requireEnd(supplier, expiresAt);

        _countCommitment(its);
        emit IFinancingDesk.FacilityExpirySet(id, its.usage.expiresAt, expiresAt);
        // The cast is safe: _requireEnd bounds it.
        its.usage.expiresAt = uint32(expiresAt);
    }

    // Checks

    function _requireUnset(address wanted, address current) private pure {
        bool fits = wanted != address(0) && current == address(0);
        require(fits, IFinancingDesk.AddressFixed(wanted, current));
    }

    function _flagsOf(IFinancingDesk.FacilityTerms calldata terms) private pure returns (uint8) {
        return (terms.revolving ? REVOLVING : 0) | (terms.committedFeeBps != 0 ? COMMITTED : 0)
            | (terms.earmarked ? EARMARKED : 0);
    }

    function _requireInRange(IFinancingDesk.FacilityTerms calldata terms) private view {
        address supplier = terms.supplier;
        _requireLimit(supplier, terms.limit);
        uint256 rateBps = terms.discountRateBps;
        require(rateBps <= Rates.BPS, IFinancingDesk.DiscountRateTooHigh(supplier, rateBps, Rates.BPS));
        _requireFee(supplier, terms.feeBps);
        _requireFee(supplier, terms.lateFeeBps);
        _requireFee(supplier, terms.reserveBps);
        _requireFee(supplier, terms.committedFeeBps);
        uint256 expiresAt = terms.expiresAt;
        require(expiresAt > block.timestamp, IFinancingDesk.FacilityEndInPast(supplier, expiresAt, block.timestamp));
        _requireEnd(supplier, expiresAt);
        require(!terms.earmarked || address(_purposes) != address(0), IFinancingDesk.PurposesUnset(supplier));
    }

    function _requireLimit(address supplier, uint256 limit) private pure {
        uint256 most = type(uint48).max;
        require(limit != 0 && limit <= most, IFinancingDesk.FacilityLimitOutOfRange(supplier, limit, most));
    }

    function _requireFee(address supplier, uint256 feeBps) private pure {
        require(feeBps <= Rates.BPS, IFinancingDesk.FeeTooHigh(supplier, feeBps, Rates.BPS));
    }

    function _requireEnd(address supplier, uint256 expiresAt) private pure {
        uint256 most = type(uint32).max;
        require(expiresAt <= most, IFinancingDesk.FacilityEndTooFar(supplier, expiresAt, most));
    }
}
