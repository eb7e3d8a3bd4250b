"""The hash chain, as pure functions: anyone can compute it from an export.

`hash = SHA-256("portolan audit 1" LF previous LF entry)`, in hexadecimal, where `previous` is the hash of the entry
before (64 zeros before the first) and `entry` is its JSON as RFC 8785 would write it: keys sorted, no spaces, UTF-8.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

BEGINNING: Final = "0" * 64
_LABEL: Final = "portolan audit 1"


def told(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the hash covers: every column but the database's own row number and the hashes."""
    at: datetime = entry["at"]
    names = ("number", "client", "lei", "operation", "resource", "status", "detail")
    return {**{name: entry[name] for name in names}, "at": at.astimezone(UTC).isoformat(timespec="microseconds")}


def hash_of(entry: Mapping[str, Any], previous: str) -> str:
    """The entry's hash, which also stands for all entries before it."""
    text = json.dumps(told(entry), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(f"{_LABEL}\n{previous}\n{text}".encode()).hexdigest()


@dataclass(frozen=True)
class Head:
    """Where a chain ends; number 0 where there is nothing yet."""

    number: int = 0
    hash: str = BEGINNING


class AuditBroken(Exception):
    """The trail is not what was written. `number` is the first entry at which that shows."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"The audit trail is broken at entry {number}: {why}.")
        self.number, self.why = number, why


def linked(entries: Iterable[Mapping[str, Any]], head: Head) -> Iterator[dict[str, Any]]:
    """The entries with their places after `head`, in the given order."""
    number, previous = head.number, head.hash
    for entry in entries:
        number += 1
        placed = {**entry, "number": number}
        own = hash_of(placed, previous)
        yield {**placed, "previous": previous, "hash": own}
        previous = own


def walk(entries: Iterable[Mapping[str, Any]], *anchors: Head) -> Head:
    """The end of the chain that starts with the first entry; AuditBroken at the first entry that does not fit.

    An anchor is a head that was noted earlier, elsewhere: the chain must still have it.
    """
    known = {anchor.number: anchor.hash for anchor in anchors if anchor.number}
    head = Head()
    for entry in entries:
        head = _follow(entry, head)
        if known.get(head.number, head.hash) != head.hash:
            raise AuditBroken(head.number, f"it was {known[head.number]} when it was anchored, and is {head.hash} now")
    for number in known:
        if number > head.number:
            raise AuditBroken(head.number + 1, f"it is missing: entry {number} was anchored, the trail ends before it")
    return head


def _follow(entry: Mapping[str, Any], head: Head) -> Head:
    expected = head.number + 1
    if entry["number"] != expected:
        raise AuditBroken(expected, f"it is missing; entry {entry['number']} follows entry {head.number}")
    if entry["previous"] != head.hash:
        raise AuditBroken(expected, f"it follows {entry['previous']}, but entry {head.number} is {head.hash}")
    own = hash_of(entry, head.hash)
    if own != entry["hash"]:
        raise AuditBroken(expected, f"its content gives the hash {own}, but {entry['hash']} was recorded")
    return Head(expected, own)
