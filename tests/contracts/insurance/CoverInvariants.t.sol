// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInsurancePolicies} from "../../../contracts/insurance/interfaces/IInsurancePolicies.sol";
import {FinancingId, PolicyId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
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

    /// @dev The sums are of what insurers have paid, policy by policy; the loss is of the debt when the first paid, noted then.
    function checkOneFactIsOneLoss() external view {
        for (uint256 i = 1; i <= FINANCINGS; ++i) {
            (uint256 ofAll, uint256 ofPart) = (0, 0);
            for (uint64 n = 1; n <= policies.policyCount(); ++n) {
                IInsurancePolicies.Policy memory its = _each(n);
                if (_of(its) != i || its.terms.kind != IInsurancePolicies.Kind.Cargo) continue;
                ofAll += its.paid;
                if (its.terms.quantity != 0) ofPart += its.paid;
            }
            assertEq(ofAll, paidOnLost[i]);
            assertEq(ofPart, paidOnPart[i]);
            assertLe(ofAll, firstDebt[i], "no more than the debt");
            uint256 lost = oracle.fact(bytes32(i), Milestones.LOST, 1).leastQuantity;
            assertLe(ofPart, firstDebt[i] * lost / QUANTITY, "no more than the part that was lost");
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
        bytes4[] memory selectors = new bytes4[](17);
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
        selectors[15] = handler.insureLikewise.selector;
        selectors[16] = handler.loseWhatTwoInsure.selector;
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

    /// @dev Invariant 60: one fact is one loss, however many insure it.
    function invariant_insurersOfOneFactPayOneLoss() public view {
        handler.checkOneFactIsOneLoss();
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

    /// @dev Half of the goods, insured twice alike: the first pays to its limit, the second the rest, a third nothing.
    function test_theHandlersActsReachOneFactTwice() public {
        handler.insure(1, false, true, 3_000_000, 0, 4);
        handler.insureLikewise(1);
        handler.insureLikewise(2);
        assertEq(handler.binds(), 3);
        handler.wait_(type(uint256).max);
        handler.lose(1, 500_000);
        for (uint256 i; i < 2; ++i) {
            handler.wait_(type(uint256).max);
        }
        for (uint256 i = 1; i <= 3; ++i) {
            handler.claim(i);
        }
        assertGt(handler.secondClaims() + handler.refusedAsPaid(), 1);
        assertGt(handler.refusedAsPaid(), 0);
        handler.checkOneFactIsOneLoss();
        handler.checkTheLossIsBorneInFull();
    }
}
