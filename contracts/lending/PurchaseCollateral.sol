// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {IOrderEscrow} from "../settlement/interfaces/IOrderEscrow.sol";
import {FacilityId, FinancingId, LotId, OrderId, OrganisationId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Ladder} from "./Ladder.sol";
import {LadderedCollateral} from "./LadderedCollateral.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IPurchaseCollateral} from "./interfaces/IPurchaseCollateral.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Keeps orders as their buyer's collateral.
contract PurchaseCollateral is LadderedCollateral, IPurchaseCollateral {
    IOrderEscrow public immutable escrow;

    /// @dev What had gone back to the buyer's side when refunds were last brought in; what came later is here.
    mapping(uint256 itemId => uint256) private _broughtIn;

    constructor(
        IOrderEscrow escrow_,
        IMilestoneOracle oracle_,
        IFinancingDesk desk_,
        address applications_,
        IParticipantRegistry registry_
    ) LadderedCollateral(oracle_, desk_, applications_, registry_) {
        escrow = escrow_;
    }

    // By the supplier

    /// @inheritdoc IPurchaseCollateral
    function takeDelivery(
        FinancingId financing,
        IOrderEscrow.Delivery calldata delivery,
        ICollateral to,
        bytes32 subject
    ) external nonReentrant {
        uint256 itemId = _pledges[financing].itemId;
        require(itemId != 0, PledgeUnknown(financing));
        OrderId needed = OrderId.wrap(itemId);
        require(OrderId.unwrap(delivery.id) == itemId, DeliveryOfOtherOrder(financing, delivery.id, needed));
        IFinancingDesk.Financing memory its = desk.financing(financing);
        address supplier = desk.facility(its.facility).terms.supplier;
        require(msg.sender == supplier, IFinancingDesk.NotSupplierOf(its.facility, msg.sender, supplier));
        desk.requireActing(its.facility);
        uint256 lot = LotId.unwrap(delivery.lot);
        emit DeliveryTaken(financing, needed, lot);

        escrow.deliver(delivery, supplier);
        if (its.collateral == this) desk.handOver(financing, to, lot, delivery.quantity, subject, address(0));
        else _requireCovered(financing);
    }

    // Views

    /// @inheritdoc ICollateral
    function knowsSubjects() external pure override(LadderedCollateral, ICollateral) returns (bool) {
        return true;
    }

    // Internals

    /// @dev Nothing that a fact could raise, and no way for the money but to the order.
    function _requireTerms(FacilityId facility, Ladder steps) internal view override {
        require(desk.facility(facility).terms.earmarked, FacilityNotEarmarked(facility));
        require(steps.milestones() == Milestones.ACCEPTED, LadderInvalid(facility, 0));
    }

    function _requireItsSubject(uint256 itemId, bytes32 subject) internal view override {
        bytes32 own = escrow.subjectOf(OrderId.wrap(itemId));
        require(subject == own, SubjectNotItsOwn(itemId, subject, own));
    }

    /// @dev The escrow refuses a second assignment of the order's refunds, to this contract too. It is the seller's risk:
    /// the goods are owed by it.
    function _takeItem(uint256 itemId, uint256 units, address pledgor)
        internal
        override
        returns (uint16, OrganisationId)
    {
        OrderId id = OrderId.wrap(itemId);
        IOrderEscrow.Order memory order = _accepted(itemId);
        require(units != 0 && units <= order.value, UnitsOutOfRange(itemId, units, order.value));
        _requireWorthAPlace(itemId, units, order.value);

        _broughtIn[itemId] = escrow.fundsOf(id).refunded;

        escrow.assignRefunds(id, pledgor);
        uint256 refundDay = uint256(order.deliverBy) + order.graceDays;
        // The cast is safe: no later than the last day that can be booked.
        return (uint16(Math.min(refundDay, type(uint16).max)), order.seller);
    }

    function _releaseItem(uint256 itemId, uint256, address) internal override {
        escrow.releaseRefunds(OrderId.wrap(itemId));
    }

    /// @dev The assignment stays: what is not delivered goes back to the financing.
    function _retireItem(FinancingId financing, uint256, address recipient) internal pure override {
        require(recipient == address(0), NothingToHandOn(financing, recipient));
    }

    /// @dev An order has one buyer, whichever of its accounts asks.
    function _reservationKey(uint256 itemId, address) internal view override returns (address) {
        return escrow.buyerOf(OrderId.wrap(itemId));
    }

    /// @dev The escrow knows no reservations: this contract alone heeds them, and it is the one that takes refunds.
    function _reserveItem(uint256 itemId, address holder, uint40) internal view override {
        OrganisationId buyer = _accepted(itemId).buyer;
        require(registry.membershipOf(holder).organisation == buyer, NotHolderOf(itemId, holder));
    }

    function _freeItem(uint256, address) internal pure override {}

    /// @dev The escrow has sent every refund since the assignment straight here.
    function _bringIn(uint256 itemId, uint256 units)
        internal
        override
        returns (uint256 cash, uint256 held, uint256 owed)
    {
        uint256 refunded;
        (owed, refunded) = _worthOfOrder(itemId);
        held = Math.min(units, owed);
        cash = refunded - _broughtIn[itemId];
        if (cash != 0) _broughtIn[itemId] = refunded;
    }

    function _debtOn(uint256 itemId)
        internal
        view
        override
        returns (uint256 outstanding, uint256 disputed, uint256 quantity, bool lends)
    {
        IOrderEscrow.Order memory order = escrow.order(OrderId.wrap(itemId));
        (outstanding,) = _worthOfOrder(itemId);
        (disputed, quantity) = (0, order.quantity);
        bool inTime = block.timestamp < (uint256(order.deliverBy) + 1) * 1 days;
        lends = order.state == IOrderEscrow.State.Accepted && inTime;
    }

    function _heldOf(uint256, uint256 units, uint256 outstanding) internal pure override returns (uint256) {
        return Math.min(units, outstanding);
    }

    function _cashFor(uint256 itemId) internal view override returns (IERC20) {
        return escrow.cashOf(OrderId.wrap(itemId));
    }

    /// @return value minor units of the order that have become goods, or may yet
    /// @return refunded minor units that have gone back
    function _worthOfOrder(uint256 itemId) private view returns (uint256 value, uint256 refunded) {
        OrderId id = OrderId.wrap(itemId);
        IOrderEscrow.Funds memory funds = escrow.fundsOf(id);
        return (escrow.order(id).value - funds.waived, funds.refunded);
    }

    function _accepted(uint256 itemId) private view returns (IOrderEscrow.Order memory order) {
        order = escrow.order(OrderId.wrap(itemId));
        IOrderEscrow.State needed = IOrderEscrow.State.Accepted;
        require(order.state == needed, ItemNotFinanceable(itemId, uint8(order.state), uint8(needed)));
    }

    function _requireCovered(FinancingId financing) private view {
        uint256 owed = desk.owedInAll(financing);
        (uint256 base,) = desk.availability(financing);
        require(owed <= base, DeliveryUncovered(financing, owed, base));
    }
}
