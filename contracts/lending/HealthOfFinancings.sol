// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {DayCounts} from "../libraries/DayCounts.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {FacilityId, FinancingId, GroupId, OrganisationId} from "../types/Ids.sol";
import {HealthTally} from "./HealthTally.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {IHealthCheck} from "./interfaces/IHealthCheck.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What must hold of each financing alone, and what of it is part of a sum elsewhere.
abstract contract HealthOfFinancings is IHealthCheck {
    using HealthTally for Tally;
    using Waterfall for Waterfall.Claims;

    /// @dev Above the key of a dimension, which has 24 bits at most.
    uint256 internal constant DIMENSION_SHIFT = 24;

    IFinancingDesk public immutable desk;

    constructor(IFinancingDesk desk_) {
        desk = desk_;
    }

    // Questions

    /// @inheritdoc IHealthCheck
    function checkFinancings(uint64 from, uint64 to) public view returns (bool, string memory broken, uint256) {
        uint256 last = Math.min(to, desk.financingCount());
        for (uint64 i = from; i <= last; ++i) {
            FinancingId id = FinancingId.wrap(i);
            broken = _brokenOfFinancing(id, desk.financing(id));
            if (bytes(broken).length != 0) return (false, broken, i);
        }
        return (true, "", 0);
    }

    /// @inheritdoc IHealthCheck
    function addUp(Tally memory tally, uint64 to) public view returns (Tally memory) {
        IConcentration book = desk.concentration();
        uint256 last = Math.min(to, desk.financingCount());
        while (tally.counted < last) {
            FinancingId id = FinancingId.wrap(++tally.counted);
            IFinancingDesk.Financing memory its = desk.financing(id);
            IFinancingDesk.FacilityTerms memory terms = desk.facility(its.facility).terms;
            _addDebt(tally, its, terms);
            _addExposures(tally, book, id, terms.pool, its.principal);
            _addWaiting(tally, its.collateral, id);
            ICollateral[] memory earlier = desk.earlierCollateral(id);
            for (uint256 i; i < earlier.length; ++i) {
                _addWaiting(tally, earlier[i], id);
            }
        }
        return tally;
    }

    // One financing alone

    function _brokenOfFinancing(FinancingId id, IFinancingDesk.Financing memory its)
        private
        view
        returns (string memory)
    {
        bool over = its.state == IFinancingDesk.State.Repaid || its.state == IFinancingDesk.State.Released;
        if (over && desk.owed(id).total() != 0) return "what is repaid owes nothing";
        if (its.impairment > its.principal) return "an expected loss is within the principal";
        (bool pledged, bool summed) = _pledgesOf(its.collateral, id);
        if (its.state != IFinancingDesk.State.Released && !pledged) return "a financing has its collateral";
        ICollateral[] memory earlier = desk.earlierCollateral(id);
        for (uint256 i; i < earlier.length && summed; ++i) {
            (, summed) = _pledgesOf(earlier[i], id);
            bool counts = earlier[i].borrowingBase(id) != 0 || earlier[i].valueOf(id) != 0;
            if (counts) return "what was handed over counts no more";
        }
        if (!summed) return "an item's units are the sum of its pledges'";
        address source = address(desk.facility(its.facility).terms.pool);
        if (address(desk.concentration().sourceOf(id)) != source) return "a financing counts at its source of money";
        return "";
    }

    /// @return pledged whether the financing is among those that share its item there
    /// @return summed whether the item's units are what all of these have
    function _pledgesOf(ICollateral collateral, FinancingId id) private view returns (bool pledged, bool summed) {
        (uint256 itemId,,) = collateral.pledgeOf(id);
        FinancingId[] memory sharing = collateral.financingsOf(itemId);
        uint256 units;
        for (uint256 i; i < sharing.length; ++i) {
            if (FinancingId.unwrap(sharing[i]) == FinancingId.unwrap(id)) pledged = true;
            (,, uint256 part) = collateral.pledgeOf(sharing[i]);
            units += part;
        }
        summed = units == collateral.unitsOf(itemId);
    }

    // What of it is part of a sum

    function _addWaiting(Tally memory tally, ICollateral custodian, FinancingId id) private view {
        uint256 cash = uint160(address(custodian.currencyOf(id)));
        tally.add(HealthTally.WAITING, address(custodian), cash, tally.counted, custodian.cashOf(id));
    }

    function _addDebt(
        Tally memory tally,
        IFinancingDesk.Financing memory its,
        IFinancingDesk.FacilityTerms memory terms
    ) private view {
        address source = address(terms.pool);
        uint256 first = tally.counted;
        tally.add(HealthTally.PRINCIPAL, source, 0, first, its.principal);
        tally.add(HealthTally.IMPAIRMENT, source, 0, first, its.impairment);
        tally.add(HealthTally.INCOME, source, 0, first, _numerator(its, terms));
        uint256 facility = FacilityId.unwrap(its.facility);
        tally.add(HealthTally.DRAWN, address(0), facility, first, uint256(its.principal) + its.writtenOff);
    }

    function _numerator(IFinancingDesk.Financing memory its, IFinancingDesk.FacilityTerms memory terms)
        private
        view
        returns (uint256)
    {
        if (its.principal == 0) return its.accruedNumerator;
        uint256 weight = Accrual.weightOf(its.principal, terms.discountRateBps, terms.dayCount);
        return its.accruedNumerator + weight * (DayCounts.clock(terms.dayCount, block.timestamp) - its.accruedAt);
    }

    /// @dev The members of a syndicate come up, too: their part of the whole is worked out from the syndicate's sum.
    function _addExposures(
        Tally memory tally,
        IConcentration book,
        FinancingId id,
        IFundingSource source,
        uint256 principal
    ) private view {
        IConcentration.Keys memory keys = book.keysOf(id);
        IConcentration.Share[] memory members = book.membersOf(source);
        for (uint256 i; i <= uint256(type(IConcentration.Dimension).max); ++i) {
            uint256 number = _keyOf(keys, IConcentration.Dimension(i));
            if (number == 0) continue;
            uint256 key = i << DIMENSION_SHIFT | number;
            tally.add(HealthTally.EXPOSURE, address(source), key, tally.counted, principal);
            _addMembers(tally, members, key);
        }
    }

    function _addMembers(Tally memory tally, IConcentration.Share[] memory members, uint256 key) private pure {
        for (uint256 i; i < members.length; ++i) {
            tally.add(HealthTally.EXPOSURE, address(members[i].source), key, tally.counted, 0);
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
