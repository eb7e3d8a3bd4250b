// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {FinancingId} from "../../../contracts/types/Ids.sol";
import {LendingBase} from "./LendingBase.sol";

contract SetImpairmentTest is LendingBase {
    FinancingId private id;
    FinancingId private other;

    function setUp() public override {
        super.setUp();
        id = _open();
        _depart(SHIPMENT);
        other = _openOnOrder();
        _fundAndApprove(supplier, 10_000_000, address(desk));
    }

    // Refusals

    function test_abovePrincipalIsRefused() public {
        uint256 principal = desk.financing(id).principal;
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.ImpairmentExceedsPrincipal.selector, id, principal + 1, principal)
        );
        desk.setImpairment(id, principal + 1);
    }

    function test_repaidFinancingIsNotImpaired() public {
        vm.prank(supplier);
        desk.repay(id, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFinancingDesk.FinancingStateWrong.selector, id, IFinancingDesk.State.Repaid, IFinancingDesk.State.Open
            )
        );
        desk.setImpairment(id, 0);
    }

    // Happy path

    function test_poolKeepsTheSum() public {
        desk.setImpairment(id, 1_000_000);
        desk.setImpairment(other, 200_000);
        assertEq(pool.books().impairment, 1_200_000);
        assertEq(pool.netAssets(), pool.grossAssets() - 1_200_000);
        desk.setImpairment(id, 300_000);
        assertEq(pool.books().impairment, 500_000);
        desk.setImpairment(other, 0);
        desk.setImpairment(id, 0);
        assertEq(pool.books().impairment, 0);
    }

    function test_repaymentLiftsWhatItDisproves() public {
        uint256 principal = desk.financing(id).principal;
        desk.setImpairment(id, principal - 1000);
        desk.setImpairment(other, 7);
        Waterfall.Claims memory due = _claims(id);
        vm.prank(supplier);
        desk.repay(id, due.fees + due.interest + 400);
        assertEq(desk.financing(id).impairment, principal - 1000, "still within what is out");
        vm.prank(supplier);
        desk.repay(id, 1600);
        assertEq(desk.financing(id).impairment, principal - 2000);
        assertEq(pool.books().impairment, principal - 2000 + 7);

        _pay(FACE_VALUE);
        assertEq(desk.financing(id).impairment, 0);
        assertEq(pool.books().impairment, 7);
    }

    function testFuzz_impairmentIsNeverAbovePrincipal(uint256 impairment, uint256 repayment) public {
        desk.setImpairment(id, bound(impairment, 0, desk.financing(id).principal));
        uint256 before = desk.financing(id).impairment;
        uint256 amount = bound(repayment, 1, _owed(id));
        vm.prank(supplier);
        desk.repay(id, amount);
        IFinancingDesk.Financing memory its = desk.financing(id);
        assertEq(its.impairment, before < its.principal ? before : its.principal);
        assertEq(pool.books().impairment, its.impairment);
        assertLe(pool.books().impairment, pool.books().principalOut);
    }
}
