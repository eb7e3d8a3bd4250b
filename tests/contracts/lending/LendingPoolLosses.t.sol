// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {ILendingPool, Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {DayCount, Rates} from "../../../contracts/types/Rates.sol";
import {BarePoolBase} from "./PoolBase.sol";

/// @title What comes in above book, what is lost, and what comes back.
contract LendingPoolLossesTest is BarePoolBase {
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
        assertEq(_exit(Tranche.Junior), 150_000);
        assertEq(_exit(Tranche.Senior), 800_000);
        assertEq(_entry(Tranche.Junior), 200_000, "as if it came back");
        vm.expectEmit(address(pool));
        emit ILendingPool.LossTaken(250_000, 0, 150_000, 100_000);
        _writeOff(250_000);
        assertEq(_exit(Tranche.Junior), 0);
        assertEq(_exit(Tranche.Senior), 700_000);
        (uint256 lost, uint256 covered) = pool.losses();
        assertEq(lost, 300_000);
        assertEq(covered, 60_000);
    }

    /// @dev What junior brought while senior is not covered would be senior's at once.
    function test_juniorTakesNothingWhileSeniorIsNotCovered() public {
        _deposit(granite, 200_000);
        _depositInto(senior, cobalt, 800_000);
        _lend(1_000_000);
        _writeOff(200_000);
        pool.strikeLoss(200_000);
        assertGt(junior.maxDeposit(granite), 0, "wiped out for good, but senior is whole");
        _writeOff(1);
        pool.strikeLoss(1);
        assertEq(junior.maxDeposit(granite), 0);
        assertEq(junior.maxMint(granite), 0);
        _fundAndApprove(granite, 1, address(junior));
        vm.prank(granite);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.AmountTooLarge.selector, 1, 0));
        junior.deposit(1, granite);
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
        assertEq(_exit(Tranche.Senior), 700_000, "not at once");
        vm.warp(START + 7 days);
        uint256 claim = pool.seniorClaim();
        assertEq(_exit(Tranche.Senior), claim, "senior is whole first");
        assertGt(_exit(Tranche.Junior), 0);

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
        assertEq(_exit(Tranche.Junior), borne < sub ? sub - borne : 0);
        assertEq(_exit(Tranche.Senior), borne < sub ? top : all - borne);
        assertEq(_entry(Tranche.Junior), sub, "as if it came back");

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
