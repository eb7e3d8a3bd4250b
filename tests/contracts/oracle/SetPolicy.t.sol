// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {OracleTest} from "./OracleTest.t.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract SetPolicy is OracleTest {
    IMilestoneOracle.Policy private _said = IMilestoneOracle.Policy(3, 0x0f, 0x03, 100, 30 days, 1 minutes, 1 hours);

    function test_anyone_but_the_governor_is_refused() public {
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account));
        oracle.setPolicy(RECEIVED, _said);
    }

    function test_acceptance_cannot_be_attested() public {
        _refusedFor(Milestones.ACCEPTED);
        _refusedFor(0);
    }

    function test_a_threshold_of_nobody_is_refused() public {
        _said.threshold = 0;
        _refusedFor(RECEIVED);
    }

    function test_a_threshold_beyond_the_seats_is_refused() public {
        _said.threshold = 11;
        _refusedFor(RECEIVED);
    }

    function test_a_policy_without_witnesses_is_refused() public {
        _said.eligibleRoles = 0;
        _said.requiredRoles = 0;
        _refusedFor(RECEIVED);
    }

    function test_a_required_role_that_is_not_eligible_is_refused() public {
        _said.requiredRoles = 0x10;
        _refusedFor(RECEIVED);
    }

    function test_a_tolerance_above_the_whole_is_refused() public {
        _said.toleranceBps = 10_001;
        _refusedFor(RECEIVED);
    }

    function test_a_policy_without_an_age_is_refused() public {
        _said.maxAgeSeconds = 0;
        _refusedFor(RECEIVED);
    }

    function test_a_skew_of_more_than_a_day_is_refused() public {
        _said.clockSkewSeconds = 1 days + 1;
        _refusedFor(RECEIVED);
    }

    function test_a_window_of_more_than_ninety_days_is_refused() public {
        _said.disputeWindowSeconds = 90 days + 1;
        _refusedFor(RECEIVED);
    }

    function testFuzz_a_policy_is_kept(IMilestoneOracle.Policy memory said, uint32 milestone) public {
        milestone = uint32(bound(milestone, 2, type(uint32).max));
        said.threshold = uint8(bound(said.threshold, 1, 10));
        said.eligibleRoles = uint8(bound(said.eligibleRoles, 1, 255));
        said.requiredRoles &= said.eligibleRoles;
        said.toleranceBps = uint16(bound(said.toleranceBps, 0, 10_000));
        said.maxAgeSeconds = uint32(bound(said.maxAgeSeconds, 1, type(uint32).max));
        said.clockSkewSeconds = uint32(bound(said.clockSkewSeconds, 0, 1 days));
        said.disputeWindowSeconds = uint32(bound(said.disputeWindowSeconds, 0, 90 days));
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.PolicySet(milestone, said);
        oracle.setPolicy(milestone, said);
        assertEq(abi.encode(oracle.policy(milestone)), abi.encode(said));
    }

    /// @dev Invariant 44: what was final under the old policy stays so, and votes already cast count under the new.
    function test_a_new_policy_changes_no_fact() public {
        _attest(carrier, DEPARTED, 0);
        _attest(inspector, DEPARTED, 0);
        _attest(warehouse, RECEIVED, 950_000);
        oracle.setPolicy(DEPARTED, _said);
        oracle.setPolicy(RECEIVED, _said);

        _assertStatus(DEPARTED, IMilestoneOracle.Status.Final);
        (bool usable,) = oracle.usableFact(SHIPMENT, DEPARTED, 1);
        assertTrue(usable);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Gathering);
        assertEq(_factOf(RECEIVED).count, 1);
    }

    function _refusedFor(uint32 milestone) private {
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.PolicyInvalid.selector, milestone, _said));
        oracle.setPolicy(milestone, _said);
    }
}
