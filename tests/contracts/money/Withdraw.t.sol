// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {ICashToken} from "../../../contracts/money/interfaces/ICashToken.sol";
import {Network} from "../support/Network.t.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract Withdraw is Network {
    bytes32 private constant PAYMENT = keccak256("pain.001 of 6 May");

    function setUp() public override {
        super.setUp();
        _issue(euro, lender.account, 1000);
    }

    function test_anyone_but_the_cash_issuer_is_refused() public {
        vm.prank(lender.account);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, lender.account));
        euro.withdraw(lender.account, 1, PAYMENT);
    }

    function test_without_the_holders_allowance_it_is_refused() public {
        _approve(399);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(this), 399, 400)
        );
        euro.withdraw(lender.account, 400, PAYMENT);
    }

    function test_more_than_the_holder_has_is_refused() public {
        _approve(2000);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, lender.account, 1000, 1001)
        );
        euro.withdraw(lender.account, 1001, PAYMENT);
    }

    function test_an_unnamed_payment_is_refused() public {
        _approve(1);
        vm.expectRevert(ICashToken.PaymentReferenceMissing.selector);
        euro.withdraw(lender.account, 1, 0);
    }

    function test_a_payment_in_cannot_be_a_payment_out() public {
        euro.issue(lender.account, 1, PAYMENT);
        _approve(1);
        vm.expectRevert(abi.encodeWithSelector(ICashToken.PaymentReferenceUsed.selector, PAYMENT));
        euro.withdraw(lender.account, 1, PAYMENT);
    }

    function test_frozen_money_stays_put() public {
        _approve(1000);
        registry.freezeAccount(lender.account);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, lender.account));
        euro.withdraw(lender.account, 1000, PAYMENT);
        assertEq(euro.balanceOf(lender.account), 1000);
    }

    function testFuzz_cash_paid_out_is_gone(uint256 amount) public {
        amount = bound(amount, 1, 1000);
        _approve(1000);
        vm.expectEmit(address(euro));
        emit ICashToken.CashWithdrawn(lender.account, amount, PAYMENT);
        euro.withdraw(lender.account, amount, PAYMENT);

        assertEq(euro.balanceOf(lender.account), 1000 - amount);
        assertEq(euro.totalSupply(), 1000 - amount);
        assertEq(euro.allowance(lender.account, address(this)), 1000 - amount);
        assertEq(euro.balanceOf(address(this)), 0);
    }

    function _approve(uint256 amount) private {
        vm.prank(lender.account);
        euro.approve(address(this), amount);
    }
}
