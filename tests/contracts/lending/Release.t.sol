// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FinancingId, OrderId} from "../../../contracts/types/Ids.sol";
import {LendingBase} from "./LendingBase.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";

contract ReleaseTest is LendingBase {
    // Refusals

    function test_onlyTheSupplierReleases() public {
        FinancingId id = _open();
        vm.prank(debtor);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.NotSupplierOf.selector, facility, debtor, supplier));
        desk.release(id);
    }

    function test_whileAnythingIsOwedIsRefused() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        uint256 owed = _owed(id);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.StillOwed.selector, id, owed));
        desk.release(id);
    }

    function test_releasingTwiceIsRefused() public {
        FinancingId id = _open();
        vm.startPrank(supplier);
        desk.release(id);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFinancingDesk.FinancingStateWrong.selector,
                id,
                IFinancingDesk.State.Released,
                IFinancingDesk.State.Repaid
            )
        );
        desk.release(id);
    }

    function test_adapterReleasesForTheDeskOnly() public {
        FinancingId id = _open();
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.OnlyDesk.selector, supplier, desk));
        invoices.release(id, supplier);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.OnlyDesk.selector, supplier, desk));
        invoices.take(id, facility, supplier, ITEM, 1, SHIPMENT, address(euro));
    }

    /// @dev Units sent to the adapter unasked would belong to nobody.
    function test_unsolicitedUnitsAreRefused() public {
        _registerAndAccept();
        vm.startPrank(supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnsolicitedItem.selector, address(receivables), supplier));
        receivables.safeTransferFrom(supplier, address(invoices), ITEM, 1, "");
        uint256[] memory ids = new uint256[](1);
        uint256[] memory values = new uint256[](1);
        (ids[0], values[0]) = (ITEM, 1);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnsolicitedItem.selector, address(receivables), supplier));
        receivables.safeBatchTransferFrom(supplier, address(invoices), ids, values, "");
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnsolicitedItem.selector, supplier, address(invoices)));
        invoices.onERC1155Received(address(invoices), supplier, ITEM, 1, "");
        assertTrue(invoices.supportsInterface(type(IERC1155Receiver).interfaceId));
    }

    // Happy path

    function test_unitsComeBack() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        _fundAndApprove(supplier, 1_000_000, address(desk));
        vm.startPrank(supplier);
        desk.repay(id, type(uint256).max);
        vm.expectEmit(address(invoices));
        emit ICollateral.CollateralReleased(id, ITEM, supplier, FACE_VALUE, 0);
        desk.release(id);
        vm.stopPrank();

        assertEq(receivables.balanceOf(supplier, ITEM), FACE_VALUE);
        assertEq(oracle.subject(SHIPMENT).consumer, address(0));
        assertEq(FinancingId.unwrap(desk.financingOf(SHIPMENT)), 0);
        assertEq(invoices.financingsOf(ITEM).length, 0);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Released));
        assertEq(desk.financing(id).itemId, ITEM, "what backed it stays on record");
        assertEq(_base(id), 0);
        assertEq(desk.poke(id), 0);
    }

    function test_neverDrawnIsReleasedFreely() public {
        FinancingId id = _open();
        vm.prank(supplier);
        desk.release(id);
        assertEq(receivables.balanceOf(supplier, ITEM), FACE_VALUE);
    }

    function test_releasedInvoiceMayBePledgedAgain() public {
        FinancingId first = _open();
        vm.prank(supplier);
        desk.release(first);
        FinancingId second = _pledge(facility, ITEM, FACE_VALUE, SHIPMENT);
        _depart(SHIPMENT);
        assertEq(desk.financing(second).principal, _greatestDraw(6_000_000, CHARGES_BPS));
        assertEq(desk.financing(first).principal, 0);
    }

    /// @dev Paid while the hint was deaf, released before anyone poked: the money is the supplier's, like the units.
    function test_proceedsNotYetForwardedGoToTheSupplier() public {
        FinancingId id = _open();
        vm.mockCallRevert(address(invoices), abi.encodeWithSelector(invoices.onProceeds.selector), "deaf");
        _pay(1_000_000);
        vm.clearMockedCalls();
        vm.prank(supplier);
        desk.release(id);
        assertEq(euro.balanceOf(supplier), 1_000_000);
        assertEq(receivables.balanceOf(supplier, ITEM), FACE_VALUE - 1_000_000);
        assertEq(euro.balanceOf(address(invoices)), 0);
    }

    function test_orderGoesBackToTheSeller() public {
        FinancingId id = _openOnOrder();
        _fundAndApprove(supplier, 1_000_000, address(desk));
        vm.mockCallRevert(address(orders), abi.encodeWithSelector(orders.onProceeds.selector), "deaf");
        _payOrder(1_000_000);
        vm.clearMockedCalls();
        vm.startPrank(supplier);
        desk.repay(id, type(uint256).max);
        uint256 before = euro.balanceOf(supplier);
        desk.release(id);
        vm.stopPrank();

        assertEq(euro.balanceOf(supplier), before + 1_000_000, "what had come in and was not forwarded");
        assertEq(escrow.assigneeOf(OrderId.wrap(ORDER)), address(0));
        before = euro.balanceOf(supplier);
        _payOrder(500_000);
        assertEq(euro.balanceOf(supplier), before + 500_000, "and payments are the seller's again");
    }

    /// @dev One line along the chain: the order's consignment moves on to the invoice for the same goods.
    function test_consignmentMovesOnFromOrderToInvoice() public {
        FinancingId onOrder = _openOnOrder();
        _depart(ORDER_SHIPMENT);
        _fundAndApprove(supplier, 1_000_000, address(desk));
        vm.startPrank(supplier);
        desk.repay(onOrder, type(uint256).max);
        desk.release(onOrder);
        vm.stopPrank();
        _registerAndAccept();
        FinancingId onInvoice = _pledge(facility, ITEM, FACE_VALUE, ORDER_SHIPMENT);
        assertEq(_base(onInvoice), 6_000_000);
        assertGt(desk.financing(onInvoice).principal, 0);
    }
}
