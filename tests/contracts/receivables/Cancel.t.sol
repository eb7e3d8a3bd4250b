// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract Cancel is Network {
    function test_an_unknown_invoice_is_refused() public {
        vm.prank(acme.account);
        vm.expectRevert(_stateWrong(IReceivableToken.State.None));
        receivables.cancel(INVOICE);
    }

    function test_another_supplier_is_refused() public {
        _register();
        Party memory rival = _admit("RIVALGOODS", Roles.SUPPLIER);
        vm.prank(rival.account);
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.NotSupplierOf.selector, INVOICE, rival.id, acme.id));
        receivables.cancel(INVOICE);
    }

    function test_the_debtor_is_refused() public {
        _register();
        vm.prank(borealis.account);
        vm.expectPartialRevert(IParticipantRegistry.RoleMissing.selector);
        receivables.cancel(INVOICE);
    }

    function test_an_account_of_the_supplier_without_the_units_is_refused() public {
        _register();
        address second = makeAddr("Acme's other account");
        registry.admitAccount(acme.lei, second);
        vm.prank(second);
        vm.expectRevert(
            abi.encodeWithSelector(IERC1155Errors.ERC1155InsufficientBalance.selector, second, 0, FACE_VALUE, INVOICE)
        );
        receivables.cancel(INVOICE);
    }

    function test_an_accepted_invoice_is_refused() public {
        _registerAndAccept();
        vm.prank(acme.account);
        vm.expectRevert(_stateWrong(IReceivableToken.State.Accepted));
        receivables.cancel(INVOICE);
    }

    function test_a_second_time_is_refused() public {
        _register();
        vm.startPrank(acme.account);
        receivables.cancel(INVOICE);
        vm.expectRevert(_stateWrong(IReceivableToken.State.Cancelled));
        receivables.cancel(INVOICE);
    }

    function test_a_cancelled_invoice_is_worth_nothing() public {
        _register();
        vm.expectEmit(address(receivables));
        emit IReceivableToken.ReceivableCancelled(INVOICE);
        vm.prank(acme.account);
        receivables.cancel(INVOICE);

        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Cancelled);
        assertEq(receivables.outstanding(INVOICE), 0);
        assertEq(receivables.balanceOf(acme.account, ReceivableId.unwrap(INVOICE)), 0);
    }

    function _stateWrong(IReceivableToken.State state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IReceivableToken.ReceivableStateWrong.selector, INVOICE, state, IReceivableToken.State.Registered
        );
    }
}
