// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {IFeedOracle} from "../oracle/interfaces/IFeedOracle.sol";
import {Rates} from "../types/Rates.sol";
import {FxPositions} from "./FxPositions.sol";
import {IFxQuotes} from "./interfaces/IFxQuotes.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Which currencies are exchanged, at which distance from their feed's rate, and by whom for others.
abstract contract FxMarkets is FxPositions, AccessManaged {
    uint256 private constant MOST_BAND_BPS = 2000;

    IFeedOracle public immutable feeds;

    /// @inheritdoc IFxQuotes
    mapping(ICashToken sold => mapping(ICashToken bought => uint32)) public marketOf;
    /// @inheritdoc IFxQuotes
    mapping(address => bool) public isAgentListed;
    mapping(uint32 number => Market) internal _markets;
    uint32 private _marketCount;

    constructor(IParticipantRegistry registry_, IFeedOracle feeds_, address authority)
        FxPositions(registry_)
        AccessManaged(authority)
    {
        feeds = feeds_;
    }

    // By the offices

    /// @inheritdoc IFxQuotes
    function openMarket(ICashToken first, ICashToken second, uint16 bandBps) external restricted {
        require(address(first) != address(second) && marketOf[first][second] == 0, MarketInvalid(first, second));
        _requireBand(bandBps);
        Market memory its = _marketBy(first, second, bandBps);

        uint32 number = _marketCount + 1;
        _marketCount = number + 1;
        _markets[number] = its;
        marketOf[first][second] = number;
        (its.sold, its.bought, its.sellsBase) = (second, first, !its.sellsBase);
        _markets[number + 1] = its;
        marketOf[second][first] = number + 1;
        (_isTraded[first], _isTraded[second]) = (true, true);
        emit MarketOpened(number, first, second, its.feed);
        emit BandSet(first, second, bandBps);
    }

    /// @inheritdoc IFxQuotes
    function setBand(ICashToken first, ICashToken second, uint16 bandBps) external restricted {
        _requireBand(bandBps);
        _markets[_known(first, second)].bandBps = bandBps;
        _markets[_known(second, first)].bandBps = bandBps;
        emit BandSet(first, second, bandBps);
    }

    /// @inheritdoc IFxQuotes
    function listAgent(address agent, bool listed) external restricted {
        isAgentListed[agent] = listed;
        emit AgentListed(agent, listed);
    }

    // Views

    /// @inheritdoc IFxQuotes
    function market(uint32 number) external view returns (Market memory) {
        return _markets[number];
    }

    // Internals: reading

    function _known(ICashToken sold, ICashToken bought) internal view returns (uint32 number) {
        number = marketOf[sold][bought];
        require(number != 0, MarketUnknown(sold, bought));
    }

    /// @return value of the feed now; 0 while it is not usable
    /// @return haircutBps below it at which money is still exchanged
    function _floorOf(bytes32 feed) internal view returns (uint256 value, uint256 haircutBps) {
        (IFeedOracle.Status status, int256 latest,) = feeds.latest(feed);
        if (status != IFeedOracle.Status.Usable) return (0, 0);
        (, IFeedOracle.Terms memory terms) = feeds.policy(feed);
        // Safe: a usable rate is above 0.
        return (uint256(latest), terms.haircutBps);
    }

    // Internals: checks

    function _requireAgent() internal view {
        require(isAgentListed[msg.sender], AgentUnlisted(msg.sender));
    }

    /// @dev A rate of 0 lies outside: a usable one is at least 1, and the band is at most a fifth of it, rounded inwards.
    function _requireInBand(Market storage market_, uint256 rate) internal view {
        (uint256 bandBps, ICashToken sold, ICashToken bought) = (market_.bandBps, market_.sold, market_.bought);
        require(bandBps != 0, MarketClosed(sold, bought));
        (IFeedOracle.Status status, int256 latest,) = feeds.latest(market_.feed);
        bool usable = status == IFeedOracle.Status.Usable;
        require(usable, IFeedOracle.RateNotUsable(bought.currency(), sold.currency(), status));
        // Safe: a usable rate is above 0.
        uint256 value = uint256(latest);
        uint256 least = Math.ceilDiv(value * (Rates.BPS - bandBps), Rates.BPS);
        uint256 greatest = value * (Rates.BPS + bandBps) / Rates.BPS;
        require(rate >= least && rate <= greatest, QuoteRateOutOfBand(rate, least, greatest));
    }

    /// @return its the market in which `sold` is sold. What its feed means is fixed once set, so that its digits are kept
    function _marketBy(ICashToken sold, ICashToken bought, uint16 bandBps) private view returns (Market memory its) {
        (its.sold, its.bought, its.bandBps) = (sold, bought, bandBps);
        (bytes3 one, bytes3 other) = (sold.currency(), bought.currency());
        (its.feed, its.sellsBase) = (feeds.rateFeedOf(one, other), true);
        (IFeedOracle.Rules memory rules, IFeedOracle.Terms memory terms) = feeds.policy(its.feed);
        if (rules.version == 0) {
            (its.feed, its.sellsBase) = (feeds.rateFeedOf(other, one), false);
            (rules, terms) = feeds.policy(its.feed);
        }
        require(rules.version != 0, MarketWithoutFeed(one, other));
        (its.decimals, its.baseDigits, its.quoteDigits) = (rules.decimals, terms.baseDigits, terms.quoteDigits);
        _requireDigits(sold, its.sellsBase ? its.baseDigits : its.quoteDigits);
        _requireDigits(bought, its.sellsBase ? its.quoteDigits : its.baseDigits);
    }

    function _requireBand(uint256 bandBps) private pure {
        require(bandBps <= MOST_BAND_BPS, BandTooWide(bandBps, MOST_BAND_BPS));
    }

    function _requireDigits(ICashToken cash, uint8 feedDigits) private view {
        uint8 decimals = cash.decimals();
        require(decimals == feedDigits, DigitsDiffer(cash, decimals, feedDigits));
    }
}
