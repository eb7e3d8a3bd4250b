"""Whether each fact on chain has its evidence in the archive: hashes computed anew from papers, compared with roots.

Nothing that the node remembers is believed: what was signed is read from the chain, what happened from the papers. The
database, where there is one, only tells which paper is gone or changed, and what was signed that is not on chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from itertools import islice, product
from pathlib import Path
from typing import Final

from chain_node.client import Milestone, Observation
from chain_node.client.attested import CountedVote, FactKey, Record
from chain_node.references import NetworkKey, reference
from oracles.canonical import CanonicalEvent
from oracles.errors import DocumentRefused
from oracles.evidence import evidence_root
from oracles.rules.decisions import chain_seconds
from oracles.sources.directory import papers_in
from oracles.tables.reading import Reader

MOST_ATTEMPTS: Final = 4_096
"""Several papers may tell the same of one fact; so many ways to choose among them are tried for one signature."""

SubjectOf = Callable[[bytes], bytes | None]
"""The consignment to which a keyed reference belongs; None where there is none."""

SignedLists = Callable[[CountedVote], Sequence[list[Observation]]]
"""What the signature of a vote may have covered: one list for each that has its evidence."""


class Proof(StrEnum):
    PROVED = "proved"
    MISSING = "missing"
    """No paper of the archive tells it."""
    ALTERED = "altered"
    """Papers tell it, but none of them is what was signed."""
    NOT_CHECKED = "not checked"
    """What the signature covered cannot be read from the chain."""


@dataclass(frozen=True)
class Finding:
    """One vote on chain. `evidence` is the root on chain, `files` the papers that prove it, or that come closest."""

    proof: Proof
    subject: str
    milestone: str
    sequence: int
    block: int
    transaction: str
    evidence: str
    files: tuple[str, ...] = ()
    is_retracted: bool = False


@dataclass(frozen=True)
class Paper:
    """An event of an archived document, hashed anew."""

    file: str
    event: CanonicalEvent
    keyed: tuple[bytes, ...]


@dataclass
class Archive:
    """All events of the archive by what was observed: its time in Unix seconds and its quantity in thousandths."""

    unreadable: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    _papers: dict[tuple[int, int], list[Paper]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, key: NetworkKey, limit_bytes: int, read: Reader) -> Archive:
        """Every document is parsed and hashed anew; those that cannot be read are named with the reason."""
        archive = cls()
        for path in papers_in(folder):
            data = path.read_bytes()
            archive.hashes[path.name] = sha256(data).hexdigest()
            try:
                document = read(path.name, data, limit_bytes)
            except DocumentRefused as error:
                archive.unreadable[path.name] = error.why
                continue
            for event in document.events:
                archive._add(path.name, event, key)
        return archive

    def papers(self, its: Observation, subject_of: SubjectOf) -> list[Paper]:
        """Those that tell the observation, of its consignment; where none does, those that imply it: an observation is
        a bound (no later than, at least), and in a relay's list the one that the papers of several nodes share."""
        exact = self._of(its.subject, self._papers.get((its.occurred_at, its.quantity), []), subject_of)
        its_own = exact or self._of(its.subject, self._implying(its), subject_of)
        # The same event on several papers proves no more than once.
        return list({paper.event.evidence: paper for paper in reversed(its_own)}.values())

    @staticmethod
    def _of(subject: bytes, papers: Iterable[Paper], subject_of: SubjectOf) -> list[Paper]:
        return [paper for paper in papers if any(subject_of(keyed) == subject for keyed in paper.keyed)]

    def _implying(self, its: Observation) -> Iterator[Paper]:
        for (occurred_at, quantity), papers in self._papers.items():
            is_as_measured = bool(quantity) == bool(its.quantity)
            if is_as_measured and quantity >= its.quantity and occurred_at <= its.occurred_at:
                yield from papers

    def _add(self, name: str, event: CanonicalEvent, key: NetworkKey) -> None:
        keyed = tuple(reference(key, found.kind, found.value) for found in event.references)
        seen = self._papers.setdefault((chain_seconds(event.occurred_at), event.quantity), [])
        seen.append(Paper(name, event, keyed))


def findings(
    record: Record,
    archive: Archive,
    subject_of: SubjectOf,
    signed: Callable[[CountedVote], Sequence[list[Observation]]],
) -> Iterator[Finding]:
    """One for each vote, in the order of the chain. `signed` tells what a vote's signature may have covered."""
    last = {vote.key: vote for vote in record.votes}
    retracted = {retraction.key: retraction.block for retraction in record.retractions}
    for vote in record.votes:
        proof, files = _proof(vote, archive, subject_of, signed(vote))
        taken_back = last[vote.key] is vote and retracted.get(vote.key, -1) >= vote.block
        yield Finding(
            proof,
            vote.key.subject.hex(),
            Milestone(vote.key.milestone).name,
            vote.key.sequence,
            vote.block,
            vote.transaction.hex(),
            vote.evidence.hex(),
            files,
            taken_back,
        )


def _proof(
    vote: CountedVote, archive: Archive, subject_of: SubjectOf, lists: Sequence[list[Observation]]
) -> tuple[Proof, tuple[str, ...]]:
    """The best that any of the lists comes to."""
    lists = [items for items in lists if any(_key(item) == vote.key for item in items)]
    if not lists:
        return Proof.NOT_CHECKED, ()
    best: tuple[Proof, tuple[str, ...]] = (Proof.MISSING, ())
    for items in lists:
        papers = [archive.papers(item, subject_of) for item in items]
        close = tuple(sorted({paper.file for choice in papers for paper in choice}))
        if not all(papers):
            best = best if best[0] is Proof.ALTERED else (Proof.MISSING, close)
            continue
        for chosen in islice(product(*papers), MOST_ATTEMPTS):
            if evidence_root([paper.event.evidence for paper in chosen]) == vote.evidence:
                return Proof.PROVED, tuple(dict.fromkeys(paper.file for paper in chosen))
        best = Proof.ALTERED, close
    return best


def changed_papers(archive: Archive, filed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names with what is wrong, of papers that the database has filed (name to SHA-256) and that are not so."""
    for name, digest in filed.items():
        found = archive.hashes.get(name)
        if found is None:
            yield name, "it was archived and is no longer there"
        elif found != digest:
            yield name, "it is not the file that was archived (its SHA-256 differs)"


def _key(its: Observation) -> FactKey:
    return FactKey(its.subject, int(its.milestone), its.sequence)
