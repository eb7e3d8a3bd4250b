// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../receivables/interfaces/IReceivableToken.sol";
import {FacilityId, OrderId, OrganisationId, ReceivableId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {IOrderEscrow} from "./interfaces/IOrderEscrow.sol";
import {IOrderMatch} from "./interfaces/IOrderMatch.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Which invoice is for which order, and how far ordered, shipped, received and invoiced agree.
contract OrderMatch is IOrderMatch, AccessManaged {
    /// @dev Partial deliveries that are added up, as the escrow does.
    uint32 private constant MOST_DELIVERIES = 8;

    IOrderEscrow public immutable escrow;
    IReceivableToken public immutable receivables;
    IMilestoneOracle public immutable oracle;
    IParticipantRegistry public immutable registry;

    /// @inheritdoc IOrderMatch
    mapping(ReceivableId => OrderId) public orderOf;
    /// @inheritdoc IOrderMatch
    mapping(FacilityId => bool) public isDemanded;
    mapping(OrderId => uint256) private _invoiced;

    constructor(
        IOrderEscrow escrow_,
        IReceivableToken receivables_,
        IMilestoneOracle oracle_,
        IParticipantRegistry registry_,
        address authority
    ) AccessManaged(authority) {
        (escrow, receivables, oracle, registry) = (escrow_, receivables_, oracle_, registry_);
    }

    // Seller

    /// @inheritdoc IOrderMatch
    function link(OrderId order, ReceivableId receivable) external {
        OrderId known = orderOf[receivable];
        require(OrderId.unwrap(known) == 0, AlreadyMatched(receivable, known));
        IOrderEscrow.Order memory its = escrow.order(order);
        registry.requireAdmitted(msg.sender, msg.sender);
        OrganisationId caller = registry.membershipOf(msg.sender).organisation;
        require(caller == its.seller, MatchNotBySeller(order, caller, its.seller));
        IReceivableToken.Receivable memory invoice = receivables.receivable(receivable);
        _requireAlike(order, its, receivable, invoice);

        orderOf[receivable] = order;
        _invoiced[order] += invoice.quantity;
        emit InvoiceMatched(order, receivable, invoice.faceValue, invoice.quantity);

        escrow.countInvoiced(order, invoice.faceValue);
    }

    // Credit officer

    /// @inheritdoc IOrderMatch
    function demandMatch(FacilityId facility, bool demanded) external restricted {
        isDemanded[facility] = demanded;
        emit MatchDemanded(facility, demanded);
    }

    // Views

    /// @inheritdoc IOrderMatch
    function requirePledgeable(FacilityId facility, ReceivableId receivable, bytes32 subject) external view {
        OrderId order = orderOf[receivable];
        if (OrderId.unwrap(order) != 0) {
            bytes32 own = escrow.subjectOf(order);
            require(subject == own, MatchSubjectDiffers(receivable, subject, own));
            return;
        }
        require(!isDemanded[facility], MatchMissing(facility, receivable));
        OrderId other = escrow.orderOfSubject(subject);
        if (OrderId.unwrap(other) == 0) return;
        IOrderEscrow.State state = escrow.order(other).state;
        bool isLive = state == IOrderEscrow.State.Accepted || state == IOrderEscrow.State.Disputed;
        require(isLive, GoodsOfEndedOrder(receivable, subject, other));
    }

    /// @inheritdoc IOrderMatch
    function matchOf(OrderId order)
        external
        view
        returns (uint256 ordered, uint256 shipped, uint256 received, uint256 invoiced)
    {
        bytes32 subject = escrow.subjectOf(order);
        (, shipped) = _shipped(subject);
        (, received) = _attested(subject, Milestones.RECEIVED);
        return (escrow.order(order).quantity, shipped, received, _invoiced[order]);
    }

    /// @inheritdoc IOrderMatch
    function capOf(ReceivableId receivable, bytes32 pledged) external view returns (uint256 least, uint256 invoiced) {
        OrderId order = orderOf[receivable];
        if (OrderId.unwrap(order) == 0) return (0, 0);
        invoiced = _invoiced[order];
        IOrderEscrow.Order memory its = escrow.order(order);
        bytes32 subject = escrow.subjectOf(order);
        (bool shippedInDispute, uint256 shipped) = _shipped(subject);
        (bool receivedInDispute, uint256 received) = _attested(subject, Milestones.RECEIVED);
        if (shippedInDispute || receivedInDispute || pledged != subject) return (0, invoiced);

        uint256 enough = invoiced - Rounding.bpsDown(invoiced, its.underBps);
        uint256 most = its.quantity + Rounding.bpsDown(its.quantity, its.overBps);
        least = Math.min(most, invoiced);
        // What is not attested yet is no reason to doubt; what falls short by no more than the tolerance neither.
        if (shipped != 0 && shipped < enough) least = Math.min(least, shipped);
        if (received != 0 && received < enough) least = Math.min(least, received);
    }

    // Internals

    function _requireAlike(
        OrderId order,
        IOrderEscrow.Order memory its,
        ReceivableId receivable,
        IReceivableToken.Receivable memory invoice
    ) private view {
        bool accepted = invoice.state == IReceivableToken.State.Accepted;
        require(accepted, MatchStateWrong(receivable, uint8(invoice.state)));
        bool theirs = invoice.supplier == its.seller && invoice.debtor == its.buyer;
        require(theirs, MatchPartiesDiffer(order, receivable, its.seller, invoice.supplier, its.buyer, invoice.debtor));
        (address cash, address invoiceCash) = (address(escrow.cashOf(order)), address(receivables.cashOf(receivable)));
        require(cash == invoiceCash, MatchCurrenciesDiffer(order, receivable, cash, invoiceCash));
        bool measured = its.quantity != 0 && invoice.quantity != 0;
        require(measured, MatchUnmeasured(order, receivable, its.quantity, invoice.quantity));
    }

    function _shipped(bytes32 subject) private view returns (bool inDispute, uint256 quantity) {
        (inDispute, quantity) = _attested(subject, Milestones.DEPARTED);
        if (!inDispute && quantity == 0) (inDispute, quantity) = _attested(subject, Milestones.LOADED);
    }

    /// @return inDispute one of the partial deliveries is
    /// @return quantity thousandths of all of them; 0 where none is measured yet
    function _attested(bytes32 subject, uint32 milestone) private view returns (bool inDispute, uint256 quantity) {
        for (uint32 sequence = 1; sequence <= MOST_DELIVERIES; ++sequence) {
            (IMilestoneOracle.Status status, uint256 part) = oracle.standing(subject, milestone, sequence);
            if (status == IMilestoneOracle.Status.Disputed) return (true, 0);
            if (status != IMilestoneOracle.Status.Final) break;
            quantity += part;
        }
    }
}
