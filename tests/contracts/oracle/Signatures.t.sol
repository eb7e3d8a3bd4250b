// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MilestoneOracle} from "../../../contracts/oracle/MilestoneOracle.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {SmartAccount} from "../support/SmartAccount.sol";
import {OracleTest} from "./OracleTest.t.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

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

    function test_another_mask_than_signed() public {
        _good.mask = 2;
        _expectRefusal(_items[1], _recovered(_good), IMilestoneOracle.Refusal.SignerNotAdmitted);
        oracle.attest(_items, _ballot(_good));
        assertEq(oracle.fact(SHIPMENT, RECEIVED, 2).count, 0);
    }

    function test_other_evidence_than_signed() public {
        _good.evidence = keccak256("another document");
        _refusedAsUnknown(_good);
    }

    function test_another_item_than_signed() public {
        _items[0].quantity = 2_000_000;
        _refusedAsUnknown(_good);
    }

    function test_another_item_outside_the_mask_than_signed() public {
        _items[1].quantity = 2_000_000;
        _refusedAsUnknown(_good);
    }

    function test_a_vote_for_another_oracle() public {
        MilestoneOracle twin = new MilestoneOracle(registry, address(manager));
        (_good.r, _good.vs) = vm.signCompact(warehouse.key, twin.attestationDigest(_items, 1, _good.evidence));
        _refusedAsUnknown(_good);
    }

    function test_a_vote_for_another_chain() public {
        vm.chainId(block.chainid + 1);
        _refusedAsUnknown(_good);
    }

    /// @dev The mirror image may be too great for its form, and then is another signature.
    function test_the_mirrored_signature() public {
        (, bytes32 s, bool odd) = _parts(_good);
        _good.vs = _joined(bytes32(ORDER - uint256(s)), !odd);
        _refusedAsWhatItIs(_good);
    }

    function test_the_other_parity() public {
        (, bytes32 s, bool odd) = _parts(_good);
        _good.vs = _joined(s, !odd);
        _refusedAsUnknown(_good);
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

    function testFuzz_noise_is_nobodys_signature(bytes32 r, bytes32 vs) public {
        (_good.r, _good.vs) = (r, vs);
        _refusedAsWhatItIs(_good);
    }

    /// @dev Half the order and one more: what the precompile would take, and the oracle does not.
    function test_the_greatest_s() public {
        _good.vs = bytes32(ORDER / 2 + 1);
        _refusedAsInvalid(_good);
    }

    /// @dev The form in which contracts are named is none for those who have keys.
    function test_nobody_is_named_who_has_not_signed() public {
        (_good.r, _good.vs) = (0, _named(warehouse.account));
        _refuses(_good, warehouse.account, IMilestoneOracle.Refusal.SignatureInvalid);
        (_good.r, _good.vs) = (0, _named(address(this)));
        _refuses(_good, address(this), IMilestoneOracle.Refusal.SignerNotAdmitted);
    }

    function test_more_than_an_address_names_nobody() public {
        (SmartAccount wallet, IMilestoneOracle.Vote memory vote) = _walletVote();
        wallet.approve(oracle.attestationDigest(_items, 1, vote.evidence));
        vote.vs |= bytes32(uint256(1) << 160);
        _refusedAsInvalid(vote);
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
        oracle.attest(_items, _ballot(IMilestoneOracle.Vote(3, _good.evidence, r, vs)));
        assertEq(_factOf(RECEIVED).count, 1);
        assertEq(oracle.fact(SHIPMENT, RECEIVED, 2).count, 1);
    }

    /// @dev Its owners have approved the digest on chain, and so need not sign.
    function test_a_smart_account_votes_by_a_digest_that_it_has_approved() public {
        (SmartAccount wallet, IMilestoneOracle.Vote memory vote) = _walletVote();
        wallet.approve(oracle.attestationDigest(_items, 3, vote.evidence));
        _refuses(vote, address(wallet), IMilestoneOracle.Refusal.SignatureInvalid);
        wallet.approve(oracle.attestationDigest(_items, 1, vote.evidence));
        oracle.attest(_items, _ballot(vote));
        assertEq(_factOf(RECEIVED).count, 1);
        assertTrue(oracle.votersOf(SHIPMENT, RECEIVED, 1)[0] == inspector.id);
    }

    /// @dev Strangers are not called.
    function test_a_smart_account_of_nobody_is_not_asked() public {
        (SmartAccount wallet, IMilestoneOracle.Vote memory vote) = _walletVote();
        wallet.approve(oracle.attestationDigest(_items, 1, vote.evidence));
        registry.removeAccount(address(wallet));
        vm.expectCall(address(wallet), bytes(""), 0);
        _refuses(vote, address(wallet), IMilestoneOracle.Refusal.SignerNotAdmitted);
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

    /// @dev Where all items of a vote are final nobody asks whose its signer is; the refusal names it.
    function test_a_vote_on_final_items_looks_nobody_up() public {
        vm.expectCall(address(registry), abi.encodePacked(registry.packedMembershipsOf.selector), 2);
        oracle.attest(_items, _ballot(_good));
        oracle.attest(_items, _ballot(_vote(inspector, _items, 1)));
        _expectRefusal(_items[0], warehouse.account, IMilestoneOracle.Refusal.AlreadyFinal);
        oracle.attest(_items, _ballot(_good));
    }

    // Internals

    function _walletVote() private returns (SmartAccount wallet, IMilestoneOracle.Vote memory vote) {
        wallet = new SmartAccount(inspector.account);
        registry.admitAccount(inspector.lei, address(wallet));
        vote = _vote(inspector, _items, 1);
        (vote.r, vote.vs) = (0, _named(address(wallet)));
    }

    function _refusedAsInvalid(IMilestoneOracle.Vote memory vote) private {
        _refuses(vote, address(0), IMilestoneOracle.Refusal.SignatureInvalid);
    }

    /// @dev It is a signature, of something else: by a key that nobody has.
    function _refusedAsUnknown(IMilestoneOracle.Vote memory vote) private {
        assertNotEq(_recovered(vote), address(0));
        _refuses(vote, _recovered(vote), IMilestoneOracle.Refusal.SignerNotAdmitted);
    }

    function _refusedAsWhatItIs(IMilestoneOracle.Vote memory vote) private {
        address signer = _recovered(vote);
        if (vote.r == 0 && uint256(vote.vs) <= type(uint160).max) signer = address(uint160(uint256(vote.vs)));
        if (signer == address(0)) _refusedAsInvalid(vote);
        else _refuses(vote, signer, IMilestoneOracle.Refusal.SignerNotAdmitted);
    }

    function _refuses(IMilestoneOracle.Vote memory vote, address signer, IMilestoneOracle.Refusal reason) private {
        _expectRefusal(_items[0], signer, reason);
        oracle.attest(_items, _ballot(vote));
        _assertStatus(RECEIVED, IMilestoneOracle.Status.None);
    }

    /// @dev By the compiler's own recovery and OpenZeppelin's rule of the lower s.
    function _recovered(IMilestoneOracle.Vote memory vote) private view returns (address signer) {
        bytes32 digest = oracle.attestationDigest(_items, vote.mask, vote.evidence);
        (signer,,) = ECDSA.tryRecover(digest, vote.r, vote.vs);
        assertNotEq(signer, warehouse.account);
    }

    function _named(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
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
