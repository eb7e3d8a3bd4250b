// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FacilityId, FinancingId, OrganisationId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {LendingHandler} from "./LendingHandler.sol";
import {Test} from "forge-std/Test.sol";

/// @title What must hold between any two acts, seen from inside the handler, where the contracts are at hand.
contract LendingChecks is LendingHandler {
    /// @dev Financings are numbered from 1.
    function _each(uint64 i) private view returns (FinancingId id, IFinancingDesk.Financing memory its) {
        id = FinancingId.wrap(i);
        its = desk.financing(id);
    }

    function checkCashOfTheNetwork() external view {
        uint256 held = euro.balanceOf(address(pool)) + euro.balanceOf(address(desk)) + euro.balanceOf(address(escrow))
            + euro.balanceOf(address(receivables)) + euro.balanceOf(address(invoices)) + euro.balanceOf(address(orders))
            + euro.balanceOf(address(reserve));
        address[7] memory parties = [supplier, harbour, debtor, dockside.account, cobalt, granite, treasury];
        for (uint256 i; i < parties.length; ++i) {
            held += euro.balanceOf(parties[i]);
        }
        assertEq(held, euro.totalSupply());
    }

    function checkParked() external view {
        uint256 parked = desk.parked(supplier, address(euro)) + desk.parked(harbour, address(euro));
        assertEq(euro.balanceOf(address(desk)), parked);
    }

    function checkAdaptersCash() external view {
        uint256 ofInvoices;
        uint256 ofOrders;
        for (uint64 i = 1; i <= items; ++i) {
            (FinancingId id, IFinancingDesk.Financing memory its) = _each(i);
            uint256 cash = its.collateral.cashOf(id);
            if (address(its.collateral) == address(invoices)) ofInvoices += cash;
            else ofOrders += cash;
        }
        assertEq(euro.balanceOf(address(invoices)), ofInvoices);
        assertEq(euro.balanceOf(address(orders)), ofOrders);
    }

    function checkPoolCash() external view {
        (, uint256 covered) = pool.losses();
        assertLe(covered, euro.totalSupply());
        uint256 came = deposited + repaid;
        uint256 went = claimed + lent + feesTaken;
        assertEq(euro.balanceOf(address(pool)) + went, came, "nobody sponsors the reserve here");
    }

    function checkPrincipalOut() external view {
        uint256 principal;
        for (uint64 i = 1; i <= items; ++i) {
            (, IFinancingDesk.Financing memory its) = _each(i);
            principal += its.principal;
        }
        assertEq(pool.books().principalOut, principal);
        assertEq(principal + principalReceived + writtenOff, lent);
    }

    function checkWrittenOff() external view {
        uint256 lost;
        for (uint64 i = 1; i <= items; ++i) {
            (, IFinancingDesk.Financing memory its) = _each(i);
            lost += its.writtenOff;
        }
        assertEq(lost + recovered, writtenOff);
    }

    function checkImpairment() external view {
        uint256 impairment;
        for (uint64 i = 1; i <= items; ++i) {
            (, IFinancingDesk.Financing memory its) = _each(i);
            assertLe(its.impairment, its.principal);
            impairment += its.impairment;
        }
        assertEq(pool.books().impairment, impairment);
        assertEq(pool.grossAssets() - pool.netAssets(), impairment);
    }

    /// @dev Each debt is rounded up and the pool's asset once down, so that they differ by less than one unit a debt.
    function checkIncome() external view {
        uint256 interest;
        for (uint64 i = 1; i <= items; ++i) {
            interest += desk.owed(FinancingId.wrap(i)).interest;
        }
        assertLe(pool.accruedIncome(), interest);
        assertGe(pool.accruedIncome() + items + 1, interest);
    }

    function checkRevolvingUse() external view {
        uint256[4] memory used;
        for (uint64 i = 1; i <= items; ++i) {
            (, IFinancingDesk.Financing memory its) = _each(i);
            used[FacilityId.unwrap(its.facility)] += its.principal + its.writtenOff;
        }
        assertEq(_drawn(facility), used[FacilityId.unwrap(facility)]);
        assertEq(_drawn(spareFacility), used[FacilityId.unwrap(spareFacility)]);
    }

    function checkUseThatDoesNotRevolve() external view {
        assertEq(_drawn(otherFacility), drawnUnder[FacilityId.unwrap(otherFacility)]);
        assertLe(_drawn(otherFacility), desk.facility(otherFacility).terms.limit);
    }

    function checkExposureOfDebtors() external view {
        uint256 ofBorealis;
        uint256 ofDockside;
        for (uint64 i = 1; i <= items; ++i) {
            (FinancingId id, IFinancingDesk.Financing memory its) = _each(i);
            OrganisationId owes = concentration.keysOf(id).debtor;
            if (owes == borealis.id) ofBorealis += its.principal;
            else ofDockside += its.principal;
        }
        IConcentration.Dimension by = IConcentration.Dimension.Debtor;
        assertEq(concentration.exposureOf(pool, by, OrganisationId.unwrap(borealis.id)), ofBorealis);
        assertEq(concentration.exposureOf(pool, by, OrganisationId.unwrap(dockside.id)), ofDockside);
        assertLe(ofBorealis, CAP);
    }

    function checkExposureOfSellers() external view {
        uint256 ofSupplier;
        uint256 ofHarbour;
        for (uint64 i = 1; i <= items; ++i) {
            (FinancingId id, IFinancingDesk.Financing memory its) = _each(i);
            if (_supplierOf(id) == supplier) ofSupplier += its.principal;
            else ofHarbour += its.principal;
        }
        IConcentration.Dimension by = IConcentration.Dimension.SellerGroup;
        assertEq(concentration.exposureOf(pool, by, _groupOf(supplier)), ofSupplier);
        assertEq(concentration.exposureOf(pool, by, _groupOf(harbour)), ofHarbour);
        assertLe(ofSupplier, CAP);
    }

    function checkFeesAndReserve() external view {
        assertEq(pool.held().fees + feesTaken, feesReceived);
        assertEq(pool.held().reserve, reserveReceived);
    }

    function checkCustody() external view {
        for (uint64 i = 1; i <= items; ++i) {
            (FinancingId id, IFinancingDesk.Financing memory its) = _each(i);
            bool released = its.state == IFinancingDesk.State.Released;
            FinancingId[] memory sharers = its.collateral.financingsOf(its.itemId);
            assertEq(sharers.length, released ? 0 : 1);
            assertEq(FinancingId.unwrap(desk.financingOf(its.subject)), released ? 0 : i);
            // An order's escrow watches it too, and goes on.
            assertEq(oracle.tagOf(its.subject, address(desk)) != 0, !released);
            if (address(its.collateral) != address(invoices)) continue;
            uint256 held = receivables.balanceOf(address(invoices), its.itemId);
            assertEq(held, its.collateral.unitsOf(its.itemId));
            assertLe(held, receivables.receivable(ReceivableId.wrap(its.itemId)).faceValue);
            if (!released) assertEq(FinancingId.unwrap(sharers[0]), FinancingId.unwrap(id));
        }
    }

    function checkClosedOweNothing() external view {
        for (uint64 i = 1; i <= items; ++i) {
            (FinancingId id, IFinancingDesk.Financing memory its) = _each(i);
            if (its.state == IFinancingDesk.State.Open || its.state == IFinancingDesk.State.Defaulted) continue;
            assertEq(_owed(id), 0);
            assertEq(its.accruedNumerator + its.lateNumerator, 0);
        }
    }

    function checkRecourse() external view {
        FacilityId[3] memory lines = [facility, spareFacility, otherFacility];
        for (uint256 i; i < 3; ++i) {
            FinancingId claimed_ = desk.facility(lines[i]).recourseTo;
            if (FinancingId.unwrap(claimed_) == 0) continue;
            assertEq(FacilityId.unwrap(desk.financing(claimed_).facility), FacilityId.unwrap(lines[i]));
            assertTrue(_isLive(claimed_));
            assertGt(_owed(claimed_), 0);
        }
    }

    /// @dev Pays one unit and then the whole of every debt, and takes it all back.
    function checkRepaymentsAreTaken() external {
        uint256 snapshot = vm.snapshotState();
        for (uint64 i = 1; i <= items; ++i) {
            FinancingId id = FinancingId.wrap(i);
            uint256 owed = _owed(id);
            if (owed == 0) continue;
            _issue(euro, debtor, owed);
            vm.startPrank(debtor);
            assertEq(desk.repay(id, 1), 1);
            assertEq(desk.repay(id, type(uint256).max), owed - 1);
            vm.stopPrank();
            assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
        }
        vm.revertToState(snapshot);
    }

    function checkNothingHappenedThatMayNot() external view {
        assertEq(fault, "");
    }

    function checkTranchesShareTheAssets() external view {
        assertEq(senior.totalAssets() + junior.totalAssets(), pool.netAssets());
    }
}

