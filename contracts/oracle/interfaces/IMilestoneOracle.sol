// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationSet} from "../../libraries/OrganisationSet.sol";
import {GroupId, OrganisationId} from "../../types/Ids.sol";

/// @title Turns what independent organisations report into facts. Reports carry facts only: who is paid, and how much,
/// comes from the state of the contracts that read them.
interface IMilestoneOracle {
    enum Status {
        None,
        Gathering,
        Final,
        Disputed
    }

    /// @notice A bound that several parties can share although their papers differ: it happened, no later than this,
    /// with at least this quantity.
    /// @param subject the consignment: HMAC-SHA256 of its canonical reference under the network's key
    /// @param sequence number of the partial delivery, from 1
    /// @param occurredAt Unix seconds
    /// @param quantity thousandths of the consignment's unit; 0 where the witness cannot measure it
    struct Observation {
        bytes32 subject;
        uint32 milestone;
        uint32 sequence;
        uint64 occurredAt;
        uint64 quantity;
    }

    /// @notice What one signer vouches for. Whose key signed is found from the signature, so that nobody is named who has not
    /// signed; a signer that is a contract (ERC-1271) is named, and asked for a digest that it has approved.
    /// @param mask bit i set: the signer's own papers support observation i
    /// @param evidence root of the signer's own evidence (CBV 2.0 event hash, SHA-256 of a document)
    /// @param r with `vs`, the signature in its compact form (ERC-2098); 0 for a contract
    /// @param vs of a contract, its address
    struct Vote {
        uint256 mask;
        bytes32 evidence;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice When a milestone stands.
    /// @param threshold distinct organisations that must agree, 1 to 10
    /// @param eligibleRoles oracle roles that may witness it
    /// @param requiredRoles oracle roles that must each be among the witnesses
    /// @param toleranceBps how far measured quantities may lie apart, as a share of the greatest
    /// @param maxAgeSeconds oldest event that still counts, measured at the vote
    /// @param clockSkewSeconds how far ahead of the block's time an event may lie
    /// @param disputeWindowSeconds how long a final fact waits before it may move money
    struct Policy {
        uint8 threshold;
        uint8 eligibleRoles;
        uint8 requiredRoles;
        uint16 toleranceBps;
        uint32 maxAgeSeconds;
        uint32 clockSkewSeconds;
        uint32 disputeWindowSeconds;
    }

    /// @notice What has been reported. An unmeasured report (quantity 0) bears witness that the event happened and says
    /// nothing of how much: it never widens, lowers or raises the quantities. A fact's quantity can be relied on only
    /// when as many organisations as the policy's threshold have each measured it; one figure beside unmeasured reports
    /// is one witness, not a quorum. Until then the quantity of a final fact is 0 and measured steps lend nothing.
    /// @param leastQuantity least measured; of a final fact, what may be relied on: 0 until enough have measured
    /// @param greatestQuantity greatest measured; tolerance holds between the extremes
    /// @param occurredAt the latest moment reported
    /// @param finalAt block time at which the quorum was reached; 0 before
    /// @param rolesSeen oracle roles among the witnesses
    struct Fact {
        uint64 leastQuantity;
        uint64 greatestQuantity;
        uint40 occurredAt;
        uint40 finalAt;
        uint8 rolesSeen;
        uint8 count;
        Status status;
    }

    /// @param beneficiary group that gains from the facts of this consignment; its votes never count
    /// @param consumer contract that is told of new facts before any other; zero for none
    /// @param tag number of the consumer's own that comes with each of them, so that it need not look up whose they are
    /// @param isShared others are told after it
    struct Subject {
        GroupId beneficiary;
        address consumer;
        uint64 tag;
        bool isShared;
    }

    /// @notice Why a vote did not count.
    enum Refusal {
        None,
        SignatureInvalid,
        SignerNotAdmitted,
        SubjectUnknown,
        MilestoneUnknown,
        SequenceZero,
        RoleNotEligible,
        AffiliateOfBeneficiary,
        AlreadyVoted,
        AlreadyFinal,
        FactDisputed,
        TooOld,
        InFuture,
        MaskInvalid,
        QuantityOutOfRange,
        QuantityIrreconcilable,
        TallyFull,
        VoteWithdrawn
    }

