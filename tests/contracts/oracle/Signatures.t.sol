// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MilestoneOracle} from "../../../contracts/oracle/MilestoneOracle.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {SmartAccount} from "../support/SmartAccount.sol";
import {OracleTest} from "./OracleTest.t.sol";

/// @dev Invariants 43 and 46: a vote is bound to its list, mask, evidence, contract and chain, and has one valid form.
contract Signatures is OracleTest {
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    IMilestoneOracle.Observation[] private _items;
    IMilestoneOracle.Vote private _good;

    function setUp() public override {
        super.setUp();
        _items.push(_observation(RECEIVED, 950_000));
        _items.push(_observation(RECEIVED, 950_000));
        _items[1].sequence = 2;
        _good = _vote(warehouse, _items, 1);
    }

    function test_another_signer_than_claimed() public {
        _good.signer = inspector.account;
        _refusedAsInvalid(_good);
    }

    function test_another_mask_than_signed() public {
        _good.mask = 2;
        IMilestoneOracle.Observation memory item = _items[1];
        _expectRefusal(item, warehouse.account, IMilestoneOracle.Refusal.SignatureInvalid);
        oracle.attest(_items, _ballot(_good));
    }

    function test_other_evidence_than_signed() public {
        _good.evidence = keccak256("another document");
        _refusedAsInvalid(_good);
    }

    function test_another_item_than_signed() public {
        _items[0].quantity = 2_000_000;
        _refusedAsInvalid(_good);
    }

    function test_another_item_outside_the_mask_than_signed() public {
        _items[1].quantity = 2_000_000;
        _refusedAsInvalid(_good);
    }

    function test_a_vote_for_another_oracle() public {
        MilestoneOracle twin = new MilestoneOracle(registry, address(manager));
        (_good.r, _good.vs) = vm.signCompact(warehouse.key, twin.attestationDigest(_items, 1, _good.evidence));
        _refusedAsInvalid(_good);
    }

    function test_a_vote_for_another_chain() public {
        vm.chainId(block.chainid + 1);
        _refusedAsInvalid(_good);
    }

    function test_the_mirrored_signature() public {
        (, bytes32 s, bool odd) = _parts(_good);
        _good.vs = _joined(bytes32(ORDER - uint256(s)), !odd);
        _refusedAsInvalid(_good);
    }

    function test_the_other_parity() public {
        (, bytes32 s, bool odd) = _parts(_good);
        _good.vs = _joined(s, !odd);
        _refusedAsInvalid(_good);
    }

    function test_malformed_signatures() public {
        bytes32 r = _good.r;
        _good.r = 0;
        _refusedAsInvalid(_good);
        (_good.r, _good.vs) = (r, 0);
        _refusedAsInvalid(_good);
        (_good.r, _good.vs) = (0, 0);
        _refusedAsInvalid(_good);
        _good.vs = bytes32(uint256(1) << 255);
        _refusedAsInvalid(_good);
        (_good.r, _good.vs) = (r, bytes32(type(uint256).max));
        _refusedAsInvalid(_good);
    }

    function testFuzz_noise_is_no_signature(bytes32 r, bytes32 vs) public {
        (_good.r, _good.vs) = (r, vs);
        _refusedAsInvalid(_good);
    }

    /// @dev The zero address is never an organisation's account, and a failed recovery never matches it.
    function test_nobody_votes_for_the_zero_address() public {
        _good.signer = address(0);
        (_good.r, _good.vs) = (0, 0);
        _expectRefusal(_items[0], address(0), IMilestoneOracle.Refusal.SignerNotAdmitted);
        oracle.attest(_items, _ballot(_good));
    }

    /// @dev The digest is built here from the standard's text, not from the contract's helper.
    function test_a_digest_built_by_the_standard_counts() public {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Portolan MilestoneOracle"),
                keccak256("1"),
                block.chainid,
                address(oracle)
            )
        );
        bytes32 list = keccak256(bytes.concat(_hashOf(_items[0]), _hashOf(_items[1])));
        bytes32 contents = keccak256(
            abi.encode(
                keccak256(
                    "Attestation(Observation[] observations,uint256 mask,bytes32 evidence)Observation(bytes32 subject,uint32 milestone,uint32 sequence,uint64 occurredAt,uint64 quantity)"
                ),
                list,
                3,
                _good.evidence
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, contents));
        (bytes32 r, bytes32 vs) = vm.signCompact(warehouse.key, digest);
        oracle.attest(_items, _ballot(IMilestoneOracle.Vote(warehouse.account, 3, _good.evidence, r, vs)));
        assertEq(_factOf(RECEIVED).count, 1);
        assertEq(oracle.fact(SHIPMENT, RECEIVED, 2).count, 1);
    }

    function test_a_smart_account_votes_by_its_own_word() public {
        (SmartAccount wallet, IMilestoneOracle.Vote memory vote) = _walletVote();
        oracle.attest(_items, _ballot(vote));
        assertEq(_factOf(RECEIVED).count, 1);
        assertTrue(oracle.votersOf(SHIPMENT, RECEIVED, 1)[0] == inspector.id);
        assertTrue(address(wallet) == vote.signer);
    }

    /// @dev Its owners have approved the digest on chain, and so need not sign.
    function test_a_smart_account_votes_by_a_digest_that_it_has_approved() public {
        (SmartAccount wallet, IMilestoneOracle.Vote memory vote) = _walletVote();
        (vote.r, vote.vs) = (0, 0);
        _refusedAsInvalid(vote);
        wallet.approve(oracle.attestationDigest(_items, 1, vote.evidence));
        oracle.attest(_items, _ballot(vote));
        assertEq(_factOf(RECEIVED).count, 1);
    }

    /// @dev Neither a refusal, a short answer, a flood of data nor burned gas costs the others their votes.
    function test_a_smart_account_that_misbehaves_costs_the_others_nothing() public {
        (SmartAccount wallet, IMilestoneOracle.Vote memory vote) = _walletVote();
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](2);
        (votes[0], votes[1]) = (vote, _good);
        for (uint8 mood = 1; mood <= uint8(SmartAccount.Mood.Burning); ++mood) {
            uint256 apart = vm.snapshotState();
            wallet.setMood(SmartAccount.Mood(mood));
            _expectRefusal(_items[0], address(wallet), IMilestoneOracle.Refusal.SignatureInvalid);
            uint256 before = gasleft();
            oracle.attest(_items, votes);
            assertLt(before - gasleft(), 450_000);
            assertEq(_factOf(RECEIVED).count, 1);
            vm.revertToState(apart);
        }
    }

    /// @dev Where all items of a vote are final its signature is not looked at: a list costs no recovery twice.
    function test_a_vote_on_final_items_needs_no_signature() public {
        oracle.attest(_items, _ballot(_good));
        oracle.attest(_items, _ballot(_vote(inspector, _items, 1)));
        IMilestoneOracle.Vote memory vote = _good;
        vote.r = "not a signature";
        _expectRefusal(_items[0], warehouse.account, IMilestoneOracle.Refusal.AlreadyFinal);
        oracle.attest(_items, _ballot(vote));
    }

    function _walletVote() private returns (SmartAccount wallet, IMilestoneOracle.Vote memory vote) {
        wallet = new SmartAccount(inspector.account);
        registry.admitAccount(inspector.lei, address(wallet));
        vote = _vote(inspector, _items, 1);
        vote.signer = address(wallet);
    }

    function _refusedAsInvalid(IMilestoneOracle.Vote memory vote) private {
        _expectRefusal(_items[0], vote.signer, IMilestoneOracle.Refusal.SignatureInvalid);
        oracle.attest(_items, _ballot(vote));
        _assertStatus(RECEIVED, IMilestoneOracle.Status.None);
    }

    function _hashOf(IMilestoneOracle.Observation memory item) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Observation(bytes32 subject,uint32 milestone,uint32 sequence,uint64 occurredAt,uint64 quantity)"
                ),
                item.subject,
                item.milestone,
                item.sequence,
                item.occurredAt,
                item.quantity
            )
        );
    }

    function _parts(IMilestoneOracle.Vote memory vote) private pure returns (bytes32 r, bytes32 s, bool odd) {
        return (vote.r, bytes32(uint256(vote.vs) % 2 ** 255), uint256(vote.vs) >= 2 ** 255);
    }

    function _joined(bytes32 s, bool odd) private pure returns (bytes32) {
        return odd ? bytes32(uint256(s) | 2 ** 255) : s;
    }
}
