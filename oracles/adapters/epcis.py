"""EPCIS 2.0 events as canonical events."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chain_node.client import FeedKind
from oracles.canonical import (
    MOST_QUANTITY,
    Activity,
    CanonicalEvent,
    Classifier,
    Correction,
    Extension,
    Measured,
    PaperReference,
    Party,
    Place,
    Reference,
    Standard,
    whole_milliseconds,
)
from oracles.rules.milestones import BILL_OF_LADING, CONFORMANT, NON_CONFORMANT, VOID_SHIPPING
from standards.epcis import (
    EpcisDocument,
    EpcisEvent,
    EpcisInvalid,
    Problem,
    StandardEvent,
    documents,
    event_hash,
    extensions,
    parse_document,
    parties,
    place,
    quantity_thousandths,
    read_document,
    references,
    sensor_readings,
    subjects,
    vocabulary,
)
from standards.identifiers import named

_KIND_OF: Final = {
    "temperature": FeedKind.TEMPERATURE,
    "humidity": FeedKind.HUMIDITY,
    "shock": FeedKind.SHOCK,
    "door": FeedKind.DOOR,
}
VERSION: Final = "2.0"
_PLACES: Final = frozenset({"gln", "unlocode", "geo"})
_PARTIES: Final = frozenset({"gln", "lei"})

_NOT_SOUND = frozenset({"non_conformant", "damaged", "destroyed", "needs_replacement"})


def read(data: bytes, limit_bytes: int) -> list[CanonicalEvent]:
    """Raises StandardsError."""
    return _events(parse_document(data, limit_bytes))


def read_parsed(value: Any) -> list[CanonicalEvent]:
    """Likewise, of a value that `strict_json.parse` gave."""
    return _events(read_document(value))


def _events(document: EpcisDocument) -> list[CanonicalEvent]:
    about = _envelope(document)
    version = document.schema_version or VERSION
    return [canonical(event, activity(event), version=version, about=about) for event in document.events]


def canonical(
    event: EpcisEvent,
    seen: Activity,
    classifier: Classifier = Classifier.ACTUAL,
    source_event_id: str | None = None,
    correction: Correction | None = None,
    version: str = VERSION,
    about: tuple[Party, ...] = (),
) -> CanonicalEvent:
    """What every adapter ends in. An error declaration makes the event a correction of the one with its hash.

    `version` is that of the standard which the paper follows, `about` the parties that only the document names.
    """
    quantity, unit = quantity_thousandths(event)
    if quantity > MOST_QUANTITY:
        raise EpcisInvalid([Problem("", f"{quantity // 1000} is more than this node can count")])
    name = event_hash(event)
    sensed = sensor_readings(event)
    return CanonicalEvent(
        activity=seen,
        standard_version=version,
        event_hash=name,
        classifier=classifier,
        occurred_at=whole_milliseconds(event.occurred_at),
        references=tuple(Reference(found.kind, found.value) for found in references(event)),
        local_offset=event.event_time_zone_offset,
        quantity=quantity,
        unit=unit,
        source_event_id=source_event_id or event.event_id,
        recorded_at=event.record_time,
        subjects=tuple(Reference(found.scheme, found.code) for found in subjects(event)),
        place=_place(event),
        disposition=(event.state or event.disposition) if isinstance(event, StandardEvent) else None,
        documents=tuple(PaperReference(*found) for found in documents(event)),
        parties=(*about, *(_party(found.role, *found.name) for found in parties(event))),
        correction=correction or _correction(event, seen, name),
        measurements=tuple(
            Measured(_KIND_OF[found.condition], Decimal(found.value), found.measured_at)
            for found in sensed.measurements
        ),
        unreadable=tuple(map(str, sensed.problems)),
        extensions=tuple(Extension(*found) for found in extensions(event)),
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
        return Correction(
            f"declared an error ({reason})",
            declared.declaration_time,
            event_hash=name,
            corrected_by=declared.corrective_event_ids,
        )
    if seen.code == VOID_SHIPPING:
        return Correction("the shipping was voided", _moment(event))
    return None


def _moment(event: EpcisEvent) -> datetime:
    return event.record_time or event.occurred_at


def _place(event: EpcisEvent) -> Place | None:
    found = place(event)
    if found is None:
        return None
    name = named(found)
    return Place(found, name.scheme, name.code) if name.scheme in _PLACES else Place(found)


def _party(role: str, scheme: str, code: str) -> Party:
    return Party(role, scheme if scheme in _PARTIES else "uri", code)


def _envelope(document: EpcisDocument) -> tuple[Party, ...]:
    """Who sent the document and to whom, where it says so."""
    sides = (("sender", document.sender), ("receiver", document.receiver))
    return tuple(_party(role, *named(found)) for role, found in sides if found)
