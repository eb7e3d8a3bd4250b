// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RefusedActs} from "./RefusedActs.sol";

/// @title Up to four lines at once, from order to paid invoice or to whatever else becomes of them.
abstract contract ChainHandler is RefusedActs {
    constructor() {
        setUp();
        clock = vm.getBlockTimestamp();
        vm.warp(clock);
        _noteStored(LOT, supplier, KILOS);
        issued = euro.totalSupply();
        _agree(9_000_000, 68);
        _agree(8_000_000, 5 + 48);
    }

    // One step further, in the order of things

    /// @dev A walk that knows where it goes: at random alone few lines would come to their end.
    function goOn(uint256 seed, uint256 how) external act {
        Line storage its = _at(seed);
        if (!_hasLoan(its)) {
            its.wasLent ? _goOnWithoutLoan(its, how) : _begin(its, how);
        } else if (its.isPurchase && loanOf[its.financing].first == Paper.Purchase) {
            _goOnWithPurchase(its, how);
        } else {
            _goOnWithSale(its, how);
        }
    }

    function _begin(Line storage its, uint256 how) private {
        if (its.isPurchase && how % 4 != 0) _openOnPurchase(its);
        else if (how % 8 == 3 && _invoice(its)) _openOnInvoice(its);
        else if (how % 4 != 1) _openOnOrder(its);
        else if (its.isStored) _openOnLot(its, how);
        else _store(its, how);
    }

    /// @dev A line that nobody lends on any more goes on by itself, is lent on anew, or is followed by another.
    function _goOnWithoutLoan(Line storage its, uint256 how) private {
        if (how % 4 == 0 && _invoice(its)) return;
        if (how % 4 == 1 && _openOnInvoice(its)) return;
        if (how % 4 == 3 && _open(its, how / 4, how)) return;
        if (how % 4 == 2 && (_deliver(its, how, how / 7) || _store(its, how))) return;
        _agree(how, how / 5);
    }

    function _goOnWithPurchase(Line storage its, uint256 how) private {
        if (!its.isStored) {
            _store(its, KILOS);
        } else if (_paperOf(its) == Paper.Lot) {
            how % 2 == 0 ? _sell(its, how, how / 7, how) : _repay(its, type(uint256).max / 2);
        } else if (!_takeDelivery(its, how)) {
            _poke(its);
        }
        if (_hasLoan(its) && _owed(its.financing) == 0) _release(its);
    }

    function _goOnWithSale(Line storage its, uint256 how) private {
        Paper paper = _paperOf(its);
        if (_owed(its.financing) == 0 && its.departed) _release(its);
        else if (!its.departed) _depart(its, how % 3 != 0);
        else if (!its.isStored) _store(its, how);
        else if (paper == Paper.Order && how % 3 != 0) _handToLotInGoodTimes(its);
        else if (paper != Paper.Invoice) _invoice(its) || _handToInvoiceOrPay(its, how);
        else if (_payInvoice(its, how)) _forward(its);
    }

    function _handToLotInGoodTimes(Line storage its) private {
        _report(200, 18_000);
        _handToLot(its, KILOS);
    }

    /// @dev Where the invoice does not bear the debt, a part is paid for the next time.
    function _handToInvoiceOrPay(Line storage its, uint256 how) private returns (bool) {
        if (_handToInvoice(its) && _paperOf(its) == Paper.Invoice) return true;
        return how % 2 == 0 && _repay(its, _owed(its.financing) / 8 + 1);
    }

    // Trade

    function agree(uint256 value, uint256 kind) external act {
        _agree(value, kind);
    }

    function fund(uint256 seed, uint256 amount, uint256 how) external act {
        _fund(_at(seed), amount, how % 2 == 0);
    }

    function pay(uint256 seed, uint256 amount, uint256 how) external act {
        Line storage its = _at(seed);
        if (!_payInvoice(its, amount) && how % 4 == 0) _payStraight(its, amount);
    }

    function settle(uint256 seed) external act {
        _settle(_at(seed));
    }

    function refund(uint256 seed) external act {
        Line storage its = _at(seed);
        _refund(its);
        _claimRefund(its);
    }

    function object(uint256 seed, uint256 how) external act {
        if (how % 3 == 0) _object(_at(seed), how % 2 == 0);
    }

    function decide(uint256 seed, uint256 toSeller, uint256 how) external act {
        _decide(_at(seed), toSeller, how);
    }

    function attest(uint256 seed, uint256 quantity, uint256 how) external act {
        Line storage its = _at(seed);
        if (how % 5 == 1 && _contradict(its)) return;
        if (!_depart(its, how % 3 != 0)) _receive(its, quantity, how);
    }

    function contradict(uint256 seed) external act {
        _contradict(_at(seed));
    }

    function store(uint256 seed, uint256 quantity) external act {
        _store(_at(seed), quantity);
    }

    function deliver(uint256 seed, uint256 quantity, uint256 price) external act {
        Line storage its = _at(seed);
        if (!_deliver(its, quantity, price)) _takeDelivery(its, price);
    }

    function invoice(uint256 seed) external act {
        _invoice(_at(seed));
    }

    // Finance

    function open(uint256 seed, uint256 on, uint256 units) external act {
        _open(_at(seed), on, units);
    }

    function handOver(uint256 seed, uint256 units, uint256 how) external act {
        Line storage its = _at(seed);
        how % 2 == 0 ? _handToInvoice(its) : _handToLot(its, units);
    }

    function poke(uint256 seed) external act {
        Line storage its = _at(seed);
        _poke(its);
        _forward(its);
    }

    function repay(uint256 seed, uint256 amount, uint256 how) external act {
        _repay(_at(seed), how % 2 == 0 ? type(uint256).max / 2 : amount);
    }

    function release(uint256 seed) external act {
        _release(_at(seed));
    }

    function default_(uint256 seed) external act {
        _default(_at(seed));
    }

    // Goods

    function add(uint256 seed, uint256 units) external act {
        _add(_at(seed), units);
    }

    function free(uint256 seed, uint256 amount, uint256 units, uint256 which) external act {
        _payAndRelease(_at(seed), amount, units, which);
    }

    function sell(uint256 seed, uint256 units, uint256 price, uint256 which) external act {
        _sell(_at(seed), units, price, which);
    }

    /// @dev Bad news, and what lenders do about it.
    function squeeze(uint256 seed, uint256 price, uint256 warmth) external act {
        Line storage its = _at(seed);
        _report(_bound(price, 60, 190), _bound(warmth, 10_000, 31_000));
        for (uint256 i; i < lines.length && !_callMargin(its); ++i) {
            its = _at(seed % lines.length + i);
        }
    }

    /// @dev When the time for a cure is over, with prices low; a sale that has begun takes bids.
    function sale(uint256 seed, uint256 units, uint256 which) external act {
        Line storage its = _at(seed);
        for (uint256 i; i < lines.length && !_isCalled(its); ++i) {
            its = _at(seed % lines.length + i);
        }
        if (!_isCalled(its)) return;
        uint256 deadline = stock.marginCallOf(its.financing).deadline;
        if (which % 4 != 0 && deadline > clock) {
            vm.warp(deadline);
            _report(120, 18_000);
        }
        if (_endCall(its)) return;
        _startSale(its);
        if (which % 8 > 2) _bid(its, units, which);
    }

    function _isCalled(Line storage its) private view returns (bool) {
        return _paperOf(its) == Paper.Lot && stock.marginCallOf(its.financing).deadline != 0;
    }

    function orderExit(uint256 seed, uint256 units, uint256 which) external act {
        _orderExit(_at(seed), units, which);
    }

    function leave(uint256 seed, uint256 seen) external act {
        _leave(seed, seen);
    }

    function lapse(uint256 seed) external act {
        if (_waitForExit(seed)) _report(200, 18_000);
        _lapse(seed);
    }

    // Refusals

    function refuse(uint256 seed, uint256 what) external act {
        Line storage its = _at(seed);
        what %= 8;
        if (what == 0) _pledgeTwice(its);
        if (what == 1) _takePledged(its, seed);
        if (what == 2) _drawOnNothing(its);
        if (what == 3) _useEndedOrder(its);
        if (what == 4) _earnTwice(its);
        if (what == 5) _leaveDebt(its);
        if (what == 6) _invoiceTwice(its);
        if (what == 7) _leaveTwice(seed);
    }

    // News, time and stray money

    function news(uint256 price, uint256 warmth) external act {
        _report(_bound(price, 150, 260), _bound(warmth, 10_000, 20_000));
    }

    /// @dev Two in three with news of the moment.
    function elapse(uint256 time, uint256 price) external act {
        vm.warp(clock + _bound(time, 1 hours, 30 hours));
        if (price % 3 != 0) _report(_bound(price, 160, 220), 18_000);
    }

    /// @dev Nobody delivers, and the money goes back: to the buyer's side at once, to others when it is claimed.
    function abandon(uint256 seed) external act {
        Line storage its = _at(seed);
        uint256 day = (its.dueDay + (seed % 2 == 0 ? 3 : 33)) * 1 days;
        if (!_isAccepted(its) || clock > day) return;
        vm.warp(day);
        _report(200, 18_000);
        _refund(its);
        _claimRefund(its);
    }

    function give(uint256 to, uint256 amount) external act {
        address payee = [address(escrow), address(pools[0]), address(stock)][to % 3];
        amount = _bound(amount, 1, 1000);
        if (payee == address(escrow)) _at(to).net -= int256(amount);
        _give(payee, amount);
        gifts[payee] += amount;
        _count("give");
    }

    function cashOut(uint256 seed, uint256 amount) external act {
        address who = sellers[seed % 2];
        uint256 has = euro.balanceOf(who);
        if (has == 0) return;
        amount = _bound(amount, 1, has);
        vm.prank(who);
        euro.approve(address(this), amount);
        euro.withdraw(who, amount, keccak256(abi.encode("withdrawal", issued, amount, clock)));
        issued -= amount;
        _count("cashOut");
    }

    /// @notice What a campaign calls; what brings a line on, more often.
    function acts() external pure returns (bytes4[] memory list) {
        bytes4[39] memory all = [
            // The walk that knows where it goes, and what makes it: time and facts.
            this.goOn.selector,
            this.goOn.selector,
            this.goOn.selector,
            this.goOn.selector,
            this.goOn.selector,
            this.goOn.selector,
            this.contradict.selector,
            this.squeeze.selector,
            this.sale.selector,
            this.sale.selector,
            this.refuse.selector,
            this.attest.selector,
            this.attest.selector,
            this.elapse.selector,
            this.agree.selector,
            this.fund.selector,
            this.pay.selector,
            this.settle.selector,
            this.refund.selector,
            this.object.selector,
            this.decide.selector,
            this.lapse.selector,
            this.store.selector,
            this.deliver.selector,
            this.invoice.selector,
            this.open.selector,
            this.handOver.selector,
            this.poke.selector,
            this.repay.selector,
            this.release.selector,
            this.add.selector,
            this.free.selector,
            this.sell.selector,
            this.squeeze.selector,
            this.sale.selector,
            this.orderExit.selector,
            this.leave.selector,
            this.refuse.selector,
            this.abandon.selector
        ];
        list = new bytes4[](all.length + 4);
        for (uint256 i; i < all.length; ++i) {
            list[i] = all[i];
        }
        list[39] = this.default_.selector;
        list[40] = this.news.selector;
        list[41] = this.give.selector;
        list[42] = this.cashOut.selector;
    }
}
