// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IGoodsRights} from "../inventory/interfaces/IGoodsRights.sol";
import {IGoodsValuation} from "../inventory/interfaces/IGoodsValuation.sol";
import {IWarehouseReceiptToken} from "../inventory/interfaces/IWarehouseReceiptToken.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {FinancingId, LotId} from "../types/Ids.sol";
import {InventoryBook} from "./InventoryBook.sol";
import {SalePrices} from "./SalePrices.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IInventoryCollateral} from "./interfaces/IInventoryCollateral.sol";

/// @title The part of the adapter by which goods are sold: by their owner, or on a margin call that nobody cured.
/// @dev Code without a state of its own: the adapter runs it on its own storage, by delegatecall, because it would not fit
/// beside what takes goods and gives them back. It declares no storage beyond `InventoryBook`'s.
contract InventorySales is InventoryBook {
    constructor(
        IWarehouseReceiptToken goods_,
        IGoodsValuation valuation_,
        IFinancingDesk desk_,
        IParticipantRegistry registry_,
        address authority
    ) InventoryBook(goods_, valuation_, desk_, registry_, authority) {}

    // Pledgor

    /// @notice See `IInventoryCollateral`.
    function offerGoods(IInventoryCollateral.Offer calldata offer) external returns (bytes32 digest) {
        Pledge storage its = _ofCaller(offer.financing);
        _requirePledged(offer.financing, its, offer.lot);
        digest = keccak256(abi.encode(offer));
        require(block.timestamp <= offer.until, IInventoryCollateral.OfferLapsed(digest, offer.until, block.timestamp));

        _isOffered[digest] = true;
        emit IInventoryCollateral.GoodsOffered(offer.financing, digest, offer);
    }

    /// @notice See `IInventoryCollateral`.
    function withdrawOffer(IInventoryCollateral.Offer calldata offer) external {
        _ofCaller(offer.financing);
        bytes32 digest = keccak256(abi.encode(offer));
        require(_isOffered[digest], IInventoryCollateral.OfferUnknown(digest));

        delete _isOffered[digest];
        emit IInventoryCollateral.OfferWithdrawn(offer.financing, digest);
    }

    // Buyers

    /// @notice See `IInventoryCollateral`.
    function buyGoods(IInventoryCollateral.Offer calldata offer) external nonReentrant {
        FinancingId id = offer.financing;
        Pledge storage its = _live(id);
        bytes32 digest = keccak256(abi.encode(offer));
        require(_isOffered[digest], IInventoryCollateral.OfferUnknown(digest));
        require(block.timestamp <= offer.until, IInventoryCollateral.OfferLapsed(digest, offer.until, block.timestamp));
        bool isTo = offer.buyer == address(0) || offer.buyer == msg.sender;
        require(isTo, IInventoryCollateral.OfferNotTo(msg.sender, offer.buyer));
        // Its own sale, unlike its lender's, is its owner's act.
        registry.requireAdmitted(its.pledgor, its.pledgor);
        // The lot may back another financing by now, or another financing have a claim on what this one leaves.
        _requirePledged(id, its, offer.lot);
        desk.requireUnclaimed(id);

        delete _isOffered[digest];
        IGoodsValuation.Valuation memory before = _valuationOf(its, offer.lot);
        uint256 toPool = _sell(id, its, offer.lot, offer.quantity, offer.price);
        (uint256 owed, uint256 left) = _requireBorne(id, its, offer.lot);
        // Whoever the buyer is: a price far below value would be a way around the ratio.
        if (owed != 0) {
            _requirePriced(id, before.gap);
            _requireInRatio(id, its, before, left, toPool);
        }
        _dropIfEmpty(id, its, offer.lot);
    }

    /// @notice See `IInventoryCollateral`.
    function bid(FinancingId id, LotId lot, uint256 quantity, uint256 most)
        external
        nonReentrant
        returns (uint256 price)
    {
        Pledge storage its = _live(id);
        require(block.timestamp < _saleEnd(its), IInventoryCollateral.SaleNotRunning(id));
        uint256 least = _leastBid(id, its, lot, quantity);
        price = _priceOf(id, its, lot, quantity);
        require(price <= most, IInventoryCollateral.BidPriceTooHigh(id, price, most));
        uint256 owed = desk.owedInAll(id);
        // What the debt does not need stays its owner's, but for the last bid's rounding.
        uint256 needed = quantity > least ? _priceOf(id, its, lot, quantity - least) : 0;
        require(needed < owed, IInventoryCollateral.BidExceedsDebt(id, needed, owed));
        bool fair = price >= owed || !_isAffiliate(its.pledgor);
        require(fair, IInventoryCollateral.BidderIsAffiliate(id, msg.sender, price, owed));

        its.sale.lastBase = 0;
        _sell(id, its, lot, quantity, price);
        owed = desk.owedInAll(id);
        if (owed == 0 || !_hasGoods(its)) _endCall(id, its, owed);
        _dropIfEmpty(id, its, lot);
    }

    // Anyone

    /// @notice See `IInventoryCollateral`.
    function callMargin(FinancingId id) external nonReentrant returns (uint256 deadline) {
        Pledge storage its = _live(id);
        uint256 open = its.deadline;
        require(open == 0, IInventoryCollateral.MarginCallOpen(id, open));
        (IInventoryCollateral.Worth memory worth, bool known) = _markedWorthOf(id, its);
        require(known, IInventoryCollateral.GoodsUnvaluable(id, worth.gap));
        (uint256 owed, uint256 most) = (desk.owedInAll(id), Rounding.bpsDown(worth.callValue, its.terms.callLevelBps));
        require(owed > most || _isEnforced(id, owed), IInventoryCollateral.MarginSufficient(id, owed, most));

        deadline = block.timestamp + its.terms.cureSeconds;
        // Safe: a term has 32 bits.
        its.deadline = uint40(deadline);
        its.sale.lastBase = _capped(Rounding.bpsDown(worth.callValue, its.rateBps));
        emit IInventoryCollateral.MarginCalled(id, owed, worth.callValue, deadline);
    }

    /// @notice See `IInventoryCollateral`.
    function endCall(FinancingId id) external nonReentrant {
        Pledge storage its = _live(id);
        require(its.deadline != 0, IInventoryCollateral.MarginCallMissing(id));
        (uint256 owed, uint256 base) = _cure(id, its, _worthOf(its));
        require(owed <= base, IInventoryCollateral.MarginCallUncured(id, owed, base));

        _endCall(id, its, owed);
    }

    /// @notice See `IInventoryCollateral`.
    function startSale(FinancingId id) external nonReentrant returns (uint256 until) {
        Pledge storage its = _live(id);
        uint256 deadline = its.deadline;
        require(deadline != 0, IInventoryCollateral.MarginCallMissing(id));
        bool due = block.timestamp >= deadline;
        require(due, IInventoryCollateral.CureTimeLeft(id, deadline, block.timestamp));
        _requireNoSale(id, its);
        (IInventoryCollateral.Worth memory worth,) = _markedWorthOf(id, its);
        (uint256 owed, uint256 base) = _cure(id, its, worth);
        require(owed > base, IInventoryCollateral.MarginCallCured(id, owed, base));
        require(_hasGoods(its), IInventoryCollateral.NothingToSell(id));

        uint256 round = ++its.sale.round;
        // Safe: times have 40 bits for ever.
        its.sale.saleFrom = uint40(block.timestamp);
        until = _saleEnd(its);
        _announceAll(id, its);
        emit IInventoryCollateral.SaleStarted(id, round, until);
    }

    // Internals: checks

    /// @return least thousandths that a bid takes, unless it takes all that is left
    function _leastBid(FinancingId id, Pledge storage its, LotId lot, uint256 quantity)
        private
        view
        returns (uint256 least)
    {
        _requirePledged(id, its, lot);
        uint256 left = _heldOf(its, lot).pledged;
        uint256 marked = _marks[id][lot].quantity;
        require(marked != 0, IInventoryCollateral.LotNotPutUp(id, lot));
        least = Rounding.bpsUp(marked, its.terms.leastBidBps);
        bool inRange = quantity != 0 && quantity <= left && (quantity >= least || quantity == left);
        require(inRange, IInventoryCollateral.BidOutOfRange(id, lot, quantity, least, left));
    }

    /// @dev Of a financing that is in default, or written off to any part, all is due: what the goods bear is no reason to
    /// wait.
    function _isEnforced(FinancingId id, uint256 owed) private view returns (bool) {
        if (owed == 0) return false;
        IFinancingDesk.Financing memory its = desk.financing(id);
        return its.state == IFinancingDesk.State.Defaulted || its.writtenOff != 0;
    }

    /// @return owed minor units in all
    /// @return base minor units down to which that must come for the call to be over
    function _cure(FinancingId id, Pledge storage its, IInventoryCollateral.Worth memory worth)
        private
        view
        returns (uint256 owed, uint256 base)
    {
        (owed, base) = (desk.owedInAll(id), _cureBase(its, worth));
        if (owed <= base && _isEnforced(id, owed)) base = 0;
    }

    function _isAffiliate(address pledgor) private view returns (bool) {
        return registry.membershipOf(msg.sender).group == registry.membershipOf(pledgor).group;
    }

    // Internals: sales

    function _priceOf(FinancingId id, Pledge storage its, LotId lot, uint256 quantity) private view returns (uint256) {
        return SalePrices.priceOf(_marks[id][lot], its.terms, its.sale.saleFrom, quantity);
    }

    /// @dev The money first, and the goods in the same call: neither is ever without the other.
    /// @return toPool minor units that went to the source of money
    function _sell(FinancingId id, Pledge storage its, LotId lot, uint256 quantity, uint256 price)
        private
        returns (uint256 toPool)
    {
        toPool = _payIn(id, its, price);
        emit IInventoryCollateral.GoodsSold(id, lot, msg.sender, quantity, price, toPool);
        goods.sellFromCustody(lot, its.pledgor, msg.sender, quantity);
    }

    /// @dev What the lots are worth is asked once, and noted at once; where the call is refused after that, nothing is.
    /// A lot whose price is not known keeps the mark that it had, and counts with what it could be worth by the last price.
    /// @return worth of all of them
    /// @return known whether any goods have a price, or there are none
    function _markedWorthOf(FinancingId id, Pledge storage its)
        private
        returns (IInventoryCollateral.Worth memory worth, bool known)
    {
        uint256 count = its.lots;
        for (uint256 i; i < count; ++i) {
            LotId lot = its.lotIds[i];
            IGoodsValuation.Valuation memory one = _valuationOf(its, lot);
            _add(worth, one);
            if (one.gap <= IGoodsValuation.Gap.Condition) {
                _noteMark(id, lot, one);
                if (one.quantity != 0) known = true;
            } else {
                worth.callValue += valuation.lastCeilingOf(lot, its.pledgor, its.currency);
            }
        }
        if (worth.gap <= IGoodsValuation.Gap.Condition) known = true;
    }

    function _announceAll(FinancingId id, Pledge storage its) private {
        uint256 count = its.lots;
        for (uint256 i; i < count; ++i) {
            Mark memory mark = _marks[id][its.lotIds[i]];
            emit IInventoryCollateral.LotPutUp(id, its.lotIds[i], mark.quantity, mark.marketValue);
        }
    }

    function _hasGoods(Pledge storage its) private view returns (bool) {
        uint256 count = its.lots;
        for (uint256 i; i < count; ++i) {
            if (_heldOf(its, its.lotIds[i]).pledged != 0) return true;
        }
        return false;
    }
}
