// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IWarehouseReceiptToken} from "../inventory/interfaces/IWarehouseReceiptToken.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {LotId, OrderId, OrganisationId} from "../types/Ids.sol";
import {OrderBook} from "./OrderBook.sol";
import {IOrderEscrow} from "./interfaces/IOrderEscrow.sol";

/// @title How an order ends otherwise than by facts in time: deadline, dispute, goods handed over against payment. A part
/// of the escrow's code, run on the escrow's storage. `IOrderEscrow` says what the functions do.
contract OrderWorkouts is OrderBook {
    constructor(
        IParticipantRegistry registry_,
        IMilestoneOracle oracle_,
        IWarehouseReceiptToken goods_,
        uint256 disputeDays_,
        address authority
    ) OrderBook(registry_, oracle_, goods_, disputeDays_, authority) {}

    // Deadline

    /// @notice See `IOrderEscrow`.
    function refund(OrderId id) external nonReentrant returns (uint256 amount) {
        IOrderEscrow.Order memory its = _inState(id, IOrderEscrow.State.Accepted);
        uint256 from = _refundableFrom(id, its);
        require(block.timestamp >= from, IOrderEscrow.RefundTooEarly(id, from, block.timestamp));
        require(its.held != 0, IOrderEscrow.NothingToRefund(id, _buyerOf[id]));

        uint256 due = _dueOf(_subjectOf[id], its);
        if (due == its.held) {
            _payOut(id, its, due, false);
            return 0;
        }
        // Something is held that is not earned, so that all that is earned is paid with this.
        address payee = due == 0 ? address(0) : _bookOut(id, its, due);
        amount = _end(id, IOrderEscrow.State.Lapsed);
        emit IOrderEscrow.OrderLapsed(id, amount);

        if (due != 0) _send(id, its.currency, payee, due, its.flags & ASSIGNED != 0, false);
        _giveBack(id, _buyerOf[id]);
    }

    /// @notice See `IOrderEscrow`.
    function claimRefund(OrderId id, address beneficiary) external nonReentrant returns (uint256 amount) {
        bool due = _pots[id].money != 0 && _fundedBy[id][beneficiary] != 0;
        require(due, IOrderEscrow.NothingToRefund(id, beneficiary));
        return _giveBack(id, beneficiary);
    }

    // Goods

    /// @notice See `IOrderEscrow`.
    function offerDelivery(IOrderEscrow.Delivery calldata delivery, bool open) external {
        OrderId id = delivery.id;
        IOrderEscrow.Order memory its = _inState(id, IOrderEscrow.State.Accepted);
        _requireSeller(id, msg.sender, its.seller);
        _requireSeller(id, delivery.owner, its.seller);
        require(delivery.price != 0, IOrderEscrow.PaymentZero(id));

        bytes32 digest = keccak256(abi.encode(delivery));
        _isOffered[digest] = open;
        emit IOrderEscrow.DeliveryOffered(id, delivery.lot, digest, delivery, open);
    }

    /// @notice See `IOrderEscrow`.
    function deliver(IOrderEscrow.Delivery calldata delivery, address to) external nonReentrant {
        (OrderId id, uint256 price) = (delivery.id, delivery.price);
        IOrderEscrow.Order memory its = _inState(id, IOrderEscrow.State.Accepted);
        _requireMayTakeGoods(id, its);
        OrganisationId organisation = registry.membershipOf(to).organisation;
        require(organisation == its.buyer, IOrderEscrow.NotAccountOf(id, to, organisation, its.buyer));
        bytes32 digest = keccak256(abi.encode(delivery));
        require(_isOffered[digest], IOrderEscrow.DeliveryNotOffered(id, digest));
        require(price <= its.held, IOrderEscrow.DeliveryUnfunded(id, price, its.held));

        delete _isOffered[digest];
        address payee = _bookOut(id, its, price);
        (LotId lot, address owner, uint256 quantity) = (delivery.lot, delivery.owner, delivery.quantity);
        emit IOrderEscrow.GoodsDelivered(id, lot, to, owner, quantity, price);

        // Into custody and out of it in one call, so that the goods cannot be had without the money.
        goods.safeTransferFrom(owner, address(this), LotId.unwrap(lot), quantity, "");
        goods.sellFromCustody(lot, owner, to, quantity);
        _send(id, its.currency, payee, price, its.flags & ASSIGNED != 0, false);
    }

    // Disputes

    /// @notice See `IOrderEscrow`.
    function disputeOrder(OrderId id, bytes32 evidence) external {
        IOrderEscrow.Order memory its = _inState(id, IOrderEscrow.State.Accepted);
        (OrganisationId by, bool ofBuyer) = _partyOf(id, its);
        uint8 used = ofBuyer ? BUYER_DISPUTED : SELLER_DISPUTED;
        require(its.flags & used == 0, IOrderEscrow.DisputeUsed(id, by));
        require(evidence != 0, IOrderEscrow.DisputeEvidenceZero(id));

        uint8 flags = its.flags & ~DISPUTE_OF_BUYER | used | (ofBuyer ? DISPUTE_OF_BUYER : 0);
        (_orders[id].state, _orders[id].flags) = (IOrderEscrow.State.Disputed, flags);
        // Safe until the year 2106.
        _funds[id].disputedSince = uint32(block.timestamp);
        emit IOrderEscrow.OrderDisputed(id, by, evidence, block.timestamp + _disputeDays * 1 days);
    }

    /// @notice See `IOrderEscrow`.
    function decideDispute(OrderId id, uint256 toSeller, bytes32 evidence) external restricted nonReentrant {
        _inState(id, IOrderEscrow.State.Disputed);
        require(evidence != 0, IOrderEscrow.DisputeEvidenceZero(id));
        _split(id, toSeller, evidence);
    }

    /// @notice See `IOrderEscrow`.
    function endDispute(OrderId id) external {
        IOrderEscrow.Order memory its = _inState(id, IOrderEscrow.State.Disputed);
        uint256 until = _funds[id].disputedSince + _disputeDays * 1 days;
        if (block.timestamp < until) {
            OrganisationId opener = its.flags & DISPUTE_OF_BUYER != 0 ? its.buyer : its.seller;
            require(_organisationOf(msg.sender) == opener, IOrderEscrow.DisputeRunning(id, until, block.timestamp));
        }

        _orders[id].state = IOrderEscrow.State.Accepted;
        _funds[id].disputedSince = 0;
        emit IOrderEscrow.OrderDisputeEnded(id, msg.sender);
    }

    /// @notice See `IOrderEscrow`.
    function agreeSplit(OrderId id, uint256 toSeller) external nonReentrant {
        IOrderEscrow.Order memory its = _orders[id];
        bool runs = its.state == IOrderEscrow.State.Accepted || its.state == IOrderEscrow.State.Disputed;
        require(runs, IOrderEscrow.OrderStateWrong(id, its.state, IOrderEscrow.State.Disputed));
        bool theirs = its.flags & (ASSIGNED | REFUNDS_ASSIGNED) == 0;
        require(theirs, IOrderEscrow.SplitNotTheirs(id, _assigneeOf[id], _refundAssigneeOf[id]));
        (OrganisationId by, bool ofBuyer) = _partyOf(id, its);
        require(toSeller <= its.held, IOrderEscrow.SplitOutOfRange(id, toSeller, its.held));

        // What is agreed is the split of this sum: a payment in between makes it another.
        bytes32 split = keccak256(abi.encode(its.held, toSeller));
        _splits[id][ofBuyer] = split;
        emit IOrderEscrow.SplitAgreed(id, by, toSeller);
        if (_splits[id][!ofBuyer] == split) _split(id, toSeller, 0);
    }

    // Internals

    function _split(OrderId id, uint256 toSeller, bytes32 evidence) private {
        IOrderEscrow.Order memory its = _orders[id];
        require(toSeller <= its.held, IOrderEscrow.SplitOutOfRange(id, toSeller, its.held));
        emit IOrderEscrow.OrderClosed(id, toSeller, its.held - toSeller, evidence);
        _orders[id].state = IOrderEscrow.State.Closed;
        address payee = toSeller == 0 ? address(0) : _bookOut(id, its, toSeller);
        _end(id, IOrderEscrow.State.Closed);
        _funds[id].disputedSince = 0;

        if (toSeller != 0) _send(id, its.currency, payee, toSeller, its.flags & ASSIGNED != 0, false);
        _giveBack(id, _buyerOf[id]);
    }

    function _requireMayTakeGoods(OrderId id, IOrderEscrow.Order memory its) private view {
        if (its.flags & REFUNDS_ASSIGNED == 0) {
            _requireBuyer(id, msg.sender, its.buyer);
        } else {
            address assignee = _refundAssigneeOf[id];
            require(msg.sender == assignee, IOrderEscrow.NotRefundAssigneeOf(id, msg.sender, assignee));
        }
    }

    function _partyOf(OrderId id, IOrderEscrow.Order memory its)
        private
        view
        returns (OrganisationId by, bool ofBuyer)
    {
        by = _organisationOf(msg.sender);
        ofBuyer = by == its.buyer;
        require(ofBuyer || by == its.seller, IOrderEscrow.NotPartyOf(id, by));
    }
}
