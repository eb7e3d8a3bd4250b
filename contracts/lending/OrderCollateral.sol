// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {IOrderEscrow} from "../settlement/interfaces/IOrderEscrow.sol";
import {FinancingId, OrderId, OrganisationId} from "../types/Ids.sol";
import {OrderPledges} from "./OrderPledges.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";

/// @title Keeps orders as their seller's collateral: their proceeds are assigned to this contract.
contract OrderCollateral is OrderPledges {
    /// @dev Flag of `IOrderEscrow.Order`.
    uint8 private constant BEGUN = 64;

    constructor(
        IOrderEscrow escrow_,
        IMilestoneOracle oracle_,
        IFinancingDesk desk_,
        address applications_,
        IParticipantRegistry registry_
    ) OrderPledges(escrow_, oracle_, desk_, applications_, registry_) {}

    // Internals

    /// @dev The escrow refuses a second assignment of the order, to this contract too.
    function _takeItem(uint256 itemId, uint256 units, address pledgor)
        internal
        override
        returns (uint16, OrganisationId)
    {
        OrderId id = OrderId.wrap(itemId);
        IOrderEscrow.Order memory order = _accepted(itemId);
        require(order.flags & BEGUN == 0, ItemOfEarlierGoods(itemId));
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

    function _pledgingSide(IOrderEscrow.Order memory order) internal pure override returns (OrganisationId) {
        return order.seller;
    }

    function _standingOf(uint256 itemId) internal view override returns (uint256 owed, uint256 sent) {
        (,,, owed, sent) = escrow.debtOf(OrderId.wrap(itemId));
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
}
