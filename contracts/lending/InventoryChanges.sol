// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IGoodsRights} from "../inventory/interfaces/IGoodsRights.sol";
import {IGoodsValuation} from "../inventory/interfaces/IGoodsValuation.sol";
import {IWarehouseReceiptToken} from "../inventory/interfaces/IWarehouseReceiptToken.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {FacilityId, FinancingId, LotId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Rates} from "../types/Rates.sol";
import {Offices} from "../types/Roles.sol";
import {InventoryAdditions} from "./InventoryAdditions.sol";
import {InventoryBook} from "./InventoryBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IInventoryCollateral} from "./interfaces/IInventoryCollateral.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title The part of the adapter by which the goods of a running financing change: more of them, others, fewer for a
/// payment, and those that leave the warehouse.
/// @dev Code without a state of its own, as `InventorySales`.
contract InventoryChanges is InventoryAdditions {
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

    // By the desk

    /// @notice See `ICollateral`.
    function setLadder(FacilityId facility, ICollateral.Step[] calldata steps) external onlyDesk {
        _rates[facility] = _rateOf(facility, steps);
        emit ICollateral.LadderSet(facility, steps);
    }

    /// @notice See `ICollateral`.
    /// @dev A call by the terms before is at an end: by the terms from now on nothing may be owed that the goods do not
    /// bear, which the desk looks at in the same call.
    function changeLadder(FinancingId financing, FacilityId facility, ICollateral.Step[] calldata steps)
        external
        onlyDesk
    {
        Pledge storage its = _live(financing);
        uint16 rateBps = _rateOf(facility, steps);
        IInventoryCollateral.MarginTerms memory terms = _termsFor(facility, rateBps);

        (its.rateBps, its.terms) = (rateBps, terms);
        if (its.deadline != 0) _endCall(financing, its, desk.owedInAll(financing));
    }

    // By the pledgor

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

    function _rateOf(FacilityId facility, ICollateral.Step[] calldata steps) private pure returns (uint16 rateBps) {
        require(steps.length == 1, ICollateral.LadderInvalid(facility, steps.length));
        ICollateral.Step calldata step = steps[0];
        rateBps = step.advanceRateBps;
        bool sound = step.milestone == Milestones.STORED && !step.measured && rateBps != 0 && rateBps < Rates.BPS;
        require(sound, ICollateral.LadderInvalid(facility, 0));
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
