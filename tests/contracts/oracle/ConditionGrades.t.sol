// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IConditionGrades} from "../../../contracts/oracle/interfaces/IConditionGrades.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {GroupId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {GradeTest} from "./GradeTest.t.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @dev Invariants 39, 40 and 52: a grade is what the readings were, and only an inspection makes it better.
contract ConditionGradesTest is GradeTest {
    // Rules

    function test_only_the_offices_set_rules_and_lists() public {
        vm.startPrank(acme.account);
        bytes memory reason = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account);
        vm.expectRevert(reason);
        grades.setRules(FISH, _fishRules());
        vm.expectRevert(reason);
        grades.listEnroller(acme.account, true);
        vm.expectRevert(reason);
        grades.listInspector(acme.id, true);
    }

    function test_rules_that_make_no_sense() public {
        IConditionGrades.Rule[] memory rules = _fishRules();
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.CommodityUnknown.selector, bytes32(0)));
        grades.setRules(0, rules);
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.RulesOutOfRange.selector, FISH, 0, 8));
        grades.setRules(FISH, new IConditionGrades.Rule[](0));
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.RulesOutOfRange.selector, FISH, 9, 8));
        grades.setRules(FISH, new IConditionGrades.Rule[](9));
        rules[2].kind = IFeedOracle.Kind.Fx;
        _ruleInvalid(rules, 2);
        rules = _fishRules();
        rules[0].low = HIGH + 1;
        _ruleInvalid(rules, 0);
        rules = _fishRules();
        rules[1].steps = 0;
        _ruleInvalid(rules, 1);
        rules[1].steps = 6;
        _ruleInvalid(rules, 1);
        rules = _fishRules();
        rules[1].high = HIGH + 1;
        _ruleInvalid(rules, 1);
        rules = _fishRules();
        rules[0].kind = IFeedOracle.Kind.Humidity;
        _ruleInvalid(rules, 1);
    }

    // Enrolling

    function test_refused_enrolments() public {
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.EnrollerUnlisted.selector, acme.account));
        grades.enrol(SHIPMENT, FISH);
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.CommodityUnknown.selector, bytes32("meat")));
        grades.enrol(SHIPMENT, "meat");
        bytes32 unopened = keccak256("unopened");
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.ConsignmentUnopened.selector, unopened));
        grades.enrol(unopened, FISH);
        _enrol();
        grades.setRules("meat", _fishRules());
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.AlreadyGraded.selector, SHIPMENT, FISH));
        grades.enrol(SHIPMENT, "meat");
        grades.listEnroller(address(this), false);
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.EnrollerUnlisted.selector, address(this)));
        grades.enrol(SHIPMENT, FISH);
    }

    function test_enrolling_again_forgets_nothing() public {
        _enrol();
        _measure(0, HIGH + 1);
        _measure(2 hours, COLD);
        _enrol();
        _assertGrade(IFeedOracle.Status.Usable, 3);
    }

    // Grades

    function test_a_lot_that_is_not_enrolled_lends_nothing() public {
        _assertGrade(IFeedOracle.Status.Missing, 5);
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.NotGraded.selector, SHIPMENT));
        grades.assess(SHIPMENT);
    }

    function test_missing_usable_stale() public {
        _enrol();
        _assertGrade(IFeedOracle.Status.Missing, 0);
        _measure(0, COLD);
        _assertGrade(IFeedOracle.Status.Usable, 0);
        vm.warp(block.timestamp + STALE_AFTER + 1);
        _assertGrade(IFeedOracle.Status.Stale, 0);
    }

    function test_a_breach_costs_by_depth_and_time_and_good_readings_mend_nothing() public {
        _enrol();
        _measure(0, HIGH);
        _assertGrade(IFeedOracle.Status.Usable, 0);
        _measure(1 hours, HIGH + 1);
        _assertGrade(IFeedOracle.Status.Usable, 1);
        _measure(1 hours, COLD);
        _assertGrade(IFeedOracle.Status.Usable, 1);
        _measure(1 hours, HIGH + 5000);
        _assertGrade(IFeedOracle.Status.Usable, 1);
        _measure(1 minutes, HIGH + 5001);
        _assertGrade(IFeedOracle.Status.Usable, 2);
        _measure(2 hours - 1 minutes, COLD);
        _assertGrade(IFeedOracle.Status.Usable, 3);
        _measure(10 hours, COLD);
        _assertGrade(IFeedOracle.Status.Usable, 3);
    }

    function test_kinds_add_up_to_the_worst() public {
        bytes32 humidity = bytes32(uint256(IFeedOracle.Kind.Humidity));
        IFeedOracle.Rules memory rules = _temperatureRules();
        rules.kind = IFeedOracle.Kind.Humidity;
        feeds.setPolicy(humidity, rules, _temperatureTerms());
        IConditionGrades.Rule[] memory two = new IConditionGrades.Rule[](2);
        two[0] = IConditionGrades.Rule(WARMTH, LOW, HIGH, 0, 0, 3);
        two[1] = IConditionGrades.Rule(IFeedOracle.Kind.Humidity, 0, 50_000, 0, 0, 4);
        grades.setRules("cocoa", two);
        grades.enrol(SHIPMENT, "cocoa");
        _measure(0, HIGH + 1);
        _assertGrade(IFeedOracle.Status.Missing, 3);
        _feedHumidity(60_000);
        _assertGrade(IFeedOracle.Status.Usable, 5);
        vm.warp(block.timestamp + STALE_AFTER);
        _feedHumidity(50_000);
        vm.warp(block.timestamp + 1);
        _assertGrade(IFeedOracle.Status.Stale, 5);
    }

    /// @dev Any rules, against the dearest of each kind found by looking at all of them.
    function testFuzz_a_grade_is_what_the_rules_say(uint256 seed, uint256 count, int256 value, uint256 outside) public {
        count = bound(count, 1, 8);
        IConditionGrades.Rule[] memory rules = new IConditionGrades.Rule[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            rules[i] = IConditionGrades.Rule(
                WARMTH,
                LOW,
                HIGH,
                uint32(random % 9000),
                uint32((random >> 32) % 3 hours),
                uint8((random >> 64) % 5) + 1
            );
        }
        grades.setRules("any", rules);
        grades.enrol(SHIPMENT, "any");
        value = bound(value, HIGH - 1000, HIGH + 9000);
        outside = bound(outside, 1, 3 hours);
        _measure(0, value);
        _measure(outside, COLD);
        uint8 worst = 0;
        for (uint256 i = 0; i < count && value > HIGH; ++i) {
            bool meets = uint256(value - HIGH) > rules[i].deeperThan && outside >= rules[i].longSeconds;
            if (meets && rules[i].steps > worst) worst = rules[i].steps;
        }
        _assertGrade(IFeedOracle.Status.Usable, worst);
    }

    function test_a_lot_keeps_the_rules_it_was_enrolled_under() public {
        _enrol();
        _measure(0, HIGH + 1);
        IConditionGrades.Rule[] memory rules = _fishRules();
        rules[0].steps = 5;
        vm.expectEmit(address(grades));
        emit IConditionGrades.RulesSet(FISH, 2, rules);
        grades.setRules(FISH, rules);
        _assertGrade(IFeedOracle.Status.Usable, 1);
        assertEq(grades.lot(SHIPMENT).rulesVersion, 1);
        assertEq(grades.rulesVersionOf(FISH), 2);
        (bytes32 commodity, IConditionGrades.Rule[] memory kept) = grades.rulesOf(2);
        assertEq(commodity, FISH);
        assertEq(abi.encode(kept), abi.encode(rules));
        (commodity, kept) = grades.rulesOf(3);
        assertEq(commodity, 0);
        assertEq(kept.length, 0);
    }

    function test_anyone_has_a_worse_grade_noted_once() public {
        _enrol();
        _measure(0, HIGH + 1);
        vm.expectEmit(address(grades));
        emit IConditionGrades.GradeWorsened(SHIPMENT, 0, 1);
        assertEq(grades.assess(SHIPMENT), 1);
        vm.recordLogs();
        assertEq(grades.assess(SHIPMENT), 1);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(grades.lot(SHIPMENT).notedGrade, 1);
    }

    /// @dev A grade that was noted holds even where another keeper gives the feed another range.
    function test_a_noted_grade_does_not_depend_on_the_keeper() public {
        _enrol();
        _measure(0, HIGH + 5001);
        grades.assess(SHIPMENT);
        feeds.setKeeper(address(this));
        feeds.watchRange(WARMTH, SHIPMENT, LOW, HIGH + 6000);
        assertEq(_excursion().deepest, 0);
        _assertGrade(IFeedOracle.Status.Usable, 2);
    }

    // Inspections

    function test_refused_inspectors() public {
        _enrol();
        _inspect(1);
        vm.prank(acme.account);
        uint32 needed = Roles.INSPECTOR;
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, acme.account, uint32(Roles.SUPPLIER), needed
            )
        );
        grades.regrade(SHIPMENT, 1, 0);
        Party memory other = nodes[1];
        vm.prank(other.account);
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.InspectorUnlisted.selector, other.account, other.id));
        grades.regrade(SHIPMENT, 1, 0);
        Party memory own = _admitIn("ACMEINSPECTION", acme.lei, Roles.INSPECTOR);
        grades.listInspector(own.id, true);
        GroupId beneficiary = oracle.subject(SHIPMENT).beneficiary;
        vm.prank(own.account);
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.InspectorIsAffiliate.selector, SHIPMENT, beneficiary));
        grades.regrade(SHIPMENT, 1, 0);
    }

    function test_refused_inspections() public {
        _inspect(1);
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.NotGraded.selector, SHIPMENT));
        _regrade(1, 0);
        _enrol();
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.GradeOutOfRange.selector, SHIPMENT, 6, 5));
        _regrade(1, 6);
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.InspectionMissing.selector, SHIPMENT, 2));
        _regrade(2, 0);
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.InspectionUsed.selector, SHIPMENT, 0, 0));
        _regrade(0, 0);
        _regrade(1, 2);
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.InspectionUsed.selector, SHIPMENT, 1, 1));
        _regrade(1, 0);
    }

    /// @dev What happened after the inspector had left is not forgiven.
    function test_an_inspection_before_the_breach() public {
        _enrol();
        _inspect(1);
        uint40 inspectedAt = uint40(block.timestamp);
        _measure(0, HIGH + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IConditionGrades.InspectionOutdated.selector, SHIPMENT, inspectedAt, uint40(block.timestamp)
            )
        );
        _regrade(1, 0);
        _assertGrade(IFeedOracle.Status.Usable, 1);
    }

    function test_an_inspection_sets_the_grade_and_the_next_breach_counts_from_there() public {
        _enrol();
        _measure(0, HIGH + 9000);
        _measure(1 hours, COLD);
        _assertGrade(IFeedOracle.Status.Usable, 2);
        grades.assess(SHIPMENT);
        _inspect(1);
        vm.expectEmit(address(grades));
        emit IConditionGrades.LotRegraded(SHIPMENT, inspector.id, 1, 2, 1);
        _regrade(1, 1);
        _assertGrade(IFeedOracle.Status.Usable, 1);
        _measure(1 hours, HIGH + 1);
        _assertGrade(IFeedOracle.Status.Usable, 2);
        vm.warp(block.timestamp + 1);
        _inspect(2);
        _regrade(2, 4);
        // Still out of the range by its last reading.
        _assertGrade(IFeedOracle.Status.Usable, 5);
    }

    function _feedHumidity(int256 value) private {
        bytes32 humidity = bytes32(uint256(IFeedOracle.Kind.Humidity));
        uint64 round = feeds.record(feeds.conditionFeedOf(IFeedOracle.Kind.Humidity, SHIPMENT)).round + 1;
        IFeedOracle.Report memory its = IFeedOracle.Report(humidity, SHIPMENT, round, new IFeedOracle.Reading[](3));
        for (uint256 i = 0; i < 3; ++i) {
            its.readings[i] = _reading(its, nodes[i], value, block.timestamp);
        }
        assertTrue(feeds.report(its));
    }

    function _ruleInvalid(IConditionGrades.Rule[] memory rules, uint256 index) private {
        vm.expectRevert(abi.encodeWithSelector(IConditionGrades.RuleInvalid.selector, FISH, index));
        grades.setRules(FISH, rules);
    }
}
