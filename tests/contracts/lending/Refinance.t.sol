// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FirstLossReserve} from "../../../contracts/lending/FirstLossReserve.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FacilityId, FinancingId, OrganisationId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "./LendingBase.sol";

contract RefinanceTest is LendingBase {
    uint16 private constant NEW_RATE_BPS = 600;
    uint16 private constant NEW_FEE_BPS = 20;

    LendingPool private other;
    TrancheVault private otherSenior;
    TrancheVault private otherJunior;
    FirstLossReserve private otherReserve;
    FacilityId private next;
    FinancingId private id;

    function setUp() public override {
        super.setUp();
        (other, otherSenior, otherJunior, otherReserve) = _deployPool(euro, 300, 0);
        _fundTranche(otherSenior, cobalt, 20_000_000);
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        (terms.pool, terms.discountRateBps, terms.feeBps, terms.reserveBps) = (other, NEW_RATE_BPS, NEW_FEE_BPS, 0);
        next = _openFacility(terms);
        // Room in the base for the new fees.
        desk.setLimit(facility, 5_000_000);
        id = _open();
        _depart(SHIPMENT);
        vm.warp(START + 30 days);
    }

    // Refusals

    function test_unfitFacilitiesAreRefused() public {
        _refused(facility, abi.encodeWithSelector(IFinancingDesk.RefinancingUnfit.selector, id, facility, facility));
        _refused(
            FacilityId.wrap(9), abi.encodeWithSelector(IFinancingDesk.FacilityUnknown.selector, FacilityId.wrap(9))
        );
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.supplier = _admit("HARBOURGOODS", Roles.SUPPLIER).account;
        FacilityId foreign = desk.openFacility(terms);
        _refused(foreign, abi.encodeWithSelector(IFinancingDesk.RefinancingUnfit.selector, id, facility, foreign));
        terms.supplier = supplier;
        (terms.pool,,,) = _deployPool(dollar, 0, 0);
        FacilityId dollars = desk.openFacility(terms);
        _refused(dollars, abi.encodeWithSelector(IFinancingDesk.RefinancingUnfit.selector, id, facility, dollars));
    }

    function test_newRiskCanBeStopped() public {
        desk.stop(IFinancingDesk.Stoppable.Opening);
        _refused(next, abi.encodeWithSelector(IFinancingDesk.IsStopped.selector, IFinancingDesk.Stoppable.Opening));
        desk.resume(IFinancingDesk.Stoppable.Opening);
        desk.setExpiry(next, block.timestamp);
        _refused(
            next,
            abi.encodeWithSelector(
                IFinancingDesk.FacilityExpired.selector, next, vm.getBlockTimestamp(), vm.getBlockTimestamp()
            )
        );
    }

    function test_unsoundFinancingsAreRefused() public {
        desk.setImpairment(id, 1);
        _refused(next, abi.encodeWithSelector(IFinancingDesk.RefinancingTooLate.selector, id, 1, DUE_DATE));
        desk.setImpairment(id, 0);
        vm.warp((DUE_DATE + 1) * 1 days);
        _refused(next, abi.encodeWithSelector(IFinancingDesk.RefinancingTooLate.selector, id, 0, DUE_DATE));
    }

    function test_boundsHold() public {
        uint256 owed = _owed(id);
        desk.setLimit(next, owed - 1);
        _refused(next, _exceeds(IFinancingDesk.Bound.Limit, owed, owed - 1));
        desk.setLimit(next, owed);
        uint256 key = OrganisationId.unwrap(borealis.id);
        concentration.setCap(other, IConcentration.Dimension.Debtor, key, owed - 1);
        _refused(next, _exceeds(IFinancingDesk.Bound.Cap, owed, owed - 1));
        concentration.setCap(other, IConcentration.Dimension.Debtor, key, owed);
        vm.mockCall(address(other), abi.encodeWithSelector(other.lendable.selector), abi.encode(owed - 1));
        _refused(next, _exceeds(IFinancingDesk.Bound.Cash, owed, owed - 1));
        vm.clearMockedCalls();
        uint256 withFee = owed + _feeUp(owed, NEW_FEE_BPS);
        vm.mockCall(address(invoices), abi.encodeWithSelector(invoices.borrowingBase.selector), abi.encode(withFee - 1));
        _refused(next, _exceeds(IFinancingDesk.Bound.Base, withFee, withFee - 1));
        vm.mockCall(address(invoices), abi.encodeWithSelector(invoices.borrowingBase.selector), abi.encode(withFee));
        desk.refinance(id, next);
    }

    /// @dev A good financing does not leave the facility whose supplier has to pay another out of it.
    function test_facilityUnderRecourseLetsNoneGo() public {
        desk.setLimit(facility, LIMIT);
        FinancingId claimed = _openOnOrder();
        desk.openRecourse(claimed);
        _refused(next, abi.encodeWithSelector(IFinancingDesk.RecourseIsOpen.selector, facility, claimed));
        desk.closeRecourse(claimed);
        desk.refinance(id, next);
    }

    // Happy path

    function test_newSourcePaysTheOldOneOff() public {
        uint256 owed = _owed(id);
        uint256 interest = _claims(id).interest;
        uint256 before = euro.balanceOf(supplier);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.Refinanced(id, facility, next, owed, _feeUp(owed, NEW_FEE_BPS), 0);
        desk.refinance(id, next);

        assertEq(pool.books().principalOut, 0);
        assertEq(pool.books().cash, FUNDED + interest);
        assertEq(pool.accruedIncome(), 0);
        assertEq(other.books().principalOut, owed);
        assertEq(other.books().cash, 20_000_000 - owed);
        assertEq(euro.balanceOf(supplier), before, "no money to the supplier");
        assertEq(_drawn(facility), 0);
        assertEq(_drawn(next), owed);
        assertEq(_exposure(pool), 0);
        assertEq(_exposure(other), owed);
        IFinancingDesk.Financing memory its = desk.financing(id);
        assertEq(FacilityId.unwrap(its.facility), FacilityId.unwrap(next));
        assertEq(its.principal, owed);
        assertEq(its.maturityDay, DUE_DATE);
        assertEq(its.openedDay, START / 1 days);
        assertEq(uint8(its.state), uint8(IFinancingDesk.State.Open));
        assertEq(abi.encode(invoices.ladderOf(id)), abi.encode(_ladder(0, 6000, 8000, true)));
    }

    /// @dev The new lender's steps hold for what is drawn from then on, and for what the new debt must be borne by.
    function test_laterDrawsFollowTheNewLadder() public {
        desk.setLadder(next, invoices, _ladder(0, 7000, 9000, false));
        desk.refinance(id, next);
        assertEq(abi.encode(invoices.ladderOf(id)), abi.encode(_ladder(0, 7000, 9000, false)));
        assertEq(_base(id), FACE_VALUE * 70 / 100);
        desk.setLadder(next, invoices, _ladder(0, 1000, 2000, false));
        assertEq(_base(id), FACE_VALUE * 70 / 100, "as it was when it was taken over");
        uint256 before = euro.balanceOf(supplier);
        assertGt(desk.poke(id), 0);
        assertGt(euro.balanceOf(supplier), before);
        assertLe(_owed(id), FACE_VALUE * 70 / 100);
    }

    function test_newLadderMustBearTheDebt() public {
        desk.setLadder(next, invoices, _ladder(0, 4000, 8000, true));
        uint256 owed = _owed(id);
        _refused(next, _exceeds(IFinancingDesk.Bound.Base, owed + _feeUp(owed, NEW_FEE_BPS), FACE_VALUE * 40 / 100));
    }

    function test_facilityWithoutALadderIsRefused() public {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        FacilityId bare = desk.openFacility(terms);
        _refused(bare, abi.encodeWithSelector(ICollateral.LadderMissing.selector, bare));
    }

    function test_onlyTheDeskChangesALadder() public {
        ICollateral.Step[] memory steps = _ladder(0, 7000, 9000, false);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.OnlyDesk.selector, address(this), desk));
        invoices.changeLadder(id, facility, steps);
        vm.prank(address(desk));
        vm.expectRevert(abi.encodeWithSelector(ICollateral.PledgeUnknown.selector, FinancingId.wrap(9)));
        invoices.changeLadder(FinancingId.wrap(9), facility, steps);
    }

    function test_debtRunsUnderTheNewTerms() public {
        desk.refinance(id, next);
        uint256 principal = desk.financing(id).principal;
        vm.warp(START + 40 days);
        uint256 numerator = principal * NEW_RATE_BPS * 10 days;
        assertEq(_claims(id).interest, (numerator - 1) / (10_000 * 360 days) + 1);
        uint256 owed = _owed(id);
        _pay(FACE_VALUE);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
        assertEq(euro.balanceOf(address(other)), 20_000_000 - principal + owed);
        assertEq(_drawn(next), 0);
        assertEq(_exposure(other), 0);
    }

    function test_samePoolMayTakeItOver() public {
        FacilityId same = _openFacility(LIMIT, NEW_FEE_BPS);
        uint256 cash = euro.balanceOf(address(pool));
        uint256 owed = _owed(id);
        desk.refinance(id, same);
        assertEq(euro.balanceOf(address(pool)), cash);
        assertEq(pool.books().principalOut, owed);
        assertEq(_exposure(pool), owed);
    }

    function test_recourseEndsWithTheOldFacility() public {
        desk.openRecourse(id);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.RecourseClosed(facility, id);
        desk.refinance(id, next);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), 0);
    }

    // Internals

    function _refused(FacilityId to, bytes memory refusal) private {
        vm.expectRevert(refusal);
        desk.refinance(id, to);
    }

    function _exceeds(IFinancingDesk.Bound bound_, uint256 wanted, uint256 available)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IFinancingDesk.RefinancingExceeds.selector, id, bound_, wanted, available);
    }

    function _exposure(LendingPool source) private view returns (uint256) {
        uint256 key = OrganisationId.unwrap(borealis.id);
        return concentration.exposureOf(source, IConcentration.Dimension.Debtor, key);
    }
}
