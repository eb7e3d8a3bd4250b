// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FacilityId, FinancingId} from "../../../contracts/types/Ids.sol";
import {LendingBase} from "./LendingBase.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @title The fee on what was promised and not drawn: 1 % a year on the undrawn part of 10,000,000 minor units.
contract CommitmentFeeTest is LendingBase {
    uint16 private constant COMMITTED_BPS = 100;
    uint64 private constant PROMISED = 10_000_000;

    FacilityId private line;

    function setUp() public override {
        super.setUp();
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        (terms.limit, terms.committedFeeBps) = (PROMISED, COMMITTED_BPS);
        line = _openFacility(terms);
        _fundAndApprove(debtor, 10_000_000, address(desk));
    }

    // Refusals

    function test_nothingDueIsNotPaid() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.NothingDue.selector, line));
        desk.payCommitmentFee(line);
        vm.warp(START + 100 days);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.NothingDue.selector, facility));
        desk.payCommitmentFee(facility);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FacilityUnknown.selector, FacilityId.wrap(9)));
        desk.payCommitmentFee(FacilityId.wrap(9));
    }

    function test_collateralStaysUntilItIsPaid() public {
        FinancingId id = _pledged();
        vm.warp(START + 36 days);
        uint256 due = _fee(PROMISED, 36 days);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(desk), 0, due));
        desk.release(id);
        _fundAndApprove(supplier, due - 1, address(desk));
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, supplier, due - 1, due));
        desk.release(id);
        assertEq(desk.commitmentDue(line), due);
        assertEq(_custody(), FACE_VALUE);
    }

    // Happy path

    function test_releaseTakesIt() public {
        FinancingId id = _pledged();
        vm.warp(START + 36 days);
        uint256 due = _fee(PROMISED, 36 days);
        _fundAndApprove(supplier, due + 1, address(desk));
        vm.expectEmit(address(desk));
        emit IFinancingDesk.CommitmentFeePaid(line, supplier, due);
        vm.prank(supplier);
        desk.release(id);
        assertEq(pool.held().fees, due);
        assertEq(euro.balanceOf(supplier), 1);
        assertEq(desk.commitmentDue(line), 0);
        assertEq(receivables.balanceOf(supplier, ITEM), FACE_VALUE);
    }

    function test_releaseAfterTheEndTakesWhatWasDueThen() public {
        FinancingId id = _pledged();
        vm.warp(START + 400 days);
        _fundAndApprove(supplier, 1_000_000, address(desk));
        vm.prank(supplier);
        desk.release(id);
        assertEq(pool.held().fees, _fee(PROMISED, 365 days));
        vm.warp(START + 500 days);
        assertEq(desk.commitmentDue(line), 0);
    }

    function test_paidByAnotherItDoesNotStopTheRelease() public {
        FinancingId id = _pledged();
        vm.warp(START + 36 days);
        vm.prank(debtor);
        desk.payCommitmentFee(line);
        vm.prank(supplier);
        desk.release(id);
        assertEq(receivables.balanceOf(supplier, ITEM), FACE_VALUE);
    }

    /// @dev Neither an opening nor the end of the facility makes it less, and it can be paid long after.
    function test_openingsAndTheEndForgiveNothing() public {
        vm.warp(START + 10 days);
        FinancingId id = _pledged();
        assertEq(desk.commitmentDue(line), _fee(PROMISED, 10 days));
        vm.prank(debtor);
        receivables.pay(_invoice(), FACE_VALUE);
        vm.warp(START + 700 days);
        assertEq(desk.poke(id), 0);
        vm.prank(debtor);
        assertEq(desk.payCommitmentFee(line), _fee(PROMISED, 365 days));
        assertEq(pool.held().fees, _fee(PROMISED, 365 days));
    }

    function test_anyonePaysIt() public {
        vm.warp(START + 36 days);
        uint256 due = _fee(PROMISED, 36 days);
        assertEq(desk.commitmentDue(line), due);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.CommitmentFeePaid(line, debtor, due);
        vm.prank(debtor);
        assertEq(desk.payCommitmentFee(line), due);
        assertEq(pool.held().fees, due);
        assertEq(euro.balanceOf(debtor), 10_000_000 - due);
        assertEq(desk.commitmentDue(line), 0);
    }

    function test_nextDrawIsChargedWithIt() public {
        _registerAndAccept();
        _openSubject();
        FinancingId id = _pledge(line, ITEM, FACE_VALUE, SHIPMENT);
        vm.warp(START + 36 days);
        uint256 due = _fee(PROMISED, 36 days);
        uint256 amount = _greatestDraw(6_000_000 - due, CHARGES_BPS);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.CommitmentFeeCharged(line, id, due);
        _depart(SHIPMENT);
        assertEq(euro.balanceOf(supplier), amount);
        assertEq(_claims(id).fees, due + _feeUp(amount, FEE_BPS));
        assertLe(_owed(id), 6_000_000);
        assertEq(desk.commitmentDue(line), 0);

        vm.warp(START + 46 days);
        assertEq(desk.commitmentDue(line), _fee(PROMISED - amount, 10 days), "on what is still undrawn");
        _pay(FACE_VALUE);
        vm.warp(START + 56 days);
        uint256 numerator = (PROMISED - amount) * COMMITTED_BPS * 10 days + PROMISED * COMMITTED_BPS * 10 days;
        assertEq(desk.commitmentDue(line), _ceil(numerator), "and on what came back");
    }

    function test_itEndsWithTheFacility() public {
        vm.warp(START + 400 days);
        assertEq(desk.commitmentDue(line), _fee(PROMISED, 365 days));
        desk.setExpiry(line, START + 500 days);
        assertEq(desk.commitmentDue(line), _fee(PROMISED, 365 days), "what lay between was not promised");
        vm.warp(START + 410 days);
        assertEq(desk.commitmentDue(line), _ceil(uint256(PROMISED) * COMMITTED_BPS * 375 days));
    }

    /// @dev Whatever the officer changes, what was due until then stays due.
    function test_changesLoseNothing() public {
        vm.warp(START + 10 days);
        desk.setLimit(line, PROMISED / 2);
        vm.warp(START + 20 days);
        desk.setExpiry(line, vm.getBlockTimestamp());
        vm.warp(START + 90 days);
        uint256 numerator = (uint256(PROMISED) + PROMISED / 2) * COMMITTED_BPS * 10 days;
        assertEq(desk.commitmentDue(line), _ceil(numerator));
    }

    // Properties

    /// @dev Counting often or once comes to the same.
    function testFuzz_countingOften(uint32 time, uint8 steps) public {
        time = uint32(bound(time, 1, 360 days));
        steps = uint8(bound(steps, 1, 8));
        for (uint256 i = 1; i <= steps; ++i) {
            vm.warp(START + uint256(time) * i / steps);
            desk.setLimit(line, PROMISED);
        }
        assertEq(desk.commitmentDue(line), _fee(PROMISED, time));
    }

    function _pledged() private returns (FinancingId) {
        _registerAndAccept();
        _fundAndApprove(debtor, FACE_VALUE, address(receivables));
        return _pledge(line, ITEM, FACE_VALUE, 0);
    }

    function _fee(uint256 undrawn, uint256 time) private pure returns (uint256) {
        return _ceil(undrawn * COMMITTED_BPS * time);
    }

    function _ceil(uint256 numerator) private pure returns (uint256) {
        uint256 whole = 10_000 * 360 days;
        return numerator % whole == 0 ? numerator / whole : numerator / whole + 1;
    }
}
