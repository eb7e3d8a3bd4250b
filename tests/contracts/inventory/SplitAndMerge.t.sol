// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {InventoryBase} from "./InventoryBase.sol";

/// @title Parts become lots of their own, and lots go together.
contract SplitAndMerge is InventoryBase {
    uint256 private constant PART = 300_000;

    function setUp() public override {
        super.setUp();
        _storeFirst();
    }

    function _one(bytes32 identifier) private pure returns (bytes32[] memory identifiers) {
        identifiers = new bytes32[](1);
        identifiers[0] = identifier;
    }

    function _split(bytes32[] memory identifiers, uint256 units) private returns (LotId) {
        vm.prank(acme.account);
        return lots.split(LOT, identifiers, units);
    }

    function _splitRefused(bytes32[] memory identifiers, uint256 units, bytes memory reason) private {
        vm.prank(acme.account);
        vm.expectRevert(reason);
        lots.split(LOT, identifiers, units);
    }

    function _merge(LotId from, LotId into, bytes32[] memory identifiers) private {
        vm.prank(acme.account);
        lots.merge(from, into, identifiers);
    }

    function _mergeRefused(LotId from, bytes32[] memory identifiers, bytes memory reason) private {
        vm.prank(acme.account);
        vm.expectRevert(reason);
        lots.merge(from, LOT, identifiers);
    }

    // Split

    function test_a_lot_that_is_not_is_not_split() public {
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(ILots.LotNotLive.selector, SECOND, ILots.State.None));
        lots.split(SECOND, _one(PALLET), PART);
    }

    function test_by_who_has_not_all_of_it_free_is_refused() public {
        vm.prank(borealis.account);
        vm.expectRevert(abi.encodeWithSelector(ILots.LotNotWhollyFree.selector, LOT, borealis.account, 0, STORED));
        lots.split(LOT, _one(PALLET), PART);
        keeper.fetch(acme.account, LOT, 1);
        bytes memory reason =
            abi.encodeWithSelector(ILots.LotNotWhollyFree.selector, LOT, acme.account, STORED - 1, STORED);
        _splitRefused(_one(PALLET), PART, reason);
        keeper.giveBack(acme.account, LOT, 1);
        IGoodsRights.ReleaseOrder memory order = _order(1);
        vm.prank(acme.account);
        lots.orderRelease(order, "", "");
        _splitRefused(_one(PALLET), PART, reason);
        vm.warp(order.deadline + 1);
        lots.lapseRelease(order);
        vm.prank(acme.account);
        lots.transferTitle(LOT, borealis.account, 1);
        _splitRefused(_one(PALLET), PART, reason);
    }

    function test_by_who_may_not_act_is_refused() public {
        registry.freezeAccount(acme.account);
        _splitRefused(
            _one(PALLET), PART, abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account)
        );
    }

    function test_a_part_is_less_than_the_whole_and_more_than_nothing() public {
        bytes32[] memory both = new bytes32[](2);
        (both[0], both[1]) = (PALLET, PALLET_TWO);
        _splitRefused(_one(PALLET), 0, _outOfRange(0, 1));
        _splitRefused(_one(PALLET), STORED, _outOfRange(STORED, 1));
        _splitRefused(new bytes32[](0), PART, _outOfRange(PART, 0));
        _splitRefused(both, PART, _outOfRange(PART, 2));
    }

    function _outOfRange(uint256 units, uint256 identifiers) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ILots.PartOutOfRange.selector, LOT, units, STORED, identifiers, 2);
    }

    function test_identifiers_of_another_lot_are_refused() public {
        _store(_secondEntry());
        bytes32 foreign = keccak256("sscc 3");
        _splitRefused(
            _one(foreign), PART, abi.encodeWithSelector(ILots.IdentifierElsewhere.selector, LOT, foreign, SECOND)
        );
        _splitRefused(
            _one(keccak256("none")),
            PART,
            abi.encodeWithSelector(ILots.IdentifierElsewhere.selector, LOT, keccak256("none"), LotId.wrap(0))
        );
    }

    function test_an_identifier_goes_along_once() public {
        ILots.Entry memory entry = _secondEntry();
        entry.identifiers = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) {
            entry.identifiers[i] = keccak256(abi.encode(i));
        }
        _store(entry);
        bytes32[] memory twice = new bytes32[](2);
        (twice[0], twice[1]) = (entry.identifiers[0], entry.identifiers[0]);
        vm.prank(acme.account);
        vm.expectPartialRevert(ILots.IdentifierElsewhere.selector);
        lots.split(SECOND, twice, PART);
    }

    function test_the_part_is_like_the_whole() public {
        lots.listGrader(address(keeper), true);
        keeper.grade(LOT, 3);
        LotId expected = LotId.wrap(uint256(keccak256(abi.encode(LOT, 1))));
        vm.expectEmit(address(lots));
        emit ILots.LotSplit(LOT, expected, acme.account, PART, _one(PALLET));
        LotId part = _split(_one(PALLET), PART);
        assertEq(LotId.unwrap(part), LotId.unwrap(expected));
        assertEq(keccak256(abi.encode(lots.goods(part))), keccak256(abi.encode(lots.goods(LOT))));
        assertEq(lots.goods(part).condition, 3);
        assertEq(lots.subjectOf(part), SHIPMENT);
        assertEq(lots.balanceOf(acme.account, LotId.unwrap(part)), PART);
        assertEq(_held(acme.account), STORED - PART);
        assertEq(lots.stock(LOT).received, STORED - PART);
        assertEq(lots.stock(LOT).identifiers, 1);
        assertEq(lots.stock(part).received, PART);
        assertEq(lots.stock(part).identifiers, 1);
        assertEq(LotId.unwrap(lots.lotOf(PALLET)), LotId.unwrap(part));
        assertEq(LotId.unwrap(lots.lotOf(PALLET_TWO)), LotId.unwrap(LOT));
    }

    function test_a_number_that_somebody_took_is_skipped() public {
        ILots.Entry memory squatter = _secondEntry();
        squatter.id = LotId.wrap(uint256(keccak256(abi.encode(LOT, 1))));
        _store(squatter);
        LotId part = _split(_one(PALLET), PART);
        assertEq(LotId.unwrap(part), uint256(keccak256(abi.encode(LOT, 2))));
        assertEq(lots.balanceOf(acme.account, LotId.unwrap(squatter.id)), STORED);
    }

    // Merge

    function test_lots_that_differ_are_not_merged() public {
        ILots.Entry memory second = _secondEntry();
        second.unit = "TNE";
        _store(second);
        _mergeRefused(
            SECOND,
            second.identifiers,
            abi.encodeWithSelector(ILots.UnitsDiffer.selector, SECOND, bytes3("TNE"), LOT, bytes3("KGM"))
        );
        bytes32[] memory none = new bytes32[](0);
        _mergeRefused(LOT, none, abi.encodeWithSelector(ILots.LotsDiffer.selector, LOT, LOT));
        ILots.Entry memory third = _third();
        third.place = "NLRTM";
        _store(third);
        _mergeRefused(third.id, none, abi.encodeWithSelector(ILots.LotsDiffer.selector, third.id, LOT));
    }

    function test_another_commodity_is_not_merged() public {
        ILots.Entry memory third = _third();
        third.commodity = "09012100";
        _store(third);
        _mergeRefused(third.id, third.identifiers, abi.encodeWithSelector(ILots.LotsDiffer.selector, third.id, LOT));
    }

    function test_another_consignments_lot_is_not_merged() public {
        bytes32 other = keccak256("Acme's other");
        vm.prank(acme.account);
        oracle.openSubject(other, new bytes32[](0));
        ILots.Entry memory third = _third();
        third.subject = other;
        _store(third);
        bytes memory reason = abi.encodeWithSelector(ILots.ConsignmentsDiffer.selector, third.id, other, LOT, SHIPMENT);
        _mergeRefused(third.id, third.identifiers, reason);
    }

    function test_another_warehouses_lot_is_not_merged() public {
        ILots.Entry memory third = _third();
        vm.prank(acme.account);
        lots.engageOperator(harbour.id, true);
        vm.prank(harbour.account);
        lots.announce(third);
        _attestBoth(SHIPMENT, 60, third.sequence, uint64(third.quantity));
        lots.mint(third);
        _mergeRefused(third.id, third.identifiers, abi.encodeWithSelector(ILots.LotsDiffer.selector, third.id, LOT));
    }

    function _third() private view returns (ILots.Entry memory entry) {
        entry = _entry();
        (entry.id, entry.sequence) = (LotId.wrap(3), 3);
        (entry.identifiers[0], entry.identifiers[1]) = (keccak256("sscc 5"), keccak256("sscc 6"));
    }

    function test_lots_that_are_not_wholly_free_are_not_merged() public {
        ILots.Entry memory second = _secondEntry();
        _store(second);
        keeper.fetch(acme.account, SECOND, 1);
        _mergeRefused(
            SECOND,
            second.identifiers,
            abi.encodeWithSelector(ILots.LotNotWhollyFree.selector, SECOND, acme.account, STORED - 1, STORED)
        );
        keeper.giveBack(acme.account, SECOND, 1);
        keeper.fetch(acme.account, LOT, 1);
        _mergeRefused(
            SECOND,
            second.identifiers,
            abi.encodeWithSelector(ILots.LotNotWhollyFree.selector, LOT, acme.account, STORED - 1, STORED)
        );
    }

    function test_all_identifiers_are_named_once() public {
        ILots.Entry memory second = _secondEntry();
        _store(second);
        _mergeRefused(
            SECOND,
            _one(second.identifiers[0]),
            abi.encodeWithSelector(ILots.IdentifierCountOutOfRange.selector, SECOND, 1, 2)
        );
        second.identifiers[1] = second.identifiers[0];
        _mergeRefused(
            SECOND,
            second.identifiers,
            abi.encodeWithSelector(ILots.IdentifierElsewhere.selector, SECOND, second.identifiers[0], LOT)
        );
        second.identifiers[1] = PALLET;
        _mergeRefused(
            SECOND, second.identifiers, abi.encodeWithSelector(ILots.IdentifierElsewhere.selector, SECOND, PALLET, LOT)
        );
    }

    function test_more_than_sixty_four_identifiers_are_refused() public {
        ILots.Entry memory second = _secondEntry();
        second.identifiers = new bytes32[](63);
        for (uint256 i = 0; i < 63; ++i) {
            second.identifiers[i] = keccak256(abi.encode("pallet", i));
        }
        _store(second);
        _mergeRefused(
            SECOND, second.identifiers, abi.encodeWithSelector(ILots.IdentifierCountOutOfRange.selector, LOT, 65, 64)
        );
    }

    function test_more_than_can_be_booked_is_refused() public {
        ILots.Entry memory second = _secondEntry();
        second.quantity = type(uint56).max;
        _store(second);
        _mergeRefused(
            SECOND,
            second.identifiers,
            abi.encodeWithSelector(ILots.QuantityOutOfRange.selector, LOT, STORED + type(uint56).max, type(uint56).max)
        );
    }

    function test_the_worse_of_the_two_stays() public {
        ILots.Entry memory second = _secondEntry();
        (second.enteredAt, second.expiryDate) = (uint40(block.timestamp - 9 days), uint16(START / 1 days + 20));
        _store(second);
        lots.listGrader(address(keeper), true);
        keeper.grade(SECOND, 4);
        vm.expectEmit(address(lots));
        emit ILots.LotMerged(SECOND, LOT, acme.account, STORED);
        _merge(SECOND, LOT, second.identifiers);
        ILots.Goods memory goods = lots.goods(LOT);
        assertEq(goods.enteredAt, block.timestamp - 9 days);
        assertEq(goods.expiryDate, START / 1 days + 20);
        assertEq(goods.condition, 4);
        assertEq(_held(acme.account), 2 * STORED);
        assertEq(lots.stock(LOT).received, 2 * STORED);
        assertEq(lots.stock(LOT).identifiers, 4);
        assertEq(lots.balanceOf(acme.account, LotId.unwrap(SECOND)), 0);
        assertEq(uint8(lots.stock(SECOND).state), uint8(ILots.State.Merged));
        assertEq(LotId.unwrap(lots.lotOf(second.identifiers[0])), LotId.unwrap(LOT));
    }

    function test_goods_that_keep_and_better_ones_change_nothing() public {
        ILots.Entry memory second = _secondEntry();
        second.expiryDate = 0;
        _store(second);
        lots.listGrader(address(keeper), true);
        keeper.grade(LOT, 2);
        uint256 enteredAt = lots.goods(LOT).enteredAt;
        _merge(SECOND, LOT, second.identifiers);
        assertEq(lots.goods(LOT).expiryDate, START / 1 days + 300);
        assertEq(lots.goods(LOT).condition, 2);
        assertEq(lots.goods(LOT).enteredAt, enteredAt);
    }

    function test_an_expiry_replaces_none() public {
        ILots.Entry memory second = _secondEntry();
        second.expiryDate = 0;
        _store(second);
        bytes32[] memory first = _entry().identifiers;
        _merge(LOT, SECOND, first);
        assertEq(lots.goods(SECOND).expiryDate, START / 1 days + 300);
    }

    function testFuzz_split_and_merged_is_as_before(uint256 units) public {
        units = bound(units, 1, STORED - 1);
        LotId part = _split(_one(PALLET), units);
        assertEq(_held(acme.account) + lots.balanceOf(acme.account, LotId.unwrap(part)), STORED);
        _merge(part, LOT, _one(PALLET));
        assertEq(_held(acme.account), STORED);
        assertEq(lots.stock(LOT).identifiers, 2);
        assertEq(lots.stock(LOT).received, STORED);
        assertEq(LotId.unwrap(lots.lotOf(PALLET)), LotId.unwrap(LOT));
        // The number of the part is spent, and the next part has another.
        assertTrue(LotId.unwrap(_split(_one(PALLET), units)) != LotId.unwrap(part));
    }
}
