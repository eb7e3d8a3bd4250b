// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICirculation} from "../../../contracts/receivables/interfaces/ICirculation.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {Custodian} from "../support/Custodian.sol";
import {Network} from "../support/Network.t.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @dev Invariants 24 and 29: of two financiers in one block exactly one wins, and reserved units stay.
contract Reserve is Network {
    uint256 private constant ID = uint256(keccak256("Acme 2026-0815"));
    uint40 private constant UNTIL = uint40(START + 1 days);
    Custodian private _first;
    Custodian private _second;

    function setUp() public override {
        super.setUp();
        (_first, _second) = (_newCustodian(), _newCustodian());
        _registerAndAccept();
        vm.startPrank(acme.account);
        receivables.setApprovalForAll(address(_first), true);
        receivables.setApprovalForAll(address(_second), true);
        vm.stopPrank();
    }

    function test_by_anyone_but_a_custodian_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(ICirculation.CustodianUnlisted.selector, lender.account));
        vm.prank(lender.account);
        receivables.reserve(INVOICE, acme.account, UNTIL);
    }

    function test_without_the_holders_approval_is_refused() public {
        vm.prank(acme.account);
        receivables.setApprovalForAll(address(_first), false);
        _refused(
            _first,
            UNTIL,
            abi.encodeWithSelector(IERC1155Errors.ERC1155MissingApprovalForAll.selector, address(_first), acme.account)
        );
    }

    function test_out_of_range_is_refused() public {
        _refused(_first, uint40(START), _outOfRange(START));
        _refused(_first, uint40(START + 7 days + 1), _outOfRange(START + 7 days + 1));
    }

    function test_of_paper_not_accepted_is_refused() public {
        _pay(FACE_VALUE);
        _refused(
            _first,
            UNTIL,
            abi.encodeWithSelector(
                IReceivableToken.ReceivableStateWrong.selector,
                INVOICE,
                IReceivableToken.State.Settled,
                IReceivableToken.State.Accepted
            )
        );
    }

    function test_of_nothing_is_refused() public {
        vm.prank(lender.account);
        receivables.setApprovalForAll(address(_first), true);
        vm.expectRevert(abi.encodeWithSelector(ICirculation.NothingToReserve.selector, INVOICE, lender.account));
        vm.prank(address(_first));
        receivables.reserve(INVOICE, lender.account, UNTIL);
    }

    function test_a_second_in_the_same_block_is_refused() public {
        _reserve(_first);
        bytes memory already =
            abi.encodeWithSelector(ICirculation.AlreadyReserved.selector, INVOICE, acme.account, 1, UNTIL);
        _refused(_second, UNTIL, already);
        _refused(_first, UNTIL, already);
    }

    function test_of_paper_in_other_custody_is_refused() public {
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, address(_first), ID, 1, "");
        _refused(_second, UNTIL, abi.encodeWithSelector(ICirculation.AlreadyEncumbered.selector, INVOICE, 1));
    }

    function test_reserved_units_go_nowhere_else() public {
        _reserve(_first);
        address[3] memory takers = [lender.account, address(_second), acme.account];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICirculation.AlreadyReserved.selector, INVOICE, acme.account, 1, UNTIL)
            );
            vm.prank(acme.account);
            receivables.safeTransferFrom(acme.account, takers[i], ID, 1000, "");
        }
    }

    function test_reserved_units_go_to_the_custodian() public {
        _reserve(_first);
        vm.prank(address(_first));
        receivables.safeTransferFrom(acme.account, address(_first), ID, FACE_VALUE, "");
        assertEq(receivables.balanceOf(address(_first), ID), FACE_VALUE);
    }

    function test_reserved_units_are_paid_and_claimed_as_others() public {
        _reserve(_first);
        _pay(1000);
        vm.prank(acme.account);
        assertEq(receivables.claim(INVOICE), 1000);
    }

    function test_only_the_reserving_custodian_ends_it() public {
        _reserve(_first);
        address[2] memory others = [address(_second), acme.account];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICirculation.NotReservedBy.selector, INVOICE, acme.account, others[i])
            );
            vm.prank(others[i]);
            receivables.endReservation(INVOICE, acme.account);
        }
        vm.expectEmit(address(receivables));
        emit ICirculation.ReservationEnded(INVOICE, acme.account, address(_first));
        vm.prank(address(_first));
        receivables.endReservation(INVOICE, acme.account);
        _reserve(_second);
    }

    function testFuzz_it_lapses_at_its_moment(uint256 until, uint256 now_) public {
        until = bound(until, START + 1, START + 7 days);
        now_ = bound(now_, START, START + 8 days);
        vm.prank(address(_first));
        receivables.reserve(INVOICE, acme.account, uint40(until));
        vm.warp(now_);
        vm.prank(acme.account);
        (bool moved,) = address(receivables)
            .call(abi.encodeCall(receivables.safeTransferFrom, (acme.account, lender.account, ID, 1, "")));
        assertEq(moved, now_ >= until);
    }

    function _reserve(Custodian custodian) private {
        vm.expectEmit(address(receivables));
        emit ICirculation.UnitsReserved(INVOICE, acme.account, address(custodian), UNTIL);
        vm.prank(address(custodian));
        receivables.reserve(INVOICE, acme.account, UNTIL);
    }

    function _refused(Custodian custodian, uint40 until, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(address(custodian));
        receivables.reserve(INVOICE, acme.account, until);
    }

    function _outOfRange(uint256 until) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(ICirculation.ReservationOutOfRange.selector, INVOICE, until, START, START + 7 days);
    }

    function _newCustodian() private returns (Custodian custodian) {
        custodian = new Custodian(receivables);
        receivables.listCustodian(address(custodian));
        registry.admitAccount(operator.lei, address(custodian));
    }
}