    /// @notice Votes from now on are counted under this policy.
    event PolicySet(uint32 indexed milestone, Policy policy);
    /// @param listed whether the contract may watch subjects
    event ConsumerListed(address indexed consumer, bool listed);
    /// @notice A consignment takes votes from now on.
    /// @param beneficiary group of the account that opened it
    event SubjectOpened(bytes32 indexed subject, GroupId indexed beneficiary, address indexed by);
    /// @param tradeReference HMAC-SHA256 of a trade reference under the network's key
    event ReferenceLinked(bytes32 indexed tradeReference, bytes32 indexed subject);
    /// @param consumer contract that is told of the subject's facts from now on, or no longer
    /// @param tag number of the consumer's own; 0 where it has given the subject free
    event SubjectWatched(bytes32 indexed subject, address indexed consumer, uint64 tag);
    /// @notice The reports of these organisations count towards the fact, in this order; see `FactFinal`.
    /// @param occurredAt as they report it, Unix seconds
    /// @param quantity as they report it, thousandths; 0 where it was not measured
    /// @param reliedQuantity thousandths that may be relied on; 0 until enough have measured
    /// @param organisations their numbers, 24 bits each from the lowest up
    /// @param evidence what each of them has, in the same order
    event VotesCounted(
        bytes32 indexed subject,
        uint32 indexed milestone,
        uint32 sequence,
        uint64 occurredAt,
        uint64 quantity,
        uint64 reliedQuantity,
        OrganisationSet organisations,
        bytes32[] evidence
    );
    /// @notice With the reports of these organisations enough agree that it happened. In place of `VotesCounted` for the
    /// votes that complete the quorum, with the same fields.
    event FactFinal(
        bytes32 indexed subject,
        uint32 indexed milestone,
        uint32 sequence,
        uint64 occurredAt,
        uint64 quantity,
        uint64 reliedQuantity,
        OrganisationSet organisations,
        bytes32[] evidence
    );
    /// @notice A vote did not count, for this reason; nothing else in its batch is touched.
    /// @param signer whose key has signed, or the contract that is named, which may know nothing of it; 0 where the
    /// signature is none. A vote for another list than this one seems signed by somebody unknown
    event VoteRefused(
        bytes32 indexed subject, uint32 indexed milestone, uint32 sequence, address indexed signer, Refusal reason
    );
    /// @notice A final fact that some had not measured now has a quantity that may be relied on.
    /// @param quantity thousandths
    /// @param measuredBy organisations that have each measured it
    event FactMeasured(
        bytes32 indexed subject, uint32 indexed milestone, uint32 sequence, uint64 quantity, uint8 measuredBy
    );
    /// @notice Witnesses differ by more than the tolerance; the fact moves no money. Quantities in thousandths.
    event FactInDispute(
        bytes32 indexed subject,
        uint32 indexed milestone,
        uint32 sequence,
        uint64 leastQuantity,
        uint64 greatestQuantity
    );
    /// @notice An organisation no longer stands by its vote. While votes were gathered it is gone, and the organisation has
    /// no other on this fact; a final fact is in dispute from here on.
    /// @param evidence of the correction, as in `Vote`
    event VoteRetracted(
        bytes32 indexed subject,
        uint32 indexed milestone,
        uint32 sequence,
        OrganisationId indexed organisation,
        bytes32 evidence
    );
    /// @notice An organisation has signed two accounts of one fact that the tolerance does not reconcile: neither counts, as
    /// if it had retracted.
    /// @param first digest of the one vote (EIP-712)
    /// @param second digest of the other
    event Equivocated(
        bytes32 indexed subject,
        uint32 indexed milestone,
        uint32 sequence,
        OrganisationId indexed organisation,
        bytes32 first,
        bytes32 second
    );
    /// @notice The consumer did not take the hint; anyone may poke it.
    event ConsumerFailed(bytes32 indexed subject, uint32 indexed milestone, uint32 sequence, address indexed consumer);

