// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LotId} from "../types/Ids.sol";
import {LotBook} from "./LotBook.sol";
import {IGoodsRights} from "./interfaces/IGoodsRights.sol";
import {ILots} from "./interfaces/ILots.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC1155Utils} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Utils.sol";

/// @title How the holding moves: into a custodian's hands and back to who has the title.
/// @dev OpenZeppelin's ERC-1155 does approvals, arrays and the receiver's consent; the balance lives in the position
/// and the stock, so that a move into custody writes two slots, both used before.
abstract contract LotUnits is LotBook, ERC1155 {
    // Holder

    /// @inheritdoc ERC1155
    /// @dev As OpenZeppelin's, without its way through arrays: the commonest of moves.
    function safeTransferFrom(address from, address to, uint256 id, uint256 value, bytes memory data) public override {
        _checkAuthorized(msg.sender, from);
        _requireAdmitted(msg.sender, from, to);
        _move(from, to, LotId.wrap(id), value);
        emit TransferSingle(msg.sender, from, to, id, value);
        ERC1155Utils.checkOnERC1155Received(msg.sender, from, to, id, value, data);
    }

    // Views

    /// @inheritdoc ERC1155
    function balanceOf(address account, uint256 id) public view override returns (uint256) {
        uint8 index = _custodianIndex[account];
        if (index == 0) {
            IGoodsRights.Position storage its = _positions[LotId.wrap(id)][account];
            return uint256(its.free) + its.freeAside;
        }
        ILots.Stock storage stock = _stocks[LotId.wrap(id)];
        return stock.custodian == index ? stock.inCustody : 0;
    }

    // Internals

    /// @dev Every batch passes here, of one lot too; units come into being and leave elsewhere.
    function _update(address from, address to, uint256[] memory ids, uint256[] memory values) internal override {
        bool paired = ids.length != 0 && ids.length == values.length;
        if (!paired) revert ERC1155InvalidArrayLength(ids.length, values.length);
        _requireAdmitted(msg.sender, from, to);
        for (uint256 i = 0; i < ids.length; ++i) {
            _move(from, to, LotId.wrap(ids[i]), values[i]);
        }
        emit TransferBatch(msg.sender, from, to, ids, values);
    }

    function _requireAdmitted(address operator, address from, address to) private view {
        if (operator != from && operator != to) _registry.requireAdmitted(operator, operator);
        _registry.requireAdmitted(from, to);
    }

    /// @dev A custodian has code, so that an ordinary party costs no look-up.
    function _move(address from, address to, LotId id, uint256 units) private {
        uint8 taking = to.code.length == 0 ? 0 : _custodianIndex[to];
        if (taking != 0) return _intoCustody(id, from, to, taking, units);
        uint8 giving = from.code.length == 0 ? 0 : _custodianIndex[from];
        require(giving != 0, IGoodsRights.HoldingStays(id, from, to));
        _outOfCustody(id, from, to, giving, units);
        _positions[id][to].free += uint56(units);
    }

    function _intoCustody(LotId id, address from, address to, uint8 taking, uint256 units) internal {
        _requireRunning(ILots.Stoppable.Custody);
        require(units != 0, IGoodsRights.UnitsZero(id));
        IGoodsRights.Position storage its = _positions[id][from];
        uint256 free = its.free;
        if (free < units) revert ERC1155InsufficientBalance(from, free, units, LotId.unwrap(id));
        ILots.Stock storage stock = _stocks[id];
        uint8 held = stock.custodian;
        require(held == 0 || held == taking, IGoodsRights.AlreadyEncumbered(id, held));

        // Safe: no more units than a 56-bit quantity exist.
        uint56 moved = uint56(units);
        its.free -= moved;
        its.pledged += moved;
        if (_powersOfSale[from][to]) its.sellable = true;
        stock.inCustody += moved;
        if (held == 0) stock.custodian = taking;
    }

    /// @notice Takes units from what the custodian holds for an owner; the caller puts them where they go.
    function _outOfCustody(LotId id, address from, address beneficiary, uint8 giving, uint256 units) internal {
        require(units != 0, IGoodsRights.UnitsZero(id));
        _requireCustodian(id, from, giving);
        IGoodsRights.Position storage its = _positions[id][beneficiary];
        uint256 pledged = its.pledged;
        require(units <= pledged, IGoodsRights.CustodyExceeded(id, beneficiary, units, pledged));

        // Safe: at most what is pledged.
        uint56 moved = uint56(units);
        its.pledged -= moved;
        _endPower(its);
        _lessInCustody(id, moved);
    }
}
