// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../../money/interfaces/ICashToken.sol";
import {OrganisationId, ReceivableId} from "../../types/Ids.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

/// @title How the units of invoices go round: the network's rules, the listed currencies and custodians, reservations.
/// @dev A hop is a move between two organisations of which neither is a custodian. Moves into and out of custody and
/// moves between the accounts of one organisation are none: they change no tier and count no transfer. A transfer counts
/// with the holder that hands on, so that no other holder can use up what it may hand on (decision 0015). A part below the
/// smallest may come out of custody or of a claim; such a holding moves as a whole.
/// @dev A tier is an account's, for all its units of an invoice. A hop from further away would raise it: who holds
/// units, or may get some back from custody, must agree.
interface ICirculation is IERC1155 {
    /// @notice Caps that hold for every invoice of the network.
    /// @param mostTenorDays days from registration to the due date, at most; 1 to 1826
    /// @param ordinaryTenorDays tenor above which the supplier must give a reason; 1 to `mostTenorDays`
    /// @param mostTier how far from the supplier units may go; the supplier is tier 1, so that 1 forbids every hop
    /// @param mostTransfers how often a holder may hand on units of one invoice, in as many parts; nobody uses up another's
    /// @param smallestPart minor units, from 1: a move hands over no less and leaves no less, unless it is all there is
    /// @param graceDays days after the due date before an invoice may be called defaulted; at most 365
    struct CirculationRules {
        uint16 mostTenorDays;
        uint16 ordinaryTenorDays;
        uint8 mostTier;
        uint8 mostTransfers;
        uint56 smallestPart;
        uint16 graceDays;
    }

    /// @notice What can be stopped: new risk. Payments, claims, disputes and what comes out of custody cannot.
    enum Stoppable {
        Registration,
        Acceptance,
        Transfer
    }

    /// @notice What is known of a holder of an invoice, in one storage slot.
    /// @param units minor units of face value that it holds
    /// @param syncedPaid what `paid` was when its share was last worked out
    /// @param setAside minor units of its share for which units were burned and which it has not claimed yet
    /// @param tier 1 for the supplier, 2 for who has units from it, …; 0 for a custodian and for who never held any
    /// @param reservedBy index of the custodian for which its units are kept; 0 for none
    /// @param reservedUntil Unix seconds; the reservation lapses at that moment
    /// @param transfers hops by which its units went on; goes along to another account of the organisation
    struct Holding {
        uint56 units;
        uint56 syncedPaid;
        uint56 setAside;
        uint8 tier;
        uint8 reservedBy;
        uint40 reservedUntil;
        uint8 transfers;
    }

    /// @notice Invoices may be registered in this currency from now on.
    event CurrencyListed(uint8 indexed index, bytes3 currency, ICashToken cash);
    /// @notice The contract may hold units as collateral from now on.
    event CustodianListed(uint8 indexed index, address custodian);
    /// @notice These rules hold from now on, for what is under way too.
    event CirculationRulesSet(CirculationRules rules);
    /// @notice The function is stopped until it is resumed.
    event FunctionStopped(Stoppable indexed what, address indexed by);
    /// @notice The function works again.
    event FunctionResumed(Stoppable indexed what, address indexed by);
    /// @notice The holder's units go nowhere but to the custodian until the moment (Unix seconds).
    event UnitsReserved(ReceivableId indexed id, address indexed holder, address indexed custodian, uint40 until);
    /// @notice The holder's units are free again.
    event ReservationEnded(ReceivableId indexed id, address indexed holder, address indexed custodian);
    /// @notice A holder's share of the payments was put aside for it, and as many units were burned.
    /// @param amount minor units, which its next claim pays out
    event ProceedsSetAside(ReceivableId indexed id, address indexed holder, uint256 amount);

