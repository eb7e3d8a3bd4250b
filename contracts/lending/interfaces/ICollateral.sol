// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FacilityId, FinancingId} from "../../types/Ids.sol";
import {IConcentration} from "./IConcentration.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title An adapter that keeps one kind of collateral, says what may be lent against it, and passes on its proceeds.
/// Each pledge carries a ladder: milestone -> advance rate. The furthest step that has been reached counts. Several
/// financings may share an item, each with units of its own: what comes in on the item, and what is left of it after a
/// payment or a dilution, is allotted to them in proportion.
interface ICollateral {
    /// @param milestone one of `Milestones`, at most `type(uint16).max`
    /// @param advanceRateBps share of the item's value that may be lent from then on; 8000 = 80 %
    /// @param measured the value counts only in the proportion attested (quantity received / quantity invoiced)
    struct Step {
        uint32 milestone;
        uint16 advanceRateBps;
        bool measured;
    }

    /// @notice Financings opened or taken over from now on under the facility keep these steps.
    event LadderSet(FacilityId indexed facility, Step[] steps);
    /// @notice A part of an item went into custody for a financing.
    /// @param units minor units of the item's value
    event CollateralTaken(
        FinancingId indexed financing, uint256 indexed itemId, address indexed pledgor, uint256 units, bytes32 subject
    );
    /// @notice What was left of a pledge went back to its pledgor.
    /// @param units minor units of the item's value
    /// @param cash minor units that had come in for it and were not forwarded yet
    event CollateralReleased(
        FinancingId indexed financing, uint256 indexed itemId, address indexed to, uint256 units, uint256 cash
    );
    /// @notice The financing is backed by something else from now on: this pledge counts for nothing any more. What still
    /// comes in on it goes to the financing.
    /// @param successorItem what backs the financing now, at `successor`
    event CollateralRetired(
        FinancingId indexed financing, uint256 indexed itemId, ICollateral indexed successor, uint256 successorItem
    );
    /// @notice A payment or a dilution of the item reached a pledge.
    /// @param cash minor units that came in for the financing
    /// @param units minor units of the item's value that are left to it
    event ProceedsAllotted(FinancingId indexed financing, uint256 indexed itemId, uint256 cash, uint256 units);
    /// @notice Money that came in on an item was shared out, in minor units.
    event ProceedsForwarded(FinancingId indexed financing, uint256 indexed itemId, uint256 toPool, uint256 toSupplier);
    /// @notice The desk did not take a financing's money, which stays here for it: anyone may forward it again.
    /// @param cash minor units
    event ForwardFailed(FinancingId indexed financing, uint256 indexed itemId, uint256 cash);
    /// @notice A holder's part of an item is kept for one facility.
    /// @param until Unix seconds from which it is free again
    event ReservationMade(FacilityId indexed facility, uint256 indexed itemId, address indexed holder, uint256 until);
    /// @notice The holder's part is free again: used by its facility, or given up by the lender.
    event ReservationEnded(FacilityId indexed facility, uint256 indexed itemId, address indexed holder);

