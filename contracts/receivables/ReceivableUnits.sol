// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationId, ReceivableId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {ReceivableBook} from "./ReceivableBook.sol";
import {ICirculation} from "./interfaces/ICirculation.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";
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

    // Internals

    /// @dev Every transfer passes here; units come into being in `register` and end in claims, dilution and
    /// cancellation, which write the holding themselves.
    function _update(address from, address to, uint256[] memory ids, uint256[] memory values) internal override {
        bool paired = ids.length != 0 && ids.length == values.length;
        if (!paired) revert ERC1155InvalidArrayLength(ids.length, values.length);
        Parties memory parties = _partiesOf(_msgSender(), from, to);
        for (uint256 i = 0; i < ids.length; ++i) {
            _move(parties, ReceivableId.wrap(ids[i]), values[i]);
        }
        if (ids.length == 1) emit TransferSingle(_msgSender(), from, to, ids[0], values[0]);
        else emit TransferBatch(_msgSender(), from, to, ids, values);
    }

    /// @dev What comes out of custody is not stopped: nobody's collateral is held back.
    function _partiesOf(address operator, address from, address to) internal view returns (Parties memory parties) {
        parties.from = from;
        parties.to = to;
        parties.giving = _custodianIndex[from];
        parties.taking = _custodianIndex[to];
        if (parties.giving == 0) _requireRunning(ICirculation.Stoppable.Transfer);
        if (operator != from && operator != to) _registry.requireAdmitted(operator, operator);
        parties.fromOrganisation = _registry.requireRole(from, Roles.ALL).organisation;
        parties.toOrganisation =
            from == to ? parties.fromOrganisation : _registry.requireRole(to, Roles.ALL).organisation;
    }

    function _move(Parties memory parties, ReceivableId id, uint256 units) internal {
        require(units != 0, ICirculation.UnitsZero(id));
        IReceivableToken.Receivable memory its = _recordOf(id);
        _requireMovable(parties, id, its);
        ICirculation.Holding memory source = _broughtUpToDate(id, its, parties.from);
        if (source.units < units) {
            revert ERC1155InsufficientBalance(parties.from, source.units, units, ReceivableId.unwrap(id));
        }
        bool kept = source.reservedUntil > block.timestamp && source.reservedBy != parties.taking;
        require(!kept, ICirculation.AlreadyReserved(id, parties.from, source.reservedBy, source.reservedUntil));
        if (parties.from == parties.to) {
            _keep(id, parties.from, source);
            return;
        }
        ICirculation.Holding memory target = _broughtUpToDate(id, its, parties.to);
        // Safe: no more units than a 56-bit face value exist.
        source.units -= uint56(units);
        target.units += uint56(units);
        _setTier(parties, id, its, source, target, units);
        _recordCustody(parties, id, its.custodian, source.units);
        _keep(id, parties.from, source);
        _keep(id, parties.to, target);
    }

    /// @dev Paper whose debtor can still object does not circulate (decision 0010).
    function _requireMovable(Parties memory parties, ReceivableId id, IReceivableToken.Receivable memory its)
        private
        pure
    {
        bool custody = parties.giving != 0 || parties.taking != 0;
        bool alive = its.state == IReceivableToken.State.Accepted || (custody && _isOwed(its.state));
        require(alive, IReceivableToken.NotTransferable(id, its.state, IReceivableToken.State.Accepted));
        bool free = parties.taking == 0 || its.custodian == 0 || its.custodian == parties.taking;
        require(free, ICirculation.AlreadyEncumbered(id, its.custodian));
        if (its.setOffWaived) return;
        bool given = parties.giving != 0 || parties.fromOrganisation == its.supplier;
        require(given, ICirculation.SetOffKept(id, parties.fromOrganisation, its.supplier));
        bool taken = parties.taking != 0 || parties.toOrganisation == its.supplier;
        require(taken, ICirculation.SetOffKept(id, parties.toOrganisation, its.supplier));
    }

    /// @dev Who takes units out of custody keeps the tier that it had; one that had none stands at the last, so that
    /// custody is no way round the tiers.
    function _setTier(
        Parties memory parties,
        ReceivableId id,
        IReceivableToken.Receivable memory its,
        ICirculation.Holding memory source,
        ICirculation.Holding memory target,
        uint256 units
    ) private {
        if (parties.taking != 0) return;
        RulesInForce memory rules = _rules;
        if (parties.giving != 0) {
            if (target.tier == 0) target.tier = rules.mostTier;
            return;
        }
        bool whole = units >= rules.smallestPart && source.units >= rules.smallestPart;
        require(whole || source.units == 0, ICirculation.PartTooSmall(id, units, source.units, rules.smallestPart));
        bool hop = !(parties.fromOrganisation == parties.toOrganisation);
        uint256 tier = Math.max(target.tier, uint256(source.tier) + (hop ? 1 : 0));
        if (hop) {
            require(tier <= rules.mostTier, ICirculation.TierTooDeep(id, tier, rules.mostTier));
            bool spare = its.transfers < rules.mostTransfers;
            require(spare, ICirculation.TransfersExhausted(id, its.transfers, rules.mostTransfers));
            _receivables[id].transfers = its.transfers + 1;
        }
        // Safe: a hop's tier is at most the rules', any other's one of the two holders'.
        target.tier = uint8(tier);
    }

    function _recordCustody(Parties memory parties, ReceivableId id, uint8 custodian, uint256 left) private {
        if (parties.taking != 0) {
            if (custodian != parties.taking) _receivables[id].custodian = parties.taking;
        } else if (parties.giving != 0 && left == 0) {
            _receivables[id].custodian = 0;
        }
    }
}