    /// @notice No cash token is listed for this currency.
    error CurrencyUnlisted(bytes3 currency);
    /// @notice A cash token is already listed for this currency.
    error CurrencyAlreadyListed(bytes3 currency);
    /// @notice The custodian is already listed.
    error CustodianAlreadyListed(address custodian);
    /// @notice There is no contract at the address to be listed.
    error CustodianHasNoCode(address custodian);
    /// @notice The caller is not a listed custodian.
    error CustodianUnlisted(address caller);
    /// @notice The tenors, in days, are not 1 <= ordinary <= most <= `ceiling`.
    error TenorRulesOutOfRange(uint256 mostTenorDays, uint256 ordinaryTenorDays, uint256 ceiling);
    /// @notice A tier of 0 or a smallest part of 0 would mean nothing.
    error PartRulesOutOfRange(uint256 mostTier, uint256 smallestPart);
    /// @notice The days of grace are above the most.
    error GraceOutOfRange(uint256 graceDays, uint256 most);
    /// @notice The guardian stopped this function.
    error FunctionIsStopped(Stoppable what);
    /// @notice A move of nothing.
    error UnitsZero(ReceivableId id);
    /// @notice Another custodian (its index) already holds units as collateral.
    error AlreadyEncumbered(ReceivableId id, uint8 custodian);
    /// @notice The debtor kept its set-off: units move between the supplier's organisation and a custodian only.
    error SetOffKept(ReceivableId id, OrganisationId party, OrganisationId supplier);
    /// @notice The receiver would be further from the supplier than the rules allow.
    error TierTooDeep(ReceivableId id, uint256 tier, uint256 most);
    /// @notice The move would put the holder, whose tier is `had`, at `raised`, and so all its units of the invoice. It
    /// can agree: by handing the move in itself, or by having approved the caller for all its units.
    error TierRaiseNotAgreed(ReceivableId id, address holder, uint256 had, uint256 raised);
    /// @notice The holder has already handed on units of the invoice as often as the rules allow.
    error TransfersExhausted(ReceivableId id, address holder, uint256 transfers, uint256 most);
    /// @notice The move would hand over or leave less than the smallest part; all in minor units.
    error PartTooSmall(ReceivableId id, uint256 units, uint256 left, uint256 smallest);
    /// @notice The holder's units are kept for a custodian (its index) until the moment (Unix seconds).
    error AlreadyReserved(ReceivableId id, address holder, uint8 custodian, uint40 until);
    /// @notice The reservation would end in the past or too far ahead; all in Unix seconds.
    error ReservationOutOfRange(ReceivableId id, uint256 until, uint256 earliest, uint256 latest);
    /// @notice The holder's units are not kept for the calling custodian.
    error NotReservedBy(ReceivableId id, address holder, address custodian);
    /// @notice There are no units to reserve.
    error NothingToReserve(ReceivableId id, address holder);

    /// @notice Lists a cash token; its currency can be listed once. Governor only.
    /// @return index its number in `Receivable.currency`, from 1
    function listCurrency(ICashToken cash) external returns (uint8 index);

    /// @notice Lists a contract that may hold units as collateral and is told of payments. Governor only, before it
    /// holds any. It must refuse units that it did not ask for, or a holder of a part could encumber the whole.
    /// @return index its number in `Receivable.custodian`, from 1
    function listCustodian(address custodian) external returns (uint8 index);

    /// @notice Sets the rules of circulation, for what is under way too. Governor only.
    function setCirculationRules(CirculationRules calldata rules) external;

    /// @notice Stops a function at once. Guardian only.
    function stop(Stoppable what) external;

    /// @notice Lets a stopped function work again. Governor only.
    function resume(Stoppable what) external;

    /// @notice Keeps a holder's units of an accepted invoice for the calling custodian: until the moment they can go
    /// nowhere else, and no other custodian can reserve or take them. Listed custodians only, for a holder that has
    /// approved it. Does not keep a credit note from burning them.
    /// @param until Unix seconds, after now and within seven days
    function reserve(ReceivableId id, address holder, uint40 until) external;

    /// @notice Frees the units before the reservation lapses. The reserving custodian only.
    function endReservation(ReceivableId id, address holder) external;

    /// @return the rules in force
    function circulationRules() external view returns (CirculationRules memory);
    /// @return whether the function is stopped
    function isStopped(Stoppable what) external view returns (bool);
    /// @return token listed for an ISO 4217 code; reverts where there is none
    function cashFor(bytes3 currency) external view returns (ICashToken);
    /// @return zero for an index that is not listed
    function custodianAt(uint8 index) external view returns (address);
    /// @return what is known of a holder; all zero for one that never held any
    function holding(ReceivableId id, address holder) external view returns (Holding memory);
    /// @return minor units that the holder could claim now
    function claimable(ReceivableId id, address holder) external view returns (uint256);
}
