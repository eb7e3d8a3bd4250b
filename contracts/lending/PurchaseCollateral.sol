// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {IOrderEscrow} from "../settlement/interfaces/IOrderEscrow.sol";
import {FacilityId, FinancingId, LotId, OrderId, OrganisationId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Ladder} from "./Ladder.sol";
import {LadderedCollateral} from "./LadderedCollateral.sol";
import {OrderPledges} from "./OrderPledges.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IPurchaseCollateral} from "./interfaces/IPurchaseCollateral.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Keeps orders as their buyer's collateral: their refunds are assigned to this contract.
contract PurchaseCollateral is OrderPledges, IPurchaseCollateral {
    constructor(
        IOrderEscrow escrow_,
        IMilestoneOracle oracle_,
        IFinancingDesk desk_,
        address applications_,
        IParticipantRegistry registry_
    ) OrderPledges(escrow_, oracle_, desk_, applications_, registry_) {}

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

    function _pledgingSide(IOrderEscrow.Order memory order) internal pure override returns (OrganisationId) {
        return order.buyer;
    }

    /// @dev Worth is what of the order has become goods, or may yet.
    function _standingOf(uint256 itemId) internal view override returns (uint256 owed, uint256 sent) {
        OrderId id = OrderId.wrap(itemId);
        IOrderEscrow.Funds memory funds = escrow.fundsOf(id);
        return (escrow.order(id).value - funds.waived, funds.refunded);
    }

    function _debtOn(uint256 itemId)
        internal
        view
        override
        returns (uint256 outstanding, uint256 disputed, uint256 quantity, bool lends)
    {
        IOrderEscrow.Order memory order = escrow.order(OrderId.wrap(itemId));
        (outstanding,) = _standingOf(itemId);
        (disputed, quantity) = (0, order.quantity);
        bool inTime = block.timestamp < (uint256(order.deliverBy) + 1) * 1 days;
        lends = order.state == IOrderEscrow.State.Accepted && inTime;
    }

    function _requireCovered(FinancingId financing) private view {
        uint256 owed = desk.owedInAll(financing);
        (uint256 base,) = desk.availability(financing);
        require(owed <= base, DeliveryUncovered(financing, owed, base));
    }
}
