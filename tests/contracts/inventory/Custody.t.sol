// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {InventoryBase} from "./InventoryBase.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @title The holding goes into custody and back; the title stays where it is.
contract Custody is InventoryBase {
    uint56 private constant HALF = uint56(STORED / 2);

    function setUp() public override {
        super.setUp();
        _storeFirst();
    }

    function _transfer(address by, address from, address to, uint256 units) private {
        vm.prank(by);
        lots.safeTransferFrom(from, to, LotId.unwrap(LOT), units, "");
    }

    function _refused(address by, address from, address to, uint256 units, bytes memory reason) private {
        vm.prank(by);
        vm.expectRevert(reason);
        lots.safeTransferFrom(from, to, LotId.unwrap(LOT), units, "");
    }

    function _batch(address from, address to, uint256 first, uint256 second) private {
        (uint256[] memory ids, uint256[] memory units) = (new uint256[](2), new uint256[](2));
        (ids[0], ids[1]) = (LotId.unwrap(LOT), LotId.unwrap(LOT));
        (units[0], units[1]) = (first, second);
        lots.safeBatchTransferFrom(from, to, ids, units, "");
    }

    function test_a_holding_goes_to_nobody_but_custodians() public {
        bytes memory stays =
            abi.encodeWithSelector(IGoodsRights.HoldingStays.selector, LOT, acme.account, borealis.account);
        _refused(acme.account, acme.account, borealis.account, HALF, stays);
        vm.prank(acme.account);
        vm.expectRevert(stays);
        _batch(acme.account, borealis.account, 1, 1);
        bytes memory itself =
            abi.encodeWithSelector(IGoodsRights.HoldingStays.selector, LOT, acme.account, acme.account);
        _refused(acme.account, acme.account, acme.account, HALF, itself);
    }

    function test_by_who_is_not_approved_is_refused() public {
        bytes memory missing = abi.encodeWithSelector(
            IERC1155Errors.ERC1155MissingApprovalForAll.selector, borealis.account, acme.account
        );
        _refused(borealis.account, acme.account, address(keeper), HALF, missing);
        keeper.fetch(acme.account, LOT, HALF);
        missing =
            abi.encodeWithSelector(IERC1155Errors.ERC1155MissingApprovalForAll.selector, acme.account, address(keeper));
        _refused(acme.account, address(keeper), acme.account, HALF, missing);
    }

    function test_nothing_or_too_much_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.UnitsZero.selector, LOT));
        keeper.fetch(acme.account, LOT, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, acme.account, STORED, STORED + 1, LotId.unwrap(LOT)
            )
        );
        keeper.fetch(acme.account, LOT, STORED + 1);
        // 2^56 more than there is would be the same in 56 bits.
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, acme.account, STORED, 2 ** 56 + 1, LotId.unwrap(LOT)
            )
        );
        keeper.fetch(acme.account, LOT, 2 ** 56 + 1);
        keeper.fetch(acme.account, LOT, HALF);
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.UnitsZero.selector, LOT));
        keeper.giveBack(acme.account, LOT, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IGoodsRights.CustodyExceeded.selector, LOT, acme.account, HALF + 1, HALF)
        );
        keeper.giveBack(acme.account, LOT, HALF + 1);
    }

    function test_a_custodian_gives_to_nobody_but_the_owner() public {
        keeper.fetch(acme.account, LOT, HALF);
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.CustodyExceeded.selector, LOT, borealis.account, HALF, 0));
        keeper.giveBack(borealis.account, LOT, HALF);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, address(keeper), 0, HALF, LotId.unwrap(LOT)
            )
        );
        keeper.giveBack(address(rival), LOT, HALF);
    }

    function test_a_second_custodian_is_refused() public {
        keeper.fetch(acme.account, LOT, 1);
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.AlreadyEncumbered.selector, LOT, 1));
        rival.fetch(acme.account, LOT, 1);
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.NotCustodianOf.selector, LOT, address(rival), 1));
        rival.giveBack(acme.account, LOT, 1);
        keeper.giveBack(acme.account, LOT, 1);
        rival.fetch(acme.account, LOT, STORED);
        assertEq(_held(address(rival)), STORED);
        assertEq(_held(address(keeper)), 0);
    }

    function test_while_custody_is_stopped_only_returns_pass() public {
        keeper.fetch(acme.account, LOT, HALF);
        lots.stop(ILots.Stoppable.Custody);
        vm.expectRevert(abi.encodeWithSelector(ILots.GoodsStopped.selector, ILots.Stoppable.Custody));
        keeper.fetch(acme.account, LOT, 1);
        keeper.giveBack(acme.account, LOT, HALF);
        assertEq(_held(acme.account), STORED);
    }

    function test_the_goods_of_who_may_not_act_stay_put() public {
        keeper.fetch(acme.account, LOT, HALF);
        registry.freezeAccount(acme.account);
        bytes memory frozen = abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account);
        vm.expectRevert(frozen);
        keeper.fetch(acme.account, LOT, 1);
        vm.expectRevert(frozen);
        keeper.giveBack(acme.account, LOT, 1);
        registry.unfreezeAccount(acme.account);
        registry.suspendOrganisation(acme.lei);
        bytes memory suspended =
            abi.encodeWithSelector(IParticipantRegistry.OrganisationIsSuspended.selector, acme.account, acme.id);
        vm.expectRevert(suspended);
        keeper.giveBack(acme.account, LOT, 1);
        registry.reinstateOrganisation(acme.lei);
        vm.warp(KYC_EXPIRES);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.KycExpired.selector, address(keeper), KYC_EXPIRES, uint256(KYC_EXPIRES)
            )
        );
        keeper.giveBack(acme.account, LOT, 1);
    }

    function test_an_operator_that_may_not_act_is_refused() public {
        address clerk = makeAddr("clerk");
        vm.prank(acme.account);
        lots.setApprovalForAll(clerk, true);
        bytes memory unknown = abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, clerk);
        _refused(clerk, acme.account, address(keeper), 1, unknown);
    }

    function test_the_title_stays() public {
        keeper.fetch(acme.account, LOT, HALF);
        assertEq(_held(address(keeper)), HALF);
        assertEq(_held(acme.account), HALF);
        assertEq(lots.titleOf(LOT, acme.account), STORED);
        assertEq(lots.titleOf(LOT, address(keeper)), 0);
        _assertPosition(acme.account, HALF, HALF, 0, 0);
        assertEq(lots.appraisalOf(LOT, acme.account).pledged, HALF);
        assertEq(lots.stock(LOT).custodian, 1);
        assertEq(lots.custodianAt(1), address(keeper));
        keeper.giveBack(acme.account, LOT, HALF);
        _assertPosition(acme.account, uint56(STORED), 0, 0, 0);
        assertEq(lots.stock(LOT).custodian, 0);
    }

    function test_the_owner_may_send_them_itself() public {
        _transfer(acme.account, acme.account, address(keeper), HALF);
        assertEq(_held(address(keeper)), HALF);
    }

    function test_several_at_once_sum_up() public {
        vm.prank(acme.account);
        _batch(acme.account, address(keeper), HALF, 1);
        assertEq(_held(address(keeper)), HALF + 1);
        vm.prank(acme.account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, acme.account, 0, 1, LotId.unwrap(LOT)
            )
        );
        _batch(acme.account, address(keeper), HALF - 1, 1);
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InvalidArrayLength.selector, 0, 0));
        lots.safeBatchTransferFrom(acme.account, address(keeper), new uint256[](0), new uint256[](0), "");
    }

    function testFuzz_in_and_out_sums(uint256 first, uint256 second, uint256 back) public {
        first = bound(first, 1, STORED - 1);
        second = bound(second, 1, STORED - first);
        back = bound(back, 1, first + second);
        keeper.fetch(acme.account, LOT, first);
        keeper.fetch(acme.account, LOT, second);
        keeper.giveBack(acme.account, LOT, back);

        assertEq(_held(address(keeper)), first + second - back);
        assertEq(_held(acme.account), STORED - (first + second - back));
        assertEq(lots.titleOf(LOT, acme.account), STORED);
        assertEq(lots.stock(LOT).inCustody, first + second - back);
    }
}
