// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {DayCount, Rates} from "../types/Rates.sol";
import {HealthOfFinancings} from "./HealthOfFinancings.sol";
import {HealthTally} from "./HealthTally.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFirstLossReserve} from "./interfaces/IFirstLossReserve.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {IHealthCheck} from "./interfaces/IHealthCheck.sol";
import {ILendingPool, Tranche} from "./interfaces/ILendingPool.sol";
import {ISyndicate} from "./interfaces/ISyndicate.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Asks whether every invariant of lending holds now. Adds up anew, by itself, what the contracts keep as sums.
contract HealthCheck is HealthOfFinancings {
    using HealthTally for Tally;

    /// @dev What a source's books must come to by its financings.
    struct Sums {
        uint256 principal;
        uint256 impairment;
        uint256 numerator;
    }

    /// @dev Facilities by their number less one.
    /// @param syndicates in the order in which facilities name them; the first `syndicateCount` of them
    struct Ledger {
        Tally tally;
        IFinancingDesk.Facility[] lines;
        address[] syndicates;
        uint256 syndicateCount;
    }

    ILendingPool[] private _pools;
    mapping(address => bool) private _isPool;

    constructor(IFinancingDesk desk_, ILendingPool[] memory pools_) HealthOfFinancings(desk_) {
        _pools = pools_;
        for (uint256 i; i < pools_.length; ++i) {
            _isPool[address(pools_[i])] = true;
        }
    }

    // Questions

    /// @inheritdoc IHealthCheck
    function check() external view returns (bool healthy, string memory invariant, uint256 subject) {
        (healthy, invariant, subject) = checkSums();
        if (healthy) return checkFinancings(1, type(uint64).max);
    }

    /// @inheritdoc IHealthCheck
    function checkSums() public view returns (bool, string memory, uint256) {
        Tally memory empty;
        return checkTally(addUp(empty, type(uint64).max));
    }

    /// @inheritdoc IHealthCheck
    function checkTally(Tally memory tally) public view returns (bool healthy, string memory broken, uint256 subject) {
        uint256 count = desk.financingCount();
        require(tally.counted == count, TallyIncomplete(tally.counted, count));
        Ledger memory ledger = _ledger(tally);
        (broken, subject) = _brokenSource(ledger);
        if (bytes(broken).length == 0) (broken, subject) = _brokenLine(ledger);
        if (bytes(broken).length == 0) (broken, subject) = _brokenEntry(tally);
        healthy = bytes(broken).length == 0;
    }

    function _brokenSource(Ledger memory ledger) private view returns (string memory broken, uint256) {
        for (uint256 i; i < ledger.syndicateCount; ++i) {
            broken = _brokenOfSyndicate(ledger, ledger.syndicates[i]);
            if (bytes(broken).length != 0) return (broken, uint160(ledger.syndicates[i]));
        }
        for (uint256 i; i < _pools.length; ++i) {
            broken = _brokenOfPool(_pools[i]);
            if (bytes(broken).length == 0) broken = _brokenSum(_pools[i], _sumsOf(ledger, address(_pools[i])));
            if (bytes(broken).length != 0) return (broken, uint160(address(_pools[i])));
        }
        return ("", 0);
    }

    function _brokenLine(Ledger memory ledger) private view returns (string memory broken, uint256) {
        for (uint256 i; i < ledger.lines.length; ++i) {
            uint256 out = ledger.tally.sumOf(HealthTally.DRAWN, address(0), i + 1);
            broken = _brokenOfFacility(uint64(i + 1), ledger.lines[i], out);
            if (bytes(broken).length == 0 && !_isParkedMoneyHere(ledger, i)) {
                broken = "the desk holds the money that is parked";
            }
            if (bytes(broken).length != 0) return (broken, i + 1);
        }
        return ("", 0);
    }

    /// @dev In the order of the table: whichever is found, its first financing is named.
    function _brokenEntry(Tally memory tally) private view returns (string memory, uint256) {
        IConcentration book = desk.concentration();
        for (uint256 i; i < tally.sums.length; ++i) {
            Sum memory sum = tally.sums[i];
            if (sum.what == HealthTally.WAITING && _cashOf(sum) < sum.amount) {
                return ("a custodian holds the money that waits with it", sum.first);
            }
            if (sum.what == HealthTally.EXPOSURE && !_isCounted(tally, book, sum)) {
                return ("exposures are the sum of principal", sum.first);
            }
        }
        return ("", 0);
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
    function _brokenOfSyndicate(Ledger memory ledger, address source) private view returns (string memory) {
        ISyndicate syndicate = ISyndicate(source);
        Sums memory whole = _sumsOf(ledger, source);
        Sums memory parts;
        try syndicate.members() returns (ISyndicate.Member[] memory members) {
            for (uint256 i; i < members.length; ++i) {
                if (!_isPool[address(members[i].pool)]) return "every source of money is known here";
                _addPart(ledger.tally, parts, syndicate, members[i].pool);
            }
        } catch {
            return "every source of money is known here";
        }
        bool same = parts.principal == whole.principal && parts.impairment == whole.impairment
            && parts.numerator == whole.numerator;
        return same ? "" : "a syndicate's parts are the sum of the financings'";
    }

    function _addPart(Tally memory tally, Sums memory sums, ISyndicate syndicate, ILendingPool pool) private view {
        ISyndicate.Position memory part = syndicate.positionOf(pool);
        uint256 numerator;
        for (uint8 clock; clock <= uint8(type(DayCount).max); ++clock) {
            numerator += syndicate.accruedNumeratorOf(pool, DayCount(clock));
        }
        sums.principal += part.principalOut;
        sums.impairment += part.impairment;
        sums.numerator += numerator;
        tally.add(HealthTally.PRINCIPAL, address(pool), 0, 0, part.principalOut);
        tally.add(HealthTally.IMPAIRMENT, address(pool), 0, 0, part.impairment);
        tally.add(HealthTally.INCOME, address(pool), 0, 0, numerator);
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

    function _isParkedMoneyHere(Ledger memory ledger, uint256 line) private view returns (bool) {
        ICashToken cash = ledger.lines[line].terms.pool.cash();
        return cash.balanceOf(address(desk)) >= desk.parkedInAll(address(cash));
    }

    // Custodians and exposures

    function _cashOf(Sum memory sum) private view returns (uint256) {
        return ICashToken(address(uint160(sum.key))).balanceOf(sum.holder);
    }

    function _isCounted(Tally memory tally, IConcentration book, Sum memory sum) private view returns (bool) {
        IFundingSource source = IFundingSource(sum.holder);
        IConcentration.Dimension dimension = IConcentration.Dimension(sum.key >> DIMENSION_SHIFT);
        if (dimension >= IConcentration.Dimension.Country && !book.countsPlaces(source)) return true;
        uint256 whole = sum.amount;
        IConcentration.Share[] memory syndicates = book.syndicatesOf(source);
        for (uint256 i; i < syndicates.length; ++i) {
            uint256 shared = tally.sumOf(HealthTally.EXPOSURE, address(syndicates[i].source), sum.key);
            whole += Math.ceilDiv(shared * syndicates[i].fundingBps, Rates.BPS);
        }
        return whole == book.exposureOf(source, dimension, sum.key & (1 << DIMENSION_SHIFT) - 1);
    }

    // Adding up

    /// @dev Only suppliers are paid by the desk, so that nobody else's money is parked there.
    function _ledger(Tally memory tally) private view returns (Ledger memory ledger) {
        uint256 lines = desk.facilityCount();
        (ledger.lines, ledger.syndicates) = (new IFinancingDesk.Facility[](lines), new address[](lines));
        ledger.tally = tally;
        for (uint256 i; i < lines; ++i) {
            IFinancingDesk.Facility memory line = desk.facility(FacilityId.wrap(uint64(i + 1)));
            ledger.lines[i] = line;
            address source = address(line.terms.pool);
            if (!_isPool[source] && !tally.has(HealthTally.SOURCE, source, 0)) {
                tally.add(HealthTally.SOURCE, source, 0, i + 1, 0);
                ledger.syndicates[ledger.syndicateCount++] = source;
            }
        }
    }

    function _sumsOf(Ledger memory ledger, address source) private pure returns (Sums memory sums) {
        sums.principal = ledger.tally.sumOf(HealthTally.PRINCIPAL, source, 0);
        sums.impairment = ledger.tally.sumOf(HealthTally.IMPAIRMENT, source, 0);
        sums.numerator = ledger.tally.sumOf(HealthTally.INCOME, source, 0);
    }
}
