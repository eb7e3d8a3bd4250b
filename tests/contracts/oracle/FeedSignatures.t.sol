// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FeedOracle} from "../../../contracts/oracle/FeedOracle.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {SmartAccount} from "../support/SmartAccount.sol";
import {FeedTest} from "./FeedTest.t.sol";

/// @dev Invariants 43 and 46: a reading is bound to its feed, round, policy, value, moment, contract and chain, and has
/// one valid form. The third of three is the one that is tampered with.
contract FeedSignatures is FeedTest {
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    IFeedOracle.Reading private _good;

    function setUp() public override {
        super.setUp();
        _good = _agreed(COPPER, COPPER_PRICE, 3).readings[2];
    }

    function test_another_signer_than_claimed() public {
        _good.signer = nodes[3].account;
        _refusedAsInvalid();
    }

    function test_another_value_than_signed() public {
        _good.value += 1;
        _refusedAsInvalid();
    }

    function test_another_moment_than_signed() public {
        _good.observedAt -= 1;
        _refusedAsInvalid();
    }

    function test_a_reading_of_another_feed() public {
        IFeedOracle.Rules memory rules = _priceRules();
        feeds.setPolicy("zinc", rules, _priceTerms());
        _good = _agreed("zinc", COPPER_PRICE, 3).readings[2];
        _refusedAsInvalid();
    }

    function test_a_reading_of_another_consignment() public {
        bytes32 other = keccak256("another consignment");
        vm.prank(acme.account);
        oracle.openSubject(other, new bytes32[](0));
        IFeedOracle.Report memory its = _agreed(TEMPERATURE, COLD, 3);
        its.subject = other;
        vm.expectEmit(address(feeds));
        emit IFeedOracle.ReadingRefused(TEMPERATURE, other, 1, nodes[0].account, IFeedOracle.Refusal.SignatureInvalid);
        assertFalse(feeds.report(its));
    }

    function test_a_reading_for_another_round() public {
        IFeedOracle.Report memory its = _next(COPPER, 1);
        its.round = 2;
        _good = _reading(its, nodes[2], COPPER_PRICE, block.timestamp);
        _refusedAsInvalid();
    }

    function test_a_reading_for_another_oracle() public {
        FeedOracle twin = new FeedOracle(registry, oracle, address(manager));
        bytes32 digest = twin.readingDigest(COPPER, 0, 1, COPPER_PRICE, uint64(block.timestamp));
        (_good.r, _good.vs) = vm.signCompact(nodes[2].key, digest);
        _refusedAsInvalid();
    }

    function test_a_reading_for_another_chain() public {
        IFeedOracle.Report memory its = _agreed(COPPER, COPPER_PRICE, 3);
        vm.chainId(block.chainid + 1);
        for (uint256 i = 0; i < 3; ++i) {
            _expectReadingRefused(COPPER, nodes[i].account, IFeedOracle.Refusal.SignatureInvalid);
        }
        assertFalse(feeds.report(its));
    }

    function test_the_mirrored_signature_and_the_other_parity() public {
        (bytes32 s, bool odd) = (bytes32(uint256(_good.vs) % 2 ** 255), uint256(_good.vs) >= 2 ** 255);
        _good.vs = _joined(bytes32(ORDER - uint256(s)), !odd);
        _refusedAsInvalid();
        _good.vs = _joined(s, !odd);
        _refusedAsInvalid();
    }

    function test_malformed_signatures() public {
        bytes32 r = _good.r;
        _good.r = 0;
        _refusedAsInvalid();
        (_good.r, _good.vs) = (r, 0);
        _refusedAsInvalid();
        (_good.r, _good.vs) = (0, 0);
        _refusedAsInvalid();
        (_good.r, _good.vs) = (r, bytes32(type(uint256).max));
        _refusedAsInvalid();
    }

    function testFuzz_noise_is_no_signature(bytes32 r, bytes32 vs) public {
        (_good.r, _good.vs) = (r, vs);
        _refusedAsInvalid();
    }

    function test_nobody_reads_for_the_zero_address() public {
        (_good.signer, _good.r, _good.vs) = (address(0), 0, 0);
        IFeedOracle.Report memory its = _tampered();
        _oneRefused(its, IFeedOracle.Refusal.SignerNotAdmitted);
    }

    /// @dev The compiler's own decoder would refuse the same.
    function test_bits_beyond_a_field_revert() public {
        bytes memory message = abi.encodeCall(IFeedOracle.report, (_agreed(COPPER, COPPER_PRICE, 3)));
        // Selector, offset, four words of the report, length: then the first reading's signer, and two words on its
        // moment.
        for (uint256 word = 0; word <= 2; word += 2) {
            bytes memory wide = bytes.concat(message);
            wide[4 + 32 * (6 + word)] = 0x01;
            (bool done, bytes memory reason) = address(feeds).call(wide);
            assertFalse(done);
            assertEq(reason.length, 0);
        }
        (bool taken,) = address(feeds).call(message);
        assertTrue(taken);
    }

    /// @dev The digest is built here from the standard's text, not from the contract's helper.
    function test_a_digest_built_by_the_standard_counts() public {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Portolan FeedOracle"),
                keccak256("1"),
                block.chainid,
                address(feeds)
            )
        );
        bytes32 contents = keccak256(
            abi.encode(
                keccak256("Reading(bytes32 feed,uint64 round,uint32 version,int256 value,uint64 observedAt)"),
                COPPER,
                1,
                1,
                COPPER_PRICE,
                block.timestamp
            )
        );
        (_good.r, _good.vs) = vm.signCompact(nodes[2].key, keccak256(abi.encodePacked(hex"1901", domain, contents)));
        assertTrue(feeds.report(_tampered()));
    }

    function test_the_feed_of_a_condition_is_of_its_kind_and_consignment() public view {
        bytes32 expected = keccak256(abi.encode(uint256(3), SHIPMENT));
        assertEq(feeds.conditionFeedOf(IFeedOracle.Kind.Temperature, SHIPMENT), expected);
        assertEq(feeds.rateFeedOf("EUR", "USD"), keccak256(abi.encode(uint256(2), bytes3("EUR"), bytes3("USD"))));
    }

    function test_a_smart_account_reads_by_its_own_word_or_by_approval() public {
        SmartAccount wallet = new SmartAccount(nodes[2].account);
        registry.admitAccount(nodes[2].lei, address(wallet));
        _good.signer = address(wallet);
        uint256 apart = vm.snapshotState();
        assertTrue(feeds.report(_tampered()));
        vm.revertToState(apart);
        (_good.r, _good.vs) = (0, 0);
        _refusedAsInvalid();
        wallet.approve(feeds.readingDigest(COPPER, 0, 1, COPPER_PRICE, _good.observedAt));
        assertTrue(feeds.report(_tampered()));
    }

    function test_a_smart_account_that_misbehaves_costs_the_others_nothing() public {
        SmartAccount wallet = new SmartAccount(nodes[3].account);
        registry.admitAccount(nodes[3].lei, address(wallet));
        IFeedOracle.Report memory its = _agreed(COPPER, COPPER_PRICE, 4);
        its.readings[0].signer = address(wallet);
        its.readings[3] = _reading(its, nodes[0], COPPER_PRICE, block.timestamp);
        for (uint8 mood = 1; mood <= uint8(SmartAccount.Mood.Burning); ++mood) {
            uint256 apart = vm.snapshotState();
            wallet.setMood(SmartAccount.Mood(mood));
            _expectReadingRefused(COPPER, address(wallet), IFeedOracle.Refusal.SignatureInvalid);
            assertTrue(feeds.report(its));
            vm.revertToState(apart);
        }
    }

    function _tampered() private view returns (IFeedOracle.Report memory its) {
        its = _agreed(COPPER, COPPER_PRICE, 3);
        its.readings[2] = _good;
    }

    function _refusedAsInvalid() private {
        _oneRefused(_tampered(), IFeedOracle.Refusal.SignatureInvalid);
    }

    function _joined(bytes32 s, bool odd) private pure returns (bytes32) {
        return odd ? bytes32(uint256(s) | 2 ** 255) : s;
    }
}
