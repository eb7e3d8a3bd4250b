// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {NetworkAccessManager} from "../../../contracts/access/NetworkAccessManager.sol";
import {INetworkAccessManager} from "../../../contracts/access/interfaces/INetworkAccessManager.sol";
import {Offices} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

contract HandOver is Network {
    uint64 private constant ADMIN = 0;
    uint32 private constant LEAST = 2 days;
    address private _governor = makeAddr("governor");
    address private _mallory = makeAddr("mallory");

    function test_a_manager_without_a_least_delay_is_refused() public {
        vm.expectRevert(INetworkAccessManager.LeastDelayZero.selector);
        new NetworkAccessManager(address(this), 0);
    }

    function test_anyone_but_the_administrator_is_refused() public {
        vm.prank(_mallory);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManager.AccessManagerUnauthorizedAccount.selector, _mallory, ADMIN)
        );
        manager.handOver(_mallory, LEAST);
    }

    function test_a_delay_below_the_least_is_refused() public {
        vm.expectRevert(_tooShort(ADMIN, _governor, LEAST - 1));
        manager.handOver(_governor, LEAST - 1);
    }

    function test_the_deployer_cannot_hand_over_to_itself() public {
        vm.expectRevert(abi.encodeWithSelector(INetworkAccessManager.GovernorIsDeployer.selector, address(this)));
        manager.handOver(address(this), LEAST);
    }

    function test_nobody_cannot_govern() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerInvalidInitialAdmin.selector, address(0)));
        manager.handOver(address(0), LEAST);
    }

    function test_before_it_nobody_else_can_be_made_to_govern() public {
        vm.expectRevert(abi.encodeWithSelector(INetworkAccessManager.OnlyDeployerBefore.selector, ADMIN, _mallory));
        manager.grantRole(ADMIN, _mallory, LEAST);
        vm.expectRevert(
            abi.encodeWithSelector(INetworkAccessManager.OnlyDeployerBefore.selector, Offices.GOVERNOR, _mallory)
        );
        manager.grantRole(Offices.GOVERNOR, _mallory, LEAST);
    }

    function test_after_it_the_deployer_can_do_nothing() public {
        manager.handOver(_governor, LEAST);

        (bool isAdmin,) = manager.hasRole(ADMIN, address(this));
        (bool governs,) = manager.hasRole(Offices.GOVERNOR, address(this));
        assertFalse(isAdmin || governs);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManager.AccessManagerUnauthorizedAccount.selector, address(this), ADMIN)
        );
        manager.handOver(_mallory, LEAST);
    }

    function test_it_happens_once() public {
        manager.handOver(_governor, LEAST);
        bytes memory again = abi.encodeCall(manager.handOver, (_mallory, LEAST));
        _schedule(address(manager), again);

        vm.prank(_governor);
        vm.expectRevert(abi.encodeWithSelector(INetworkAccessManager.AlreadyHandedOver.selector, _governor));
        manager.handOver(_mallory, LEAST);
    }

    function test_the_governor_gets_both_offices_with_its_delay() public {
        vm.expectEmit(address(manager));
        emit INetworkAccessManager.HandedOver(_governor, LEAST + 1);
        manager.handOver(_governor, LEAST + 1);

        (bool isAdmin, uint32 adminDelay) = manager.hasRole(ADMIN, _governor);
        (bool governs, uint32 governorDelay) = manager.hasRole(Offices.GOVERNOR, _governor);
        assertTrue(isAdmin && governs);
        assertEq(adminDelay, LEAST + 1);
        assertEq(governorDelay, LEAST + 1);
        assertEq(manager.handedOverTo(), _governor);
    }

    function test_the_governor_waits_before_it_acts() public {
        manager.handOver(_governor, LEAST);
        bytes memory call = abi.encodeCall(directory.setModule, ("CashToken:EUR", address(euro)));

        bytes32 operation = manager.hashOperation(_governor, address(directory), call);
        vm.prank(_governor);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation));
        directory.setModule("CashToken:EUR", address(euro));

        _schedule(address(directory), call);
        vm.prank(_governor);
        directory.setModule("CashToken:EUR", address(euro));
        assertEq(directory.moduleOf("CashToken:EUR"), address(euro));
    }

    function testFuzz_no_one_can_ever_govern_with_less_than_the_least_delay(
        uint32 delaySeconds,
        bool asAdmin,
        bool again
    ) public {
        manager.handOver(_governor, LEAST);
        uint64 office = asAdmin ? ADMIN : Offices.GOVERNOR;
        address account = again ? _governor : _mallory;
        _schedule(address(manager), abi.encodeCall(manager.grantRole, (office, account, delaySeconds)));

        if (delaySeconds < LEAST) vm.expectRevert(_tooShort(office, account, delaySeconds));
        vm.prank(_governor);
        manager.grantRole(office, account, delaySeconds);

        (, uint32 delay) = manager.hasRole(office, account);
        (bool holds,) = manager.hasRole(office, account);
        assertEq(holds, again || delaySeconds >= LEAST);
        if (holds) assertGe(delay, LEAST);
    }

    function _schedule(address target, bytes memory call) private {
        vm.prank(_governor);
        manager.schedule(target, call, 0);
        vm.warp(block.timestamp + LEAST);
    }

    function _tooShort(uint64 office, address account, uint32 delaySeconds) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(INetworkAccessManager.DelayTooShort.selector, office, account, delaySeconds, LEAST);
    }
}
