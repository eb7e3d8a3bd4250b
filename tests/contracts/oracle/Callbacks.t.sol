// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hints} from "../../../contracts/libraries/Hints.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Consumer} from "../support/Consumer.sol";
import {OracleTest} from "./OracleTest.t.sol";

/// @dev Invariants 45 and 55: whoever watches is told once the fact stands, and can neither stop nor bend it.
contract Callbacks is OracleTest {
    Consumer private _consumer;

    function setUp() public override {
        super.setUp();
        _consumer = new Consumer(oracle);
        oracle.listConsumer(address(_consumer), true);
        _consumer.watch(SHIPMENT);
    }

    function test_nobody_is_told_before_the_fact_stands() public {
        _attest(carrier, DEPARTED, 0);
        assertEq(_consumer.hints(), 0);
    }

    function test_nobody_is_told_of_a_dispute() public {
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 5);
        assertEq(_consumer.hints(), 0);
    }

    function test_one_that_let_go_is_not_told() public {
        _consumer.unwatch(SHIPMENT);
        _attestTogether(_observation(DEPARTED, 0), _two(carrier, inspector));
        assertEq(_consumer.hints(), 0);
        _assertStatus(DEPARTED, IMilestoneOracle.Status.Final);
    }

    function test_the_consumer_is_told_once_and_sees_the_fact() public {
        _attestTogether(_observation(RECEIVED, 950_000), _two(warehouse, inspector));
        assertEq(_consumer.hints(), 1);
        assertTrue(_consumer.sawUsable());
        assertEq(_consumer.sawQuantity(), 950_000);
        _attest(borealis, RECEIVED, 950_000);
        assertEq(_consumer.hints(), 1);
    }

    function test_a_consumer_that_fails_stops_nothing() public {
        for (uint8 mood = 1; mood <= uint8(Consumer.Mood.Burning); ++mood) {
            _consumer.setMood(Consumer.Mood(mood));
            IMilestoneOracle.Observation memory item = _observation(DEPARTED, 0);
            item.sequence = mood;
            _attestItem(carrier, item);
            IMilestoneOracle.Observation[] memory items = _list(item);
            IMilestoneOracle.Vote[] memory votes = _ballot(_vote(inspector, items, 1));
            vm.expectEmit(address(oracle));
            emit IMilestoneOracle.ConsumerFailed(SHIPMENT, DEPARTED, mood, address(_consumer));
            uint256 before = gasleft();
            oracle.attest(items, votes);
            assertLt(before - gasleft(), Hints.STIPEND + 200_000);
            assertEq(uint8(oracle.fact(SHIPMENT, DEPARTED, mood).status), uint8(IMilestoneOracle.Status.Final));
        }
    }

    /// @dev What a reentering consumer does counts, once, and finds every effect of the call in place.
    function test_a_consumer_may_come_back() public {
        IMilestoneOracle.Observation[] memory items = _list(_observation(RECEIVED, 950_000));
        _consumer.setMessage(abi.encodeCall(oracle.attest, (items, _ballot(_vote(warehouse, items, 1)))));
        _consumer.setMood(Consumer.Mood.Reentering);
        _attestTogether(_observation(DEPARTED, 0), _two(carrier, inspector));
        assertEq(_consumer.hints(), 1);
        assertEq(_factOf(RECEIVED).count, 1);
    }

    function test_a_consumer_that_repeats_the_call_changes_nothing() public {
        IMilestoneOracle.Observation[] memory items = _list(_observation(DEPARTED, 0));
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](2);
        (votes[0], votes[1]) = (_vote(carrier, items, 1), _vote(inspector, items, 1));
        _consumer.setMessage(abi.encodeCall(oracle.attest, (items, votes)));
        _consumer.setMood(Consumer.Mood.Reentering);
        oracle.attest(items, votes);
        assertEq(_consumer.hints(), 1);
        assertEq(_factOf(DEPARTED).count, 2);
    }

    /// @dev The consumer is read when its turn comes: what it let go of while it was told of another is not told.
    function test_a_consumer_that_lets_go_while_it_is_told_is_not_told_again() public {
        bytes32 other = keccak256("HAM26051235");
        vm.prank(acme.account);
        oracle.openSubject(other, new bytes32[](0));
        _consumer.watch(other);
        _consumer.setMessage(abi.encodeCall(oracle.unwatch, (other)));
        _consumer.setMood(Consumer.Mood.Reentering);
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](2);
        (items[0], items[1]) = (_observation(DEPARTED, 0), _observation(DEPARTED, 0));
        items[1].subject = other;
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](2);
        (votes[0], votes[1]) = (_vote(carrier, items, 3), _vote(inspector, items, 3));
        oracle.attest(items, votes);
        assertEq(_consumer.hints(), 1);
        assertEq(uint8(oracle.fact(other, DEPARTED, 1).status), uint8(IMilestoneOracle.Status.Final));
    }

    /// @dev EIP-150 lets a call have 63 of 64 parts of what is left; the least that leaves the whole stipend.
    function test_what_is_needed_leaves_the_whole_stipend() public pure {
        uint256 needed = Hints.NEEDED - 10_000;
        assertGe(needed - needed / 64, Hints.STIPEND);
        assertEq(needed, (Hints.STIPEND * 64 + 62) / 63);
    }

    function test_too_little_gas_is_named() public {
        IMilestoneOracle.Observation[] memory items = _list(_observation(DEPARTED, 0));
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](2);
        (votes[0], votes[1]) = (_vote(carrier, items, 1), _vote(inspector, items, 1));
        vm.expectPartialRevert(Hints.GasTooLow.selector);
        oracle.attest{gas: Hints.STIPEND}(items, votes);
        _assertStatus(DEPARTED, IMilestoneOracle.Status.None);
    }

    /// @dev Whatever gas the relay sends: both facts and both hints with their whole stipend, or nothing at all.
    function testFuzz_the_hints_cannot_be_starved(uint256 gasSent) public {
        gasSent = bound(gasSent, Hints.STIPEND + 50_000, Hints.STIPEND + 250_000);
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](2);
        items[0] = _observation(DEPARTED, 0);
        items[1] = _observation(DEPARTED, 0);
        items[1].sequence = 2;
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](2);
        (votes[0], votes[1]) = (_vote(carrier, items, 3), _vote(inspector, items, 3));
        (bool done,) = address(oracle).call{gas: gasSent}(abi.encodeCall(oracle.attest, (items, votes)));

        uint8 expected = uint8(done ? IMilestoneOracle.Status.Final : IMilestoneOracle.Status.None);
        assertEq(uint8(oracle.fact(SHIPMENT, DEPARTED, 1).status), expected);
        assertEq(uint8(oracle.fact(SHIPMENT, DEPARTED, 2).status), expected);
        assertEq(_consumer.hints(), done ? 2 : 0);
        if (done) assertGt(_consumer.gasGiven(), Hints.STIPEND - 1000);
    }
}
