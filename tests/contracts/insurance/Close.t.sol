// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInsurancePolicies} from "../../../contracts/insurance/interfaces/IInsurancePolicies.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {PolicyId} from "../../../contracts/types/Ids.sol";
import {InsuranceBase} from "./InsuranceBase.sol";

/// @title How policies end, and how insurers get back what they have paid.
contract CloseTest is InsuranceBase {
    PolicyId private id;
    uint256 private claimableUntil;

    function setUp() public override {
        super.setUp();
        id = _paidUp(gale, _credit());
        claimableUntil = START + (120 + 14 + 30) * 1 days;
    }

    function _claimed() private {
        _default();
        vm.warp(GRACE_ENDS + 14 days);
        policies.claim(id);
    }

    // Refusals

    function test_runningCoverIsNotClosed() public {
        vm.warp(claimableUntil);
        vm.expectRevert(
            abi.encodeWithSelector(IInsurancePolicies.CoverStillRuns.selector, id, claimableUntil, claimableUntil)
        );
        policies.close(id);
    }

    function test_offerIsNotClosed() public {
        PolicyId offered = _offer(harbour, _credit());
        vm.expectRevert(
            abi.encodeWithSelector(
                IInsurancePolicies.PolicyStateWrong.selector,
                offered,
                IInsurancePolicies.State.Offered,
                IInsurancePolicies.State.Bound
            )
        );
        policies.close(offered);
    }

    function test_whatHasNotComeBackKeepsAPolicyOpen() public {
        _claimed();
        vm.warp(claimableUntil + 1);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.PolicyStillDue.selector, id, LIMIT));
        policies.close(id);
    }

    function test_onlyTheInsurerWaives() public {
        _claimed();
        vm.prank(acme.account);
        vm.expectRevert(
            abi.encodeWithSelector(IInsurancePolicies.NotInsurerOf.selector, id, acme.account, gale.account)
        );
        policies.waive(id);
    }

    function test_nothingIsWaivedBeforeItWasPaid() public {
        vm.prank(gale.account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInsurancePolicies.PolicyStateWrong.selector,
                id,
                IInsurancePolicies.State.Bound,
                IInsurancePolicies.State.Paid
            )
        );
        policies.waive(id);
    }

    // Happy path: ends

    function test_expiryUnlocks() public {
        vm.warp(claimableUntil + 1);
        assertFalse(policies.isInForce(id));
        vm.expectEmit(address(policies));
        emit IInsurancePolicies.PolicyEnded(id, LIMIT);
        policies.close(id);
        assertEq(_locked(gale), 0);
        assertEq(_free(gale), FUNDED + PREMIUM);
        assertEq(policies.policiesOf(FINANCING).length, 0);
        assertFalse(desk.isCovered(FINANCING));
        assertTrue(_state(id) == IInsurancePolicies.State.Ended);
    }

    function test_lapseUnlocks() public {
        PolicyId second = _bound(harbour, _credit());
        vm.warp(START + 20 days + 1);
        policies.close(second);
        assertEq(_free(harbour), FUNDED);
        assertTrue(desk.isCovered(FINANCING));
        assertEq(policies.policiesOf(FINANCING).length, 1);
    }

    function test_paidFinancingUnlocks() public {
        desk.setState(FINANCING, IFinancingDesk.State.Repaid);
        uint256 before = vm.snapshotState();
        policies.close(id);
        assertEq(_locked(gale), 0);
        vm.revertToState(before);
        desk.setState(FINANCING, IFinancingDesk.State.Released);
        policies.close(id);
        assertEq(_locked(gale), 0);
    }

    function test_theOthersKeepTheirOrder() public {
        PolicyId second = _bound(harbour, _credit());
        PolicyId third = _paidUp(gale, _interruption());
        vm.warp(START + 20 days + 1);
        policies.close(second);
        PolicyId[] memory its = policies.policiesOf(FINANCING);
        assertEq(its.length, 2);
        assertEq(PolicyId.unwrap(its[0]), PolicyId.unwrap(id));
        assertEq(PolicyId.unwrap(its[1]), PolicyId.unwrap(third));
    }

    function test_waiverEndsTheClaimOnTheCollateral() public {
        _claimed();
        vm.expectEmit(address(policies));
        emit IInsurancePolicies.RecoveryWaived(id, LIMIT);
        vm.prank(gale.account);
        policies.waive(id);
        assertEq(policies.subrogatedDue(FINANCING), 0);
        assertFalse(desk.isCovered(FINANCING));
    }

    // Happy path: recoveries

    function test_lendersAreMadeWholeBeforeTheInsurer() public {
        _claimed();
        uint256 left = DEBT - LIMIT;
        _repay(left - 1);
        assertEq(policies.subrogatedDue(FINANCING), LIMIT);
        _purse(acme.account, 100);
        vm.expectEmit(address(policies));
        emit IInsurancePolicies.RecoveryPaid(id, 99, LIMIT - 99);
        vm.prank(acme.account);
        desk.repay(FINANCING, 100);
        assertEq(_owedToPool(), 0);
        assertEq(policies.subrogatedDue(FINANCING), LIMIT - 99);
        assertEq(_free(gale), FUNDED - LIMIT + PREMIUM + 99);
    }

    function test_insurerIsMadeWholeAndNoMore() public {
        _claimed();
        uint256 purse = euro.balanceOf(acme.account);
        _repay(DEBT + 1_000_000);
        assertEq(euro.balanceOf(acme.account), purse + 1_000_000);
        assertEq(_free(gale), FUNDED + PREMIUM);
        assertEq(policies.subrogatedDue(FINANCING), 0);
        policies.close(id);
        assertTrue(_state(id) == IInsurancePolicies.State.Ended);
        assertFalse(desk.isCovered(FINANCING));
        vm.prank(gale.account);
        policies.withdraw(euro, FUNDED + PREMIUM);
        assertEq(euro.balanceOf(gale.account), FUNDED + PREMIUM);
    }

    // Fuzz

    /// @dev Expectation by another way: of a recovery each insurer has, within a unit, the part that its open claim is of
    /// both, and never more than it paid.
    function testFuzz_insurersShareARecovery(uint48 firstLimit, uint48 secondLimit, uint256[3] memory amounts) public {
        IInsurancePolicies.Terms memory terms = _credit();
        (terms.deductible, terms.premium) = (0, 0);
        terms.limit = uint48(bound(firstLimit, 1, 3_000_000));
        PolicyId first = _bound(harbour, terms);
        terms.limit = uint48(bound(secondLimit, 1, 3_000_000));
        PolicyId second = _bound(gale, terms);
        _default();
        vm.warp(GRACE_ENDS + 14 days);
        policies.claim(first);
        policies.claim(second);
        _repay(_owedToPool());
        for (uint256 i; i < 3; ++i) {
            uint256 firstDue = policies.policy(first).paid - policies.policy(first).recovered;
            uint256 due = policies.subrogatedDue(FINANCING);
            if (due == 0) return;
            uint256 amount = bound(amounts[i], 1, due);
            _repay(amount);
            uint256 got = firstDue - (policies.policy(first).paid - policies.policy(first).recovered);
            assertLe(got, firstDue);
            assertApproxEqAbs(got * due, amount * firstDue, due);
            assertEq(policies.subrogatedDue(FINANCING), due - amount);
        }
        assertLe(policies.policy(second).recovered, policies.policy(second).paid);
    }
}
