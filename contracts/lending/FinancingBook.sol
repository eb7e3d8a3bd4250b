// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {DayCounts} from "../libraries/DayCounts.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {DayCount} from "../types/Rates.sol";
import {FacilityBook} from "./FacilityBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The financings, and what is owed on them at any moment.
abstract contract FinancingBook is FacilityBook, ReentrancyGuardTransient {
    using SafeCast for uint256;

    /// @notice What a financing hangs on; a draw only reads it. One word. What backs it is the adapter's to know.
    /// @param facility its number, which needs no more bits
    struct Anchor {
        ICollateral collateral;
        uint32 facility;
        uint16 maturityDay;
        uint48 impairment;
    }

    /// @notice What draws and repayments change. One word.
    struct Debt {
        IFinancingDesk.State state;
        bool graceSpent;
        uint40 accruedAt;
        uint48 principal;
        uint48 feesDue;
        uint48 reserveDue;
        uint48 repaidAhead;
    }

    /// @notice What time adds, times `Rates.INTEREST_DENOMINATOR`, and what has been written off. One word; the first draw
    /// leaves it alone. The day keeps it from zero, which makes the second draw and every part payment 17,100 gas cheaper.
    struct Accruals {
        uint96 interest;
        uint96 late;
        uint48 writtenOff;
        uint16 openedDay;
    }

    struct FinancingRecord {
        Anchor anchor;
        Debt debt;
        Accruals accruals;
    }

    /// @dev A financing and its facility in memory: each word is read once and written once.
    struct Account {
        Anchor anchor;
        Debt debt;
        Accruals accruals;
        Line line;
        Usage usage;
    }

    IConcentration internal immutable _concentration;

    mapping(FinancingId => FinancingRecord) internal _financings;
    mapping(bytes32 subject => FinancingId) internal _financingOf;
    uint256 internal _financingCount;

    constructor(IConcentration concentration_) {
        _concentration = concentration_;
    }

    // Internals: reading and writing

    /// @return the financing with interest and late fees counted until now
    function _current(FinancingId id) internal view returns (Account memory) {
        Account memory its = _load(id);
        _accrue(its);
        return its;
    }

    /// @dev Measured: reading the structs as such costs a draw 17 more storage reads and 3,900 gas, so that their fields
    /// are cut out of the words by hand here, in the order of their declarations, and nowhere else.
    function _load(FinancingId id) internal view returns (Account memory) {
        FinancingRecord storage record = _financings[id];
        (uint256 anchorWord, uint256 debtWord) = (_wordAt(record, 0), _wordAt(record, 1));
        require(uint8(debtWord) != 0, IFinancingDesk.FinancingUnknown(id));
        Debt memory debt = _debtIn(debtWord);
        Accruals memory accruals;
        if (debt.accruedAt != 0) accruals = record.accruals;
        FacilityRecord storage its = _facilities[FacilityId.wrap(uint32(anchorWord >> 160))];
        return Account(_anchorIn(anchorWord), debt, accruals, _lineOf(its), _usageOf(its));
    }

    function _wordAt(FinancingRecord storage record, uint256 offset) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(add(record.slot, offset))
        }
    }

    // The casts below cut off the fields above, which is their purpose.

    function _anchorIn(uint256 word) private pure returns (Anchor memory) {
        return
            Anchor(ICollateral(address(uint160(word))), uint32(word >> 160), uint16(word >> 192), uint48(word >> 208));
    }

    function _debtIn(uint256 word) private pure returns (Debt memory) {
        return Debt({
            state: IFinancingDesk.State(uint8(word)),
            graceSpent: uint8(word >> 8) != 0,
            accruedAt: uint40(word >> 16),
            principal: uint48(word >> 56),
            feesDue: uint48(word >> 104),
            reserveDue: uint48(word >> 152),
            repaidAhead: uint48(word >> 200)
        });
    }

    function _store(FinancingId id, Account memory its) internal {
        FinancingRecord storage record = _financings[id];
        record.debt = its.debt;
        record.accruals = its.accruals;
    }

    function _facilityOf(Account memory its) internal view returns (FacilityRecord storage) {
        return _facilities[FacilityId.wrap(its.anchor.facility)];
    }

    // Internals: what is owed

    /// @dev Exact, and so the same however often it is called in between. Nothing accrues before the first draw.
    function _accrue(Account memory its) internal view {
        Debt memory debt = its.debt;
        uint256 since = debt.accruedAt;
        if (since == 0) return;
        DayCount dayCount = its.usage.dayCount;
        uint256 now_ = DayCounts.clock(dayCount, block.timestamp);
        uint256 weight = Accrual.weightOf(debt.principal, its.line.discountRateBps, dayCount);
        its.accruals.interest = (its.accruals.interest + weight * (now_ - since)).toUint96();
        if (block.timestamp > _endOf(its.anchor.maturityDay)) _accrueLateFees(its, now_);
        debt.accruedAt = uint40(now_);
    }

    /// @dev They accrue from the end of the day of maturity; whether they are owed is decided when the grace has passed.
    function _accrueLateFees(Account memory its, uint256 now_) private view {
        Debt memory debt = its.debt;
        uint256 start = DayCounts.clock(its.usage.dayCount, _endOf(its.anchor.maturityDay));
        uint256 lateFeeBps = _facilityOf(its).covenants.lateFeeBps;
        uint256 weight = Accrual.weightOf(debt.principal, lateFeeBps, its.usage.dayCount);
        its.accruals.late = (its.accruals.late + weight * (now_ - Math.max(start, debt.accruedAt))).toUint96();
        if (its.accruals.late != 0 && block.timestamp >= _overdueFrom(its.anchor)) debt.graceSpent = true;
    }

    function _claims(Account memory its) internal pure returns (Waterfall.Claims memory) {
        return Waterfall.Claims({
            lateFees: its.debt.graceSpent ? Accrual.interestUp(its.accruals.late) : 0,
            fees: its.debt.feesDue,
            interest: Accrual.interestUp(its.accruals.interest),
            principal: its.debt.principal,
            writtenOff: its.accruals.writtenOff,
            reserve: its.debt.reserveDue
        });
    }

    function _endOf(uint256 maturityDay) internal pure returns (uint256) {
        return (maturityDay + 1) * 1 days;
    }

    function _overdueFrom(Anchor memory anchor) internal view returns (uint256) {
        uint256 graceDays = _facilities[FacilityId.wrap(anchor.facility)].covenants.graceDays;
        return _endOf(anchor.maturityDay + graceDays);
    }

    // Internals: the limit and the charges

    /// @dev Where the facility does not revolve, what has been drawn stays counted for good.
    function _free(Account memory its, uint256 amount) internal {
        Usage memory usage = its.usage;
        if (usage.flags & REVOLVING == 0 || amount == 0) return;
        FacilityRecord storage facility = _facilityOf(its);
        if (usage.flags & COMMITTED != 0) _countCommitment(facility);
        // Safe: no more comes back than was drawn.
        facility.usage.drawn = usage.drawn -= uint48(amount);
    }

    function _limitLeft(Account memory its) internal pure returns (uint256) {
        return its.line.limit > its.usage.drawn ? its.line.limit - its.usage.drawn : 0;
    }

    /// @dev The fee is rounded up, and the two charges together are: the reserve has the rest.
    function _charges(Account memory its, uint256 amount) internal pure returns (uint256 fee, uint256 reserve) {
        fee = Rounding.bpsUp(amount, its.line.feeBps);
        reserve = Rounding.bpsUp(amount, uint256(its.line.feeBps) + its.line.reserveBps) - fee;
    }

    function _commitmentDue(Account memory its) internal view returns (uint256) {
        if (its.usage.flags & COMMITTED == 0) return 0;
        return Accrual.interestUp(_commitment(_facilityOf(its)));
    }

    function _chargeCommitment(FinancingId id, Account memory its, uint256 due) internal {
        _settleCommitment(_facilityOf(its));
        its.debt.feesDue = (its.debt.feesDue + due).toUint48();
        emit IFinancingDesk.CommitmentFeeCharged(FacilityId.wrap(its.anchor.facility), id, due);
    }

    // Internals: expected losses

    function _impair(FinancingId id, Account memory its, uint256 impairment) internal {
        uint256 previous = its.anchor.impairment;
        if (impairment == previous) return;
        its.anchor.impairment = impairment.toUint48();
        _financings[id].anchor.impairment = its.anchor.impairment;
        emit IFinancingDesk.ImpairmentSet(id, impairment);

        its.usage.pool.changeImpairment(previous, impairment);
    }

    // Internals: checks

    function _requireOpen(FinancingId id, Account memory its) internal pure {
        require(
            its.debt.state == IFinancingDesk.State.Open,
            IFinancingDesk.FinancingStateWrong(id, its.debt.state, IFinancingDesk.State.Open)
        );
    }

    /// @dev Open or in default: what takes payments.
    function _requireLive(FinancingId id, Account memory its) internal pure {
        IFinancingDesk.State state = its.debt.state;
        require(
            state == IFinancingDesk.State.Open || state == IFinancingDesk.State.Defaulted,
            IFinancingDesk.FinancingStateWrong(id, state, IFinancingDesk.State.Open)
        );
    }
}
