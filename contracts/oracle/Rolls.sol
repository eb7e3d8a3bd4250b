// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memberships} from "../access/Memberships.sol";
import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Attestations, Ballot} from "./Attestations.sol";
import {Reports} from "./Reports.sol";
import {Witnesses} from "./Witnesses.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";

/// @notice All votes on a list.
/// @param memberships whose they are, once `isIdentified`
/// @param evidence that of the votes that count on an item
/// @param changes items that others vote for than for the one before
/// @param all the mask that names every item
/// @param sound whether no vote's mask has other bits, and none is empty
/// @param ballot where their signers are found
/// @param named whom refusals name, once one has been asked for
struct Roll {
    uint256[] memberships;
    bytes32[] evidence;
    uint256 changes;
    uint256 all;
    bool sound;
    bool isIdentified;
    Ballot ballot;
    address[] named;
}

using Rolls for Roll global;

/// @title Whose the votes on a list are: all of them are found by their signatures and looked up together, once.
library Rolls {
    /// @param domain the oracle's EIP-712 domain separator
    /// @param observations 64 at most
    function made(
        bytes32 domain,
        IMilestoneOracle.Observation[] calldata observations,
        IMilestoneOracle.Vote[] calldata votes
    ) internal pure returns (Roll memory roll) {
        uint256 all;
        // Safe: 64 bits at most.
        unchecked {
            all = (1 << observations.length) - 1;
        }
        roll.all = all;
        (roll.changes, roll.sound) = Attestations.compare(votes, all);
        (roll.memberships, roll.evidence) = (Memberships.roomFor(votes.length), Reports.roomFor(votes.length));
        roll.ballot = Attestations.ballotOf(domain, observations);
    }

    /// @notice Finds out whose the votes are. Whose mask has bits beyond the list meant another one, and is nobody's.
    function identify(Roll memory roll, IParticipantRegistry registry, IMilestoneOracle.Vote[] calldata votes)
        internal
        view
    {
        (uint256[] memory signers, Ballot ballot) = (roll.memberships, roll.ballot);
        uint256 count = votes.length;
        for (uint256 v = 0; v < count; ++v) {
            IMilestoneOracle.Vote calldata vote = Attestations.voteOf(votes, v);
            address signer = ballot.signerOf(vote);
            if (signer == address(0)) signer = _approverOf(registry, vote, ballot);
            Witnesses.set(signers, v, signer);
        }
        Memberships.lookUpAll(registry, signers);
        roll.isIdentified = true;
        if (roll.sound) return;
        for (uint256 v = 0; v < count; ++v) {
            if (votes[v].mask > roll.all) signers[v] = 0;
        }
    }

    /// @dev Found once a vote, however many items it is refused on.
    /// @return whom a refusal of the vote names
    function namedBy(Roll memory roll, IMilestoneOracle.Vote[] calldata votes, uint256 v)
        internal
        view
        returns (address)
    {
        if (roll.named.length == 0) roll.named = new address[](votes.length);
        address named = roll.named[v];
        if (named != address(0)) return named;
        named = roll.ballot.signerOf(votes[v]);
        if (named == address(0)) named = Attestations.approverOf(votes[v]);
        return roll.named[v] = named;
    }

    /// @param named whom its refusal names
    /// @param all the mask that names every item
    /// @return why a vote is nobody's
    function doubtAbout(IParticipantRegistry registry, IMilestoneOracle.Vote calldata vote, address named, uint256 all)
        internal
        view
        returns (IMilestoneOracle.Refusal)
    {
        if (vote.mask > all) return IMilestoneOracle.Refusal.MaskInvalid;
        // Where there is no key a contract is named: it has denied if it is somebody's.
        bool isDenied = vote.r == 0 && Memberships.isActive(Memberships.lookUp(registry, named));
        return named == address(0) || isDenied
            ? IMilestoneOracle.Refusal.SignatureInvalid
            : IMilestoneOracle.Refusal.SignerNotAdmitted;
    }

    /// @dev No contract is asked that is nobody's.
    /// @return the contract that a vote names, unless it denies it; zero for none
    function _approverOf(IParticipantRegistry registry, IMilestoneOracle.Vote calldata vote, Ballot ballot)
        private
        view
        returns (address)
    {
        address named = Attestations.approverOf(vote);
        if (!Memberships.isActive(Memberships.lookUp(registry, named))) return named;
        return Signatures.isValidForContract(named, ballot.digest(), "") ? named : address(0);
    }
}
