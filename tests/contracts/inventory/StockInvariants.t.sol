// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {StockKeeper} from "../support/StockKeeper.sol";
import {InventoryBase} from "./InventoryBase.sol";
import {StockHandler} from "./StockHandler.sol";

/// @dev Invariants 36 and 37, with facts through the real oracle.
contract StockInvariants is InventoryBase {
    StockHandler private _handler;
    Party private _zenith;

    function setUp() public override {
        super.setUp();
        _zenith = _admit("ZENITHPARTS", Roles.SUPPLIER);
        Party[6] memory parties = [acme, _zenith, borealis, warehouse, harbour, inspector];
        for (uint256 i = 0; i < 6; ++i) {
            registry.renewKyc(parties[i].lei, uint40(START + 3650 days));
        }
        registry.renewKyc(operator.lei, uint40(START + 3650 days));
        (address[] memory owners, address[] memory warehouses) = (new address[](3), new address[](2));
        (owners[0], owners[1], owners[2]) = (acme.account, _zenith.account, borealis.account);
        (warehouses[0], warehouses[1]) = (warehouse.account, harbour.account);
        uint256[] memory keys = new uint256[](3);
        (keys[0], keys[1], keys[2]) = (warehouse.key, harbour.key, inspector.key);
        StockKeeper[] memory keepers = new StockKeeper[](2);
        (keepers[0], keepers[1]) = (keeper, rival);
        bytes32[] memory subjects = new bytes32[](4);
        (subjects[0], subjects[1]) = (SHIPMENT, keccak256("Zenith's"));
        (subjects[2], subjects[3]) = (keccak256("Acme's second"), keccak256("Zenith's second"));
        _arrange(owners);
        lots.listGrader(address(keeper), true);
        _handler = new StockHandler(lots, oracle, owners, warehouses, keys, keepers, subjects);
        targetContract(address(_handler));
        targetSelector(FuzzSelector(address(_handler), _moves()));
        for (uint256 i = 0; i < 4; ++i) {
            _handler.store(i, i / 2, 1_000_000, 900_000 + i, 7 * i + 1, i == 3);
        }
    }

    function _arrange(address[] memory owners) private {
        vm.prank(acme.account);
        oracle.openSubject(keccak256("Acme's second"), new bytes32[](0));
        vm.startPrank(_zenith.account);
        oracle.openSubject(keccak256("Zenith's"), new bytes32[](0));
        oracle.openSubject(keccak256("Zenith's second"), new bytes32[](0));
        vm.stopPrank();
        for (uint256 i = 0; i < 3; ++i) {
            vm.startPrank(owners[i]);
            lots.setApprovalForAll(address(keeper), true);
            lots.setApprovalForAll(address(rival), true);
            if (i < 2) {
                lots.engageOperator(warehouse.id, true);
                lots.engageOperator(harbour.id, true);
            }
            if (i == 0) {
                lots.setPowerOfSale(address(keeper), true);
                lots.setPowerOfSale(address(rival), true);
            }
            vm.stopPrank();
        }
    }

    function _moves() private pure returns (bytes4[] memory moves) {
        moves = new bytes4[](16);
        moves[0] = StockHandler.store.selector;
        moves[1] = StockHandler.storeTwice.selector;
        moves[2] = StockHandler.pledge.selector;
        moves[3] = StockHandler.giveBack.selector;
        moves[4] = StockHandler.sell.selector;
        moves[5] = StockHandler.substitute.selector;
        moves[6] = StockHandler.passTitle.selector;
        moves[7] = StockHandler.passTitleInCustody.selector;
        moves[8] = StockHandler.order.selector;
        moves[9] = StockHandler.exit.selector;
        moves[10] = StockHandler.confirm.selector;
        moves[11] = StockHandler.lapse.selector;
        moves[12] = StockHandler.split.selector;
        moves[13] = StockHandler.merge.selector;
        moves[14] = StockHandler.grade.selector;
        moves[15] = StockHandler.wait_.selector;
    }

    function invariant_received_is_released_and_pledged_and_free() public view {
        for (uint256 i = 0; i < _handler.lotCount(); ++i) {
            LotId id = _handler.lots(i);
            ILots.Stock memory stock = lots.stock(id);
            uint256 sum = stock.released;
            for (uint256 who = 0; who < 3; ++who) {
                IGoodsRights.Position memory its = lots.position(id, _handler.owners(who));
                sum += uint256(its.free) + its.pledged + its.freeAside + its.pledgedAside;
            }
            assertEq(sum, stock.received);
            assertEq(stock.received, _handler.came(id));
            assertEq(stock.released, _handler.left(id));
        }
    }

    function invariant_titles_sum_to_what_is_held() public view {
        for (uint256 i = 0; i < _handler.lotCount(); ++i) {
            LotId id = _handler.lots(i);
            uint256 token = LotId.unwrap(id);
            uint256 held = lots.balanceOf(address(keeper), token) + lots.balanceOf(address(rival), token);
            uint256 owned = 0;
            for (uint256 who = 0; who < 3; ++who) {
                held += lots.balanceOf(_handler.owners(who), token);
                owned += lots.titleOf(id, _handler.owners(who));
            }
            assertEq(held, owned);
            assertEq(lots.titleOf(id, address(keeper)) + lots.titleOf(id, address(rival)), 0);
        }
    }

    function invariant_everybody_has_what_its_moves_gave_it() public view {
        for (uint256 i = 0; i < _handler.lotCount(); ++i) {
            LotId id = _handler.lots(i);
            for (uint256 who = 0; who < 3; ++who) {
                IGoodsRights.Position memory its = lots.position(id, _handler.owners(who));
                StockHandler.Holding memory expected = _handler.book(id, who);
                assertEq(its.free, expected.free);
                assertEq(its.pledged, expected.pledged);
                assertEq(its.freeAside, expected.freeAside);
                assertEq(its.pledgedAside, expected.pledgedAside);
            }
        }
    }

    function invariant_the_custodian_holds_what_is_pledged() public view {
        for (uint256 i = 0; i < _handler.lotCount(); ++i) {
            LotId id = _handler.lots(i);
            uint256 pledged = 0;
            for (uint256 who = 0; who < 3; ++who) {
                StockHandler.Holding memory its = _handler.book(id, who);
                pledged += its.pledged + its.pledgedAside;
            }
            uint256 with = _handler.keeperOf(id);
            address[3] memory custodians = [address(0), address(keeper), address(rival)];
            if (with != 0) assertEq(lots.balanceOf(custodians[with], LotId.unwrap(id)), pledged);
            else assertEq(pledged, 0);
            assertEq(lots.stock(id).inCustody, pledged);
            assertEq(lots.stock(id).custodian, with);
        }
    }

    function invariant_an_identifier_is_in_one_live_lot() public view {
        uint256 listed = 0;
        for (uint256 i = 0; i < _handler.lotCount(); ++i) {
            LotId id = _handler.lots(i);
            bytes32[] memory pallets = _handler.palletsOf(id);
            bool live = lots.stock(id).state == ILots.State.Live;
            if (live) assertEq(lots.stock(id).identifiers, pallets.length);
            else assertEq(pallets.length, 0);
            for (uint256 j = 0; j < pallets.length; ++j) {
                assertEq(LotId.unwrap(lots.lotOf(pallets[j])), LotId.unwrap(id));
            }
            listed += pallets.length;
        }
        uint256 taken = 0;
        for (uint256 i = 0; i < _handler.PALLETS(); ++i) {
            if (LotId.unwrap(lots.lotOf(keccak256(abi.encode("pallet", i)))) != 0) ++taken;
        }
        assertEq(taken, listed);
    }

    function invariant_a_lot_is_of_the_consignment_that_its_goods_came_by() public view {
        for (uint256 i = 0; i < _handler.lotCount(); ++i) {
            LotId id = _handler.lots(i);
            bytes32[] memory pallets = _handler.palletsOf(id);
            for (uint256 j = 0; j < pallets.length; ++j) {
                assertEq(lots.subjectOf(id), _handler.cameBy(pallets[j]));
            }
        }
    }

    function invariant_nothing_is_minted_beyond_its_facts() public view {
        uint256 received = 0;
        for (uint256 i = 0; i < _handler.lotCount(); ++i) {
            received += lots.stock(_handler.lots(i)).received;
        }
        assertEq(received, _handler.mintedIn());
        assertLe(received, _handler.attestedIn());
    }

    function invariant_nothing_leaves_beyond_its_facts() public view {
        uint256 released = 0;
        for (uint256 i = 0; i < _handler.lotCount(); ++i) {
            released += lots.stock(_handler.lots(i)).released;
        }
        assertEq(released, _handler.releasedOut());
        assertLe(released, _handler.attestedOut());
    }

    function invariant_what_is_set_aside_is_what_is_ordered() public view {
        uint256 ordered = 0;
        for (uint256 i = 0; i < _handler.orderCount(); ++i) {
            StockHandler.Placed memory it = _handler.placed(i);
            bytes32 digest = lots.orderOfExit(it.order.subject, it.order.sequence);
            assertEq(digest == lots.releaseOrderDigest(it.order), it.open);
            if (it.open) ordered += it.order.quantity;
        }
        uint256 aside = 0;
        for (uint256 i = 0; i < _handler.lotCount(); ++i) {
            for (uint256 who = 0; who < 3; ++who) {
                IGoodsRights.Position memory its = lots.position(_handler.lots(i), _handler.owners(who));
                aside += uint256(its.freeAside) + its.pledgedAside;
            }
        }
        assertEq(aside, ordered);
    }

    function invariant_a_condition_is_the_worst_of_what_went_in() public view {
        for (uint256 i = 0; i < _handler.lotCount(); ++i) {
            LotId id = _handler.lots(i);
            assertEq(lots.goods(id).condition, _handler.worst(id));
        }
    }

    function invariant_ends_are_ends_and_the_rest_is_live() public view {
        for (uint256 i = 0; i < _handler.lotCount(); ++i) {
            LotId id = _handler.lots(i);
            ILots.State expected = ILots.State.Live;
            if (_handler.came(id) == _handler.left(id)) expected = ILots.State.Released;
            if (_handler.isMerged(id)) expected = ILots.State.Merged;
            assertEq(uint8(lots.stock(id).state), uint8(expected));
        }
    }

    function invariant_what_must_be_refused_is_refused() public view {
        assertEq(_handler.leaks(), 0);
    }

    /// @dev Found by a run: the first owner, who gives the power to sell, bought goods in custody over which their owner
    /// had given none.
    function test_buyer_in_custody_takes_the_power_as_it_stands() public {
        _handler.pledge(1, 1, 1, 10);
        _handler.passTitleInCustody(1, 1, 0, 4);
        _handler.sell(1, 0, 2, 1);
        assertEq(_handler.done("passTitleInCustody"), 1);
        assertEq(_handler.done("sell"), 0);
        assertEq(_handler.leaks(), 0);
    }

    /// @dev A run of its own, so that nothing holds because nothing happened.
    function test_the_handler_does_everything() public {
        bytes4[] memory moves = _moves();
        // Two whole lots of the first owner, of its two consignments.
        _handler.merge(0, 2, 0);
        for (uint256 i = 0; i < 900; ++i) {
            uint256[] memory r = new uint256[](6);
            for (uint256 j = 0; j < 6; ++j) {
                r[j] = uint256(keccak256(abi.encode(i, j)));
            }
            bytes4 move = moves[r[5] % moves.length];
            if (move == StockHandler.order.selector) r[3] = r[3] % 2;
            if (move == StockHandler.store.selector) r[5] = 0;
            if (move == StockHandler.grade.selector) r[1] = r[1] % 8;
            (bool ok,) = address(_handler).call(abi.encodePacked(move, abi.encode(r[0], r[1], r[2], r[3], r[4], r[5])));
            assertTrue(ok, vm.toString(move));
        }
        string[16] memory verbs = [
            "store",
            "storeTwice",
            "pledge",
            "giveBack",
            "sell",
            "substitute",
            "passTitle",
            "passTitleInCustody",
            "order",
            "exit",
            "confirm",
            "lapse",
            "split",
            "merge",
            "kept apart",
            "grade"
        ];
        for (uint256 i = 0; i < verbs.length; ++i) {
            assertGt(_handler.done(verbs[i]), 0, verbs[i]);
        }
        assertEq(_handler.leaks(), 0);
        invariant_received_is_released_and_pledged_and_free();
        invariant_titles_sum_to_what_is_held();
        invariant_an_identifier_is_in_one_live_lot();
    }
}
