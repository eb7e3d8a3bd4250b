// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {OracleTest} from "./OracleTest.t.sol";

/// @dev How far a consignment has come on a ladder, in one call.
contract Furthest is OracleTest {
    uint256 private constant LADDER = RECEIVED | uint256(DEPARTED) << 16;

    function test_there_is_none_on_an_empty_ladder() public {
        _attestTogether(_observation(DEPARTED, 0), _two(carrier, inspector));
        _assertFurthest(0, 4, IMilestoneOracle.Status.None, 0);
    }

    function test_there_is_none_while_votes_gather() public {
        _assertFurthest(LADDER, 4, IMilestoneOracle.Status.None, 0);
        _attest(carrier, DEPARTED, 0);
        _assertFurthest(LADDER, 4, IMilestoneOracle.Status.None, 0);
    }

    function test_a_nearer_fact_stands_until_a_further_one_does() public {
        _attestTogether(_observation(DEPARTED, 1_000_000), _two(carrier, inspector));
        _assertFurthest(LADDER, 1, IMilestoneOracle.Status.Final, 1_000_000);
        _attest(warehouse, RECEIVED, 990_000);
        _assertFurthest(LADDER, 1, IMilestoneOracle.Status.Final, 1_000_000);
        _attest(inspector, RECEIVED, 990_000);
        _assertFurthest(LADDER, 0, IMilestoneOracle.Status.Final, 990_000);
    }

    function test_a_further_dispute_hides_the_nearer_fact() public {
        _attestTogether(_observation(DEPARTED, 1_000_000), _two(carrier, inspector));
        _attest(warehouse, RECEIVED, 990_000);
        _attest(inspector, RECEIVED, 5);
        _assertFurthest(LADDER, 0, IMilestoneOracle.Status.Disputed, 0);
    }

    function test_a_fact_in_its_window_is_passed_over() public {
        oracle.setPolicy(RECEIVED, IMilestoneOracle.Policy(2, 0x26, 0x02, TOLERANCE, 90 days, 5 minutes, 1 hours));
        _attestTogether(_observation(DEPARTED, 1_000_000), _two(carrier, inspector));
        _attestTogether(_observation(RECEIVED, 990_000), _two(warehouse, inspector));
        _assertFurthest(LADDER, 1, IMilestoneOracle.Status.Final, 1_000_000);
        vm.warp(START + 1 hours);
        _assertFurthest(LADDER, 0, IMilestoneOracle.Status.Final, 990_000);
    }

    function test_only_four_steps_and_the_first_delivery_are_looked_at() public {
        _attestTogether(_observation(DEPARTED, 0), _two(carrier, inspector));
        uint256 fourth = uint256(DEPARTED) << 48 | uint256(RECEIVED) << 32 | uint256(RECEIVED) << 16 | RECEIVED;
        _assertFurthest(fourth, 3, IMilestoneOracle.Status.Final, 0);
        _assertFurthest(fourth << 16 | RECEIVED, 4, IMilestoneOracle.Status.None, 0);

        IMilestoneOracle.Observation memory second = _observation(RECEIVED, 0);
        second.sequence = 2;
        _attestTogether(second, _two(warehouse, inspector));
        _assertFurthest(LADDER, 1, IMilestoneOracle.Status.Final, 0);
    }

    function _assertFurthest(uint256 ladder, uint256 expected, IMilestoneOracle.Status status, uint64 relied)
        private
        view
    {
        (uint256 index, IMilestoneOracle.Status its, uint64 quantity) = oracle.furthest(SHIPMENT, ladder);
        assertEq(index, expected);
        assertEq(uint8(its), uint8(status));
        assertEq(quantity, relied);
    }
}
