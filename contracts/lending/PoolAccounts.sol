// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {DayCounts} from "../libraries/DayCounts.sol";
import {DayCount, Rates} from "../types/Rates.sol";
import {ILendingPool, Tranche} from "./interfaces/ILendingPool.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title A pool's books: what is where, what it is worth, and whose it is. Every struct here fills one word, because
/// draws, repayments and deposits read and write them.
abstract contract PoolAccounts is ILendingPool {
    using Math for uint256;
    using SafeCast for uint256;
    using SafeCast for int256;

    /// @notice `ILendingPool.Books` as it is kept.
    /// @param stopped bit `Stoppable`
    /// @param counts30E whether anything was ever lent on the 30E/360 clock, so that its income has to be read
    /// @param streams whether something may still have to become cash, so that `HeldWord` has to be read
    struct BooksWord {
        uint56 cash;
        uint56 principalOut;
        uint56 impairment;
        uint56 setAside;
        uint8 stopped;
        bool counts30E;
        bool streams;
    }

    /// @notice Interest of the whole pool on one clock: what is earned and not yet received, exact, is
    /// weight * clock - settled.
    /// @param weight sum of `Accrual.weightOf`
    /// @param settled sum of weight * clock at each draw, plus what has been received, less weight * clock at each
    /// repayment; signed, because a loss taken later may leave it below zero
    /// @param seniorPaid of the interest in senior's claim, what collections have paid on record, minor units; kept with
    /// the actual clock's income, which a collection writes anyway
    struct IncomeWord {
        uint80 weight;
        int120 settled;
        uint56 seniorPaid;
    }

    /// @notice Senior's claim: principal and its simple interest. Interest accrues from `accruedAt`; up to then it is in
    /// the numerator, exact.
    struct SeniorWord {
        uint56 principal;
        uint40 accruedAt;
        uint112 accruedNumerator;
        uint40 lastEpochAt;
    }

    /// @notice `ILendingPool.Held` as it is kept: `streaming` counts evenly between the two moments.
    struct HeldWord {
        uint56 fees;
        uint56 reserve;
        uint56 streaming;
        uint40 streamStartedAt;
        uint40 streamEndsAt;
    }

    /// @notice What is seldom touched.
    /// @param lost minor units borne by lenders, not yet recovered and not struck
    /// @param covered minor units borne by the first-loss reserve and not yet recovered
    struct LossesWord {
        uint64 lost;
        uint64 covered;
        uint64 depositCap;
    }

    /// @notice What lenders own now, in minor units: all of them, and senior at most.
    struct Worth {
        uint256 gross;
        uint256 net;
        uint256 claim;
    }

    /// @notice How long what comes in above book takes to count.
    uint256 public constant STREAM_SECONDS = 7 days;
    /// @dev Half of the counters' range, so that what comes in on it can never overflow the other half.
    uint256 internal constant MOST_FUNDED = type(uint56).max / 2;

    uint256 public immutable seniorRateBps;
    uint256 public immutable subordinationFloorBps;
    /// @dev What one minor unit of senior's principal earns each second.
    uint256 private immutable _seniorUnitWeight;

    BooksWord internal _books;
    IncomeWord internal _income;
    IncomeWord internal _income30E;
    SeniorWord internal _senior;
    HeldWord internal _held;
    LossesWord internal _losses;

    constructor(uint256 seniorRateBps_, uint256 subordinationFloorBps_) {
        require(seniorRateBps_ <= Rates.BPS, RateTooHigh(seniorRateBps_, Rates.BPS));
        require(subordinationFloorBps_ < Rates.BPS, RateTooHigh(subordinationFloorBps_, Rates.BPS - 1));
        seniorRateBps = seniorRateBps_;
        subordinationFloorBps = subordinationFloorBps_;
        _seniorUnitWeight = Accrual.weightOf(1, seniorRateBps_, DayCount.Actual360);
        _senior = SeniorWord(0, block.timestamp.toUint40(), 0, block.timestamp.toUint40());
        _losses.depositCap = type(uint64).max;
    }

    // Views

    /// @inheritdoc ILendingPool
    function books() external view returns (Books memory) {
        BooksWord memory word = _books;
        return Books(_cashNow(word), word.principalOut, word.impairment, word.setAside);
    }

    /// @inheritdoc ILendingPool
    function held() external view returns (Held memory) {
        HeldWord memory word = _held;
        return Held(word.fees, word.reserve, _unvested(word), word.streamEndsAt);
    }

    /// @inheritdoc ILendingPool
    function losses() external view returns (uint256, uint256) {
        return (_losses.lost, _losses.covered);
    }

    /// @inheritdoc ILendingPool
    function depositCap() external view returns (uint256) {
        return _losses.depositCap;
    }

    /// @inheritdoc ILendingPool
    function isStopped(Stoppable what) external view returns (bool) {
        return _books.stopped & (1 << uint8(what)) != 0;
    }

    /// @inheritdoc ILendingPool
    function accruedIncome() external view returns (uint256) {
        return _accruedIncome(_books.counts30E);
    }

    /// @inheritdoc ILendingPool
    function seniorClaim() external view returns (uint256) {
        return _claimOf(_senior);
    }

    /// @inheritdoc ILendingPool
    function grossAssets() external view returns (uint256) {
        return _worthNow().gross;
    }

    /// @inheritdoc ILendingPool
    function netAssets() external view returns (uint256) {
        return _worthNow().net;
    }

    /// @inheritdoc ILendingPool
    function trancheAssets(Tranche tranche) external view returns (uint256 entry, uint256 exit) {
        Worth memory worth = _worthNow();
        return (_entryOf(tranche, _books.streams, worth), _shareOf(tranche, worth.net, worth.claim));
    }

    // Internals: worth

    function _worthNow() internal view returns (Worth memory) {
        return _worth(_books);
    }

    function _worth(BooksWord memory word) internal view returns (Worth memory) {
        return _worthWith(word, _cashNow(word));
    }

    /// @param cash_ minor units that count as cash
    function _worthWith(BooksWord memory word, uint256 cash_) internal view returns (Worth memory worth) {
        // Safe: the income is a quotient of at most 122 bits, the others have 64 bits and less.
        unchecked {
            worth.gross = cash_ + word.principalOut + _accruedIncome(word.counts30E);
        }
        worth.net = worth.gross.saturatingSub(word.impairment);
        worth.claim = _claimOf(_senior);
    }

    /// @return of the assets, what the tranche owns: senior up to its claim, junior the rest
    function _shareOf(Tranche tranche, uint256 assets, uint256 claim) internal pure returns (uint256) {
        return tranche == Tranche.Senior ? Math.min(assets, claim) : assets.saturatingSub(claim);
    }

    /// @dev Whoever enters pays also for what is still to count, and for what lenders have lost as if it came back.
    function _entryOf(Tranche tranche, bool streams, Worth memory worth) internal view returns (uint256) {
        uint256 assets = worth.gross + _losses.lost;
        if (streams) assets += _unvested(_held);
        return _shareOf(tranche, assets, worth.claim);
    }

    /// @return the least that junior must own beside so much of senior, rounded up
    function _juniorNeeded(uint256 senior) internal view returns (uint256) {
        return (senior * subordinationFloorBps).ceilDiv(Rates.BPS - subordinationFloorBps);
    }

    function _isSubordinated(Worth memory worth) internal view returns (bool) {
        uint256 senior = Math.min(worth.net, worth.claim);
        // As `net - senior >= _juniorNeeded(senior)`, without the division. Safe: assets times basis points.
        unchecked {
            return (worth.net - senior) * (Rates.BPS - subordinationFloorBps) >= senior * subordinationFloorBps;
        }
    }

    function _cashNow(BooksWord memory word) internal view returns (uint256) {
        if (!word.streams) return word.cash;
        HeldWord memory held_ = _held;
        return uint256(word.cash) + held_.streaming - _unvested(held_);
    }

    function _accruedIncome(bool counts30E) internal view returns (uint256) {
        uint256 numerator = _earned(_income, block.timestamp);
        if (counts30E) numerator += _earned(_income30E, DayCounts.thirty360(block.timestamp));
        return Accrual.interestDown(numerator);
    }

    /// @dev Safe: a uint80 times seconds, less 120 bits. The sum is never negative: only what has been earned is ever
    /// settled.
    function _earned(IncomeWord memory income, uint256 clock) private pure returns (uint256) {
        unchecked {
            return (int256(income.weight * clock) - income.settled).toUint256();
        }
    }

    function _claimOf(SeniorWord memory senior) internal view returns (uint256) {
        // Safe: a quotient of at most 120 bits, and 56 bits.
        unchecked {
            return senior.principal + Accrual.interestDown(_seniorNumerator(senior));
        }
    }

    /// @dev Exact, so that it does not matter how often it is booked.
    function _seniorNumerator(SeniorWord memory senior) internal view returns (uint256) {
        // Safe: 56 bits times a weight of 21 bits times seconds, and what was accrued is not later than now.
        unchecked {
            uint256 weight = senior.principal * _seniorUnitWeight;
            return senior.accruedNumerator + weight * (block.timestamp - senior.accruedAt);
        }
    }

    /// @return what does not count yet, rounded up
    function _unvested(HeldWord memory word) internal view returns (uint256) {
        if (block.timestamp >= word.streamEndsAt) return 0;
        uint256 left = word.streamEndsAt - block.timestamp;
        return (uint256(word.streaming) * left).ceilDiv(word.streamEndsAt - word.streamStartedAt);
    }

    function _isStopped(BooksWord memory word, Stoppable what) internal pure returns (bool) {
        return word.stopped & (1 << uint8(what)) != 0;
    }

    // Internals: bookings. What changes a word in memory leaves it to the caller to store it.

    /// @dev Moves what has streamed in by now to cash.
    function _vest(BooksWord memory word) internal {
        if (!word.streams) return;
        HeldWord memory held_ = _held;
        uint256 unvested = _unvested(held_);
        word.cash = (uint256(word.cash) + held_.streaming - unvested).toUint56();
        word.streams = unvested != 0;
        held_.streaming = unvested.toUint56();
        held_.streamStartedAt = block.timestamp.toUint40();
        _held = held_;
    }

    /// @dev Adds to the stream. What was streaming keeps its pace: the end moves by the weighted mean only, so that a
    /// minor unit more cannot hold the rest back.
    function _stream(BooksWord memory word, HeldWord memory held_, uint256 amount) internal view {
        uint256 unvested = _unvested(held_);
        word.cash = (uint256(word.cash) + held_.streaming - unvested).toUint56();
        uint256 all = unvested + amount;
        uint256 left = uint256(held_.streamEndsAt).saturatingSub(block.timestamp);
        uint256 seconds_ = (unvested * left + amount * STREAM_SECONDS) / all;
        held_.streaming = all.toUint56();
        held_.streamStartedAt = block.timestamp.toUint40();
        held_.streamEndsAt = (block.timestamp + seconds_).toUint40();
        word.streams = true;
    }

    /// @dev Books a draw on the clock of its day count.
    function _lendOn(BooksWord memory word, DayCount dayCount, uint256 weight) internal {
        if (dayCount == DayCount.Thirty360) word.counts30E = true;
        IncomeWord storage income = _incomeOn(dayCount);
        _reweigh(income, income.weight + weight, int256(weight * DayCounts.clock(dayCount, block.timestamp)));
    }

    /// @dev Books that principal left, and interest was settled, on the clock of its day count.
    function _settleOn(DayCount dayCount, uint256 weight, uint256 numerator) internal {
        IncomeWord storage income = _incomeOn(dayCount);
        // The casts are safe: both are products of a uint80 at most and of seconds.
        int256 change = int256(numerator) - int256(weight * DayCounts.clock(dayCount, block.timestamp));
        _reweigh(income, income.weight - weight, change);
    }

    /// @dev Takes from senior's claim what its redeemed shares stood for: the same part of principal and of interest, so
    /// that the shares that stay are owed what they were owed. Where the claim is covered that is just what is paid.
    function _payDown(SeniorWord memory senior, uint256 paid, uint256 exit) internal {
        uint256 interest = Accrual.interestDown(senior.accruedNumerator);
        uint256 claimGone = (senior.principal + interest).mulDiv(paid, exit);
        uint256 interestGone = interest.mulDiv(paid, exit);
        senior.principal = (senior.principal + interestGone - claimGone).toUint56();
        senior.accruedNumerator -= (interestGone * Rates.INTEREST_DENOMINATOR).toUint112();
        uint256 seniorPaid = _income.seniorPaid;
        if (seniorPaid != 0) _income.seniorPaid = (seniorPaid - seniorPaid.mulDiv(paid, exit)).toUint56();
    }

    function _incomeOn(DayCount dayCount) private view returns (IncomeWord storage) {
        return dayCount == DayCount.Thirty360 ? _income30E : _income;
    }

    function _reweigh(IncomeWord storage income, uint256 weight, int256 settledChange) private {
        int256 settled = income.settled + settledChange;
        (income.weight, income.settled) = (weight.toUint80(), settled.toInt120());
    }
}
