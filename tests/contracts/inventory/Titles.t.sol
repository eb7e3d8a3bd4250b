// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {InventoryBase} from "./InventoryBase.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/// @title The title moves by its owner's word; what a custodian holds, with the custodian's too.
contract Titles is InventoryBase {
    uint56 private constant HALF = uint56(STORED / 2);

    function setUp() public override {
        super.setUp();
        _storeFirst();
    }

    // Directly

    function _refused(address to, uint256 units, bytes memory reason) private {
        vm.prank(acme.account);
        vm.expectRevert(reason);
        lots.transferTitle(LOT, to, units);
    }

    function test_nothing_or_too_much_is_refused() public {
        _refused(borealis.account, 0, abi.encodeWithSelector(IGoodsRights.UnitsZero.selector, LOT));
        keeper.fetch(acme.account, LOT, HALF);
        _refused(
            borealis.account,
            HALF + 1,
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, acme.account, HALF, HALF + 1, LotId.unwrap(LOT)
            )
        );
    }

    function test_to_who_may_not_have_it_is_refused() public {
        address nobody = makeAddr("nobody");
        _refused(nobody, 1, abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, nobody));
        _refused(
            address(keeper), 1, abi.encodeWithSelector(IGoodsRights.TitleToCustodian.selector, LOT, address(keeper))
        );
        _refused(
            warehouse.account,
            1,
            abi.encodeWithSelector(ILots.OwnerIsOperator.selector, LOT, warehouse.id, warehouse.id)
        );
        Party memory daughter = _admitIn("EMBERTRADING", warehouse.lei, Roles.SUPPLIER);
        _refused(
            daughter.account, 1, abi.encodeWithSelector(ILots.OwnerIsOperator.selector, LOT, daughter.id, warehouse.id)
        );
        registry.freezeAccount(borealis.account);
        _refused(
            borealis.account, 1, abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, borealis.account)
        );
    }

    function test_of_a_frozen_owner_stays() public {
        registry.freezeAccount(acme.account);
        _refused(
            borealis.account, 1, abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account)
        );
    }

    function test_an_approved_custodian_cannot_move_the_title() public {
        keeper.fetch(acme.account, LOT, HALF);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, address(keeper), 0, HALF, LotId.unwrap(LOT)
            )
        );
        keeper.takeTitleTo(LOT, borealis.account, HALF);
        IGoodsRights.TitleTransfer memory transfer = _title(borealis.account, HALF);
        transfer.holder = address(keeper);
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.SignatureInvalid.selector, LOT, acme.account));
        keeper.passTitle(transfer, "");
        vm.expectRevert(
            abi.encodeWithSelector(IGoodsRights.PowerOfSaleMissing.selector, LOT, acme.account, address(keeper))
        );
        keeper.sell(LOT, acme.account, borealis.account, HALF);
    }

    function test_title_and_what_the_owner_holds_go_together() public {
        vm.expectEmit(address(lots));
        emit IGoodsRights.TitleTransferred(LOT, acme.account, borealis.account, borealis.account, HALF);
        vm.expectEmit(address(lots));
        emit IERC1155.TransferSingle(acme.account, acme.account, borealis.account, LotId.unwrap(LOT), HALF);
        vm.prank(acme.account);
        lots.transferTitle(LOT, borealis.account, HALF);
        assertEq(lots.titleOf(LOT, borealis.account), HALF);
        assertEq(lots.titleOf(LOT, acme.account), STORED - HALF);
        assertEq(_held(borealis.account), HALF);
        assertEq(_held(acme.account), STORED - HALF);
    }

    function test_to_itself_changes_nothing() public {
        vm.prank(acme.account);
        lots.transferTitle(LOT, acme.account, HALF);
        _assertPosition(acme.account, uint56(STORED), 0, 0, 0);
    }

    // By signature

    function _signed(IGoodsRights.TitleTransfer memory transfer) private view returns (bytes memory) {
        return _sign(acme.key, lots.titleTransferDigest(transfer));
    }

    function test_past_its_deadline_is_refused() public {
        IGoodsRights.TitleTransfer memory transfer = _title(borealis.account, HALF);
        bytes memory signature = _signed(transfer);
        vm.warp(transfer.deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGoodsRights.SignatureExpired.selector, LOT, transfer.deadline, transfer.deadline + 1
            )
        );
        lots.transferTitleBySignature(transfer, signature, "");
    }

    function test_what_was_not_signed_is_refused() public {
        IGoodsRights.TitleTransfer memory transfer = _title(borealis.account, HALF);
        bytes memory signature = _signed(transfer);
        bytes memory reason = abi.encodeWithSelector(IGoodsRights.SignatureInvalid.selector, LOT, acme.account);
        bytes memory foreign = _sign(borealis.key, lots.titleTransferDigest(transfer));
        vm.expectRevert(reason);
        lots.transferTitleBySignature(transfer, foreign, "");
        transfer.quantity += 1;
        vm.expectRevert(reason);
        lots.transferTitleBySignature(transfer, signature, "");
        transfer.quantity -= 1;
        transfer.to = lender.account;
        vm.expectRevert(reason);
        lots.transferTitleBySignature(transfer, signature, "");
        transfer.to = borealis.account;
        vm.chainId(block.chainid + 1);
        vm.expectRevert(reason);
        lots.transferTitleBySignature(transfer, signature, "");
    }

    function test_for_another_contract_is_refused() public {
        IGoodsRights.TitleTransfer memory transfer = _title(borealis.account, HALF);
        bytes memory signature = _sign(acme.key, _newLots().titleTransferDigest(transfer));
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.SignatureInvalid.selector, LOT, acme.account));
        lots.transferTitleBySignature(transfer, signature, "");
    }

    function test_a_second_time_or_voided_is_refused() public {
        IGoodsRights.TitleTransfer memory transfer = _title(borealis.account, HALF / 2);
        bytes memory signature = _signed(transfer);
        lots.transferTitleBySignature(transfer, signature, "");
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, acme.account, 1));
        lots.transferTitleBySignature(transfer, signature, "");
        transfer = _title(borealis.account, HALF / 2);
        signature = _signed(transfer);
        vm.prank(acme.account);
        lots.voidNextSignature();
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, acme.account, 2));
        lots.transferTitleBySignature(transfer, signature, "");
    }

    function test_relayed_for_who_may_not_act_is_refused() public {
        IGoodsRights.TitleTransfer memory transfer = _title(borealis.account, HALF);
        bytes memory signature = _signed(transfer);
        registry.suspendOrganisation(acme.lei);
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.OrganisationIsSuspended.selector, acme.account, acme.id)
        );
        lots.transferTitleBySignature(transfer, signature, "");
    }

    function test_anybody_may_relay() public {
        IGoodsRights.TitleTransfer memory transfer = _title(borealis.account, HALF);
        bytes memory signature = _signed(transfer);
        vm.prank(makeAddr("anybody"));
        lots.transferTitleBySignature(transfer, signature, "");
        assertEq(_held(borealis.account), HALF);
        assertEq(lots.nonces(acme.account), 1);
    }

    function test_a_digest_approved_beforehand_is_a_signature_until_it_is_taken_back() public {
        IGoodsRights.TitleTransfer memory transfer = _title(borealis.account, HALF);
        bytes32 digest = lots.titleTransferDigest(transfer);
        vm.startPrank(acme.account);
        vm.expectEmit(address(lots));
        emit IGoodsRights.DigestApproved(acme.account, digest, true);
        lots.approveDigest(digest, true);
        lots.approveDigest(digest, false);
        vm.stopPrank();
        assertFalse(lots.isApprovedDigest(acme.account, digest));
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.SignatureInvalid.selector, LOT, acme.account));
        lots.transferTitleBySignature(transfer, "", "");
        vm.prank(acme.account);
        lots.approveDigest(digest, true);
        lots.transferTitleBySignature(transfer, "", "");
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, acme.account, 1));
        lots.transferTitleBySignature(transfer, "", "");
    }

    // In custody

    function _pledgedTitle(uint256 units) private returns (IGoodsRights.TitleTransfer memory transfer) {
        keeper.fetch(acme.account, LOT, HALF);
        transfer = _title(borealis.account, units);
        transfer.holder = address(keeper);
    }

    function test_in_custody_the_custodian_must_agree() public {
        IGoodsRights.TitleTransfer memory transfer = _pledgedTitle(HALF);
        bytes memory signature = _signed(transfer);
        bytes memory reason = abi.encodeWithSelector(IGoodsRights.SignatureInvalid.selector, LOT, address(keeper));
        vm.expectRevert(reason);
        lots.transferTitleBySignature(transfer, signature, "");
        vm.prank(acme.account);
        vm.expectRevert(reason);
        lots.transferTitleBySignature(transfer, "", signature);
    }

    function test_a_holder_that_is_not_the_custodian_is_refused() public {
        IGoodsRights.TitleTransfer memory transfer = _pledgedTitle(HALF);
        transfer.holder = address(rival);
        bytes memory signature = _signed(transfer);
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.NotCustodianOf.selector, LOT, address(rival), 1));
        rival.passTitle(transfer, signature);
        transfer.holder = borealis.account;
        signature = _signed(transfer);
        vm.prank(borealis.account);
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.NotCustodianOf.selector, LOT, borealis.account, 1));
        lots.transferTitleBySignature(transfer, signature, "");
    }

    function test_in_custody_nothing_or_too_much_is_refused() public {
        IGoodsRights.TitleTransfer memory transfer = _pledgedTitle(HALF + 1);
        bytes memory signature = _signed(transfer);
        vm.expectRevert(
            abi.encodeWithSelector(IGoodsRights.CustodyExceeded.selector, LOT, acme.account, HALF + 1, HALF)
        );
        keeper.passTitle(transfer, signature);
        transfer.quantity = 0;
        signature = _signed(transfer);
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.UnitsZero.selector, LOT));
        keeper.passTitle(transfer, signature);
    }

    function test_in_custody_the_holding_stays() public {
        IGoodsRights.TitleTransfer memory transfer = _pledgedTitle(HALF);
        bytes memory signature = _signed(transfer);
        vm.expectEmit(address(lots));
        emit IGoodsRights.TitleTransferred(LOT, acme.account, borealis.account, address(keeper), HALF);
        keeper.passTitle(transfer, signature);
        _assertPosition(acme.account, uint56(STORED) - HALF, 0, 0, 0);
        _assertPosition(borealis.account, 0, HALF, 0, 0);
        assertEq(_held(address(keeper)), HALF);
        keeper.giveBack(borealis.account, LOT, HALF);
        assertEq(_held(borealis.account), HALF);
    }

    function test_the_custodian_may_agree_by_erc_1271_or_beforehand() public {
        IGoodsRights.TitleTransfer memory transfer = _pledgedTitle(HALF / 2);
        keeper.agree(lots.titleTransferDigest(transfer));
        lots.transferTitleBySignature(transfer, _signed(transfer), "");
        transfer = _title(borealis.account, HALF / 2);
        transfer.holder = address(keeper);
        keeper.approveDigest(lots.titleTransferDigest(transfer), true);
        vm.prank(acme.account);
        lots.transferTitleBySignature(transfer, "", "");
        _assertPosition(borealis.account, 0, HALF, 0, 0);
    }

    // Power of sale

    function _givePower(address by, bool given) private {
        vm.prank(by);
        lots.setPowerOfSale(address(keeper), given);
    }

    function test_a_power_given_too_late_does_not_count() public {
        keeper.fetch(acme.account, LOT, HALF);
        _givePower(acme.account, true);
        vm.expectRevert(
            abi.encodeWithSelector(IGoodsRights.PowerOfSaleMissing.selector, LOT, acme.account, address(keeper))
        );
        keeper.sell(LOT, acme.account, borealis.account, 1);
    }

    function test_the_power_is_the_lots_custodians() public {
        _givePower(acme.account, true);
        keeper.fetch(acme.account, LOT, HALF);
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.NotCustodianOf.selector, LOT, address(rival), 1));
        rival.sell(LOT, acme.account, borealis.account, 1);
    }

    function test_a_sale_to_who_may_not_own_or_beyond_custody_is_refused() public {
        _givePower(acme.account, true);
        keeper.fetch(acme.account, LOT, HALF);
        vm.expectRevert(abi.encodeWithSelector(ILots.OwnerIsOperator.selector, LOT, warehouse.id, warehouse.id));
        keeper.sell(LOT, acme.account, warehouse.account, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IGoodsRights.CustodyExceeded.selector, LOT, acme.account, HALF + 1, HALF)
        );
        keeper.sell(LOT, acme.account, borealis.account, HALF + 1);
        registry.freezeAccount(borealis.account);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, borealis.account));
        keeper.sell(LOT, acme.account, borealis.account, 1);
    }

    /// @dev Nor does a freeze give the power back.
    function test_a_freeze_does_not_keep_goods_from_the_power_of_sale() public {
        _givePower(acme.account, true);
        keeper.fetch(acme.account, LOT, HALF);
        registry.freezeAccount(acme.account);
        keeper.sell(LOT, acme.account, borealis.account, HALF);
        assertEq(lots.titleOf(LOT, borealis.account), HALF);
        assertEq(lots.titleOf(LOT, acme.account), STORED - HALF);
        _assertPosition(acme.account, uint56(STORED) - HALF, 0, 0, 0);
    }

    function test_a_power_stays_until_the_last_unit_is_back() public {
        vm.expectEmit(address(lots));
        emit IGoodsRights.PowerOfSaleSet(acme.account, address(keeper), true);
        _givePower(acme.account, true);
        assertTrue(lots.hasPowerOfSale(acme.account, address(keeper)));
        keeper.fetch(acme.account, LOT, HALF);
        _givePower(acme.account, false);
        vm.expectEmit(address(lots));
        emit IGoodsRights.SoldFromCustody(LOT, acme.account, borealis.account, address(keeper), 10);
        keeper.sell(LOT, acme.account, borealis.account, 10);
        assertEq(_held(borealis.account), 10);
        assertEq(lots.titleOf(LOT, borealis.account), 10);
        _assertPosition(acme.account, uint56(STORED) - HALF, HALF - 10, 0, 0);
        keeper.giveBack(acme.account, LOT, HALF - 10);
        assertFalse(lots.position(LOT, acme.account).sellable);
        keeper.fetch(acme.account, LOT, HALF);
        assertFalse(lots.position(LOT, acme.account).sellable);
    }

    function test_a_title_passes_with_its_power_and_not_into_another() public {
        _givePower(acme.account, true);
        IGoodsRights.TitleTransfer memory transfer = _pledgedTitle(HALF / 2);
        keeper.passTitle(transfer, _signed(transfer));
        assertTrue(lots.position(LOT, borealis.account).sellable);
        vm.prank(acme.account);
        lots.transferTitle(LOT, lender.account, 100);
        vm.prank(lender.account);
        lots.setApprovalForAll(address(keeper), true);
        keeper.fetch(lender.account, LOT, 100);
        transfer = _title(lender.account, 1);
        transfer.holder = address(keeper);
        bytes memory signature = _signed(transfer);
        vm.expectRevert(
            abi.encodeWithSelector(IGoodsRights.PowersOfSaleDiffer.selector, LOT, acme.account, lender.account)
        );
        keeper.passTitle(transfer, signature);
    }

    function testFuzz_titles_sum_to_what_is_held(uint256 pledged, uint256 passed, uint256 free) public {
        pledged = bound(pledged, 1, STORED - 1);
        passed = bound(passed, 1, pledged);
        free = bound(free, 1, STORED - pledged);
        keeper.fetch(acme.account, LOT, pledged);
        IGoodsRights.TitleTransfer memory transfer = _title(borealis.account, passed);
        transfer.holder = address(keeper);
        keeper.passTitle(transfer, _signed(transfer));
        vm.prank(acme.account);
        lots.transferTitle(LOT, borealis.account, free);

        assertEq(lots.titleOf(LOT, borealis.account), passed + free);
        assertEq(lots.titleOf(LOT, acme.account), STORED - passed - free);
        assertEq(_held(address(keeper)), pledged);
        assertEq(_held(acme.account) + _held(borealis.account), STORED - pledged);
    }
}
