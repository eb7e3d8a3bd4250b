// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HealthCheck} from "../../../contracts/lending/HealthCheck.sol";
import {IFinancingCover} from "../../../contracts/lending/interfaces/IFinancingCover.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {FacilityId, FinancingId} from "../../../contracts/types/Ids.sol";
import {LendingBase} from "./LendingBase.sol";
import {CoverDouble} from "./doubles/CoverDouble.sol";

/// @title Insured financings: premiums before everything, what insurers have paid after the source of money and before the
/// supplier, and an insurer's own payment the source's alone.
contract CoveredTest is LendingBase {
    uint256 private constant PREMIUM = 30_000;

    CoverDouble private _cover;
    FinancingId private id;

    function setUp() public override {
        super.setUp();
        _cover = new CoverDouble(desk, euro);
        registry.admitAccount(operator.lei, address(_cover));
        desk.setCover(_cover);
        id = _open();
        _cover.mark(id, true);
        _fundAndApprove(supplier, 20_000_000, address(desk));
    }

    // Refusals

    function test_coverIsNamedOnceAndByTheGovernor() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.AddressFixed.selector, stranger, address(_cover)));
        desk.setCover(IFinancingCover(stranger));
        assertEq(address(desk.cover()), address(_cover));
        vm.expectPartialRevert(bytes4(keccak256("AccessManagedUnauthorized(address)")));
        vm.prank(stranger);
        desk.setCover(_cover);
    }

    function test_onlyTheCoverMarks() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.OnlyCover.selector, supplier, address(_cover)));
        vm.prank(supplier);
        desk.markCovered(id, false);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FinancingUnknown.selector, FinancingId.wrap(9)));
        _cover.mark(FinancingId.wrap(9), true);
    }

    function test_nothingGoesBackWhileInsurersAreOwed() public {
        _cover.owe(id, PREMIUM, 0);
        _releaseRefused(PREMIUM);
        _cover.owe(id, 0, 7);
        _releaseRefused(7);
        _cover.owe(id, 0, 0);
        vm.prank(supplier);
        desk.release(id);
        assertEq(receivables.balanceOf(supplier, ITEM), FACE_VALUE);
    }

    // Draws

    function test_firstDrawLeavesRoomForThePremium() public {
        _cover.owe(id, PREMIUM, 0);
        _depart(SHIPMENT);
        uint256 room = FACE_VALUE * 6000 / 10_000 - PREMIUM;
        assertEq(desk.financing(id).principal, _greatestDraw(room, CHARGES_BPS));
        assertLe(_owed(id), _base(id));
        assertGe(_owed(id) + 1, _base(id));
    }

    function test_laterDrawsLeaveRoomForBoth() public {
        _depart(SHIPMENT);
        _cover.owe(id, PREMIUM, 4000);
        (, uint256 available) = desk.availability(id);
        assertEq(available, 0);
        _receive(SHIPMENT, uint64(QUANTITY));
        assertEq(_base(id), FACE_VALUE * 8000 / 10_000);
        assertLe(_owed(id), _base(id));
        assertGe(_owed(id) + 1, _base(id));
        assertEq(
            _owed(id),
            _claims(id).principal + _claims(id).fees + _claims(id).reserve + _claims(id).interest + PREMIUM + 4000
        );
    }

    // Payments

    function test_premiumComesFirst() public {
        _drawAndOwe(PREMIUM, 0);
        uint256 before = _claims(id).principal + _claims(id).fees;
        vm.prank(supplier);
        assertEq(desk.repay(id, PREMIUM - 1), PREMIUM - 1);
        assertEq(_cover.premiums(), PREMIUM - 1);
        assertEq(_claims(id).principal + _claims(id).fees, before, "nothing for the pool yet");
        vm.prank(supplier);
        desk.repay(id, 101);
        assertEq(_cover.premiums(), PREMIUM);
        assertEq(_claims(id).principal + _claims(id).fees, before - 100);
        assertEq(euro.balanceOf(address(_cover)), PREMIUM);
    }

    /// @dev What the insurer has had was never lent: only the pool's part is kept from being drawn again.
    function test_whatInsurersGetIsNotRepaidAhead() public {
        _drawAndOwe(PREMIUM, 0);
        uint256 ahead = desk.financing(id).repaidAhead;
        vm.startPrank(supplier);
        desk.repay(id, PREMIUM - 1);
        assertEq(desk.financing(id).repaidAhead, ahead);
        desk.repay(id, 101);
        assertEq(desk.financing(id).repaidAhead, ahead + 100);
        _cover.owe(id, PREMIUM, PREMIUM);
        uint256 owed = _claims(id).principal + _claims(id).fees + _claims(id).interest + _claims(id).reserve;
        desk.repay(id, type(uint256).max);
        vm.stopPrank();
        assertEq(_cover.recoveries(), PREMIUM);
        assertEq(desk.financing(id).repaidAhead, ahead + 100 + owed);
    }

    function test_premiumComesFirstOutOfProceedsToo() public {
        _drawAndOwe(PREMIUM, 0);
        uint256 owed = _owed(id);
        _payItem(1_000_000);
        assertEq(_cover.premiums(), PREMIUM);
        assertEq(euro.balanceOf(address(_cover)), PREMIUM);
        assertEq(_owed(id), owed - 1_000_000);
    }

    /// @dev After the pool and before the supplier.
    function test_whatInsurersHavePaidComesBeforeTheSupplier() public {
        _drawAndOwe(0, 50_000);
        uint256 owed = _owed(id);
        uint256 before = euro.balanceOf(supplier);
        _payItem(owed - 50_000);
        assertEq(_cover.recoveries(), 0, "the pool's claims first");
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
        _payItem(20_000);
        assertEq(_cover.recoveries(), 20_000);
        assertEq(euro.balanceOf(supplier), before);
        _payItem(35_000);
        assertEq(_cover.recoveries(), 50_000);
        assertEq(euro.balanceOf(supplier), before + 5000);
        assertEq(euro.balanceOf(address(_cover)), 50_000);
    }

    /// @dev A loss that is paid leaves the insurer in the lender's place: the supplier can pay it, and has to.
    function test_supplierPaysTheInsurerOnceThePoolIsPaid() public {
        _drawAndOwe(0, 0);
        uint256 owed = _owed(id);
        _issue(euro, address(_cover), owed);
        _cover.payLoss(id, owed);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
        assertEq(_owed(id), owed);
        assertEq(desk.owed(id).principal, 0);
        _releaseRefused(owed);
        vm.startPrank(supplier);
        assertEq(desk.repay(id, type(uint256).max), owed);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.RepaymentZero.selector, id));
        desk.repay(id, 1);
        desk.release(id);
        vm.stopPrank();
        assertEq(euro.balanceOf(address(_cover)), owed);
    }

    function test_insurersDoNotPayThemselves() public {
        _drawAndOwe(PREMIUM, 7000);
        uint256 owed = _owed(id);
        _issue(euro, address(_cover), owed);
        uint256 taken = _cover.payLoss(id, owed);
        assertEq(taken, owed - PREMIUM - 7000);
        assertEq(_cover.premiums() + _cover.recoveries(), 0);
        assertEq(_cover.premiumDue(id), PREMIUM);
    }

    function test_withoutTheMarkNothingIsAsked() public {
        _drawAndOwe(PREMIUM, 7000);
        _cover.mark(id, false);
        uint256 owed = _owed(id);
        vm.prank(supplier);
        assertEq(desk.repay(id, type(uint256).max), owed);
        assertEq(_cover.premiums() + _cover.recoveries(), 0);
    }

    /// @dev Recourse: what the supplier would get out of another financing serves the insurers of the one it answers for.
    function test_recourseServesInsurersToo() public {
        _drawAndOwe(PREMIUM, 9000);
        FinancingId other = _openOnOrder();
        desk.openRecourse(id);
        uint256 owed = _owed(id);
        uint256 needed = _owed(other);
        uint256 before = euro.balanceOf(supplier);
        _payOrder(needed + owed + 11);
        assertEq(_owed(other), 0);
        assertEq(_owed(id), 0);
        assertEq(_cover.premiums(), PREMIUM);
        assertEq(_cover.recoveries(), 9000);
        assertEq(euro.balanceOf(supplier), before + 11);
    }

    function test_coverGoesWithTheFinancing() public {
        _drawAndOwe(PREMIUM, 0);
        _repay(1_000_000);
        FacilityId next = _openFacility(LIMIT, 0);
        desk.refinance(id, next);
        _cover.owe(id, PREMIUM, 0);
        vm.prank(supplier);
        desk.repay(id, PREMIUM);
        assertEq(_cover.premiumDue(id), 0);
    }

    function test_healthOfAFinancingThatAnInsurerHasPaid() public {
        _drawAndOwe(0, 0);
        uint256 owed = _owed(id);
        _issue(euro, address(_cover), owed);
        _cover.payLoss(id, owed);
        ILendingPool[] memory pools = new ILendingPool[](1);
        pools[0] = pool;
        (bool healthy, string memory broken,) = new HealthCheck(desk, pools).check();
        assertTrue(healthy, broken);
    }

    // Fuzz

    /// @dev Whatever is paid, by whichever way, is split as three steps by hand would: premium, pool, insurers, supplier.
    function testFuzz_threeSteps(uint256 amount, uint256 premium, uint256 subrogated, bool proceeds) public {
        _drawAndOwe(bound(premium, 0, 100_000), bound(subrogated, 0, 1_000_000));
        (premium, subrogated) = (_cover.premiumDue(id), _cover.subrogatedDue(id));
        uint256 pools = _owed(id) - premium - subrogated;
        amount = bound(amount, 1, proceeds ? FACE_VALUE : 2 * FACE_VALUE);
        uint256 before = euro.balanceOf(address(pool));
        if (proceeds) {
            _payItem(amount);
        } else {
            vm.prank(supplier);
            desk.repay(id, amount);
        }
        uint256 left = amount;
        uint256 toPremium = left < premium ? left : premium;
        left -= toPremium;
        uint256 toPool = left < pools ? left : pools;
        left -= toPool;
        assertEq(_cover.premiums(), toPremium);
        assertEq(euro.balanceOf(address(pool)) - before, toPool);
        assertEq(_cover.recoveries(), left < subrogated ? left : subrogated);
        assertEq(euro.balanceOf(address(_cover)), _cover.premiums() + _cover.recoveries());
    }

    // The scene

    function _drawAndOwe(uint256 premium, uint256 subrogated) private {
        _depart(SHIPMENT);
        _cover.owe(id, premium, subrogated);
    }

    function _releaseRefused(uint256 owed) private {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.StillOwed.selector, id, owed));
        vm.prank(supplier);
        desk.release(id);
    }

    function _repay(uint256 amount) private {
        vm.prank(supplier);
        desk.repay(id, amount);
    }

    function _payItem(uint256 amount) private {
        _fundAndApprove(debtor, amount, address(receivables));
        vm.prank(debtor);
        receivables.pay(_invoice(), amount);
    }
}
