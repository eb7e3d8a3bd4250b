// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {ITrancheVault} from "../../../contracts/lending/interfaces/ITrancheVault.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {BarePoolBase} from "./PoolBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @title Requests and claims that are refused.
contract RedeemRefusalsTest is BarePoolBase {
    uint256 private shares;

    function setUp() public override {
        super.setUp();
        shares = _deposit(cobalt, 100_000);
    }

    // Refusals: requests

    function test_requestForNothingIsRefused() public {
        vm.prank(cobalt);
        vm.expectRevert(ITrancheVault.SharesZero.selector);
        junior.requestRedeem(0, cobalt, cobalt);
    }

    function test_onlyTheGovernorSetsTheSmallestRequest() public {
        vm.prank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, cobalt));
        junior.setSmallestRequest(1);
    }

    function test_smallestRequestThatWouldKeepLendersInIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(ITrancheVault.SmallestRequestTooLarge.selector, 1e12 + 1, 1e12));
        junior.setSmallestRequest(1e12 + 1);
        junior.setSmallestRequest(1e12);
        assertEq(junior.smallestRequest(), 1e12);
    }

    /// @dev Dust in every epoch would hold back whoever asks later: a closing pays eight.
    function test_dustIsNoRequest() public {
        vm.expectEmit(address(junior));
        emit ITrancheVault.SmallestRequestSet(100e6);
        junior.setSmallestRequest(100e6);
        vm.startPrank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(ITrancheVault.RequestTooSmall.selector, cobalt, 100e6 - 1, 100e6));
        junior.requestRedeem(100e6 - 1, cobalt, cobalt);
        junior.setOperator(granite, true);
        vm.stopPrank();
        vm.prank(granite);
        vm.expectRevert(abi.encodeWithSelector(ITrancheVault.RequestTooSmall.selector, cobalt, 1, 100e6));
        junior.requestRedeem(1, cobalt, cobalt);
        _request(junior, cobalt, 100e6);
        assertEq(junior.currentEpoch(), 1);
        junior.setSmallestRequest(0);
        _request(junior, cobalt, 1);
    }

    function test_halfOfWhatOneHasIsNeverTooSmall() public {
        junior.setSmallestRequest(1e12);
        uint256 few = _deposit(granite, 10);
        assertLt(few, 1e12);
        vm.prank(granite);
        vm.expectRevert(abi.encodeWithSelector(ITrancheVault.RequestTooSmall.selector, granite, few / 2 - 1, few / 2));
        junior.requestRedeem(few / 2 - 1, granite, granite);
        _request(junior, granite, few / 2);
        _request(junior, granite, few / 2);
        assertEq(junior.balanceOf(granite), 0);
        _closeEpoch();
        assertEq(_claim(junior, granite), 10);
        assertEq(junior.smallestRequest(), 1e12, "a closing leaves it as it is");
    }

    /// @dev Shares that come unasked for would make all that one had less than all that one has.
    function test_giftOfOneShareKeepsNobodyIn() public {
        uint256 few = _deposit(granite, 50);
        junior.setSmallestRequest(100e6);
        vm.prank(cobalt);
        junior.transfer(granite, 1);
        _request(junior, granite, few);
        _closeEpoch();
        assertEq(_claim(junior, granite), 50);
    }

    /// @dev A second account could ask for all of its one share, time and again.
    function test_epochsOfDustHoldNobodyBack() public {
        uint256 many = _deposit(granite, 100_000);
        address second = makeAddr("granite's second");
        registry.admitAccount(registry.organisation(registry.membershipOf(granite).organisation).lei, second);
        junior.setSmallestRequest(1e12);
        _lend(pool.books().cash);
        for (uint256 i; i < 9; ++i) {
            vm.prank(granite);
            junior.transfer(second, 1);
            _request(junior, second, 1);
            _closeEpoch();
        }
        assertEq(junior.currentEpoch(), 1);
        _request(junior, cobalt, shares);
        _collect(0, 0, pool.books().principalOut, 0);
        _closeEpoch();
        assertEq(junior.maxRedeem(cobalt), shares);
        assertEq(junior.maxRedeem(second), 9);
        assertEq(junior.currentEpoch(), 2);
        assertEq(junior.balanceOf(granite), many - 9);
    }

    function test_requestAboveTheBalanceIsRefused() public {
        vm.prank(cobalt);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, cobalt, shares, shares + 1)
        );
        junior.requestRedeem(shares + 1, cobalt, cobalt);
    }

    function test_requestForAnotherOwnerNeedsAllowanceOrOperator() public {
        vm.startPrank(granite);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, granite, 0, 1e6));
        junior.requestRedeem(1e6, cobalt, cobalt);
        assertEq(junior.balanceOf(cobalt), shares);
    }

    function test_nobodyFillsAnothersQueue() public {
        _deposit(granite, 100);
        vm.prank(granite);
        vm.expectRevert(abi.encodeWithSelector(ITrancheVault.ControllerNotWilling.selector, cobalt, granite));
        junior.requestRedeem(1, cobalt, granite);
    }

    /// @dev Handing shares to another controller would be a transfer past the rules (invariant 63).
    function test_controllerMustBeALenderAsInATransfer() public {
        vm.prank(debtor);
        junior.setOperator(cobalt, true);
        vm.startPrank(cobalt);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, debtor, Roles.DEBTOR | Roles.CONSIGNEE, Roles.LENDER
            )
        );
        junior.requestRedeem(1e6, debtor, cobalt);
        vm.stopPrank();

        vm.prank(granite);
        junior.setOperator(cobalt, true);
        registry.setRoles(lender.lei, Roles.DEBTOR);
        vm.prank(cobalt);
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.RoleMissing.selector, cobalt, Roles.DEBTOR, Roles.LENDER)
        );
        junior.requestRedeem(1e6, granite, cobalt);
    }

    function test_frozenOwnerOrCallerRequestsNothing() public {
        vm.startPrank(cobalt);
        junior.setOperator(granite, true);
        junior.approve(stranger, 5);
        vm.stopPrank();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
        junior.requestRedeem(5, cobalt, cobalt);

        registry.freezeAccount(cobalt);
        vm.prank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, cobalt));
        junior.requestRedeem(5, cobalt, cobalt);
        vm.prank(granite);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, cobalt));
        junior.requestRedeem(5, cobalt, cobalt);
    }

    function test_queueOfOneControllerIsBounded() public {
        _lend(100_000);
        for (uint256 i; i < 9; ++i) {
            _request(junior, cobalt, 1e6);
            _closeEpoch();
        }
        assertEq(junior.requestsOf(cobalt).length, 9);
        vm.prank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(ITrancheVault.RequestsFull.selector, cobalt, 9));
        junior.requestRedeem(1e6, cobalt, cobalt);

        _collect(0, 0, 100_000, 0);
        _closeEpoch();
        assertEq(junior.maxRedeem(cobalt), 8e6, "eight epochs at most in one closing");
        _closeEpoch();
        assertEq(junior.maxRedeem(cobalt), 9e6);
        assertEq(_claim(junior, cobalt), 9);
        assertEq(junior.requestsOf(cobalt).length, 0);
        _request(junior, cobalt, 1e6);
    }

    // Refusals: claims

    function test_nothingIsClaimableBeforeTheEpochIsClosed() public {
        _request(junior, cobalt, shares);
        assertEq(junior.maxRedeem(cobalt), 0);
        assertEq(junior.maxWithdraw(cobalt), 0);
        vm.startPrank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(ITrancheVault.ClaimableSharesTooLow.selector, cobalt, 1, 0));
        junior.redeem(1, cobalt, cobalt);
        vm.expectRevert(abi.encodeWithSelector(ITrancheVault.ClaimableAssetsTooLow.selector, cobalt, 1, 0));
        junior.withdraw(1, cobalt, cobalt);
        assertEq(junior.redeem(0, cobalt, cobalt), 0);
    }

    function test_claimingForAnotherNeedsItsApproval() public {
        _requestAndClose(shares);
        bytes memory refusal = abi.encodeWithSelector(ITrancheVault.NotOperator.selector, cobalt, granite);
        vm.prank(cobalt);
        junior.approve(granite, type(uint256).max);
        vm.startPrank(granite);
        vm.expectRevert(refusal);
        junior.redeem(shares, cobalt, cobalt);
        vm.expectRevert(refusal);
        junior.withdraw(1, cobalt, cobalt);
    }

    function test_frozenControllerWaits() public {
        _requestAndClose(shares);
        vm.prank(cobalt);
        junior.setOperator(granite, true);
        registry.freezeAccount(cobalt);
        assertEq(junior.maxRedeem(cobalt), 0);
        assertEq(junior.maxWithdraw(cobalt), 0);
        vm.prank(granite);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, cobalt));
        junior.redeem(shares, granite, cobalt);
        vm.prank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, cobalt));
        junior.withdraw(1, granite, cobalt);

        registry.unfreezeAccount(cobalt);
        assertEq(_claim(junior, cobalt), 100_000, "its money has waited for it");
    }

    function test_payingOutToWhoIsNotAdmittedIsRefused() public {
        _requestAndClose(shares);
        vm.prank(cobalt);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
        junior.redeem(shares, stranger, cobalt);
    }

    // Internals

    function _requestAndClose(uint256 amount) private {
        _request(junior, cobalt, amount);
        _closeEpoch();
    }
}
