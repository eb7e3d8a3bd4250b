"""EPCIS 2.0 events as canonical events."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from chain_node.client import FeedKind
from oracles.canonical import Activity, CanonicalEvent, Classifier, Correction, Measured, Reference, Standard
from oracles.rules.milestones import BILL_OF_LADING, CONFORMANT, NON_CONFORMANT, VOID_SHIPPING
from standards.epcis import (
    EpcisEvent,
    EpcisInvalid,
    Problem,
    StandardEvent,
    event_hash,
    parse_document,
    quantity_thousandths,
    references,
    sensor_readings,
    vocabulary,
)

_KIND_OF: Final = {
    "temperature": FeedKind.TEMPERATURE,
    "humidity": FeedKind.HUMIDITY,
    "shock": FeedKind.SHOCK,
    "door": FeedKind.DOOR,
}
MOST_QUANTITY: Final = 2**63 - 1
"""In thousandths: what a number of the node's database holds."""

_NOT_SOUND = frozenset({"non_conformant", "damaged", "destroyed", "needs_replacement"})


def read(data: bytes, limit_bytes: int) -> list[CanonicalEvent]:
    """Raises StandardsError."""
    return [canonical(event, activity(event)) for event in parse_document(data, limit_bytes).events]


def canonical(
    event: EpcisEvent,
    seen: Activity,
    classifier: Classifier = Classifier.ACTUAL,
    source_event_id: str | None = None,
    correction: Correction | None = None,
) -> CanonicalEvent:
    """What every adapter ends in. An error declaration makes the event a correction of the one with its hash."""
    quantity, unit = quantity_thousandths(event)
    if quantity > MOST_QUANTITY:
        raise EpcisInvalid([Problem("", f"{quantity // 1000} is more than this node can count")])
    name = event_hash(event)
    sensed = sensor_readings(event)
    return CanonicalEvent(
        activity=seen,
        event_hash=name,
        classifier=classifier,
        occurred_at=event.occurred_at,
        references=tuple(Reference(found.kind, found.value) for found in references(event)),
        local_offset=event.event_time_zone_offset,
        quantity=quantity,
        unit=unit,
        source_event_id=source_event_id or event.event_id,
        recorded_at=event.record_time,
        place=_place(event),
        correction=correction or _correction(event, seen, name),
        measurements=tuple(
            Measured(_KIND_OF[found.condition], Decimal(found.value), found.measured_at)
            for found in sensed.measurements
        ),
        unreadable=tuple(map(str, sensed.problems)),
    )


def activity(event: EpcisEvent) -> Activity:
    """The business step with what else the rules ask for; the bare type where there is no step."""
    if not isinstance(event, StandardEvent):
        return Activity(Standard.EPCIS, event.type)
    return Activity(Standard.EPCIS, event.step or event.type, frozenset(_traits(event)))


def _traits(event: StandardEvent) -> list[str]:
    traits = []
    kinds = [vocabulary.bare("bizTransactionType", entry.type, event.context) for entry in event.biz_transaction_list]
    if "bol" in kinds:
        traits.append(BILL_OF_LADING)
    lasting = event.persistent_disposition.set if event.persistent_disposition else None
    states = {vocabulary.bare("disposition", state, event.context) for state in lasting or ()} | {event.state}
    if "conformant" in states:
        traits.append(CONFORMANT)
    if states & _NOT_SOUND:
        traits.append(NON_CONFORMANT)
    return traits


def _correction(event: EpcisEvent, seen: Activity, name: str) -> Correction | None:
    declared = event.error_declaration
    if declared is not None:
        reason = vocabulary.bare("reason", declared.reason, event.context) or "no reason given"
        return Correction(f"declared an error ({reason})", declared.declaration_time, event_hash=name)
    if seen.code == VOID_SHIPPING:
        return Correction("the shipping was voided", _moment(event))
    return None


def _moment(event: EpcisEvent) -> datetime:
    return event.record_time or event.occurred_at


def _place(event: EpcisEvent) -> str | None:
    if not isinstance(event, StandardEvent):
        return None
    place = event.read_point or event.biz_location
    return place.id if place else None
