// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../inventory/interfaces/IGoodsRights.sol";
import {FacilityId, LotId} from "../types/Ids.sol";
import {InventoryBook} from "./InventoryBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IInventoryCollateral} from "./interfaces/IInventoryCollateral.sol";

/// @title For whom a holder's goods are kept. The token knows no reservations: the adapter alone heeds them, and it is the
/// one that takes goods; a holder who sells them meanwhile has none to pledge.
abstract contract GoodsReservations is IInventoryCollateral, InventoryBook {
    uint256 private constant MOST_RESERVATION = 7 days;

    address public immutable applications;

    modifier onlyApplications() {
        require(msg.sender == applications, OnlyApplications(msg.sender, applications));
        _;
    }

    constructor(address applications_) {
        applications = applications_;
    }

    // By the applications contract

    /// @inheritdoc ICollateral
    function reserve(FacilityId facility, address holder, uint256 itemId, uint40 until) external onlyApplications {
        uint256 latest = block.timestamp + MOST_RESERVATION;
        bool inRange = until > block.timestamp && until <= latest;
        require(inRange, ReservationOutOfRange(itemId, until, block.timestamp, latest));
        Reservation storage its = _reservations[itemId][holder];
        require(!_isLive(its), ItemReserved(itemId, holder, its.facility, its.until));
        require(goods.position(LotId.wrap(itemId), holder).free != 0, NotHolderOf(itemId, holder));

        _reservations[itemId][holder] = Reservation(facility, until);
        emit ReservationMade(facility, itemId, holder, until);
    }

    /// @inheritdoc ICollateral
    function endReservation(address holder, uint256 itemId) external onlyApplications {
        require(_isLive(_reservations[itemId][holder]), NotReserved(itemId, holder));
        _endReservation(holder, itemId);
    }

    // Views

    /// @inheritdoc ICollateral
    function reservationOf(uint256 itemId, address holder) external view returns (FacilityId facility, uint256 until) {
        Reservation storage its = _reservations[itemId][holder];
        if (_isLive(its)) (facility, until) = (its.facility, its.until);
    }

    // Internals

    /// @dev A live reservation is for this facility, and used up by it, or it is in the way.
    function _useReservation(FacilityId facility, address holder, uint256 itemId) internal {
        Reservation storage its = _reservations[itemId][holder];
        if (!_isLive(its)) return;
        FacilityId for_ = its.facility;
        bool isFor = FacilityId.unwrap(for_) == FacilityId.unwrap(facility);
        require(isFor, ItemReserved(itemId, holder, for_, its.until));
        _endReservation(holder, itemId);
    }

    function _endReservation(address holder, uint256 itemId) private {
        FacilityId facility = _reservations[itemId][holder].facility;
        delete _reservations[itemId][holder];
        emit ReservationEnded(facility, itemId, holder);
    }

    function _isLive(Reservation storage its) private view returns (bool) {
        return block.timestamp < its.until;
    }
}
