// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {BarePoolBase} from "../lending/PoolBase.sol";
import {GasRecord} from "./GasRecord.sol";

/// @title What a lender does, in a pool that has lived for a while.
/// @dev Steady use: both tranches have lenders, money is out and earns, there are a reserve and a deposit cap; one epoch
/// has been closed, paid and claimed. Every lender has approved the vault for good and keeps some cash of its own.
/// forge-config: default.isolate = true
contract LenderGas is BarePoolBase, GasRecord {
    uint256 private constant DEPOSIT = 5_000_000;

    function setUp() public override {
        super.setUp();
        _addReserve(1_000_000);
        pool.setDepositCap(1e12);
        _issue(euro, cobalt, DEPOSIT);
        _depositInto(junior, cobalt, 4 * DEPOSIT);
        _depositInto(senior, cobalt, 4 * DEPOSIT);
        _lend(DEPOSIT);
        vm.warp(START + 10 days);
        _request(senior, cobalt, senior.balanceOf(cobalt) / 10);
        _request(junior, cobalt, junior.balanceOf(cobalt) / 10);
        _closeEpoch();
        _claim(senior, cobalt);
        _claim(junior, cobalt);
        vm.warp(block.timestamp + 1 days);
    }

    /// @dev New: the lender's shares.
    function test_depositByANewLender() public {
        _fundAndApprove(granite, 2 * DEPOSIT, address(senior));
        vm.prank(granite);
        senior.deposit(DEPOSIT, granite);
        _record("deposit by a new lender", 115_000);
        vm.prank(granite);
        senior.deposit(DEPOSIT / 2, granite);
        _record("deposit by a known lender", 100_000);
        assertGt(senior.balanceOf(granite), 0);
    }

    /// @dev New: the lender's first request. Others have asked in this epoch.
    function test_requestRedeem() public {
        address lender_ = _lender(1);
        _request(senior, cobalt, 1e6);
        _request(senior, lender_, senior.balanceOf(lender_) / 2);
        _record("request redeem", 78_000);
    }

    /// @dev Both tranches have requests and are paid in full; the figure must not know how many lenders asked.
    function test_closeEpochOfOneLender() public {
        _closeFor(1);
        _record("close epoch, 1 lender", 110_000);
    }

    function test_closeEpochOfTenLenders() public {
        _closeFor(10);
        _record("close epoch, 10 lenders", 110_000);
    }

    function test_closeEpochOfAHundredLenders() public {
        _closeFor(100);
        _record("close epoch, 100 lenders", 110_000);
    }

    /// @dev Nothing new: the request is used up and the money leaves the pool.
    function test_claim() public {
        address lender_ = _lender(1);
        _request(senior, cobalt, 1e6);
        _request(senior, lender_, senior.balanceOf(lender_) / 2);
        vm.warp(pool.closableAt());
        pool.closeEpoch();
        uint256 shares = senior.maxRedeem(lender_);
        vm.prank(lender_);
        uint256 assets = senior.redeem(shares, lender_, lender_);
        _record("redemption claim", 68_000);
        assertApproxEqAbs(assets, DEPOSIT / 20, DEPOSIT / 1000);
    }

    function _closeFor(uint256 lenders) private {
        for (uint256 n = 1; n <= lenders; ++n) {
            address lender_ = _lender(n);
            _request(senior, lender_, senior.balanceOf(lender_) / 2);
        }
        _request(junior, cobalt, junior.balanceOf(cobalt) / 100);
        vm.warp(pool.closableAt());
        pool.closeEpoch();
    }

    /// @return account of a lender of its own, with shares and with cash to spare
    function _lender(uint256 number) private returns (address account) {
        account = _admit(string.concat("LENDER", vm.toString(number), "X"), Roles.LENDER).account;
        _issue(euro, account, 1000);
        _depositInto(senior, account, DEPOSIT / 10);
    }
}
