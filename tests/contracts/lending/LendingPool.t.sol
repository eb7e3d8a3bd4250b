// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {Rates} from "../../../contracts/types/Rates.sol";
import {BarePoolBase} from "./PoolBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract LendingPoolTest is BarePoolBase {
    function test_onlyDeskDisbursesCollectsAndImpairs() public {
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.OnlyDesk.selector, stranger, address(this)));
        pool.disburse(stranger, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.OnlyDesk.selector, stranger, address(this)));
        pool.collect(0, 0, 0, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.OnlyDesk.selector, stranger, address(this)));
        pool.setImpairment(1);
    }

    function test_onlyVaultFundsAndDefunds() public {
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.OnlyVault.selector, address(this), vault));
        pool.fund(1);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.OnlyVault.selector, address(this), vault));
        pool.defund(cobalt, 1);
    }

    function test_withoutVaultNobodyFunds() public {
        LendingPool bare = new LendingPool(euro, IFinancingDesk(address(this)), address(manager));
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.OnlyVault.selector, address(this), address(0)));
        bare.fund(1);
    }

    function test_vaultIsSetOnceAndOnlyOfThisPool() public {
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.VaultAlreadySet.selector, address(vault)));
        pool.setVault(address(vault));

        LendingPool bare = new LendingPool(euro, IFinancingDesk(address(this)), address(manager));
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.VaultOfOtherPool.selector, address(vault), address(bare)));
        bare.setVault(address(vault));

        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        bare.setVault(address(vault));
    }

    function test_disburseAboveFreeCashIsRefused() public {
        _deposit(cobalt, 100);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.CashTooLow.selector, 101, 100));
        _lend(101);
    }

    function test_collectedFeesAreNotLent() public {
        _deposit(cobalt, 100);
        _lend(60);
        _collect(0, 0, 60, 7);

        assertEq(pool.books().cash, 107);
        assertEq(pool.freeCash(), 100);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.CashTooLow.selector, 101, 100));
        _lend(101);
    }

    function test_impairmentAbovePrincipalIsRefused() public {
        _deposit(cobalt, 100);
        _lend(60);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.ImpairmentTooLarge.selector, 61, 60));
        pool.setImpairment(61);
    }

    function test_takeFees() public {
        _deposit(cobalt, 100);
        _lend(60);
        _collect(0, 0, 60, 7);

        vm.expectRevert(abi.encodeWithSelector(ILendingPool.FeesTooLow.selector, 8, 7));
        pool.takeFees(treasury, 8);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        pool.takeFees(stranger, 7);

        uint256 gross = pool.grossAssets();
        pool.takeFees(treasury, 7);

        assertEq(euro.balanceOf(treasury), 7);
        assertEq(pool.grossAssets(), gross, "the fees were never the lenders'");
        assertEq(pool.books().accruedFees, 0);
        assertEq(pool.books().cash, 100);
    }

    function test_donationChangesNothing() public {
        _deposit(cobalt, 100);
        uint256 gross = pool.grossAssets();
        _issue(euro, address(pool), 1e9);
        _issue(euro, address(vault), 1e9);
        assertEq(pool.grossAssets(), gross);
        assertEq(pool.freeCash(), 100);
    }

    function test_incomeOfOneYearAct360() public {
        _deposit(cobalt, 1_000_000);
        _lend(1_000_000);
        vm.warp(START + 360 days);
        assertEq(pool.accruedIncome(), 90_000, "9 % of 10,000.00 in a year of 360 days");
        assertEq(pool.grossAssets(), 1_090_000);
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
        assertEq(pool.accruedNumerator(), exact);
        assertEq(pool.accruedIncome(), exact / Rates.INTEREST_DENOMINATOR);
    }

    /// @dev The trap of weight * t - settled: cash is rounded up, what is settled is exact, and nothing passes zero.
    function testFuzz_roundedUpInterestNeverPassesWhatWasEarned(uint64 amount, uint8 payments, uint32 gap) public {
        amount = uint64(bound(amount, 1, 1e9));
        payments = uint8(bound(payments, 1, 20));
        _deposit(cobalt, amount);
        _lend(amount);
        for (uint256 i; i < payments; ++i) {
            vm.warp(vm.getBlockTimestamp() + bound(gap, 1, 90 days));
            uint256 earned = pool.accruedNumerator();
            uint256 gross = pool.grossAssets();
            uint256 cashUp = (earned + Rates.INTEREST_DENOMINATOR - 1) / Rates.INTEREST_DENOMINATOR;
            _collect(cashUp, earned, 0, 0);
            assertEq(pool.accruedNumerator(), 0);
            assertGe(pool.grossAssets(), gross);
            assertLe(pool.grossAssets(), gross + 1);
        }
        _deposit(cobalt, 1);
    }

    function test_fundBeyondTheCounterIsRefused() public {
        uint256 most = type(uint64).max / 2;
        _deposit(cobalt, most);
        assertEq(pool.fundable(), 0);
        vm.prank(address(vault));
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.AmountTooLarge.selector, 1, 0));
        pool.fund(1);
    }

    function test_vaultKnowsItsPool() public view {
        assertEq(address(TrancheVault(pool.vault()).pool()), address(pool));
        assertEq(vault.asset(), address(euro));
        assertEq(vault.decimals(), 8);
    }
}
