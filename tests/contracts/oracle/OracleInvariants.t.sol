// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationSet} from "../../../contracts/libraries/OrganisationSet.sol";
import {MilestoneOracle} from "../../../contracts/oracle/MilestoneOracle.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {OrganisationId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {OracleTest} from "./OracleTest.t.sol";
import {Test, Vm} from "forge-std/Test.sol";

/// @dev Lets keys vote at random, two keys an organisation, and keeps who was counted by reading the events.
contract VoteHandler is Test {
    bytes32 private immutable _subject;
    uint32 private immutable _milestone;
    MilestoneOracle private immutable _oracle;
    address[] private _signers;
    mapping(address signer => uint256) private _keys;
    mapping(uint32 sequence => mapping(uint256 organisation => uint256)) public votesOf;
    mapping(uint32 sequence => uint256) public counted;
    mapping(uint32 sequence => uint256) public measured;
    mapping(uint32 sequence => bool) public wasFinal;
    mapping(uint32 sequence => mapping(uint256 organisation => bool)) private _hasRetracted;
    bool public finalWasLost;
    bool public wasVotedAfterRetracting;

    constructor(MilestoneOracle oracle, bytes32 subject, uint32 milestone) {
        _oracle = oracle;
        _subject = subject;
        _milestone = milestone;
    }

    function addSigner(address signer, uint256 key) external {
        _signers.push(signer);
        _keys[signer] = key;
    }

    function vote(uint256 who, uint256 other, uint32 sequence, uint64 quantity) external {
        sequence = uint32(bound(sequence, 1, 3));
        quantity = uint64(bound(quantity, 994_000, 1_000_000));
        if (quantity < 996_000) quantity = 0;
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](1);
        items[0] = IMilestoneOracle.Observation(_subject, _milestone, sequence, uint64(block.timestamp), quantity);
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](2);
        votes[0] = _sign(items, _signers[who % _signers.length]);
        votes[1] = _sign(items, _signers[other % _signers.length]);
        vm.recordLogs();
        _oracle.attest(items, votes);
        _readLogs(sequence, quantity);
        bool isFinal = _statusOf(sequence) == IMilestoneOracle.Status.Final;
        if (wasFinal[sequence] && !isFinal) finalWasLost = true;
        wasFinal[sequence] = isFinal;
    }

    /// @dev Signs what the fact rests on, whether the signer has voted or not, and takes it back.
    function retract(uint256 who, uint32 sequence) external {
        sequence = uint32(bound(sequence, 1, 3));
        address signer = _signers[who % _signers.length];
        IMilestoneOracle.Fact memory its = _oracle.fact(_subject, _milestone, sequence);
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](1);
        items[0] = IMilestoneOracle.Observation(_subject, _milestone, sequence, its.occurredAt, 0);
        IMilestoneOracle.Vote memory given = _sign(items, signer);
        vm.recordLogs();
        vm.prank(signer);
        try _oracle.retract(items, 0, given, "correction") {
            _readRetraction(sequence, its.status);
        } catch (bytes memory reason) {
            bytes4 why = bytes4(reason);
            assertTrue(
                why == IMilestoneOracle.NothingToRetract.selector || why == IMilestoneOracle.VoteNotCounted.selector
            );
        }
    }

    /// @dev Who is named has lost its vote; a final fact is in dispute.
    function _readRetraction(uint32 sequence, IMilestoneOracle.Status before) private {
        if (before == IMilestoneOracle.Status.Final) {
            assertEq(uint8(_statusOf(sequence)), uint8(IMilestoneOracle.Status.Disputed));
            wasFinal[sequence] = false;
            return;
        }
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 organisation = uint256(logs[logs.length - 1].topics[3]);
        assertEq(votesOf[sequence][organisation], 1);
        votesOf[sequence][organisation] = 0;
        --counted[sequence];
        if (measured[sequence] != 0) --measured[sequence];
        _hasRetracted[sequence][organisation] = true;
    }

    function _sign(IMilestoneOracle.Observation[] memory items, address signer)
        private
        view
        returns (IMilestoneOracle.Vote memory)
    {
        (bytes32 r, bytes32 vs) = vm.signCompact(_keys[signer], _oracle.attestationDigest(items, 1, "evidence"));
        return IMilestoneOracle.Vote(1, "evidence", r, vs);
    }

    function _readLogs(uint32 sequence, uint64 quantity) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 what = logs[i].topics[0];
            bool counts = what == IMilestoneOracle.VotesCounted.selector || what == IMilestoneOracle.FactFinal.selector;
            if (!counts) continue;
            (,,,, OrganisationSet joined, bytes32[] memory evidence) =
                abi.decode(logs[i].data, (uint32, uint64, uint64, uint64, OrganisationSet, bytes32[]));
            OrganisationId[] memory organisations = joined.list();
            assertEq(organisations.length, evidence.length);
            for (uint256 j = 0; j < organisations.length; ++j) {
                uint256 organisation = OrganisationId.unwrap(organisations[j]);
                if (_hasRetracted[sequence][organisation]) wasVotedAfterRetracting = true;
                ++votesOf[sequence][organisation];
                ++counted[sequence];
                if (quantity != 0) ++measured[sequence];
            }
        }
    }

    function _statusOf(uint32 sequence) private view returns (IMilestoneOracle.Status) {
        return _oracle.fact(_subject, _milestone, sequence).status;
    }
}

