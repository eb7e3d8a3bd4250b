"""The file in which statements move between machines: JSON, whole or refused. README.md describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from oracles.keys.files import write_secret
from oracles.protection.errors import ProtectionFileRefused
from oracles.protection.places import Place
from oracles.protection.statements import About, SignedStatement, Statement, StatementKey
from oracles.protection.store import ProtectionStore

FORMAT: Final = "portolan-protection"
VERSION: Final = 1
MOST_BYTES: Final = 1024**3
DIGEST: Final = "digest"

Count = Annotated[int, Field(ge=0, lt=2**63)]
Word = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class VoteKeyEntry(_Entry):
    subject: Word
    milestone: Count
    sequence: Count

    def key(self, place: Place) -> StatementKey:
        return StatementKey(
            About.VOTE, place.chain_id, place.oracle, _bytes(self.subject), self.milestone, self.sequence
        )


class VoteEntry(VoteKeyEntry):
    occurredAt: Count  # noqa: N815
    quantity: Count
    signer: Address
    signedAt: Count  # noqa: N815


class ReadingKeyEntry(_Entry):
    feed: Word
    round: Count
    version: Count

    def key(self, place: Place) -> StatementKey:
        return StatementKey(
            About.READING, place.chain_id, place.feed_oracle, _bytes(self.feed), self.round, self.version
        )


class ReadingEntry(ReadingKeyEntry):
    value: Annotated[str, Field(pattern=r"^(0|-?[1-9][0-9]{0,77})$")]
    observedAt: Count  # noqa: N815
    voidAfter: Count | None  # noqa: N815
    signer: Address
    signedAt: Count  # noqa: N815


class NetworkEntry(_Entry):
    name: str
    chainId: Count  # noqa: N815
    milestoneOracle: Address  # noqa: N815
    feedOracle: Address  # noqa: N815


class ClosedEntry(_Entry):
    votes: list[VoteKeyEntry]
    readings: list[ReadingKeyEntry]


class ProtectionFile(_Entry):
    format: Literal["portolan-protection"]
    version: Literal[1]
    exportedAt: str  # noqa: N815
    network: NetworkEntry
    votes: list[VoteEntry]
    readings: list[ReadingEntry]
    closed: ClosedEntry
    digest: str

    def signed(self, place: Place) -> Iterable[SignedStatement]:
        for vote in self.votes:
            statement = Statement(vote.key(place), vote.occurredAt, vote.quantity)
            yield SignedStatement(statement, vote.signer, vote.signedAt)
        for its in self.readings:
            statement = Statement(its.key(place), its.observedAt, int(its.value), its.voidAfter)
            yield SignedStatement(statement, its.signer, its.signedAt)

    def closed_keys(self, place: Place) -> list[StatementKey]:
        votes = [its.key(place) for its in self.closed.votes]
        return votes + [its.key(place) for its in self.closed.readings]


def write_export(store: ProtectionStore, place: Place, path: Path) -> int:
    """A new file, for its owner alone, with all that was signed on the network. Returns the number of statements.

    Raises FileExistsError: an export is never overwritten.
    """
    votes, readings = list[dict[str, Any]](), list[dict[str, Any]]()
    for its in store.signed():
        if _is_of(its.statement.key, place):
            (votes if its.statement.key.about is About.VOTE else readings).append(_entry(its))
    closed = [key for key in store.closed() if _is_of(key, place)]
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "exportedAt": datetime.now(UTC).isoformat(timespec="seconds"),
        "network": {
            "name": place.network,
            "chainId": place.chain_id,
            "milestoneOracle": place.oracle,
            "feedOracle": place.feed_oracle,
        },
        "votes": votes,
        "readings": readings,
        "closed": {
            "votes": [_key_entry(key) for key in closed if key.about is About.VOTE],
            "readings": [_key_entry(key) for key in closed if key.about is About.READING],
        },
    }
    write_secret(path, json.dumps(content | {DIGEST: digest_of(content)}, indent=1) + "\n")
    return len(votes) + len(readings)


def read_export(path: Path, place: Place) -> ProtectionFile:
    """The file, if it is whole and of this network. Raises ProtectionFileRefused."""
    content = _json_in(path)
    try:
        found = ProtectionFile.model_validate(content)
    except ValidationError as error:
        detail = error.errors()[0]
        where = ".".join(str(part) for part in detail["loc"])
        raise ProtectionFileRefused(
            path, f"is no protection file of version {VERSION}: {where}: {detail['msg']}"
        ) from None
    if digest_of(content) != found.digest:
        raise ProtectionFileRefused(path, "was changed, or is not whole: its digest is another; nothing was taken in")
    network = found.network
    named = (network.chainId, network.milestoneOracle.lower(), network.feedOracle.lower())
    if named != (place.chain_id, place.oracle.lower(), place.feed_oracle.lower()):
        theirs = Place(network.name, network.chainId, network.milestoneOracle, network.feedOracle)
        raise ProtectionFileRefused(path, f"is of {theirs}, this node of {place}; nothing was taken in")
    return found


def digest_of(content: dict[str, Any]) -> str:
    """Of the file without its digest, in the one form that does not depend on how it is laid out. It shows damage and
    careless edits; it is no signature."""
    rest = {name: value for name, value in content.items() if name != DIGEST}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return f"sha256:{sha256(text.encode()).hexdigest()}"


def _json_in(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ProtectionFileRefused(path, f"is longer than {MOST_BYTES} bytes")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ProtectionFileRefused(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError):
        raise ProtectionFileRefused(path, "is not whole: it is no JSON; nothing was taken in") from None
    if not isinstance(content, dict):
        raise ProtectionFileRefused(path, "is no protection file; nothing was taken in")
    return content


def _entry(its: SignedStatement) -> dict[str, Any]:
    statement, entry = its.statement, _key_entry(its.statement.key)
    if statement.key.about is About.VOTE:
        entry |= {"occurredAt": statement.moment, "quantity": statement.figure}
    else:
        # As text: a value may have more digits than JSON's readers keep.
        entry |= {"value": str(statement.figure), "observedAt": statement.moment, "voidAfter": statement.void_after}
    return entry | {"signer": its.signer, "signedAt": its.signed_at}


def _key_entry(key: StatementKey) -> dict[str, Any]:
    subject = "0x" + key.subject.hex()
    if key.about is About.VOTE:
        return {"subject": subject, "milestone": key.first, "sequence": key.second}
    return {"feed": subject, "round": key.first, "version": key.second}


def _is_of(key: StatementKey, place: Place) -> bool:
    contract = place.oracle if key.about is About.VOTE else place.feed_oracle
    return (key.chain_id, key.contract) == (place.chain_id, contract)


def _bytes(word: str) -> bytes:
    return bytes.fromhex(word[2:])
