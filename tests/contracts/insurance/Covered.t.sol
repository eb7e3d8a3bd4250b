// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInsurancePolicies} from "../../../contracts/insurance/interfaces/IInsurancePolicies.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {FinancingId, PolicyId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {CoveredBase} from "./CoveredBase.sol";

/// @title Insured financings on the real desk: default, claim, the pool paid, recovery, the insurer paid.
contract CoveredTest is CoveredBase {
    using Waterfall for Waterfall.Claims;

    FinancingId private id;

    function setUp() public override {
        super.setUp();
        id = _open();
    }

    function _owedToPool() private view returns (uint256) {
        return desk.owed(id).total();
    }

    function _payInvoice(uint256 amount) private {
        _fundAndApprove(debtor, amount, address(receivables));
        vm.prank(debtor);
        receivables.pay(_invoice(), amount);
    }

    // Refusals

    function test_onlyTheCoverContractMarks() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.OnlyCover.selector, address(this), address(policies)));
        desk.markCovered(id, true);
    }

    function test_collateralStaysWhilePremiumIsDue() public {
        _bound(gale, _credit(id));
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.StillOwed.selector, id, PREMIUM));
        desk.release(id);
    }

    function test_collateralStaysWhileTheInsurerLacksSomething() public {
        PolicyId policy = _bound(gale, _credit(id));
        _payPremium(policy);
        _depart(SHIPMENT);
        _defaultAndWait(id);
        uint256 paid = policies.claim(policy);
        uint256 rest = _owedToPool();
        vm.startPrank(supplier);
        assertEq(desk.repay(id, rest + paid - 1), rest + paid - 1);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.StillOwed.selector, id, 1));
        desk.release(id);
        assertEq(desk.repay(id, type(uint256).max), 1);
        desk.release(id);
        vm.stopPrank();
        assertEq(receivables.balanceOf(supplier, ITEM), FACE_VALUE);
        policies.close(policy);
        assertEq(_free(gale), PUT_DOWN + PREMIUM);
    }

    // Happy path

    function test_premiumTakesRoomFromTheFirstDraw() public {
        uint256 snapshot = vm.snapshotState();
        _depart(SHIPMENT);
        uint256 without = desk.financing(id).principal;
        vm.revertToState(snapshot);
        _bound(gale, _credit(id));
        _depart(SHIPMENT);
        assertEq(desk.owedInAll(id), _owedToPool() + PREMIUM);
        assertLe(desk.owedInAll(id), _base(id));
        assertApproxEqAbs(desk.financing(id).principal + PREMIUM, without, 2000);
    }

    function test_lapseGivesTheRoomBack() public {
        _bound(gale, _credit(id));
        _depart(SHIPMENT);
        assertEq(desk.poke(id), 0);
        vm.warp(START + 20 days + 1);
        assertEq(desk.owedInAll(id), _owedToPool());
        assertGt(desk.poke(id), 0);
        assertLe(desk.owedInAll(id), _base(id));
    }

    function test_premiumIsServedFirstOutOfTheInvoice() public {
        PolicyId policy = _bound(gale, _credit(id));
        _depart(SHIPMENT);
        uint256 owed = _owedToPool();
        uint256 poolCash = euro.balanceOf(address(pool));
        _payInvoice(PREMIUM - 1);
        assertEq(policies.premiumDueOf(policy), 1);
        assertEq(_owedToPool(), owed);
        assertEq(euro.balanceOf(address(pool)), poolCash);
        _payInvoice(101);
        assertEq(policies.premiumDueOf(policy), 0);
        assertEq(_owedToPool(), owed - 100);
        assertEq(euro.balanceOf(address(pool)), poolCash + 100);
        assertEq(_free(gale), PUT_DOWN - COVER_LIMIT + PREMIUM);
    }

    /// @dev Default, claim, the pool paid, recovery, the insurer paid, the supplier's rest: every cent is followed.
    function test_theWholeLifeOfALoss() public {
        PolicyId policy = _bound(gale, _credit(id));
        _payPremium(policy);
        _depart(SHIPMENT);
        uint256 poolCash = euro.balanceOf(address(pool));
        uint256 supplierCash = euro.balanceOf(supplier);
        _defaultAndWait(id);
        uint256 half = desk.financing(id).principal / 2;
        desk.writeOff(id, half);
        (uint256 lost, uint256 byReserve) = pool.losses();
        // The pool counts the interest given up as lost, too; it comes back as late fees.
        uint256 interestGivenUp = lost + byReserve - half;

        uint256 owed = _owedToPool();
        Waterfall.Claims memory claims = desk.owed(id);
        uint256 loss = claims.principal + claims.writtenOff + claims.interest;
        assertGt(loss, uint256(COVER_LIMIT) + DEDUCTIBLE);
        vm.prank(stranger);
        assertEq(policies.claim(policy), COVER_LIMIT);
        assertEq(_owedToPool(), owed - COVER_LIMIT);
        assertEq(desk.owedInAll(id), owed);
        assertEq(euro.balanceOf(address(pool)), poolCash + COVER_LIMIT);
        assertEq(_free(gale), PUT_DOWN - COVER_LIMIT + PREMIUM);
        assertEq(_locked(gale), 0);
        (uint256 lostAfter, uint256 byReserveAfter) = pool.losses();
        assertLt(lostAfter + byReserveAfter, lost + byReserve, "tranches lose what insurers do not bear");

        uint256 rest = _owedToPool();
        _payInvoice(rest);
        assertEq(_owedToPool(), 0);
        assertEq(policies.subrogatedDue(id), COVER_LIMIT);
        assertEq(_free(gale), PUT_DOWN - COVER_LIMIT + PREMIUM, "lenders are made whole first");
        (lostAfter, byReserveAfter) = pool.losses();
        assertEq(lostAfter + byReserveAfter, interestGivenUp);

        _payInvoice(FACE_VALUE - rest);
        assertEq(_free(gale), PUT_DOWN + PREMIUM, "then the insurer");
        assertEq(euro.balanceOf(supplier), supplierCash + FACE_VALUE - owed, "then the supplier");
        policies.close(policy);
        vm.prank(supplier);
        desk.release(id);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Released));
        assertEq(euro.balanceOf(address(policies)), 2 * PUT_DOWN + PREMIUM);
    }

    function test_claimAppliesWhatWaitsInTheCollateral() public {
        PolicyId policy = _bound(gale, _credit(id));
        _payPremium(policy);
        _depart(SHIPMENT);
        _defaultAndWait(id);
        uint256 loss = desk.owed(id).principal + desk.owed(id).interest;
        // Paid on an invoice whose custodian was not told: only the claim brings it in.
        uint256 amount = loss - DEDUCTIBLE;
        _fundAndApprove(debtor, amount, address(receivables));
        vm.mockCallRevert(address(invoices), abi.encodeWithSelector(invoices.onProceeds.selector), "deaf");
        vm.prank(debtor);
        receivables.pay(_invoice(), amount);
        vm.clearMockedCalls();
        Waterfall.Claims memory claims = desk.owed(id);
        uint256 notInsured = claims.lateFees + claims.fees;
        assertEq(policies.claim(policy), notInsured, "fees are served first, and leave principal open");
    }

    function test_lostGoodsRepayAnOpenFinancingThatIsNotDrawnAgain() public {
        PolicyId policy = _bound(gale, _cargo(id));
        _payPremium(policy);
        _depart(SHIPMENT);
        vm.warp(START + 30 days);
        _fact(inspector, carrier, SHIPMENT, Milestones.LOST, 1, 0);
        vm.warp(START + 45 days);
        uint256 principal = desk.financing(id).principal;
        assertEq(policies.claim(policy), COVER_LIMIT);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Open));
        assertLt(desk.financing(id).principal, principal);
        assertEq(desk.poke(id), 0);
    }

    function test_waiverLetsTheCollateralGo() public {
        PolicyId policy = _bound(gale, _credit(id));
        _payPremium(policy);
        _depart(SHIPMENT);
        _defaultAndWait(id);
        uint256 paid = policies.claim(policy);
        uint256 rest = _owedToPool();
        vm.prank(supplier);
        desk.repay(id, rest);
        vm.prank(gale.account);
        policies.waive(policy);
        assertEq(desk.owedInAll(id), 0);
        vm.prank(supplier);
        desk.release(id);
        assertEq(_free(gale), PUT_DOWN + PREMIUM - paid);
    }

    function test_repaidFinancingUnlocksTheLimit() public {
        PolicyId policy = _bound(gale, _credit(id));
        _depart(SHIPMENT);
        uint256 owed = desk.owedInAll(id);
        vm.prank(supplier);
        assertEq(desk.repay(id, type(uint256).max), owed);
        assertEq(policies.premiumDue(id), 0);
        policies.close(policy);
        assertEq(_free(gale), PUT_DOWN + PREMIUM);
        vm.prank(supplier);
        desk.release(id);
    }

    // Fuzz

    /// @dev Expectation by another way: whatever was paid before and after a claim, pool, insurer and supplier together
    /// have what came in, in this order of claims.
    function testFuzz_recoveriesGoDownTheRanks(uint256 before, uint256 recovery, uint48 limit, uint48 deductible)
        public
    {
        IInsurancePolicies.Terms memory terms = _credit(id);
        terms.limit = uint48(bound(limit, 1, 8_000_000));
        terms.deductible = uint48(bound(deductible, 0, 1_000_000));
        PolicyId policy = _bound(gale, terms);
        _payPremium(policy);
        _depart(SHIPMENT);
        before = bound(before, 0, 4_000_000);
        if (before != 0) _payInvoice(before);
        _defaultAndWait(id);
        uint256 owed = _owedToPool();
        uint256 paid = policies.claim(policy);
        assertLe(paid, terms.limit);
        assertLe(paid + terms.deductible, owed);
        uint256 supplierCash = euro.balanceOf(supplier);
        uint256 poolCash = euro.balanceOf(address(pool));
        recovery = bound(recovery, 1, FACE_VALUE - before);
        _payInvoice(recovery);
        uint256 toPool = recovery < owed - paid ? recovery : owed - paid;
        uint256 toInsurer = recovery - toPool < paid ? recovery - toPool : paid;
        assertEq(euro.balanceOf(address(pool)), poolCash + toPool);
        assertEq(_free(gale), PUT_DOWN + PREMIUM - paid + toInsurer);
        assertEq(euro.balanceOf(supplier), supplierCash + recovery - toPool - toInsurer);
        assertEq(desk.owedInAll(id), owed - toPool - toInsurer);
    }
}
