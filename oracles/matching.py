"""From the references on a paper to the consignment they mean on chain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chain_node.references import NetworkKey, reference
from oracles.canonical import Reference
from oracles.rules.decisions import Verdict


class Links(Protocol):
    """What matching asks of a network."""

    def subject_of(self, reference: bytes, block: int) -> bytes | None: ...
    def subjects_of(self, references: Sequence[bytes], block: int) -> Sequence[bytes | None]: ...


@dataclass(frozen=True)
class Match:
    """`subject` is None where nothing is linked yet, where the references lead to several consignments, or where there
    are none; `verdict` is what that means for the event."""

    subject: bytes | None
    reason: str
    verdict: Verdict = Verdict.WAIT


class Matcher:
    """Asks the network once for each reference that it knows: a link never changes."""

    def __init__(self, links: Links, key: NetworkKey) -> None:
        self._network, self._key = links, key
        self._links: dict[bytes, bytes] = {}
        self._known: dict[bytes, list[bytes]] = {}
        self._unlinked: tuple[int, frozenset[bytes]] = (-1, frozenset())
        """Of a block what was asked ahead and led nowhere."""

    def look_ahead(self, references: Iterable[Reference], block: int) -> None:
        """Asks at once what `match` would ask for one by one about that block."""
        keyed = dict.fromkeys(reference(self._key, its.kind, its.value) for its in references)
        unknown = [its for its in keyed if its not in self._links]
        found = dict(zip(unknown, self._network.subjects_of(unknown, block), strict=True))
        for its, subject in found.items():
            if subject is not None:
                self._learn(its, subject)
        self._unlinked = (block, frozenset(its for its, subject in found.items() if subject is None))

    def match(self, references: Sequence[Reference], block: int) -> Match:
        """All references that are linked must agree: an event that names two consignments is nobody's."""
        if not references:
            why = "not signed: the paper names no reference that a consignment could be known by"
            return Match(None, why, Verdict.REFUSE)
        found: dict[bytes, Reference] = {}
        for known in references:
            subject = self._subject(known, block)
            if subject is not None:
                found.setdefault(subject, known)
        if len(found) > 1:
            names = " and ".join(str(known) for known in found.values())
            return Match(None, f"{names} belong to different consignments", Verdict.HOLD)
        if not found:
            return Match(None, f"no consignment is linked to {', '.join(map(str, references))}")
        subject, known = next(iter(found.items()))
        return Match(subject, f"known by {known}")

    def known_of(self, subject: bytes) -> list[bytes]:
        """The references, in their form on chain, that were found to lead to the consignment so far."""
        return self._known.get(subject, [])

    def _subject(self, known: Reference, block: int) -> bytes | None:
        keyed = reference(self._key, known.kind, known.value)
        if keyed not in self._links:
            asked_at, unlinked = self._unlinked
            if asked_at == block and keyed in unlinked:
                return None
            subject = self._network.subject_of(keyed, block)
            if subject is None:
                return None
            self._learn(keyed, subject)
        return self._links[keyed]

    def _learn(self, keyed: bytes, subject: bytes) -> None:
        self._links[keyed] = subject
        self._known.setdefault(subject, []).append(keyed)
