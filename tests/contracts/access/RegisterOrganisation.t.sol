// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {GroupId, OrganisationId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Leis} from "../support/Leis.sol";
import {Network} from "../support/Network.t.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract RegisterOrganisation is Network {
    bytes20 private _newcomer = Leis.make("GULLIVERGOODS");
    bytes20 private _parent = Leis.make("GULLIVERHOLDING");

    function test_anyone_else_is_refused() public {
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account));
        registry.registerOrganisation(_newcomer, 0, "SE", Roles.SUPPLIER, KYC_EXPIRES);
    }

    function test_a_wrong_lei_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.LeiInvalid.selector, bytes20("NOTALEI")));
        registry.registerOrganisation("NOTALEI", 0, "SE", Roles.SUPPLIER, KYC_EXPIRES);
    }

    function test_a_wrong_parent_lei_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.LeiInvalid.selector, bytes20("NOTALEI")));
        registry.registerOrganisation(_newcomer, "NOTALEI", "SE", Roles.SUPPLIER, KYC_EXPIRES);
    }

    function test_a_country_that_is_not_two_capitals_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.JurisdictionInvalid.selector, bytes2("s3")));
        registry.registerOrganisation(_newcomer, 0, "s3", Roles.SUPPLIER, KYC_EXPIRES);
    }

    function test_unknown_roles_are_refused() public {
        uint32 unknown = Roles.ALL + 1;
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.RolesUnknown.selector, unknown, Roles.ALL));
        registry.registerOrganisation(_newcomer, 0, "SE", unknown, KYC_EXPIRES);
    }

    function test_an_expired_kyc_is_refused() public {
        uint40 now_ = uint40(START);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.KycInPast.selector, _newcomer, now_, START));
        registry.registerOrganisation(_newcomer, 0, "SE", Roles.SUPPLIER, now_);
    }

    function test_the_same_organisation_again_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.OrganisationExists.selector, acme.lei, acme.id));
        registry.registerOrganisation(acme.lei, 0, "DE", Roles.SUPPLIER, KYC_EXPIRES);
    }

    function test_a_parent_with_a_parent_is_refused() public {
        bytes20 top = Leis.make("GULLIVERTOP");
        registry.registerOrganisation(_parent, top, "SE", 0, KYC_EXPIRES);

        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.ParentNotUltimate.selector, _parent, top));
        registry.registerOrganisation(_newcomer, _parent, "SE", Roles.SUPPLIER, KYC_EXPIRES);
    }

    function test_a_parent_that_turns_out_to_have_a_parent_is_refused() public {
        bytes20 top = Leis.make("GULLIVERTOP");
        registry.registerOrganisation(_newcomer, _parent, "SE", Roles.SUPPLIER, KYC_EXPIRES);

        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.ParentNotUltimate.selector, _parent, top));
        registry.registerOrganisation(_parent, top, "SE", 0, KYC_EXPIRES);
    }

    function test_an_organisation_is_registered() public {
        OrganisationId expected = OrganisationId.wrap(OrganisationId.unwrap(inspector.id) + 1);
        vm.expectEmit(address(registry));
        emit IParticipantRegistry.OrganisationRegistered(
            expected, _newcomer, _newcomer, "SE", Roles.SUPPLIER, KYC_EXPIRES
        );
        OrganisationId id = registry.registerOrganisation(_newcomer, 0, "SE", Roles.SUPPLIER, KYC_EXPIRES);

        assertTrue(id == expected);
        assertTrue(registry.organisationOf(_newcomer) == id);
        IParticipantRegistry.Organisation memory its = registry.organisation(id);
        assertEq(its.lei, _newcomer);
        assertEq(its.groupLei, _newcomer);
        assertEq(its.jurisdiction, bytes2("SE"));
        assertEq(its.roles, Roles.SUPPLIER);
        assertEq(its.kycExpiresAt, KYC_EXPIRES);
        assertFalse(its.suspended);
        assertEq(registry.accountsOf(id).length, 0);
    }

    function test_affiliates_and_their_parent_share_a_group_and_strangers_do_not() public {
        OrganisationId child = registry.registerOrganisation(_newcomer, _parent, "SE", 0, KYC_EXPIRES);
        OrganisationId parent = registry.registerOrganisation(_parent, 0, "SE", 0, KYC_EXPIRES);

        GroupId group = registry.organisation(child).group;
        assertTrue(group == registry.organisation(parent).group);
        assertFalse(group == registry.organisation(acme.id).group);
        assertFalse(GroupId.unwrap(group) == 0);
    }
}
