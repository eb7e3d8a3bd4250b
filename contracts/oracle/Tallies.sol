// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationSets} from "../libraries/OrganisationSet.sol";
import {Rates} from "../types/Rates.sol";
import {PackedPolicy} from "./Policies.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";

/// @notice A fact in one storage slot, its fields from the lowest bit up; 0 is no votes. A value with named readers, as
/// a policy is: what comes of the votes lies above the figures, so that one fact can be counted like another.
/// least, greatest: measured quantities, thousandths; 0 while nobody has measured
/// final: block time at which the quorum was reached; 0 before
/// window: seconds, of the policy under which it became final, 23 bits
/// doubted: the bit above it; a vote was withdrawn while votes were gathered
/// measured: how many of the votes gave a quantity
/// stands: final, and as many as the threshold have measured
type PackedTally is uint256;

using Tallies for PackedTally global;

/// @title How one vote changes a tally. The caller has made sure that the organisation may vote and has not yet.
library Tallies {
    /// @dev The least and greatest quantity have 56 bits each: ten times what an invoice can state.
    uint256 internal constant MOST_QUANTITY = type(uint56).max;
    uint256 internal constant MOST_VOTERS = OrganisationSets.MOST;

    uint256 private constant GREATEST = 56;
    uint256 private constant OCCURRED = 112;
    uint256 private constant FINAL = 152;
    uint256 private constant WINDOW = 192;
    uint256 private constant LONGEST_WINDOW = (1 << 23) - 1;
    uint256 private constant DOUBTED = 1 << 215;
    uint256 private constant ROLES = 216;
    uint256 private constant COUNT = 224;
    uint256 private constant MEASURED = 232;
    uint256 private constant STATUS = 240;
    uint256 private constant STANDS = 248;

    uint256 private constant VOTE = 1 << COUNT;
    uint256 private constant MEASURED_VOTE = VOTE | 1 << MEASURED;
    /// @dev Status and what stands are the highest fields: a tally below this has not been final yet.
    uint256 private constant FIRST_FINAL = uint256(IMilestoneOracle.Status.Final) << STATUS;
    uint256 private constant GATHERING = uint256(IMilestoneOracle.Status.Gathering) << STATUS;
    uint256 private constant DISPUTED = uint256(IMilestoneOracle.Status.Disputed) << STATUS;
    uint256 private constant BELOW_STATUS = type(uint240).max;
    /// @dev The figures are the lowest fields; those above come of who has voted, and when.
    uint256 private constant FIGURES = type(uint152).max;

    // Fields: each cast keeps the bits of its own

    function leastQuantity(PackedTally tally) internal pure returns (uint56) {
        return uint56(PackedTally.unwrap(tally));
    }

    function greatestQuantity(PackedTally tally) internal pure returns (uint56) {
        return uint56(PackedTally.unwrap(tally) >> GREATEST);
    }

    /// @return the latest moment reported, Unix seconds
    function occurredAt(PackedTally tally) internal pure returns (uint40) {
        return uint40(PackedTally.unwrap(tally) >> OCCURRED);
    }

    function finalAt(PackedTally tally) internal pure returns (uint40) {
        return uint40(PackedTally.unwrap(tally) >> FINAL);
    }

    function windowEnds(PackedTally tally) internal pure returns (uint256) {
        // Safe: 40 bits and 23.
        unchecked {
            return finalAt(tally) + (PackedTally.unwrap(tally) >> WINDOW & LONGEST_WINDOW);
        }
    }

    /// @return whether organisations have lost their vote on the fact
    function isDoubted(PackedTally tally) internal pure returns (bool) {
        return PackedTally.unwrap(tally) & DOUBTED != 0;
    }

    function rolesSeen(PackedTally tally) internal pure returns (uint8) {
        return uint8(PackedTally.unwrap(tally) >> ROLES);
    }

    /// @return organisations that have voted
    function count(PackedTally tally) internal pure returns (uint8) {
        return uint8(PackedTally.unwrap(tally) >> COUNT);
    }

    /// @return those of them that gave a quantity
    function measuredBy(PackedTally tally) internal pure returns (uint8) {
        return uint8(PackedTally.unwrap(tally) >> MEASURED);
    }

    function status(PackedTally tally) internal pure returns (IMilestoneOracle.Status) {
        return IMilestoneOracle.Status(uint8(PackedTally.unwrap(tally) >> STATUS));
    }

    function quantityStands(PackedTally tally) internal pure returns (bool) {
        return PackedTally.unwrap(tally) >> STANDS != 0;
    }

    // Reading

    /// @return quantity that may be relied on, thousandths; 0 where there is none
    function reliedQuantity(PackedTally tally) internal pure returns (uint56) {
        return quantityStands(tally) ? leastQuantity(tally) : 0;
    }

    /// @return its Final only outside the dispute window, within it Gathering
    /// @return quantity 0 unless Final
    function standing(PackedTally tally) internal view returns (IMilestoneOracle.Status its, uint64 quantity) {
        its = status(tally);
        if (its != IMilestoneOracle.Status.Final) return (its, 0);
        if (block.timestamp < windowEnds(tally)) return (IMilestoneOracle.Status.Gathering, 0);
        return (its, reliedQuantity(tally));
    }

    /// @return whether the votes of the tally have measured where one of this quantity has
    function isMeasuredAs(PackedTally tally, uint256 quantity) internal pure returns (bool) {
        return (measuredBy(tally) != 0) == (quantity != 0);
    }

    /// @return whether a vote that said this agrees with the figures
    function bears(PackedTally tally, uint256 moment, uint256 quantity) internal pure returns (bool) {
        if (moment > occurredAt(tally)) return false;
        return quantity == 0 || (quantity >= leastQuantity(tally) && quantity <= greatestQuantity(tally));
    }

    function isFinal(PackedTally tally) internal pure returns (bool) {
        return PackedTally.unwrap(tally) >= FIRST_FINAL && !isDisputed(tally);
    }

    function isBelowFinal(PackedTally tally) internal pure returns (bool) {
        return PackedTally.unwrap(tally) < FIRST_FINAL;
    }

    function isDisputed(PackedTally tally) internal pure returns (bool) {
        return uint8(PackedTally.unwrap(tally) >> STATUS) == uint8(IMilestoneOracle.Status.Disputed);
    }

    /// @param measured whether the vote has a quantity
    /// @return whether such a vote could change anything
    function isOpen(PackedTally tally, bool measured) internal view returns (bool) {
        if (PackedTally.unwrap(tally) < FIRST_FINAL) return true;
        if (!measured) return false;
        if (quantityStands(tally)) return block.timestamp < windowEnds(tally);
        return !isDisputed(tally) && measuredBy(tally) != 0;
    }

    // Counting

    /// @notice Takes in the figures that all votes on an item share, once for all of them. The caller keeps the tally
    /// only if one of them counts.
    /// @param moment when it occurred, bounded by the caller to the block's time and a skew
    /// @param quantity at most `MOST_QUANTITY`
    /// @return the tally with these figures
    /// @return weight what each of the votes adds; 0 where the quantity lies beyond the tolerance of those before
    function meet(PackedTally tally, PackedPolicy policy, uint256 moment, uint256 quantity)
        internal
        pure
        returns (PackedTally, uint256 weight)
    {
        weight = quantity == 0 ? VOTE : MEASURED_VOTE;
        uint256 word = PackedTally.unwrap(tally);
        if (word == 0) return (withFigures(tally, moment, quantity), weight);
        if (quantity != 0) {
            uint256 least = leastQuantity(tally);
            uint256 greatest = greatestQuantity(tally);
            if (quantity < least || least == 0) least = quantity;
            if (quantity > greatest) greatest = quantity;
            // Safe: quantities have 56 bits, shares have 16.
            unchecked {
                if ((greatest - least) * Rates.BPS > policy.toleranceBps() * greatest) weight = 0;
            }
            word = word >> OCCURRED << OCCURRED | greatest << GREATEST | least;
        }
        // The moment of a final fact no longer moves, and that of a vote that does not fit does not count.
        uint256 latest = occurredAt(tally);
        if (weight != 0 && moment > latest && PackedTally.unwrap(tally) < FIRST_FINAL) {
            word ^= (moment ^ latest) << OCCURRED;
        }
        return (PackedTally.wrap(word), weight);
    }

    /// @return why `add` has not taken a vote
    function refusalOf(PackedTally tally, uint256 weight) internal pure returns (IMilestoneOracle.Refusal) {
        if (weight == 0) return IMilestoneOracle.Refusal.QuantityIrreconcilable;
        return quantityStands(tally) ? IMilestoneOracle.Refusal.AlreadyFinal : IMilestoneOracle.Refusal.TallyFull;
    }

    /// @notice Counts a vote on a tally that is open to it and has met its figures. A fact is final once it has its votes
    /// and its roles, and its quantity reliable once it has its figures.
    /// @param weight what `meet` has answered
    /// @param roles eligible roles of the voter
    /// @return the tally with the vote; 0 where it does not take it
    function add(PackedTally tally, PackedPolicy policy, uint256 weight, uint256 roles)
        internal
        view
        returns (PackedTally)
    {
        if (weight == 0) return _dissent(tally, roles);
        uint256 word = PackedTally.unwrap(tally);
        uint256 missing = policy.requiredRoles() & ~(word >> ROLES);
        // Safe: at most ten votes, eight missing roles, and one more vote.
        unchecked {
            if (missing & roles == 0) {
                // A seat is kept for each required role that is still missing, so that no crowd of other witnesses can
                // shut out the one without whom the fact cannot stand.
                uint256 taken = uint8(word >> COUNT);
                for (uint256 rest = missing; rest != 0; rest &= rest - 1) {
                    ++taken;
                }
                if (taken >= MOST_VOTERS) return PackedTally.wrap(0);
            }
            word = (word | roles << ROLES) + weight;
        }
        uint256 threshold = policy.threshold();
        if (word < FIRST_FINAL) {
            if (uint8(word >> COUNT) < threshold) return PackedTally.wrap(word | GATHERING);
            if (missing & ~roles != 0) return PackedTally.wrap(word | GATHERING);
            word = word & BELOW_STATUS | FIRST_FINAL;
            word |= block.timestamp << FINAL | policy.disputeWindowSeconds() << WINDOW;
        } else if (word >> STANDS != 0) {
            return PackedTally.wrap(0);
        }
        return PackedTally.wrap(uint8(word >> MEASURED) < threshold ? word : word | 1 << STANDS);
    }

    /// @param moment of a new fact, as for `meet`
    /// @param quantity of a new fact, as for `meet`
    /// @return that fact with the votes of this tally, on which there are no others
    function withFigures(PackedTally tally, uint256 moment, uint256 quantity) internal pure returns (PackedTally) {
        uint256 votes = PackedTally.unwrap(tally) & ~FIGURES;
        return PackedTally.wrap(votes | moment << OCCURRED | quantity << GREATEST | quantity);
    }

    /// @notice Takes a vote out of a tally that is not final. Which of the votes had measured is not kept: the one that
    /// goes counts as one that had, so that a quantity never stands on fewer than the threshold.
    /// @param roles of those whose votes stay
    function without(PackedTally tally, uint256 roles) internal pure returns (PackedTally) {
        uint256 word = PackedTally.unwrap(tally);
        uint256 weight = measuredBy(tally) == 0 ? VOTE : MEASURED_VOTE;
        // Safe: the vote was counted.
        unchecked {
            word = (word - weight) & ~(uint256(type(uint8).max) << ROLES) | roles << ROLES | DOUBTED;
        }
        // Without votes there is no moment, and without measurements there are no quantities.
        if (uint8(word >> COUNT) == 0) word &= ~FIGURES;
        if (uint8(word >> MEASURED) == 0) word = word >> OCCURRED << OCCURRED;
        return PackedTally.wrap(word);
    }

    /// @return the tally as one that moves no more money
    function disputed(PackedTally tally) internal pure returns (PackedTally) {
        return PackedTally.wrap(PackedTally.unwrap(tally) & BELOW_STATUS | DISPUTED);
    }

    /// @dev Money may have moved on a fact whose window is over: a late figure cannot undo it, only fail to complete.
    /// Only who has measured dissents.
    function _dissent(PackedTally tally, uint256 roles) private view returns (PackedTally) {
        uint256 word = PackedTally.unwrap(tally);
        if (word >= FIRST_FINAL && block.timestamp >= windowEnds(tally)) return PackedTally.wrap(0);
        // Safe: one dissent may follow the ten votes, and ends the counting.
        unchecked {
            word = (word | roles << ROLES) + MEASURED_VOTE;
        }
        return disputed(PackedTally.wrap(word));
    }
}
