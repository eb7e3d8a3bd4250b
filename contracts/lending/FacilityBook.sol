// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Accrual} from "../libraries/Accrual.sol";
import {DayCounts} from "../libraries/DayCounts.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {DayCount, Rates} from "../types/Rates.sol";
import {Roles} from "../types/Roles.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The lines that have been granted: the part of the desk that the operator's offices write.
abstract contract FacilityBook is IFinancingDesk, AccessManaged {
    using SafeCast for uint256;

    /// @notice What a draw reads of a facility's terms. One word.
    struct Line {
        address supplier;
        uint48 limit;
        uint16 discountRateBps;
        uint16 feeBps;
        uint16 reserveBps;
    }

    /// @notice What a draw reads and writes. One word.
    /// @param flags REVOLVING, COMMITTED, CLAIMED: what a draw or a repayment would otherwise read a third word for
    struct Usage {
        IFundingSource pool;
        uint48 drawn;
        uint32 expiresAt;
        DayCount dayCount;
        uint8 flags;
    }

    /// @notice What only arrears, recourse and committed facilities need. One word.
    /// @param committedAt seconds on the facility's clock until which the committed fee has been counted
    /// @param committedNumerator committed fee counted and not charged, times `Rates.INTEREST_DENOMINATOR`
    struct Covenants {
        uint16 lateFeeBps;
        uint16 committedFeeBps;
        uint8 graceDays;
        bool recourse;
        FinancingId recourseTo;
        uint40 committedAt;
        uint104 committedNumerator;
    }

    struct FacilityRecord {
        Line line;
        Usage usage;
        Covenants covenants;
    }

    /// @dev Repaid principal frees the limit.
    uint8 internal constant REVOLVING = 1;
    /// @dev A fee is due on the undrawn limit.
    uint8 internal constant COMMITTED = 2;
    /// @dev A financing is under recourse: nothing is drawn.
    uint8 internal constant CLAIMED = 4;

    IParticipantRegistry public immutable registry;

    mapping(FacilityId => FacilityRecord) internal _facilities;
    mapping(IFundingSource => bool) public isPoolListed;
    mapping(ICollateral => bool) public isCollateralListed;
    mapping(Stoppable => bool) public isStopped;
    uint256 public facilityCount;
    address public servicing;
    address public applications;

    modifier onlyServicing() {
        require(msg.sender == servicing, OnlyServicing(msg.sender, servicing));
        _;
    }

    constructor(IParticipantRegistry registry_) {
        registry = registry_;
    }

    // By the governor and the guardian

    /// @inheritdoc IFinancingDesk
    function listPool(IFundingSource pool, bool listed) external restricted {
        isPoolListed[pool] = listed;
        emit PoolListed(pool, listed);
    }

    /// @inheritdoc IFinancingDesk
    function listCollateral(ICollateral collateral, bool listed) external restricted {
        isCollateralListed[collateral] = listed;
        emit CollateralListed(collateral, listed);
    }

    /// @inheritdoc IFinancingDesk
    function setServicing(address servicing_) external restricted {
        require(servicing_ != address(0) && servicing == address(0), AddressFixed(servicing_, servicing));
        servicing = servicing_;
        emit ServicingSet(servicing_);
    }

    /// @inheritdoc IFinancingDesk
    function setApplications(address applications_) external restricted {
        require(applications_ != address(0) && applications == address(0), AddressFixed(applications_, applications));
        applications = applications_;
        emit ApplicationsSet(applications_);
    }

    /// @inheritdoc IFinancingDesk
    function stop(Stoppable what) external restricted {
        isStopped[what] = true;
        emit Stopped(what, msg.sender);
    }

    /// @inheritdoc IFinancingDesk
    function resume(Stoppable what) external restricted {
        isStopped[what] = false;
        emit Resumed(what, msg.sender);
    }

    // By the credit officer

    /// @inheritdoc IFinancingDesk
    function openFacility(FacilityTerms calldata terms) external restricted returns (FacilityId id) {
        _requireInRange(terms);
        require(isPoolListed[terms.pool], PoolUnlisted(terms.pool));
        registry.requireRole(terms.supplier, Roles.SUPPLIER);

        id = FacilityId.wrap(uint64(++facilityCount));
        FacilityRecord storage its = _facilities[id];
        // The casts are safe: _requireInRange bounds limit and end.
        its.line = Line(
            terms.supplier, uint48(terms.limit), terms.discountRateBps, terms.feeBps, terms.reserveBps
        );
        its.usage = Usage(terms.pool, 0, uint32(terms.expiresAt), terms.dayCount, _flagsOf(terms));
        Covenants storage covenants = its.covenants;
        covenants.lateFeeBps = terms.lateFeeBps;
        covenants.committedFeeBps = terms.committedFeeBps;
        covenants.graceDays = terms.graceDays;
        covenants.recourse = terms.recourse;
        covenants.committedAt = uint40(DayCounts.clock(terms.dayCount, block.timestamp));
        emit FacilityOpened(id, terms.supplier, terms.pool, terms);
    }

    /// @inheritdoc IFinancingDesk
    function setLadder(FacilityId id, ICollateral collateral, ICollateral.Step[] calldata steps) external restricted {
        _known(id);
        require(isCollateralListed[collateral], CollateralUnlisted(collateral));

        collateral.setLadder(id, steps);
    }

    /// @inheritdoc IFinancingDesk
    function setLimit(FacilityId id, uint256 limit) external restricted {
        FacilityRecord storage its = _known(id);
        _requireLimit(its.line.supplier, limit);

        _countCommitment(its);
        emit FacilityLimitSet(id, its.line.limit, limit);
        // The cast is safe: _requireLimit bounds it.
        its.line.limit = uint48(limit);
    }

    /// @inheritdoc IFinancingDesk
    function setExpiry(FacilityId id, uint256 expiresAt) external restricted {
        FacilityRecord storage its = _known(id);
        address supplier = its.line.supplier;
        require(expiresAt >= block.timestamp, FacilityEndInPast(supplier, expiresAt, block.timestamp));
        _requireEnd(supplier, expiresAt);

        _countCommitment(its);
        emit FacilityExpirySet(id, its.usage.expiresAt, expiresAt);
        // The cast is safe: _requireEnd bounds it.
        its.usage.expiresAt = uint32(expiresAt);
    }

    // Views

    /// @inheritdoc IFinancingDesk
    function facility(FacilityId id) external view returns (Facility memory its) {
        FacilityRecord storage record = _known(id);
        Line memory line = record.line;
        Usage memory usage = record.usage;
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
    function commitmentDue(FacilityId id) public view returns (uint256) {
        return Accrual.interestUp(_commitment(_known(id)));
    }

    // Internals: the limit

    /// @dev Where the facility does not revolve, what has been drawn stays counted for good.
    function _free(FacilityRecord storage its, uint256 amount) internal {
        Usage memory usage = its.usage;
        if (usage.flags & REVOLVING == 0 || amount == 0) return;
        if (usage.flags & COMMITTED != 0) _countCommitment(its);
        its.usage.drawn = (usage.drawn - amount).toUint48();
    }

    // Internals: the committed fee

    /// @return exact committed fee until now, times `Rates.INTEREST_DENOMINATOR`
    function _commitment(FacilityRecord storage its) internal view returns (uint256) {
        (Usage memory usage, Covenants memory covenants) = (its.usage, its.covenants);
        uint256 until = DayCounts.clock(usage.dayCount, Math.min(block.timestamp, usage.expiresAt));
        uint256 limit = its.line.limit;
        if (usage.flags & COMMITTED == 0 || until <= covenants.committedAt || limit <= usage.drawn) {
            return covenants.committedNumerator;
        }
        uint256 weight = Accrual.weightOf(limit - usage.drawn, covenants.committedFeeBps, usage.dayCount);
        return covenants.committedNumerator + weight * (until - covenants.committedAt);
    }

    /// @dev Before anything changes on which the fee depends.
    function _countCommitment(FacilityRecord storage its) internal {
        _setCommitment(its, _commitment(its));
    }

    /// @dev A payment of the rounded-up fee settles the exact one.
    function _settleCommitment(FacilityRecord storage its) internal returns (uint256 due) {
        due = Accrual.interestUp(_commitment(its));
        _setCommitment(its, 0);
    }

    function _setCommitment(FacilityRecord storage its, uint256 numerator) private {
        its.covenants.committedNumerator = numerator.toUint104();
        its.covenants.committedAt = uint40(DayCounts.clock(its.usage.dayCount, block.timestamp));
    }

    // Internals: recourse

    function _holdTo(FacilityRecord storage its, FinancingId financing_) internal {
        bool claimed = FinancingId.unwrap(financing_) != 0;
        its.covenants.recourseTo = financing_;
        its.usage.flags = claimed ? its.usage.flags | CLAIMED : its.usage.flags & ~CLAIMED;
    }

    // Internals: checks

    function _known(FacilityId id) internal view returns (FacilityRecord storage record) {
        record = _facilities[id];
        require(record.line.supplier != address(0), FacilityUnknown(id));
    }

    /// @dev What brings new risk: an opening, or a financing from another facility.
    function _requireOpening(FacilityId id, Usage memory usage) internal view {
        require(!isStopped[Stoppable.Opening], IsStopped(Stoppable.Opening));
        require(block.timestamp < usage.expiresAt, FacilityExpired(id, usage.expiresAt, block.timestamp));
        require(isPoolListed[usage.pool], PoolUnlisted(usage.pool));
    }

    function _requireNoRecourse(FacilityId id, FacilityRecord storage its) internal view {
        FinancingId recourseTo = its.covenants.recourseTo;
        require(FinancingId.unwrap(recourseTo) == 0, RecourseIsOpen(id, recourseTo));
    }

    function _flagsOf(FacilityTerms calldata terms) private pure returns (uint8) {
        return (terms.revolving ? REVOLVING : 0) | (terms.committedFeeBps != 0 ? COMMITTED : 0);
    }

    function _requireInRange(FacilityTerms calldata terms) private view {
        address supplier = terms.supplier;
        _requireLimit(supplier, terms.limit);
        uint256 rateBps = terms.discountRateBps;
        require(rateBps <= Rates.BPS, DiscountRateTooHigh(supplier, rateBps, Rates.BPS));
        _requireFee(supplier, terms.feeBps);
        _requireFee(supplier, terms.lateFeeBps);
        _requireFee(supplier, terms.reserveBps);
        _requireFee(supplier, terms.committedFeeBps);
        uint256 expiresAt = terms.expiresAt;
        require(expiresAt > block.timestamp, FacilityEndInPast(supplier, expiresAt, block.timestamp));
        _requireEnd(supplier, expiresAt);
    }

    function _requireLimit(address supplier, uint256 limit) private pure {
        uint256 most = type(uint48).max;
        require(limit != 0 && limit <= most, FacilityLimitOutOfRange(supplier, limit, most));
    }

    function _requireFee(address supplier, uint256 feeBps) private pure {
        require(feeBps <= Rates.BPS, FeeTooHigh(supplier, feeBps, Rates.BPS));
    }

    function _requireEnd(address supplier, uint256 expiresAt) private pure {
        uint256 most = type(uint32).max;
        require(expiresAt <= most, FacilityEndTooFar(supplier, expiresAt, most));
    }
}
