// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IGoodsRights} from "../inventory/interfaces/IGoodsRights.sol";
import {IGoodsValuation} from "../inventory/interfaces/IGoodsValuation.sol";
import {IWarehouseReceiptToken} from "../inventory/interfaces/IWarehouseReceiptToken.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {FacilityId, FinancingId, LotId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {GoodsReservations} from "./GoodsReservations.sol";
import {InventoryAdditions} from "./InventoryAdditions.sol";
import {InventoryBook} from "./InventoryBook.sol";
import {InventoryParts} from "./InventoryParts.sol";
import {SalePrices} from "./SalePrices.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IInventoryCollateral} from "./interfaces/IInventoryCollateral.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Keeps goods in warehouses as collateral: takes them into custody, says what they bear, and gives them back.
contract InventoryCollateral is GoodsReservations, InventoryAdditions, InventoryParts, IERC1155Receiver {
    using SafeERC20 for IERC20;

    constructor(
        IWarehouseReceiptToken goods_,
        IGoodsValuation valuation_,
        IFinancingDesk desk_,
        address applications_,
        IParticipantRegistry registry_,
        address changes,
        address sales,
        address authority
    )
        InventoryBook(goods_, valuation_, desk_, registry_, authority)
        GoodsReservations(applications_)
        InventoryParts(changes, sales)
    {}

    // By the desk

    /// @inheritdoc ICollateral
    function take(
        FinancingId financing,
        FacilityId facility,
        address pledgor,
        uint256 itemId,
        uint256 units,
        bytes32 subject,
        address poolCash
    ) external onlyDesk nonReentrant returns (uint16 maturityDay, IConcentration.Keys memory keys) {
        LotId lot = LotId.wrap(itemId);
        Pledge storage its = _pledges[financing];
        uint256 previous = LotId.unwrap(its.lotIds[0]);
        require(previous == 0, PledgeExists(financing, previous));
        bytes32 ofLot = goods.subjectOf(lot);
        require(subject == ofLot && subject != 0, SubjectNotItsOwn(itemId, subject, ofLot));
        _useReservation(facility, pledgor, itemId);
        _begin(its, facility, pledgor, poolCash);
        its.lotIds[0] = lot;
        its.lots = 1;
        emit CollateralTaken(financing, itemId, pledgor, units, subject);

        _allowDesk(IERC20(poolCash));
        valuation.enrol(lot);
        _fetchNew(lot, pledgor, units);
        // Draws wait until what the goods are worth is known; goods that nobody can ever value are none to take.
        IGoodsValuation.Gap gap = _valuationOf(its, lot).gap;
        require(gap < IGoodsValuation.Gap.Terms, GoodsUnvaluable(financing, gap));
        return _riskOf(lot, pledgor, its.terms.tenorDays);
    }

    /// @inheritdoc ICollateral
    /// @dev Of a pledge that was retired nothing is left.
    function release(FinancingId financing, address to) external onlyDesk nonReentrant {
        if (_isOver(_pledges[financing])) return;
        Pledge storage its = _live(financing);
        uint256 units = _leave(financing, its, address(0));
        emit CollateralReleased(financing, LotId.unwrap(its.lotIds[0]), to, units, 0);
    }

    /// @inheritdoc ICollateral
    function retire(FinancingId financing, ICollateral successor, uint256 successorItem, address recipient)
        external
        onlyDesk
        nonReentrant
    {
        Pledge storage its = _live(financing);
        require(recipient != address(0), RecipientMissing(financing));
        emit CollateralRetired(financing, LotId.unwrap(its.lotIds[0]), successor, successorItem);
        emit GoodsHandedOn(financing, recipient);

        _leave(financing, its, recipient);
    }

    // By the pledgor

    /// @inheritdoc IInventoryCollateral
    function addGoods(FinancingId financing, LotId lot, uint256 quantity) external nonReentrant {
        Pledge storage its = _ofCaller(financing);
        _requireNoSale(financing, its);
        emit IInventoryCollateral.GoodsAdded(financing, lot, quantity);

        bool isNew = _placeOf(its, lot) == its.lots;
        // What was here of the lot is in the base that was noted last.
        uint256 before = isNew || its.deadline == 0 ? 0 : _valuationOf(its, lot).value;
        if (isNew) {
            bool isAlike = _addLot(financing, its, lot);
            _fetchNew(lot, msg.sender, quantity);
            // Without a price nothing could be drawn on all the others. Without a condition these count for nothing until it
            // is known, and nothing is drawn meanwhile.
            if (!isAlike) _requirePriced(financing, _valuationOf(its, lot).gap);
        } else {
            _fetch(lot, msg.sender, quantity);
        }
        if (its.deadline != 0) _noteAdded(its, _knownValueOf(financing, its, lot) - before);
    }

    // By anyone

    /// @inheritdoc ICollateral
    /// @dev What is paid here has gone on in the call that brought it.
    function forward(FinancingId financing) external view returns (uint256) {
        require(LotId.unwrap(_pledges[financing].lotIds[0]) != 0, PledgeUnknown(financing));
        return 0;
    }

    /// @inheritdoc IERC1155Receiver
    /// @dev What this contract fetches itself it is not asked about: units sent here would belong to no financing.
    function onERC1155Received(address operator, address, uint256, uint256, bytes calldata)
        external
        view
        returns (bytes4)
    {
        revert UnsolicitedItem(msg.sender, operator);
    }

    /// @inheritdoc IERC1155Receiver
    function onERC1155BatchReceived(address operator, address, uint256[] calldata, uint256[] calldata, bytes calldata)
        external
        view
        returns (bytes4)
    {
        revert UnsolicitedItem(msg.sender, operator);
    }

    // Views: of `ICollateral`

    /// @inheritdoc ICollateral
    function borrowingBase(FinancingId financing) external view returns (uint256) {
        return _baseOf(_pledges[financing]);
    }

    /// @inheritdoc ICollateral
    /// @dev The goods bear the same whichever of their consignments has news.
    function borrowingBaseOf(FinancingId financing, bytes32) external view returns (uint256) {
        return _baseOf(_pledges[financing]);
    }

    /// @inheritdoc ICollateral
    function valueOf(FinancingId financing) external view returns (uint256) {
        Worth memory worth = worthOf(financing);
        require(worth.gap == IGoodsValuation.Gap.None, GoodsUnvaluable(financing, worth.gap));
        return worth.value;
    }

    /// @inheritdoc ICollateral
    function pledgeOf(FinancingId financing) external view returns (uint256 itemId, bytes32 subject, uint256 units) {
        Pledge storage its = _pledges[financing];
        LotId lot = its.lotIds[0];
        (itemId, subject) = (LotId.unwrap(lot), goods.subjectOf(lot));
        if (_isPledged(its)) units = _unitsOf(its, lot);
    }

    /// @inheritdoc ICollateral
    function subjectOf(FinancingId financing) external view returns (bytes32) {
        return goods.subjectOf(_pledges[financing].lotIds[0]);
    }

    /// @inheritdoc ICollateral
    function cashOf(FinancingId) external pure returns (uint256) {
        return 0;
    }

    /// @inheritdoc ICollateral
    function currencyOf(FinancingId financing) external view returns (IERC20) {
        return _pledges[financing].cash;
    }

    /// @inheritdoc ICollateral
    function financingsOf(uint256 itemId) external view returns (FinancingId[] memory financings) {
        (FinancingId one, bool found) = _backedBy(itemId);
        financings = new FinancingId[](found ? 1 : 0);
        if (found) financings[0] = one;
    }

    /// @inheritdoc ICollateral
    /// @dev Of the lot that a financing was opened on; units of a lot added later are not of an item.
    function unitsOf(uint256 itemId) external view returns (uint256 units) {
        (FinancingId one, bool found) = _backedBy(itemId);
        if (found) units = _unitsOf(_pledges[one], LotId.wrap(itemId));
    }

    /// @inheritdoc ICollateral
    function ladder(FacilityId facility) external view returns (Step[] memory) {
        return _stepOf(_rates[facility]);
    }

    /// @inheritdoc ICollateral
    function ladderOf(FinancingId financing) external view returns (Step[] memory) {
        return _stepOf(_pledges[financing].rateBps);
    }

    /// @inheritdoc ICollateral
    function knowsSubjects() external pure returns (bool) {
        return true;
    }

    // Views: of goods

    /// @inheritdoc IInventoryCollateral
    function marginTerms(FacilityId facility) external view returns (MarginTerms memory) {
        return _terms[facility];
    }

    /// @inheritdoc IInventoryCollateral
    function marginTermsOf(FinancingId financing) external view returns (MarginTerms memory) {
        return _pledges[financing].terms;
    }

    /// @inheritdoc IInventoryCollateral
    function marginCallOf(FinancingId financing) external view returns (MarginCall memory call_) {
        Pledge storage its = _pledges[financing];
        uint40 deadline = its.deadline;
        if (deadline == 0) return call_;
        Sale memory sale = its.sale;
        return MarginCall(deadline, sale.saleFrom, sale.round, sale.lastBase);
    }

    /// @inheritdoc IInventoryCollateral
    function lotsOf(FinancingId financing) external view returns (LotId[] memory lots) {
        Pledge storage its = _pledges[financing];
        lots = new LotId[](its.lots);
        for (uint256 i; i < lots.length; ++i) {
            lots[i] = its.lotIds[i];
        }
    }

    /// @inheritdoc IInventoryCollateral
    function pledgorOf(FinancingId financing) external view returns (address) {
        return _pledges[financing].pledgor;
    }

    /// @inheritdoc IInventoryCollateral
    function worthOf(FinancingId financing) public view returns (Worth memory) {
        return _worthOf(_pledges[financing]);
    }

    /// @inheritdoc IInventoryCollateral
    function salePriceOf(FinancingId financing, LotId lot, uint256 quantity) external view returns (uint256) {
        Pledge storage its = _pledges[financing];
        Mark memory mark = _marks[financing][lot];
        if (!_isPledged(its) || block.timestamp >= _saleEnd(its) || mark.quantity == 0) return 0;
        return SalePrices.priceOf(mark, its.terms, its.sale.saleFrom, quantity);
    }

    /// @inheritdoc IInventoryCollateral
    function offerDigest(Offer calldata offer) external pure returns (bytes32) {
        return keccak256(abi.encode(offer));
    }

    /// @inheritdoc IInventoryCollateral
    function isOffered(bytes32 digest) external view returns (bool) {
        return _isOffered[digest];
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC1155Receiver).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    // Internals: taking

    function _stepOf(uint16 rateBps) private pure returns (Step[] memory steps) {
        steps = new Step[](rateBps == 0 ? 0 : 1);
        if (rateBps != 0) steps[0] = Step(Milestones.STORED, rateBps, false);
    }

    function _begin(Pledge storage its, FacilityId facility, address pledgor, address poolCash) private {
        uint16 rateBps = _rates[facility];
        require(rateBps != 0, LadderMissing(facility));
        MarginTerms memory terms = _termsFor(facility, rateBps);
        (its.pledgor, its.currency, its.rateBps) = (pledgor, ICashToken(poolCash).currency(), rateBps);
        (its.cash, its.terms) = (IERC20(poolCash), terms);
    }

    /// @return maturityDay days since 1970-01-01
    /// @return keys the supplier's own risk, where the goods are
    function _riskOf(LotId lot, address pledgor, uint256 tenorDays)
        private
        view
        returns (uint16 maturityDay, IConcentration.Keys memory keys)
    {
        IGoodsRights.Appraisal memory its = goods.appraisalOf(lot, pledgor);
        uint256 day = block.timestamp / 1 days + tenorDays;
        if (its.expiryDate != 0) day = Math.min(day, its.expiryDate);
        IParticipantRegistry.Membership memory member = registry.membershipOf(pledgor);
        // Safe: two numbers of 16 bits until the year 2149. A place's code begins with its country.
        maturityDay = uint16(day);
        keys = IConcentration.Keys(member.organisation, member.group, bytes2(its.place), its.operator);
    }

    /// @dev The desk takes proceeds from here by allowance, only ever in the call by which this contract tells of them.
    function _allowDesk(IERC20 cash) private {
        if (cash.allowance(address(this), address(desk)) == 0) cash.forceApprove(address(desk), type(uint256).max);
    }

    // Internals: leaving

    /// @dev A call that is open ends with the pledge: nothing asks for it any more.
    /// @param buyer who gets title and goods; zero for their owner, who gets the goods
    /// @return first thousandths of the lot that the financing was opened on
    function _leave(FinancingId financing, Pledge storage its, address buyer) private returns (uint256 first) {
        (address pledgor, uint256 count) = (its.pledgor, its.lots);
        _endTerms(its);
        first = _handBack(financing, its.lotIds[0], pledgor, buyer);
        if (count == 1) return first;
        bytes32 watched = goods.subjectOf(its.lotIds[0]);
        for (uint256 i = 1; i < count; ++i) {
            LotId lot = its.lotIds[i];
            its.lotIds[i] = LotId.wrap(0);
            _handBack(financing, lot, pledgor, buyer);
            bytes32 subject = goods.subjectOf(lot);
            if (subject != watched) desk.watchAlso(financing, subject, false);
        }
    }

    /// @dev The pledge's first word, which the network pays back for: what it said is at an end.
    function _endTerms(Pledge storage its) private {
        its.pledgor = address(0);
        its.currency = 0;
        its.rateBps = 0;
        its.lots = 0;
        its.deadline = 0;
    }

    function _handBack(FinancingId financing, LotId lot, address pledgor, address buyer)
        private
        returns (uint256 quantity)
    {
        uint256 aside;
        if (buyer == address(0)) (quantity, aside) = goods.giveBack(lot, pledgor);
        else (quantity, aside) = _sell(lot, pledgor, buyer);
        require(aside == 0, GoodsLeaving(financing, lot, aside));
    }

    function _sell(LotId lot, address pledgor, address buyer) private returns (uint256 quantity, uint256 aside) {
        IGoodsRights.Position memory held = goods.position(lot, pledgor);
        (quantity, aside) = (held.pledged, held.pledgedAside);
        if (quantity != 0) goods.sellFromCustody(lot, pledgor, buyer, quantity);
    }

    // Internals: views

    /// @dev Of what was released, or has left for other collateral, there is a record only.
    function _isOver(Pledge storage its) private view returns (bool) {
        return !_isPledged(its) && LotId.unwrap(its.lotIds[0]) != 0;
    }

    function _baseOf(Pledge storage its) private view returns (uint256) {
        return Rounding.bpsDown(_worthOf(its).value, its.rateBps);
    }

    function _unitsOf(Pledge storage its, LotId lot) private view returns (uint256) {
        IGoodsRights.Position memory held = _heldOf(its, lot);
        return uint256(held.pledged) + held.pledgedAside;
    }

    /// @dev One consignment backs one financing.
    function _backedBy(uint256 itemId) private view returns (FinancingId one, bool found) {
        bytes32 subject = goods.subjectOf(LotId.wrap(itemId));
        one = desk.financingOf(subject);
        Pledge storage its = _pledges[one];
        found = _isPledged(its) && LotId.unwrap(its.lotIds[0]) == itemId;
    }
}
