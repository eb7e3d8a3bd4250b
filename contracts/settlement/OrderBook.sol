// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IWarehouseReceiptToken} from "../inventory/interfaces/IWarehouseReceiptToken.sol";
import {Hints} from "../libraries/Hints.sol";
import {ParkedPayouts} from "../libraries/ParkedPayouts.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {IProceedsReceiver} from "../receivables/interfaces/IProceedsReceiver.sol";
import {OrderId, OrganisationId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Rates} from "../types/Rates.sol";
import {PayoutLadder} from "./PayoutLadder.sol";
import {IOrderEscrow} from "./interfaces/IOrderEscrow.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The records of orders, and what moves their money. Its heirs are the escrow and the two contracts that hold
/// the rest of its code: all of them have the same storage.
abstract contract OrderBook is ParkedPayouts, AccessManaged, EIP712, ReentrancyGuardTransient {
    using SafeERC20 for ICashToken;
    using SafeCast for uint256;

    /// @dev What was put in and goes back once an order has ended, shared by what each has put in.
    /// @param money minor units not yet given back
    /// @param parts minor units that were put in by those who have not had their part yet
    struct Pot {
        uint56 money;
        uint56 parts;
    }

    /// @dev Partial deliveries that a measured step adds up, as the financings on the same facts do.
    uint32 private constant MOST_DELIVERIES = 8;
    /// @dev Gas kept back from an assignee where the oracle's stipend pays for it: for an event, and a margin.
    uint256 private constant KEPT_GAS = 50_000;

    bytes32 private constant ACCEPTANCE_TYPE =
        keccak256("OrderAcceptance(uint256 id,bytes32 terms,address signer,uint256 deadline)");

    uint8 internal constant ASSIGNED = 1;
    uint8 internal constant REFUNDS_ASSIGNED = 2;
    uint8 internal constant INVOICEABLE = 4;
    uint8 internal constant BEGUN = 64;
    uint8 internal constant SELLER_DISPUTED = 8;
    uint8 internal constant BUYER_DISPUTED = 16;
    uint8 internal constant DISPUTE_OF_BUYER = 32;

    IParticipantRegistry public immutable registry;
    IMilestoneOracle public immutable oracle;
    IWarehouseReceiptToken public immutable goods;
    uint256 internal immutable _disputeDays;

    mapping(OrderId => IOrderEscrow.Order) internal _orders;
    mapping(OrderId => IOrderEscrow.Funds) internal _funds;
    mapping(OrderId => Pot) internal _pots;
    mapping(OrderId => uint256) internal _depositOf;
    mapping(OrderId => mapping(address beneficiary => uint256)) internal _fundedBy;
    mapping(OrderId => bytes32) internal _subjectOf;
    mapping(bytes32 subject => OrderId) internal _orderOfSubject;
    mapping(OrderId => bytes32) internal _termsHashOf;
    mapping(OrderId => address) internal _sellerOf;
    mapping(OrderId => address) internal _buyerOf;
    mapping(OrderId => address) internal _assigneeOf;
    mapping(OrderId => address) internal _refundAssigneeOf;
    mapping(bytes32 digest => bool) internal _isOffered;
    /// @dev What each side has said to, and of how much; cleared by nothing: an order ends once.
    mapping(OrderId => mapping(bool ofBuyer => bytes32)) internal _splits;
    mapping(address => bool) public isAssigneeListed;
    mapping(address => bool) public isMatcherListed;
    mapping(bytes3 currency => uint8) internal _currencyIndexes;
    mapping(uint8 index => ICashToken) internal _currencies;
    uint8 internal _currencyCount;

    constructor(
        IParticipantRegistry registry_,
        IMilestoneOracle oracle_,
        IWarehouseReceiptToken goods_,
        uint256 disputeDays_,
        address authority
    ) AccessManaged(authority) EIP712("Portolan OrderEscrow", "1") {
        (registry, oracle, goods, _disputeDays) = (registry_, oracle_, goods_, disputeDays_);
    }

    // Earning

    /// @dev A step counts in the proportion of what has come the furthest: goods received have been shipped. A fact in
    /// dispute earns nothing at its step. Rounded down, once.
    function _earnedOf(bytes32 subject, IOrderEscrow.Order memory its) internal view returns (uint256) {
        // Where it cannot be measured a step is reached or not.
        uint256 whole = its.quantity == 0 ? 1 : its.quantity;
        uint256 weight;
        uint256 come;
        for (uint256 ladder = its.payouts; ladder != 0;) {
            (uint32 milestone, uint256 shareBps, bool measured) = PayoutLadder.furthest(ladder);
            if (milestone == Milestones.ACCEPTED) come = whole;
            else if (measured) come = Math.max(come, _delivered(subject, milestone, its));
            else if (_isFinal(subject, milestone)) come = whole;
            if (come == whole) {
                weight += whole * shareBps;
                break;
            }
            ladder = PayoutLadder.below(ladder);
            (, uint256 earlierBps,) = PayoutLadder.furthest(ladder);
            weight += come * (shareBps - earlierBps);
        }
        return its.value * weight / (whole * Rates.BPS);
    }

    function _isFinal(bytes32 subject, uint32 milestone) private view returns (bool) {
        (IMilestoneOracle.Status status,) = oracle.standing(subject, milestone, 1);
        return status == IMilestoneOracle.Status.Final;
    }

    /// @return quantity thousandths delivered, at most what was ordered; all of it where no more than the tolerance is
    /// missing
    function _delivered(bytes32 subject, uint32 milestone, IOrderEscrow.Order memory its)
        private
        view
        returns (uint256 quantity)
    {
        uint256 ordered = its.quantity;
        for (uint32 sequence = 1; sequence <= MOST_DELIVERIES; ++sequence) {
            (IMilestoneOracle.Status status, uint256 part) = oracle.standing(subject, milestone, sequence);
            if (status == IMilestoneOracle.Status.Disputed) return 0;
            if (status != IMilestoneOracle.Status.Final) break;
            quantity += part;
        }
        if (quantity + Rounding.bpsDown(ordered, its.underBps) >= ordered) return quantity == 0 ? 0 : ordered;
    }

    /// @return minor units that are held and earned
    function _dueOf(bytes32 subject, IOrderEscrow.Order memory its) internal view returns (uint256) {
        if (its.held == 0) return 0;
        uint256 earned = _earnedOf(subject, its);
        return earned > its.paid ? Math.min(earned - its.paid, its.held) : 0;
    }

    /// @return from Unix seconds from which on what is not earned goes back: a fact that may yet count, or that is in
    /// dispute, gives the sides the time of a dispute to bring theirs
    function _refundableFrom(OrderId id, IOrderEscrow.Order memory its) internal view returns (uint256 from) {
        from = (uint256(its.deliverBy) + its.graceDays + 1) * 1 days;
        bytes32 subject = _subjectOf[id];
        for (uint256 ladder = its.payouts; ladder != 0; ladder = PayoutLadder.below(ladder)) {
            (uint32 milestone,, bool measured) = PayoutLadder.furthest(ladder);
            if (_isOpen(subject, milestone, measured ? MOST_DELIVERIES : 1)) return from + _disputeDays * 1 days;
        }
    }

    function _isOpen(bytes32 subject, uint32 milestone, uint32 most) private view returns (bool) {
        for (uint32 sequence = 1; sequence <= most; ++sequence) {
            IMilestoneOracle.Status status = oracle.fact(subject, milestone, sequence).status;
            if (status == IMilestoneOracle.Status.Disputed) return true;
            if (status != IMilestoneOracle.Status.Final) return false;
            (IMilestoneOracle.Status usable,) = oracle.standing(subject, milestone, sequence);
            if (usable != IMilestoneOracle.Status.Final) return true;
        }
        return false;
    }

    // Money in

    /// @dev Books what the caller is about to take from the payer.
    function _book(OrderId id, address payer, address beneficiary, uint256 amount) internal {
        IOrderEscrow.Order storage its = _orders[id];
        // The casts are safe: what is funded is at most the order's value.
        uint256 held = its.held + amount;
        its.held = uint56(held);
        _funds[id].funded += uint56(amount);
        _fundedBy[id][beneficiary] += amount;
        emit IOrderEscrow.OrderFunded(id, payer, beneficiary, amount, held);
    }

    // Money out

    /// @dev Pays the seller's side out of what is held.
    /// @param its the order as it is
    /// @param amount minor units, at most what is held
    /// @param nested whether the oracle's stipend pays for telling the assignee
    function _payOut(OrderId id, IOrderEscrow.Order memory its, uint256 amount, bool nested) internal {
        if (amount == 0) return;
        address payee = _bookOut(id, its, amount);
        _send(id, its.currency, payee, amount, its.flags & ASSIGNED != 0, nested);
    }

    /// @dev Books what is about to be sent to the seller's side.
    /// @param its the order as it is; its figures are brought up to date
    function _bookOut(OrderId id, IOrderEscrow.Order memory its, uint256 amount) internal returns (address payee) {
        payee = its.flags & ASSIGNED != 0 ? _assigneeOf[id] : _sellerOf[id];
        // The casts are safe: at most what is held, and with it at most the order's value.
        (its.held, its.paid) = (its.held - uint56(amount), its.paid + uint56(amount));
        (_orders[id].held, _orders[id].paid) = (its.held, its.paid);
        emit IOrderEscrow.OrderPaidOut(id, payee, amount, its.held);
        // What is held is outstanding: as long as something is, the rest need not be read.
        if (its.held == 0) _settleIfNothingIs(id, _outstanding(id));
    }

    /// @dev Sends money that has been booked out.
    /// @param assigned the payee is a contract that is to be told
    function _send(OrderId id, uint8 currency, address payee, uint256 amount, bool assigned, bool nested) internal {
        ICashToken cash = _currencies[currency];
        if (assigned) {
            cash.safeTransfer(payee, amount);
            _hint(id, payee, nested);
        } else {
            _giveOrPark(cash, payee, amount);
        }
    }

    function _hint(OrderId id, address assignee, bool nested) internal {
        bytes memory message = abi.encodeCall(IProceedsReceiver.onProceeds, (OrderId.unwrap(id)));
        bool taken = nested ? Hints.pass(assignee, message, KEPT_GAS) : Hints.tell(assignee, message);
        if (!taken) emit IOrderEscrow.ProceedsHintFailed(id, assignee);
    }

    function _settleIfNothingIs(OrderId id, uint256 outstanding_) internal {
        if (outstanding_ != 0 || _orders[id].state != IOrderEscrow.State.Accepted) return;
        _orders[id].state = IOrderEscrow.State.Settled;
        emit IOrderEscrow.OrderSettled(id);
    }

    /// @dev Ends an order: what is still to be paid is waived, and what is held goes back.
    /// @return amount minor units that go back
    function _end(OrderId id, IOrderEscrow.State state) internal returns (uint256 amount) {
        IOrderEscrow.Order storage its = _orders[id];
        amount = its.held;
        // The casts are safe: parts of the order's value.
        _funds[id].waived = uint56(_outstanding(id));
        (its.held, its.state) = (0, state);
        if (amount != 0) _pots[id] = Pot(uint56(amount), _funds[id].funded);
    }

    /// @dev Nobody's part depends on who comes first by more than rounding, and the last takes what that left.
    function _refundOf(OrderId id, address beneficiary) internal view returns (uint256) {
        Pot memory pot = _pots[id];
        if (pot.money == 0) return 0;
        return uint256(pot.money) * _fundedBy[id][beneficiary] / pot.parts;
    }

    /// @dev Where it rounds down to nothing the part is given back all the same, so that the last gets what is left.
    /// @return amount minor units given back
    function _giveBack(OrderId id, address beneficiary) internal returns (uint256 amount) {
        uint256 part = _fundedBy[id][beneficiary];
        if (part == 0 || _pots[id].money == 0) return 0;
        amount = _refundOf(id, beneficiary);
        bool ofBuyer = beneficiary == _buyerOf[id];
        IOrderEscrow.Order storage its = _orders[id];
        bool assigned = ofBuyer && its.flags & REFUNDS_ASSIGNED != 0;
        address payee = assigned ? _refundAssigneeOf[id] : beneficiary;

        Pot storage pot = _pots[id];
        // The casts are safe: parts of what there is.
        (pot.money, pot.parts) = (pot.money - uint56(amount), pot.parts - uint56(part));
        delete _fundedBy[id][beneficiary];
        if (ofBuyer) _funds[id].refunded += uint56(amount);
        if (amount == 0) return 0;
        emit IOrderEscrow.OrderRefunded(id, beneficiary, payee, amount);

        _send(id, its.currency, payee, amount, assigned, false);
    }

    // Reading

    function _acceptanceDigest(OrderId id, bytes32 termsHash, address signer, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(keccak256(abi.encode(ACCEPTANCE_TYPE, id, termsHash, signer, deadline)));
    }

    function _outstanding(OrderId id) internal view returns (uint256) {
        IOrderEscrow.Funds memory funds = _funds[id];
        return uint256(_orders[id].value) - _orders[id].paid - funds.invoiced - funds.waived;
    }

    function _inState(OrderId id, IOrderEscrow.State needed) internal view returns (IOrderEscrow.Order memory its) {
        its = _orders[id];
        require(its.state == needed, IOrderEscrow.OrderStateWrong(id, its.state, needed));
    }

    function _organisationOf(address account) internal view returns (OrganisationId) {
        registry.requireAdmitted(account, account);
        return registry.membershipOf(account).organisation;
    }

    function _requireBuyer(OrderId id, address account, OrganisationId buyer) internal view {
        OrganisationId its = _organisationOf(account);
        require(its == buyer, IOrderEscrow.NotBuyerOf(id, its, buyer));
    }

    function _requireSeller(OrderId id, address account, OrganisationId seller) internal view {
        OrganisationId its = _organisationOf(account);
        require(its == seller, IOrderEscrow.NotSellerOf(id, its, seller));
    }
}
