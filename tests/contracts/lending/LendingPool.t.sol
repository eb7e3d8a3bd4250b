// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IFirstLossReserve} from "../../../contracts/lending/interfaces/IFirstLossReserve.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {ILendingPool, Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {DayCount, Rates} from "../../../contracts/types/Rates.sol";
import {BarePoolBase} from "./PoolBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Vm} from "forge-std/Vm.sol";

contract LendingPoolTest is BarePoolBase {
    // Refusals

    function test_onlyDeskDisbursesCollectsImpairsAndWritesOff() public {
        IFundingSource.Receipt memory nothing;
        bytes memory refusal = abi.encodeWithSelector(ILendingPool.OnlyDesk.selector, stranger, address(this));
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        pool.disburse(stranger, 1, 1, DayCount.Actual360);
        vm.expectRevert(refusal);
        pool.collect(nothing);
        vm.expectRevert(refusal);
        pool.changeImpairment(0, 1);
        vm.expectRevert(refusal);
        pool.writeOff(1, 1, 0, DayCount.Actual360);
    }

    function test_onlyVaultsFundAndPayClaims() public {
        bytes memory refusal = abi.encodeWithSelector(ILendingPool.OnlyVault.selector, address(this));
        vm.expectRevert(refusal);
        pool.fund(1);
        vm.expectRevert(refusal);
        pool.payClaim(cobalt, 1);

        LendingPool bare = new LendingPool(euro, address(this), 0, 0, EPOCH, address(manager));
        vm.expectRevert(refusal);
        bare.fund(1);
        assertEq(bare.fundable(Tranche.Junior), 0, "nobody could bring it");
        vm.warp(START + EPOCH);
        vm.expectRevert(ILendingPool.TranchesNotSet.selector);
        bare.closeEpoch();
    }

    function test_vaultsAreSetOnceAndOnlyOfThisPool() public {
        vm.expectRevert(
            abi.encodeWithSelector(ILendingPool.TranchesAlreadySet.selector, address(senior), address(junior))
        );
        pool.setTranches(address(senior), address(junior));

        LendingPool bare = new LendingPool(euro, address(this), 0, 0, EPOCH, address(manager));
        vm.expectRevert(
            abi.encodeWithSelector(
                ILendingPool.VaultOfOtherPool.selector, address(senior), address(bare), Tranche.Senior
            )
        );
        bare.setTranches(address(senior), address(junior));
        TrancheVault own = new TrancheVault(bare, Tranche.Senior, registry, "a", "a");
        vm.expectRevert(
            abi.encodeWithSelector(ILendingPool.VaultOfOtherPool.selector, address(own), address(bare), Tranche.Junior)
        );
        bare.setTranches(address(own), address(own));
    }

    function test_reserveIsSetOnceAndOnlyOfThisPool() public {
        vm.expectRevert(ILendingPool.ReserveNotSet.selector);
        pool.sendReserve();
        IFirstLossReserve reserve = _addReserve(0);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.ReserveAlreadySet.selector, reserve));
        pool.setReserve(reserve);
        vm.expectRevert(ILendingPool.NothingForReserve.selector);
        pool.sendReserve();

        LendingPool bare = new LendingPool(euro, address(this), 0, 0, EPOCH, address(manager));
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.ReserveOfOtherPool.selector, reserve, address(bare)));
        bare.setReserve(reserve);
    }

    function test_onlyOfficesSet() public {
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        pool.setTranches(address(1), address(2));
        vm.expectRevert(refusal);
        pool.setReserve(IFirstLossReserve(address(1)));
        vm.expectRevert(refusal);
        pool.listSyndicate(stranger);
        vm.expectRevert(refusal);
        pool.setDepositCap(0);
        vm.expectRevert(refusal);
        pool.stop(ILendingPool.Stoppable.Draws);
        vm.expectRevert(refusal);
        pool.resume(ILendingPool.Stoppable.Draws);
        vm.expectRevert(refusal);
        pool.takeFees(stranger, 0);
    }

    function test_termsOutOfRangeAreRefused() public {
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.RateTooHigh.selector, 10_001, 10_000));
        new LendingPool(euro, address(this), 10_001, 0, EPOCH, address(manager));
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.RateTooHigh.selector, 10_000, 9999));
        new LendingPool(euro, address(this), 0, 10_000, EPOCH, address(manager));
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.EpochTooShort.selector, 3599, 3600));
        new LendingPool(euro, address(this), 0, 0, 3599, address(manager));
        vm.expectRevert(ILendingPool.SyndicateZero.selector);
        pool.listSyndicate(address(0));
    }

    function test_disburseAboveLendableIsRefused() public {
        _deposit(cobalt, 100);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.LendableTooLow.selector, 101, 100));
        _lend(101);
    }

    function test_stoppedDrawsAndDeposits() public {
        _deposit(cobalt, 100);
        pool.stop(ILendingPool.Stoppable.Draws);
        assertTrue(pool.isStopped(ILendingPool.Stoppable.Draws));
        assertFalse(pool.isStopped(ILendingPool.Stoppable.Deposits));
        assertEq(pool.lendable(), 0);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.LendableTooLow.selector, 1, 0));
        _lend(1);
        _deposit(cobalt, 100);

        pool.stop(ILendingPool.Stoppable.Deposits);
        assertEq(junior.maxDeposit(cobalt), 0);
        assertEq(junior.maxMint(cobalt), 0);
        _fundAndApprove(cobalt, 1, address(junior));
        vm.prank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.AmountTooLarge.selector, 1, 0));
        junior.deposit(1, cobalt);

        pool.resume(ILendingPool.Stoppable.Draws);
        assertEq(pool.lendable(), 200);
        assertEq(pool.fundable(Tranche.Junior), 0, "each on its own");
        pool.resume(ILendingPool.Stoppable.Deposits);
        assertGt(pool.fundable(Tranche.Junior), 0);
    }

    function test_stopsHoldUpNobodyWhoLeavesOrPays() public {
        uint256 shares = _deposit(cobalt, 100);
        _lend(50);
        pool.stop(ILendingPool.Stoppable.Draws);
        pool.stop(ILendingPool.Stoppable.Deposits);
        _collect(0, 0, 50, 1);
        _request(junior, cobalt, shares);
        _closeEpoch();
        assertEq(_claim(junior, cobalt), 100);
    }

    function test_impairmentAbovePrincipalIsRefused() public {
        _deposit(cobalt, 100);
        _lend(60);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.ImpairmentTooLarge.selector, 61, 60));
        pool.changeImpairment(0, 61);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.ImpairmentUnknown.selector, 1, 0));
        pool.changeImpairment(1, 2);
        pool.changeImpairment(0, 40);
        pool.changeImpairment(30, 10);
        assertEq(pool.books().impairment, 20);
        _collect(0, 0, 60, 0);
        pool.changeImpairment(15, 0);
        assertEq(pool.books().impairment, 5, "it can always be lowered");
    }

    function test_fundBeyondTheCounterIsRefused() public {
        uint256 most = type(uint56).max / 2;
        _deposit(cobalt, most);
        assertEq(pool.fundable(Tranche.Junior), 0);
        vm.prank(address(junior));
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.AmountTooLarge.selector, 1, 0));
        pool.fund(1);
    }

    // Fees and the reserve's money

    function test_takeFees() public {
        _deposit(cobalt, 100);
        _lend(60);
        _collect(0, 0, 60, 7);
        assertEq(pool.lendable(), 100, "fees are not lent");

        vm.expectRevert(abi.encodeWithSelector(ILendingPool.FeesTooLow.selector, 8, 7));
        pool.takeFees(treasury, 8);
        uint256 gross = pool.grossAssets();
        pool.takeFees(treasury, 7);

        assertEq(euro.balanceOf(treasury), 7);
        assertEq(pool.grossAssets(), gross, "the fees were never the lenders'");
        assertEq(pool.held().fees, 0);
        assertEq(pool.books().cash, 100);
    }

    /// @dev Fees can be taken whatever the pool has lost, and are never more than was collected (invariant 19).
    function test_feesAreThereWhenEverythingIsLost() public {
        _deposit(cobalt, 100);
        _lend(100);
        _collect(0, 0, 0, 7);
        _writeOff(100);
        pool.takeFees(treasury, 7);
        assertEq(euro.balanceOf(treasury), 7);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.FeesTooLow.selector, 1, 0));
        pool.takeFees(treasury, 1);
    }

    function test_sendReserve() public {
        IFirstLossReserve reserve = _addReserve(0);
        _deposit(cobalt, 100);
        IFundingSource.Receipt memory receipt;
        receipt.reserve = 9;
        _collect(receipt);
        assertEq(pool.held().reserve, 9);
        assertEq(pool.grossAssets(), 100);
        vm.prank(stranger);
        assertEq(pool.sendReserve(), 9);
        assertEq(euro.balanceOf(address(reserve)), 9);
        assertEq(pool.held().reserve, 0);
    }

    function test_syndicateDrawsAndRepays() public {
        _deposit(cobalt, 100);
        address syndicate = makeAddr("syndicate");
        pool.listSyndicate(syndicate);
        assertTrue(pool.isListed(syndicate));
        vm.prank(syndicate);
        pool.disburse(supplier, 40, _weight(40), DayCount.Actual360);
        assertEq(euro.balanceOf(supplier), 40);
        assertEq(pool.books().principalOut, 40);
    }

    // Deposits' limits

    function test_depositCapCountsGross() public {
        pool.setDepositCap(150);
        _deposit(cobalt, 100);
        assertEq(pool.depositCap(), 150);
        assertEq(junior.maxDeposit(granite), 50);
        _lend(100);
        assertEq(junior.maxDeposit(granite), 50, "what is lent counts");
        vm.warp(START + 360 days);
        assertEq(junior.maxDeposit(granite), 41, "so does what is earned");
        pool.setDepositCap(99);
        assertEq(junior.maxDeposit(granite), 0);
        pool.setDepositCap(type(uint64).max);
        assertGt(junior.maxDeposit(granite), 1e15);
    }

    function test_subordinationFloorBoundsSenior() public {
        assertEq(senior.maxDeposit(cobalt), 0, "nothing without junior");
        _deposit(granite, 200);
        assertEq(senior.maxDeposit(cobalt), 800, "a fifth of the whole is junior's");
        _depositInto(senior, cobalt, 800);
        assertEq(senior.maxDeposit(cobalt), 0);
        _fundAndApprove(cobalt, 1, address(senior));
        vm.prank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.AmountTooLarge.selector, 1, 0));
        senior.deposit(1, cobalt);
    }

    function test_nothingIsLentBelowTheFloor() public {
        _deposit(granite, 200);
        _depositInto(senior, cobalt, 800);
        assertEq(pool.lendable(), 1000, "at the floor it is");
        _lend(500);
        pool.changeImpairment(0, 1);
        assertEq(pool.lendable(), 0);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.LendableTooLow.selector, 1, 0));
        _lend(1);
        pool.changeImpairment(1, 0);
        assertEq(pool.lendable(), 500);
    }

    function testFuzz_floorHoldsAfterTheLargestSeniorDeposit(uint64 sub, uint64 earlier, uint256 impaired) public {
        sub = uint64(bound(sub, 1, 1e12));
        _deposit(granite, sub);
        earlier = uint64(bound(earlier, 0, senior.maxDeposit(cobalt)));
        if (earlier != 0) _depositInto(senior, cobalt, earlier);
        _lend(pool.lendable() / 2);
        pool.changeImpairment(0, bound(impaired, 0, pool.books().principalOut / 10));
        uint256 most = senior.maxDeposit(cobalt);
        _depositInto(senior, cobalt, most);
        uint256 whole = _exit(Tranche.Senior) + _exit(Tranche.Junior);
        if (most != 0) assertGe(_exit(Tranche.Junior) * 10_000, whole * _floorBps());
        assertLt(_exit(Tranche.Junior) * 10_000, (whole + 1) * _floorBps(), "one more would break it");
    }

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

    // Above book: late fees and recoveries

    function test_lateFeesCountBitByBit() public {
        _deposit(cobalt, 1000);
        IFundingSource.Receipt memory receipt;
        receipt.lateFees = 700;
        _collect(receipt);
        assertEq(pool.grossAssets(), 1000);
        vm.warp(START + 1 days);
        assertEq(pool.grossAssets(), 1100);
        assertEq(pool.lendable(), 1100);
        assertEq(pool.held().streaming, 600);
        _lend(1050);
        assertEq(pool.books().cash, 50, "what has streamed in can be lent");
        vm.warp(START + 7 days);
        assertEq(pool.books().cash, 650);
        assertEq(pool.held().streaming, 0);
    }

    function test_interestBeyondWhatWasEarnedStreams() public {
        _deposit(cobalt, 1000);
        _collect(700, 0, 0, 0);
        assertEq(pool.grossAssets(), 1000);
        vm.warp(START + 7 days);
        assertEq(pool.grossAssets(), 1700);
    }

    /// @dev A minor unit more does not hold back what was streaming, however often it comes.
    function test_dustDoesNotHoldBackTheStream() public {
        _deposit(cobalt, 1000);
        IFundingSource.Receipt memory receipt;
        receipt.lateFees = 7_000_000;
        _collect(receipt);
        receipt.lateFees = 1;
        for (uint256 i; i < 100; ++i) {
            vm.warp(START + (i + 1) * 1 hours);
            _collect(receipt);
        }
        assertApproxEqAbs(pool.grossAssets(), 1000 + 7_000_000 * uint256(100) / 168, 1000);
        vm.warp(START + 7 days + 1 minutes);
        assertEq(pool.held().streaming, 0);
    }

    function testFuzz_streamIsMonotoneAndWhole(uint64[4] memory amounts, uint32[4] memory gaps) public {
        _deposit(cobalt, 1000);
        uint256 brought;
        IFundingSource.Receipt memory receipt;
        for (uint256 i; i < 4; ++i) {
            receipt.lateFees = bound(amounts[i], 0, 1e12);
            brought += receipt.lateFees;
            uint256 gross = pool.grossAssets();
            _collect(receipt);
            assertEq(pool.grossAssets(), gross, "nothing at once");
            vm.warp(vm.getBlockTimestamp() + bound(gaps[i], 0, 3 days));
            assertGe(pool.grossAssets(), gross);
            assertEq(pool.grossAssets() + pool.held().streaming, 1000 + brought);
        }
        vm.warp(vm.getBlockTimestamp() + 7 days);
        assertEq(pool.grossAssets(), 1000 + brought);
    }

    // Losses and recoveries

    function test_lossGoesToReserveThenJuniorThenSenior() public {
        _addReserve(50_000);
        IFundingSource.Receipt memory receipt;
        receipt.reserve = 10_000;
        _deposit(granite, 200_000);
        _depositInto(senior, cobalt, 800_000);
        _collect(receipt);
        _lend(1_000_000);

        vm.expectEmit(address(pool));
        emit ILendingPool.LossTaken(40_000, 40_000, 0, 0);
        _writeOff(40_000);
        assertEq(pool.held().reserve, 0, "what waits here goes first");
        vm.expectEmit(address(pool));
        emit ILendingPool.LossTaken(70_000, 20_000, 50_000, 0);
        _writeOff(70_000);
        assertEq(_entry(Tranche.Junior), 150_000);
        assertEq(_entry(Tranche.Senior), 800_000);
        vm.expectEmit(address(pool));
        emit ILendingPool.LossTaken(250_000, 0, 150_000, 100_000);
        _writeOff(250_000);
        assertEq(_entry(Tranche.Junior), 0);
        assertEq(_entry(Tranche.Senior), 700_000);
        (uint256 lost, uint256 covered) = pool.losses();
        assertEq(lost, 300_000);
        assertEq(covered, 60_000);
    }

    function test_lossIncludesAccruedInterest() public {
        _deposit(cobalt, 1_000_000);
        _lend(1_000_000);
        vm.warp(START + 360 days);
        vm.expectEmit(address(pool));
        emit ILendingPool.LossTaken(1_090_000, 0, 1_090_000, 0);
        pool.writeOff(1_000_000, _weight(1_000_000), 90_000 * Rates.INTEREST_DENOMINATOR, DayCount.Actual360);
        assertEq(pool.grossAssets(), 0);
        assertEq(pool.accruedIncome(), 0);
    }

    function test_recoveryGoesBackInReverse() public {
        _addReserve(60_000);
        _deposit(granite, 200_000);
        _depositInto(senior, cobalt, 800_000);
        _lend(1_000_000);
        _writeOff(360_000);
        IFundingSource.Receipt memory receipt;
        receipt.recovered = 250_000;
        _issue(euro, address(pool), 250_000);
        vm.expectEmit(address(pool));
        emit ILendingPool.RecoveryShared(250_000, 0, 0);
        pool.collect(receipt);
        assertEq(_entry(Tranche.Senior), 700_000, "not at once");
        vm.warp(START + 7 days);
        uint256 claim = pool.seniorClaim();
        assertEq(_entry(Tranche.Senior), claim, "senior is whole first");
        assertGt(_entry(Tranche.Junior), 0);

        receipt.recovered = 130_000;
        _issue(euro, address(pool), 130_000);
        vm.expectEmit(address(pool));
        emit ILendingPool.RecoveryShared(50_000, 60_000, 20_000);
        pool.collect(receipt);
        assertEq(pool.held().reserve, 60_000);
        (uint256 lost, uint256 covered) = pool.losses();
        assertEq(lost + covered, 0);
    }

    function testFuzz_lossesAddUp(uint64 reserved, uint64 sub, uint64 top, uint64 lost, uint64 recovered) public {
        (reserved, sub) = (uint64(bound(reserved, 0, 1e12)), uint64(bound(sub, 1, 1e12)));
        _addReserve(reserved);
        _deposit(granite, sub);
        top = uint64(bound(top, 0, senior.maxDeposit(cobalt)));
        _depositInto(senior, cobalt, top);
        uint256 all = uint256(sub) + top;
        _lend(all);
        uint256 loss = bound(lost, 0, all);
        _writeOff(loss);
        uint256 borne = loss - (loss < reserved ? loss : reserved);
        assertEq(_entry(Tranche.Junior), borne < sub ? sub - borne : 0);
        assertEq(_entry(Tranche.Senior), borne < sub ? top : all - borne);

        IFundingSource.Receipt memory receipt;
        receipt.recovered = bound(recovered, 0, loss * 2);
        _collect(receipt);
        (uint256 stillLost, uint256 stillCovered) = pool.losses();
        uint256 back = receipt.recovered < borne ? receipt.recovered : borne;
        assertEq(stillLost, borne - back);
        uint256 toReserve = receipt.recovered - back < loss - borne ? receipt.recovered - back : loss - borne;
        assertEq(stillCovered, loss - borne - toReserve);
        assertEq(pool.held().reserve, toReserve);
        _assertCashAddsUp();
    }

    // Internals

    function _assertCashAddsUp() private view {
        ILendingPool.Books memory books = pool.books();
        ILendingPool.Held memory held = pool.held();
        assertEq(euro.balanceOf(address(pool)), books.cash + books.setAside + held.fees + held.reserve + held.streaming);
    }
}
