// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {EscrowBase} from "../settlement/EscrowBase.sol";
import {GasRecord} from "./GasRecord.sol";

/// @title What an order costs from its registration to the payout on a fact.
/// @dev New: the order and its facts. Known: the parties' balances, the milestone's policy and the signers.
/// forge-config: default.isolate = true
contract EscrowGas is EscrowBase, GasRecord {
    Party[] private _nodes;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 3; ++i) {
            _nodes.push(_admit(string.concat("NODE", vm.toString(i)), Roles.CARRIER));
        }
        uint8 role = uint8(Roles.CARRIER);
        oracle.setPolicy(Milestones.DEPARTED, IMilestoneOracle.Policy(3, role, role, 50, 90 days, 300, 0));
        oracle.setPolicy(Milestones.RECEIVED, IMilestoneOracle.Policy(3, role, role, 50, 90 days, 300, 0));
        _issue(euro, seller, 1);
        _give(buyer, 2 * VALUE);
        vm.prank(buyer);
        euro.transfer(address(escrow), 1);
    }

    function test_agreement() public {
        vm.prank(seller);
        escrow.registerOrder(_orderTerms());
        _record("register an order of one line and two payouts", 300_000);
        bytes32 termsHash = escrow.termsHashOf(ID);
        vm.prank(buyer);
        escrow.acceptOrder(ID, termsHash);
        _record("accept an order", 160_000);
        vm.prank(buyer);
        escrow.fund(ID, VALUE);
        _record("fund an order", 150_000);
    }

    function test_payoutOnAFact() public {
        _accepted();
        vm.prank(buyer);
        escrow.fund(ID, VALUE);
        _attestOf(Milestones.DEPARTED, QUANTITY);
        _record("escrow payout on a fact, attestation by 3 included", 150_000);
        assertEq(euro.balanceOf(seller), 4_000_001);
        _attestOf(Milestones.RECEIVED, QUANTITY / 2);
        _record("escrow payout in proportion to what was received, attestation by 3 included", 150_000);
        assertEq(euro.balanceOf(seller), 7_000_001);
    }

    function test_refund() public {
        _accepted();
        vm.prank(buyer);
        escrow.fund(ID, VALUE);
        vm.warp(TOO_LATE);
        escrow.refund(ID);
        _record("refund an order that was not delivered", 170_000);
    }

    // Internals

    function _attestOf(uint32 milestone, uint256 quantity) private {
        IMilestoneOracle.Observation[] memory list = new IMilestoneOracle.Observation[](1);
        list[0] = _observation(milestone, uint64(quantity));
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](3);
        for (uint256 v = 0; v < 3; ++v) {
            votes[v] = _vote(_nodes[v], list, 1);
        }
        oracle.attest(list, votes);
    }
}
