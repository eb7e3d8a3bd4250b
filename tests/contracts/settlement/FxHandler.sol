// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CashToken} from "../../../contracts/money/CashToken.sol";
import {ICashToken} from "../../../contracts/money/interfaces/ICashToken.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {IFxQuotes} from "../../../contracts/settlement/interfaces/IFxQuotes.sol";
import {FxTest} from "./FxTest.sol";

/// @title Two dealers fund, quote and withdraw in euros, dollars and yen; two takers and an agent exchange; rates move, go
/// stale, dealers are frozen, time passes. Keeps by itself what went where.
contract FxHandler is FxTest {
    /// @dev What moved of one currency.
    struct Ghost {
        uint256 funded;
        uint256 withdrawn;
        uint256 paidIn;
        uint256 paidOut;
    }

    CashToken[3] internal _cashes;
    Party[2] internal _dealers;
    address[2] internal _takers;
    mapping(CashToken => Ghost) internal _ghosts;
    mapping(address dealer => mapping(CashToken => Ghost)) internal _ghostOf;
    uint64 public quotes;
    uint256 public acts;
    uint256 public exchanges;
    /// @dev Exchanges in which a taker got more than the quote's rate, or a whole unit less.
    uint256 public unfair;
    /// @dev Exchanges at the best that came out below the feed's rate less its haircut, beyond rounding.
    uint256 public belowFloor;
    /// @dev Quotes that their dealer could end although they bound it, or that moved by another's act.
    uint256 public broken;

    modifier act() {
        ++acts;
        _;
    }

    function setUp() public override {
        super.setUp();
        _cashes = [euro, dollar, yen];
        _dealers[0] = dealer;
        _dealers[1] = rival;
        _takers = [taker, borealis.account];
        for (uint256 i; i < 2; ++i) {
            for (uint256 c; c < 3; ++c) {
                if (_cashes[c] != yen) _noteFunding(_dealers[i].account, _cashes[c], EUROS);
                _give(_takers[i], _cashes[c], 1e12);
            }
        }
    }

    // Dealers

    function fund(uint256 who, uint256 which, uint256 amount) external act {
        address by = _dealers[who % 2].account;
        if (registry.membershipOf(by).frozen) return;
        amount = bound(amount, 1, 1e9);
        _fund(by, _cashes[which % 3], amount);
        _noteFunding(by, _cashes[which % 3], amount);
    }

    function withdraw(uint256 who, uint256 which, uint256 amount) external act {
        (address by, CashToken cash) = (_dealers[who % 2].account, _cashes[which % 3]);
        (uint256 free,) = exchange.positionOf(by, cash);
        if (free == 0 || registry.membershipOf(by).frozen) return;
        amount = bound(amount, 1, free);
        vm.prank(by);
        exchange.withdraw(cash, amount);
        _ghosts[cash].withdrawn += amount;
        _ghostOf[by][cash].withdrawn += amount;
    }

    function offer(uint256 who, uint256 pair, uint256 amount, uint256 rate, uint256 seconds_, uint256 to) external act {
        address by = _dealers[who % 2].account;
        IFxQuotes.Offer memory its;
        (its.sold, its.bought) = _pair(pair);
        (uint256 free,) = exchange.positionOf(by, its.sold);
        (IFeedOracle.Status status, int256 value,) = feeds.latest(_rateOf(its));
        if (free == 0 || status != IFeedOracle.Status.Usable || registry.membershipOf(by).frozen) return;
        // Small ones, so that many come to their end.
        its.amount = bound(amount, 1, amount % 2 == 0 ? free : free < 1000 ? free : 1000);
        its.rate = bound(rate, (uint256(value) * 99 + 99) / 100, uint256(value) * 101 / 100);
        its.expiresAt = vm.getBlockTimestamp() + bound(seconds_, 1, 5 days);
        its.taker = to % 3 == 0 ? address(0) : _takers[to % 2];
        vm.prank(by);
        quotes = exchange.offer(its);
    }

    function end(uint256 which, bool byDealer) external act {
        (uint64 id, IFxQuotes.Quote memory its) = _some(which);
        if (its.left == 0) return;
        bool over = vm.getBlockTimestamp() >= its.expiresAt;
        address by = byDealer ? its.dealer : its.taker == address(0) ? stranger : its.taker;
        bool may = over || by == (its.taker == address(0) ? its.dealer : its.taker);
        vm.prank(by);
        try exchange.end(id) {
            if (!may) ++broken;
        } catch {
            if (may) ++broken;
        }
    }

    // Takers

    function take(uint256 which, uint256 who, uint256 amount) external act {
        (uint64 id, IFxQuotes.Quote memory its) = _some(which);
        address by = _takers[who % 2];
        amount = bound(amount, 1, 1e8);
        if (!exchange.isLive(id) || (its.taker != address(0) && its.taker != by)) return;
        if (its.taker == address(0) && registry.membershipOf(its.dealer).frozen) return;
        if (exchange.amountAt(id, amount) == 0) return;
        vm.prank(by);
        (uint256 paid, uint256 received) = exchange.take(id, amount);
        _noteExchange(its, paid, received);
        _judge(id, amount, paid, received);
    }

    function takeReserved(uint256 which, uint256 who, uint256 amount) external act {
        (uint64 id, IFxQuotes.Quote memory its) = _some(which);
        address by = _takers[who % 2];
        if (!exchange.isLive(id)) return;
        if (its.taker != agent) {
            if (its.taker == address(0)) return;
            vm.prank(agent);
            exchange.reserve(id, its.taker);
        }
        amount = bound(amount, 1, 1e8);
        if (amount % 5 == 0) {
            vm.prank(agent);
            exchange.giveBack(id, by);
        } else if (exchange.amountAt(id, amount) != 0) {
            vm.prank(agent);
            (uint256 paid, uint256 received) = exchange.takeFor(by, id, amount);
            _noteExchange(its, paid, received);
            _judge(id, amount, paid, received);
        }
    }

    function takeBest(uint256 pair, uint256 who, uint256 amount) external act {
        IFxQuotes.Offer memory its;
        (its.sold, its.bought) = _pair(pair);
        uint256[2] memory before = _freeOf(its.bought);
        uint256[2] memory lockedBefore = _lockedOf(its.sold);
        (uint256 paid, uint256 received) = _best(its, _takers[who % 2], bound(amount, 1, 1e8));
        if (paid == 0) return;
        uint256[2] memory after_ = _freeOf(its.bought);
        uint256[2] memory locked = _lockedOf(its.sold);
        for (uint256 i; i < 2; ++i) {
            _note(_dealers[i].account, its, after_[i] - before[i], lockedBefore[i] - locked[i]);
        }
        // Each of two quotes rounds once, and one that is taken to its end once more, in the unit that is paid.
        uint256 floor = feeds.convert(paid - (paid < 2 ? paid : 2), its.bought.currency(), its.sold.currency());
        if (received + 2 < floor) ++belowFloor;
    }

    // The world

    function report(uint256 which, uint256 rate) external act {
        bytes32 feed = which % 2 == 0 ? euroRate : yenRate;
        uint256 last = uint256(int256(feeds.record(feed).value));
        vm.warp(vm.getBlockTimestamp() + 1);
        _feed(feed, int256(bound(rate, last * 92 / 100 + 1, last * 108 / 100)));
    }

    function pass(uint256 seconds_) external act {
        vm.warp(vm.getBlockTimestamp() + bound(seconds_, 1, 2 days));
    }

    function freeze(uint256 who) external act {
        address by = _dealers[who % 2].account;
        if (registry.membershipOf(by).frozen) registry.unfreezeAccount(by);
        else registry.freezeAccount(by);
    }

    // What happened

    function _best(IFxQuotes.Offer memory its, address by, uint256 amount)
        private
        returns (uint256 paid, uint256 received)
    {
        vm.prank(by);
        return exchange.takeBest(by, its.sold, its.bought, amount);
    }

    function _noteFunding(address by, CashToken cash, uint256 amount) private {
        _ghosts[cash].funded += amount;
        _ghostOf[by][cash].funded += amount;
    }

    function _noteExchange(IFxQuotes.Quote memory its, uint256 paid, uint256 received) private {
        IFxQuotes.Market memory market = exchange.market(its.market);
        IFxQuotes.Offer memory sides;
        (sides.sold, sides.bought) = (market.sold, market.bought);
        _note(its.dealer, sides, paid, received);
    }

    function _note(address by, IFxQuotes.Offer memory its, uint256 paid, uint256 received) private {
        (CashToken sold, CashToken bought) = (CashToken(address(its.sold)), CashToken(address(its.bought)));
        _ghosts[bought].paidIn += paid;
        _ghosts[sold].paidOut += received;
        _ghostOf[by][bought].paidIn += paid;
        _ghostOf[by][sold].paidOut += received;
        ++exchanges;
    }

    /// @dev By cross-multiplication, in units of the two currencies; see `FxTake`.
    function _judge(uint64 id, uint256 amount, uint256 paid, uint256 received) private {
        IFxQuotes.Quote memory its = exchange.quote(id);
        IFxQuotes.Market memory market = exchange.market(its.market);
        uint256 hundredths = address(market.sold) == address(yen) || address(market.bought) == address(yen) ? 100 : 1;
        (uint256 up, uint256 down) = (its.rate, 1e8 * hundredths);
        if (market.sellsBase) (up, down) = (down, up);
        if (paid > amount || received * down > paid * up) ++unfair;
        if (its.left != 0 && (received + 1) * down <= paid * up) ++unfair;
        if (its.left == 0 && paid != amount && (paid - 1) * up >= received * down) ++unfair;
    }

    // Reading

    function _pair(uint256 pair) private view returns (CashToken sold, CashToken bought) {
        CashToken other = pair >> 1 & 1 == 0 ? dollar : yen;
        return pair & 1 == 0 ? (euro, other) : (other, euro);
    }

    function _rateOf(IFxQuotes.Offer memory its) private view returns (bytes32) {
        return address(its.sold) == address(yen) || address(its.bought) == address(yen) ? yenRate : euroRate;
    }

    function _some(uint256 which) private view returns (uint64 id, IFxQuotes.Quote memory its) {
        if (quotes == 0) return (0, its);
        // The newest are the ones that live.
        id = quotes - uint64(which % (quotes < 6 ? quotes : 6));
        its = exchange.quote(id);
    }

    function _freeOf(ICashToken cash) private view returns (uint256[2] memory free) {
        for (uint256 i; i < 2; ++i) {
            (free[i],) = exchange.positionOf(_dealers[i].account, cash);
        }
    }

    function _lockedOf(ICashToken cash) private view returns (uint256[2] memory locked) {
        for (uint256 i; i < 2; ++i) {
            (, locked[i]) = exchange.positionOf(_dealers[i].account, cash);
        }
    }
}
