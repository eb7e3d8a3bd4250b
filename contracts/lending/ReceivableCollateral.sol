// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../receivables/interfaces/IReceivableToken.sol";
import {IOrderMatch} from "../settlement/interfaces/IOrderMatch.sol";
import {FacilityId, FinancingId, OrderId, OrganisationId, ReceivableId} from "../types/Ids.sol";
import {LadderedCollateral} from "./LadderedCollateral.sol";
import {IConversions} from "./interfaces/IConversions.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IMatchedCollateral} from "./interfaces/IMatchedCollateral.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Keeps invoices as collateral: units in custody, several financings an invoice.
contract ReceivableCollateral is LadderedCollateral, IMatchedCollateral, ERC1155Holder {
    using SafeERC20 for IERC20;

    IReceivableToken public immutable token;
    IOrderMatch public immutable matching;
    IConversions public immutable conversions;

    constructor(
        IReceivableToken token_,
        IMilestoneOracle oracle_,
        IFinancingDesk desk_,
        address applications_,
        IParticipantRegistry registry_,
        IOrderMatch matching_,
        IConversions conversions_
    ) LadderedCollateral(oracle_, desk_, applications_, registry_) {
        (token, matching, conversions) = (token_, matching_, conversions_);
    }

    // By anyone

    /// @inheritdoc IMatchedCollateral
    function recheck(uint256 itemId) external {
        require(_flagsFor(itemId) == MATCHED, ItemUnmatched(itemId));
        Item storage item = _items[itemId];
        uint256 pledges = item.pledges;

        for (uint256 i; i < pledges; ++i) {
            _pledges[item.financings[i]].flags |= MATCHED;
        }
        emit ItemMatched(itemId, pledges);
    }

    /// @inheritdoc IERC1155Receiver
    /// @dev Only what this contract fetches itself: units sent here unasked would belong to nobody.
    function onERC1155Received(address operator, address from, uint256 id, uint256 value, bytes memory data)
        public
        override
        returns (bytes4)
    {
        require(msg.sender == address(token) && operator == address(this), UnsolicitedItem(msg.sender, operator));
        return super.onERC1155Received(operator, from, id, value, data);
    }

    /// @inheritdoc IERC1155Receiver
    function onERC1155BatchReceived(address operator, address, uint256[] memory, uint256[] memory, bytes memory)
        public
        view
        override
        returns (bytes4)
    {
        revert UnsolicitedItem(msg.sender, operator);
    }

    // Internals

    function _takeItem(uint256 itemId, uint256 units, address pledgor)
        internal
        override
        returns (uint16, OrganisationId)
    {
        ReceivableId id = ReceivableId.wrap(itemId);
        IReceivableToken.Receivable memory its = token.receivable(id);
        (uint256 held, uint256 paid) = token.position(id, pledgor);
        IReceivableToken.State needed = IReceivableToken.State.Accepted;
        require(its.state == needed, ItemNotFinanceable(itemId, uint8(its.state), uint8(needed)));
        require(units != 0 && units <= held - paid, UnitsOutOfRange(itemId, units, held - paid));
        _requireWorthAPlace(itemId, units, its.faceValue);

        token.safeTransferFrom(pledgor, address(this), itemId, units, "");
        return (its.dueDate, its.debtor);
    }

    function _releaseItem(uint256 itemId, uint256 units, address to) internal override {
        if (units != 0) token.safeTransferFrom(address(this), to, itemId, units, "");
    }

    /// @dev A receivable is where the chain ends: money is all that comes after it.
    function _retireItem(FinancingId financing, uint256, address) internal pure override {
        revert CannotRetire(financing);
    }

    function _reservationKey(uint256, address holder) internal pure override returns (address) {
        return holder;
    }

    /// @dev The token looks after the holder's units and its consent.
    function _reserveItem(uint256 itemId, address holder, uint40 until) internal override {
        token.reserve(ReceivableId.wrap(itemId), holder, until);
    }

    function _freeItem(uint256 itemId, address holder) internal override {
        token.endReservation(ReceivableId.wrap(itemId), holder);
    }

    /// @dev Claiming burns as many units as it pays minor units.
    function _bringIn(uint256 itemId, uint256) internal override returns (uint256 cash, uint256 held, uint256 owed) {
        ReceivableId id = ReceivableId.wrap(itemId);
        (uint256 units, uint256 paid) = token.position(id, address(this));
        if (paid != 0) cash = token.claim(id);
        held = units - cash;
        (,,, owed,) = token.debtOf(id);
    }

    function _debtOn(uint256 itemId)
        internal
        view
        override
        returns (uint256 outstanding, uint256 disputed, uint256 quantity, bool lends)
    {
        IReceivableToken.State state;
        uint256 dueDate;
        (state, dueDate, quantity, outstanding, disputed) = token.debtOf(ReceivableId.wrap(itemId));
        bool accepted = state == IReceivableToken.State.Accepted || state == IReceivableToken.State.Disputed;
        lends = accepted && block.timestamp < (dueDate + 1) * 1 days;
    }

    function _heldOf(uint256 itemId, uint256, uint256) internal view override returns (uint256) {
        (uint256 units, uint256 paid) = token.position(ReceivableId.wrap(itemId), address(this));
        return units - paid;
    }

    function _cashFor(uint256 itemId) internal view override returns (IERC20) {
        return token.cashOf(ReceivableId.wrap(itemId));
    }

    function _flagsFor(uint256 itemId) internal view override returns (uint8) {
        return OrderId.unwrap(matching.orderOf(ReceivableId.wrap(itemId))) == 0 ? 0 : MATCHED;
    }

    /// @dev Its own consignment where it is matched, so that goods and paper are in one financing.
    function _requireItsSubject(FacilityId facility, uint256 itemId, bytes32 subject) internal view override {
        matching.requirePledgeable(facility, ReceivableId.wrap(itemId), subject);
    }

    function _matchedPartOf(uint256 itemId, bytes32 subject, uint256 value) internal view override returns (uint256) {
        (uint256 least, uint256 invoiced) = matching.capOf(ReceivableId.wrap(itemId), subject);
        return Rounding.proportionDown(value, least, invoiced);
    }

    // Internals: an invoice in another currency than the pool's

    /// @dev The exchange takes what is sold from here by allowance, only ever in the call by which it is sold.
    function _begin(FinancingId financing, FacilityId facility, address itsCash, address poolCash)
        internal
        override
        returns (bool)
    {
        if (!conversions.begin(financing, facility, ICashToken(itsCash), ICashToken(poolCash))) return false;
        address exchange = address(conversions.exchange());
        IERC20 cash = IERC20(itsCash);
        if (cash.allowance(address(this), exchange) == 0) cash.forceApprove(exchange, type(uint256).max);
        return true;
    }

    function _end(FinancingId financing, address to) internal override {
        conversions.end(financing, to);
    }

    function _sell(FinancingId financing, uint256 cash) internal override returns (uint256, uint256) {
        return conversions.sell(financing, cash);
    }

    function _lendingValue(FinancingId financing, uint256 amount) internal view override returns (uint256) {
        return conversions.lendingValue(this, financing, amount);
    }

    function _lastValue(FinancingId financing, uint256 amount) internal view override returns (uint256) {
        return conversions.lastValue(this, financing, amount);
    }
}
