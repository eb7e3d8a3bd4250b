// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../oracle/interfaces/IMilestoneOracle.sol";
import {GroupId, LotId, OrganisationId} from "../../types/Ids.sol";

/// @title Lots of goods in warehouses: announced by the warehouse, minted on an attested entry, split and merged.
/// @dev Identifiers are hashes of the physical units' numbers (SSCC, SGTIN) under the network's key. One belongs to one
/// live lot, at whatever warehouse; it is free again when that lot has been wholly released.
interface ILots {
    /// @notice `Released`: everything has left the warehouse. `Merged`: everything went into another lot.
    enum State {
        None,
        Live,
        Released,
        Merged
    }

    /// @notice What can be stopped: new risk. Releases, returns and changes of title cannot.
    enum Stoppable {
        Minting,
        Custody
    }

    /// @notice What a warehouse says has come in, or will: it counts once the network's witnesses say so too.
    /// @param owner account of a supplier, which will have the title; neither it nor its group runs the warehouse
    /// @param commodity digits of the Harmonized System's code, six to eight, left-aligned
    /// @param unit code of UN/CEFACT Recommendation 20, e.g. "KGM", left-aligned
    /// @param quantity thousandths of the unit
    /// @param subject consignment that the warehouse entry is a fact of; opened by the owner's group
    /// @param sequence number of the entry among those of the consignment, from 1
    /// @param place UN/LOCODE of the warehouse
    /// @param enteredAt Unix seconds; the attested moment counts where it is earlier
    /// @param expiryDate last day (since 1970-01-01) on which the goods are good; 0 where they keep
    /// @param identifiers keyed hashes of the physical units' numbers, 1 to 64
    struct Entry {
        LotId id;
        address owner;
        bytes8 commodity;
        bytes3 unit;
        uint256 quantity;
        bytes32 subject;
        uint32 sequence;
        bytes5 place;
        uint40 enteredAt;
        uint16 expiryDate;
        bytes32[] identifiers;
    }

    /// @notice What a lot is, in one storage slot. Codes and times as in `Entry`.
    /// @param operator organisation that runs the warehouse
    /// @param operatorGroup its group
    /// @param condition 0 as they came in; the greater, the worse
    struct Goods {
        bytes8 commodity;
        bytes3 unit;
        bytes5 place;
        OrganisationId operator;
        GroupId operatorGroup;
        uint40 enteredAt;
        uint16 expiryDate;
        uint8 condition;
    }

    /// @notice How much of it there is, in one storage slot. Quantities are thousandths of the lot's unit.
    /// @param received minted, with what other lots brought in and without what was split off
    /// @param released has left the warehouse; what is left is `received - released`
    /// @param inCustody held by the custodian for those who have the title
    /// @param sequence number of the warehouse entry among those of its consignment
    /// @param parts how often something was split off
    /// @param identifiers how many physical units' numbers it has
    /// @param custodian index of the custodian that holds units; 0 for none
    struct Stock {
        uint56 received;
        uint56 released;
        uint56 inCustody;
        uint32 sequence;
        uint16 parts;
        uint8 identifiers;
        uint8 custodian;
        State state;
    }

    /// @notice The warehouse announces a lot; nobody has anything yet.
    /// @param digest what the entry is found by
    event LotAnnounced(LotId indexed id, address indexed operator, bytes32 indexed digest, Entry entry);
    /// @notice The warehouse takes an announcement back.
    event AnnouncementWithdrawn(bytes32 indexed digest, address indexed by);
    /// @notice The owner's organisation lets, or no longer lets, this warehouse announce lots in its name.
    event OperatorEngaged(OrganisationId indexed owner, OrganisationId indexed operator, bool engaged);
    /// @notice An attested entry has become a lot.
    /// @param quantity thousandths: the least of what was announced and attested
    event LotMinted(
        LotId indexed id,
        address indexed owner,
        OrganisationId indexed operator,
        bytes32 subject,
        uint32 sequence,
        uint256 quantity,
        uint40 enteredAt
    );
    /// @notice A part of a lot is a lot of its own now.
    /// @param quantity thousandths
    /// @param identifiers those that went along
    event LotSplit(
        LotId indexed id, LotId indexed part, address indexed beneficiary, uint256 quantity, bytes32[] identifiers
    );
    /// @notice A lot went into another.
    /// @param quantity thousandths
    event LotMerged(LotId indexed from, LotId indexed into, address indexed beneficiary, uint256 quantity);
    /// @notice The goods are in a worse condition than before; 0 as they came in.
    event ConditionLowered(LotId indexed id, uint8 condition, address indexed by);
    /// @notice The contract may hold units for those who have the title from now on.
    event CustodianListed(uint8 indexed index, address custodian);
    /// @param listed whether the contract may lower the condition of lots
    event GraderListed(address indexed grader, bool listed);
    /// @notice The function is stopped until it is resumed.
    event FunctionStopped(Stoppable indexed what, address indexed by);
    /// @notice The function works again.
    event FunctionResumed(Stoppable indexed what, address indexed by);

