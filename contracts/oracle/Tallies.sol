// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationSets} from "../libraries/OrganisationSet.sol";
import {Rates} from "../types/Rates.sol";
import {PackedPolicy} from "./Policies.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";

/// @notice A fact in the making, while its votes are counted.
/// @param leastQuantity least measured so far, thousandths; 0 while nobody has measured
/// @param finalAt block time at which the quorum was reached; 0 before
/// @param windowSeconds dispute window of the policy under which it became final
/// @param count organisations that have voted
/// @param measuredBy those of them that gave a quantity
/// @param quantityStands final, and as many as the threshold have measured
struct Tally {
    uint256 leastQuantity;
    uint256 greatestQuantity;
    uint256 occurredAt;
    uint256 finalAt;
    uint256 windowSeconds;
    uint256 rolesSeen;
    uint256 count;
    uint256 measuredBy;
    IMilestoneOracle.Status status;
    bool quantityStands;
}

/// @notice A tally in one storage slot: its fields in their order from the lowest bit up; 0 is no votes. Packed by hand
/// because a fact has a budget: measured, the compiler's struct takes 250 gas more to read for a new fact, 620 to keep.
type PackedTally is uint256;

/// @title How one vote changes a tally. The caller has made sure that the organisation may vote and has not yet.
library Tallies {
    /// @dev The least and greatest quantity have 56 bits each: ten times what an invoice can state.
    uint256 internal constant MOST_QUANTITY = type(uint56).max;
    uint256 internal constant MOST_VOTERS = OrganisationSets.MOST;

    uint256 private constant GREATEST = 56;
    uint256 private constant OCCURRED = 112;
    uint256 private constant FINAL = 152;
    uint256 private constant WINDOW = 192;
    uint256 private constant ROLES = 216;
    uint256 private constant COUNT = 224;
    uint256 private constant MEASURED = 232;
    uint256 private constant STATUS = 240;
    uint256 private constant STANDS = 248;

    // Storage

    /// @param tally as new: all zero
    function unpack(PackedTally packed, Tally memory tally) internal pure {
        uint256 word = PackedTally.unwrap(packed);
        if (word == 0) return;
        // Each cast keeps the bits of its own field.
        tally.leastQuantity = uint56(word);
        tally.greatestQuantity = uint56(word >> GREATEST);
        tally.occurredAt = uint40(word >> OCCURRED);
        tally.finalAt = uint40(word >> FINAL);
        tally.windowSeconds = uint24(word >> WINDOW);
        tally.rolesSeen = uint8(word >> ROLES);
        tally.count = uint8(word >> COUNT);
        tally.measuredBy = uint8(word >> MEASURED);
        tally.status = IMilestoneOracle.Status(uint8(word >> STATUS));
        tally.quantityStands = word >> STANDS != 0;
    }

    function pack(Tally memory tally) internal pure returns (PackedTally) {
        uint256 word = tally.leastQuantity | tally.greatestQuantity << GREATEST | tally.occurredAt << OCCURRED
            | tally.finalAt << FINAL | tally.windowSeconds << WINDOW | tally.rolesSeen << ROLES;
        word |= tally.count << COUNT | tally.measuredBy << MEASURED | uint256(tally.status) << STATUS;
        return PackedTally.wrap(tally.quantityStands ? word | 1 << STANDS : word);
    }

    function statusOf(PackedTally packed) internal pure returns (IMilestoneOracle.Status) {
        return IMilestoneOracle.Status(uint8(PackedTally.unwrap(packed) >> STATUS));
    }

    function quantityStood(PackedTally packed) internal pure returns (bool) {
        return PackedTally.unwrap(packed) >> STANDS != 0;
    }

    /// @dev Out of the word alone, because every borrowing base asks: measured, 3,130 gas for a fact that is not
    /// there, where `usableFact` and `fact` by way of a tally took 6,000.
    /// @return status Final only outside the dispute window, within it Gathering
    /// @return quantity 0 unless Final
    function standing(PackedTally packed) internal view returns (IMilestoneOracle.Status status, uint64 quantity) {
        status = statusOf(packed);
        if (status != IMilestoneOracle.Status.Final) return (status, 0);
        uint256 word = PackedTally.unwrap(packed);
        uint256 windowEnds = uint256(uint40(word >> FINAL)) + uint24(word >> WINDOW);
        if (block.timestamp < windowEnds) return (IMilestoneOracle.Status.Gathering, 0);
        return (status, quantityStood(packed) ? uint56(word) : 0);
    }

    // Reading

    /// @return why no vote with this quantity could change anything; `None` where one could
    function closedTo(Tally memory tally, uint256 quantity) internal view returns (IMilestoneOracle.Refusal) {
        IMilestoneOracle.Status status = tally.status;
        if (status < IMilestoneOracle.Status.Final) return IMilestoneOracle.Refusal.None;
        if (status == IMilestoneOracle.Status.Disputed) return IMilestoneOracle.Refusal.FactDisputed;
        bool comparable = quantity != 0 && tally.measuredBy != 0;
        bool open = comparable && (!tally.quantityStands || inWindow(tally));
        return open ? IMilestoneOracle.Refusal.None : IMilestoneOracle.Refusal.AlreadyFinal;
    }

    function inWindow(Tally memory tally) internal view returns (bool) {
        return block.timestamp < tally.finalAt + tally.windowSeconds;
    }

    /// @return quantity that may be relied on, thousandths; 0 where there is none
    function reliedQuantity(Tally memory tally) internal pure returns (uint256) {
        return tally.quantityStands ? tally.leastQuantity : 0;
    }

    // Counting

    /// @notice Takes in the figures that all votes of an item share, once for all of them. The caller keeps the tally only
    /// if one of them counts.
    /// @param occurredAt bounded by the caller to the block's time and a skew
    /// @param quantity at most `MOST_QUANTITY`
    /// @return agrees whether the quantity lies within the tolerance of those before
    function meet(Tally memory tally, PackedPolicy policy, uint256 occurredAt, uint256 quantity)
        internal
        pure
        returns (bool agrees)
    {
        agrees = true;
        if (quantity != 0) {
            uint256 least = tally.leastQuantity;
            uint256 greatest = tally.greatestQuantity;
            if (quantity < least || tally.measuredBy == 0) least = tally.leastQuantity = quantity;
            if (quantity > greatest) greatest = tally.greatestQuantity = quantity;
            // Safe: quantities have 56 bits, shares have 16.
            unchecked {
                agrees = (greatest - least) * Rates.BPS <= policy.toleranceBps() * greatest;
            }
        }
        // The moment of a final fact no longer moves, and that of a vote that does not fit does not count.
        bool moves = agrees && tally.status != IMilestoneOracle.Status.Final;
        if (moves && occurredAt > tally.occurredAt) tally.occurredAt = occurredAt;
    }

    /// @notice Counts a vote on a tally that is open to it and has met its figures.
    /// @param agrees what `meet` has answered
    /// @param measured whether the vote has a quantity
    /// @param roles eligible roles of the voter
    /// @return why it does not count; the tally is unchanged then
    function add(Tally memory tally, PackedPolicy policy, bool agrees, bool measured, uint256 roles)
        internal
        view
        returns (IMilestoneOracle.Refusal)
    {
        bool wasFinal = tally.status == IMilestoneOracle.Status.Final;
        if (agrees) {
            if (tally.quantityStands) return IMilestoneOracle.Refusal.AlreadyFinal;
            if (!_hasSeat(tally, policy, roles)) return IMilestoneOracle.Refusal.TallyFull;
        } else if (wasFinal && !inWindow(tally)) {
            // Money may have moved on a fact whose window is over: a late figure cannot undo it, only fail to complete.
            return IMilestoneOracle.Refusal.QuantityIrreconcilable;
        }
        // Safe: one dissent may follow the ten votes, and ends the counting.
        unchecked {
            tally.rolesSeen |= roles;
            ++tally.count;
            if (measured) ++tally.measuredBy;
        }
        if (!agrees) {
            (tally.status, tally.quantityStands) = (IMilestoneOracle.Status.Disputed, false);
        } else if (wasFinal) {
            tally.quantityStands = tally.measuredBy >= policy.threshold();
        } else {
            _conclude(tally, policy);
        }
        return IMilestoneOracle.Refusal.None;
    }

    /// @dev Keeps a seat for each required role that is still missing, so that no crowd of other witnesses can shut out
    /// the one without whom the fact cannot stand.
    function _hasSeat(Tally memory tally, PackedPolicy policy, uint256 roles) private pure returns (bool) {
        uint256 missing = policy.requiredRoles() & ~tally.rolesSeen;
        if (missing & roles != 0) return true;
        uint256 taken = tally.count;
        // Safe: at most ten votes and eight missing roles, and the loop ends at 0.
        unchecked {
            for (; missing != 0; missing &= missing - 1) {
                ++taken;
            }
        }
        return taken < MOST_VOTERS;
    }

    /// @dev Makes a fact that was not final yet final, once it has its votes and its roles.
    function _conclude(Tally memory tally, PackedPolicy policy) private view {
        if (tally.count < policy.threshold() || policy.requiredRoles() & ~tally.rolesSeen != 0) {
            tally.status = IMilestoneOracle.Status.Gathering;
            return;
        }
        tally.status = IMilestoneOracle.Status.Final;
        tally.finalAt = block.timestamp;
        tally.windowSeconds = policy.disputeWindowSeconds();
        tally.quantityStands = tally.measuredBy >= policy.threshold();
    }
}
