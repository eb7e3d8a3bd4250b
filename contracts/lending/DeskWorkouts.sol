// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Accrual} from "../libraries/Accrual.sol";
import {DayCounts} from "../libraries/DayCounts.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {Rates} from "../types/Rates.sol";
import {FacilityBook} from "./FacilityBook.sol";
import {FinancingBook} from "./FinancingBook.sol";
import {PaymentBook} from "./PaymentBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The part of the desk for financings that do not run as planned: the primitives of the servicing contract.
/// @dev Code without a state of its own: the desk runs it on its own storage, by delegatecall, because it would not fit
/// beside draws and repayments. It declares no storage beyond `FinancingBook`'s.
contract DeskWorkouts is PaymentBook {
    using SafeCast for uint256;
    using Waterfall for Waterfall.Claims;

    modifier onlyServicing() {
        require(msg.sender == _servicing, IFinancingDesk.OnlyServicing(msg.sender, _servicing));
        _;
    }

    constructor(IParticipantRegistry registry_, IConcentration concentration_, address authority)
        FacilityBook(registry_)
        FinancingBook(concentration_)
        AccessManaged(authority)
    {}

    // By the credit officer

    /// @notice See `IFinancingDesk`.
    function setImpairment(FinancingId id, uint256 impairment) external restricted nonReentrant {
        Account memory its = _load(id);
        _requireLive(id, its);
        uint256 principal = its.debt.principal;
        require(impairment <= principal, IFinancingDesk.ImpairmentExceedsPrincipal(id, impairment, principal));

        _impair(id, its, impairment);
    }

    // By the servicing contract

    /// @notice See `IFinancingDesk`.
    function writeOff(FinancingId id, uint256 amount) external onlyServicing nonReentrant {
        Account memory its = _current(id);
        _requireLive(id, its);
        uint256 principal = its.debt.principal;
        require(amount != 0 && amount <= principal, IFinancingDesk.WriteOffOutOfRange(id, amount, principal));

        uint256 settled = uint256(its.accruals.interest) * amount / principal;
        _keepOwed(its, settled);
        // The cast is safe: no more than what it is taken from.
        its.accruals.writtenOff = (its.accruals.writtenOff + amount).toUint48();
        its.debt.principal -= uint48(amount);
        _store(id, its);
        emit IFinancingDesk.WrittenOff(id, amount, settled, its.debt.principal);

        // The loss was expected as far as it was impaired: what was set against it goes first.
        uint256 impairment = _impairmentOf(id, its);
        _impair(id, its, impairment > amount ? impairment - amount : 0);
        uint256 weight = Accrual.weightOf(amount, its.line.discountRateBps, its.usage.dayCount);
        its.usage.pool.writeOff(amount, weight, settled, its.usage.dayCount);
        _giveExposure(id, its, amount);
    }

    /// @notice See `IFinancingDesk`.
    function declareDefault(FinancingId id, uint256 leastImpairment) external onlyServicing nonReentrant {
        Account memory its = _current(id);
        _requireOpen(id, its);
        uint256 principal = its.debt.principal;
        bool within = leastImpairment <= principal;
        require(within, IFinancingDesk.ImpairmentExceedsPrincipal(id, leastImpairment, principal));

        _financings[id].debt.state = IFinancingDesk.State.Defaulted;
        emit IFinancingDesk.FinancingDefaulted(id, _claims(its).total());

        if (leastImpairment > _impairmentOf(id, its)) _impair(id, its, leastImpairment);
    }

    /// @notice See `IFinancingDesk`.
    function reschedule(FinancingId id, uint16 maturityDay) external onlyServicing nonReentrant {
        Account memory its = _current(id);
        _requireOpen(id, its);
        uint256 previous = its.anchor.maturityDay;
        uint256 today = block.timestamp / 1 days;
        uint256 earliest = previous + 1 > today ? previous + 1 : today;
        require(maturityDay >= earliest, IFinancingDesk.MaturityNotLater(id, maturityDay, earliest));

        if (!its.debt.graceSpent) its.accruals.late = 0;
        if (its.debt.accruedAt != 0) _store(id, its);
        _financings[id].anchor.maturityDay = maturityDay;
        emit IFinancingDesk.MaturitySet(id, previous, maturityDay);
    }

    /// @notice See `IFinancingDesk`.
    function openRecourse(FinancingId id) external onlyServicing nonReentrant {
        Account memory its = _load(id);
        _requireLive(id, its);
        require(_claims(its).total() != 0, IFinancingDesk.RepaymentZero(id));
        FacilityId facilityId = FacilityId.wrap(its.anchor.facility);
        FacilityRecord storage line = _facilities[facilityId];
        require(line.covenants.recourse, IFinancingDesk.WithoutRecourse(facilityId));
        _requireNoRecourse(facilityId, line);

        _holdTo(line, id);
        emit IFinancingDesk.RecourseOpened(facilityId, id);
    }

    /// @notice See `IFinancingDesk`.
    function closeRecourse(FinancingId id) external onlyServicing nonReentrant {
        Account memory its = _load(id);
        _requireOpen(id, its);
        FacilityId facilityId = FacilityId.wrap(its.anchor.facility);
        FacilityRecord storage line = _facilities[facilityId];
        FinancingId claim = line.covenants.recourseTo;
        bool isClaimed = FinancingId.unwrap(claim) == FinancingId.unwrap(id);
        require(isClaimed, IFinancingDesk.RecourseNotOpen(facilityId, id, claim));

        _holdTo(line, FinancingId.wrap(0));
        emit IFinancingDesk.RecourseClosed(facilityId, id);
    }

    /// @notice See `IFinancingDesk`.
    function refinance(FinancingId id, FacilityId to) external onlyServicing nonReentrant {
        Account memory its = _current(id);
        _requireOpen(id, its);
        FacilityId from = FacilityId.wrap(its.anchor.facility);
        _requireFit(id, its, to);
        _changeLadder(id, its, to);

        IFundingSource old = its.usage.pool;
        uint256 principal = its.debt.principal;
        Waterfall.Claims memory claims = _claims(its);
        uint256 amount = claims.total();
        require(amount != 0, IFinancingDesk.RepaymentZero(id));
        IFundingSource.Receipt memory receipt = _bookPayment(id, its, Waterfall.split(amount, claims), amount, amount);
        _takeOver(id, its, to, amount);
        _emitRefinanced(id, from, to, its);

        uint256 granted = _moveExposure(id, its, _concentration.keysOf(id), principal);
        require(granted == amount, IFinancingDesk.RefinancingExceeds(id, IFinancingDesk.Bound.Cap, amount, granted));
        uint256 weight = Accrual.weightOf(amount, its.line.discountRateBps, its.usage.dayCount);
        its.usage.pool.disburse(address(old), amount, weight, its.usage.dayCount);
        old.collect(receipt);
    }

    // By the cover contract

    /// @notice See `IFinancingDesk`.
    function markCovered(FinancingId id, bool covered) external nonReentrant {
        require(msg.sender == address(_cover), IFinancingDesk.OnlyCover(msg.sender, address(_cover)));
        uint8 marks = _load(id).debt.marks;
        _financings[id].debt.marks = covered ? marks | COVERED : marks & ~COVERED;
        emit IFinancingDesk.CoverMarked(id, covered);
    }

    // Internals

    /// @dev What the source gives up stays owed, where the source's books do not count it: among the late fees, which are
    /// its income when they are paid. In whole minor units, rounded up: the debt is no smaller for it, and at most one
    /// minor unit greater. Late fees that the grace may still spare are none that were owed, and do not become so here.
    function _keepOwed(Account memory its, uint256 settled) private pure {
        if (settled == 0) return;
        Accruals memory accruals = its.accruals;
        uint256 late = its.debt.graceSpent ? accruals.late : 0;
        // The cast is safe: a share of it.
        accruals.interest -= uint96(settled);
        accruals.late = (late + Accrual.interestUp(settled) * Rates.INTEREST_DENOMINATOR).toUint96();
        its.debt.graceSpent = true;
    }

    function _requireFit(FinancingId id, Account memory its, FacilityId to) private view {
        FacilityId from = FacilityId.wrap(its.anchor.facility);
        FacilityRecord storage next = _known(to);
        IFundingSource pool = next.usage.pool;
        bool fits = FacilityId.unwrap(from) != FacilityId.unwrap(to) && next.line.supplier == its.line.supplier
            && address(pool.cash()) == address(its.usage.pool.cash())
            && (next.usage.flags ^ its.usage.flags) & EARMARKED == 0;
        require(fits, IFinancingDesk.RefinancingUnfit(id, from, to));
        uint256 impairment = uint256(_impairmentOf(id, its)) + its.accruals.writtenOff;
        bool sound = impairment == 0 && block.timestamp < _endOf(its.anchor.maturityDay);
        require(sound, IFinancingDesk.RefinancingTooLate(id, impairment, its.anchor.maturityDay));
        _requireNoRecourse(to, next);
        // What pays another financing of the facility does not leave it.
        FinancingId claim = _facilities[from].covenants.recourseTo;
        if (FinancingId.unwrap(claim) != FinancingId.unwrap(id)) _requireNoRecourse(from, _facilities[from]);
        _requireOpening(to, next.usage);
    }

    /// @dev Before the base is asked for: the new debt must be borne on the new steps.
    function _changeLadder(FinancingId id, Account memory its, FacilityId to) private {
        ICollateral collateral = its.anchor.collateral;
        ICollateral.Step[] memory steps = collateral.ladder(to);
        require(steps.length != 0, ICollateral.LadderMissing(to));
        collateral.changeLadder(id, to, steps);
    }

    /// @dev The debt begins anew under the other facility, with its fees, and must be borne by the same pledge.
    function _takeOver(FinancingId id, Account memory its, FacilityId to, uint256 amount) private {
        FacilityRecord storage next = _facilities[to];
        // The cast is safe: facilities are numbered in sequence.
        its.anchor.facility = uint32(FacilityId.unwrap(to));
        (its.line, its.usage) = (next.line, next.usage);
        uint256 commitment = _commitmentDue(its);
        (uint256 fee, uint256 reserve) = _charges(its, amount);
        Debt memory debt = its.debt;
        debt.state = IFinancingDesk.State.Open;
        debt.graceSpent = false;
        debt.accruedAt = uint40(DayCounts.clock(its.usage.dayCount, block.timestamp));
        debt.principal = amount.toUint48();
        debt.feesDue = fee.toUint48();
        debt.reserveDue = reserve.toUint48();
        if (commitment != 0) _chargeCommitment(id, its, commitment);
        _requireBorne(id, its, amount);

        next.usage.drawn = (its.usage.drawn + amount).toUint48();
        _financings[id].anchor.facility = its.anchor.facility;
        _store(id, its);
    }

    function _requireBorne(FinancingId id, Account memory its, uint256 amount) private view {
        uint256 base = its.anchor.collateral.borrowingBase(id);
        uint256 owed_ = _claims(its).total() + _coverDue(id, its);
        require(owed_ <= base, IFinancingDesk.RefinancingExceeds(id, IFinancingDesk.Bound.Base, owed_, base));
        uint256 left = _limitLeft(its);
        require(amount <= left, IFinancingDesk.RefinancingExceeds(id, IFinancingDesk.Bound.Limit, amount, left));
        uint256 cash = its.usage.pool.lendable();
        require(amount <= cash, IFinancingDesk.RefinancingExceeds(id, IFinancingDesk.Bound.Cash, amount, cash));
    }

    function _emitRefinanced(FinancingId id, FacilityId from, FacilityId to, Account memory its) private {
        (uint256 fee, uint256 reserve) = _charges(its, its.debt.principal);
        emit IFinancingDesk.Refinanced(id, from, to, its.debt.principal, fee, reserve);
    }
}
