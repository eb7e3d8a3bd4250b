"""What the daemon asks of a network. `oracles.network` answers through chain_node's client, tests through a fake."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chain_node.client import (
    Call,
    Fact,
    FeedKind,
    FeedRecord,
    FeedRules,
    FeedTerms,
    Membership,
    Milestone,
    Observation,
    Policy,
    Refusal,
    Report,
    Vote,
    condition_feed,
)
from chain_node.errors import ChainError

NO_SUBJECT = bytes(32)
"""Where a consignment would stand, of prices and rates."""


@dataclass(frozen=True)
class Head:
    """The newest block; `timestamp` (Unix seconds) is the only clock for business checks."""

    number: int
    timestamp: int
    hash: bytes = b""


@dataclass(frozen=True)
class Key:
    """What a fact is about."""

    subject: bytes
    milestone: int
    sequence: int

    def __str__(self) -> str:
        return f"{Milestone(self.milestone).name}/{self.sequence} of {self.subject.hex()[:12]}…"


@dataclass(frozen=True)
class FeedKey:
    """One series of values: a price, a rate, or one condition of one consignment."""

    kind: FeedKind
    policy_id: bytes
    subject: bytes = NO_SUBJECT

    @property
    def feed(self) -> bytes:
        """As the contract names it."""
        return condition_feed(self.kind, self.subject) if self.is_condition else self.policy_id

    @property
    def is_condition(self) -> bool:
        return self.kind > FeedKind.FX

    def __str__(self) -> str:
        return f"{self.kind.name.lower()} {(self.subject if self.is_condition else self.policy_id).hex()[:12]}…"


@dataclass(frozen=True)
class ReportKey:
    """One round of one feed, as events name it."""

    policy_id: bytes
    subject: bytes
    round: int


@dataclass(frozen=True)
class SignedVote:
    """A list under one signature. Of the node's own lists the mask marks every item, of others' what it vouches for."""

    observations: Sequence[Observation]
    mask: int
    evidence: bytes
    signature: bytes
    signer: str

    def place_of(self, key: Key) -> int:
        """Where the vote speaks of a fact. Raises LookupError."""
        for place, item in enumerate(self.observations):
            if self.mask >> place & 1 and (item.subject, int(item.milestone), item.sequence) == (
                key.subject,
                int(key.milestone),
                key.sequence,
            ):
                return place
        raise LookupError(f"the vote does not speak of {key}")


@dataclass(frozen=True)
class CountedVotes:
    """Organisations whose votes on one fact a block counted. `final`: the fact had its quorum with them."""

    key: Key
    block: int
    organisations: frozenset[int]
    final: bool


@dataclass(frozen=True)
class Outcome:
    """What became of a transaction. `reverted` names the error that undid all of it; `out_of_gas` that more may help.

    `answers` has an item's refusal, NONE where its vote counted; `facts` what the transaction made of them; `reports`
    what became of a feed's round: empty where it has a new value, else why it has none; `retracted` whose votes were
    taken back.
    """

    block: int
    reverted: str = ""
    out_of_gas: bool = False
    answers: dict[Key, Refusal] | None = None
    facts: dict[Key, str] | None = None
    reports: dict[ReportKey, str] | None = None
    retracted: frozenset[Key] | None = None


@dataclass(frozen=True)
class Changes:
    """What may wake a waiting event: references newly linked, and whether policies or participants changed."""

    references: frozenset[bytes] = frozenset()
    rules: bool = False


class NodeChain(Protocol):
    """One network, connected. Any method may raise chain_node.errors.ChainError; RetryableError means later."""

    @property
    def name(self) -> str: ...
    @property
    def chain_id(self) -> int: ...
    @property
    def oracle_address(self) -> str: ...
    @property
    def feed_oracle_address(self) -> str: ...
    @property
    def switches(self) -> int:
        """How often another node of the chain was taken: what the one before had in its pool may be lost with it."""

    def head(self) -> Head: ...
    def block_hash(self, number: int) -> bytes | None:
        """None where the network has no block of that number (any more)."""

    def blocks_behind(self) -> int | None:
        """How far the node that answers is behind its network; None where it does not tell."""

    def changes(self, from_block: int, to_block: int) -> Changes: ...
    def subject_of(self, reference: bytes, block: int) -> bytes | None: ...
    def beneficiary_group(self, subject: bytes, block: int) -> int: ...
    def subjects_of(self, references: Sequence[bytes], block: int) -> Sequence[bytes | None]:
        """As `subject_of`, of many at once; so are the next two."""

    def beneficiary_groups(self, subjects: Sequence[bytes], block: int) -> Sequence[int]: ...
    def facts_of(self, keys: Sequence[Key], block: int) -> Sequence[Fact]: ...
    def tallies(self, keys: Sequence[Key], block: int) -> Sequence[tuple[Fact, Sequence[int]]]:
        """Each fact with its voters."""

    def membership(self, account: str | None, lei: str, block: int) -> Membership:
        """Of the account; of the organisation where there is no account (a dry run)."""

    def policy(self, milestone: int, block: int) -> Policy: ...
    def fact(self, key: Key, block: int) -> Fact: ...
    def voters(self, key: Key, block: int) -> Sequence[int]: ...
    def feed_policy(self, policy_id: bytes, block: int) -> tuple[FeedRules, FeedTerms]:
        """A version of 0 where there is none."""

    def feed_record(self, key: FeedKey, block: int) -> FeedRecord: ...
    def feed_period(self, key: FeedKey, block: int) -> int:
        """When what is remembered of a condition begins, Unix seconds; 0 where its range is not watched."""

    def past_counted(self, key: FeedKey, round: int, from_block: int, to_block: int) -> frozenset[int]:
        """Organisations whose readings were counted for the feed's past while that round was the next."""

    def counted_in(self, key: FeedKey, round: int, from_block: int, to_block: int) -> frozenset[int] | None:
        """Organisations whose readings made that round's value; None where these blocks do not tell."""

    def nonce(self, account: str) -> int:
        """Number of the account's transactions up to the newest block."""

    def votes(self, from_block: int, to_block: int) -> Sequence[CountedVotes]:
        """Votes on facts that these blocks counted, whoever sent them."""

    def attest(self, observations: Sequence[Observation], votes: Sequence[Vote]) -> Call: ...
    def retract(self, vote: SignedVote, place: int, evidence: bytes) -> Call:
        """Takes back what stands at `place` of the vote; by an account of the organisation that gave it."""

    def report(self, report: Report) -> Call: ...
    def would_hold(self, report: Report, account: str) -> bool:
        """Whether the feed would have a new value if the account sent the report now."""

    def gas(self, account: str, call: Call) -> int:
        """What the call takes on the newest state, without any margin."""

    def gas_of(self, account: str, calls: Sequence[Call]) -> Sequence[int | ChainError]:
        """As `gas`, of many at once; in the place of each that was refused its error."""

    def send(self, raw: bytes) -> None: ...
    def outcome(self, transaction_hash: bytes) -> Outcome | None:
        """None while it is in no block."""

    def outcomes(self, transaction_hashes: Sequence[bytes]) -> Iterable[Outcome | None]:
        """As `outcome`, of many; few are held at a time where they are taken one by one."""

    def close(self) -> None: ...
