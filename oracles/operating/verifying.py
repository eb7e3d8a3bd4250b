"""An auditor's question to a node: is what this organisation has on chain what its papers say?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlmodel import col, select

from chain_node.client import AddressBook, Chain, Milestone, Observation
from chain_node.client.attested import CountedVote, Record, lists_signed, votes_of
from chain_node.references import NetworkKey
from oracles.operating.proving import Archive, Finding, Proof, SubjectOf, changed_papers, findings
from oracles.reading import reader
from oracles.settings import NodeSettings
from oracles.store.database import Database
from oracles.store.models import DocumentRow, DocumentStatus, ObservationRow, ObservationStatus

NOTHING = bytes(32)
SIGNED = (ObservationStatus.SIGNED, ObservationStatus.COUNTED, ObservationStatus.REFUSED)


@dataclass(frozen=True)
class Extra:
    """What this node signed and the chain does not have as its vote. `is_wrong`: the node's record says otherwise."""

    subject: str
    milestone: str
    sequence: int
    status: str
    reason: str
    is_wrong: bool


@dataclass(frozen=True)
class Audit:
    """`changed` and `unreadable`: papers with what is wrong. `has_database`: without one, what was signed and never
    came onto the chain cannot be told."""

    organisation: str
    number: int
    block: int
    papers: int
    has_database: bool
    findings: tuple[Finding, ...]
    extra: tuple[Extra, ...]
    changed: tuple[tuple[str, str], ...]
    unreadable: tuple[tuple[str, str], ...]

    @property
    def holds(self) -> bool:
        """Whether every fact has its evidence, and every paper is the one that was archived."""
        is_proved = all(found.proof is Proof.PROVED for found in self.findings)
        return is_proved and not self.changed and not any(extra.is_wrong for extra in self.extra)


def audit(settings: NodeSettings, archive_folder: Path | None = None) -> Audit:
    """From archive and chain; the database where it is there. Raises ChainError, ReferenceInvalid."""
    key = NetworkKey.load(settings.network_key_file)
    read = reader(settings, archived=True)
    archive = Archive.read(archive_folder or settings.archive, key, settings.file_limit_bytes, read)
    chain = Chain.connect(settings.rpc_url, AddressBook.load(settings.deployments), settings.rpc_timeout_seconds)
    try:
        block = chain.block_number()
        number = chain.registry.organisation_of(settings.organisation, block)
        record = votes_of(chain, number, block) if number else Record((), ())
        extra, filed, likely = _remembered(settings.database, record)
        found = tuple(findings(record, archive, _subject_of(chain, block), _signed(chain), likely))
    finally:
        chain.close()
    return Audit(
        organisation=settings.organisation,
        number=number,
        block=block,
        papers=len(archive.hashes),
        has_database=settings.database.is_file(),
        findings=found,
        extra=extra,
        changed=tuple(changed_papers(archive, filed)),
        unreadable=tuple(archive.unreadable.items()),
    )


def _subject_of(chain: Chain, block: int) -> SubjectOf:
    @cache
    def subject_of(keyed: bytes) -> bytes | None:
        subject = chain.milestones.subject_of(keyed, block)
        return None if subject == NOTHING else subject

    return subject_of


def _signed(chain: Chain) -> Callable[[CountedVote], Sequence[list[Observation]]]:
    # The votes of one signature come in one transaction: it is read once.
    @cache
    def lists(transaction: bytes, evidence: bytes) -> list[list[Observation]]:
        return lists_signed(chain, transaction, evidence)

    return lambda vote: lists(vote.transaction, vote.evidence)


def _remembered(path: Path, record: Record) -> tuple[tuple[Extra, ...], dict[str, str], set[bytes]]:
    """What the database has besides: votes that are not on chain, filed papers by name with their SHA-256, and the
    evidence of all that was signed."""
    if not path.is_file():
        return (), {}, set()
    on_chain = {(vote.key.subject.hex(), vote.key.milestone, vote.key.sequence) for vote in record.votes}
    database = Database(path)
    try:
        database.prepare()
        with database.session() as session:
            signed = (
                select(ObservationRow).where(col(ObservationRow.status).in_(SIGNED)).order_by(col(ObservationRow.id))
            )
            rows = [row for row in session.exec(signed) if (row.subject, row.milestone, row.sequence) not in on_chain]
            archived = select(DocumentRow).where(DocumentRow.status == DocumentStatus.ARCHIVED)
            filed = {row.filed_as: row.sha256 for row in session.exec(archived) if row.filed_as}
            likely = {bytes.fromhex(evidence) for evidence in session.exec(select(ObservationRow.evidence))}
    finally:
        database.close()
    return tuple(_extra(row) for row in rows), filed, likely


def _extra(row: ObservationRow) -> Extra:
    name, is_wrong = Milestone(row.milestone).name, row.status == ObservationStatus.COUNTED
    return Extra(row.subject, name, row.sequence, row.status, row.reason, is_wrong)
