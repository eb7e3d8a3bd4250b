// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC7540Operator, IERC7540Redeem} from "../../../contracts/lending/interfaces/IERC7540.sol";
import {ITrancheVault} from "../../../contracts/lending/interfaces/ITrancheVault.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {BarePoolBase} from "./PoolBase.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @title Giving shares back as ERC-7540 has it: request, epoch, claim.
contract RedeemTest is BarePoolBase {
    event Withdraw(
        address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares
    );

    uint256 private shares;

    function setUp() public override {
        super.setUp();
        shares = _deposit(cobalt, 100_000);
    }

    // ERC-7540 conformance

    function test_interfaces() public view {
        assertTrue(junior.supportsInterface(0x620ee8e4), "asynchronous redemption");
        assertTrue(junior.supportsInterface(0xe3bc4e65), "operators");
        assertTrue(junior.supportsInterface(0x2f0a18c5), "ERC-7575");
        assertTrue(junior.supportsInterface(0x01ffc9a7), "ERC-165");
        assertFalse(junior.supportsInterface(0xce3bbe50), "no asynchronous deposit");
        assertFalse(junior.supportsInterface(0xffffffff));
        assertEq(type(IERC7540Redeem).interfaceId, bytes4(0x620ee8e4));
        assertEq(type(IERC7540Operator).interfaceId, bytes4(0xe3bc4e65));
    }

    function test_previewsRevertForEverybody() public {
        vm.expectRevert(ITrancheVault.PreviewUnsupported.selector);
        junior.previewRedeem(1);
        vm.prank(cobalt);
        vm.expectRevert(ITrancheVault.PreviewUnsupported.selector);
        junior.previewWithdraw(1);
    }

    function test_request() public {
        vm.expectEmit(address(junior));
        emit IERC7540Redeem.RedeemRequest(cobalt, cobalt, 1, cobalt, 40_000e6);
        uint256 id = _request(junior, cobalt, 40_000e6);

        assertEq(id, 1, "the request's id is its epoch");
        assertEq(junior.balanceOf(cobalt), shares - 40_000e6, "the shares leave the owner at once");
        assertEq(junior.balanceOf(address(junior)), 40_000e6);
        assertEq(junior.totalSupply(), shares, "and are not burned yet");
        assertEq(junior.pendingRedeemRequest(1, cobalt), 40_000e6);
        assertEq(junior.claimableRedeemRequest(1, cobalt), 0);
        assertEq(junior.pendingRedeemRequest(2, cobalt), 0);
        assertEq(junior.pendingAssets(), 40_000);
    }

    function test_requestsOfOneEpochAddUp() public {
        _request(junior, cobalt, 10e6);
        _request(junior, cobalt, 20e6);
        assertEq(junior.pendingRedeemRequest(1, cobalt), 30e6);
        assertEq(junior.requestsOf(cobalt).length, 1);
        _lend(100_000);
        _closeEpoch();
        _request(junior, cobalt, 5e6);
        _request(junior, cobalt, 6e6);
        assertEq(junior.pendingRedeemRequest(1, cobalt), 30e6);
        assertEq(junior.pendingRedeemRequest(2, cobalt), 11e6);
    }

    function test_closingMakesClaimable() public {
        _requestAndClose(40_000e6);
        assertEq(junior.pendingRedeemRequest(1, cobalt), 0);
        assertEq(junior.claimableRedeemRequest(1, cobalt), 40_000e6);
        assertEq(junior.claimableRedeemRequest(1, granite), 0);
        assertEq(junior.maxRedeem(cobalt), 40_000e6);
        assertEq(junior.maxWithdraw(cobalt), 40_000);
        assertEq(junior.totalSupply(), shares - 40_000e6, "burned when paid");
        assertEq(pool.books().setAside, 40_000);
        assertEq(pool.lendable(), 60_000);
    }

    function test_redeemPays() public {
        _requestAndClose(40_000e6);
        vm.expectEmit(address(junior));
        emit Withdraw(cobalt, granite, cobalt, 10_000, 10_000e6);
        vm.startPrank(cobalt);
        assertEq(junior.redeem(10_000e6, granite, cobalt), 10_000);
        assertEq(euro.balanceOf(granite), 10_000);
        assertEq(junior.claimableRedeemRequest(1, cobalt), 30_000e6);
        assertEq(junior.redeem(30_000e6, cobalt, cobalt), 30_000);
        assertEq(euro.balanceOf(cobalt), 30_000);
        assertEq(pool.books().setAside, 0);
        vm.expectRevert(abi.encodeWithSelector(ITrancheVault.ClaimableSharesTooLow.selector, cobalt, 1, 0));
        junior.redeem(1, cobalt, cobalt);
    }

    function test_withdrawPays() public {
        _requestAndClose(40_000e6);
        vm.startPrank(cobalt);
        assertEq(junior.withdraw(10_000, cobalt, cobalt), 10_000e6);
        vm.expectRevert(abi.encodeWithSelector(ITrancheVault.ClaimableAssetsTooLow.selector, cobalt, 30_001, 30_000));
        junior.withdraw(30_001, cobalt, cobalt);
        assertEq(junior.withdraw(30_000, cobalt, cobalt), 30_000e6);
        assertEq(junior.maxRedeem(cobalt), 0);
        assertEq(euro.balanceOf(cobalt), 40_000);
    }

    function test_claimedPriceIsTheClosingsAndStaysSo() public {
        _requestAndClose(40_000e6);
        _lend(60_000);
        vm.warp(vm.getBlockTimestamp() + 360 days);
        _writeOff(60_000);
        assertEq(_claim(junior, cobalt), 40_000);
    }

    function test_operatorActsForController() public {
        vm.expectEmit(address(junior));
        emit IERC7540Operator.OperatorSet(cobalt, granite, true);
        vm.prank(cobalt);
        assertTrue(junior.setOperator(granite, true));
        assertTrue(junior.isOperator(cobalt, granite));
        vm.prank(granite);
        junior.requestRedeem(40_000e6, cobalt, cobalt);
        _closeEpoch();
        vm.prank(granite);
        assertEq(junior.redeem(40_000e6, cobalt, cobalt), 40_000);
        assertEq(euro.balanceOf(cobalt), 40_000);

        vm.prank(cobalt);
        junior.setOperator(granite, false);
        vm.prank(granite);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, granite, 0, 1));
        junior.requestRedeem(1, cobalt, cobalt);
    }

    function test_allowanceIsSpentOnRequests() public {
        vm.prank(cobalt);
        junior.approve(granite, 10e6);
        vm.startPrank(granite);
        junior.requestRedeem(4e6, cobalt, cobalt);
        assertEq(junior.allowance(cobalt, granite), 6e6);
        assertEq(junior.pendingRedeemRequest(1, cobalt), 4e6);
        assertEq(junior.pendingRedeemRequest(1, granite), 0);
    }

    function test_ownerHandsInForAControllerThatWillsIt() public {
        vm.prank(granite);
        junior.setOperator(cobalt, true);
        vm.prank(cobalt);
        junior.requestRedeem(10e6, granite, cobalt);
        assertEq(junior.pendingRedeemRequest(1, granite), 10e6);
        _closeEpoch();
        assertEq(_claim(junior, granite), 10);
    }

    function test_lenderWhoseRoleEndedLeaves() public {
        registry.setRoles(lender.lei, Roles.DEBTOR);
        assertEq(junior.maxDeposit(cobalt), 0);
        _requestAndClose(shares);
        assertEq(_claim(junior, cobalt), 100_000);
    }

    // Several requests

    function test_claimsRunThroughOlderRequestsFirst() public {
        _lend(100_000);
        for (uint256 i = 1; i <= 4; ++i) {
            _request(junior, cobalt, i * 1000e6);
            _closeEpoch();
        }
        _collect(0, 0, 4500, 0);
        _closeEpoch();
        assertEq(junior.claimableRedeemRequest(1, cobalt), 1000e6);
        assertEq(junior.claimableRedeemRequest(2, cobalt), 2000e6);
        assertApproxEqAbs(junior.claimableRedeemRequest(3, cobalt), 1500e6, 300e6, "a little income has accrued");
        assertEq(junior.claimableRedeemRequest(4, cobalt), 0);

        vm.startPrank(cobalt);
        junior.redeem(1500e6, cobalt, cobalt);
        assertEq(junior.requestsOf(cobalt).length, 3);
        assertEq(junior.requestsOf(cobalt)[0].epoch, 2);
        assertEq(junior.claimableRedeemRequest(2, cobalt), 1500e6);
        junior.withdraw(junior.maxWithdraw(cobalt), cobalt, cobalt);
        vm.stopPrank();
        assertEq(junior.requestsOf(cobalt)[0].epoch, 3);

        _collect(0, 0, 50_000, 0);
        _closeEpoch();
        _claim(junior, cobalt);
        assertEq(junior.requestsOf(cobalt).length, 0);
        assertLe(pool.books().setAside, 4, "what rounding leaves");
    }

    /// @dev However a claim is cut, it comes to what was set aside for it, and not a unit more.
    function testFuzz_partialClaimsNeverPassTheWhole(uint64[3] memory cuts, uint32 time, bool byAssets) public {
        _lend(50_000);
        vm.warp(START + bound(time, 0, 1000 days));
        _requestAndClose(shares);
        uint256 most = junior.maxWithdraw(cobalt);
        vm.startPrank(cobalt);
        for (uint256 i; i < 3; ++i) {
            if (byAssets) junior.withdraw(bound(cuts[i], 0, junior.maxWithdraw(cobalt)), cobalt, cobalt);
            else junior.redeem(bound(cuts[i], 0, junior.maxRedeem(cobalt)), cobalt, cobalt);
        }
        junior.redeem(junior.maxRedeem(cobalt), cobalt, cobalt);
        assertEq(euro.balanceOf(cobalt), most, "the last claim takes what is left");
        assertEq(junior.maxWithdraw(cobalt), 0);
    }

    /// @dev What a limit names succeeds; one more is refused.
    function testFuzz_limitsAreExact(uint256 requested, uint32 time, uint64 lent, bool byAssets) public {
        _lend(bound(lent, 0, 100_000));
        vm.warp(START + bound(time, 0, 1000 days));
        _requestAndClose(bound(requested, 1, shares));
        uint256 most = byAssets ? junior.maxWithdraw(cobalt) : junior.maxRedeem(cobalt);
        uint256 snapshot = vm.snapshotState();
        this.claim(byAssets, most);
        vm.revertToState(snapshot);
        vm.expectPartialRevert(
            byAssets ? ITrancheVault.ClaimableAssetsTooLow.selector : ITrancheVault.ClaimableSharesTooLow.selector
        );
        this.claim(byAssets, most + 1);
    }

    function claim(bool byAssets, uint256 amount) external {
        vm.prank(cobalt);
        if (byAssets) junior.withdraw(amount, cobalt, cobalt);
        else junior.redeem(amount, cobalt, cobalt);
    }

    // Prices

    /// @dev Any round trip gains nothing beyond what its time earns, whatever state the pool is in.
    function testFuzz_roundTripGainsNothing(uint64 assets, uint256 lent, uint32 time, uint256 impaired, bool mints)
        public
    {
        lent = bound(lent, 0, 100_000);
        _lend(lent);
        vm.warp(START + bound(time, 7 days, 1000 days));
        pool.changeImpairment(0, bound(impaired, 0, lent));
        assets = uint64(bound(assets, 1, 1e12));
        _fundAndApprove(granite, 4e12, address(junior));
        vm.startPrank(granite);
        if (mints) junior.mint(junior.previewDeposit(assets), granite);
        else junior.deposit(assets, granite);
        vm.stopPrank();
        _request(junior, granite, junior.balanceOf(granite));
        pool.closeEpoch();
        _claim(junior, granite);
        assertLe(euro.balanceOf(granite), 4e12);
    }

    /// @dev Who asks before bad news is booked leaves at the price after it: requests are irrevocable and priced at the
    /// closing (invariant 20).
    function testFuzz_leavingBeforeBadNewsPaysForIt(uint64 impaired) public {
        _deposit(granite, 100_000);
        _lend(100_000);
        impaired = uint64(bound(impaired, 1, 100_000));
        _request(junior, cobalt, shares);
        pool.changeImpairment(0, impaired);
        _closeEpoch();
        uint256 income = pool.accruedIncome();
        uint256 paid = _claim(junior, cobalt);
        assertLe(paid, (200_000 + income - impaired) / 2 + 1);
    }

    /// @dev Stepping in before good news: whoever buys during an impairment pays the price without it.
    function test_depositAroundImpairmentGainsNothing() public {
        _lend(50_000);
        pool.changeImpairment(0, 50_000);
        uint256 bought = _deposit(granite, 100_000);
        pool.changeImpairment(50_000, 0);
        assertLe(junior.convertToAssets(bought), 100_000);
    }

    // Internals

    function _requestAndClose(uint256 amount) private {
        _request(junior, cobalt, amount);
        _closeEpoch();
    }
}
