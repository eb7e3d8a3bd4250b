// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {ILendingPool, Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {BarePoolBase} from "./PoolBase.sol";

/// @title What comes back belongs to those who bore the loss: whoever enters later pays for it, or waits.
contract LendingPoolEntryTest is BarePoolBase {
    function _floorBps() internal pure override returns (uint256) {
        return 0;
    }

    // Refusals

    function test_nobodyEntersSeniorWhileItIsNotCovered() public {
        _depositInto(senior, granite, 30_000_000);
        _lend(20_000_000);
        _writeOff(20_000_000);
        assertEq(pool.fundable(Tranche.Senior), 0);
        _assertRefused(senior);

        _recover(20_000_000);
        vm.warp(block.timestamp + 7 days);
        assertLt(pool.grossAssets(), pool.seniorClaim(), "its interest is still missing");
        assertEq(pool.fundable(Tranche.Senior), 0);
    }

    function test_nobodyEntersJuniorWhileMoreMayComeBackThanItOwns() public {
        _deposit(granite, 10_000_000);
        _lend(10_000_000);
        _writeOff(5_000_000);
        assertGt(pool.fundable(Tranche.Junior), 0, "it owns just as much");
        _writeOff(1);
        assertEq(pool.fundable(Tranche.Junior), 0);
        _assertRefused(junior);
        assertGt(pool.fundable(Tranche.Senior), 0, "senior is covered");

        _writeOff(4_999_999);
        assertEq(pool.fundable(Tranche.Junior), 0, "nothing is left: a minor unit would buy half of what comes back");
    }

    function test_noMoreIsStruckThanIsLost() public {
        _deposit(granite, 100);
        _lend(100);
        _writeOff(60);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.LossTooLow.selector, 61, 60));
        pool.strikeLoss(61);
    }

    // Entry

    /// @dev Granite's junior is gone and senior is hurt; all of it comes back, and cobalt enters as soon as it may.
    function test_whoEntersWhileARecoveryStreamsGainsNothing() public {
        _deposit(granite, 10_000_000);
        _depositInto(senior, granite, 30_000_000);
        _lend(20_000_000);
        _writeOff(20_000_000);
        _recover(20_000_000);
        vm.warp(block.timestamp + 3.5 days);
        while (pool.fundable(Tranche.Junior) == 0) {
            vm.warp(vm.getBlockTimestamp() + 12);
        }
        assertLt(_exit(Tranche.Junior), 1000, "it is worth next to nothing now");
        _deposit(cobalt, 100_000);
        vm.warp(vm.getBlockTimestamp() + 4 days);

        assertLe(_worth(junior, cobalt), 100_000);
        assertApproxEqAbs(_worth(junior, cobalt), 100_000, 500, "senior's interest goes on");
        assertGt(_worth(junior, granite), 9_970_000, "what came back, less senior's interest");
    }

    function test_whoEntersBeforeARecoveryGainsNothing() public {
        _deposit(granite, 10_000_000);
        _lend(4_000_000);
        _writeOff(4_000_000);
        assertEq(_entry(Tranche.Junior), 10_000_000);
        assertEq(_exit(Tranche.Junior), 6_000_000);
        assertEq(junior.totalAssets(), 6_000_000);
        uint256 told = junior.previewDeposit(100_000_000);
        assertEq(_deposit(cobalt, 100_000_000), told, "as previewed");
        assertEq(_entry(Tranche.Junior), 110_000_000);
        assertLt(_worth(junior, cobalt), 97_000_000, "it pays as if the loss came back");

        _recover(4_000_000);
        vm.warp(block.timestamp + 7 days);
        assertApproxEqAbs(_worth(junior, cobalt), 100_000_000, 1);
        assertLe(_worth(junior, cobalt), 100_000_000);
        assertApproxEqAbs(_worth(junior, granite), 10_000_000, 1);
    }

    function test_lateFeesStreamToThoseWhoWereThere() public {
        _deposit(granite, 1_000_000);
        IFundingSource.Receipt memory receipt;
        receipt.lateFees = 700_000;
        _collect(receipt);
        assertEq(_entry(Tranche.Junior), 1_700_000);
        vm.warp(START + 3 days);
        assertEq(_entry(Tranche.Junior), 1_700_000, "whatever of it counts already");
        uint256 shares = junior.previewDeposit(1_000_000);
        assertEq(junior.previewMint(shares), 1_000_000);
        _deposit(cobalt, 1_000_000);
        vm.warp(START + 7 days);
        assertLe(_worth(junior, cobalt), 1_000_000);
        assertApproxEqAbs(_worth(junior, granite), 1_700_000, 1);
    }

    function testFuzz_whoEntersLaterGainsNewIncomeOnly(uint64[4] memory amounts, uint64[2] memory back, uint32 stay)
        public
    {
        uint256 sub = bound(amounts[0], 1e6, 1e12);
        uint256 top = bound(amounts[1], 0, 1e12);
        _deposit(granite, sub);
        _depositInto(senior, granite, top);
        _lend(sub + top);
        uint256 loss = bound(amounts[2], 0, sub + top);
        _writeOff(loss);
        _recover(bound(back[0], 0, loss));
        vm.warp(block.timestamp + bound(stay, 0, 8 days));
        bool top_ = stay % 4 == 0;
        TrancheVault vault = top_ ? senior : junior;
        uint256 put = bound(amounts[3], 0, vault.maxDeposit(cobalt));
        if (put > 1e12) put = 1e12;
        uint256 incomeBefore = pool.accruedIncome();
        _depositInto(vault, cobalt, put);
        assertLe(_worth(vault, cobalt), put, "nothing at once");

        (uint256 lost,) = pool.losses();
        _recover(bound(back[1], 0, lost));
        vm.warp(vm.getBlockTimestamp() + 7 days);
        assertLe(_worth(vault, cobalt), put + _newIncome(vault, put, pool.accruedIncome() - incomeBefore) + 1);
    }

    // What will not come back

    function test_whatIsStruckIsPaidForNoLonger() public {
        _addReserve(1_000_000);
        _deposit(granite, 10_000_000);
        _lend(9_000_000);
        _writeOff(9_000_000);
        assertEq(pool.fundable(Tranche.Junior), 0);
        vm.expectEmit(address(pool));
        emit ILendingPool.LossStruck(7_900_000);
        pool.strikeLoss(7_900_000);
        (uint256 lost, uint256 covered) = pool.losses();
        assertEq(lost, 100_000);
        assertEq(covered, 1_000_000);
        assertEq(_entry(Tranche.Junior), 2_100_000);
        assertEq(_exit(Tranche.Junior), 2_000_000, "nobody's money moves");

        pool.strikeLoss(100_000);
        _deposit(cobalt, 2_000_000);
        assertApproxEqAbs(_worth(junior, cobalt), 2_000_000, 1);
        IFundingSource.Receipt memory receipt;
        receipt.recovered = 1_400_000;
        _issue(euro, address(pool), 1_400_000);
        vm.expectEmit(address(pool));
        emit ILendingPool.RecoveryShared(0, 1_000_000, 400_000);
        pool.collect(receipt);
    }

    // Epochs

    /// @dev All but one of senior's shares were redeemed at a loss; the one that waits is worth nothing.
    function test_aDeadSeniorShareHoldsNobodyUp() public {
        _depositInto(senior, granite, 1_000_000);
        _lend(500_000);
        _writeOff(500_000);
        _request(senior, granite, senior.balanceOf(granite) - 1);
        _closeEpoch();
        pool.strikeLoss(500_000);
        _deposit(cobalt, 1_000_000);
        _request(junior, cobalt, junior.balanceOf(cobalt));
        _request(senior, granite, 1);
        _closeEpoch();
        assertEq(senior.balanceOf(address(senior)), 1, "it still waits");
        assertApproxEqAbs(_claim(junior, cobalt), 1_000_000, 1);
    }

    // Internals

    function _recover(uint256 amount) private {
        IFundingSource.Receipt memory receipt;
        receipt.recovered = amount;
        _collect(receipt);
    }

    /// @return what a week brings to who put so much in: senior its rate, junior its part of what the pool earned
    function _newIncome(TrancheVault vault, uint256 put, uint256 earned) private view returns (uint256) {
        if (vault == senior) return put * SENIOR_RATE_BPS * 7 / (360 * 10_000);
        return (earned + 1) * vault.balanceOf(cobalt) / (vault.totalSupply() + 1);
    }

    function _worth(TrancheVault vault, address lender_) private view returns (uint256) {
        return vault.convertToAssets(vault.balanceOf(lender_));
    }

    function _assertRefused(TrancheVault vault) private {
        assertEq(vault.maxDeposit(cobalt) + vault.maxMint(cobalt), 0);
        _fundAndApprove(cobalt, 1, address(vault));
        vm.prank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.AmountTooLarge.selector, 1, 0));
        vault.deposit(1, cobalt);
    }
}
