// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {InventoryBase} from "../inventory/InventoryBase.sol";
import {GasRecord} from "./GasRecord.sol";

/// @title The life of a lot between parties that have traded before.
/// forge-config: default.isolate = true
contract StockGas is InventoryBase, GasRecord {
    /// @dev Parties have signed before: their nonces are no longer zero.
    function setUp() public override {
        super.setUp();
        vm.prank(acme.account);
        lots.voidNextSignature();
    }

    /// @dev New: the announcement.
    function test_announce() public {
        _announce(_entry());
        _record("announce a lot", 90_000);
    }

    /// @dev New: the lot's three slots, the owner's position, the entry, two identifiers.
    function test_mint() public {
        _announce(_entry());
        _attestBoth(SHIPMENT, Milestones.STORED, 1, uint64(STORED));
        lots.mint(_entry());
        _record("mint a lot", 232_000);
    }

    /// @dev Nothing new: the owner's position and the lot's stock change.
    function test_custody() public {
        _storeFirst();
        keeper.fetch(acme.account, LOT, STORED / 2);
        _record("goods into custody", 62_000);
        keeper.fetch(acme.account, LOT, STORED / 4);
        _record("more goods into custody", 62_000);
        keeper.giveBack(acme.account, LOT, STORED / 4);
        _record("goods out of custody, a part", 56_500);
        keeper.giveBack(acme.account, LOT, STORED / 2);
        _record("goods out of custody", 56_500);
    }

    /// @dev New: the buyer's position.
    function test_title() public {
        _storeFirst();
        vm.prank(acme.account);
        lots.transferTitle(LOT, borealis.account, STORED / 2);
        _record("title to a part", 73_000);
    }

    /// @dev New: the exit.
    function test_release() public {
        _storeFirst();
        IGoodsRights.ReleaseOrder memory order = _order(STORED / 2);
        vm.prank(acme.account);
        lots.orderRelease(order, "", "");
        _record("order a release", 86_000);
        _attestBoth(SHIPMENT, Milestones.RELEASED, 1, uint64(STORED / 2));
        lots.confirmRelease(order);
        _record("confirm a release", 66_000);
    }
}
