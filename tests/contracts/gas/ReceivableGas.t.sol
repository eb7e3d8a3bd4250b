// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";
import {GasRecord} from "./GasRecord.sol";

/// @title The life of an invoice between parties that have traded before.
/// @dev Steady use: everyone's cash balance is nonzero, the token's too (another invoice is paid and not claimed yet),
/// and the debtor has approved the token for good, as one does that pays every month. This invoice itself is new.
/// forge-config: default.isolate = true
contract ReceivableGas is Network, GasRecord {
    uint256 private constant PAID = 2_500_001;

    Party private _tierTwo;

    function setUp() public override {
        super.setUp();
        _tierTwo = _admit("CORALWORKS", Roles.SUPPLIER);
        _issue(euro, acme.account, 1000);
        _issue(euro, _tierTwo.account, 1000);
        _issue(euro, borealis.account, 2 * FACE_VALUE);
        vm.prank(borealis.account);
        euro.approve(address(receivables), type(uint256).max);
        _tradeBefore();
    }

    /// @dev An older invoice, half paid, part of it with the second tier.
    function _tradeBefore() private {
        IReceivableToken.RegisterTerms memory terms = _terms();
        terms.id = ReceivableId.wrap(uint256(keccak256("Acme 2026-0814")));
        IReceivableToken.Acceptance memory acceptance = _acceptance();
        acceptance.id = terms.id;
        vm.startPrank(acme.account);
        receivables.register(terms);
        vm.stopPrank();
        vm.prank(borealis.account);
        receivables.accept(acceptance);
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, _tierTwo.account, ReceivableId.unwrap(terms.id), FACE_VALUE / 4, "");
        vm.prank(borealis.account);
        receivables.pay(terms.id, FACE_VALUE / 2);
    }

    /// @dev New: the invoice and the supplier's units.
    function test_register() public {
        _register();
        _record("register", 95_000);
    }

    /// @dev Nothing new: the invoice's slot changes.
    function test_accept() public {
        _register();
        vm.prank(borealis.account);
        receivables.accept(_acceptance());
        _record("accept", 45_000);
    }

    /// @dev New: the second tier's units of this invoice.
    function test_transferOfAPart() public {
        _registerAndAccept();
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, _tierTwo.account, ReceivableId.unwrap(INVOICE), FACE_VALUE / 3, "");
        _record("transfer of a part to a new holder", 80_000);
        assertEq(receivables.balanceOf(_tierTwo.account, ReceivableId.unwrap(INVOICE)), FACE_VALUE / 3);
    }

    /// @dev Nothing new. The first payment of the invoice, in part.
    function test_pay() public {
        _registerAndAccept();
        vm.prank(borealis.account);
        receivables.pay(INVOICE, PAID);
        _record("pay", 85_000);
        vm.prank(borealis.account);
        receivables.pay(INVOICE, FACE_VALUE - PAID);
        _record("pay the rest", 85_000);
        assertEq(receivables.outstanding(INVOICE), 0);
    }

    /// @dev Nothing new. The holder's first claim, of a part, so that no slot is cleared.
    function test_claim() public {
        _registerAndAccept();
        vm.prank(borealis.account);
        receivables.pay(INVOICE, PAID);
        vm.startPrank(acme.account);
        assertEq(receivables.claim(INVOICE), PAID);
        _record("claim", 68_000);
        vm.stopPrank();
    }
}
