// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {OracleTest} from "./OracleTest.t.sol";

/// @dev Why a vote does not count, one reason a test; the tally stays as it was.
contract AttestRefusals is OracleTest {
    IMilestoneOracle.Observation private _item;

    function setUp() public override {
        super.setUp();
        _item = _observation(RECEIVED, 950_000);
    }

    function test_empty_lists_are_refused() public {
        IMilestoneOracle.Observation[] memory items = _list(_item);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.BatchSizeWrong.selector, 0, 0, 64));
        oracle.attest(new IMilestoneOracle.Observation[](0), new IMilestoneOracle.Vote[](0));
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.BatchSizeWrong.selector, 1, 0, 64));
        oracle.attest(items, new IMilestoneOracle.Vote[](0));
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.BatchSizeWrong.selector, 0, 1, 64));
        oracle.attest(new IMilestoneOracle.Observation[](0), new IMilestoneOracle.Vote[](1));
    }

    function test_lists_that_are_too_long_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.BatchSizeWrong.selector, 65, 1, 64));
        oracle.attest(new IMilestoneOracle.Observation[](65), new IMilestoneOracle.Vote[](1));
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.BatchSizeWrong.selector, 1, 65, 64));
        oracle.attest(new IMilestoneOracle.Observation[](1), new IMilestoneOracle.Vote[](65));
    }

    function test_an_unknown_subject() public {
        _item.subject = "unknown";
        _refuses(warehouse, IMilestoneOracle.Refusal.SubjectUnknown);
    }

    function test_a_milestone_without_a_policy() public {
        _item.milestone = 99;
        _refuses(warehouse, IMilestoneOracle.Refusal.MilestoneUnknown);
    }

    function test_an_acceptance() public {
        _item.milestone = 1;
        _refuses(warehouse, IMilestoneOracle.Refusal.MilestoneUnknown);
    }

    function test_a_delivery_without_a_number() public {
        _item.sequence = 0;
        _refuses(warehouse, IMilestoneOracle.Refusal.SequenceZero);
    }

    function test_a_quantity_beyond_the_slot() public {
        _item.quantity = uint64(type(uint56).max) + 1;
        _refuses(warehouse, IMilestoneOracle.Refusal.QuantityOutOfRange);
    }

    function test_an_event_of_the_future() public {
        _item.occurredAt = uint64(START + 5 minutes + 1);
        _refuses(warehouse, IMilestoneOracle.Refusal.InFuture);
        _item.occurredAt = type(uint64).max;
        _refuses(warehouse, IMilestoneOracle.Refusal.InFuture);
    }

    function test_an_event_too_long_ago() public {
        _item.occurredAt = uint64(START - 90 days - 1);
        _refuses(warehouse, IMilestoneOracle.Refusal.TooOld);
        _item.occurredAt = 0;
        _refuses(warehouse, IMilestoneOracle.Refusal.TooOld);
    }

    function test_events_at_the_very_edges_of_time_count() public {
        _item.occurredAt = uint64(START + 5 minutes);
        _attestItem(warehouse, _item);
        _item.occurredAt = uint64(START - 90 days);
        _attestItem(inspector, _item);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Final);
        assertEq(_factOf(RECEIVED).occurredAt, START + 5 minutes);
    }

    function test_a_stranger() public {
        Party memory stranger;
        (stranger.account, stranger.key) = makeAddrAndKey("stranger");
        _refuses(stranger, IMilestoneOracle.Refusal.SignerNotAdmitted);
    }

    function test_a_frozen_signer() public {
        registry.freezeAccount(warehouse.account);
        _refuses(warehouse, IMilestoneOracle.Refusal.SignerNotAdmitted);
    }

    function test_a_suspended_signer() public {
        registry.suspendOrganisation(warehouse.lei);
        _refuses(warehouse, IMilestoneOracle.Refusal.SignerNotAdmitted);
    }

    function test_a_signer_whose_kyc_has_expired() public {
        vm.warp(KYC_EXPIRES);
        _item.occurredAt = uint64(KYC_EXPIRES);
        _refuses(warehouse, IMilestoneOracle.Refusal.SignerNotAdmitted);
    }

    function test_a_role_that_may_not_witness_it() public {
        _refuses(carrier, IMilestoneOracle.Refusal.RoleNotEligible);
        _refuses(lender, IMilestoneOracle.Refusal.RoleNotEligible);
    }

    /// @dev Invariant 52.
    function test_an_affiliate_of_the_beneficiary() public {
        Party memory affiliate = _admitIn("ACMEWAREHOUSING", acme.lei, Roles.WAREHOUSE);
        _refuses(affiliate, IMilestoneOracle.Refusal.AffiliateOfBeneficiary);
    }

    function test_the_beneficiary_itself() public {
        registry.setRoles(acme.lei, Roles.SUPPLIER | Roles.WAREHOUSE);
        _refuses(acme, IMilestoneOracle.Refusal.AffiliateOfBeneficiary);
    }

    /// @dev Invariant 43: the same report again counts nothing.
    function test_a_second_vote_of_one_organisation() public {
        _attestItem(warehouse, _item);
        bytes memory before = abi.encode(_factOf(RECEIVED));
        _refused(warehouse, _item, IMilestoneOracle.Refusal.AlreadyVoted);
        _item.quantity = 1;
        _refused(warehouse, _item, IMilestoneOracle.Refusal.AlreadyVoted);
        assertEq(abi.encode(_factOf(RECEIVED)), before);
    }

    /// @dev Invariant 42.
    function test_a_second_key_of_one_organisation() public {
        Party memory second = warehouse;
        (second.account, second.key) = makeAddrAndKey("the warehouse's other key");
        registry.admitAccount(warehouse.lei, second.account);
        _attest(warehouse, RECEIVED, 950_000);
        _refused(second, _item, IMilestoneOracle.Refusal.AlreadyVoted);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Gathering);
    }

    function test_two_keys_of_one_organisation_in_one_call() public {
        Party memory second = warehouse;
        (second.account, second.key) = makeAddrAndKey("the warehouse's other key");
        registry.admitAccount(warehouse.lei, second.account);
        Party memory first = _partyOf("EMBERSTORAGE", warehouse);
        IMilestoneOracle.Observation[] memory items = _list(_item);
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](2);
        votes[0] = _vote(first, items, 1);
        votes[1] = _vote(second, items, 1);
        _expectRefusal(_item, second.account, IMilestoneOracle.Refusal.AlreadyVoted);
        oracle.attest(items, votes);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Gathering);
        assertEq(oracle.votersOf(SHIPMENT, RECEIVED, 1).length, 1);
    }

    function test_a_vote_on_a_final_fact() public {
        _attestItem(warehouse, _item);
        _attestItem(inspector, _item);
        _refused(borealis, _item, IMilestoneOracle.Refusal.AlreadyFinal);
        _item.quantity = 1;
        _refused(borealis, _item, IMilestoneOracle.Refusal.AlreadyFinal);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Final);
        assertEq(_factOf(RECEIVED).leastQuantity, 950_000);
    }

    function test_a_vote_on_a_disputed_fact() public {
        _attestItem(warehouse, _item);
        _item.quantity = 500_000;
        _attestItem(inspector, _item);
        _refused(borealis, _item, IMilestoneOracle.Refusal.FactDisputed);
    }

    function test_an_empty_mask() public {
        IMilestoneOracle.Observation[] memory items = _list(_item);
        IMilestoneOracle.Vote[] memory votes = _ballot(_vote(warehouse, items, 0));
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.VoteRefused(0, 0, 0, warehouse.account, IMilestoneOracle.Refusal.MaskInvalid);
        oracle.attest(items, votes);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.None);
    }

    function testFuzz_a_mask_beyond_the_list(uint256 mask) public {
        mask = bound(mask, 2, type(uint256).max);
        IMilestoneOracle.Observation[] memory items = _list(_item);
        IMilestoneOracle.Vote[] memory votes = _ballot(_vote(warehouse, items, mask));
        bool named = mask & 1 == 1;
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.VoteRefused(
            named ? SHIPMENT : bytes32(0),
            named ? RECEIVED : 0,
            named ? 1 : 0,
            warehouse.account,
            IMilestoneOracle.Refusal.MaskInvalid
        );
        oracle.attest(items, votes);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.None);
    }

    function _refuses(Party memory party, IMilestoneOracle.Refusal reason) private {
        _refused(party, _item, reason);
        IMilestoneOracle.Fact memory kept = oracle.fact(_item.subject, _item.milestone, _item.sequence);
        assertEq(kept.count, 0);
        assertEq(uint8(kept.status), uint8(IMilestoneOracle.Status.None));
    }

    function _partyOf(string memory name, Party memory like) private returns (Party memory party) {
        (party.account, party.key) = makeAddrAndKey(name);
        (party.lei, party.id) = (like.lei, like.id);
    }
}
