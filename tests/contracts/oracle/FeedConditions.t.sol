// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {FeedTest} from "./FeedTest.t.sol";

/// @dev Invariants 39 and 40: what a condition has been is not papered over by what it is. The test is the keeper.
contract FeedConditions is FeedTest {
    IFeedOracle.Kind private constant KIND = IFeedOracle.Kind.Temperature;
    int32 private constant LOW = -25_000;
    int32 private constant HIGH = -15_000;

    function setUp() public override {
        super.setUp();
        feeds.setKeeper(address(this));
    }

    function test_only_the_keeper_watches() public {
        vm.startPrank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.OnlyKeeper.selector, acme.account, address(this)));
        feeds.watchRange(KIND, SHIPMENT, LOW, HIGH);
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.OnlyKeeper.selector, acme.account, address(this)));
        feeds.restartRange(KIND, SHIPMENT);
        assertEq(feeds.keeperOfRanges(), address(this));
    }

    function test_ranges_that_make_no_sense() public {
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.RangeInvalid.selector, KIND, HIGH, LOW));
        feeds.watchRange(KIND, SHIPMENT, HIGH, LOW);
        IFeedOracle.Kind rate = IFeedOracle.Kind.Fx;
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.RangeInvalid.selector, rate, LOW, HIGH));
        feeds.watchRange(rate, SHIPMENT, LOW, HIGH);
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.RangeUnwatched.selector, KIND, SHIPMENT));
        feeds.restartRange(KIND, SHIPMENT);
    }

    function test_a_value_of_zero_degrees_is_one() public {
        _feed(TEMPERATURE, 0);
        _assertCondition(IFeedOracle.Status.Usable, 0, START);
        vm.warp(START + STALE_AFTER + 1);
        _assertCondition(IFeedOracle.Status.Stale, 0, START);
    }

    function test_conditions_of_other_consignments_are_apart() public {
        _feed(TEMPERATURE, COLD);
        (IFeedOracle.Status status,,) = feeds.condition(KIND, keccak256("another consignment"));
        assertEq(uint8(status), uint8(IFeedOracle.Status.Missing));
        (status,,) = feeds.latest(TEMPERATURE);
        assertEq(uint8(status), uint8(IFeedOracle.Status.Missing));
    }

    function test_what_is_not_watched_is_still_kept_at_its_extremes() public {
        _measure(0, COLD);
        _measure(1 hours, -10_000);
        _measure(1 hours, -20_000);
        IFeedOracle.Latest memory its = feeds.record(_feedOf(TEMPERATURE));
        assertEq(its.least, -20_000);
        assertEq(its.greatest, -10_000);
        assertEq(_excursion().since, 0);
    }

    /// @dev A breach before the lot was enrolled counts when it is.
    function test_what_was_measured_before_counts() public {
        _measure(0, COLD);
        _measure(1 hours, -10_000);
        feeds.watchRange(KIND, SHIPMENT, LOW, HIGH);
        IFeedOracle.Excursion memory its = _excursion();
        assertEq(its.deepest, 5000);
        assertEq(its.outsideSince, START + 1 hours);
        assertEq(its.lastOutsideAt, START + 1 hours);
        _measure(1 hours, COLD);
        feeds.watchRange(KIND, SHIPMENT, LOW, HIGH);
        its = _excursion();
        assertEq(its.deepest, 5000);
        assertEq(its.outsideSince, 0);
        assertEq(its.lastOutsideAt, START + 2 hours);
        assertEq(its.longestSeconds, 1 hours);
    }

    /// @dev The time out of the range lasts until a reading within it.
    function test_depth_and_time_out_of_the_range() public {
        feeds.watchRange(KIND, SHIPMENT, LOW, HIGH);
        _measure(0, HIGH);
        assertEq(_excursion().deepest, 0);
        _measure(1 hours, HIGH + 1);
        assertEq(_excursion().deepest, 1);
        assertEq(_excursion().longestSeconds, 0);
        _measure(30 minutes, LOW - 700);
        assertEq(_excursion().deepest, 700);
        assertEq(_excursion().longestSeconds, 30 minutes);
        _measure(20 minutes, LOW);
        IFeedOracle.Excursion memory its = _excursion();
        assertEq(its.longestSeconds, 50 minutes);
        assertEq(its.outsideSince, 0);
        assertEq(its.lastOutsideAt, START + 90 minutes);
        _measure(1 hours, HIGH + 10);
        _measure(10 minutes, HIGH);
        assertEq(_excursion().deepest, 700);
        assertEq(_excursion().longestSeconds, 50 minutes);
    }

    function test_a_new_period_forgets_all_but_the_extremes_and_the_present() public {
        feeds.watchRange(KIND, SHIPMENT, LOW, HIGH);
        _measure(0, HIGH + 5000);
        _measure(1 hours, HIGH + 1000);
        vm.warp(block.timestamp + 1 hours);
        vm.expectEmit(address(feeds));
        emit IFeedOracle.RangeRestarted(KIND, SHIPMENT);
        feeds.restartRange(KIND, SHIPMENT);
        IFeedOracle.Excursion memory its = _excursion();
        assertEq(its.deepest, 1000);
        assertEq(its.longestSeconds, 0);
        assertEq(its.outsideSince, START + 2 hours);
        assertEq(feeds.record(_feedOf(TEMPERATURE)).greatest, HIGH + 5000);
        _measure(0, COLD);
        feeds.restartRange(KIND, SHIPMENT);
        assertEq(_excursion().deepest, 0);
        assertEq(_excursion().outsideSince, 0);
    }

    /// @dev Against a walk over all values at the end.
    function testFuzz_an_excursion_is_what_the_values_were(uint256 seed, uint256 count) public {
        count = bound(count, 1, 12);
        feeds.watchRange(KIND, SHIPMENT, LOW, HIGH);
        int256[] memory values = new int256[](count);
        uint256[] memory times = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            values[i] = COLD + int256(random % 14_000) - 7000;
            _measure(1 + random % 3 hours, values[i]);
            times[i] = block.timestamp;
        }
        (uint256 deepest, uint256 longest) = (0, 0);
        for (uint256 i = 0; i < count; ++i) {
            uint256 distance = _outside(values[i]);
            if (distance > deepest) deepest = distance;
            if (distance == 0) continue;
            uint256 end = i;
            while (end + 1 < count && _outside(values[end]) != 0) ++end;
            if (times[end] - times[i] > longest) longest = times[end] - times[i];
        }
        assertEq(_excursion().deepest, deepest);
        assertEq(_excursion().longestSeconds, longest);
    }

    function _outside(int256 value) private pure returns (uint256) {
        if (value >= LOW && value <= HIGH) return 0;
        return uint256(value < LOW ? LOW - value : value - HIGH);
    }

    function _measure(uint256 later, int256 value) private {
        vm.warp(block.timestamp + later);
        _feed(TEMPERATURE, value);
    }

    function _excursion() private view returns (IFeedOracle.Excursion memory) {
        return feeds.excursion(KIND, SHIPMENT);
    }

    function _assertCondition(IFeedOracle.Status status, int256 value, uint256 observedAt) private view {
        (IFeedOracle.Status its, int256 itsValue, uint64 itsMoment) = feeds.condition(KIND, SHIPMENT);
        assertEq(uint8(its), uint8(status));
        assertEq(itsValue, value);
        assertEq(itsMoment, observedAt);
    }
}
