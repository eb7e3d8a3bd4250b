// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../../money/interfaces/ICashToken.sol";
import {OrganisationId} from "../../types/Ids.sol";

/// @title Exchange of one currency for another at quotes whose money is there: a dealer funds a position, and each quote
/// locks a part of it at a rate until it expires. What a dealer gets is added to its position and paid out when it asks,
/// so that a dealer that is frozen holds nobody up. Sides are the dealer's: it sells one currency and buys the other.
interface IFxQuotes {
    /// @notice What a dealer proposes.
    /// @param sold currency that the dealer gives
    /// @param bought currency that the dealer takes
    /// @param amount minor units of `sold` that are locked for it
    /// @param rate as in the feed of the two currencies: units of its quote currency for one of its base currency, times
    /// 10^decimals, whichever of the two is sold
    /// @param expiresAt Unix seconds from which the quote is over
    /// @param taker account for which alone it is, and which may rely on it until then; zero for one that is offered to
    /// everybody, and which its dealer may take back
    struct Offer {
        ICashToken sold;
        ICashToken bought;
        uint256 amount;
        uint256 rate;
        uint256 expiresAt;
        address taker;
    }

    /// @notice A quote. Three slots.
    /// @param left minor units of the sold currency that are still locked for it
    /// @param organisation the dealer's
    /// @param market number of its market, from 1
    struct Quote {
        address dealer;
        uint40 expiresAt;
        uint56 left;
        address taker;
        uint88 rate;
        OrganisationId organisation;
        uint32 market;
    }

    /// @notice Quotes of which dealers sell one currency for the other.
    /// @param feed of the two currencies' rate
    /// @param bandBps how far a new quote may lie from the feed's rate, bps of it; 0 where none is taken
    /// @param decimals of the rate
    /// @param baseDigits decimal places of the feed's base currency
    /// @param quoteDigits decimal places of its quote currency
    /// @param sellsBase whether the dealers sell the feed's base currency
    struct Market {
        ICashToken sold;
        uint16 bandBps;
        uint8 decimals;
        uint8 baseDigits;
        uint8 quoteDigits;
        bool sellsBase;
        ICashToken bought;
        bytes32 feed;
    }

    /// @notice Two currencies may be exchanged from now on, each for the other.
    /// @param market number of the one in which `first` is sold; the other's is one more
    event MarketOpened(uint32 indexed market, ICashToken indexed first, ICashToken indexed second, bytes32 feed);
    /// @notice How far new quotes for the two currencies, either way, may lie from the feed's rate.
    event BandSet(ICashToken indexed first, ICashToken indexed second, uint256 bandBps);
    /// @notice A contract may, or may no longer, reserve quotes for their takers and take quotes for other accounts.
    event AgentListed(address indexed agent, bool listed);
    /// @notice A dealer's position has grown by what it paid in, minor units.
    event PositionFunded(address indexed dealer, ICashToken indexed cash, uint256 amount);
    /// @notice A dealer took out of its position what no quote locks, minor units.
    event PositionWithdrawn(address indexed dealer, ICashToken indexed cash, uint256 amount);
    /// @notice A rate is locked until `expiresAt` (Unix seconds).
    /// @param amount minor units of the currency that the dealer sells
    event QuoteOffered(
        uint64 indexed id,
        address indexed dealer,
        address indexed taker,
        uint32 market,
        uint256 amount,
        uint256 rate,
        uint256 expiresAt
    );
    /// @notice An exchange at a quote. `paid` is in minor units of the currency that its dealer buys and has gone to the
    /// dealer's position; `received` and `left` are in those of the one it sells.
    event QuoteTaken(uint64 indexed id, address indexed account, uint256 paid, uint256 received, uint256 left);
    /// @notice The quote is over: taken back, given up, or expired.
    /// @param unlocked minor units of the sold currency that are its dealer's to use again
    event QuoteEnded(uint64 indexed id, uint256 unlocked);
    /// @notice The taker's quote is an agent's from now on, or the taker's again.
    event QuoteReserved(uint64 indexed id, address indexed from, address indexed to);

    /// @notice At the opening of a market: it exists, or both are one currency.
    error MarketInvalid(ICashToken first, ICashToken second);
    /// @notice Dealers do not sell one of these for the other here.
    error MarketUnknown(ICashToken sold, ICashToken bought);
    /// @notice No feed gives the rate of the two currencies.
    error MarketWithoutFeed(bytes3 first, bytes3 second);
    /// @notice The cash token has other decimal places than the feed says its currency has.
    error DigitsDiffer(ICashToken cash, uint8 decimals, uint8 feedDigits);
    /// @notice Within that band a rate could be nothing, or twice the feed's; both in bps.
    error BandTooWide(uint256 bandBps, uint256 most);
    /// @notice New quotes are not taken for these two currencies.
    error MarketClosed(ICashToken sold, ICashToken bought);
    /// @notice Nothing is quoted, or more than one quote can have; minor units of the sold currency.
    error QuoteAmountOutOfRange(address dealer, uint256 amount, uint256 most);
    /// @notice The rate lies outside the band around the feed's; all in the feed's unit.
    error QuoteRateOutOfBand(uint256 rate, uint256 least, uint256 greatest);
    /// @notice A quote must end after now and soon enough; all in Unix seconds.
    error QuoteExpiryOutOfRange(uint256 expiresAt, uint256 now_, uint256 latest);
    /// @notice The taker is of the dealer's own group: its rate would be nobody's.
    error TakerOfOwnGroup(address dealer, address taker);
    /// @notice As many dealers as there is room for have offered to everybody.
    error PlacesTaken(ICashToken sold, ICashToken bought, uint256 most);
    /// @notice The dealer's position has less that is not locked; both in minor units.
    error FreePositionTooSmall(address dealer, ICashToken cash, uint256 amount, uint256 free);
    /// @notice Nothing is to be paid in or out.
    error PositionUnchanged(address dealer);
    /// @notice There is no such quote.
    error QuoteUnknown(uint64 id);
    /// @notice The quote is over, or all of it was taken; `expiresAt` in Unix seconds.
    error QuoteOver(uint64 id, uint256 expiresAt, uint256 left);
    /// @notice The quote is for another account than the caller, or the one that the caller acts for.
    error NotTakerOf(uint64 id, address caller, address taker);
    /// @notice The quote was offered to everybody, and its dealer may not act now.
    error DealerResting(uint64 id, address dealer);
    /// @notice The amount is worth less than one minor unit at the quote's rate.
    error ExchangeOfNothing(uint64 id, uint256 amount);
    /// @notice The quote stands until `expiresAt` (Unix seconds): the caller may not end it.
    error QuoteBinding(uint64 id, address caller, uint256 expiresAt);
    /// @notice The caller is no listed agent.
    error AgentUnlisted(address caller);

