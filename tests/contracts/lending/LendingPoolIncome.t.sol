// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {ILendingPool, Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {DayCount, Rates} from "../../../contracts/types/Rates.sol";
import {BarePoolBase} from "./PoolBase.sol";
import {Vm} from "forge-std/Vm.sol";

/// @title What a pool earns, on which clock, and whose it is.
contract LendingPoolIncomeTest is BarePoolBase {
    // Income

    function test_donationChangesNothing() public {
        _deposit(cobalt, 100);
        uint256 gross = pool.grossAssets();
        _issue(euro, address(pool), 1e9);
        _issue(euro, address(junior), 1e9);
        assertEq(pool.grossAssets(), gross);
        assertEq(pool.lendable(), 100);
    }

    function test_incomeOfOneYearAct360() public {
        _deposit(cobalt, 1_000_000);
        _lend(1_000_000);
        vm.warp(START + 360 days);
        assertEq(pool.accruedIncome(), 90_000, "9 % of 10,000.00 in a year of 360 days");
        assertEq(pool.grossAssets(), 1_090_000);
    }

    function test_incomeOnThreeClocksAddsUp() public {
        _deposit(cobalt, 3_000_000);
        // 4 May 2026 to 4 May 2027 at noon: 365 days, or 360 on the 30E/360 clock.
        pool.disburse(supplier, 1_000_000, 1_000_000 * 900 * 73, DayCount.Actual360);
        pool.disburse(supplier, 1_000_000, 1_000_000 * 900 * 72, DayCount.Actual365);
        pool.disburse(supplier, 1_000_000, 1_000_000 * 900 * 73, DayCount.Thirty360);
        vm.warp(START + 365 days);
        assertEq(pool.accruedIncome(), 91_250 + 90_000 + 90_000);

        IFundingSource.Receipt memory receipt;
        receipt.interest = 90_000;
        receipt.settledNumerator = 90_000 * Rates.INTEREST_DENOMINATOR;
        receipt.principal = 1_000_000;
        receipt.weight = 1_000_000 * 900 * 73;
        receipt.dayCount = DayCount.Thirty360;
        _collect(receipt);
        assertEq(pool.accruedIncome(), 91_250 + 90_000);
        vm.warp(START + 365 days + 365 days);
        assertEq(pool.accruedIncome(), 182_500 + 180_000, "the third loan adds nothing any more");
    }

    /// @dev Income of the whole pool in two words equals the sum over loans that are kept one by one.
    function testFuzz_incomeEqualsTheSumOverLoans(uint64[6] memory amounts, uint32[6] memory gaps) public {
        _deposit(cobalt, 6e12);
        uint256[6] memory from;
        uint256 exact;
        for (uint256 i; i < 6; ++i) {
            amounts[i] = uint64(bound(amounts[i], 1, 1e12));
            _lend(amounts[i]);
            from[i] = vm.getBlockTimestamp();
            vm.warp(from[i] + bound(gaps[i], 0, 400 days));
        }
        for (uint256 i; i < 6; ++i) {
            exact += uint256(amounts[i]) * RATE_BPS * (vm.getBlockTimestamp() - from[i]);
        }
        assertEq(pool.accruedIncome(), exact / (10_000 * uint256(360 days)));
    }

    /// @dev The trap of weight * t - settled: cash is rounded up, what is settled is exact, and nothing passes zero.
    function testFuzz_roundedUpInterestNeverPassesWhatWasEarned(uint64 amount, uint8 payments, uint32 gap) public {
        amount = uint64(bound(amount, 1, 1e9));
        payments = uint8(bound(payments, 1, 20));
        _deposit(cobalt, amount);
        _lend(amount);
        for (uint256 i; i < payments; ++i) {
            uint256 step = bound(gap, 1, 90 days);
            vm.warp(vm.getBlockTimestamp() + step);
            uint256 earned = _weight(amount) * step;
            uint256 gross = pool.grossAssets();
            _collect((earned + Rates.INTEREST_DENOMINATOR - 1) / Rates.INTEREST_DENOMINATOR, earned, 0, 0);
            assertEq(pool.accruedIncome(), 0);
            assertGe(pool.grossAssets(), gross);
            assertLe(pool.grossAssets(), gross + 1);
        }
        _deposit(cobalt, 1);
    }

    // The two tranches

    function test_seniorGrowsAtItsRateAndJuniorOwnsTheRest() public {
        _deposit(granite, 200_000);
        _depositInto(senior, cobalt, 800_000);
        _lend(1_000_000);
        vm.warp(START + 360 days);
        assertEq(_entry(Tranche.Senior), 832_000, "4 % of 8,000.00");
        assertEq(_entry(Tranche.Junior), 200_000 + 90_000 - 32_000);
        assertEq(_exit(Tranche.Senior), 832_000);
        assertEq(pool.seniorClaim(), 832_000);
    }

    function test_idlePoolPaysSeniorOutOfJunior() public {
        _deposit(granite, 200_000);
        _depositInto(senior, cobalt, 800_000);
        vm.warp(START + 360 days);
        assertEq(_entry(Tranche.Senior), 832_000);
        assertEq(_entry(Tranche.Junior), 168_000);
        vm.warp(START + 10 * 360 days);
        assertEq(_entry(Tranche.Senior), 1_000_000, "its claim is capped by the assets");
        assertEq(_entry(Tranche.Junior), 0);
        assertEq(pool.seniorClaim(), 1_120_000);
    }

    /// @dev Booking the claim many times comes to what booking it once does (invariant 11): deposits of nothing poke it.
    function testFuzz_pokingSeniorChangesNothing(uint64 amount, uint32[5] memory gaps) public {
        amount = uint64(bound(amount, 1, 1e12));
        _deposit(granite, amount);
        _depositInto(senior, cobalt, amount);
        uint256 time;
        for (uint256 i; i < 5; ++i) {
            time += bound(gaps[i], 0, 100 days);
            vm.warp(START + time);
            vm.prank(cobalt);
            senior.deposit(0, cobalt);
        }
        uint256 interest = uint256(amount) * SENIOR_RATE_BPS * time / (10_000 * uint256(360 days));
        assertEq(pool.seniorClaim(), amount + interest);
    }

    // The record of a collection

    function test_collectionIsRecordedInOrder() public {
        _deposit(granite, 200_000);
        _depositInto(senior, cobalt, 800_000);
        _lend(1_000_000);
        vm.warp(START + 360 days);
        IFundingSource.Receipt memory receipt = _receipt(40_000, 40_000 * Rates.INTEREST_DENOMINATOR, 900_000, 5);
        (receipt.lateFees, receipt.reserve) = (3, 11);
        _issue(euro, address(pool), 940_019);
        vm.expectEmit(address(pool));
        emit ILendingPool.Collected(3, 5, 32_000, 800_000, 108_000, 0, 11);
        pool.collect(receipt);
        _issue(euro, address(pool), 50_000);
        vm.expectEmit(address(pool));
        emit ILendingPool.Collected(0, 0, 0, 0, 50_000, 0, 0);
        pool.collect(_receipt(50_000, 50_000 * Rates.INTEREST_DENOMINATOR, 0, 0));
    }

    function testFuzz_recordSumsToWhatCameIn(uint32[6] memory parts, uint32 time) public {
        _deposit(granite, 2e9);
        _depositInto(senior, cobalt, 8e9);
        _lend(5e9);
        vm.warp(START + bound(time, 1, 1000 days));
        IFundingSource.Receipt memory receipt = _receipt(parts[0], 0, bound(parts[1], 0, 5e9), parts[2]);
        (receipt.lateFees, receipt.recovered, receipt.reserve) = (parts[3], parts[4], parts[5]);
        receipt.settledNumerator = pool.accruedIncome() < parts[0] ? 0 : parts[0] * Rates.INTEREST_DENOMINATOR;
        vm.recordLogs();
        _collect(receipt);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256[7] memory told = abi.decode(logs[logs.length - 1].data, (uint256[7]));
        uint256 sum;
        for (uint256 i; i < 7; ++i) {
            sum += told[i];
        }
        uint256 paid = uint256(parts[0]) + receipt.principal + parts[2] + parts[3] + parts[4] + parts[5];
        assertEq(sum, paid);
        assertLe(told[2], pool.seniorClaim() - 8e9);
        _assertCashAddsUp();
    }

    // Internals

    function _assertCashAddsUp() private view {
        ILendingPool.Books memory books = pool.books();
        ILendingPool.Held memory held = pool.held();
        assertEq(euro.balanceOf(address(pool)), books.cash + books.setAside + held.fees + held.reserve + held.streaming);
    }
}
