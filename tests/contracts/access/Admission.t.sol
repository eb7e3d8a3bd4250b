// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";

/// @dev Everything unset, expired, suspended or frozen is "no" (invariant 66).
contract Admission is Network {
    function test_the_zero_address_is_nobody() public {
        assertFalse(registry.isAdmitted(address(0)));
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, address(0)));
        registry.requireAdmitted(address(0), address(0));
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, address(0)));
        registry.requireRole(address(0), Roles.ALL);
    }

    function test_a_stranger_on_either_side_is_refused() public {
        address stranger = makeAddr("stranger");
        bytes memory notAdmitted = abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger);
        vm.expectRevert(notAdmitted);
        registry.requireAdmitted(stranger, acme.account);
        vm.expectRevert(notAdmitted);
        registry.requireAdmitted(acme.account, stranger);
    }

    function test_a_frozen_account_on_either_side_is_refused() public {
        registry.freezeAccount(borealis.account);
        bytes memory frozen = abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, borealis.account);
        vm.expectRevert(frozen);
        registry.requireAdmitted(borealis.account, acme.account);
        vm.expectRevert(frozen);
        registry.requireAdmitted(acme.account, borealis.account);
        vm.expectRevert(frozen);
        registry.requireRole(borealis.account, Roles.DEBTOR);
    }

    function test_a_suspended_organisation_is_refused() public {
        registry.suspendOrganisation(acme.lei);
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.OrganisationIsSuspended.selector, acme.account, acme.id)
        );
        registry.requireRole(acme.account, Roles.SUPPLIER);
    }

    function test_kyc_ends_at_its_moment_and_not_before() public {
        vm.warp(KYC_EXPIRES - 1);
        registry.requireRole(acme.account, Roles.SUPPLIER);

        vm.warp(KYC_EXPIRES);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.KycExpired.selector, acme.account, KYC_EXPIRES, uint256(KYC_EXPIRES)
            )
        );
        registry.requireRole(acme.account, Roles.SUPPLIER);
    }

    function test_asking_for_no_role_is_refused() public {
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.RoleMissing.selector, acme.account, Roles.SUPPLIER, 0)
        );
        registry.requireRole(acme.account, 0);
    }

    function testFuzz_any_of_the_roles_will_do(uint32 held, uint32 asked) public {
        held = uint32(bound(held, 0, Roles.ALL));
        registry.setRoles(acme.lei, held);
        bool expected = false;
        for (uint256 bit = 0; bit < 32; ++bit) {
            expected = expected || ((held >> bit) & 1 == 1 && (asked >> bit) & 1 == 1);
        }

        if (!expected) {
            vm.expectRevert(
                abi.encodeWithSelector(IParticipantRegistry.RoleMissing.selector, acme.account, held, asked)
            );
        }
        IParticipantRegistry.Membership memory member = registry.requireRole(acme.account, asked);
        if (expected) assertTrue(member.organisation == acme.id);
    }

    function testFuzz_admission_is_the_conjunction_of_its_conditions(
        bool known,
        bool frozen,
        bool suspended,
        uint40 moment
    ) public {
        address account = makeAddr("somebody");
        moment = uint40(bound(moment, START, uint256(KYC_EXPIRES) * 2));
        if (known) registry.admitAccount(acme.lei, account);
        if (known && frozen) registry.freezeAccount(account);
        if (suspended) registry.suspendOrganisation(acme.lei);
        vm.warp(moment);

        bool expected = known && !frozen && !suspended && moment < KYC_EXPIRES;
        assertEq(registry.isAdmitted(account), expected);
        (bool passed,) = address(registry).staticcall(abi.encodeCall(registry.requireAdmitted, (account, account)));
        assertEq(passed, expected);
    }
}