    /// @notice Opens the exchange of two currencies, either way. Governor only. Their rate must have a feed, and their
    /// tokens the decimal places that the feed gives them.
    /// @param bandBps as for `setBand`
    function openMarket(ICashToken first, ICashToken second, uint16 bandBps) external;

    /// @notice Sets how far new quotes may lie from the feed's rate, either way; those that there are stay. Credit officer
    /// only.
    /// @param bandBps bps of the feed's rate, at most 2000; 0: no new quotes
    function setBand(ICashToken first, ICashToken second, uint16 bandBps) external;

    /// @notice Lists a contract of the network that reserves and takes quotes for those who have allowed it. Governor only.
    /// @dev Warning: an agent can spend at these quotes what an account allows this contract.
    function listAgent(address agent, bool listed) external;

    /// @notice Pays into the caller's position, by allowance. Dealers only.
    /// @param amount minor units of `cash`, one of the currencies that are exchanged here
    function fund(ICashToken cash, uint256 amount) external;

    /// @notice Takes from the caller's position what no quote locks. The account that has it, dealer or not any more.
    function withdraw(ICashToken cash, uint256 amount) external;

    /// @notice Locks a rate. Dealers only, against their position, while the feed's rate is usable. Of quotes to everybody
    /// a dealer's organisation has one in each market: a new one ends the one before.
    /// @param offer_ its expiry is after now and at most two years ahead
    /// @return id number of the quote, from 1
    function offer(Offer calldata offer_) external returns (uint64 id);

    /// @notice Ends a quote and unlocks what is left of it. Anyone once it has expired; before, its taker, or its dealer
    /// where it was offered to everybody.
    function end(uint64 id) external;

    /// @notice Exchanges at a quote. Its taker, also where its dealer may not act any more; or anyone, where it was offered
    /// to everybody and its dealer may act.
    /// @param amount the most to be paid, in minor units of the currency that the dealer buys; where the quote has less
    /// left, it is taken to its end
    /// @return paid minor units, rounded up where the quote is taken to its end
    /// @return received minor units of the currency that the dealer sells, rounded down
    function take(uint64 id, uint256 amount) external returns (uint256 paid, uint256 received);

    /// @notice As `take`, for an account, with its money and to its own benefit. Listed agents only: quotes reserved by
    /// them, and those offered to everybody.
    function takeFor(address account, uint64 id, uint256 amount) external returns (uint256 paid, uint256 received);

    /// @notice Exchanges at the quotes that are offered to everybody, the best first, none of them worse than the feed's
    /// rate less its haircut. Quotes whose dealer may not act now are left out. Nothing happens where none fits, or while
    /// the feed's rate is not usable. Anyone for itself, listed agents for others.
    /// @param amount the most to be paid, minor units of `bought`
    /// @return paid minor units of `bought`
    /// @return received minor units of `sold`
    function takeBest(address account, ICashToken sold, ICashToken bought, uint256 amount)
        external
        returns (uint256 paid, uint256 received);

    /// @notice Makes the caller the taker of a quote that is another account's, to take it for whomever it was told. Listed
    /// agents only, which answer for the account's will.
    /// @param from the account whose quote it is
    function reserve(uint64 id, address from) external;

    /// @notice Gives a quote that the caller has reserved to an account. Listed agents only.
    function giveBack(uint64 id, address to) external;

    /// @return the quote; all zero where there is none
    function quote(uint64 id) external view returns (Quote memory);
    /// @return whether it has not expired and something is left of it
    function isLive(uint64 id) external view returns (bool);
    /// @return whether the quote is for its taker no worse than the feed's rate less its haircut; false while that rate is
    /// not usable
    function isFair(uint64 id) external view returns (bool);
    /// @return minor units of the sold currency for an amount of the bought one at the quote's rate, rounded down, however
    /// much is left of it
    function amountAt(uint64 id, uint256 amount) external view returns (uint256);
    /// @return free minor units of a dealer's position that no quote locks
    /// @return locked minor units that quotes lock, until they are taken or ended
    function positionOf(address dealer, ICashToken cash) external view returns (uint256 free, uint256 locked);
    /// @return minor units of all positions, free and locked
    function heldInAll(ICashToken cash) external view returns (uint256);
    /// @return number of the market; 0 where there is none
    function marketOf(ICashToken sold, ICashToken bought) external view returns (uint32);
    /// @return by its number; all zero where there is none
    function market(uint32 number) external view returns (Market memory);
    /// @return the quotes offered to everybody in a market, at most 8, in no order; some may be over
    function openQuotes(ICashToken sold, ICashToken bought) external view returns (uint64[] memory);
    /// @return whether the contract is a listed agent
    function isAgentListed(address agent) external view returns (bool);
}
