// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FinancingId, PolicyId} from "../../../contracts/types/Ids.sol";
import {CoveredBase} from "../insurance/CoveredBase.sol";
import {GasRecord} from "./GasRecord.sol";

/// @title The life of a policy between parties that have traded before, and what cover adds to a payment.
/// forge-config: default.isolate = true
contract InsuranceGas is CoveredBase, GasRecord {
    FinancingId private id;

    function setUp() public override {
        super.setUp();
        id = _open();
        _fundAndApprove(debtor, 1, address(receivables));
        _fundAndApprove(supplier, 1, address(desk));
    }

    /// @dev New: the policy's terms and state; nothing is locked.
    function test_offerAcceptBind() public {
        vm.prank(gale.account);
        PolicyId policy = policies.offer(_credit(id));
        _record("offer a policy", 195_000);
        bytes32 hash = policies.termsHash(policy);
        vm.prank(supplier);
        policies.accept(policy, hash);
        _record("accept a policy", 100_000);
        policies.bind(policy, hash);
        _record("bind a policy", 220_000);
        vm.prank(supplier);
        policies.payPremium(policy, PREMIUM);
        _record("pay a premium", 72_000);
    }

    function test_claimAndRecovery() public {
        PolicyId policy = _bound(gale, _credit(id));
        _payPremium(policy);
        _depart(SHIPMENT);
        _defaultAndWait(id);
        policies.claim(policy);
        _record("claim on a default -> pool", 272_000);
        _issue(euro, debtor, FACE_VALUE);
        vm.prank(debtor);
        receivables.pay(_invoice(), FACE_VALUE);
        _record("pay an insured invoice -> pool -> insurer -> supplier", 290_000);
        policies.close(policy);
        _record("close a policy", 72_000);
    }

    /// @dev The premium is due and is served out of the payment.
    function test_premiumInTheWaterfall() public {
        _bound(gale, _credit(id));
        _depart(SHIPMENT);
        vm.prank(supplier);
        desk.repay(id, 1_000_000);
        _record("repay in part, a premium first", 208_000);
    }
}
