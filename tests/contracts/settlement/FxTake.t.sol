// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CashToken} from "../../../contracts/money/CashToken.sol";
import {IFxQuotes} from "../../../contracts/settlement/interfaces/IFxQuotes.sol";
import {FxTest} from "./FxTest.sol";

/// @dev Exchanges at quotes: invariant 61.
contract FxTake is FxTest {
    // Refusals

    function test_aQuoteIsItsTakersAlone() public {
        uint64 id = _quote(dealer, _offer(taker));
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.NotTakerOf.selector, id, rival.account, taker));
        vm.prank(rival.account);
        exchange.take(id, 100);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.QuoteUnknown.selector, 9));
        _take(9, 100);
    }

    /// @dev One dollar cent is less than one euro cent.
    function test_anExchangeForNothingIsRefused() public {
        uint64 id = _quote(dealer, _offer(taker));
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.ExchangeOfNothing.selector, id, 1));
        _take(id, 1);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.ExchangeOfNothing.selector, id, 0));
        _take(id, 0);
    }

    function test_onlyAgentsActForOthers() public {
        uint64 id = _quote(dealer, _offer(taker));
        vm.startPrank(rival.account);
        bytes memory refusal = abi.encodeWithSelector(IFxQuotes.AgentUnlisted.selector, rival.account);
        vm.expectRevert(refusal);
        exchange.takeFor(taker, id, 100);
        vm.expectRevert(refusal);
        exchange.takeBest(taker, euro, dollar, 100);
        vm.expectRevert(refusal);
        exchange.reserve(id, taker);
        vm.expectRevert(refusal);
        exchange.giveBack(id, taker);
    }

    function test_anAgentReservesOnlyWhatIsTheAccounts() public {
        uint64 id = _quote(dealer, _offer(taker));
        uint64 open = _open(dealer, uint256(EURO_RATE));
        vm.startPrank(agent);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.NotTakerOf.selector, id, rival.account, taker));
        exchange.reserve(id, rival.account);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.NotTakerOf.selector, open, address(0), address(0)));
        exchange.reserve(open, address(0));
        // A taker's quote is not an agent's before it is reserved.
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.NotTakerOf.selector, id, agent, taker));
        exchange.takeFor(taker, id, 100);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.NotTakerOf.selector, id, agent, taker));
        exchange.giveBack(id, agent);
    }

    // Exchanges

    function test_anExchangeMovesTheMoneyOfBothSides() public {
        uint64 id = _quote(dealer, _offer(taker));
        vm.expectEmit(address(exchange));
        emit IFxQuotes.QuoteTaken(id, taker, 108_000, 100_000, 900_000);
        (uint256 paid, uint256 received) = _take(id, 108_000);
        assertEq(paid, 108_000);
        assertEq(received, 100_000);
        assertEq(dollar.balanceOf(taker), HELD - 108_000);
        assertEq(euro.balanceOf(taker), HELD + 100_000);
        assertEq(_locked(dealer, euro), 900_000);
        assertEq(_free(dealer, euro), EUROS - 1_000_000);
        assertEq(_free(dealer, dollar), EUROS + 108_000);
        assertEq(_free(rival, dollar), EUROS, "and nobody else's");
    }

    /// @dev All that is left costs its price, rounded up; more is never taken.
    function test_aQuoteIsTakenToItsEnd() public {
        IFxQuotes.Offer memory its = _offer(taker);
        its.amount = 101;
        uint64 id = _quote(dealer, its);
        (uint256 paid, uint256 received) = _take(id, type(uint256).max);
        assertEq(received, 101);
        assertEq(paid, 110, "109.08, rounded up");
        assertEq(_locked(dealer, euro), 0);
        assertFalse(exchange.isLive(id));
    }

    /// @dev The other way, the dealer sells what the feed quotes in.
    function test_theOtherWay() public {
        IFxQuotes.Offer memory its = _offer(taker);
        (its.sold, its.bought) = (dollar, euro);
        uint64 id = _quote(dealer, its);
        (uint256 paid, uint256 received) = _take(id, 199);
        assertEq(paid, 199);
        assertEq(received, 214, "214.92, rounded down");
        (paid, received) = _take(id, 10_000_000);
        assertEq(received, 1_000_000 - 214);
        assertEq(paid, 925_728, "925,727.78, rounded up");
    }

    function test_currenciesWithOtherDecimalPlaces() public {
        _fund(dealer.account, yen, 1_000_000);
        _fund(dealer.account, dinar, 1_000_000);
        IFxQuotes.Offer memory its = _offer(taker);
        (its.sold, its.bought, its.amount, its.rate) = (yen, euro, 1_000_000, uint256(YEN_RATE));
        (, uint256 received) = _take(_quote(dealer, its), 1001);
        assertEq(received, 1601, "10.01 euros are 1,601.6 yen");
        (its.sold, its.rate) = (dinar, uint256(DINAR_RATE));
        (, received) = _take(_quote(dealer, its), 1001);
        assertEq(received, 4004, "and 4.004 dinars");
    }

    /// @dev Bound is bound: what it locked is exchanged, what it gets waits for it.
    function test_aQuoteOfAFrozenDealerIsHonoured() public {
        uint64 id = _quote(dealer, _offer(taker));
        uint64 open = _open(dealer, uint256(EURO_RATE));
        registry.freezeAccount(dealer.account);
        _take(id, 108_000);
        assertEq(_free(dealer, dollar), EUROS + 108_000);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.DealerResting.selector, open, dealer.account));
        _take(open, 108_000);
        vm.prank(taker);
        (uint256 paid,) = exchange.takeBest(taker, euro, dollar, 108_000);
        assertEq(paid, 0);
    }

    /// @dev A locked rate does not ask the feed any more.
    function test_aLockedRateStandsWhenTheFeedIsStaleOrElsewhere() public {
        IFxQuotes.Offer memory its = _offer(taker);
        its.expiresAt = block.timestamp + 30 days;
        uint64 id = _quote(dealer, its);
        vm.warp(block.timestamp + 20 days);
        (, uint256 received) = _take(id, 108_000);
        assertEq(received, 100_000);
        _feed(euroRate, EURO_RATE * 2 - 16_000_000);
        (, received) = _take(id, 108_000);
        assertEq(received, 100_000);
    }

    function test_anAgentTakesForAnAccount() public {
        uint64 id = _quote(dealer, _offer(taker));
        vm.prank(agent);
        exchange.reserve(id, taker);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.NotTakerOf.selector, id, taker, agent));
        _take(id, 108_000);
        vm.startPrank(agent);
        exchange.takeFor(taker, id, 108_000);
        assertEq(euro.balanceOf(taker), HELD + 100_000);
        exchange.giveBack(id, taker);
        vm.stopPrank();
        _take(id, 108_000);
        assertEq(euro.balanceOf(taker), HELD + 200_000);
    }

    // The best

    function test_theBestQuoteIsTakenFirst() public {
        // Fewer dollars for a euro are better for who pays dollars.
        uint64 dear = _open(dealer, uint256(EURO_RATE) + 10_000);
        uint64 cheap = _open(rival, uint256(EURO_RATE) - 10_000);
        vm.prank(taker);
        (uint256 paid, uint256 received) = exchange.takeBest(taker, euro, dollar, 1_200_000);
        assertEq(_left(cheap), 0);
        uint256 first = 1_079_900;
        assertEq(paid, 1_200_000);
        assertEq(received, 1_000_000 + (1_200_000 - first) * 1e8 / 108_010_000);
        assertEq(_left(dear), 2_000_000 - received);
    }

    function test_theBestTheOtherWay() public {
        IFxQuotes.Offer memory its = _offer(address(0));
        (its.sold, its.bought) = (dollar, euro);
        uint64 poor = _quote(dealer, its);
        its.rate = uint256(EURO_RATE) + 1;
        uint64 rich = _quote(rival, its);
        vm.prank(taker);
        exchange.takeBest(taker, dollar, euro, 100_000);
        assertEq(_left(poor), 1_000_000);
        assertLt(_left(rich), 1_000_000);
    }

    /// @dev The rate has moved away from under a quote: at 2 % below the feed it still fits, beyond it does not.
    function test_aQuoteWorseThanTheFeedLessItsHaircutIsLeftAlone() public {
        uint64 id = _open(dealer, uint256(EURO_RATE));
        vm.warp(vm.getBlockTimestamp() + 1);
        _feed(euroRate, 105_840_000);
        assertTrue(exchange.isFair(id));
        vm.warp(vm.getBlockTimestamp() + 1);
        _feed(euroRate, 105_839_999);
        assertFalse(exchange.isFair(id));
        vm.prank(taker);
        (uint256 paid, uint256 received) = exchange.takeBest(taker, euro, dollar, 108_000);
        assertEq(paid + received, 0);
    }

    function test_nothingIsTakenUnseenOnAStaleRate() public {
        IFxQuotes.Offer memory its = _offer(address(0));
        its.expiresAt = block.timestamp + 30 days;
        uint64 id = _quote(dealer, its);
        vm.warp(block.timestamp + STALE_AFTER + 1);
        vm.prank(taker);
        (uint256 paid, uint256 received) = exchange.takeBest(taker, euro, dollar, 108_000);
        assertEq(paid + received, 0);
        assertFalse(exchange.isFair(id));
        // By its number it may still be taken: whoever names it has looked.
        (paid,) = _take(id, 108_000);
        assertEq(paid, 108_000);
    }

    /// @dev Crumbs of a better rate do not stand in the way of the rest.
    function test_aCrumbIsTakenAndPassed() public {
        IFxQuotes.Offer memory its = _offer(address(0));
        (its.amount, its.rate) = (1, uint256(EURO_RATE) - 10_000);
        _quote(rival, its);
        uint64 id = _open(dealer, uint256(EURO_RATE));
        vm.prank(taker);
        (uint256 paid,) = exchange.takeBest(taker, euro, dollar, 108_000);
        assertEq(paid, 108_000);
        assertLt(_left(id), 1_000_000);
    }

    // Fuzz

    /// @dev Against the exact fraction by cross-multiplication: who pays never gets a fraction of a minor unit too much,
    /// and never a whole one too little, whatever the decimal places and the way.
    function testFuzz_anExchangeIsItsRateRoundedForTheDealer(uint256 amount, uint256 left, uint256 seed) public {
        (IFxQuotes.Offer memory its, uint256 up, uint256 down) = _anyOffer(left, seed);
        uint64 id = _quote(dealer, its);
        amount = bound(amount, 0, 1e30);
        if (amount * up < down) {
            vm.expectRevert(abi.encodeWithSelector(IFxQuotes.ExchangeOfNothing.selector, id, amount));
            _take(id, amount);
            return;
        }
        _give(taker, CashToken(address(its.bought)), amount);
        (uint256 paid, uint256 received) = _take(id, amount);
        assertLe(paid, amount);
        assertLe(received * down, paid * up, "not more than its rate");
        if (received < its.amount) {
            assertEq(paid, amount);
            assertGt((received + 1) * down, paid * up, "less than its rate by a unit");
        } else {
            assertLt((paid - 1) * up, its.amount * down, "more than all of it costs by a unit");
        }
        assertEq(_left(id) + received, its.amount);
    }

    /// @dev There and back at one rate, in parts or whole.
    function testFuzz_aRoundTripNeverProfits(uint256 amount, uint256 parts, int256 rate) public {
        rate = bound(rate, EURO_RATE * 99 / 100, EURO_RATE * 101 / 100);
        parts = bound(parts, 1, 7);
        amount = bound(amount, 1000, 900_000);
        IFxQuotes.Offer memory its = _offer(taker);
        its.rate = uint256(rate);
        uint64 there = _quote(dealer, its);
        (its.sold, its.bought) = (dollar, euro);
        uint64 back = _quote(rival, its);
        uint256 had = dollar.balanceOf(taker);
        uint256 gained;
        for (uint256 i; i < parts; ++i) {
            (, uint256 received) = _take(there, amount / parts);
            gained += received;
        }
        _take(back, gained);
        assertLe(dollar.balanceOf(taker), had);
    }

    /// @return its a quote of any two currencies, at any rate within the band
    /// @return up with `down`: minor units sold for one that is paid
    function _anyOffer(uint256 left, uint256 seed)
        private
        returns (IFxQuotes.Offer memory its, uint256 up, uint256 down)
    {
        its = _offer(taker);
        CashToken[3] memory others = [dollar, yen, dinar];
        uint256[3] memory perEuro = [uint256(EURO_RATE), uint256(YEN_RATE), uint256(DINAR_RATE)];
        uint256[3] memory units = [uint256(1), 100, 10];
        uint256 which = seed % 3;
        its.amount = bound(left, 1, 1e12);
        its.rate = bound(seed >> 8, perEuro[which] * 99 / 100 + 1, perEuro[which] * 101 / 100);
        // Of 0 decimal places a hundredth, of 3 ten times as many minor units as of 2.
        (up, down) = which == 2 ? (its.rate * units[which], 1e8) : (its.rate, 1e8 * units[which]);
        if (seed >> 200 & 1 == 0) {
            (its.sold, its.bought) = (others[which], euro);
        } else {
            (its.sold, its.bought) = (euro, others[which]);
            (up, down) = (down, up);
        }
        _fund(dealer.account, CashToken(address(its.sold)), its.amount);
    }
}
