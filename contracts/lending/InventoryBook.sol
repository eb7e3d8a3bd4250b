// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IGoodsRights} from "../inventory/interfaces/IGoodsRights.sol";
import {IGoodsValuation} from "../inventory/interfaces/IGoodsValuation.sol";
import {IWarehouseReceiptToken} from "../inventory/interfaces/IWarehouseReceiptToken.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {FacilityId, FinancingId, LotId} from "../types/Ids.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IInventoryCollateral} from "./interfaces/IInventoryCollateral.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Which lots back which financing, and what they bear. How much of a lot is here is the token's to say and not
/// counted twice: one consignment backs one financing at the desk, so that what is in custody here of an account's lot is
/// of one financing.
/// @dev The adapter and the part that it runs share this storage; the part may declare none.
abstract contract InventoryBook is AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice What backs a financing. A draw reads the first word and the lots. The first word is zero again once the
    /// pledge was released, or has left for other collateral; the lot that it was opened on stays on record.
    /// @param currency of the pool's cash, ISO 4217
    /// @param rateBps the lender's loan to value
    /// @param lots how many of `lotIds` count, the one that it was opened on first
    /// @param deadline of an open margin call, Unix seconds; 0 where there is none, and then nothing else of it is read
    struct Pledge {
        address pledgor;
        bytes3 currency;
        uint16 rateBps;
        uint8 lots;
        uint40 deadline;
        IERC20 cash;
        IInventoryCollateral.MarginTerms terms;
        Sale sale;
        LotId[8] lotIds;
    }

    /// @notice What `IInventoryCollateral.MarginCall` tells beside the deadline.
    struct Sale {
        uint40 saleFrom;
        uint16 round;
        uint64 lastBase;
    }

    /// @notice What a lot was worth on the market when that was last known.
    /// @param quantity thousandths that were worth it
    struct Mark {
        uint56 quantity;
        uint64 marketValue;
    }

    struct Reservation {
        FacilityId facility;
        uint40 until;
    }

    uint256 internal constant MOST_LOTS = 8;

    IWarehouseReceiptToken public immutable goods;
    IGoodsValuation public immutable valuation;
    IFinancingDesk public immutable desk;
    IParticipantRegistry public immutable registry;

    mapping(FinancingId => Pledge) internal _pledges;
    mapping(FinancingId => mapping(LotId => Mark)) internal _marks;
    mapping(FacilityId => uint16 rateBps) internal _rates;
    mapping(FacilityId => IInventoryCollateral.MarginTerms) internal _terms;
    mapping(bytes32 digest => bool) internal _isOffered;
    mapping(uint256 itemId => mapping(address holder => Reservation)) internal _reservations;

    modifier onlyDesk() {
        require(msg.sender == address(desk), ICollateral.OnlyDesk(msg.sender, address(desk)));
        _;
    }

    constructor(
        IWarehouseReceiptToken goods_,
        IGoodsValuation valuation_,
        IFinancingDesk desk_,
        IParticipantRegistry registry_,
        address authority
    ) AccessManaged(authority) {
        (goods, valuation, desk, registry) = (goods_, valuation_, desk_, registry_);
    }

    // Checks

    function _live(FinancingId id) internal view returns (Pledge storage its) {
        its = _pledges[id];
        require(_isPledged(its), ICollateral.PledgeUnknown(id));
    }

    function _isPledged(Pledge storage its) internal view returns (bool) {
        return its.pledgor != address(0);
    }

    function _ofCaller(FinancingId id) internal view returns (Pledge storage its) {
        its = _live(id);
        address pledgor = its.pledgor;
        require(msg.sender == pledgor, IInventoryCollateral.NotPledgorOf(id, msg.sender, pledgor));
    }

    function _requirePledged(FinancingId id, Pledge storage its, LotId lot) internal view {
        require(_placeOf(its, lot) < its.lots, IInventoryCollateral.LotNotPledged(id, lot));
    }

    function _requireNoSale(FinancingId id, Pledge storage its) internal view {
        uint256 until = _saleEnd(its);
        require(block.timestamp >= until, IInventoryCollateral.SaleRunning(id, until));
    }

    /// @dev What is still owed, whatever for, must be borne by what is left; nothing owed is borne by nothing.
    /// @param lot of which something has left
    /// @return owed minor units
    /// @return left minor units that the rest of the lot counts with when margin is called
    function _requireBorne(FinancingId id, Pledge storage its, LotId lot)
        internal
        returns (uint256 owed, uint256 left)
    {
        owed = desk.owedInAll(id);
        IInventoryCollateral.Worth memory worth;
        (worth, left) = _worthAround(its, lot);
        uint256 base = Rounding.bpsDown(worth.value, its.rateBps);
        require(owed <= base, IInventoryCollateral.GoodsUncovered(id, owed, base));
        _noteBase(its, base);
    }

    /// @dev What leaves for a payment is in the lender's ratio to it.
    /// @return value minor units that left
    function _requireInRatio(
        FinancingId id,
        Pledge storage its,
        IGoodsValuation.Valuation memory before,
        uint256 left,
        uint256 toPool
    ) internal view returns (uint256 value) {
        value = _callValueOf(before) - left;
        uint256 most = Rounding.bpsDown(toPool, its.terms.releaseRatioBps);
        require(value <= most, IInventoryCollateral.ReleaseExceedsPayment(id, value, most));
    }

    function _requirePriced(FinancingId id, IGoodsValuation.Gap gap) internal pure {
        require(gap <= IGoodsValuation.Gap.Condition, IInventoryCollateral.GoodsUnvaluable(id, gap));
    }

    /// @return terms of the facility, by which margin is called before all is lent that its ladder lends
    function _termsFor(FacilityId facility, uint16 rateBps)
        internal
        view
        returns (IInventoryCollateral.MarginTerms memory terms)
    {
        terms = _terms[facility];
        uint256 callLevelBps = terms.callLevelBps;
        require(callLevelBps > rateBps, IInventoryCollateral.MarginTermsUnfit(facility, callLevelBps, rateBps));
    }

    // Worth

    /// @return where the lot stands among those of the pledge; their number where it does not
    function _placeOf(Pledge storage its, LotId lot) internal view returns (uint256) {
        uint256 count = its.lots;
        for (uint256 i; i < count; ++i) {
            if (LotId.unwrap(its.lotIds[i]) == LotId.unwrap(lot)) return i;
        }
        return count;
    }

    function _valuationOf(Pledge storage its, LotId lot) internal view returns (IGoodsValuation.Valuation memory) {
        return valuation.valuationOf(lot, its.pledgor, type(uint256).max, its.currency);
    }

    function _worthOf(Pledge storage its) internal view returns (IInventoryCollateral.Worth memory worth) {
        (uint256 count, address pledgor, bytes3 currency) = (its.lots, its.pledgor, its.currency);
        for (uint256 i; i < count; ++i) {
            _add(worth, valuation.valuationOf(its.lotIds[i], pledgor, type(uint256).max, currency));
        }
    }

    /// @return worth of all lots
    /// @return ofLot what this one of them counts with when margin is called: asked once
    function _worthAround(Pledge storage its, LotId lot)
        internal
        view
        returns (IInventoryCollateral.Worth memory worth, uint256 ofLot)
    {
        uint256 count = its.lots;
        for (uint256 i; i < count; ++i) {
            LotId here = its.lotIds[i];
            IGoodsValuation.Valuation memory one = _valuationOf(its, here);
            _add(worth, one);
            if (LotId.unwrap(here) == LotId.unwrap(lot)) ofLot = _callValueOf(one);
        }
    }

    /// @dev Of goods that are not all known nothing is lent.
    function _add(IInventoryCollateral.Worth memory worth, IGoodsValuation.Valuation memory one) internal pure {
        if (one.gap > worth.gap) worth.gap = one.gap;
        worth.value = worth.gap == IGoodsValuation.Gap.None ? worth.value + one.value : 0;
        worth.callValue += _callValueOf(one);
        worth.marketValue += one.marketValue;
    }

    /// @dev What silence hides counts for the owner when margin is called, and never when something is lent.
    function _callValueOf(IGoodsValuation.Valuation memory one) internal pure returns (uint256) {
        return one.gap == IGoodsValuation.Gap.None ? one.value : one.ceiling;
    }

    /// @return minor units down to which what is owed must come for a call to be over. While something is not known it is no
    /// more than when all of it last was: silence does not end a call
    function _cureBase(Pledge storage its, IInventoryCollateral.Worth memory worth) internal view returns (uint256) {
        if (worth.gap == IGoodsValuation.Gap.None) return Rounding.bpsDown(worth.value, its.rateBps);
        uint256 lastBase = its.sale.lastBase;
        if (worth.gap != IGoodsValuation.Gap.Condition) return lastBase;
        return Math.min(Rounding.bpsDown(worth.callValue, its.rateBps), lastBase);
    }

    function _noteBase(Pledge storage its, uint256 base) internal {
        if (its.deadline != 0) its.sale.lastBase = _capped(base);
    }

    function _noteMark(FinancingId id, LotId lot, IGoodsValuation.Valuation memory one) internal {
        // Safe: quantities of the token have 56 bits.
        _marks[id][lot] = Mark(uint56(one.quantity), _capped(one.marketValue));
    }

    /// @dev No pool lends more than 48 bits.
    function _capped(uint256 amount) internal pure returns (uint64) {
        return amount > type(uint64).max ? type(uint64).max : uint64(amount);
    }

    /// @return Unix seconds at which the present round of the sale ends; 0 before the first
    function _saleEnd(Pledge storage its) internal view returns (uint256) {
        if (its.deadline == 0) return 0;
        uint256 from = its.sale.saleFrom;
        return from == 0 ? 0 : from + its.terms.saleSeconds;
    }

    // Goods

    function _heldOf(Pledge storage its, LotId lot) internal view returns (IGoodsRights.Position memory) {
        return goods.position(lot, its.pledgor);
    }

    /// @dev Another's units would count as this financing's.
    function _requireNoneHeld(LotId lot, address pledgor) internal view {
        IGoodsRights.Position memory held = goods.position(lot, pledgor);
        uint256 quantity = uint256(held.pledged) + held.pledgedAside;
        require(quantity == 0, IInventoryCollateral.GoodsAlreadyHeld(lot, quantity));
    }

    /// @dev Of every unit that comes in: the power that the token has noted ends with a lot's last unit.
    function _requirePower(LotId lot, address pledgor) internal view {
        bool given = goods.hasPowerOfSale(pledgor, address(this));
        require(given, IGoodsRights.PowerOfSaleMissing(lot, pledgor, address(this)));
    }

    function _fetchNew(LotId lot, address pledgor, uint256 quantity) internal {
        uint256 held = _fetch(lot, pledgor, quantity);
        require(held == 0, IInventoryCollateral.GoodsAlreadyHeld(lot, held));
    }

    /// @return held thousandths of the pledgor's that were here before
    function _fetch(LotId lot, address pledgor, uint256 quantity) internal returns (uint256 held) {
        bool sellable;
        (held, sellable) = goods.fetch(lot, pledgor, quantity);
        require(sellable, IGoodsRights.PowerOfSaleMissing(lot, pledgor, address(this)));
    }

    /// @dev Its consignment is given up with the last lot of it, save the one that the desk itself watches.
    function _dropIfEmpty(FinancingId id, Pledge storage its, LotId lot) internal {
        uint256 place = _placeOf(its, lot);
        if (place == 0) return;
        IGoodsRights.Position memory held = _heldOf(its, lot);
        if (uint256(held.pledged) + held.pledgedAside != 0) return;
        // Safe: its place is below their number, and above 0.
        uint8 last = its.lots - 1;
        its.lotIds[place] = its.lotIds[last];
        its.lotIds[last] = LotId.wrap(0);
        its.lots = last;
        emit IInventoryCollateral.LotDropped(id, lot);

        bytes32 subject = goods.subjectOf(lot);
        if (!_countsSubject(its, subject)) desk.watchAlso(id, subject, false);
    }

    function _countsSubject(Pledge storage its, bytes32 subject) private view returns (bool) {
        uint256 count = its.lots;
        for (uint256 i; i < count; ++i) {
            if (goods.subjectOf(its.lotIds[i]) == subject) return true;
        }
        return false;
    }

    // Calls

    /// @param owed minor units in all
    function _endCall(FinancingId id, Pledge storage its, uint256 owed) internal {
        its.deadline = 0;
        delete its.sale;
        emit IInventoryCollateral.MarginCallEnded(id, owed);
    }

    // Money

    /// @dev What the caller pays goes on at once: to the source of money as far as something is owed, else to the supplier.
    /// @return toPool minor units that went to the source of money
    function _payIn(FinancingId id, Pledge storage its, uint256 amount) internal returns (uint256 toPool) {
        its.cash.safeTransferFrom(msg.sender, address(this), amount);
        uint256 toSupplier;
        (toPool, toSupplier) = desk.applyProceeds(id, amount);
        emit ICollateral.ProceedsForwarded(id, LotId.unwrap(its.lotIds[0]), toPool, toSupplier);
    }
}
