"""Reading and verifying the audit trail."""

from dataclasses import dataclass

from sqlalchemy import Connection
from sqlmodel import Session, select

from api.compliance.audit import repository
from api.compliance.audit.chain import AuditBroken, Head, walk
from api.compliance.audit.models import AuditEntry
from api.compliance.audit.schemas import AuditEntryView, AuditHeadView
from api.lists import Asked
from api.values import Page


@dataclass(frozen=True)
class Verified:
    """An unbroken trail: its end, and how many entries were stored but have no place yet."""

    head: Head
    unlinked: int


def page(session: Session, asked: Asked) -> Page[AuditEntryView]:
    found = asked.page(session, select(AuditEntry))
    return Page(items=[AuditEntryView.of(entry) for entry in found.rows], next=found.next)


def head(session: Session) -> AuditHeadView:
    return AuditHeadView(**vars(repository.head(session.connection())))


def verify(connection: Connection, *anchors: Head) -> Verified:
    """Recomputes every hash; AuditBroken with the first entry that is not as it was written, or is missing.

    The connection should see one state of the database (repeatable read), or entries linked meanwhile look missing.
    """
    recorded = repository.head(connection)
    unlinked = repository.count_unlinked(connection)
    end = walk(repository.in_chain_order(connection), *anchors)
    if end.number < recorded.number:
        raise AuditBroken(end.number + 1, f"it is missing: the trail ended with entry {recorded.number}")
    if end != recorded:
        raise AuditBroken(end.number, f"the trail's end was recorded as {recorded.number} {recorded.hash}")
    return Verified(end, unlinked)
