// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {ICirculation} from "../../../contracts/receivables/interfaces/ICirculation.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";

contract Register is Network {
    IReceivableToken.RegisterTerms private _said;

    function setUp() public override {
        super.setUp();
        _said = _terms();
    }

    function test_one_that_is_no_supplier_is_refused() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, lender.account, Roles.LENDER, Roles.SUPPLIER
            )
        );
        vm.prank(lender.account);
        receivables.register(_said);
    }

    function test_a_frozen_supplier_is_refused() public {
        registry.freezeAccount(acme.account);
        _refused(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account));
    }

    function test_an_invoice_without_a_fingerprint_is_refused() public {
        _said.id = ReceivableId.wrap(0);
        _refused(abi.encodeWithSelector(IReceivableToken.ReceivableIdZero.selector));
    }

    function test_an_unlisted_currency_is_refused() public {
        _said.currency = "SEK";
        _refused(abi.encodeWithSelector(ICirculation.CurrencyUnlisted.selector, bytes3("SEK")));
    }

    function test_a_face_value_of_nothing_is_refused() public {
        _said.faceValue = 0;
        _refused(abi.encodeWithSelector(IReceivableToken.FaceValueOutOfRange.selector, INVOICE, 0, type(uint56).max));
    }

    function test_a_face_value_beyond_the_slot_is_refused() public {
        _said.faceValue = uint256(type(uint56).max) + 1;
        _refused(
            abi.encodeWithSelector(
                IReceivableToken.FaceValueOutOfRange.selector, INVOICE, _said.faceValue, type(uint56).max
            )
        );
    }

    function test_a_quantity_beyond_the_slot_is_refused() public {
        _said.quantity = uint256(type(uint40).max) + 1;
        _refused(
            abi.encodeWithSelector(
                IReceivableToken.QuantityOutOfRange.selector, INVOICE, _said.quantity, type(uint40).max
            )
        );
    }

    function test_an_invoice_already_overdue_is_refused() public {
        _said.dueDate = START / 1 days - 1;
        _refused(_dueDateOutOfRange());
    }

    function test_an_invoice_due_in_more_than_five_years_is_refused() public {
        _said.dueDate = START / 1 days + 1827;
        _refused(_dueDateOutOfRange());
    }

    function test_a_debtor_that_is_unknown_is_refused() public {
        _said.debtor = makeAddr("stranger");
        _refused(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, _said.debtor));
    }

    function test_a_debtor_without_the_role_is_refused() public {
        _said.debtor = lender.account;
        _refused(
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, lender.account, Roles.LENDER, Roles.DEBTOR
            )
        );
    }

    function test_an_invoice_to_oneself_is_refused() public {
        registry.setRoles(acme.lei, Roles.SUPPLIER | Roles.DEBTOR);
        _said.debtor = makeAddr("Acme's other account");
        registry.admitAccount(acme.lei, _said.debtor);
        _refused(abi.encodeWithSelector(IReceivableToken.DebtorIsSupplier.selector, INVOICE, acme.id));
    }

    function test_an_invoice_to_a_sister_company_is_refused() public {
        Party memory sister = _admitIn("ACMERETAIL", acme.lei, Roles.DEBTOR);
        _said.debtor = sister.account;
        _refused(abi.encodeWithSelector(IReceivableToken.DebtorIsSupplier.selector, INVOICE, sister.id));
    }

    /// @dev Two that belong to a third, neither to the other.
    function test_an_invoice_between_two_daughters_is_refused() public {
        Party memory maker = _admitIn("BOREALISMILLS", borealis.lei, Roles.SUPPLIER);
        Party memory shop = _admitIn("BOREALISSHOPS", borealis.lei, Roles.DEBTOR);
        _said.debtor = shop.account;
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.DebtorIsSupplier.selector, INVOICE, shop.id));
        vm.prank(maker.account);
        receivables.register(_said);
        _said.debtor = borealis.account;
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.DebtorIsSupplier.selector, INVOICE, borealis.id));
        vm.prank(maker.account);
        receivables.register(_said);
    }

    function test_a_company_of_another_group_may_owe() public {
        Party memory maker = _admitIn("COBALTMILLS", lender.lei, Roles.SUPPLIER);
        Party memory shop = _admitIn("BOREALISSHOPS", borealis.lei, Roles.DEBTOR);
        _said.debtor = shop.account;
        vm.prank(maker.account);
        receivables.register(_said);
        assertTrue(receivables.receivable(INVOICE).supplier == maker.id);
        assertTrue(receivables.receivable(INVOICE).debtor == shop.id);
    }

    /// @dev Invariant 24: of two in one block, one wins and the other leaves nothing behind.
    function test_the_same_invoice_by_another_supplier_is_refused() public {
        _register();
        Party memory rival = _admit("RIVALGOODS", Roles.SUPPLIER);
        _said.faceValue = 1;
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceivableToken.ReceivableExists.selector, INVOICE, IReceivableToken.State.Registered
            )
        );
        vm.prank(rival.account);
        receivables.register(_said);

        assertEq(receivables.balanceOf(rival.account, ReceivableId.unwrap(INVOICE)), 0);
        assertTrue(receivables.receivable(INVOICE).supplier == acme.id);
        assertEq(receivables.receivable(INVOICE).faceValue, FACE_VALUE);
    }

    /// @dev Invariant 22: no end of an invoice's life frees its fingerprint.
    function test_the_same_invoice_is_refused_in_every_state() public {
        _register();
        _refused(_exists(IReceivableToken.State.Registered));

        vm.prank(borealis.account);
        receivables.accept(_acceptance());
        _refused(_exists(IReceivableToken.State.Accepted));

        _pay(FACE_VALUE);
        _refused(_exists(IReceivableToken.State.Settled));
        vm.prank(acme.account);
        receivables.claim(INVOICE);
        _refused(_exists(IReceivableToken.State.Settled));
    }

    function test_a_cancelled_invoice_stays_spent() public {
        _register();
        vm.prank(acme.account);
        receivables.cancel(INVOICE);
        _refused(_exists(IReceivableToken.State.Cancelled));
    }

    function test_an_invoice_due_today_is_taken() public {
        _said.dueDate = START / 1 days;
        vm.prank(acme.account);
        receivables.register(_said);
        assertEq(receivables.receivable(INVOICE).dueDate, _said.dueDate);
    }

    function testFuzz_every_term_is_kept(uint256 id, uint56 faceValue, uint40 quantity, uint256 dueIn, bool inDollars)
        public
    {
        vm.assume(id != 0 && faceValue != 0);
        dueIn = bound(dueIn, 0, 1826);
        bytes3 currency = inDollars ? bytes3("USD") : bytes3("EUR");
        ReceivableId receivableId = ReceivableId.wrap(id);
        uint256 dueDate = START / 1 days + dueIn;

        vm.expectEmit(address(receivables));
        emit IReceivableToken.ReceivableRegistered(
            receivableId, acme.id, borealis.id, currency, faceValue, quantity, dueDate
        );
        vm.prank(acme.account);
        receivables.register(
            IReceivableToken.RegisterTerms(receivableId, borealis.account, currency, faceValue, quantity, dueDate, 0)
        );

        IReceivableToken.Receivable memory kept = receivables.receivable(receivableId);
        assertEq(kept.faceValue, faceValue);
        assertEq(kept.paid, 0);
        assertEq(kept.quantity, quantity);
        assertEq(kept.dueDate, dueDate);
        assertTrue(kept.supplier == acme.id && kept.debtor == borealis.id);
        assertEq(kept.custodian, 0);
        assertTrue(kept.state == IReceivableToken.State.Registered);
        assertFalse(kept.setOffWaived);
        assertEq(address(receivables.cashOf(receivableId)), address(inDollars ? dollar : euro));
        assertEq(receivables.balanceOf(acme.account, id), faceValue);
        assertEq(receivables.balanceOf(borealis.account, id), 0);
        assertEq(receivables.outstanding(receivableId), faceValue);
    }

    function _refused(bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(acme.account);
        receivables.register(_said);
    }

    function _exists(IReceivableToken.State state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IReceivableToken.ReceivableExists.selector, INVOICE, state);
    }

    function _dueDateOutOfRange() private view returns (bytes memory) {
        uint256 today = START / 1 days;
        return abi.encodeWithSelector(
            IReceivableToken.DueDateOutOfRange.selector, INVOICE, _said.dueDate, today, today + 1826
        );
    }
}
