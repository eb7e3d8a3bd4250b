// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../../inventory/interfaces/IGoodsRights.sol";
import {IGoodsValuation} from "../../inventory/interfaces/IGoodsValuation.sol";
import {FacilityId, FinancingId, LotId} from "../../types/Ids.sol";
import {ICollateral} from "./ICollateral.sol";

/// @title Keeps goods in warehouses as collateral: the goods go into custody here, the title stays with the supplier. A
/// financing may have up to eight lots. The base is the lender's rate of what they are worth (`IGoodsValuation`), and 0
/// while the worth of any of them is not known.
/// @dev Of `ICollateral`: an item is a lot, its units are thousandths of the lot's unit; the item of a financing is the lot
/// that it was opened on. The ladder has exactly one step, STORED, which is not measured: its rate is the lender's loan to
/// value. The pledgor has given this contract the power of sale and the approval to move its lots beforehand. What is paid
/// here goes on in the same call: nothing is ever to be forwarded. `valueOf` reverts with `GoodsUnvaluable` where the worth
/// of the goods is not known, so that recourse is neither called nor let go on no knowledge.
interface IInventoryCollateral is ICollateral {
    /// @notice A lender's terms for goods, of a facility: one slot. A financing keeps those of its opening, or of the
    /// facility that last took it over, as they were then.
    /// @param callLevelBps share of the goods' value above which what is owed calls margin; above the ladder's rate
    /// @param releaseRatioBps value that may leave for what is paid, at most; 10000: as much as is paid. 1 to 20000
    /// @param startBps price at which a sale begins, in share of the market value; at most 20000
    /// @param floorBps price at which it ends; at least 1, below `startBps`
    /// @param leastBidBps share of a lot, as it was put up, that a bid takes at least, unless it takes all that is left; 1
    /// to 10000
    /// @param tenorDays in which a financing falls due, from 1; on the last day of the goods where that is sooner
    /// @param cureSeconds from a margin call to its deadline, from 1 hour
    /// @param saleSeconds in which the price of a sale falls from start to floor, from 1 hour
    struct MarginTerms {
        uint16 callLevelBps;
        uint16 releaseRatioBps;
        uint16 startBps;
        uint16 floorBps;
        uint16 leastBidBps;
        uint16 tenorDays;
        uint32 cureSeconds;
        uint32 saleSeconds;
    }

    /// @notice A call for margin, in one slot; all zero where there is none.
    /// @param deadline Unix seconds from which the goods may be put up for sale
    /// @param saleFrom Unix seconds at which the present round of the sale began; 0 before the first
    /// @param round number of that round, from 1
    /// @param lastBase what could be lent when the worth of the goods was last known, minor units; 0 once goods have been
    /// sold since
    struct MarginCall {
        uint40 deadline;
        uint40 saleFrom;
        uint16 round;
        uint64 lastBase;
    }

    /// @notice Goods that their owner sells out of custody, as long as it does not take the offer back.
    /// @param quantity thousandths
    /// @param price for all of it, minor units of the currency of the financing
    /// @param buyer account that may buy; zero for any
    /// @param until last moment (Unix seconds) at which it may
    struct Offer {
        FinancingId financing;
        LotId lot;
        uint256 quantity;
        uint256 price;
        address buyer;
        uint40 until;
    }

    /// @notice What the goods of a financing are worth together, minor units.
    /// @param value 0 unless all are known
    /// @param callValue what a margin call goes by: of goods whose price is known and whose condition is not, the most that
    /// they could be worth as far as they are known
    /// @param marketValue at the median price, before haircuts
    /// @param gap the gravest reason why one of them cannot be valued
    struct Worth {
        uint256 value;
        uint256 callValue;
        uint256 marketValue;
        IGoodsValuation.Gap gap;
    }

