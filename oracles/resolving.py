"""What the operator decides about events that the node held: stored by the command, applied by the node's thread."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from sqlmodel import Session, col, select

from oracles.errors import NotHeld
from oracles.rivals import is_empty
from oracles.store.database import Database
from oracles.store.models import EventRow, EventStatus, ObservationRow, ObservationStatus
from oracles.store.resolutions import ResolutionAction, ResolutionRow, ResolutionStatus

log = structlog.get_logger("oracles")


def decide(database: Database, event_hash: str, action: ResolutionAction, reason: str) -> None:
    """Stores the operator's decision. Raises NotHeld where there is nothing to decide."""
    with database.session() as session:
        row = _event(session, event_hash)
        why = _objection(session, row, action)
        if why is not None:
            raise NotHeld(event_hash, why)
        session.add(
            ResolutionRow(
                event_hash=event_hash,
                action=action,
                reason=reason,
                decided_at=datetime.now(UTC).isoformat(),
                status=ResolutionStatus.OPEN,
            )
        )


def apply_all(session: Session) -> list[int]:
    """Applies what is open, in the order of deciding; the events to look at again."""
    statement = select(ResolutionRow).where(ResolutionRow.status == ResolutionStatus.OPEN)
    rows = session.exec(statement.order_by(col(ResolutionRow.id))).all()
    return [found for found in (_apply(session, row) for row in rows) if found is not None]


def _apply(session: Session, resolution: ResolutionRow) -> int | None:
    event = _event(session, resolution.event_hash)
    why = _objection(session, event, resolution.action)
    if event is None or why is not None:
        resolution.status, resolution.outcome = ResolutionStatus.REFUSED, why or ""
    elif resolution.action == ResolutionAction.DROP:
        event.status, event.reason = EventStatus.NOT_SIGNED, f"not signed: dropped by the operator: {resolution.reason}"
        event.resolved, event.retry_at = ResolutionAction.DROP, None
        resolution.status, resolution.outcome = ResolutionStatus.APPLIED, "dropped"
    else:
        event.status, event.resolved = EventStatus.WAITING, ResolutionAction.SIGN
        resolution.status, resolution.outcome = ResolutionStatus.APPLIED, "to be signed if the network would count it"
    session.flush()
    log.info(
        "operator decided",
        event_hash=resolution.event_hash,
        action=resolution.action,
        reason=resolution.reason,
        outcome=resolution.outcome,
    )
    return event.id if event is not None and event.status == EventStatus.WAITING else None


def _event(session: Session, event_hash: str) -> EventRow | None:
    return session.exec(select(EventRow).where(EventRow.event_hash == event_hash)).first()


def _objection(session: Session, event: EventRow | None, action: str) -> str | None:
    if event is None:
        return "this node knows no such event"
    if event.status != EventStatus.HELD:
        return f"it is {event.status}"
    vouched = select(ObservationRow.id).where(
        ObservationRow.event_id == event.id, ObservationRow.status != ObservationStatus.WITHDRAWN
    )
    if session.exec(vouched).first() is not None:
        return "this node has vouched for it already"
    if action == ResolutionAction.SIGN and is_empty(event):
        return "it says that there was nothing, which no vote can say"
    return None
