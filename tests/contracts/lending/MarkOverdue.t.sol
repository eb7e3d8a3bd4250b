// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HealthCheck} from "../../../contracts/lending/HealthCheck.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ILendingPool, Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {IServicing} from "../../../contracts/lending/interfaces/IServicing.sol";
import {FinancingId} from "../../../contracts/types/Ids.sol";
import {ServicingBase} from "./ServicingBase.sol";

contract MarkOverdueTest is ServicingBase {
    FinancingId private _id;
    uint256 private _lent;

    function setUp() public override {
        super.setUp();
        _id = _open();
        _depart(SHIPMENT);
        _lent = _principal(_id);
    }

    // Refusals

    function test_nothingIsLostBeforeTheFirstStep() public {
        _refused(0, 0, 0);
        vm.warp((DUE_DATE + 1) * 1 days - 1);
        _refused(0, 0, 0);
        _overdue(30);
        vm.warp(vm.getBlockTimestamp() - 1);
        _refused(29, 0, 0);
    }

    function test_whatIsLostIsNotLostTwice() public {
        _overdue(30);
        servicing.markOverdue(_id);
        _refused(30, _lent / 4, _lent / 4);
        _overdue(60);
        vm.warp(vm.getBlockTimestamp() - 1);
        _refused(59, _lent / 4, _lent / 4);
    }

    function test_nothingIsLostOfWhatIsRepaid() public {
        _repayAll(_id);
        _overdue(90);
        _refused(90, 0, 0);
    }

    function test_unknownFinancing() public {
        FinancingId unknown = FinancingId.wrap(99);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FinancingUnknown.selector, unknown));
        servicing.markOverdue(unknown);
    }

    function test_onlyServicingWritesOff() public {
        _overdue(90);
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.OnlyServicing.selector, address(this), address(servicing))
        );
        desk.writeOff(_id, 1);
    }

    // The schedule

    function test_aQuarterThenHalfThenAll() public {
        _overdue(30);
        vm.expectEmit(address(servicing));
        emit IServicing.OverdueMarked(_id, 30, _lent / 4);
        vm.prank(stranger);
        assertEq(servicing.markOverdue(_id), _lent / 4);
        _overdue(60);
        assertEq(servicing.markOverdue(_id), _lent / 2 - _lent / 4);
        _overdue(90);
        assertEq(servicing.markOverdue(_id), _lent - _lent / 2);
        IFinancingDesk.Financing memory its = desk.financing(_id);
        assertEq(its.principal, 0);
        assertEq(its.writtenOff, _lent);
        assertEq(pool.books().principalOut, 0);
        assertEq(pool.accruedIncome(), 0, "the interest went with it");
    }

    function test_whoComesLateTakesAllStepsAtOnce() public {
        _overdue(95);
        assertEq(servicing.markOverdue(_id), _lent);
    }

    function test_aSourceFollowsItsOwnSchedule() public {
        IServicing.Step[] memory steps = new IServicing.Step[](2);
        (steps[0], steps[1]) = (IServicing.Step(1, 100), IServicing.Step(10, 2000));
        servicing.setSchedule(pool, steps);
        _overdue(1);
        assertEq(servicing.markOverdue(_id), _lent / 100);
        _overdue(90);
        assertEq(servicing.writeOffDue(_id), _lent / 5);
        assertEq(servicing.markOverdue(_id), _lent / 5 - _lent / 100);
        servicing.setSchedule(pool, new IServicing.Step[](0));
        assertEq(servicing.markOverdue(_id), _lent - _lent / 5, "back to the network's");
    }

    function test_aMilderScheduleGivesNothingBack() public {
        _overdue(60);
        servicing.markOverdue(_id);
        IServicing.Step[] memory steps = new IServicing.Step[](1);
        steps[0] = IServicing.Step(30, 1000);
        servicing.setSchedule(pool, steps);
        _refused(60, _lent / 10, _lent / 2);
    }

    // Payments before and after

    function test_whatWasRepaidBeforeIsNotLost() public {
        _overdue(30);
        _repay(_id, _owed(_id) - _lent / 2 - desk.financing(_id).reserveDue);
        assertEq(_principal(_id), _lent / 2, "the rest paid fees and interest");
        assertEq(servicing.markOverdue(_id), _lent / 2 / 4);
    }

    function test_whatIsRepaidAfterCountsForTheNextStep() public {
        _overdue(30);
        servicing.markOverdue(_id);
        uint256 debt = _lent - _principalPaidBy(2_000_000);
        _refused(30, debt / 4, _lent / 4);
        _overdue(60);
        assertGt(debt / 2, _lent / 4);
        assertEq(servicing.markOverdue(_id), debt / 2 - _lent / 4);
        uint256 paid = _principalPaidBy(1_000_000);
        assertGt(paid, 900_000);
        _overdue(90);
        assertEq(servicing.markOverdue(_id), debt - paid - debt / 2);
        assertEq(desk.financing(_id).writtenOff, debt - paid);
    }

    function test_moneyThatWaitsWithTheCustodianIsNotLost() public {
        _overdue(90);
        _payItemAndLeaveItThere(ITEM, FACE_VALUE);
        assertGt(_owed(_id), 0);
        vm.expectRevert(abi.encodeWithSelector(IServicing.NothingToWriteOff.selector, _id, 90, 0, 0));
        servicing.markOverdue(_id);
        assertEq(servicing.writeOffDue(_id), _lent, "the refusal took the forwarding back");
        invoices.forward(_id);
        assertEq(_owed(_id), 0);
    }

    function test_aPartThatWaitsIsAppliedFirst() public {
        _overdue(90);
        uint256 owed = _owed(_id);
        _payItemAndLeaveItThere(ITEM, 2_000_000);
        assertEq(_owed(_id), owed);
        uint256 lost = servicing.markOverdue(_id);
        assertEq(_owed(_id), owed - 2_000_000);
        assertLt(lost, _lent);
        assertEq(desk.financing(_id).writtenOff, lost);
    }

    function test_aCustodianThatFailsHoldsNothingUp() public {
        _overdue(90);
        vm.mockCallRevert(address(invoices), abi.encodeWithSelector(invoices.forward.selector), "not today");
        assertEq(servicing.markOverdue(_id), _lent);
    }

    /// @dev Whatever is paid in between, and however often anybody calls: what is lost after a step is the step's share.
    function testFuzz_neitherDustNorCallsPutItOff(uint256 seed) public {
        uint256 lost;
        for (uint256 days_ = 1; days_ <= 90; days_ += 7) {
            _overdue(days_);
            uint256 dust = uint256(keccak256(abi.encode(seed, days_))) % 40_000;
            if (dust != 0) _repay(_id, dust);
            (bool done, bytes memory answer) = address(servicing).call(abi.encodeCall(servicing.markOverdue, (_id)));
            uint256 debt = _principal(_id) + desk.financing(_id).writtenOff;
            uint256 due = debt * _lostBps(days_) / 10_000;
            assertEq(done, due > lost);
            if (done) lost += abi.decode(answer, (uint256));
            assertEq(desk.financing(_id).writtenOff, lost);
            assertGe(lost, due);
        }
        _overdue(90);
        servicing.markOverdue(_id);
        assertEq(_principal(_id), 0);
        assertEq(pool.books().principalOut, 0);
    }

    function testFuzz_shareOfWhatIsLeft(uint256 days_, uint256 paid) public {
        days_ = bound(days_, 30, 400);
        _overdue(days_);
        uint256 owed = _owed(_id);
        uint256 reserveDue = desk.financing(_id).reserveDue;
        uint256 others = owed - _lent - reserveDue;
        paid = bound(paid, 1, owed - reserveDue - 4);
        _repay(_id, paid);
        uint256 left = paid <= others ? _lent : _lent - (paid - others);
        uint256 gross = pool.grossAssets();
        uint256 income = pool.accruedIncome();
        assertEq(servicing.markOverdue(_id), left * _lostBps(days_) / 10_000);
        (uint256 lost, uint256 covered) = pool.losses();
        assertEq(gross - pool.grossAssets(), lost);
        assertEq(covered, 0, "no money in the reserve");
        assertApproxEqAbs(lost, left * _lostBps(days_) / 10_000 + income * _lostBps(days_) / 10_000, 2);
    }

    // Who bears it, and who gets it back

    function test_reserveThenJuniorThenSenior() public {
        FinancingId big = _bigLoss();
        uint256 lent = _principal(big);
        // 30 days: the reserve first, junior next.
        _overdue(30);
        (uint256 senior, uint256 junior) = _tranches();
        uint256 gross = pool.grossAssets();
        uint256 loss = _lossOf(big);
        servicing.markOverdue(big);
        assertEq(reserve.held(), 0);
        assertEq(pool.grossAssets(), gross - loss + 1_000_000, "what the reserve did not cover");
        _assertTranches(senior, junior - (loss - 1_000_000));
        assertGt(lent / 4, 1_000_000);
        // 60 days: what junior has left, and then senior.
        _overdue(60);
        (senior, junior) = _tranches();
        loss = _lossOf(big);
        servicing.markOverdue(big);
        _assertTranches(junior >= loss ? senior : senior + junior - loss, junior >= loss ? junior - loss : 0);
        // 90 days: junior is gone.
        _overdue(90);
        (senior, junior) = _tranches();
        loss = _lossOf(big);
        assertGt(loss, junior, "the case that is meant");
        servicing.markOverdue(big);
        _assertTranches(senior + junior - loss, 0);
    }

    function test_recoveryGoesBackInReverseOrderAndStreams() public {
        _repayAll(_id);
        uint256 contributed = pool.held().reserve;
        FinancingId big = _bigLoss();
        _overdue(90);
        servicing.markOverdue(big);
        (uint256 lost, uint256 covered) = pool.losses();
        assertEq(covered, 1_000_000 + contributed, "what the waterfall has collected stands in, too");
        _repay(big, _claims(big).lateFees + _claims(big).fees);
        vm.warp(vm.getBlockTimestamp() + 30 days);
        uint256 gross = pool.grossAssets();
        uint256 writtenOff = desk.financing(big).writtenOff;
        uint256 toLenders = writtenOff < lost ? writtenOff : lost;
        _fundAndApprove(debtor, writtenOff, address(desk));
        vm.expectEmit(address(pool));
        emit ILendingPool.RecoveryShared(toLenders, writtenOff - toLenders, 0);
        _repayFunded(big, writtenOff);
        assertEq(pool.grossAssets(), gross, "nothing counts at once");
        assertEq(pool.held().streaming, toLenders);
        vm.warp(vm.getBlockTimestamp() + 3.5 days);
        assertApproxEqAbs(pool.grossAssets(), gross + toLenders / 2, 1);
        vm.warp(vm.getBlockTimestamp() + 3.5 days);
        assertEq(pool.grossAssets(), gross + toLenders);
        (uint256 senior,) = pool.trancheAssets(Tranche.Senior);
        assertEq(senior, pool.seniorClaim(), "senior is whole again before junior has anything");
    }

    /// @dev A loss covered by the reserve and recovered: the lenders' part first, then the reserve's, to the minor unit.
    function testFuzz_recoveryOfAnyPartIsShared(uint256 sponsored, uint256 part) public {
        sponsored = bound(sponsored, 1, 8_000_000);
        _sponsor(sponsored);
        _overdue(90);
        servicing.markOverdue(_id);
        (uint256 lost, uint256 covered) = pool.losses();
        assertEq(covered, sponsored < lost + covered ? sponsored : lost + covered);
        uint256 before = _claims(_id).lateFees + _claims(_id).fees;
        part = bound(part, 1, desk.financing(_id).writtenOff);
        uint256 kept = pool.held().reserve;
        _repay(_id, before + part);
        (uint256 lostAfter, uint256 coveredAfter) = pool.losses();
        assertEq(lost - lostAfter, part < lost ? part : lost);
        assertEq(covered - coveredAfter, part < lost ? 0 : part - lost);
        assertEq(pool.held().reserve - kept, covered - coveredAfter);
        assertEq(desk.financing(_id).writtenOff, _lent - part);
        _assertHealthy(_healthOf(pool));
    }

    function test_booksHoldThroughout() public {
        HealthCheck health = _healthOf(pool);
        FinancingId big = _bigLoss();
        for (uint256 days_ = 30; days_ <= 90; days_ += 30) {
            _overdue(days_);
            servicing.markOverdue(big);
            _assertHealthy(health);
            servicing.markOverdue(_id);
            _assertHealthy(health);
        }
        _repayAll(big);
        _repayAll(_id);
        _assertHealthy(health);
        assertEq(_drawn(facility), 0);
    }

    // Helpers

    function _refused(uint256 days_, uint256 due, uint256 writtenOff) private {
        vm.expectRevert(abi.encodeWithSelector(IServicing.NothingToWriteOff.selector, _id, days_, due, writtenOff));
        servicing.markOverdue(_id);
    }

    /// @return less principal than there was
    function _principalPaidBy(uint256 amount) private returns (uint256) {
        uint256 before = _principal(_id);
        _repay(_id, amount);
        return before - _principal(_id);
    }

    function _bigLoss() private returns (FinancingId big) {
        _sponsor(1_000_000);
        big = _financed("Acme 2026-0900", 45_000_000, facility);
        assertGt(_principal(big), 26_000_000);
    }

    /// @return minor units that the next call takes off the books: principal, and the same part of its interest
    function _lossOf(FinancingId id) private returns (uint256) {
        uint256 snapshot = vm.snapshotState();
        (uint256 lost, uint256 covered) = pool.losses();
        servicing.markOverdue(id);
        (uint256 lostAfter, uint256 coveredAfter) = pool.losses();
        vm.revertToState(snapshot);
        return lostAfter + coveredAfter - lost - covered;
    }

    function _tranches() private view returns (uint256 senior, uint256 junior) {
        (, senior) = pool.trancheAssets(Tranche.Senior);
        (, junior) = pool.trancheAssets(Tranche.Junior);
    }

    function _assertTranches(uint256 senior, uint256 junior) private view {
        (uint256 itsSenior, uint256 itsJunior) = _tranches();
        assertEq(itsSenior, senior, "senior");
        assertEq(itsJunior, junior, "junior");
    }
}
