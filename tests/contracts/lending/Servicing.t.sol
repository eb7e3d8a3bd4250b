// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Servicing} from "../../../contracts/lending/Servicing.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {IServicing} from "../../../contracts/lending/interfaces/IServicing.sol";
import {ServicingBase} from "./ServicingBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title Schedules: whose, in which order, how many.
contract ServicingTest is ServicingBase {
    IFundingSource private constant NETWORK = IFundingSource(address(0));

    // Refusals

    function test_onlyTheCreditOfficerSetsASchedule() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        servicing.setSchedule(pool, _steps());
    }

    function test_stepsThatDoNotRiseAreRefused() public {
        IServicing.Step[] memory steps = _steps();
        steps[1].daysOverdue = 30;
        _refused(steps, 1);
        steps = _steps();
        steps[2].writtenOffBps = 5000;
        _refused(steps, 2);
        steps = _steps();
        steps[0].daysOverdue = 0;
        _refused(steps, 0);
        steps = _steps();
        steps[0].writtenOffBps = 0;
        _refused(steps, 0);
        steps = _steps();
        steps[2].writtenOffBps = 10_001;
        _refused(steps, 2);
    }

    function test_moreThanEightStepsAreRefused() public {
        _refused(_rising(9), 9);
        servicing.setSchedule(pool, _rising(8));
        assertEq(servicing.scheduleOf(pool).length, 8);
    }

    function test_aNetworkWithoutStepsIsNotMade() public {
        vm.expectRevert(abi.encodeWithSelector(IServicing.ScheduleInvalid.selector, NETWORK, 0));
        new Servicing(desk, new IServicing.Step[](0), address(manager));
        vm.expectRevert(abi.encodeWithSelector(IServicing.ScheduleInvalid.selector, NETWORK, 9));
        new Servicing(desk, _rising(9), address(manager));
    }

    function test_theNetworksStepsAreNotTakenAway() public {
        vm.expectRevert(abi.encodeWithSelector(IServicing.ScheduleInvalid.selector, NETWORK, 0));
        servicing.setSchedule(NETWORK, new IServicing.Step[](0));
    }

    // Happy path

    function test_aSourceHasItsOwnStepsOrTheNetworks() public {
        _assertSteps(servicing.scheduleOf(pool), _steps());
        IServicing.Step[] memory own = _rising(2);
        vm.expectEmit(address(servicing));
        emit IServicing.ScheduleSet(pool, own);
        servicing.setSchedule(pool, own);
        _assertSteps(servicing.scheduleOf(pool), own);
        _assertSteps(servicing.scheduleOf(NETWORK), _steps());
        servicing.setSchedule(pool, _rising(1));
        _assertSteps(servicing.scheduleOf(pool), _rising(1));
        servicing.setSchedule(pool, new IServicing.Step[](0));
        _assertSteps(servicing.scheduleOf(pool), _steps());
    }

    function test_theNetworksStepsMayChange() public {
        servicing.setSchedule(NETWORK, _rising(4));
        _assertSteps(servicing.scheduleOf(pool), _rising(4));
    }

    // Fuzz

    /// @dev Accepted exactly where a clerk who goes through the list finds nothing to object to.
    function testFuzz_onlyRisingStepsAreTaken(uint256 seed, uint8 count) public {
        IServicing.Step[] memory steps = new IServicing.Step[](count % 10);
        bool rises = steps.length <= 8;
        for (uint256 i; i < steps.length; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            steps[i] = IServicing.Step(uint16(i * 10 + dice % 13), uint16(i * 1000 + (dice >> 16) % 1200));
            rises =
                rises && steps[i].daysOverdue != 0 && steps[i].writtenOffBps != 0 && steps[i].writtenOffBps <= 10_000;
            if (i == 0) continue;
            rises = rises && steps[i].daysOverdue > steps[i - 1].daysOverdue;
            rises = rises && steps[i].writtenOffBps > steps[i - 1].writtenOffBps;
        }
        (bool taken,) = address(servicing).call(abi.encodeCall(servicing.setSchedule, (pool, steps)));
        assertEq(taken, rises);
        if (taken && steps.length != 0) _assertSteps(servicing.scheduleOf(pool), steps);
        else _assertSteps(servicing.scheduleOf(pool), _steps());
    }

    // Helpers

    function _refused(IServicing.Step[] memory steps, uint256 step) private {
        vm.expectRevert(abi.encodeWithSelector(IServicing.ScheduleInvalid.selector, pool, step));
        servicing.setSchedule(pool, steps);
    }

    function _rising(uint16 count) private pure returns (IServicing.Step[] memory steps) {
        steps = new IServicing.Step[](count);
        for (uint16 i; i < count; ++i) {
            steps[i] = IServicing.Step(i + 1, (i + 1) * 1000);
        }
    }

    function _assertSteps(IServicing.Step[] memory steps, IServicing.Step[] memory expected) private pure {
        assertEq(abi.encode(steps), abi.encode(expected));
    }
}
