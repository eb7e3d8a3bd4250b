// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {IOrderEscrow} from "../settlement/interfaces/IOrderEscrow.sol";
import {FinancingId, OrderId, OrganisationId} from "../types/Ids.sol";
import {LadderedCollateral} from "./LadderedCollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Keeps purchase orders as collateral: their proceeds are assigned to this contract, all of them to the one
/// financing that the order backs.
contract OrderCollateral is LadderedCollateral {
    IOrderEscrow public immutable escrow;

    /// @dev What had been paid on the order when its proceeds were last brought in; what came later is here.
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

    // Internals

    /// @dev The escrow refuses a second assignment of the order, to this contract too.
    function _takeItem(uint256 itemId, uint256 units, address pledgor)
        internal
        override
        returns (uint16, OrganisationId)
    {
        OrderId id = OrderId.wrap(itemId);
        IOrderEscrow.Order memory order = _accepted(itemId);
        uint256 outstanding = escrow.outstanding(id);
        require(units != 0 && units <= outstanding, UnitsOutOfRange(itemId, units, outstanding));
        _requireWorthAPlace(itemId, units, order.value);

        _broughtIn[itemId] = order.paid;

        escrow.assignProceeds(id, pledgor);
        return (order.deliverBy, order.buyer);
    }

    function _releaseItem(uint256 itemId, uint256, address) internal override {
        escrow.releaseProceeds(OrderId.wrap(itemId));
    }

    /// @dev The assignment stays: whichever the buyer pays first, the order or what follows it, pays the financing. An
    /// invoice may count in it from now on.
    function _retireItem(FinancingId financing, uint256 itemId, address recipient) internal override {
        require(recipient == address(0), NothingToHandOn(financing, recipient));
        escrow.permitInvoicing(OrderId.wrap(itemId));
    }

    /// @dev An order has one seller, whichever of its accounts asks.
    function _reservationKey(uint256 itemId, address) internal view override returns (address) {
        return escrow.sellerOf(OrderId.wrap(itemId));
    }

    /// @dev The escrow knows no reservations: this contract alone heeds them, and it is the one that takes orders.
    function _reserveItem(uint256 itemId, address holder, uint40) internal view override {
        OrganisationId seller = _accepted(itemId).seller;
        require(registry.membershipOf(holder).organisation == seller, NotHolderOf(itemId, holder));
    }

    function _freeItem(uint256, address) internal pure override {}

    /// @dev The escrow has sent every payment since the assignment straight here.
    function _bringIn(uint256 itemId, uint256 units)
        internal
        override
        returns (uint256 cash, uint256 held, uint256 owed)
    {
        uint256 paid;
        (,,, owed, paid) = escrow.debtOf(OrderId.wrap(itemId));
        held = Math.min(units, owed);
        cash = paid - _broughtIn[itemId];
        if (cash != 0) _broughtIn[itemId] = paid;
    }

    function _debtOn(uint256 itemId)
        internal
        view
        override
        returns (uint256 outstanding, uint256 disputed, uint256 quantity, bool lends)
    {
        IOrderEscrow.State state;
        uint256 deliverBy;
        (state, deliverBy, quantity, outstanding,) = escrow.debtOf(OrderId.wrap(itemId));
        // In dispute nothing is lent on it: nobody knows how it will be split.
        lends = state == IOrderEscrow.State.Accepted && block.timestamp < (deliverBy + 1) * 1 days;
        disputed = 0;
    }

    function _heldOf(uint256, uint256 units, uint256 outstanding) internal pure override returns (uint256) {
        return Math.min(units, outstanding);
    }

    function _cashFor(uint256 itemId) internal view override returns (IERC20) {
        return escrow.cashOf(OrderId.wrap(itemId));
    }

    /// @dev Its facts earn its money, and the escrow gives no two orders one consignment.
    function _requireItsSubject(uint256 itemId, bytes32 subject) internal view override {
        bytes32 own = escrow.subjectOf(OrderId.wrap(itemId));
        require(subject == own, SubjectNotItsOwn(itemId, subject, own));
    }

    function _accepted(uint256 itemId) private view returns (IOrderEscrow.Order memory order) {
        order = escrow.order(OrderId.wrap(itemId));
        IOrderEscrow.State needed = IOrderEscrow.State.Accepted;
        require(order.state == needed, ItemNotFinanceable(itemId, uint8(order.state), uint8(needed)));
    }
}
