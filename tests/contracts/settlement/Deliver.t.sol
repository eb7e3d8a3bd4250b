// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {EscrowBase} from "./EscrowBase.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract DeliverTest is EscrowBase {
    function setUp() public override {
        super.setUp();
        _storeFirst();
        _accepted();
        _fund(6_000_000);
        vm.startPrank(seller);
        lots.setApprovalForAll(address(escrow), true);
        lots.setPowerOfSale(address(escrow), true);
        vm.stopPrank();
    }

    // Refusals

    function test_onlyTheSellerOffersItsOwn() public {
        IOrderEscrow.Delivery memory delivery = _delivery();
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotSellerOf.selector, ID, borealis.id, acme.id));
        escrow.offerDelivery(delivery, true);
        vm.startPrank(seller);
        delivery.owner = buyer;
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotSellerOf.selector, ID, borealis.id, acme.id));
        escrow.offerDelivery(delivery, true);
        delivery = _delivery();
        delivery.price = 0;
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.PaymentZero.selector, ID));
        escrow.offerDelivery(delivery, true);
    }

    function test_onlyTheBuyerTakesWhatIsOffered() public {
        IOrderEscrow.Delivery memory delivery = _delivery();
        bytes32 digest = escrow.deliveryDigest(delivery);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.DeliveryNotOffered.selector, ID, digest));
        escrow.deliver(delivery, buyer);
        _offer(delivery);
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotBuyerOf.selector, ID, acme.id, borealis.id));
        escrow.deliver(delivery, buyer);
        vm.prank(buyer);
        vm.expectRevert(
            abi.encodeWithSelector(IOrderEscrow.NotAccountOf.selector, ID, lender.account, lender.id, borealis.id)
        );
        escrow.deliver(delivery, lender.account);
        vm.prank(seller);
        escrow.offerDelivery(delivery, false);
        vm.prank(buyer);
        vm.expectPartialRevert(IOrderEscrow.DeliveryNotOffered.selector);
        escrow.deliver(delivery, buyer);
    }

    function test_noMoneyNoGoods() public {
        IOrderEscrow.Delivery memory delivery = _delivery();
        delivery.price = 6_000_001;
        _offer(delivery);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.DeliveryUnfunded.selector, ID, 6_000_001, 6_000_000));
        escrow.deliver(delivery, buyer);
        assertEq(_held(seller), STORED);
    }

    function test_noGoodsNoMoney() public {
        IOrderEscrow.Delivery memory delivery = _delivery();
        delivery.quantity = STORED + 1;
        _offer(delivery);
        vm.prank(buyer);
        vm.expectPartialRevert(IERC1155Errors.ERC1155InsufficientBalance.selector);
        escrow.deliver(delivery, buyer);
        delivery = _delivery();
        _offer(delivery);
        vm.prank(seller);
        lots.setPowerOfSale(address(escrow), false);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IGoodsRights.PowerOfSaleMissing.selector, LOT, seller, address(escrow)));
        escrow.deliver(delivery, buyer);
        assertEq(euro.balanceOf(seller), 0);
        assertEq(escrow.order(ID).held, 6_000_000);
    }

    function test_goodsSentUnaskedAreRefused() public {
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.GoodsUnsolicited.selector, address(lots), seller));
        lots.safeTransferFrom(seller, address(escrow), LotId.unwrap(LOT), 1, "");
    }

    /// @dev Whoever has lent on the purchase has the goods go where it says, not where the buyer does.
    function test_whereRefundsAreAssignedTheirAssigneeTakesTheGoods() public {
        assignee.assignRefunds(escrow, ID, buyer);
        IOrderEscrow.Delivery memory delivery = _delivery();
        _offer(delivery);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotRefundAssigneeOf.selector, ID, buyer, address(assignee)));
        escrow.deliver(delivery, buyer);
        assignee.deliver(escrow, delivery, buyer);
        assertEq(_held(buyer), 500_000);
    }

    // Happy path

    function test_titleAndMoneyChangeHandsAtOnce() public {
        IOrderEscrow.Delivery memory delivery = _delivery();
        _offer(delivery);
        vm.expectEmit(address(escrow));
        emit IOrderEscrow.GoodsDelivered(ID, LOT, buyer, seller, 500_000, 5_000_000);
        vm.prank(buyer);
        escrow.deliver(delivery, buyer);
        assertEq(euro.balanceOf(seller), 5_000_000);
        _assertPosition(seller, 500_000, 0, 0, 0);
        _assertPosition(buyer, 500_000, 0, 0, 0);
        assertEq(lots.balanceOf(address(escrow), LotId.unwrap(LOT)), 0);
        assertFalse(escrow.isOffered(escrow.deliveryDigest(delivery)));
        vm.prank(buyer);
        vm.expectPartialRevert(IOrderEscrow.DeliveryNotOffered.selector);
        escrow.deliver(delivery, buyer);
        _assertBalanced();
    }

    function test_whatWasPaidForGoodsIsNotPaidAgainByFacts() public {
        IOrderEscrow.Delivery memory delivery = _delivery();
        _offer(delivery);
        vm.prank(buyer);
        escrow.deliver(delivery, buyer);
        _depart();
        assertEq(euro.balanceOf(seller), 5_000_000, "40 % is less than what was paid");
        _receive(1, uint64(QUANTITY));
        assertEq(euro.balanceOf(seller), 6_000_000, "all that is held");
    }

    // Internals

    function _delivery() private view returns (IOrderEscrow.Delivery memory) {
        return IOrderEscrow.Delivery(ID, seller, LOT, 500_000, 5_000_000);
    }

    function _offer(IOrderEscrow.Delivery memory delivery) private {
        vm.prank(seller);
        escrow.offerDelivery(delivery, true);
    }
}
