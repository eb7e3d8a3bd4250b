// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFundingSource} from "../../../../contracts/lending/interfaces/IFundingSource.sol";
import {Accrual} from "../../../../contracts/libraries/Accrual.sol";
import {DayCounts} from "../../../../contracts/libraries/DayCounts.sol";
import {ICashToken} from "../../../../contracts/money/interfaces/ICashToken.sol";
import {DayCount} from "../../../../contracts/types/Rates.sol";

/// @title Keeps financings as a desk does, each with its own rate and clock, and asks a source for the money. It must hold
/// the cash that it repays with.
contract RiskDesk {
    struct Loan {
        uint256 rateBps;
        DayCount dayCount;
        uint256 principal;
        uint256 numerator;
        uint256 clock;
        uint256 impairment;
        uint256 writtenOff;
    }

    struct Totals {
        uint256 disbursed;
        uint256 repaid;
        uint256 interest;
        uint256 writtenOff;
        uint256 recovered;
        uint256 fees;
        uint256 lateFees;
        uint256 reserve;
    }

    IFundingSource public source;
    ICashToken public cash;
    address private immutable _payee;
    Loan[] private _loans;
    Totals private _totals;

    constructor(address payee) {
        _payee = payee;
    }

    function connect(IFundingSource source_) external {
        (source, cash) = (source_, source_.cash());
    }

    function add(uint256 rateBps, DayCount dayCount) external returns (uint256 id) {
        Loan storage its = _loans.push();
        (its.rateBps, its.dayCount, its.clock) = (rateBps, dayCount, DayCounts.clock(dayCount, block.timestamp));
        return _loans.length - 1;
    }

    function draw(uint256 id, uint256 amount) external {
        Loan storage its = _accrue(id);
        its.principal += amount;
        _totals.disbursed += amount;
        source.disburse(_payee, amount, Accrual.weightOf(amount, its.rateBps, its.dayCount), its.dayCount);
    }

    /// @notice Pays interest first, as a waterfall does. What is above all that is owed is not taken.
    function repay(uint256 id, uint256 amount, uint256 fees, uint256 lateFees, uint256 reserve) external {
        Loan storage its = _accrue(id);
        IFundingSource.Receipt memory receipt;
        receipt.dayCount = its.dayCount;
        (receipt.fees, receipt.lateFees, receipt.reserve) = (fees, lateFees, reserve);
        receipt.interest = _min(amount, Accrual.interestUp(its.numerator));
        receipt.settledNumerator = Accrual.settledBy(receipt.interest, its.numerator);
        receipt.principal = _min(amount - receipt.interest, its.principal);
        receipt.weight = Accrual.weightOf(receipt.principal, its.rateBps, its.dayCount);
        its.numerator -= receipt.settledNumerator;
        its.principal -= receipt.principal;
        _totals.repaid += receipt.principal;
        _totals.interest += receipt.interest;
        _totals.fees += fees;
        _totals.lateFees += lateFees;
        _totals.reserve += reserve;
        _collect(receipt);
        if (its.impairment > its.principal) _impair(its, its.principal);
    }

    function recover(uint256 id, uint256 amount) external {
        Loan storage its = _accrue(id);
        IFundingSource.Receipt memory receipt;
        (receipt.dayCount, receipt.recovered) = (its.dayCount, _min(amount, its.writtenOff));
        its.writtenOff -= receipt.recovered;
        _totals.recovered += receipt.recovered;
        _collect(receipt);
    }

    function writeOff(uint256 id, uint256 amount) external {
        Loan storage its = _accrue(id);
        uint256 settled = amount == its.principal ? its.numerator : its.numerator * amount / its.principal;
        its.principal -= amount;
        its.writtenOff += amount;
        its.numerator -= settled;
        _totals.writtenOff += amount;
        if (its.impairment > its.principal) _impair(its, its.principal);
        uint256 weight = Accrual.weightOf(amount, its.rateBps, its.dayCount);
        source.writeOff(amount, weight, settled, its.dayCount);
    }

    function impair(uint256 id, uint256 amount) external {
        _impair(_loans[id], amount);
    }

    function loan(uint256 id) external view returns (Loan memory) {
        return _loans[id];
    }

    function count() external view returns (uint256) {
        return _loans.length;
    }

    function totals() external view returns (Totals memory) {
        return _totals;
    }

    /// @return minor units that would close the loan now
    function owed(uint256 id) external view returns (uint256) {
        Loan memory its = _loans[id];
        return its.principal + Accrual.interestUp(accrued(id));
    }

    function accrued(uint256 id) public view returns (uint256) {
        Loan memory its = _loans[id];
        uint256 time = DayCounts.clock(its.dayCount, block.timestamp);
        return its.numerator + Accrual.weightOf(its.principal, its.rateBps, its.dayCount) * (time - its.clock);
    }

    function _collect(IFundingSource.Receipt memory its) private {
        uint256 amount = its.lateFees + its.fees + its.interest + its.principal + its.recovered + its.reserve;
        if (amount != 0) cash.transfer(address(source), amount);
        source.collect(its);
    }

    function _impair(Loan storage its, uint256 amount) private {
        uint256 previous = its.impairment;
        its.impairment = amount;
        source.changeImpairment(previous, amount);
    }

    function _accrue(uint256 id) private returns (Loan storage its) {
        its = _loans[id];
        (its.numerator, its.clock) = (accrued(id), DayCounts.clock(its.dayCount, block.timestamp));
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
