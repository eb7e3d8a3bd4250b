// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {InsurancePolicies} from "../../../contracts/insurance/InsurancePolicies.sol";
import {LossAdjuster} from "../../../contracts/insurance/LossAdjuster.sol";
import {IInsurancePolicies} from "../../../contracts/insurance/interfaces/IInsurancePolicies.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {FinancingId, PolicyId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "../lending/LendingBase.sol";

/// @title Policies on the real desk. Gale and Harbour have put 100,000.00 down each; a policy is to 40,000.00 above a
/// deductible of 5,000.00, for 600.00 payable within 20 days, for 120 days, with 14 days of waiting and 30 to claim.
abstract contract CoveredBase is LendingBase {
    uint48 internal constant COVER_LIMIT = 4_000_000;
    uint48 internal constant DEDUCTIBLE = 500_000;
    uint48 internal constant PREMIUM = 60_000;
    uint256 internal constant PUT_DOWN = 10_000_000;
    uint16 internal constant WAITING_DAYS = 14;

    InsurancePolicies internal policies;
    LossAdjuster internal adjuster;
    Party internal gale;
    Party internal harbourMutual;

    function setUp() public virtual override {
        super.setUp();
        adjuster = new LossAdjuster(desk, oracle, registry);
        policies = new InsurancePolicies(desk, adjuster, registry, address(manager));
        registry.admitAccount(operator.lei, address(policies));
        _allow(desk.setCover.selector, address(desk), Offices.GOVERNOR);
        _allow(policies.bind.selector, address(policies), Offices.CREDIT_OFFICER);
        desk.setCover(policies);
        uint8 seeing = uint8(Roles.INSPECTOR | Roles.CARRIER | Roles.WAREHOUSE);
        oracle.setPolicy(
            Milestones.LOST, IMilestoneOracle.Policy(2, seeing, uint8(Roles.INSPECTOR), 100, 90 days, 300, 0)
        );
        gale = _insurer("GALEASSURANCE");
        harbourMutual = _insurer("HARBOURMUTUAL");
        _fundAndApprove(supplier, 20_000_000, address(policies));
        vm.prank(supplier);
        euro.approve(address(desk), type(uint256).max);
    }

    function _insurer(string memory name) private returns (Party memory party) {
        party = _admit(name, Roles.INSURER);
        registry.renewKyc(party.lei, uint40(START + 20 * 365 days));
        _fundAndApprove(party.account, PUT_DOWN, address(policies));
        vm.prank(party.account);
        policies.deposit(euro, PUT_DOWN);
    }

    // Policies

    function _credit(FinancingId id) internal view returns (IInsurancePolicies.Terms memory terms) {
        terms.financing = id;
        (terms.limit, terms.deductible, terms.premium) = (COVER_LIMIT, DEDUCTIBLE, PREMIUM);
        uint256 now_ = vm.getBlockTimestamp();
        terms.offerUntil = uint40(now_ + 10 days);
        terms.payBy = uint40(now_ + 20 days);
        terms.until = uint40(now_ + 120 days);
        (terms.waitingDays, terms.claimDays) = (WAITING_DAYS, 30);
    }

    function _cargo(FinancingId id) internal view returns (IInsurancePolicies.Terms memory terms) {
        terms = _credit(id);
        (terms.kind, terms.subject) = (IInsurancePolicies.Kind.Cargo, SHIPMENT);
        (terms.milestone, terms.sequence) = (Milestones.LOST, 1);
    }

    function _bound(Party memory insurer, IInsurancePolicies.Terms memory terms) internal returns (PolicyId id) {
        vm.prank(insurer.account);
        id = policies.offer(terms);
        bytes32 hash = policies.termsHash(id);
        vm.prank(supplier);
        policies.accept(id, hash);
        policies.bind(id, hash);
    }

    function _payPremium(PolicyId id) internal {
        vm.prank(supplier);
        policies.payPremium(id, type(uint256).max);
    }

    /// @notice The financing's grace passes, it is put in default, and the waiting period passes.
    function _defaultAndWait(FinancingId id) internal {
        (, uint256 graceEndsAt) = desk.maturityOf(id);
        vm.warp(graceEndsAt);
        desk.declareDefault(id, 0);
        vm.warp(graceEndsAt + uint256(WAITING_DAYS) * 1 days);
    }

    // Reading

    function _free(Party memory insurer) internal view returns (uint256) {
        return policies.positionOf(insurer.account, euro).free;
    }

    function _locked(Party memory insurer) internal view returns (uint256) {
        return policies.positionOf(insurer.account, euro).locked;
    }
}
