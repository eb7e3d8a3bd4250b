// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DeskHandovers} from "../../../contracts/lending/DeskHandovers.sol";
import {DeskOpenings} from "../../../contracts/lending/DeskOpenings.sol";
import {DeskWorkouts} from "../../../contracts/lending/DeskWorkouts.sol";
import {FinancingDesk} from "../../../contracts/lending/FinancingDesk.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {LendingBase} from "./LendingBase.sol";

/// @title A desk is made only where its parts are: what they do could not be done for ever after.
contract DeskPartsTest is LendingBase {
    function test_partsMustBeThere() public {
        address openings = address(new DeskOpenings(registry, oracle, concentration, address(manager)));
        address workouts = address(new DeskWorkouts(registry, concentration, address(manager)));
        address handovers = address(new DeskHandovers(registry, oracle, concentration, address(manager)));
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.PartHasNoCode.selector, stranger));
        new FinancingDesk(registry, oracle, concentration, stranger, workouts, handovers, address(manager));
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.PartHasNoCode.selector, stranger));
        new FinancingDesk(registry, oracle, concentration, openings, stranger, handovers, address(manager));
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.PartHasNoCode.selector, stranger));
        new FinancingDesk(registry, oracle, concentration, openings, workouts, stranger, address(manager));
        new FinancingDesk(registry, oracle, concentration, openings, workouts, handovers, address(manager));
    }
}
