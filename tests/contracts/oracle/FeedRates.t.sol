// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {FeedTest} from "./FeedTest.t.sol";

/// @dev Invariants 40 and 61: a rate that is stale or missing converts nothing, and a round trip never profits.
contract FeedRates is FeedTest {
    function test_a_rate_that_nobody_set() public {
        _notUsable("EUR", "JPY", IFeedOracle.Status.Missing);
    }

    function test_a_missing_rate_both_ways() public {
        _notUsable("EUR", "USD", IFeedOracle.Status.Missing);
        _notUsable("USD", "EUR", IFeedOracle.Status.Missing);
    }

    function test_a_stale_rate_both_ways() public {
        _feed(euroRate, EURO_RATE);
        vm.warp(block.timestamp + STALE_AFTER + 1);
        _notUsable("EUR", "USD", IFeedOracle.Status.Stale);
        _notUsable("USD", "EUR", IFeedOracle.Status.Stale);
    }

    /// @dev A price has a quote currency, but is no rate.
    function test_a_price_converts_nothing() public {
        _feed(COPPER, COPPER_PRICE);
        _notUsable("TNE", "USD", IFeedOracle.Status.Missing);
    }

    function test_both_ways_round_down() public {
        _feed(euroRate, EURO_RATE);
        assertEq(feeds.convert(10_000, "EUR", "USD"), 10_800);
        assertEq(feeds.convert(199, "EUR", "USD"), 214);
        assertEq(feeds.convert(10_800, "USD", "EUR"), 10_000);
        assertEq(feeds.convert(100, "USD", "EUR"), 92);
        assertEq(feeds.convert(123, "EUR", "EUR"), 123);
        assertEq(feeds.convert(123, "JPY", "JPY"), 123);
    }

    /// @dev 160 yen for a euro: cents there, whole yen here.
    function test_currencies_with_other_minor_units() public {
        IFeedOracle.Terms memory terms = _rateTerms();
        (terms.quote, terms.quoteDigits, terms.greatest) = ("JPY", 0, 100_000_000_000);
        bytes32 yenRate = feeds.rateFeedOf("EUR", "JPY");
        feeds.setPolicy(yenRate, _rateRules(), terms);
        _feed(yenRate, 16_000_000_000);
        assertEq(feeds.convert(1000, "EUR", "JPY"), 1600);
        assertEq(feeds.convert(1, "EUR", "JPY"), 1);
        assertEq(feeds.convert(1600, "JPY", "EUR"), 1000);
    }

    function test_the_haircut_comes_off_both_ways() public {
        _setHaircut(300);
        _feed(euroRate, EURO_RATE);
        assertEq(feeds.convert(10_000, "EUR", "USD"), 10_476);
        assertEq(feeds.convert(10_800, "USD", "EUR"), 9700);
        assertEq(feeds.convert(100, "USD", "USD"), 100);
    }

    function testFuzz_a_conversion_is_the_formula(uint128 amount, int256 rate, uint16 haircutBps) public {
        haircutBps = uint16(bound(haircutBps, 0, 9999));
        rate = bound(rate, 50_000_000, 200_000_000);
        _setHaircut(haircutBps);
        _feed(euroRate, rate);
        // By parts: the product is exact in 256 bits, the quotient is what the remainder leaves.
        uint256 exact = uint256(amount) * uint256(rate) * (10_000 - haircutBps);
        uint256 converted = feeds.convert(amount, "EUR", "USD");
        assertEq(converted * 1e12 + exact % 1e12, exact);
        uint256 back = feeds.convert(amount, "USD", "EUR");
        uint256 above = uint256(amount) * 1e8 * (10_000 - haircutBps);
        assertLe(back * uint256(rate) * 10_000, above);
        assertGt((back + 1) * uint256(rate) * 10_000, above);
    }

    function testFuzz_a_round_trip_never_profits(uint128 amount, int256 rate, uint16 haircutBps) public {
        _setHaircut(uint16(bound(haircutBps, 0, 9999)));
        _feed(euroRate, bound(rate, 50_000_000, 200_000_000));
        assertLe(feeds.convert(feeds.convert(amount, "EUR", "USD"), "USD", "EUR"), amount);
        assertLe(feeds.convert(feeds.convert(amount, "USD", "EUR"), "EUR", "USD"), amount);
    }

    function _setHaircut(uint16 haircutBps) private {
        (IFeedOracle.Rules memory rules, IFeedOracle.Terms memory terms) = feeds.policy(euroRate);
        (rules.version, terms.haircutBps) = (rules.version + 1, haircutBps);
        feeds.setPolicy(euroRate, rules, terms);
    }

    function _notUsable(bytes3 from, bytes3 to, IFeedOracle.Status status) private {
        assertEq(uint8(feeds.rateStatus(from, to)), uint8(status));
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.RateNotUsable.selector, from, to, status));
        feeds.convert(1, from, to);
    }
}
