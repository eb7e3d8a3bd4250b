// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FinancingId, GroupId, OrganisationId} from "../types/Ids.sol";
import {MemberShares} from "./MemberShares.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title Counts whose risk each source's money is, and holds every draw to the caps.
/// @dev Called by every draw and every repayment, so one word a key is all that they read, the financing's only where its
/// places are counted, and the defaults' only for a key without a cap of its own.
contract Concentration is MemberShares, AccessManaged {
    /// @dev One word.
    /// @param marks PLACES, SHARED: what the short way of `takeBy` does not look at
    struct Assignment {
        IFundingSource source;
        OrganisationId debtor;
        GroupId sellerGroup;
        bytes2 country;
        OrganisationId warehouse;
        uint8 marks;
    }

    /// @dev One word. Amounts in minor units.
    /// @param cap looked at only where `hasCap`
    struct Counter {
        uint56 exposure;
        uint56 cap;
        bool hasCap;
    }

    /// @param denied by dimension, what its default cap takes off the greatest amount, in minor units: so a word that was
    /// never written is no cap
    /// @param inUse whether a financing has ever been assigned to it, or to a syndicate of which it is a member
    /// @param shared whether it is a syndicate
    struct Source {
        uint56[4] denied;
        bool countsPlaces;
        bool inUse;
        bool shared;
        mapping(uint256 key => Counter)[4] counters;
    }

    uint256 private constant DIMENSIONS = 4;
    uint256 private constant UNCAPPED = type(uint56).max;
    /// @dev Country and warehouse are counted.
    uint8 private constant PLACES = 1;
    /// @dev A syndicate's: its members' caps bind as well.
    uint8 private constant SHARED = 2;

    address public immutable desk;

    mapping(FinancingId => Assignment) private _assignments;
    mapping(IFundingSource => Source) private _sources;

    modifier onlyDesk() {
        require(msg.sender == desk, OnlyDesk(msg.sender, desk));
        _;
    }

    constructor(address desk_, address authority) AccessManaged(authority) {
        desk = desk_;
    }

    // By the credit officer

    /// @inheritdoc IConcentration
    function setDefaultCap(IFundingSource source, Dimension dimension, uint256 cap) external restricted {
        require(cap <= UNCAPPED, CapTooLarge(dimension, cap, UNCAPPED));
        _countFrom(source, dimension);

        // The cast is safe: the cap was compared with the type's greatest value.
        _sources[source].denied[uint256(dimension)] = uint56(UNCAPPED - cap);
        emit DefaultCapSet(source, dimension, cap);
    }

    /// @inheritdoc IConcentration
    function setCap(IFundingSource source, Dimension dimension, uint256 key, uint256 cap) external restricted {
        require(cap <= UNCAPPED, CapTooLarge(dimension, cap, UNCAPPED));
        _requireKey(dimension, key);
        _countFrom(source, dimension);

        Counter storage counter = _counter(_sources[source], dimension, key);
        // The cast is safe: the cap was compared with the type's greatest value.
        (counter.cap, counter.hasCap) = (uint56(cap), true);
        emit CapSet(source, dimension, key, cap);
    }

    /// @inheritdoc IConcentration
    function clearCap(IFundingSource source, Dimension dimension, uint256 key) external restricted {
        _requireKey(dimension, key);

        Counter storage counter = _counter(_sources[source], dimension, key);
        (counter.cap, counter.hasCap) = (0, false);
        emit CapCleared(source, dimension, key);
    }

    // By the desk

    /// @inheritdoc IConcentration
    function assign(FinancingId financing, IFundingSource source, Keys calldata keys)
        external
        onlyDesk
        returns (bool placed)
    {
        require(address(source) != address(0), SourceZero(financing));

        Source storage its = _sources[source];
        if (!its.inUse) _begin(source, its);
        uint8 marks = (its.countsPlaces ? PLACES : 0) | (its.shared ? SHARED : 0);
        placed = marks != 0;
        _assignments[financing] = Assignment(source, keys.debtor, keys.sellerGroup, keys.country, keys.warehouse, marks);
        emit FinancingAssigned(financing, source, keys);
    }

    /// @inheritdoc IConcentration
    function take(FinancingId financing, uint256 wanted) external onlyDesk returns (uint256 granted) {
        Assignment memory its = _assignments[financing];
        _requireAssigned(financing, its.source);
        if (its.marks & SHARED != 0) return _takeShared(its, wanted);
        granted = its.marks & PLACES != 0 ? _least(wanted, _roomOfPlaces(its)) : wanted;

        granted = _take(its.source, its.debtor, its.sellerGroup, granted);
        if (its.marks & PLACES != 0) _addPlaces(its, granted);
    }

    /// @inheritdoc IConcentration
    function give(FinancingId financing, uint256 amount) external onlyDesk {
        Assignment memory its = _assignments[financing];
        _requireAssigned(financing, its.source);
        if (its.marks & SHARED != 0) return _giveShared(its, amount);
        _give(its.source, its.debtor, its.sellerGroup, amount);
        if (its.marks & PLACES == 0) return;
        Source storage source = _sources[its.source];
        _subtract(source, Dimension.Country, uint16(its.country), amount);
        _subtract(source, Dimension.Warehouse, OrganisationId.unwrap(its.warehouse), amount);
    }

    /// @inheritdoc IConcentration
    function takeBy(IFundingSource source, OrganisationId debtor, GroupId sellerGroup, uint256 wanted)
        external
        onlyDesk
        returns (uint256)
    {
        return _take(source, debtor, sellerGroup, wanted);
    }

    /// @inheritdoc IConcentration
    function giveBy(IFundingSource source, OrganisationId debtor, GroupId sellerGroup, uint256 amount)
        external
        onlyDesk
    {
        _give(source, debtor, sellerGroup, amount);
    }

    // Views

    /// @inheritdoc IConcentration
    function room(FinancingId financing) external view returns (uint256 left) {
        Assignment memory its = _assignments[financing];
        _requireAssigned(financing, its.source);
        if (its.marks & SHARED != 0) return _roomShared(its);
        left = _roomAt(its.source, Dimension.Debtor, OrganisationId.unwrap(its.debtor));
        left = _least(left, _roomAt(its.source, Dimension.SellerGroup, GroupId.unwrap(its.sellerGroup)));
        if (its.marks & PLACES != 0) left = _least(left, _roomOfPlaces(its));
    }

    /// @inheritdoc IConcentration
    function exposureOf(IFundingSource source, Dimension dimension, uint256 key) external view returns (uint256) {
        return _counter(_sources[source], dimension, key).exposure;
    }

    /// @inheritdoc IConcentration
    function capOf(IFundingSource source, Dimension dimension, uint256 key) external view returns (uint256) {
        Source storage its = _sources[source];
        return _capOf(its, dimension, _counter(its, dimension, key));
    }

    /// @inheritdoc IConcentration
    function countsPlaces(IFundingSource source) external view returns (bool) {
        return _sources[source].countsPlaces;
    }

    /// @inheritdoc IConcentration
    function keysOf(FinancingId financing) external view returns (Keys memory) {
        Assignment memory its = _assignments[financing];
        return Keys(its.debtor, its.sellerGroup, its.country, its.warehouse);
    }

    /// @inheritdoc IConcentration
    function sourceOf(FinancingId financing) external view returns (IFundingSource) {
        return _assignments[financing].source;
    }

    // Internals

    /// @dev Both are looked at before either is written.
    function _take(IFundingSource source, OrganisationId debtor, GroupId sellerGroup, uint256 wanted)
        private
        returns (uint256 granted)
    {
        Source storage its = _sources[source];
        (uint256 organisation, uint256 group) = (OrganisationId.unwrap(debtor), GroupId.unwrap(sellerGroup));
        Counter storage ofDebtor = _counter(its, Dimension.Debtor, organisation);
        Counter storage ofGroup = _counter(its, Dimension.SellerGroup, group);
        granted = _least(wanted, _roomOf(its, Dimension.Debtor, organisation, ofDebtor));
        granted = _least(granted, _roomOf(its, Dimension.SellerGroup, group, ofGroup));

        _add(organisation, ofDebtor, granted);
        _add(group, ofGroup, granted);
    }

    function _give(IFundingSource source, OrganisationId debtor, GroupId sellerGroup, uint256 amount) private {
        Source storage its = _sources[source];
        _subtract(its, Dimension.Debtor, OrganisationId.unwrap(debtor), amount);
        _subtract(its, Dimension.SellerGroup, GroupId.unwrap(sellerGroup), amount);
    }

    function _roomOfPlaces(Assignment memory its) private view returns (uint256) {
        return _least(
            _roomAt(its.source, Dimension.Country, uint16(its.country)),
            _roomAt(its.source, Dimension.Warehouse, OrganisationId.unwrap(its.warehouse))
        );
    }

    function _addPlaces(Assignment memory its, uint256 amount) private {
        Source storage source = _sources[its.source];
        (uint256 country, uint256 warehouse) = (uint16(its.country), OrganisationId.unwrap(its.warehouse));
        _add(country, _counter(source, Dimension.Country, country), amount);
        _add(warehouse, _counter(source, Dimension.Warehouse, warehouse), amount);
    }

    // Internals: of a syndicate

    function _takeShared(Assignment memory its, uint256 wanted) private returns (uint256 granted) {
        granted = _least(wanted, _roomShared(its));
        for (uint256 i; i < DIMENSIONS; ++i) {
            Dimension dimension = Dimension(i);
            uint256 key = _keyOf(its, dimension);
            if (key == 0) continue;
            Counter storage counter = _counter(_sources[its.source], dimension, key);
            uint256 whole = counter.exposure;
            _add(key, counter, granted);
            _moveParts(its.source, dimension, key, whole, whole + granted);
        }
    }

    function _giveShared(Assignment memory its, uint256 amount) private {
        for (uint256 i; i < DIMENSIONS; ++i) {
            Dimension dimension = Dimension(i);
            uint256 key = _keyOf(its, dimension);
            if (key == 0) continue;
            uint256 whole = _counter(_sources[its.source], dimension, key).exposure;
            _subtract(_sources[its.source], dimension, key, amount);
            _moveParts(its.source, dimension, key, whole, whole - amount);
        }
    }

    /// @dev A part never passes its whole, so that it fits whatever the whole fits.
    function _moveParts(IFundingSource syndicate, Dimension dimension, uint256 key, uint256 from, uint256 to) private {
        Share[] memory members = _members[syndicate];
        for (uint256 i; i < members.length; ++i) {
            Source storage member = _sources[members[i].source];
            if (!_counts(member, dimension)) continue;
            (uint256 before, uint256 then) = (_partOf(from, members[i].fundingBps), _partOf(to, members[i].fundingBps));
            if (then > before) _add(key, _counter(member, dimension, key), then - before);
            else _subtract(member, dimension, key, before - then);
        }
    }

    function _roomShared(Assignment memory its) private view returns (uint256 left) {
        left = UNCAPPED;
        Share[] memory members = _members[its.source];
        for (uint256 i; i < DIMENSIONS; ++i) {
            Dimension dimension = Dimension(i);
            uint256 key = _keyOf(its, dimension);
            if (key == 0) continue;
            left = _least(left, _roomAt(its.source, dimension, key));
            uint256 whole = _counter(_sources[its.source], dimension, key).exposure;
            for (uint256 j; j < members.length; ++j) {
                if (!_counts(_sources[members[j].source], dimension)) continue;
                uint256 room_ = _roomAt(members[j].source, dimension, key);
                left = _least(left, _wholeWithin(whole, members[j].fundingBps, room_));
            }
        }
    }

    /// @return zero where it does not apply, or is not counted
    function _keyOf(Assignment memory its, Dimension dimension) private pure returns (uint256) {
        if (dimension == Dimension.Debtor) return OrganisationId.unwrap(its.debtor);
        if (dimension == Dimension.SellerGroup) return GroupId.unwrap(its.sellerGroup);
        if (its.marks & PLACES == 0) return 0;
        return dimension == Dimension.Country ? uint16(its.country) : OrganisationId.unwrap(its.warehouse);
    }

    function _counts(Source storage source, Dimension dimension) private view returns (bool) {
        return dimension < Dimension.Country || source.countsPlaces;
    }

    /// @dev At a source's first financing. The members' places are settled with it: what counts there counts here.
    function _begin(IFundingSource source, Source storage its) private {
        its.inUse = true;
        its.shared = _meetMembers(source);
        if (!its.shared) return;
        Share[] memory members = _members[source];
        bool placed = its.countsPlaces;
        for (uint256 i; i < members.length; ++i) {
            Source storage member = _sources[members[i].source];
            if (!member.inUse) _begin(members[i].source, member);
            placed = placed || member.countsPlaces;
        }
        if (placed == its.countsPlaces) return;
        its.countsPlaces = true;
        emit PlacesCounted(source);
    }

    // Internals: reading

    function _requireAssigned(FinancingId financing, IFundingSource source) private pure {
        require(address(source) != address(0), FinancingUnassigned(financing));
    }

    function _roomAt(IFundingSource source, Dimension dimension, uint256 key) private view returns (uint256) {
        Source storage its = _sources[source];
        return _roomOf(its, dimension, key, _counter(its, dimension, key));
    }

    function _roomOf(Source storage source, Dimension dimension, uint256 key, Counter storage counter)
        private
        view
        returns (uint256)
    {
        if (key == 0) return UNCAPPED;
        Counter memory its = counter;
        uint256 cap = its.hasCap ? its.cap : _defaultCap(source, dimension);
        return its.exposure < cap ? cap - its.exposure : 0;
    }

    function _capOf(Source storage source, Dimension dimension, Counter storage counter)
        private
        view
        returns (uint256)
    {
        return counter.hasCap ? counter.cap : _defaultCap(source, dimension);
    }

    function _defaultCap(Source storage source, Dimension dimension) private view returns (uint256) {
        return UNCAPPED - source.denied[uint256(dimension)];
    }

    function _add(uint256 key, Counter storage counter, uint256 amount) private {
        if (key == 0) return;
        // What was granted leaves the exposure within a cap, which is of the same type.
        unchecked {
            counter.exposure += uint56(amount);
        }
    }

    function _subtract(Source storage source, Dimension dimension, uint256 key, uint256 amount) private {
        if (key == 0) return;
        Counter storage counter = _counter(source, dimension, key);
        uint256 exposure = counter.exposure;
        require(amount <= exposure, ExposureTooLow(dimension, key, amount, exposure));
        // The cast is safe: the difference is at most the exposure.
        unchecked {
            counter.exposure = uint56(exposure - amount);
        }
    }

    /// @dev OpenZeppelin's `Math.min` avoids the jump and costs more: four of them in every draw.
    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    /// @dev A place that was not counted from the source's first financing on would be counted wrong for ever.
    function _countFrom(IFundingSource source, Dimension dimension) private {
        Source storage its = _sources[source];
        if (its.countsPlaces || dimension < Dimension.Country) return;
        require(!its.inUse, PlacesUncounted(source, dimension));
        its.countsPlaces = true;
        emit PlacesCounted(source);
    }

    function _requireKey(Dimension dimension, uint256 key) private pure {
        uint256 most = dimension == Dimension.Country ? type(uint16).max : type(uint24).max;
        require(key != 0 && key <= most, CapKeyInvalid(dimension, key, most));
    }

    function _counter(Source storage source, Dimension dimension, uint256 key) private view returns (Counter storage) {
        return source.counters[uint256(dimension)][key];
    }
}
