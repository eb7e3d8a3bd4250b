// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CashToken} from "../../../contracts/money/CashToken.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {FxQuotes} from "../../../contracts/settlement/FxQuotes.sol";
import {IFxQuotes} from "../../../contracts/settlement/interfaces/IFxQuotes.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {FeedTest} from "../oracle/FeedTest.t.sol";

/// @title An exchange of dollars, yen (no decimal places) and dinars (three) for euros. The feeds say 1.08 dollars, 160 yen
/// and 0.4 dinars for one euro, with a haircut of 2 %; quotes lie within 1 % of them. Two dealers, with 1,000,000.00 euros and
/// as many dollars each, and the taker, Acme, with 100,000.00 of each.
abstract contract FxTest is FeedTest {
    uint256 internal constant EUROS = 100_000_000;
    uint256 internal constant HELD = 10_000_000;
    int256 internal constant YEN_RATE = 16_000_000_000;
    int256 internal constant DINAR_RATE = 40_000_000;
    uint16 internal constant BAND_BPS = 100;
    uint16 internal constant HAIRCUT_BPS = 200;

    FxQuotes internal exchange;
    CashToken internal yen;
    CashToken internal dinar;
    bytes32 internal yenRate;
    bytes32 internal dinarRate;
    Party internal dealer;
    Party internal rival;
    address internal taker;
    address internal agent = makeAddr("agent");
    address internal stranger = makeAddr("stranger");

    function setUp() public virtual override {
        super.setUp();
        exchange = new FxQuotes(registry, feeds, address(manager));
        registry.admitAccount(operator.lei, address(exchange));
        manager.grantRole(Offices.CREDIT_OFFICER, address(this), 0);
        _allow(exchange.openMarket.selector, address(exchange), Offices.GOVERNOR);
        _allow(exchange.listAgent.selector, address(exchange), Offices.GOVERNOR);
        _allow(exchange.setBand.selector, address(exchange), Offices.CREDIT_OFFICER);
        dealer = _admit("HARBOURFX", Roles.FX_DEALER);
        rival = _admit("ISLANDFX", Roles.FX_DEALER);
        taker = acme.account;
        yen = _currency("JPY", 0);
        dinar = _currency("BHD", 3);
        _setRates();
        exchange.openMarket(euro, dollar, BAND_BPS);
        exchange.openMarket(yen, euro, BAND_BPS);
        exchange.openMarket(euro, dinar, BAND_BPS);
        exchange.listAgent(agent, true);
        _fund(dealer.account, euro, EUROS);
        _fund(dealer.account, dollar, EUROS);
        _fund(rival.account, euro, EUROS);
        _fund(rival.account, dollar, EUROS);
        _give(taker, euro, HELD);
        _give(taker, dollar, HELD);
    }

    function _currency(bytes3 code, uint8 decimals) private returns (CashToken cash) {
        cash = new CashToken("Portolan cash", "pCASH", code, decimals, registry, address(manager));
        _allow(cash.issue.selector, address(cash), Offices.CASH_ISSUER);
    }

    function _setRates() private {
        (yenRate, dinarRate) = (feeds.rateFeedOf("EUR", "JPY"), feeds.rateFeedOf("EUR", "BHD"));
        IFeedOracle.Terms memory terms = _rateTerms();
        (terms.least, terms.greatest) = (1, 1e12);
        (terms.quote, terms.quoteDigits) = ("JPY", 0);
        feeds.setPolicy(yenRate, _rateRules(), terms);
        (terms.quote, terms.quoteDigits) = ("BHD", 3);
        feeds.setPolicy(dinarRate, _rateRules(), terms);
        _setHaircut(HAIRCUT_BPS);
        _feed(euroRate, EURO_RATE);
        _feed(yenRate, YEN_RATE);
        _feed(dinarRate, DINAR_RATE);
    }

    function _setHaircut(uint16 haircutBps) internal {
        (IFeedOracle.Rules memory rules, IFeedOracle.Terms memory terms) = feeds.policy(euroRate);
        (rules.version, terms.haircutBps) = (rules.version + 1, haircutBps);
        feeds.setPolicy(euroRate, rules, terms);
    }

    // Acts

    /// @notice Money in an account, which allows the exchange to take it.
    function _give(address who, CashToken cash, uint256 amount) internal {
        _issue(cash, who, amount);
        vm.prank(who);
        cash.approve(address(exchange), type(uint256).max);
    }

    function _fund(address who, CashToken cash, uint256 amount) internal {
        _give(who, cash, amount);
        vm.prank(who);
        exchange.fund(cash, amount);
    }

    /// @return a quote of 10,000.00 euros for dollars at the feed's rate, for a day
    function _offer(address to) internal view returns (IFxQuotes.Offer memory) {
        return IFxQuotes.Offer(euro, dollar, 1_000_000, uint256(EURO_RATE), vm.getBlockTimestamp() + 1 days, to);
    }

    function _quote(Party memory by, IFxQuotes.Offer memory its) internal returns (uint64) {
        vm.prank(by.account);
        return exchange.offer(its);
    }

    /// @notice A quote to everybody, as `_offer`, at a rate.
    function _open(Party memory by, uint256 rate) internal returns (uint64) {
        IFxQuotes.Offer memory its = _offer(address(0));
        its.rate = rate;
        return _quote(by, its);
    }

    function _take(uint64 id, uint256 amount) internal returns (uint256 paid, uint256 received) {
        vm.prank(taker);
        return exchange.take(id, amount);
    }

    // Reading

    function _free(Party memory of_, CashToken cash) internal view returns (uint256 free) {
        (free,) = exchange.positionOf(of_.account, cash);
    }

    function _locked(Party memory of_, CashToken cash) internal view returns (uint256 locked) {
        (, locked) = exchange.positionOf(of_.account, cash);
    }

    function _left(uint64 id) internal view returns (uint256) {
        return exchange.quote(id).left;
    }
}
