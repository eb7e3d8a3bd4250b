// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationSet} from "../../../contracts/libraries/OrganisationSet.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {OrganisationId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {SmartAccount} from "../support/SmartAccount.sol";
import {OracleTest} from "./OracleTest.t.sol";
import {Vm} from "forge-std/Test.sol";

/// @dev Invariant 45: every item is judged on its own; a bad one neither reverts nor carries the rest.
contract Batch is OracleTest {
    mapping(address account => bool) private _isSpoilt;

    function test_a_bad_item_does_not_touch_its_neighbours() public {
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](3);
        items[0] = _observation(DEPARTED, 0);
        items[1] = _observation(DEPARTED, 0);
        items[1].subject = "unknown";
        items[2] = _observation(DEPARTED, 0);
        items[2].sequence = 2;
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](2);
        votes[0] = _vote(carrier, items, 7);
        votes[1] = _vote(inspector, items, 7);
        _expectRefusal(items[1], carrier.account, IMilestoneOracle.Refusal.SubjectUnknown);
        _expectRefusal(items[1], inspector.account, IMilestoneOracle.Refusal.SubjectUnknown);
        oracle.attest(items, votes);

        _assertStatus(DEPARTED, IMilestoneOracle.Status.Final);
        assertEq(uint8(oracle.fact(SHIPMENT, DEPARTED, 2).status), uint8(IMilestoneOracle.Status.Final));
        assertEq(uint8(oracle.fact("unknown", DEPARTED, 1).status), uint8(IMilestoneOracle.Status.None));
    }

    function test_a_good_first_item_does_not_vouch_for_the_second() public {
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](2);
        items[0] = _observation(DEPARTED, 0);
        items[1] = _observation(RECEIVED, 0);
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](2);
        votes[0] = _vote(carrier, items, 3);
        votes[1] = _vote(inspector, items, 3);
        _expectRefusal(items[1], carrier.account, IMilestoneOracle.Refusal.RoleNotEligible);
        oracle.attest(items, votes);
        _assertStatus(DEPARTED, IMilestoneOracle.Status.Final);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Gathering);
    }

    function test_a_bad_vote_does_not_touch_its_neighbours() public {
        IMilestoneOracle.Observation[] memory items = _list(_observation(DEPARTED, 0));
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](3);
        votes[0] = _vote(carrier, items, 1);
        votes[1] = _vote(customs, items, 1);
        votes[1].vs = bytes32(type(uint256).max);
        votes[2] = _vote(inspector, items, 1);
        _expectRefusal(items[0], address(0), IMilestoneOracle.Refusal.SignatureInvalid);
        oracle.attest(items, votes);
        _assertStatus(DEPARTED, IMilestoneOracle.Status.Final);
        assertEq(_factOf(DEPARTED).rolesSeen, 0x05);
    }

    function test_the_same_fact_twice_in_a_list_counts_once() public {
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](3);
        items[0] = _observation(RECEIVED, 1_000_000);
        items[1] = _observation(RECEIVED, 1_000_000);
        items[2] = _observation(RECEIVED, 5);
        IMilestoneOracle.Vote[] memory votes = _ballot(_vote(warehouse, items, 7));
        _expectRefusal(items[1], warehouse.account, IMilestoneOracle.Refusal.AlreadyVoted);
        _expectRefusal(items[2], warehouse.account, IMilestoneOracle.Refusal.AlreadyVoted);
        oracle.attest(items, votes);
        assertEq(_factOf(RECEIVED).count, 1);
        assertEq(_factOf(RECEIVED).leastQuantity, 1_000_000);
    }

    function test_the_same_fact_twice_in_a_list_may_gather_from_two() public {
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](2);
        items[0] = _observation(RECEIVED, 1_000_000);
        items[1] = _observation(RECEIVED, 999_000);
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](2);
        votes[0] = _vote(warehouse, items, 1);
        votes[1] = _vote(inspector, items, 2);
        oracle.attest(items, votes);
        _assertStatus(RECEIVED, IMilestoneOracle.Status.Final);
        assertEq(_factOf(RECEIVED).leastQuantity, 999_000);
    }

    function test_a_full_list_of_64_by_three_witnesses_is_taken() public {
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](64);
        for (uint256 i = 0; i < 64; ++i) {
            items[i] = _observation(DEPARTED, 0);
            items[i].sequence = uint32(i + 1);
        }
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](3);
        votes[0] = _vote(carrier, items, type(uint64).max);
        votes[1] = _vote(inspector, items, type(uint64).max);
        votes[2] = _vote(customs, items, type(uint64).max);
        uint256 before = gasleft();
        oracle.attest(items, votes);
        assertLt(before - gasleft(), 20_000_000);
        for (uint32 i = 1; i <= 64; ++i) {
            assertEq(uint8(oracle.fact(SHIPMENT, DEPARTED, i).status), uint8(IMilestoneOracle.Status.Final));
        }
    }

    /// @dev Expectation by another way: the same votes, one item and one signer a call.
    function testFuzz_a_list_is_as_good_as_its_items_one_by_one(
        uint256[4] memory masks,
        uint8[4] memory kinds,
        uint16[4] memory short
    ) public {
        Party[4] memory parties = [carrier, inspector, warehouse, customs];
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](4);
        for (uint256 i = 0; i < 4; ++i) {
            items[i] = _observation(kinds[i] & 1 == 0 ? DEPARTED : RECEIVED, 1_000_000 - short[i] % 8000);
            items[i].sequence = 1 + (kinds[i] >> 1) % 2;
            if (kinds[i] % 16 == 15) items[i].subject = "unknown";
            if (kinds[i] % 16 == 14) items[i].quantity = 0;
        }
        uint256 apart = vm.snapshotState();
        for (uint256 i = 0; i < 4; ++i) {
            for (uint256 v = 0; v < 4; ++v) {
                if ((masks[v] >> i) & 1 == 1) _attestItem(parties[v], items[i]);
            }
        }
        bytes memory expected = _everyFact();
        vm.revertToState(apart);

        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](4);
        for (uint256 v = 0; v < 4; ++v) {
            votes[v] = _vote(parties[v], items, masks[v] & 15);
        }
        oracle.attest(items, votes);
        assertEq(_everyFact(), expected);
    }

    /// @dev Expectation by another way: the reports of the same votes, one item and one signer a call, where some
    /// signatures are spoilt and the facts may have a window.
    function testFuzz_a_list_reports_what_its_items_report_one_by_one(
        uint256[4] memory masks,
        uint8[4] memory kinds,
        uint16[4] memory short,
        uint256 spoilt
    ) public {
        IMilestoneOracle.Policy memory policy = oracle.policy(RECEIVED);
        policy.disputeWindowSeconds = spoilt & 16 == 0 ? 0 : 1 hours;
        oracle.setPolicy(RECEIVED, policy);
        Party[4] memory parties = [borealis, inspector, warehouse, customs];
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](4);
        for (uint256 i = 0; i < 4; ++i) {
            items[i] = _observation(kinds[i] % 4 == 0 ? DEPARTED : RECEIVED, 1_000_000 - short[i] % 8000);
            if (kinds[i] % 16 == 14) items[i].quantity = 0;
            if (kinds[i] % 16 == 13) items[i].occurredAt = 0;
        }
        for (uint256 v = 0; v < 4; ++v) {
            _isSpoilt[parties[v].account] = (spoilt >> v) & 1 == 1;
        }
        uint256 apart = vm.snapshotState();
        vm.recordLogs();
        for (uint256 i = 0; i < 4; ++i) {
            IMilestoneOracle.Observation[] memory item = _list(items[i]);
            for (uint256 v = 0; v < 4; ++v) {
                if ((masks[v] >> i) & 1 == 0) continue;
                oracle.attest(item, _ballot(_perhaps(parties[v], item, 1)));
            }
        }
        bytes memory expected = _reports();
        bytes memory facts = _everyFact();
        vm.revertToState(apart);

        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](4);
        for (uint256 v = 0; v < 4; ++v) {
            votes[v] = _perhaps(parties[v], items, masks[v] & 15);
        }
        vm.recordLogs();
        oracle.attest(items, votes);
        assertEq(_reports(), expected);
        assertEq(_everyFact(), facts);
    }

    /// @dev Expectation by another way: the same votes, one item and one signer a call. Most items are new facts with the
    /// voters of the item before, on some of which the milestone, the beneficiary or the figures are others.
    function testFuzz_items_alike_count_as_they_do_one_by_one(uint8[6] memory kinds, uint8 voters, uint8 others)
        public
    {
        Party[4] memory parties = [warehouse, inspector, borealis, customs];
        registry.setRoles(customs.lei, Roles.CUSTOMS | Roles.SUPPLIER);
        vm.prank(customs.account);
        oracle.openSubject("theirs", new bytes32[](0));
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](6);
        uint256[4] memory masks;
        for (uint256 i = 0; i < 6; ++i) {
            uint8 kind = kinds[i];
            items[i] = _observation(kind & 3 == 0 ? DEPARTED : RECEIVED, kind & 12 == 0 ? 0 : 1_000_000 - kind);
            items[i].sequence = kind > 240 ? 1 : uint32(i + 1);
            items[i].occurredAt -= kind;
            if (kind & 48 == 0) items[i].subject = "theirs";
            if (kind == 239) items[i].occurredAt = 0;
            uint256 column = others >> i & 1 == 0 ? voters & 15 : voters >> 4;
            for (uint256 v = 0; v < 4; ++v) {
                masks[v] |= (column >> v & 1) << i;
            }
        }
        uint256 apart = vm.snapshotState();
        vm.recordLogs();
        for (uint256 i = 0; i < 6; ++i) {
            for (uint256 v = 0; v < 4; ++v) {
                if (masks[v] >> i & 1 == 1) _attestItem(parties[v], items[i]);
            }
        }
        bytes memory expected = abi.encode(_reports(), _factsOf(SHIPMENT), _factsOf("theirs"));
        vm.revertToState(apart);

        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](4);
        for (uint256 v = 0; v < 4; ++v) {
            votes[v] = _vote(parties[v], items, masks[v]);
        }
        vm.recordLogs();
        oracle.attest(items, votes);
        assertEq(abi.encode(_reports(), _factsOf(SHIPMENT), _factsOf("theirs")), expected);
    }

    /// @notice Six deliveries. Who has voted is kept only where more may vote, and not after a quorum in one call.
    function _factsOf(bytes32 subject) private view returns (bytes memory facts) {
        for (uint32 sequence = 1; sequence <= 6; ++sequence) {
            IMilestoneOracle.Fact memory departed = oracle.fact(subject, DEPARTED, sequence);
            IMilestoneOracle.Fact memory received = oracle.fact(subject, RECEIVED, sequence);
            facts = bytes.concat(facts, abi.encode(departed, received));
            if (received.status != IMilestoneOracle.Status.Gathering) continue;
            facts = bytes.concat(facts, abi.encode(oracle.votersOf(subject, RECEIVED, sequence)));
        }
    }

    /// @return vote the party's, with a signature that is none where it is to be spoilt
    function _perhaps(Party memory party, IMilestoneOracle.Observation[] memory items, uint256 mask)
        private
        view
        returns (IMilestoneOracle.Vote memory vote)
    {
        vote = _vote(party, items, mask);
        if (_isSpoilt[party.account]) vote.vs = bytes32(type(uint256).max);
    }

    /// @notice Each vote that was counted, in order, and each that was refused, in order; not those that name no item.
    function _reports() private returns (bytes memory) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes memory counted;
        bytes memory refused;
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 what = logs[i].topics[0];
            bool counts = what == IMilestoneOracle.VotesCounted.selector || what == IMilestoneOracle.FactFinal.selector;
            if (counts) counted = bytes.concat(counted, _votesIn(logs[i]));
            if (what != IMilestoneOracle.VoteRefused.selector || logs[i].topics[1] == 0) continue;
            refused = bytes.concat(refused, abi.encode(logs[i].topics, logs[i].data));
        }
        return abi.encode(counted, refused);
    }

    /// @notice The votes of one event, one by one.
    function _votesIn(Vm.Log memory log) private pure returns (bytes memory votes) {
        (uint32 sequence, uint64 occurredAt, uint64 quantity,, OrganisationSet joined, bytes32[] memory evidence) =
            abi.decode(log.data, (uint32, uint64, uint64, uint64, OrganisationSet, bytes32[]));
        OrganisationId[] memory organisations = joined.list();
        assertEq(organisations.length, evidence.length);
        for (uint256 i = 0; i < evidence.length; ++i) {
            bytes memory vote = abi.encode(sequence, occurredAt, quantity, organisations[i], evidence[i]);
            votes = bytes.concat(votes, abi.encode(log.topics[1], log.topics[2]), vote);
        }
    }

    /// @dev However many items a vote is refused on, its signer is found once, and a contract asked once.
    function test_a_full_list_of_refusals_is_bounded() public {
        SmartAccount wallet = new SmartAccount(inspector.account);
        registry.admitAccount(inspector.lei, address(wallet));
        wallet.setMood(SmartAccount.Mood.Burning);
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](64);
        for (uint32 i = 0; i < 64; ++i) {
            items[i] = _observation(DEPARTED, 0);
            items[i].sequence = i + 1;
        }
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](64);
        for (uint256 v = 1; v < 64; ++v) {
            votes[v] = _vote(carrier, items, type(uint64).max);
            votes[v].evidence = bytes32(v);
        }
        votes[0] = IMilestoneOracle.Vote(type(uint64).max, 0, 0, bytes32(uint256(uint160(address(wallet)))));
        vm.expectCall(address(wallet), bytes(""), 1);
        uint256 before = gasleft();
        oracle.attest(items, votes);
        assertLt(before - gasleft(), 20_000_000);
        assertEq(oracle.fact(SHIPMENT, DEPARTED, 64).count, 0);
    }

    /// @dev All signers of a list are looked up together, once, and only where one of its facts is open.
    function test_the_signers_of_open_items_are_looked_up_once() public {
        _attest(carrier, DEPARTED, 0);
        _attest(inspector, DEPARTED, 0);
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](3);
        for (uint32 i = 0; i < 3; ++i) {
            items[i] = _observation(DEPARTED, 0);
            items[i].sequence = i + 1;
        }
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](3);
        votes[0] = _vote(customs, items, 1);
        votes[1] = _vote(carrier, items, 2);
        votes[2] = _vote(inspector, items, 7);
        address[] memory signers = new address[](3);
        (signers[0], signers[1], signers[2]) = (customs.account, carrier.account, inspector.account);
        _expectRefusal(items[0], customs.account, IMilestoneOracle.Refusal.AlreadyFinal);
        _expectRefusal(items[0], inspector.account, IMilestoneOracle.Refusal.AlreadyFinal);
        vm.expectCall(address(registry), abi.encodeCall(registry.packedMembershipsOf, (signers)), 1);
        oracle.attest(items, votes);
        assertEq(uint8(oracle.fact(SHIPMENT, DEPARTED, 2).status), uint8(IMilestoneOracle.Status.Final));
        assertEq(oracle.fact(SHIPMENT, DEPARTED, 3).count, 1);
    }

    function _everyFact() private view returns (bytes memory) {
        return abi.encode(
            oracle.fact(SHIPMENT, DEPARTED, 1),
            oracle.fact(SHIPMENT, DEPARTED, 2),
            oracle.fact(SHIPMENT, RECEIVED, 1),
            oracle.fact(SHIPMENT, RECEIVED, 2),
            oracle.fact("unknown", DEPARTED, 1)
        );
    }
}
