// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {GroupId, OrganisationId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Leis} from "../support/Leis.sol";
import {Network} from "../support/Network.t.sol";

contract Accounts is Network {
    address private _second = makeAddr("second");

    function test_an_account_of_an_unknown_organisation_is_refused() public {
        bytes20 stranger = Leis.make("NOBODYKNOWS");
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.OrganisationUnknown.selector, stranger));
        registry.admitAccount(stranger, _second);
    }

    function test_the_zero_address_is_refused() public {
        vm.expectRevert(IParticipantRegistry.AccountZero.selector);
        registry.admitAccount(acme.lei, address(0));
    }

    function test_an_account_serves_one_organisation() public {
        bytes memory exists = abi.encodeWithSelector(IParticipantRegistry.AccountExists.selector, acme.account, acme.id);
        vm.expectRevert(exists);
        registry.admitAccount(borealis.lei, acme.account);
        vm.expectRevert(exists);
        registry.admitAccount(acme.lei, acme.account);
    }

    function test_a_thirty_third_account_is_refused() public {
        for (uint256 i = 1; i < 32; ++i) {
            registry.admitAccount(acme.lei, address(uint160(0xA0000 + i)));
        }
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountsFull.selector, acme.lei, 32));
        registry.admitAccount(acme.lei, _second);
    }

    function test_unknown_accounts_cannot_be_changed() public {
        bytes memory unknown = abi.encodeWithSelector(IParticipantRegistry.AccountUnknown.selector, _second);
        vm.expectRevert(unknown);
        registry.removeAccount(_second);
        vm.expectRevert(unknown);
        registry.freezeAccount(_second);
        vm.expectRevert(unknown);
        registry.unfreezeAccount(_second);
    }

    function test_a_freeze_cannot_be_shed_by_removal() public {
        registry.freezeAccount(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account));
        registry.removeAccount(acme.account);
    }

    function test_an_admitted_account_acts_for_its_organisation() public {
        vm.expectEmit(address(registry));
        emit IParticipantRegistry.AccountAdmitted(acme.id, _second);
        registry.admitAccount(acme.lei, _second);

        IParticipantRegistry.Membership memory member = registry.membershipOf(_second);
        assertTrue(member.organisation == acme.id);
        assertTrue(member.group == registry.membershipOf(acme.account).group);
        assertEq(member.roles, Roles.SUPPLIER);
        assertEq(registry.accountsOf(acme.id)[1], _second);
    }

    /// @dev Expectation by another way: the fields as numbers, each beyond the widths of those before it.
    function testFuzz_a_packed_membership_is_the_membership(uint32 roles, bool suspended, bool frozen) public {
        registry.setRoles(acme.lei, uint32(bound(roles, 0, Roles.ALL)));
        if (suspended) registry.suspendOrganisation(acme.lei);
        if (frozen) registry.freezeAccount(acme.account);
        IParticipantRegistry.Membership memory member = registry.membershipOf(acme.account);
        uint256 expected = OrganisationId.unwrap(member.organisation);
        expected += uint256(GroupId.unwrap(member.group)) * 2 ** 24;
        expected += uint256(member.roles) * 2 ** 48 + uint256(member.expiresAt) * 2 ** 80;
        if (member.suspended) expected += 2 ** 120;
        if (member.frozen) expected += 2 ** 128;
        assertEq(registry.packedMembershipOf(acme.account), expected);
        assertEq(registry.packedMembershipOf(_second), 0);
    }

    function test_an_account_of_a_suspended_organisation_starts_suspended() public {
        registry.suspendOrganisation(acme.lei);
        registry.admitAccount(acme.lei, _second);
        assertFalse(registry.isAdmitted(_second));
    }

    function test_a_removed_account_is_nobody_and_may_be_admitted_elsewhere() public {
        registry.admitAccount(acme.lei, _second);
        registry.removeAccount(acme.account);

        assertFalse(registry.isAdmitted(acme.account));
        assertTrue(OrganisationId.unwrap(registry.membershipOf(acme.account).organisation) == 0);
        assertEq(registry.accountsOf(acme.id).length, 1);
        assertEq(registry.accountsOf(acme.id)[0], _second);
        registry.admitAccount(borealis.lei, acme.account);
        assertTrue(registry.membershipOf(acme.account).organisation == borealis.id);
    }

    function test_freezing_touches_one_account() public {
        registry.admitAccount(acme.lei, _second);
        registry.freezeAccount(_second);
        assertFalse(registry.isAdmitted(_second));
        assertTrue(registry.isAdmitted(acme.account));

        registry.unfreezeAccount(_second);
        assertTrue(registry.isAdmitted(_second));
    }

    /// @dev Expectation by another way: a list of what should be left, kept beside the registry.
    function testFuzz_admitting_and_removing_keeps_the_list_exact(uint256 seed) public {
        bool[10] memory expected;
        for (uint256 step = 0; step < 40; ++step) {
            uint256 which = uint256(keccak256(abi.encode(seed, step))) % 10;
            address account = address(uint160(0xB0000 + which));
            if (expected[which]) registry.removeAccount(account);
            else registry.admitAccount(acme.lei, account);
            expected[which] = !expected[which];
        }
        uint256 count = 1;
        for (uint256 i = 0; i < 10; ++i) {
            assertEq(registry.isAdmitted(address(uint160(0xB0000 + i))), expected[i]);
            if (expected[i]) ++count;
        }
        assertEq(registry.accountsOf(acme.id).length, count);
        for (uint256 i = 0; i < count; ++i) {
            assertTrue(registry.isAdmitted(registry.accountsOf(acme.id)[i]));
        }
    }
}
