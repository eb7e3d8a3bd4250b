// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {IOrderEscrow} from "../settlement/interfaces/IOrderEscrow.sol";
import {FacilityId, OrderId, OrganisationId} from "../types/Ids.sol";
import {LadderedCollateral} from "./LadderedCollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What an order is as collateral, whichever of its parties pledges it: the escrow sends what is assigned straight
/// here, all of it for the one financing that the order backs.
abstract contract OrderPledges is LadderedCollateral {
    IOrderEscrow public immutable escrow;

    /// @dev What the escrow had sent to the pledging side when it was last brought in; what came later is here.
    mapping(uint256 itemId => uint256) internal _broughtIn;

    constructor(
        IOrderEscrow escrow_,
        IMilestoneOracle oracle_,
        IFinancingDesk desk_,
        address applications_,
        IParticipantRegistry registry_
    ) LadderedCollateral(oracle_, desk_, applications_, registry_) {
        escrow = escrow_;
    }

    // Per side of the order

    /// @return the party whose collateral the order is here
    function _pledgingSide(IOrderEscrow.Order memory order) internal pure virtual returns (OrganisationId);

    /// @return owed minor units that the order is still worth to its pledging side
    /// @return sent minor units that the escrow has sent to that side
    function _standingOf(uint256 itemId) internal view virtual returns (uint256 owed, uint256 sent);

    // Internals

    function _accepted(uint256 itemId) internal view returns (IOrderEscrow.Order memory order) {
        order = escrow.order(OrderId.wrap(itemId));
        IOrderEscrow.State needed = IOrderEscrow.State.Accepted;
        require(order.state == needed, ItemNotFinanceable(itemId, uint8(order.state), uint8(needed)));
    }

    /// @dev The escrow knows no reservations: this contract alone heeds them, and it is the one that takes the order.
    function _reserveItem(uint256 itemId, address holder, uint40) internal view override {
        OrganisationId side = _pledgingSide(_accepted(itemId));
        require(registry.membershipOf(holder).organisation == side, NotHolderOf(itemId, holder));
    }

    function _freeItem(uint256, address) internal pure override {}

    function _bringIn(uint256 itemId, uint256 units)
        internal
        override
        returns (uint256 cash, uint256 held, uint256 owed)
    {
        uint256 sent;
        (owed, sent) = _standingOf(itemId);
        held = Math.min(units, owed);
        cash = sent - _broughtIn[itemId];
        if (cash != 0) _broughtIn[itemId] = sent;
    }

    function _heldOf(uint256, uint256 units, uint256 outstanding) internal pure override returns (uint256) {
        return Math.min(units, outstanding);
    }

    function _cashFor(uint256 itemId) internal view override returns (IERC20) {
        return escrow.cashOf(OrderId.wrap(itemId));
    }

    /// @dev Its facts earn its money, and the escrow gives no two orders one consignment.
    function _requireItsSubject(FacilityId, uint256 itemId, bytes32 subject) internal view override {
        bytes32 own = escrow.subjectOf(OrderId.wrap(itemId));
        require(subject == own, SubjectNotItsOwn(itemId, subject, own));
    }
}
