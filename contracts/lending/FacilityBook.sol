// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {FacilityId} from "../types/Ids.sol";
import {Rates} from "../types/Rates.sol";
import {Roles} from "../types/Roles.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {ILendingPool} from "./interfaces/ILendingPool.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title The lines that have been granted: the part of the desk that the operator's offices write.
abstract contract FacilityBook is IFinancingDesk, AccessManaged {
    /// @dev Two words: a draw reads and writes them each time. The interface's widths do not fit into two.
    struct FacilityRecord {
        address supplier;
        uint64 limit;
        uint16 discountRateBps;
        uint16 feeBps;
        ILendingPool pool;
        uint56 drawn;
        uint40 expiresAt;
    }

    IParticipantRegistry public immutable registry;

    mapping(FacilityId => FacilityRecord) internal _facilities;
    mapping(ILendingPool => bool) public isPoolListed;
    mapping(ICollateral => bool) public isCollateralListed;
    uint64 private _facilityCount;

    constructor(IParticipantRegistry registry_) {
        registry = registry_;
    }

    // By the governor

    /// @inheritdoc IFinancingDesk
    function listPool(ILendingPool pool, bool listed) external restricted {
        isPoolListed[pool] = listed;
        emit PoolListed(pool, listed);
    }

    /// @inheritdoc IFinancingDesk
    function listCollateral(ICollateral collateral, bool listed) external restricted {
        isCollateralListed[collateral] = listed;
        emit CollateralListed(collateral, listed);
    }

    // By the credit officer

    /// @inheritdoc IFinancingDesk
    function openFacility(FacilityTerms calldata terms) external restricted returns (FacilityId id) {
        _requireInRange(terms);
        require(isPoolListed[terms.pool], PoolUnlisted(terms.pool));
        registry.requireRole(terms.supplier, Roles.SUPPLIER);

        id = FacilityId.wrap(++_facilityCount);
        _facilities[id] = FacilityRecord({
            supplier: terms.supplier,
            limit: terms.limit,
            discountRateBps: terms.discountRateBps,
            feeBps: terms.feeBps,
            pool: terms.pool,
            drawn: 0,
            expiresAt: terms.expiresAt
        });
        emit FacilityOpened(
            id, terms.supplier, terms.pool, terms.limit, terms.discountRateBps, terms.feeBps, terms.expiresAt
        );
    }

    /// @inheritdoc IFinancingDesk
    function setLadder(FacilityId id, ICollateral collateral, ICollateral.Step[] calldata steps) external restricted {
        _known(id);
        require(isCollateralListed[collateral], CollateralUnlisted(collateral));

        collateral.setLadder(id, steps);
    }

    // Views

    /// @inheritdoc IFinancingDesk
    function facility(FacilityId id) external view returns (Facility memory) {
        FacilityRecord storage record = _known(id);
        return Facility({
            supplier: record.supplier,
            pool: record.pool,
            limit: record.limit,
            drawn: record.drawn,
            discountRateBps: record.discountRateBps,
            feeBps: record.feeBps,
            expiresAt: record.expiresAt
        });
    }

    // Internals

    function _known(FacilityId id) internal view returns (FacilityRecord storage record) {
        record = _facilities[id];
        require(record.supplier != address(0), FacilityUnknown(id));
    }

    function _requireInRange(FacilityTerms calldata terms) private view {
        address supplier = terms.supplier;
        uint256 most = type(uint56).max;
        require(terms.limit != 0 && terms.limit <= most, FacilityLimitOutOfRange(supplier, terms.limit, most));
        uint256 rateBps = terms.discountRateBps;
        require(rateBps <= Rates.BPS, DiscountRateTooHigh(supplier, rateBps, Rates.BPS));
        require(terms.feeBps <= Rates.BPS, FeeTooHigh(supplier, terms.feeBps, Rates.BPS));
        uint256 expiresAt = terms.expiresAt;
        require(expiresAt > block.timestamp, FacilityEndInPast(supplier, expiresAt, block.timestamp));
    }
}
