// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ExchangeRates} from "../libraries/ExchangeRates.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {IFeedOracle} from "../oracle/interfaces/IFeedOracle.sol";
import {IFxQuotes} from "../settlement/interfaces/IFxQuotes.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {Rates} from "../types/Rates.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IConversions} from "./interfaces/IConversions.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Values collateral of another currency than the pool's, and exchanges what comes in on it. It holds no money: the
/// exchange takes it from the adapter and gives it to the adapter.
contract Conversions is IConversions, AccessManaged {
    IFinancingDesk public immutable desk;
    IFxQuotes public immutable exchange;
    IFeedOracle public immutable feeds;

    mapping(FacilityId => mapping(ICashToken => bool)) public isAccepted;
    mapping(ICollateral => mapping(FinancingId => Conversion)) private _conversions;

    constructor(IFinancingDesk desk_, IFxQuotes exchange_, IFeedOracle feeds_, address authority)
        AccessManaged(authority)
    {
        (desk, exchange, feeds) = (desk_, exchange_, feeds_);
    }

    // By the credit officer

    /// @inheritdoc IConversions
    function acceptCurrency(FacilityId facility, ICashToken cash, bool accepted) external restricted {
        isAccepted[facility][cash] = accepted;
        emit CurrencyAccepted(facility, cash, accepted);
    }

    // By an adapter, each for its own financings

    /// @inheritdoc IConversions
    function begin(FinancingId financing, FacilityId facility, ICashToken from, ICashToken to) external returns (bool) {
        if (!isAccepted[facility][from]) return false;
        require(exchange.marketOf(to, from) != 0, NoMarket(from, to));
        (bytes3 ours, bytes3 pools) = (from.currency(), to.currency());
        IFeedOracle.Status status = feeds.rateStatus(ours, pools);
        require(status == IFeedOracle.Status.Usable, IFeedOracle.RateNotUsable(ours, pools, status));

        ICollateral collateral = ICollateral(msg.sender);
        _conversions[collateral][financing] = Conversion(from, to, 0);
        emit ConversionBegun(collateral, financing, from, to);
        return true;
    }

    /// @inheritdoc IConversions
    function sell(FinancingId financing, uint256 amount) external returns (uint256 sold, uint256 received) {
        ICollateral collateral = ICollateral(msg.sender);
        Conversion memory its = _known(collateral, financing);
        if (its.quote != 0 && exchange.isLive(its.quote) && exchange.amountAt(its.quote, amount) != 0) {
            (sold, received) = exchange.takeFor(msg.sender, its.quote, amount);
        }
        if (sold < amount) {
            (uint256 rest, uint256 forRest) = exchange.takeBest(msg.sender, its.to, its.from, amount - sold);
            (sold, received) = (sold + rest, received + forRest);
        }
        if (sold != 0) emit ProceedsSold(collateral, financing, sold, received);
    }

    /// @inheritdoc IConversions
    function end(FinancingId financing, address to) external {
        ICollateral collateral = ICollateral(msg.sender);
        uint64 quote = _known(collateral, financing).quote;
        delete _conversions[collateral][financing].quote;
        if (quote != 0 && exchange.isLive(quote)) exchange.giveBack(quote, to);
    }

    // By the supplier

    /// @inheritdoc IConversions
    function reserveQuote(FinancingId financing, uint64 quote) external {
        IFinancingDesk.Financing memory debt = desk.financing(financing);
        address supplier = desk.facility(debt.facility).terms.supplier;
        require(msg.sender == supplier, NotBorrowerOf(financing, msg.sender, supplier));
        Conversion memory its = _known(debt.collateral, financing);
        require(its.quote == 0 || !exchange.isLive(its.quote), StillReserved(financing, its.quote));
        bool fits = exchange.quote(quote).market == exchange.marketOf(its.to, its.from);
        require(fits, QuoteOfOtherMarket(financing, quote));
        require(exchange.isFair(quote), QuoteUnfair(financing, quote));

        _conversions[debt.collateral][financing].quote = quote;
        emit ConversionReserved(debt.collateral, financing, quote);

        exchange.reserve(quote, msg.sender);
    }

    // Views

    /// @inheritdoc IConversions
    function lendingValue(ICollateral collateral, FinancingId financing, uint256 amount)
        external
        view
        returns (uint256 value)
    {
        Conversion memory its = _known(collateral, financing);
        (bytes3 from, bytes3 to) = (its.from.currency(), its.to.currency());
        if (feeds.rateStatus(from, to) != IFeedOracle.Status.Usable) return 0;
        value = feeds.convert(amount, from, to);
        if (its.quote != 0 && exchange.isLive(its.quote)) {
            value = Math.min(value, exchange.amountAt(its.quote, amount));
        }
    }

    /// @inheritdoc IConversions
    function lastValue(ICollateral collateral, FinancingId financing, uint256 amount) external view returns (uint256) {
        Conversion memory its = _known(collateral, financing);
        IFxQuotes.Market memory market = exchange.market(exchange.marketOf(its.to, its.from));
        (, IFeedOracle.Terms memory terms) = feeds.policy(market.feed);
        // Safe: no rate is reported that is not above 0.
        uint256 rate = uint256(int256(feeds.record(market.feed).value));
        (uint256 numerator, uint256 denominator) =
            ExchangeRates.ratio(rate, market.decimals, market.baseDigits, market.quoteDigits, !market.sellsBase);
        return Math.mulDiv(amount, numerator * (Rates.BPS - terms.haircutBps), denominator * Rates.BPS);
    }

    /// @inheritdoc IConversions
    function conversionOf(ICollateral collateral, FinancingId financing) external view returns (Conversion memory) {
        return _conversions[collateral][financing];
    }

    // Internals

    function _known(ICollateral collateral, FinancingId financing) private view returns (Conversion memory its) {
        its = _conversions[collateral][financing];
        require(address(its.from) != address(0), NotForeign(financing));
    }
}