    /// @notice The lot's fingerprint is zero.
    error LotIdZero();
    /// @notice The lot exists already, or has existed, and is in `state`.
    error LotExists(LotId lot, State state);
    /// @notice The lot does not exist, or no more: it is in `state`.
    error LotNotLive(LotId lot, State state);
    /// @notice The quantity is zero or above the most that can be booked; both in thousandths.
    error QuantityOutOfRange(LotId lot, uint256 quantity, uint256 most);
    /// @notice The commodity's, the unit's or the place's code has not the shape of one.
    error CodeInvalid(LotId lot, bytes8 commodity, bytes3 unit, bytes5 place);
    /// @notice The entry lies after the block's time; both in Unix seconds.
    error EntryInFuture(LotId lot, uint256 enteredAt, uint256 now_);
    /// @notice The goods were out of date when they came in; both in days since 1970-01-01.
    error ExpiredAtEntry(LotId lot, uint256 expiryDate, uint256 entryDate);
    /// @notice There are no identifiers, or more than `most`.
    error IdentifierCountOutOfRange(LotId lot, uint256 count, uint256 most);
    /// @notice An identifier is zero.
    error IdentifierZero(LotId lot);
    /// @notice The identifier is already in the live lot `holder`, or stands twice in the list.
    error IdentifierTaken(LotId lot, bytes32 identifier, LotId holder);
    /// @notice The identifier is not of this lot but of `holder`; zero for none.
    error IdentifierElsewhere(LotId lot, bytes32 identifier, LotId holder);
    /// @notice The owner is the organisation that runs the warehouse, or of its group.
    error OwnerIsOperator(LotId lot, OrganisationId owner, OrganisationId operator);
    /// @notice The owner's organisation has not engaged the warehouse that announces in its name.
    error OperatorNotEngaged(LotId lot, OrganisationId owner, OrganisationId operator);
    /// @notice The consignment is not of the group that it should be of; zero where it has not been opened.
    error SubjectNotOf(LotId lot, bytes32 subject, GroupId beneficiary, GroupId needed);
    /// @notice The entry is already announced, by `operator`.
    error AlreadyAnnounced(bytes32 digest, address operator);
    /// @notice Nobody has announced this entry, or it was withdrawn or minted.
    error NotAnnounced(bytes32 digest);
    /// @notice The caller's organisation is not the one that the lot, or the announcement, is of.
    error NotOperatorOf(LotId lot, OrganisationId caller, OrganisationId operator);
    /// @notice A lot has already come of this warehouse entry.
    error EntrySpent(bytes32 subject, uint32 sequence, LotId lot);
    /// @notice The warehouse entry does not stand, or nobody has measured it.
    /// @param quantity thousandths that may be relied on
    error EntryNotAttested(bytes32 subject, uint32 sequence, IMilestoneOracle.Status status, uint256 quantity);
    /// @notice The caller does not have the whole lot, free of custody and release orders; both in thousandths.
    error LotNotWhollyFree(LotId lot, address caller, uint256 free, uint256 left);
    /// @notice A part must have something and leave something: quantities in thousandths, and numbers of identifiers.
    error PartOutOfRange(LotId lot, uint256 quantity, uint256 left, uint256 identifiers, uint256 identifiersLeft);
    /// @notice The two lots are of different operators, commodities or places, or one and the same.
    error LotsDiffer(LotId lot, LotId other);
    /// @notice The two lots are counted in different units.
    error UnitsDiffer(LotId lot, bytes3 unit, LotId other, bytes3 otherUnit);
    /// @notice The two lots are of different consignments.
    error ConsignmentsDiffer(LotId lot, bytes32 subject, LotId other, bytes32 otherSubject);
    /// @notice A condition can only be lowered.
    error ConditionNotWorse(LotId lot, uint8 condition, uint8 current);
    /// @notice The caller may not lower conditions.
    error GraderUnlisted(address caller);
    /// @notice The contract to be listed is none.
    error NoCodeAt(address account);
    /// @notice The custodian is already listed.
    error CustodianAlreadyListed(address custodian);
    /// @notice The guardian stopped this function.
    error GoodsStopped(Stoppable what);

