// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Consumer} from "../support/Consumer.sol";
import {OracleTest} from "./OracleTest.t.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract Watch is OracleTest {
    Consumer private _consumer;
    Consumer private _other;

    function setUp() public override {
        super.setUp();
        _consumer = new Consumer(oracle);
        _other = new Consumer(oracle);
        oracle.listConsumer(address(_consumer), true);
        oracle.listConsumer(address(_other), true);
    }

    function test_listing_by_anyone_but_the_governor_is_refused() public {
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account));
        oracle.listConsumer(address(_consumer), true);
    }

    function test_listing_an_address_without_code_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.ConsumerHasNoCode.selector, lender.account));
        oracle.listConsumer(lender.account, true);
    }

    function test_an_unlisted_consumer_is_refused() public {
        oracle.listConsumer(address(_consumer), false);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.NotListedConsumer.selector, address(_consumer)));
        _consumer.watch(SHIPMENT);
    }

    function test_an_unknown_subject_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.SubjectUnopened.selector, bytes32("unknown")));
        _consumer.watch("unknown");
    }

    function test_a_tag_of_zero_is_refused() public {
        vm.prank(address(_consumer));
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.TagZero.selector, SHIPMENT));
        oracle.watch(SHIPMENT, 0);
    }

    function test_only_its_consumer_lets_go() public {
        _consumer.watch(SHIPMENT);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.NotConsumerOf.selector, SHIPMENT, address(_other)));
        _other.unwatch(SHIPMENT);
    }

    function test_a_subject_given_free_can_be_watched_again() public {
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.SubjectWatched(SHIPMENT, address(_consumer), _consumer.TAG());
        _consumer.watch(SHIPMENT);
        oracle.listConsumer(address(_consumer), false);
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.SubjectWatched(SHIPMENT, address(_consumer), 0);
        _consumer.unwatch(SHIPMENT);
        assertEq(oracle.tagOf(SHIPMENT, address(_consumer)), 0);
        _other.watch(SHIPMENT);
        assertEq(oracle.subject(SHIPMENT).consumer, address(_other));
        assertTrue(oracle.subject(SHIPMENT).beneficiary == registry.membershipOf(acme.account).group);
    }
}
