// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInsurancePolicies} from "../../../contracts/insurance/interfaces/IInsurancePolicies.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {PolicyId} from "../../../contracts/types/Ids.sol";
import {InsuranceBase} from "./InsuranceBase.sol";

contract PremiumTest is InsuranceBase {
    PolicyId private id;
    uint256 private payBy;

    function setUp() public override {
        super.setUp();
        id = _bound(gale, _credit());
        payBy = START + 20 days;
        _purse(acme.account, 10 * PREMIUM);
    }

    // Refusals

    function test_onlyTheDeskBooks() public {
        bytes memory refused = abi.encodeWithSelector(IInsurancePolicies.OnlyDesk.selector, stranger, address(desk));
        vm.startPrank(stranger);
        vm.expectRevert(refused);
        policies.bookPremium(FINANCING, 1);
        vm.expectRevert(refused);
        policies.bookRecovery(FINANCING, 1);
    }

    function test_moreThanIsDueIsNotBooked() public {
        vm.startPrank(address(desk));
        vm.expectRevert(
            abi.encodeWithSelector(IInsurancePolicies.CoverBookedTooMuch.selector, FINANCING, PREMIUM + 1, PREMIUM)
        );
        policies.bookPremium(FINANCING, PREMIUM + 1);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.CoverBookedTooMuch.selector, FINANCING, 1, 0));
        policies.bookRecovery(FINANCING, 1);
    }

    function test_nothingIsPaidWhereNothingIsDue() public {
        PolicyId offered = _offer(harbour, _credit());
        vm.startPrank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.PremiumNotDue.selector, offered));
        policies.payPremium(offered, 1);
        vm.expectRevert(IInsurancePolicies.CoverAmountZero.selector);
        policies.payPremium(id, 0);
        policies.payPremium(id, PREMIUM);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.PremiumNotDue.selector, id));
        policies.payPremium(id, 1);
    }

    function test_whatHasLapsedIsNotRevived() public {
        vm.warp(payBy + 1);
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.PremiumNotDue.selector, id));
        policies.payPremium(id, PREMIUM);
    }

    // Happy path

    function test_theFirstMoneyOfTheFinancingPaysThePremium() public {
        vm.expectEmit(address(policies));
        emit IInsurancePolicies.PremiumPaid(id, 40_000, PREMIUM - 40_000);
        vm.prank(acme.account);
        desk.repay(FINANCING, 40_000);
        assertEq(_owedToPool(), DEBT);
        assertEq(_free(gale), FUNDED - LIMIT + 40_000);
        _repay(40_000);
        assertEq(policies.premiumDue(FINANCING), 0);
        assertEq(_owedToPool(), DEBT - 20_000);
        assertEq(_free(gale), FUNDED - LIMIT + PREMIUM);
    }

    function test_noMoreIsTakenThanIsDue() public {
        uint256 before = euro.balanceOf(acme.account);
        vm.prank(acme.account);
        assertEq(policies.payPremium(id, type(uint256).max), PREMIUM);
        assertEq(euro.balanceOf(acme.account), before - PREMIUM);
        assertEq(euro.balanceOf(address(policies)), 2 * FUNDED + PREMIUM);
        assertEq(_owedToPool(), DEBT);
    }

    function test_theOldestPolicyIsPaidFirst() public {
        PolicyId second = _bound(harbour, _credit());
        _repay(PREMIUM + 10);
        assertEq(policies.premiumDueOf(id), 0);
        assertEq(policies.premiumDueOf(second), PREMIUM - 10);
        assertEq(_free(harbour), FUNDED - LIMIT + 10);
    }

    function test_lapseComesByTimeAlone() public {
        vm.prank(acme.account);
        policies.payPremium(id, PREMIUM - 1);
        vm.warp(payBy);
        assertTrue(policies.isInForce(id));
        assertEq(policies.premiumDue(FINANCING), 1);
        vm.warp(payBy + 1);
        assertFalse(policies.isInForce(id));
        assertEq(policies.premiumDue(FINANCING), 0);
        _repay(100);
        assertEq(_owedToPool(), DEBT - 100);
    }

    function test_lapsedCoverPaysNothing() public {
        vm.prank(acme.account);
        policies.payPremium(id, PREMIUM - 1);
        _default();
        vm.warp(GRACE_ENDS + 14 days);
        vm.expectRevert(
            abi.encodeWithSelector(IInsurancePolicies.CoverLapsed.selector, id, payBy, GRACE_ENDS + 14 days)
        );
        policies.claim(id);
    }

    function test_coverWithoutPremiumNeverLapses() public {
        IInsurancePolicies.Terms memory terms = _credit();
        terms.premium = 0;
        PolicyId free = _bound(harbour, terms);
        vm.warp(payBy + 1);
        assertTrue(policies.isInForce(free));
    }

    function test_claimBeforeThePremiumSetsItOff() public {
        IInsurancePolicies.Terms memory terms = _credit();
        (terms.payBy, terms.financing) = (terms.until, FINANCING);
        PolicyId late = _bound(harbour, terms);
        vm.prank(acme.account);
        policies.payPremium(id, PREMIUM);
        desk.setState(FINANCING, IFinancingDesk.State.Defaulted);
        vm.warp(GRACE_ENDS + 14 days);

        assertEq(policies.claim(late), LIMIT);
        assertEq(policies.policy(late).premiumPaid, PREMIUM);
        assertEq(_owedToPool(), DEBT - (LIMIT - PREMIUM));
        assertEq(_free(harbour), FUNDED - LIMIT + PREMIUM);
        assertEq(policies.subrogatedDue(FINANCING), LIMIT);
    }

    function test_premiumAboveTheClaimLeavesThePoolNothing() public {
        IInsurancePolicies.Terms memory terms = _credit();
        (terms.payBy, terms.limit) = (terms.until, 100);
        PolicyId late = _bound(harbour, terms);
        desk.setState(FINANCING, IFinancingDesk.State.Defaulted);
        vm.warp(GRACE_ENDS + 14 days);

        assertEq(policies.claim(late), 100);
        assertEq(_owedToPool(), DEBT);
        assertEq(_free(harbour), FUNDED);
        assertEq(policies.premiumDueOf(late), PREMIUM - 100);
        assertEq(policies.subrogatedDue(FINANCING), 100);
    }

    function test_aClaimPaysNobodyElsesPremium() public {
        PolicyId second = _bound(harbour, _interruption());
        vm.prank(acme.account);
        policies.payPremium(id, PREMIUM);
        desk.open(FINANCING, PRINCIPAL, 0, START + 1 days);
        desk.setState(FINANCING, IFinancingDesk.State.Defaulted);
        vm.warp(START + 15 days);
        policies.claim(id);
        assertEq(policies.premiumDueOf(second), PREMIUM);
        assertEq(_owedToPool(), PRINCIPAL - LIMIT);
    }

    // Fuzz

    /// @dev Expectation: of any series of payments, the premiums have had the first of it.
    function testFuzz_premiumsComeFirst(uint256[4] memory payments, uint48 secondPremium) public {
        IInsurancePolicies.Terms memory terms = _credit();
        terms.premium = uint48(bound(secondPremium, 0, PREMIUM));
        _bound(harbour, terms);
        uint256 premiums = uint256(PREMIUM) + terms.premium;
        uint256 paid;
        for (uint256 i; i < payments.length; ++i) {
            uint256 amount = bound(payments[i], 1, 100_000);
            _repay(amount);
            paid += amount;
            uint256 toInsurers = paid < premiums ? paid : premiums;
            assertEq(policies.premiumDue(FINANCING), premiums - toInsurers);
            assertEq(_free(gale) + _free(harbour), 2 * (FUNDED - LIMIT) + toInsurers);
            assertEq(_owedToPool(), DEBT - (paid - toInsurers));
        }
    }
}
