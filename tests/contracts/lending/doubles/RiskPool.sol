// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFirstLossReserve} from "../../../../contracts/lending/interfaces/IFirstLossReserve.sol";
import {IFundingSource} from "../../../../contracts/lending/interfaces/IFundingSource.sol";
import {ILendingPool} from "../../../../contracts/lending/interfaces/ILendingPool.sol";
import {DayCounts} from "../../../../contracts/libraries/DayCounts.sol";
import {ICashToken} from "../../../../contracts/money/interfaces/ICashToken.sol";
import {DayCount} from "../../../../contracts/types/Rates.sol";

/// @title A pool's books with every check that a pool could want, and nothing of its lenders. Whatever would take one of
/// its figures below zero, or above another that bounds it, reverts; so does money that was announced and has not come.
contract RiskPool is IFundingSource {
    ICashToken public immutable cash;
    bool public isStopped;

    uint256 public counted;
    uint256 public free;
    uint256 public principalOut;
    uint256 public impairment;
    Receipt private _received;
    uint256 public lost;
    uint256 public disbursed;
    mapping(DayCount => int256) public weightOf;
    mapping(DayCount => int256) public settledOf;
    mapping(address caller => bool) public isListed;

    constructor(ICashToken cash_) {
        cash = cash_;
    }

    // For the test to set

    function list(address caller) external {
        isListed[caller] = true;
    }

    /// @notice Books money that is here as lendable.
    function fund(uint256 amount) external {
        (counted, free) = (counted + amount, free + amount);
        require(cash.balanceOf(address(this)) >= counted, "RiskPool: no money came");
    }

    function stop(bool stopped) external {
        isStopped = stopped;
    }

    function lend(uint256 principal) external {
        principalOut = principal;
    }

    // To a reserve

    function cover(IFirstLossReserve reserve, uint256 loss) external returns (uint256) {
        return reserve.cover(loss);
    }

    function topUp(IFirstLossReserve reserve, uint256 amount) external {
        cash.transfer(address(reserve), amount);
        reserve.topUp(amount);
    }

    // As a pool

    function disburse(address to, uint256 amount, uint256 weight, DayCount dayCount) external {
        require(isListed[msg.sender], "RiskPool: not listed");
        require(amount <= lendable(), "RiskPool: more than is lendable");
        require(amount != 0, "RiskPool: nothing lent");
        (counted, free) = (counted - amount, free - amount);
        principalOut += amount;
        disbursed += amount;
        _move(dayCount, int256(weight), int256(weight * DayCounts.clock(dayCount, block.timestamp)));
        cash.transfer(to, amount);
    }

    function collect(Receipt calldata its) external {
        require(isListed[msg.sender], "RiskPool: not listed");
        uint256 amount = its.lateFees + its.fees + its.interest + its.principal + its.recovered + its.reserve;
        counted += amount;
        require(cash.balanceOf(address(this)) >= counted, "RiskPool: no money came");
        free += its.interest + its.principal;
        principalOut -= its.principal;
        _received.lateFees += its.lateFees;
        _received.fees += its.fees;
        _received.interest += its.interest;
        _received.settledNumerator += its.settledNumerator;
        _received.principal += its.principal;
        _received.recovered += its.recovered;
        _received.reserve += its.reserve;
        _takeOff(its.weight, its.settledNumerator, its.dayCount);
    }

    function changeImpairment(uint256 previous, uint256 next) external {
        require(isListed[msg.sender], "RiskPool: not listed");
        impairment = impairment - previous + next;
        require(impairment <= principalOut, "RiskPool: more impaired than out");
    }

    function writeOff(uint256 principal, uint256 weight, uint256 settledNumerator, DayCount dayCount) external {
        require(isListed[msg.sender], "RiskPool: not listed");
        principalOut -= principal;
        lost += principal;
        _takeOff(weight, settledNumerator, dayCount);
    }

    function lendable() public view returns (uint256) {
        return isStopped ? 0 : free;
    }

    function received() external view returns (Receipt memory) {
        return _received;
    }

    function books() external view returns (ILendingPool.Books memory its) {
        (its.cash, its.principalOut, its.impairment) = (free, principalOut, impairment);
    }

    function accruedNumerator(DayCount dayCount) public view returns (uint256) {
        int256 accrued = weightOf[dayCount] * int256(DayCounts.clock(dayCount, block.timestamp)) - settledOf[dayCount];
        require(accrued >= 0, "RiskPool: more settled than earned");
        return uint256(accrued);
    }

    function _takeOff(uint256 weight, uint256 settledNumerator, DayCount dayCount) private {
        int256 atOnce = int256(weight * DayCounts.clock(dayCount, block.timestamp));
        _move(dayCount, -int256(weight), int256(settledNumerator) - atOnce);
        require(principalOut >= impairment, "RiskPool: more impaired than out");
    }

    function _move(DayCount dayCount, int256 weight, int256 settled) private {
        weightOf[dayCount] += weight;
        settledOf[dayCount] += settled;
        require(weightOf[dayCount] >= 0, "RiskPool: weight below zero");
        accruedNumerator(dayCount);
    }
}
