"""Papers that come again under one number: which version stands.

Senders say so by a status (original, replacement, cancellation, final) and the moment of issue, not by the order of
arrival: what was issued before the version that stands comes too late, and what contradicts it is held.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from oracles.canonical import Version, VersionStage
from oracles.store.mapping import utc_text
from oracles.store.models import EventStatus
from oracles.store.versions import PaperVersionRow, VersionStatus

_EVENT_STATUS: Final = {
    VersionStatus.SUPERSEDED: EventStatus.WITHDRAWN,
    VersionStatus.HELD: EventStatus.HELD,
}


@dataclass(frozen=True)
class Ruling:
    """Whether a version stands; if not, what becomes of its events, and why."""

    status: VersionStatus
    reason: str = ""

    @property
    def stands(self) -> bool:
        return self.status is VersionStatus.STANDS

    @property
    def event_status(self) -> EventStatus:
        return _EVENT_STATUS[self.status]


STANDS: Final = Ruling(VersionStatus.STANDS)


def rule(session: Session, version: Version | None, hashes: Collection[str]) -> Ruling:
    """Looks at the versions of the same paper that came before.

    A replacement, and a final version, takes the place of whatever was issued before it. After a final version
    nothing changes any more but by cancellation, which always counts: it can only stop money.
    """
    if version is None or version.stage is VersionStage.CANCELLATION:
        return STANDS
    current = _current(session, version.paper)
    if current is None or set(current.hashes.split()) == set(hashes):
        return STANDS
    issued_at = utc_text(version.issued_at)
    if issued_at < current.issued_at and current.stage != VersionStage.ORIGINAL:
        return Ruling(VersionStatus.SUPERSEDED, f"{version.label} was issued anew at {current.issued_at}")
    if _closed(session, version.paper):
        return _held(version, "was declared final, and this is another account")
    if version.stage is VersionStage.ORIGINAL:
        if issued_at == current.issued_at and current.stage != VersionStage.ORIGINAL:
            return Ruling(VersionStatus.SUPERSEDED, f"{version.label} was replaced at {current.issued_at}")
        return _held(version, "has come before, and this is another original")
    if issued_at == current.issued_at and current.stage != VersionStage.ORIGINAL:
        return _held(version, f"was replaced twice at {current.issued_at}, differently")
    return STANDS


def remember(session: Session, document_id: int, version: Version, hashes: Collection[str], ruling: Ruling) -> None:
    session.add(
        PaperVersionRow(
            document_id=document_id,
            paper=version.paper,
            stage=version.stage,
            issued_at=utc_text(version.issued_at),
            hashes="\n".join(sorted(hashes)),
            status=ruling.status,
        )
    )


def ruling_of(session: Session, document_id: int) -> Ruling:
    """What was ruled of a document when it came; its reason is told without the names of others."""
    row = session.exec(select(PaperVersionRow).where(PaperVersionRow.document_id == document_id)).first()
    if row is None or row.status == VersionStatus.STANDS:
        return STANDS
    return Ruling(VersionStatus(row.status), "another version of its paper stood when it came")


def _held(version: Version, why: str) -> Ruling:
    return Ruling(VersionStatus.HELD, f"{version.label} {why}")


def _current(session: Session, paper: str) -> PaperVersionRow | None:
    """The version that stands: each that stood took the place of those before."""
    stood = select(PaperVersionRow).where(
        PaperVersionRow.paper == paper,
        PaperVersionRow.status == VersionStatus.STANDS,
        PaperVersionRow.stage != VersionStage.CANCELLATION,
    )
    return session.exec(stood.order_by(col(PaperVersionRow.id).desc())).first()


def _closed(session: Session, paper: str) -> bool:
    final = select(PaperVersionRow.id).where(
        PaperVersionRow.paper == paper,
        PaperVersionRow.status == VersionStatus.STANDS,
        PaperVersionRow.stage == VersionStage.FINAL,
    )
    return session.exec(final).first() is not None
