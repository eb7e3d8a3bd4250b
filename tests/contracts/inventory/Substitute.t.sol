// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {InventoryBase} from "./InventoryBase.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @title Goods of one lot for goods of another, while the first are in custody.
contract Substitute is InventoryBase {
    uint56 private constant HALF = uint56(STORED / 2);

    function setUp() public override {
        super.setUp();
        _storeFirst();
        keeper.fetch(acme.account, LOT, HALF);
    }

    function _refused(uint256 out, uint256 taken, bytes memory reason) private {
        vm.expectRevert(reason);
        keeper.substitute(LOT, out, SECOND, taken, acme.account);
    }

    function test_without_the_owners_approval_is_refused() public {
        _store(_secondEntry());
        vm.prank(acme.account);
        lots.setApprovalForAll(address(keeper), false);
        _refused(
            HALF,
            HALF,
            abi.encodeWithSelector(IERC1155Errors.ERC1155MissingApprovalForAll.selector, address(keeper), acme.account)
        );
    }

    function test_by_another_than_the_custodian_is_refused() public {
        _store(_secondEntry());
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.NotCustodianOf.selector, LOT, address(rival), 1));
        rival.substitute(LOT, HALF, SECOND, HALF, acme.account);
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.NotCustodianOf.selector, LOT, acme.account, 1));
        lots.substitute(LOT, HALF, SECOND, HALF, acme.account);
    }

    function test_another_unit_or_commodity_is_refused() public {
        ILots.Entry memory second = _secondEntry();
        second.unit = "TNE";
        _store(second);
        _refused(
            HALF, HALF, abi.encodeWithSelector(ILots.UnitsDiffer.selector, LOT, bytes3("KGM"), SECOND, bytes3("TNE"))
        );
        second = _secondEntry();
        (second.id, second.sequence, second.commodity) = (LotId.wrap(3), 3, "09012100");
        (second.identifiers[0], second.identifiers[1]) = (keccak256("sscc 5"), keccak256("sscc 6"));
        _store(second);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGoodsRights.CommoditiesDiffer.selector, LOT, COFFEE, LotId.wrap(3), bytes8("09012100")
            )
        );
        keeper.substitute(LOT, HALF, LotId.wrap(3), HALF, acme.account);
    }

    function test_less_or_the_same_lot_is_refused() public {
        _store(_secondEntry());
        _refused(
            HALF, HALF - 1, abi.encodeWithSelector(IGoodsRights.SubstituteTooSmall.selector, SECOND, HALF - 1, HALF)
        );
        vm.expectRevert(abi.encodeWithSelector(ILots.LotsDiffer.selector, LOT, LOT));
        keeper.substitute(LOT, HALF, LOT, HALF, acme.account);
    }

    function test_more_than_is_pledged_or_free_or_nothing_is_refused() public {
        _store(_secondEntry());
        _refused(
            HALF + 1,
            STORED,
            abi.encodeWithSelector(IGoodsRights.CustodyExceeded.selector, LOT, acme.account, HALF + 1, HALF)
        );
        _refused(
            HALF,
            STORED + 1,
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector,
                acme.account,
                STORED,
                STORED + 1,
                LotId.unwrap(SECOND)
            )
        );
        _refused(0, 0, abi.encodeWithSelector(IGoodsRights.UnitsZero.selector, LOT));
    }

    function test_what_another_custodian_holds_is_refused() public {
        _store(_secondEntry());
        rival.fetch(acme.account, SECOND, 1);
        _refused(HALF, HALF, abi.encodeWithSelector(IGoodsRights.AlreadyEncumbered.selector, SECOND, 2));
    }

    function test_while_stopped_or_frozen_is_refused() public {
        _store(_secondEntry());
        registry.freezeAccount(acme.account);
        _refused(HALF, HALF, abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account));
        registry.unfreezeAccount(acme.account);
        lots.stop(ILots.Stoppable.Custody);
        _refused(HALF, HALF, abi.encodeWithSelector(ILots.GoodsStopped.selector, ILots.Stoppable.Custody));
    }

    function testFuzz_both_lots_move_in_one_call(uint256 out, uint256 taken) public {
        _store(_secondEntry());
        out = bound(out, 1, HALF);
        taken = bound(taken, out, STORED);
        vm.expectEmit(address(lots));
        emit IGoodsRights.CustodySubstituted(LOT, SECOND, acme.account, address(keeper), out, taken);
        keeper.substitute(LOT, out, SECOND, taken, acme.account);

        assertEq(_held(address(keeper)), HALF - out);
        assertEq(lots.balanceOf(address(keeper), LotId.unwrap(SECOND)), taken);
        assertEq(lots.titleOf(LOT, acme.account), STORED);
        assertEq(lots.titleOf(SECOND, acme.account), STORED);
        assertEq(lots.position(LOT, acme.account).free, STORED - (HALF - out));
        assertEq(lots.position(SECOND, acme.account).pledged, taken);
        assertEq(lots.stock(LOT).custodian, out == HALF ? 0 : 1);
    }
}
