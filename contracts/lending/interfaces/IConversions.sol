// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../../money/interfaces/ICashToken.sol";
import {IFeedOracle} from "../../oracle/interfaces/IFeedOracle.sol";
import {IFxQuotes} from "../../settlement/interfaces/IFxQuotes.sol";
import {FacilityId, FinancingId} from "../../types/Ids.sol";
import {ICollateral} from "./ICollateral.sol";
import {IFinancingDesk} from "./IFinancingDesk.sol";

/// @title What collateral in one currency is worth to a pool in another, and how what comes in on it is exchanged. The
/// adapter keeps collateral and money; this contract knows which two currencies a financing joins, and the quote that is
/// reserved for it. What it keeps is kept by adapter: none can touch another's.
interface IConversions {
    /// @notice What a financing joins.
    /// @param from currency of the collateral
    /// @param to currency of the pool
    /// @param quote reserved for what comes in; 0 for none
    struct Conversion {
        ICashToken from;
        ICashToken to;
        uint64 quote;
    }

    /// @notice Whether collateral in this currency is taken under the facility, from now on.
    event CurrencyAccepted(FacilityId indexed facility, ICashToken indexed cash, bool accepted);
    /// @notice What comes in on the financing is exchanged.
    event ConversionBegun(
        ICollateral indexed collateral, FinancingId indexed financing, ICashToken from, ICashToken to
    );
    /// @notice What comes in on the financing is exchanged at this quote first, until it is over.
    event ConversionReserved(ICollateral indexed collateral, FinancingId indexed financing, uint64 indexed quote);
    /// @notice Money of a financing was exchanged: `sold` minor units of the collateral's currency for `received` of the
    /// pool's.
    event ProceedsSold(ICollateral indexed collateral, FinancingId indexed financing, uint256 sold, uint256 received);

    /// @notice The two currencies are not exchanged here.
    error NoMarket(ICashToken from, ICashToken to);
    /// @notice The financing's collateral and its pool are of one currency, or nothing backs it.
    error NotForeign(FinancingId financing);
    /// @notice The caller is not the account that the financing's facility was granted to.
    error NotBorrowerOf(FinancingId financing, address caller, address supplier);
    /// @notice A quote is reserved already and not over.
    error StillReserved(FinancingId financing, uint64 quote);
    /// @notice The quote sells another currency than the pool lends, or buys another than the collateral brings.
    error QuoteOfOtherMarket(FinancingId financing, uint64 quote);
    /// @notice The quote is worse for the financing than the feed's rate less its haircut, or that rate is not usable now.
    error QuoteUnfair(FinancingId financing, uint64 quote);

    /// @notice Says whether a facility takes collateral in a currency that is not its pool's. Credit officer only; what is
    /// financed already stays.
    function acceptCurrency(FacilityId facility, ICashToken cash, bool accepted) external;

    /// @notice Begins the conversion of a financing of the calling adapter. Reverts while the rate of the two currencies
    /// is not usable.
    /// @return begun false where the facility does not take collateral in that currency
    function begin(FinancingId financing, FacilityId facility, ICashToken from, ICashToken to)
        external
        returns (bool begun);

    /// @notice Exchanges the calling adapter's money for a financing: at the reserved quote, also while the feed's rate is
    /// stale, then at the best that are offered to everybody.
    /// @param amount minor units of the collateral's currency, by the adapter's allowance to `exchange`
    /// @return sold minor units of these that were exchanged; 0 while nothing fits
    /// @return received minor units of the pool's currency, now the adapter's
    function sell(FinancingId financing, uint256 amount) external returns (uint256 sold, uint256 received);

    /// @notice Ends the conversion of a financing of the calling adapter. What is left of a reserved quote goes to `to`.
    function end(FinancingId financing, address to) external;

    /// @notice Reserves a quote for what comes in on a financing; the supplier who answers for the facility only, whose
    /// quote it must be. It is the first to be taken, whatever the feed says by then, and while it is there nothing is lent
    /// on a better rate than its own.
    function reserveQuote(FinancingId financing, uint64 quote) external;

    /// @notice What an amount lends in the pool's currency, rounded down: at the feed's rate less its haircut, or at the
    /// reserved quote's where that is less. 0 while the feed's rate is stale or missing.
    /// @param amount minor units of the collateral's currency
    function lendingValue(ICollateral collateral, FinancingId financing, uint256 amount) external view returns (uint256);

    /// @notice What an amount is worth in the pool's currency, rounded down, at the last rate that the feed reported, be it
    /// stale, less its haircut: that nobody reports a rate is no loss.
    /// @param amount minor units of the collateral's currency
    function lastValue(ICollateral collateral, FinancingId financing, uint256 amount) external view returns (uint256);

    /// @return what the financing joins; all zero where nothing is converted
    function conversionOf(ICollateral collateral, FinancingId financing) external view returns (Conversion memory);
    /// @return whether the facility takes collateral in that currency, where it is not its pool's
    function isAccepted(FacilityId facility, ICashToken cash) external view returns (bool);
    /// @return the exchange at whose quotes money is converted
    function exchange() external view returns (IFxQuotes);
    /// @return the oracle whose rates count
    function feeds() external view returns (IFeedOracle);
    /// @return the financing desk
    function desk() external view returns (IFinancingDesk);
}
