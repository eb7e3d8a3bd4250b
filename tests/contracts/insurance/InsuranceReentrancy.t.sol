// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../../../contracts/money/interfaces/ICashToken.sol";
import {PolicyId} from "../../../contracts/types/Ids.sol";
import {HookedCash} from "../support/HookedCash.sol";
import {InsuranceBase} from "./InsuranceBase.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title Whatever a currency calls back in the middle of a movement is refused, and the movement with it.
contract InsuranceReentrancyTest is InsuranceBase {
    HookedCash private hooked;
    PolicyId private id;

    function setUp() public override {
        super.setUp();
        id = _bound(gale, _credit());
        hooked = new HookedCash("EUR");
    }

    function _refused(bytes memory message) private {
        hooked.onTransfer(address(policies), message);
        vm.prank(gale.account);
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        policies.deposit(ICashToken(address(hooked)), 1);
    }

    function test_nothingThatMovesMoneyIsEnteredTwice() public {
        _refused(abi.encodeCall(policies.deposit, (euro, 1)));
        _refused(abi.encodeCall(policies.withdraw, (euro, 1)));
        _refused(abi.encodeCall(policies.payPremium, (id, 1)));
        _refused(abi.encodeCall(policies.claim, (id)));
        _refused(abi.encodeCall(policies.close, (id)));
        _refused(abi.encodeCall(policies.waive, (id)));
    }

    function test_whatIsTakenOutIsGoneBeforeItMoves() public {
        hooked.onTransfer(address(0), "");
        vm.startPrank(gale.account);
        policies.deposit(ICashToken(address(hooked)), 5);
        hooked.onTransfer(address(this), abi.encodeCall(this.look, ()));
        policies.withdraw(ICashToken(address(hooked)), 5);
        vm.stopPrank();
    }

    /// @notice What a view shows in the middle of the movement.
    function look() external view {
        require(policies.positionOf(gale.account, ICashToken(address(hooked))).free == 0, "still there");
    }
}
