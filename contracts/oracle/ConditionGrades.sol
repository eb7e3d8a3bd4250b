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
    uint256 private constant WORDS = 3;
    uint256 private constant RULES_A_WORD = 3;
    uint256 private constant RULE_BITS = 80;
    uint256 private constant STEPS = 8;
    uint256 private constant DEEPER = 16;
    uint256 private constant LONG = 48;

    /// @dev The rules of a commodity. What a grade needs of them is kept in words too, three rules each from the lowest
    /// bit up (kind, steps, deeperThan, longSeconds; kind 0 ends): measured, 23,000 gas for a grade by three rules of one
    /// kind instead of 36,800.
    struct RuleSet {
        bytes32 commodity;
        uint256[WORDS] words;
        Rule[] rules;
    }

    /// @dev The conditions of a lot while they are graded.
    /// @param steps of the kinds before
    /// @param dearest steps that the present kind costs so far
    struct Tally {
        IFeedOracle.Status status;
        uint256 steps;
        uint256 kind;
        uint256 dearest;
        uint256 deepest;
        uint256 longestSeconds;
    }

    IParticipantRegistry private immutable _registry;
    IMilestoneOracle private immutable _milestones;
    IFeedOracle private immutable _feeds;

    mapping(uint32 version => RuleSet) private _sets;
    mapping(bytes32 commodity => uint32 version) private _present;
    uint32 private _setCount;
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
        uint32 version = ++_setCount;
        RuleSet storage stored = _sets[version];
        (stored.commodity, _present[commodity]) = (commodity, version);
        for (uint256 i = 0; i < count; ++i) {
            bool sound = _isSound(rules[i]) && (i == 0 || _follows(rules[i - 1], rules[i]));
            require(sound, RuleInvalid(commodity, i));
            stored.rules.push(rules[i]);
            stored.words[i / RULES_A_WORD] |= _packed(rules[i]) << (i % RULES_A_WORD) * RULE_BITS;
        }
        emit RulesSet(commodity, version, rules);
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
            require(its.commodity == commodity, AlreadyGraded(subject, its.commodity));
            return;
        }
        uint32 version = _present[commodity];
        require(version != 0, CommodityUnknown(commodity));
        require(GroupId.unwrap(_milestones.subject(subject).beneficiary) != 0, ConsignmentUnopened(subject));
        (its.commodity, its.rulesVersion) = (commodity, version);
        emit LotEnrolled(subject, commodity, version);
        Rule[] memory rules = _sets[version].rules;
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
        Rule[] memory rules = _sets[its.rulesVersion].rules;
        for (uint256 i = 0; i < rules.length; ++i) {
            if (_begins(rules, i)) _restart(rules[i].kind, subject, inspectedAt);
        }
    }

    // Views

    /// @inheritdoc IConditionGrades
    function gradeOf(bytes32 subject) public view returns (IFeedOracle.Status status, uint8 grade) {
        Lot storage its = _lots[subject];
        if (its.rulesVersion == 0) return (IFeedOracle.Status.Missing, WORST);
        Tally memory tally = _tallyOf(subject, _sets[its.rulesVersion].words);
        uint256 total = its.setGrade + tally.steps + tally.dearest;
        // Safe: it has just been held against the worst.
        grade = total < WORST ? uint8(total) : WORST;
        return (tally.status, grade < its.notedGrade ? its.notedGrade : grade);
    }

    /// @inheritdoc IConditionGrades
    function lot(bytes32 subject) external view returns (Lot memory) {
        return _lots[subject];
    }

    /// @inheritdoc IConditionGrades
    function rulesOf(uint32 version) external view returns (bytes32 commodity, Rule[] memory rules) {
        RuleSet storage its = _sets[version];
        return (its.commodity, its.rules);
    }

    /// @inheritdoc IConditionGrades
    function rulesVersionOf(bytes32 commodity) external view returns (uint32) {
        return _present[commodity];
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

    function _packed(Rule calldata rule) private pure returns (uint256) {
        return uint256(rule.kind) | uint256(rule.steps) << STEPS | uint256(rule.deeperThan) << DEEPER
            | uint256(rule.longSeconds) << LONG;
    }

    function _tallyOf(bytes32 subject, uint256[WORDS] storage words) private view returns (Tally memory tally) {
        tally.status = IFeedOracle.Status.Usable;
        for (uint256 i = 0; i < WORDS; ++i) {
            uint256 word = words[i];
            bool full = word >> (RULES_A_WORD - 1) * RULE_BITS != 0;
            for (; word != 0; word >>= RULE_BITS) {
                _apply(tally, word, subject);
            }
            if (!full) break;
        }
    }

    /// @dev Of one kind the dearest rule that its excursion meets counts. Each cast keeps the bits of its own field.
    /// @param rule in its lowest bits
    function _apply(Tally memory tally, uint256 rule, bytes32 subject) private view {
        if (uint8(rule) != tally.kind) {
            (tally.steps, tally.dearest, tally.kind) = (tally.steps + tally.dearest, 0, uint8(rule));
            IFeedOracle.Status status;
            (status, tally.deepest, tally.longestSeconds) = _feeds.worstOf(IFeedOracle.Kind(uint8(rule)), subject);
            if (status < tally.status) tally.status = status;
        }
        bool meets = tally.deepest > uint32(rule >> DEEPER) && tally.longestSeconds >= uint32(rule >> LONG);
        if (meets && uint8(rule >> STEPS) > tally.dearest) tally.dearest = uint8(rule >> STEPS);
    }

    function _restart(IFeedOracle.Kind kind, bytes32 subject, uint40 inspectedAt) private {
        uint40 outsideAt = _feeds.excursion(kind, subject).lastOutsideAt;
        require(outsideAt < inspectedAt, InspectionOutdated(subject, inspectedAt, outsideAt));
        _feeds.restartRange(kind, subject);
    }

    function _enrolled(bytes32 subject) private view returns (Lot storage its) {
        its = _lots[subject];
        require(its.rulesVersion != 0, NotGraded(subject));
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
