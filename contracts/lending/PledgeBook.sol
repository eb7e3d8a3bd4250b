// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProceedsReceiver} from "../receivables/interfaces/IProceedsReceiver.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {Ladder, LadderCoder} from "./Ladder.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @dev A bound on the work of an allotment. Four financings lie in one word.
uint256 constant MOST_PLEDGES = 16;

/// @title Who has which part of an item, what came in for it, and for whom an item is kept.
abstract contract PledgeBook is ICollateral, IProceedsReceiver, ReentrancyGuardTransient {
    using SafeCast for uint256;

    /// @dev Four words: a draw reads the first two, and the other two lie apart for its sake. Every amount is in minor
    /// units of the item's own currency, also where the pool has another.
    /// @param units still in custody for it, minor units of the item's value
    /// @param owed minor units that were owed on the whole item when `units` were set. Whatever takes units out of custody
    /// lowers what is owed, and nothing raises it: while as much is owed, `units` are what is left
    /// @param flags bits: SHARED the item has had another pledge beside it, and only then is the item's sum looked up;
    /// MATCHED the item is worth at most what its order, shipment and receipt agree with; FOREIGN it is paid in another
    /// currency than the pool lends
    /// @param ladder as it was when the pledge was made or its financing taken over; a later one does not touch it
    /// @param cash minor units that came in for it and were not forwarded yet
    struct Pledge {
        uint256 itemId;
        uint56 units;
        uint56 owed;
        uint8 flags;
        Ladder ladder;
        bytes32 subject;
        uint56 cash;
    }

    /// @param units of all its pledges
    struct Item {
        uint56 units;
        uint8 pledges;
        FinancingId[MOST_PLEDGES] financings;
    }

    struct Reservation {
        FacilityId facility;
        uint40 until;
    }

    uint8 internal constant SHARED = 1;
    uint8 internal constant MATCHED = 2;
    uint8 internal constant FOREIGN = 4;
    uint256 internal constant MOST_RESERVATION = 7 days;
    /// @dev What a hint's stipend pays for; the others are forwarded by anyone.
    uint256 private constant MOST_FORWARDS = 4;
    /// @dev Gas without which no further forwarding is begun: more than a waterfall takes.
    uint256 private constant FORWARD_GAS = 150_000;
    /// @dev Gas kept back from the desk, to book a forwarding that failed: a word that becomes nonzero once more (20,000),
    /// its event, and what is left to do.
    uint256 private constant KEPT_GAS = 40_000;

    IFinancingDesk public immutable desk;
    address public immutable applications;

    mapping(FinancingId => Pledge) internal _pledges;
    mapping(uint256 itemId => Item) internal _items;
    mapping(uint256 itemId => mapping(address holder => Reservation)) private _reservations;

    modifier onlyDesk() {
        require(msg.sender == address(desk), OnlyDesk(msg.sender, address(desk)));
        _;
    }

    modifier onlyApplications() {
        require(msg.sender == applications, OnlyApplications(msg.sender, applications));
        _;
    }

    constructor(IFinancingDesk desk_, address applications_) {
        desk = desk_;
        applications = applications_;
    }

    // By the desk

    /// @inheritdoc ICollateral
    function changeLadder(FinancingId financing, FacilityId, Step[] calldata steps) external onlyDesk {
        require(_pledges[financing].itemId != 0, PledgeUnknown(financing));

        _pledges[financing].ladder = LadderCoder.pack(steps);
    }

    // By the applications contract

    /// @inheritdoc ICollateral
    function reserve(FacilityId facility, address holder, uint256 itemId, uint40 until) external onlyApplications {
        uint256 latest = block.timestamp + MOST_RESERVATION;
        bool inRange = until > block.timestamp && until <= latest;
        require(inRange, ReservationOutOfRange(itemId, until, block.timestamp, latest));
        address key = _reservationKey(itemId, holder);
        Reservation storage reservation = _reservations[itemId][key];
        require(!_isLive(reservation), ItemReserved(itemId, holder, reservation.facility, reservation.until));

        _reservations[itemId][key] = Reservation(facility, until);
        emit ReservationMade(facility, itemId, holder, until);

        _reserveItem(itemId, holder, until);
    }

    /// @inheritdoc ICollateral
    function endReservation(address holder, uint256 itemId) external onlyApplications {
        require(_isLive(_reservations[itemId][_reservationKey(itemId, holder)]), NotReserved(itemId, holder));

        _endReservation(itemId, holder);
    }

    // By anyone

    /// @inheritdoc IProceedsReceiver
    /// @dev A financing whose money the desk does not take keeps it here and holds up none of the others.
    function onProceeds(uint256 itemId) external nonReentrant {
        Item storage item = _items[itemId];
        uint256 pledges = item.pledges;
        require(pledges != 0, ItemUnknown(itemId));
        _allot(itemId, item);

        uint256 forwards;
        for (uint256 i; i < pledges && forwards < MOST_FORWARDS && gasleft() > FORWARD_GAS; ++i) {
            FinancingId financing = item.financings[i];
            if (_pledges[financing].cash == 0) continue;
            _tryForward(financing, itemId);
            ++forwards;
        }
    }

    /// @inheritdoc ICollateral
    function forward(FinancingId financing) external nonReentrant returns (uint256 forwarded) {
        uint256 itemId = _pledges[financing].itemId;
        require(itemId != 0, PledgeUnknown(financing));
        _allot(itemId, _items[itemId]);
        return _forward(financing, itemId);
    }

    // By itself

    /// @notice Exchanges a financing's money, allotted already, and hands it over. This contract only, for each financing
    /// that a payment reaches.
    /// @dev External so that what fails of an exchange is undone alone; the guard is the caller's.
    function forwardForeign(FinancingId financing) external {
        require(msg.sender == address(this), OnlyItself(msg.sender, address(this)));
        _forward(financing, _pledges[financing].itemId);
    }

    // Views

    /// @inheritdoc ICollateral
    function pledgeOf(FinancingId financing) external view returns (uint256 itemId, bytes32 subject, uint256 units) {
        Pledge storage pledge = _pledges[financing];
        return (pledge.itemId, pledge.subject, pledge.units);
    }

    /// @inheritdoc ICollateral
    function subjectOf(FinancingId financing) external view returns (bytes32) {
        return _pledges[financing].subject;
    }

    /// @inheritdoc ICollateral
    function cashOf(FinancingId financing) external view returns (uint256) {
        return _pledges[financing].cash;
    }

    /// @inheritdoc ICollateral
    function financingsOf(uint256 itemId) external view returns (FinancingId[] memory financings) {
        Item storage item = _items[itemId];
        financings = new FinancingId[](item.pledges);
        for (uint256 i; i < financings.length; ++i) {
            financings[i] = item.financings[i];
        }
    }

    /// @inheritdoc ICollateral
    function unitsOf(uint256 itemId) external view returns (uint256) {
        return _items[itemId].units;
    }

    /// @inheritdoc ICollateral
    function reservationOf(uint256 itemId, address holder) external view returns (FacilityId, uint256 until) {
        Reservation storage reservation = _reservations[itemId][_reservationKey(itemId, holder)];
        if (_isLive(reservation)) return (reservation.facility, reservation.until);
    }

    // Per kind of collateral

    /// @return the account in whose name the holder's part is reserved
    function _reservationKey(uint256 itemId, address holder) internal view virtual returns (address);

    /// @dev Checks that the holder could pledge the item, and keeps it from going elsewhere.
    function _reserveItem(uint256 itemId, address holder, uint40 until) internal virtual;

    function _freeItem(uint256 itemId, address holder) internal virtual;

    /// @dev Brings in what has been paid on the item since the last time.
    /// @param units of all its pledges as they were booked then
    /// @return cash minor units brought in
    /// @return held minor units of the item's value that are left in custody
    /// @return owed minor units that are still owed on the whole item
    function _bringIn(uint256 itemId, uint256 units) internal virtual returns (uint256 cash, uint256 held, uint256 owed);

    /// @dev Exchanges money that came in for a financing, which goes to the pool in the pool's currency.
    /// @param cash minor units of the item's currency
    /// @return sold minor units of these that were exchanged
    /// @return received minor units of the pool's currency, now here
    function _sell(FinancingId financing, uint256 cash) internal virtual returns (uint256 sold, uint256 received);

    // Internals

    /// @dev Adds a pledge to its item, whose earlier payments have been allotted.
    function _addPledge(FinancingId financing, Pledge memory pledge) internal {
        Item storage item = _items[pledge.itemId];
        uint256 pledges = item.pledges;
        require(pledges < MOST_PLEDGES, TooManyPledges(pledge.itemId, pledges, MOST_PLEDGES));
        if (pledges == 1) _pledges[item.financings[0]].flags |= SHARED;
        if (pledges != 0) pledge.flags |= SHARED;

        _pledges[financing] = pledge;
        item.financings[pledges] = financing;
        // Safe: at most sixteen.
        item.pledges = uint8(pledges + 1);
        item.units = (uint256(item.units) + pledge.units).toUint56();
    }

    /// @dev Takes a pledge off its item; what it was stays on record, with no units and no cash.
    function _removePledge(FinancingId financing, uint256 itemId) internal returns (uint256 units, uint256 cash) {
        Pledge storage pledge = _pledges[financing];
        Item storage item = _items[itemId];
        (units, cash) = (pledge.units, pledge.cash);
        uint8 last = item.pledges - 1;
        uint256 place;
        while (FinancingId.unwrap(item.financings[place]) != FinancingId.unwrap(financing)) ++place;

        item.financings[place] = item.financings[last];
        item.financings[last] = FinancingId.wrap(0);
        item.pledges = last;
        // Safe: its units are part of the item's.
        item.units -= uint56(units);
        (pledge.units, pledge.cash) = (0, 0);
    }

    /// @dev Brings in what has been paid and shares it, and the units that are left, among the item's pledges. Shares go
    /// by what all pledges up to this one have together, rounded down: they sum exactly, and each is within one minor
    /// unit of its own. What goes is shared, not what stays: so a pledge gives up as many units as it is paid minor units,
    /// and a thousand payments of one minor unit do not move a thousand from one pledge to another.
    function _allot(uint256 itemId, Item storage item) internal {
        uint256 whole = item.units;
        if (whole == 0) return;
        (uint256 cash, uint256 held, uint256 owed) = _bringIn(itemId, whole);
        if (cash == 0 && held == whole) return;

        item.units = held.toUint56();
        uint256 gone = whole - held;
        uint256 pledges = item.pledges;
        uint256 before;
        for (uint256 i; i < pledges; ++i) {
            FinancingId financing = item.financings[i];
            Pledge storage pledge = _pledges[financing];
            uint256 upTo = before + pledge.units;
            uint256 itsCash = cash * upTo / whole - cash * before / whole;
            uint256 itsUnits = pledge.units - (gone * upTo / whole - gone * before / whole);
            (pledge.units, pledge.owed) = (itsUnits.toUint56(), owed.toUint56());
            if (itsCash != 0) pledge.cash = (pledge.cash + itsCash).toUint56();
            emit ProceedsAllotted(financing, itemId, itsCash, itsUnits);
            before = upTo;
        }
    }

    /// @return forwarded minor units of the pool's currency
    function _forward(FinancingId financing, uint256 itemId) private returns (uint256 forwarded) {
        Pledge storage pledge = _pledges[financing];
        forwarded = pledge.cash;
        if (forwarded == 0) return 0;
        pledge.cash = 0;
        if (pledge.flags & FOREIGN != 0) {
            uint256 sold;
            uint256 cash = forwarded;
            (sold, forwarded) = _sell(financing, cash);
            // Safe: a part of what there was.
            pledge.cash = uint56(cash - sold);
            if (forwarded == 0) return 0;
        }

        (uint256 toPool, uint256 toSupplier) = desk.applyProceeds(financing, forwarded);
        emit ProceedsForwarded(financing, itemId, toPool, toSupplier);
    }

    function _tryForward(FinancingId financing, uint256 itemId) private {
        Pledge storage pledge = _pledges[financing];
        uint56 cash = pledge.cash;
        if (pledge.flags & FOREIGN != 0) {
            try this.forwardForeign{gas: gasleft() - KEPT_GAS}(financing) {}
            catch {
                emit ForwardFailed(financing, itemId, cash);
            }
            return;
        }
        pledge.cash = 0;
        try desk.applyProceeds{gas: gasleft() - KEPT_GAS}(financing, cash) returns (
            uint256 toPool, uint256 toSupplier
        ) {
            emit ProceedsForwarded(financing, itemId, toPool, toSupplier);
        } catch {
            pledge.cash = cash;
            emit ForwardFailed(financing, itemId, cash);
        }
    }

    /// @dev A live reservation is for this facility, and used up by it, or it is in the way.
    function _useReservation(FacilityId facility, address holder, uint256 itemId) internal {
        Reservation storage reservation = _reservations[itemId][_reservationKey(itemId, holder)];
        if (!_isLive(reservation)) return;
        FacilityId for_ = reservation.facility;
        bool isFor = FacilityId.unwrap(for_) == FacilityId.unwrap(facility);
        require(isFor, ItemReserved(itemId, holder, for_, reservation.until));

        _endReservation(itemId, holder);
    }

    function _endReservation(uint256 itemId, address holder) private {
        address key = _reservationKey(itemId, holder);
        FacilityId facility = _reservations[itemId][key].facility;
        delete _reservations[itemId][key];
        emit ReservationEnded(facility, itemId, holder);

        _freeItem(itemId, holder);
    }

    function _isLive(Reservation storage reservation) private view returns (bool) {
        return block.timestamp < reservation.until;
    }
}
