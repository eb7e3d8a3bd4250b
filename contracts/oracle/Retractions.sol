// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memberships} from "../access/Memberships.sol";
import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {OrganisationSet, OrganisationSets} from "../libraries/OrganisationSet.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {OrganisationId} from "../types/Ids.sol";
import {Rates} from "../types/Rates.sol";
import {Attestations, Ballot} from "./Attestations.sol";
import {FactBook} from "./FactBook.sol";
import {PackedPolicy} from "./Policies.sol";
import {PackedTally} from "./Tallies.sol";
import {Witness} from "./Witnesses.sol";
import {IMilestoneOracle} from "./interfaces/IMilestoneOracle.sol";

/// @title How a vote loses its force: its organisation takes it back, or is shown to have given two.
abstract contract Retractions is FactBook {
    constructor(IParticipantRegistry registry, address authority) FactBook(registry, authority) {}

    // Witnesses

    /// @inheritdoc IMilestoneOracle
    function retract(Observation[] calldata observations, uint256 index, Vote calldata vote, bytes32 evidence)
        external
    {
        (Witness signer,) = _signerOf(observations, index, vote);
        _registry.requireAdmitted(msg.sender, msg.sender);
        OrganisationId caller = _witnessOf(msg.sender).organisation();
        require(caller == signer.organisation(), VoteOfOther(caller, signer.organisation()));
        Observation calldata it = observations[index];
        _withdraw(it, signer);
        emit VoteRetracted(it.subject, it.milestone, it.sequence, caller, evidence);
    }

    /// @inheritdoc IMilestoneOracle
    function proveEquivocation(
        Observation[] calldata first,
        uint256 index,
        Vote calldata vote,
        Observation[] calldata second,
        uint256 otherIndex,
        Vote calldata otherVote
    ) external {
        (Witness signer, bytes32 digest) = _signerOf(first, index, vote);
        (Witness other, bytes32 otherDigest) = _signerOf(second, otherIndex, otherVote);
        Observation calldata it = first[index];
        _requireIrreconcilable(it, signer, second[otherIndex], other);
        _withdraw(it, signer);
        emit Equivocated(it.subject, it.milestone, it.sequence, signer.organisation(), digest, otherDigest);
    }

    // Internals

    /// @dev Who has been frozen since, or suspended, has signed all the same.
    /// @return signer whose the vote is; 0 for nobody
    /// @return digest that was signed
    function _signerOf(Observation[] calldata observations, uint256 index, Vote calldata vote)
        private
        view
        returns (Witness signer, bytes32 digest)
    {
        uint256 items = observations.length;
        bool speaks = index < items && items <= MOST_ITEMS && vote.mask >> items == 0 && vote.mask >> index & 1 != 0;
        require(speaks, ItemNotInVote(index, items, vote.mask));
        Ballot ballot = Attestations.ballotOf(_domainSeparatorV4(), observations);
        address account = ballot.signerOf(vote);
        digest = ballot.digest();
        if (account == address(0)) {
            account = Attestations.approverOf(vote);
            if (!Signatures.isValidForContract(account, digest, "")) return (signer, digest);
        }
        signer = _witnessOf(account);
    }

    function _witnessOf(address account) private view returns (Witness) {
        return Witness.wrap(Memberships.lookUp(_registry, account));
    }

    function _requireIrreconcilable(Observation calldata it, Witness signer, Observation calldata other, Witness second)
        private
        view
    {
        (OrganisationId one, OrganisationId two) = (signer.organisation(), second.organisation());
        (uint256 key,, uint256 least) = Attestations.read(it);
        (uint256 otherKey,, uint256 greatest) = Attestations.read(other);
        bool same = it.subject == other.subject && key == otherKey && one == two && OrganisationId.unwrap(one) != 0;
        require(same, VotesUnrelated(it.subject, other.subject, one, two));
        if (least > greatest) (least, greatest) = (greatest, least);
        uint256 tolerance = _policies[Attestations.milestoneOf(key)].toleranceBps();
        bool differ = least != 0 && (greatest - least) * Rates.BPS > tolerance * greatest;
        require(differ, VotesReconcilable(least, greatest, tolerance));
    }

    /// @param it what the vote said
    function _withdraw(Observation calldata it, Witness signer) private {
        (uint256 key, uint256 occurredAt, uint256 quantity) = Attestations.read(it);
        (uint32 milestone, uint32 sequence) = (Attestations.milestoneOf(key), Attestations.sequenceOf(key));
        (bytes32 subjectId, OrganisationId organisation) = (it.subject, signer.organisation());
        Record storage record = _records[subjectId][key];
        (PackedTally tally, PackedPolicy its) = (record.tally, _policies[milestone]);
        Status status = tally.status();
        bool isFinal = status == Status.Final;
        require(isFinal || status == Status.Gathering, NothingToRetract(subjectId, milestone, sequence, status));
        // A final fact may rest on any vote that is eligible and lies within the figures that stand.
        bool counted = isFinal
            ? signer.roles() & its.eligibleRoles() != 0 && !signer.isOf(_subjects[subjectId].beneficiary)
                && tally.bears(occurredAt, quantity)
            : record.voters.contains(organisation);
        require(counted, VoteNotCounted(subjectId, milestone, sequence, organisation));

        uint256 withdrawals = record.withdrawn.size();
        // Where so many take back what they said, nobody's word will do.
        if (isFinal || withdrawals == OrganisationSets.MOST) {
            record.tally = tally.disputed();
            emit FactInDispute(subjectId, milestone, sequence, tally.leastQuantity(), tally.greatestQuantity());
            return;
        }
        OrganisationSet voters = record.voters.without(organisation);
        (record.voters, record.withdrawn) = (voters, record.withdrawn.with(organisation, withdrawals));
        record.tally = tally.without(_rolesOf(voters, its));
    }

    /// @return roles eligible ones that organisations have now
    function _rolesOf(OrganisationSet voters, PackedPolicy its) private view returns (uint256 roles) {
        OrganisationId[] memory all = voters.list();
        for (uint256 i = 0; i < all.length; ++i) {
            roles |= _registry.rolesOf(all[i]);
        }
        roles &= its.eligibleRoles();
    }
}
