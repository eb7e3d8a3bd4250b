// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {CashToken} from "../../../contracts/money/CashToken.sol";
import {ICashToken} from "../../../contracts/money/interfaces/ICashToken.sol";
import {Network} from "../support/Network.t.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract Issue is Network {
    bytes32 private constant PAYMENT = keccak256("camt.054 of 4 May, entry 7");

    function test_a_currency_that_is_not_three_capitals_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(ICashToken.CurrencyInvalid.selector, bytes3("eur")));
        new CashToken("Portolan Euro", "pEUR", "eur", 2, registry, address(manager));
    }

    function test_a_token_without_a_registry_is_refused() public {
        vm.expectRevert(ICashToken.RegistryZero.selector);
        new CashToken("Portolan Euro", "pEUR", "EUR", 2, IParticipantRegistry(address(0)), address(manager));
    }

    function test_anyone_but_the_cash_issuer_is_refused() public {
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account));
        euro.issue(acme.account, 1, PAYMENT);
    }

    function test_an_unnamed_payment_is_refused() public {
        vm.expectRevert(ICashToken.PaymentReferenceMissing.selector);
        euro.issue(lender.account, 1, 0);
    }

    function test_one_payment_does_not_count_twice() public {
        euro.issue(lender.account, 1, PAYMENT);
        vm.expectRevert(abi.encodeWithSelector(ICashToken.PaymentReferenceUsed.selector, PAYMENT));
        euro.issue(lender.account, 1, PAYMENT);
    }

    function test_nothing_is_not_issued() public {
        vm.expectRevert(abi.encodeWithSelector(ICashToken.AmountZero.selector, PAYMENT));
        euro.issue(lender.account, 0, PAYMENT);
        assertFalse(euro.isUsed(PAYMENT));
    }

    function test_a_stranger_is_refused() public {
        address stranger = makeAddr("stranger");
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
        euro.issue(stranger, 1, PAYMENT);
    }

    function test_a_frozen_account_is_refused() public {
        registry.freezeAccount(lender.account);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, lender.account));
        euro.issue(lender.account, 1, PAYMENT);
    }

    function testFuzz_cash_is_issued_against_money_received(uint128 amount) public {
        vm.assume(amount != 0);
        vm.expectEmit(address(euro));
        emit ICashToken.CashIssued(lender.account, amount, PAYMENT);
        euro.issue(lender.account, amount, PAYMENT);

        assertEq(euro.balanceOf(lender.account), amount);
        assertEq(euro.totalSupply(), amount);
        assertEq(euro.balanceOf(acme.account), 0);
        assertEq(dollar.totalSupply(), 0);
        assertTrue(euro.isUsed(PAYMENT));
    }

    function test_the_token_says_what_it_is() public view {
        assertEq(euro.name(), "Portolan Euro");
        assertEq(euro.symbol(), "pEUR");
        assertEq(euro.currency(), bytes3("EUR"));
        assertEq(euro.decimals(), 2);
    }
}
