// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {WarehouseReceiptToken} from "../../../contracts/inventory/WarehouseReceiptToken.sol";
import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {MilestoneOracle} from "../../../contracts/oracle/MilestoneOracle.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {StockKeeper} from "../support/StockKeeper.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Everything that can happen to goods, at random, and books of its own: who owns how much, how much of it each
/// custodian holds, and what witnesses have said. Accounts 0 and 1 bring goods in, 2 buys.
contract StockHandler is Test {
    uint256 public constant MOST_LOTS = 16;
    uint256 public constant OWNERS = 3;
    uint256 public constant KEEPERS = 2;
    uint256 public constant PALLETS = 40;

    struct Holding {
        uint256 free;
        uint256 pledged;
        uint256 freeAside;
        uint256 pledgedAside;
        bool sellable;
    }

    struct Placed {
        IGoodsRights.ReleaseOrder order;
        uint256 attested;
        uint256 greatest;
        bool open;
    }

    WarehouseReceiptToken private immutable _token;
    MilestoneOracle private immutable _oracle;
    address[] public owners;
    address[] private _warehouses;
    uint256[] private _witnessKeys;
    StockKeeper[] private _keepers;
    bytes32[] private _subjects;

    LotId[] public lots;
    mapping(LotId => mapping(uint256 owner => Holding)) private _books;
    mapping(LotId => uint256) public came;
    mapping(LotId => uint256) public left;
    mapping(LotId => uint256) public keeperOf;
    mapping(LotId => bytes32[]) private _palletsOf;
    mapping(LotId => ILots.Entry) private _entries;
    mapping(LotId => uint256) public worst;
    mapping(LotId => bool) public isMerged;
    mapping(bytes32 => bool) private _isPacked;
    mapping(bytes32 pallet => bytes32 subject) public cameBy;
    Placed[] private _orders;
    uint32 private _entriesMade;
    uint32 private _exits;
    uint256 public attestedIn;
    uint256 public mintedIn;
    uint256 public attestedOut;
    uint256 public releasedOut;
    uint256 public leaks;
    mapping(string verb => uint256) public done;

    /// @param subjects of the one and of the other who brings goods in, by turns
    /// @param witnessKeys of an account of each of the two warehouses and of the inspector
    constructor(
        WarehouseReceiptToken token,
        MilestoneOracle oracle,
        address[] memory owners_,
        address[] memory warehouses,
        uint256[] memory witnessKeys,
        StockKeeper[] memory keepers,
        bytes32[] memory subjects
    ) {
        (_token, _oracle, owners, _warehouses) = (token, oracle, owners_, warehouses);
        (_witnessKeys, _keepers, _subjects) = (witnessKeys, keepers, subjects);
    }

    function lotCount() external view returns (uint256) {
        return lots.length;
    }

    function book(LotId id, uint256 who) external view returns (Holding memory) {
        return _books[id][who];
    }

    function palletsOf(LotId id) external view returns (bytes32[] memory) {
        return _palletsOf[id];
    }

    function orderCount() external view returns (uint256) {
        return _orders.length;
    }

    function placed(uint256 index) external view returns (Placed memory) {
        return _orders[index];
    }

    // Entries

    /// @dev A mint before the fact is tried each time, and once more after it: neither may give anything.
    function store(uint256 who, uint256 where, uint256 announced, uint256 attested, uint256 pallets, bool tonnes)
        external
    {
        if (lots.length >= MOST_LOTS) return;
        ILots.Entry memory entry = _entryOf(who % 2, announced, pallets, tonnes);
        if (entry.identifiers.length == 0) return;
        where %= 2;
        vm.prank(_warehouses[where]);
        _token.announce(entry);
        _mustFail(abi.encodeCall(_token.mint, (entry)));
        attested = bound(attested, 1, 2_000_000);
        _attest(where, entry.subject, Milestones.STORED, entry.sequence, attested);
        uint256 minted = _token.mint(entry);
        _mustFail(abi.encodeCall(_token.mint, (entry)));

        (attestedIn, mintedIn) = (attestedIn + attested, mintedIn + minted);
        LotId id = entry.id;
        lots.push(id);
        _entries[id] = entry;
        (came[id], _books[id][who % 2].free) = (minted, minted);
        for (uint256 i = 0; i < entry.identifiers.length; ++i) {
            _palletsOf[id].push(entry.identifiers[i]);
            _isPacked[entry.identifiers[i]] = true;
            cameBy[entry.identifiers[i]] = entry.subject;
        }
        ++done["store"];
    }

    function _entryOf(uint256 who, uint256 announced, uint256 pallets, bool tonnes)
        private
        returns (ILots.Entry memory entry)
    {
        uint256 wanted = 1 + pallets % 3;
        bytes32[] memory found = new bytes32[](wanted);
        uint256 count = 0;
        for (uint256 i = 0; i < PALLETS && count < wanted; ++i) {
            bytes32 pallet = keccak256(abi.encode("pallet", (pallets % PALLETS + i) % PALLETS));
            if (!_isPacked[pallet]) found[count++] = pallet;
        }
        assembly ("memory-safe") {
            mstore(found, count)
        }
        ++_entriesMade;
        entry = ILots.Entry({
            id: LotId.wrap(uint256(keccak256(abi.encode("lot", _entriesMade)))),
            owner: owners[who],
            commodity: "090111",
            unit: tonnes ? bytes3("TNE") : bytes3("KGM"),
            quantity: bound(announced, 1, 2_000_000),
            subject: _subjects[who + 2 * (_entriesMade / 2 % (_subjects.length / 2))],
            sequence: _entriesMade,
            place: "DEHAM",
            enteredAt: uint40(block.timestamp),
            expiryDate: _entriesMade % 2 == 0 ? 0 : uint16(block.timestamp / 1 days + _entriesMade),
            identifiers: found
        });
    }

    // A pallet that is in a live lot is refused, at either warehouse.
    function storeTwice(uint256 index, uint256 where) external {
        LotId id = _pick(index);
        if (LotId.unwrap(id) == 0 || _gone(id)) return;
        ILots.Entry memory entry = _entryOf(0, 1000, 0, false);
        entry.identifiers = new bytes32[](1);
        entry.identifiers[0] = _palletsOf[id][0];
        vm.prank(_warehouses[where % 2]);
        _token.announce(entry);
        _attest(where % 2, entry.subject, Milestones.STORED, entry.sequence, 1000);
        _mustFail(abi.encodeCall(_token.mint, (entry)));
        ++done["storeTwice"];
    }

    // Custody

    function pledge(uint256 index, uint256 who, uint256 with, uint256 units) external {
        LotId id = _pick(index);
        if (LotId.unwrap(id) == 0) return;
        (who, with) = (who % OWNERS, with % KEEPERS);
        Holding storage its = _books[id][who];
        bool encumbered = keeperOf[id] != 0 && keeperOf[id] != with + 1;
        if (its.free == 0) return;
        units = bound(units, 1, its.free);
        if (encumbered) {
            _mustFailFor(with, abi.encodeCall(StockKeeper.fetch, (owners[who], id, units)));
            return;
        }
        _keepers[with].fetch(owners[who], id, units);
        _takeInto(its, who);
        (its.free, its.pledged, keeperOf[id]) = (its.free - units, its.pledged + units, with + 1);
        ++done["pledge"];
    }

    function giveBack(uint256 index, uint256 who, uint256 units) external {
        LotId id = _pick(index);
        who %= OWNERS;
        Holding storage its = _books[id][who];
        if (its.pledged == 0) return;
        units = bound(units, 1, its.pledged);
        uint256 with = keeperOf[id] - 1;
        _mustFailFor(with, abi.encodeCall(StockKeeper.giveBack, (owners[who], id, its.pledged + 1)));
        _mustFailFor(1 - with, abi.encodeCall(StockKeeper.giveBack, (owners[who], id, units)));
        _keepers[with].giveBack(owners[who], id, units);
        (its.free, its.pledged) = (its.free + units, its.pledged - units);
        _settleKeeper(id);
        ++done["giveBack"];
    }

    function sell(uint256 index, uint256 who, uint256 to, uint256 units) external {
        LotId id = _pick(index);
        (who, to) = (who % OWNERS, to % OWNERS);
        Holding storage its = _books[id][who];
        if (its.pledged == 0) return;
        units = bound(units, 1, its.pledged);
        uint256 with = keeperOf[id] - 1;
        if (_token.position(id, owners[who]).sellable != its.sellable) ++leaks;
        if (!its.sellable) {
            _mustFailFor(with, abi.encodeCall(StockKeeper.sell, (id, owners[who], owners[to], units)));
            return;
        }
        _keepers[with].sell(id, owners[who], owners[to], units);
        its.pledged -= units;
        _books[id][to].free += units;
        _settleKeeper(id);
        ++done["sell"];
    }

    function substitute(uint256 index, uint256 other, uint256 who, uint256 units, uint256 more) external {
        who %= OWNERS;
        (LotId held, LotId offered) = (_pickWith(index, who, true), _pickWith(other, who, false));
        if (LotId.unwrap(held) == LotId.unwrap(offered)) return;
        (uint256 pledged, uint256 free) = (_books[held][who].pledged, _books[offered][who].free);
        if (pledged == 0 || free == 0) return;
        units = bound(units, 1, pledged < free ? pledged : free);
        _substitute(held, units, offered, bound(more, units, free), who);
    }

    function _substitute(LotId held, uint256 units, LotId offered, uint256 more, uint256 who) private {
        uint256 with = keeperOf[held] - 1;
        bytes memory message = abi.encodeCall(StockKeeper.substitute, (held, units, offered, more, owners[who]));
        bool sameUnit = _token.goods(held).unit == _token.goods(offered).unit;
        bool takes = keeperOf[offered] == 0 || keeperOf[offered] == with + 1;
        if (!sameUnit || !takes) return _mustFailFor(with, message);
        _keepers[with].substitute(held, units, offered, more, owners[who]);
        keeperOf[offered] = with + 1;
        _takeInto(_books[offered][who], who);
        _books[held][who].pledged -= units;
        _books[held][who].free += units;
        _books[offered][who].free -= more;
        _books[offered][who].pledged += more;
        _settleKeeper(held);
        ++done["substitute"];
    }

    // Title

    function passTitle(uint256 index, uint256 who, uint256 to, uint256 units) external {
        LotId id = _pick(index);
        (who, to) = (who % OWNERS, to % OWNERS);
        Holding storage its = _books[id][who];
        if (its.free == 0) return;
        units = bound(units, 1, its.free);
        vm.prank(owners[who]);
        _token.transferTitle(id, owners[to], units);
        its.free -= units;
        _books[id][to].free += units;
        ++done["passTitle"];
    }

    function passTitleInCustody(uint256 index, uint256 who, uint256 to, uint256 units) external {
        LotId id = _pick(index);
        (who, to) = (who % OWNERS, to % OWNERS);
        Holding storage its = _books[id][who];
        if (its.pledged == 0) return;
        units = bound(units, 1, its.pledged);
        StockKeeper keeper = _keepers[keeperOf[id] - 1];
        IGoodsRights.TitleTransfer memory transfer = IGoodsRights.TitleTransfer({
            id: id,
            from: owners[who],
            to: owners[to],
            holder: address(keeper),
            quantity: units,
            nonce: _token.nonces(owners[who]),
            deadline: block.timestamp
        });
        bytes32 digest = _token.titleTransferDigest(transfer);
        vm.prank(owners[who]);
        _token.approveDigest(digest, true);
        Holding storage target = _books[id][to];
        bool fresh = _isNoneHeld(target);
        if (!fresh && target.sellable != its.sellable) {
            return _mustFailFor(keeperOf[id] - 1, abi.encodeCall(StockKeeper.passTitle, (transfer, "")));
        }
        keeper.passTitle(transfer, "");
        if (fresh) target.sellable = its.sellable;
        its.pledged -= units;
        target.pledged += units;
        ++done["passTitleInCustody"];
    }

    // Release

    function order(uint256 index, uint256 who, uint256 units, bool pledged, uint256 lasts) external {
        LotId id = _pick(index);
        who %= OWNERS;
        Holding storage its = _books[id][who];
        uint256 most = pledged ? its.pledged : its.free;
        if (most == 0) return;
        units = bound(units, 1, most);
        IGoodsRights.ReleaseOrder memory it = IGoodsRights.ReleaseOrder({
            id: id,
            quantity: units,
            beneficiary: owners[who],
            holder: pledged ? address(_keepers[keeperOf[id] - 1]) : owners[who],
            to: owners[2],
            subject: _token.subjectOf(id),
            sequence: ++_exits,
            deadline: block.timestamp + bound(lasts, 0, 10 days),
            nonce: _token.nonces(owners[who])
        });
        if (pledged) {
            vm.prank(owners[who]);
            vm.expectRevert();
            _token.orderRelease(it, "", "");
            _keepers[keeperOf[id] - 1].agree(_token.releaseOrderDigest(it));
        }
        vm.prank(owners[who]);
        _token.orderRelease(it, "", "");
        if (pledged) (its.pledged, its.pledgedAside) = (its.pledged - units, its.pledgedAside + units);
        else (its.free, its.freeAside) = (its.free - units, its.freeAside + units);
        _orders.push(Placed(it, 0, 0, true));
        ++done["order"];
    }

    /// @dev The witnesses may count differently, within the tolerance of 1 %.
    function exit(uint256 index, uint256 counted, uint256 off) external {
        index = _pickOrder(index);
        if (index == _orders.length) return;
        Placed storage it = _orders[index];
        if (it.attested != 0) return;
        counted = bound(counted, 1, 2 * it.order.quantity);
        off = bound(off, 0, counted / 100);
        _mustFail(abi.encodeCall(_token.confirmRelease, (it.order)));
        _attestAlone(0, it.order.subject, Milestones.RELEASED, it.order.sequence, counted - off);
        _mustFail(abi.encodeCall(_token.confirmRelease, (it.order)));
        _attestAlone(2, it.order.subject, Milestones.RELEASED, it.order.sequence, counted);
        (it.attested, it.greatest) = (counted - off, counted);
        attestedOut += counted;
        ++done["exit"];
    }

    function confirm(uint256 index) external {
        index = _pickOrder(index);
        if (index == _orders.length) return;
        Placed storage it = _orders[index];
        if (it.attested == 0) return _mustFail(abi.encodeCall(_token.confirmRelease, (it.order)));
        _token.confirmRelease(it.order);
        _mustFail(abi.encodeCall(_token.confirmRelease, (it.order)));
        uint256 gone = it.greatest < it.order.quantity ? it.greatest : it.order.quantity;
        _end(it, gone);
        releasedOut += gone;
        ++done["confirm"];
    }

    function lapse(uint256 index) external {
        index = _pickOrder(index);
        if (index == _orders.length) return;
        Placed storage it = _orders[index];
        bool over = block.timestamp > it.order.deadline && it.attested == 0;
        if (!over) return _mustFail(abi.encodeCall(_token.lapseRelease, (it.order)));
        _token.lapseRelease(it.order);
        _end(it, 0);
        ++done["lapse"];
    }

    function _end(Placed storage it, uint256 gone) private {
        LotId id = it.order.id;
        uint256 units = it.order.quantity;
        Holding storage its = _books[id][_indexOf(it.order.beneficiary)];
        if (it.order.holder == it.order.beneficiary) {
            (its.freeAside, its.free) = (its.freeAside - units, its.free + units - gone);
        } else {
            (its.pledgedAside, its.pledged) = (its.pledgedAside - units, its.pledged + units - gone);
        }
        left[id] += gone;
        it.open = false;
        _settleKeeper(id);
        if (left[id] == came[id] && gone != 0) {
            for (uint256 i = 0; i < _palletsOf[id].length; ++i) {
                _isPacked[_palletsOf[id][i]] = false;
            }
            delete _palletsOf[id];
        }
    }

    // Split, merge, conditions, time

    function split(uint256 index, uint256 who, uint256 units) external {
        LotId id = _pick(index);
        who %= OWNERS;
        if (LotId.unwrap(id) == 0 || lots.length >= MOST_LOTS) return;
        uint256 all = came[id] - left[id];
        bytes32[] storage pallets = _palletsOf[id];
        if (pallets.length < 2 || all < 2) return;
        bytes32[] memory last = new bytes32[](1);
        last[0] = pallets[pallets.length - 1];
        units = bound(units, 1, all - 1);
        if (_books[id][who].free != all) {
            vm.prank(owners[who]);
            vm.expectRevert();
            _token.split(id, last, units);
            return;
        }
        vm.prank(owners[who]);
        LotId part = _token.split(id, last, units);
        lots.push(part);
        pallets.pop();
        _palletsOf[part].push(last[0]);
        (came[id], came[part]) = (came[id] - units, units);
        (_books[id][who].free, _books[part][who].free) = (all - units, units);
        worst[part] = worst[id];
        ++done["split"];
    }

    function merge(uint256 index, uint256 other, uint256 who) external {
        (LotId from, LotId into) = (_pick(index), _pick(other));
        who %= OWNERS;
        if (LotId.unwrap(from) == LotId.unwrap(into) || _gone(from) || _gone(into)) return;
        bytes32[] memory pallets = _palletsOf[from];
        bool whole =
            _books[from][who].free == came[from] - left[from] && _books[into][who].free == came[into] - left[into];
        ILots.Goods memory a = _token.goods(from);
        ILots.Goods memory b = _token.goods(into);
        vm.startPrank(owners[who]);
        bool together = _token.subjectOf(from) == _token.subjectOf(into);
        if (!together && whole) ++done["kept apart"];
        if (!whole || !together || a.unit != b.unit || !(a.operator == b.operator)) {
            vm.expectRevert();
            _token.merge(from, into, pallets);
            vm.stopPrank();
            return;
        }
        _token.merge(from, into, pallets);
        vm.stopPrank();
        uint256 units = _books[from][who].free;
        _books[from][who].free = 0;
        _books[into][who].free += units;
        (came[from], came[into]) = (left[from], came[into] + units);
        for (uint256 i = 0; i < pallets.length; ++i) {
            _palletsOf[into].push(pallets[i]);
        }
        delete _palletsOf[from];
        isMerged[from] = true;
        if (worst[from] > worst[into]) worst[into] = worst[from];
        ++done["merge"];
    }

    function grade(uint256 index, uint8 condition) external {
        LotId id = _pick(index);
        if (LotId.unwrap(id) == 0 || _gone(id)) return;
        bytes memory message = abi.encodeCall(StockKeeper.grade, (id, condition));
        if (condition <= worst[id]) return _mustFailFor(0, message);
        _keepers[0].grade(id, condition);
        worst[id] = condition;
        ++done["grade"];
    }

    function wait_(uint256 time) external {
        skip(bound(time, 1, 2 days));
    }

    // Internals

    function _pick(uint256 index) private view returns (LotId) {
        return lots.length == 0 ? LotId.wrap(0) : lots[index % lots.length];
    }

    /// @return id a lot of which the owner has something pledged, or free; any other where there is none
    function _pickWith(uint256 index, uint256 who, bool pledged) private view returns (LotId id) {
        for (uint256 i = 0; i < lots.length; ++i) {
            id = lots[(index % lots.length + i) % lots.length];
            if ((pledged ? _books[id][who].pledged : _books[id][who].free) != 0) return id;
        }
    }

    /// @return the place of an open order, or how many there are where none is open
    function _pickOrder(uint256 index) private view returns (uint256) {
        uint256 count = _orders.length;
        for (uint256 i = 0; i < count; ++i) {
            uint256 place = (index % count + i) % count;
            if (_orders[place].open) return place;
        }
        return count;
    }

    function _gone(LotId id) private view returns (bool) {
        return isMerged[id] || came[id] == left[id];
    }

    function _settleKeeper(LotId id) private {
        uint256 held = 0;
        for (uint256 i = 0; i < OWNERS; ++i) {
            held += _books[id][i].pledged + _books[id][i].pledgedAside;
        }
        if (held == 0) keeperOf[id] = 0;
    }

    function _indexOf(address owner) private view returns (uint256 index) {
        while (owners[index] != owner) ++index;
    }

    function _attest(uint256 where, bytes32 subject, uint32 milestone, uint32 sequence, uint256 quantity) private {
        _attestAlone(where, subject, milestone, sequence, quantity);
        _attestAlone(2, subject, milestone, sequence, quantity);
    }

    function _attestAlone(uint256 who, bytes32 subject, uint32 milestone, uint32 sequence, uint256 quantity) private {
        IMilestoneOracle.Observation[] memory observations = new IMilestoneOracle.Observation[](1);
        observations[0] =
            IMilestoneOracle.Observation(subject, milestone, sequence, uint64(block.timestamp), uint64(quantity));
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](1);
        bytes32 evidence = keccak256("paper");
        (bytes32 r, bytes32 vs) =
            vm.signCompact(_witnessKeys[who], _oracle.attestationDigest(observations, 1, evidence));
        votes[0] = IMilestoneOracle.Vote(1, evidence, r, vs);
        _oracle.attest(observations, votes);
    }

    /// @dev The first owner has given both custodians the power to sell, and nobody else has. It comes with the first unit
    /// that the custodian holds for an owner, or with a later one, and goes with the last.
    function _takeInto(Holding storage its, uint256 who) private {
        its.sellable = who == 0 || (its.sellable && !_isNoneHeld(its));
    }

    function _isNoneHeld(Holding storage its) private view returns (bool) {
        return its.pledged + its.pledgedAside == 0;
    }

    function _mustFail(bytes memory message) private {
        (bool ok,) = address(_token).call(message);
        if (ok) ++leaks;
    }

    function _mustFailFor(uint256 keeper, bytes memory message) private {
        (bool ok,) = address(_keepers[keeper]).call(message);
        if (ok) ++leaks;
    }
}
