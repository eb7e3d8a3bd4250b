// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {InsurancePolicies} from "../../../contracts/insurance/InsurancePolicies.sol";
import {LossAdjuster} from "../../../contracts/insurance/LossAdjuster.sol";
import {IInsurancePolicies} from "../../../contracts/insurance/interfaces/IInsurancePolicies.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {FinancingId, PolicyId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";
import {CoverDesk} from "./doubles/CoverDesk.sol";

/// @title Policies over a desk that says what the test wants: Acme's financing 1 owes 60,000.00 of principal and 1,200.00
/// of interest, its grace ends in 65 days. Gale insures it to 50,000.00 above a deductible of 5,000.00, for 600.00, payable
/// within 20 days, for 120 days, with 14 days of waiting and 30 to claim; Harbour may, too. Both have put 100,000.00 down.
abstract contract InsuranceBase is Network {
    FinancingId internal constant FINANCING = FinancingId.wrap(1);
    uint256 internal constant PRINCIPAL = 6_000_000;
    uint256 internal constant INTEREST = 120_000;
    uint256 internal constant DEBT = PRINCIPAL + INTEREST;
    uint48 internal constant LIMIT = 5_000_000;
    uint48 internal constant DEDUCTIBLE = 500_000;
    uint48 internal constant PREMIUM = 60_000;
    uint256 internal constant FUNDED = 10_000_000;
    uint256 internal constant GRACE_ENDS = START + 65 days;
    uint64 internal constant INSURED_QUANTITY = 1_000_000;

    InsurancePolicies internal policies;
    LossAdjuster internal adjuster;
    CoverDesk internal desk;
    Party internal gale;
    Party internal harbour;
    address internal stranger = makeAddr("stranger");

    function setUp() public virtual override {
        super.setUp();
        gale = _admit("GALEASSURANCE", Roles.INSURER);
        harbour = _admit("HARBOURMUTUAL", Roles.INSURER);
        manager.grantRole(Offices.CREDIT_OFFICER, address(this), 0);
        desk = new CoverDesk(euro, acme.account);
        adjuster = new LossAdjuster(IFinancingDesk(address(desk)), oracle, registry);
        policies = new InsurancePolicies(IFinancingDesk(address(desk)), adjuster, registry, address(manager));
        registry.admitAccount(operator.lei, address(desk));
        registry.admitAccount(operator.lei, address(policies));
        _allow(policies.bind.selector, address(policies), Offices.CREDIT_OFFICER);
        desk.setCover(policies);
        desk.open(FINANCING, PRINCIPAL, INTEREST, GRACE_ENDS);
        _setLossPolicy();
        _openSubject();
        _fund(gale.account, FUNDED);
        _fund(harbour.account, FUNDED);
    }

    function _setLossPolicy() private {
        uint8 seeing = uint8(Roles.INSPECTOR | Roles.CARRIER | Roles.WAREHOUSE);
        oracle.setPolicy(Milestones.LOST, IMilestoneOracle.Policy(2, seeing, 0, 100, 90 days, 1 hours, 1 hours));
        oracle.setPolicy(Milestones.ARRIVED, IMilestoneOracle.Policy(1, seeing, 0, 100, 90 days, 1 hours, 0));
    }

    // Money

    function _fund(address who, uint256 amount) internal {
        _purse(who, amount);
        vm.prank(who);
        policies.deposit(euro, amount);
    }

    function _purse(address who, uint256 amount) internal {
        _issue(euro, who, amount);
        vm.startPrank(who);
        euro.approve(address(policies), type(uint256).max);
        euro.approve(address(desk), type(uint256).max);
        vm.stopPrank();
    }

    // Terms

    function _credit() internal view returns (IInsurancePolicies.Terms memory terms) {
        terms.financing = FINANCING;
        (terms.limit, terms.deductible, terms.premium) = (LIMIT, DEDUCTIBLE, PREMIUM);
        uint256 now_ = vm.getBlockTimestamp();
        terms.offerUntil = uint40(now_ + 10 days);
        terms.payBy = uint40(now_ + 20 days);
        terms.until = uint40(now_ + 120 days);
        (terms.waitingDays, terms.claimDays) = (14, 30);
    }

    function _cargo(uint64 quantity) internal view returns (IInsurancePolicies.Terms memory terms) {
        terms = _credit();
        (terms.kind, terms.subject) = (IInsurancePolicies.Kind.Cargo, SHIPMENT);
        (terms.milestone, terms.sequence, terms.quantity) = (Milestones.LOST, 1, quantity);
    }

    function _interruption() internal view returns (IInsurancePolicies.Terms memory terms) {
        terms = _credit();
        (terms.kind, terms.subject) = (IInsurancePolicies.Kind.Interruption, SHIPMENT);
        (terms.milestone, terms.sequence) = (Milestones.ARRIVED, 1);
        terms.deadline = uint40(vm.getBlockTimestamp() + 30 days);
    }

    // Policies

    function _offer(Party memory insurer, IInsurancePolicies.Terms memory terms) internal returns (PolicyId) {
        vm.prank(insurer.account);
        return policies.offer(terms);
    }

    function _accept(PolicyId id) internal {
        bytes32 hash = policies.termsHash(id);
        vm.prank(acme.account);
        policies.accept(id, hash);
    }

    function _bind(PolicyId id) internal {
        policies.bind(id, policies.termsHash(id));
    }

    function _bound(Party memory insurer, IInsurancePolicies.Terms memory terms) internal returns (PolicyId id) {
        id = _offer(insurer, terms);
        _accept(id);
        _bind(id);
    }

    function _payPremium(PolicyId id) internal {
        uint256 due = policies.premiumDueOf(id);
        _purse(acme.account, due);
        vm.prank(acme.account);
        policies.payPremium(id, due);
    }

    /// @notice A policy whose premium is paid.
    function _paidUp(Party memory insurer, IInsurancePolicies.Terms memory terms) internal returns (PolicyId id) {
        id = _bound(insurer, terms);
        _payPremium(id);
    }

    // Events

    function _default() internal {
        vm.warp(GRACE_ENDS);
        desk.setState(FINANCING, IFinancingDesk.State.Defaulted);
    }

    /// @notice Two organisations report it, as having happened an hour ago.
    function _report(uint32 milestone, uint64 quantity) internal {
        _attest(inspector, milestone, quantity);
        _attest(carrier, milestone, quantity);
    }

    /// @notice Somebody pays on the financing.
    function _repay(uint256 amount) internal {
        _purse(acme.account, amount);
        vm.prank(acme.account);
        desk.repay(FINANCING, amount);
    }

    // Reading

    function _free(Party memory insurer) internal view returns (uint256) {
        return policies.positionOf(insurer.account, euro).free;
    }

    function _locked(Party memory insurer) internal view returns (uint256) {
        return policies.positionOf(insurer.account, euro).locked;
    }

    function _state(PolicyId id) internal view returns (IInsurancePolicies.State) {
        return policies.policy(id).state;
    }

    function _owedToPool() internal view returns (uint256) {
        return Waterfall.total(desk.owed(FINANCING));
    }
}
