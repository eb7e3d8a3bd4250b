// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IFinancingDesk} from "../lending/interfaces/IFinancingDesk.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {FinancingId, GroupId, PolicyId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {PolicyBook} from "./PolicyBook.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What can be insured, when a loss event has happened, and how great the loss is. It only reads.
abstract contract LossEvents is PolicyBook {
    uint256 private constant LONGEST_OFFER = 30 days;
    uint256 private constant MOST_DAYS = 365;

    IMilestoneOracle public immutable oracle;
    IParticipantRegistry public immutable registry;

    constructor(IMilestoneOracle oracle_, IParticipantRegistry registry_) {
        (oracle, registry) = (oracle_, registry_);
    }

    // Offers

    function _requireSound(Terms calldata terms) internal view {
        Flaw flaw = Flaw.None;
        if (terms.limit == 0) flaw = Flaw.Amounts;
        else if (!_isTimed(terms)) flaw = Flaw.Times;
        else if (!_isTriggered(terms)) flaw = Flaw.Trigger;
        require(flaw == Flaw.None, PolicyTermsUnsound(terms.financing, flaw));
    }

    /// @dev Neither the last day of the premium nor the deadline of the fact can pass before the offer does: who binds a
    /// policy binds one that is running.
    function _isTimed(Terms calldata terms) private view returns (bool) {
        uint256 offerUntil = terms.offerUntil;
        bool offered = offerUntil >= block.timestamp && offerUntil <= block.timestamp + LONGEST_OFFER;
        bool paid = terms.payBy > offerUntil && terms.payBy <= terms.until;
        bool claimed = terms.waitingDays <= MOST_DAYS && terms.claimDays != 0 && terms.claimDays <= MOST_DAYS;
        bool expected = terms.kind == Kind.Interruption
            ? terms.deadline > offerUntil && terms.deadline <= terms.until
            : terms.deadline == 0;
        return offered && paid && claimed && expected;
    }

    function _isTriggered(Terms calldata terms) private pure returns (bool) {
        if (terms.kind == Kind.Credit) {
            return terms.subject == 0 && terms.milestone == 0 && terms.sequence == 0 && terms.quantity == 0;
        }
        bool named = terms.subject != 0 && terms.milestone > Milestones.ACCEPTED && terms.sequence != 0;
        return named && (terms.kind == Kind.Cargo || terms.quantity == 0);
    }

    function _requireInsurable(Terms calldata terms, GroupId insurerGroup) internal view {
        GroupId group = registry.membershipOf(_supplierOf(terms.financing)).group;
        bool foreign = !(insurerGroup == group);
        require(foreign, InsurerOfOwnGroup(terms.financing, msg.sender, GroupId.unwrap(group)));
        if (terms.kind == Kind.Credit) return;
        GroupId beneficiary = oracle.subject(terms.subject).beneficiary;
        bool ours = beneficiary == group;
        require(ours, InsuredSubjectForeign(terms.subject, GroupId.unwrap(beneficiary), GroupId.unwrap(group)));
    }

    // Binding

    function _requireNoLossKnown(Terms memory terms) internal view {
        FinancingId id = terms.financing;
        IFinancingDesk.Financing memory its = desk.financing(id);
        (, uint256 graceEndsAt) = desk.maturityOf(id);
        bool performs = its.state == IFinancingDesk.State.Open && its.impairment == 0 && its.writtenOff == 0;
        bool untouched = terms.kind == Kind.Credit || _statusOf(terms) < IMilestoneOracle.Status.Final;
        require(performs && untouched && block.timestamp < graceEndsAt, LossAlreadyKnown(id));
    }

    function _statusOf(Terms memory terms) private view returns (IMilestoneOracle.Status) {
        return oracle.fact(terms.subject, terms.milestone, terms.sequence).status;
    }

    // Claims

    /// @return lossAt Unix seconds of the loss event
    /// @return loss minor units, before deductible and limit
    function _lossOf(PolicyId id, Terms memory terms) internal view returns (uint256 lossAt, uint256 loss) {
        loss = _insuredDebtOf(terms.financing);
        if (terms.kind == Kind.Credit) lossAt = _defaultedAt(id, terms.financing);
        else if (terms.kind == Kind.Cargo) (lossAt, loss) = _cargoLost(id, terms, loss);
        else lossAt = _interruptedAt(id, terms);
    }

    function _insuredDebtOf(FinancingId financing) private view returns (uint256) {
        Waterfall.Claims memory claims = desk.owed(financing);
        return claims.principal + claims.writtenOff + claims.interest;
    }

    /// @dev Nothing moves the maturity of what is in default.
    function _defaultedAt(PolicyId id, FinancingId financing) private view returns (uint256 graceEndsAt) {
        require(desk.financing(financing).state == IFinancingDesk.State.Defaulted, NoLossEvent(id));
        (, graceEndsAt) = desk.maturityOf(financing);
    }

    /// @dev Where a quantity is insured, the loss is the debt's part that the quantity lost is of it, rounded down. What
    /// too few have measured counts as nothing lost.
    function _cargoLost(PolicyId id, Terms memory terms, uint256 debt) private view returns (uint256, uint256) {
        IMilestoneOracle.Fact memory fact = oracle.fact(terms.subject, terms.milestone, terms.sequence);
        (bool usable, uint64 lost) = oracle.usableFact(terms.subject, terms.milestone, terms.sequence);
        require(usable, NoLossEvent(id));
        if (terms.quantity == 0 || lost >= terms.quantity) return (fact.occurredAt, debt);
        return (fact.occurredAt, Math.mulDiv(debt, lost, terms.quantity));
    }

    /// @dev A fact in dispute moves no money. One that happened after the waiting period came too late to matter.
    function _interruptedAt(PolicyId id, Terms memory terms) private view returns (uint256) {
        IMilestoneOracle.Fact memory fact = oracle.fact(terms.subject, terms.milestone, terms.sequence);
        bool absent = fact.status < IMilestoneOracle.Status.Final;
        bool late = fact.status == IMilestoneOracle.Status.Final && fact.occurredAt > _waitEndsAt(terms.deadline, terms);
        require(absent || late, NoLossEvent(id));
        return terms.deadline;
    }

    function _waitEndsAt(uint256 lossAt, Terms memory terms) internal pure returns (uint256) {
        return lossAt + uint256(terms.waitingDays) * 1 days;
    }

    // The financing

    function _supplierOf(FinancingId id) internal view returns (address) {
        return desk.facility(desk.financing(id).facility).terms.supplier;
    }

    function _cashOf(FinancingId id) internal view returns (address) {
        return address(desk.facility(desk.financing(id).facility).terms.pool.cash());
    }
}
