// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationSet} from "../../../contracts/libraries/OrganisationSet.sol";
import {IConditionGrades} from "../../../contracts/oracle/interfaces/IConditionGrades.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {OrganisationId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {GradeTest} from "./GradeTest.t.sol";

/// @dev Invariant 39: a breach that is read out when a later good reading is in counts all the same. Fish is enrolled at
/// START; an hour later it is cold, and what was read half an hour before comes in after that.
contract FeedPast is GradeTest {
    int256 private constant WARM = 5000;
    uint256 private constant BREACH = START + 30 minutes;
    uint256 private constant LAST = START + 1 hours;

    function setUp() public override {
        super.setUp();
        _enrol();
        vm.warp(LAST);
        _feed(TEMPERATURE, COLD);
        vm.warp(LAST + 20 minutes);
    }

    // Refusals

    function test_a_price_has_no_past() public {
        _feed(COPPER, COPPER_PRICE);
        IFeedOracle.Report memory its = _at(COPPER, COPPER_PRICE + 1, block.timestamp - 1);
        _expectReadingRefused(COPPER, nodes[0].account, IFeedOracle.Refusal.NotNewer);
        _refused(its, IFeedOracle.Refusal.QuorumNotReached);
    }

    function test_what_is_older_than_the_policy_takes() public {
        vm.warp(BREACH + 1 hours + 1);
        _expectReadingRefused(TEMPERATURE, nodes[0].account, IFeedOracle.Refusal.TooOld);
        _refused(_at(TEMPERATURE, WARM, BREACH), IFeedOracle.Refusal.QuorumNotReached);
        _assertGrade(IFeedOracle.Status.Usable, 0);
    }

    function test_what_is_of_the_period_before() public {
        _inspect(1);
        _regrade(1, 0);
        uint256 began = block.timestamp;
        vm.warp(began + 1 minutes);
        _feed(TEMPERATURE, COLD);
        _expectReadingRefused(TEMPERATURE, nodes[0].account, IFeedOracle.Refusal.NotNewer);
        _refused(_at(TEMPERATURE, WARM, began), IFeedOracle.Refusal.QuorumNotReached);
        _assertGrade(IFeedOracle.Status.Usable, 0);
        assertTrue(feeds.report(_at(TEMPERATURE, WARM, began + 1)));
        _assertGrade(IFeedOracle.Status.Usable, 2);
    }

    function test_the_past_needs_a_quorum_too() public {
        IFeedOracle.Report memory two = _next(TEMPERATURE, 2);
        two.readings[0] = _reading(two, nodes[0], WARM, BREACH);
        two.readings[1] = _reading(two, nodes[1], WARM, BREACH);
        _refused(two, IFeedOracle.Refusal.QuorumNotReached);
        IFeedOracle.Report memory its = _at(TEMPERATURE, WARM, BREACH);
        its.readings[2].value += 1;
        _oneRefused(its, IFeedOracle.Refusal.SignatureInvalid);
        its = _at(TEMPERATURE, WARM, BREACH);
        its.readings[0] = _reading(its, nodes[5], WARM, BREACH);
        _refused(its, IFeedOracle.Refusal.RoleMissing);
        its = _at(TEMPERATURE, 80_001, BREACH);
        _refused(its, IFeedOracle.Refusal.ValueOutOfBand);
        its = _at(TEMPERATURE, WARM, BREACH);
        its.readings[1] = _reading(its, nodes[1], WARM + 2001, BREACH);
        _refused(its, IFeedOracle.Refusal.SpreadTooWide);
        its = _at(TEMPERATURE, WARM, BREACH);
        ++its.round;
        _refused(its, IFeedOracle.Refusal.RoundNotNext);
        _assertGrade(IFeedOracle.Status.Usable, 0);
    }

    /// @dev The beneficiary's affiliate puts its old reading first: what counts is newer, and so it is the next value.
    function test_nobody_turns_a_value_into_the_past() public {
        Party memory affiliate = _admitIn("ACMESENSORS", acme.lei, Roles.SENSOR);
        IFeedOracle.Report memory its = _next(TEMPERATURE, 4);
        its.readings[0] = _reading(its, affiliate, WARM, BREACH);
        for (uint256 i = 0; i < 3; ++i) {
            its.readings[i + 1] = _reading(its, nodes[i], COLD, block.timestamp);
        }
        _expectReadingRefused(TEMPERATURE, affiliate.account, IFeedOracle.Refusal.AffiliateOfBeneficiary);
        assertTrue(feeds.report(its));
        assertEq(_roundOf(TEMPERATURE), 2);
        assertEq(feeds.record(_feedOf(TEMPERATURE)).observedAt, block.timestamp);
    }

    // Read out late

    function test_a_breach_read_out_late_counts() public {
        _assertGrade(IFeedOracle.Status.Usable, 0);
        IFeedOracle.Latest memory before = feeds.record(_feedOf(TEMPERATURE));
        IFeedOracle.Report memory its = _at(TEMPERATURE, WARM, BREACH);
        uint256 joined;
        for (uint256 i = 0; i < 3; ++i) {
            joined |= uint256(OrganisationId.unwrap(nodes[i].id)) << 24 * i;
        }
        vm.expectEmit(address(feeds));
        emit IFeedOracle.PastValueReported(TEMPERATURE, SHIPMENT, 2, WARM, uint64(BREACH), OrganisationSet.wrap(joined));
        assertTrue(feeds.report(its));
        IFeedOracle.Latest memory now_ = feeds.record(_feedOf(TEMPERATURE));
        assertEq(now_.greatest, WARM);
        now_.greatest = before.greatest;
        assertEq(abi.encode(now_), abi.encode(before), "the last value stays");
        IFeedOracle.Excursion memory excursion = _excursion();
        assertEq(excursion.deepest, uint256(WARM - HIGH));
        assertEq(excursion.longestSeconds, LAST - BREACH);
        assertEq(excursion.lastOutsideAt, BREACH);
        assertEq(excursion.outsideSince, 0);
        _assertGrade(IFeedOracle.Status.Usable, 2);
    }

    function test_it_counts_once() public {
        IFeedOracle.Report memory its = _at(TEMPERATURE, WARM, BREACH);
        assertTrue(feeds.report(its));
        bytes memory once = abi.encode(_excursion());
        vm.warp(block.timestamp + 5 minutes);
        assertTrue(feeds.report(its));
        assertEq(abi.encode(_excursion()), once);
        _feed(TEMPERATURE, COLD);
        assertEq(abi.encode(_excursion()), once);
        _refused(its, IFeedOracle.Refusal.RoundNotNext);
    }

    /// @dev The round is still free: values go on, within the range without a look at what is remembered.
    function test_newer_values_go_on() public {
        IFeedOracle.Report memory newer = _agreed(TEMPERATURE, COLD, 3);
        assertTrue(feeds.report(_at(TEMPERATURE, WARM, BREACH)));
        assertTrue(feeds.report(newer));
        _measure(1 minutes, COLD);
        assertEq(_roundOf(TEMPERATURE), 3);
        assertEq(_excursion().deepest, uint256(WARM - HIGH));
        _measure(1 minutes, HIGH + 1);
        assertEq(_excursion().outsideSince, block.timestamp);
    }

    /// @dev Thirty degrees is how far one value may lie from the last: not from one that came after it.
    function test_the_last_value_says_nothing_of_an_older_one() public {
        assertTrue(feeds.report(_at(TEMPERATURE, COLD + 40_000, BREACH)));
        assertEq(_excursion().deepest, uint256(COLD + 40_000 - HIGH));
    }

    function test_readings_before_and_after_the_last_value_make_one_report() public {
        IFeedOracle.Report memory its = _next(TEMPERATURE, 3);
        for (uint256 i = 0; i < 3; ++i) {
            its.readings[i] = _reading(its, nodes[i], WARM, LAST - 1 minutes + i * 1 minutes);
        }
        assertTrue(feeds.report(its));
        assertEq(_roundOf(TEMPERATURE), 1);
        assertEq(_excursion().longestSeconds, 1 minutes);
        _assertGrade(IFeedOracle.Status.Usable, 2);
    }

    function test_a_good_reading_that_comes_late_mends_nothing() public {
        _measure(0, WARM);
        _measure(10 minutes, WARM);
        bytes memory worst = abi.encode(_excursion());
        assertTrue(feeds.report(_at(TEMPERATURE, COLD, block.timestamp - 5 minutes)));
        assertEq(abi.encode(_excursion()), worst);
        assertEq(feeds.record(_feedOf(TEMPERATURE)).value, WARM);
    }

    function test_an_earlier_breach_begins_the_time_earlier() public {
        _measure(0, WARM);
        assertTrue(feeds.report(_at(TEMPERATURE, WARM, BREACH)));
        assertEq(_excursion().outsideSince, BREACH);
        assertEq(_excursion().lastOutsideAt, LAST + 20 minutes);
        _measure(30 minutes, COLD);
        assertEq(_excursion().longestSeconds, LAST + 50 minutes - BREACH);
    }

    function test_what_is_not_watched_keeps_the_extremes_of_the_past() public {
        bytes32 other = keccak256("not enrolled");
        vm.prank(acme.account);
        oracle.openSubject(other, new bytes32[](0));
        IFeedOracle.Report memory its = _at(TEMPERATURE, COLD, block.timestamp);
        _readdress(its, other, 1, COLD, block.timestamp);
        assertTrue(feeds.report(its));
        _readdress(its, other, 2, WARM, BREACH);
        assertTrue(feeds.report(its));
        IFeedOracle.Latest memory last = feeds.record(feeds.conditionFeedOf(WARMTH, other));
        assertEq(last.greatest, WARM);
        assertEq(last.value, COLD);
        assertEq(feeds.excursion(WARMTH, other).deepest, 0);
    }

    /// @dev An inspection is later than the breach that came in late, or it makes nothing better.
    function test_an_inspection_before_a_late_breach() public {
        uint256 inspectedAt = block.timestamp;
        _inspect(1);
        vm.warp(inspectedAt + 10 minutes);
        _feed(TEMPERATURE, COLD);
        assertTrue(feeds.report(_at(TEMPERATURE, WARM, inspectedAt + 1)));
        vm.expectRevert(
            abi.encodeWithSelector(IConditionGrades.InspectionOutdated.selector, SHIPMENT, inspectedAt, inspectedAt + 1)
        );
        _regrade(1, 0);
        _assertGrade(IFeedOracle.Status.Usable, 2);
    }

    // Fuzz

    /// @dev The same reports, in the order of their moments and in any other: depth, extremes and moments are the same, and
    /// so is a grade by depth; time out of the range is no shorter, and at most longer by the policy's greatest age.
    function testFuzz_any_order_of_the_same_reports(uint256 seed, uint256 count) public {
        count = bound(count, 2, 6);
        (int256[] memory values, uint256[] memory times) = (new int256[](count), new uint256[](count));
        uint256 at = block.timestamp;
        for (uint256 i = 0; i < count; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            values[i] = COLD + int256(random % 14_000) - 7000;
            times[i] = at += 1 + (random >> 128) % 8 minutes;
        }
        vm.warp(at);
        uint256 state = vm.snapshotState();
        _deliver(values, times);
        IFeedOracle.Excursion memory inOrder = _excursion();
        IFeedOracle.Latest memory last = feeds.record(_feedOf(TEMPERATURE));
        (, uint8 grade) = grades.gradeOf(SHIPMENT);
        vm.revertToState(state);
        _shuffle(values, times, seed);
        _deliver(values, times);
        IFeedOracle.Excursion memory its = _excursion();
        assertEq(its.deepest, inOrder.deepest);
        assertEq(its.lastOutsideAt, inOrder.lastOutsideAt);
        assertEq(its.outsideSince == 0, inOrder.outsideSince == 0);
        assertGe(its.longestSeconds, inOrder.longestSeconds);
        assertLe(its.longestSeconds, inOrder.longestSeconds + 1 hours);
        IFeedOracle.Latest memory record = feeds.record(_feedOf(TEMPERATURE));
        assertEq(record.value, last.value);
        assertEq(record.observedAt, last.observedAt);
        assertEq(record.least, last.least);
        assertEq(record.greatest, last.greatest);
        // Less than the two hours by which the commodity's rules grade a time: by depth alone.
        (, uint8 itsGrade) = grades.gradeOf(SHIPMENT);
        assertEq(itsGrade, grade);
    }

    /// @dev A breach between the last value and the one before it: whether it or the good value came first leaves no trace.
    function testFuzz_a_late_breach_grades_as_a_timely_one(uint256 when, int256 value) public {
        when = bound(when, LAST + 1, LAST + 40 minutes);
        value = bound(value, HIGH + 1, HIGH + 20_000);
        vm.warp(LAST + 40 minutes);
        uint256 state = vm.snapshotState();
        assertTrue(feeds.report(_at(TEMPERATURE, value, when)));
        if (when < block.timestamp) _feed(TEMPERATURE, COLD);
        (, uint8 grade) = grades.gradeOf(SHIPMENT);
        bytes memory excursion = abi.encode(_excursion());
        vm.revertToState(state);
        _feed(TEMPERATURE, COLD);
        assertTrue(feeds.report(_at(TEMPERATURE, value, when)));
        (, uint8 late) = grades.gradeOf(SHIPMENT);
        assertEq(late, grade);
        if (when < block.timestamp) assertEq(abi.encode(_excursion()), excursion);
    }

    // Internals

    /// @return its the next report: three nodes, one value, at one moment
    function _at(bytes32 policyId, int256 value, uint256 observedAt)
        private
        view
        returns (IFeedOracle.Report memory its)
    {
        its = _next(policyId, 3);
        for (uint256 i = 0; i < 3; ++i) {
            its.readings[i] = _reading(its, nodes[i], value, observedAt);
        }
    }

    function _readdress(IFeedOracle.Report memory its, bytes32 subject, uint64 round, int256 value, uint256 observedAt)
        private
        view
    {
        (its.subject, its.round) = (subject, round);
        for (uint256 i = 0; i < 3; ++i) {
            its.readings[i] = _reading(its, nodes[i], value, observedAt);
        }
    }

    function _deliver(int256[] memory values, uint256[] memory times) private {
        for (uint256 i = 0; i < values.length; ++i) {
            assertTrue(feeds.report(_at(TEMPERATURE, values[i], times[i])));
        }
    }

    function _shuffle(int256[] memory values, uint256[] memory times, uint256 seed) private pure {
        for (uint256 i = values.length - 1; i != 0; --i) {
            uint256 j = uint256(keccak256(abi.encode(seed, "order", i))) % (i + 1);
            (values[i], values[j]) = (values[j], values[i]);
            (times[i], times[j]) = (times[j], times[i]);
        }
    }
}
