// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IWarehouseReceiptToken} from "../inventory/interfaces/IWarehouseReceiptToken.sol";
import {GoodsCodes} from "../libraries/GoodsCodes.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {GroupId, OrderId, OrganisationId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Rates} from "../types/Rates.sol";
import {Roles} from "../types/Roles.sol";
import {OrderBook} from "./OrderBook.sol";
import {PayoutLadder} from "./PayoutLadder.sol";
import {IOrderEscrow} from "./interfaces/IOrderEscrow.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title What both sides sign up to, and to whom the money is assigned: a part of the escrow's code, run on the escrow's
/// storage. `IOrderEscrow` says what the functions do.
contract OrderAgreements is OrderBook {
    using SafeERC20 for ICashToken;

    uint256 private constant MOST_LINES = 16;
    /// @dev What can happen to goods, one byte each.
    uint256 private constant MILESTONES = Milestones.LOADED | Milestones.DEPARTED << 8 | Milestones.ARRIVED << 16
        | Milestones.DISCHARGED << 24 | uint256(Milestones.RECEIVED) << 32 | uint256(Milestones.STORED) << 40
        | uint256(Milestones.RELEASED) << 48 | uint256(Milestones.LOST) << 56;
    /// @dev What the oracle says back with each fact; the consignment says all.
    uint64 private constant TAG = 1;

    constructor(
        IParticipantRegistry registry_,
        IMilestoneOracle oracle_,
        IWarehouseReceiptToken goods_,
        uint256 disputeDays_,
        address authority
    ) OrderBook(registry_, oracle_, goods_, disputeDays_, authority) {}

    // Governor

    /// @notice See `IOrderEscrow`.
    function listCurrency(ICashToken cash) external restricted returns (uint8 index) {
        bytes3 currency = cash.currency();
        require(_currencyIndexes[currency] == 0, IOrderEscrow.CurrencyAlreadyListed(currency));

        index = ++_currencyCount;
        _currencyIndexes[currency] = index;
        _currencies[index] = cash;
        emit IOrderEscrow.CurrencyListed(index, currency, cash);
    }

    /// @notice See `IOrderEscrow`.
    function listAssignee(address assignee, bool listed) external restricted {
        isAssigneeListed[assignee] = listed;
        emit IOrderEscrow.AssigneeListed(assignee, listed);
    }

    /// @notice See `IOrderEscrow`.
    function listMatcher(address matcher, bool listed) external restricted {
        isMatcherListed[matcher] = listed;
        emit IOrderEscrow.MatcherListed(matcher, listed);
    }

    // Seller

    /// @notice See `IOrderEscrow`.
    function registerOrder(IOrderEscrow.OrderTerms calldata terms) external {
        OrderId id = terms.id;
        require(OrderId.unwrap(id) != 0, IOrderEscrow.OrderIdZero());
        IOrderEscrow.State state = _orders[id].state;
        require(state == IOrderEscrow.State.None, IOrderEscrow.OrderExists(id, state));
        IOrderEscrow.Order memory its = _checked(terms);

        bytes32 termsHash = keccak256(abi.encode(terms));
        (_orders[id], _depositOf[id]) = (its, terms.deposit);
        (_sellerOf[id], _subjectOf[id], _termsHashOf[id]) = (msg.sender, terms.subject, termsHash);
        emit IOrderEscrow.OrderRegistered(
            id, its.seller, its.buyer, terms.currency, its.value, its.quantity, its.deliverBy
        );
        emit IOrderEscrow.OrderDetailed(id, terms.subject, termsHash, terms);
    }

    /// @notice See `IOrderEscrow`.
    function cancelOrder(OrderId id) external {
        IOrderEscrow.Order memory its = _inState(id, IOrderEscrow.State.Registered);
        _requireSeller(id, msg.sender, its.seller);

        _orders[id].state = IOrderEscrow.State.Cancelled;
        emit IOrderEscrow.OrderCancelled(id);
    }

    // Buyer

    /// @notice See `IOrderEscrow`.
    function acceptOrder(OrderId id, bytes32 termsHash) external nonReentrant {
        _accept(id, termsHash, msg.sender);
    }

    /// @notice See `IOrderEscrow`.
    function acceptOrderBySignature(
        OrderId id,
        bytes32 termsHash,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external nonReentrant {
        require(block.timestamp <= deadline, IOrderEscrow.AcceptanceExpired(id, deadline, block.timestamp));
        bytes32 digest = _acceptanceDigest(id, termsHash, signer, deadline);
        require(Signatures.isValid(signer, digest, signature), IOrderEscrow.AcceptanceUnsigned(id, signer));
        _accept(id, termsHash, signer);
    }

    // Assignees

    /// @notice See `IOrderEscrow`.
    function assignProceeds(OrderId id, address seller) external {
        IOrderEscrow.Order memory its = _assignable(id);
        require(its.flags & ASSIGNED == 0, IOrderEscrow.AlreadyAssigned(id, _assigneeOf[id]));
        _requireSeller(id, seller, its.seller);

        _orders[id].flags = its.flags | ASSIGNED;
        _assigneeOf[id] = msg.sender;
        emit IOrderEscrow.ProceedsAssigned(id, msg.sender);
    }

    /// @notice See `IOrderEscrow`.
    function releaseProceeds(OrderId id) external {
        _requireAssignee(id);

        _orders[id].flags &= ~(ASSIGNED | INVOICEABLE);
        delete _assigneeOf[id];
        emit IOrderEscrow.ProceedsReleased(id, msg.sender);
    }

    /// @notice See `IOrderEscrow`.
    function permitInvoicing(OrderId id) external {
        _requireAssignee(id);

        _orders[id].flags |= INVOICEABLE;
        emit IOrderEscrow.InvoicingPermitted(id, msg.sender);
    }

    /// @notice See `IOrderEscrow`.
    function assignRefunds(OrderId id, address buyer) external {
        IOrderEscrow.Order memory its = _assignable(id);
        require(its.flags & REFUNDS_ASSIGNED == 0, IOrderEscrow.RefundsAlreadyAssigned(id, _refundAssigneeOf[id]));
        _requireBuyer(id, buyer, its.buyer);

        _orders[id].flags = its.flags | REFUNDS_ASSIGNED;
        _refundAssigneeOf[id] = msg.sender;
        emit IOrderEscrow.RefundsAssigned(id, msg.sender);
    }

    /// @notice See `IOrderEscrow`.
    function releaseRefunds(OrderId id) external {
        address assignee = _refundAssigneeOf[id];
        require(assignee == msg.sender, IOrderEscrow.NotRefundAssigneeOf(id, msg.sender, assignee));

        _orders[id].flags &= ~REFUNDS_ASSIGNED;
        delete _refundAssigneeOf[id];
        emit IOrderEscrow.RefundsReleased(id, msg.sender);
    }

    // Internals

    function _accept(OrderId id, bytes32 termsHash, address buyer) private {
        IOrderEscrow.Order memory its = _inState(id, IOrderEscrow.State.Registered);
        _requireBuyer(id, buyer, its.buyer);
        bytes32 registered = _termsHashOf[id];
        require(termsHash == registered, IOrderEscrow.AcceptanceDiffers(id, termsHash, registered));
        bytes32 subject = _subjectOf[id];
        OrderId other = _orderOfSubject[subject];
        require(OrderId.unwrap(other) == 0, IOrderEscrow.SubjectOfOtherOrder(id, subject, other));

        _orders[id].state = IOrderEscrow.State.Accepted;
        (_orderOfSubject[subject], _buyerOf[id]) = (id, buyer);
        emit IOrderEscrow.OrderAccepted(id, buyer);
        uint256 deposit = _depositOf[id];
        if (deposit != 0) _book(id, buyer, buyer, deposit);

        oracle.watch(subject, TAG);
        if (deposit == 0) return;
        _currencies[its.currency].safeTransferFrom(buyer, address(this), deposit);
        its = _orders[id];
        _payOut(id, its, _dueOf(subject, its), false);
    }

    function _checked(IOrderEscrow.OrderTerms calldata terms) private view returns (IOrderEscrow.Order memory its) {
        its.currency = _currencyIndexes[terms.currency];
        require(its.currency != 0, IOrderEscrow.CurrencyUnlisted(terms.currency));
        (uint256 value, uint256 quantity) = _addUp(terms);
        _requireInRange(terms, value, quantity);
        its.payouts = PayoutLadder.pack(terms, quantity);
        (its.seller, its.buyer) = _partiesOf(terms);
        _requireUnpaid(terms.id, terms.subject, its.payouts);
        if (_hasBegun(terms.subject)) its.flags = BEGUN;
        its.state = IOrderEscrow.State.Registered;
        if (quantity != 0) its.unit = terms.lines[0].unit;
        // The casts are safe: the terms are in range.
        (its.value, its.quantity, its.deliverBy) = (uint56(value), uint48(quantity), uint16(terms.deliverBy));
        (its.overBps, its.underBps) = (uint16(terms.overBps), uint16(terms.underBps));
        its.graceDays = uint8(terms.graceDays);
    }

    function _assignable(OrderId id) private view returns (IOrderEscrow.Order memory) {
        require(isAssigneeListed[msg.sender], IOrderEscrow.AssigneeUnlisted(msg.sender));
        return _inState(id, IOrderEscrow.State.Accepted);
    }

    function _requireAssignee(OrderId id) private view {
        address assignee = _assigneeOf[id];
        require(assignee == msg.sender, IOrderEscrow.NotAssigneeOf(id, msg.sender, assignee));
    }

    /// @dev A group could accept its own orders, and so lend itself what an acceptance is worth. The consignment is the
    /// seller's group's, so that its votes count for none of the facts that earn the money.
    function _partiesOf(IOrderEscrow.OrderTerms calldata terms)
        private
        view
        returns (OrganisationId seller, OrganisationId buyer)
    {
        IParticipantRegistry.Membership memory selling = registry.requireRole(msg.sender, Roles.SUPPLIER);
        IParticipantRegistry.Membership memory buying = registry.requireRole(terms.buyer, Roles.DEBTOR);
        (seller, buyer) = (selling.organisation, buying.organisation);
        require(!(buying.group == selling.group), IOrderEscrow.BuyerIsSeller(terms.id, buyer));
        GroupId beneficiary = oracle.subject(terms.subject).beneficiary;
        bool its = beneficiary == selling.group;
        require(its, IOrderEscrow.OrderSubjectNotOf(terms.id, terms.subject, beneficiary, selling.group));
    }

    /// @dev Facts of before would pay the order out at once, for goods that are not its.
    function _requireUnpaid(OrderId id, bytes32 subject, uint256 ladder) private view {
        for (; ladder != 0; ladder = PayoutLadder.below(ladder)) {
            (uint32 milestone,,) = PayoutLadder.furthest(ladder);
            require(!_hasFact(subject, milestone), IOrderEscrow.OrderSubjectHasFacts(id, subject, milestone));
        }
    }

    /// @return whether the goods had set out before there was the order, as those have that are sold out of a warehouse
    function _hasBegun(bytes32 subject) private view returns (bool) {
        for (uint256 milestones = MILESTONES; milestones != 0; milestones >>= 8) {
            // The cast keeps the lowest number.
            if (_hasFact(subject, uint8(milestones))) return true;
        }
        return false;
    }

    function _hasFact(bytes32 subject, uint32 milestone) private view returns (bool) {
        return oracle.fact(subject, milestone, 1).status >= IMilestoneOracle.Status.Final;
    }

    /// @return value minor units of all lines
    /// @return quantity thousandths of all lines; 0 where they are not all measured in one unit
    function _addUp(IOrderEscrow.OrderTerms calldata terms) private pure returns (uint256 value, uint256 quantity) {
        OrderId id = terms.id;
        uint256 count = terms.lines.length;
        require(count != 0 && count <= MOST_LINES, IOrderEscrow.LineCountOutOfRange(id, count, MOST_LINES));
        bytes3 unit = terms.lines[0].unit;
        bool measured = true;
        for (uint256 i = 0; i < count; ++i) {
            IOrderEscrow.Line calldata line = terms.lines[i];
            require(
                line.item != 0 && GoodsCodes.isUnit(line.unit), IOrderEscrow.LineInvalid(id, i, line.item, line.unit)
            );
            uint256 most = type(uint56).max;
            require(line.value != 0 && line.value <= most, IOrderEscrow.OrderValueOutOfRange(id, line.value, most));
            most = type(uint48).max;
            require(line.quantity <= most, IOrderEscrow.OrderQuantityOutOfRange(id, line.quantity, most));
            measured = measured && line.quantity != 0 && line.unit == unit;
            (value, quantity) = (value + line.value, quantity + line.quantity);
        }
        if (!measured) quantity = 0;
    }

    function _requireInRange(IOrderEscrow.OrderTerms calldata terms, uint256 value, uint256 quantity) private view {
        OrderId id = terms.id;
        require(value <= type(uint56).max, IOrderEscrow.OrderValueOutOfRange(id, value, type(uint56).max));
        require(quantity <= type(uint48).max, IOrderEscrow.OrderQuantityOutOfRange(id, quantity, type(uint48).max));
        uint256 day = terms.deliverBy;
        (uint256 earliest, uint256 latest) = (block.timestamp / 1 days, type(uint16).max);
        require(day >= earliest && day <= latest, IOrderEscrow.DeliverByOutOfRange(id, day, earliest, latest));
        require(
            terms.graceDays <= type(uint8).max, IOrderEscrow.OrderGraceOutOfRange(id, terms.graceDays, type(uint8).max)
        );
        require(terms.deposit <= value, IOrderEscrow.DepositOutOfRange(id, terms.deposit, value));
        (uint256 over, uint256 under) = (terms.overBps, terms.underBps);
        bool tolerable = over <= Rates.BPS && under <= Rates.BPS;
        require(tolerable, IOrderEscrow.OrderToleranceOutOfRange(id, over, under, Rates.BPS));
    }
}
