"""What the daemon asks of a network. `oracles.network` answers through chain_node's client, tests through a fake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chain_node.client import Call, Fact, Membership, Milestone, Observation, Policy, Refusal


@dataclass(frozen=True)
class Head:
    """The newest block; `timestamp` (Unix seconds) is the only clock for business checks."""

    number: int
    timestamp: int


@dataclass(frozen=True)
class Key:
    """What a fact is about."""

    subject: bytes
    milestone: int
    sequence: int

    def __str__(self) -> str:
        return f"{Milestone(self.milestone).name}/{self.sequence} of {self.subject.hex()[:12]}…"


@dataclass(frozen=True)
class SignedVote:
    """A whole batch under one signature; the mask marks every item of it."""

    observations: Sequence[Observation]
    mask: int
    evidence: bytes
    signature: bytes
    signer: str


@dataclass(frozen=True)
class Outcome:
    """What became of a transaction. `reverted` names the error that undid all of it; `out_of_gas` that more may help.

    `answers` has an item's refusal, NONE where its vote counted; `facts` what the transaction made of them.
    """

    block: int
    reverted: str = ""
    out_of_gas: bool = False
    answers: dict[Key, Refusal] | None = None
    facts: dict[Key, str] | None = None


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
    def head(self) -> Head: ...
    def changes(self, from_block: int, to_block: int) -> Changes: ...
    def subject_of(self, reference: bytes, block: int) -> bytes | None: ...
    def beneficiary_group(self, subject: bytes, block: int) -> int: ...
    def membership(self, account: str | None, lei: str, block: int) -> Membership:
        """Of the account; of the organisation where there is no account (a dry run)."""

    def policy(self, milestone: int, block: int) -> Policy: ...
    def fact(self, key: Key, block: int) -> Fact: ...
    def voters(self, key: Key, block: int) -> Sequence[int]: ...
    def nonce(self, account: str) -> int:
        """Number of the account's transactions up to the newest block."""

    def attest(self, vote: SignedVote) -> Call: ...
    def gas(self, account: str, call: Call) -> int:
        """What the call takes on the newest state, without any margin."""

    def send(self, raw: bytes) -> None: ...
    def outcome(self, transaction_hash: bytes) -> Outcome | None:
        """None while it is in no block."""

    def close(self) -> None: ...
