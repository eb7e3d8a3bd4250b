// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IFinancingDesk} from "../lending/interfaces/IFinancingDesk.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {FinancingId, GroupId, PolicyId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {PolicyClock} from "./PolicyClock.sol";
import {IInsurancePolicies} from "./interfaces/IInsurancePolicies.sol";
import {ILossAdjuster} from "./interfaces/ILossAdjuster.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Says what can be insured and what a loss comes to, from the state of desk and oracle alone.
contract LossAdjuster is ILossAdjuster {
    using PolicyClock for IInsurancePolicies.Policy;
    using PolicyClock for IInsurancePolicies.Terms;

    uint256 private constant LONGEST_OFFER = 30 days;
    uint256 private constant MOST_DAYS = 365;

    IFinancingDesk public immutable desk;
    IMilestoneOracle public immutable oracle;
    IParticipantRegistry public immutable registry;

    constructor(IFinancingDesk desk_, IMilestoneOracle oracle_, IParticipantRegistry registry_) {
        (desk, oracle, registry) = (desk_, oracle_, registry_);
    }

    // Offers

    /// @inheritdoc ILossAdjuster
    function requireInsurable(IInsurancePolicies.Terms calldata terms, address insurer) external view {
        FinancingId id = terms.financing;
        IInsurancePolicies.Flaw flaw = IInsurancePolicies.Flaw.None;
        if (terms.limit == 0) flaw = IInsurancePolicies.Flaw.Amounts;
        else if (!_isTimed(terms)) flaw = IInsurancePolicies.Flaw.Times;
        else if (!_isTriggered(terms)) flaw = IInsurancePolicies.Flaw.Trigger;
        require(flaw == IInsurancePolicies.Flaw.None, IInsurancePolicies.PolicyTermsUnsound(id, flaw));

        GroupId group = registry.membershipOf(desk.facility(desk.financing(id).facility).terms.supplier).group;
        bool isOwn = registry.membershipOf(insurer).group == group;
        require(!isOwn, IInsurancePolicies.InsurerOfOwnGroup(id, insurer, GroupId.unwrap(group)));
        if (terms.kind != IInsurancePolicies.Kind.Credit) _requireSubjectOf(group, terms.subject);
    }

    /// @dev Neither the last day of the premium nor the deadline of the fact can pass before the offer does: who binds a
    /// policy binds one that is running.
    function _isTimed(IInsurancePolicies.Terms calldata terms) private view returns (bool) {
        uint256 offerUntil = terms.offerUntil;
        bool offered = offerUntil >= block.timestamp && offerUntil <= block.timestamp + LONGEST_OFFER;
        bool paid = terms.payBy > offerUntil && terms.payBy <= terms.until;
        bool claimed = terms.waitingDays <= MOST_DAYS && terms.claimDays != 0 && terms.claimDays <= MOST_DAYS;
        bool expected = terms.kind == IInsurancePolicies.Kind.Interruption
            ? terms.deadline > offerUntil && terms.deadline <= terms.until
            : terms.deadline == 0;
        return offered && paid && claimed && expected;
    }

    function _isTriggered(IInsurancePolicies.Terms calldata terms) private pure returns (bool) {
        if (terms.kind == IInsurancePolicies.Kind.Credit) {
            return terms.subject == 0 && terms.milestone == 0 && terms.sequence == 0 && terms.quantity == 0;
        }
        bool named = terms.subject != 0 && terms.milestone > Milestones.ACCEPTED && terms.sequence != 0;
        return named && (terms.kind == IInsurancePolicies.Kind.Cargo || terms.quantity == 0);
    }

    function _requireSubjectOf(GroupId group, bytes32 subject) private view {
        GroupId beneficiary = oracle.subject(subject).beneficiary;
        bool isTheirs = beneficiary == group;
        (uint256 first, uint256 second) = (GroupId.unwrap(beneficiary), GroupId.unwrap(group));
        require(isTheirs, IInsurancePolicies.InsuredSubjectForeign(subject, first, second));
    }

    // Binding

    /// @inheritdoc ILossAdjuster
    function requireNoLossKnown(IInsurancePolicies.Terms calldata terms) external view {
        FinancingId id = terms.financing;
        IFinancingDesk.Financing memory its = desk.financing(id);
        (, uint256 graceEndsAt) = desk.maturityOf(id);
        bool performs = its.state == IFinancingDesk.State.Open && its.impairment == 0 && its.writtenOff == 0;
        bool untouched = terms.kind == IInsurancePolicies.Kind.Credit
            || oracle.fact(terms.subject, terms.milestone, terms.sequence).status < IMilestoneOracle.Status.Final;
        require(performs && untouched && block.timestamp < graceEndsAt, IInsurancePolicies.LossAlreadyKnown(id));
    }

    // Claims

    /// @inheritdoc ILossAdjuster
    function assess(PolicyId id, IInsurancePolicies.Policy memory its, IInsurancePolicies.FactClaims memory before)
        external
        view
        returns (Assessment memory found)
    {
        IInsurancePolicies.Terms memory terms = its.terms;
        (uint256 payBy, uint256 now_) = (terms.payBy, block.timestamp);
        require(!its.isLapsed(), IInsurancePolicies.CoverLapsed(id, payBy, now_));
        found = _lossOf(id, terms, before);
        _requireInTime(id, its, found.lossAt);
        uint256 deductible = terms.deductible;
        require(found.loss > deductible, IInsurancePolicies.LossWithinDeductible(id, found.loss, deductible));
        found.amount = Math.min(terms.limit, found.loss - deductible);
    }

    function _requireInTime(PolicyId id, IInsurancePolicies.Policy memory its, uint256 lossAt) private view {
        IInsurancePolicies.Terms memory terms = its.terms;
        bool covered = lossAt > its.boundAt && lossAt <= terms.until;
        require(covered, IInsurancePolicies.LossOutsideCover(id, lossAt, its.boundAt, terms.until));
        (uint256 endsAt, uint256 claimableUntil) = (terms.waitEndsAt(lossAt), terms.claimableUntil());
        uint256 now_ = block.timestamp;
        require(now_ >= endsAt, IInsurancePolicies.WaitingPeriodRuns(id, endsAt, now_));
        require(now_ <= claimableUntil, IInsurancePolicies.ClaimTooLate(id, claimableUntil, now_));
    }

    function _lossOf(PolicyId id, IInsurancePolicies.Terms memory terms, IInsurancePolicies.FactClaims memory before)
        private
        view
        returns (Assessment memory found)
    {
        Waterfall.Claims memory claims = desk.owed(terms.financing);
        uint256 owed = claims.principal + claims.writtenOff + claims.interest;
        if (terms.kind == IInsurancePolicies.Kind.Credit) {
            (found.lossAt, found.debt, found.loss) = (_defaultedAt(id, terms.financing), owed, owed);
            return found;
        }
        // What the loss has been paid with is no less debt that it is a part of.
        found.debt = before.debt == 0 ? owed : Math.min(before.debt, owed + before.paid);
        if (terms.kind == IInsurancePolicies.Kind.Cargo) {
            (found.lossAt, found.loss) = _cargoLost(id, terms, found.debt);
        } else {
            (found.lossAt, found.loss) = (_interruptedAt(id, terms), found.debt);
        }
        found.loss = Math.saturatingSub(found.loss, before.paid);
    }

    /// @dev Nothing moves the maturity of what is in default.
    function _defaultedAt(PolicyId id, FinancingId financing) private view returns (uint256 graceEndsAt) {
        bool defaulted = desk.financing(financing).state == IFinancingDesk.State.Defaulted;
        require(defaulted, IInsurancePolicies.NoLossEvent(id));
        (, graceEndsAt) = desk.maturityOf(financing);
    }

    /// @dev Where a quantity is insured, the loss is the debt's part that the quantity lost is of it, rounded down. What
    /// too few have measured counts as nothing lost.
    function _cargoLost(PolicyId id, IInsurancePolicies.Terms memory terms, uint256 debt)
        private
        view
        returns (uint256 lossAt, uint256 loss)
    {
        (bytes32 subject, uint32 milestone, uint32 sequence) = (terms.subject, terms.milestone, terms.sequence);
        (bool usable, uint64 lost) = oracle.usableFact(subject, milestone, sequence);
        require(usable, IInsurancePolicies.NoLossEvent(id));
        lossAt = oracle.fact(subject, milestone, sequence).occurredAt;
        loss = lost < terms.quantity ? Math.mulDiv(debt, lost, terms.quantity) : debt;
    }

    /// @dev A fact in dispute moves no money. One that happened after the waiting period came too late to matter.
    function _interruptedAt(PolicyId id, IInsurancePolicies.Terms memory terms) private view returns (uint256) {
        IMilestoneOracle.Fact memory fact = oracle.fact(terms.subject, terms.milestone, terms.sequence);
        bool isAbsent = fact.status < IMilestoneOracle.Status.Final;
        bool isLate = fact.status == IMilestoneOracle.Status.Final && fact.occurredAt > terms.waitEndsAt(terms.deadline);
        require(isAbsent || isLate, IInsurancePolicies.NoLossEvent(id));
        return terms.deadline;
    }
}
