// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Leis} from "../support/Leis.sol";
import {Network} from "../support/Network.t.sol";

contract ChangeOrganisation is Network {
    bytes20 private _stranger = Leis.make("NOBODYKNOWS");
    address private _second = makeAddr("second");

    function setUp() public override {
        super.setUp();
        registry.admitAccount(acme.lei, _second);
    }

    function test_an_unknown_organisation_is_refused() public {
        bytes memory unknown = abi.encodeWithSelector(IParticipantRegistry.OrganisationUnknown.selector, _stranger);
        vm.expectRevert(unknown);
        registry.setRoles(_stranger, 0);
        vm.expectRevert(unknown);
        registry.renewKyc(_stranger, KYC_EXPIRES);
        vm.expectRevert(unknown);
        registry.suspendOrganisation(_stranger);
        vm.expectRevert(unknown);
        registry.reinstateOrganisation(_stranger);
    }

    function test_unknown_roles_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.RolesUnknown.selector, uint32(1 << 31), Roles.ALL));
        registry.setRoles(acme.lei, 1 << 31);
    }

    function test_kyc_is_not_renewed_into_the_past() public {
        uint40 past = uint40(START - 1);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.KycInPast.selector, acme.lei, past, START));
        registry.renewKyc(acme.lei, past);
    }

    function test_new_roles_reach_every_account() public {
        vm.expectEmit(address(registry));
        emit IParticipantRegistry.RolesChanged(acme.id, Roles.DEBTOR);
        registry.setRoles(acme.lei, Roles.DEBTOR);

        assertEq(registry.membershipOf(acme.account).roles, Roles.DEBTOR);
        assertEq(registry.membershipOf(_second).roles, Roles.DEBTOR);
        assertEq(registry.membershipOf(borealis.account).roles, Roles.DEBTOR | Roles.CONSIGNEE);
    }

    function test_renewed_kyc_reaches_every_account() public {
        vm.warp(KYC_EXPIRES);
        assertFalse(registry.isAdmitted(_second));

        registry.renewKyc(acme.lei, KYC_EXPIRES + 1 days);
        assertTrue(registry.isAdmitted(_second));
        assertTrue(registry.isAdmitted(acme.account));
        assertFalse(registry.isAdmitted(borealis.account));
    }

    function test_suspension_stops_every_account_until_reinstated() public {
        registry.suspendOrganisation(acme.lei);
        assertFalse(registry.isAdmitted(acme.account));
        assertFalse(registry.isAdmitted(_second));
        assertTrue(registry.isAdmitted(borealis.account));

        registry.reinstateOrganisation(acme.lei);
        assertTrue(registry.isAdmitted(acme.account));
        assertTrue(registry.isAdmitted(_second));
    }

    function test_a_freeze_outlives_every_change_of_the_organisation() public {
        registry.freezeAccount(_second);

        registry.suspendOrganisation(acme.lei);
        registry.reinstateOrganisation(acme.lei);
        registry.setRoles(acme.lei, Roles.SUPPLIER | Roles.LENDER);
        registry.renewKyc(acme.lei, KYC_EXPIRES + 1 days);

        assertFalse(registry.isAdmitted(_second));
        assertTrue(registry.isAdmitted(acme.account));
    }

    function testFuzz_every_account_says_what_its_organisation_says(
        uint8 accounts,
        uint32 roles,
        uint40 expiresAt,
        bool suspended
    ) public {
        accounts = uint8(bound(accounts, 0, 14));
        roles = uint32(bound(roles, 0, Roles.ALL));
        expiresAt = uint40(bound(expiresAt, START + 1, type(uint40).max));
        for (uint256 i = 0; i < accounts; ++i) {
            registry.admitAccount(acme.lei, address(uint160(0xA0000 + i)));
        }

        registry.setRoles(acme.lei, roles);
        registry.renewKyc(acme.lei, expiresAt);
        if (suspended) registry.suspendOrganisation(acme.lei);

        address[] memory all = registry.accountsOf(acme.id);
        assertEq(all.length, uint256(accounts) + 2);
        for (uint256 i = 0; i < all.length; ++i) {
            IParticipantRegistry.Membership memory member = registry.membershipOf(all[i]);
            assertTrue(member.organisation == acme.id);
            assertEq(member.roles, roles);
            assertEq(member.expiresAt, expiresAt);
            assertEq(member.suspended, suspended);
        }
    }
}
