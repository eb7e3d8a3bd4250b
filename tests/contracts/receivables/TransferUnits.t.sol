// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {ICirculation} from "../../../contracts/receivables/interfaces/ICirculation.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Network} from "../support/Network.t.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @dev Invariant 63: the same rules on single and batch transfers, duplicate ids and self-transfers included.
contract TransferUnits is Network {
    uint256 private constant ID = uint256(keccak256("Acme 2026-0815"));

    function test_before_acceptance_is_refused() public {
        _register();
        _refused(lender.account, 1, _notTransferable(IReceivableToken.State.Registered));
    }

    function test_of_nothing_before_acceptance_is_refused() public {
        _register();
        _refused(lender.account, 0, abi.encodeWithSelector(ICirculation.UnitsZero.selector, INVOICE));
    }

    function test_after_cancellation_is_refused() public {
        _register();
        vm.prank(acme.account);
        receivables.cancel(INVOICE);
        _refused(lender.account, 1, _notTransferable(IReceivableToken.State.Cancelled));
    }

    function test_after_settlement_is_refused() public {
        _registerAndAccept();
        _pay(FACE_VALUE);
        _refused(lender.account, 1, _notTransferable(IReceivableToken.State.Settled));
    }

    function test_to_a_stranger_is_refused() public {
        _registerAndAccept();
        address stranger = makeAddr("stranger");
        _refused(stranger, 1, abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
    }

    function test_from_a_frozen_holder_is_refused() public {
        _registerAndAccept();
        registry.freezeAccount(acme.account);
        _refused(lender.account, 1, abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account));
    }

    function test_by_a_frozen_operator_is_refused() public {
        _registerAndAccept();
        vm.prank(acme.account);
        receivables.setApprovalForAll(carrier.account, true);
        registry.freezeAccount(carrier.account);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, carrier.account));
        vm.prank(carrier.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, 1, "");
    }

    function test_without_approval_is_refused() public {
        _registerAndAccept();
        vm.expectRevert(
            abi.encodeWithSelector(IERC1155Errors.ERC1155MissingApprovalForAll.selector, lender.account, acme.account)
        );
        vm.prank(lender.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, 1, "");
    }

    function test_of_more_than_there_is_is_refused() public {
        _registerAndAccept();
        _refused(
            lender.account,
            FACE_VALUE + 1,
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, acme.account, FACE_VALUE, FACE_VALUE + 1, ID
            )
        );
    }

    function test_a_batch_with_one_item_not_accepted_moves_nothing() public {
        _registerAndAccept();
        IReceivableToken.RegisterTerms memory second = _terms();
        second.id = ReceivableId.wrap(2);
        vm.prank(acme.account);
        receivables.register(second);

        (uint256[] memory ids, uint256[] memory values) = _pair(ID, 2, 1, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceivableToken.NotTransferable.selector,
                second.id,
                IReceivableToken.State.Registered,
                IReceivableToken.State.Accepted
            )
        );
        vm.prank(acme.account);
        receivables.safeBatchTransferFrom(acme.account, lender.account, ids, values, "");
        assertEq(receivables.balanceOf(lender.account, ID), 0);
    }

    /// @dev Nobody waits for anybody: the shares of both sides are put aside, and burned, before the units move.
    function test_the_shares_of_both_sides_are_set_aside() public {
        _registerAndAccept();
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, FACE_VALUE / 4, "");
        _pay(FACE_VALUE / 2);
        vm.expectEmit(address(receivables));
        emit ICirculation.ProceedsSetAside(INVOICE, acme.account, FACE_VALUE * 3 / 8);
        vm.expectEmit(address(receivables));
        emit ICirculation.ProceedsSetAside(INVOICE, lender.account, FACE_VALUE / 8);
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, FACE_VALUE / 8, "");

        assertEq(receivables.claimable(INVOICE, acme.account), FACE_VALUE * 3 / 8);
        assertEq(receivables.balanceOf(acme.account, ID), FACE_VALUE / 4);
        assertEq(receivables.claimable(INVOICE, lender.account), FACE_VALUE / 8);
        assertEq(receivables.balanceOf(lender.account, ID), FACE_VALUE / 4);
        (uint256 units, uint256 claimable) = receivables.position(INVOICE, lender.account);
        assertEq(units, FACE_VALUE * 3 / 8);
        assertEq(units - claimable, FACE_VALUE / 4);

        vm.prank(acme.account);
        assertEq(receivables.claim(INVOICE), FACE_VALUE * 3 / 8);
        _pay(FACE_VALUE / 2);
        vm.prank(lender.account);
        assertEq(receivables.claim(INVOICE), FACE_VALUE / 8 + FACE_VALUE / 4);
        assertEq(euro.balanceOf(address(receivables)), FACE_VALUE / 4);
    }

    function test_units_whose_share_came_in_cannot_be_moved_any_more() public {
        _registerAndAccept();
        _pay(FACE_VALUE / 2);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, acme.account, FACE_VALUE / 2, FACE_VALUE / 2 + 1, ID
            )
        );
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, FACE_VALUE / 2 + 1, "");
    }

    function test_an_empty_batch_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InvalidArrayLength.selector, 0, 0));
        vm.prank(acme.account);
        receivables.safeBatchTransferFrom(acme.account, lender.account, new uint256[](0), new uint256[](0), "");
    }

    function test_a_new_holder_has_no_share_in_earlier_payments() public {
        _registerAndAccept();
        _pay(FACE_VALUE / 2);
        vm.startPrank(acme.account);
        receivables.claim(INVOICE);
        receivables.safeTransferFrom(acme.account, lender.account, ID, FACE_VALUE / 4, "");
        vm.stopPrank();

        assertEq(receivables.claimable(INVOICE, lender.account), 0);
        assertEq(receivables.holding(INVOICE, lender.account).syncedPaid, FACE_VALUE / 2);
        _pay(FACE_VALUE / 2);
        assertEq(receivables.claimable(INVOICE, lender.account), FACE_VALUE / 4);
    }

    /// @dev A share too small to pay out must not lock the units in.
    function test_a_holder_with_a_share_below_one_minor_unit_may_move() public {
        _registerAndAccept();
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, 1, "");
        _pay(FACE_VALUE / 2);
        vm.prank(lender.account);
        receivables.safeTransferFrom(lender.account, carrier.account, ID, 1, "");

        _pay(FACE_VALUE / 2);
        assertEq(receivables.claimable(INVOICE, carrier.account), 1);
    }

    function testFuzz_a_batch_with_the_same_id_twice_moves_the_sum(uint256 first, uint256 second) public {
        _registerAndAccept();
        first = bound(first, 1, FACE_VALUE - 1);
        second = bound(second, 1, FACE_VALUE - first);
        (uint256[] memory ids, uint256[] memory values) = _pair(ID, ID, first, second);
        vm.prank(acme.account);
        receivables.safeBatchTransferFrom(acme.account, lender.account, ids, values, "");

        assertEq(receivables.balanceOf(lender.account, ID), first + second);
        assertEq(receivables.balanceOf(acme.account, ID), FACE_VALUE - first - second);
    }

    function testFuzz_a_transfer_to_oneself_changes_nothing(uint256 units) public {
        _registerAndAccept();
        units = bound(units, 1, FACE_VALUE);
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, acme.account, ID, units, "");
        assertEq(receivables.balanceOf(acme.account, ID), FACE_VALUE);
        assertEq(receivables.receivable(INVOICE).transfers, 0);
        assertEq(receivables.holding(INVOICE, acme.account).tier, 1);
    }

    function _refused(address to, uint256 units, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, to, ID, units, "");
        (uint256[] memory ids, uint256[] memory values) = _pair(ID, ID, units, units);
        vm.expectRevert(reason);
        vm.prank(acme.account);
        receivables.safeBatchTransferFrom(acme.account, to, ids, values, "");
    }

    function _pair(uint256 id1, uint256 id2, uint256 value1, uint256 value2)
        private
        pure
        returns (uint256[] memory ids, uint256[] memory values)
    {
        ids = new uint256[](2);
        values = new uint256[](2);
        (ids[0], ids[1]) = (id1, id2);
        (values[0], values[1]) = (value1, value2);
    }

    function _notTransferable(IReceivableToken.State state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IReceivableToken.NotTransferable.selector, INVOICE, state, IReceivableToken.State.Accepted
        );
    }
}
