"""Whether each fact on chain has its evidence in the archive: hashes computed anew from papers, compared with roots.

Nothing that the node remembers is believed: what was signed is read from the chain, what happened from the papers. The
database, where there is one, only tells which paper is gone or changed, what was signed that is not on chain, and which
of several papers to try first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from itertools import islice, product
from math import prod
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
    """What the signature covered cannot be read from the chain, or too many papers tell it to try them all."""


BEST_FIRST: Final = (Proof.PROVED, Proof.NOT_CHECKED, Proof.ALTERED, Proof.MISSING)
"""Which word counts where a signature may have covered several lists."""

UNREAD: Final = "what its signature covered cannot be read from the chain"
TOO_MANY: Final = f"several papers tell the same, and {MOST_ATTEMPTS} ways to choose among them did not prove it"


@dataclass(frozen=True)
class Finding:
    """One vote on chain. `evidence` is the root on chain, `files` the papers that prove it, or that come closest, `why`
    says what kept it from being checked."""

    proof: Proof
    subject: str
    milestone: str
    sequence: int
    block: int
    transaction: str
    evidence: str
    files: tuple[str, ...] = ()
    is_retracted: bool = False
    why: str = ""


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
    signed: SignedLists,
    likely: Collection[bytes] = (),
) -> Iterator[Finding]:
    """One for each vote, in the order of the chain. `signed` tells what a vote's signature may have covered, `likely`
    the evidence of events whose papers are tried first."""
    proofs = _Proofs(archive, subject_of, likely)
    last = {vote.key: vote for vote in record.votes}
    retracted = {retraction.key: retraction.block for retraction in record.retractions}
    for vote in record.votes:
        proof, files = proofs.of(vote, signed(vote))
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
            (TOO_MANY if files else UNREAD) if proof is Proof.NOT_CHECKED else "",
        )


@dataclass
class _Proofs:
    """One signature covers many votes: what its list comes to is found once."""

    archive: Archive
    subject_of: SubjectOf
    likely: Collection[bytes]
    _found: dict[tuple[bytes, tuple[Observation, ...]], tuple[Proof, tuple[str, ...]]] = field(default_factory=dict)

    def of(self, vote: CountedVote, lists: Sequence[list[Observation]]) -> tuple[Proof, tuple[str, ...]]:
        """The best that any of the lists comes to."""
        best: tuple[Proof, tuple[str, ...]] | None = None
        for items in lists:
            if not any(_key(item) == vote.key for item in items):
                continue
            asked = vote.evidence, tuple(items)
            if asked not in self._found:
                self._found[asked] = self._try(*asked)
            found = self._found[asked]
            if best is None or BEST_FIRST.index(found[0]) <= BEST_FIRST.index(best[0]):
                best = found
        return best or (Proof.NOT_CHECKED, ())

    def _try(self, evidence: bytes, items: tuple[Observation, ...]) -> tuple[Proof, tuple[str, ...]]:
        papers = [self.archive.papers(item, self.subject_of) for item in items]
        close = tuple(sorted({paper.file for choice in papers for paper in choice}))
        if not all(papers):
            return Proof.MISSING, close
        choices = [sorted(choice, key=lambda its: its.event.evidence not in self.likely) for choice in papers]
        for chosen in islice(product(*choices), MOST_ATTEMPTS):
            if evidence_root([paper.event.evidence for paper in chosen]) == evidence:
                return Proof.PROVED, tuple(dict.fromkeys(paper.file for paper in chosen))
        return Proof.ALTERED if prod(map(len, choices)) <= MOST_ATTEMPTS else Proof.NOT_CHECKED, close


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
