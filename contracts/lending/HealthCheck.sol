// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {DayCounts} from "../libraries/DayCounts.sol";
import {FacilityId, FinancingId, OrganisationId} from "../types/Ids.sol";
import {DayCount} from "../types/Rates.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFirstLossReserve} from "./interfaces/IFirstLossReserve.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {IHealthCheck} from "./interfaces/IHealthCheck.sol";
import {ILendingPool, Tranche} from "./interfaces/ILendingPool.sol";
import {ISyndicate} from "./interfaces/ISyndicate.sol";

/// @title Asks whether every invariant of lending holds now. Adds up anew, by itself, what the contracts keep as sums.
contract HealthCheck is IHealthCheck {
    /// @dev What a pool's books must come to by its financings.
    struct Sums {
        uint256 principal;
        uint256 impairment;
        uint256 numerator;
    }

    /// @dev Everything that has to be added up, read once. Facilities by their number less one, pools in their order.
    struct Ledger {
        IFinancingDesk.Facility[] lines;
        uint256[] out;
        Sums[] sums;
    }

    IFinancingDesk public immutable desk;
    ILendingPool[] private _pools;

    constructor(IFinancingDesk desk_, ILendingPool[] memory pools_) {
        desk = desk_;
        _pools = pools_;
    }

    // Questions

    /// @inheritdoc IHealthCheck
    function check() external view returns (bool healthy, string memory invariant, uint256 subject) {
        (healthy, invariant, subject) = checkSums();
        if (healthy) return checkFinancings(1, uint64(desk.financingCount()));
    }

    /// @inheritdoc IHealthCheck
    function checkSums() public view returns (bool, string memory, uint256) {
        Ledger memory ledger = _ledger();
        for (uint256 i; i < _pools.length; ++i) {
            string memory broken = _brokenOfPool(_pools[i]);
            if (bytes(broken).length == 0) broken = _brokenSum(_pools[i], ledger.sums[i]);
            if (bytes(broken).length != 0) return (false, broken, uint160(address(_pools[i])));
        }
        for (uint256 i; i < ledger.lines.length; ++i) {
            string memory broken = _brokenOfFacility(uint64(i + 1), ledger.lines[i], ledger.out[i]);
            if (bytes(broken).length != 0) return (false, broken, i + 1);
        }
        return (true, "", 0);
    }

    /// @inheritdoc IHealthCheck
    function checkFinancings(uint64 from, uint64 to) public view returns (bool, string memory, uint256) {
        for (uint64 i = from; i <= to; ++i) {
            string memory broken = _brokenOfFinancing(FinancingId.wrap(i));
            if (bytes(broken).length != 0) return (false, broken, i);
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
        (uint256 seniorEntry, uint256 seniorExit) = pool.trancheAssets(Tranche.Senior);
        (uint256 juniorEntry, uint256 juniorExit) = pool.trancheAssets(Tranche.Junior);
        if (seniorExit > seniorEntry || juniorExit > juniorEntry) return "shares are never given back above entry";
        if (seniorExit + juniorExit != pool.netAssets()) return "the tranches share the net assets";
        if (seniorEntry + juniorEntry != pool.grossAssets()) return "the tranches share the gross assets";
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

    // Adding up

    function _ledger() private view returns (Ledger memory ledger) {
        ledger.lines = new IFinancingDesk.Facility[](desk.facilityCount());
        ledger.out = new uint256[](ledger.lines.length);
        ledger.sums = new Sums[](_pools.length);
        for (uint64 i; i < ledger.lines.length; ++i) {
            ledger.lines[i] = desk.facility(FacilityId.wrap(i + 1));
            _addParts(ledger, i);
        }
        uint64 count = uint64(desk.financingCount());
        for (uint64 i = 1; i <= count; ++i) {
            _addFinancing(ledger, desk.financing(FinancingId.wrap(i)));
        }
    }

    function _addFinancing(Ledger memory ledger, IFinancingDesk.Financing memory its) private view {
        uint256 line = FacilityId.unwrap(its.facility) - 1;
        ledger.out[line] += its.principal + its.writtenOff;
        IFinancingDesk.FacilityTerms memory terms = ledger.lines[line].terms;
        (bool found, uint256 index) = _indexOf(terms.pool);
        if (!found) return;
        Sums memory sums = ledger.sums[index];
        sums.principal += its.principal;
        sums.impairment += its.impairment;
        sums.numerator += _numerator(its, terms);
    }

    /// @dev What the pools have in the syndicate of a facility, where it is one and no earlier facility has it.
    function _addParts(Ledger memory ledger, uint256 line) private view {
        IFundingSource source = ledger.lines[line].terms.pool;
        (bool found,) = _indexOf(source);
        if (found) return;
        for (uint256 i; i < line; ++i) {
            if (address(ledger.lines[i].terms.pool) == address(source)) return;
        }
        for (uint256 i; i < _pools.length; ++i) {
            _addPart(ledger.sums[i], ISyndicate(address(source)), _pools[i]);
        }
    }

    function _addPart(Sums memory sums, ISyndicate syndicate, ILendingPool pool) private view {
        ISyndicate.Position memory part = syndicate.positionOf(pool);
        sums.principal += part.principalOut;
        sums.impairment += part.impairment;
        for (uint8 clock; clock <= uint8(type(DayCount).max); ++clock) {
            sums.numerator += syndicate.accruedNumeratorOf(pool, DayCount(clock));
        }
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

    function _indexOf(IFundingSource source) private view returns (bool found, uint256 index) {
        for (; index < _pools.length; ++index) {
            if (address(_pools[index]) == address(source)) return (true, index);
        }
    }

    // Facilities and financings

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

    function _brokenOfFinancing(FinancingId id) private view returns (string memory) {
        IFinancingDesk.Financing memory its = desk.financing(id);
        bool over = its.state == IFinancingDesk.State.Repaid || its.state == IFinancingDesk.State.Released;
        if (over && desk.owedInAll(id) != 0) return "what is repaid owes nothing";
        if (its.impairment > its.principal) return "an expected loss is within the principal";
        if (its.state != IFinancingDesk.State.Released && !_isPledged(its, id)) {
            return "a financing has its collateral";
        }
        return _brokenExposure(id, its);
    }

    function _isPledged(IFinancingDesk.Financing memory its, FinancingId id) private view returns (bool) {
        FinancingId[] memory sharing = its.collateral.financingsOf(its.itemId);
        for (uint256 i; i < sharing.length; ++i) {
            if (FinancingId.unwrap(sharing[i]) == FinancingId.unwrap(id)) return true;
        }
        return false;
    }

    function _brokenExposure(FinancingId id, IFinancingDesk.Financing memory its) private view returns (string memory) {
        IConcentration book = desk.concentration();
        IFundingSource source = desk.facility(its.facility).terms.pool;
        IConcentration.Keys memory keys = book.keysOf(id);
        uint256 debtor = OrganisationId.unwrap(keys.debtor);
        if (book.exposureOf(source, IConcentration.Dimension.Debtor, debtor) < its.principal) {
            return "the debtor's exposure has the principal in it";
        }
        return "";
    }
}
