"""DCSA Track & Trace events as canonical events."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from oracles.adapters import epcis
from oracles.canonical import Activity, CanonicalEvent, Classifier, Correction, Standard
from oracles.rules.milestones import LADEN
from oracles.rules.updates import movements
from standards.dcsa import (
    DEFAULT_VERSIONS,
    DcsaEvent,
    EquipmentEvent,
    Message,
    Retraction,
    ShipmentEvent,
    Version,
    parse_events,
    to_epcis,
)
from standards.dcsa.events import EARLIEST
from standards.epcis import parse_event

RETRACTION: Final = "RETRACTION"
_CLASSIFIERS: Final[Mapping[str, Classifier]] = {
    "ACT": Classifier.ACTUAL,
    "EST": Classifier.ESTIMATED,
    "PLN": Classifier.PLANNED,
}


def read(data: bytes, limit_bytes: int, versions: Collection[Version] = DEFAULT_VERSIONS) -> list[CanonicalEvent]:
    """Raises StandardsError, also for events of other versions than these."""
    return [canonical(message) for message in parse_events(data, limit_bytes, versions)]


def canonical(message: Message) -> CanonicalEvent:
    converted = parse_event(to_epcis(message))
    version = str(message.version)
    if isinstance(message, Retraction):
        correction = Correction(
            f"the carrier retracted {message.retracted_id}",
            # In 3.0 a retraction need not say when.
            message.created_at if message.created_at > EARLIEST else None,
            source_event_id=message.retracted_id,
        )
        activity = Activity(Standard.DCSA, RETRACTION)
        return epcis.canonical(converted, activity, source_event_id=message.id, correction=correction, version=version)
    classifier = _CLASSIFIERS[message.classifier]
    event = epcis.canonical(converted, _activity(message), classifier, source_event_id=message.id, version=version)
    dropped = tuple(map(str, message.dropped))
    told = {"movements": movements(message), "unreadable": (*event.unreadable, *dropped)}
    return event.model_copy(update=told)


def _activity(event: DcsaEvent) -> Activity:
    if isinstance(event, ShipmentEvent):
        return Activity(Standard.DCSA, f"{event.type}/{event.document_code}/{event.code}")
    laden = isinstance(event, EquipmentEvent) and event.is_laden
    return Activity(Standard.DCSA, f"{event.type}/{event.code}", frozenset({LADEN}) if laden else frozenset())
