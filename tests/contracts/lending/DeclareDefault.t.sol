// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {IServicing} from "../../../contracts/lending/interfaces/IServicing.sol";
import {FacilityId, FinancingId} from "../../../contracts/types/Ids.sol";
import {ServicingBase} from "./ServicingBase.sol";

contract DeclareDefaultTest is ServicingBase {
    FinancingId private _id;
    uint256 private _graceEndsAt;

    function setUp() public override {
        super.setUp();
        _id = _open();
        _depart(SHIPMENT);
        _graceEndsAt = (DUE_DATE + 1 + GRACE_DAYS) * 1 days;
    }

    // Refusals

    function test_notWithinTheGrace() public {
        _refused(START);
        _refused((DUE_DATE + 1) * 1 days);
        _refused(_graceEndsAt - 1);
    }

    function test_whatWasNeverDrawnIsNotInDefault() public {
        _accepted(_itemOf("Acme 2026-0901"), FACE_VALUE, false);
        FinancingId undrawn = _pledge(facility, _itemOf("Acme 2026-0901"), FACE_VALUE, 0);
        vm.warp(_graceEndsAt);
        vm.expectRevert(abi.encodeWithSelector(IServicing.NothingOwed.selector, undrawn));
        servicing.declareDefault(undrawn);
    }

    function test_whatIsRepaidIsNotInDefault() public {
        vm.warp(_graceEndsAt);
        _repayAll(_id);
        vm.expectRevert(abi.encodeWithSelector(IServicing.NothingOwed.selector, _id));
        servicing.declareDefault(_id);
    }

    function test_whatIsInDefaultIsNotDeclaredAgain() public {
        vm.warp(_graceEndsAt);
        servicing.declareDefault(_id);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFinancingDesk.FinancingStateWrong.selector,
                _id,
                IFinancingDesk.State.Defaulted,
                IFinancingDesk.State.Open
            )
        );
        servicing.declareDefault(_id);
    }

    function test_onlyServicingDeclaresIt() public {
        vm.warp(_graceEndsAt);
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.OnlyServicing.selector, address(this), address(servicing))
        );
        desk.declareDefault(_id, 0);
    }

    function test_moneyThatWaitsWithTheCustodianKeepsItOff() public {
        vm.warp(_graceEndsAt);
        _payItemAndLeaveItThere(ITEM, FACE_VALUE);
        vm.expectRevert(abi.encodeWithSelector(IServicing.NothingOwed.selector, _id));
        servicing.declareDefault(_id);
    }

    // Happy path

    function test_anyoneDeclaresItOnceTheGraceIsOver() public {
        vm.warp(_graceEndsAt);
        uint256 owed = _owed(_id);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.FinancingDefaulted(_id, owed);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.RecourseOpened(facility, _id);
        vm.prank(stranger);
        servicing.declareDefault(_id);
        assertEq(uint8(_state(_id)), uint8(IFinancingDesk.State.Defaulted));
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), FinancingId.unwrap(_id));
        assertEq(_owed(_id), owed, "nothing else changes for the debtor");
    }

    /// @dev Whoever leaves after it leaves at a price that counts the loss; the first step of the schedule uses it up.
    function test_theExitPriceFallsAtOnce() public {
        vm.warp(_graceEndsAt);
        uint256 lent = _principal(_id);
        (uint256 entry, uint256 exit) = pool.trancheAssets(Tranche.Junior);
        assertEq(entry, exit);
        servicing.declareDefault(_id);
        assertEq(desk.financing(_id).impairment, lent / 4);
        (uint256 entryAfter, uint256 exitAfter) = pool.trancheAssets(Tranche.Junior);
        assertEq(entryAfter, entry, "whoever comes pays as before");
        assertEq(exit - exitAfter, lent / 4);
        _overdue(30);
        assertEq(servicing.markOverdue(_id), lent / 4);
        assertEq(desk.financing(_id).impairment, 0);
        _assertHealthy(_healthOf(pool));
    }

    function test_anExpectationThatIsGreaterStays() public {
        vm.warp(_graceEndsAt);
        uint256 expected = _principal(_id) / 2;
        desk.setImpairment(_id, expected);
        servicing.declareDefault(_id);
        assertEq(desk.financing(_id).impairment, expected);
    }

    function test_theSourcesOwnFirstStepCounts() public {
        IServicing.Step[] memory steps = new IServicing.Step[](2);
        (steps[0], steps[1]) = (IServicing.Step(20, 10_000 - 1), IServicing.Step(40, 10_000));
        servicing.setSchedule(pool, steps);
        vm.warp(_graceEndsAt);
        servicing.declareDefault(_id);
        assertEq(desk.financing(_id).impairment, _principal(_id) * 9999 / 10_000);
    }

    /// @dev After a loss has been taken, of what is left; nothing of what is all lost.
    function test_ofWhatIsStillOut() public {
        _overdue(60);
        servicing.markOverdue(_id);
        uint256 snapshot = vm.snapshotState();
        servicing.declareDefault(_id);
        assertEq(desk.financing(_id).impairment, _principal(_id) / 4);
        vm.revertToState(snapshot);
        _overdue(90);
        servicing.markOverdue(_id);
        servicing.declareDefault(_id);
        assertEq(desk.financing(_id).impairment, 0);
        _assertHealthy(_healthOf(pool));
    }

    function test_paidInFullNothingIsExpectedToBeLost() public {
        vm.warp(_graceEndsAt);
        servicing.declareDefault(_id);
        _repayAll(_id);
        assertEq(desk.financing(_id).impairment, 0);
        assertEq(pool.books().impairment, 0);
    }

    /// @dev One minor unit left is enough, and a minor unit paid puts nothing off.
    function testFuzz_noPaymentInPartPutsItOff(uint256 paid) public {
        vm.warp(_graceEndsAt - 1 days);
        paid = bound(paid, 1, _owed(_id) - 1);
        _repay(_id, paid);
        _refused(_graceEndsAt - 1);
        vm.warp(_graceEndsAt);
        servicing.declareDefault(_id);
        assertEq(uint8(_state(_id)), uint8(IFinancingDesk.State.Defaulted));
    }

    function test_withoutRecourseTheSellerDoesNotAnswer() public {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.recourse = false;
        FacilityId line = _openFacility(terms);
        FinancingId id = _financed("Acme 2026-0902", FACE_VALUE, line);
        vm.warp(_graceEndsAt);
        servicing.declareDefault(id);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Defaulted));
        assertEq(FinancingId.unwrap(desk.facility(line).recourseTo), 0);
    }

    function test_paymentsAreStillTaken() public {
        vm.warp(_graceEndsAt);
        servicing.declareDefault(_id);
        uint256 owed = _owed(_id);
        _repay(_id, 1_000_000);
        assertEq(_owed(_id), owed - 1_000_000);
        _payItem(ITEM, FACE_VALUE);
        assertEq(_owed(_id), 0);
        assertEq(uint8(_state(_id)), uint8(IFinancingDesk.State.Repaid));
    }

    function test_lossesAreTakenInDefaultToo() public {
        vm.warp(_graceEndsAt);
        servicing.declareDefault(_id);
        uint256 lent = _principal(_id);
        _overdue(60);
        assertEq(servicing.markOverdue(_id), lent / 2);
    }

    function test_nothingMoreIsDrawnUntilItIsPaid() public {
        vm.warp(_graceEndsAt);
        servicing.declareDefault(_id);
        assertEq(desk.poke(_id), 0);
        FinancingId fresh = _laterInvoice();
        assertEq(_principal(fresh), 0);
        assertEq(desk.poke(fresh), 0);
        _fundAndApprove(debtor, _owed(_id), address(desk));
        vm.expectEmit(address(desk));
        emit IFinancingDesk.RecourseClosed(facility, _id);
        _repayFunded(_id, type(uint256).max);
        assertGt(desk.poke(fresh), 0);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), 0);
    }

    // Recourse to the seller

    function test_theSellersRestOfOtherFinancingsPaysIt() public {
        FinancingId other = _financed("Acme 2026-0903", FACE_VALUE, facility);
        vm.warp(_graceEndsAt);
        servicing.declareDefault(_id);
        (uint256 owed, uint256 owedByOther) = (_owed(_id), _owed(other));
        uint256 rest = FACE_VALUE - owedByOther;
        assertLt(rest, owed);
        uint256 before = euro.balanceOf(supplier);
        uint256 poolBefore = euro.balanceOf(address(pool));
        _payItem(_itemOf("Acme 2026-0903"), FACE_VALUE);
        assertEq(_owed(other), 0);
        assertEq(_owed(_id), owed - rest);
        assertEq(euro.balanceOf(supplier), before, "nothing for the seller");
        assertEq(euro.balanceOf(address(pool)) - poolBefore, FACE_VALUE);
    }

    function test_theSellerGetsWhatIsLeftAfterIt() public {
        FinancingId other = _financed("Acme 2026-0904", FACE_VALUE, facility);
        vm.warp(_graceEndsAt);
        servicing.declareDefault(_id);
        _repay(_id, _owed(_id) - 1000);
        uint256 rest = FACE_VALUE - _owed(other);
        uint256 before = euro.balanceOf(supplier);
        _fundAndApprove(debtor, FACE_VALUE, address(receivables));
        vm.expectEmit(address(desk));
        emit IFinancingDesk.RecourseClosed(facility, _id);
        _payFunded(_itemOf("Acme 2026-0904"), FACE_VALUE);
        assertEq(_owed(_id), 0);
        assertEq(euro.balanceOf(supplier) - before, rest - 1000);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), 0);
    }

    function test_otherFacilitiesAreNotTouched() public {
        FacilityId otherLine = _openFacility(LIMIT, FEE_BPS);
        FinancingId other = _financed("Acme 2026-0905", FACE_VALUE, otherLine);
        vm.warp(_graceEndsAt);
        servicing.declareDefault(_id);
        uint256 owed = _owed(_id);
        uint256 rest = FACE_VALUE - _owed(other);
        uint256 before = euro.balanceOf(supplier);
        _payItem(_itemOf("Acme 2026-0905"), FACE_VALUE);
        assertEq(euro.balanceOf(supplier) - before, rest);
        assertEq(_owed(_id), owed);
    }

    function test_theSecondDefaultWaitsForTheFirst() public {
        FinancingId second = _financed("Acme 2026-0906", FACE_VALUE, facility);
        vm.warp(_graceEndsAt);
        servicing.declareDefault(_id);
        servicing.declareDefault(second);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), FinancingId.unwrap(_id));
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.RecourseIsOpen.selector, facility, _id));
        servicing.callRecourse(second);
        _repayAll(_id);
        assertLt(_owed(second), invoices.valueOf(second), "its collateral would cover it");
        servicing.callRecourse(second);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), FinancingId.unwrap(second));
    }

    /// @dev Whatever is left of it and of the other: what the debtor pays lands at pool and seller, to the minor unit.
    function testFuzz_theRestIsSharedExactly(uint256 left, uint256 paid) public {
        FinancingId other = _financed("Acme 2026-0907", FACE_VALUE, facility);
        vm.warp(_graceEndsAt);
        servicing.declareDefault(_id);
        left = bound(left, 1, _owed(_id));
        if (left != _owed(_id)) _repay(_id, _owed(_id) - left);
        paid = bound(paid, 1, FACE_VALUE);
        uint256 owedByOther = _owed(other);
        uint256 rest = paid > owedByOther ? paid - owedByOther : 0;
        uint256 diverted = rest < left ? rest : left;
        (uint256 before, uint256 poolBefore) = (euro.balanceOf(supplier), euro.balanceOf(address(pool)));
        _payItem(_itemOf("Acme 2026-0907"), paid);
        assertEq(euro.balanceOf(supplier) - before, rest - diverted);
        assertEq(euro.balanceOf(address(pool)) - poolBefore, paid - (rest - diverted));
        assertEq(_owed(_id), left - diverted);
        _assertHealthy(_healthOf(pool));
    }

    // Helpers

    function _refused(uint256 at) private {
        vm.warp(at);
        vm.expectRevert(abi.encodeWithSelector(IServicing.GraceNotOver.selector, _id, _graceEndsAt, at));
        servicing.declareDefault(_id);
    }

    /// @dev Due a hundred days after the others; its goods have departed.
    function _laterInvoice() private returns (FinancingId) {
        uint256 item = _itemOf("Acme 2026-0999");
        _acceptedUntil(item, FACE_VALUE, false, DUE_DATE + 100);
        bytes32 subject = bytes32(item);
        vm.prank(supplier);
        oracle.openSubject(subject, new bytes32[](0));
        FinancingId id = _pledge(facility, item, FACE_VALUE, subject);
        _depart(subject);
        return id;
    }
}
