// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";

contract Accept is Network {
    IReceivableToken.Acceptance private _said;

    function setUp() public override {
        super.setUp();
        _said = _acceptance();
        _register();
    }

    function test_an_unknown_invoice_is_refused() public {
        _said.id = ReceivableId.wrap(1);
        _refused(borealis.account, _stateWrong(_said.id, IReceivableToken.State.None));
    }

    function test_another_debtor_is_refused() public {
        Party memory other = _admit("OTHERRETAIL", Roles.DEBTOR);
        _refused(
            other.account, abi.encodeWithSelector(IReceivableToken.NotDebtorOf.selector, INVOICE, other.id, borealis.id)
        );
    }

    function test_the_supplier_is_refused() public {
        _refused(
            acme.account,
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, acme.account, Roles.SUPPLIER, Roles.DEBTOR
            )
        );
    }

    function test_a_suspended_debtor_is_refused() public {
        registry.suspendOrganisation(borealis.lei);
        _refused(
            borealis.account,
            abi.encodeWithSelector(IParticipantRegistry.OrganisationIsSuspended.selector, borealis.account, borealis.id)
        );
    }

    function testFuzz_other_terms_are_refused(uint56 faceValue, uint40 quantity, uint16 dueDate) public {
        vm.assume(faceValue != FACE_VALUE || quantity != QUANTITY || dueDate != DUE_DATE);
        _said.faceValue = faceValue;
        _said.quantity = quantity;
        _said.dueDate = dueDate;
        _refused(
            borealis.account,
            abi.encodeWithSelector(
                IReceivableToken.AcceptanceDiffers.selector,
                INVOICE,
                faceValue,
                FACE_VALUE,
                quantity,
                QUANTITY,
                dueDate,
                DUE_DATE
            )
        );
    }

    function test_a_second_acceptance_is_refused() public {
        vm.startPrank(borealis.account);
        receivables.accept(_said);
        vm.expectRevert(_stateWrong(INVOICE, IReceivableToken.State.Accepted));
        receivables.accept(_said);
    }

    function test_a_cancelled_invoice_is_refused() public {
        vm.prank(acme.account);
        receivables.cancel(INVOICE);
        _refused(borealis.account, _stateWrong(INVOICE, IReceivableToken.State.Cancelled));
    }

    function testFuzz_acceptance_fixes_the_waiver_and_nothing_else(bool waive) public {
        IReceivableToken.Receivable memory before = receivables.receivable(INVOICE);
        _said.waiveSetOff = waive;
        vm.expectEmit(address(receivables));
        emit IReceivableToken.ReceivableAccepted(INVOICE, borealis.account, waive);
        vm.prank(borealis.account);
        receivables.accept(_said);

        before.state = IReceivableToken.State.Accepted;
        before.setOffWaived = waive;
        assertEq(abi.encode(receivables.receivable(INVOICE)), abi.encode(before));
        assertEq(receivables.balanceOf(acme.account, ReceivableId.unwrap(INVOICE)), FACE_VALUE);
    }

    function test_any_account_of_the_debtor_may_accept() public {
        address second = makeAddr("Borealis' other account");
        registry.admitAccount(borealis.lei, second);
        vm.prank(second);
        receivables.accept(_said);
        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Accepted);
    }

    function _refused(address by, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(by);
        receivables.accept(_said);
    }

    function _stateWrong(ReceivableId id, IReceivableToken.State state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IReceivableToken.ReceivableStateWrong.selector, id, state, IReceivableToken.State.Registered
        );
    }
}
