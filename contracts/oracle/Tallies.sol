// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationSets} from "../libraries/OrganisationSet.sol";
import {Rates} from "../types/Rates.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";

/// @notice A fact in the making, in one storage slot.
/// @param leastQuantity least measured so far, thousandths; 0 while nobody has measured
/// @param finalAt block time at which the quorum was reached; 0 before
/// @param windowSeconds dispute window of the policy under which it became final
/// @param count organisations that have voted
/// @param measuredBy those of them that gave a quantity
/// @param quantityStands final, and as many as the threshold have measured
struct Tally {
    uint56 leastQuantity;
    uint56 greatestQuantity;
    uint40 occurredAt;
    uint40 finalAt;
    uint24 windowSeconds;
    uint8 rolesSeen;
    uint8 count;
    uint8 measuredBy;
    IMilestoneOracle.Status status;
    bool quantityStands;
}

/// @title How one vote changes a tally. The caller has made sure that the organisation may vote and has not yet.
library Tallies {
    /// @dev The least and greatest quantity have 56 bits each: ten times what an invoice can state.
    uint256 internal constant MOST_QUANTITY = type(uint56).max;
    uint256 internal constant MOST_VOTERS = OrganisationSets.MOST;

    /// @return whether a vote with this quantity could still change anything
    function isOpen(Tally memory tally, uint256 quantity) internal view returns (bool) {
        if (tally.status == IMilestoneOracle.Status.Disputed) return false;
        if (tally.status != IMilestoneOracle.Status.Final) return true;
        bool comparable = quantity != 0 && tally.measuredBy != 0;
        return comparable && (!tally.quantityStands || inWindow(tally));
    }

    function inWindow(Tally memory tally) internal view returns (bool) {
        return block.timestamp < uint256(tally.finalAt) + tally.windowSeconds;
    }

    /// @return quantity that may be relied on, thousandths; 0 where there is none
    function reliedQuantity(Tally memory tally) internal pure returns (uint56) {
        return tally.quantityStands ? tally.leastQuantity : 0;
    }

    /// @notice Counts a vote on a tally that is open to it.
    /// @param occurredAt bounded by the caller to the block's time and a skew
    /// @param quantity at most `MOST_QUANTITY`
    /// @param roles eligible roles of the voter
    /// @return why it does not count; the tally is unchanged then
    function add(
        Tally memory tally,
        IMilestoneOracle.Policy memory policy,
        uint256 occurredAt,
        uint256 quantity,
        uint8 roles
    ) internal view returns (IMilestoneOracle.Refusal) {
        bool wasFinal = tally.status == IMilestoneOracle.Status.Final;
        if (!_agrees(tally, policy.toleranceBps, quantity)) {
            // Money may have moved on a fact whose window is over: a late figure cannot undo it, only fail to complete it.
            if (wasFinal && !inWindow(tally)) return IMilestoneOracle.Refusal.QuantityIrreconcilable;
            tally.status = IMilestoneOracle.Status.Disputed;
            tally.quantityStands = false;
        } else {
            if (tally.quantityStands) return IMilestoneOracle.Refusal.AlreadyFinal;
            if (!_hasSeat(tally, policy.requiredRoles, roles)) return IMilestoneOracle.Refusal.TallyFull;
        }
        _include(tally, quantity, roles);
        if (tally.status == IMilestoneOracle.Status.Disputed) return IMilestoneOracle.Refusal.None;
        // Safe until the year 36812.
        if (!wasFinal && occurredAt > tally.occurredAt) tally.occurredAt = uint40(occurredAt);
        _conclude(tally, policy, wasFinal);
        return IMilestoneOracle.Refusal.None;
    }

    function _agrees(Tally memory tally, uint256 toleranceBps, uint256 quantity) private pure returns (bool) {
        if (quantity == 0 || tally.measuredBy == 0) return true;
        uint256 least = quantity < tally.leastQuantity ? quantity : tally.leastQuantity;
        uint256 greatest = quantity > tally.greatestQuantity ? quantity : tally.greatestQuantity;
        return (greatest - least) * Rates.BPS <= toleranceBps * greatest;
    }

    /// @dev Keeps a seat for each required role that is still missing, so that no crowd of other witnesses can shut out
    /// the one without whom the fact cannot stand.
    function _hasSeat(Tally memory tally, uint8 requiredRoles, uint8 roles) private pure returns (bool) {
        uint256 missing = requiredRoles & ~tally.rolesSeen;
        if (missing & roles != 0) return true;
        uint256 reserved = 0;
        for (; missing != 0; missing &= missing - 1) {
            ++reserved;
        }
        return tally.count + reserved < MOST_VOTERS;
    }

    function _include(Tally memory tally, uint256 quantity, uint8 roles) private pure {
        tally.rolesSeen |= roles;
        ++tally.count;
        if (quantity == 0) return;
        // Safe: the caller bounds the quantity by MOST_QUANTITY.
        uint56 measured = uint56(quantity);
        if (tally.measuredBy == 0 || measured < tally.leastQuantity) tally.leastQuantity = measured;
        if (measured > tally.greatestQuantity) tally.greatestQuantity = measured;
        ++tally.measuredBy;
    }

    function _conclude(Tally memory tally, IMilestoneOracle.Policy memory policy, bool wasFinal) private view {
        if (!wasFinal) {
            bool rolesComplete = tally.rolesSeen & policy.requiredRoles == policy.requiredRoles;
            if (tally.count < policy.threshold || !rolesComplete) {
                tally.status = IMilestoneOracle.Status.Gathering;
                return;
            }
            tally.status = IMilestoneOracle.Status.Final;
            tally.finalAt = uint40(block.timestamp);
            // Safe: setPolicy bounds the window.
            tally.windowSeconds = uint24(policy.disputeWindowSeconds);
        }
        tally.quantityStands = tally.measuredBy >= policy.threshold;
    }
}