contract LendingInvariants is Test {
    LendingChecks private handler;

    function setUp() public {
        handler = new LendingChecks();
        bytes4[] memory selectors = new bytes4[](25);
        selectors[0] = handler.deposit.selector;
        selectors[1] = handler.requestRedeem.selector;
        selectors[2] = handler.closeEpoch.selector;
        selectors[3] = handler.claim.selector;
        selectors[4] = handler.financeInvoice.selector;
        selectors[5] = handler.financeOrder.selector;
        selectors[6] = handler.pay.selector;
        selectors[7] = handler.repay.selector;
        selectors[8] = handler.repayOnBehalf.selector;
        selectors[9] = handler.payCommitmentFee.selector;
        selectors[10] = handler.release.selector;
        selectors[11] = handler.claimParked.selector;
        selectors[12] = handler.attest.selector;
        selectors[13] = handler.poke.selector;
        selectors[14] = handler.wait_.selector;
        selectors[15] = handler.impair.selector;
        selectors[16] = handler.writeOff.selector;
        selectors[17] = handler.declareDefault.selector;
        selectors[18] = handler.reschedule.selector;
        selectors[19] = handler.refinance.selector;
        selectors[20] = handler.openRecourse.selector;
        selectors[21] = handler.setLimit.selector;
        selectors[22] = handler.freeze.selector;
        selectors[23] = handler.takeFees.selector;
        // Facts are what the rest lives on: twice as often.
        selectors[24] = handler.attest.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    // Money

    function invariant_everyCentIsSomewhere() public view {
        handler.checkCashOfTheNetwork();
    }

    function invariant_deskHoldsWhatIsParked() public view {
        handler.checkParked();
    }

    function invariant_adaptersHoldWhatIsNotForwarded() public view {
        handler.checkAdaptersCash();
    }

    function invariant_poolHasWhatCameLessWhatWent() public view {
        handler.checkPoolCash();
    }

    function invariant_feesAndReserveAreWhatWasCollected() public view {
        handler.checkFeesAndReserve();
    }

    // Books

    function invariant_principalOutIsTheSumOfFinancings() public view {
        handler.checkPrincipalOut();
    }

    function invariant_writtenOffIsWhatWasLostAndNotRecovered() public view {
        handler.checkWrittenOff();
    }

    function invariant_impairmentIsTheSumOfFinancings() public view {
        handler.checkImpairment();
    }

    function invariant_incomeIsTheInterestOwed() public view {
        handler.checkIncome();
    }

    function invariant_tranchesShareTheAssets() public view {
        handler.checkTranchesShareTheAssets();
    }

    // Limits

    function invariant_drawnIsWhatIsOutOrLost() public view {
        handler.checkRevolvingUse();
    }

    function invariant_limitThatDoesNotRevolveCountsAll() public view {
        handler.checkUseThatDoesNotRevolve();
    }

    function invariant_exposureOfDebtorsIsTheirPrincipal() public view {
        handler.checkExposureOfDebtors();
    }

    function invariant_exposureOfSellersIsTheirPrincipal() public view {
        handler.checkExposureOfSellers();
    }

    function invariant_drawsStayWithinBaseAndLimit() public view {
        handler.checkNothingHappenedThatMayNot();
    }

    // Life

    function invariant_nothingIsFinancedTwice() public view {
        handler.checkCustody();
    }

    function invariant_closedFinancingsOweNothing() public view {
        handler.checkClosedOweNothing();
    }

    function invariant_recourseIsToALivingDebt() public view {
        handler.checkRecourse();
    }

    function invariant_repaymentsAreNeverBlocked() public {
        handler.checkRepaymentsAreTaken();
    }

    /// @dev The walks would prove nothing if the handler's acts did nothing.
    function test_theHandlersActsMoveMoney() public {
        handler.financeInvoice(8_000_000, 8_000_000, false, false);
        handler.attest(1, false, 1_000_000);
        assertGt(handler.lent(), 0);
        handler.wait_(20 days - 1);
        handler.refinance(1);
        handler.repay(1, 400_000);
        handler.wait_(20 days - 1);
        handler.wait_(20 days - 1);
        handler.wait_(20 days - 1);
        handler.impair(1, 1000);
        handler.writeOff(1, 2000);
        handler.declareDefault(1);
        handler.openRecourse(1);
        handler.pay(1, 8_000_000);
        assertEq(handler.principalReceived() + handler.writtenOff(), handler.lent());
        assertEq(handler.recovered(), handler.writtenOff());
        assertGt(handler.writtenOff(), 0);
        assertGt(handler.feesReceived(), 0);
        assertGt(handler.reserveReceived(), 0);
        assertEq(handler.acts(), 13);
        assertEq(uint8(handler.stateOf(1)), uint8(IFinancingDesk.State.Repaid));
    }
}
