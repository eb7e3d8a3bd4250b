// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {ReceivableId} from "../types/Ids.sol";
import {ReceivableListings} from "./ReceivableListings.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

/// @title The units of receivables: who may hold them, when they may move, and what share of the payments is theirs.
/// @dev Shares, without a loop over holders: a holder with balance b that last took its share when `level` had been paid
/// is entitled to b / (faceValue - level) of everything paid since. Taking burns as many units, so that balances always
/// sum to the face value less what was taken. Rounding down leaves a holder with more units than its exact share, never
/// fewer; so claims never exceed `paid`, and at full payment everyone's share is exactly its units.
abstract contract ReceivableUnits is ERC1155, ReceivableListings {
    IParticipantRegistry internal immutable _registry;

    mapping(ReceivableId id => Receivable) internal _receivables;
    mapping(ReceivableId id => mapping(address holder => uint56 paid)) internal _syncedPaid;

    constructor(IParticipantRegistry registry) ERC1155("") {
        _registry = registry;
    }

    // Views

    /// @inheritdoc IReceivableToken
    function claimable(ReceivableId id, address holder) external view returns (uint256) {
        return _shareDown(id, holder, _receivables[id].paid);
    }

    /// @inheritdoc IReceivableToken
    function syncedPaid(ReceivableId id, address holder) external view returns (uint256) {
        return _syncedPaid[id][holder];
    }

    // Internals

    /// @return minor units of the payments since the holder's last claim that are its own, rounded down
    function _shareDown(ReceivableId id, address holder, uint256 paid) internal view returns (uint256) {
        uint256 level = _syncedPaid[id][holder];
        // Also keeps the divisor from zero: nothing can be paid after the whole has been.
        if (level == paid) return 0;
        uint256 balance = balanceOf(holder, ReceivableId.unwrap(id));
        return balance * (paid - level) / (_receivables[id].faceValue - level);
    }

    /// @dev Every movement of units passes here. Minting has been checked by `register`; burning is part of a claim or
    /// of a cancellation, and the cash of a claim is checked by the cash token.
    function _update(address from, address to, uint256[] memory ids, uint256[] memory values) internal override {
        bool isTransfer = from != address(0) && to != address(0);
        if (isTransfer) _requireTransferable(from, to, ids);
        super._update(from, to, ids, values);
        if (from == address(0)) return;
        for (uint256 i = 0; i < ids.length; ++i) {
            _recordCustody(ReceivableId.wrap(ids[i]), from, to);
        }
    }

    function _requireTransferable(address from, address to, uint256[] memory ids) private {
        address operator = _msgSender();
        if (operator != from && operator != to) _registry.requireAdmitted(operator, operator);
        _registry.requireAdmitted(from, to);
        uint8 taking = _custodianIndex[to];
        for (uint256 i = 0; i < ids.length; ++i) {
            ReceivableId id = ReceivableId.wrap(ids[i]);
            Receivable storage its = _receivables[id];
            require(its.state == State.Accepted, NotTransferable(id, its.state, State.Accepted));
            uint8 held = its.custodian;
            require(taking == 0 || held == 0 || held == taking, AlreadyEncumbered(id, held));
            uint56 paid = its.paid;
            _sync(id, from, paid);
            _sync(id, to, paid);
        }
    }

    /// @dev A holder with a share of less than one minor unit keeps its units and so loses nothing by being brought up
    /// to date; one with more must take it first, because nobody else may decide when it is paid.
    function _sync(ReceivableId id, address holder, uint56 paid) private {
        uint256 level = _syncedPaid[id][holder];
        if (level == paid) return;
        require(_shareDown(id, holder, paid) == 0, ClaimBeforeTransfer(id, holder, level, paid));
        _syncedPaid[id][holder] = paid;
    }

    /// @dev Looks at what the custodian holds after the movement, so that moving nothing encumbers nothing.
    function _recordCustody(ReceivableId id, address from, address to) private {
        uint8 held = _receivables[id].custodian;
        uint8 taking = _custodianIndex[to];
        uint256 tokenId = ReceivableId.unwrap(id);
        if (taking != 0 && balanceOf(to, tokenId) != 0) {
            if (taking != held) _receivables[id].custodian = taking;
        } else if (held != 0 && _custodianAt[held] == from && balanceOf(from, tokenId) == 0) {
            _receivables[id].custodian = 0;
        }
    }
}
