// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IInventoryCollateral} from "../../../contracts/lending/interfaces/IInventoryCollateral.sol";
import {FinancingId, LotId} from "../../../contracts/types/Ids.sol";
import {StockBase} from "./StockBase.sol";

/// @title Who may not act can sell nothing, and keeps nothing from its lender: the power of sale carries a sale through.
contract StockFrozenTest is StockBase {
    uint256 private constant SOLD = KILOS * 3 / 4;

    FinancingId private _id;

    function setUp() public override {
        super.setUp();
        _id = _openStock();
    }

    function _sale() private {
        _news(170, COOL);
        stock.callMargin(_id);
        _later(1 days, 170, COOL);
        stock.startSale(_id);
    }

    /// @return surplus what the buyer has paid beyond what was owed
    function _sold() private returns (uint256 surplus) {
        _fundAndApprove(buyer, 20_000_000, address(stock));
        uint256 owed = _owed(_id);
        vm.prank(buyer);
        uint256 price = stock.bid(_id, LOT, SOLD, type(uint256).max);
        assertGt(price, owed, "there is a surplus");
        assertEq(_owed(_id), 0);
        assertEq(_heldBy(buyer), SOLD, "title and goods are the buyer's");
        assertEq(_pledged(LOT), KILOS - SOLD);
        return price - owed;
    }

    function _heldBy(address who) private view returns (uint256) {
        return lots.position(LOT, who).free;
    }

    function _assertParked(uint256 surplus) private {
        uint256 before = euro.balanceOf(supplier);
        assertEq(desk.parked(supplier, address(euro)), surplus);
        vm.prank(supplier);
        vm.expectRevert();
        desk.claimParked(address(euro));
        assertEq(euro.balanceOf(supplier), before);
        _assertEmptyHanded();
    }

    function _claimed(uint256 surplus) private {
        uint256 before = euro.balanceOf(supplier);
        vm.prank(supplier);
        assertEq(desk.claimParked(address(euro)), surplus);
        assertEq(euro.balanceOf(supplier), before + surplus);
        vm.prank(supplier);
        desk.release(_id);
        assertEq(_free(LOT), KILOS - SOLD, "what is left is the owner's");
        assertEq(uint8(_state(_id)), uint8(IFinancingDesk.State.Released));
    }

    // Refusals

    function test_refusedWhereTheBuyerMayNotAct() public {
        _sale();
        _fundAndApprove(buyer, 20_000_000, address(stock));
        registry.freezeAccount(buyer);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, buyer));
        stock.bid(_id, LOT, SOLD, type(uint256).max);
        assertEq(_heldBy(buyer), 0);
    }

    function test_refusedWhereAFrozenOwnerSellsItself() public {
        IInventoryCollateral.Offer memory offer =
            IInventoryCollateral.Offer(_id, LOT, SOLD, 15_000_000, buyer, uint40(block.timestamp + 1 days));
        vm.prank(supplier);
        stock.offerGoods(offer);
        registry.freezeAccount(supplier);
        _fundAndApprove(buyer, 15_000_000, address(stock));
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, supplier));
        stock.buyGoods(offer);
        assertEq(_pledged(LOT), KILOS);
    }

    function test_aFrozenOwnersGoodsStayWhereTheyAreUntilItMayActAgain() public {
        registry.freezeAccount(supplier);
        _fundAndApprove(debtor, 20_000_000, address(desk));
        vm.prank(debtor);
        desk.repay(_id, type(uint256).max);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, supplier));
        desk.release(_id);
        assertEq(_pledged(LOT), KILOS);
        registry.unfreezeAccount(supplier);
        vm.prank(supplier);
        desk.release(_id);
        assertEq(_free(LOT), KILOS);
    }

    // The lender's sale

    function test_aFrozenPledgorsGoodsAreSoldAndItsSurplusIsKeptForIt() public {
        _sale();
        registry.freezeAccount(supplier);
        uint256 surplus = _sold();
        _assertParked(surplus);
        registry.unfreezeAccount(supplier);
        _claimed(surplus);
    }

    function test_aSuspendedPledgorsGoodsAreSold() public {
        _sale();
        registry.suspendOrganisation(acme.lei);
        uint256 surplus = _sold();
        _assertParked(surplus);
        registry.reinstateOrganisation(acme.lei);
        _claimed(surplus);
    }

    /// @dev Title, goods and money stay the account's, whoever it acts for: they wait until it may act again.
    function test_aPledgorThatHasLeftItsOrganisationIsSoldAndKeepsItsTitleAndSurplus() public {
        _sale();
        registry.removeAccount(supplier);
        uint256 surplus = _sold();
        _assertParked(surplus);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, supplier));
        desk.release(_id);
        assertEq(_pledged(LOT), KILOS - SOLD);
        assertEq(lots.titleOf(LOT, supplier), KILOS - SOLD);
        registry.admitAccount(acme.lei, supplier);
        _claimed(surplus);
    }
}