    /// @notice The consignment is already open.
    error SubjectExists(bytes32 subject);
    /// @notice The consignment has not been opened.
    error SubjectUnopened(bytes32 subject);
    /// @notice The consignment's id is zero.
    error SubjectZero();
    /// @notice The calling contract, `consumer`, watches the consignment already.
    error SubjectAlreadyWatched(bytes32 subject, address consumer);
    /// @notice `most` contracts watch the consignment already.
    error TooManyConsumers(bytes32 subject, uint256 most);
    /// @notice A consumer's number is not 0, which stands for none.
    error TagZero(bytes32 subject);
    /// @notice The reference already belongs to `subject`.
    error ReferenceTaken(bytes32 tradeReference, bytes32 subject);
    /// @notice The caller's group is not the one that opened the consignment.
    error NotBeneficiary(bytes32 subject, GroupId caller, GroupId beneficiary);
    /// @notice The calling contract may not watch consignments.
    error NotListedConsumer(address caller);
    /// @notice A field is out of its range (see `Policy`; window at most 90 days, skew at most a day), or a required
    /// role is not eligible, or the milestone is none that can be attested.
    error PolicyInvalid(uint32 milestone, Policy policy);
    /// @notice There are no observations or no votes, or more than `most` of either.
    error BatchSizeWrong(uint256 observations, uint256 votes, uint256 most);
    /// @notice The caller does not watch the consignment.
    error NotConsumerOf(bytes32 subject, address caller);
    /// @notice There is no contract at the address to be listed.
    error ConsumerHasNoCode(address consumer);
    /// @notice One of the references given for the consignment is zero.
    error ReferenceZero(bytes32 subject);
    /// @notice More than `most` references are given in one call.
    error TooManyReferences(bytes32 subject, uint256 references, uint256 most);

    /// @notice The vote does not speak for the item: it is none of the list, or its bit is not in the mask.
    error ItemNotInVote(uint256 index, uint256 items, uint256 mask);
    /// @notice Who retracts is not of the organisation whose vote it is; `signer` is 0 where the signature is nobody's.
    error VoteOfOther(OrganisationId caller, OrganisationId signer);
    /// @notice There is no fact of which votes are gathered, or that is final: none, or one in dispute already.
    error NothingToRetract(bytes32 subject, uint32 milestone, uint32 sequence, Status status);
    /// @notice The organisation's vote is not among those that the fact rests on.
    error VoteNotCounted(bytes32 subject, uint32 milestone, uint32 sequence, OrganisationId organisation);
    /// @notice The two votes are not about one fact, or not of one organisation (0: of nobody known).
    error VotesUnrelated(bytes32 subject, bytes32 other, OrganisationId organisation, OrganisationId otherOrganisation);
    /// @notice The two votes agree: the quantities, thousandths, lie within the tolerance, or one of them was not measured.
    error VotesReconcilable(uint64 quantity, uint64 other, uint16 toleranceBps);

    /// @notice Sets when a milestone stands. Governor only. Votes already counted stay, and so do final facts with the
    /// dispute window that they became final under.
    /// @param milestone one of `Milestones`, not ACCEPTED
    function setPolicy(uint32 milestone, Policy calldata policy) external;

    /// @notice Admits a contract that may watch subjects. Governor only.
    /// @param listed false takes the admission back
    function listConsumer(address consumer, bool listed) external;

    /// @notice Opens a consignment for facts, before any vote; the caller's group is its beneficiary. Suppliers only.
    /// @param references keyed references by which the nodes find the subject from their own papers
    function openSubject(bytes32 subject, bytes32[] calldata references) external;

    /// @notice Adds references to an open subject. The beneficiary's group only.
    function linkReferences(bytes32 subject, bytes32[] calldata references) external;

    /// @notice Has the calling consumer told of this subject's facts, after those that began before it. Up to four
    /// consumers a subject, each once: what one of them does for the same goods it cannot do twice at a time.
    /// @param tag number of the caller's own, handed to it with each fact; not 0
    /// @return beneficiary the group that has opened it
    function watch(bytes32 subject, uint64 tag) external returns (GroupId beneficiary);

    /// @notice Gives a watched subject free again; those that began after the caller move up. Its consumers only.
    function unwatch(bytes32 subject) external;

