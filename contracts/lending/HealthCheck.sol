// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {DayCounts} from "../libraries/DayCounts.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {DayCount} from "../types/Rates.sol";
import {HealthOfFinancings} from "./HealthOfFinancings.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFirstLossReserve} from "./interfaces/IFirstLossReserve.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {IHealthCheck} from "./interfaces/IHealthCheck.sol";
import {ILendingPool, Tranche} from "./interfaces/ILendingPool.sol";
import {ISyndicate} from "./interfaces/ISyndicate.sol";

/// @title Asks whether every invariant of lending holds now. Adds up anew, by itself, what the contracts keep as sums.
contract HealthCheck is HealthOfFinancings {
    /// @dev What a source's books must come to by its financings.
    struct Sums {
        uint256 principal;
        uint256 impairment;
        uint256 numerator;
    }

    /// @dev Everything that has to be added up, read once. Facilities by their number less one.
    /// @param out principal out and written off, by facility
    /// @param sources the pools in their order, then the syndicates in the order in which facilities name them
    struct Ledger {
        IFinancingDesk.Facility[] lines;
        uint256[] out;
        IFundingSource[] sources;
        uint256 sourceCount;
        Sums[] sums;
    }

    ILendingPool[] private _pools;

    constructor(IFinancingDesk desk_, ILendingPool[] memory pools_) HealthOfFinancings(desk_) {
        _pools = pools_;
    }

    // Questions

    /// @inheritdoc IHealthCheck
    function check() external view returns (bool healthy, string memory invariant, uint256 subject) {
        (healthy, invariant, subject) = checkSums();
        if (healthy) return checkFinancings(1, type(uint64).max);
    }

    /// @inheritdoc IHealthCheck
    function checkSums() public view returns (bool, string memory broken, uint256) {
        Ledger memory ledger = _ledger();
        for (uint256 i = _pools.length; i < ledger.sourceCount; ++i) {
            broken = _brokenOfSyndicate(ledger, i);
            if (bytes(broken).length != 0) return (false, broken, uint160(address(ledger.sources[i])));
        }
        for (uint256 i; i < _pools.length; ++i) {
            broken = _brokenOfPool(_pools[i]);
            if (bytes(broken).length == 0) broken = _brokenSum(_pools[i], ledger.sums[i]);
            if (bytes(broken).length != 0) return (false, broken, uint160(address(_pools[i])));
        }
        for (uint256 i; i < ledger.lines.length; ++i) {
            broken = _brokenOfFacility(uint64(i + 1), ledger.lines[i], ledger.out[i]);
            if (bytes(broken).length == 0 && !_isParkedMoneyHere(ledger.lines, i)) {
                broken = "the desk holds the money that is parked";
            }
            if (bytes(broken).length != 0) return (false, broken, i + 1);
        }
        return (true, "", 0);
    }

    // Pools

    function _brokenOfPool(ILendingPool pool) private view returns (string memory) {
        ILendingPool.Books memory books = pool.books();
        ILendingPool.Held memory held = pool.held();
        uint256 counted = books.cash + books.setAside + held.fees + held.reserve + held.streaming;
        if (pool.cash().balanceOf(address(pool)) < counted) return "the pool holds the money that it counts";
        IFirstLossReserve reserve = pool.reserve();
        bool reserved = address(reserve) == address(0) || pool.cash().balanceOf(address(reserve)) >= reserve.held();
        if (!reserved) return "the reserve holds the money that it counts";
        if (books.impairment > books.principalOut) return "expected losses are within the principal out";
        return _brokenPrice(pool);
    }

    function _brokenPrice(ILendingPool pool) private view returns (string memory) {
        (uint256 seniorEntry, uint256 seniorExit) = pool.trancheAssets(Tranche.Senior);
        (uint256 juniorEntry, uint256 juniorExit) = pool.trancheAssets(Tranche.Junior);
        if (seniorExit > seniorEntry || juniorExit > juniorEntry) return "shares are never given back above entry";
        if (seniorExit + juniorExit != pool.netAssets()) return "the tranches share the net assets";
        (uint256 lost,) = pool.losses();
        uint256 toCome = pool.held().streaming + lost;
        if (seniorEntry + juniorEntry != pool.grossAssets() + toCome) return "the tranches share the gross assets";
        if (seniorEntry > pool.seniorClaim()) return "senior has no more than its claim";
        return "";
    }

    function _brokenSum(ILendingPool pool, Sums memory sums) private view returns (string memory) {
        ILendingPool.Books memory books = pool.books();
        if (books.principalOut != sums.principal) return "principal out is the sum of the financings'";
        if (books.impairment != sums.impairment) return "expected losses are the sum of the financings'";
        if (pool.accruedIncome() != Accrual.interestDown(sums.numerator)) {
            return "income is the sum of the financings'";
        }
        return "";
    }

    // Syndicates

    /// @dev Also adds to each member's pool what it has in the syndicate.
    function _brokenOfSyndicate(Ledger memory ledger, uint256 at) private view returns (string memory) {
        ISyndicate syndicate = ISyndicate(address(ledger.sources[at]));
        Sums memory parts;
        try syndicate.members() returns (ISyndicate.Member[] memory members) {
            for (uint256 i; i < members.length; ++i) {
                (bool found, uint256 index) = _indexOf(ledger, members[i].pool);
                if (!found) return "every source of money is known here";
                _addPart(parts, syndicate, members[i].pool);
                _addPart(ledger.sums[index], syndicate, members[i].pool);
            }
        } catch {
            return "every source of money is known here";
        }
        Sums memory whole = ledger.sums[at];
        bool same = parts.principal == whole.principal && parts.impairment == whole.impairment
            && parts.numerator == whole.numerator;
        return same ? "" : "a syndicate's parts are the sum of the financings'";
    }

    function _addPart(Sums memory sums, ISyndicate syndicate, ILendingPool pool) private view {
        ISyndicate.Position memory part = syndicate.positionOf(pool);
        sums.principal += part.principalOut;
        sums.impairment += part.impairment;
        for (uint8 clock; clock <= uint8(type(DayCount).max); ++clock) {
            sums.numerator += syndicate.accruedNumeratorOf(pool, DayCount(clock));
        }
    }

    // Facilities

    function _brokenOfFacility(uint64 id, IFinancingDesk.Facility memory line, uint256 out)
        private
        view
        returns (string memory)
    {
        if (line.terms.revolving && line.drawn != out) return "drawn is the sum of the financings'";
        if (line.drawn < out) return "what is out has been drawn";
        if (FinancingId.unwrap(line.recourseTo) == 0) return "";
        bool own = FacilityId.unwrap(desk.financing(line.recourseTo).facility) == id;
        if (!own || desk.owedInAll(line.recourseTo) == 0) return "recourse is for a debt of the facility";
        return "";
    }

    /// @dev Only suppliers are paid by the desk, so that nobody else's money is parked there.
    function _isParkedMoneyHere(IFinancingDesk.Facility[] memory lines, uint256 line) private view returns (bool) {
        ICashToken cash = lines[line].terms.pool.cash();
        uint256 sum;
        for (uint256 i; i < lines.length; ++i) {
            bool counts = lines[i].terms.pool.cash() == cash;
            for (uint256 j; j < i && counts; ++j) {
                counts = lines[j].terms.supplier != lines[i].terms.supplier || lines[j].terms.pool.cash() != cash;
            }
            if (counts) sum += desk.parked(lines[i].terms.supplier, address(cash));
        }
        return cash.balanceOf(address(desk)) >= sum;
    }

    // Adding up

    function _ledger() private view returns (Ledger memory ledger) {
        uint256 lines = desk.facilityCount();
        (ledger.lines, ledger.out) = (new IFinancingDesk.Facility[](lines), new uint256[](lines));
        ledger.sources = new IFundingSource[](_pools.length + lines);
        ledger.sums = new Sums[](_pools.length + lines);
        for (uint256 i; i < _pools.length; ++i) {
            ledger.sources[ledger.sourceCount++] = _pools[i];
        }
        for (uint256 i; i < lines; ++i) {
            ledger.lines[i] = desk.facility(FacilityId.wrap(uint64(i + 1)));
            IFundingSource source = ledger.lines[i].terms.pool;
            (bool found,) = _indexOf(ledger, source);
            if (!found) ledger.sources[ledger.sourceCount++] = source;
        }
        uint256 count = desk.financingCount();
        for (uint256 i = 1; i <= count; ++i) {
            _addFinancing(ledger, desk.financing(FinancingId.wrap(uint64(i))));
        }
    }

    function _addFinancing(Ledger memory ledger, IFinancingDesk.Financing memory its) private view {
        uint256 line = FacilityId.unwrap(its.facility) - 1;
        ledger.out[line] += its.principal + its.writtenOff;
        IFinancingDesk.FacilityTerms memory terms = ledger.lines[line].terms;
        (, uint256 index) = _indexOf(ledger, terms.pool);
        Sums memory sums = ledger.sums[index];
        sums.principal += its.principal;
        sums.impairment += its.impairment;
        sums.numerator += _numerator(its, terms);
    }

    function _numerator(IFinancingDesk.Financing memory its, IFinancingDesk.FacilityTerms memory terms)
        private
        view
        returns (uint256)
    {
        if (its.principal == 0) return its.accruedNumerator;
        uint256 weight = Accrual.weightOf(its.principal, terms.discountRateBps, terms.dayCount);
        return its.accruedNumerator + weight * (DayCounts.clock(terms.dayCount, block.timestamp) - its.accruedAt);
    }

    function _indexOf(Ledger memory ledger, IFundingSource source) private pure returns (bool found, uint256 index) {
        for (; index < ledger.sourceCount; ++index) {
            if (address(ledger.sources[index]) == address(source)) return (true, index);
        }
    }
}
