// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {InventoryBase} from "./InventoryBase.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

/// @title An attested entry becomes a lot, once, and never more than was attested.
contract Mint is InventoryBase {
    function _refused(ILots.Entry memory entry, bytes memory reason) private {
        vm.expectRevert(reason);
        lots.mint(entry);
    }

    function test_unannounced_is_refused() public {
        _attestBoth(SHIPMENT, Milestones.STORED, 1, uint64(STORED));
        _refused(_entry(), abi.encodeWithSelector(ILots.NotAnnounced.selector, lots.entryDigest(_entry())));
        _announce(_entry());
        ILots.Entry memory other = _entry();
        other.owner = borealis.account;
        _refused(other, abi.encodeWithSelector(ILots.NotAnnounced.selector, lots.entryDigest(other)));
    }

    function test_without_the_fact_is_refused() public {
        _announce(_entry());
        _refused(_entry(), _notAttested(IMilestoneOracle.Status.None, 0));
        _attestOne(warehouse, Milestones.STORED, 1, uint64(STORED));
        _refused(_entry(), _notAttested(IMilestoneOracle.Status.Gathering, 0));
        // Another milestone and another sequence are other facts.
        _attestBoth(SHIPMENT, Milestones.RELEASED, 1, uint64(STORED));
        _attestBoth(SHIPMENT, Milestones.STORED, 2, uint64(STORED));
        _refused(_entry(), _notAttested(IMilestoneOracle.Status.Gathering, 0));
    }

    function test_on_a_disputed_fact_is_refused() public {
        _announce(_entry());
        _attestOne(warehouse, Milestones.STORED, 1, uint64(STORED));
        _attestOne(inspector, Milestones.STORED, 1, uint64(STORED / 2));
        _refused(_entry(), _notAttested(IMilestoneOracle.Status.Disputed, 0));
    }

    function test_on_a_fact_that_nobody_measured_is_refused() public {
        _announce(_entry());
        _attestBoth(SHIPMENT, Milestones.STORED, 1, 0);
        _refused(_entry(), _notAttested(IMilestoneOracle.Status.Final, 0));
    }

    function test_within_the_dispute_window_is_refused() public {
        oracle.setPolicy(
            Milestones.STORED, IMilestoneOracle.Policy(2, uint8(Roles.ORACLE_ROLES), 0, 100, 365 days, 1 hours, 2 days)
        );
        ILots.Entry memory entry = _entry();
        _announce(entry);
        _attestBoth(SHIPMENT, Milestones.STORED, 1, uint64(STORED));
        _refused(entry, _notAttested(IMilestoneOracle.Status.Gathering, 0));
        skip(2 days + 1);
        assertEq(lots.mint(entry), STORED);
    }

    function _notAttested(IMilestoneOracle.Status status, uint256 quantity) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ILots.EntryNotAttested.selector, SHIPMENT, uint32(1), status, quantity);
    }

    function test_twice_is_refused() public {
        _storeFirst();
        _refused(_entry(), abi.encodeWithSelector(ILots.NotAnnounced.selector, lots.entryDigest(_entry())));
    }

    function test_a_second_lot_of_one_fact_is_refused() public {
        ILots.Entry memory second = _secondEntry();
        second.sequence = 1;
        _announce(second);
        _storeFirst();
        _refused(second, abi.encodeWithSelector(ILots.EntrySpent.selector, SHIPMENT, uint32(1), LOT));
    }

    function test_another_lot_of_the_same_number_is_refused() public {
        ILots.Entry memory second = _secondEntry();
        second.id = LOT;
        _announce(second);
        _storeFirst();
        _attestBoth(SHIPMENT, Milestones.STORED, 2, uint64(STORED));
        _refused(second, abi.encodeWithSelector(ILots.LotExists.selector, LOT, ILots.State.Live));
    }

    function test_an_identifier_of_a_live_lot_is_refused_at_every_warehouse() public {
        _storeFirst();
        ILots.Entry memory second = _secondEntry();
        second.identifiers[1] = PALLET_TWO;
        _announce(second);
        _attestBoth(SHIPMENT, Milestones.STORED, 2, uint64(STORED));
        bytes memory taken = abi.encodeWithSelector(ILots.IdentifierTaken.selector, SECOND, PALLET_TWO, LOT);
        _refused(second, taken);
        vm.prank(acme.account);
        lots.engageOperator(harbour.id, true);
        vm.prank(warehouse.account);
        lots.withdrawAnnouncement(second);
        vm.prank(harbour.account);
        lots.announce(second);
        _refused(second, taken);
    }

    function test_an_identifier_that_stands_twice_is_refused() public {
        ILots.Entry memory entry = _entry();
        entry.identifiers[1] = PALLET;
        _announce(entry);
        _attestBoth(SHIPMENT, Milestones.STORED, 1, uint64(STORED));
        _refused(entry, abi.encodeWithSelector(ILots.IdentifierTaken.selector, LOT, PALLET, LOT));
    }

    function test_for_parties_that_may_not_act_any_more_is_refused() public {
        _announce(_entry());
        _attestBoth(SHIPMENT, Milestones.STORED, 1, uint64(STORED));
        registry.suspendOrganisation(warehouse.lei);
        _refused(
            _entry(),
            abi.encodeWithSelector(
                IParticipantRegistry.OrganisationIsSuspended.selector, warehouse.account, warehouse.id
            )
        );
        registry.reinstateOrganisation(warehouse.lei);
        registry.freezeAccount(acme.account);
        _refused(_entry(), abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account));
        registry.unfreezeAccount(acme.account);
        vm.prank(acme.account);
        lots.engageOperator(warehouse.id, false);
        _refused(_entry(), abi.encodeWithSelector(ILots.OperatorNotEngaged.selector, LOT, acme.id, warehouse.id));
    }

    function test_while_stopped_is_refused() public {
        _announce(_entry());
        _attestBoth(SHIPMENT, Milestones.STORED, 1, uint64(STORED));
        lots.stop(ILots.Stoppable.Minting);
        _refused(_entry(), abi.encodeWithSelector(ILots.GoodsStopped.selector, ILots.Stoppable.Minting));
        lots.resume(ILots.Stoppable.Minting);
        lots.mint(_entry());
    }

    function test_the_owner_has_title_and_holding() public {
        _announce(_entry());
        _attestBoth(SHIPMENT, Milestones.STORED, 1, uint64(STORED));
        vm.expectEmit(address(lots));
        emit ILots.LotMinted(LOT, acme.account, warehouse.id, SHIPMENT, 1, STORED, uint40(block.timestamp - 1 hours));
        vm.expectEmit(address(lots));
        emit IERC1155.TransferSingle(address(this), address(0), acme.account, LotId.unwrap(LOT), STORED);
        lots.mint(_entry());

        assertEq(_held(acme.account), STORED);
        assertEq(lots.titleOf(LOT, acme.account), STORED);
        _assertPosition(acme.account, uint56(STORED), 0, 0, 0);
        assertEq(LotId.unwrap(lots.lotOf(PALLET)), LotId.unwrap(LOT));
        assertEq(LotId.unwrap(lots.lotOf(PALLET_TWO)), LotId.unwrap(LOT));
        assertEq(LotId.unwrap(lots.lotOfEntry(SHIPMENT, 1)), LotId.unwrap(LOT));
        assertEq(lots.subjectOf(LOT), SHIPMENT);
        assertEq(lots.announcedBy(lots.entryDigest(_entry())), address(0));
        _assertRecord();
    }

    function _assertRecord() private view {
        ILots.Goods memory goods = lots.goods(LOT);
        assertEq(goods.commodity, COFFEE);
        assertEq(goods.unit, bytes3("KGM"));
        assertEq(goods.place, bytes5("DEHAM"));
        assertTrue(goods.operator == warehouse.id);
        assertEq(goods.enteredAt, block.timestamp - 1 hours);
        assertEq(goods.expiryDate, START / 1 days + 300);
        assertEq(goods.condition, 0);
        ILots.Stock memory stock = lots.stock(LOT);
        assertEq(stock.received, STORED);
        assertEq(stock.released, 0);
        assertEq(stock.identifiers, 2);
        assertEq(stock.sequence, 1);
        assertEq(uint8(stock.state), uint8(ILots.State.Live));
        IGoodsRights.Appraisal memory its = lots.appraisalOf(LOT, acme.account);
        assertEq(uint8(its.state), uint8(ILots.State.Live));
        assertEq(its.commodity, COFFEE);
        assertEq(its.unit, bytes3("KGM"));
        assertTrue(its.operator == warehouse.id);
        assertEq(its.enteredAt, goods.enteredAt);
        assertEq(its.expiryDate, goods.expiryDate);
        assertEq(its.place, bytes5("DEHAM"));
        assertEq(its.free, STORED);
        assertEq(its.pledged, 0);
        assertEq(uint8(lots.appraisalOf(SECOND, acme.account).state), uint8(ILots.State.None));
    }

    function test_the_earlier_of_announced_and_attested_entry_counts() public {
        ILots.Entry memory entry = _entry();
        _announce(entry);
        uint64 attested = uint64(block.timestamp - 5 days);
        _attestAt(SHIPMENT, Milestones.STORED, 1, uint64(STORED), attested);
        lots.mint(entry);
        assertEq(lots.goods(LOT).enteredAt, attested);

        ILots.Entry memory second = _secondEntry();
        second.enteredAt = uint40(block.timestamp - 9 days);
        _store(second);
        assertEq(lots.goods(SECOND).enteredAt, block.timestamp - 9 days);
    }

    function testFuzz_never_more_than_announced_or_attested(uint56 announced, uint64 byWarehouse, uint256 off) public {
        announced = uint56(bound(announced, 1, type(uint56).max));
        byWarehouse = uint64(bound(byWarehouse, 1, type(uint56).max));
        // The other witness counts up to 1 % less.
        uint64 byInspector = byWarehouse - uint64(bound(off, 0, byWarehouse / 100));
        ILots.Entry memory entry = _entry();
        entry.quantity = announced;
        _announce(entry);
        _attestOne(warehouse, Milestones.STORED, 1, byWarehouse);
        _attestOne(inspector, Milestones.STORED, 1, byInspector);
        uint256 expected = announced;
        if (byWarehouse < expected) expected = byWarehouse;
        if (byInspector < expected) expected = byInspector;

        assertEq(lots.mint(entry), expected);

        assertEq(_held(acme.account), expected);
        assertEq(lots.stock(LOT).received, expected);
    }

    function test_sixty_four_pallets() public {
        ILots.Entry memory entry = _entry();
        entry.identifiers = new bytes32[](64);
        for (uint256 i = 0; i < 64; ++i) {
            entry.identifiers[i] = keccak256(abi.encode("pallet", i));
        }
        _store(entry);
        assertEq(lots.stock(LOT).identifiers, 64);
        assertEq(LotId.unwrap(lots.lotOf(keccak256(abi.encode("pallet", uint256(63))))), LotId.unwrap(LOT));
    }
}
