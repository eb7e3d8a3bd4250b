// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {GoodsCodes} from "../libraries/GoodsCodes.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {GroupId, LotId, OrganisationId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Roles} from "../types/Roles.sol";
import {LotBook} from "./LotBook.sol";
import {ILots} from "./interfaces/ILots.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {ERC1155Utils} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Utils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The part of the token by which lots come to be and change: offices, announcements, minting, splitting,
/// merging.
/// @dev Code without a state of its own: the token runs it on its own storage, by delegatecall, because it would not
/// fit beside what moves lots.
contract LotIntake is LotBook {
    uint256 private constant MOST_IDENTIFIERS = 64;

    constructor(IParticipantRegistry registry, IMilestoneOracle oracle, address authority)
        LotBook(registry, oracle, authority)
    {}

    // Governor

    /// @notice See `ILots`.
    function listCustodian(address custodian) external restricted returns (uint8 index) {
        require(custodian.code.length != 0, ILots.NoCodeAt(custodian));
        require(_custodianIndex[custodian] == 0, ILots.CustodianAlreadyListed(custodian));
        index = ++_custodianCount;
        _custodianIndex[custodian] = index;
        _custodianAt[index] = custodian;
        emit ILots.CustodianListed(index, custodian);
    }

    /// @notice See `ILots`.
    function listGrader(address grader, bool listed) external restricted {
        require(!listed || grader.code.length != 0, ILots.NoCodeAt(grader));
        _isGrader[grader] = listed;
        emit ILots.GraderListed(grader, listed);
    }

    /// @notice See `ILots`.
    function resume(ILots.Stoppable what) external restricted {
        _stopped &= ~_bitOf(what);
        emit ILots.FunctionResumed(what, msg.sender);
    }

    // Guardian

    /// @notice See `ILots`.
    function stop(ILots.Stoppable what) external restricted {
        _stopped |= _bitOf(what);
        emit ILots.FunctionStopped(what, msg.sender);
    }

    // Owner

    /// @notice See `ILots`.
    function engageOperator(OrganisationId operator, bool engaged) external {
        (OrganisationId owner,) = _memberOf(msg.sender, Roles.SUPPLIER);
        _isEngaged[owner][operator] = engaged;
        emit ILots.OperatorEngaged(owner, operator, engaged);
    }

    /// @notice See `ILots`.
    function split(LotId id, bytes32[] calldata identifiers, uint256 quantity) external returns (LotId part) {
        _registry.requireAdmitted(msg.sender, msg.sender);
        ILots.Stock memory its = _wholeOf(id);
        (uint256 left, uint256 count) = (its.received - its.released, identifiers.length);
        bool parts = quantity != 0 && quantity < left && count != 0 && count < its.identifiers;
        require(parts, ILots.PartOutOfRange(id, quantity, left, count, its.identifiers));

        part = _nextPart(id, its);
        // Safe: less than what there is, and than its identifiers.
        (uint56 units, uint8 moved) = (uint56(quantity), uint8(count));
        its.received -= units;
        its.identifiers -= moved;
        _stocks[id] = its;
        _stocks[part] = ILots.Stock(units, 0, 0, its.sequence, 0, moved, 0, ILots.State.Live);
        (_goods[part], _subjectOf[part]) = (_goods[id], _subjectOf[id]);
        _positions[id][msg.sender].free -= units;
        _positions[part][msg.sender].free = units;
        _rehome(identifiers, id, part);
        emit ILots.LotSplit(id, part, msg.sender, quantity, identifiers);
        emit IERC1155.TransferSingle(msg.sender, msg.sender, address(0), LotId.unwrap(id), quantity);
        _announceMinted(msg.sender, part, quantity);
    }

    /// @notice See `ILots`.
    function merge(LotId from, LotId into, bytes32[] calldata identifiers) external {
        _registry.requireAdmitted(msg.sender, msg.sender);
        _requireAlike(from, into);
        ILots.Stock memory source = _wholeOf(from);
        ILots.Stock memory target = _wholeOf(into);
        (uint256 count, uint256 owned) = (identifiers.length, source.identifiers);
        require(count == owned, ILots.IdentifierCountOutOfRange(from, count, owned));
        uint256 sum = count + target.identifiers;
        require(sum <= MOST_IDENTIFIERS, ILots.IdentifierCountOutOfRange(into, sum, MOST_IDENTIFIERS));
        uint256 units = source.received - source.released;
        uint256 total = target.received + units;
        require(total <= type(uint56).max, ILots.QuantityOutOfRange(into, total, type(uint56).max));

        // Safe: both sums were just bounded.
        (target.received, target.identifiers) = (uint56(total), uint8(sum));
        (source.received, source.identifiers, source.state) = (source.released, 0, ILots.State.Merged);
        (_stocks[from], _stocks[into]) = (source, target);
        _positions[from][msg.sender].free = 0;
        // Safe: a part of what was received, whose sum was just bounded.
        _positions[into][msg.sender].free += uint56(units);
        _keepTheWorse(from, into);
        _rehome(identifiers, from, into);
        emit ILots.LotMerged(from, into, msg.sender, units);
        emit IERC1155.TransferSingle(msg.sender, msg.sender, address(0), LotId.unwrap(from), units);
        _announceMinted(msg.sender, into, units);
    }

    // Warehouse

    /// @notice See `ILots`.
    function announce(ILots.Entry calldata entry) external returns (bytes32 digest) {
        _requireInRange(entry);
        _requireParties(entry, msg.sender);
        digest = keccak256(abi.encode(entry));
        address earlier = _announcements[digest];
        require(earlier == address(0), ILots.AlreadyAnnounced(digest, earlier));

        _announcements[digest] = msg.sender;
        emit ILots.LotAnnounced(entry.id, msg.sender, digest, entry);
    }

    /// @notice See `ILots`.
    function withdrawAnnouncement(ILots.Entry calldata entry) external {
        (bytes32 digest, address by) = _announced(entry);
        (OrganisationId caller,) = _memberOf(msg.sender, Roles.ALL);
        OrganisationId operator = _registry.membershipOf(by).organisation;
        // The account that announced may have left its organisation: it is no longer anybody's to keep up.
        bool own = caller == operator || OrganisationId.unwrap(operator) == 0;
        require(own, ILots.NotOperatorOf(entry.id, caller, operator));

        delete _announcements[digest];
        emit ILots.AnnouncementWithdrawn(digest, msg.sender);
    }

    // Graders

    /// @notice See `ILots`.
    function lowerCondition(LotId id, uint8 condition) external {
        require(_isGrader[msg.sender], ILots.GraderUnlisted(msg.sender));
        _requireLive(id, _stocks[id].state);
        uint8 current = _goods[id].condition;
        require(condition > current, ILots.ConditionNotWorse(id, condition, current));

        _goods[id].condition = condition;
        emit ILots.ConditionLowered(id, condition, msg.sender);
    }

    // Anyone

    /// @notice See `ILots`.
    function mint(ILots.Entry calldata entry) external returns (uint256 quantity) {
        _requireRunning(ILots.Stoppable.Minting);
        LotId id = entry.id;
        (bytes32 digest, address by) = _announced(entry);
        ILots.State state = _stocks[id].state;
        require(state == ILots.State.None, ILots.LotExists(id, state));
        (OrganisationId operator, GroupId operatorGroup) = _requireParties(entry, by);
        uint40 enteredAt;
        (quantity, enteredAt) = _attested(entry);

        delete _announcements[digest];
        _lotOfEntry[entry.subject][entry.sequence] = id;
        _subjectOf[id] = entry.subject;
        _goods[id] = ILots.Goods(
            entry.commodity, entry.unit, entry.place, operator, operatorGroup, enteredAt, entry.expiryDate, 0
        );
        // Safe: an announcement's quantity and identifiers are in range, and no more is minted.
        (uint56 units, uint8 count) = (uint56(quantity), uint8(entry.identifiers.length));
        _stocks[id] = ILots.Stock(units, 0, 0, entry.sequence, 0, count, 0, ILots.State.Live);
        _positions[id][entry.owner].free = units;
        _take(entry.identifiers, id);
        emit ILots.LotMinted(id, entry.owner, operator, entry.subject, entry.sequence, quantity, enteredAt);
        _announceMinted(entry.owner, id, quantity);
    }

    // Internals: entries

    function _requireInRange(ILots.Entry calldata entry) private view {
        LotId id = entry.id;
        require(LotId.unwrap(id) != 0, ILots.LotIdZero());
        ILots.State state = _stocks[id].state;
        require(state == ILots.State.None, ILots.LotExists(id, state));
        uint256 most = type(uint56).max;
        bool booked = entry.quantity != 0 && entry.quantity <= most;
        require(booked, ILots.QuantityOutOfRange(id, entry.quantity, most));
        bool coded =
            GoodsCodes.isCommodity(entry.commodity) && GoodsCodes.isUnit(entry.unit) && GoodsCodes.isPlace(entry.place);
        require(coded, ILots.CodeInvalid(id, entry.commodity, entry.unit, entry.place));
        uint256 entered = entry.enteredAt;
        require(entered <= block.timestamp, ILots.EntryInFuture(id, entered, block.timestamp));
        bool keeps = entry.expiryDate == 0 || entry.expiryDate >= entered / 1 days;
        require(keeps, ILots.ExpiredAtEntry(id, entry.expiryDate, entered / 1 days));
        uint256 count = entry.identifiers.length;
        bool counted = count != 0 && count <= MOST_IDENTIFIERS;
        require(counted, ILots.IdentifierCountOutOfRange(id, count, MOST_IDENTIFIERS));
        for (uint256 i = 0; i < count; ++i) {
            require(entry.identifiers[i] != 0, ILots.IdentifierZero(id));
        }
    }

    /// @param by account that announces, or has announced
    function _requireParties(ILots.Entry calldata entry, address by)
        private
        view
        returns (OrganisationId operator, GroupId operatorGroup)
    {
        (operator, operatorGroup) = _memberOf(by, Roles.WAREHOUSE);
        (OrganisationId owner, GroupId group) = _memberOf(entry.owner, Roles.SUPPLIER);
        _requireNotOperator(entry.id, owner, group, operator, operatorGroup);
        require(_isEngaged[owner][operator], ILots.OperatorNotEngaged(entry.id, owner, operator));
        GroupId beneficiary = _oracle.subject(entry.subject).beneficiary;
        require(beneficiary == group, ILots.SubjectNotOf(entry.id, entry.subject, beneficiary, group));
    }

    function _announced(ILots.Entry calldata entry) private view returns (bytes32 digest, address by) {
        digest = keccak256(abi.encode(entry));
        by = _announcements[digest];
        require(by != address(0), ILots.NotAnnounced(digest));
    }

    /// @return quantity the least of what was announced and attested, thousandths
    /// @return enteredAt the earlier of the two moments, Unix seconds
    function _attested(ILots.Entry calldata entry) private view returns (uint256 quantity, uint40 enteredAt) {
        (bytes32 subject, uint32 sequence) = (entry.subject, entry.sequence);
        LotId other = _lotOfEntry[subject][sequence];
        require(LotId.unwrap(other) == 0, ILots.EntrySpent(subject, sequence, other));
        IMilestoneOracle.Status status;
        (status, quantity) = _oracle.standing(subject, Milestones.STORED, sequence);
        bool stands = status == IMilestoneOracle.Status.Final && quantity != 0;
        require(stands, ILots.EntryNotAttested(subject, sequence, status, quantity));
        quantity = Math.min(quantity, entry.quantity);
        enteredAt = _oracle.fact(subject, Milestones.STORED, sequence).occurredAt;
        if (entry.enteredAt < enteredAt) enteredAt = entry.enteredAt;
    }

    // Internals: identifiers

    /// @dev The lot is already live, so that an identifier that stands twice in the list is taken the second time.
    function _take(bytes32[] calldata identifiers, LotId id) private {
        for (uint256 i = 0; i < identifiers.length; ++i) {
            bytes32 identifier = identifiers[i];
            LotId holder = _lotOfIdentifier[identifier];
            bool free = LotId.unwrap(holder) == 0 || _stocks[holder].state != ILots.State.Live;
            require(free, ILots.IdentifierTaken(id, identifier, holder));
            _lotOfIdentifier[identifier] = id;
        }
    }

    /// @dev One that stands twice in the list is elsewhere the second time.
    function _rehome(bytes32[] calldata identifiers, LotId from, LotId into) private {
        for (uint256 i = 0; i < identifiers.length; ++i) {
            bytes32 identifier = identifiers[i];
            LotId holder = _lotOfIdentifier[identifier];
            bool own = LotId.unwrap(holder) == LotId.unwrap(from);
            require(own, ILots.IdentifierElsewhere(from, identifier, holder));
            _lotOfIdentifier[identifier] = into;
        }
    }

    // Internals: lots

    /// @dev Nobody knows which identifier is which owner's, or in whose hands: only a whole lot is taken apart.
    function _wholeOf(LotId id) private view returns (ILots.Stock memory its) {
        its = _stocks[id];
        _requireLive(id, its.state);
        (uint256 free, uint256 left) = (_positions[id][msg.sender].free, its.received - its.released);
        require(free == left, ILots.LotNotWhollyFree(id, msg.sender, free, left));
    }

    function _requireLive(LotId id, ILots.State state) private pure {
        require(state == ILots.State.Live, ILots.LotNotLive(id, state));
    }

    /// @dev Somebody could have had an entry attested under the very number that comes next.
    function _nextPart(LotId id, ILots.Stock memory its) private view returns (LotId part) {
        do {
            part = LotId.wrap(uint256(keccak256(abi.encode(id, ++its.parts))));
        } while (_stocks[part].state != ILots.State.None);
    }

    /// @dev Readings and facts are of a consignment, and so is what watches it: goods of two in one lot would be free of one.
    function _requireAlike(LotId from, LotId into) private view {
        ILots.Goods memory a = _goods[from];
        ILots.Goods memory b = _goods[into];
        require(a.unit == b.unit, ILots.UnitsDiffer(from, a.unit, into, b.unit));
        bool alike = LotId.unwrap(from) != LotId.unwrap(into) && a.operator == b.operator && a.commodity == b.commodity
            && a.place == b.place;
        require(alike, ILots.LotsDiffer(from, into));
        (bytes32 its, bytes32 other) = (_subjectOf[from], _subjectOf[into]);
        require(its == other, ILots.ConsignmentsDiffer(from, its, into, other));
    }

    /// @dev Goods that keep (expiry 0) are good for longer than any that do not.
    function _keepTheWorse(LotId from, LotId into) private {
        ILots.Goods memory a = _goods[from];
        ILots.Goods memory b = _goods[into];
        if (a.enteredAt < b.enteredAt) b.enteredAt = a.enteredAt;
        bool sooner = a.expiryDate != 0 && (b.expiryDate == 0 || a.expiryDate < b.expiryDate);
        if (sooner) b.expiryDate = a.expiryDate;
        if (a.condition > b.condition) b.condition = a.condition;
        _goods[into] = b;
    }

    function _announceMinted(address to, LotId id, uint256 units) private {
        emit IERC1155.TransferSingle(msg.sender, address(0), to, LotId.unwrap(id), units);
        ERC1155Utils.checkOnERC1155Received(msg.sender, address(0), to, LotId.unwrap(id), units, "");
    }
}
