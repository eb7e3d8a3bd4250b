// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LotIntake} from "../../../contracts/inventory/LotIntake.sol";
import {LotReleases} from "../../../contracts/inventory/LotReleases.sol";
import {WarehouseReceiptToken} from "../../../contracts/inventory/WarehouseReceiptToken.sol";
import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {IWarehouseReceiptToken} from "../../../contracts/inventory/interfaces/IWarehouseReceiptToken.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {StockKeeper} from "../support/StockKeeper.sol";
import {InventoryBase} from "./InventoryBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @title Lists, stops, conditions, and the parts.
contract Offices is InventoryBase {
    function test_offices_are_the_governors_and_the_guardians() public {
        bytes memory no = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account);
        vm.startPrank(acme.account);
        vm.expectRevert(no);
        lots.listCustodian(address(keeper));
        vm.expectRevert(no);
        lots.listGrader(address(keeper), true);
        vm.expectRevert(no);
        lots.stop(ILots.Stoppable.Minting);
        vm.expectRevert(no);
        lots.resume(ILots.Stoppable.Minting);
        vm.stopPrank();
    }

    function test_only_contracts_are_listed_and_once() public {
        vm.expectRevert(abi.encodeWithSelector(ILots.NoCodeAt.selector, acme.account));
        lots.listCustodian(acme.account);
        vm.expectRevert(abi.encodeWithSelector(ILots.CustodianAlreadyListed.selector, address(keeper)));
        lots.listCustodian(address(keeper));
        vm.expectRevert(abi.encodeWithSelector(ILots.NoCodeAt.selector, acme.account));
        lots.listGrader(acme.account, true);
        StockKeeper third = new StockKeeper(lots);
        vm.expectEmit(address(lots));
        emit ILots.CustodianListed(3, address(third));
        assertEq(lots.listCustodian(address(third)), 3);
        assertEq(lots.custodianAt(3), address(third));
    }

    function test_stops_are_told_and_end() public {
        vm.expectEmit(address(lots));
        emit ILots.FunctionStopped(ILots.Stoppable.Custody, address(this));
        lots.stop(ILots.Stoppable.Custody);
        assertTrue(lots.isStopped(ILots.Stoppable.Custody));
        assertFalse(lots.isStopped(ILots.Stoppable.Minting));
        vm.expectEmit(address(lots));
        emit ILots.FunctionResumed(ILots.Stoppable.Custody, address(this));
        lots.resume(ILots.Stoppable.Custody);
        assertFalse(lots.isStopped(ILots.Stoppable.Custody));
    }

    function test_a_condition_is_a_graders_to_lower() public {
        _storeFirst();
        vm.expectRevert(abi.encodeWithSelector(ILots.GraderUnlisted.selector, address(keeper)));
        keeper.grade(LOT, 1);
        vm.expectEmit(address(lots));
        emit ILots.GraderListed(address(keeper), true);
        lots.listGrader(address(keeper), true);
        assertTrue(lots.isGrader(address(keeper)));
        vm.expectRevert(abi.encodeWithSelector(ILots.LotNotLive.selector, SECOND, ILots.State.None));
        keeper.grade(SECOND, 1);
        vm.expectRevert(abi.encodeWithSelector(ILots.ConditionNotWorse.selector, LOT, 0, 0));
        keeper.grade(LOT, 0);
        vm.expectEmit(address(lots));
        emit ILots.ConditionLowered(LOT, 2, address(keeper));
        keeper.grade(LOT, 2);
        vm.expectRevert(abi.encodeWithSelector(ILots.ConditionNotWorse.selector, LOT, 1, 2));
        keeper.grade(LOT, 1);
        assertEq(lots.goods(LOT).condition, 2);
        assertEq(lots.appraisalOf(LOT, acme.account).condition, 2);
        lots.listGrader(address(keeper), false);
        vm.expectRevert(abi.encodeWithSelector(ILots.GraderUnlisted.selector, address(keeper)));
        keeper.grade(LOT, 3);
    }

    function test_parts_need_code() public {
        address intake = address(new LotIntake(registry, oracle, address(manager)));
        vm.expectRevert(abi.encodeWithSelector(IWarehouseReceiptToken.PartHasNoCode.selector, address(1)));
        new WarehouseReceiptToken(registry, oracle, address(1), intake, address(manager));
        vm.expectRevert(abi.encodeWithSelector(IWarehouseReceiptToken.PartHasNoCode.selector, address(1)));
        new WarehouseReceiptToken(registry, oracle, intake, address(1), address(manager));
    }

    /// @dev By themselves the parts have no lots, no engagements and no offices.
    function test_the_parts_refuse_by_themselves() public {
        _storeFirst();
        LotIntake intake = new LotIntake(registry, oracle, address(manager));
        LotReleases releases = new LotReleases(registry, oracle, address(manager));
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(ILots.LotNotLive.selector, LOT, ILots.State.None));
        intake.split(LOT, new bytes32[](1), 1);
        vm.prank(warehouse.account);
        vm.expectRevert(abi.encodeWithSelector(ILots.OperatorNotEngaged.selector, LOT, acme.id, warehouse.id));
        intake.announce(_entry());
        bytes32 digest = lots.entryDigest(_entry());
        vm.expectRevert(abi.encodeWithSelector(ILots.NotAnnounced.selector, digest));
        intake.mint(_entry());
        IGoodsRights.ReleaseOrder memory order = _order(1);
        vm.prank(acme.account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, acme.account, 0, 1, LotId.unwrap(LOT)
            )
        );
        releases.orderRelease(order, "", "");
        vm.expectPartialRevert(IGoodsRights.OrderNotOpen.selector);
        releases.confirmRelease(order);
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account));
        intake.stop(ILots.Stoppable.Minting);
    }
}
