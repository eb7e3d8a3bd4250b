// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {DayCounts} from "../libraries/DayCounts.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {FacilityId, FinancingId, GroupId, OrganisationId} from "../types/Ids.sol";
import {DayCount, Rates} from "../types/Rates.sol";
import {FacilityBook} from "./FacilityBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFinancingCover} from "./interfaces/IFinancingCover.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The financings, and what is owed on them at any moment.
abstract contract FinancingBook is FacilityBook, ReentrancyGuardTransient {
    using SafeCast for uint256;

    /// @notice What a financing hangs on; a draw only reads it. One word. What backs it is the adapter's to know.
    /// @param facility its number, which needs no more bits
    /// @param debtor with `sellerGroup`, whose risk it is: what `IConcentration` was told, so that a draw need not have it
    /// read there
    struct Anchor {
        ICollateral collateral;
        uint32 facility;
        uint16 maturityDay;
        OrganisationId debtor;
        GroupId sellerGroup;
    }

    /// @notice What draws and repayments change. One word.
    /// @param marks IMPAIRED, PLACED, HANDED_OVER, COVERED: what a draw or a repayment would otherwise read another word for
    struct Debt {
        IFinancingDesk.State state;
        bool graceSpent;
        uint40 accruedAt;
        uint48 principal;
        uint48 feesDue;
        uint48 reserveDue;
        uint48 repaidAhead;
        uint8 marks;
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
    /// @param special for a draw, in one word, what most financings have nothing of: HANDED_OVER, COVERED, EARMARKED; for
    /// a payment AHEAD
    struct Account {
        Anchor anchor;
        Debt debt;
        Accruals accruals;
        Line line;
        Usage usage;
        uint256 special;
    }

    /// @dev A loss is expected: `_impairments` has a figure.
    uint8 internal constant IMPAIRED = 1;
    /// @dev Its country and warehouse, or its source's members, are counted as well; only `IConcentration` knows them.
    uint8 internal constant PLACED = 2;
    /// @dev It has been handed over from other collateral, which `_earlier` names.
    uint8 internal constant HANDED_OVER = 4;
    /// @dev Insurers have a claim on its payments, which `_cover` knows.
    uint8 internal constant COVERED = 16;
    /// @dev Of an account only: what is paid comes from outside the collateral, and is not to be drawn again.
    uint8 internal constant AHEAD = 32;

    IConcentration internal immutable _concentration;

    mapping(FinancingId => FinancingRecord) internal _financings;
    uint256 internal _financingCount;
    mapping(FinancingId => uint48) private _impairments;
    /// @dev What has backed it before, in that order: proceeds may still come from there.
    mapping(FinancingId => ICollateral[]) internal _earlier;
    IFinancingCover internal _cover;

    constructor(IConcentration concentration_) {
        _concentration = concentration_;
    }

    // Internals: reading and writing

    /// @return its the financing with interest and late fees counted until now
    function _current(FinancingId id) internal view returns (Account memory its) {
        _fill(its, id);
        _accrue(its);
    }

    function _load(FinancingId id) internal view returns (Account memory its) {
        _fill(its, id);
    }

    /// @return its the financing without what time adds: who does not ask what is owed reads a word less
    function _outlineOf(FinancingId id) internal view returns (Account memory its) {
        _fillOutline(its, _financings[id], id);
    }

    /// @dev Measured: reading the structs as such costs a draw 3,281 gas more, and making them anew another 500, so that
    /// their fields are cut out of the words by hand here, in the order of their declarations, and nowhere else.
    function _fill(Account memory its, FinancingId id) private view {
        FinancingRecord storage record = _financings[id];
        _fillOutline(its, record, id);
        if (its.debt.accruedAt != 0) its.accruals = record.accruals;
    }

    function _fillOutline(Account memory its, FinancingRecord storage record, FinancingId id) private view {
        (uint256 anchorWord, uint256 debtWord) = (_wordAt(record, 0), _wordAt(record, 1));
        require(uint8(debtWord) != 0, IFinancingDesk.FinancingUnknown(id));
        _fillAnchor(its.anchor, anchorWord);
        _fillDebt(its.debt, debtWord);
        FacilityRecord storage facility_ = _facilityOf(its);
        _fillLine(its.line, facility_);
        _fillUsage(its.usage, facility_);
    }

    function _wordAt(FinancingRecord storage record, uint256 offset) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(add(record.slot, offset))
        }
    }

    // The casts below cut off the fields above, which is their purpose.

    function _fillAnchor(Anchor memory anchor, uint256 word) private pure {
        anchor.collateral = ICollateral(address(uint160(word)));
        anchor.facility = uint32(word >> 160);
        anchor.maturityDay = uint16(word >> 192);
        anchor.debtor = OrganisationId.wrap(uint24(word >> 208));
        anchor.sellerGroup = GroupId.wrap(uint24(word >> 232));
    }

    function _fillDebt(Debt memory debt, uint256 word) private pure {
        debt.state = IFinancingDesk.State(uint8(word));
        debt.graceSpent = uint8(word >> 8) != 0;
        debt.accruedAt = uint40(word >> 16);
        debt.principal = uint48(word >> 56);
        debt.feesDue = uint48(word >> 104);
        debt.reserveDue = uint48(word >> 152);
        debt.repaidAhead = uint48(word >> 200);
        debt.marks = uint8(word >> 248);
    }

    /// @dev The reverse of `_fillDebt`, in one write; the word is full, so that nothing of the old one has to be kept.
    function _storeDebt(FinancingId id, Debt memory debt) internal {
        uint256 word = uint256(debt.state) | (debt.graceSpent ? 1 << 8 : 0) | uint256(debt.accruedAt) << 16
            | uint256(debt.principal) << 56 | uint256(debt.feesDue) << 104 | uint256(debt.reserveDue) << 152
            | uint256(debt.repaidAhead) << 200 | uint256(debt.marks) << 248;
        Debt storage kept = _financings[id].debt;
        assembly ("memory-safe") {
            sstore(kept.slot, word)
        }
    }

    function _store(FinancingId id, Account memory its) internal {
        _storeDebt(id, its.debt);
        _financings[id].accruals = its.accruals;
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

    function _claims(Account memory its) internal pure returns (Waterfall.Claims memory claims) {
        (Debt memory debt, Accruals memory accruals) = (its.debt, its.accruals);
        if (debt.graceSpent) claims.lateFees = Accrual.interestUp(accruals.late);
        claims.fees = debt.feesDue;
        claims.interest = Accrual.interestUp(accruals.interest);
        claims.principal = debt.principal;
        claims.writtenOff = accruals.writtenOff;
        claims.reserve = debt.reserveDue;
    }

    /// @return minor units that insurers are owed out of its payments, beside all that the source of money is
    function _coverDue(FinancingId id, Account memory its) internal view returns (uint256) {
        if (its.debt.marks & COVERED == 0) return 0;
        return _cover.premiumDue(id) + _cover.subrogatedDue(id);
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
        (uint256 limit, uint256 drawn) = (its.line.limit, its.usage.drawn);
        return drawn < limit ? limit - drawn : 0;
    }

    /// @dev The fee is rounded up, and the two charges together are: the reserve has the rest.
    function _charges(Account memory its, uint256 amount) internal pure returns (uint256 fee, uint256 reserve) {
        (uint256 feeBps, uint256 reserveBps) = (its.line.feeBps, its.line.reserveBps);
        // Safe: 48 bits, and 15 of each rate. It is `Rounding.bpsUp`, twice.
        unchecked {
            fee = (amount * feeBps + Rates.BPS - 1) / Rates.BPS;
            reserve = (amount * (feeBps + reserveBps) + Rates.BPS - 1) / Rates.BPS - fee;
        }
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

    function _impairmentOf(FinancingId id, Account memory its) internal view returns (uint48) {
        return its.debt.marks & IMPAIRED == 0 ? 0 : _impairments[id];
    }

    function _impair(FinancingId id, Account memory its, uint256 impairment) internal {
        uint256 previous = _impairmentOf(id, its);
        if (impairment == previous) return;
        _impairments[id] = impairment.toUint48();
        its.debt.marks = impairment == 0 ? its.debt.marks & ~IMPAIRED : its.debt.marks | IMPAIRED;
        _financings[id].debt.marks = its.debt.marks;
        emit IFinancingDesk.ImpairmentSet(id, impairment);

        its.usage.pool.changeImpairment(previous, impairment);
    }

    // Internals: whose risk it is

    /// @dev Takes from the caps; see `IConcentration`.
    function _takeExposure(FinancingId id, Account memory its, uint256 wanted) internal returns (uint256) {
        if (its.debt.marks & PLACED != 0) return _concentration.take(id, wanted);
        return _concentration.takeBy(its.usage.pool, its.anchor.debtor, its.anchor.sellerGroup, wanted);
    }

    function _giveExposure(FinancingId id, Account memory its, uint256 amount) internal {
        if (its.debt.marks & PLACED != 0) _concentration.give(id, amount);
        else _concentration.giveBy(its.usage.pool, its.anchor.debtor, its.anchor.sellerGroup, amount);
    }

    /// @dev What is out counts at the new keys from now on, and at the old ones no longer.
    /// @param previous minor units of principal that count at the old ones
    /// @return granted minor units for which the caps leave room, at most the principal
    function _moveExposure(FinancingId id, Account memory its, IConcentration.Keys memory keys, uint256 previous)
        internal
        returns (uint256 granted)
    {
        if (previous != 0) _concentration.give(id, previous);
        bool placed = _concentration.assign(id, its.usage.pool, keys);
        its.debt.marks = placed ? its.debt.marks | PLACED : its.debt.marks & ~PLACED;
        _financings[id].debt.marks = its.debt.marks;
        return _concentration.take(id, its.debt.principal);
    }

    // Internals: what backs it

    function _hasBacked(FinancingId id, address collateral) internal view returns (bool) {
        ICollateral[] storage earlier = _earlier[id];
        for (uint256 i; i < earlier.length; ++i) {
            if (address(earlier[i]) == collateral) return true;
        }
        return false;
    }

    function _requireSubjectOf(IMilestoneOracle oracle, ICollateral collateral, bytes32 subject, GroupId group)
        internal
        view
    {
        if (subject != 0) _requireFriend(collateral, subject, oracle.subject(subject).beneficiary, group);
    }

    /// @dev Facts of a consignment that somebody else has opened could be its friends' to vote on. Where the adapter takes
    /// no consignment but the item's own, it has looked at that itself.
    /// @param beneficiary the group that has opened the consignment
    function _requireFriend(ICollateral collateral, bytes32 subject, GroupId beneficiary, GroupId group) internal view {
        if (beneficiary == group || collateral.knowsSubjects()) return;
        revert IFinancingDesk.SubjectNotOfSupplier(subject, GroupId.unwrap(beneficiary), GroupId.unwrap(group));
    }

    function _watches(IMilestoneOracle oracle, FinancingId id, bytes32 subject) internal view returns (bool) {
        return oracle.tagOf(subject, address(this)) == FinancingId.unwrap(id);
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
