// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsValuation} from "../../../contracts/inventory/interfaces/IGoodsValuation.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IInventoryCollateral} from "../../../contracts/lending/interfaces/IInventoryCollateral.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {FinancingId, LotId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {StockBase} from "./StockBase.sol";

/// @title Margin calls, their cure, and the sale of what was not cured; sales by the owner itself.
contract StockSaleTest is StockBase {
    bytes8 private constant TEA = "09021000";
    bytes32 private constant TEA_PRICE = keccak256("Price tea EUR/KGM");

    FinancingId private _id;

    function setUp() public override {
        super.setUp();
        _id = _openStock();
    }

    function _call() private {
        _news(170, COOL);
        stock.callMargin(_id);
    }

    function _startSale() private {
        _call();
        _later(1 days, 170, COOL);
        stock.startSale(_id);
    }

    function _bidder(uint256 amount) private {
        _fundAndApprove(buyer, amount, address(stock));
    }

    // Calls

    function test_refusedWhereTheGoodsBearWhatIsOwed() public {
        _later(1 hours, 176, COOL);
        uint256 owed = _owed(_id);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInventoryCollateral.MarginSufficient.selector, _id, owed, VALUE * 176 / 200 * 8 / 10
            )
        );
        stock.callMargin(_id);
    }

    function test_refusedWhereThePriceIsNotKnown() public {
        vm.warp(block.timestamp + 1 days + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IInventoryCollateral.GoodsUnvaluable.selector, _id, IGoodsValuation.Gap.Price)
        );
        stock.callMargin(_id);
    }

    function test_aSilentSensorCallsNobodyAndHidesNothing() public {
        vm.warp(block.timestamp + 1 days + 1);
        _feed(COFFEE_PRICE, 0, TWO_EURO);
        assertEq(stock.borrowingBase(_id), 0);
        vm.expectRevert(
            abi.encodeWithSelector(IInventoryCollateral.MarginSufficient.selector, _id, _owed(_id), VALUE * 8 / 10)
        );
        stock.callMargin(_id);
        _feed(COFFEE_PRICE, 0, 170);
        stock.callMargin(_id);
        assertGt(stock.marginCallOf(_id).deadline, 0);
    }

    function _addTea(uint256 quantity) private {
        feeds.setPolicy(
            TEA_PRICE, _rules(IFeedOracle.Kind.Price, 2), IFeedOracle.Terms(1, 100_000, "KGM", "EUR", 3, 2, 0)
        );
        IGoodsValuation.Terms memory terms = _goodsTerms();
        (terms.priceFeed, terms.conditions) = (TEA_PRICE, 0);
        valuation.setTerms(TEA, terms);
        _feed(TEA_PRICE, 0, TWO_EURO);
        ILots.Entry memory entry = _entry(OTHER, OTHER_SHIPMENT, 1);
        entry.commodity = TEA;
        _storeEntry(entry);
        vm.prank(supplier);
        stock.addGoods(_id, OTHER, quantity);
    }

    function test_goodsWhosePriceIsSilentKeepNobodyFromACall() public {
        _addTea(1);
        _later(1 days + 1 hours, 50, COOL);
        assertEq(uint8(stock.worthOf(_id).gap), uint8(IGoodsValuation.Gap.Price));
        stock.callMargin(_id);
        assertGt(stock.marginCallOf(_id).deadline, 0);
    }

    function test_goodsWhosePriceIsSilentCountAtTheLastOneInACall() public {
        _addTea(KILOS);
        _later(1 days + 1 hours, 50, COOL);
        uint256 most = (VALUE + VALUE / 4) * 8 / 10;
        uint256 owed = _owed(_id);
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.MarginSufficient.selector, _id, owed, most));
        stock.callMargin(_id);
    }

    function test_aPriceInACurrencyWhoseRateIsSilentCountsAtTheLastOne() public {
        assertEq(valuation.lastCeilingOf(LOT, supplier, "USD"), 0, "there never was a rate");
        bytes32 rate = feeds.rateFeedOf("EUR", "USD");
        feeds.setPolicy(
            rate, _rules(IFeedOracle.Kind.Fx, 8), IFeedOracle.Terms(50_000_000, 200_000_000, "EUR", "USD", 2, 2, 100)
        );
        _feed(rate, 0, 125_000_000);
        skip(3 days);
        assertEq(valuation.lastCeilingOf(LOT, supplier, "USD"), VALUE * 5 / 4);
        assertEq(valuation.lastCeilingOf(LOT, supplier, "EUR"), VALUE);
        assertEq(valuation.lastCeilingOf(LOT, buyer, "EUR"), 0, "of goods in custody only");
    }

    // Default

    function _default() private {
        IGoodsValuation.Terms memory terms = _goodsTerms();
        terms.ages = new IGoodsValuation.Step[](0);
        valuation.setTerms(COFFEE, terms);
        _later(180 days + 7 days, 3 * TWO_EURO, COOL);
        desk.declareDefault(_id, 0);
    }

    function test_refusedWhereAllOfADefaultIsPaid() public {
        _default();
        uint256 owed = _owed(_id);
        _fundAndApprove(supplier, owed, address(desk));
        vm.prank(supplier);
        desk.repay(_id, owed);
        vm.expectPartialRevert(IInventoryCollateral.MarginSufficient.selector);
        stock.callMargin(_id);
    }

    function test_aDefaultIsCalledAndSoldThoughTheGoodsBearIt() public {
        _default();
        stock.callMargin(_id);
        uint256 owed = _owed(_id);
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.MarginCallUncured.selector, _id, owed, 0));
        stock.endCall(_id);
        _later(1 days, 3 * TWO_EURO, COOL);
        stock.startSale(_id);
        owed = _owed(_id);
        _bidder(100_000_000);
        vm.prank(buyer);
        stock.bid(_id, LOT, KILOS / 4, type(uint256).max);
        assertEq(_owed(_id), 0);
        assertEq(stock.marginCallOf(_id).deadline, 0, "paid, and over");
    }

    function test_aLossThatWasWrittenOffIsStillSoldFor() public {
        desk.writeOff(_id, 1);
        _news(3 * TWO_EURO, COOL);
        stock.callMargin(_id);
        _later(1 days, 3 * TWO_EURO, COOL);
        stock.startSale(_id);
        assertGt(stock.salePriceOf(_id, LOT, KILOS), 0);
    }

    function test_onlyPaymentOfAllEndsTheCallOfADefault() public {
        _default();
        stock.callMargin(_id);
        uint256 owed = _owed(_id);
        _fundAndApprove(supplier, owed, address(desk));
        vm.startPrank(supplier);
        desk.repay(_id, owed - 1);
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.MarginCallUncured.selector, _id, 1, 0));
        stock.endCall(_id);
        desk.repay(_id, 1);
        vm.stopPrank();
        stock.endCall(_id);
    }

    function test_refusedWhereMarginIsCalledTwice() public {
        _call();
        vm.expectRevert(
            abi.encodeWithSelector(IInventoryCollateral.MarginCallOpen.selector, _id, block.timestamp + 1 days)
        );
        stock.callMargin(_id);
    }

    // Cure

    function test_refusedWhereTheCallIsNotCured() public {
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.MarginCallMissing.selector, _id));
        stock.endCall(_id);
        _call();
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.MarginCallUncured.selector, _id, BASE, 10_710_000));
        stock.endCall(_id);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInventoryCollateral.CureTimeLeft.selector, _id, block.timestamp + 1 days, block.timestamp
            )
        );
        stock.startSale(_id);
    }

    function test_cashCures() public {
        _call();
        _fundAndApprove(supplier, 1_890_000, address(desk));
        vm.prank(supplier);
        desk.repay(_id, 1_890_000);
        vm.expectEmit(address(stock));
        emit IInventoryCollateral.MarginCallEnded(_id, 10_710_000);
        stock.endCall(_id);
        assertEq(stock.marginCallOf(_id).deadline, 0);
    }

    function test_cashCuresWhileNothingIsKnown() public {
        _call();
        vm.warp(block.timestamp + 1 days + 1);
        uint256 owed = _owed(_id);
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.MarginCallUncured.selector, _id, owed, 10_710_000));
        stock.endCall(_id);
        _fundAndApprove(supplier, owed, address(desk));
        vm.prank(supplier);
        desk.repay(_id, owed - 10_710_000);
        stock.endCall(_id);
    }

    function test_silenceEndsNoCall() public {
        _later(7 hours, 170, COOL);
        vm.warp(block.timestamp + 6 hours);
        stock.callMargin(_id);
        assertEq(stock.marginCallOf(_id).lastBase, 17_000_000 * 88 / 100 * 7 / 10, "with what staleness takes off");
        vm.warp(block.timestamp + 1 days);
        _feed(COFFEE_PRICE, 0, 170);
        uint256 owed = _owed(_id);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInventoryCollateral.MarginCallUncured.selector, _id, owed, 17_000_000 * 88 / 100 * 7 / 10
            )
        );
        stock.endCall(_id);
    }

    function test_goodsCure() public {
        _call();
        _store(OTHER, OTHER_SHIPMENT, 1);
        vm.prank(supplier);
        stock.addGoods(_id, OTHER, KILOS / 4);
        assertEq(stock.marginCallOf(_id).lastBase, 10_710_000 * 5 / 4);
        stock.endCall(_id);
    }

    function test_moreOfALotCountsOnceWhileOtherGoodsAreUnknown() public {
        _call();
        _store(OTHER, OTHER_SHIPMENT, 1);
        vm.prank(supplier);
        stock.addGoods(_id, OTHER, KILOS / 4);
        vm.warp(block.timestamp + 1 days + 1);
        _feed(COFFEE_PRICE, 0, 170);
        _feed(TEMPERATURE, OTHER_SHIPMENT, COOL);
        vm.prank(supplier);
        stock.addGoods(_id, OTHER, KILOS / 8);
        assertEq(stock.marginCallOf(_id).lastBase, uint256(10_710_000) * 11 / 8, "what was added before counts once");
    }

    function test_betterGoodsCure() public {
        lots.listGrader(address(this), true);
        lots.lowerCondition(LOT, 4);
        _news(TWO_EURO, COOL);
        stock.callMargin(_id);
        _store(SECOND, SHIPMENT, 2);
        vm.prank(supplier);
        stock.substituteGoods(_id, LOT, KILOS, SECOND, KILOS);
        assertEq(stock.borrowingBase(_id), BASE);
        stock.endCall(_id);
    }

    // Sale

    function test_refusedWhereTheCallHasBeenCured() public {
        _call();
        _later(1 days, TWO_EURO * 2, COOL);
        vm.expectRevert(
            abi.encodeWithSelector(IInventoryCollateral.MarginCallCured.selector, _id, _owed(_id), 2 * BASE)
        );
        stock.startSale(_id);
    }

    function test_refusedWhereARoundIsRunning() public {
        _startSale();
        uint256 until = block.timestamp + 2 days;
        bytes memory reason = abi.encodeWithSelector(IInventoryCollateral.SaleRunning.selector, _id, until);
        vm.expectRevert(reason);
        stock.startSale(_id);
        vm.startPrank(supplier);
        vm.expectRevert(reason);
        stock.addGoods(_id, LOT, 1);
        vm.expectRevert(reason);
        stock.substituteGoods(_id, LOT, 1, LOT, 1);
        vm.stopPrank();
    }

    function test_refusedWhereNoRoundIsRunning() public {
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.SaleNotRunning.selector, _id));
        stock.bid(_id, LOT, KILOS, type(uint256).max);
        _startSale();
        vm.warp(block.timestamp + 2 days);
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.SaleNotRunning.selector, _id));
        stock.bid(_id, LOT, KILOS, type(uint256).max);
    }

    function test_refusedWhereABidIsTooSmallOrTooDearOrBeyondTheDebt() public {
        _startSale();
        vm.startPrank(buyer);
        uint256 small = KILOS / 10 - 1;
        vm.expectRevert(
            abi.encodeWithSelector(IInventoryCollateral.BidOutOfRange.selector, _id, LOT, small, KILOS / 10, KILOS)
        );
        stock.bid(_id, LOT, small, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(IInventoryCollateral.BidPriceTooHigh.selector, _id, 1_785_000, 1_784_999)
        );
        stock.bid(_id, LOT, KILOS / 10, 1_784_999);
        uint256 owed = _owed(_id);
        vm.expectRevert(
            abi.encodeWithSelector(IInventoryCollateral.BidExceedsDebt.selector, _id, 17_850_000 * 9 / 10, owed)
        );
        stock.bid(_id, LOT, KILOS, type(uint256).max);
        vm.stopPrank();
    }

    function test_refusedWhereTheOwnersGroupBidsForLessThanIsOwed() public {
        address affiliate = _admitIn("ACMELOGISTICS", acme.lei, Roles.SUPPLIER).account;
        _startSale();
        uint256 owed = _owed(_id);
        vm.prank(affiliate);
        vm.expectRevert(
            abi.encodeWithSelector(IInventoryCollateral.BidderIsAffiliate.selector, _id, affiliate, 1_785_000, owed)
        );
        stock.bid(_id, LOT, KILOS / 10, type(uint256).max);
    }

    function test_thePriceFallsInAStraightLine() public {
        assertEq(stock.salePriceOf(_id, LOT, KILOS), 0);
        _startSale();
        assertEq(stock.salePriceOf(_id, LOT, KILOS), 17_850_000);
        vm.warp(block.timestamp + 1 days);
        assertEq(stock.salePriceOf(_id, LOT, KILOS), 17_000_000 * 8250 / 10_000);
        vm.warp(block.timestamp + 1 days - 1);
        assertApproxEqAbs(stock.salePriceOf(_id, LOT, KILOS), 10_200_000, 17_000_000 / 10_000 + 1);
    }

    function test_goodsAreSoldUntilTheDebtIsPaidAndTheRestGoesBack() public {
        _startSale();
        uint256 owed = _owed(_id);
        _bidder(20_000_000);
        vm.startPrank(buyer);
        assertEq(stock.bid(_id, LOT, KILOS / 2, type(uint256).max), 8_925_000);
        assertEq(_owed(_id), owed - 8_925_000);
        assertEq(lots.titleOf(LOT, buyer), KILOS / 2);
        uint256 before = euro.balanceOf(supplier);
        assertEq(stock.bid(_id, LOT, KILOS / 4, type(uint256).max), 4_462_500);
        vm.stopPrank();
        assertEq(_owed(_id), 0);
        assertEq(euro.balanceOf(supplier) - before, 8_925_000 + 4_462_500 - owed, "the surplus is the pledgor's");
        assertEq(stock.marginCallOf(_id).deadline, 0, "the call is over");
        vm.prank(supplier);
        desk.release(_id);
        assertEq(_free(LOT), KILOS / 4);
        _assertEmptyHanded();
    }

    function test_noDustBlocksTheEnd() public {
        _startSale();
        _issue(euro, address(stock), 1);
        _fundAndApprove(supplier, 1, address(desk));
        vm.prank(supplier);
        desk.repay(_id, 1);
        vm.warp(block.timestamp + 2 days - 1);
        _bidder(20_000_000);
        vm.startPrank(buyer);
        stock.bid(_id, LOT, KILOS - 1, type(uint256).max);
        assertGt(_owed(_id), 0);
        assertEq(stock.bid(_id, LOT, 1, type(uint256).max), 1, "a thousandth of a kilogram, for a cent");
        vm.stopPrank();
        assertEq(stock.marginCallOf(_id).deadline, 0, "sold out");
        assertEq(lots.stock(LOT).inCustody, 0);
    }

    function test_aSecondRoundIsAtTheNewPrice() public {
        _startSale();
        vm.warp(block.timestamp + 2 days);
        _news(100, COOL);
        stock.startSale(_id);
        assertEq(stock.marginCallOf(_id).round, 2);
        assertEq(stock.salePriceOf(_id, LOT, KILOS), 10_500_000);
    }

    function test_whereThePriceHasGoneStaleTheLastKnownOneCounts() public {
        _call();
        vm.warp(block.timestamp + 1 days + 1);
        stock.startSale(_id);
        assertEq(stock.salePriceOf(_id, LOT, KILOS), 17_850_000);
    }

    function test_refusedWhereNothingIsLeftToSell() public {
        _startSale();
        vm.warp(block.timestamp + 2 days - 1);
        _bidder(20_000_000);
        vm.prank(buyer);
        stock.bid(_id, LOT, KILOS, type(uint256).max);
        _news(170, COOL);
        stock.callMargin(_id);
        _later(1 days, 170, COOL);
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.NothingToSell.selector, _id));
        stock.startSale(_id);
    }

    // Sales by the owner

    function _offer(uint256 quantity, uint256 price) private view returns (IInventoryCollateral.Offer memory) {
        return IInventoryCollateral.Offer(_id, LOT, quantity, price, buyer, uint40(block.timestamp + 1 days));
    }

    function _offered(uint256 quantity, uint256 price) private returns (IInventoryCollateral.Offer memory offer) {
        offer = _offer(quantity, price);
        vm.prank(supplier);
        stock.offerGoods(offer);
    }

    function test_refusedWhereNothingIsOfferedOrToAnotherOrTooLate() public {
        IInventoryCollateral.Offer memory offer = _offer(KILOS / 2, 9_000_000);
        bytes32 digest = stock.offerDigest(offer);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.OfferUnknown.selector, digest));
        stock.buyGoods(offer);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.NotPledgorOf.selector, _id, buyer, supplier));
        stock.offerGoods(offer);
        _offered(KILOS / 2, 9_000_000);
        vm.prank(debtor);
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.OfferNotTo.selector, debtor, buyer));
        stock.buyGoods(offer);
        vm.warp(offer.until + 1);
        vm.prank(buyer);
        vm.expectRevert(
            abi.encodeWithSelector(IInventoryCollateral.OfferLapsed.selector, digest, offer.until, offer.until + 1)
        );
        stock.buyGoods(offer);
        vm.startPrank(supplier);
        stock.withdrawOffer(offer);
        assertFalse(stock.isOffered(digest));
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.OfferUnknown.selector, digest));
        stock.withdrawOffer(offer);
        vm.stopPrank();
    }

    function test_refusedWhereThePriceDoesNotKeepTheRestBearing() public {
        IInventoryCollateral.Offer memory offer = _offered(KILOS / 2, 6_299_999);
        _bidder(10_000_000);
        vm.prank(buyer);
        vm.expectRevert(
            abi.encodeWithSelector(IInventoryCollateral.GoodsUncovered.selector, _id, BASE / 2 + 1, BASE / 2)
        );
        stock.buyGoods(offer);
    }

    function test_refusedWhereThePledgorBuysForLessThanTheRatio() public {
        address own = makeAddr("Acme's second account");
        registry.admitAccount(acme.lei, own);
        _refusedFor(own);
    }

    function test_refusedWhereAStrangerBuysForLessThanTheRatio() public {
        _refusedFor(buyer);
    }

    function _refusedFor(address who) private {
        _later(1 hours, 300, COOL);
        IInventoryCollateral.Offer memory offer = _offer(KILOS / 4, 6_749_999);
        offer.buyer = who;
        vm.prank(supplier);
        stock.offerGoods(offer);
        _fundAndApprove(who, offer.price, address(stock));
        vm.prank(who);
        vm.expectRevert(
            abi.encodeWithSelector(IInventoryCollateral.ReleaseExceedsPayment.selector, _id, 6_750_000, 6_749_999)
        );
        stock.buyGoods(offer);
    }

    function test_refusedWhereTheLotBacksAnotherFinancingByNow() public {
        _store(OTHER, OTHER_SHIPMENT, 1);
        vm.prank(supplier);
        stock.addGoods(_id, OTHER, KILOS / 2);
        IInventoryCollateral.Offer memory offer = _offer(KILOS / 4, 4_000_000);
        offer.lot = OTHER;
        vm.prank(supplier);
        stock.offerGoods(offer);
        _supplierPays(BASE);
        vm.prank(supplier);
        stock.payAndRelease(_id, 9_000_000, OTHER, KILOS / 2);
        FinancingId next = _openStock(OTHER, KILOS / 2, OTHER_SHIPMENT);
        _bidder(4_000_000);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.LotNotPledged.selector, _id, OTHER));
        stock.buyGoods(offer);
        assertEq(stock.borrowingBase(next), BASE / 2, "its goods are not sold for another");
    }

    function test_refusedWhereAnotherFinancingIsUnderRecourse() public {
        _store(OTHER, OTHER_SHIPMENT, 1);
        FinancingId claimed = _openStock(OTHER, KILOS / 2, OTHER_SHIPMENT);
        desk.openRecourse(claimed);
        IInventoryCollateral.Offer memory offer = _offered(KILOS / 2, 9_500_000);
        _bidder(9_500_000);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.RecourseIsOpen.selector, line, claimed));
        stock.buyGoods(offer);
    }

    function test_aSaleRepaysByItself() public {
        IInventoryCollateral.Offer memory offer = _offered(KILOS / 2, 9_500_000);
        _bidder(9_500_000);
        vm.prank(buyer);
        stock.buyGoods(offer);
        assertEq(_owed(_id), BASE - 9_500_000);
        assertEq(lots.titleOf(LOT, buyer), KILOS / 2);
        assertEq(lots.balanceOf(buyer, LotId.unwrap(LOT)), KILOS / 2);
        assertFalse(stock.isOffered(stock.offerDigest(offer)));
        _assertEmptyHanded();
    }

    function test_whatASaleBringsBeyondTheDebtIsTheSuppliers() public {
        vm.warp(block.timestamp + 2 days);
        uint256 owed = _owed(_id);
        IInventoryCollateral.Offer memory offer = _offered(KILOS, 15_000_000);
        _bidder(15_000_000);
        uint256 before = euro.balanceOf(supplier);
        vm.prank(buyer);
        stock.buyGoods(offer);
        assertEq(_owed(_id), 0, "paid, though nothing is known of the goods");
        assertEq(euro.balanceOf(supplier) - before, 15_000_000 - owed);
    }

    // Fuzz

    /// @dev The expectation by steps of a line, in another order of operations.
    function testFuzz_bidsPayTheLineAndNeverMoreThanTheDebtNeeds(uint256 wait, uint256 quantity) public {
        _startSale();
        wait = bound(wait, 0, 2 days - 1);
        quantity = bound(quantity, KILOS / 10, KILOS);
        vm.warp(block.timestamp + wait);
        uint256 shareBps = 10_500 - 4500 * wait / 2 days;
        uint256 expected = (17_000_000 * quantity * shareBps + KILOS * 10_000 - 1) / (KILOS * 10_000);
        uint256 owed = _owed(_id);
        _bidder(20_000_000);
        uint256 cash = euro.balanceOf(supplier);
        vm.prank(buyer);
        try stock.bid(_id, LOT, quantity, type(uint256).max) returns (uint256 price) {
            assertEq(price, expected);
            uint256 toPool = price < owed ? price : owed;
            assertEq(_owed(_id), owed - toPool);
            assertEq(euro.balanceOf(supplier) - cash, price - toPool);
            assertLe(price - toPool, 17_000_000 * shareBps / 100_000 + 2, "no more than one least bid beyond");
            assertEq(lots.titleOf(LOT, buyer), quantity);
        } catch {
            uint256 without = 17_000_000 * (quantity - KILOS / 10) * shareBps / (KILOS * 10_000);
            assertGe(without + 1, owed, "refused only because less would do");
        }
    }
}
