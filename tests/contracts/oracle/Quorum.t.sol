// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {OrganisationId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {OracleTest} from "./OracleTest.t.sol";
import {Vm} from "forge-std/Test.sol";

/// @dev Invariants 42, 49 and 52: enough distinct organisations, with the roles that the policy asks for.
contract Quorum is OracleTest {
    uint32 private constant BIG = 60;

    function test_one_organisation_is_not_enough() public {
        _attest(carrier, DEPARTED, 0);
        _assertStatus(DEPARTED, IMilestoneOracle.Status.Gathering);
        (bool usable,) = oracle.usableFact(SHIPMENT, DEPARTED, 1);
        assertFalse(usable);
        assertEq(_factOf(DEPARTED).finalAt, 0);
    }

    function test_enough_without_the_required_role_is_not_enough() public {
        _attest(inspector, DEPARTED, 0);
        _attest(customs, DEPARTED, 0);
        _assertStatus(DEPARTED, IMilestoneOracle.Status.Gathering);

        _attest(carrier, DEPARTED, 0);
        _assertStatus(DEPARTED, IMilestoneOracle.Status.Final);
        assertEq(_factOf(DEPARTED).count, 3);
    }

    function test_facts_of_other_deliveries_and_milestones_are_apart() public {
        _attest(carrier, DEPARTED, 0);
        IMilestoneOracle.Observation memory item = _observation(DEPARTED, 0);
        item.sequence = 2;
        _attestItem(inspector, item);
        _assertStatus(DEPARTED, IMilestoneOracle.Status.Gathering);
        assertEq(oracle.fact(SHIPMENT, DEPARTED, 2).count, 1);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.None);
    }

    function test_a_vote_short_of_the_quorum_is_reported() public {
        IMilestoneOracle.Observation memory item = _observation(DEPARTED, 5);
        Party[] memory one = new Party[](1);
        one[0] = carrier;
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.VotesCounted(
            SHIPMENT, DEPARTED, 1, item.occurredAt, 5, 0, _placesOf(one), _evidenceOf(one)
        );
        _attestItem(carrier, item);
    }

    function test_a_quorum_over_two_calls_makes_a_fact() public {
        _attest(carrier, DEPARTED, 0);
        OrganisationId[] memory voters = oracle.votersOf(SHIPMENT, DEPARTED, 1);
        assertEq(voters.length, 1);
        assertTrue(voters[0] == carrier.id);

        IMilestoneOracle.Observation memory later = _observation(DEPARTED, 0);
        later.occurredAt = uint64(START - 30 minutes);
        Party[] memory one = new Party[](1);
        one[0] = inspector;
        vm.warp(START + 7);
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.FactFinal(SHIPMENT, DEPARTED, 1, later.occurredAt, 0, 0, _placesOf(one), _evidenceOf(one));
        _attestItem(inspector, later);

        IMilestoneOracle.Fact memory made = _factOf(DEPARTED);
        assertEq(made.finalAt, START + 7);
        assertEq(made.occurredAt, later.occurredAt);
        assertEq(made.rolesSeen, uint8(Roles.CARRIER | Roles.INSPECTOR));
        assertEq(made.count, 2);
        (bool usable,) = oracle.usableFact(SHIPMENT, DEPARTED, 1);
        assertTrue(usable);
    }

    function test_a_quorum_in_one_call_makes_the_same_fact() public {
        uint256 apart = vm.snapshotState();
        _attest(carrier, DEPARTED, 0);
        _attest(inspector, DEPARTED, 0);
        bytes memory expected = abi.encode(_factOf(DEPARTED));
        vm.revertToState(apart);

        _attestTogether(_observation(DEPARTED, 0), _two(carrier, inspector));
        assertEq(abi.encode(_factOf(DEPARTED)), expected);
        assertEq(oracle.votersOf(SHIPMENT, DEPARTED, 1).length, 0);
    }

    /// @dev What is refused between them has no place; the crowd's votes are those that find a seat.
    function test_the_votes_of_an_item_are_reported_together() public {
        uint8 eligible = uint8(Roles.CARRIER | Roles.INSPECTOR);
        oracle.setPolicy(
            DEPARTED, IMilestoneOracle.Policy(10, eligible, uint8(Roles.CARRIER), TOLERANCE, 90 days, 5 minutes, 0)
        );
        Party[] memory parties = new Party[](12);
        for (uint256 i = 0; i < 12; ++i) {
            uint32 role = i == 2 ? Roles.LENDER : i == 10 ? Roles.CARRIER : Roles.INSPECTOR;
            parties[i] = _admit(string(abi.encodePacked("CROWD", uint8(0x41 + i))), role);
        }
        Party[] memory counted = new Party[](10);
        for (uint256 i = 0; i < 10; ++i) {
            counted[i] = parties[i < 2 ? i : i + 1];
        }
        IMilestoneOracle.Observation memory item = _observation(DEPARTED, 7);
        _expectRefusal(item, parties[2].account, IMilestoneOracle.Refusal.RoleNotEligible);
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.FactFinal(
            SHIPMENT, DEPARTED, 1, item.occurredAt, 7, 7, _placesOf(counted), _evidenceOf(counted)
        );
        _attestTogether(item, parties);
        _assertStatus(DEPARTED, IMilestoneOracle.Status.Final);
        assertEq(_factOf(DEPARTED).count, 10);
    }

    function test_an_item_on_which_no_vote_counts_reports_none() public {
        vm.recordLogs();
        _attestTogether(_observation(RECEIVED, 0), _two(carrier, customs));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2);
        assertEq(logs[0].topics[0], IMilestoneOracle.VoteRefused.selector);
        assertEq(logs[1].topics[0], IMilestoneOracle.VoteRefused.selector);
    }

    function test_the_latest_time_counts_in_any_order() public {
        IMilestoneOracle.Observation memory item = _observation(DEPARTED, 0);
        _attestItem(carrier, item);
        item.occurredAt -= 1 days;
        _attestItem(inspector, item);
        assertEq(_factOf(DEPARTED).occurredAt, START - 1 hours);
    }

    function test_a_crowd_cannot_shut_out_the_required_role() public {
        for (uint256 i = 0; i < 12; ++i) {
            Party memory other = _admit(string(abi.encodePacked("CROWD", uint8(0x41 + i))), Roles.INSPECTOR);
            if (i < 9) _attest(other, DEPARTED, 0);
            else _refused(other, _observation(DEPARTED, 0), IMilestoneOracle.Refusal.TallyFull);
        }
        assertEq(_factOf(DEPARTED).count, 9);
        assertEq(oracle.votersOf(SHIPMENT, DEPARTED, 1).length, 9);

        _attest(carrier, DEPARTED, 0);
        _assertStatus(DEPARTED, IMilestoneOracle.Status.Final);
    }

    function test_an_organisation_with_two_roles_is_one_organisation() public {
        registry.setRoles(carrier.lei, Roles.CARRIER | Roles.INSPECTOR | Roles.CUSTOMS);
        _attest(carrier, DEPARTED, 0);
        assertEq(_factOf(DEPARTED).rolesSeen, uint8(Roles.CARRIER | Roles.INSPECTOR | Roles.CUSTOMS));
        _assertStatus(DEPARTED, IMilestoneOracle.Status.Gathering);
    }

    /// @dev n = 3f + 1 witnesses and a threshold of 2f + 1: f that lie cannot make a fact, f + 1 that are silent only
    /// delay it, and it stands as soon as one of them speaks.
    /// forge-config: default.fuzz.runs = 32
    function testFuzz_f_of_the_witnesses_cannot_pay(uint8 size, uint256 seed) public {
        uint256 f = 1 + size % 3;
        uint256 threshold = 2 * f + 1;
        oracle.setPolicy(
            BIG, IMilestoneOracle.Policy(uint8(threshold), uint8(Roles.INSPECTOR), 0, TOLERANCE, 90 days, 5 minutes, 0)
        );
        Party[] memory witnesses = new Party[](3 * f + 1);
        for (uint256 i = 0; i < witnesses.length; ++i) {
            witnesses[i] = _admit(string.concat("WITNESS", vm.toString(i)), Roles.INSPECTOR);
        }
        uint256 first = seed % witnesses.length;
        for (uint256 i = 0; i < threshold; ++i) {
            _assertStatusIsFinal(false);
            _attest(witnesses[(first + i) % witnesses.length], BIG, 0);
            _refused(
                witnesses[(first + i) % witnesses.length],
                _observation(BIG, 0),
                i + 1 < threshold ? IMilestoneOracle.Refusal.AlreadyVoted : IMilestoneOracle.Refusal.AlreadyFinal
            );
        }
        _assertStatusIsFinal(true);
        assertEq(_factOf(BIG).count, threshold);
    }

    /// @dev Invariant 50: whatever a report says, who gains and who is told stays what it was.
    function testFuzz_a_report_changes_nothing_but_facts(IMilestoneOracle.Observation memory item, uint256 mask)
        public
    {
        IMilestoneOracle.Observation[] memory items = _list(item);
        vm.assume(item.subject != SHIPMENT);
        bytes memory ours = abi.encode(oracle.subject(SHIPMENT));
        bytes memory theirs = abi.encode(oracle.subject(item.subject));
        oracle.attest(items, _ballot(_vote(warehouse, items, mask)));
        assertEq(abi.encode(oracle.subject(item.subject)), theirs);

        item.subject = SHIPMENT;
        items = _list(item);
        oracle.attest(items, _ballot(_vote(warehouse, items, 1)));
        assertEq(abi.encode(oracle.subject(SHIPMENT)), ours);
        assertEq(euro.totalSupply(), 0);
    }

    function _assertStatusIsFinal(bool expected) private view {
        assertEq(_factOf(BIG).status == IMilestoneOracle.Status.Final, expected);
    }
}