    /// @notice Financings opened or taken over from now on under the facility keep these terms.
    event MarginTermsSet(FacilityId indexed facility, MarginTerms terms);
    /// @notice More goods went into custody for a financing.
    /// @param quantity thousandths
    event GoodsAdded(FinancingId indexed financing, LotId indexed lot, uint256 quantity);
    /// @notice Goods of one lot went back for goods of another; quantities in thousandths.
    event GoodsSubstituted(
        FinancingId indexed financing,
        LotId indexed released,
        LotId indexed taken,
        uint256 quantityReleased,
        uint256 quantityTaken
    );
    /// @notice Nothing is left of a lot, and it no longer backs the financing.
    event LotDropped(FinancingId indexed financing, LotId indexed lot);
    /// @notice Goods went back to their owner for a payment.
    /// @param quantity thousandths
    /// @param value that left, minor units
    /// @param paid minor units that went to the source of money
    event GoodsReleasedForPayment(
        FinancingId indexed financing, LotId indexed lot, uint256 quantity, uint256 value, uint256 paid
    );
    /// @notice The owner offers goods for sale out of custody, by this digest.
    event GoodsOffered(FinancingId indexed financing, bytes32 indexed digest, Offer offer);
    /// @notice The owner takes an offer back.
    event OfferWithdrawn(FinancingId indexed financing, bytes32 indexed digest);
    /// @notice Goods were sold, and their price went to the source of money and to the supplier; minor units.
    /// @param quantity thousandths
    event GoodsSold(
        FinancingId indexed financing,
        LotId indexed lot,
        address indexed buyer,
        uint256 quantity,
        uint256 price,
        uint256 toPool
    );
    /// @notice The lender has signed that goods may leave the warehouse.
    /// @param digest of the order, as `IGoodsRights` knows it
    event ReleaseConsented(
        FinancingId indexed financing, LotId indexed lot, bytes32 indexed digest, address lender, uint256 quantity
    );
    /// @notice More is owed than the goods bear: the supplier has until the deadline (Unix seconds) to mend it.
    /// @param owed minor units
    /// @param value what the goods were taken to be worth, minor units
    event MarginCalled(FinancingId indexed financing, uint256 owed, uint256 value, uint256 deadline);
    /// @notice The call is over. `owed` minor units are left.
    event MarginCallEnded(FinancingId indexed financing, uint256 owed);
    /// @notice The goods are up for sale, at prices that fall until `until` (Unix seconds).
    event SaleStarted(FinancingId indexed financing, uint256 indexed round, uint256 until);
    /// @notice What a lot is put up at: so much (minor units) for so much of it (thousandths), before the start's share.
    event LotPutUp(FinancingId indexed financing, LotId indexed lot, uint256 quantity, uint256 marketValue);
    /// @notice Goods that no longer back the financing went, with their title, to who owes what backs it now.
    event GoodsHandedOn(FinancingId indexed financing, address indexed recipient);

