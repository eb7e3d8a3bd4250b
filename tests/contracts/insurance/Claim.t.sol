// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInsurancePolicies} from "../../../contracts/insurance/interfaces/IInsurancePolicies.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {PolicyId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {InsuranceBase} from "./InsuranceBase.sol";

contract ClaimTest is InsuranceBase {
    PolicyId private id;

    function setUp() public override {
        super.setUp();
        id = _paidUp(gale, _credit());
    }

    function _expectNoEvent(PolicyId which) private {
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.NoLossEvent.selector, which));
    }

    // Refusals: credit

    function test_withoutADefaultNothingIsPaid() public {
        vm.warp(GRACE_ENDS + 14 days);
        _expectNoEvent(id);
        policies.claim(id);
    }

    function test_waitingPeriodIsWaited() public {
        _default();
        vm.warp(GRACE_ENDS + 14 days - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInsurancePolicies.WaitingPeriodRuns.selector, id, GRACE_ENDS + 14 days, GRACE_ENDS + 14 days - 1
            )
        );
        policies.claim(id);
    }

    function test_defaultAfterTheCoverIsNotPaid() public {
        uint256 until = START + 120 days;
        desk.open(FINANCING, PRINCIPAL, INTEREST, until + 1);
        desk.setState(FINANCING, IFinancingDesk.State.Defaulted);
        vm.warp(until + 14 days + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IInsurancePolicies.LossOutsideCover.selector, id, until + 1, START, until)
        );
        policies.claim(id);
    }

    function test_claimThatComesTooLateIsRefused() public {
        uint256 last = START + (120 + 14 + 30) * 1 days;
        _default();
        vm.warp(last + 1);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.ClaimTooLate.selector, id, last, last + 1));
        policies.claim(id);
    }

    function test_lossWithinTheDeductibleIsNotPaid() public {
        desk.open(FINANCING, DEDUCTIBLE - 1, 1, GRACE_ENDS);
        _default();
        vm.warp(GRACE_ENDS + 14 days);
        vm.expectRevert(
            abi.encodeWithSelector(IInsurancePolicies.LossWithinDeductible.selector, id, DEDUCTIBLE, DEDUCTIBLE)
        );
        policies.claim(id);
    }

    function test_offerIsNotClaimedOn() public {
        PolicyId offered = _offer(harbour, _credit());
        bytes memory wrong = abi.encodeWithSelector(
            IInsurancePolicies.PolicyStateWrong.selector,
            offered,
            IInsurancePolicies.State.Offered,
            IInsurancePolicies.State.Bound
        );
        vm.expectRevert(wrong);
        policies.claim(offered);
        vm.expectRevert(wrong);
        policies.claimable(offered);
    }

    function test_nothingIsPaidTwice() public {
        _default();
        vm.warp(GRACE_ENDS + 14 days);
        policies.claim(id);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInsurancePolicies.PolicyStateWrong.selector,
                id,
                IInsurancePolicies.State.Paid,
                IInsurancePolicies.State.Bound
            )
        );
        policies.claim(id);
    }

    // Refusals: facts

    function test_goodsThatAreNotLostAreNotPaid() public {
        PolicyId cargo = _paidUp(harbour, _cargo(0));
        vm.warp(START + 30 days);
        _attest(inspector, Milestones.LOST, INSURED_QUANTITY);
        _expectNoEvent(cargo);
        policies.claim(cargo);
        // Final, and not yet past its dispute window.
        _attest(carrier, Milestones.LOST, INSURED_QUANTITY);
        _expectNoEvent(cargo);
        policies.claim(cargo);
        // Disputed within it.
        _attest(warehouse, Milestones.LOST, INSURED_QUANTITY / 2);
        vm.warp(START + 60 days);
        _expectNoEvent(cargo);
        policies.claim(cargo);
    }

    function test_goodsLostBeforeTheCoverAreNotPaid() public {
        PolicyId cargo = _paidUp(harbour, _cargo(0));
        // Reported now, happened an hour ago.
        _report(Milestones.LOST, INSURED_QUANTITY);
        vm.warp(START + 15 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInsurancePolicies.LossOutsideCover.selector, cargo, START - 1 hours, START, START + 120 days
            )
        );
        policies.claim(cargo);
    }

    function test_lossThatTooFewHaveMeasuredIsNotPaid() public {
        PolicyId cargo = _paidUp(harbour, _cargo(INSURED_QUANTITY));
        vm.warp(START + 30 days);
        _report(Milestones.LOST, 0);
        vm.warp(START + 45 days);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.LossWithinDeductible.selector, cargo, 0, DEDUCTIBLE));
        policies.claim(cargo);
    }

    /// @dev Two insure the same quarter: what one has paid in full the other does not pay again.
    function test_onePartialLossIsNotPaidTwice() public {
        IInsurancePolicies.Terms memory terms = _cargo(INSURED_QUANTITY);
        terms.deductible = 0;
        PolicyId first = _paidUp(gale, terms);
        PolicyId second = _paidUp(harbour, terms);
        _loseAQuarter();
        assertEq(policies.claim(first), DEBT / 4);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.LossWithinDeductible.selector, second, 0, 0));
        policies.claimable(second);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.LossWithinDeductible.selector, second, 0, 0));
        policies.claim(second);
        assertEq(_free(harbour) + _locked(harbour), FUNDED + PREMIUM);
        assertEq(_owedToPool(), DEBT - DEBT / 4);
    }

    /// @dev Interest that runs on after the first claim is no part of the loss that it measured.
    function test_aLossThatWasPaidGrowsNoMore() public {
        IInsurancePolicies.Terms memory terms = _cargo(INSURED_QUANTITY);
        terms.deductible = 0;
        PolicyId first = _paidUp(gale, terms);
        PolicyId second = _paidUp(harbour, terms);
        _loseAQuarter();
        policies.claim(first);
        desk.open(FINANCING, DEBT, DEBT, GRACE_ENDS);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.LossWithinDeductible.selector, second, 0, 0));
        policies.claim(second);
    }

    function test_arrivalWithinTheWaitingPeriodIsNoInterruption() public {
        PolicyId late = _paidUp(harbour, _interruption());
        vm.warp(START + 44 days + 1 hours);
        _attest(carrier, Milestones.ARRIVED, 0);
        _expectNoEvent(late);
        policies.claim(late);
    }

    function test_disputedArrivalPaysNothing() public {
        IInsurancePolicies.Terms memory terms = _interruption();
        terms.milestone = Milestones.LOST;
        PolicyId late = _paidUp(harbour, terms);
        _attest(inspector, Milestones.LOST, INSURED_QUANTITY);
        _attest(carrier, Milestones.LOST, INSURED_QUANTITY / 2);
        vm.warp(START + 44 days);
        _expectNoEvent(late);
        policies.claim(late);
    }

    // Happy path

    function test_defaultPaysThePool() public {
        _default();
        vm.warp(GRACE_ENDS + 14 days);
        assertEq(policies.claimable(id), LIMIT);
        vm.expectEmit(address(policies));
        emit IInsurancePolicies.ClaimPaid(id, FINANCING, GRACE_ENDS, DEBT, LIMIT);
        vm.prank(stranger);
        assertEq(policies.claim(id), LIMIT);

        assertEq(_owedToPool(), DEBT - LIMIT);
        assertEq(euro.balanceOf(address(desk)), LIMIT);
        assertEq(euro.balanceOf(address(policies)), 2 * FUNDED + PREMIUM - LIMIT);
        assertEq(euro.allowance(address(policies), address(desk)), 0);
        assertEq(_locked(gale), 0);
        assertEq(_free(gale), FUNDED - LIMIT + PREMIUM);
        assertEq(_free(harbour), FUNDED);
        assertEq(policies.subrogatedDue(FINANCING), LIMIT);
        assertEq(desk.forwards(), 1);
        assertFalse(policies.isInForce(id));
    }

    function test_feesAreNotInsured() public {
        Waterfall.Claims memory claims = Waterfall.Claims(11, 22, 33, 600_000, 44, 55);
        desk.setClaims(FINANCING, claims);
        _default();
        vm.warp(GRACE_ENDS + 14 days);
        assertEq(policies.claim(id), 600_000 + 44 + 33 - DEDUCTIBLE);
    }

    function test_brokenCustodianHoldsNothingUp() public {
        desk.breakForward(true);
        _default();
        vm.warp(GRACE_ENDS + 14 days);
        assertEq(policies.claim(id), LIMIT);
    }

    function test_lastMomentsCount() public {
        uint256 until = START + 120 days;
        desk.open(FINANCING, PRINCIPAL, INTEREST, until);
        desk.setState(FINANCING, IFinancingDesk.State.Defaulted);
        vm.warp(until + (14 + 30) * 1 days);
        assertTrue(policies.isInForce(id));
        assertEq(policies.claim(id), LIMIT);
    }

    function test_lostGoodsPayInFull() public {
        PolicyId cargo = _paidUp(harbour, _cargo(0));
        vm.warp(START + 30 days);
        _report(Milestones.LOST, 0);
        vm.warp(START + 44 days - 1 hours);
        vm.expectEmit(address(policies));
        emit IInsurancePolicies.ClaimPaid(cargo, FINANCING, START + 30 days - 1 hours, DEBT, LIMIT);
        policies.claim(cargo);
        assertEq(_owedToPool(), DEBT - LIMIT);
    }

    function test_partOfTheGoodsPaysAPart() public {
        PolicyId cargo = _paidUp(harbour, _cargo(INSURED_QUANTITY));
        vm.warp(START + 30 days);
        _report(Milestones.LOST, INSURED_QUANTITY / 4);
        vm.warp(START + 45 days);
        assertEq(policies.claim(cargo), DEBT / 4 - DEDUCTIBLE);
        assertEq(_free(harbour), FUNDED - (DEBT / 4 - DEDUCTIBLE) + PREMIUM);
    }

    function test_whatALimitLeftOpenIsPaidByTheNext() public {
        IInsurancePolicies.Terms memory terms = _cargo(INSURED_QUANTITY);
        (terms.deductible, terms.limit) = (0, 1_000_000);
        PolicyId first = _paidUp(gale, terms);
        PolicyId second = _paidUp(harbour, terms);
        _loseAQuarter();
        assertEq(policies.claim(first), 1_000_000);
        assertEq(policies.claim(second), DEBT / 4 - 1_000_000);
        IInsurancePolicies.FactClaims memory its = policies.factClaimsOf(first);
        assertEq(its.debt, DEBT);
        assertEq(its.paid, DEBT / 4);
        assertEq(abi.encode(policies.factClaimsOf(second)), abi.encode(its));
        assertEq(policies.factClaimsOf(id).debt, 0, "a default is no fact");
    }

    function test_whatLendersGotInBetweenLowersTheLoss() public {
        IInsurancePolicies.Terms memory terms = _cargo(INSURED_QUANTITY);
        (terms.deductible, terms.limit) = (0, 1_000_000);
        PolicyId first = _paidUp(gale, terms);
        PolicyId second = _paidUp(harbour, terms);
        _loseAQuarter();
        policies.claim(first);
        _repay(1_000_000);
        assertEq(policies.claim(second), (DEBT - 1_000_000) / 4 - 1_000_000);
    }

    /// @dev Another fact, or another financing's, is another loss.
    function test_lossesOfTwoFactsAreTwo() public {
        IInsurancePolicies.Terms memory terms = _cargo(INSURED_QUANTITY);
        terms.deductible = 0;
        PolicyId first = _paidUp(gale, terms);
        terms.sequence = 2;
        PolicyId second = _paidUp(harbour, terms);
        assertEq(policies.factClaimsOf(second).debt, 0);
        _loseAQuarter();
        policies.claim(first);
        _expectNoEvent(second);
        policies.claim(second);
        assertEq(policies.factClaimsOf(second).debt, 0);
    }

    function test_absentFactPays() public {
        PolicyId late = _paidUp(harbour, _interruption());
        vm.warp(START + 44 days);
        vm.expectEmit(address(policies));
        emit IInsurancePolicies.ClaimPaid(late, FINANCING, START + 30 days, DEBT, LIMIT);
        policies.claim(late);
    }

    function test_arrivalAfterTheWaitingPeriodCameTooLate() public {
        PolicyId late = _paidUp(harbour, _interruption());
        vm.warp(START + 44 days + 1 hours + 1);
        _attest(carrier, Milestones.ARRIVED, 0);
        assertEq(policies.claim(late), LIMIT);
    }

    function test_secondPolicyPaysOnWhatIsLeft() public {
        PolicyId second = _paidUp(harbour, _credit());
        _default();
        vm.warp(GRACE_ENDS + 14 days);
        policies.claim(id);
        uint256 left = DEBT - LIMIT;
        assertEq(policies.claim(second), left - DEDUCTIBLE);
        assertEq(_owedToPool(), DEDUCTIBLE);
        assertEq(policies.subrogatedDue(FINANCING), DEBT - DEDUCTIBLE);
    }

    // Fuzz

    /// @dev Expectation: one insurer with all the limits in a row pays what is lost, and no more, however many share it and
    /// whoever is first; what comes in between is taken off what the loss is a part of.
    function testFuzz_insurersOfOnePartPayItOnce(uint48[3] memory limits, uint64 lost, uint256 between, uint256 first)
        public
    {
        lost = uint64(bound(lost, 1, INSURED_QUANTITY));
        between = bound(between, 0, DEBT / 2);
        PolicyId[3] memory ids;
        for (uint256 i; i < 3; ++i) {
            IInsurancePolicies.Terms memory terms = _cargo(INSURED_QUANTITY);
            (terms.limit, terms.deductible, terms.premium) = (uint48(bound(limits[i], 1, 3_000_000)), 0, 0);
            ids[i] = _bound(i == 0 ? gale : harbour, terms);
        }
        vm.warp(START + 30 days);
        _report(Milestones.LOST, lost);
        vm.warp(START + 45 days);
        uint256 paid;
        for (uint256 i; i < 3; ++i) {
            PolicyId next = ids[addmod(first, i, 3)];
            uint256 limit = policies.policy(next).terms.limit;
            uint256 whole = (i == 0 ? DEBT : DEBT - between) * lost / INSURED_QUANTITY;
            uint256 expected = whole > paid ? whole - paid : 0;
            if (expected > limit) expected = limit;
            if (expected == 0) {
                vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.LossWithinDeductible.selector, next, 0, 0));
                policies.claim(next);
            } else {
                assertEq(policies.claim(next), expected);
            }
            paid += expected;
            if (i == 0) between = _takeIn(between);
        }
        assertLe(paid, DEBT * lost / INSURED_QUANTITY, "insured + uninsured = total loss");
        assertEq(policies.subrogatedDue(FINANCING), paid);
    }

    /// @return taken of the amount, what the lenders were still owed
    function _takeIn(uint256 amount) private returns (uint256 taken) {
        taken = amount < _owedToPool() ? amount : _owedToPool();
        if (taken != 0) _repay(taken);
    }

    function _loseAQuarter() private {
        vm.warp(START + 30 days);
        _report(Milestones.LOST, INSURED_QUANTITY / 4);
        vm.warp(START + 45 days);
    }

    /// @dev Expectation: whoever claims in whatever order, each policy within its limit, all of them never more than the loss
    /// less what remains to the lenders, and the debt falls by what was paid.
    function testFuzz_policiesNeverPayMoreThanTheLoss(
        uint256 debt,
        uint48[3] memory limits,
        uint48[3] memory deductibles,
        uint256 first
    ) public {
        debt = bound(debt, 1, 20_000_000);
        PolicyId[3] memory ids;
        for (uint256 i; i < 3; ++i) {
            IInsurancePolicies.Terms memory terms = _credit();
            terms.limit = uint48(bound(limits[i], 1, 3_000_000));
            terms.deductible = uint48(bound(deductibles[i], 0, 2_000_000));
            terms.premium = 0;
            ids[i] = _bound(i == 0 ? gale : harbour, terms);
        }
        desk.open(FINANCING, debt, 0, GRACE_ENDS);
        _default();
        vm.warp(GRACE_ENDS + 14 days);
        uint256 paid;
        for (uint256 i; i < 3; ++i) {
            PolicyId next = ids[addmod(first, i, 3)];
            IInsurancePolicies.Terms memory terms = policies.policy(next).terms;
            uint256 loss = debt - paid;
            if (loss <= terms.deductible) continue;
            uint256 expected = loss - terms.deductible;
            if (expected > terms.limit) expected = terms.limit;
            assertEq(policies.claim(next), expected);
            paid += expected;
            assertEq(_owedToPool(), debt - paid);
        }
        assertLe(paid, debt);
        assertEq(policies.subrogatedDue(FINANCING), paid);
    }
}
