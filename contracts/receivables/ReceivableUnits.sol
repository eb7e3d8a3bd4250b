// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationId, ReceivableId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {ReceivableBook} from "./ReceivableBook.sol";
import {ICirculation} from "./interfaces/ICirculation.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC1155Utils} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Utils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title How units move: between whom, when, how far, and in what parts.
/// @dev OpenZeppelin's ERC-1155 does approvals, arrays and the receiver's consent; the balance lives in the holding, so
/// that a holder costs one slot.
abstract contract ReceivableUnits is ReceivableBook {
    /// @notice The two sides of a move; `giving` and `taking` are their numbers as custodians, 0 for others.
    struct Parties {
        address from;
        address to;
        OrganisationId fromOrganisation;
        OrganisationId toOrganisation;
        uint8 giving;
        uint8 taking;
    }

    // Holder

    /// @inheritdoc ERC1155
    /// @dev As OpenZeppelin's, without its way through arrays: the commonest of moves.
    function safeTransferFrom(address from, address to, uint256 id, uint256 value, bytes memory data) public override {
        _checkAuthorized(_msgSender(), from);
        _moveOne(_msgSender(), from, to, id, value, data);
    }

    // Internals

    /// @param operator whom the event names as who moves them
    function _moveOne(address operator, address from, address to, uint256 id, uint256 value, bytes memory data)
        internal
    {
        if (to == address(0)) revert ERC1155InvalidReceiver(address(0));
        _move(_partiesOf(operator, from, to), ReceivableId.wrap(id), value);
        emit TransferSingle(operator, from, to, id, value);
        ERC1155Utils.checkOnERC1155Received(operator, from, to, id, value, data);
    }

    /// @dev Every batch passes here, of one item too; units come into being in `register` and end in claims, dilution
    /// and cancellation, which write the holding themselves.
    function _update(address from, address to, uint256[] memory ids, uint256[] memory values) internal override {
        bool paired = ids.length != 0 && ids.length == values.length;
        if (!paired) revert ERC1155InvalidArrayLength(ids.length, values.length);
        Parties memory parties = _partiesOf(_msgSender(), from, to);
        for (uint256 i = 0; i < ids.length; ++i) {
            _move(parties, ReceivableId.wrap(ids[i]), values[i]);
        }
        emit TransferBatch(_msgSender(), from, to, ids, values);
    }

    /// @dev A custodian has code, so that an ordinary receiver costs no look-up; who gives is looked up by `_move`.
    function _partiesOf(address operator, address from, address to) internal view returns (Parties memory parties) {
        parties.from = from;
        parties.to = to;
        if (to.code.length != 0) parties.taking = _custodianIndex[to];
        if (operator != from && operator != to) _registry.requireAdmitted(operator, operator);
        parties.fromOrganisation = _organisationOf(from, Roles.ALL);
        parties.toOrganisation = from == to ? parties.fromOrganisation : _organisationOf(to, Roles.ALL);
    }

    /// @dev A holder with units and without a tier is a custodian. What comes out of custody is not stopped: nobody's
    /// collateral is held back.
    function _move(Parties memory parties, ReceivableId id, uint256 units) internal {
        require(units != 0, ICirculation.UnitsZero(id));
        IReceivableToken.Receivable storage its = _receivables[id];
        uint56 paid = its.paid;
        ICirculation.Holding storage source = _holdings[id][parties.from];
        parties.giving = source.tier == 0 ? _custodianIndex[parties.from] : 0;
        if (parties.giving == 0) _requireRunning(ICirculation.Stoppable.Transfer);
        _requireMovable(parties, id, its);
        _bringUpToDate(id, paid, parties.from, source);
        uint256 held = source.units;
        if (held < units) revert ERC1155InsufficientBalance(parties.from, held, units, ReceivableId.unwrap(id));
        bool kept = source.reservedUntil > block.timestamp && source.reservedBy != parties.taking;
        require(!kept, ICirculation.AlreadyReserved(id, parties.from, source.reservedBy, source.reservedUntil));
        if (parties.from == parties.to) return;
        ICirculation.Holding storage target = _holdings[id][parties.to];
        _bringUpToDate(id, paid, parties.to, target);
        if (parties.taking == 0) _setTier(parties, id, source, target, units, held - units);
        // Safe: no more units than a 56-bit face value exist.
        source.units = uint56(held - units);
        target.units += uint56(units);
        if (parties.taking != 0) its.custodian = parties.taking;
        else if (parties.giving != 0 && held == units) its.custodian = 0;
    }

    /// @dev Paper whose debtor can still object does not circulate (decision 0010).
    function _requireMovable(Parties memory parties, ReceivableId id, IReceivableToken.Receivable storage its)
        private
        view
    {
        bool custody = parties.giving != 0 || parties.taking != 0;
        IReceivableToken.State state = its.state;
        bool alive = state == IReceivableToken.State.Accepted || (custody && _isOwed(state));
        require(alive, IReceivableToken.NotTransferable(id, state, IReceivableToken.State.Accepted));
        if (parties.taking != 0) {
            uint8 held = its.custodian;
            require(held == 0 || held == parties.taking, ICirculation.AlreadyEncumbered(id, held));
        }
        if (its.setOffWaived) return;
        OrganisationId supplier = its.supplier;
        bool given = parties.giving != 0 || parties.fromOrganisation == supplier;
        require(given, ICirculation.SetOffKept(id, parties.fromOrganisation, supplier));
        bool taken = parties.taking != 0 || parties.toOrganisation == supplier;
        require(taken, ICirculation.SetOffKept(id, parties.toOrganisation, supplier));
    }

    /// @dev Who takes units out of custody keeps the tier that it had; one that had none stands at the last, so that
    /// custody is no way round the tiers.
    function _setTier(
        Parties memory parties,
        ReceivableId id,
        ICirculation.Holding storage source,
        ICirculation.Holding storage target,
        uint256 units,
        uint256 left
    ) private {
        (uint256 tier, uint256 had) = (source.tier, target.tier);
        if (parties.giving != 0) {
            tier = had == 0 ? _rules.mostTier : had;
        } else {
            (uint256 smallest, uint256 mostTier, uint256 most) =
                (_rules.smallestPart, _rules.mostTier, _rules.mostTransfers);
            bool fits = left == 0 || (units >= smallest && left >= smallest);
            require(fits, ICirculation.PartTooSmall(id, units, left, smallest));
            bool hop = !(parties.fromOrganisation == parties.toOrganisation);
            if (hop) ++tier;
            if (tier < had) tier = had;
            if (hop) {
                require(tier <= mostTier, ICirculation.TierTooDeep(id, tier, mostTier));
                _countHop(id, parties.from, source, most);
                if (had != 0 && tier != had) _requireRaiseAgreed(id, parties.to, target.units, had, tier);
            } else if (source.transfers > target.transfers) {
                target.transfers = source.transfers;
            }
        }
        // Safe: a hop's tier is at most the rules', any other's one of the two holders'.
        if (tier != had) target.tier = uint8(tier);
    }

    /// @dev Units from further away take from a holder how far its own may go, those too that custody may give back.
    /// Who hands the move in itself, or has approved the caller for all its units, agrees.
    function _requireRaiseAgreed(ReceivableId id, address holder, uint256 units, uint256 had, uint256 tier)
        private
        view
    {
        if (units == 0 && _receivables[id].custodian == 0) return;
        bool agreed = msg.sender == holder || isApprovedForAll(holder, msg.sender);
        require(agreed, ICirculation.TierRaiseNotAgreed(id, holder, had, tier));
    }

    /// @dev Counted with who hands on: a count that others could raise would be a way to keep a holder's units where they
    /// are. The invoice's own count only tells, and stays at its greatest.
    function _countHop(ReceivableId id, address holder, ICirculation.Holding storage source, uint256 most) private {
        uint8 made = source.transfers;
        require(made < most, ICirculation.TransfersExhausted(id, holder, made, most));
        IReceivableToken.Receivable storage its = _receivables[id];
        uint8 inAll = its.transfers;
        // Safe: each is below the greatest of its type.
        unchecked {
            source.transfers = made + 1;
            if (inAll != type(uint8).max) its.transfers = inAll + 1;
        }
    }
}
