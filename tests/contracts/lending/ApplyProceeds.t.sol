// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IParkedPayouts} from "../../../contracts/libraries/ParkedPayouts.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FinancingId, OrderId} from "../../../contracts/types/Ids.sol";
import {LendingBase} from "./LendingBase.sol";

contract ApplyProceedsTest is LendingBase {
    // Refusals

    function test_onlyTheFinancingsCustodianApplies() public {
        FinancingId id = _open();
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.OnlyCollateralOf.selector, id, address(this), address(invoices))
        );
        desk.applyProceeds(id, 1);
        vm.prank(address(orders));
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.OnlyCollateralOf.selector, id, address(orders), address(invoices))
        );
        desk.applyProceeds(id, 1);
    }

    function test_hintOnWhatBacksNothingIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(ICollateral.ItemUnknown.selector, ITEM));
        invoices.onProceeds(ITEM);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.ItemUnknown.selector, ORDER));
        orders.onProceeds(ORDER);
    }

    function test_hintWithoutMoneyDoesNothing() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        uint256 owed = _owed(id);
        invoices.onProceeds(ITEM);
        assertEq(_owed(id), owed);
    }

    // Happy path

    function test_debtorsPaymentRunsThroughTheWaterfall() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        vm.warp(START + 60 days);
        uint256 drawn = euro.balanceOf(supplier);
        Waterfall.Claims memory due = _claims(id);
        uint256 residual = FACE_VALUE - _owed(id);
        _fundAndApprove(debtor, FACE_VALUE, address(receivables));
        vm.expectEmit(address(desk));
        emit IFinancingDesk.Repaid(
            id,
            address(invoices),
            Waterfall.Split(0, due.fees, due.interest, due.principal, 0, due.reserve, residual),
            0
        );
        vm.prank(debtor);
        receivables.pay(_invoice(), FACE_VALUE);

        assertEq(euro.balanceOf(supplier), drawn + residual);
        assertEq(euro.balanceOf(address(pool)), FUNDED + due.fees + due.interest + due.reserve);
        assertEq(pool.books().cash, FUNDED + due.interest);
        assertEq(euro.balanceOf(address(invoices)), 0);
        assertEq(euro.balanceOf(address(receivables)), 0);
        assertEq(_custody(), 0, "units are burned as they are paid");
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
    }

    function test_partialPaymentGoesToThePoolFirst() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        uint256 drawn = euro.balanceOf(supplier);
        uint256 owed = _owed(id);
        _pay(1_000_000);
        assertEq(_owed(id), owed - 1_000_000);
        assertEq(euro.balanceOf(supplier), drawn, "nothing for the supplier while anything is owed");
        assertEq(_base(id), (FACE_VALUE - 1_000_000) * 6000 / 10_000);
        assertEq(desk.financing(id).repaidAhead, 0);
    }

    function test_whenNothingIsOwedAllGoesToTheSupplier() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        _pay(7_000_000);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
        uint256 before = euro.balanceOf(supplier);
        _pay(1_000_000);
        assertEq(euro.balanceOf(supplier), before + 1_000_000);
        assertEq(desk.poke(id), 0, "a repaid financing draws nothing more");
    }

    /// @dev A payment before the first draw is the supplier's, and the financing stays open for the rest.
    function test_paymentBeforeTheFirstDraw() public {
        FinancingId id = _open();
        _pay(4_000_000);
        assertEq(euro.balanceOf(supplier), 4_000_000);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Open));
        _depart(SHIPMENT);
        assertEq(_base(id), 3_600_000);
        assertEq(euro.balanceOf(supplier), 4_000_000 + _greatestDraw(3_600_000, CHARGES_BPS));
    }

    function test_partOfAnInvoiceGetsItsShareOnly() public {
        _registerAndAccept();
        _openSubject();
        FinancingId id = _pledge(facility, ITEM, FACE_VALUE / 4, SHIPMENT);
        _depart(SHIPMENT);
        uint256 owed = _owed(id);
        _pay(1_000_000);
        assertEq(_owed(id), owed - 250_000);
        assertEq(_custody(), FACE_VALUE / 4 - 250_000);
        assertEq(receivables.claimable(_invoice(), supplier), 750_000);
    }

    /// @dev The hint was missed: the money waits in the token, counts against the base at once, and anyone brings it in.
    function test_missedHintIsMadeUpForByAnyone() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        uint256 owed = _owed(id);
        vm.mockCallRevert(address(invoices), abi.encodeWithSelector(invoices.onProceeds.selector), "deaf");
        _pay(1_000_000);
        assertEq(_owed(id), owed);
        assertEq(_base(id), (FACE_VALUE - 1_000_000) * 6000 / 10_000);

        vm.clearMockedCalls();
        vm.prank(stranger);
        invoices.onProceeds(ITEM);
        assertEq(_owed(id), owed - 1_000_000);
        assertEq(_base(id), (FACE_VALUE - 1_000_000) * 6000 / 10_000, "to the same base");
        invoices.onProceeds(ITEM);
        assertEq(_owed(id), owed - 1_000_000, "once");
    }

    function test_orderPaymentGoesToThePoolFirst() public {
        FinancingId id = _openOnOrder();
        uint256 drawn = euro.balanceOf(supplier);
        uint256 owed = _owed(id);
        _payOrder(FACE_VALUE);
        assertEq(_owed(id), 0);
        assertEq(euro.balanceOf(supplier), drawn + FACE_VALUE - owed);
        assertEq(euro.balanceOf(address(orders)), 0);
        assertEq(uint8(escrow.order(OrderId.wrap(ORDER)).state), uint8(IOrderEscrow.State.Settled));
    }

    function test_missedHintOnAnOrder() public {
        FinancingId id = _openOnOrder();
        uint256 owed = _owed(id);
        vm.mockCallRevert(address(orders), abi.encodeWithSelector(orders.onProceeds.selector), "deaf");
        _payOrder(1_000_000);
        assertEq(euro.balanceOf(address(orders)), 1_000_000);
        vm.clearMockedCalls();
        orders.onProceeds(ORDER);
        orders.onProceeds(ORDER);
        assertEq(_owed(id), owed - 1_000_000);
        assertEq(euro.balanceOf(address(orders)), 0);
    }

    // Frozen parties

    function test_residualOfAFrozenSupplierIsParked() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        uint256 drawn = euro.balanceOf(supplier);
        uint256 residual = FACE_VALUE - _owed(id);
        registry.freezeAccount(supplier);
        _fundAndApprove(debtor, FACE_VALUE, address(receivables));
        vm.expectEmit(address(desk));
        emit IParkedPayouts.PayoutParked(supplier, address(euro), residual);
        vm.prank(debtor);
        receivables.pay(_invoice(), FACE_VALUE);

        assertEq(_owed(id), 0, "the lenders are paid all the same");
        assertEq(desk.parked(supplier, address(euro)), residual);
        assertEq(euro.balanceOf(address(desk)), residual);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, supplier));
        desk.claimParked(address(euro));

        registry.unfreezeAccount(supplier);
        vm.startPrank(supplier);
        assertEq(desk.claimParked(address(euro)), residual);
        assertEq(euro.balanceOf(supplier), drawn + residual);
        vm.expectRevert(abi.encodeWithSelector(IParkedPayouts.NothingParked.selector, supplier, address(euro)));
        desk.claimParked(address(euro));
    }

    function test_drawOfAFrozenSupplierIsParked() public {
        FinancingId id = _open();
        registry.freezeAccount(supplier);
        _depart(SHIPMENT);
        uint256 amount = _greatestDraw(6_000_000, CHARGES_BPS);
        assertEq(desk.parked(supplier, address(euro)), amount);
        assertEq(euro.balanceOf(address(desk)), amount);
        assertEq(pool.books().principalOut, amount);
        assertEq(desk.financing(id).principal, amount);
        assertEq(desk.parked(stranger, address(euro)), 0);
        registry.unfreezeAccount(supplier);
        vm.prank(supplier);
        desk.claimParked(address(euro));
        assertEq(euro.balanceOf(supplier), amount);
    }

    function test_frozenDebtorCannotPayButAnotherMay() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        _issue(euro, debtor, FACE_VALUE);
        registry.freezeAccount(debtor);
        vm.startPrank(debtor);
        euro.approve(address(receivables), FACE_VALUE);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, debtor));
        receivables.pay(_invoice(), FACE_VALUE);
        vm.stopPrank();
        assertEq(uint8(receivables.receivable(_invoice()).state), uint8(IReceivableToken.State.Accepted));

        _fundAndApprove(granite, FACE_VALUE, address(receivables));
        vm.prank(granite);
        receivables.pay(_invoice(), FACE_VALUE);
        assertEq(_owed(id), 0);
    }

    // Properties

    /// @dev Every cent that the debtor pays is in the pool or with the supplier, in whatever parts it comes.
    function testFuzz_paymentsSumUp(uint256[4] memory payments, uint32[4] memory gaps) public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        uint256 drawn = euro.balanceOf(supplier);
        uint256 poolBefore = euro.balanceOf(address(pool));
        uint256 left = FACE_VALUE;
        for (uint256 i; i < 4; ++i) {
            vm.warp(vm.getBlockTimestamp() + bound(gaps[i], 0, 10 days));
            uint256 amount = i == 3 ? left : bound(payments[i], 1, left / 2);
            uint256 owed = _owed(id);
            uint256 supplierBefore = euro.balanceOf(supplier);
            _pay(amount);
            left -= amount;
            assertEq(_owed(id), amount >= owed ? 0 : owed - amount);
            assertEq(euro.balanceOf(supplier) - supplierBefore, amount > owed ? amount - owed : 0);
        }
        uint256 toPool = euro.balanceOf(address(pool)) - poolBefore;
        assertEq(toPool + euro.balanceOf(supplier) - drawn, FACE_VALUE);
        assertEq(pool.books().cash + pool.held().fees + pool.held().reserve, euro.balanceOf(address(pool)));
        assertEq(pool.accruedIncome(), 0);
        assertEq(_custody(), 0);
    }
}
