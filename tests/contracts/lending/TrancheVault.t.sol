// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {ILendingPool, Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {ITrancheVault} from "../../../contracts/lending/interfaces/ITrancheVault.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {BarePoolBase} from "./PoolBase.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @title Buying, holding and passing on shares; giving them back is in Redeem.t.sol.
contract TrancheVaultTest is BarePoolBase {
    // Refusals

    function test_depositForWhoIsNoLenderIsRefused() public {
        _fundAndApprove(cobalt, 100, address(junior));
        vm.startPrank(cobalt);
        vm.expectRevert(_roleMissing(supplier, Roles.SUPPLIER));
        junior.deposit(100, supplier);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
        junior.mint(100e6, stranger);
    }

    function test_depositByWhoIsNoLenderIsRefused() public {
        _fundAndApprove(debtor, 100, address(junior));
        vm.startPrank(debtor);
        vm.expectRevert(_roleMissing(debtor, Roles.DEBTOR | Roles.CONSIGNEE));
        junior.deposit(100, cobalt);
        vm.expectRevert(_roleMissing(debtor, Roles.DEBTOR | Roles.CONSIGNEE));
        junior.mint(100, cobalt);
        vm.expectRevert(_roleMissing(debtor, Roles.DEBTOR | Roles.CONSIGNEE));
        junior.deposit(100, debtor);
    }

    function test_sharesGoToLendersOnly() public {
        _deposit(cobalt, 100);
        vm.startPrank(cobalt);
        vm.expectRevert(_roleMissing(debtor, Roles.DEBTOR | Roles.CONSIGNEE));
        junior.transfer(debtor, 1);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
        junior.transfer(stranger, 1);
        vm.expectRevert(ITrancheVault.SharesToVault.selector);
        junior.transfer(address(junior), 1);

        junior.approve(stranger, 5);
        vm.stopPrank();
        vm.startPrank(stranger);
        vm.expectRevert(_roleMissing(debtor, Roles.DEBTOR | Roles.CONSIGNEE));
        junior.transferFrom(cobalt, debtor, 5);
        junior.transferFrom(cobalt, granite, 5);
        assertEq(junior.balanceOf(granite), 5);
    }

    function test_sharesLeaveLendersOnly() public {
        _deposit(cobalt, 100);
        vm.prank(cobalt);
        junior.approve(granite, 10);
        registry.freezeAccount(cobalt);
        vm.prank(granite);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, cobalt));
        junior.transferFrom(cobalt, granite, 10);
        vm.prank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, cobalt));
        junior.transfer(cobalt, 10);
        assertEq(junior.maxDeposit(cobalt), 0);
        assertEq(junior.maxMint(cobalt), 0);

        registry.unfreezeAccount(cobalt);
        registry.setRoles(lender.lei, Roles.DEBTOR);
        vm.prank(cobalt);
        vm.expectRevert(_roleMissing(cobalt, Roles.DEBTOR));
        junior.transfer(granite, 10);
    }

    function test_expiredLenderNeitherBuysNorPassesOn() public {
        _deposit(cobalt, 100);
        vm.warp(START + 20 * 365 days);
        assertEq(junior.maxDeposit(cobalt), 0);
        vm.prank(cobalt);
        vm.expectPartialRevert(IParticipantRegistry.KycExpired.selector);
        junior.transfer(cobalt, 1);
    }

    function test_onlyPoolClosesEpochs() public {
        vm.expectRevert(abi.encodeWithSelector(ITrancheVault.OnlyPool.selector, address(this), address(pool)));
        junior.closeEpoch(1, 1);
    }

    function test_depositWithoutAllowanceIsRefused() public {
        _issue(euro, cobalt, 100);
        vm.prank(cobalt);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(junior), 0, 100)
        );
        junior.deposit(100, cobalt);
        assertEq(pool.books().cash, 0);
    }

    /// @dev A tranche that has lost all but dust would give out more shares than a request can count.
    function test_sharesNeverPassWhatARequestCounts() public {
        _deposit(cobalt, 1e12);
        _lend(1e12);
        _writeOff(1e12 - 1);
        pool.strikeLoss(1e12 - 1);
        uint256 most = junior.maxDeposit(granite);
        _fundAndApprove(granite, most + 1, address(junior));
        vm.startPrank(granite);
        vm.expectPartialRevert(ITrancheVault.SharesTooMany.selector);
        junior.deposit(most + 1, granite);
        junior.deposit(most, granite);
        assertLe(junior.totalSupply(), type(uint80).max);
        junior.requestRedeem(junior.balanceOf(granite), granite, granite);
    }

    // Happy path

    function test_deposit() public {
        _fundAndApprove(cobalt, 100_000, address(junior));
        vm.expectEmit(address(junior));
        emit Deposit(cobalt, granite, 100_000, 100_000e6);
        vm.prank(cobalt);
        uint256 shares = junior.deposit(100_000, granite);

        assertEq(shares, 100_000e6, "a million shares to the cent at first");
        assertEq(junior.balanceOf(granite), shares);
        assertEq(junior.balanceOf(cobalt), 0);
        assertEq(euro.balanceOf(cobalt), 0);
        assertEq(euro.balanceOf(address(pool)), 100_000);
        assertEq(euro.balanceOf(address(junior)), 0, "the vault itself holds nothing");
        assertEq(junior.totalAssets(), 100_000);
        assertEq(pool.books().cash, 100_000);
    }

    function test_mint() public {
        _deposit(granite, 333);
        _fundAndApprove(cobalt, 1000, address(senior));
        vm.startPrank(cobalt);
        assertEq(senior.mint(500e6 + 1, cobalt), 501, "the price is rounded up");
        assertEq(senior.balanceOf(cobalt), 500e6 + 1);
        assertEq(_entry(Tranche.Senior), 501);
    }

    function test_vaultKnowsWhatItIs() public view {
        assertEq(address(junior.pool()), address(pool));
        assertEq(pool.vault(Tranche.Junior), address(junior));
        assertEq(pool.vault(Tranche.Senior), address(senior));
        assertEq(uint8(junior.tranche()), uint8(Tranche.Junior));
        assertEq(address(junior.registry()), address(registry));
        assertEq(junior.asset(), address(euro));
        assertEq(junior.decimals(), 8);
        assertEq(junior.share(), address(junior));
        assertEq(junior.currentEpoch(), 1);
    }

    function test_incomeRaisesThePriceForAllAlike() public {
        _deposit(cobalt, 100_000);
        _lend(100_000);
        vm.warp(START + 360 days);
        _deposit(granite, 109_000);
        assertApproxEqAbs(junior.balanceOf(granite), 100_000e6, 10e6);
        assertApproxEqAbs(junior.convertToAssets(junior.balanceOf(cobalt)), 109_000, 1);
    }

    function test_entryAtGrossExitAtNet() public {
        uint256 shares = _deposit(cobalt, 100_000);
        _lend(50_000);
        assertEq(_exit(Tranche.Junior), 100_000, "equal without impairment");
        pool.changeImpairment(0, 20_000);

        assertEq(_exit(Tranche.Junior), 80_000);
        assertApproxEqAbs(junior.convertToAssets(shares), 80_000, 1);
        assertEq(junior.previewDeposit(100_000), shares);
    }

    // Attacks and properties

    /// @dev The first depositor donates to raise the price of the first share; the victim must lose next to nothing.
    function testFuzz_inflationAttack(uint64 first, uint64 donation, uint64 victim) public {
        first = uint64(bound(first, 1, 1e12));
        donation = uint64(bound(donation, 1, 1e15));
        victim = uint64(bound(victim, 1, 1e12));
        uint256 attackerShares = _deposit(granite, first);
        _issue(euro, address(pool), donation);
        _issue(euro, address(junior), donation);
        uint256 victimShares = _deposit(cobalt, victim);

        assertEq(junior.convertToAssets(victimShares), victim, "the victim loses nothing");
        _request(junior, granite, attackerShares);
        _closeEpoch();
        assertLe(_claim(junior, granite), first, "the attacker gains nothing");
    }

    /// @dev What comes in as late fees does not lift the price of who steps in before it (invariant 18).
    function testFuzz_steppingInBeforeALateFeeEarnsTimeOnly(uint64 fee, uint32 stay) public {
        _deposit(cobalt, 1e10);
        fee = uint64(bound(fee, 1, 1e10));
        uint256 shares = _deposit(granite, 1e10);
        IFundingSource.Receipt memory receipt;
        receipt.lateFees = fee;
        _collect(receipt);
        assertLe(junior.convertToAssets(shares), 1e10, "nothing at once");
        stay = uint32(bound(stay, 0, 7 days));
        vm.warp(START + stay);
        assertLe(junior.convertToAssets(shares), 1e10 + uint256(fee) * stay / 2 / 7 days + 1, "its part of the time");
    }

    /// @dev What a limit names succeeds; one more is refused.
    function testFuzz_limitsAreExact(uint256 lent, uint32 time, uint256 lost, bool mints, bool capped) public {
        _disturb(lent, time, lost);
        if (capped) pool.setDepositCap(uint64(bound(lost, 0, 1e13)));
        uint256 most = mints ? junior.maxMint(cobalt) : junior.maxDeposit(cobalt);
        _fundAndApprove(cobalt, type(uint72).max, address(junior));
        uint256 snapshot = vm.snapshotState();
        this.act(mints, most);
        vm.revertToState(snapshot);
        vm.expectRevert();
        this.act(mints, most + 1);
    }

    function testFuzz_sharesNeverClaimMoreThanThereIs(uint64[4] memory assets, uint256 lent, uint32 time) public {
        _disturb(lent, time, 0);
        for (uint256 i; i < 4; ++i) {
            _deposit(i % 2 == 0 ? cobalt : granite, bound(assets[i], 1, 1e12));
        }
        uint256 claims =
            junior.convertToAssets(junior.balanceOf(cobalt)) + junior.convertToAssets(junior.balanceOf(granite));
        assertEq(junior.balanceOf(cobalt) + junior.balanceOf(granite), junior.totalSupply());
        assertLe(claims, junior.totalAssets());
        // The virtual share owns a millionth of a cent at first and grows with the pool; the rest is rounding.
        assertLe(junior.totalAssets() - claims, 4);
    }

    function act(bool mints, uint256 amount) external {
        vm.prank(cobalt);
        if (mints) junior.mint(amount, cobalt);
        else junior.deposit(amount, cobalt);
    }

    // Internals

    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);

    function _roleMissing(address account, uint32 held) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IParticipantRegistry.RoleMissing.selector, account, held, Roles.LENDER);
    }

    /// @dev Puts the pool into any state: lent out, aged, with losses.
    function _disturb(uint256 lent, uint32 time, uint256 lost) private {
        _deposit(cobalt, 1e12);
        lent = bound(lent, 0, 1e12);
        _lend(lent);
        vm.warp(START + bound(time, 0, 1000 days));
        _writeOff(bound(lost, 0, lent));
    }
}
