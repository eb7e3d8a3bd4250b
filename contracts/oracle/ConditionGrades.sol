// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {GroupId, OrganisationId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Roles} from "../types/Roles.sol";
import {FeedPolicies} from "./FeedPolicies.sol";
import {IConditionGrades} from "./interfaces/IConditionGrades.sol";
import {IFeedOracle} from "./interfaces/IFeedOracle.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title Reads the condition of goods off their feeds, by the rules of the commodity.
/// @dev A grade cannot become better by readings: within a period what the feeds remember of a range only grows, the
/// rules of a lot are fixed, and a period ends by an inspection alone.
contract ConditionGrades is AccessManaged, IConditionGrades {
    uint8 private constant WORST = 5;
    uint256 private constant MOST_RULES = 8;

    IParticipantRegistry private immutable _registry;
    IMilestoneOracle private immutable _milestones;
    IFeedOracle private immutable _feeds;

    mapping(bytes32 commodity => Rule[][]) private _rules;
    mapping(bytes32 subject => Lot) private _lots;
    mapping(address enroller => bool) private _mayEnrol;
    mapping(OrganisationId inspector => bool) private _mayRegrade;

    constructor(IParticipantRegistry registry, IMilestoneOracle milestones, IFeedOracle feeds, address authority)
        AccessManaged(authority)
    {
        (_registry, _milestones, _feeds) = (registry, milestones, feeds);
    }

    // Credit officer

    /// @inheritdoc IConditionGrades
    function setRules(bytes32 commodity, Rule[] calldata rules) external restricted {
        uint256 count = rules.length;
        require(commodity != 0, CommodityUnknown(commodity));
        require(count != 0 && count <= MOST_RULES, RulesOutOfRange(commodity, count, MOST_RULES));
        Rule[] storage stored = _rules[commodity].push();
        for (uint256 i = 0; i < count; ++i) {
            bool sound = _isSound(rules[i]) && (i == 0 || _follows(rules[i - 1], rules[i]));
            require(sound, RuleInvalid(commodity, i));
            stored.push(rules[i]);
        }
        emit RulesSet(commodity, rulesVersionOf(commodity), rules);
    }

    // Governor

    /// @inheritdoc IConditionGrades
    function listEnroller(address enroller, bool listed) external restricted {
        _mayEnrol[enroller] = listed;
        emit EnrollerListed(enroller, listed);
    }

    /// @inheritdoc IConditionGrades
    function listInspector(OrganisationId inspector, bool listed) external restricted {
        _mayRegrade[inspector] = listed;
        emit InspectorListed(inspector, listed);
    }

    // Warehouse receipts

    /// @inheritdoc IConditionGrades
    function enrol(bytes32 subject, bytes32 commodity) external {
        require(_mayEnrol[msg.sender], EnrollerUnlisted(msg.sender));
        Lot storage its = _lots[subject];
        if (its.rulesVersion != 0) {
            require(its.commodity == commodity, LotExists(subject, its.commodity));
            return;
        }
        uint32 version = rulesVersionOf(commodity);
        require(version != 0, CommodityUnknown(commodity));
        require(GroupId.unwrap(_milestones.subject(subject).beneficiary) != 0, ConsignmentUnopened(subject));
        (its.commodity, its.rulesVersion) = (commodity, version);
        emit LotEnrolled(subject, commodity, version);
        Rule[] memory rules = rulesOf(commodity, version);
        for (uint256 i = 0; i < rules.length; ++i) {
            if (_begins(rules, i)) _feeds.watchRange(rules[i].kind, subject, rules[i].low, rules[i].high);
        }
    }

    // Anyone

    /// @inheritdoc IConditionGrades
    function assess(bytes32 subject) external returns (uint8 grade) {
        Lot storage its = _enrolled(subject);
        (, grade) = gradeOf(subject);
        uint8 noted = its.notedGrade;
        if (grade <= noted) return grade;
        its.notedGrade = grade;
        emit GradeWorsened(subject, noted, grade);
    }

    // Inspectors

    /// @inheritdoc IConditionGrades
    function regrade(bytes32 subject, uint32 sequence, uint8 grade) external {
        OrganisationId inspector = _inspectorOf(subject);
        Lot storage its = _enrolled(subject);
        require(grade <= WORST, GradeOutOfRange(subject, grade, WORST));
        require(sequence > its.lastInspection, InspectionUsed(subject, sequence, its.lastInspection));
        (bool usable,) = _milestones.usableFact(subject, Milestones.INSPECTED, sequence);
        require(usable, InspectionMissing(subject, sequence));
        uint40 inspectedAt = _milestones.fact(subject, Milestones.INSPECTED, sequence).occurredAt;
        (, uint8 from) = gradeOf(subject);
        (its.setGrade, its.notedGrade, its.lastInspection) = (grade, grade, sequence);
        emit LotRegraded(subject, inspector, sequence, from, grade);
        Rule[] memory rules = rulesOf(its.commodity, its.rulesVersion);
        for (uint256 i = 0; i < rules.length; ++i) {
            if (_begins(rules, i)) _restart(rules[i].kind, subject, inspectedAt);
        }
    }

    // Views

    /// @inheritdoc IConditionGrades
    function gradeOf(bytes32 subject) public view returns (IFeedOracle.Status status, uint8 grade) {
        Lot storage its = _lots[subject];
        if (its.rulesVersion == 0) return (IFeedOracle.Status.Missing, WORST);
        Rule[] memory rules = rulesOf(its.commodity, its.rulesVersion);
        (status, grade) = (IFeedOracle.Status.Usable, its.setGrade);
        for (uint256 i = 0; i < rules.length; ++i) {
            if (!_begins(rules, i)) continue;
            (IFeedOracle.Status of_,,) = _feeds.condition(rules[i].kind, subject);
            if (of_ < status) status = of_;
            // Safe: eight rules of five steps each.
            grade += _stepsOf(rules, i, _feeds.excursion(rules[i].kind, subject));
        }
        if (grade > WORST) grade = WORST;
        if (grade < its.notedGrade) grade = its.notedGrade;
    }

    /// @inheritdoc IConditionGrades
    function lot(bytes32 subject) external view returns (Lot memory) {
        return _lots[subject];
    }

    /// @inheritdoc IConditionGrades
    function rulesOf(bytes32 commodity, uint32 version) public view returns (Rule[] memory rules) {
        if (version == 0 || version > _rules[commodity].length) return rules;
        return _rules[commodity][version - 1];
    }

    /// @inheritdoc IConditionGrades
    function rulesVersionOf(bytes32 commodity) public view returns (uint32) {
        // Safe: one transaction of the credit officer each.
        return uint32(_rules[commodity].length);
    }

    // Internals

    function _isSound(Rule calldata rule) private pure returns (bool) {
        return FeedPolicies.isCondition(rule.kind) && rule.low <= rule.high && rule.steps != 0 && rule.steps <= WORST;
    }

    /// @dev A feed remembers one range of a kind.
    function _follows(Rule calldata before, Rule calldata rule) private pure returns (bool) {
        if (rule.kind != before.kind) return rule.kind > before.kind;
        return rule.low == before.low && rule.high == before.high;
    }

    /// @return whether the rule is the first of its kind
    function _begins(Rule[] memory rules, uint256 i) private pure returns (bool) {
        return i == 0 || rules[i].kind != rules[i - 1].kind;
    }

    /// @param first where the rules of the kind begin
    /// @return steps of the dearest of them that the excursion meets
    function _stepsOf(Rule[] memory rules, uint256 first, IFeedOracle.Excursion memory its)
        private
        pure
        returns (uint8 steps)
    {
        for (uint256 i = first; i < rules.length && rules[i].kind == rules[first].kind; ++i) {
            bool meets = its.deepest > rules[i].deeperThan && its.longestSeconds >= rules[i].longSeconds;
            if (meets && rules[i].steps > steps) steps = rules[i].steps;
        }
    }

    function _restart(IFeedOracle.Kind kind, bytes32 subject, uint40 inspectedAt) private {
        uint40 outsideAt = _feeds.excursion(kind, subject).lastOutsideAt;
        require(outsideAt < inspectedAt, InspectionOutdated(subject, inspectedAt, outsideAt));
        _feeds.restartRange(kind, subject);
    }

    function _enrolled(bytes32 subject) private view returns (Lot storage its) {
        its = _lots[subject];
        require(its.rulesVersion != 0, LotUnknown(subject));
    }

    /// @return the caller's organisation, which may regrade this lot
    function _inspectorOf(bytes32 subject) private view returns (OrganisationId) {
        IParticipantRegistry.Membership memory member = _registry.requireRole(msg.sender, Roles.INSPECTOR);
        require(_mayRegrade[member.organisation], InspectorUnlisted(msg.sender, member.organisation));
        GroupId beneficiary = _milestones.subject(subject).beneficiary;
        require(!(member.group == beneficiary), InspectorIsAffiliate(subject, beneficiary));
        return member.organisation;
    }
}