contract OracleInvariants is OracleTest {
    uint256 private constant THRESHOLD = 3;
    VoteHandler private _handler;
    Party private _survey;

    function setUp() public override {
        super.setUp();
        oracle.setPolicy(RECEIVED, IMilestoneOracle.Policy(3, 0x26, 0x02, 40, 90 days, 5 minutes, 0));
        _handler = new VoteHandler(oracle, SHIPMENT, RECEIVED);
        Party memory affiliate = _admitIn("ACMEWAREHOUSING", acme.lei, Roles.WAREHOUSE);
        _survey = _admit("SECONDSURVEY", Roles.INSPECTOR);
        Party[6] memory parties = [warehouse, inspector, borealis, carrier, affiliate, _survey];
        for (uint256 i = 0; i < parties.length; ++i) {
            _handler.addSigner(parties[i].account, parties[i].key);
            (address second, uint256 key) = makeAddrAndKey(string.concat("second key ", vm.toString(i)));
            registry.admitAccount(parties[i].lei, second);
            _handler.addSigner(second, key);
        }
        targetContract(address(_handler));
        bytes4[] memory moves = new bytes4[](2);
        (moves[0], moves[1]) = (VoteHandler.vote.selector, VoteHandler.retract.selector);
        targetSelector(FuzzSelector(address(_handler), moves));
    }

    /// @dev Invariant 42.
    function invariant_one_organisation_counts_once() public view {
        for (uint32 sequence = 1; sequence <= 3; ++sequence) {
            for (uint256 organisation = 1; organisation < 20; ++organisation) {
                assertLe(_handler.votesOf(sequence, organisation), 1);
            }
            assertEq(oracle.fact(SHIPMENT, RECEIVED, sequence).count, _handler.counted(sequence));
        }
    }

    /// @dev Invariant 52: neither the affiliate nor one without an eligible role was ever counted.
    function invariant_only_eligible_strangers_count() public view {
        for (uint32 sequence = 1; sequence <= 3; ++sequence) {
            uint256 eligible = _votes(sequence, warehouse) + _votes(sequence, inspector) + _votes(sequence, borealis)
                + _votes(sequence, _survey);
            assertEq(eligible, _handler.counted(sequence));
        }
    }

    function invariant_a_fact_has_its_quorum_and_its_quantity_too() public view {
        for (uint32 sequence = 1; sequence <= 3; ++sequence) {
            (bool usable, uint64 quantity) = oracle.usableFact(SHIPMENT, RECEIVED, sequence);
            if (usable) assertGe(_handler.counted(sequence), THRESHOLD);
            if (usable) assertEq(_votes(sequence, warehouse), 1);
            assertEq(quantity != 0, usable && _handler.measured(sequence) >= THRESHOLD);
        }
    }

    /// @dev Unless one on whom it may rest takes its word back.
    function invariant_a_fact_without_a_window_stays() public view {
        assertFalse(_handler.finalWasLost());
    }

    /// @dev Invariant 48.
    function invariant_who_retracted_never_votes_again() public view {
        assertFalse(_handler.wasVotedAfterRetracting());
    }

    function _votes(uint32 sequence, Party memory party) private view returns (uint256) {
        return _handler.votesOf(sequence, OrganisationId.unwrap(party.id));
    }
}
