// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IInsurancePolicies} from "../../../contracts/insurance/interfaces/IInsurancePolicies.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FinancingId, GroupId, PolicyId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {InsuranceBase} from "./InsuranceBase.sol";

contract OfferTest is InsuranceBase {
    function _refused(IInsurancePolicies.Terms memory terms, IInsurancePolicies.Flaw flaw) private {
        vm.prank(gale.account);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.PolicyTermsUnsound.selector, FINANCING, flaw));
        policies.offer(terms);
    }

    // Refusals

    function test_onlyInsurersOffer() public {
        IInsurancePolicies.Terms memory terms = _credit();
        vm.prank(borealis.account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector,
                borealis.account,
                Roles.DEBTOR | Roles.CONSIGNEE,
                Roles.INSURER
            )
        );
        policies.offer(terms);
    }

    function test_financingThatIsNotThereIsRefused() public {
        IInsurancePolicies.Terms memory terms = _credit();
        terms.financing = FinancingId.wrap(9);
        vm.prank(gale.account);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FinancingUnknown.selector, terms.financing));
        policies.offer(terms);
    }

    function test_nobodyInsuresItsOwnGroup() public {
        Party memory affiliate = _admitIn("ACMECAPTIVE", acme.lei, Roles.INSURER);
        uint256 group = GroupId.unwrap(registry.membershipOf(acme.account).group);
        IInsurancePolicies.Terms memory terms = _credit();
        vm.prank(affiliate.account);
        vm.expectRevert(
            abi.encodeWithSelector(IInsurancePolicies.InsurerOfOwnGroup.selector, FINANCING, affiliate.account, group)
        );
        policies.offer(terms);
    }

    function test_withoutLimitIsRefused() public {
        IInsurancePolicies.Terms memory terms = _credit();
        terms.limit = 0;
        _refused(terms, IInsurancePolicies.Flaw.Amounts);
    }

    function test_timesThatDoNotFollowEachOtherAreRefused() public {
        IInsurancePolicies.Terms memory terms = _credit();
        terms.offerUntil = uint40(START - 1);
        _refused(terms, IInsurancePolicies.Flaw.Times);
        terms.offerUntil = uint40(START + 30 days + 1);
        terms.payBy = terms.offerUntil + 1;
        _refused(terms, IInsurancePolicies.Flaw.Times);
        terms = _credit();
        terms.payBy = terms.offerUntil;
        _refused(terms, IInsurancePolicies.Flaw.Times);
        terms = _credit();
        terms.until = terms.payBy - 1;
        _refused(terms, IInsurancePolicies.Flaw.Times);
        terms = _credit();
        terms.waitingDays = 366;
        _refused(terms, IInsurancePolicies.Flaw.Times);
        terms = _credit();
        terms.claimDays = 0;
        _refused(terms, IInsurancePolicies.Flaw.Times);
        terms.claimDays = 366;
        _refused(terms, IInsurancePolicies.Flaw.Times);
    }

    function test_deadlineIsOnlyOfAnInterruptionAndWithinItsCover() public {
        IInsurancePolicies.Terms memory terms = _credit();
        terms.deadline = terms.until;
        _refused(terms, IInsurancePolicies.Flaw.Times);
        terms = _interruption();
        terms.deadline = terms.offerUntil;
        _refused(terms, IInsurancePolicies.Flaw.Times);
        terms.deadline = terms.until + 1;
        _refused(terms, IInsurancePolicies.Flaw.Times);
    }

    function test_creditNamesNoFact() public {
        for (uint256 i; i < 4; ++i) {
            IInsurancePolicies.Terms memory terms = _credit();
            if (i == 0) terms.subject = SHIPMENT;
            if (i == 1) terms.milestone = Milestones.LOST;
            if (i == 2) terms.sequence = 1;
            if (i == 3) terms.quantity = 1;
            _refused(terms, IInsurancePolicies.Flaw.Trigger);
        }
    }

    function test_cargoAndInterruptionNameAFactThatIsAttested() public {
        for (uint256 i; i < 3; ++i) {
            IInsurancePolicies.Terms memory terms = _cargo(0);
            if (i == 0) terms.subject = 0;
            if (i == 1) terms.milestone = Milestones.ACCEPTED;
            if (i == 2) terms.sequence = 0;
            _refused(terms, IInsurancePolicies.Flaw.Trigger);
        }
        IInsurancePolicies.Terms memory interruption = _interruption();
        interruption.quantity = 1;
        _refused(interruption, IInsurancePolicies.Flaw.Trigger);
    }

    function test_consignmentOfAnotherGroupIsRefused() public {
        bytes32 foreign = keccak256("not Acme's");
        IInsurancePolicies.Terms memory terms = _cargo(0);
        terms.subject = foreign;
        uint256 group = GroupId.unwrap(registry.membershipOf(acme.account).group);
        vm.prank(gale.account);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.InsuredSubjectForeign.selector, foreign, 0, group));
        policies.offer(terms);
    }

    function test_onlyItsInsurerWithdrawsAnOffer() public {
        PolicyId id = _offer(gale, _credit());
        vm.prank(harbour.account);
        vm.expectRevert(
            abi.encodeWithSelector(IInsurancePolicies.NotInsurerOf.selector, id, harbour.account, gale.account)
        );
        policies.withdrawOffer(id);
    }

    function test_boundPolicyIsNotWithdrawn() public {
        PolicyId id = _bound(gale, _credit());
        vm.prank(gale.account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInsurancePolicies.PolicyStateWrong.selector,
                id,
                IInsurancePolicies.State.Bound,
                IInsurancePolicies.State.Offered
            )
        );
        policies.withdrawOffer(id);
    }

    function test_policyThatIsNotThereIsRefused() public {
        PolicyId none = PolicyId.wrap(5);
        bytes memory unknown = abi.encodeWithSelector(IInsurancePolicies.PolicyUnknown.selector, none);
        vm.expectRevert(unknown);
        policies.policy(none);
        vm.expectRevert(unknown);
        policies.termsHash(none);
        vm.expectRevert(unknown);
        policies.claim(none);
        vm.expectRevert(unknown);
        policies.close(none);
    }

    // Happy path

    function test_offerIsKeptAsItWasMade() public {
        IInsurancePolicies.Terms memory terms = _interruption();
        vm.expectEmit(address(policies));
        emit IInsurancePolicies.PolicyOffered(PolicyId.wrap(1), FINANCING, gale.account, terms);
        PolicyId id = _offer(gale, terms);
        IInsurancePolicies.Policy memory its = policies.policy(id);
        assertEq(abi.encode(its.terms), abi.encode(terms));
        assertEq(its.insurer, gale.account);
        assertTrue(its.state == IInsurancePolicies.State.Offered);
        assertEq(policies.policyCount(), 1);
        assertEq(policies.termsHash(id), keccak256(abi.encode(id, gale.account, terms)));
        assertEq(_locked(gale), 0);
        assertEq(policies.premiumDue(FINANCING), 0);
        assertFalse(policies.isInForce(id));
    }

    function test_withdrawnOfferIsOver() public {
        PolicyId id = _offer(gale, _credit());
        _accept(id);
        vm.prank(gale.account);
        policies.withdrawOffer(id);
        assertTrue(_state(id) == IInsurancePolicies.State.Ended);
        bytes32 hash = policies.termsHash(id);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInsurancePolicies.PolicyStateWrong.selector,
                id,
                IInsurancePolicies.State.Ended,
                IInsurancePolicies.State.Accepted
            )
        );
        policies.bind(id, hash);
    }
}
