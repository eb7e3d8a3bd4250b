"""MilestoneOracle: what independent organisations report, and the facts that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from eth_typing import ChecksumAddress

from chain_node.client.attestation import Observation, Vote
from chain_node.client.contract import Contract
from chain_node.client.values import BlockTag, Call
from chain_node.vocabulary import FactStatus


@dataclass(frozen=True)
class Policy:
    """When a milestone stands. Roles are bits of `Role`; a threshold of 0 means that there is no policy."""

    threshold: int
    eligible_roles: int
    required_roles: int
    tolerance_bps: int
    max_age_seconds: int
    clock_skew_seconds: int
    dispute_window_seconds: int


@dataclass(frozen=True)
class Fact:
    """A tally. Quantities in thousandths, times in Unix seconds, `final_at` 0 before the quorum."""

    least_quantity: int
    greatest_quantity: int
    occurred_at: int
    final_at: int
    roles_seen: int
    count: int
    status: FactStatus


@dataclass(frozen=True)
class Subject:
    """A consignment. `beneficiary` is 0 where it has not been opened; `consumer` is told of its facts before any other,
    `tag` is a number of the consumer's own, and where it `is_shared` others are told after it."""

    beneficiary: int
    consumer: ChecksumAddress
    tag: int
    is_shared: bool


def organisations_in(packed: int, count: int) -> list[int]:
    """The first `count` organisations of an OrganisationSet: 24 bits each, from the lowest up."""
    return [packed >> 24 * place & 0xFFFFFF for place in range(count)]


class Milestones(Contract):
    interface_name = "MilestoneOracle"

    def set_policy(self, milestone: int, policy: Policy) -> Call:
        return self.call("setPolicy", int(milestone), astuple(policy))

    def list_consumer(self, consumer: str, listed: bool) -> Call:
        return self.call("listConsumer", consumer, listed)

    def open_subject(self, subject: bytes, references: Sequence[bytes]) -> Call:
        """Opens a consignment for facts; the caller's group is its beneficiary. Suppliers only."""
        return self.call("openSubject", subject, list(references))

    def link_references(self, subject: bytes, references: Sequence[bytes]) -> Call:
        return self.call("linkReferences", subject, list(references))

    def watch(self, subject: bytes, tag: int) -> Call:
        """Has the calling contract told of the subject's facts, with this number of its own, which is not 0."""
        return self.call("watch", subject, tag)

    def unwatch(self, subject: bytes) -> Call:
        return self.call("unwatch", subject)

    def attest(self, observations: Sequence[Observation], votes: Sequence[Vote]) -> Call:
        """Records votes; anyone may relay them."""
        return self.call("attest", [o.packed() for o in observations], [vote.packed() for vote in votes])

    def retract(self, observations: Sequence[Observation], index: int, vote: Vote, evidence: bytes) -> Call:
        """Takes a vote back, by an account of the organisation that gave it. `evidence` is of the correction."""
        return self.call("retract", [o.packed() for o in observations], index, vote.packed(), evidence)

    def prove_equivocation(
        self,
        first: Sequence[Observation],
        index: int,
        vote: Vote,
        second: Sequence[Observation],
        other_index: int,
        other_vote: Vote,
    ) -> Call:
        """Shows that an organisation has given two accounts of one fact; `vote` is the one that was counted."""
        lists = [[o.packed() for o in observations] for observations in (first, second)]
        return self.call(
            "proveEquivocation", lists[0], index, vote.packed(), lists[1], other_index, other_vote.packed()
        )

    def policy(self, milestone: int, block: BlockTag = "latest") -> Policy:
        return self._struct(Policy, "policy", int(milestone), block=block)

    def subject_of(self, reference: bytes, block: BlockTag = "latest") -> bytes:
        """The consignment that a keyed reference belongs to; 32 zero bytes where it belongs to none."""
        return bytes(self.read("subjectOf", reference, block=block)[0])

    def subjects_of(self, references: Sequence[bytes], block: BlockTag = "latest") -> list[bytes]:
        """As `subject_of`, of many at once."""
        return [bytes(found) for (found,) in self.read_many("subjectOf", [(its,) for its in references], block)]

    def subjects(self, ids: Sequence[bytes], block: BlockTag = "latest") -> list[Subject]:
        """As `subject`, of many at once."""
        return [Subject(*fields.values()) for (fields,) in self.read_many("subject", [(id,) for id in ids], block)]

    def facts(self, keys: Sequence[tuple[bytes, int, int]], block: BlockTag = "latest") -> list[Fact]:
        """Of many subjects, milestones and sequences at once, as `fact`."""
        return [Fact(*fields.values()) for (fields,) in self.read_many("fact", keys, block)]

    def voters_of_many(self, keys: Sequence[tuple[bytes, int, int]], block: BlockTag = "latest") -> list[list[int]]:
        """As `voters_of`, of many at once."""
        return [list(voters) for (voters,) in self.read_many("votersOf", keys, block)]

    def subject(self, id: bytes, block: BlockTag = "latest") -> Subject:
        return self._struct(Subject, "subject", id, block=block)

    def tag_of(self, subject: bytes, consumer: str, block: BlockTag = "latest") -> int:
        """The number that a contract gave when it began to watch the subject; 0 where it does not."""
        return int(self.read("tagOf", subject, consumer, block=block)[0])

    def fact(self, subject: bytes, milestone: int, sequence: int, block: BlockTag = "latest") -> Fact:
        return self._struct(Fact, "fact", subject, int(milestone), sequence, block=block)

    def usable_fact(
        self, subject: bytes, milestone: int, sequence: int, block: BlockTag = "latest"
    ) -> tuple[bool, int]:
        """Whether it is final, undisputed and past its window; and the least quantity, thousandths."""
        usable, quantity = self.read("usableFact", subject, int(milestone), sequence, block=block)
        return bool(usable), int(quantity)

    def voters_of(self, subject: bytes, milestone: int, sequence: int, block: BlockTag = "latest") -> list[int]:
        """Indexes of the organisations that have voted."""
        return list(self.read("votersOf", subject, int(milestone), sequence, block=block)[0])

    def attestation_digest(
        self, observations: Sequence[Observation], mask: int, evidence: bytes, block: BlockTag = "latest"
    ) -> bytes:
        rows = [o.packed() for o in observations]
        return bytes(self.read("attestationDigest", rows, mask, evidence, block=block)[0])
