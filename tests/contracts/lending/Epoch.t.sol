// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILendingPool, Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {ITrancheVault} from "../../../contracts/lending/interfaces/ITrancheVault.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {BarePoolBase} from "./PoolBase.sol";

/// @title Closing an epoch: who is paid how much, in which order.
contract EpochTest is BarePoolBase {
    // Refusals

    function test_closingTooEarlyIsRefused() public {
        vm.warp(START + EPOCH - 1);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.EpochNotOver.selector, START + EPOCH - 1, START + EPOCH));
        pool.closeEpoch();
        vm.warp(START + EPOCH);
        vm.prank(stranger);
        pool.closeEpoch();
        assertEq(pool.closableAt(), START + 2 * EPOCH);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.EpochNotOver.selector, START + EPOCH, START + 2 * EPOCH));
        pool.closeEpoch();
    }

    // Order

    function test_seniorIsPaidFirst() public {
        (uint256 top, uint256 sub) = _fill();
        _lend(700_000);
        _request(senior, cobalt, top / 2);
        _request(junior, granite, sub / 100);
        _closeEpoch();
        assertApproxEqAbs(senior.maxWithdraw(cobalt), 300_000, 1);
        assertEq(junior.maxWithdraw(granite), 0, "nothing is left");
        assertEq(pool.books().cash, 300_000 - senior.maxWithdraw(cobalt));

        _collect(0, 0, 200_000, 0);
        _closeEpoch();
        assertEq(junior.pendingRedeemRequest(1, granite), 0);
        assertEq(senior.pendingRedeemRequest(1, cobalt), 0);
        assertGt(junior.maxWithdraw(granite), 0);
    }

    function test_juniorKeepsItsFloor() public {
        (, uint256 sub) = _fill();
        sub += _deposit(granite, 100_000);
        _request(junior, granite, sub);
        _closeEpoch();
        uint256 paid = junior.maxWithdraw(granite);
        assertGt(paid, 99_000);
        uint256 whole = _exit(Tranche.Senior) + _exit(Tranche.Junior);
        assertGe(_exit(Tranche.Junior) * 10_000, whole * 2000);
        assertLt((_exit(Tranche.Junior) - 1) * 10_000, whole * 2000, "and not a unit more");
        assertGt(junior.pendingRedeemRequest(1, granite), 0, "the rest waits");
    }

    function test_juniorLeavesWhollyWhereThereIsNoSenior() public {
        uint256 shares = _deposit(granite, 200_000);
        _request(junior, granite, shares);
        _closeEpoch();
        assertEq(_claim(junior, granite), 200_000);
        assertEq(junior.totalSupply(), 0);
    }

    function test_wipedOutTrancheWaits() public {
        uint256 shares = _deposit(granite, 1000);
        _lend(1000);
        _writeOff(1000);
        _request(junior, granite, shares);
        _closeEpoch();
        assertEq(junior.pendingRedeemRequest(1, granite), shares, "shares are not burned for nothing");
    }

    // Pro rata

    function test_epochIsSharedProRata() public {
        address marble = _admit("MARBLEFUND", Roles.LENDER).account;
        (uint256 a, uint256 b, uint256 c) = (_deposit(cobalt, 300), _deposit(granite, 500), _deposit(marble, 200));
        _lend(900);
        _request(junior, cobalt, a);
        _request(junior, granite, b);
        _request(junior, marble, c / 2);
        _closeEpoch();
        // A cent of income has accrued by then; 100 are shared among 300, 500 and 100.
        assertEq(junior.maxWithdraw(cobalt), 33);
        assertEq(junior.maxWithdraw(granite), 55);
        assertEq(junior.maxWithdraw(marble), 11);
        assertEq(pool.books().setAside, 100);
        assertApproxEqAbs(
            junior.claimableRedeemRequest(1, granite) * 3, junior.claimableRedeemRequest(1, cobalt) * 5, 10
        );
        _claim(junior, cobalt);
        _claim(junior, granite);
        _claim(junior, marble);
        assertEq(pool.books().setAside, 1, "what rounding leaves stays in the pool");
    }

    function test_olderEpochIsPaidFirst() public {
        (uint256 a, uint256 b) = (_deposit(cobalt, 300), _deposit(granite, 300));
        _lend(600);
        _request(junior, cobalt, a);
        _closeEpoch();
        assertEq(_request(junior, granite, b), 2);
        _collect(0, 0, 400, 0);
        _closeEpoch();
        assertGe(junior.maxWithdraw(cobalt), 300);
        assertLe(junior.maxWithdraw(granite), 100);
        assertEq(junior.pendingRedeemRequest(1, cobalt), 0);
        assertGt(junior.pendingRedeemRequest(2, granite), 0);
    }

    function test_emptyEpochsAreNotCounted() public {
        _closeEpoch();
        _closeEpoch();
        assertEq(junior.currentEpoch(), 1);
        assertEq(senior.currentEpoch(), 1);
    }

    function test_closingCountsWhatHasStreamedIn() public {
        uint256 shares = _deposit(cobalt, 1000);
        _lend(1000);
        _collect(700, 0, 0, 0);
        vm.warp(START + 5 days);
        _collect(70, 0, 0, 0);
        _request(junior, cobalt, shares);
        _closeEpoch();
        // 200 with two days left and 70 with seven end together after 284,800 seconds; two days later 163 are here.
        assertEq(pool.books().setAside, 500 + 163);
        assertEq(euro.balanceOf(address(pool)), 770);
    }

    // Senior's claim

    function testFuzz_leavingSeniorsLeaveTheOthersWhatTheyAreOwed(uint64 part, uint32 time, uint64 loss) public {
        _deposit(granite, 200_000_000);
        uint256 mine = _depositInto(senior, cobalt, 300_000_000);
        uint256 others = _depositInto(senior, granite, 400_000_000);
        _lend(100_000_000);
        vm.warp(START + bound(time, 7 days, 3000 days));
        pool.changeImpairment(0, bound(loss, 0, 100_000_000));
        uint256 owedBefore = pool.seniorClaim() * others / senior.totalSupply();
        uint256 worthBefore = senior.convertToAssets(others);
        _request(senior, cobalt, bound(part, 1, mine));
        pool.closeEpoch();
        assertApproxEqAbs(pool.seniorClaim() * others / senior.totalSupply(), owedBefore, 3);
        assertGe(senior.convertToAssets(others), worthBefore);
        assertEq(_exit(Tranche.Senior) + _exit(Tranche.Junior), pool.netAssets());
    }

    // Sums, whatever happens

    function testFuzz_setAsideCoversEveryClaim(
        uint64[6] memory deposits,
        uint64[6] memory requests,
        uint64[3] memory cash
    ) public {
        address[3] memory lenders = [cobalt, granite, _admit("MARBLEFUND", Roles.LENDER).account];
        uint256 whole;
        for (uint256 i; i < 3; ++i) {
            deposits[i] = uint64(bound(deposits[i], 1, 1e12));
            whole += deposits[i];
            _deposit(lenders[i], deposits[i]);
        }
        _lend(whole);
        uint256 out = whole;
        for (uint256 round; round < 3; ++round) {
            for (uint256 i; i < 3; ++i) {
                uint256 wanted = bound(requests[(round + i) % 6], 0, junior.balanceOf(lenders[i]));
                if (wanted != 0) _request(junior, lenders[i], wanted);
            }
            uint256 back = bound(cash[round], 0, out);
            out -= back;
            _collect(0, 0, back, 0);
            _closeEpoch();
            uint256 claimable;
            for (uint256 i; i < 3; ++i) {
                claimable += junior.maxWithdraw(lenders[i]);
            }
            assertLe(claimable, pool.books().setAside);
            _claim(junior, lenders[round]);
        }
        for (uint256 i; i < 3; ++i) {
            _claim(junior, lenders[i]);
        }
        assertLe(pool.books().setAside, 9, "less than a unit for each request");
        assertEq(euro.balanceOf(address(pool)), pool.books().cash + pool.books().setAside);
        for (uint256 id = 1; id < junior.currentEpoch(); ++id) {
            ITrancheVault.Epoch memory its = junior.epoch(id);
            assertLe(its.processed, its.requested);
        }
    }

    // Internals

    /// @return top senior shares of 8,000.00
    /// @return sub junior shares of 2,000.00
    function _fill() private returns (uint256 top, uint256 sub) {
        sub = _deposit(granite, 200_000);
        top = _depositInto(senior, cobalt, 800_000);
    }
}
