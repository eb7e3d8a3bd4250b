// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICirculation} from "../../../contracts/receivables/interfaces/ICirculation.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {Custodian} from "../support/Custodian.sol";
import {Network} from "../support/Network.t.sol";

/// @dev Invariant 21: one fingerprint has at most one encumbrance, over all custodians and holders.
contract Custody is Network {
    uint256 private constant ID = uint256(keccak256("Acme 2026-0815"));
    Custodian private _first;
    Custodian private _second;

    function setUp() public override {
        super.setUp();
        _first = _newCustodian();
        _second = _newCustodian();
    }

    function test_before_acceptance_is_refused() public {
        _register();
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceivableToken.NotTransferable.selector,
                INVOICE,
                IReceivableToken.State.Registered,
                IReceivableToken.State.Accepted
            )
        );
        _pledge(acme.account, _first, FACE_VALUE);
    }

    function test_with_a_second_custodian_is_refused() public {
        _registerAndAccept();
        _pledge(acme.account, _first, 1);
        vm.expectRevert(abi.encodeWithSelector(ICirculation.AlreadyEncumbered.selector, INVOICE, 1));
        _pledge(acme.account, _second, 1);
    }

    function test_of_another_holders_part_with_a_second_custodian_is_refused() public {
        _registerAndAccept();
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, 500, "");
        _pledge(acme.account, _first, 1000);
        vm.expectRevert(abi.encodeWithSelector(ICirculation.AlreadyEncumbered.selector, INVOICE, 1));
        _pledge(lender.account, _second, 500);
    }

    function test_from_one_custodian_straight_to_another_is_refused() public {
        _registerAndAccept();
        _pledge(acme.account, _first, FACE_VALUE);
        vm.expectRevert(abi.encodeWithSelector(ICirculation.AlreadyEncumbered.selector, INVOICE, 1));
        _first.give(address(_second), INVOICE, FACE_VALUE);
    }

    function test_nobody_but_the_custodian_moves_what_it_holds() public {
        _registerAndAccept();
        _pledge(acme.account, _first, FACE_VALUE);
        vm.expectRevert();
        vm.prank(acme.account);
        receivables.safeTransferFrom(address(_first), acme.account, ID, 1, "");
    }

    function test_of_nothing_is_refused() public {
        _registerAndAccept();
        vm.expectRevert(abi.encodeWithSelector(ICirculation.UnitsZero.selector, INVOICE));
        _pledge(acme.account, _first, 0);
        assertEq(receivables.receivable(INVOICE).custodian, 0);
    }

    function test_an_ordinary_transfer_encumbers_nothing() public {
        _registerAndAccept();
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, 1, "");
        assertEq(receivables.receivable(INVOICE).custodian, 0);
    }

    function test_a_transfer_to_itself_keeps_the_encumbrance() public {
        _registerAndAccept();
        _pledge(acme.account, _first, FACE_VALUE);
        _first.give(address(_first), INVOICE, FACE_VALUE);
        assertEq(receivables.receivable(INVOICE).custodian, 1);
    }

    function testFuzz_it_lasts_until_the_last_unit_is_given_back(uint256 units, uint256 given) public {
        _registerAndAccept();
        units = bound(units, 1, FACE_VALUE);
        given = bound(given, 1, units);
        _pledge(acme.account, _first, units);
        assertEq(receivables.receivable(INVOICE).custodian, 1);

        _first.give(acme.account, INVOICE, given);
        assertEq(receivables.receivable(INVOICE).custodian, given == units ? 0 : 1);
        assertEq(receivables.balanceOf(acme.account, ID), FACE_VALUE - units + given);
        if (given == units) _pledge(acme.account, _second, FACE_VALUE);
    }

    function test_it_ends_with_the_last_claim() public {
        _registerAndAccept();
        _pledge(acme.account, _first, FACE_VALUE);
        _pay(FACE_VALUE - 1);
        assertEq(receivables.receivable(INVOICE).custodian, 1);
        _pay(1);

        assertEq(receivables.receivable(INVOICE).custodian, 0);
        assertEq(receivables.balanceOf(address(_first), ID), 0);
        assertEq(euro.balanceOf(address(_first)), FACE_VALUE);
    }

    function test_another_holders_claim_does_not_end_it() public {
        _registerAndAccept();
        _first.setMood(Custodian.Mood.Idle);
        _pledge(acme.account, _first, 1000);
        _pay(FACE_VALUE);
        vm.prank(acme.account);
        receivables.claim(INVOICE);
        assertEq(receivables.receivable(INVOICE).custodian, 1);
    }

    function _newCustodian() private returns (Custodian custodian) {
        custodian = new Custodian(receivables);
        receivables.listCustodian(address(custodian));
        registry.admitAccount(operator.lei, address(custodian));
    }

    function _pledge(address holder, Custodian custodian, uint256 units) private {
        vm.prank(holder);
        receivables.safeTransferFrom(holder, address(custodian), ID, units, "");
    }
}
