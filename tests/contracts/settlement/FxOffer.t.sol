// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {CashToken} from "../../../contracts/money/CashToken.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {IFxQuotes} from "../../../contracts/settlement/interfaces/IFxQuotes.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {FxTest} from "./FxTest.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @dev Markets, positions, and what a quote locks.
contract FxOffer is FxTest {
    // Markets

    function test_aMarketIsOpenedOnce() public {
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.MarketInvalid.selector, dollar, euro));
        exchange.openMarket(dollar, euro, BAND_BPS);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.MarketInvalid.selector, euro, euro));
        exchange.openMarket(euro, euro, BAND_BPS);
    }

    function test_aMarketNeedsAFeed() public {
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.MarketWithoutFeed.selector, bytes3("USD"), bytes3("JPY")));
        exchange.openMarket(dollar, yen, BAND_BPS);
    }

    /// @dev A token of another unit than the feed's would be exchanged at a hundred times the rate.
    function test_aTokenOfOtherDecimalPlacesIsRefused() public {
        CashToken sen = new CashToken("Sen", "pSEN", "JPY", 2, registry, address(manager));
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.DigitsDiffer.selector, sen, 2, 0));
        exchange.openMarket(sen, euro, BAND_BPS);
    }

    function test_theBandIsAtMostAFifth() public {
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.BandTooWide.selector, 2001, 2000));
        exchange.setBand(euro, dollar, 2001);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.MarketUnknown.selector, dollar, yen));
        exchange.setBand(dollar, yen, 100);
    }

    function test_marketsAreTheOffices() public {
        vm.startPrank(stranger);
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.expectRevert(refusal);
        exchange.openMarket(euro, dollar, BAND_BPS);
        vm.expectRevert(refusal);
        exchange.setBand(euro, dollar, BAND_BPS);
        vm.expectRevert(refusal);
        exchange.listAgent(stranger, true);
    }

    function test_bothWaysOfAMarketAreOpen() public view {
        IFxQuotes.Market memory one = exchange.market(exchange.marketOf(euro, dollar));
        IFxQuotes.Market memory other = exchange.market(exchange.marketOf(dollar, euro));
        assertTrue(one.sellsBase && !other.sellsBase);
        assertEq(address(one.sold), address(other.bought));
        assertEq(one.feed, euroRate);
        assertEq(other.feed, euroRate);
        // Opened by the currency that the feed quotes in.
        assertFalse(exchange.market(exchange.marketOf(yen, euro)).sellsBase);
        assertEq(exchange.market(exchange.marketOf(yen, euro)).quoteDigits, 0);
    }

    // Positions

    function test_onlyADealerFundsAPosition() public {
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.RoleMissing.selector, taker, Roles.SUPPLIER, Roles.FX_DEALER)
        );
        vm.prank(taker);
        exchange.fund(euro, 1);
    }

    function test_aPositionIsOfCurrenciesThatAreExchanged() public {
        CashToken pound = _deployCash("Pound", "pGBP", "GBP");
        vm.startPrank(dealer.account);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.MarketUnknown.selector, pound, pound));
        exchange.fund(pound, 1);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.PositionUnchanged.selector, dealer.account));
        exchange.fund(euro, 0);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.PositionUnchanged.selector, dealer.account));
        exchange.withdraw(euro, 0);
    }

    function test_whatIsLockedIsNotWithdrawn() public {
        _quote(dealer, _offer(taker));
        vm.startPrank(dealer.account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFxQuotes.FreePositionTooSmall.selector, dealer.account, euro, EUROS - 999_999, EUROS - 1_000_000
            )
        );
        exchange.withdraw(euro, EUROS - 999_999);
        exchange.withdraw(euro, EUROS - 1_000_000);
        assertEq(euro.balanceOf(dealer.account), EUROS - 1_000_000);
        assertEq(exchange.heldInAll(euro), EUROS + 1_000_000);
    }

    /// @dev The money stays for it until it may act again.
    function test_aFrozenDealerWithdrawsNothing() public {
        registry.freezeAccount(dealer.account);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, dealer.account));
        vm.prank(dealer.account);
        exchange.withdraw(euro, 1);
        assertEq(_free(dealer, euro), EUROS);
        registry.unfreezeAccount(dealer.account);
        vm.prank(dealer.account);
        exchange.withdraw(euro, EUROS);
        assertEq(_free(dealer, euro), 0);
    }

    // Quotes

    function test_onlyADealerQuotes() public {
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.RoleMissing.selector, taker, Roles.SUPPLIER, Roles.FX_DEALER)
        );
        vm.prank(taker);
        exchange.offer(_offer(address(0)));
    }

    function test_aQuoteIsFundedWhenItIsMade() public {
        IFxQuotes.Offer memory its = _offer(taker);
        its.amount = EUROS + 1;
        _refuse(
            its, abi.encodeWithSelector(IFxQuotes.FreePositionTooSmall.selector, dealer.account, euro, EUROS + 1, EUROS)
        );
    }

    function test_amountsOutOfRangeAreRefused() public {
        IFxQuotes.Offer memory its = _offer(taker);
        uint256 most = type(uint56).max;
        its.amount = 0;
        _refuse(its, abi.encodeWithSelector(IFxQuotes.QuoteAmountOutOfRange.selector, dealer.account, 0, most));
        its.amount = most + 1;
        _refuse(its, abi.encodeWithSelector(IFxQuotes.QuoteAmountOutOfRange.selector, dealer.account, most + 1, most));
    }

    function test_expiryIsAfterNowAndSoonEnough() public {
        IFxQuotes.Offer memory its = _offer(taker);
        (uint256 now_, uint256 latest) = (block.timestamp, block.timestamp + 730 days);
        its.expiresAt = now_;
        _refuse(its, abi.encodeWithSelector(IFxQuotes.QuoteExpiryOutOfRange.selector, now_, now_, latest));
        its.expiresAt = latest + 1;
        _refuse(its, abi.encodeWithSelector(IFxQuotes.QuoteExpiryOutOfRange.selector, latest + 1, now_, latest));
        its.expiresAt = latest;
        _quote(dealer, its);
    }

    function test_aRateOutsideTheBandIsRefused() public {
        uint256 value = uint256(EURO_RATE);
        (uint256 least, uint256 greatest) = (value * 99 / 100, value * 101 / 100);
        uint256[3] memory rates = [0, least - 1, greatest + 1];
        for (uint256 i; i < 3; ++i) {
            IFxQuotes.Offer memory its = _offer(taker);
            its.rate = rates[i];
            _refuse(its, abi.encodeWithSelector(IFxQuotes.QuoteRateOutOfBand.selector, rates[i], least, greatest));
        }
        _open(dealer, least);
        _open(dealer, greatest);
    }

    /// @dev The least rate that a feed may report: the band is rounded inwards, so that 0 lies outside it.
    function test_aRateOfNothingIsOutsideEveryBand() public {
        exchange.setBand(euro, dinar, 2000);
        vm.warp(block.timestamp + STALE_AFTER + 1);
        _feed(dinarRate, 1);
        IFxQuotes.Offer memory its = _offer(taker);
        (its.bought, its.rate) = (dinar, 0);
        _refuse(its, abi.encodeWithSelector(IFxQuotes.QuoteRateOutOfBand.selector, 0, 1, 1));
    }

    function test_nothingIsQuotedOnAStaleRate() public {
        vm.warp(block.timestamp + STALE_AFTER + 1);
        bytes memory stale = abi.encodeWithSelector(
            IFeedOracle.RateNotUsable.selector, bytes3("USD"), bytes3("EUR"), IFeedOracle.Status.Stale
        );
        _refuse(_offer(taker), stale);
    }

    function test_aClosedMarketTakesNoQuotes() public {
        exchange.setBand(dollar, euro, 0);
        _refuse(_offer(taker), abi.encodeWithSelector(IFxQuotes.MarketClosed.selector, euro, dollar));
        IFxQuotes.Offer memory its = _offer(taker);
        its.bought = yen;
        its.sold = dollar;
        _refuse(its, abi.encodeWithSelector(IFxQuotes.MarketUnknown.selector, dollar, yen));
    }

    function test_aQuoteToTheDealersOwnGroupIsRefused() public {
        address sister = _admitIn("HARBOURTRADE", dealer.lei, Roles.SUPPLIER).account;
        _refuse(_offer(sister), abi.encodeWithSelector(IFxQuotes.TakerOfOwnGroup.selector, dealer.account, sister));
        _refuse(_offer(stranger), abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
    }

    function test_aQuoteLocksItsMoney() public {
        vm.expectEmit(address(exchange));
        uint32 number = exchange.marketOf(euro, dollar);
        emit IFxQuotes.QuoteOffered(
            1, dealer.account, taker, number, 1_000_000, uint256(EURO_RATE), block.timestamp + 1 days
        );
        uint64 id = _quote(dealer, _offer(taker));
        assertEq(_free(dealer, euro), EUROS - 1_000_000);
        assertEq(_locked(dealer, euro), 1_000_000);
        IFxQuotes.Quote memory its = exchange.quote(id);
        assertEq(its.dealer, dealer.account);
        assertEq(its.left, 1_000_000);
        assertEq(its.rate, uint256(EURO_RATE));
        assertEq(exchange.openQuotes(euro, dollar).length, 0);
    }

    // Quotes to everybody

    function test_aNewQuoteToEverybodyEndsTheOneBefore() public {
        uint64 first = _open(dealer, uint256(EURO_RATE));
        vm.expectEmit(address(exchange));
        emit IFxQuotes.QuoteEnded(first, 1_000_000);
        uint64 second = _open(dealer, uint256(EURO_RATE) + 1);
        assertEq(_locked(dealer, euro), 1_000_000);
        uint64[] memory places = exchange.openQuotes(euro, dollar);
        assertEq(places.length, 1);
        assertEq(places[0], second);
    }

    /// @dev Nobody keeps the others out with many quotes: an organisation has one place, and a dead quote none.
    function test_eightDealersHaveAPlace() public {
        uint64 first = _open(dealer, uint256(EURO_RATE));
        for (uint256 i = 1; i < 8; ++i) {
            _open(_another(i), uint256(EURO_RATE));
        }
        vm.prank(rival.account);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.PlacesTaken.selector, euro, dollar, 8));
        exchange.offer(_offer(address(0)));
        vm.prank(dealer.account);
        exchange.end(first);
        uint64 late = _open(rival, uint256(EURO_RATE));
        assertEq(exchange.openQuotes(euro, dollar)[0], late);
        assertEq(exchange.openQuotes(euro, dollar).length, 8);
    }

    function _another(uint256 i) private returns (Party memory party) {
        party = _admit(string.concat("DEALER", vm.toString(i)), Roles.FX_DEALER);
        _fund(party.account, euro, 1_000_000);
    }

    // Ending

    function test_aQuoteToATakerStandsUntilItExpires() public {
        uint64 id = _quote(dealer, _offer(taker));
        uint256 until = block.timestamp + 1 days;
        vm.warp(until - 1);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.QuoteBinding.selector, id, dealer.account, until));
        vm.prank(dealer.account);
        exchange.end(id);
        // At that second it is over, for everybody, and no sooner.
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.QuoteOver.selector, id, until, 1_000_000));
        _take(id, 100);
        vm.prank(stranger);
        exchange.end(id);
        assertEq(_free(dealer, euro), EUROS);
        assertEq(_locked(dealer, euro), 0);
    }

    function test_aTakerMayGiveItsQuoteUp() public {
        uint64 id = _quote(dealer, _offer(taker));
        bytes4 binding = IFxQuotes.QuoteBinding.selector;
        vm.expectRevert(abi.encodeWithSelector(binding, id, rival.account, block.timestamp + 1 days));
        vm.prank(rival.account);
        exchange.end(id);
        vm.prank(taker);
        exchange.end(id);
        assertEq(_free(dealer, euro), EUROS);
    }

    function test_aDealerTakesBackWhatItOfferedToEverybody() public {
        uint64 id = _open(dealer, uint256(EURO_RATE));
        bytes4 binding = IFxQuotes.QuoteBinding.selector;
        vm.expectRevert(abi.encodeWithSelector(binding, id, taker, block.timestamp + 1 days));
        vm.prank(taker);
        exchange.end(id);
        vm.prank(dealer.account);
        exchange.end(id);
        assertEq(_free(dealer, euro), EUROS);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.QuoteOver.selector, id, block.timestamp + 1 days, 0));
        vm.prank(dealer.account);
        exchange.end(id);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.QuoteUnknown.selector, 9));
        exchange.end(9);
    }

    function _refuse(IFxQuotes.Offer memory its, bytes memory refusal) private {
        vm.prank(dealer.account);
        vm.expectRevert(refusal);
        exchange.offer(its);
    }
}
