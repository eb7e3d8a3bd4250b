// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FinancingId} from "../../../contracts/types/Ids.sol";
import {Rates} from "../../../contracts/types/Rates.sol";
import {LendingBase} from "./LendingBase.sol";

contract RepayTest is LendingBase {
    FinancingId private id;
    uint256 private principal;
    uint256 private fee;

    function setUp() public override {
        super.setUp();
        id = _open();
        _depart(SHIPMENT);
        principal = euro.balanceOf(supplier);
        fee = _feeUp(principal, FEE_BPS);
        _fundAndApprove(supplier, 1_000_000, address(desk));
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

    function test_repayingMoreThanOwedIsRefused() public {
        uint256 owed = _owed(id);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.RepaymentExceedsOwed.selector, id, owed + 1, owed));
        desk.repay(id, owed + 1);
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
        assertEq(_owed(id), principal + interest + fee);
        uint256 before = euro.balanceOf(supplier);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.Repaid(id, supplier, fee, interest, principal, 0, 0);
        _repay(supplier, type(uint256).max);

        assertEq(before - euro.balanceOf(supplier), principal + interest + fee);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
        assertEq(desk.facility(facility).drawn, 0);
        assertEq(pool.books().principalOut, 0);
        assertEq(pool.books().cash, FUNDED + interest + fee);
        assertEq(pool.books().accruedFees, fee);
        assertEq(pool.accruedNumerator(), 0, "the exact numerator has been settled");
        assertEq(pool.grossAssets(), FUNDED + interest);
    }

    function test_feesThenInterestThenPrincipal() public {
        vm.warp(START + 36 days);
        (uint256 feesDue, uint256 interest,) = desk.owed(id);
        _repay(supplier, feesDue - 1);
        _expectOwed(1, interest, principal);
        _repay(supplier, 1 + interest - 1);
        _expectOwed(0, 1, principal);
        _repay(supplier, 1 + 1000);
        _expectOwed(0, 0, principal - 1000);
        assertEq(desk.repaidAhead(id), fee + interest + 1000);
        assertEq(desk.facility(facility).drawn, principal - 1000);
    }

    function test_anyoneMayRepay() public {
        _fundAndApprove(debtor, 100_000, address(desk));
        _repay(debtor, 100_000);
        assertEq(euro.balanceOf(debtor), 0);
        assertEq(_owed(id), principal + fee - 100_000);
    }

    /// @dev Or anyone could charge the supplier the fee again and again: repay, poke, repay, poke.
    function test_whatIsRepaidAheadIsNotDrawnAgain() public {
        _repay(supplier, fee + 500_000);
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
        uint256 interestPaid;
        uint256 numerator;
        for (uint256 i; i < 5; ++i) {
            uint256 gap = bound(gaps[i], 0, 60 days);
            numerator += desk.financing(id).principal * RATE_BPS * gap;
            vm.warp(vm.getBlockTimestamp() + gap);
            (uint256 fees, uint256 interest,) = desk.owed(id);
            uint256 owed = _owed(id);
            if (owed == 0) break;
            assertEq(interest, _ceil(numerator), "accrual by hand");
            uint256 amount = i == 4 ? owed : bound(parts[i], 1, owed);
            _repay(supplier, amount);
            uint256 towards = amount <= fees ? 0 : amount - fees < interest ? amount - fees : interest;
            interestPaid += towards;
            numerator = towards == interest ? 0 : numerator - towards * Rates.INTEREST_DENOMINATOR;
            assertEq(pool.accruedNumerator(), numerator, "pool and desk keep the same exact interest");
            assertEq(_interestReceived(), interestPaid);
        }
        assertEq(_owed(id), 0);
        assertEq(pool.accruedNumerator(), 0);
    }

    /// @dev Booking interest often or once is the same, to the unit of the numerator.
    function testFuzz_accrualIsPathIndependent(uint32 time, uint8 pokes) public {
        time = uint32(bound(time, 1, 300 days));
        pokes = uint8(bound(pokes, 1, 10));
        uint256 expected = principal * RATE_BPS * time;
        for (uint256 i = 1; i <= pokes; ++i) {
            vm.warp(START + uint256(time) * i / pokes);
            desk.poke(id);
        }
        (, uint256 interest,) = desk.owed(id);
        assertEq(interest, _ceil(expected));
        assertEq(pool.accruedNumerator(), expected);
    }

    function testFuzz_anyRepaymentUpToTheDebtSucceeds(uint256 amount, uint32 time) public {
        vm.warp(START + bound(time, 0, 300 days));
        uint256 owed = _owed(id);
        amount = bound(amount, 1, owed);
        uint256 cash = euro.balanceOf(address(pool));
        _repay(supplier, amount);
        assertEq(_owed(id), owed - amount);
        assertEq(euro.balanceOf(address(pool)), cash + amount);
        assertEq(uint8(_state(id)), uint8(amount == owed ? IFinancingDesk.State.Repaid : IFinancingDesk.State.Open));
    }

    // Internals

    function _repay(address payer, uint256 amount) private {
        vm.prank(payer);
        desk.repay(id, amount);
    }

    function _expectOwed(uint256 fees_, uint256 interest_, uint256 principal_) private view {
        (uint256 fees, uint256 interest, uint256 owed) = desk.owed(id);
        assertEq(fees, fees_);
        assertEq(interest, interest_);
        assertEq(owed, principal_);
    }

    /// @return interest that has reached the pool, from its cash: all else is counted
    function _interestReceived() private view returns (uint256) {
        return uint256(pool.books().cash) + pool.books().principalOut - pool.books().accruedFees - FUNDED;
    }

    function _ceil(uint256 numerator) private pure returns (uint256) {
        uint256 whole = numerator / Rates.INTEREST_DENOMINATOR;
        return whole * Rates.INTEREST_DENOMINATOR == numerator ? whole : whole + 1;
    }
}
