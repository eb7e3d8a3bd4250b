// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CashToken} from "../../../contracts/money/CashToken.sol";
import {ReceivableDisputes} from "../../../contracts/receivables/ReceivableDisputes.sol";
import {ReceivableToken} from "../../../contracts/receivables/ReceivableToken.sol";
import {ICirculation} from "../../../contracts/receivables/interfaces/ICirculation.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Custodian} from "../support/Custodian.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Everything that can happen to invoices, at random, and books of its own. Holders 0 and 1 are one supplier, 2 is
/// another, 3 and 4 take part as tiers, 5 and 6 are custodians. Odd invoices are the first supplier's.
contract ReceivableHandler is Test {
    uint256 public constant MOST_IDS = 9;
    uint256 public constant HOLDERS = 7;
    uint256 public constant SMALLEST = 100;
    uint256 public constant MOST_TIER = 3;
    uint256 public constant MOST_TRANSFERS = 6;
    uint256 public constant GRACE_DAYS = 10;
    /// @dev Scale of the exact shares.
    int256 public constant ONE = 1e18;

    struct Model {
        uint256 face;
        uint256 paid;
        uint256 claimed;
        uint256 disputed;
        uint256 transfers;
        uint256 dueDate;
        uint256 custodian;
        bool waived;
        IReceivableToken.State state;
        uint256 defaultedAt;
    }

    ReceivableToken private immutable _receivables;
    ReceivableDisputes private immutable _disputes;
    CashToken private immutable _cash;
    address private immutable _debtor;
    address private immutable _arbiter;
    address[] public holders;
    uint256[] private _keys;
    uint256 public count;
    mapping(uint256 id => Model) private _models;
    mapping(uint256 id => mapping(uint256 who => int256)) public exactLeft;
    mapping(uint256 id => mapping(uint256 who => int256)) public exactEarned;
    mapping(uint256 id => mapping(uint256 who => uint256)) public cashTaken;
    mapping(uint256 id => mapping(uint256 who => uint256)) public unitsNet;
    mapping(uint256 id => mapping(uint256 who => uint256)) public tier;
    mapping(uint256 id => mapping(uint256 who => uint256)) public handedOn;
    mapping(uint256 id => mapping(uint256 who => uint256)) public reservedFor;
    mapping(uint256 id => mapping(uint256 who => uint256)) public reservedUntil;
    mapping(uint256 id => mapping(uint256 who => uint256)) public reservedFloor;
    mapping(uint256 id => uint256) public roundings;
    mapping(uint256 who => uint256) public signedMoves;
    uint256 public foreignLoss;
    uint256 public tooSmallParts;
    mapping(string verb => uint256) public done;

    constructor(
        ReceivableToken receivables,
        ReceivableDisputes disputes,
        CashToken cash,
        address debtor,
        address arbiter,
        address[] memory holders_,
        uint256[] memory keys
    ) {
        (_receivables, _disputes, _cash) = (receivables, disputes, cash);
        (_debtor, _arbiter) = (debtor, arbiter);
        holders = holders_;
        _keys = keys;
    }

    function model(uint256 id) external view returns (Model memory) {
        return _models[id];
    }

    // Life

    function register(uint256 face, uint256 tenor) external {
        if (count == MOST_IDS) return;
        uint256 id = ++count;
        Model storage its = _models[id];
        face = bound(face, 1, id % 3 == 0 ? 20 : id % 3 == 1 ? 5000 : 10_000_000);
        its.dueDate = block.timestamp / 1 days + bound(tenor, 0, 60);
        (its.face, its.state) = (face, IReceivableToken.State.Registered);
        uint256 supplier = supplierOf(id);
        (unitsNet[id][supplier], exactLeft[id][supplier], tier[id][supplier]) = (face, int256(face) * ONE, 1);
        vm.prank(holders[supplier]);
        _receivables.register(
            IReceivableToken.RegisterTerms(ReceivableId.wrap(id), _debtor, "EUR", face, 1000, its.dueDate, 0)
        );
    }

    function accept(uint256 id, bool waive) external {
        id = _pick(id, IReceivableToken.State.Registered);
        if (id == 0) return;
        Model storage its = _models[id];
        (its.state, its.waived) = (IReceivableToken.State.Accepted, waive);
        vm.prank(_debtor);
        _receivables.accept(IReceivableToken.Acceptance(ReceivableId.wrap(id), its.face, 1000, its.dueDate, waive));
    }

    function cancel(uint256 id, uint256 seldom) external {
        id = _pick(id, IReceivableToken.State.Registered);
        if (id == 0 || seldom % 4 != 0) return;
        _cancelled(id);
        vm.prank(holders[supplierOf(id)]);
        _receivables.cancel(ReceivableId.wrap(id));
    }

    function cancelByConsent(uint256 id, uint256 seldom) external {
        id = _pick(id, IReceivableToken.State.Accepted);
        if (id == 0 || seldom % 4 != 0) return;
        Model storage its = _models[id];
        uint256 supplier = supplierOf(id);
        bool untouched = its.paid == 0 && its.transfers == 0 && its.custodian == 0 && !_isReserved(id, supplier)
            && _receivables.balanceOf(holders[supplier], id) == its.face;
        if (!untouched) return;
        _cancelled(id);
        vm.prank(_debtor);
        _receivables.consentToCancellation(ReceivableId.wrap(id), true);
        vm.prank(holders[supplier]);
        _receivables.cancelByConsent(ReceivableId.wrap(id));
    }

    function markDefaulted(uint256 id) external {
        id = _pickOwed(id);
        if (id == 0) return;
        Model storage its = _models[id];
        if (its.state == IReceivableToken.State.Defaulted || !_isOverdue(its)) return;
        its.state = IReceivableToken.State.Defaulted;
        its.defaultedAt = block.timestamp;
        _receivables.markDefaulted(ReceivableId.wrap(id));
        ++done["default"];
    }

    function pass(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1 hours, 12 days));
    }

    // Money

    function pay(uint256 id, uint256 amount) external {
        id = _pickOwed(id);
        if (id == 0) return;
        Model storage its = _models[id];
        uint256 owed = its.face - its.paid;
        // Mostly in parts, so that there is a life between the first payment and the last.
        amount = bound(amount, 1, amount % 6 == 0 ? owed + owed / 4 + 1 : owed / 4 + 1);
        uint256 taken = amount < owed ? amount : owed;
        // The exact share of everybody, in another way than the contract's: each payment by itself.
        for (uint256 who = 0; who < HOLDERS; ++who) {
            int256 share = exactLeft[id][who] * int256(taken) / int256(owed);
            exactLeft[id][who] -= share;
            exactEarned[id][who] += share;
        }
        its.paid += taken;
        if (taken == owed) its.state = IReceivableToken.State.Settled;
        ++roundings[id];
        vm.prank(_debtor);
        assertEq(_receivables.pay(ReceivableId.wrap(id), amount), taken);
        ++done["pay"];
    }

    function claim(uint256 id, uint256 who) external {
        if (count == 0) return;
        id = bound(id, 1, count);
        _claim(id, who % HOLDERS);
    }

    // Moves

    function hop(uint256 id, uint256 from, uint256 to, uint256 units, bool signed) external {
        id = _pick(id, IReceivableToken.State.Accepted);
        from = from % 5;
        to = to % 5;
        if (id == 0 || from == to || _isReserved(id, from)) return;
        bool inside = from < 2 && to < 2;
        uint256 free = _free(id, from);
        if (free == 0) return;
        units = bound(units, 1, free);
        if (units < SMALLEST || (units != free && free - units < SMALLEST)) units = free;
        uint256 reached = tier[id][from] + (inside ? 0 : 1);
        if (tier[id][to] > reached) reached = tier[id][to];
        if (!_mayHop(id, inside, reached, handedOn[id][from])) return;
        bool raise = !inside && _isRaised(id, to, reached);
        if (raise && !signed) return _moveRefused(id, from, to, units, reached);
        tier[id][to] = reached;
        if (!inside) (_models[id].transfers, handedOn[id][from]) = (_models[id].transfers + 1, handedOn[id][from] + 1);
        else if (handedOn[id][from] > handedOn[id][to]) handedOn[id][to] = handedOn[id][from];
        _noteMove(id, from, to, units);
        // Who hands it in agrees to its tier.
        if (signed) _moveSigned(id, from, to, units, raise ? holders[to] : address(0xBEEF));
        else _move(id, from, to, units);
        if (units < SMALLEST && _receivables.balanceOf(holders[from], id) != 0) ++tooSmallParts;
        uint256 left = _receivables.balanceOf(holders[from], id);
        if (left != 0 && left < SMALLEST) ++tooSmallParts;
        ++done[inside ? "inside" : "hop"];
    }

    function pledge(uint256 id, uint256 from, uint256 custodian, uint256 units) external {
        id = _pickOwed(id);
        from = from % 5;
        custodian = 5 + custodian % 2;
        if (id == 0) return;
        Model storage its = _models[id];
        uint256 free = _free(id, from);
        bool elsewhere = its.custodian != 0 && its.custodian != custodian;
        bool kept = _isReserved(id, from) && reservedFor[id][from] != custodian;
        if (free == 0 || elsewhere || kept) return;
        units = bound(units, 1, free);
        its.custodian = custodian;
        _noteMove(id, from, custodian, units);
        if (_isReserved(id, from)) {
            uint256 floor = reservedFloor[id][from];
            reservedFloor[id][from] = floor > units ? floor - units : 0;
        }
        _move(id, from, custodian, units);
        ++done["pledge"];
    }

    function giveBack(uint256 id, uint256 to, uint256 units) external {
        id = _pickOwed(id);
        to = to % 5;
        if (id == 0) return;
        Model storage its = _models[id];
        uint256 custodian = its.custodian;
        if (custodian == 0) return;
        if (!its.waived) to = supplierOf(id);
        uint256 free = _free(id, custodian);
        units = bound(units, 1, free);
        if (tier[id][to] == 0) tier[id][to] = MOST_TIER;
        _noteMove(id, custodian, to, units);
        if (units == free) its.custodian = 0;
        Custodian(holders[custodian]).give(holders[to], ReceivableId.wrap(id), units);
        ++done["giveBack"];
    }

    function reserve(uint256 id, uint256 who, uint256 custodian, uint256 until) external {
        id = _pick(id, IReceivableToken.State.Accepted);
        who = who % 5;
        custodian = 5 + custodian % 2;
        if (id == 0 || _isReserved(id, who)) return;
        Model storage its = _models[id];
        uint256 units = _receivables.balanceOf(holders[who], id);
        if (units == 0 || (its.custodian != 0 && its.custodian != custodian)) return;
        until = block.timestamp + bound(until, 1, 7 days);
        (reservedFor[id][who], reservedUntil[id][who]) = (custodian, until);
        reservedFloor[id][who] = _worth(id, who);
        vm.prank(holders[custodian]);
        _receivables.reserve(ReceivableId.wrap(id), holders[who], uint40(until));
        ++done["reserve"];
    }

    function endReservation(uint256 id, uint256 who) external {
        if (count == 0) return;
        id = bound(id, 1, count);
        who = who % 5;
        if (!_isReserved(id, who)) return;
        reservedUntil[id][who] = 0;
        vm.prank(holders[reservedFor[id][who]]);
        _receivables.endReservation(ReceivableId.wrap(id), holders[who]);
    }

    // Dilution

    function creditNote(uint256 id, uint256 amount) external {
        id = _pickOwed(id);
        if (id == 0 || _receivables.dilutionsOf(ReceivableId.wrap(id)) >= 32) return;
        uint256 most = _absorbable(id);
        if (most == 0) return;
        amount = bound(amount, 1, amount % 6 == 0 ? most : most / 4 + 1);
        if (amount > most) amount = most;
        _diluted(id, amount, abi.encodeCall(_disputes.creditNote, (ReceivableId.wrap(id), amount, "note")), false);
        ++done["creditNote"];
    }

    function openDispute(uint256 id, uint256 amount) external {
        id = _pick(id, IReceivableToken.State.Accepted);
        if (id == 0) return;
        Model storage its = _models[id];
        if (its.waived || block.timestamp >= (its.dueDate + 1) * 1 days) return;
        amount = bound(amount, 1, its.face - its.paid);
        (its.state, its.disputed) = (IReceivableToken.State.Disputed, amount);
        vm.prank(_debtor);
        _disputes.openDispute(ReceivableId.wrap(id), amount, "short");
        ++done["dispute"];
    }

    function concede(uint256 id, uint256 amount) external {
        uint256 disputed;
        (id, disputed) = _pickDisputed(id);
        if (id == 0 || _receivables.dilutionsOf(ReceivableId.wrap(id)) >= 32) return;
        amount = bound(amount, 1, disputed);
        _models[id].disputed = disputed - amount;
        if (amount == disputed) _endDispute(id);
        _diluted(id, amount, abi.encodeCall(_disputes.concede, (ReceivableId.wrap(id), amount, "yes")), false);
        ++done["concede"];
    }

    function resolve(uint256 id, uint256 amount) external {
        uint256 disputed;
        (id, disputed) = _pickDisputed(id);
        if (id == 0) return;
        amount = bound(amount, 0, disputed);
        _models[id].disputed = 0;
        _endDispute(id);
        _diluted(id, amount, abi.encodeCall(_disputes.resolve, (ReceivableId.wrap(id), amount, "award")), true);
        ++done["resolve"];
    }

    function withdrawDispute(uint256 id, uint256 seldom) external {
        (id,) = _pickDisputed(id);
        if (id == 0 || seldom % 3 != 0) return;
        _models[id].disputed = 0;
        _endDispute(id);
        vm.prank(_debtor);
        _disputes.withdrawDispute(ReceivableId.wrap(id));
    }

    /// @notice Pays and claims whatever there is, so that the end can be compared to the unit.
    function finish() external {
        for (uint256 id = 1; id <= count; ++id) {
            Model storage its = _models[id];
            if (_isOwed(its.state)) {
                vm.prank(_debtor);
                _receivables.pay(ReceivableId.wrap(id), its.face - its.paid);
                (its.paid, its.state) = (its.face, IReceivableToken.State.Settled);
            }
            for (uint256 who = 0; who < HOLDERS; ++who) {
                _claim(id, who);
            }
        }
    }

    // Views

    function supplierOf(uint256 id) public pure returns (uint256) {
        return id % 2 == 1 ? 0 : 2;
    }

    function isReserved(uint256 id, uint256 who) external view returns (bool) {
        return _isReserved(id, who);
    }

    /// @return units, what is set aside and what was taken: changes only by moves and dilution
    function worth(uint256 id, uint256 who) external view returns (uint256) {
        return _worth(id, who);
    }

    // Internals

    function _claim(uint256 id, uint256 who) private {
        uint256 expected = _receivables.claimable(ReceivableId.wrap(id), holders[who]);
        if (expected == 0) return;
        uint256 before = _cash.balanceOf(holders[who]);
        vm.prank(holders[who]);
        assertEq(_receivables.claim(ReceivableId.wrap(id)), expected);
        assertEq(_cash.balanceOf(holders[who]) - before, expected);
        _models[id].claimed += expected;
        cashTaken[id][who] += expected;
        if (_models[id].custodian == who && _receivables.balanceOf(holders[who], id) == 0) _models[id].custodian = 0;
        ++roundings[id];
        ++done["claim"];
    }

    function _mayHop(uint256 id, bool inside, uint256 reached, uint256 made) private view returns (bool) {
        Model storage its = _models[id];
        if (inside) return its.waived || supplierOf(id) == 0;
        return its.waived && reached <= MOST_TIER && made < MOST_TRANSFERS;
    }

    function _noteMove(uint256 id, uint256 from, uint256 to, uint256 units) private {
        unitsNet[id][from] -= units;
        unitsNet[id][to] += units;
        exactLeft[id][from] -= int256(units) * ONE;
        exactLeft[id][to] += int256(units) * ONE;
        roundings[id] += 2;
    }

    function _move(uint256 id, uint256 from, uint256 to, uint256 units) private {
        vm.prank(holders[from]);
        _receivables.safeTransferFrom(holders[from], holders[to], id, units, "");
    }

    function _moveRefused(uint256 id, uint256 from, uint256 to, uint256 units, uint256 reached) private {
        vm.expectRevert(
            abi.encodeWithSelector(ICirculation.TierRaiseNotAgreed.selector, id, holders[to], tier[id][to], reached)
        );
        _move(id, from, to, units);
        ++done["refusedRaise"];
    }

    /// @return whether it has units, or might get some back, and would stand further from the supplier with all of them
    function _isRaised(uint256 id, uint256 who, uint256 reached) private view returns (bool) {
        bool some = _receivables.balanceOf(holders[who], id) != 0 || _models[id].custodian != 0;
        return some && tier[id][who] != 0 && tier[id][who] < reached;
    }

    function _moveSigned(uint256 id, uint256 from, uint256 to, uint256 units, address sender) private {
        IReceivableToken.Transfer memory transfer = IReceivableToken.Transfer(
            ReceivableId.wrap(id), holders[from], holders[to], units, signedMoves[from]++, block.timestamp
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[from], _receivables.transferDigest(transfer));
        vm.prank(sender);
        _receivables.transferBySignature(transfer, abi.encodePacked(r, s, v));
    }

    /// @dev Who lost what is read from the chain; that nobody lost who must not is what the books are for.
    function _diluted(uint256 id, uint256 amount, bytes memory call, bool byArbiter) private {
        Model storage its = _models[id];
        uint256[] memory before = new uint256[](HOLDERS);
        for (uint256 who = 0; who < HOLDERS; ++who) {
            before[who] = _worth(id, who);
        }
        its.face -= amount;
        if (its.face == its.paid) its.state = IReceivableToken.State.Settled;
        vm.prank(byArbiter ? _arbiter : holders[supplierOf(id)]);
        (bool ok, bytes memory reason) = address(_disputes).call(call);
        require(ok, string(reason));
        uint256 lost = 0;
        for (uint256 who = 0; who < HOLDERS; ++who) {
            uint256 loss = before[who] - _worth(id, who);
            lost += loss;
            unitsNet[id][who] -= loss;
            exactLeft[id][who] -= int256(loss) * ONE;
            if (loss != 0 && !_mayAbsorb(id, who)) foreignLoss += loss;
            if (loss != 0) reservedFloor[id][who] -= loss < reservedFloor[id][who] ? loss : reservedFloor[id][who];
        }
        assertEq(lost, amount);
        uint256 custodian = its.custodian;
        if (custodian != 0 && _receivables.balanceOf(holders[custodian], id) == 0) its.custodian = 0;
        ++roundings[id];
    }

    function _mayAbsorb(uint256 id, uint256 who) private view returns (bool) {
        if (supplierOf(id) == 0 ? who < 2 : who == 2) return true;
        return !_models[id].waived && who >= 5;
    }

    /// @return most minor units by which the invoice could be lowered
    function _absorbable(uint256 id) private view returns (uint256 most) {
        for (uint256 who = 0; who < HOLDERS; ++who) {
            if (_mayAbsorb(id, who)) most += _free(id, who);
        }
        uint256 owed = _models[id].face - _models[id].paid;
        if (most > owed) most = owed;
    }

    function _endDispute(uint256 id) private {
        Model storage its = _models[id];
        if (its.state != IReceivableToken.State.Disputed) return;
        bool overdue = _isOverdue(its);
        its.state = overdue ? IReceivableToken.State.Defaulted : IReceivableToken.State.Accepted;
        if (overdue) its.defaultedAt = block.timestamp;
    }

    function _cancelled(uint256 id) private {
        Model storage its = _models[id];
        its.state = IReceivableToken.State.Cancelled;
        uint256 supplier = supplierOf(id);
        unitsNet[id][supplier] = 0;
        exactLeft[id][supplier] = 0;
        ++done["cancel"];
    }

    function _free(uint256 id, uint256 who) private view returns (uint256) {
        (uint256 units, uint256 claimable) = _receivables.position(ReceivableId.wrap(id), holders[who]);
        return units - claimable;
    }

    function _worth(uint256 id, uint256 who) private view returns (uint256) {
        uint256 aside = _receivables.holding(ReceivableId.wrap(id), holders[who]).setAside;
        return _receivables.balanceOf(holders[who], id) + aside + cashTaken[id][who];
    }

    function _isReserved(uint256 id, uint256 who) private view returns (bool) {
        return reservedUntil[id][who] > block.timestamp;
    }

    function _isOverdue(Model storage its) private view returns (bool) {
        return block.timestamp >= (its.dueDate + 1 + GRACE_DAYS) * 1 days;
    }

    function _isOwed(IReceivableToken.State state) private pure returns (bool) {
        return state == IReceivableToken.State.Accepted || state == IReceivableToken.State.Disputed
            || state == IReceivableToken.State.Defaulted;
    }

    /// @return the first invoice from the drawn one on that is in the state; 0 for none
    function _pick(uint256 id, IReceivableToken.State state) private view returns (uint256) {
        for (uint256 i = 0; i < count; ++i) {
            uint256 next = (id % count + i) % count + 1;
            if (_models[next].state == state) return next;
        }
        return 0;
    }

    function _pickOwed(uint256 id) private view returns (uint256) {
        for (uint256 i = 0; i < count; ++i) {
            uint256 next = (id % count + i) % count + 1;
            if (_isOwed(_models[next].state)) return next;
        }
        return 0;
    }

    function _pickDisputed(uint256 id) private view returns (uint256, uint256) {
        for (uint256 i = 0; i < count; ++i) {
            uint256 next = (id % count + i) % count + 1;
            Model storage its = _models[next];
            uint256 owed = its.face - its.paid;
            if (_isOwed(its.state) && its.disputed != 0 && owed != 0) {
                return (next, its.disputed < owed ? its.disputed : owed);
            }
        }
        return (0, 0);
    }
}
