// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memberships} from "../../../contracts/access/Memberships.sol";
import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {OrganisationSet} from "../../../contracts/libraries/OrganisationSet.sol";
import {Signatures} from "../../../contracts/libraries/Signatures.sol";
import {PackedTally} from "../../../contracts/oracle/Tallies.sol";
import {Witness, Witnesses} from "../../../contracts/oracle/Witnesses.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {GroupId, OrganisationId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {OracleTest} from "./OracleTest.t.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @dev What is written by hand for its gas, against what the compiler, the registry or OpenZeppelin make of the same.
contract Packing is OracleTest {
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    /// @dev Expectation by another way: the fields as numbers, each beyond the widths of those before it. The window has 23
    /// bits, and whether votes were withdrawn the one above them.
    function testFuzz_a_tally_is_read_field_by_field(uint256[8] memory words, uint8 status, bool stands) public pure {
        status %= 4;
        uint256 word = uint56(words[0]) + uint256(uint56(words[1])) * 2 ** 56;
        word += uint256(uint40(words[2])) * 2 ** 112 + uint256(uint40(words[3])) * 2 ** 152;
        word += uint256(uint24(words[4])) * 2 ** 192 + uint256(uint8(words[5])) * 2 ** 216;
        word += uint256(uint8(words[6])) * 2 ** 224 + uint256(uint8(words[7])) * 2 ** 232;
        PackedTally tally = PackedTally.wrap(word + uint256(status) * 2 ** 240 + (stands ? 2 ** 248 : 0));
        assertEq(tally.leastQuantity(), uint56(words[0]));
        assertEq(tally.greatestQuantity(), uint56(words[1]));
        assertEq(tally.occurredAt(), uint40(words[2]));
        assertEq(tally.finalAt(), uint40(words[3]));
        assertEq(tally.windowEnds(), uint256(uint40(words[3])) + uint24(words[4]) % 2 ** 23);
        assertEq(tally.isDoubted(), uint24(words[4]) >= 2 ** 23);
        assertEq(tally.rolesSeen(), uint8(words[5]));
        assertEq(tally.count(), uint8(words[6]));
        assertEq(tally.measuredBy(), uint8(words[7]));
        assertEq(uint8(tally.status()), status);
        assertEq(tally.quantityStands(), stands);
        assertEq(tally.reliedQuantity(), stands ? uint56(words[0]) : 0);
    }

    function testFuzz_a_policy_comes_out_of_its_slot_as_it_went_in(IMilestoneOracle.Policy memory policy) public {
        policy.threshold = uint8(bound(policy.threshold, 1, 10));
        policy.eligibleRoles |= 1;
        policy.requiredRoles &= policy.eligibleRoles;
        policy.toleranceBps = uint16(bound(policy.toleranceBps, 0, 10_000));
        policy.maxAgeSeconds = uint32(bound(policy.maxAgeSeconds, 1, type(uint32).max));
        policy.clockSkewSeconds = uint32(bound(policy.clockSkewSeconds, 0, 1 days));
        policy.disputeWindowSeconds = uint32(bound(policy.disputeWindowSeconds, 0, 90 days));
        oracle.setPolicy(DEPARTED, policy);
        assertEq(abi.encode(oracle.policy(DEPARTED)), abi.encode(policy));
    }

    /// @dev The neighbours differ from the one asked for in little, so that a borrow would be seen.
    function testFuzz_a_set_contains_what_is_in_its_list(uint24 asked, uint24[10] memory near, uint256 size)
        public
        pure
    {
        asked = uint24(bound(asked, 1, type(uint24).max));
        size = bound(size, 0, 10);
        OrganisationSet set;
        bool expected = false;
        for (uint256 i = 0; i < size; ++i) {
            uint24 other = near[i] & 0xf00000 == 0 ? asked : asked ^ (near[i] & 0x800001);
            if (other == 0) other = near[i] | 1;
            expected = expected || other == asked;
            set = set.with(OrganisationId.wrap(other), i);
        }
        assertEq(set.contains(OrganisationId.wrap(asked)), expected);
        OrganisationId[] memory list = set.list();
        assertEq(list.length, size);
        bool listed = false;
        for (uint256 i = 0; i < size; ++i) {
            listed = listed || OrganisationId.unwrap(list[i]) == asked;
        }
        assertEq(listed, expected);
    }

    /// @dev OpenZeppelin's answer for good signatures, their mirror images, odd v, other lengths and noise.
    function testFuzz_a_signer_is_recovered_as_openzeppelin_does(uint256 key, bytes32 digest, uint8 kind, bytes32 noise)
        public
        view
    {
        key = bound(key, 1, ORDER - 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        kind %= 6;
        if (kind == 1) (v, s) = (v == 27 ? 28 : 27, bytes32(ORDER - uint256(s)));
        if (kind == 2) v = uint8(noise[0]);
        if (kind == 3) r = noise;
        if (kind == 4) s = noise;
        bytes memory signature = abi.encodePacked(r, s, v);
        if (kind == 5) signature = abi.encodePacked(signature, noise);
        (address expected,,) = ECDSA.tryRecover(digest, signature);
        assertEq(this.recover(digest, signature), expected);
        if (kind == 1 || kind == 5) assertEq(expected, address(0));
        bytes32 vs = bytes32(uint256(s) % 2 ** 255 + (v == 28 ? 2 ** 255 : 0));
        (expected,,) = ECDSA.tryRecover(digest, r, vs);
        assertEq(Signatures.recover(digest, r, vs), expected);
        if (kind == 0) assertEq(expected, vm.addr(key));
    }

    function testFuzz_a_membership_is_what_the_registry_says(uint8 state, uint32 roles, bool late) public {
        roles = uint32(bound(roles, 0, Roles.ALL));
        registry.setRoles(warehouse.lei, roles);
        if (state & 1 != 0) registry.freezeAccount(warehouse.account);
        if (state & 2 != 0) registry.suspendOrganisation(warehouse.lei);
        if (late) vm.warp(KYC_EXPIRES);
        uint256 membership = Memberships.lookUp(registry, warehouse.account);
        assertEq(Memberships.isActive(membership), registry.isAdmitted(warehouse.account));
        assertFalse(Memberships.isActive(Memberships.lookUp(registry, address(this))));

        uint256[] memory both = Memberships.roomFor(3);
        (both[0], both[1], both[2]) = (uint160(address(this)), uint160(warehouse.account), uint160(inspector.account));
        Memberships.lookUpAll(registry, both);
        assertEq(both.length, 3);
        assertEq(both[0], 0);
        assertEq(both[1], registry.isAdmitted(warehouse.account) ? membership : 0);
        assertEq(both[2] != 0, registry.isAdmitted(inspector.account));

        Witness witness = Witness.wrap(membership);
        assertTrue(witness.organisation() == warehouse.id);
        assertTrue(witness.isOf(registry.membershipOf(warehouse.account).group));
        assertFalse(witness.isOf(registry.membershipOf(inspector.account).group));
        assertEq(witness.roles(), roles & Roles.ORACLE_ROLES);
    }

    function test_a_registry_that_fails_fails_the_look_up() public {
        vm.mockCallRevert(address(registry), abi.encodeCall(registry.packedMembershipOf, (warehouse.account)), "no");
        vm.expectRevert(bytes("no"));
        this.lookUp(warehouse.account);
        vm.expectRevert(bytes(""));
        this.lookUpAt(address(0xdead));
        address[] memory one = new address[](1);
        one[0] = warehouse.account;
        vm.mockCallRevert(address(registry), abi.encodeCall(registry.packedMembershipsOf, (one)), "no");
        vm.expectRevert(bytes("no"));
        this.lookUpAll(registry, warehouse.account);
        vm.expectRevert(bytes(""));
        this.lookUpAll(IParticipantRegistry(address(0xdead)), warehouse.account);
    }

    function recover(bytes32 digest, bytes calldata signature) external view returns (address) {
        return Signatures.recover(digest, signature);
    }

    function lookUp(address account) external view {
        Memberships.lookUp(registry, account);
    }

    function lookUpAll(IParticipantRegistry its, address account) external view {
        uint256[] memory accounts = Memberships.roomFor(1);
        accounts[0] = uint160(account);
        Memberships.lookUpAll(its, accounts);
    }

    function lookUpAt(address nobody) external view {
        Memberships.lookUp(IParticipantRegistry(nobody), nobody);
    }
}
