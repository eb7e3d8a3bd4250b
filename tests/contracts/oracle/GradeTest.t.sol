// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConditionGrades} from "../../../contracts/oracle/ConditionGrades.sol";
import {IConditionGrades} from "../../../contracts/oracle/interfaces/IConditionGrades.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {FeedTest} from "./FeedTest.t.sol";

/// @title Frozen fish from -25 to -15 degrees: any reading outside costs one grade, one more than five degrees outside
/// two, two hours outside three. The test contract enrols lots.
abstract contract GradeTest is FeedTest {
    bytes32 internal constant FISH = "0303";
    int32 internal constant LOW = -25_000;
    int32 internal constant HIGH = -15_000;
    IFeedOracle.Kind internal constant WARMTH = IFeedOracle.Kind.Temperature;

    ConditionGrades internal grades;

    function setUp() public virtual override {
        super.setUp();
        grades = new ConditionGrades(registry, oracle, feeds, address(manager));
        _allow(grades.setRules.selector, address(grades), 4);
        _allow(grades.listEnroller.selector, address(grades), 1);
        _allow(grades.listInspector.selector, address(grades), 1);
        manager.grantRole(4, address(this), 0);
        feeds.setKeeper(address(grades));
        grades.listEnroller(address(this), true);
        grades.listInspector(inspector.id, true);
        grades.setRules(FISH, _fishRules());
        uint8 inspects = uint8(Roles.INSPECTOR);
        oracle.setPolicy(Milestones.INSPECTED, IMilestoneOracle.Policy(1, inspects, inspects, 0, 90 days, 5 minutes, 0));
    }

    function _fishRules() internal pure returns (IConditionGrades.Rule[] memory rules) {
        rules = new IConditionGrades.Rule[](3);
        rules[0] = IConditionGrades.Rule(WARMTH, LOW, HIGH, 0, 0, 1);
        rules[1] = IConditionGrades.Rule(WARMTH, LOW, HIGH, 5000, 0, 2);
        rules[2] = IConditionGrades.Rule(WARMTH, LOW, HIGH, 0, 2 hours, 3);
    }

    function _enrol() internal {
        grades.enrol(SHIPMENT, FISH);
    }

    /// @notice Time passes, and the temperature is what it is.
    function _measure(uint256 later, int256 value) internal {
        vm.warp(block.timestamp + later);
        _feed(TEMPERATURE, value);
    }

    /// @notice An inspection that took place just now is a fact.
    function _inspect(uint32 sequence) internal {
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](1);
        items[0] = IMilestoneOracle.Observation(SHIPMENT, Milestones.INSPECTED, sequence, uint64(block.timestamp), 1000);
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](1);
        votes[0] = _vote(inspector, items, 1);
        oracle.attest(items, votes);
    }

    function _regrade(uint32 sequence, uint8 grade) internal {
        vm.prank(inspector.account);
        grades.regrade(SHIPMENT, sequence, grade);
    }

    function _excursion() internal view returns (IFeedOracle.Excursion memory) {
        return feeds.excursion(WARMTH, SHIPMENT);
    }

    function _assertGrade(IFeedOracle.Status status, uint8 grade) internal view {
        (IFeedOracle.Status its, uint8 itsGrade) = grades.gradeOf(SHIPMENT);
        assertEq(uint8(its), uint8(status));
        assertEq(itsGrade, grade);
    }
}
