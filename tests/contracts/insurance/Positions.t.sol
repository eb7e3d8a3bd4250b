// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IInsurancePolicies} from "../../../contracts/insurance/interfaces/IInsurancePolicies.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {InsuranceBase} from "./InsuranceBase.sol";

contract PositionsTest is InsuranceBase {
    // Refusals

    function test_onlyInsurersPutMoneyDown() public {
        _purse(lender.account, 1);
        vm.prank(lender.account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, lender.account, Roles.LENDER, Roles.INSURER
            )
        );
        policies.deposit(euro, 1);
    }

    function test_zeroIsRefused() public {
        vm.startPrank(gale.account);
        vm.expectRevert(IInsurancePolicies.CoverAmountZero.selector);
        policies.deposit(euro, 0);
        vm.expectRevert(IInsurancePolicies.CoverAmountZero.selector);
        policies.withdraw(euro, 0);
    }

    function test_moreThanIsFreeIsRefused() public {
        _bound(gale, _credit());
        uint256 free = FUNDED - LIMIT;
        vm.prank(gale.account);
        vm.expectRevert(
            abi.encodeWithSelector(IInsurancePolicies.PositionTooSmall.selector, gale.account, free + 1, free)
        );
        policies.withdraw(euro, free + 1);
    }

    function test_anotherCurrencyHasAPositionOfItsOwn() public {
        vm.prank(gale.account);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.PositionTooSmall.selector, gale.account, 1, 0));
        policies.withdraw(dollar, 1);
    }

    // Happy path

    function test_whatIsNotLockedComesBack() public {
        _bound(gale, _credit());
        vm.expectEmit(address(policies));
        emit IInsurancePolicies.PositionWithdrawn(gale.account, address(euro), FUNDED - LIMIT);
        vm.prank(gale.account);
        policies.withdraw(euro, FUNDED - LIMIT);
        assertEq(euro.balanceOf(gale.account), FUNDED - LIMIT);
        assertEq(euro.balanceOf(address(policies)), uint256(LIMIT) + FUNDED);
        assertEq(_free(gale), 0);
        assertEq(_locked(gale), LIMIT);
        assertEq(_free(harbour), FUNDED);
    }

    function test_oneWhoInsuresNoMoreTakesItsMoney() public {
        registry.setRoles(gale.lei, Roles.LENDER);
        vm.prank(gale.account);
        policies.withdraw(euro, FUNDED);
        assertEq(euro.balanceOf(gale.account), FUNDED);
    }

    function test_aGiftIsNobodysPosition() public {
        _issue(euro, address(policies), 777);
        assertEq(_free(gale) + _free(harbour), 2 * FUNDED);
    }
}
