// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {IGoodsValuation} from "../../../contracts/inventory/interfaces/IGoodsValuation.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IInventoryCollateral} from "../../../contracts/lending/interfaces/IInventoryCollateral.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {FacilityId, FinancingId, LotId, OrganisationId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {StockBase} from "./StockBase.sol";

/// @title Taking goods as collateral, and giving them back when nothing is owed.
contract StockOpeningTest is StockBase {
    function _openRefused(bytes memory reason) private {
        vm.expectRevert(reason);
        _openStock();
    }

    // Refusals

    function test_refusedWhereTakenByAnybodyElse() public {
        vm.expectRevert(abi.encodeWithSelector(ICollateral.OnlyDesk.selector, address(this), address(desk)));
        stock.take(FinancingId.wrap(1), line, supplier, LotId.unwrap(LOT), KILOS, SHIPMENT, address(euro));
        vm.expectRevert(abi.encodeWithSelector(ICollateral.OnlyDesk.selector, address(this), address(desk)));
        stock.release(FinancingId.wrap(1), supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.OnlyDesk.selector, address(this), address(desk)));
        stock.retire(FinancingId.wrap(1), orders, ORDER, buyer);
    }

    function test_refusedWhereLadderIsNotOneStepStored() public {
        ICollateral.Step[] memory steps = _ladder(0, 6000, 7000, false);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.LadderInvalid.selector, line, 2));
        desk.setLadder(line, stock, steps);
        steps = _stored(RATE);
        steps[0].milestone = Milestones.RECEIVED;
        vm.expectRevert(abi.encodeWithSelector(ICollateral.LadderInvalid.selector, line, 0));
        desk.setLadder(line, stock, steps);
        steps = _stored(RATE);
        steps[0].measured = true;
        vm.expectRevert(abi.encodeWithSelector(ICollateral.LadderInvalid.selector, line, 0));
        desk.setLadder(line, stock, steps);
        steps = _stored(10_000);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.LadderInvalid.selector, line, 0));
        desk.setLadder(line, stock, steps);
    }

    function test_refusedWhereFacilityHasNoLadderOrNoMarginTerms() public {
        line = _openFacility(LIMIT, 0);
        _openRefused(abi.encodeWithSelector(ICollateral.LadderMissing.selector, line));
        desk.setLadder(line, stock, _stored(RATE));
        _openRefused(abi.encodeWithSelector(IInventoryCollateral.MarginTermsUnfit.selector, line, 0, RATE));
        IInventoryCollateral.MarginTerms memory terms = _margin();
        terms.callLevelBps = RATE;
        stock.setMarginTerms(line, terms);
        _openRefused(abi.encodeWithSelector(IInventoryCollateral.MarginTermsUnfit.selector, line, RATE, RATE));
    }

    function test_refusedWhereConsignmentIsNotTheLots() public {
        uint256 item = LotId.unwrap(LOT);
        vm.startPrank(supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.SubjectNotItsOwn.selector, item, OTHER_SHIPMENT, SHIPMENT));
        desk.openFinancing(line, stock, item, KILOS, OTHER_SHIPMENT);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.SubjectNotItsOwn.selector, item, bytes32(0), SHIPMENT));
        desk.openFinancing(line, stock, item, KILOS, 0);
        vm.stopPrank();
    }

    function test_refusedWhereOwnerHasNotGivenThePowerOfSale() public {
        vm.prank(supplier);
        lots.setPowerOfSale(address(stock), false);
        _openRefused(abi.encodeWithSelector(IGoodsRights.PowerOfSaleMissing.selector, LOT, supplier, address(stock)));
    }

    function test_refusedWhereNobodyHasSaidHowTheCommodityIsValued() public {
        ILots.Entry memory entry = _entry(SECOND, SHIPMENT, 2);
        entry.commodity = "090121";
        _storeEntry(entry);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInventoryCollateral.GoodsUnvaluable.selector, FinancingId.wrap(1), IGoodsValuation.Gap.Terms
            )
        );
        _openStock(SECOND, KILOS, SHIPMENT);
    }

    function test_refusedWhereLotIsCountedInAnotherUnitThanThePrice() public {
        ILots.Entry memory entry = _entry(SECOND, SHIPMENT, 2);
        entry.unit = "TNE";
        _storeEntry(entry);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInventoryCollateral.GoodsUnvaluable.selector, FinancingId.wrap(1), IGoodsValuation.Gap.Unit
            )
        );
        _openStock(SECOND, KILOS, SHIPMENT);
    }

    function test_refusedWhereTheConsignmentBacksAnotherFinancing() public {
        _openStock();
        _store(SECOND, SHIPMENT, 2);
        vm.expectRevert(
            abi.encodeWithSelector(IMilestoneOracle.SubjectAlreadyWatched.selector, SHIPMENT, address(desk))
        );
        _openStock(SECOND, KILOS, SHIPMENT);
    }

    function test_refusedWhereGoodsAreSentUnasked() public {
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnsolicitedItem.selector, address(lots), supplier));
        lots.safeTransferFrom(supplier, address(stock), LotId.unwrap(LOT), 1, "");
    }

    function test_refusedWhereMarginTermsAreOutOfRange() public {
        for (uint256 i; i < 12; ++i) {
            IInventoryCollateral.MarginTerms memory terms = _margin();
            if (i == 0) terms.callLevelBps = 0;
            if (i == 1) terms.callLevelBps = 10_001;
            if (i == 2) terms.releaseRatioBps = 0;
            if (i == 3) terms.releaseRatioBps = 20_001;
            if (i == 4) terms.floorBps = 0;
            if (i == 5) terms.floorBps = terms.startBps;
            if (i == 6) terms.startBps = 20_001;
            if (i == 7) terms.leastBidBps = 0;
            if (i == 8) terms.leastBidBps = 10_001;
            if (i == 9) terms.tenorDays = 0;
            if (i == 10) terms.cureSeconds = 3599;
            if (i == 11) terms.saleSeconds = 3599;
            vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.MarginTermsInvalid.selector, line));
            stock.setMarginTerms(line, terms);
        }
    }

    // Taking

    function test_goodsGoIntoCustodyAndTheBaseIsDrawn() public {
        uint256 before = euro.balanceOf(supplier);
        FinancingId id = _openStock();

        assertEq(stock.borrowingBase(id), BASE);
        assertEq(euro.balanceOf(supplier) - before, BASE, "what the base allows is drawn at once");
        assertEq(_owed(id), BASE);
        assertEq(_pledged(LOT), KILOS);
        assertEq(lots.titleOf(LOT, supplier), KILOS, "the title stays");
        (uint256 itemId, bytes32 subject, uint256 units) = stock.pledgeOf(id);
        assertEq(itemId, LotId.unwrap(LOT));
        assertEq(subject, SHIPMENT);
        assertEq(units, KILOS);
        assertEq(stock.financingsOf(itemId).length, 1);
        assertEq(stock.unitsOf(itemId), KILOS);
        assertEq(stock.valueOf(id), VALUE);
        _assertEmptyHanded();
    }

    function test_theRiskIsTheSuppliersWhereTheGoodsAre() public {
        FinancingId id = _openStock();
        IConcentration.Keys memory keys = concentration.keysOf(id);
        assertEq(OrganisationId.unwrap(keys.debtor), OrganisationId.unwrap(acme.id));
        assertEq(OrganisationId.unwrap(keys.warehouse), OrganisationId.unwrap(warehouse.id));
        assertEq(keys.country, bytes2("DE"));
        assertEq(desk.financing(id).maturityDay, START / 1 days + 180);
    }

    function test_itFallsDueOnTheLastDayOfTheGoodsWhereThatIsSooner() public {
        ILots.Entry memory entry = _entry(SECOND, SHIPMENT, 2);
        entry.expiryDate = uint16(START / 1 days + 100);
        _storeEntry(entry);
        FinancingId id = _openStock(SECOND, KILOS, SHIPMENT);
        assertEq(desk.financing(id).maturityDay, START / 1 days + 100);
    }

    function test_goodsOfUnknownConditionLendNothingUntilTheyAreMeasured() public {
        bytes32 fresh = keccak256("a new consignment");
        vm.prank(supplier);
        oracle.openSubject(fresh, new bytes32[](0));
        _store(SECOND, fresh, 1);
        FinancingId id = _openStock(SECOND, KILOS, fresh);
        assertEq(_owed(id), 0);

        _feed(TEMPERATURE, fresh, COOL);
        desk.poke(id);
        assertEq(_owed(id), BASE);
    }

    function test_aStaleReadingStopsDrawsAndNoRepayment() public {
        FinancingId id = _openStock(LOT, KILOS / 2, SHIPMENT);
        vm.warp(block.timestamp + 1 days + 1);
        assertEq(stock.borrowingBase(id), 0, "no price and no reading");
        vm.expectRevert(
            abi.encodeWithSelector(IInventoryCollateral.GoodsUnvaluable.selector, id, IGoodsValuation.Gap.Price)
        );
        stock.valueOf(id);
        _feed(COFFEE_PRICE, 0, TWO_EURO);
        assertEq(stock.borrowingBase(id), 0, "no reading");
        desk.poke(id);
        _fundAndApprove(supplier, 1000, address(desk));
        vm.prank(supplier);
        assertEq(desk.repay(id, 1000), 1000);
    }

    // Release

    function test_refusedWhereSomethingIsOwed() public {
        FinancingId id = _openStock();
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.StillOwed.selector, id, BASE));
        desk.release(id);
    }

    function test_goodsGoBackWhenAllIsRepaid() public {
        FinancingId id = _openStock();
        _repayAll(id);
        vm.prank(supplier);
        desk.release(id);
        assertEq(_free(LOT), KILOS);
        assertEq(lots.stock(LOT).inCustody, 0);
        assertEq(stock.borrowingBase(id), 0);
        (,, uint256 units) = stock.pledgeOf(id);
        assertEq(units, 0);
        assertEq(stock.lotsOf(id).length, 0);
        assertEq(FinancingId.unwrap(desk.financingOf(SHIPMENT)), 0);
        FinancingId next = _openStock();
        assertEq(stock.borrowingBase(next), BASE, "the same goods may back another financing then");
        assertEq(stock.borrowingBase(id), 0, "and not the first again");
    }

    function _repayAll(FinancingId id) private {
        _fundAndApprove(supplier, _owed(id), address(desk));
        vm.prank(supplier);
        desk.repay(id, type(uint256).max);
    }

    // Reservation

    function test_goodsReservedForOneFacilityAreNotTakenByAnother() public {
        vm.prank(supplier);
        applications.reserve(line, stock, LotId.unwrap(LOT), uint40(block.timestamp + 1 days));
        FacilityId reserved = line;
        line = _openFacility(LIMIT, 0);
        desk.setLadder(line, stock, _stored(RATE));
        stock.setMarginTerms(line, _margin());
        _openRefused(
            abi.encodeWithSelector(
                ICollateral.ItemReserved.selector, LotId.unwrap(LOT), supplier, reserved, block.timestamp + 1 days
            )
        );
        applications.endReservation(stock, supplier, LotId.unwrap(LOT));
        _openStock();
    }

    function test_refusedWhereNothingIsThereToReserve() public {
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.NotHolderOf.selector, LotId.unwrap(SECOND), supplier));
        applications.reserve(line, stock, LotId.unwrap(SECOND), uint40(block.timestamp + 1 days));
    }
}
