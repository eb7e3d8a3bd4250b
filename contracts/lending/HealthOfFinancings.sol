// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {FinancingId, GroupId, OrganisationId} from "../types/Ids.sol";
import {Rates} from "../types/Rates.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {IHealthCheck} from "./interfaces/IHealthCheck.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What must hold of each financing: its state, its pledge, and what is counted because of it.
abstract contract HealthOfFinancings is IHealthCheck {
    /// @dev What of a financing is part of a sum elsewhere.
    struct Entry {
        IFundingSource source;
        ICollateral collateral;
        ICashToken cash;
        uint256 principal;
        uint256 waiting;
        IConcentration.Keys keys;
    }

    IFinancingDesk public immutable desk;

    constructor(IFinancingDesk desk_) {
        desk = desk_;
    }

    // Questions

    /// @inheritdoc IHealthCheck
    function checkFinancings(uint64 from, uint64 to) public view returns (bool, string memory broken, uint256) {
        Entry[] memory all = _entries();
        uint256 last = Math.min(to, all.length);
        for (uint64 i = from; i <= last; ++i) {
            FinancingId id = FinancingId.wrap(i);
            broken = _brokenOfFinancing(id, desk.financing(id));
            if (bytes(broken).length == 0) broken = _brokenEntry(all, id);
            if (bytes(broken).length != 0) return (false, broken, i);
        }
        return (true, "", 0);
    }

    // One financing

    function _brokenOfFinancing(FinancingId id, IFinancingDesk.Financing memory its)
        private
        view
        returns (string memory)
    {
        bool over = its.state == IFinancingDesk.State.Repaid || its.state == IFinancingDesk.State.Released;
        if (over && desk.owedInAll(id) != 0) return "what is repaid owes nothing";
        if (its.impairment > its.principal) return "an expected loss is within the principal";
        (bool pledged, uint256 units) = _pledgesOf(its, id);
        if (its.state != IFinancingDesk.State.Released && !pledged) return "a financing has its collateral";
        if (units != its.collateral.unitsOf(its.itemId)) return "an item's units are the sum of its pledges'";
        return "";
    }

    /// @return pledged whether the financing is among those that share its item
    /// @return units of all of these
    function _pledgesOf(IFinancingDesk.Financing memory its, FinancingId id)
        private
        view
        returns (bool pledged, uint256 units)
    {
        FinancingId[] memory sharing = its.collateral.financingsOf(its.itemId);
        for (uint256 i; i < sharing.length; ++i) {
            if (FinancingId.unwrap(sharing[i]) == FinancingId.unwrap(id)) pledged = true;
            (,, uint256 part) = its.collateral.pledgeOf(sharing[i]);
            units += part;
        }
    }

    // All of them together

    function _entries() private view returns (Entry[] memory all) {
        all = new Entry[](desk.financingCount());
        for (uint256 i; i < all.length; ++i) {
            FinancingId id = FinancingId.wrap(uint64(i + 1));
            IFinancingDesk.Financing memory its = desk.financing(id);
            Entry memory entry = all[i];
            entry.source = desk.facility(its.facility).terms.pool;
            (entry.collateral, entry.cash) = (its.collateral, entry.source.cash());
            (entry.principal, entry.waiting) = (its.principal, its.collateral.cashOf(id));
            entry.keys = desk.concentration().keysOf(id);
        }
    }

    function _brokenEntry(Entry[] memory all, FinancingId id) private view returns (string memory) {
        Entry memory entry = all[FinancingId.unwrap(id) - 1];
        if (_waitingWith(all, entry) > entry.cash.balanceOf(address(entry.collateral))) {
            return "a custodian holds the money that waits with it";
        }
        IConcentration book = desk.concentration();
        if (address(book.sourceOf(id)) != address(entry.source)) return "a financing counts at its source of money";
        for (uint8 i; i <= uint8(type(IConcentration.Dimension).max); ++i) {
            if (!_isCounted(book, all, entry, IConcentration.Dimension(i))) {
                return "exposures are the sum of principal";
            }
        }
        return "";
    }

    function _waitingWith(Entry[] memory all, Entry memory entry) private pure returns (uint256 sum) {
        for (uint256 i; i < all.length; ++i) {
            bool same = address(all[i].collateral) == address(entry.collateral) && all[i].cash == entry.cash;
            if (same) sum += all[i].waiting;
        }
    }

    function _isCounted(IConcentration book, Entry[] memory all, Entry memory entry, IConcentration.Dimension dimension)
        private
        view
        returns (bool)
    {
        uint256 key = _keyOf(entry.keys, dimension);
        bool counts = dimension < IConcentration.Dimension.Country || book.countsPlaces(entry.source);
        if (key == 0 || !counts) return true;
        uint256 sum;
        for (uint256 i; i < all.length; ++i) {
            bool same = address(all[i].source) == address(entry.source) && _keyOf(all[i].keys, dimension) == key;
            if (same) sum += all[i].principal;
        }
        sum += _partsOf(book, entry.source, dimension, key);
        return sum == book.exposureOf(entry.source, dimension, key);
    }

    /// @dev What the source lends through syndicates; what stands against these is looked at with their own financings.
    function _partsOf(IConcentration book, IFundingSource source, IConcentration.Dimension dimension, uint256 key)
        private
        view
        returns (uint256 sum)
    {
        IConcentration.Share[] memory syndicates = book.syndicatesOf(source);
        for (uint256 i; i < syndicates.length; ++i) {
            uint256 whole = book.exposureOf(syndicates[i].source, dimension, key);
            sum += Math.ceilDiv(whole * syndicates[i].fundingBps, Rates.BPS);
        }
    }

    function _keyOf(IConcentration.Keys memory keys, IConcentration.Dimension dimension)
        private
        pure
        returns (uint256)
    {
        if (dimension == IConcentration.Dimension.Debtor) return OrganisationId.unwrap(keys.debtor);
        if (dimension == IConcentration.Dimension.SellerGroup) return GroupId.unwrap(keys.sellerGroup);
        if (dimension == IConcentration.Dimension.Country) return uint16(keys.country);
        return OrganisationId.unwrap(keys.warehouse);
    }
}
