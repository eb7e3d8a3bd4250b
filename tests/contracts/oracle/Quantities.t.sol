// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Consumer} from "../support/Consumer.sol";
import {OracleTest} from "./OracleTest.t.sol";

/// @dev How much may be relied on: tolerance, unmeasured reports, late figures, dissent.
contract Quantities is OracleTest {
    function test_the_least_within_tolerance_counts() public {
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 995_000);
        _assertFinalWith(995_000);
        assertEq(_factOf(RECEIVED).greatestQuantity, 1_000_000);
    }

    /// @dev Invariant 47: two stories about one fact pay nobody.
    function test_one_beyond_tolerance_disputes() public {
        _attest(warehouse, RECEIVED, 1_000_000);
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.FactInDispute(SHIPMENT, RECEIVED, 1, 994_999, 1_000_000);
        _attest(inspector, RECEIVED, 994_999);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Disputed);
        _assertUnusable();
    }

    /// @dev Each neighbour is within tolerance of the next, the extremes are not.
    function test_tolerance_holds_between_the_extremes() public {
        oracle.setPolicy(RECEIVED, IMilestoneOracle.Policy(3, 0x26, 0x02, TOLERANCE, 90 days, 5 minutes, 0));
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 996_000);
        _attest(borealis, RECEIVED, 992_000);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Disputed);
    }

    function test_unmeasured_reports_make_an_unmeasured_fact() public {
        _attest(warehouse, RECEIVED, 0);
        _attest(inspector, RECEIVED, 0);
        _assertFinalWith(0);
    }

    function test_one_figure_is_no_quorum() public {
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 0);
        _assertFinalWith(0);
    }

    function test_an_unmeasured_report_lowers_and_raises_nothing() public {
        oracle.setPolicy(RECEIVED, IMilestoneOracle.Policy(2, 0x2e, 0x0e, TOLERANCE, 90 days, 5 minutes, 0));
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(customs, RECEIVED, 0);
        _attest(inspector, RECEIVED, 995_000);
        _assertFinalWith(995_000);
        assertEq(_factOf(RECEIVED).count, 3);
    }

    function test_a_late_figure_that_agrees_completes_the_quantity() public {
        Consumer consumer = _watching();
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 0);
        assertEq(consumer.hints(), 1);
        uint40 finalAt = _factOf(RECEIVED).finalAt;
        vm.warp(START + 1 days);
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.FactMeasured(SHIPMENT, RECEIVED, 1, 999_000, 2);
        _attest(borealis, RECEIVED, 999_000);

        _assertFinalWith(999_000);
        assertEq(_factOf(RECEIVED).finalAt, finalAt);
        assertEq(consumer.hints(), 2);
        assertEq(consumer.sawQuantity(), 999_000);
    }

    function test_a_late_figure_of_one_that_has_voted_is_refused() public {
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 0);
        _refused(inspector, _observation(RECEIVED, 1_000_000), IMilestoneOracle.Refusal.AlreadyVoted);
        _assertFinalWith(0);
    }

    function test_a_late_unmeasured_report_is_refused() public {
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 0);
        _refused(borealis, _observation(RECEIVED, 0), IMilestoneOracle.Refusal.AlreadyFinal);
    }

    /// @dev Money may have moved on the event: a late figure that does not agree takes nothing back.
    function test_a_late_figure_that_does_not_agree_is_refused() public {
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 0);
        _refused(borealis, _observation(RECEIVED, 5), IMilestoneOracle.Refusal.QuantityIrreconcilable);
        _assertFinalWith(0);
    }

    function test_a_late_figure_for_a_wholly_unmeasured_fact_is_refused() public {
        _attest(warehouse, RECEIVED, 0);
        _attest(inspector, RECEIVED, 0);
        _refused(borealis, _observation(RECEIVED, 1_000_000), IMilestoneOracle.Refusal.AlreadyFinal);
    }

    function test_a_fact_in_its_window_moves_nothing_yet() public {
        _setWindow();
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 1_000_000);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Final);
        _assertUnusable();
        vm.warp(START + 1 hours - 1);
        _assertUnusable();
        vm.warp(START + 1 hours);
        _assertFinalWith(1_000_000);
    }

    function test_dissent_within_the_window_disputes() public {
        _setWindow();
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 1_000_000);
        _refused(borealis, _observation(RECEIVED, 1_000_000), IMilestoneOracle.Refusal.AlreadyFinal);
        _refused(inspector, _observation(RECEIVED, 5), IMilestoneOracle.Refusal.AlreadyVoted);
        _refused(carrier, _observation(RECEIVED, 5), IMilestoneOracle.Refusal.RoleNotEligible);
        vm.warp(START + 1 hours - 1);
        _attest(borealis, RECEIVED, 900_000);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Disputed);
        vm.warp(START + 2 hours);
        _assertUnusable();
    }

    function test_dissent_after_the_window_is_refused() public {
        _setWindow();
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 1_000_000);
        vm.warp(START + 1 hours);
        _refused(borealis, _observation(RECEIVED, 900_000), IMilestoneOracle.Refusal.AlreadyFinal);
        _assertFinalWith(1_000_000);
    }

    function test_a_later_policy_does_not_reopen_a_window() public {
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 1_000_000);
        _setWindow();
        _assertFinalWith(1_000_000);
        _refused(borealis, _observation(RECEIVED, 900_000), IMilestoneOracle.Refusal.AlreadyFinal);
    }

    /// @dev Expectation by another way: over the list of what each of four witnesses said, in their order.
    function testFuzz_what_can_be_relied_on_is_what_the_threshold_measured(uint64[4] memory said, uint256 measured)
        public
    {
        Party[4] memory parties = [warehouse, inspector, borealis, _admit("SECONDSURVEY", Roles.INSPECTOR)];
        uint256 least = type(uint256).max;
        uint256 greatest = 0;
        uint256 figures = 0;
        uint256 votes = 0;
        bool disputed = false;
        for (uint256 i = 0; i < 4; ++i) {
            uint64 quantity = measured & (1 << i) == 0 ? 0 : uint64(bound(said[i], 990_000, 1_000_000));
            _attest(parties[i], RECEIVED, quantity);
            bool closed = disputed || (votes >= 2 && (quantity == 0 || figures != 1));
            if (closed) continue;
            uint256 low = quantity == 0 || quantity > least ? least : quantity;
            uint256 high = quantity > greatest ? quantity : greatest;
            bool agrees = figures == 0 || quantity == 0 || high * (10_000 - TOLERANCE) <= low * 10_000;
            if (!agrees && votes >= 2) continue;
            disputed = !agrees;
            (least, greatest) = (low, high);
            ++votes;
            if (quantity != 0) ++figures;
        }

        (bool usable, uint64 relied) = oracle.usableFact(SHIPMENT, RECEIVED, 1);
        assertEq(usable, !disputed);
        assertEq(relied, !disputed && figures >= 2 ? least : 0);
        assertEq(_factOf(RECEIVED).count, votes);
    }

    function test_standing_follows_the_life_of_a_fact() public {
        _setWindow();
        _assertStanding(IMilestoneOracle.Status.None, 0);
        _attest(warehouse, RECEIVED, 1_000_000);
        _assertStanding(IMilestoneOracle.Status.Gathering, 0);
        _attest(inspector, RECEIVED, 999_000);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Final);
        _assertStanding(IMilestoneOracle.Status.Gathering, 0);
        vm.warp(START + 1 hours - 1);
        _assertStanding(IMilestoneOracle.Status.Gathering, 0);
        vm.warp(START + 1 hours);
        _assertStanding(IMilestoneOracle.Status.Final, 999_000);
    }

    function test_standing_of_a_disputed_fact_has_no_quantity() public {
        _setWindow();
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 1_000_000);
        _attest(borealis, RECEIVED, 900_000);
        _assertStanding(IMilestoneOracle.Status.Disputed, 0);
        vm.warp(START + 2 hours);
        _assertStanding(IMilestoneOracle.Status.Disputed, 0);
    }

    function test_standing_of_one_figure_is_final_without_a_quantity() public {
        _attest(warehouse, RECEIVED, 1_000_000);
        _attest(inspector, RECEIVED, 0);
        _assertStanding(IMilestoneOracle.Status.Final, 0);
    }

    /// @dev Expectation by another way: from what `fact` and the policy say of any two reports at any time.
    function testFuzz_standing_says_what_the_fact_and_its_window_say(uint64 first, uint64 second, uint32 later) public {
        _setWindow();
        _attest(warehouse, RECEIVED, uint64(bound(first, 0, 1_000_000)));
        _attest(inspector, RECEIVED, uint64(bound(second, 0, 1_000_000)));
        vm.warp(START + later % 2 hours);
        IMilestoneOracle.Fact memory its = _factOf(RECEIVED);
        bool waits = its.status == IMilestoneOracle.Status.Final && block.timestamp < its.finalAt + 1 hours;
        bool stands = its.status == IMilestoneOracle.Status.Final && !waits;
        _assertStanding(waits ? IMilestoneOracle.Status.Gathering : its.status, stands ? its.leastQuantity : 0);
        (bool usable, uint64 relied) = oracle.usableFact(SHIPMENT, RECEIVED, 1);
        assertEq(usable, stands);
        assertEq(relied, stands ? its.leastQuantity : 0);
    }

    function _assertStanding(IMilestoneOracle.Status expected, uint64 relied) private view {
        (IMilestoneOracle.Status status, uint64 quantity) = oracle.standing(SHIPMENT, RECEIVED, 1);
        assertEq(uint8(status), uint8(expected));
        assertEq(quantity, relied);
    }

    function _setWindow() private {
        oracle.setPolicy(RECEIVED, IMilestoneOracle.Policy(2, 0x26, 0x02, TOLERANCE, 90 days, 5 minutes, 1 hours));
    }

    function _watching() private returns (Consumer consumer) {
        consumer = new Consumer(oracle);
        oracle.listConsumer(address(consumer), true);
        consumer.watch(SHIPMENT);
    }

    function _assertFinalWith(uint64 quantity) private view {
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Final);
        (bool usable, uint64 relied) = oracle.usableFact(SHIPMENT, RECEIVED, 1);
        assertTrue(usable);
        assertEq(relied, quantity);
        assertEq(_factOf(RECEIVED).leastQuantity, quantity);
    }

    function _assertUnusable() private view {
        (bool usable, uint64 relied) = oracle.usableFact(SHIPMENT, RECEIVED, 1);
        assertFalse(usable);
        assertEq(relied, 0);
    }
}