    /// @notice The caller is not the financing desk.
    error OnlyDesk(address caller, address desk);
    /// @notice The caller is not the applications contract.
    error OnlyApplications(address caller, address applications);
    /// @notice At `step` (from 0) the milestones do not rise, or are beyond what can be kept, or the rate is not 1 to
    /// 10000 bps; or it is the count of steps, where that is not 1 to 4.
    error LadderInvalid(FacilityId facility, uint256 step);
    /// @notice The facility has no ladder for this kind of collateral.
    error LadderMissing(FacilityId facility);
    /// @notice The item's state is not the one needed; both are numbers of its own contract's `State`.
    error ItemNotFinanceable(uint256 itemId, uint8 state, uint8 needed);
    /// @notice The item is paid in another cash token than the pool lends, and the facility does not take that.
    error ItemCurrencyDiffers(uint256 itemId, address cash, address poolCash);
    /// @notice No units, or more than can be pledged; both in minor units of the item's value.
    error UnitsOutOfRange(uint256 itemId, uint256 units, uint256 available);
    /// @notice Less than a 64th of the item's whole value is to be pledged: the few places that an item has are not for
    /// crumbs. `least` is that part, rounded up; both in minor units of the item's value.
    error PledgeTooSmall(uint256 itemId, uint256 units, uint256 least);
    /// @notice The item backs no financing here.
    error ItemUnknown(uint256 itemId);
    /// @notice Nothing was ever pledged here for the financing.
    error PledgeUnknown(FinancingId financing);
    /// @notice The financing already has its pledge.
    error PledgeExists(FinancingId financing, uint256 itemId);
    /// @notice The item already backs as many financings as it may.
    error TooManyPledges(uint256 itemId, uint256 pledges, uint256 most);
    /// @notice The holder's part of the item is reserved for `facility` until then (Unix seconds).
    error ItemReserved(uint256 itemId, address holder, FacilityId facility, uint256 until);
    /// @notice Nothing of the holder's is reserved, or no longer.
    error NotReserved(uint256 itemId, address holder);
    /// @notice A reservation must end after now and soon enough; all in Unix seconds.
    error ReservationOutOfRange(uint256 itemId, uint256 until, uint256 now_, uint256 latest);
    /// @notice The holder has nothing of the item that it could pledge.
    error NotHolderOf(uint256 itemId, address holder);
    /// @notice The consignment's facts have already counted for another item: the same goods never count twice.
    /// @param itemId the item offered
    /// @param otherItemId the item that the facts counted for
    error SubjectOfOtherItem(bytes32 subject, uint256 itemId, uint256 otherItemId);
    /// @notice What backs the financing here cannot give way to something else: it is paid, or given back.
    error CannotRetire(FinancingId financing);
    /// @notice The pledge has nothing that could be handed on to anybody.
    error NothingToHandOn(FinancingId financing, address recipient);
    /// @notice The item has a consignment of its own, and it is another; zero where the item is unknown.
    error SubjectNotItsOwn(uint256 itemId, bytes32 subject, bytes32 own);
    /// @notice Units arrived that this contract did not fetch itself, or of another token than its own.
    error UnsolicitedItem(address token, address operator);

    /// @notice Only the adapter itself may call this.
    error OnlyItself(address caller, address adapter);

    // Desk

    /// @notice Sets the ladder that a facility uses for this kind of collateral: 1 to 4 steps, in the order in which
    /// they are reached. Desk only (for the credit officer); open financings keep the ladder they have.
    function setLadder(FacilityId facility, Step[] calldata steps) external;

    /// @notice Puts a financing on other steps, and on whatever other terms the adapter keeps of a facility, where another
    /// one takes it over. Desk only, on both sides' agreement, and before it asks for the base.
    /// @param facility the one that takes it over
    /// @param steps that facility's, checked when they were set
    function changeLadder(FinancingId financing, FacilityId facility, Step[] calldata steps) external;

    /// @notice Takes a part of an item into custody for a financing. Desk only. Reverts where the pledgor's part is
    /// reserved for another facility; a reservation for this one is used up by it.
    /// @param units how much of it, in minor units of its value; at least a 64th of the whole value, rounded up
    /// @param subject consignment whose facts move the base; 0 for none: then only acceptance counts
    /// @param poolCash the currency that the pool lends
    /// @return maturityDay day on which the item falls due, days since 1970-01-01
    /// @return keys whose risk the financing is: the debtor, its country, and the pledgor's group
    function take(
        FinancingId financing,
        FacilityId facility,
        address pledgor,
        uint256 itemId,
        uint256 units,
        bytes32 subject,
        address poolCash
    ) external returns (uint16 maturityDay, IConcentration.Keys memory keys);

    /// @notice Gives back what is left of a pledge, retired or not, with its money that was not forwarded yet. Desk only,
    /// once nothing is owed.
    function release(FinancingId financing, address to) external;

