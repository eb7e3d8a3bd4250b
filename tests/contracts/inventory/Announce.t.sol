// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {GroupId, LotId, OrganisationId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {InventoryBase} from "./InventoryBase.sol";

/// @title What a warehouse announces, and for whom.
contract Announce is InventoryBase {
    function _refused(ILots.Entry memory entry, bytes memory reason) private {
        vm.prank(warehouse.account);
        vm.expectRevert(reason);
        lots.announce(entry);
    }

    function test_by_another_than_a_warehouse_is_refused() public {
        vm.prank(acme.account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, acme.account, Roles.SUPPLIER, Roles.WAREHOUSE
            )
        );
        lots.announce(_entry());
    }

    function test_for_another_than_a_supplier_is_refused() public {
        ILots.Entry memory entry = _entry();
        entry.owner = lender.account;
        _refused(
            entry,
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, lender.account, Roles.LENDER, Roles.SUPPLIER
            )
        );
    }

    function test_by_a_suspended_warehouse_is_refused() public {
        registry.suspendOrganisation(warehouse.lei);
        _refused(
            _entry(),
            abi.encodeWithSelector(
                IParticipantRegistry.OrganisationIsSuspended.selector, warehouse.account, warehouse.id
            )
        );
    }

    function test_for_a_frozen_owner_is_refused() public {
        registry.freezeAccount(acme.account);
        _refused(_entry(), abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account));
    }

    function test_for_an_owner_of_the_warehouses_group_is_refused() public {
        Party memory daughter = _admitIn("EMBERTRADING", warehouse.lei, Roles.SUPPLIER);
        vm.startPrank(daughter.account);
        lots.engageOperator(warehouse.id, true);
        oracle.openSubject(keccak256("own goods"), new bytes32[](0));
        vm.stopPrank();
        ILots.Entry memory entry = _entry();
        (entry.owner, entry.subject) = (daughter.account, keccak256("own goods"));
        _refused(entry, abi.encodeWithSelector(ILots.OwnerIsOperator.selector, LOT, daughter.id, warehouse.id));
    }

    function test_by_a_warehouse_that_the_owner_has_not_engaged_is_refused() public {
        vm.prank(harbour.account);
        vm.expectRevert(abi.encodeWithSelector(ILots.OperatorNotEngaged.selector, LOT, acme.id, harbour.id));
        lots.announce(_entry());
        vm.prank(acme.account);
        lots.engageOperator(warehouse.id, false);
        _refused(_entry(), abi.encodeWithSelector(ILots.OperatorNotEngaged.selector, LOT, acme.id, warehouse.id));
    }

    function test_engaging_is_for_suppliers() public {
        vm.prank(lender.account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, lender.account, Roles.LENDER, Roles.SUPPLIER
            )
        );
        lots.engageOperator(warehouse.id, true);
    }

    function test_on_anothers_consignment_is_refused() public {
        Party memory zenith = _admit("ZENITHPARTS", Roles.SUPPLIER);
        vm.prank(zenith.account);
        oracle.openSubject(keccak256("Zenith's"), new bytes32[](0));
        GroupId owners = registry.membershipOf(acme.account).group;
        ILots.Entry memory entry = _entry();
        entry.subject = keccak256("Zenith's");
        GroupId its = registry.membershipOf(zenith.account).group;
        _refused(entry, abi.encodeWithSelector(ILots.SubjectNotOf.selector, LOT, entry.subject, its, owners));
        entry.subject = keccak256("nobody's");
        _refused(
            entry, abi.encodeWithSelector(ILots.SubjectNotOf.selector, LOT, entry.subject, GroupId.wrap(0), owners)
        );
    }

    function test_terms_out_of_range_are_refused() public {
        ILots.Entry memory entry = _entry();
        entry.id = LotId.wrap(0);
        _refused(entry, abi.encodeWithSelector(ILots.LotIdZero.selector));

        entry = _entry();
        uint256 most = type(uint56).max;
        entry.quantity = 0;
        _refused(entry, abi.encodeWithSelector(ILots.QuantityOutOfRange.selector, LOT, 0, most));
        entry.quantity = most + 1;
        _refused(entry, abi.encodeWithSelector(ILots.QuantityOutOfRange.selector, LOT, most + 1, most));

        entry = _entry();
        entry.enteredAt = uint40(block.timestamp + 1);
        _refused(entry, abi.encodeWithSelector(ILots.EntryInFuture.selector, LOT, block.timestamp + 1, block.timestamp));

        entry = _entry();
        entry.expiryDate = uint16(START / 1 days - 1);
        _refused(entry, abi.encodeWithSelector(ILots.ExpiredAtEntry.selector, LOT, START / 1 days - 1, START / 1 days));
    }

    function test_codes_of_another_shape_are_refused() public {
        bytes8[5] memory commodities = [bytes8("09011"), "0901x1", "0901110x", "", bytes8(hex"3039303131310030")];
        for (uint256 i = 0; i < commodities.length; ++i) {
            ILots.Entry memory entry = _entry();
            entry.commodity = commodities[i];
            _codeRefused(entry);
        }
        bytes3[4] memory units = [bytes3("K"), "kgm", "", "K M"];
        for (uint256 i = 0; i < units.length; ++i) {
            ILots.Entry memory entry = _entry();
            entry.unit = units[i];
            _codeRefused(entry);
        }
        bytes5[4] memory places = [bytes5("DEHA"), "deham", "D1HAM", "DEHa1"];
        for (uint256 i = 0; i < places.length; ++i) {
            ILots.Entry memory entry = _entry();
            entry.place = places[i];
            _codeRefused(entry);
        }
    }

    function _codeRefused(ILots.Entry memory entry) private {
        _refused(
            entry, abi.encodeWithSelector(ILots.CodeInvalid.selector, LOT, entry.commodity, entry.unit, entry.place)
        );
    }

    function test_codes_of_each_length_are_taken() public {
        bytes8[3] memory commodities = [bytes8("090111"), "0901110", "09011100"];
        bytes3[3] memory units = [bytes3("EA"), "C62", "KGM"];
        for (uint256 i = 0; i < 3; ++i) {
            ILots.Entry memory entry = _entry();
            (entry.commodity, entry.unit, entry.place) = (commodities[i], units[i], "US2A9");
            _announce(entry);
            assertEq(lots.announcedBy(lots.entryDigest(entry)), warehouse.account);
        }
    }

    function test_identifiers_out_of_range_are_refused() public {
        ILots.Entry memory entry = _entry();
        entry.identifiers = new bytes32[](0);
        _refused(entry, abi.encodeWithSelector(ILots.IdentifierCountOutOfRange.selector, LOT, 0, 64));
        entry.identifiers = new bytes32[](65);
        _refused(entry, abi.encodeWithSelector(ILots.IdentifierCountOutOfRange.selector, LOT, 65, 64));
        entry = _entry();
        entry.identifiers[1] = 0;
        _refused(entry, abi.encodeWithSelector(ILots.IdentifierZero.selector, LOT));
    }

    function test_the_same_again_is_refused() public {
        _announce(_entry());
        bytes32 digest = lots.entryDigest(_entry());
        _refused(_entry(), abi.encodeWithSelector(ILots.AlreadyAnnounced.selector, digest, warehouse.account));
    }

    function test_a_lot_that_exists_is_refused() public {
        _storeFirst();
        ILots.Entry memory entry = _entry();
        entry.sequence = 2;
        _refused(entry, abi.encodeWithSelector(ILots.LotExists.selector, LOT, ILots.State.Live));
    }

    function test_announcing_takes_nothing_from_anybody() public {
        ILots.Entry memory entry = _entry();
        vm.expectEmit(address(lots));
        emit ILots.LotAnnounced(LOT, warehouse.account, lots.entryDigest(entry), entry);
        _announce(entry);
        assertEq(_held(acme.account), 0);
        assertEq(LotId.unwrap(lots.lotOf(PALLET)), 0);
        assertEq(uint8(lots.stock(LOT).state), uint8(ILots.State.None));
        // The same pallets and number may be announced in other words: what is attested decides.
        entry.quantity = STORED / 2;
        _announce(entry);
    }

    function test_withdrawing_is_the_warehouses() public {
        ILots.Entry memory entry = _entry();
        bytes32 digest = lots.entryDigest(entry);
        vm.prank(warehouse.account);
        vm.expectRevert(abi.encodeWithSelector(ILots.NotAnnounced.selector, digest));
        lots.withdrawAnnouncement(entry);
        _announce(entry);
        vm.prank(harbour.account);
        vm.expectRevert(abi.encodeWithSelector(ILots.NotOperatorOf.selector, LOT, harbour.id, warehouse.id));
        lots.withdrawAnnouncement(entry);
        address other = makeAddr("Ember's other account");
        registry.admitAccount(warehouse.lei, other);
        vm.prank(other);
        vm.expectEmit(address(lots));
        emit ILots.AnnouncementWithdrawn(digest, other);
        lots.withdrawAnnouncement(entry);
        assertEq(lots.announcedBy(digest), address(0));
        _announce(entry);
    }

    function test_what_an_account_announced_that_has_left_can_be_withdrawn() public {
        address gone = makeAddr("Ember's former account");
        registry.admitAccount(warehouse.lei, gone);
        vm.prank(gone);
        lots.announce(_entry());
        registry.removeAccount(gone);
        vm.prank(warehouse.account);
        lots.withdrawAnnouncement(_entry());
        assertEq(lots.announcedBy(lots.entryDigest(_entry())), address(0));
    }

    function test_engagement_is_the_organisations() public {
        assertTrue(lots.isEngaged(acme.id, warehouse.id));
        vm.expectEmit(address(lots));
        emit ILots.OperatorEngaged(acme.id, warehouse.id, false);
        vm.prank(acme.account);
        lots.engageOperator(warehouse.id, false);
        assertFalse(lots.isEngaged(acme.id, warehouse.id));
        assertFalse(lots.isEngaged(OrganisationId.wrap(0), warehouse.id));
    }
}
