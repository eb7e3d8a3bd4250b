// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Apportion} from "../libraries/Apportion.sol";
import {DayCounts} from "../libraries/DayCounts.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {DayCount, Rates} from "../types/Rates.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {ILendingPool} from "./interfaces/ILendingPool.sol";
import {ISyndicate} from "./interfaces/ISyndicate.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Two to eight pools that lend together; the desk sees one source.
/// @dev Keeps by member what the member's pool keeps in sum: principal at each rate, and interest as weight * t - settled.
/// Principal leaves a member together with its own weight, and interest up to what that member has earned here, so no
/// member's pool can be made to settle more than it has earned.
contract Syndicate is ISyndicate, ReentrancyGuardTransient {
    using Apportion for uint256;
    using Apportion for uint256[];
    using SafeCast for uint256;
    using SafeCast for int256;
    using SafeERC20 for ICashToken;

    /// @dev Interest earned by one member and not received, exact: weight * t - settled.
    struct Income {
        uint96 weight;
        int160 settled;
    }

    uint256 private constant LEAST_MEMBERS = 2;
    uint256 private constant MOST_MEMBERS = 8;

    ICashToken public immutable cash;
    address public immutable desk;

    Member[] private _members;
    Position[MOST_MEMBERS] private _positions;
    mapping(DayCount => Income[MOST_MEMBERS]) private _income;
    mapping(DayCount => mapping(uint256 unitWeight => uint64[MOST_MEMBERS])) private _principalAt;
    /// @dev Expected losses of all financings, in minor units; the members' parts sum to it, or to all that is out.
    uint256 private _impairment;

    modifier onlyDesk() {
        require(msg.sender == desk, OnlyDesk(msg.sender, desk));
        _;
    }

    constructor(address desk_, Member[] memory members_) {
        uint256 count = members_.length;
        require(count >= LEAST_MEMBERS && count <= MOST_MEMBERS, MembersOutOfRange(count, LEAST_MEMBERS, MOST_MEMBERS));
        desk = desk_;
        cash = members_[0].pool.cash();
        for (uint256 i; i < count; ++i) {
            _join(members_[i]);
        }
        _requireWhole(_fundingShares());
        _requireWhole(_lossShares());
        _requireWhole(_feeShares());
    }

    // By the desk

    /// @inheritdoc IFundingSource
    function disburse(address to, uint256 amount, uint256 weight, DayCount dayCount) external onlyDesk nonReentrant {
        uint256[] memory parts = amount.inProportion(_fundingShares());
        uint256 unitWeight = _unitWeight(amount, weight);
        for (uint256 i; i < parts.length; ++i) {
            if (parts[i] == 0) continue;
            weight = parts[i] * unitWeight;
            _positions[i].principalOut = (_positions[i].principalOut + parts[i]).toUint64();
            uint64[MOST_MEMBERS] storage out = _principalAt[dayCount][unitWeight];
            out[i] = (out[i] + parts[i]).toUint64();
            _lend(_income[dayCount][i], weight, dayCount);
            _members[i].pool.disburse(to, parts[i], weight, dayCount);
        }
    }

    /// @inheritdoc IFundingSource
    function collect(Receipt calldata receipt) external onlyDesk nonReentrant {
        Receipt[] memory parts = new Receipt[](_members.length);
        _shareFees(parts, receipt);
        _shareInterest(parts, receipt);
        _shareRecovered(parts, receipt.recovered);
        uint256 unitWeight = _unitWeight(receipt.principal, receipt.weight);
        uint256[] memory out = _out(receipt.dayCount, unitWeight);
        _requireBooked(receipt.principal, out);
        uint256[] memory principal = receipt.principal.inProportion(out);
        for (uint256 i; i < parts.length; ++i) {
            parts[i].dayCount = receipt.dayCount;
            parts[i].principal = principal[i];
            parts[i].weight = principal[i] * unitWeight;
            _takeOff(i, principal[i], unitWeight, parts[i].settledNumerator, receipt.dayCount);
        }
        _spreadImpairment(_impairment);
        _passOn(parts);
    }

    /// @inheritdoc IFundingSource
    function changeImpairment(uint256 previous, uint256 next) external onlyDesk nonReentrant {
        require(previous <= _impairment, MoreThanBooked(previous, _impairment));
        _spreadImpairment(_impairment - previous + next);
    }

    /// @inheritdoc IFundingSource
    function writeOff(uint256 principal, uint256 weight, uint256 settledNumerator, DayCount dayCount)
        external
        onlyDesk
        nonReentrant
    {
        uint256 unitWeight = _unitWeight(principal, weight);
        uint256[] memory losses = _loss(principal, _out(dayCount, unitWeight));
        uint256[] memory settled = _loss(settledNumerator, _accrued(dayCount));
        for (uint256 i; i < losses.length; ++i) {
            _positions[i].lost = (_positions[i].lost + losses[i]).toUint64();
            _takeOff(i, losses[i], unitWeight, settled[i], dayCount);
        }
        _spreadImpairment(_impairment);
        for (uint256 i; i < losses.length; ++i) {
            if (losses[i] == 0 && settled[i] == 0) continue;
            _members[i].pool.writeOff(losses[i], losses[i] * unitWeight, settled[i], dayCount);
        }
    }

    // Views

    /// @inheritdoc IFundingSource
    /// @dev The greatest amount whose exact share every member has: a part is at most its exact share, rounded up.
    /// Nothing while a member has not listed this syndicate.
    function lendable() external view returns (uint256 most) {
        most = type(uint256).max;
        for (uint256 i; i < _members.length; ++i) {
            Member memory member = _members[i];
            if (!member.pool.isListed(address(this))) return 0;
            most = Math.min(most, Math.mulDiv(member.pool.lendable(), Rates.BPS, member.fundingBps));
        }
    }

    /// @inheritdoc ISyndicate
    function members() external view returns (Member[] memory) {
        return _members;
    }

    /// @inheritdoc ISyndicate
    function positionOf(ILendingPool pool) external view returns (Position memory position) {
        (bool isMember, uint256 i) = _indexOf(pool);
        if (isMember) position = _positions[i];
    }

    /// @inheritdoc ISyndicate
    function accruedNumeratorOf(ILendingPool pool, DayCount dayCount) external view returns (uint256) {
        (bool isMember, uint256 i) = _indexOf(pool);
        return isMember ? _accrued(dayCount)[i] : 0;
    }

    /// @inheritdoc ISyndicate
    function principalAt(ILendingPool pool, DayCount dayCount, uint256 unitWeight) external view returns (uint256) {
        (bool isMember, uint256 i) = _indexOf(pool);
        return isMember ? _principalAt[dayCount][unitWeight][i] : 0;
    }

    // Sharing what came in

    function _shareFees(Receipt[] memory parts, Receipt calldata receipt) private view {
        uint256[] memory lateFees = receipt.lateFees.inProportion(_feeShares());
        uint256[] memory fees = receipt.fees.inProportion(_feeShares());
        uint256[] memory reserve = receipt.reserve.inProportion(_fundingShares());
        for (uint256 i; i < parts.length; ++i) {
            (parts[i].lateFees, parts[i].fees, parts[i].reserve) = (lateFees[i], fees[i], reserve[i]);
        }
    }

    /// @dev A member settles no more than it is paid for, as long as the whole can be settled so. What is over because
    /// minor units do not divide, less than one a member, is settled by those who have earned it.
    function _shareInterest(Receipt[] memory parts, Receipt calldata receipt) private view {
        uint256[] memory accrued = _accrued(receipt.dayCount);
        uint256 left = receipt.settledNumerator;
        _requireBooked(left, accrued);
        uint256[] memory interest = receipt.interest.inProportion(accrued.sum() == 0 ? _fundingShares() : accrued);
        for (uint256 i; i < parts.length; ++i) {
            uint256 paidFor = Math.min(interest[i] * Rates.INTEREST_DENOMINATOR, accrued[i]);
            (parts[i].interest, parts[i].settledNumerator) = (interest[i], Math.min(paidFor, left));
            left -= parts[i].settledNumerator;
        }
        for (uint256 i; i < parts.length && left != 0; ++i) {
            uint256 more = Math.min(left, accrued[i] - parts[i].settledNumerator);
            parts[i].settledNumerator += more;
            left -= more;
        }
    }

    function _shareRecovered(Receipt[] memory parts, uint256 amount) private {
        if (amount == 0) return;
        uint256[] memory lost = new uint256[](parts.length);
        for (uint256 i; i < parts.length; ++i) {
            lost[i] = _positions[i].lost;
        }
        _requireBooked(amount, lost);
        uint256[] memory recovered = amount.inProportion(lost);
        for (uint256 i; i < parts.length; ++i) {
            parts[i].recovered = recovered[i];
            _positions[i].lost = (lost[i] - recovered[i]).toUint64();
        }
    }

    function _passOn(Receipt[] memory parts) private {
        for (uint256 i; i < parts.length; ++i) {
            Receipt memory part = parts[i];
            uint256 amount = part.lateFees + part.fees + part.interest + part.principal + part.recovered + part.reserve;
            if (amount == 0 && part.settledNumerator == 0) continue;
            ILendingPool pool = _members[i].pool;
            if (amount != 0) cash.safeTransfer(address(pool), amount);
            pool.collect(part);
        }
    }

    // Losses

    /// @return by loss shares, within what each member has; the rest spills over in their order
    function _loss(uint256 amount, uint256[] memory booked) private view returns (uint256[] memory) {
        _requireBooked(amount, booked);
        return amount.withinLimits(_lossShares(), booked);
    }

    /// @dev From the total alone, as a loss of it would fall now: so the members' parts follow when principal moves, and
    /// are zero when the total is.
    function _spreadImpairment(uint256 total) private {
        if (total == 0 && _impairment == 0) return;
        _impairment = total;
        uint256[] memory out = new uint256[](_members.length);
        for (uint256 i; i < out.length; ++i) {
            out[i] = _positions[i].principalOut;
        }
        // A repayment may be booked just before the expected loss that it makes too great.
        uint256[] memory parts = Math.min(total, out.sum()).withinLimits(_lossShares(), out);
        for (uint256 i; i < parts.length; ++i) {
            uint256 previous = _positions[i].impairment;
            if (previous == parts[i]) continue;
            // The cast is safe: the part is at most the principal, which is of the same type.
            _positions[i].impairment = uint64(parts[i]);
            _members[i].pool.changeImpairment(previous, parts[i]);
        }
    }

    // Books

    function _lend(Income storage income, uint256 weight, DayCount dayCount) private {
        // The casts are safe: a weight of 96 bits times seconds.
        int256 settled = income.settled + int256(weight * DayCounts.clock(dayCount, block.timestamp));
        (income.weight, income.settled) = ((income.weight + weight).toUint96(), settled.toInt160());
    }

    function _takeOff(uint256 i, uint256 principal, uint256 unitWeight, uint256 settledNumerator, DayCount dayCount)
        private
    {
        if (principal == 0 && settledNumerator == 0) return;
        uint64[MOST_MEMBERS] storage out = _principalAt[dayCount][unitWeight];
        out[i] = (out[i] - principal).toUint64();
        _positions[i].principalOut = (_positions[i].principalOut - principal).toUint64();
        Income storage income = _income[dayCount][i];
        uint256 weight = principal * unitWeight;
        // The casts are safe: both are products of a weight of 96 bits and of seconds.
        int256 settled =
            income.settled + int256(settledNumerator) - int256(weight * DayCounts.clock(dayCount, block.timestamp));
        (income.weight, income.settled) = ((income.weight - weight).toUint96(), settled.toInt160());
    }

    function _out(DayCount dayCount, uint256 unitWeight) private view returns (uint256[] memory out) {
        out = new uint256[](_members.length);
        for (uint256 i; i < out.length; ++i) {
            out[i] = _principalAt[dayCount][unitWeight][i];
        }
    }

    function _accrued(DayCount dayCount) private view returns (uint256[] memory accrued) {
        accrued = new uint256[](_members.length);
        uint256 time = DayCounts.clock(dayCount, block.timestamp);
        for (uint256 i; i < accrued.length; ++i) {
            Income memory income = _income[dayCount][i];
            // Never negative: a member settles at most what it has earned.
            accrued[i] = (int256(income.weight * time) - income.settled).toUint256();
        }
    }

    function _unitWeight(uint256 principal, uint256 weight) private pure returns (uint256 unitWeight) {
        if (principal != 0) unitWeight = weight / principal;
        require(unitWeight * principal == weight, WeightUneven(principal, weight));
    }

    function _requireBooked(uint256 amount, uint256[] memory booked) private pure {
        uint256 total = booked.sum();
        require(amount <= total, MoreThanBooked(amount, total));
    }

    // Members

    function _join(Member memory member) private {
        (bool isMember,) = _indexOf(member.pool);
        require(!isMember, MemberTwice(member.pool));
        address itsCash = address(member.pool.cash());
        require(itsCash == address(cash), MemberOfOtherCurrency(member.pool, itsCash, address(cash)));
        require(member.fundingBps != 0, FundingShareZero(member.pool));
        _members.push(member);
        emit MemberJoined(member.pool, member.fundingBps, member.lossBps, member.feeBps);
    }

    function _requireWhole(uint256[] memory shares) private pure {
        uint256 sum = shares.sum();
        require(sum == Rates.BPS, SharesNotWhole(sum, Rates.BPS));
    }

    function _fundingShares() private view returns (uint256[] memory shares) {
        shares = new uint256[](_members.length);
        for (uint256 i; i < shares.length; ++i) {
            shares[i] = _members[i].fundingBps;
        }
    }

    function _lossShares() private view returns (uint256[] memory shares) {
        shares = new uint256[](_members.length);
        for (uint256 i; i < shares.length; ++i) {
            shares[i] = _members[i].lossBps;
        }
    }

    function _feeShares() private view returns (uint256[] memory shares) {
        shares = new uint256[](_members.length);
        for (uint256 i; i < shares.length; ++i) {
            shares[i] = _members[i].feeBps;
        }
    }

    function _indexOf(ILendingPool pool) private view returns (bool isMember, uint256 i) {
        for (; i < _members.length; ++i) {
            if (_members[i].pool == pool) return (true, i);
        }
    }
}
