// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CashToken} from "../../../contracts/money/CashToken.sol";
import {ICirculation} from "../../../contracts/receivables/interfaces/ICirculation.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Custodian} from "../support/Custodian.sol";
import {Network} from "../support/Network.t.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract List is Network {
    function test_anyone_but_the_governor_is_refused() public {
        vm.startPrank(acme.account);
        bytes memory unauthorized =
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account);
        vm.expectRevert(unauthorized);
        receivables.listCurrency(euro);
        vm.expectRevert(unauthorized);
        receivables.listCustodian(address(euro));
    }

    function test_a_currency_is_listed_once() public {
        CashToken second = _deployCash("Second Euro", "EUR2", "EUR");
        vm.expectRevert(abi.encodeWithSelector(ICirculation.CurrencyAlreadyListed.selector, bytes3("EUR")));
        receivables.listCurrency(second);
    }

    function test_a_custodian_is_listed_once() public {
        Custodian custodian = new Custodian(receivables);
        receivables.listCustodian(address(custodian));
        vm.expectRevert(abi.encodeWithSelector(ICirculation.CustodianAlreadyListed.selector, address(custodian)));
        receivables.listCustodian(address(custodian));
    }

    function test_a_custodian_without_code_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(ICirculation.CustodianHasNoCode.selector, lender.account));
        receivables.listCustodian(lender.account);
    }

    function test_unknown_invoices_and_currencies_have_no_cash() public {
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.ReceivableUnknown.selector, INVOICE));
        receivables.cashOf(INVOICE);
        vm.expectRevert(abi.encodeWithSelector(ICirculation.CurrencyUnlisted.selector, bytes3("SEK")));
        receivables.cashFor("SEK");
    }

    function test_the_256th_currency_is_refused() public {
        for (uint16 i = 0; i < 253; ++i) {
            receivables.listCurrency(_currencyNumber(i));
        }
        CashToken last = _currencyNumber(253);
        vm.expectRevert();
        receivables.listCurrency(last);
    }

    function test_currencies_and_custodians_are_numbered_from_one() public {
        Custodian custodian = new Custodian(receivables);
        vm.expectEmit(address(receivables));
        emit ICirculation.CustodianListed(1, address(custodian));
        assertEq(receivables.listCustodian(address(custodian)), 1);

        assertEq(receivables.custodianAt(1), address(custodian));
        assertEq(receivables.custodianAt(2), address(0));
        assertEq(address(receivables.cashFor("EUR")), address(euro));
        assertEq(address(receivables.cashFor("USD")), address(dollar));
    }

    function _currencyNumber(uint16 i) private returns (CashToken) {
        bytes3 code = bytes3(bytes.concat("X", bytes1(uint8(0x41 + i / 26)), bytes1(uint8(0x41 + i % 26))));
        return new CashToken("Test", "TST", code, 2, registry, address(manager));
    }
}
