// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IFirstLossReserve} from "../../../contracts/lending/interfaces/IFirstLossReserve.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {ILendingPool, Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {DayCount} from "../../../contracts/types/Rates.sol";
import {BarePoolBase} from "./PoolBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title Who may do what with a pool, and how much may come in and go out.
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
        vm.expectRevert(refusal);
        pool.strikeLoss(0);
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

    /// @dev What has streamed in is junior's, whether or not a draw has moved it to cash.
    function test_streamLiftsJuniorAboveTheFloor() public {
        _deposit(granite, 200);
        _depositInto(senior, cobalt, 800);
        _lend(500);
        IFundingSource.Receipt memory receipt;
        receipt.lateFees = 700;
        _collect(receipt);
        pool.changeImpairment(0, 1);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.LendableTooLow.selector, 1, 0));
        _lend(1);

        vm.warp(START + 1 days);
        _lend(1);
        assertEq(pool.books().cash, 599, "with the hundred that had to be counted");
        assertEq(pool.held().streaming, 600);
        vm.warp(START + 2 days);
        _lend(1);
        assertEq(pool.books().cash, 698, "with the hundred that had not");
        assertEq(pool.held().streaming, 500);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.LendableTooLow.selector, 699, 698));
        _lend(699);
        _lend(698);
        assertEq(pool.books().cash, 0);
        assertEq(pool.held().streaming, 500);
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
}
