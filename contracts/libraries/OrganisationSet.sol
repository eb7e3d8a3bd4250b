// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationId} from "../types/Ids.sol";

/// @notice Up to ten organisations, in the order of joining, 24 bits each from the lowest up; 0 is empty.
type OrganisationSet is uint256;

using OrganisationSets for OrganisationSet global;

/// @title A small set that fills one storage slot. Packed by hand because it is read and written with every vote, where
/// an array in storage would be touched once an element.
library OrganisationSets {
    uint256 internal constant MOST = 10;
    uint256 private constant WIDTH = 24;
    uint256 private constant MASK = (1 << WIDTH) - 1;
    /// @dev A one in each of the ten places.
    uint256 private constant ONES = ((1 << (MOST * WIDTH)) - 1) / MASK;

    function size(OrganisationSet set) internal pure returns (uint256 count) {
        for (uint256 rest = OrganisationSet.unwrap(set); rest != 0; rest >>= WIDTH) {
            ++count;
        }
    }

    /// @dev All places at once: those that differ from the organisation's number are not 0, and only a place that is 0
    /// borrows its own highest bit. Measured, 75 gas however full the set is; a loop takes 60 and 145 more for each.
    /// @param organisation not 0
    function contains(OrganisationSet set, OrganisationId organisation) internal pure returns (bool) {
        // Safe: ten times 24 bits, and borrowing is the point.
        unchecked {
            uint256 differences = OrganisationSet.unwrap(set) ^ (ONES * OrganisationId.unwrap(organisation));
            return (differences - ONES) & ~differences & (ONES << (WIDTH - 1)) != 0;
        }
    }

    /// @param organisation neither 0 nor in the set already
    /// @param count how many the set holds, fewer than `MOST`
    function with(OrganisationSet set, OrganisationId organisation, uint256 count)
        internal
        pure
        returns (OrganisationSet)
    {
        uint256 joined = OrganisationId.unwrap(organisation);
        // Safe: count is fewer than MOST.
        unchecked {
            joined <<= count * WIDTH;
        }
        return OrganisationSet.wrap(OrganisationSet.unwrap(set) | joined);
    }

    /// @param others that are not in the set
    /// @param count how many the set holds; `MOST` at most with the others
    function withAll(OrganisationSet set, OrganisationSet others, uint256 count)
        internal
        pure
        returns (OrganisationSet)
    {
        // Safe: count is `MOST` at most.
        unchecked {
            uint256 joined = OrganisationSet.unwrap(others) << (count * WIDTH);
            return OrganisationSet.wrap(OrganisationSet.unwrap(set) | joined);
        }
    }

    /// @param organisation in the set
    /// @return rest the others, in their order
    function without(OrganisationSet set, OrganisationId organisation) internal pure returns (OrganisationSet rest) {
        OrganisationId[] memory all = set.list();
        uint256 kept = 0;
        for (uint256 i = 0; i < all.length; ++i) {
            if (all[i] == organisation) continue;
            rest = rest.with(all[i], kept);
            ++kept;
        }
    }

    function list(OrganisationSet set) internal pure returns (OrganisationId[] memory organisations) {
        organisations = new OrganisationId[](set.size());
        uint256 rest = OrganisationSet.unwrap(set);
        for (uint256 i = 0; i < organisations.length; ++i) {
            // Safe: the mask leaves 24 bits.
            organisations[i] = OrganisationId.wrap(uint24(rest & MASK));
            rest >>= WIDTH;
        }
    }
}
