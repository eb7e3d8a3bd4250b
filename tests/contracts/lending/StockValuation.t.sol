// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsValuation} from "../../../contracts/inventory/interfaces/IGoodsValuation.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {FinancingId} from "../../../contracts/types/Ids.sol";
import {StockBase} from "./StockBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title What goods are worth: quantity at the median price less haircuts, and nothing where it is not known.
contract StockValuationTest is StockBase {
    FinancingId private _id;

    function setUp() public override {
        super.setUp();
        _id = _openStock();
        lots.listGrader(address(this), true);
    }

    function _read() private view returns (IGoodsValuation.Valuation memory) {
        return valuation.valuationOf(LOT, supplier, type(uint256).max, "EUR");
    }

    function _assertGap(IGoodsValuation.Gap gap) private view {
        IGoodsValuation.Valuation memory its = _read();
        assertEq(uint8(its.gap), uint8(gap));
        assertEq(its.value, 0);
        assertEq(stock.borrowingBase(_id), 0);
    }

    function _refused(IGoodsValuation.Terms memory terms, IGoodsValuation.Flaw flaw) private {
        vm.expectRevert(abi.encodeWithSelector(IGoodsValuation.ValuationTermsInvalid.selector, COFFEE, flaw));
        valuation.setTerms(COFFEE, terms);
    }

    // Refusals

    function test_refusedWhereTermsAreSetByAnybodyElse() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        valuation.setTerms(COFFEE, _goodsTerms());
    }

    function test_refusedWhereTermsAreOutOfRange() public {
        bytes8 code = "coffee";
        vm.expectRevert(
            abi.encodeWithSelector(IGoodsValuation.ValuationTermsInvalid.selector, code, IGoodsValuation.Flaw.Commodity)
        );
        valuation.setTerms(code, _goodsTerms());
        IGoodsValuation.Terms memory terms = _goodsTerms();
        terms.haircutBps = 10_001;
        _refused(terms, IGoodsValuation.Flaw.Haircut);
        terms = _goodsTerms();
        terms.gradeHaircutsBps[2] = 400;
        _refused(terms, IGoodsValuation.Flaw.Grades);
        terms = _goodsTerms();
        terms.gradeHaircutsBps[5] = 9999;
        _refused(terms, IGoodsValuation.Flaw.Grades);
        terms = _goodsTerms();
        terms.conditions = uint8(1 << uint8(IFeedOracle.Kind.Price));
        _refused(terms, IGoodsValuation.Flaw.Conditions);
        terms = _goodsTerms();
        terms.priceFeed = TEMPERATURE;
        _refused(terms, IGoodsValuation.Flaw.Feed);
        terms.priceFeed = keccak256("no feed");
        _refused(terms, IGoodsValuation.Flaw.Feed);
    }

    function test_refusedWhereStepsFallOrDoNotRiseOrAreTooMany() public {
        IGoodsValuation.Terms memory terms = _goodsTerms();
        terms.ages[1] = IGoodsValuation.Step(90, 400);
        _refused(terms, IGoodsValuation.Flaw.Ages);
        terms.ages[1] = IGoodsValuation.Step(30, 1000);
        _refused(terms, IGoodsValuation.Flaw.Ages);
        terms.ages[1] = IGoodsValuation.Step(90, 10_001);
        _refused(terms, IGoodsValuation.Flaw.Ages);
        terms = _goodsTerms();
        terms.staleness[0].haircutBps = 0;
        _refused(terms, IGoodsValuation.Flaw.Staleness);
        terms.staleness = new IGoodsValuation.Step[](5);
        for (uint32 i; i < 5; ++i) {
            terms.staleness[i] = IGoodsValuation.Step(i + 1, 100);
        }
        _refused(terms, IGoodsValuation.Flaw.Staleness);
    }

    // What is known

    function test_termsReadAsTheyWereSet() public view {
        assertEq(abi.encode(valuation.termsOf(COFFEE)), abi.encode(_goodsTerms()));
    }

    function test_freshSoundGoodsLoseTheCommoditysHaircut() public view {
        IGoodsValuation.Valuation memory its = _read();
        assertEq(its.quantity, KILOS);
        assertEq(its.marketValue, MARKET);
        assertEq(its.ceiling, VALUE);
        assertEq(its.value, VALUE);
        assertEq(its.haircutBps, 1000);
        assertEq(its.grade, 0);
    }

    function test_theWorseOfLotAndReadingsCounts() public {
        _later(1 hours, TWO_EURO, 35_000);
        assertEq(_read().grade, 1, "by the readings");
        lots.lowerCondition(LOT, 3);
        assertEq(_read().grade, 3, "by the lot");
        assertEq(_read().value, MARKET * 6000 / 10_000);
        _later(1 hours, TWO_EURO, 45_000);
        assertEq(_read().grade, 3, "both");
        lots.lowerCondition(LOT, 200);
        assertEq(_read().grade, 5);
        assertEq(_read().value, 0);
        assertEq(uint8(_read().gap), uint8(IGoodsValuation.Gap.None), "known to be worth nothing");
    }

    function test_ageAndStalenessTakeOff() public {
        vm.warp(block.timestamp + 6 hours);
        assertEq(_read().haircutBps, 1200);
        assertEq(_read().ceiling, VALUE, "the ceiling knows no staleness");
        _later(30 days, TWO_EURO, COOL);
        assertEq(_read().haircutBps, 1500);
        _later(60 days, TWO_EURO, COOL);
        assertEq(_read().haircutBps, 2000);
    }

    function test_goodsAboutToExpireLendNothing() public {
        _later(269 days, TWO_EURO, COOL);
        assertGt(_read().value, 0);
        _later(2 days, TWO_EURO, COOL);
        assertEq(_read().value, 0);
        assertEq(uint8(_read().gap), uint8(IGoodsValuation.Gap.None));
    }

    function test_anUnknownConditionHasAPriceAndACeiling() public {
        vm.warp(block.timestamp + 1 days + 1);
        _feed(COFFEE_PRICE, 0, TWO_EURO);
        _assertGap(IGoodsValuation.Gap.Condition);
        assertEq(_read().marketValue, MARKET);
        assertEq(_read().ceiling, VALUE);
    }

    function test_aStalePriceOrRateOrAForeignUnitIsWorthNothing() public {
        assertEq(
            uint8(valuation.valuationOf(LOT, supplier, KILOS, "USD").gap), uint8(IGoodsValuation.Gap.Rate), "no rate"
        );
        vm.warp(block.timestamp + 1 days + 1);
        _feed(TEMPERATURE, SHIPMENT, COOL);
        _assertGap(IGoodsValuation.Gap.Price);
        assertEq(_read().marketValue, 0);
    }

    function test_anotherCurrencyIsConvertedAtTheRateLessItsHaircut() public {
        feeds.setPolicy(
            feeds.rateFeedOf("EUR", "USD"),
            _rules(IFeedOracle.Kind.Fx, 8),
            IFeedOracle.Terms(50_000_000, 200_000_000, "EUR", "USD", 2, 2, 100)
        );
        _feed(feeds.rateFeedOf("EUR", "USD"), 0, 110_000_000);
        IGoodsValuation.Valuation memory its = valuation.valuationOf(LOT, supplier, KILOS, "USD");
        assertEq(its.value, VALUE * 110 / 100 * 99 / 100);
    }

    function test_goodsThatNeedNoSensorAreGradedByTheLotAlone() public {
        IGoodsValuation.Terms memory terms = _goodsTerms();
        terms.conditions = 0;
        valuation.setTerms("10063021", terms);
        bytes32 fresh = keccak256("rice");
        vm.prank(supplier);
        oracle.openSubject(fresh, new bytes32[](0));
        _rice(fresh);
        FinancingId id = _openStock(SECOND, KILOS, fresh);
        assertEq(stock.borrowingBase(id), BASE);
        lots.lowerCondition(SECOND, 1);
        assertEq(stock.borrowingBase(id), MARKET * 8500 / 10_000 * RATE / 10_000);
    }

    function _rice(bytes32 subject) private {
        ILots.Entry memory entry = _entry(SECOND, subject, 1);
        entry.commodity = "10063021";
        _storeEntry(entry);
    }

    // Monotone

    /// @dev The expectation is computed with plain fractions of the market value, in another order.
    function testFuzz_theValueIsQuantityTimesPriceLessTheHaircuts(uint256 quantity, uint256 price, uint256 age) public {
        quantity = bound(quantity, 1, KILOS);
        price = bound(price, 1, 20_000);
        age = bound(age, 0, 60 days);
        _later(age, int256(price), COOL);
        IGoodsValuation.Valuation memory its = valuation.valuationOf(LOT, supplier, quantity, "EUR");
        uint256 taken = age + 1 hours < 30 days ? 1000 : 1500;
        assertEq(its.value, quantity * price / 1000 * (10_000 - taken) / 10_000);
        assertEq(its.marketValue, quantity * price / 1000);
    }

    function testFuzz_lowerPriceWorseReadingOrOlderDataNeverRaisesIt(
        uint256 price,
        uint256 lower,
        uint256 warmth,
        uint256 warmer,
        uint256 wait
    ) public {
        price = bound(price, 1, 20_000);
        lower = bound(lower, 1, price);
        warmth = bound(warmth, 5000, 80_000);
        warmer = bound(warmer, warmth, 80_000);
        _later(1 hours, int256(price), int256(warmth));
        uint256 value = _read().value;
        uint256 left = vm.snapshotState();
        vm.warp(block.timestamp + bound(wait, 0, 3 days));
        assertLe(_read().value, value, "older data");
        assertLe(_read().value, _read().ceiling, "never above the ceiling");
        vm.revertToState(left);
        _later(1 hours, int256(lower), int256(warmth));
        uint256 cheaper = _read().value;
        assertLe(cheaper, value, "lower price");
        _later(1 hours, int256(lower), int256(warmer));
        assertLe(_read().value, cheaper, "worse reading");
        _later(1 hours, int256(lower), COOL);
        assertLe(_read().value, cheaper, "what was bad is not mended by what is good");
    }

    function testFuzz_aWorseConditionOfTheLotNeverRaisesIt(uint8 first, uint8 second) public {
        first = uint8(bound(first, 1, 254));
        second = uint8(bound(second, first + 1, 255));
        uint256 value = _read().value;
        lots.lowerCondition(LOT, first);
        uint256 less = _read().value;
        assertLe(less, value);
        lots.lowerCondition(LOT, second);
        assertLe(_read().value, less);
    }
}