    /// @notice At deployment: there is no contract at the address of a part.
    error PartHasNoCode(address part);
    /// @notice Goods give way to an invoice only by going to who owes it: otherwise both would count.
    error RecipientMissing(FinancingId financing);
    /// @notice A field is out of its range; see `MarginTerms`.
    error MarginTermsInvalid(FacilityId facility);
    /// @notice The facility has no terms for goods, or their call level is not above the rate of its ladder (both in bps).
    error MarginTermsUnfit(FacilityId facility, uint256 callLevelBps, uint256 rateBps);
    /// @notice What the financing's goods are worth cannot be known now; the gravest reason.
    error GoodsUnvaluable(FinancingId financing, IGoodsValuation.Gap gap);
    /// @notice Units of the lot are in custody here for the owner already, thousandths.
    error GoodsAlreadyHeld(LotId lot, uint256 quantity);
    /// @notice The financing has as many lots as it may have.
    error TooManyLots(FinancingId financing, uint256 most);
    /// @notice The lot does not back the financing.
    error LotNotPledged(FinancingId financing, LotId lot);
    /// @notice Goods of the lot are still in custody for the financing (thousandths), or it is the one that it was opened on.
    error LotNotEmpty(FinancingId financing, LotId lot, uint256 quantity);
    /// @notice The caller is not the account that pledged the goods.
    error NotPledgorOf(FinancingId financing, address caller, address pledgor);
    /// @notice Goods ordered to leave the warehouse have not left it yet, thousandths: see `IGoodsRights`.
    error GoodsLeaving(FinancingId financing, LotId lot, uint256 quantity);
    /// @notice More would be owed than the goods that are left may bear; both in minor units.
    error GoodsUncovered(FinancingId financing, uint256 owed, uint256 base);
    /// @notice More value would leave than the payment frees; both in minor units.
    error ReleaseExceedsPayment(FinancingId financing, uint256 value, uint256 most);
    /// @notice The goods would be worth less than before; both in minor units.
    error SubstituteWorthLess(FinancingId financing, uint256 value, uint256 before);
    /// @notice There is no such offer, or no longer.
    error OfferUnknown(bytes32 digest);
    /// @notice The offer is to another buyer.
    error OfferNotTo(address caller, address buyer);
    /// @notice The offer's time is up; both in Unix seconds.
    error OfferLapsed(bytes32 digest, uint256 until, uint256 now_);
    /// @notice The order is not of goods of the financing that are in custody here for its pledgor.
    error ReleaseOrderUnfit(FinancingId financing, LotId lot, address beneficiary, address holder);
    /// @notice The account is not a credit officer's, or has not signed the order (its digest).
    error LenderSignatureInvalid(FinancingId financing, address lender, bytes32 digest);
    /// @notice The goods bear what is owed: no call. `most` is what they bear before one; both in minor units.
    error MarginSufficient(FinancingId financing, uint256 owed, uint256 most);
    /// @notice Margin has been called already.
    error MarginCallOpen(FinancingId financing, uint256 deadline);
    /// @notice No margin has been called, or the call is over.
    error MarginCallMissing(FinancingId financing);
    /// @notice There is time left to mend it; both in Unix seconds.
    error CureTimeLeft(FinancingId financing, uint256 deadline, uint256 now_);
    /// @notice The goods bear what is owed again; both in minor units.
    error MarginCallCured(FinancingId financing, uint256 owed, uint256 base);
    /// @notice More is owed than the goods may bear; both in minor units.
    error MarginCallUncured(FinancingId financing, uint256 owed, uint256 base);
    /// @notice A round of the sale is running until then (Unix seconds).
    error SaleRunning(FinancingId financing, uint256 until);
    /// @notice No round of a sale is running.
    error SaleNotRunning(FinancingId financing);
    /// @notice There was nothing of the lot to put up when the round began.
    error LotNotPutUp(FinancingId financing, LotId lot);
    /// @notice Nothing in custody for the financing could be sold.
    error NothingToSell(FinancingId financing);
    /// @notice A bid takes at least `least`, or all of `left`; in thousandths.
    error BidOutOfRange(FinancingId financing, LotId lot, uint256 quantity, uint256 least, uint256 left);
    /// @notice Less of the goods (by one least bid) pays all that is owed: the rest stays the owner's. In minor units.
    error BidExceedsDebt(FinancingId financing, uint256 price, uint256 owed);
    /// @notice The price is above what the bidder would pay; both in minor units.
    error BidPriceTooHigh(FinancingId financing, uint256 price, uint256 most);
    /// @notice The bidder is of the owner's group, and does not pay all that is owed; both in minor units.
    error BidderIsAffiliate(FinancingId financing, address bidder, uint256 price, uint256 owed);

    // Credit officer

    /// @notice Sets a facility's terms for goods. Credit officer only; open financings keep theirs.
    function setMarginTerms(FacilityId facility, MarginTerms calldata terms) external;

    // Pledgor

    /// @notice Gives more goods into custody for a financing: of a lot that backs it, or of another. Pledgor only, not while
    /// a sale is running. The consignment of another lot, whoever has opened it, must back no other financing. While the
    /// condition of what was added is not known, nothing is drawn; during a margin call it must be known.
    /// @param quantity thousandths
    function addGoods(FinancingId financing, LotId lot, uint256 quantity) external;

    /// @notice Has goods given back for as many or more of another lot, of the same commodity and unit. Pledgor only, not
    /// while a sale is running. The goods are worth no less after it: value leaves for a payment only.
    /// @param quantityHeld thousandths that go back
    /// @param quantityOffered thousandths that come in
    function substituteGoods(
        FinancingId financing,
        LotId held,
        uint256 quantityHeld,
        LotId offered,
        uint256 quantityOffered
    ) external;

    /// @notice Pays on a financing out of the caller's cash, by allowance, and gives goods back for it: at most so much
    /// value as the payment times the lender's ratio, and only while the rest bears what is still owed. Pledgor only. What
    /// is paid here counts as proceeds of the goods: more than is owed goes to the supplier.
    /// @param amount minor units
    /// @param quantity thousandths
    /// @return toPool minor units that went to the source of money
    function payAndRelease(FinancingId financing, uint256 amount, LotId lot, uint256 quantity)
        external
        returns (uint256 toPool);

    /// @notice Offers goods in custody for sale. Pledgor only.
    /// @return digest what the offer is known by
    function offerGoods(Offer calldata offer) external returns (bytes32 digest);

