// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {OrderMatch} from "../../../contracts/settlement/OrderMatch.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {LotId, OrderId, OrganisationId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Assignee} from "../support/Assignee.sol";
import {EscrowBase} from "./EscrowBase.sol";

/// @dev Everything that can happen to up to five orders, at random, with books of its own by what balances did. What is
/// looked at after each act that may not be so is a `fault`.
abstract contract EscrowHandler is EscrowBase {
    uint256 internal constant MOST_ORDERS = 5;

    // Ghost totals by order, minor units
    mapping(uint256 order => uint256) public putIn;
    mapping(uint256 order => uint256) public straight;
    mapping(uint256 order => uint256) public toSeller;
    mapping(uint256 order => uint256) public back;
    mapping(uint256 order => uint256) public invoicedOn;
    uint256 public donated;
    uint256 public orders;
    string public fault;
    mapping(string verb => uint256) public done;

    OrderMatch internal matching;
    Assignee internal refundee;
    uint256 private clock;
    uint256 private invoices;
    mapping(uint256 order => uint32) private deliveries;

    struct Seen {
        IOrderEscrow.Order its;
        uint256 earned;
        uint256 sellers;
        uint256 buyers;
    }

    /// @dev One act on one order: time stands where it was left; afterwards its money is looked at.
    /// @param byFacts whether facts alone may pay the seller's side in it
    /// @param ends whether it may move the money of an order in dispute
    modifier act(uint256 which, bool byFacts, bool ends) {
        vm.warp(clock);
        uint256 number = orders == 0 ? 0 : which % orders + 1;
        if (number != 0) {
            Seen memory before = _see(number);
            _;
            _look(number, before, byFacts, ends);
        }
    }

    constructor() {
        setUp();
        clock = vm.getBlockTimestamp();
        refundee = new Assignee();
        registry.admitAccount(operator.lei, address(refundee));
        escrow.listAssignee(address(refundee), true);
        matching = _newMatch(escrow);
        for (uint24 id = 1; id <= 8; ++id) {
            registry.renewKyc(registry.organisation(OrganisationId.wrap(id)).lei, uint40(START + 3650 days));
        }
        _storeFirst();
        vm.startPrank(seller);
        lots.setApprovalForAll(address(escrow), true);
        lots.setPowerOfSale(address(escrow), true);
        vm.stopPrank();
        place(3_000_000, 2_000_000, 1);
    }

    // Agreement

    function place(uint256 value, uint256 deposit, uint256 kind) public {
        if (orders == MOST_ORDERS) return;
        vm.warp(clock);
        uint256 number = ++orders;
        value = _bound(value, 1000, VALUE);
        IOrderEscrow.OrderTerms memory terms =
            _termsOf(_id(number), buyer, _subject(number), value, QUANTITY, clock / 1 days + 20);
        terms.deposit = _bound(deposit, 0, value);
        (terms.graceDays, terms.overBps, terms.underBps) = (kind % 5, 500, kind % 300);
        terms.payouts = _ladder(kind);
        vm.startPrank(seller);
        oracle.openSubject(_subject(number), new bytes32[](0));
        escrow.registerOrder(terms);
        vm.stopPrank();
        if (terms.deposit != 0) _give(buyer, terms.deposit);
        uint256 sellers = _sellers();
        _acceptOrder(_id(number));
        putIn[number] = terms.deposit;
        toSeller[number] = _sellers() - sellers;
    }

    // Money

    function fundOrder(uint256 which, uint256 amount, uint256 by) external act(which, true, false) {
        uint256 number = which % orders + 1;
        uint256 most = escrow.unfunded(_id(number));
        if (_stateOf(number) != IOrderEscrow.State.Accepted || most == 0) return;
        amount = _bound(amount, 1, most);
        address payer = [buyer, lender.account, address(refundee)][by % 3];
        _issue(euro, payer, amount);
        if (by % 3 == 2) {
            refundee.fund(escrow, euro, _id(number), amount);
        } else {
            vm.startPrank(payer);
            euro.approve(address(escrow), amount);
            escrow.fund(_id(number), amount);
            vm.stopPrank();
        }
        putIn[number] += amount;
        ++done["fund"];
    }

    function pay(uint256 which, uint256 amount) external act(which, false, false) {
        uint256 number = which % orders + 1;
        IOrderEscrow.State state = _stateOf(number);
        bool lapsed = state == IOrderEscrow.State.Lapsed;
        if (!lapsed && state != IOrderEscrow.State.Accepted) return;
        uint256 most = lapsed ? escrow.fundsOf(_id(number)).waived : escrow.unfunded(_id(number));
        if (most == 0) return;
        amount = _bound(amount, 1, most);
        _give(buyer, amount);
        vm.prank(buyer);
        escrow.payOrder(_id(number), amount);
        straight[number] += amount;
        ++done["pay"];
    }

    function donate(uint256 amount) external {
        amount = _bound(amount, 1, 1000);
        _issue(euro, address(escrow), amount);
        donated += amount;
    }

    function settle(uint256 which) external act(which, true, false) {
        uint256 number = which % orders + 1;
        if (_stateOf(number) == IOrderEscrow.State.Accepted) escrow.settle(_id(number));
    }

    function refund(uint256 which, bool late) external {
        if (late) clock += 30 days;
        _refund(which);
    }

    function _refund(uint256 which) private act(which, true, false) {
        uint256 number = which % orders + 1;
        try escrow.refund(_id(number)) {
            ++done["refund"];
        } catch {}
        try escrow.claimRefund(_id(number), lender.account) {
            ++done["claim"];
        } catch {}
    }

    // Facts

    function depart(uint256 which) external act(which, true, false) {
        _report(which % orders + 1, Milestones.DEPARTED, 1, QUANTITY, 2);
    }

    function receive_(uint256 which, uint256 quantity, bool disputed) external act(which, true, false) {
        uint256 number = which % orders + 1;
        if (deliveries[number] == 9) return;
        uint32 sequence = ++deliveries[number];
        quantity = _bound(quantity, 1, QUANTITY);
        _report(number, Milestones.RECEIVED, sequence, quantity, 2);
        if (disputed && quantity > 10) _report(number, Milestones.RECEIVED, sequence, quantity / 2, 1);
    }

    function wait_(uint256 time) external {
        clock += _bound(time, 1 hours, 6 days);
    }

    // Disputes

    function dispute(uint256 which, bool byBuyer) external act(which, true, false) {
        uint256 number = which % orders + 1;
        if (_stateOf(number) != IOrderEscrow.State.Accepted) return;
        if (escrow.order(_id(number)).flags & (byBuyer ? 16 : 8) != 0) return;
        vm.prank(byBuyer ? buyer : seller);
        escrow.disputeOrder(_id(number), "photos");
        ++done["dispute"];
    }

    function endDispute(uint256 which, uint256 toSeller_, uint256 how) external act(which, false, true) {
        OrderId id = _id(which % orders + 1);
        if (escrow.order(id).state != IOrderEscrow.State.Disputed) return;
        toSeller_ = _bound(toSeller_, 0, escrow.order(id).held);
        if (how % 3 == 0) {
            escrow.decideDispute(id, toSeller_, "report");
        } else if (how % 3 == 1 && escrow.order(id).flags & 3 == 0) {
            vm.prank(seller);
            escrow.agreeSplit(id, toSeller_);
            vm.prank(buyer);
            escrow.agreeSplit(id, toSeller_);
        } else {
            bool ofBuyer = escrow.order(id).flags & 32 != 0;
            vm.prank(ofBuyer ? buyer : seller);
            escrow.endDispute(id);
        }
        ++done["ended"];
    }

    // Assignment

    function assign(uint256 which, bool refunds) external act(which, true, false) {
        OrderId id = _id(which % orders + 1);
        if (escrow.order(id).state != IOrderEscrow.State.Accepted) return;
        bool assigned = escrow.order(id).flags & (refunds ? 2 : 1) != 0;
        if (refunds) assigned ? refundee.releaseRefunds(escrow, id) : refundee.assignRefunds(escrow, id, buyer);
        else assigned ? assignee.release(escrow, id) : assignee.assign(escrow, id, seller);
    }

    // Goods and invoices

    function deliver(uint256 which, uint256 quantity, uint256 price) external act(which, false, false) {
        OrderId id = _id(which % orders + 1);
        IOrderEscrow.Order memory its = escrow.order(id);
        uint256 free = lots.position(LOT, seller).free;
        if (its.state != IOrderEscrow.State.Accepted || its.held == 0 || free == 0) return;
        IOrderEscrow.Delivery memory delivery =
            IOrderEscrow.Delivery(id, seller, LOT, _bound(quantity, 1, free), _bound(price, 1, its.held));
        vm.prank(seller);
        escrow.offerDelivery(delivery, true);
        if (its.flags & 2 != 0) {
            refundee.deliver(escrow, delivery, buyer);
        } else {
            vm.prank(buyer);
            escrow.deliver(delivery, buyer);
        }
        ++done["deliver"];
    }

    function invoice(uint256 which, uint256 amount) external act(which, true, false) {
        uint256 number = which % orders + 1;
        OrderId id = _id(number);
        IOrderEscrow.Order memory its = escrow.order(id);
        uint256 most = escrow.unfunded(id);
        if (its.state != IOrderEscrow.State.Accepted || most == 0 || its.flags & 1 != 0) return;
        IReceivableToken.RegisterTerms memory terms = _terms();
        (terms.id, terms.faceValue) = (ReceivableId.wrap(1000 + ++invoices), _bound(amount, 1, most));
        terms.dueDate = clock / 1 days + 30;
        vm.prank(seller);
        receivables.register(terms);
        vm.prank(buyer);
        receivables.accept(IReceivableToken.Acceptance(terms.id, terms.faceValue, terms.quantity, terms.dueDate, true));
        vm.prank(seller);
        matching.link(id, terms.id);
        invoicedOn[number] += terms.faceValue;
        ++done["invoice"];
    }

    function freeze() external {
        if (registry.membershipOf(seller).frozen) registry.unfreezeAccount(seller);
        else registry.freezeAccount(seller);
        registry.isAdmitted(seller) ? ++done["unfreeze"] : ++done["freeze"];
        if (!registry.isAdmitted(seller)) {
            for (uint256 number = 1; number <= orders; ++number) {
                _settleFrozen(number);
            }
            registry.unfreezeAccount(seller);
        }
    }

    function _settleFrozen(uint256 number) private act(number - 1, true, false) {
        if (_stateOf(number) == IOrderEscrow.State.Accepted) escrow.settle(_id(number));
    }

    // Internals

    function _id(uint256 number) internal pure returns (OrderId) {
        return OrderId.wrap(number);
    }

    function _subject(uint256 number) internal pure returns (bytes32) {
        return keccak256(abi.encode("consignment", number));
    }

    function _stateOf(uint256 number) internal view returns (IOrderEscrow.State) {
        return escrow.order(_id(number)).state;
    }

    function _ladder(uint256 kind) private pure returns (IOrderEscrow.Payout[] memory payouts) {
        payouts = new IOrderEscrow.Payout[](3);
        payouts[0] = IOrderEscrow.Payout(Milestones.ACCEPTED, uint16(1 + kind % 1999), false);
        payouts[1] = IOrderEscrow.Payout(Milestones.DEPARTED, uint16(2000 + kind % 5000), kind % 2 == 0);
        payouts[2] = IOrderEscrow.Payout(Milestones.RECEIVED, 10_000, true);
    }

    /// @param witnesses 2 for a quorum, 1 for another that says otherwise
    function _report(uint256 number, uint32 milestone, uint32 sequence, uint256 quantity, uint256 witnesses) private {
        IMilestoneOracle.Observation[] memory list = new IMilestoneOracle.Observation[](1);
        list[0] = IMilestoneOracle.Observation(
            _subject(number), milestone, sequence, uint64(clock - 1 hours), uint64(quantity)
        );
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](witnesses);
        votes[0] = _vote(witnesses == 2 ? warehouse : carrier, list, 1);
        if (witnesses == 2) votes[1] = _vote(inspector, list, 1);
        oracle.attest(list, votes);
    }

    function _sellers() private view returns (uint256) {
        return euro.balanceOf(seller) + euro.balanceOf(address(assignee)) + escrow.parked(seller, address(euro));
    }

    function _buyers() private view returns (uint256) {
        return euro.balanceOf(buyer) + euro.balanceOf(address(refundee)) + euro.balanceOf(lender.account);
    }

    function _see(uint256 number) private view returns (Seen memory) {
        return Seen(escrow.order(_id(number)), escrow.earnedOf(_id(number)), _sellers(), _buyers());
    }

    function _look(uint256 number, Seen memory before, bool byFacts, bool ends) private {
        IOrderEscrow.Order memory its = escrow.order(_id(number));
        toSeller[number] += _sellers() - before.sellers;
        back[number] += _buyers() - before.buyers;
        bool paid = its.paid != before.its.paid;
        if (its.paid < before.its.paid) fault = "paid fell";
        // What a fact had earned may be in dispute by the end of the act that paid it.
        uint256 earned = escrow.earnedOf(_id(number));
        if (earned < before.earned) earned = before.earned;
        if (byFacts && paid && its.paid > earned) fault = "paid above what is earned";
        bool frozen = before.its.state == IOrderEscrow.State.Disputed && !ends;
        if (frozen && (paid || its.held != before.its.held)) fault = "money moved in a dispute";
        if (_isOver(before.its.state) && its.state != before.its.state) fault = "an order came back";
        if (its.flags & 8 < before.its.flags & 8) fault = "a second dispute";
    }

    function _isOver(IOrderEscrow.State state) private pure returns (bool) {
        return
            state == IOrderEscrow.State.Settled || state == IOrderEscrow.State.Lapsed
                || state == IOrderEscrow.State.Closed;
    }
}
