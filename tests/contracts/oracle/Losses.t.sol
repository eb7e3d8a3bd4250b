// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {OracleTest} from "./OracleTest.t.sol";

/// @dev A loss stands before every step that a consignment has come.
contract Losses is OracleTest {
    uint32 private constant LOST = Milestones.LOST;
    uint256 private constant LADDER = RECEIVED | uint256(DEPARTED) << 16;

    function setUp() public override {
        super.setUp();
        oracle.setPolicy(LOST, _lossPolicy(0));
        _attestTogether(_observation(DEPARTED, 1_000_000), _two(carrier, inspector));
    }

    function _lossPolicy(uint24 window) private pure returns (IMilestoneOracle.Policy memory) {
        uint8 seeing = uint8(Roles.CARRIER | Roles.INSPECTOR | Roles.WAREHOUSE | Roles.CUSTOMS);
        return IMilestoneOracle.Policy(2, seeing, 0, TOLERANCE, 90 days, 5 minutes, window);
    }

    function _loss(uint32 sequence, uint64 occurredAt, uint64 quantity)
        private
        pure
        returns (IMilestoneOracle.Observation memory)
    {
        return IMilestoneOracle.Observation(SHIPMENT, LOST, sequence, occurredAt, quantity);
    }

    function _assertLoss(IMilestoneOracle.Status status, uint256 occurredAt) private view {
        (IMilestoneOracle.Status its, uint40 moment) = oracle.lossOf(SHIPMENT);
        assertEq(uint8(its), uint8(status));
        assertEq(moment, occurredAt);
        (uint256 index, IMilestoneOracle.Status furthest, uint64 relied) = oracle.furthest(SHIPMENT, LADDER);
        bool none = status == IMilestoneOracle.Status.None;
        assertEq(index, none ? 1 : 4, "the index of no step");
        assertEq(uint8(furthest), uint8(none ? IMilestoneOracle.Status.Final : status));
        assertEq(relied, none ? 1_000_000 : 0);
    }

    // Refusals

    function test_nothing_is_lost_that_nobody_or_one_has_reported() public {
        _assertLoss(IMilestoneOracle.Status.None, 0);
        _attest(carrier, LOST, 5);
        _assertLoss(IMilestoneOracle.Status.None, 0);
    }

    function test_another_consignment_is_not_lost() public {
        _attestTogether(_observation(LOST, 0), _two(carrier, inspector));
        (IMilestoneOracle.Status its, uint40 moment) = oracle.lossOf(keccak256("another"));
        assertEq(uint8(its), uint8(IMilestoneOracle.Status.None));
        assertEq(moment, 0);
    }

    function test_what_is_released_is_not_lost() public {
        oracle.setPolicy(Milestones.RELEASED, _lossPolicy(0));
        _attestTogether(_observation(Milestones.RELEASED, 5), _two(carrier, inspector));
        _assertLoss(IMilestoneOracle.Status.None, 0);
    }

    // A loss

    function test_a_quorum_makes_a_loss() public {
        _attest(carrier, LOST, 5);
        _attest(inspector, LOST, 5);
        _assertLoss(IMilestoneOracle.Status.Final, START - 1 hours);
        _attestTogether(_observation(RECEIVED, 990_000), _two(warehouse, inspector));
        _assertLoss(IMilestoneOracle.Status.Final, START - 1 hours);
    }

    function test_a_loss_counts_whatever_its_number() public {
        _attestTogether(_loss(7, uint64(START), 0), _two(carrier, inspector));
        _assertLoss(IMilestoneOracle.Status.Final, START);
    }

    function test_a_loss_counts_within_its_window_and_is_not_unsaid() public {
        oracle.setPolicy(LOST, _lossPolicy(1 hours));
        _attestTogether(_observation(LOST, 100_000), _two(carrier, inspector));
        _assertLoss(IMilestoneOracle.Status.Final, START - 1 hours);
        _attest(warehouse, LOST, 5);
        assertEq(
            uint8(oracle.fact(SHIPMENT, LOST, 1).status), uint8(IMilestoneOracle.Status.Disputed), "how much is open"
        );
        _assertLoss(IMilestoneOracle.Status.Final, START - 1 hours);
    }

    function test_witnesses_who_agree_on_a_loss_and_not_on_how_much_stop_every_step() public {
        _attest(carrier, LOST, 100_000);
        _attest(inspector, LOST, 5);
        _assertLoss(IMilestoneOracle.Status.Disputed, START - 1 hours);
        _attestTogether(_loss(2, uint64(START - 2 hours), 0), _two(carrier, inspector));
        _assertLoss(IMilestoneOracle.Status.Final, START - 1 hours);
        _attest(customs, LOST, 0);
        _assertLoss(IMilestoneOracle.Status.Final, START - 1 hours);
    }

    /// @dev Losses in any order against the greatest of their moments.
    function testFuzz_the_last_loss_counts(uint64[4] memory moments) public {
        uint256 last = 0;
        for (uint32 i = 0; i < moments.length; ++i) {
            moments[i] = uint64(bound(moments[i], START - 30 days, START));
            _attestTogether(_loss(i + 1, moments[i], 0), _two(carrier, inspector));
            if (moments[i] > last) last = moments[i];
            _assertLoss(IMilestoneOracle.Status.Final, last);
        }
    }
}
