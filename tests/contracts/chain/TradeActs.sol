// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {LotId, OrderId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {ChainBooks} from "./ChainBooks.sol";

/// @title What buyers, sellers and witnesses do: orders, money in escrow, facts, goods into the warehouse, invoices,
/// objections and refunds. Each says whether it was its turn.
abstract contract TradeActs is ChainBooks {
    uint256 private constant DAYS_TO_DELIVER = 14;
    uint256 private constant ORDER_GRACE_DAYS = 2;

    // Orders

    function _agree(uint256 value, uint256 kind) internal returns (bool) {
        uint256 number = lines.length;
        if (number == MOST_LINES) return false;
        value = _bound(value, 8_000_000, 16_000_000);
        Line storage its = lines.push();
        (its.order, its.lot) = (OrderId.wrap(100 + number), LotId.wrap(200 + number));
        (its.invoice, its.subject) = (ReceivableId.wrap(300 + number), keccak256(abi.encode("goods", number)));
        (its.isPurchase, its.measured, its.source) = (kind % 3 == 2, kind / 4 % 4 != 0, kind / 16 % 2);
        its.seller = its.isPurchase ? sellers[1] : sellers[kind % 2];
        its.buyer = its.isPurchase ? sellers[0] : debtors[kind / 2 % 2];
        (its.value, its.dueDay) = (value, vm.getBlockTimestamp() / 1 days + DAYS_TO_DELIVER);
        _at(number);

        IOrderEscrow.OrderTerms memory terms = _termsFor(its, kind / 32 % 3 == 0 ? value / 10 : 0);
        _give(its.buyer, terms.deposit);
        vm.startPrank(its.seller);
        oracle.openSubject(its.subject, new bytes32[](0));
        escrow.registerOrder(terms);
        vm.stopPrank();
        bytes32 termsHash = escrow.termsHashOf(its.order);
        vm.prank(its.buyer);
        escrow.acceptOrder(its.order, termsHash);
        its.put = terms.deposit;
        _count("agree");
        return true;
    }

    function _termsFor(Line storage its, uint256 deposit) private view returns (IOrderEscrow.OrderTerms memory terms) {
        uint256 quantity = its.measured ? KILOS : 0;
        terms = _termsOf(its.order, its.buyer, its.subject, its.value, quantity, its.dueDay);
        (terms.graceDays, terms.underBps, terms.overBps, terms.deposit) = (ORDER_GRACE_DAYS, 100, 500, deposit);
        terms.payouts = new IOrderEscrow.Payout[](2);
        terms.payouts[0] = IOrderEscrow.Payout(Milestones.DEPARTED, 3000, false);
        terms.payouts[1] = IOrderEscrow.Payout(Milestones.RECEIVED, 10_000, its.measured);
    }

    /// @dev Cobalt puts in what is its own again if it is not earned.
    function _fund(Line storage its, uint256 amount, bool byStranger) internal returns (bool) {
        uint256 most = _isAccepted(its) ? escrow.unfunded(its.order) : 0;
        if (most == 0) return false;
        amount = _bound(amount, 1, most);
        address payer = byStranger ? cobalt : its.buyer;
        _give(payer, amount);
        vm.prank(payer);
        escrow.fund(its.order, amount);
        its.put += amount;
        _count("fund");
        return true;
    }

    function _payStraight(Line storage its, uint256 amount) internal returns (bool) {
        IOrderEscrow.State state = _orderOf(its).state;
        bool lapsed = state == IOrderEscrow.State.Lapsed;
        if (!lapsed && state != IOrderEscrow.State.Accepted) return false;
        uint256 most = lapsed ? escrow.fundsOf(its.order).waived : escrow.unfunded(its.order);
        if (most == 0) return false;
        amount = _bound(amount, 1, most);
        _give(its.buyer, amount);
        vm.prank(its.buyer);
        escrow.payOrder(its.order, amount);
        its.straight += amount;
        _count("payStraight");
        return true;
    }

    /// @dev Exactly what is earned, held and not paid goes out; a second call pays nothing.
    function _settle(Line storage its) internal returns (bool) {
        IOrderEscrow.Order memory order = _orderOf(its);
        if (order.state != IOrderEscrow.State.Accepted) return false;
        uint256 earned = _earned(_number());
        uint256 due = earned > order.paid ? earned - order.paid : 0;
        if (due > order.held) due = order.held;
        assertEq(escrow.settle(its.order), due, "what facts have earned");
        if (due != 0) _count("settle");
        if (_isAccepted(its)) assertEq(escrow.settle(its.order), 0, "a second time");
        return due != 0;
    }

    /// @dev Not before the days of grace are over; and at the latest when the time of a dispute is, too.
    function _refund(Line storage its) internal returns (bool) {
        if (!_isAccepted(its) || _orderOf(its).held == 0) return false;
        uint256 from = (its.dueDay + ORDER_GRACE_DAYS + 1) * 1 days;
        try escrow.refund(its.order) {
            assertGe(vm.getBlockTimestamp(), from, "refunded too early");
            _count("refund");
        } catch (bytes memory reason) {
            assertLt(vm.getBlockTimestamp(), from + DISPUTE_DAYS * 1 days, "refunded too late");
            assertTrue(_is(reason, IOrderEscrow.RefundTooEarly.selector, 0));
        }
        return true;
    }

    function _claimRefund(Line storage its) internal returns (bool) {
        if (escrow.refundOf(its.order, cobalt) == 0) return false;
        escrow.claimRefund(its.order, cobalt);
        _count("claimRefund");
        return true;
    }

    function _object(Line storage its, bool byBuyer) internal returns (bool) {
        uint8 bit = byBuyer ? 2 : 1;
        if (!_isAccepted(its) || its.objections & bit != 0) return false;
        its.objections |= bit;
        vm.prank(byBuyer ? its.buyer : its.seller);
        escrow.disputeOrder(its.order, "photos");
        _count("object");
        return true;
    }

    /// @dev The arbiter's word ends the order; that of both sides too, unless the money is a lender's.
    function _decide(Line storage its, uint256 toSeller, uint256 how) internal returns (bool) {
        IOrderEscrow.Order memory order = _orderOf(its);
        if (order.state != IOrderEscrow.State.Disputed) return false;
        toSeller = _bound(toSeller, 0, order.held);
        if (how % 3 == 0) {
            escrow.decideDispute(its.order, toSeller, "report");
            its.agreed += toSeller;
        } else if (how % 3 == 1 && order.flags & 3 == 0) {
            vm.prank(its.seller);
            escrow.agreeSplit(its.order, toSeller);
            vm.prank(its.buyer);
            escrow.agreeSplit(its.order, toSeller);
            its.agreed += toSeller;
        } else {
            vm.prank(order.flags & 32 != 0 ? its.buyer : its.seller);
            escrow.endDispute(its.order);
        }
        _count("decide");
        return true;
    }

    // Facts

    function _depart(Line storage its, bool measured) internal returns (bool) {
        if (its.departed) return false;
        its.departed = true;
        _fact(carrier, inspector, its.subject, Milestones.DEPARTED, 1, measured ? uint64(KILOS) : 0);
        _count("depart");
        return true;
    }

    /// @dev A delivery in five is not measured: it is reached, and earns nothing where a measure is asked for.
    function _receive(Line storage its, uint256 quantity, uint256 how) internal returns (bool) {
        Delivery[] storage all = deliveries[_number()];
        if (all.length == 3) return false;
        quantity = how % 5 == 0 ? 0 : _bound(quantity, KILOS / 5, KILOS);
        all.push(Delivery(quantity, vm.getBlockTimestamp()));
        _fact(warehouse, inspector, its.subject, Milestones.RECEIVED, uint32(all.length), uint64(quantity));
        _count(quantity == 0 ? "receiveUnmeasured" : "receive");
        return true;
    }

    /// @dev The carrier says that it was half of it, while it may.
    function _contradict(Line storage its) internal returns (bool) {
        Delivery[] storage all = deliveries[_number()];
        if (its.inDispute || all.length == 0) return false;
        Delivery storage last = all[all.length - 1];
        if (last.quantity == 0 || vm.getBlockTimestamp() >= last.at + WINDOW) return false;
        uint64 half = uint64(last.quantity / 2);
        _vouch(carrier, its.subject, Milestones.RECEIVED, uint32(all.length), half);
        its.inDispute = true;
        _count("contradict");
        return true;
    }

    /// @dev Witnesses differ a little; the least of what they say is there. An entry that nobody measured makes no lot.
    function _store(Line storage its, uint256 quantity) internal returns (bool) {
        if (its.isStored) return false;
        quantity = _bound(quantity, KILOS / 2, KILOS);
        ILots.Entry memory entry = _entry(its.lot, its.subject, 1);
        entry.owner = its.seller;
        _announce(entry);
        _fact(warehouse, inspector, its.subject, Milestones.STORED, 1, 0);
        _refuse(address(this), address(lots), abi.encodeCall(lots.mint, (entry)));

        entry.sequence = 2;
        _announce(entry);
        _vouch(warehouse, its.subject, Milestones.STORED, 2, uint64(quantity));
        _vouch(inspector, its.subject, Milestones.STORED, 2, uint64(quantity - quantity / 200));
        lots.mint(entry);
        _refuse(address(this), address(lots), abi.encodeCall(lots.mint, (entry)));

        its.isStored = true;
        _noteStored(its.lot, its.seller, quantity - quantity / 200);
        _feed(TEMPERATURE, its.subject, COOL);
        _count("store");
        return true;
    }

    function _announce(ILots.Entry memory entry) private {
        vm.prank(warehouse.account);
        lots.announce(entry);
    }

    function _noteStored(LotId lot, address owner, uint256 quantity) internal {
        stored.push(lot);
        came[lot] = quantity;
        booked[lot][owner].free = quantity;
    }

    /// @dev One witness alone.
    function _vouch(Party memory by, bytes32 subject, uint32 milestone, uint32 sequence, uint64 quantity) internal {
        IMilestoneOracle.Observation[] memory list = new IMilestoneOracle.Observation[](1);
        uint64 occurredAt = uint64(vm.getBlockTimestamp() - 1 hours);
        list[0] = IMilestoneOracle.Observation(subject, milestone, sequence, occurredAt, quantity);
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](1);
        votes[0] = _vote(by, list, 1);
        oracle.attest(list, votes);
    }

    // Goods against payment

    /// @dev The buyer itself takes goods out of the escrow's hands, while no lender has any of the lot; where a lender has paid, see `_takeDelivery`.
    function _deliver(Line storage its, uint256 quantity, uint256 price) internal returns (bool) {
        IOrderEscrow.Order memory order = _orderOf(its);
        Holding storage own = booked[its.lot][its.seller];
        bool lent = _paperOf(its) == Paper.Purchase;
        if (order.state != IOrderEscrow.State.Accepted || order.held == 0 || own.free == 0 || lent) return false;
        if (order.flags & 2 != 0 || lots.stock(its.lot).inCustody != 0) return false;
        (quantity, price) = (_bound(quantity, 1, own.free), _bound(price, 1, order.held));
        IOrderEscrow.Delivery memory delivery = _offer(its, quantity, price);
        vm.prank(its.buyer);
        escrow.deliver(delivery, its.buyer);
        own.free -= quantity;
        booked[its.lot][its.buyer].free += quantity;
        its.agreed += price;
        _count("deliver");
        return true;
    }

    function _offer(Line storage its, uint256 quantity, uint256 price)
        internal
        returns (IOrderEscrow.Delivery memory delivery)
    {
        delivery = IOrderEscrow.Delivery(its.order, its.seller, its.lot, quantity, price);
        vm.prank(its.seller);
        escrow.offerDelivery(delivery, true);
    }

    // Invoices

    /// @dev For what is neither paid nor held. It is matched with the order; while that is refused, because the proceeds are a
    /// lender's, once the lender has the invoice for them.
    function _invoice(Line storage its) internal returns (bool) {
        uint256 most = _isAccepted(its) ? escrow.unfunded(its.order) : 0;
        if (its.hasInvoice || most == 0 || !its.measured) return false;
        its.hasInvoice = true;
        its.invoiced = most;
        uint256 due = vm.getBlockTimestamp() / 1 days + 30;
        vm.prank(its.seller);
        receivables.register(IReceivableToken.RegisterTerms(its.invoice, its.buyer, "EUR", most, KILOS, due, 0));
        vm.prank(its.buyer);
        receivables.accept(IReceivableToken.Acceptance(its.invoice, most, KILOS, due, true));
        if (_orderOf(its).flags & 5 != 1) _match(its);
        else _refuse(its.seller, address(matching), abi.encodeCall(matching.link, (its.order, its.invoice)));
        _count("invoice");
        return true;
    }

    function _match(Line storage its) internal {
        vm.prank(its.seller);
        matching.link(its.order, its.invoice);
        its.isMatched = true;
        _count("match");
    }

    function _payInvoice(Line storage its, uint256 amount) internal returns (bool) {
        uint256 left = its.hasInvoice ? receivables.outstanding(its.invoice) : 0;
        if (left == 0) return false;
        amount = _bound(amount, 1, left);
        _give(its.buyer, amount);
        vm.prank(its.buyer);
        receivables.pay(its.invoice, amount);
        _count("payInvoice");
        return true;
    }

    // Refusals

    function _refuse(address who, address to, bytes memory data) internal {
        vm.prank(who);
        (bool taken,) = to.call(data);
        assertFalse(taken, "what must be refused was taken");
        _count("refuse");
    }
}
