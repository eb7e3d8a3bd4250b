"""Entries of the ceremony's log: what one member says, signed, each bound to all that was said before it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from eth_account.signers.local import LocalAccount
from pydantic import Field

from chain_node.config import Lei
from chain_node.networks.cards import Plain
from chain_node.networks.changes import Change
from chain_node.networks.documents import Document, digest, pretty
from chain_node.networks.signatures import require_signature, sign
from chain_node.networks.terms import Hash, Name

_PURPOSE: Final = "ceremony entry"
Number = Annotated[int, Field(ge=1, le=1_000_000)]


class Propose(Document):
    """Proposes a change; a voter that proposes agrees. The entry's number is the proposal's."""

    kind: Literal["propose"] = "propose"
    change: Change
    why: Plain


class Answer(Document):
    """A voter agrees to a proposal, or does not. It may change its mind until the proposal is closed."""

    kind: Literal["approve", "reject"]
    proposal: Number


class Done(Document):
    """A member says that its nodes follow a decided change."""

    kind: Literal["done"] = "done"
    proposal: Number


class EntryBody(Document):
    """`previous` is the hash of the entry before, or of the network's beginning; `at` is for people."""

    network: Name
    number: Number
    previous: Hash
    author: Lei
    at: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]
    action: Annotated[Propose | Answer | Done, Field(discriminator="kind")]


class Entry(Document):
    body: EntryBody
    signature: str

    @property
    def hash(self) -> str:
        return digest(self.model_dump(mode="json"))

    def require_signed(self, where: object, key: str) -> None:
        require_signature(where, _PURPOSE, self.body.canonical(), self.signature, key)


class Log(Document):
    """ceremony.json. `beginning` is the hash of terms and first cards."""

    format: Literal["portolan-ceremony-1"] = "portolan-ceremony-1"
    network: Name
    beginning: Hash
    entries: tuple[Entry, ...]

    def file(self) -> bytes:
        return pretty(self.model_dump(mode="json"))


def sign_entry(body: EntryBody, key: LocalAccount) -> Entry:
    return Entry(body=body, signature=sign(key, _PURPOSE, body.canonical()))
