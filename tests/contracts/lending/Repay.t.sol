// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {FinancingId} from "../../../contracts/types/Ids.sol";
import {Rates} from "../../../contracts/types/Rates.sol";
import {LendingBase} from "./LendingBase.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract RepayTest is LendingBase {
    FinancingId private id;
    uint256 private principal;
    uint256 private fee;
    uint256 private toReserve;

    function setUp() public override {
        super.setUp();
        id = _open();
        _depart(SHIPMENT);
        principal = euro.balanceOf(supplier);
        fee = _feeUp(principal, FEE_BPS);
        toReserve = _feeUp(principal, CHARGES_BPS) - fee;
        _fundAndApprove(supplier, 10_000_000, address(desk));
    }

    // Refusals

    function test_unknownFinancingIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FinancingUnknown.selector, FinancingId.wrap(2)));
        desk.repay(FinancingId.wrap(2), 1);
    }

    function test_repayingNothingIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.RepaymentZero.selector, id));
        desk.repay(id, 0);
    }

    function test_nothingOwedTakesNothing() public {
        FinancingId other = _openUndrawn();
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.RepaymentZero.selector, other));
        desk.repay(other, 1);
    }

    function test_strangerToTheNetworkCannotPay() public {
        vm.prank(stranger);
        euro.approve(address(desk), 1);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
        desk.repay(id, 1);
    }

    function test_repaidFinancingTakesNothingMore() public {
        _repay(supplier, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFinancingDesk.FinancingStateWrong.selector, id, IFinancingDesk.State.Repaid, IFinancingDesk.State.Open
            )
        );
        desk.repay(id, 1);
    }

    // Happy path

    function test_allThatIsOwed() public {
        vm.warp(START + 36 days);
        uint256 interest = _ceil(principal * RATE_BPS * 36 days);
        uint256 owed = principal + interest + fee + toReserve;
        assertEq(_owed(id), owed);
        uint256 before = euro.balanceOf(supplier);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.Repaid(id, supplier, Waterfall.Split(0, fee, interest, principal, 0, toReserve, 0), 0);
        assertEq(_repay(supplier, type(uint256).max), owed);

        assertEq(before - euro.balanceOf(supplier), owed);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
        assertEq(_drawn(facility), 0);
        assertEq(pool.books().principalOut, 0);
        assertEq(pool.books().cash, FUNDED + interest);
        assertEq(pool.held().fees, fee);
        assertEq(pool.held().reserve, toReserve);
        assertEq(pool.accruedIncome(), 0, "the exact numerator has been settled");
        assertEq(pool.grossAssets(), FUNDED + interest);
        assertEq(concentration.room(id), CAP, "and the caps are free again");
    }

    /// @dev Two weeks overdue, and nine days past the grace.
    function test_wholeWaterfallInOrder() public {
        vm.warp(_overdue(14 days));
        Waterfall.Claims memory due = _claims(id);
        assertEq(due.lateFees, _ceil(principal * LATE_FEE_BPS * 14 days), "from the end of the day of maturity");
        assertEq(due.interest, _ceil(principal * RATE_BPS * (_overdue(14 days) - START)));
        uint256[6] memory parts = [due.lateFees, due.fees, due.interest, due.principal, due.writtenOff, due.reserve];
        for (uint256 k; k < 6; ++k) {
            if (parts[k] == 0) continue;
            _repay(supplier, parts[k] - 1);
            _expectOnly(parts, k, 1);
            _repay(supplier, 1);
            parts[k] = 0;
            _expectOnly(parts, k, 0);
        }
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
    }

    function test_graceForgivesWhoPaysAll() public {
        vm.warp(_overdue(GRACE_DAYS * 1 days) - 1);
        assertEq(_claims(id).lateFees, 0);
        _repay(supplier, type(uint256).max);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
        vm.warp(_overdue(90 days));
        assertEq(_owed(id), 0);
    }

    /// @dev One who has paid a part within the grace owes late fees on each part for as long as it was out.
    function test_graceIsLostByWhoLeavesARest() public {
        Waterfall.Claims memory due = _claims(id);
        vm.warp(_overdue(2 days));
        due = _claims(id);
        _repay(supplier, due.fees + due.interest + 1_000_000);
        vm.warp(_overdue(GRACE_DAYS * 1 days) - 1);
        assertEq(_claims(id).lateFees, 0);
        vm.warp(_overdue(GRACE_DAYS * 1 days));
        uint256 numerator = principal * LATE_FEE_BPS * 2 days + (principal - 1_000_000) * LATE_FEE_BPS * 3 days;
        assertEq(_claims(id).lateFees, _ceil(numerator));
    }

    /// @dev What is repaid ahead only ever grows. Where its count is full, it stays there and the payment is taken.
    function test_aFullCountRefusesNoPayment() public {
        uint256 most = type(uint48).max;
        _setRepaidAhead(most - 5);
        assertEq(_repay(supplier, 5), 5);
        assertEq(desk.financing(id).repaidAhead, most);
        assertEq(_repay(supplier, 1000), 1000);
        assertEq(desk.financing(id).repaidAhead, most);
        _repay(supplier, type(uint256).max);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
        assertEq(desk.financing(id).principal, 0, "and no other figure was touched");
        assertEq(pool.books().principalOut, 0);
    }

    function test_overpaymentIsNotTaken() public {
        uint256 owed = _owed(id);
        uint256 before = euro.balanceOf(supplier);
        assertEq(_repay(supplier, owed + 12_345), owed);
        assertEq(euro.balanceOf(supplier), before - owed);
        assertEq(euro.balanceOf(address(desk)), 0);
    }

    function test_defaultedFinancingStillTakesPayments() public {
        desk.declareDefault(id, 0);
        assertEq(_repay(supplier, 1000), 1000);
        _repay(supplier, type(uint256).max);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
    }

    function test_permitPaysInOneCall() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(100_000, START + 1);
        vm.startPrank(supplier);
        euro.approve(address(desk), 0);
        assertEq(desk.repayWithPermit(id, 100_000, START + 1, v, r, s), 100_000);
        vm.stopPrank();
        assertEq(euro.allowance(supplier, address(desk)), 0);
    }

    /// @dev Somebody who hands the permit in first cannot stop the payment.
    function test_permitHandedInByAnotherIsNoObstacle() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(100_000, START + 1);
        vm.prank(stranger);
        euro.permit(supplier, address(desk), 100_000, START + 1, v, r, s);
        vm.prank(supplier);
        assertEq(desk.repayWithPermit(id, 100_000, START + 1, v, r, s), 100_000);
    }

    function test_permitOfAnotherMovesNothing() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(100_000, START + 1);
        _issue(euro, debtor, 100_000);
        uint256 before = euro.balanceOf(supplier);
        vm.prank(debtor);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(desk), 0, 100_000)
        );
        desk.repayWithPermit(id, 100_000, START + 1, v, r, s);
        assertEq(euro.balanceOf(supplier), before);
    }

    function test_anyoneMayRepay() public {
        _fundAndApprove(debtor, 100_000, address(desk));
        _repay(debtor, 100_000);
        assertEq(euro.balanceOf(debtor), 0);
        assertEq(_owed(id), principal + fee + toReserve - 100_000);
    }

    /// @dev Or anyone could charge the supplier the fee again and again: repay, poke, repay, poke.
    function test_whatIsRepaidAheadIsNotDrawnAgain() public {
        _repay(supplier, fee + 500_000);
        assertEq(desk.financing(id).repaidAhead, fee + 500_000);
        vm.prank(stranger);
        assertEq(desk.poke(id), 0);

        _receive(SHIPMENT, uint64(QUANTITY));
        uint256 owed = _owed(id);
        assertLe(owed, 8_000_000 - 500_000 - fee, "a better fact draws its own part only");
        assertGe(owed, 8_000_000 - 500_000 - fee - 1);
    }

    // Properties

    /// @dev However a debt is cut up and whenever it is paid, desk and pool stay with an account kept by hand.
    function testFuzz_partsSettleExactly(uint256[5] memory parts, uint32[5] memory gaps) public {
        uint256 numerator;
        for (uint256 i; i < 5; ++i) {
            uint256 gap = bound(gaps[i], 0, 11 days);
            numerator += desk.financing(id).principal * RATE_BPS * 73 * gap;
            vm.warp(vm.getBlockTimestamp() + gap);
            Waterfall.Claims memory due = _claims(id);
            uint256 owed = _owed(id);
            if (owed == 0) break;
            assertEq(due.interest, _ceilOf(numerator, Rates.INTEREST_DENOMINATOR), "accrual by hand");
            uint256 amount = i == 4 ? owed : bound(parts[i], 1, owed);
            uint256 cash = pool.books().cash;
            _repay(supplier, amount);
            uint256 left = amount <= due.fees ? 0 : amount - due.fees;
            uint256 towards = left < due.interest ? left : due.interest;
            numerator = towards == due.interest ? 0 : numerator - towards * Rates.INTEREST_DENOMINATOR;
            assertEq(desk.financing(id).accruedNumerator, numerator);
            assertEq(pool.accruedIncome(), numerator / Rates.INTEREST_DENOMINATOR, "the same in the pool");
            left -= towards;
            assertEq(pool.books().cash, cash + towards + (left < due.principal ? left : due.principal));
        }
        assertEq(_owed(id), 0);
        assertEq(pool.accruedIncome(), 0);
    }

    /// @dev Booking interest and late fees often or once is the same, to the unit of the numerator.
    function testFuzz_accrualIsPathIndependent(uint32 time, uint8 steps) public {
        time = uint32(bound(time, 1, 300 days));
        steps = uint8(bound(steps, 1, 10));
        for (uint256 i = 1; i <= steps; ++i) {
            vm.warp(START + uint256(time) * i / steps);
            // Each of these books what has accrued: it goes to late fees or fees.
            if (i < steps && _claims(id).fees > 1) _repay(supplier, 1);
            desk.poke(id);
        }
        Waterfall.Claims memory due = _claims(id);
        assertEq(due.interest, _ceil(principal * RATE_BPS * time), "only fees were paid");
        uint256 end = _overdue(0);
        bool charged = START + time >= end + GRACE_DAYS * 1 days;
        uint256 late = charged ? _ceil(principal * LATE_FEE_BPS * (START + time - end)) : 0;
        assertLe(due.lateFees, late);
        assertGe(due.lateFees + steps, late, "what was paid meanwhile went to late fees first");
    }

    function testFuzz_anyRepaymentUpToTheDebtSucceeds(uint256 amount, uint32 time) public {
        vm.warp(START + bound(time, 0, 600 days));
        uint256 owed = _owed(id);
        amount = bound(amount, 1, owed);
        uint256 cash = euro.balanceOf(address(pool));
        _repay(supplier, amount);
        assertEq(_owed(id), owed - amount);
        assertEq(euro.balanceOf(address(pool)), cash + amount);
        assertEq(uint8(_state(id)), uint8(amount == owed ? IFinancingDesk.State.Repaid : IFinancingDesk.State.Open));
    }

    // Internals

    function _repay(address payer, uint256 amount) private returns (uint256) {
        vm.prank(payer);
        return desk.repay(id, amount);
    }

    /// @dev Its place is in the word that holds the principal, from the 200th bit on.
    function _setRepaidAhead(uint256 figure) private {
        vm.record();
        desk.financing(id);
        (bytes32[] memory slots,) = vm.accesses(address(desk));
        for (uint256 i; i < slots.length; ++i) {
            uint256 word = uint256(vm.load(address(desk), slots[i]));
            if (uint48(word >> 56) == principal) vm.store(address(desk), slots[i], bytes32(word | figure << 200));
        }
        assertEq(desk.financing(id).repaidAhead, figure);
    }

    function _overdue(uint256 time) private pure returns (uint256) {
        return (DUE_DATE + 1) * 1 days + time;
    }

    function _openUndrawn() private returns (FinancingId other) {
        desk.setLadder(facility, orders, _ladder(0, 6000, 8000, true));
        other = _openOnOrder();
        assertEq(_owed(other), 0);
    }

    /// @dev All before the k-th claim is paid, `left` of the k-th is owed, and all after it is as it was.
    function _expectOnly(uint256[6] memory parts, uint256 k, uint256 left) private view {
        Waterfall.Claims memory due = _claims(id);
        uint256[6] memory got = [due.lateFees, due.fees, due.interest, due.principal, due.writtenOff, due.reserve];
        for (uint256 i; i < 6; ++i) {
            assertEq(got[i], i < k ? 0 : i == k ? left : parts[i]);
        }
    }

    function _permit(uint256 amount, uint256 deadline) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 message = keccak256(abi.encode(kind, supplier, address(desk), amount, euro.nonces(supplier), deadline));
        return vm.sign(acme.key, keccak256(abi.encodePacked("\x19\x01", euro.DOMAIN_SEPARATOR(), message)));
    }

    /// @return minor units of interest on a year of 360 days, rounded up
    function _ceil(uint256 numerator) private pure returns (uint256) {
        return _ceilOf(numerator, 10_000 * 360 days);
    }

    function _ceilOf(uint256 a, uint256 b) private pure returns (uint256) {
        return a % b == 0 ? a / b : a / b + 1;
    }
}
