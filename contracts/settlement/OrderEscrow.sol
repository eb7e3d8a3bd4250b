// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Hints} from "../libraries/Hints.sol";
import {ParkedPayouts} from "../libraries/ParkedPayouts.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {IProceedsReceiver} from "../receivables/interfaces/IProceedsReceiver.sol";
import {OrderId, OrganisationId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {IOrderEscrow} from "./interfaces/IOrderEscrow.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title Purchase orders, and the road their money takes.
contract OrderEscrow is IOrderEscrow, ParkedPayouts, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for ICashToken;

    IParticipantRegistry public immutable registry;

    mapping(OrderId => Order) private _orders;
    mapping(OrderId => address) public sellerOf;
    mapping(OrderId => address) public assigneeOf;
    mapping(address => bool) public isAssigneeListed;
    mapping(bytes3 currency => uint8) private _currencyIndexes;
    mapping(uint8 index => ICashToken) private _currencies;
    uint8 private _currencyCount;

    constructor(IParticipantRegistry registry_, address authority) AccessManaged(authority) {
        registry = registry_;
    }

    // By the governor

    /// @inheritdoc IOrderEscrow
    function listCurrency(ICashToken cash) external restricted returns (uint8 index) {
        bytes3 currency = cash.currency();
        require(_currencyIndexes[currency] == 0, CurrencyAlreadyListed(currency));

        index = ++_currencyCount;
        _currencyIndexes[currency] = index;
        _currencies[index] = cash;
        emit CurrencyListed(index, currency, cash);
    }

    /// @inheritdoc IOrderEscrow
    function listAssignee(address assignee, bool listed) external restricted {
        isAssigneeListed[assignee] = listed;
        emit AssigneeListed(assignee, listed);
    }

    // By the seller

    /// @inheritdoc IOrderEscrow
    function registerOrder(OrderTerms calldata terms) external {
        OrderId id = terms.id;
        require(OrderId.unwrap(id) != 0, OrderIdZero());
        require(_orders[id].state == State.None, OrderExists(id, _orders[id].state));
        uint8 currency = _currencyIndexes[terms.currency];
        require(currency != 0, CurrencyUnlisted(terms.currency));
        _requireInRange(terms);
        (OrganisationId seller, OrganisationId buyer) = _partiesOf(terms);

        // The casts are safe: the terms are in range.
        _orders[id] = Order({
            value: uint56(terms.value),
            paid: 0,
            quantity: uint48(terms.quantity),
            deliverBy: uint16(terms.deliverBy),
            seller: seller,
            buyer: buyer,
            currency: currency,
            state: State.Registered,
            assigned: false
        });
        sellerOf[id] = msg.sender;
        emit OrderRegistered(id, seller, buyer, terms.currency, terms.value, terms.quantity, terms.deliverBy);
    }

    /// @inheritdoc IOrderEscrow
    function cancelOrder(OrderId id) external {
        Order storage order_ = _inState(id, State.Registered);
        OrganisationId caller = _organisationOf(msg.sender);
        require(caller == order_.seller, NotSellerOf(id, caller, order_.seller));

        order_.state = State.Cancelled;
        emit OrderCancelled(id);
    }

    // By the buyer

    /// @inheritdoc IOrderEscrow
    function acceptOrder(OrderId id, uint256 value, uint256 quantity, uint256 deliverBy) external {
        Order storage order_ = _inState(id, State.Registered);
        OrganisationId caller = _organisationOf(msg.sender);
        require(caller == order_.buyer, NotBuyerOf(id, caller, order_.buyer));
        (uint256 value_, uint256 quantity_, uint256 deliverBy_) = (order_.value, order_.quantity, order_.deliverBy);
        require(
            value == value_ && quantity == quantity_ && deliverBy == deliverBy_,
            AcceptanceDiffers(id, value, value_, quantity, quantity_, deliverBy, deliverBy_)
        );

        order_.state = State.Accepted;
        emit OrderAccepted(id, msg.sender);
    }

    // By an assignee

    /// @inheritdoc IOrderEscrow
    function assignProceeds(OrderId id, address seller) external {
        require(isAssigneeListed[msg.sender], AssigneeUnlisted(msg.sender));
        Order storage order_ = _inState(id, State.Accepted);
        require(!order_.assigned, AlreadyAssigned(id, assigneeOf[id]));
        OrganisationId organisation = _organisationOf(seller);
        require(organisation == order_.seller, NotSellerOf(id, organisation, order_.seller));

        order_.assigned = true;
        assigneeOf[id] = msg.sender;
        emit ProceedsAssigned(id, msg.sender);
    }

    /// @inheritdoc IOrderEscrow
    function releaseProceeds(OrderId id) external {
        address assignee = assigneeOf[id];
        require(assignee == msg.sender, NotAssigneeOf(id, msg.sender, assignee));

        _orders[id].assigned = false;
        delete assigneeOf[id];
        emit ProceedsReleased(id, msg.sender);
    }

    // By anyone

    /// @inheritdoc IOrderEscrow
    function payOrder(OrderId id, uint256 amount) external nonReentrant {
        Order storage order_ = _inState(id, State.Accepted);
        require(amount != 0, PaymentZero(id));
        uint256 outstanding_ = order_.value - order_.paid;
        require(amount <= outstanding_, PaymentExceedsOutstanding(id, amount, outstanding_));

        bool assigned = order_.assigned;
        address payee = assigned ? assigneeOf[id] : sellerOf[id];
        ICashToken cash = _currencies[order_.currency];
        // The cast is safe: the sum is at most the order's value.
        order_.paid += uint56(amount);
        emit OrderPaid(id, msg.sender, payee, amount, outstanding_ - amount);
        if (amount == outstanding_) {
            order_.state = State.Settled;
            emit OrderSettled(id);
        }

        if (assigned) {
            cash.safeTransferFrom(msg.sender, payee, amount);
            _hint(id, payee);
        } else {
            _payOrPark(cash, msg.sender, payee, amount);
        }
    }

    // Views

    /// @inheritdoc IOrderEscrow
    function order(OrderId id) external view returns (Order memory) {
        return _orders[id];
    }

    /// @inheritdoc IOrderEscrow
    function outstanding(OrderId id) external view returns (uint256) {
        return _orders[id].value - _orders[id].paid;
    }

    /// @inheritdoc IOrderEscrow
    function cashOf(OrderId id) external view returns (ICashToken) {
        return _currencies[_orders[id].currency];
    }

    // Internals

    /// @dev A group could accept its own orders, and so lend itself what an acceptance is worth.
    function _partiesOf(OrderTerms calldata terms) private view returns (OrganisationId seller, OrganisationId buyer) {
        IParticipantRegistry.Membership memory selling = registry.requireRole(msg.sender, Roles.SUPPLIER);
        IParticipantRegistry.Membership memory buying = registry.requireRole(terms.buyer, Roles.DEBTOR);
        (seller, buyer) = (selling.organisation, buying.organisation);
        require(!(buying.group == selling.group), BuyerIsSeller(terms.id, buyer));
    }

    function _hint(OrderId id, address assignee) private {
        bytes memory message = abi.encodeCall(IProceedsReceiver.onProceeds, (OrderId.unwrap(id)));
        if (!Hints.tell(assignee, message)) emit ProceedsHintFailed(id, assignee);
    }

    function _inState(OrderId id, State needed) private view returns (Order storage order_) {
        order_ = _orders[id];
        require(order_.state == needed, OrderStateWrong(id, order_.state, needed));
    }

    function _organisationOf(address account) private view returns (OrganisationId) {
        registry.requireAdmitted(account, account);
        return registry.membershipOf(account).organisation;
    }

    function _requireInRange(OrderTerms calldata terms) private view {
        OrderId id = terms.id;
        uint256 most = type(uint56).max;
        require(terms.value != 0 && terms.value <= most, OrderValueOutOfRange(id, terms.value, most));
        most = type(uint48).max;
        require(terms.quantity <= most, OrderQuantityOutOfRange(id, terms.quantity, most));
        uint256 day = terms.deliverBy;
        (uint256 earliest, uint256 latest) = (block.timestamp / 1 days, type(uint16).max);
        require(day >= earliest && day <= latest, DeliverByOutOfRange(id, day, earliest, latest));
    }
}
