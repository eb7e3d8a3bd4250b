// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IInsurancePolicies} from "../../../contracts/insurance/interfaces/IInsurancePolicies.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {OrganisationId, PolicyId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {InsuranceBase} from "./InsuranceBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract BindTest is InsuranceBase {
    PolicyId private id;

    function setUp() public override {
        super.setUp();
        id = _offer(gale, _credit());
    }

    function _wrongState(IInsurancePolicies.State its, IInsurancePolicies.State needed)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IInsurancePolicies.PolicyStateWrong.selector, id, its, needed);
    }

    function _expectKnownLoss() private {
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.LossAlreadyKnown.selector, FINANCING));
    }

    // Refusals: the supplier

    function test_onlyTheFacilitysSupplierAccepts() public {
        bytes32 hash = policies.termsHash(id);
        vm.prank(borealis.account);
        vm.expectRevert(
            abi.encodeWithSelector(IInsurancePolicies.NotSupplierOf.selector, 1, borealis.account, acme.account)
        );
        policies.accept(id, hash);
    }

    function test_supplierThatMayNotActIsRefused() public {
        desk.setActing(false);
        bytes32 hash = policies.termsHash(id);
        OrganisationId none = OrganisationId.wrap(0);
        vm.prank(acme.account);
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.AccountNotOfSupplier.selector, 1, acme.account, none, none)
        );
        policies.accept(id, hash);
    }

    function test_otherTermsAreNotAgreedTo() public {
        bytes32 hash = policies.termsHash(id);
        PolicyId other = _offer(harbour, _credit());
        bytes32 its = policies.termsHash(other);
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.PolicyTermsDiffer.selector, other, hash, its));
        policies.accept(other, hash);
        _accept(id);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.PolicyTermsDiffer.selector, id, its, hash));
        policies.bind(id, its);
    }

    function test_offerOfYesterdayIsOver() public {
        uint256 offerUntil = START + 10 days;
        bytes32 hash = policies.termsHash(id);
        vm.warp(offerUntil + 1);
        bytes memory expired =
            abi.encodeWithSelector(IInsurancePolicies.OfferExpired.selector, id, offerUntil, offerUntil + 1);
        vm.prank(acme.account);
        vm.expectRevert(expired);
        policies.accept(id, hash);
        vm.warp(offerUntil);
        _accept(id);
        vm.warp(offerUntil + 1);
        vm.expectRevert(expired);
        policies.bind(id, hash);
    }

    function test_nobodyAcceptsTwice() public {
        _accept(id);
        bytes32 hash = policies.termsHash(id);
        vm.prank(acme.account);
        vm.expectRevert(_wrongState(IInsurancePolicies.State.Accepted, IInsurancePolicies.State.Offered));
        policies.accept(id, hash);
    }

    // Refusals: the credit officer

    function test_onlyTheCreditOfficerBinds() public {
        _accept(id);
        bytes32 hash = policies.termsHash(id);
        vm.prank(gale.account);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, gale.account));
        policies.bind(id, hash);
    }

    function test_withoutTheSuppliersWordNothingBinds() public {
        bytes32 hash = policies.termsHash(id);
        vm.expectRevert(_wrongState(IInsurancePolicies.State.Offered, IInsurancePolicies.State.Accepted));
        policies.bind(id, hash);
    }

    function test_nobodyPromisesWhatIsNotThere() public {
        vm.prank(gale.account);
        policies.withdraw(euro, FUNDED - LIMIT + 1);
        _accept(id);
        bytes32 hash = policies.termsHash(id);
        vm.expectRevert(
            abi.encodeWithSelector(IInsurancePolicies.PositionTooSmall.selector, gale.account, LIMIT, LIMIT - 1)
        );
        policies.bind(id, hash);
    }

    function test_insurerThatMayNoLongerInsureIsRefused() public {
        _accept(id);
        registry.setRoles(gale.lei, Roles.LENDER);
        bytes32 hash = policies.termsHash(id);
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.RoleMissing.selector, gale.account, Roles.LENDER, Roles.INSURER)
        );
        policies.bind(id, hash);
    }

    function test_financingInTroubleIsNotInsured() public {
        _accept(id);
        bytes32 hash = policies.termsHash(id);
        desk.setState(FINANCING, IFinancingDesk.State.Defaulted);
        _expectKnownLoss();
        policies.bind(id, hash);
        desk.setState(FINANCING, IFinancingDesk.State.Repaid);
        _expectKnownLoss();
        policies.bind(id, hash);
        desk.setState(FINANCING, IFinancingDesk.State.Open);
        desk.setLosses(FINANCING, 1, 0);
        _expectKnownLoss();
        policies.bind(id, hash);
        desk.setLosses(FINANCING, 0, 1);
        _expectKnownLoss();
        policies.bind(id, hash);
        desk.setLosses(FINANCING, 0, 0);
        desk.open(FINANCING, PRINCIPAL, INTEREST, block.timestamp);
        _expectKnownLoss();
        policies.bind(id, hash);
    }

    function test_goodsThatAreLostAreNotInsured() public {
        PolicyId cargo = _offer(gale, _cargo(0));
        _accept(cargo);
        bytes32 hash = policies.termsHash(cargo);
        uint256 before = vm.snapshotState();
        _report(Milestones.LOST, INSURED_QUANTITY);
        _expectKnownLoss();
        policies.bind(cargo, hash);
        vm.revertToState(before);
        // In dispute: quantities further apart than a percent.
        _attest(inspector, Milestones.LOST, INSURED_QUANTITY);
        _attest(carrier, Milestones.LOST, INSURED_QUANTITY / 2);
        _expectKnownLoss();
        policies.bind(cargo, hash);
    }

    function test_aSingleWitnessStopsNoBinding() public {
        PolicyId cargo = _offer(gale, _cargo(0));
        _accept(cargo);
        _attest(inspector, Milestones.LOST, INSURED_QUANTITY);
        _bind(cargo);
        assertTrue(policies.isInForce(cargo));
    }

    function test_fifthPolicyIsRefused() public {
        for (uint256 i; i < 4; ++i) {
            IInsurancePolicies.Terms memory terms = _credit();
            terms.limit = uint48(1_000_000 + i);
            _bound(gale, terms);
        }
        _accept(id);
        bytes32 hash = policies.termsHash(id);
        vm.expectRevert(abi.encodeWithSelector(IInsurancePolicies.TooManyPolicies.selector, FINANCING, 4));
        policies.bind(id, hash);
    }

    // Happy path

    function test_bindingLocksTheLimitAndBeginsThePremium() public {
        _accept(id);
        vm.expectEmit(address(policies));
        emit IInsurancePolicies.PolicyBound(id, FINANCING, gale.account, LIMIT);
        _bind(id);
        IInsurancePolicies.Policy memory its = policies.policy(id);
        assertTrue(its.state == IInsurancePolicies.State.Bound);
        assertEq(its.boundAt, START);
        assertEq(its.cash, address(euro));
        assertEq(_free(gale), FUNDED - LIMIT);
        assertEq(_locked(gale), LIMIT);
        assertEq(policies.premiumDue(FINANCING), PREMIUM);
        assertEq(policies.subrogatedDue(FINANCING), 0);
        assertTrue(policies.isInForce(id));
        assertTrue(desk.isCovered(FINANCING));
    }

    function test_theDeskIsToldOnce() public {
        _accept(id);
        _bind(id);
        // The double refuses to be told twice.
        PolicyId second = _bound(harbour, _interruption());
        PolicyId[] memory its = policies.policiesOf(FINANCING);
        assertEq(its.length, 2);
        assertEq(PolicyId.unwrap(its[0]), PolicyId.unwrap(id));
        assertEq(PolicyId.unwrap(its[1]), PolicyId.unwrap(second));
        assertEq(policies.premiumDue(FINANCING), 2 * uint256(PREMIUM));
    }
}
