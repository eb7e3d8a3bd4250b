// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {BarePoolBase} from "./PoolBase.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

contract TrancheVaultTest is BarePoolBase {
    // Refusals

    function test_depositForWhoIsNoLenderIsRefused() public {
        _fundAndApprove(cobalt, 100, address(vault));
        vm.prank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, supplier, 100, 0));
        vault.deposit(100, supplier);
    }

    function test_depositByWhoIsNoLenderIsRefused() public {
        _fundAndApprove(debtor, 100, address(vault));
        vm.prank(debtor);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, debtor, Roles.DEBTOR | Roles.CONSIGNEE, Roles.LENDER
            )
        );
        vault.deposit(100, cobalt);
    }

    function test_sharesGoToLendersOnly() public {
        _deposit(cobalt, 100);
        vm.startPrank(cobalt);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, debtor, Roles.DEBTOR | Roles.CONSIGNEE, Roles.LENDER
            )
        );
        vault.transfer(debtor, 1);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
        vault.transfer(stranger, 1);

        vault.approve(stranger, 5);
        vm.stopPrank();
        vm.prank(stranger);
        vault.transferFrom(cobalt, granite, 5);
        assertEq(vault.balanceOf(granite), 5);
    }

    function test_frozenLenderWaits() public {
        uint256 shares = _deposit(cobalt, 100);
        vm.prank(cobalt);
        vault.approve(granite, shares);
        registry.freezeAccount(cobalt);

        assertEq(vault.maxWithdraw(cobalt), 0);
        assertEq(vault.maxRedeem(cobalt), 0);
        assertEq(vault.maxDeposit(cobalt), 0);
        assertEq(vault.maxMint(cobalt), 0);
        vm.startPrank(granite);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxRedeem.selector, cobalt, shares, 0));
        vault.redeem(shares, granite, cobalt);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, cobalt));
        vault.transferFrom(cobalt, granite, shares);
        vm.stopPrank();

        registry.unfreezeAccount(cobalt);
        vm.prank(cobalt);
        assertEq(vault.redeem(shares, cobalt, cobalt), 100);
    }

    function test_lenderWhoseRoleEndedMayLeaveButNotEnter() public {
        uint256 shares = _deposit(cobalt, 100);
        bytes20 its = registry.organisation(registry.membershipOf(cobalt).organisation).lei;
        registry.setRoles(its, Roles.DEBTOR);

        assertEq(vault.maxDeposit(cobalt), 0);
        assertEq(vault.maxRedeem(cobalt), shares);
        vm.prank(cobalt);
        vault.redeem(shares, cobalt, cobalt);
        assertEq(euro.balanceOf(cobalt), 100);
    }

    function test_payingOutToWhoIsNotAdmittedIsRefused() public {
        _deposit(cobalt, 100);
        vm.prank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
        vault.withdraw(10, stranger, cobalt);
    }

    function test_redeemingForAnotherNeedsAllowance() public {
        _deposit(cobalt, 100);
        vm.prank(granite);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, granite, 0, 1e6));
        vault.redeem(1e6, granite, cobalt);
        assertEq(vault.balanceOf(cobalt), 100e6);
    }

    // Happy path

    function test_depositAndWithdraw() public {
        uint256 shares = _deposit(cobalt, 100_000);
        assertEq(shares, 100_000e6, "a million shares to the cent at first");
        assertEq(euro.balanceOf(address(pool)), 100_000);
        assertEq(euro.balanceOf(address(vault)), 0, "the vault itself holds nothing");
        assertEq(vault.totalAssets(), 100_000);

        vm.prank(cobalt);
        assertEq(vault.withdraw(40_000, cobalt, cobalt), 40_000e6);
        assertEq(euro.balanceOf(cobalt), 40_000);
        assertEq(pool.books().cash, 60_000);
    }

    function test_withdrawalIsBoundedByFreeCash() public {
        uint256 shares = _deposit(cobalt, 100_000);
        _lend(90_000);

        assertEq(vault.maxWithdraw(cobalt), 10_000);
        vm.startPrank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxWithdraw.selector, cobalt, 10_001, 10_000));
        vault.withdraw(10_001, cobalt, cobalt);
        vm.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxRedeem.selector, cobalt, shares, vault.maxRedeem(cobalt))
        );
        vault.redeem(shares, cobalt, cobalt);
        assertEq(vault.redeem(vault.maxRedeem(cobalt), cobalt, cobalt), 10_000);
        assertEq(vault.maxRedeem(cobalt), vault.previewWithdraw(1) - 1, "what is left rounds down to nothing");
    }

    function test_incomeRaisesThePriceForAllAlike() public {
        _deposit(cobalt, 100_000);
        _lend(100_000);
        vm.warp(START + 360 days);
        _deposit(granite, 109_000);
        assertApproxEqAbs(vault.balanceOf(granite), 100_000e6, 10e6);
        assertApproxEqAbs(vault.convertToAssets(vault.balanceOf(cobalt)), 109_000, 1);
    }

    function test_entryAtGrossExitAtNet() public {
        uint256 shares = _deposit(cobalt, 100_000);
        _lend(50_000);
        assertEq(vault.previewRedeem(shares), 100_000, "equal without impairment");
        pool.setImpairment(20_000);

        assertEq(vault.previewRedeem(shares), 80_000);
        assertEq(vault.convertToAssets(shares), 100_000);
        assertEq(vault.previewDeposit(100_000), shares);
    }

    /// @dev Stepping in before good news: whoever buys during an impairment pays the price without it.
    function test_depositAroundImpairmentGainsNothing() public {
        _deposit(cobalt, 100_000);
        _lend(50_000);
        pool.setImpairment(50_000);
        uint256 shares = _deposit(granite, 100_000);
        assertLt(vault.previewRedeem(shares), 100_000, "and leaving before it is lifted costs");
        pool.setImpairment(0);
        vm.prank(granite);
        assertLe(vault.redeem(shares, granite, granite), 100_000);
    }

    // Attacks and properties

    /// @dev The first depositor donates to raise the price of the first share; the victim must lose next to nothing.
    function testFuzz_inflationAttack(uint64 first, uint64 donation, uint64 victim) public {
        first = uint64(bound(first, 1, 1e12));
        donation = uint64(bound(donation, 1, 1e15));
        victim = uint64(bound(victim, 1, 1e12));
        uint256 attackerShares = _deposit(granite, first);
        _issue(euro, address(pool), donation);
        _issue(euro, address(vault), donation);
        uint256 victimShares = _deposit(cobalt, victim);

        assertEq(vault.previewRedeem(victimShares), victim, "the victim loses nothing");
        vm.prank(granite);
        assertLe(vault.redeem(attackerShares, granite, granite), first, "the attacker gains nothing");
    }

    /// @dev Any round trip within one block gains nothing, whatever state the pool is in.
    function testFuzz_roundTripGainsNothing(uint64 assets, uint256 lent, uint32 time, uint256 impaired, uint256 path)
        public
    {
        _disturb(lent, time, impaired);
        assets = uint64(bound(assets, 1, 1e12));
        _fundAndApprove(granite, 4e12, address(vault));
        uint256 before = euro.balanceOf(granite);
        vm.startPrank(granite);
        uint256 shares = path % 2 == 0 ? vault.deposit(assets, granite) : vault.balanceOf(granite);
        if (path % 2 == 1) {
            shares = vault.previewDeposit(assets);
            vault.mint(shares, granite);
        }
        if (path % 4 < 2) vault.redeem(vault.maxRedeem(granite), granite, granite);
        else vault.withdraw(vault.maxWithdraw(granite), granite, granite);
        assertLe(euro.balanceOf(granite), before);
    }

    /// @dev What a limit names succeeds; one more is refused.
    function testFuzz_limitsAreExact(uint256 lent, uint32 time, uint256 impaired, uint8 which) public {
        _disturb(lent, time, impaired);
        _fundAndApprove(cobalt, 1e13, address(vault));
        which = uint8(bound(which, 0, 3));
        uint256 most = _limit(which);
        // A full pool needs more cash than a lender ever has: half of the counter's range.
        _issue(euro, cobalt, type(uint64).max);
        uint256 snapshot = vm.snapshotState();
        this.act(which, most);
        vm.revertToState(snapshot);
        bytes4[4] memory refusals = [
            ERC4626.ERC4626ExceededMaxWithdraw.selector,
            ERC4626.ERC4626ExceededMaxRedeem.selector,
            ERC4626.ERC4626ExceededMaxDeposit.selector,
            ERC4626.ERC4626ExceededMaxMint.selector
        ];
        vm.expectPartialRevert(refusals[which]);
        this.act(which, most + 1);
    }

    /// @dev The greatest of its kind: one share more would pay out more than there is, or be more than is owned.
    function testFuzz_maxRedeemIsTheGreatest(uint256 lent, uint32 time, uint256 impaired) public {
        _disturb(lent, time, impaired);
        uint256 most = vault.maxRedeem(cobalt);
        assertLe(vault.previewRedeem(most), pool.freeCash());
        assertTrue(most == vault.balanceOf(cobalt) || vault.previewRedeem(most + 1) > pool.freeCash());
        uint256 mostAssets = vault.maxWithdraw(cobalt);
        assertTrue(mostAssets == pool.freeCash() || vault.previewWithdraw(mostAssets + 1) > vault.balanceOf(cobalt));
    }

    function testFuzz_sharesNeverClaimMoreThanThereIs(uint64[4] memory assets, uint256 lent, uint32 time) public {
        _disturb(lent, time, 0);
        for (uint256 i; i < 4; ++i) {
            _deposit(i % 2 == 0 ? cobalt : granite, bound(assets[i], 1, 1e12));
        }
        uint256 claims =
            vault.convertToAssets(vault.balanceOf(cobalt)) + vault.convertToAssets(vault.balanceOf(granite));
        assertEq(vault.balanceOf(cobalt) + vault.balanceOf(granite), vault.totalSupply());
        assertLe(claims, vault.totalAssets());
        // The virtual share owns a millionth of a cent at first and grows with the pool; the rest is rounding.
        assertLe(vault.totalAssets() - claims, 4);
    }

    function act(uint8 which, uint256 amount) external {
        vm.prank(cobalt);
        if (which == 0) vault.withdraw(amount, cobalt, cobalt);
        else if (which == 1) vault.redeem(amount, cobalt, cobalt);
        else if (which == 2) vault.deposit(amount, cobalt);
        else vault.mint(amount, cobalt);
    }

    // Internals

    function _limit(uint8 which) private view returns (uint256) {
        if (which == 0) return vault.maxWithdraw(cobalt);
        if (which == 1) return vault.maxRedeem(cobalt);
        if (which == 2) return vault.maxDeposit(cobalt);
        return vault.maxMint(cobalt);
    }

    /// @dev Puts the pool into any state: lent out, aged, impaired.
    function _disturb(uint256 lent, uint32 time, uint256 impaired) private {
        _deposit(cobalt, 1e12);
        lent = bound(lent, 0, 1e12);
        _lend(lent);
        vm.warp(START + bound(time, 0, 1000 days));
        pool.setImpairment(bound(impaired, 0, lent));
    }
}