    /// @notice Records votes; anyone may relay them. Every item is checked on its own: a bad one is reported by
    /// `VoteRefused` and neither reverts nor carries the rest. Facts that reach their quorum are handed to their
    /// consumers in this call, in the order in which these began to watch, each with the same fixed gas; `GasTooLow`
    /// where that much is not left: nothing is recorded then, send more.
    /// A mask that is empty, or has bits beyond the list, is refused whole: its signer meant another list.
    /// A final fact takes no more votes, save measured ones of organisations that have not voted: those that complete a
    /// quantity which too few had measured, and, within the dispute window, those that dissent and so dispute the fact.
    /// @param observations 1 to 64 items
    /// @param votes 1 to 64, each over the whole list
    function attest(Observation[] calldata observations, Vote[] calldata votes) external;

    /// @notice Takes a vote back, because what it said is corrected. While votes are gathered the vote is gone and others
    /// may complete the fact; a final fact is in dispute from then on: nothing more is paid or lent on it, nothing that was
    /// is taken back. There is no way to retract a retraction: the corrected event is a sequence of its own. By any account
    /// of the organisation.
    /// @dev Who made a fact final is not kept, so the vote is shown; one that came too late counts like one that was
    /// counted: it too was given for this fact.
    /// @param observations the list that was voted on
    /// @param index of the item in the list
    /// @param vote the organisation's own
    /// @param evidence of the correction, as in `Vote`
    function retract(Observation[] calldata observations, uint256 index, Vote calldata vote, bytes32 evidence) external;

    /// @notice Shows that an organisation has given two accounts of one fact, measured, that the policy's tolerance does
    /// not reconcile. What `retract` does is done then. By anyone.
    /// @param first a list that the organisation has voted on
    /// @param index of the item in the first list
    /// @param vote on the first list: the one that was counted
    /// @param second another such list
    /// @param otherIndex of the item in the second list
    /// @param otherVote on the second list
    function proveEquivocation(
        Observation[] calldata first,
        uint256 index,
        Vote calldata vote,
        Observation[] calldata second,
        uint256 otherIndex,
        Vote calldata otherVote
    ) external;

    /// @return the milestone's policy; all zero where none is set, and nothing can be attested
    function policy(uint32 milestone) external view returns (Policy memory);
    /// @return the consignment that a keyed reference belongs to; zero for none
    function subjectOf(bytes32 tradeReference) external view returns (bytes32);
    /// @return who gains from the consignment's facts and who is told of them; all zero where it has not been opened
    function subject(bytes32 id) external view returns (Subject memory);
    /// @return the number that a consumer gave when it began to watch the consignment; 0 where it does not
    function tagOf(bytes32 subject, address consumer) external view returns (uint64);
    /// @return what has been reported of the milestone, quantities in thousandths, times in Unix seconds
    function fact(bytes32 subjectId, uint32 milestone, uint32 sequence) external view returns (Fact memory);
    /// @return usable final, undisputed and past its dispute window
    /// @return quantity the least quantity reported, thousandths
    function usableFact(bytes32 subjectId, uint32 milestone, uint32 sequence)
        external
        view
        returns (bool usable, uint64 quantity);
    /// @notice What may be relied on at this moment, for contracts that lend on it.
    /// @return status Final only where the fact may be used now: a final fact still in its dispute window reads as
    /// Gathering
    /// @return quantity thousandths that can be relied on; 0 unless the status is Final
    function standing(bytes32 subject, uint32 milestone, uint32 sequence)
        external
        view
        returns (Status status, uint64 quantity);
    /// @notice The same of the first delivery for a whole ladder of milestones, in one call.
    /// @param milestones up to four numbers of 16 bits, the furthest in the lowest bits; 0 ends
    /// @return index the first of them whose fact is Final or Disputed; 4 where there is none
    /// @return status Final only where the fact may be used now; None where there is none
    /// @return quantity thousandths that can be relied on; 0 unless the status is Final
    function furthest(bytes32 subject, uint256 milestones)
        external
        view
        returns (uint256 index, Status status, uint64 quantity);
    /// @return the organisations that have voted, kept only while more votes may come; the events name them for good
    function votersOf(bytes32 subjectId, uint32 milestone, uint32 sequence)
        external
        view
        returns (OrganisationId[] memory);
    /// @return the EIP-712 digest that a witness signs
    function attestationDigest(Observation[] calldata observations, uint256 mask, bytes32 evidence)
        external
        view
        returns (bytes32);
}