    /// @notice Lists a contract that may hold units for their owners. Governor only, before it has any title. It must
    /// refuse units that it did not ask for, or the owner of a part could keep the lot from other custodians.
    /// @return index its number in `Stock.custodian`, from 1
    function listCustodian(address custodian) external returns (uint8 index);

    /// @notice Admits a contract that lowers the condition of lots, by what sensors and inspectors report. Governor
    /// only.
    /// @param listed false takes the admission back
    function listGrader(address grader, bool listed) external;

    /// @notice Stops a function at once. Guardian only.
    function stop(Stoppable what) external;

    /// @notice Lets a stopped function work again. Governor only.
    function resume(Stoppable what) external;

    /// @notice Lets a warehouse announce lots in the name of the caller's organisation, or no longer. Suppliers only.
    /// @param operator organisation that runs the warehouse
    function engageOperator(OrganisationId operator, bool engaged) external;

    /// @notice Announces a lot. Any account of a warehouse that the owner has engaged. Binds nothing: identifiers and
    /// the fingerprint are taken when the lot is minted.
    /// @return digest what the entry is found by
    function announce(Entry calldata entry) external returns (bytes32 digest);

    /// @notice Takes back what was announced and not minted. Any account of the same warehouse.
    function withdrawAnnouncement(Entry calldata entry) external;

    /// @notice Makes an announced entry a lot, once the fact STORED stands for it: at most what was attested, and one
    /// lot an entry. Anyone.
    /// @return quantity thousandths minted to the owner, who has title and holding
    function mint(Entry calldata entry) external returns (uint256 quantity);

    /// @notice Makes a part of a lot a lot of its own. Who has the whole lot free.
    /// @param identifiers those of the lot that go along; at least one, and one stays
    /// @param quantity thousandths that go along; some stay
    /// @return part the new lot, derived from this one and how often it was split
    function split(LotId id, bytes32[] calldata identifiers, uint256 quantity) external returns (LotId part);

    /// @notice Puts a lot into another of the same consignment, operator, commodity, unit and place. Who has both whole and
    /// free. The earlier entry, the earlier expiry and the worse condition stay.
    /// @param identifiers all those of the lot that goes in
    function merge(LotId from, LotId into, bytes32[] calldata identifiers) external;

    /// @notice Lowers the condition of a lot. Listed graders only.
    /// @param condition greater than before; 0 is as the goods came in
    function lowerCondition(LotId id, uint8 condition) external;

    /// @return what a lot is; all zero where there is none
    function goods(LotId id) external view returns (Goods memory);
    /// @return how much of a lot there is; all zero where there is none
    function stock(LotId id) external view returns (Stock memory);
    /// @return the consignment whose attested entry a lot comes from; zero where there is none
    function subjectOf(LotId id) external view returns (bytes32);
    /// @return subject consignment of the one lot; zero where there is none
    /// @return otherSubject consignment of the other
    /// @return commodity of the one
    /// @return alike whether both are of one commodity and counted in one unit
    function compare(LotId one, LotId other)
        external
        view
        returns (bytes32 subject, bytes32 otherSubject, bytes8 commodity, bool alike);
    /// @return the live lot that an identifier is in; zero for none
    function lotOf(bytes32 identifier) external view returns (LotId);
    /// @return the lot that a warehouse entry became; zero for none
    function lotOfEntry(bytes32 subject, uint32 sequence) external view returns (LotId);
    /// @return the account that announced an entry, which has not been minted or withdrawn; zero for none
    function announcedBy(bytes32 digest) external view returns (address);
    /// @return what an entry is found by
    function entryDigest(Entry calldata entry) external view returns (bytes32);
    /// @return whether the owner's organisation lets the warehouse announce lots in its name
    function isEngaged(OrganisationId owner, OrganisationId operator) external view returns (bool);
    /// @return whether the contract may lower conditions
    function isGrader(address grader) external view returns (bool);
    /// @return whether the function is stopped
    function isStopped(Stoppable what) external view returns (bool);
    /// @return zero for an index that is not listed
    function custodianAt(uint8 index) external view returns (address);
}
