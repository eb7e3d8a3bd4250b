// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IWarehouseReceiptToken} from "../inventory/interfaces/IWarehouseReceiptToken.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {IMilestoneConsumer} from "../oracle/interfaces/IMilestoneConsumer.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {OrderId, OrganisationId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {OrderBook} from "./OrderBook.sol";
import {OrderParts} from "./OrderParts.sol";
import {PayoutLadder} from "./PayoutLadder.sol";
import {IOrderEscrow} from "./interfaces/IOrderEscrow.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Purchase orders, and the road their money takes.
contract OrderEscrow is OrderBook, OrderParts, ERC1155Holder {
    using SafeERC20 for ICashToken;

    /// @param agreements an `OrderAgreements`, for these same terms
    /// @param workouts an `OrderWorkouts`, for these same terms
    constructor(
        IParticipantRegistry registry_,
        IMilestoneOracle oracle_,
        IWarehouseReceiptToken goods_,
        uint256 disputeDays_,
        address agreements,
        address workouts,
        address authority
    ) OrderBook(registry_, oracle_, goods_, disputeDays_, authority) OrderParts(agreements, workouts) {}

    // Money in

    /// @inheritdoc IOrderEscrow
    function fund(OrderId id, uint256 amount) external nonReentrant {
        Order memory its = _inState(id, State.Accepted);
        _requirePayable(id, amount, _unfunded(id));

        _book(id, msg.sender, _inWhoseName(id, its.buyer), amount);

        _currencies[its.currency].safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IOrderEscrow
    function payOrder(OrderId id, uint256 amount) external nonReentrant {
        Order memory its = _orders[id];
        bool lapsed = its.state == State.Lapsed;
        require(lapsed || its.state == State.Accepted, OrderStateWrong(id, its.state, State.Accepted));
        // Nothing of a lapsed order is open but what was waived.
        uint256 waived = _funds[id].waived;
        _requirePayable(id, amount, lapsed ? waived : _unfunded(id));

        bool assigned = its.flags & ASSIGNED != 0;
        address payee = assigned ? _assigneeOf[id] : _sellerOf[id];
        // The casts are safe: the sums are at most the order's value.
        _orders[id].paid = its.paid + uint56(amount);
        if (lapsed) _funds[id].waived = uint56(waived - amount);
        uint256 left = _outstanding(id);
        emit OrderPaid(id, msg.sender, payee, amount, left);
        _settleIfNothingIs(id, left);

        ICashToken cash = _currencies[its.currency];
        if (assigned) {
            cash.safeTransferFrom(msg.sender, payee, amount);
            _hint(id, payee, false);
        } else {
            _payOrPark(cash, msg.sender, payee, amount);
        }
    }

    /// @inheritdoc IOrderEscrow
    function countInvoiced(OrderId id, uint256 amount) external {
        require(isMatcherListed[msg.sender], MatcherUnlisted(msg.sender));
        Order memory its = _inState(id, State.Accepted);
        bool permitted = its.flags & ASSIGNED == 0 || its.flags & INVOICEABLE != 0;
        require(permitted, InvoicingNotPermitted(id, _assigneeOf[id]));
        _requirePayable(id, amount, _unfunded(id));

        // The cast is safe: at most what is unfunded.
        _funds[id].invoiced += uint56(amount);
        uint256 left = _outstanding(id);
        emit OrderInvoiced(id, amount, left);
        _settleIfNothingIs(id, left);
    }

    // Money out

    /// @inheritdoc IMilestoneConsumer
    /// @dev The assignee is told out of the oracle's stipend, for a hint does not nest; whatever it misses anyone brings.
    function onMilestone(bytes32 subject, uint64, uint32, uint32) external nonReentrant {
        require(msg.sender == address(oracle), OnlyOracle(msg.sender, address(oracle)));
        OrderId id = _orderOfSubject[subject];
        Order memory its = _orders[id];
        if (its.state == State.Accepted) _payOut(id, its, _dueOf(subject, its), true);
    }

    /// @inheritdoc IOrderEscrow
    function settle(OrderId id) external nonReentrant returns (uint256 amount) {
        Order memory its = _inState(id, State.Accepted);
        amount = _dueOf(_subjectOf[id], its);
        _payOut(id, its, amount, false);
    }

    // Goods

    /// @inheritdoc IERC1155Receiver
    /// @dev Only what the escrow fetches itself: it has goods only while they pass through.
    function onERC1155Received(address operator, address from, uint256 id, uint256 value, bytes memory data)
        public
        override
        returns (bytes4)
    {
        require(msg.sender == address(goods) && operator == address(this), GoodsUnsolicited(msg.sender, operator));
        return super.onERC1155Received(operator, from, id, value, data);
    }

    /// @inheritdoc IERC1155Receiver
    function onERC1155BatchReceived(address operator, address, uint256[] memory, uint256[] memory, bytes memory)
        public
        view
        override
        returns (bytes4)
    {
        revert GoodsUnsolicited(msg.sender, operator);
    }

    // Views: orders

    /// @inheritdoc IOrderEscrow
    function order(OrderId id) external view returns (Order memory) {
        return _orders[id];
    }

    /// @inheritdoc IOrderEscrow
    function fundsOf(OrderId id) external view returns (Funds memory) {
        return _funds[id];
    }

    /// @inheritdoc IOrderEscrow
    function depositOf(OrderId id) external view returns (uint256) {
        return _depositOf[id];
    }

    /// @inheritdoc IOrderEscrow
    function subjectOf(OrderId id) external view returns (bytes32) {
        return _subjectOf[id];
    }

    /// @inheritdoc IOrderEscrow
    function orderOfSubject(bytes32 subject) external view returns (OrderId) {
        return _orderOfSubject[subject];
    }

    /// @inheritdoc IOrderEscrow
    function termsHashOf(OrderId id) external view returns (bytes32) {
        return _termsHashOf[id];
    }

    /// @inheritdoc IOrderEscrow
    function hashOf(OrderTerms calldata terms) external pure returns (bytes32) {
        return keccak256(abi.encode(terms));
    }

    /// @inheritdoc IOrderEscrow
    function payoutsOf(OrderId id) external view returns (Payout[] memory) {
        return PayoutLadder.unpack(_orders[id].payouts);
    }

    /// @inheritdoc IOrderEscrow
    function orderAcceptanceDigest(OrderId id, bytes32 termsHash, address signer, uint256 deadline)
        external
        view
        returns (bytes32)
    {
        return _acceptanceDigest(id, termsHash, signer, deadline);
    }

    // Views: parties

    /// @inheritdoc IOrderEscrow
    function assigneeOf(OrderId id) external view returns (address) {
        return _assigneeOf[id];
    }

    /// @inheritdoc IOrderEscrow
    function refundAssigneeOf(OrderId id) external view returns (address) {
        return _refundAssigneeOf[id];
    }

    /// @inheritdoc IOrderEscrow
    function sellerOf(OrderId id) external view returns (address) {
        return _sellerOf[id];
    }

    /// @inheritdoc IOrderEscrow
    function buyerOf(OrderId id) external view returns (address) {
        return _buyerOf[id];
    }

    // Views: money

    /// @inheritdoc IOrderEscrow
    function debtOf(OrderId id)
        external
        view
        returns (State state, uint256 deliverBy, uint256 quantity, uint256 owed, uint256 paid)
    {
        Order memory its = _orders[id];
        return (its.state, its.deliverBy, its.quantity, _outstanding(id), its.paid);
    }

    /// @inheritdoc IOrderEscrow
    function outstanding(OrderId id) external view returns (uint256) {
        return _outstanding(id);
    }

    /// @inheritdoc IOrderEscrow
    function unfunded(OrderId id) external view returns (uint256) {
        return _unfunded(id);
    }

    /// @inheritdoc IOrderEscrow
    function earnedOf(OrderId id) external view returns (uint256) {
        // Before the acceptance nothing is earned, not even by an earlier consignment's facts.
        if (_orders[id].state < State.Accepted || _orders[id].state == State.Cancelled) return 0;
        return _earnedOf(_subjectOf[id], _orders[id]);
    }

    /// @inheritdoc IOrderEscrow
    function fundedBy(OrderId id, address beneficiary) external view returns (uint256) {
        return _fundedBy[id][beneficiary];
    }

    /// @inheritdoc IOrderEscrow
    function refundOf(OrderId id, address beneficiary) external view returns (uint256) {
        return _refundOf(id, beneficiary);
    }

    /// @inheritdoc IOrderEscrow
    function heldInAll(OrderId id) external view returns (uint256) {
        return uint256(_orders[id].held) + _pots[id].money;
    }

    /// @inheritdoc IOrderEscrow
    function cashOf(OrderId id) external view returns (ICashToken) {
        return _currencies[_orders[id].currency];
    }

    /// @inheritdoc IOrderEscrow
    function disputeDays() external view returns (uint256) {
        return _disputeDays;
    }

    /// @inheritdoc IOrderEscrow
    function deliveryDigest(Delivery calldata delivery) external pure returns (bytes32) {
        return keccak256(abi.encode(delivery));
    }

    /// @inheritdoc IOrderEscrow
    function isOffered(bytes32 digest) external view returns (bool) {
        return _isOffered[digest];
    }

    // Internals

    /// @dev What the buyer's organisation puts in, and what the network's own contracts put in for it, is the buyer's.
    function _inWhoseName(OrderId id, OrganisationId buyer) private view returns (address) {
        IParticipantRegistry.Membership memory payer = registry.membershipOf(msg.sender);
        bool forBuyer = payer.organisation == buyer || payer.roles & Roles.NETWORK != 0;
        return forBuyer ? _buyerOf[id] : msg.sender;
    }

    function _requirePayable(OrderId id, uint256 amount, uint256 most) private pure {
        require(amount != 0, PaymentZero(id));
        require(amount <= most, PaymentExceedsOutstanding(id, amount, most));
    }

    function _unfunded(OrderId id) private view returns (uint256) {
        return _outstanding(id) - _orders[id].held;
    }
}
