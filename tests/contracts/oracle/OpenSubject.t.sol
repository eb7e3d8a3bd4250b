// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {GroupId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";

contract OpenSubject is Network {
    bytes32 private constant ORDER = keccak256("order PO-2026-0815");
    bytes32 private constant BOOKING = keccak256("booking 12345");

    function test_one_that_is_no_supplier_is_refused() public {
        vm.prank(carrier.account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, carrier.account, Roles.CARRIER, Roles.SUPPLIER
            )
        );
        oracle.openSubject(SHIPMENT, new bytes32[](0));
    }

    function test_no_subject_is_refused() public {
        vm.prank(acme.account);
        vm.expectRevert(IMilestoneOracle.SubjectZero.selector);
        oracle.openSubject(0, new bytes32[](0));
    }

    function test_a_second_time_is_refused() public {
        _openSubject();
        Party memory rival = _admit("RIVALGOODS", Roles.SUPPLIER);
        vm.prank(rival.account);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.SubjectExists.selector, SHIPMENT));
        oracle.openSubject(SHIPMENT, new bytes32[](0));
    }

    function test_an_empty_reference_is_refused() public {
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.ReferenceZero.selector, SHIPMENT));
        oracle.openSubject(SHIPMENT, new bytes32[](1));
    }

    function test_more_than_32_references_are_refused() public {
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.TooManyReferences.selector, SHIPMENT, 33, 32));
        oracle.openSubject(SHIPMENT, new bytes32[](33));
    }

    function test_a_reference_of_another_subject_is_refused() public {
        vm.startPrank(acme.account);
        oracle.openSubject(SHIPMENT, _references(ORDER, BOOKING));
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.ReferenceTaken.selector, BOOKING, SHIPMENT));
        oracle.openSubject("another", _references(keccak256("new"), BOOKING));
        vm.stopPrank();
        assertTrue(GroupId.unwrap(oracle.subject("another").beneficiary) == 0);
        assertEq(oracle.subjectOf(keccak256("new")), bytes32(0));
    }

    function test_the_beneficiary_is_the_callers_group() public {
        vm.expectEmit(address(oracle));
        GroupId group = registry.membershipOf(acme.account).group;
        emit IMilestoneOracle.SubjectOpened(SHIPMENT, group, acme.account);
        vm.prank(acme.account);
        oracle.openSubject(SHIPMENT, _references(ORDER, BOOKING));

        assertTrue(oracle.subject(SHIPMENT).beneficiary == group);
        assertEq(oracle.subject(SHIPMENT).consumer, address(0));
        assertEq(oracle.subjectOf(ORDER), SHIPMENT);
        assertEq(oracle.subjectOf(BOOKING), SHIPMENT);
    }

    function test_links_to_an_unknown_subject_are_refused() public {
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.SubjectUnopened.selector, SHIPMENT));
        oracle.linkReferences(SHIPMENT, _references(ORDER, BOOKING));
    }

    function test_links_by_another_group_are_refused() public {
        _openSubject();
        GroupId own = registry.membershipOf(acme.account).group;
        GroupId other = registry.membershipOf(borealis.account).group;
        vm.prank(borealis.account);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneOracle.NotBeneficiary.selector, SHIPMENT, other, own));
        oracle.linkReferences(SHIPMENT, _references(ORDER, BOOKING));
    }

    function test_links_by_a_frozen_account_are_refused() public {
        _openSubject();
        registry.freezeAccount(acme.account);
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account));
        oracle.linkReferences(SHIPMENT, _references(ORDER, BOOKING));
    }

    function test_an_affiliate_may_link_and_repeat_itself() public {
        _openSubject();
        Party memory affiliate = _admitIn("ACMELOGISTICS", acme.lei, Roles.CARRIER);
        vm.startPrank(affiliate.account);
        oracle.linkReferences(SHIPMENT, _references(ORDER, ORDER));
        oracle.linkReferences(SHIPMENT, _references(ORDER, BOOKING));
        assertEq(oracle.subjectOf(ORDER), SHIPMENT);
        assertEq(oracle.subjectOf(BOOKING), SHIPMENT);
    }

    function _references(bytes32 first, bytes32 second) private pure returns (bytes32[] memory references) {
        references = new bytes32[](2);
        (references[0], references[1]) = (first, second);
    }
}
