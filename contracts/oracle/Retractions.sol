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
        _requireIrreconcilable(it, signer.organisation(), second[otherIndex], other.organisation());
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
            if (!Signatures.isValidForContract(account, digest, "")) account = address(0);
        }
        signer = _witnessOf(account);
    }

    function _witnessOf(address account) private view returns (Witness) {
        return Witness.wrap(Memberships.lookUp(_registry, account));
    }

    function _requireIrreconcilable(
        Observation calldata it,
        OrganisationId organisation,
        Observation calldata other,
        OrganisationId otherOrganisation
    ) private view {
        bool same = it.subject == other.subject && it.milestone == other.milestone && it.sequence == other.sequence
            && organisation == otherOrganisation && OrganisationId.unwrap(organisation) != 0;
        require(same, VotesUnrelated(it.subject, other.subject, organisation, otherOrganisation));
        (uint256 least, uint256 greatest) = (it.quantity, other.quantity);
        if (least > greatest) (least, greatest) = (greatest, least);
        uint256 tolerance = _policies[it.milestone].toleranceBps();
        bool differ = least != 0 && (greatest - least) * Rates.BPS > tolerance * greatest;
        // The cast is safe: a share of 10,000.
        require(differ, VotesReconcilable(it.quantity, other.quantity, uint16(tolerance)));
    }

    /// @param it what the vote said
    function _withdraw(Observation calldata it, Witness signer) private {
        Record storage record = _recordOf(it.subject, it.milestone, it.sequence);
        PackedTally tally = record.tally;
        Status status = tally.status();
        bool stands = status == Status.Gathering || status == Status.Final;
        require(stands, NothingToRetract(it.subject, it.milestone, it.sequence, status));
        bool counted =
            status == Status.Final ? _couldRest(tally, it, signer) : record.voters.contains(signer.organisation());
        require(counted, VoteNotCounted(it.subject, it.milestone, it.sequence, signer.organisation()));

        uint256 withdrawals = record.withdrawn.size();
        // Where so many take back what they said, nobody's word will do.
        if (status == Status.Final || withdrawals == OrganisationSets.MOST) {
            record.tally = tally.disputed();
            emit FactInDispute(it.subject, it.milestone, it.sequence, tally.leastQuantity(), tally.greatestQuantity());
            return;
        }
        OrganisationSet voters = record.voters.without(signer.organisation());
        record.voters = voters;
        record.withdrawn = record.withdrawn.with(signer.organisation(), withdrawals);
        record.tally = tally.without(_rolesOf(voters, _policies[it.milestone]));
    }

    /// @return whether a final fact can rest on the vote: an eligible one, within the figures that stand
    function _couldRest(PackedTally tally, Observation calldata it, Witness signer) private view returns (bool) {
        bool eligible = signer.roles() & _policies[it.milestone].eligibleRoles() != 0;
        bool independent = !signer.isOf(_subjects[it.subject].beneficiary);
        bool agrees = it.occurredAt <= tally.occurredAt()
            && (it.quantity == 0 || (it.quantity >= tally.leastQuantity() && it.quantity <= tally.greatestQuantity()));
        return eligible && independent && agrees;
    }

    /// @return roles eligible ones that organisations have now
    function _rolesOf(OrganisationSet voters, PackedPolicy its) private view returns (uint256 roles) {
        OrganisationId[] memory all = voters.list();
        for (uint256 i = 0; i < all.length; ++i) {
            roles |= _registry.organisation(all[i]).roles;
        }
        roles &= its.eligibleRoles();
    }
}
