// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memberships} from "../access/Memberships.sol";
import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {ExchangeRates} from "../libraries/ExchangeRates.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {IFeedOracle} from "../oracle/interfaces/IFeedOracle.sol";
import {Roles} from "../types/Roles.sol";
import {FxMarkets} from "./FxMarkets.sol";
import {IFxQuotes} from "./interfaces/IFxQuotes.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Exchanges currencies at quotes that are funded when they are made.
contract FxQuotes is FxMarkets, ReentrancyGuardTransient {
    using SafeERC20 for ICashToken;

    /// @dev A bound on the work of an exchange at the best quotes: so many dealers offer in one market.
    uint256 private constant MOST_PLACES = 8;
    uint256 private constant MOST_QUOTE = 730 days;

    mapping(uint32 market => uint64[MOST_PLACES]) private _places;
    mapping(uint64 => Quote) private _quotes;
    uint64 private _quoteCount;

    constructor(IParticipantRegistry registry_, IFeedOracle feeds_, address authority)
        FxMarkets(registry_, feeds_, authority)
    {}

    // By the dealer

    /// @inheritdoc IFxQuotes
    function offer(Offer calldata offer_) external returns (uint64 id) {
        IParticipantRegistry.Membership memory dealer = registry.requireRole(msg.sender, Roles.FX_DEALER);
        uint32 number = _known(offer_.sold, offer_.bought);
        _requireInRange(offer_);
        _requireInBand(_markets[number], offer_.rate);
        _requireTaker(dealer, offer_.taker);

        id = ++_quoteCount;
        // The casts are safe: the offer is in range, and a rate within the band has the feed's 88 bits.
        _quotes[id] = Quote({
            dealer: msg.sender,
            expiresAt: uint40(offer_.expiresAt),
            left: uint56(offer_.amount),
            taker: offer_.taker,
            rate: uint88(offer_.rate),
            organisation: dealer.organisation,
            market: number
        });
        if (offer_.taker == address(0)) _place(id, _quotes[id], number);
        _lock(msg.sender, offer_.sold, offer_.amount);
        emit QuoteOffered(id, msg.sender, offer_.taker, number, offer_.amount, offer_.rate, offer_.expiresAt);
    }

    // By whom a quote binds or serves

    /// @inheritdoc IFxQuotes
    function end(uint64 id) external {
        Quote storage its = _quotes[id];
        (address dealer, address taker) = (its.dealer, its.taker);
        require(dealer != address(0), QuoteUnknown(id));
        require(its.left != 0, QuoteOver(id, its.expiresAt, 0));
        bool free = block.timestamp >= its.expiresAt || msg.sender == (taker == address(0) ? dealer : taker);
        require(free, QuoteBinding(id, msg.sender, its.expiresAt));

        _end(id, its);
    }

    /// @inheritdoc IFxQuotes
    function take(uint64 id, uint256 amount) external nonReentrant returns (uint256 paid, uint256 received) {
        _requireTakeable(id);
        return _takeWhole(id, msg.sender, amount);
    }

    // By agents

    /// @inheritdoc IFxQuotes
    function takeFor(address account, uint64 id, uint256 amount)
        external
        nonReentrant
        returns (uint256 paid, uint256 received)
    {
        _requireAgent();
        _requireTakeable(id);
        return _takeWhole(id, account, amount);
    }

    /// @inheritdoc IFxQuotes
    function reserve(uint64 id, address from) external {
        _requireAgent();
        address taker = _live(id).taker;
        require(taker != address(0) && taker == from, NotTakerOf(id, from, taker));

        _quotes[id].taker = msg.sender;
        emit QuoteReserved(id, from, msg.sender);
    }

    /// @inheritdoc IFxQuotes
    function giveBack(uint64 id, address to) external {
        _requireAgent();
        address taker = _live(id).taker;
        require(taker == msg.sender, NotTakerOf(id, msg.sender, taker));

        _quotes[id].taker = to;
        emit QuoteReserved(id, msg.sender, to);
    }

    // By anyone

    /// @inheritdoc IFxQuotes
    function takeBest(address account, ICashToken sold, ICashToken bought, uint256 amount)
        external
        nonReentrant
        returns (uint256 paid, uint256 received)
    {
        if (account != msg.sender) _requireAgent();
        uint32 number = _known(sold, bought);
        (uint64[] memory ids, uint256[] memory rates) = _fitting(number);
        bool getsBase = _markets[number].sellsBase;
        for (uint256 left = ids.length; left != 0 && paid < amount; --left) {
            uint256 best;
            for (uint256 i = 1; i < left; ++i) {
                if (ExchangeRates.isBetter(rates[i], rates[best], getsBase)) best = i;
            }
            (uint256 itsPaid, uint256 itsReceived) = _take(ids[best], account, amount - paid);
            (paid, received) = (paid + itsPaid, received + itsReceived);
            (ids[best], rates[best]) = (ids[left - 1], rates[left - 1]);
        }
        if (paid != 0) _exchange(account, _markets[number], paid, received);
    }

    // Views

    /// @inheritdoc IFxQuotes
    function quote(uint64 id) external view returns (Quote memory) {
        return _quotes[id];
    }

    /// @inheritdoc IFxQuotes
    function isLive(uint64 id) public view returns (bool) {
        Quote storage its = _quotes[id];
        return its.left != 0 && block.timestamp < its.expiresAt;
    }

    /// @inheritdoc IFxQuotes
    function isFair(uint64 id) external view returns (bool) {
        Quote storage its = _quotes[id];
        require(its.dealer != address(0), QuoteUnknown(id));
        (uint256 value, uint256 haircutBps) = _floorOf(_markets[its.market].feed);
        return value != 0 && ExchangeRates.isAtLeast(its.rate, value, haircutBps, _markets[its.market].sellsBase);
    }

    /// @inheritdoc IFxQuotes
    function amountAt(uint64 id, uint256 amount) external view returns (uint256) {
        require(_quotes[id].dealer != address(0), QuoteUnknown(id));
        (uint256 numerator, uint256 denominator) = _ratioOf(_quotes[id]);
        return Math.mulDiv(amount, numerator, denominator);
    }

    /// @inheritdoc IFxQuotes
    function openQuotes(ICashToken sold, ICashToken bought) external view returns (uint64[] memory ids) {
        uint64[MOST_PLACES] storage places = _places[marketOf[sold][bought]];
        uint256 count;
        while (count < MOST_PLACES && places[count] != 0) ++count;
        ids = new uint64[](count);
        for (uint256 i; i < count; ++i) {
            ids[i] = places[i];
        }
    }

    // Internals: making and ending

    /// @dev Where the dealer's organisation has a place it is this quote's, and its quote before ends; else the first that
    /// is free, or whose quote is over.
    function _place(uint64 id, Quote storage its, uint32 number) private {
        uint64[MOST_PLACES] storage places = _places[number];
        uint256 place = MOST_PLACES;
        for (uint256 i; i < MOST_PLACES; ++i) {
            uint64 there = places[i];
            if (there != 0 && _quotes[there].organisation == its.organisation) {
                if (_quotes[there].left != 0) _end(there, _quotes[there]);
                place = i;
                break;
            }
            if (place == MOST_PLACES && !isLive(there)) place = i;
            if (there == 0) break;
        }
        Market storage market_ = _markets[number];
        require(place != MOST_PLACES, PlacesTaken(market_.sold, market_.bought, MOST_PLACES));
        places[place] = id;
    }

    function _end(uint64 id, Quote storage its) private {
        uint256 left = its.left;
        its.left = 0;
        _unlock(its.dealer, _markets[its.market].sold, left);
        emit QuoteEnded(id, left);
    }

    // Internals: exchanging

    function _takeWhole(uint64 id, address account, uint256 amount) private returns (uint256 paid, uint256 received) {
        (paid, received) = _take(id, account, amount);
        require(paid != 0, ExchangeOfNothing(id, amount));
        _exchange(account, _markets[_quotes[id].market], paid, received);
    }

    /// @dev Books an exchange at a live quote; money is moved by `_exchange`. Where less is paid than all that is left
    /// costs, rounded up, less than all is received.
    /// @return paid nothing where the amount is worth less than one minor unit
    function _take(uint64 id, address account, uint256 amount) private returns (uint256 paid, uint256 received) {
        Quote storage its = _quotes[id];
        uint256 left = its.left;
        (uint256 numerator, uint256 denominator) = _ratioOf(its);
        uint256 most = Math.mulDiv(left, denominator, numerator, Math.Rounding.Ceil);
        if (amount >= most) (paid, received) = (most, left);
        else (paid, received) = (amount, Math.mulDiv(amount, numerator, denominator));
        if (received == 0) return (0, 0);

        // The cast is safe: at most what is left.
        its.left = uint56(left - received);
        Market storage market_ = _markets[its.market];
        _spend(its.dealer, market_.sold, received);
        _add(its.dealer, market_.bought, paid);
        emit QuoteTaken(id, account, paid, received, left - received);
    }

    function _exchange(address account, Market storage market_, uint256 paid, uint256 received) private {
        market_.bought.safeTransferFrom(account, address(this), paid);
        market_.sold.safeTransfer(account, received);
    }

    /// @return ids of the quotes in a market that may be taken now and are fair
    /// @return rates of these
    function _fitting(uint32 number) private view returns (uint64[] memory ids, uint256[] memory rates) {
        Market storage market_ = _markets[number];
        (uint256 value, uint256 haircutBps) = _floorOf(market_.feed);
        if (value == 0) return (ids, rates);
        (ids, rates) = (new uint64[](MOST_PLACES), new uint256[](MOST_PLACES));
        bool getsBase = market_.sellsBase;
        uint256 count;
        for (uint256 i; i < MOST_PLACES; ++i) {
            uint64 id = _places[number][i];
            if (id == 0) break;
            Quote storage its = _quotes[id];
            bool fits = isLive(id) && ExchangeRates.isAtLeast(its.rate, value, haircutBps, getsBase);
            if (!fits || !_mayAct(its.dealer)) continue;
            (ids[count], rates[count]) = (id, its.rate);
            ++count;
        }
        // Cuts the lists to what is in them, which they have room for.
        assembly ("memory-safe") {
            mstore(ids, count)
            mstore(rates, count)
        }
    }

    /// @return numerator with `denominator`, how minor units that are paid become those that are received
    function _ratioOf(Quote storage its) private view returns (uint256 numerator, uint256 denominator) {
        Market storage market_ = _markets[its.market];
        return
            ExchangeRates.ratio(its.rate, market_.decimals, market_.baseDigits, market_.quoteDigits, !market_.sellsBase);
    }

    // Internals: checks

    function _live(uint64 id) private view returns (Quote storage its) {
        its = _quotes[id];
        require(its.dealer != address(0), QuoteUnknown(id));
        require(isLive(id), QuoteOver(id, its.expiresAt, its.left));
    }

    /// @dev What a dealer is bound to stands whatever becomes of it; what it could take back rests while it may not act.
    function _requireTakeable(uint64 id) private view {
        Quote storage its = _live(id);
        address taker = its.taker;
        require(taker == address(0) || taker == msg.sender, NotTakerOf(id, msg.sender, taker));
        require(taker != address(0) || _mayAct(its.dealer), DealerResting(id, its.dealer));
    }

    function _mayAct(address dealer) private view returns (bool) {
        return Memberships.isActive(Memberships.lookUp(registry, dealer));
    }

    function _requireInRange(Offer calldata offer_) private view {
        (uint256 amount, uint256 most) = (offer_.amount, type(uint56).max);
        require(amount != 0 && amount <= most, QuoteAmountOutOfRange(msg.sender, amount, most));
        uint256 latest = block.timestamp + MOST_QUOTE;
        bool inTime = offer_.expiresAt > block.timestamp && offer_.expiresAt <= latest;
        require(inTime, QuoteExpiryOutOfRange(offer_.expiresAt, block.timestamp, latest));
    }

    function _requireTaker(IParticipantRegistry.Membership memory dealer, address taker) private view {
        if (taker == address(0)) return;
        registry.requireAdmitted(taker, taker);
        require(!(registry.membershipOf(taker).group == dealer.group), TakerOfOwnGroup(msg.sender, taker));
    }
}
