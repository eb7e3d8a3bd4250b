// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {InventoryBase} from "./InventoryBase.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

/// @title A custodian takes units and gives them back by calls of its own: the same as transfers, which the tests of
/// custody look at, and what it learns on the way.
contract Fetch is InventoryBase {
    uint56 private constant HALF = uint56(STORED / 2);

    function setUp() public override {
        super.setUp();
        _storeFirst();
    }

    function _fetch(address by, uint256 units) private returns (uint256 held, bool sellable) {
        vm.prank(by);
        return lots.fetch(LOT, acme.account, units);
    }

    function _refused(address by, uint256 units, bytes memory reason) private {
        vm.expectRevert(reason);
        _fetch(by, units);
    }

    function test_only_custodians_that_are_approved_fetch() public {
        _refused(
            borealis.account,
            HALF,
            abi.encodeWithSelector(IERC1155Errors.ERC1155MissingApprovalForAll.selector, borealis.account, acme.account)
        );
        _refused(
            acme.account,
            HALF,
            abi.encodeWithSelector(IGoodsRights.HoldingStays.selector, LOT, acme.account, acme.account)
        );
        vm.prank(acme.account);
        lots.setApprovalForAll(borealis.account, true);
        _refused(
            borealis.account,
            HALF,
            abi.encodeWithSelector(IGoodsRights.HoldingStays.selector, LOT, acme.account, borealis.account)
        );
    }

    function test_what_a_transfer_refuses_is_refused() public {
        _refused(address(keeper), 0, abi.encodeWithSelector(IGoodsRights.UnitsZero.selector, LOT));
        uint256[2] memory tooMuch = [STORED + 1, 2 ** 56 + 1];
        for (uint256 i = 0; i < 2; ++i) {
            bytes4 short = IERC1155Errors.ERC1155InsufficientBalance.selector;
            bytes memory reason = abi.encodeWithSelector(short, acme.account, STORED, tooMuch[i], LotId.unwrap(LOT));
            _refused(address(keeper), tooMuch[i], reason);
        }
        registry.freezeAccount(acme.account);
        _refused(
            address(keeper), HALF, abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account)
        );
    }

    function test_nothing_held_is_nothing_given_back() public {
        (uint256 quantity, uint256 aside) = lots.giveBack(LOT, acme.account);
        assertEq(quantity + aside, 0);
        _fetch(address(keeper), HALF);
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.NotCustodianOf.selector, LOT, borealis.account, 1));
        vm.prank(borealis.account);
        lots.giveBack(LOT, acme.account);
        registry.freezeAccount(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account));
        vm.prank(address(keeper));
        lots.giveBack(LOT, acme.account);
    }

    function test_it_learns_what_it_held_and_may_sell() public {
        vm.prank(acme.account);
        lots.setPowerOfSale(address(keeper), false);
        (uint256 held, bool sellable) = _fetch(address(keeper), HALF);
        assertEq(held, 0);
        assertFalse(sellable);
        vm.prank(acme.account);
        lots.setPowerOfSale(address(keeper), true);
        (held, sellable) = _fetch(address(keeper), 1);
        assertEq(held, HALF);
        assertTrue(sellable);
        assertTrue(lots.position(LOT, acme.account).sellable);
        vm.prank(address(keeper));
        lots.giveBack(LOT, acme.account);
        assertFalse(lots.position(LOT, acme.account).sellable, "the power goes with the last unit");
        assertEq(lots.stock(LOT).custodian, 0);
    }

    function test_two_lots_are_compared() public {
        (bytes32 subject, bytes32 other, bytes8 commodity, bool alike) = lots.compare(LOT, LotId.wrap(9));
        assertEq(subject, SHIPMENT);
        assertEq(other, 0);
        assertEq(commodity, lots.goods(LOT).commodity);
        assertFalse(alike);
        (, other,, alike) = lots.compare(LOT, LOT);
        assertEq(other, SHIPMENT);
        assertTrue(alike);
    }

    /// @dev What fetching and giving back do is what two transfers do, whatever has been moved before.
    function testFuzz_as_transfers(uint256 before, uint256 units, bool sellable) public {
        before = bound(before, 0, STORED - 1);
        units = bound(units, 1, STORED - before);
        vm.prank(acme.account);
        lots.setPowerOfSale(address(keeper), sellable);
        if (before != 0) keeper.fetch(acme.account, LOT, before);
        uint256 state = vm.snapshotState();

        keeper.fetch(acme.account, LOT, units);
        bytes memory taken = _all();
        keeper.giveBack(acme.account, LOT, before + units);
        bytes memory back = _all();

        vm.revertToState(state);
        vm.expectEmit(address(lots));
        emit IERC1155.TransferSingle(address(keeper), acme.account, address(keeper), LotId.unwrap(LOT), units);
        (uint256 held,) = _fetch(address(keeper), units);
        assertEq(held, before);
        assertEq(_all(), taken);
        vm.expectEmit(address(lots));
        emit IERC1155.TransferSingle(address(keeper), address(keeper), acme.account, LotId.unwrap(LOT), before + units);
        vm.prank(address(keeper));
        (uint256 quantity,) = lots.giveBack(LOT, acme.account);
        assertEq(quantity, before + units);
        assertEq(_all(), back);
    }

    function _all() private view returns (bytes memory) {
        return abi.encode(
            lots.position(LOT, acme.account),
            lots.stock(LOT),
            lots.balanceOf(acme.account, LotId.unwrap(LOT)),
            lots.balanceOf(address(keeper), LotId.unwrap(LOT))
        );
    }
}
