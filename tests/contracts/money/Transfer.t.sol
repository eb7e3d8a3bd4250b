// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {Network} from "../support/Network.t.sol";

/// @dev Invariants 63 and 64: the rules hold on transfer, transferFrom and permit alike, and a freeze stops everything.
contract Transfer is Network {
    address private _stranger = makeAddr("stranger");

    function setUp() public override {
        super.setUp();
        _issue(euro, lender.account, 1000);
        vm.prank(lender.account);
        euro.approve(acme.account, 1000);
    }

    function test_to_a_stranger_is_refused() public {
        bytes memory notAdmitted = abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, _stranger);
        vm.prank(lender.account);
        vm.expectRevert(notAdmitted);
        euro.transfer(_stranger, 1);
        vm.prank(acme.account);
        vm.expectRevert(notAdmitted);
        euro.transferFrom(lender.account, _stranger, 1);
    }

    function test_of_nothing_to_a_stranger_is_refused() public {
        vm.prank(lender.account);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, _stranger));
        euro.transfer(_stranger, 0);
    }

    function test_from_a_removed_account_is_refused() public {
        registry.removeAccount(lender.account);
        vm.prank(lender.account);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, lender.account));
        euro.transfer(acme.account, 1);
    }

    function test_by_a_stranger_with_an_allowance_is_refused() public {
        vm.prank(lender.account);
        euro.approve(_stranger, 1000);
        vm.prank(_stranger);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, _stranger));
        euro.transferFrom(lender.account, acme.account, 1);
    }

    function test_by_a_frozen_account_with_an_allowance_is_refused() public {
        registry.freezeAccount(acme.account);
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account));
        euro.transferFrom(lender.account, borealis.account, 1);
    }

    function test_frozen_money_stays_put_whoever_asks() public {
        registry.freezeAccount(lender.account);
        bytes memory frozen = abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, lender.account);
        vm.prank(lender.account);
        vm.expectRevert(frozen);
        euro.transfer(acme.account, 1);
        vm.prank(acme.account);
        vm.expectRevert(frozen);
        euro.transferFrom(lender.account, acme.account, 1);
        vm.prank(lender.account);
        vm.expectRevert(frozen);
        euro.transfer(lender.account, 1);
    }

    function test_a_freeze_cannot_be_outwaited() public {
        registry.freezeAccount(lender.account);
        vm.warp(START + 300 days);
        vm.prank(lender.account);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, lender.account));
        euro.transfer(acme.account, 1);

        registry.unfreezeAccount(lender.account);
        vm.prank(lender.account);
        euro.transfer(acme.account, 1000);
        assertEq(euro.balanceOf(acme.account), 1000);
    }

    function test_to_a_suspended_organisation_is_refused() public {
        registry.suspendOrganisation(acme.lei);
        vm.prank(lender.account);
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.OrganisationIsSuspended.selector, acme.account, acme.id)
        );
        euro.transfer(acme.account, 1);
    }

    function test_after_kyc_has_expired_is_refused() public {
        vm.warp(KYC_EXPIRES);
        vm.prank(lender.account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.KycExpired.selector, lender.account, KYC_EXPIRES, uint256(KYC_EXPIRES)
            )
        );
        euro.transfer(acme.account, 1);
    }

    function testFuzz_admitted_parties_move_cash(uint256 amount, bool byAllowance, bool toSelf) public {
        amount = bound(amount, 0, 1000);
        address to = toSelf ? lender.account : acme.account;
        vm.prank(byAllowance ? acme.account : lender.account);
        if (byAllowance) euro.transferFrom(lender.account, to, amount);
        else euro.transfer(to, amount);

        assertEq(euro.balanceOf(acme.account), toSelf ? 0 : amount);
        assertEq(euro.balanceOf(lender.account), toSelf ? 1000 : 1000 - amount);
        assertEq(euro.allowance(lender.account, acme.account), byAllowance ? 1000 - amount : 1000);
        assertEq(euro.totalSupply(), 1000);
    }

    function test_a_third_party_may_direct_what_it_is_allowed() public {
        vm.prank(acme.account);
        euro.transferFrom(lender.account, borealis.account, 10);
        assertEq(euro.balanceOf(borealis.account), 10);
        assertEq(euro.balanceOf(acme.account), 0);
    }
}