    /// @notice Takes an offer back. Pledgor only.
    function withdrawOffer(Offer calldata offer) external;

    // Pledgor and lender, through whoever sends it

    /// @notice Orders goods in custody to leave the warehouse: signed by their owner and by a credit officer, who each sign
    /// the order itself (`IGoodsRights.releaseOrderDigest`), have approved its digest at the token (the owner), or send it
    /// (the credit officer). They no longer count from then on: the rest must bear what is owed, save where a quorum has
    /// attested this exit already, so that both sides can put down what has left.
    /// @param order of goods of the financing; its holder is this contract
    /// @param lender a credit officer's account
    function orderRelease(
        FinancingId financing,
        IGoodsRights.ReleaseOrder calldata order,
        bytes calldata signature,
        address lender,
        bytes calldata lenderSignature
    ) external;

    // Buyers

    /// @notice Buys what is offered: the price goes, out of the caller's cash by allowance, to the source of money as far as
    /// something is owed and to the supplier; title and goods go to the caller, in this call. Whoever the offer is to, while
    /// the lot backs the financing and the supplier owes nothing by recourse. What is still owed after it must be borne by
    /// the rest, and while anything is, what leaves is worth at most the price times the lender's ratio, whoever buys.
    function buyGoods(Offer calldata offer) external;

    /// @notice Buys goods of a running sale at the price of this moment, out of the caller's cash, by allowance. Any admitted
    /// account; one of the owner's group only if it pays all that is owed. No more is sold than pays what is owed, but for
    /// one least bid; what it pays beyond that is the supplier's.
    /// @param quantity thousandths
    /// @param most minor units that the caller would pay
    /// @return price minor units paid
    function bid(FinancingId financing, LotId lot, uint256 quantity, uint256 most) external returns (uint256 price);

    // Anyone

    /// @notice Calls margin, where more is owed than the call level allows; of a financing that is in default or written off
    /// to any part, where anything is owed. Goods whose condition is not known count with the most that they could be worth,
    /// those whose price or rate is not with the most by the last one (`IGoodsValuation.lastCeilingOf`): nobody is called
    /// because a feed is silent, and nobody escapes a call by silence. Refused while nothing there has a price.
    /// @return deadline Unix seconds
    function callMargin(FinancingId financing) external returns (uint256 deadline);

    /// @notice Ends a call, and its sale: nothing is owed, or no more than the goods may bear. While their worth is not
    /// known, what they could bear when it last was counts. Of a financing in default or written off only payment of all
    /// that is owed ends it.
    function endCall(FinancingId financing) external;

    /// @notice Puts the goods up for sale, once the deadline has passed and the call is not mended; again when a round is
    /// over. Goods whose price is not known are put up at what they were worth when it last was.
    /// @return until Unix seconds at which the round ends
    function startSale(FinancingId financing) external returns (uint256 until);

    /// @notice Takes a lot off a financing of which nothing is in custody here any more; its consignment is free for other
    /// financings then. Not the lot that it was opened on. Anyone.
    function dropLot(FinancingId financing, LotId lot) external;

    // Views

    /// @return what a facility's terms for goods are now; all zero where it has none
    function marginTerms(FacilityId facility) external view returns (MarginTerms memory);
    /// @return the financing's own
    function marginTermsOf(FinancingId financing) external view returns (MarginTerms memory);
    /// @return the financing's open call; all zero where there is none, or the financing is over
    function marginCallOf(FinancingId financing) external view returns (MarginCall memory);
    /// @return the lots that back the financing, the one that it was opened on first; none where it is over
    function lotsOf(FinancingId financing) external view returns (LotId[] memory);
    /// @return account whose goods they are; zero where nothing is pledged, or no longer
    function pledgorOf(FinancingId financing) external view returns (address);
    /// @return what they are worth now
    function worthOf(FinancingId financing) external view returns (Worth memory);
    /// @return price minor units for which a bid would buy so much of a lot (thousandths) now; 0 where no sale is running
    function salePriceOf(FinancingId financing, LotId lot, uint256 quantity) external view returns (uint256 price);
    /// @return what an offer is known by
    function offerDigest(Offer calldata offer) external pure returns (bytes32);
    /// @return whether there is such an offer
    function isOffered(bytes32 digest) external view returns (bool);
}
