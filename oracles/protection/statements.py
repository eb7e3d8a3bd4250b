"""What a signature commits to: a key that may have one account only, and that account. Pure; see decision 0029."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from chain_node.client import Milestone, Observation


class About(StrEnum):
    VOTE = "vote"
    READING = "reading"


@dataclass(frozen=True)
class StatementKey:
    """Of a vote: the consignment, its milestone and sequence. Of a reading: the feed, its round and policy version.

    `contract` is the oracle that would count it; `subject` 32 bytes.
    """

    about: About
    chain_id: int
    contract: str
    subject: bytes
    first: int
    second: int

    def __str__(self) -> str:
        if self.about is About.VOTE:
            # A file may come from a program that knows more milestones.
            known = self.first in Milestone.__members__.values()
            name = Milestone(self.first).name if known else f"milestone {self.first}"
            return f"{name}/{self.second} of {self.subject.hex()[:12]}…"
        return f"round {self.first} (policy {self.second}) of feed {self.subject.hex()[:12]}…"


@dataclass(frozen=True)
class Statement:
    """Of a vote, `moment` is occurredAt (Unix seconds) and `figure` the quantity (thousandths); of a reading,
    observedAt and the value in the feed's decimals. `void_after`, Unix seconds, is when a reading is too old for any
    report; None, of every vote: it binds for good."""

    key: StatementKey
    moment: int
    figure: int
    void_after: int | None = None

    @property
    def account(self) -> tuple[int, int]:
        return self.moment, self.figure

    def __str__(self) -> str:
        unit = " thousandths" if self.key.about is About.VOTE else ""
        return f"{self.figure}{unit} at {self.moment}"


@dataclass(frozen=True)
class SignedStatement:
    """A statement as the store keeps it. `signed_at`: Unix seconds, of a reading on the chain's clock."""

    statement: Statement
    signer: str
    signed_at: int


@dataclass(frozen=True)
class Objection:
    """Why a statement is not signed: `bound` is what was signed, None where the key is closed for good."""

    asked: Statement
    bound: Statement | None

    def __str__(self) -> str:
        if self.bound is None:
            return (
                f"{self.asked.key} is closed: different accounts of it were signed, so nothing more is ({self.asked})"
            )
        return f"differs from what this node has signed of {self.asked.key}: then {self.bound}, now {self.asked}"


def vote_statements(chain_id: int, oracle: str, observations: Sequence[Observation]) -> list[Statement]:
    """What a vote for all of the observations commits to, in their order."""
    return [
        Statement(
            StatementKey(About.VOTE, chain_id, oracle, o.subject, int(o.milestone), o.sequence),
            o.occurred_at,
            o.quantity,
        )
        for o in observations
    ]


def reading_statement(
    chain_id: int,
    feed_oracle: str,
    *,
    feed: bytes,
    round: int,
    version: int,
    value: int,
    at: int,
    void_after: int | None,
    late: bool = False,
) -> Statement:
    """A late reading is an account of its own moment and not of the round's value, so that is its key."""
    about = past_of(feed, at) if late else feed
    key = StatementKey(About.READING, chain_id, feed_oracle, about, round, version)
    return Statement(key, at, value, void_after)


def past_of(feed: bytes, moment: int) -> bytes:
    """What stands for one moment (Unix seconds) of a feed's past where a feed would stand."""
    return sha256(b"portolan feed past 1" + feed + moment.to_bytes(8)).digest()


def contradict(first: SignedStatement, second: SignedStatement) -> bool:
    """Whether two signatures for one key could both count: accounts differ, the first not void at the second."""
    if first.statement.account == second.statement.account:
        return False
    earlier, later = sorted((first, second), key=lambda its: its.signed_at)
    void_after = earlier.statement.void_after
    return void_after is None or later.signed_at <= void_after
