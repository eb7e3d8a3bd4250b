// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {OrganisationId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {SmartAccount} from "../support/SmartAccount.sol";
import {OracleTest} from "./OracleTest.t.sol";

/// @dev Invariants 47 and 48: a vote is taken back, or its organisation is shown to have given two.
contract Retract is OracleTest {
    uint64 private constant WHOLE = 1_000_000;
    bytes32 private constant CORRECTION = "the corrected paper";
    OrganisationId private constant NOBODY = OrganisationId.wrap(0);

    // Refusals

    function test_an_item_that_the_vote_does_not_speak_for_is_refused() public {
        _attest(warehouse, RECEIVED, WHOLE);
        IMilestoneOracle.Observation[] memory items =
            _items(_observation(RECEIVED, WHOLE), _observation(DEPARTED, WHOLE));
        _expectNotInVote(items, _vote(warehouse, items, 1), 1);
        _expectNotInVote(items, _vote(warehouse, items, 3), 2);
        _expectNotInVote(items, _vote(warehouse, items, 7), 0);
        _expectNotInVote(items, _vote(warehouse, items, 0), 0);
    }

    function test_nobody_retracts_for_others() public {
        _attest(warehouse, RECEIVED, WHOLE);
        _expectRefused(
            inspector,
            warehouse,
            WHOLE,
            abi.encodeWithSelector(IMilestoneOracle.VoteOfOther.selector, inspector.id, warehouse.id)
        );
    }

    function test_a_signature_of_nobody_is_refused() public {
        _attest(warehouse, RECEIVED, WHOLE);
        IMilestoneOracle.Observation[] memory items = _list(_observation(RECEIVED, WHOLE));
        IMilestoneOracle.Vote memory vote = _vote(warehouse, items, 1);
        vote.evidence = "another";
        vm.prank(warehouse.account);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.VoteOfOther.selector, warehouse.id, NOBODY));
        oracle.retract(items, 0, vote, CORRECTION);
    }

    function test_who_is_suspended_retracts_nothing() public {
        _attest(warehouse, RECEIVED, WHOLE);
        registry.suspendOrganisation(warehouse.lei);
        IMilestoneOracle.Observation[] memory items = _list(_observation(RECEIVED, WHOLE));
        IMilestoneOracle.Vote memory vote = _vote(warehouse, items, 1);
        vm.prank(warehouse.account);
        vm.expectRevert();
        oracle.retract(items, 0, vote, CORRECTION);
        assertEq(_factOf(RECEIVED).count, 1);
    }

    function test_what_nobody_has_reported_is_not_retracted() public {
        _expectRefused(warehouse, warehouse, WHOLE, _nothing(IMilestoneOracle.Status.None));
    }

    function test_what_is_in_dispute_is_not_retracted() public {
        _attest(warehouse, RECEIVED, WHOLE);
        _attest(inspector, RECEIVED, 2 * WHOLE);
        _expectRefused(warehouse, warehouse, WHOLE, _nothing(IMilestoneOracle.Status.Disputed));
    }

    function test_a_vote_that_was_not_counted_is_not_taken_out() public {
        _attest(warehouse, RECEIVED, WHOLE);
        _expectRefused(inspector, inspector, WHOLE, _notCounted(inspector));
    }

    function test_a_vote_is_taken_back_once() public {
        _attest(warehouse, RECEIVED, WHOLE);
        _retract(warehouse, WHOLE);
        _expectRefused(warehouse, warehouse, WHOLE, _notCounted(warehouse));
    }

    function test_a_final_fact_does_not_rest_on_those_who_may_not_vote() public {
        _makeFinal();
        Party memory affiliate = _admitIn("ACMEWAREHOUSING", acme.lei, Roles.WAREHOUSE);
        _expectRefused(affiliate, affiliate, WHOLE, _notCounted(affiliate));
        _expectRefused(carrier, carrier, WHOLE, _notCounted(carrier));
    }

    function test_a_final_fact_does_not_rest_on_other_figures() public {
        _makeFinal();
        _expectRefused(inspector, inspector, WHOLE + 1, _notCounted(inspector));
        _expectRefused(inspector, inspector, WHOLE - 1, _notCounted(inspector));
        IMilestoneOracle.Observation memory later = _observation(RECEIVED, WHOLE);
        later.occurredAt += 1;
        IMilestoneOracle.Observation[] memory items = _list(later);
        IMilestoneOracle.Vote memory vote = _vote(inspector, items, 1);
        vm.prank(inspector.account);
        vm.expectRevert(_notCounted(inspector));
        oracle.retract(items, 0, vote, CORRECTION);
    }

    // While votes are gathered

    function test_a_vote_is_gone_and_others_complete_the_fact() public {
        _attest(inspector, RECEIVED, WHOLE);
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.VoteRetracted(SHIPMENT, RECEIVED, 1, inspector.id, CORRECTION);
        _retract(inspector, WHOLE);
        IMilestoneOracle.Fact memory fact = _factOf(RECEIVED);
        assertEq(fact.count, 0);
        assertEq(fact.leastQuantity + fact.greatestQuantity + fact.occurredAt + fact.rolesSeen, 0);
        assertEq(oracle.votersOf(SHIPMENT, RECEIVED, 1).length, 0);

        _attest(warehouse, RECEIVED, 2 * WHOLE);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Gathering);
        _attest(borealis, RECEIVED, 2 * WHOLE);
        (bool usable, uint64 quantity) = oracle.usableFact(SHIPMENT, RECEIVED, 1);
        assertTrue(usable);
        assertEq(quantity, 2 * WHOLE);
        assertEq(_factOf(RECEIVED).finalAt, block.timestamp);
    }

    /// @dev Nobody can send a vote again that its signer has taken back, nor a second one of the signer's.
    function test_who_retracted_has_no_vote_on_the_fact_any_more() public {
        IMilestoneOracle.Observation[] memory items = _list(_observation(RECEIVED, WHOLE));
        IMilestoneOracle.Vote[] memory votes = _ballot(_vote(warehouse, items, 1));
        oracle.attest(items, votes);
        _retract(warehouse, WHOLE);

        _expectRefusal(items[0], warehouse.account, IMilestoneOracle.Refusal.VoteWithdrawn);
        oracle.attest(items, votes);
        _refused(warehouse, _observation(RECEIVED, 2 * WHOLE), IMilestoneOracle.Refusal.VoteWithdrawn);
        assertEq(_factOf(RECEIVED).count, 0);
    }

    /// @dev The role that must be among the witnesses goes with the only one that has it.
    function test_a_required_role_goes_with_its_vote() public {
        Party memory depot = _admit("SECONDDEPOT", Roles.WAREHOUSE);
        oracle.setPolicy(RECEIVED, IMilestoneOracle.Policy(3, 0x26, 0x02, TOLERANCE, 90 days, 5 minutes, 0));
        _attest(warehouse, RECEIVED, WHOLE);
        _attest(inspector, RECEIVED, WHOLE);
        _retract(warehouse, WHOLE);
        assertEq(_factOf(RECEIVED).rolesSeen, Roles.INSPECTOR);
        _attest(borealis, RECEIVED, WHOLE);
        Party memory survey = _admit("SECONDSURVEY", Roles.INSPECTOR);
        _attest(survey, RECEIVED, WHOLE);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Gathering);
        _attest(depot, RECEIVED, WHOLE);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Final);
    }

    function test_a_required_role_stays_with_another_that_has_it() public {
        Party memory depot = _admit("SECONDDEPOT", Roles.WAREHOUSE);
        oracle.setPolicy(RECEIVED, IMilestoneOracle.Policy(3, 0x26, 0x02, TOLERANCE, 90 days, 5 minutes, 0));
        _attest(warehouse, RECEIVED, WHOLE);
        _attest(depot, RECEIVED, WHOLE);
        _retract(warehouse, WHOLE);
        _attest(inspector, RECEIVED, WHOLE);
        _attest(borealis, RECEIVED, WHOLE);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Final);
    }

    /// @dev Who had measured is not kept: what goes counts as measured, and one more must measure.
    function test_a_quantity_stands_only_on_measurements_that_stay() public {
        oracle.setPolicy(RECEIVED, IMilestoneOracle.Policy(2, 0x2e, 0, TOLERANCE, 90 days, 5 minutes, 0));
        _attest(warehouse, RECEIVED, WHOLE);
        _retract(warehouse, WHOLE);
        _attest(inspector, RECEIVED, 0);
        _attest(borealis, RECEIVED, WHOLE);
        (bool usable, uint64 quantity) = oracle.usableFact(SHIPMENT, RECEIVED, 1);
        assertTrue(usable);
        assertEq(quantity, 0);
    }

    function test_the_window_of_a_doubted_fact_is_its_policys() public {
        IMilestoneOracle.Policy memory its = _policyOf(Roles.WAREHOUSE | Roles.INSPECTOR | Roles.CONSIGNEE, 0);
        its.disputeWindowSeconds = 90 days;
        oracle.setPolicy(RECEIVED, its);
        _attest(warehouse, RECEIVED, WHOLE);
        _retract(warehouse, WHOLE);
        _attest(inspector, RECEIVED, WHOLE);
        _attest(borealis, RECEIVED, WHOLE);
        vm.warp(START + 90 days - 1);
        (bool usable,) = oracle.usableFact(SHIPMENT, RECEIVED, 1);
        assertFalse(usable);
        vm.warp(START + 90 days);
        (usable,) = oracle.usableFact(SHIPMENT, RECEIVED, 1);
        assertTrue(usable);
    }

    function test_so_many_retractions_dispute_the_fact() public {
        oracle.setPolicy(RECEIVED, IMilestoneOracle.Policy(2, 0x26, 0x02, TOLERANCE, 90 days, 5 minutes, 0));
        for (uint256 i = 0; i < 11; ++i) {
            _assertStatus(RECEIVED, i == 0 ? IMilestoneOracle.Status.None : IMilestoneOracle.Status.Gathering);
            Party memory survey = _admit(string(abi.encodePacked("SURVEY", bytes1(uint8(65 + i)))), Roles.INSPECTOR);
            _attest(survey, RECEIVED, WHOLE);
            _retract(survey, WHOLE);
        }
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Disputed);
    }

    // Once it is final

    function test_a_final_fact_is_in_dispute_from_then_on() public {
        _makeFinal();
        IMilestoneOracle.Observation[] memory items = _list(_observation(RECEIVED, WHOLE));
        IMilestoneOracle.Vote memory vote = _vote(inspector, items, 1);
        vm.warp(START + 60 days);
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.FactInDispute(SHIPMENT, RECEIVED, 1, WHOLE, WHOLE);
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.VoteRetracted(SHIPMENT, RECEIVED, 1, inspector.id, CORRECTION);
        vm.prank(inspector.account);
        oracle.retract(items, 0, vote, CORRECTION);

        _assertStatus(RECEIVED, IMilestoneOracle.Status.Disputed);
        (bool usable,) = oracle.usableFact(SHIPMENT, RECEIVED, 1);
        assertFalse(usable);
        _refused(borealis, _observation(RECEIVED, WHOLE), IMilestoneOracle.Refusal.FactDisputed);
    }

    /// @dev A correction of a correction ends: there is nothing left to retract, and the next sequence is another fact.
    function test_a_corrected_event_is_a_sequence_of_its_own() public {
        _makeFinal();
        _retract(warehouse, WHOLE);
        _expectRefused(warehouse, warehouse, WHOLE, _nothing(IMilestoneOracle.Status.Disputed));
        IMilestoneOracle.Observation memory corrected = _observation(RECEIVED, WHOLE / 2);
        corrected.sequence = 2;
        _attestTogether(corrected, _two(warehouse, inspector));
        (bool usable, uint64 quantity) = oracle.usableFact(SHIPMENT, RECEIVED, 2);
        assertTrue(usable);
        assertEq(quantity, WHOLE / 2);
    }

    /// @dev The key has been frozen because it was lost; what it signed is taken back by another of its organisation.
    function test_another_account_takes_back_what_a_frozen_key_signed() public {
        _makeFinal();
        address second = makeAddr("the second key");
        registry.admitAccount(inspector.lei, second);
        registry.freezeAccount(inspector.account);
        IMilestoneOracle.Observation[] memory items = _list(_observation(RECEIVED, WHOLE));
        IMilestoneOracle.Vote memory vote = _vote(inspector, items, 1);
        vm.prank(second);
        oracle.retract(items, 0, vote, CORRECTION);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Disputed);
    }

    function test_a_contract_takes_back_what_it_has_approved() public {
        SmartAccount account = new SmartAccount(inspector.account);
        registry.admitAccount(inspector.lei, address(account));
        IMilestoneOracle.Observation[] memory items = _list(_observation(RECEIVED, WHOLE));
        IMilestoneOracle.Vote memory vote =
            IMilestoneOracle.Vote(1, "evidence", 0, bytes32(uint256(uint160(address(account)))));
        vm.prank(inspector.account);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.VoteOfOther.selector, inspector.id, NOBODY));
        oracle.retract(items, 0, vote, CORRECTION);

        account.approve(oracle.attestationDigest(items, 1, "evidence"));
        oracle.attest(items, _ballot(vote));
        assertEq(_factOf(RECEIVED).count, 1);
        vm.prank(inspector.account);
        oracle.retract(items, 0, vote, CORRECTION);
        assertEq(_factOf(RECEIVED).count, 0);
    }

    // Two accounts of one fact

    function test_votes_that_agree_prove_nothing() public {
        _attest(warehouse, RECEIVED, WHOLE);
        uint64 least = 995_000;
        bytes memory agree =
            abi.encodeWithSelector(IMilestoneOracle.VotesReconcilable.selector, least, WHOLE, TOLERANCE);
        _expectUnproven(warehouse, _observation(RECEIVED, WHOLE), warehouse, _observation(RECEIVED, least), agree);
        agree = abi.encodeWithSelector(IMilestoneOracle.VotesReconcilable.selector, 0, WHOLE, TOLERANCE);
        _expectUnproven(warehouse, _observation(RECEIVED, WHOLE), warehouse, _observation(RECEIVED, 0), agree);
    }

    function test_votes_on_different_things_prove_nothing() public {
        _attest(warehouse, RECEIVED, WHOLE);
        IMilestoneOracle.Observation memory it = _observation(RECEIVED, WHOLE);
        IMilestoneOracle.Observation memory other = _observation(RECEIVED, 1);
        _expectUnproven(warehouse, it, inspector, other, _unrelated(other, warehouse.id, inspector.id));
        other.sequence = 2;
        _expectUnproven(warehouse, it, warehouse, other, _unrelated(other, warehouse.id, warehouse.id));
        other = _observation(DEPARTED, 1);
        _expectUnproven(warehouse, it, warehouse, other, _unrelated(other, warehouse.id, warehouse.id));
        other = _observation(RECEIVED, 1);
        other.subject = "another";
        _expectUnproven(warehouse, it, warehouse, other, _unrelated(other, warehouse.id, warehouse.id));
        Party memory nobody = warehouse;
        (nobody.account, nobody.key) = makeAddrAndKey("nobody");
        other = _observation(RECEIVED, 1);
        _expectUnproven(nobody, it, nobody, other, _unrelated(other, NOBODY, NOBODY));
    }

    function test_two_accounts_void_a_vote_while_votes_are_gathered() public {
        _attest(warehouse, RECEIVED, WHOLE);
        _prove(warehouse, _observation(RECEIVED, WHOLE), _observation(RECEIVED, 994_999));
        assertEq(_factOf(RECEIVED).count, 0);
        _refused(warehouse, _observation(RECEIVED, WHOLE), IMilestoneOracle.Refusal.VoteWithdrawn);
    }

    function test_two_accounts_dispute_a_final_fact() public {
        _makeFinal();
        IMilestoneOracle.Observation[] memory first = _list(_observation(RECEIVED, WHOLE));
        IMilestoneOracle.Observation[] memory second = _items(_observation(DEPARTED, 5), _observation(RECEIVED, 7));
        IMilestoneOracle.Vote memory vote = _vote(warehouse, first, 1);
        IMilestoneOracle.Vote memory other = _vote(warehouse, second, 3);
        bytes32 digest = oracle.attestationDigest(first, 1, vote.evidence);
        bytes32 otherDigest = oracle.attestationDigest(second, 3, other.evidence);

        vm.expectRevert(_notCounted(warehouse));
        oracle.proveEquivocation(second, 1, other, first, 0, vote);
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.Equivocated(SHIPMENT, RECEIVED, 1, warehouse.id, digest, otherDigest);
        vm.prank(makeAddr("anyone"));
        oracle.proveEquivocation(first, 0, vote, second, 1, other);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Disputed);
    }

    // Internals

    function _makeFinal() private {
        _attestTogether(_observation(RECEIVED, WHOLE), _two(warehouse, inspector));
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Final);
    }

    function _retract(Party memory party, uint64 quantity) private {
        IMilestoneOracle.Observation[] memory items = _list(_observation(RECEIVED, quantity));
        IMilestoneOracle.Vote memory vote = _vote(party, items, 1);
        vm.prank(party.account);
        oracle.retract(items, 0, vote, CORRECTION);
    }

    function _prove(
        Party memory party,
        IMilestoneOracle.Observation memory it,
        IMilestoneOracle.Observation memory other
    ) private {
        IMilestoneOracle.Observation[] memory first = _list(it);
        IMilestoneOracle.Observation[] memory second = _list(other);
        IMilestoneOracle.Vote memory vote = _vote(party, first, 1);
        oracle.proveEquivocation(first, 0, vote, second, 0, _vote(party, second, 1));
    }

    function _expectUnproven(
        Party memory party,
        IMilestoneOracle.Observation memory it,
        Party memory otherParty,
        IMilestoneOracle.Observation memory other,
        bytes memory reason
    ) private {
        IMilestoneOracle.Observation[] memory first = _list(it);
        IMilestoneOracle.Observation[] memory second = _list(other);
        IMilestoneOracle.Vote memory vote = _vote(party, first, 1);
        IMilestoneOracle.Vote memory otherVote = _vote(otherParty, second, 1);
        vm.expectRevert(reason);
        oracle.proveEquivocation(first, 0, vote, second, 0, otherVote);
    }

    function _expectNotInVote(
        IMilestoneOracle.Observation[] memory items,
        IMilestoneOracle.Vote memory vote,
        uint256 index
    ) private {
        vm.prank(warehouse.account);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.ItemNotInVote.selector, index, items.length, vote.mask));
        oracle.retract(items, index, vote, CORRECTION);
    }

    function _expectRefused(Party memory by, Party memory signer, uint64 quantity, bytes memory reason) private {
        IMilestoneOracle.Observation[] memory items = _list(_observation(RECEIVED, quantity));
        IMilestoneOracle.Vote memory vote = _vote(signer, items, 1);
        vm.prank(by.account);
        vm.expectRevert(reason);
        oracle.retract(items, 0, vote, CORRECTION);
    }

    function _nothing(IMilestoneOracle.Status status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IMilestoneOracle.NothingToRetract.selector, SHIPMENT, RECEIVED, 1, status);
    }

    function _notCounted(Party memory party) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IMilestoneOracle.VoteNotCounted.selector, SHIPMENT, RECEIVED, 1, party.id);
    }

    function _unrelated(IMilestoneOracle.Observation memory other, OrganisationId one, OrganisationId two)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IMilestoneOracle.VotesUnrelated.selector, SHIPMENT, other.subject, one, two);
    }

    function _items(IMilestoneOracle.Observation memory first, IMilestoneOracle.Observation memory second)
        private
        pure
        returns (IMilestoneOracle.Observation[] memory items)
    {
        items = new IMilestoneOracle.Observation[](2);
        (items[0], items[1]) = (first, second);
    }
}
