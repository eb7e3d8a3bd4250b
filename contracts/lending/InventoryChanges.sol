// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IGoodsRights} from "../inventory/interfaces/IGoodsRights.sol";
import {IGoodsValuation} from "../inventory/interfaces/IGoodsValuation.sol";
import {ILots} from "../inventory/interfaces/ILots.sol";
import {IWarehouseReceiptToken} from "../inventory/interfaces/IWarehouseReceiptToken.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {FacilityId, FinancingId, LotId} from "../types/Ids.sol";
import {Rates} from "../types/Rates.sol";
import {Offices} from "../types/Roles.sol";
import {InventoryBook} from "./InventoryBook.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IInventoryCollateral} from "./interfaces/IInventoryCollateral.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title The part of the adapter by which the goods of a running financing change: more of them, others, fewer for a
/// payment, and those that leave the warehouse.
/// @dev Code without a state of its own, as `InventorySales`.
contract InventoryChanges is InventoryBook {
    uint256 private constant MOST_RATIO_BPS = 20_000;
    uint256 private constant LEAST_SECONDS = 1 hours;

    constructor(
        IWarehouseReceiptToken goods_,
        IGoodsValuation valuation_,
        IFinancingDesk desk_,
        IParticipantRegistry registry_,
        address authority
    ) InventoryBook(goods_, valuation_, desk_, registry_, authority) {}

    // Credit officer

    /// @notice See `IInventoryCollateral`.
    function setMarginTerms(FacilityId facility, IInventoryCollateral.MarginTerms calldata terms) external restricted {
        bool shared = terms.callLevelBps != 0 && terms.callLevelBps <= Rates.BPS && terms.releaseRatioBps != 0
            && terms.releaseRatioBps <= MOST_RATIO_BPS;
        bool sold = terms.floorBps != 0 && terms.floorBps < terms.startBps && terms.startBps <= MOST_RATIO_BPS
            && terms.leastBidBps != 0 && terms.leastBidBps <= Rates.BPS;
        bool timed = terms.tenorDays != 0 && terms.cureSeconds >= LEAST_SECONDS && terms.saleSeconds >= LEAST_SECONDS;
        require(shared && sold && timed, IInventoryCollateral.MarginTermsInvalid(facility));

        _terms[facility] = terms;
        emit IInventoryCollateral.MarginTermsSet(facility, terms);
    }

    // By the pledgor

    /// @notice See `IInventoryCollateral`.
    function addGoods(FinancingId financing, LotId lot, uint256 quantity) external nonReentrant {
        Pledge storage its = _ofCaller(financing);
        _requireNoSale(financing, its);
        emit IInventoryCollateral.GoodsAdded(financing, lot, quantity);

        bool isNew = _placeOf(its, lot) == its.lots;
        if (isNew) {
            // Without a price nothing could be drawn on all the others; without a condition nothing is until it is known.
            bool isAlike = _addLot(financing, its, lot);
            _fetchNew(lot, msg.sender, quantity);
            if (!isAlike) _requirePriced(financing, _valuationOf(its, lot).gap);
        } else {
            _fetch(lot, msg.sender, quantity);
        }
        if (its.call.deadline != 0) _noteAdded(its, _knownValueOf(financing, its, lot));
    }

    /// @notice See `IInventoryCollateral`.
    function substituteGoods(
        FinancingId financing,
        LotId held,
        uint256 quantityHeld,
        LotId offered,
        uint256 quantityOffered
    ) external nonReentrant {
        Pledge storage its = _ofCaller(financing);
        _requireNoSale(financing, its);
        _requirePledged(financing, its, held);
        uint256 before = _worthOf(its).callValue;
        bool isNew = _placeOf(its, offered) == its.lots;
        emit IInventoryCollateral.GoodsSubstituted(financing, held, offered, quantityHeld, quantityOffered);

        if (isNew) {
            _addLot(financing, its, offered);
            _requireNoneHeld(offered, msg.sender);
        }
        _requirePower(offered, msg.sender);
        goods.substitute(held, quantityHeld, offered, quantityOffered, msg.sender);
        _knownValueOf(financing, its, offered);
        _dropIfEmpty(financing, its, held);
        _requireNoWorse(financing, its, before);
    }

    /// @notice See `IInventoryCollateral`.
    function payAndRelease(FinancingId financing, uint256 amount, LotId lot, uint256 quantity)
        external
        nonReentrant
        returns (uint256 toPool)
    {
        Pledge storage its = _ofCaller(financing);
        _requirePledged(financing, its, lot);
        desk.requireUnclaimed(financing);
        IGoodsValuation.Valuation memory before = _valuationOf(its, lot);
        _requirePriced(financing, before.gap);

        toPool = _payIn(financing, its, amount);
        goods.safeTransferFrom(address(this), msg.sender, LotId.unwrap(lot), quantity, "");
        (, uint256 left) = _requireBorne(financing, its, lot);
        uint256 value = _requireInRatio(financing, its, before, left, toPool);
        _dropIfEmpty(financing, its, lot);
        emit IInventoryCollateral.GoodsReleasedForPayment(financing, lot, quantity, value, toPool);
    }

    // Pledgor and lender

    /// @notice See `IInventoryCollateral`.
    function orderRelease(
        FinancingId id,
        IGoodsRights.ReleaseOrder calldata order,
        bytes calldata signature,
        address lender,
        bytes calldata lenderSignature
    ) external nonReentrant {
        Pledge storage its = _live(id);
        _requirePledged(id, its, order.id);
        bool fits = order.beneficiary == its.pledgor && order.holder == address(this);
        require(fits, IInventoryCollateral.ReleaseOrderUnfit(id, order.id, order.beneficiary, order.holder));
        bytes32 digest = goods.releaseOrderDigest(order);
        bool agreed =
            _isCreditOfficer(lender) && (msg.sender == lender || Signatures.isValid(lender, digest, lenderSignature));
        require(agreed, IInventoryCollateral.LenderSignatureInvalid(id, lender, digest));
        emit IInventoryCollateral.ReleaseConsented(id, order.id, digest, lender, order.quantity);

        goods.orderRelease(order, signature, "");
        // Goods that have left already bear nothing, whoever puts it down; that they have must not stay unexplained.
        if (!valuation.hasLeft(order.subject, order.sequence)) _requireBorne(id, its, order.id);
    }

    // Anyone

    /// @notice See `IInventoryCollateral`.
    function dropLot(FinancingId id, LotId lot) external nonReentrant {
        Pledge storage its = _live(id);
        _requirePledged(id, its, lot);
        IGoodsRights.Position memory held = _heldOf(its, lot);
        uint256 quantity = uint256(held.pledged) + held.pledgedAside;
        bool empty = quantity == 0 && _placeOf(its, lot) != 0;
        require(empty, IInventoryCollateral.LotNotEmpty(id, lot, quantity));

        _dropIfEmpty(id, its, lot);
    }

    // Internals

    /// @return isAlike whether it is valued as the lot that the financing was opened on is
    function _addLot(FinancingId financing, Pledge storage its, LotId lot) private returns (bool isAlike) {
        uint8 count = its.lots;
        require(count < MOST_LOTS, IInventoryCollateral.TooManyLots(financing, MOST_LOTS));
        its.lotIds[count] = lot;
        its.lots = count + 1;

        (bytes32 subject, LotId first) = (goods.subjectOf(lot), its.lotIds[0]);
        if (subject != goods.subjectOf(first)) {
            desk.watchAlso(financing, subject, true);
            valuation.enrol(lot);
        }
        (ILots.Goods memory added, ILots.Goods memory known) = (goods.goods(lot), goods.goods(first));
        return added.commodity == known.commodity && added.unit == known.unit;
    }

    /// @dev A lot may not have been graded yet; once it is, what was measured before counts.
    function _knownValueOf(FinancingId financing, Pledge storage its, LotId lot) private returns (uint256) {
        IGoodsValuation.Valuation memory one = _valuationOf(its, lot);
        if (one.gap == IGoodsValuation.Gap.Condition) {
            valuation.enrol(lot);
            one = _valuationOf(its, lot);
        }
        require(one.gap == IGoodsValuation.Gap.None, IInventoryCollateral.GoodsUnvaluable(financing, one.gap));
        if (its.call.deadline != 0) _noteMark(financing, lot, one);
        return one.value;
    }

    /// @dev While other goods cannot be valued, what could be lent when they last could grows by the goods that came in.
    function _noteAdded(Pledge storage its, uint256 value) private {
        IInventoryCollateral.Worth memory worth = _worthOf(its);
        bool known = worth.gap == IGoodsValuation.Gap.None;
        uint256 more = Rounding.bpsDown(value, its.rateBps);
        its.call.lastBase = _capped(known ? Rounding.bpsDown(worth.value, its.rateBps) : its.call.lastBase + more);
    }

    function _requireNoWorse(FinancingId financing, Pledge storage its, uint256 before) private {
        IInventoryCollateral.Worth memory worth = _worthOf(its);
        require(worth.gap == IGoodsValuation.Gap.None, IInventoryCollateral.GoodsUnvaluable(financing, worth.gap));
        require(worth.value >= before, IInventoryCollateral.SubstituteWorthLess(financing, worth.value, before));
        _noteBase(its, Rounding.bpsDown(worth.value, its.rateBps));
    }

    function _isCreditOfficer(address account) private view returns (bool isMember) {
        (isMember,) = IAccessManager(authority()).hasRole(Offices.CREDIT_OFFICER, account);
    }
}
