"""Canonical events to rows and back."""

from __future__ import annotations

from datetime import UTC, datetime

from chain_node.references import NetworkKey, reference
from oracles.canonical import Activity, CanonicalEvent, Classifier, Place, Reference, Standard
from oracles.store.models import EventReferenceRow, EventRow, EventStatus


def event_row(event: CanonicalEvent, document_id: int) -> EventRow:
    return EventRow(
        document_id=document_id,
        event_hash=event.event_hash,
        source_event_id=event.source_event_id or "",
        standard=event.activity.standard,
        activity=event.activity.code,
        traits=",".join(sorted(event.activity.traits)),
        kind=event.kind or "",
        classifier=event.classifier,
        occurred_at=utc_text(event.occurred_at),
        local_offset=event.local_offset,
        recorded_at=utc_text(event.recorded_at) if event.recorded_at else "",
        place=event.place.id if event.place else "",
        quantity=event.quantity,
        unit=event.unit or "",
        status=EventStatus.NEW,
        line=event.line,
        canonical=event.model_dump_json(exclude_defaults=True),
    )


def reference_rows(event: CanonicalEvent, event_id: int, key: NetworkKey) -> list[EventReferenceRow]:
    return [
        EventReferenceRow(
            event_id=event_id, kind=found.kind, value=found.value, keyed=reference(key, found.kind, found.value).hex()
        )
        for found in event.references
    ]


def event_of(row: EventRow, references: list[EventReferenceRow]) -> CanonicalEvent:
    """The event as it was stored. One of an earlier version has what its columns hold, and no correction."""
    if row.canonical is not None:
        return CanonicalEvent.model_validate_json(row.canonical)
    traits = frozenset(row.traits.split(",")) if row.traits else frozenset[str]()
    return CanonicalEvent(
        activity=Activity(Standard(row.standard), row.activity, traits),
        event_hash=row.event_hash,
        classifier=Classifier(row.classifier),
        occurred_at=datetime.fromisoformat(row.occurred_at),
        references=tuple(Reference(found.kind, found.value) for found in references),
        local_offset=row.local_offset,
        quantity=row.quantity,
        unit=row.unit or None,
        source_event_id=row.source_event_id or None,
        recorded_at=datetime.fromisoformat(row.recorded_at) if row.recorded_at else None,
        line=row.line,
        place=Place(row.place) if row.place else None,
    )


def moment_of(text: str) -> datetime:
    """The moment that `utc_text` wrote."""
    return datetime.fromisoformat(text)


def utc_text(moment: datetime) -> str:
    """ISO 8601 in UTC; texts sort as the moments do."""
    return moment.astimezone(UTC).isoformat()
