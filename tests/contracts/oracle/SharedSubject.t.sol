// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hints} from "../../../contracts/libraries/Hints.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Consumer} from "../support/Consumer.sol";
import {OracleTest} from "./OracleTest.t.sol";
import {Vm} from "forge-std/Test.sol";

/// @dev Several contracts act on the facts of the same goods: an escrow pays out on them, a desk lends on them.
contract SharedSubject is OracleTest {
    uint256 private constant MOST = 4;

    Consumer[] private _consumers;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i <= MOST; ++i) {
            _consumers.push(new Consumer(oracle));
            oracle.listConsumer(address(_consumers[i]), true);
        }
    }

    // Refusals

    function test_one_consumer_watches_once_in_whatever_place() public {
        _watchAll(MOST);
        for (uint256 i = 0; i < MOST; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IMilestoneOracle.SubjectAlreadyWatched.selector, SHIPMENT, address(_consumers[i])
                )
            );
            _consumers[i].watch(SHIPMENT);
        }
    }

    function test_a_fifth_consumer_is_refused() public {
        _watchAll(MOST);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.TooManyConsumers.selector, SHIPMENT, MOST));
        _consumers[MOST].watch(SHIPMENT);
    }

    function test_who_does_not_watch_cannot_let_go() public {
        _watchAll(3);
        _consumers[1].unwatch(SHIPMENT);
        for (uint256 i = 1; i <= MOST; i += 2) {
            vm.expectRevert(
                abi.encodeWithSelector(IMilestoneOracle.NotConsumerOf.selector, SHIPMENT, address(_consumers[i]))
            );
            _consumers[i].unwatch(SHIPMENT);
        }
    }

    // Happy path

    function test_each_has_a_tag_of_its_own() public {
        _watchAll(MOST);
        bytes32 other = keccak256("HAM26051235");
        for (uint256 i = 0; i < MOST; ++i) {
            assertEq(oracle.tagOf(SHIPMENT, address(_consumers[i])), _consumers[i].TAG());
            assertEq(oracle.tagOf(other, address(_consumers[i])), 0);
        }
        assertEq(oracle.tagOf(SHIPMENT, address(_consumers[MOST])), 0);
        assertEq(oracle.tagOf(SHIPMENT, address(0)), 0);
        assertTrue(oracle.subject(SHIPMENT).isShared);
    }

    function test_they_are_told_in_the_order_in_which_they_began() public {
        _watchAll(MOST);
        _assertTold(1, _places(0, 1, 2, 3));
    }

    /// @dev Whoever lets go, the others stay in their order, and who comes back is the last.
    function test_who_lets_go_leaves_its_place_to_the_next() public {
        for (uint32 gone = 0; gone < MOST; ++gone) {
            _watchAll(MOST);
            _consumers[gone].unwatch(SHIPMENT);
            assertEq(oracle.tagOf(SHIPMENT, address(_consumers[gone])), 0);
            uint256 first = gone == 0 ? 1 : 0;
            assertEq(oracle.subject(SHIPMENT).consumer, address(_consumers[first]));
            uint256[] memory left = new uint256[](3);
            for (uint256 i = 0; i < 3; ++i) {
                left[i] = i < gone ? i : i + 1;
            }
            _assertTold(2 * gone + 1, left);
            _consumers[gone].watch(SHIPMENT);
            _assertTold(2 * gone + 2, _places(left[0], left[1], left[2], gone));
            for (uint256 i = 0; i < MOST; ++i) {
                _consumers[i].unwatch(SHIPMENT);
            }
            assertFalse(oracle.subject(SHIPMENT).isShared);
            assertEq(oracle.subject(SHIPMENT).consumer, address(0));
            assertEq(oracle.subject(SHIPMENT).tag, 0);
        }
    }

    /// @dev Once alone again, the subject reads as if there had never been others.
    function test_the_last_one_is_told_alone() public {
        _watchAll(2);
        _consumers[0].unwatch(SHIPMENT);
        assertFalse(oracle.subject(SHIPMENT).isShared);
        assertEq(oracle.subject(SHIPMENT).tag, _consumers[1].TAG());
        uint256[] memory one = new uint256[](1);
        one[0] = 1;
        _assertTold(1, one);
    }

    // Told, whatever the others do

    function test_one_that_fails_does_not_hinder_the_others() public {
        _watchAll(3);
        for (uint8 mood = 1; mood <= uint8(Consumer.Mood.Burning); ++mood) {
            Consumer failing = _consumers[mood % 3];
            failing.setMood(Consumer.Mood(mood));
            _assertTold(mood, _places3(0, 1, 2));
            failing.setMood(Consumer.Mood.Recording);
        }
    }

    function test_one_that_lets_go_in_its_turn_hinders_nobody() public {
        _watchAll(3);
        _consumers[0].setMessage(abi.encodeCall(oracle.unwatch, (SHIPMENT)));
        _consumers[0].setMood(Consumer.Mood.Reentering);
        _assertTold(1, _places3(0, 1, 2));
        assertEq(oracle.subject(SHIPMENT).consumer, address(_consumers[1]));
        uint256[] memory left = new uint256[](2);
        (left[0], left[1]) = (1, 2);
        _assertTold(2, left);
    }

    /// @dev What one consumer is told may end the other's part in it: then there is nothing to tell that one.
    function test_one_that_another_made_let_go_is_not_told() public {
        _watchAll(3);
        _consumers[0].setTarget(address(_consumers[1]));
        _consumers[0].setMessage(abi.encodeCall(Consumer.unwatch, (SHIPMENT)));
        _consumers[0].setMood(Consumer.Mood.Reentering);
        uint256[] memory left = new uint256[](2);
        (left[0], left[1]) = (0, 2);
        _assertTold(1, left);
    }

    /// @dev Who begins while another is told reads what stands; it is told of the next fact.
    function test_one_that_begins_meanwhile_is_told_from_the_next_on() public {
        _watchAll(2);
        _consumers[0].setTarget(address(_consumers[2]));
        _consumers[0].setMessage(abi.encodeCall(Consumer.watch, (SHIPMENT)));
        _consumers[0].setMood(Consumer.Mood.Reentering);
        uint256[] memory two = new uint256[](2);
        (two[0], two[1]) = (0, 1);
        _assertTold(1, two);
        _consumers[0].setMood(Consumer.Mood.Recording);
        _assertTold(2, _places3(0, 1, 2));
    }

    /// @dev Whatever gas the relay sends: every one of them with its whole stipend, or nothing at all.
    function testFuzz_none_of_them_can_be_starved(uint256 gasSent, uint8 burning) public {
        _watchAll(3);
        uint256 burnt = burning % 3;
        _consumers[burnt].setMood(Consumer.Mood.Burning);
        gasSent = bound(gasSent, Hints.STIPEND + 50_000, 2 * Hints.STIPEND + 400_000);
        (IMilestoneOracle.Observation[] memory items, IMilestoneOracle.Vote[] memory votes) = _quorum(1);
        (bool done,) = address(oracle).call{gas: gasSent}(abi.encodeCall(oracle.attest, (items, votes)));

        _assertStatus(DEPARTED, done ? IMilestoneOracle.Status.Final : IMilestoneOracle.Status.None);
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(_consumers[i].hints(), done && i != burnt ? 1 : 0);
            if (done && i != burnt) assertGt(_consumers[i].gasGiven(), Hints.STIPEND - 1000);
        }
    }

    // Internals

    function _watchAll(uint256 count) private {
        for (uint256 i = 0; i < count; ++i) {
            _consumers[i].watch(SHIPMENT);
        }
    }

    /// @notice Completes a fact: these are told of it, in this order, and nobody else.
    /// @dev Each of them says so itself; what one says that fails afterwards is recorded as well.
    function _assertTold(uint32 sequence, uint256[] memory places) private {
        (IMilestoneOracle.Observation[] memory items, IMilestoneOracle.Vote[] memory votes) = _quorum(sequence);
        vm.recordLogs();
        oracle.attest(items, votes);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 told = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != Consumer.Told.selector) continue;
            assertLt(told, places.length, "told too often");
            assertEq(logs[i].emitter, address(_consumers[places[told++]]), "in another order");
        }
        assertEq(told, places.length, "not told");
        assertEq(uint8(oracle.fact(SHIPMENT, DEPARTED, sequence).status), uint8(IMilestoneOracle.Status.Final));
    }

    function _quorum(uint32 sequence)
        private
        view
        returns (IMilestoneOracle.Observation[] memory items, IMilestoneOracle.Vote[] memory votes)
    {
        items = _list(_observation(DEPARTED, 0));
        items[0].sequence = sequence;
        votes = new IMilestoneOracle.Vote[](2);
        (votes[0], votes[1]) = (_vote(carrier, items, 1), _vote(inspector, items, 1));
    }

    function _places(uint256 a, uint256 b, uint256 c, uint256 d) private pure returns (uint256[] memory places) {
        places = new uint256[](4);
        (places[0], places[1], places[2], places[3]) = (a, b, c, d);
    }

    function _places3(uint256 a, uint256 b, uint256 c) private pure returns (uint256[] memory places) {
        places = new uint256[](3);
        (places[0], places[1], places[2]) = (a, b, c);
    }
}
