"""DCSA Track & Trace 2.2 events as canonical events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oracles.adapters import epcis
from oracles.canonical import Activity, CanonicalEvent, Classifier, Standard
from oracles.rules.milestones import LADEN
from standards.dcsa import DcsaEvent, EquipmentEvent, ShipmentEvent, parse_events, to_epcis
from standards.epcis import parse_event

VERSION: Final = "2.2"
_CLASSIFIERS: Final[Mapping[str, Classifier]] = {
    "ACT": Classifier.ACTUAL,
    "EST": Classifier.ESTIMATED,
    "PLN": Classifier.PLANNED,
}


def read(data: bytes, limit_bytes: int) -> list[CanonicalEvent]:
    """Raises StandardsError."""
    return [_canonical(event) for event in parse_events(data, limit_bytes)]


def _canonical(event: DcsaEvent) -> CanonicalEvent:
    converted = parse_event(to_epcis(event))
    return epcis.canonical(converted, _activity(event), _CLASSIFIERS[event.classifier], event.id, version=VERSION)


def _activity(event: DcsaEvent) -> Activity:
    if isinstance(event, ShipmentEvent):
        return Activity(Standard.DCSA, f"{event.type}/{event.document_code}/{event.code}")
    laden = isinstance(event, EquipmentEvent) and event.is_laden
    return Activity(Standard.DCSA, f"{event.type}/{event.code}", frozenset({LADEN}) if laden else frozenset())
