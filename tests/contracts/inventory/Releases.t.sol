// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {GroupId, LotId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {InventoryBase} from "./InventoryBase.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/// @title Goods leave the warehouse: ordered, set aside, and off the books when their exit is attested.
contract Releases is InventoryBase {
    uint56 private constant HALF = uint56(STORED / 2);
    bytes32 private constant SPENT = bytes32(uint256(1));
    bytes32 private constant EXCEEDED = bytes32(uint256(2));

    function setUp() public override {
        super.setUp();
        _storeFirst();
    }

    function _place(IGoodsRights.ReleaseOrder memory order) private {
        vm.prank(acme.account);
        lots.orderRelease(order, "", "");
    }

    function _refused(IGoodsRights.ReleaseOrder memory order, bytes memory reason) private {
        vm.prank(acme.account);
        vm.expectRevert(reason);
        lots.orderRelease(order, "", "");
    }

    function _placePledged(uint256 units) private returns (IGoodsRights.ReleaseOrder memory order) {
        keeper.fetch(acme.account, LOT, HALF);
        order = _orderOfPledged(units);
        keeper.order(order, _sign(acme.key, lots.releaseOrderDigest(order)));
    }

    function _exit(uint32 sequence, uint256 quantity) private {
        _attestBoth(SHIPMENT, Milestones.RELEASED, sequence, uint64(quantity));
    }

    // Orders refused

    function test_a_deadline_out_of_range_is_refused() public {
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        uint256 latest = block.timestamp + 30 days;
        order.deadline = block.timestamp - 1;
        _refused(
            order,
            abi.encodeWithSelector(
                IGoodsRights.OrderDeadlineOutOfRange.selector, LOT, order.deadline, block.timestamp, latest
            )
        );
        order.deadline = latest + 1;
        _refused(
            order,
            abi.encodeWithSelector(
                IGoodsRights.OrderDeadlineOutOfRange.selector, LOT, latest + 1, block.timestamp, latest
            )
        );
    }

    function test_nothing_or_too_much_is_refused() public {
        _refused(_order(0), abi.encodeWithSelector(IGoodsRights.UnitsZero.selector, LOT));
        keeper.fetch(acme.account, LOT, HALF);
        _refused(
            _order(HALF + 1),
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, acme.account, HALF, HALF + 1, LotId.unwrap(LOT)
            )
        );
        IGoodsRights.ReleaseOrder memory order = _orderOfPledged(HALF + 1);
        bytes memory signature = _sign(acme.key, lots.releaseOrderDigest(order));
        vm.expectRevert(
            abi.encodeWithSelector(IGoodsRights.CustodyExceeded.selector, LOT, acme.account, HALF + 1, HALF)
        );
        keeper.order(order, signature);
    }

    function test_without_the_beneficiary_is_refused() public {
        keeper.fetch(acme.account, LOT, HALF);
        bytes memory unsigned = abi.encodeWithSelector(IGoodsRights.SignatureInvalid.selector, LOT, acme.account);
        IGoodsRights.ReleaseOrder memory order = _orderOfPledged(HALF);
        vm.expectRevert(unsigned);
        keeper.order(order, "");
        vm.prank(borealis.account);
        vm.expectRevert(unsigned);
        lots.orderRelease(order, "", "");
    }

    function test_without_the_custodian_is_refused() public {
        keeper.fetch(acme.account, LOT, HALF);
        _refused(
            _orderOfPledged(HALF), abi.encodeWithSelector(IGoodsRights.SignatureInvalid.selector, LOT, address(keeper))
        );
        IGoodsRights.ReleaseOrder memory order = _orderOfPledged(HALF);
        order.holder = address(rival);
        _refused(order, abi.encodeWithSelector(IGoodsRights.NotCustodianOf.selector, LOT, address(rival), 1));
        order.holder = borealis.account;
        _refused(order, abi.encodeWithSelector(IGoodsRights.NotCustodianOf.selector, LOT, borealis.account, 1));
    }

    function test_of_who_may_not_act_is_refused() public {
        registry.freezeAccount(acme.account);
        _refused(_order(HALF), abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account));
        registry.unfreezeAccount(acme.account);
        registry.suspendOrganisation(borealis.lei);
        _refused(
            _order(HALF),
            abi.encodeWithSelector(IParticipantRegistry.OrganisationIsSuspended.selector, borealis.account, borealis.id)
        );
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        order.to = makeAddr("nobody");
        _refused(order, abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, order.to));
    }

    function test_an_exit_of_anothers_consignment_is_refused() public {
        Party memory zenith = _admit("ZENITHPARTS", Roles.SUPPLIER);
        vm.prank(zenith.account);
        oracle.openSubject(keccak256("Zenith's"), new bytes32[](0));
        GroupId owners = registry.membershipOf(acme.account).group;
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        order.subject = keccak256("Zenith's");
        GroupId its = registry.membershipOf(zenith.account).group;
        _refused(order, abi.encodeWithSelector(ILots.SubjectNotOf.selector, LOT, order.subject, its, owners));
    }

    function test_an_exit_that_is_taken_is_refused() public {
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        _place(order);
        bytes32 digest = lots.releaseOrderDigest(order);
        assertEq(lots.orderOfExit(SHIPMENT, 1), digest);
        _refused(_order(1), abi.encodeWithSelector(IGoodsRights.ExitTaken.selector, SHIPMENT, uint32(1), digest));
        _exit(1, HALF);
        lots.confirmRelease(order);
        assertEq(lots.orderOfExit(SHIPMENT, 1), SPENT);
        _refused(_order(1), abi.encodeWithSelector(IGoodsRights.ExitTaken.selector, SHIPMENT, uint32(1), SPENT));
        order = _order(1);
        order.sequence = 0;
        _refused(order, abi.encodeWithSelector(IGoodsRights.ExitTaken.selector, SHIPMENT, uint32(0), bytes32(0)));
    }

    function test_an_order_counts_once() public {
        IGoodsRights.ReleaseOrder memory order = _order(1);
        order.sequence = 2;
        order.nonce = 1;
        _refused(order, abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, acme.account, 0));
        vm.prank(acme.account);
        lots.voidNextSignature();
        _place(order);
    }

    // Set aside

    function test_what_is_set_aside_does_not_move() public {
        _place(_order(HALF));
        _assertPosition(acme.account, HALF, 0, HALF, 0);
        assertEq(_held(acme.account), STORED);
        bytes memory reason = abi.encodeWithSelector(
            IERC1155Errors.ERC1155InsufficientBalance.selector, acme.account, HALF, HALF + 1, LotId.unwrap(LOT)
        );
        vm.expectRevert(reason);
        keeper.fetch(acme.account, LOT, HALF + 1);
        vm.prank(acme.account);
        vm.expectRevert(reason);
        lots.transferTitle(LOT, borealis.account, HALF + 1);
        IGoodsRights.ReleaseOrder memory second = _order(HALF + 1);
        second.sequence = 2;
        _refused(second, reason);
    }

    function test_what_is_set_aside_in_custody_does_not_move() public {
        vm.prank(acme.account);
        lots.setPowerOfSale(address(keeper), true);
        _placePledged(HALF);
        _assertPosition(acme.account, HALF, 0, 0, HALF);
        assertEq(_held(address(keeper)), HALF);
        assertEq(lots.appraisalOf(LOT, acme.account).pledged, 0);
        bytes memory reason = abi.encodeWithSelector(IGoodsRights.CustodyExceeded.selector, LOT, acme.account, 1, 0);
        vm.expectRevert(reason);
        keeper.giveBack(acme.account, LOT, 1);
        vm.expectRevert(reason);
        keeper.sell(LOT, acme.account, borealis.account, 1);
        _store(_secondEntry());
        vm.expectRevert(reason);
        keeper.substitute(LOT, 1, SECOND, 1, acme.account);
        IGoodsRights.TitleTransfer memory transfer = _title(borealis.account, 1);
        transfer.holder = address(keeper);
        bytes memory signature = _sign(acme.key, lots.titleTransferDigest(transfer));
        vm.expectRevert(reason);
        keeper.passTitle(transfer, signature);
    }

    // Agreement

    function test_a_relayed_order_of_both() public {
        keeper.fetch(acme.account, LOT, HALF);
        IGoodsRights.ReleaseOrder memory order = _orderOfPledged(HALF);
        bytes32 digest = lots.releaseOrderDigest(order);
        keeper.agree(digest);
        vm.expectEmit(address(lots));
        emit IGoodsRights.ReleaseOrdered(LOT, acme.account, digest, order);
        vm.prank(makeAddr("anybody"));
        lots.orderRelease(order, _sign(acme.key, digest), "");
        _assertPosition(acme.account, HALF, 0, 0, HALF);
    }

    function test_the_custodian_may_approve_by_call() public {
        keeper.fetch(acme.account, LOT, HALF);
        IGoodsRights.ReleaseOrder memory order = _orderOfPledged(HALF);
        keeper.approveDigest(lots.releaseOrderDigest(order), true);
        _place(order);
        _assertPosition(acme.account, HALF, 0, 0, HALF);
    }

    function test_a_buyer_orders_what_it_owns_now() public {
        vm.prank(acme.account);
        lots.transferTitle(LOT, borealis.account, HALF);
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        (order.beneficiary, order.holder) = (borealis.account, borealis.account);
        vm.prank(borealis.account);
        lots.orderRelease(order, "", "");
        _exit(1, HALF);
        lots.confirmRelease(order);
        assertEq(lots.titleOf(LOT, borealis.account), 0);
        assertEq(lots.titleOf(LOT, acme.account), STORED - HALF);
    }

    function test_an_exit_of_a_consignment_of_its_own() public {
        bytes32 outbound = keccak256("to Borealis");
        vm.prank(acme.account);
        oracle.openSubject(outbound, new bytes32[](0));
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        order.subject = outbound;
        _place(order);
        _exit(1, HALF);
        vm.expectPartialRevert(IGoodsRights.ExitNotAttested.selector);
        lots.confirmRelease(order);
        _attestBoth(outbound, Milestones.RELEASED, 1, HALF);
        lots.confirmRelease(order);
        assertEq(lots.stock(LOT).released, HALF);
    }

    // Confirmation

    function test_an_order_that_was_not_placed_is_refused() public {
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        bytes memory reason = abi.encodeWithSelector(IGoodsRights.OrderNotOpen.selector, lots.releaseOrderDigest(order));
        _exit(1, HALF);
        vm.expectRevert(reason);
        lots.confirmRelease(order);
        vm.expectRevert(reason);
        lots.lapseRelease(order);
        vm.expectRevert(reason);
        lots.declineRelease(order);
        _place(order);
        order.quantity -= 1;
        vm.expectPartialRevert(IGoodsRights.OrderNotOpen.selector);
        lots.confirmRelease(order);
        order.quantity += 1;
        lots.confirmRelease(order);
        vm.expectRevert(reason);
        lots.confirmRelease(order);
    }

    function test_without_an_attested_exit_is_refused() public {
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        _place(order);
        _unattested(order, IMilestoneOracle.Status.None);
        _attestOne(warehouse, Milestones.RELEASED, 1, HALF);
        _unattested(order, IMilestoneOracle.Status.Gathering);
        _attestOne(inspector, Milestones.RELEASED, 1, HALF / 2);
        _unattested(order, IMilestoneOracle.Status.Disputed);
    }

    function test_an_exit_that_nobody_measured_is_refused() public {
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        _place(order);
        _exit(1, 0);
        _unattested(order, IMilestoneOracle.Status.Final);
    }

    function _unattested(IGoodsRights.ReleaseOrder memory order, IMilestoneOracle.Status status) private {
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.ExitNotAttested.selector, SHIPMENT, uint32(1), status, 0));
        lots.confirmRelease(order);
    }

    function test_goods_leave_the_books() public {
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        _place(order);
        _exit(1, HALF);
        bytes32 digest = lots.releaseOrderDigest(order);
        vm.expectEmit(address(lots));
        emit IGoodsRights.GoodsReleased(LOT, acme.account, digest, borealis.account, HALF, 0);
        vm.expectEmit(address(lots));
        emit IERC1155.TransferSingle(address(this), acme.account, address(0), LotId.unwrap(LOT), HALF);
        lots.confirmRelease(order);
        _assertPosition(acme.account, uint56(STORED) - HALF, 0, 0, 0);
        assertEq(lots.stock(LOT).released, HALF);
        assertEq(_held(acme.account), STORED - HALF);
        assertEq(LotId.unwrap(lots.lotOf(PALLET)), LotId.unwrap(LOT));
    }

    function test_goods_leave_custody_with_its_power_of_sale() public {
        vm.prank(acme.account);
        lots.setPowerOfSale(address(keeper), true);
        IGoodsRights.ReleaseOrder memory order = _placePledged(HALF);
        _exit(1, HALF);
        lots.confirmRelease(order);
        assertEq(_held(address(keeper)), 0);
        assertEq(lots.stock(LOT).custodian, 0);
        assertFalse(lots.position(LOT, acme.account).sellable);
        assertEq(lots.titleOf(LOT, acme.account), STORED - HALF);
    }

    function test_it_is_a_fact_whoever_is_frozen_or_late() public {
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        _place(order);
        vm.warp(order.deadline + 1 days);
        _exit(1, HALF);
        registry.freezeAccount(acme.account);
        lots.stop(ILots.Stoppable.Custody);
        lots.stop(ILots.Stoppable.Minting);
        lots.confirmRelease(order);
        assertEq(lots.stock(LOT).released, HALF);
    }

    function test_what_did_not_leave_is_free_again() public {
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        _place(order);
        _exit(1, HALF / 4);
        lots.confirmRelease(order);
        _assertPosition(acme.account, uint56(STORED) - HALF / 4, 0, 0, 0);
    }

    function testFuzz_never_more_than_ordered_or_measured(uint256 ordered, uint64 counted, uint256 off) public {
        ordered = bound(ordered, 1, STORED);
        counted = uint64(bound(counted, 1, 10 * STORED));
        uint64 other = counted - uint64(bound(off, 0, counted / 100));
        IGoodsRights.ReleaseOrder memory order = _order(ordered);
        _place(order);
        _attestOne(inspector, Milestones.RELEASED, 1, other);
        _attestOne(warehouse, Milestones.RELEASED, 1, counted);
        lots.confirmRelease(order);

        uint256 left = counted < ordered ? counted : ordered;
        assertEq(lots.stock(LOT).released, left);
        assertEq(_held(acme.account), STORED - left);
        _assertPosition(acme.account, uint56(STORED - left), 0, 0, 0);
    }

    // More than was ordered

    function _exceeded() private returns (IGoodsRights.ReleaseOrder memory order) {
        order = _order(HALF / 2);
        _place(order);
        _exit(1, HALF);
        lots.confirmRelease(order);
    }

    function test_an_exit_that_was_exceeded_is_not_another_consignments() public {
        _exceeded();
        bytes32 other = keccak256("Acme's other");
        vm.prank(acme.account);
        oracle.openSubject(other, new bytes32[](0));
        ILots.Entry memory entry = _secondEntry();
        entry.subject = other;
        _store(entry);
        IGoodsRights.ReleaseOrder memory order = _order(HALF / 2);
        order.id = SECOND;
        _refused(order, abi.encodeWithSelector(IGoodsRights.ExitTaken.selector, SHIPMENT, uint32(1), EXCEEDED));
    }

    function test_more_than_was_ordered_keeps_the_exit_open() public {
        IGoodsRights.ReleaseOrder memory order = _order(HALF / 2);
        _place(order);
        _exit(1, HALF);
        vm.expectEmit(address(lots));
        emit IGoodsRights.ExitExceeded(LOT, SHIPMENT, 1, HALF, HALF / 2);
        lots.confirmRelease(order);
        assertEq(lots.orderOfExit(SHIPMENT, 1), EXCEEDED);
        assertEq(lots.stock(LOT).released, HALF / 2);

        order = _order(HALF);
        _place(order);
        vm.expectEmit(address(lots));
        emit IGoodsRights.ExitReconciled(LOT, SHIPMENT, 1);
        lots.confirmRelease(order);
        assertEq(lots.orderOfExit(SHIPMENT, 1), SPENT);
        assertEq(lots.stock(LOT).released, HALF, "what left, and no more");
        _assertPosition(acme.account, uint56(STORED) - HALF, 0, 0, 0);
    }

    function test_what_witnesses_may_differ_by_is_no_excess() public {
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        _place(order);
        _exit(1, uint256(HALF) * 101 / 100);
        lots.confirmRelease(order);
        assertEq(lots.orderOfExit(SHIPMENT, 1), SPENT);
    }

    function test_an_excess_at_another_consignments_exit_is_told_of() public {
        bytes32 outbound = keccak256("to Borealis");
        vm.prank(acme.account);
        oracle.openSubject(outbound, new bytes32[](0));
        for (uint256 i = 0; i < 2; ++i) {
            assertEq(lots.orderOfExit(SHIPMENT, 0), bytes32(i));
            IGoodsRights.ReleaseOrder memory order = _order(HALF / 2);
            order.subject = outbound;
            _place(order);
            if (i == 0) _attestBoth(outbound, Milestones.RELEASED, 1, HALF);
            lots.confirmRelease(order);
        }
        assertEq(lots.orderOfExit(SHIPMENT, 0), 0, "and that it is explained");
        assertEq(lots.stock(LOT).released, HALF);
    }

    function test_an_exit_in_dispute_is_open_to_further_orders_or_declined() public {
        oracle.setPolicy(
            Milestones.RELEASED, IMilestoneOracle.Policy(2, uint8(Roles.ORACLE_ROLES), 0, 100, 365 days, 1 hours, 0)
        );
        _exceeded();
        IGoodsRights.ReleaseOrder memory order = _order(HALF / 2);
        _place(order);
        _retractExit();
        vm.warp(order.deadline + 1);
        lots.lapseRelease(order);
        assertEq(lots.orderOfExit(SHIPMENT, 1), EXCEEDED, "a lapsed order explains nothing");
        order = _order(HALF / 2);
        _place(order);
        vm.prank(warehouse.account);
        lots.declineRelease(order);
        assertEq(lots.orderOfExit(SHIPMENT, 1), SPENT, "the warehouse says that nothing has left");
        _assertPosition(acme.account, uint56(STORED) - HALF / 2, 0, 0, 0);
    }

    /// @dev The inspector takes back what it said of the exit.
    function _retractExit() private {
        IMilestoneOracle.Observation[] memory observations = new IMilestoneOracle.Observation[](1);
        observations[0] =
            IMilestoneOracle.Observation(SHIPMENT, Milestones.RELEASED, 1, uint64(block.timestamp - 1 hours), HALF);
        IMilestoneOracle.Vote memory vote = _vote(inspector, observations, 1);
        vm.prank(inspector.account);
        oracle.retract(observations, 0, vote, keccak256("correction"));
    }

    function test_a_lot_that_is_gone_frees_its_identifiers() public {
        IGoodsRights.ReleaseOrder memory order = _order(STORED);
        _place(order);
        _exit(1, STORED);
        vm.expectEmit(address(lots));
        emit IGoodsRights.LotReleased(LOT);
        lots.confirmRelease(order);
        assertEq(uint8(lots.stock(LOT).state), uint8(ILots.State.Released));
        assertEq(LotId.unwrap(lots.lotOf(PALLET)), 0);
        ILots.Entry memory again = _secondEntry();
        again.identifiers[0] = PALLET;
        _store(again);
        assertEq(LotId.unwrap(lots.lotOf(PALLET)), LotId.unwrap(SECOND));
        assertEq(uint8(lots.appraisalOf(LOT, acme.account).state), uint8(ILots.State.Released));
    }

    function test_the_number_of_a_lot_that_is_gone_stays_spent() public {
        IGoodsRights.ReleaseOrder memory order = _order(STORED);
        _place(order);
        _exit(1, STORED);
        lots.confirmRelease(order);
        ILots.Entry memory again = _secondEntry();
        again.id = LOT;
        vm.prank(warehouse.account);
        vm.expectRevert(abi.encodeWithSelector(ILots.LotExists.selector, LOT, ILots.State.Released));
        lots.announce(again);
    }

    // Lapse and refusal

    function test_before_its_time_is_up_it_does_not_lapse() public {
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        _place(order);
        vm.warp(order.deadline);
        bytes32 digest = lots.releaseOrderDigest(order);
        vm.expectRevert(
            abi.encodeWithSelector(IGoodsRights.OrderNotLapsed.selector, digest, order.deadline, order.deadline)
        );
        lots.lapseRelease(order);
    }

    function test_with_a_reported_exit_it_does_not_lapse() public {
        oracle.setPolicy(
            Milestones.RELEASED,
            IMilestoneOracle.Policy(2, uint8(Roles.ORACLE_ROLES), 0, 100, 365 days, 1 hours, 2 days)
        );
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        _place(order);
        vm.warp(order.deadline + 1);
        _exit(1, HALF);
        bytes memory reason = abi.encodeWithSelector(IGoodsRights.ExitReported.selector, lots.releaseOrderDigest(order));
        vm.expectRevert(reason);
        lots.lapseRelease(order);
        vm.prank(warehouse.account);
        vm.expectRevert(reason);
        lots.declineRelease(order);
        _unattested(order, IMilestoneOracle.Status.Gathering);
        skip(2 days + 1);
        lots.confirmRelease(order);
    }

    function test_a_lapsed_order_frees_its_units_and_its_exit() public {
        IGoodsRights.ReleaseOrder memory order = _placePledged(HALF);
        vm.warp(order.deadline + 1);
        vm.expectEmit(address(lots));
        emit IGoodsRights.ReleaseLapsed(LOT, acme.account, lots.releaseOrderDigest(order));
        lots.lapseRelease(order);
        _assertPosition(acme.account, uint56(STORED) - HALF, HALF, 0, 0);
        assertEq(lots.orderOfExit(SHIPMENT, 1), 0);
        _place(_order(HALF));
    }

    function test_declining_is_the_warehouses() public {
        IGoodsRights.ReleaseOrder memory order = _order(HALF);
        _place(order);
        vm.prank(harbour.account);
        vm.expectRevert(abi.encodeWithSelector(ILots.NotOperatorOf.selector, LOT, harbour.id, warehouse.id));
        lots.declineRelease(order);
        vm.prank(acme.account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, acme.account, Roles.SUPPLIER, Roles.WAREHOUSE
            )
        );
        lots.declineRelease(order);
    }

    function test_a_declined_order_cannot_be_placed_again() public {
        IGoodsRights.ReleaseOrder memory order = _placePledged(HALF);
        vm.expectEmit(address(lots));
        emit IGoodsRights.ReleaseDeclined(LOT, acme.account, lots.releaseOrderDigest(order));
        vm.prank(warehouse.account);
        lots.declineRelease(order);
        _assertPosition(acme.account, uint56(STORED) - HALF, HALF, 0, 0);
        bytes memory signature = _sign(acme.key, lots.releaseOrderDigest(order));
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.ExitTaken.selector, SHIPMENT, uint32(1), SPENT));
        keeper.order(order, signature);
    }
}