    /// @notice Lets other collateral take the place of a pledge, which has been taken already: this one's base and value are
    /// 0 from now on, for good. It stays where it is until `release`, and what comes in on it is the financing's. Goods go
    /// to `recipient` with their title, because what has been sold is not kept. Desk only.
    /// @param successor where the new collateral is kept
    /// @param successorItem what it is there
    /// @param recipient account of whoever owes on the new item, as the desk has checked; zero where nothing is handed on
    function retire(FinancingId financing, ICollateral successor, uint256 successorItem, address recipient) external;

    // Applications contract

    /// @notice Keeps a holder's part of an item for one facility: until then no other takes it, and the holder cannot
    /// move it elsewhere. Applications contract only. Reverts where it is reserved already, for whomever.
    /// @param until Unix seconds, after now and at most 7 days ahead
    function reserve(FacilityId facility, address holder, uint256 itemId, uint40 until) external;

    /// @notice Ends a reservation before its time. Applications contract only (for the credit officer).
    function endReservation(address holder, uint256 itemId) external;

    // Anyone

    /// @notice Brings in what has been paid on a financing's item, allots it, and hands this financing's money to the
    /// desk. The money of its siblings stays here for them. Money of another currency than the pool's is exchanged first;
    /// what nobody exchanges now stays here, in its own currency.
    /// @return forwarded minor units of the pool's currency handed over
    function forward(FinancingId financing) external returns (uint256 forwarded);

    // Views

    /// @notice What may be lent against the financing's pledge now, in minor units of the pool's currency, rounded down;
    /// from state alone. 0 where the item is overdue or in default, a fact of the ladder is in dispute, or the item's
    /// currency is another and the rate of the two is stale or missing.
    function borrowingBase(FinancingId financing) external view returns (uint256);

    /// @notice As `borrowingBase`, for who knows the pledge's consignment already and so need not have it looked up.
    /// @dev Warning: `subject` is believed. It must be the pledge's own: the desk passes the one by which it found the
    /// financing.
    /// @param subject the pledge's consignment; 0 where it has none
    function borrowingBaseOf(FinancingId financing, bytes32 subject) external view returns (uint256);

    /// @notice What the debtor still owes on the pledge, before advance rates, even when overdue: the financing's share
    /// of what is outstanding, less its share of what is in dispute. Rounded down.
    /// @return minor units
    function valueOf(FinancingId financing) external view returns (uint256);

    /// @return itemId what backs the financing
    /// @return subject consignment whose facts move its base; 0 for none
    /// @return units of the item allotted to the financing, in minor units of its value
    function pledgeOf(FinancingId financing) external view returns (uint256 itemId, bytes32 subject, uint256 units);

    /// @return consignment whose facts move the financing's base; 0 for none
    function subjectOf(FinancingId financing) external view returns (bytes32);

    /// @return minor units, of `currencyOf`, that have come in for the financing and are not forwarded yet
    function cashOf(FinancingId financing) external view returns (uint256);

    /// @return cash token in which the financing's item is paid; its units are of that currency, too
    function currencyOf(FinancingId financing) external view returns (IERC20);

    /// @return the financings that the item backs now, at most 16
    function financingsOf(uint256 itemId) external view returns (FinancingId[] memory);

    /// @return minor units of the item's value in custody here, over all its financings
    function unitsOf(uint256 itemId) external view returns (uint256);

    /// @return facility for which the holder's part is kept; 0 for none
    /// @return until Unix seconds from which it is free again
    function reservationOf(uint256 itemId, address holder) external view returns (FacilityId facility, uint256 until);

    /// @return whether it takes no consignment but the one that the item itself names: then the desk does not ask who has
    /// opened it
    function knowsSubjects() external view returns (bool);

    /// @return the ladder that a financing opened now would keep
    function ladder(FacilityId facility) external view returns (Step[] memory);

    /// @return the financing's ladder: the one of its facility when it was opened, or last taken over; none where its
    /// pledge has been retired
    function ladderOf(FinancingId financing) external view returns (Step[] memory);
}
