// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInsurancePolicies} from "../../../contracts/insurance/interfaces/IInsurancePolicies.sol";
import {FinancingId, PolicyId} from "../../../contracts/types/Ids.sol";
import {CoverHandler} from "./CoverHandler.sol";
import {Test} from "forge-std/Test.sol";

/// @title What must hold between any two acts, seen from inside the handler, where the contracts are at hand.
contract CoverChecks is CoverHandler {
    function _each(uint64 n) private view returns (IInsurancePolicies.Policy memory) {
        return policies.policy(PolicyId.wrap(n));
    }

    function checkTheLossIsBorneInFull() external view {
        uint256 writtenOff;
        for (uint256 i = 1; i <= FINANCINGS; ++i) {
            FinancingId id = FinancingId.wrap(uint64(i));
            uint256 byInsurers = policies.subrogatedDue(id);
            assertEq(_owedToPool(i) + policies.premiumDue(id) + byInsurers, openClaims[i]);
            assertEq(desk.owedInAll(id), openClaims[i]);
            writtenOff += desk.financing(id).writtenOff;
        }
        assertEq(_lostByPool(), writtenOff + interestGivenUp, "tranches and reserve");
    }

    function checkPositionsAreTheCash() external view {
        uint256 sum;
        Party[2] memory insurers = [gale, harbourMutual];
        for (uint256 i; i < 2; ++i) {
            uint256 expected = putDown[insurers[i].account];
            uint256 locked;
            for (uint64 n = 1; n <= policies.policyCount(); ++n) {
                IInsurancePolicies.Policy memory its = _each(n);
                if (its.insurer != insurers[i].account) continue;
                expected = expected + its.premiumPaid + its.recovered - its.paid;
                if (its.state == IInsurancePolicies.State.Bound) locked += its.terms.limit;
            }
            expected -= takenOut[insurers[i].account];
            assertEq(_free(insurers[i]) + _locked(insurers[i]), expected);
            assertEq(_locked(insurers[i]), locked, "each bound limit is there");
            sum += expected;
        }
        assertEq(euro.balanceOf(address(policies)), sum);
    }

    function checkPaidOnceWithinTheLimit() external view {
        for (uint64 n = 1; n <= policies.policyCount(); ++n) {
            IInsurancePolicies.Policy memory its = _each(n);
            assertEq(its.paid, paidOn[n]);
            assertLe(its.paid, its.terms.limit);
            assertLe(its.recovered, its.paid);
            assertLe(its.premiumPaid, its.terms.premium);
        }
    }

    function checkListsHoldWhatRuns() external view {
        uint256 listed;
        for (uint256 i = 1; i <= FINANCINGS; ++i) {
            PolicyId[] memory its = policies.policiesOf(FinancingId.wrap(uint64(i)));
            assertLe(its.length, 4);
            listed += its.length;
            for (uint256 k; k < its.length; ++k) {
                IInsurancePolicies.Policy memory one = policies.policy(its[k]);
                assertEq(_of(one), i);
                bool runs = one.state == IInsurancePolicies.State.Bound || one.state == IInsurancePolicies.State.Paid;
                assertTrue(runs);
            }
        }
        uint256 running;
        for (uint64 n = 1; n <= policies.policyCount(); ++n) {
            IInsurancePolicies.State state = _each(n).state;
            if (state == IInsurancePolicies.State.Bound || state == IInsurancePolicies.State.Paid) ++running;
        }
        assertEq(listed, running);
    }
}

contract CoverInvariants is Test {
    CoverChecks private handler;

    function setUp() public {
        handler = new CoverChecks();
        bytes4[] memory selectors = new bytes4[](15);
        selectors[0] = handler.wait_.selector;
        selectors[1] = handler.payInvoice.selector;
        selectors[2] = handler.repay.selector;
        selectors[3] = handler.payPremium.selector;
        selectors[4] = handler.insure.selector;
        selectors[5] = handler.claim.selector;
        selectors[6] = handler.close.selector;
        selectors[7] = handler.waive.selector;
        selectors[8] = handler.move.selector;
        selectors[9] = handler.lose.selector;
        selectors[10] = handler.declareDefault.selector;
        selectors[11] = handler.writeOff.selector;
        // Cover is what the rest is about, and time what it waits for.
        selectors[12] = handler.insure.selector;
        selectors[13] = handler.claim.selector;
        selectors[14] = handler.wait_.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    /// @dev Insured, cover and tranches: what outside has not paid is what the source is owed, what premiums are due, and
    /// what insurers lack; of the first, reserve and tranches bear what is written off.
    function invariant_insuredCoverAndTranchesBearTheWholeLoss() public view {
        handler.checkTheLossIsBorneInFull();
    }

    function invariant_positionsAreTheCash() public view {
        handler.checkPositionsAreTheCash();
    }

    function invariant_aPolicyPaysOnceWithinItsLimit() public view {
        handler.checkPaidOnceWithinTheLimit();
    }

    function invariant_theDeskIsAskedAboutWhatRuns() public view {
        handler.checkListsHoldWhatRuns();
    }

    /// @dev The walks would prove nothing if the handler's acts did nothing.
    function test_theHandlersActsReachEveryRank() public {
        handler.insure(1, false, false, 3_000_000, 0, 50_001);
        handler.insure(1, true, true, 1_000_001, 0, 4);
        assertEq(handler.binds(), 2);
        handler.payPremium(1, type(uint256).max);
        for (uint256 i; i < 6; ++i) {
            handler.wait_(type(uint256).max);
        }
        handler.lose(1, 0);
        handler.declareDefault(1);
        for (uint256 i; i < 2; ++i) {
            handler.wait_(type(uint256).max);
        }
        handler.writeOff(1, 1_000_000);
        handler.claim(1);
        handler.claim(2);
        assertEq(handler.claims(), 2);
        handler.payInvoice(1, 3);
        assertEq(handler.recoveries(), 1);
        handler.checkTheLossIsBorneInFull();
        handler.checkPositionsAreTheCash();
    }
}
