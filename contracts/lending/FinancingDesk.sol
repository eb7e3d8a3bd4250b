// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Accrual} from "../libraries/Accrual.sol";
import {ParkedPayouts} from "../libraries/ParkedPayouts.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {IMilestoneConsumer} from "../oracle/interfaces/IMilestoneConsumer.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {FacilityId, FinancingId, GroupId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {FacilityBook} from "./FacilityBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {ILendingPool} from "./interfaces/ILendingPool.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Opens financings, draws on them when their base allows, and takes their repayments.
contract FinancingDesk is FacilityBook, ParkedPayouts, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;
    using Waterfall for Waterfall.Claims;

    /// @dev What backs the financing is the adapter's to know. A draw touches the first word and reads the others.
    struct FinancingRecord {
        FacilityId facility;
        State state;
        uint40 accruedAt;
        uint64 principal;
        uint64 feesDue;
        uint64 impairment;
        uint64 repaidAhead;
        uint128 accruedNumerator;
        ICollateral collateral;
    }

    IMilestoneOracle public immutable oracle;

    mapping(FinancingId => FinancingRecord) private _financings;
    mapping(bytes32 subject => FinancingId) public financingOf;
    uint64 private _financingCount;

    constructor(IParticipantRegistry registry_, IMilestoneOracle oracle_, address authority)
        FacilityBook(registry_)
        AccessManaged(authority)
    {
        oracle = oracle_;
    }

    // By the supplier

    /// @inheritdoc IFinancingDesk
    function openFinancing(
        FacilityId facilityId,
        ICollateral collateral,
        uint256 itemId,
        uint256 units,
        bytes32 subject
    ) external nonReentrant returns (FinancingId id) {
        FacilityRecord storage line = _known(facilityId);
        require(msg.sender == line.supplier, NotSupplierOf(facilityId, msg.sender, line.supplier));
        require(block.timestamp < line.expiresAt, FacilityExpired(facilityId, line.expiresAt, block.timestamp));
        require(isPoolListed[line.pool], PoolUnlisted(line.pool));
        require(isCollateralListed[collateral], CollateralUnlisted(collateral));
        _requireSubjectOf(msg.sender, subject);

        id = FinancingId.wrap(++_financingCount);
        FinancingRecord storage record = _financings[id];
        record.facility = facilityId;
        record.state = State.Open;
        record.accruedAt = uint40(block.timestamp);
        record.collateral = collateral;
        financingOf[subject] = id;
        emit FinancingOpened(id, facilityId, collateral, itemId, units, subject);

        oracle.watch(subject);
        collateral.take(id, facilityId, msg.sender, itemId, units, subject, address(line.pool.cash()));
        _draw(id);
    }

    /// @inheritdoc IFinancingDesk
    function release(FinancingId id) external nonReentrant {
        FinancingRecord storage record = _opened(id);
        address supplier = _facilities[record.facility].supplier;
        require(msg.sender == supplier, NotSupplierOf(record.facility, msg.sender, supplier));
        require(record.state != State.Released, FinancingStateWrong(id, record.state, State.Repaid));
        uint256 stillOwed = _claims(record).total();
        require(stillOwed == 0, StillOwed(id, stillOwed));
        registry.requireAdmitted(supplier, supplier);

        (, bytes32 subject,) = record.collateral.pledgeOf(id);
        record.state = State.Released;
        financingOf[subject] = FinancingId.wrap(0);
        emit FinancingClosed(id);

        oracle.unwatch(subject);
        record.collateral.release(id, supplier);
    }

    // By the oracle, or anyone

    /// @inheritdoc IMilestoneConsumer
    function onMilestone(bytes32 subject, uint32, uint32) external nonReentrant {
        require(msg.sender == address(oracle), OnlyOracle(msg.sender, address(oracle)));
        FinancingId id = financingOf[subject];
        if (FinancingId.unwrap(id) != 0) _draw(id);
    }

    /// @inheritdoc IFinancingDesk
    function poke(FinancingId id) external nonReentrant returns (uint256 drawn) {
        _opened(id);
        return _draw(id);
    }

    /// @inheritdoc IFinancingDesk
    function repay(FinancingId id, uint256 amount) external nonReentrant {
        FinancingRecord storage record = _opened(id);
        require(record.state == State.Open, FinancingStateWrong(id, record.state, State.Open));
        uint256 owed_ = _claims(record).total();
        if (amount == type(uint256).max) amount = owed_;
        require(amount != 0, RepaymentZero(id));
        require(amount <= owed_, RepaymentExceedsOwed(id, amount, owed_));

        // Otherwise anyone could poke the money out again, with a new fee, against the will of whoever repaid it.
        record.repaidAhead = (record.repaidAhead + amount).toUint64();
        _settle(id, record, amount);
    }

    // By the collateral

    /// @inheritdoc IFinancingDesk
    function applyProceeds(FinancingId id, uint256 amount)
        external
        nonReentrant
        returns (uint256 toPool, uint256 toSupplier)
    {
        FinancingRecord storage record = _opened(id);
        require(msg.sender == address(record.collateral), OnlyCollateralOf(id, msg.sender, address(record.collateral)));
        require(record.state != State.Released, FinancingStateWrong(id, record.state, State.Open));

        Waterfall.Split memory parts = _settle(id, record, amount);
        toSupplier = parts.residual;
        toPool = amount - toSupplier;

        FacilityRecord storage line = _facilities[record.facility];
        _payOrPark(line.pool.cash(), msg.sender, line.supplier, toSupplier);
    }

    // By the credit officer

    /// @inheritdoc IFinancingDesk
    function setImpairment(FinancingId id, uint256 impairment) external restricted nonReentrant {
        FinancingRecord storage record = _opened(id);
        require(record.state == State.Open, FinancingStateWrong(id, record.state, State.Open));
        require(impairment <= record.principal, ImpairmentExceedsPrincipal(id, impairment, record.principal));

        _impair(id, record, impairment);
    }

    // Views

    /// @inheritdoc IFinancingDesk
    function financing(FinancingId id) external view returns (Financing memory) {
        FinancingRecord storage record = _opened(id);
        (uint256 itemId, bytes32 subject,) = record.collateral.pledgeOf(id);
        return Financing({
            facility: record.facility,
            state: record.state,
            accruedAt: record.accruedAt,
            principal: record.principal,
            feesDue: record.feesDue,
            impairment: record.impairment,
            accruedNumerator: record.accruedNumerator,
            collateral: record.collateral,
            itemId: itemId,
            subject: subject
        });
    }

    /// @inheritdoc IFinancingDesk
    function repaidAhead(FinancingId id) external view returns (uint256) {
        return _opened(id).repaidAhead;
    }

    /// @inheritdoc IFinancingDesk
    function owed(FinancingId id) external view returns (uint256 fees, uint256 interest, uint256 principal) {
        Waterfall.Claims memory claims = _claims(_opened(id));
        return (claims.fees, claims.interest, claims.principal);
    }

    /// @inheritdoc IFinancingDesk
    function availability(FinancingId id) external view returns (uint256 base, uint256 available) {
        FinancingRecord storage record = _opened(id);
        FacilityRecord storage line = _facilities[record.facility];
        if (record.state != State.Released) base = record.collateral.borrowingBase(id);
        if (_mayDraw(record, line)) available = Math.min(_room(record, line, base), line.pool.freeCash());
    }

    // Drawing

    /// @dev Draws what base, limit and cash leave room for; from state alone, so that it does not matter who calls.
    function _draw(FinancingId id) private returns (uint256 amount) {
        FinancingRecord storage record = _financings[id];
        FacilityRecord storage line = _facilities[record.facility];
        if (!_mayDraw(record, line)) return 0;
        uint256 base = record.collateral.borrowingBase(id);
        amount = _room(record, line, base);
        if (amount == 0) return 0;
        uint256 cash = line.pool.freeCash();
        if (amount > cash) {
            emit DrawDeferred(id, amount, cash);
            amount = cash;
            if (amount == 0) return 0;
        }

        _accrue(record, line);

        uint256 fee = Rounding.bpsUp(amount, line.feeBps);
        record.principal = (record.principal + amount).toUint64();
        record.feesDue = (record.feesDue + fee).toUint64();
        line.drawn = (line.drawn + amount).toUint56();
        emit Drawn(id, record.facility, line.supplier, amount, fee, base, record.principal);

        _disburse(line, amount);
    }

    /// @dev A supplier that cannot take the money now finds it parked here; the financing is the same either way.
    function _disburse(FacilityRecord storage line, uint256 amount) private {
        (ILendingPool pool, address supplier) = (line.pool, line.supplier);
        uint256 weight = Accrual.weightOf(amount, line.discountRateBps);
        try pool.disburse(supplier, amount, weight) {}
        catch {
            _park(pool.cash(), supplier, amount);
            pool.disburse(address(this), amount, weight);
        }
    }

    function _mayDraw(FinancingRecord storage record, FacilityRecord storage line) private view returns (bool) {
        return record.state == State.Open && record.impairment == 0 && block.timestamp < line.expiresAt;
    }

    /// @return minor units that base and limit leave, so that with the draw's own fee all that is owed stays within base
    function _room(FinancingRecord storage record, FacilityRecord storage line, uint256 base)
        private
        view
        returns (uint256)
    {
        uint256 taken = _claims(record).total() + record.repaidAhead;
        if (base <= taken) return 0;
        return Math.min(Rounding.beforeFeeDown(base - taken, line.feeBps), line.limit - line.drawn);
    }

    // Repaying

    /// @dev Takes from the caller, by allowance, what the waterfall gives to the pool; the residual stays with it.
    function _settle(FinancingId id, FinancingRecord storage record, uint256 amount)
        private
        returns (Waterfall.Split memory parts)
    {
        FacilityRecord storage line = _facilities[record.facility];
        _accrue(record, line);
        Waterfall.Claims memory claims = _claims(record);
        parts = Waterfall.split(amount, claims);
        uint256 settled = Accrual.settledBy(parts.interest, record.accruedNumerator);

        record.feesDue = (claims.fees - parts.fees).toUint64();
        record.accruedNumerator = (record.accruedNumerator - settled).toUint128();
        record.principal = (claims.principal - parts.principal).toUint64();
        line.drawn = (line.drawn - parts.principal).toUint56();
        uint256 toPool = amount - parts.residual;
        uint256 stillOwed = claims.total() - toPool;
        if (toPool != 0 && stillOwed == 0) record.state = State.Repaid;
        emit Repaid(id, msg.sender, parts.fees, parts.interest, parts.principal, parts.residual, stillOwed);

        _bring(line, parts, settled, toPool);
        if (record.impairment > record.principal) _impair(id, record, record.principal);
    }

    function _bring(FacilityRecord storage line, Waterfall.Split memory parts, uint256 settled, uint256 toPool)
        private
    {
        if (toPool == 0) return;
        ILendingPool pool = line.pool;
        IERC20(pool.cash()).safeTransferFrom(msg.sender, address(pool), toPool);
        uint256 weight = Accrual.weightOf(parts.principal, line.discountRateBps);
        pool.collect(parts.interest, settled, parts.principal, weight, parts.fees);
    }

    function _impair(FinancingId id, FinancingRecord storage record, uint256 impairment) private {
        uint256 previous = record.impairment;
        record.impairment = impairment.toUint64();
        emit ImpairmentSet(id, impairment);

        ILendingPool pool = _facilities[record.facility].pool;
        pool.setImpairment(pool.books().impairment + impairment - previous);
    }

    // What is owed

    function _accrue(FinancingRecord storage record, FacilityRecord storage line) private {
        record.accruedNumerator = _numerator(record, line).toUint128();
        record.accruedAt = uint40(block.timestamp);
    }

    function _numerator(FinancingRecord storage record, FacilityRecord storage line) private view returns (uint256) {
        uint256 weight = Accrual.weightOf(record.principal, line.discountRateBps);
        return record.accruedNumerator + weight * (block.timestamp - record.accruedAt);
    }

    function _claims(FinancingRecord storage record) private view returns (Waterfall.Claims memory) {
        uint256 interest = Accrual.interestUp(_numerator(record, _facilities[record.facility]));
        return Waterfall.Claims(record.feesDue, interest, record.principal);
    }

    // Checks

    function _opened(FinancingId id) private view returns (FinancingRecord storage record) {
        record = _financings[id];
        require(record.state != State.None, FinancingUnknown(id));
    }

    function _requireSubjectOf(address supplier, bytes32 subject) private view {
        GroupId group = registry.requireRole(supplier, Roles.SUPPLIER).group;
        GroupId beneficiary = oracle.subject(subject).beneficiary;
        require(beneficiary == group, SubjectNotOfSupplier(subject, GroupId.unwrap(beneficiary), GroupId.unwrap(group)));
    }
}
