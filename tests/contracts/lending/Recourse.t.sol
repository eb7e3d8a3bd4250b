// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IServicing} from "../../../contracts/lending/interfaces/IServicing.sol";
import {FacilityId, FinancingId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {ServicingBase} from "./ServicingBase.sol";

/// @title The seller is called on when what it sold is worth less than what was lent on it.
contract RecourseTest is ServicingBase {
    uint256 private constant NAMED = uint256(keccak256("Acme 2026-0911"));

    FinancingId private _id;
    uint256 private _due;

    function setUp() public override {
        super.setUp();
        _id = _financed("Acme 2026-0911", FACE_VALUE, facility);
        _due = _owed(_id);
    }

    // Refusals

    function test_aFacilityWithoutRecourse() public {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.recourse = false;
        FacilityId line = _openFacility(terms);
        FinancingId id = _financed("Acme 2026-0912", FACE_VALUE, line);
        _creditNote(_itemOf("Acme 2026-0912"), FACE_VALUE / 2);
        vm.expectRevert(abi.encodeWithSelector(IServicing.NoRecourse.selector, line));
        servicing.callRecourse(id);
    }

    function test_collateralThatIsStillGoodForIt() public {
        _stillCovered(_due, FACE_VALUE);
        _creditNote(NAMED, FACE_VALUE - _due);
        _stillCovered(_due, _due);
    }

    function test_whatIsRepaid() public {
        _repayAll(_id);
        _creditNote(NAMED, FACE_VALUE - 1);
        _stillCovered(0, 1);
    }

    function test_onlyServicingOpensIt() public {
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.OnlyServicing.selector, address(this), address(servicing))
        );
        desk.openRecourse(_id);
    }

    function test_oneAtATime() public {
        FinancingId other = _financed("Acme 2026-0913", FACE_VALUE, facility);
        _creditNote(NAMED, FACE_VALUE / 2);
        _creditNote(_itemOf("Acme 2026-0913"), FACE_VALUE / 2);
        servicing.callRecourse(_id);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.RecourseIsOpen.selector, facility, _id));
        servicing.callRecourse(other);
    }

    function test_theSellerIsNotLetGoInDefault() public {
        vm.warp((DUE_DATE + 1 + GRACE_DAYS) * 1 days);
        servicing.declareDefault(_id);
        assertLt(_owed(_id), invoices.valueOf(_id), "though it is covered");
        vm.expectRevert(
            abi.encodeWithSelector(
                IFinancingDesk.FinancingStateWrong.selector,
                _id,
                IFinancingDesk.State.Defaulted,
                IFinancingDesk.State.Open
            )
        );
        servicing.closeRecourse(_id);
    }

    function test_theSellerIsNotLetGoOfAnother() public {
        FinancingId other = _financed("Acme 2026-0916", FACE_VALUE, facility);
        _creditNote(NAMED, FACE_VALUE / 2);
        servicing.callRecourse(_id);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.RecourseNotOpen.selector, facility, other, _id));
        servicing.closeRecourse(other);
    }

    function test_onlyServicingLetsTheSellerGo() public {
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.OnlyServicing.selector, address(this), address(servicing))
        );
        desk.closeRecourse(_id);
    }

    /// @dev Paid by the debtor and not handed on: the invoice is worth less by it, and so is the debt.
    function test_moneyThatWaitsWithTheCustodian() public {
        _payItemAndLeaveItThere(NAMED, FACE_VALUE / 2);
        assertLt(invoices.valueOf(_id), _due);
        _stillCovered(_due - FACE_VALUE / 2, FACE_VALUE / 2);
    }

    // Happy path

    function test_afterACreditNote() public {
        _creditNote(NAMED, FACE_VALUE - _due + 1);
        assertEq(invoices.valueOf(_id), _due - 1);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.RecourseOpened(facility, _id);
        vm.prank(stranger);
        servicing.callRecourse(_id);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), FinancingId.unwrap(_id));
        assertEq(uint8(_state(_id)), uint8(IFinancingDesk.State.Open), "it is not in default");
    }

    function test_afterAnAwardThatSplitsADispute() public {
        _dispute(8_000_000);
        disputes.resolve(_invoiceId(), 3_000_000, EVIDENCE);
        _stillCovered(_due, 7_000_000);
        _dispute(2_000_000);
        disputes.resolve(_invoiceId(), 1_500_000, EVIDENCE);
        servicing.callRecourse(_id);
        assertEq(invoices.valueOf(_id), 5_500_000);
    }

    function test_whileADisputeIsOpen() public {
        _dispute(FACE_VALUE - _due + 1);
        servicing.callRecourse(_id);
        vm.prank(debtor);
        disputes.withdrawDispute(_invoiceId());
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), FinancingId.unwrap(_id), "until it is let go");
        vm.expectEmit(address(desk));
        emit IFinancingDesk.RecourseClosed(facility, _id);
        vm.prank(stranger);
        servicing.closeRecourse(_id);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), 0);
        _stillCovered(_due, FACE_VALUE);
        _assertHealthy(_healthOf(pool));
    }

    /// @dev What waits with the custodian counts, as it did when the seller was called.
    function test_aPaymentMayLetTheSellerGo() public {
        _creditNote(NAMED, FACE_VALUE - _due + 1000);
        servicing.callRecourse(_id);
        _notCovered(_due, _due - 1000);
        _repay(_id, 999);
        _notCovered(_due - 999, _due - 1000);
        _repay(_id, 1);
        servicing.closeRecourse(_id);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), 0);
    }

    function test_theFacilityDrawsAgainOnceItIsPaid() public {
        FinancingId other = _open();
        _creditNote(NAMED, FACE_VALUE / 2);
        servicing.callRecourse(_id);
        _depart(SHIPMENT);
        assertEq(_principal(other), 0);
        _fundAndApprove(debtor, _owed(_id), address(desk));
        vm.expectEmit(address(desk));
        emit IFinancingDesk.RecourseClosed(facility, _id);
        _repayFunded(_id, type(uint256).max);
        assertGt(desk.poke(other), 0);
        _assertHealthy(_healthOf(pool));
    }

    function test_theSellersRestPaysTheShortfall() public {
        FinancingId other = _financed("Acme 2026-0914", FACE_VALUE, facility);
        _creditNote(NAMED, FACE_VALUE / 2);
        servicing.callRecourse(_id);
        uint256 rest = FACE_VALUE - _owed(other);
        uint256 before = euro.balanceOf(supplier);
        _payItem(_itemOf("Acme 2026-0914"), FACE_VALUE);
        assertEq(_owed(_id), _due - rest);
        assertEq(euro.balanceOf(supplier), before);
        _payItem(NAMED, FACE_VALUE / 2);
        assertEq(_owed(_id), 0);
        assertEq(euro.balanceOf(supplier) - before, rest + FACE_VALUE / 2 - _due);
    }

    function test_nothingIsReleasedBesideIt() public {
        FinancingId other = _financed("Acme 2026-0915", FACE_VALUE, facility);
        _creditNote(NAMED, FACE_VALUE / 2);
        servicing.callRecourse(_id);
        _repayAll(other);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.RecourseIsOpen.selector, facility, _id));
        vm.prank(supplier);
        desk.release(other);
    }

    // Fuzz

    /// @dev Called exactly where what is left of the invoice, less what is in dispute, is below the debt.
    function testFuzz_exactlyWhereTheDebtIsAboveTheValue(uint256 credited, uint256 disputed) public {
        credited = bound(credited, 0, FACE_VALUE - 1);
        disputed = bound(disputed, 0, FACE_VALUE - credited);
        if (credited != 0) _creditNote(NAMED, credited);
        if (disputed != 0) _dispute(disputed);
        uint256 good = FACE_VALUE - credited - disputed;
        if (_due <= good) return _stillCovered(_due, good);
        servicing.callRecourse(_id);
        assertEq(FinancingId.unwrap(desk.facility(facility).recourseTo), FinancingId.unwrap(_id));
        _assertHealthy(_healthOf(pool));
    }

    /// @dev Let go exactly where the debt is no more than the value again, and nowhere could it be called at once.
    function testFuzz_letGoExactlyWhereItIsCovered(uint256 disputed, uint256 conceded, uint256 paid) public {
        disputed = bound(disputed, FACE_VALUE - _due + 1, FACE_VALUE);
        conceded = bound(conceded, 0, disputed);
        _dispute(disputed);
        servicing.callRecourse(_id);
        disputes.resolve(_invoiceId(), conceded, EVIDENCE);
        paid = bound(paid, 0, _due - 1);
        if (paid != 0) _repay(_id, paid);
        if (_due - paid > FACE_VALUE - conceded) return _notCovered(_due - paid, FACE_VALUE - conceded);
        servicing.closeRecourse(_id);
        _stillCovered(_due - paid, FACE_VALUE - conceded);
        _assertHealthy(_healthOf(pool));
    }

    // Helpers

    function _notCovered(uint256 owed, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IServicing.NotCovered.selector, _id, owed, value));
        servicing.closeRecourse(_id);
    }

    function _dispute(uint256 amount) private {
        vm.prank(debtor);
        disputes.openDispute(_invoiceId(), amount, EVIDENCE);
    }

    function _invoiceId() private pure returns (ReceivableId) {
        return ReceivableId.wrap(NAMED);
    }

    function _stillCovered(uint256 owed, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IServicing.StillCovered.selector, _id, owed, value));
        servicing.callRecourse(_id);
    }
}
