// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {OracleTest} from "../oracle/OracleTest.t.sol";
import {GasRecord} from "./GasRecord.sol";

/// @title From signed votes to a fact, with nobody to tell.
/// @dev New: the facts. Known: the consignments, their milestone's policy and the signers.
/// forge-config: default.isolate = true
contract AttestGas is OracleTest, GasRecord {
    uint256 private constant BATCH = 50;

    Party[] private _nodes;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 7; ++i) {
            _nodes.push(_admit(string.concat("NODE", vm.toString(i)), Roles.CARRIER));
        }
    }

    function test_threeOfFive() public {
        _attestOf(3, 1);
        _record("attest one fact, 3 of 5 signatures", 92_000);
        _assertFinal(1);
    }

    function test_fiveOfSeven() public {
        _attestOf(5, 1);
        _record("attest one fact, 5 of 7 signatures", 108_000);
        _assertFinal(1);
    }

    function test_batch() public {
        _attestOf(3, BATCH);
        _recordShare("each fact in a batch of 50 from 3 nodes", BATCH, 40_000);
        _assertFinal(BATCH);
    }

    // Internals

    /// @dev A quorum of `count`, in one call, over as many consignments.
    function _attestOf(uint8 count, uint256 items) private {
        oracle.setPolicy(
            DEPARTED,
            IMilestoneOracle.Policy(count, uint8(Roles.CARRIER), uint8(Roles.CARRIER), TOLERANCE, 90 days, 300, 0)
        );
        IMilestoneOracle.Observation[] memory list = new IMilestoneOracle.Observation[](items);
        for (uint256 i = 0; i < items; ++i) {
            list[i] = _observation(DEPARTED, uint64(QUANTITY));
            list[i].subject = _consignment(i);
            vm.prank(acme.account);
            oracle.openSubject(list[i].subject, new bytes32[](0));
        }
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](count);
        for (uint256 v = 0; v < count; ++v) {
            votes[v] = _vote(_nodes[v], list, (1 << items) - 1);
        }
        oracle.attest(list, votes);
    }

    function _assertFinal(uint256 items) private view {
        for (uint256 i = 0; i < items; ++i) {
            IMilestoneOracle.Fact memory its = oracle.fact(_consignment(i), DEPARTED, 1);
            assertEq(uint8(its.status), uint8(IMilestoneOracle.Status.Final));
            assertEq(its.leastQuantity, QUANTITY);
        }
    }

    function _consignment(uint256 i) private pure returns (bytes32) {
        return keccak256(abi.encode("consignment", i));
    }
}
