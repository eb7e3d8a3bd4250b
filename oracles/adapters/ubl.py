"""Peppol's logistics documents (UBL) as canonical events, with which version of its paper each document is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from oracles.adapters import epcis
from oracles.canonical import (
    Activity,
    CanonicalEvent,
    Classifier,
    Correction,
    Standard,
    Version,
    VersionStage,
)
from standards.epcis import parse_event
from standards.ubl import (
    despatch_to_epcis,
    parse_despatch_advice,
    parse_receipt_advice,
    parse_transportation_status,
    status_to_epcis,
    to_epcis,
)

VERSION: Final = "2"
"""Of UBL; Peppol's profile is told by the document itself."""

Read = tuple[list[CanonicalEvent], Version | None]

_STAGES: Final = {
    "9": VersionStage.ORIGINAL,
    "5": VersionStage.REPLACEMENT,
    "1": VersionStage.CANCELLATION,
    "22": VersionStage.FINAL,
}


def receipt_advice(data: bytes, limit_bytes: int) -> Read:
    """One event: the quantity is what was accepted over all lines. Raises StandardsError.

    An answer to the despatch advice document (type D) is no account of goods, so it replaces none either.
    """
    advice = parse_receipt_advice(data, limit_bytes)
    paper = Paper(Standard.UBL, "receipt advice", advice.id, (advice.receiver, advice.supplier))
    seen = Activity(Standard.UBL, f"ReceiptAdvice/{advice.type_code}")
    (event,) = paper.events([(to_epcis(advice), seen, Classifier.ACTUAL)])
    if not advice.is_about_goods and not advice.is_cancelled:
        return [event], None
    return paper.version([event], advice.status_code, advice.issued_at)


def despatch_advice(data: bytes, limit_bytes: int) -> Read:
    """One event: the quantity is what left over all lines. Raises StandardsError."""
    advice = parse_despatch_advice(data, limit_bytes)
    paper = Paper(Standard.UBL_DESPATCH, "despatch advice", advice.id, (advice.supplier, advice.receiver))
    seen = Activity(Standard.UBL_DESPATCH, f"DespatchAdvice/{advice.type_code}")
    classifier = Classifier.ACTUAL if advice.is_actual else Classifier.ESTIMATED
    events = paper.events([(despatch_to_epcis(advice), seen, classifier)])
    return paper.version(events, advice.status_code, advice.issued_at)


def transportation_status(data: bytes, limit_bytes: int) -> Read:
    """One event for each thing that happened to each consignment. Raises StandardsError."""
    status = parse_transportation_status(data, limit_bytes)
    paper = Paper(Standard.UBL_STATUS, "transportation status", status.id, (status.sender, status.receiver))
    kinds = [(event.type_code, event.is_actual) for event in status.events] or [("none", True)]
    converted = [
        (its, Activity(Standard.UBL_STATUS, f"TransportationStatus/{code}"), _classifier(is_actual))
        for its, (code, is_actual) in zip(status_to_epcis(status), kinds, strict=True)
    ]
    return paper.version(paper.events(converted), status.status_code, status.issued_at)


def _classifier(is_actual: bool) -> Classifier:
    return Classifier.ACTUAL if is_actual else Classifier.ESTIMATED


class Paper:
    """A document's identity. Numbers are their writer's own: the parties keep two writers apart."""

    def __init__(self, standard: Standard, name: str, number: str, parties: Sequence[str | None]) -> None:
        self._standard, self._label = standard, f"{name} {number}"
        self._id = "|".join((*(party or "" for party in parties), number))

    def events(self, converted: Sequence[tuple[dict[str, Any], Activity, Classifier]]) -> list[CanonicalEvent]:
        """Each event once, however often the document repeats it. Raises StandardsError."""
        found: dict[str, CanonicalEvent] = {}
        for its, seen, classifier in converted:
            event = epcis.canonical(parse_event(its), seen, classifier, source_event_id=self._id, version=VERSION)
            found.setdefault(event.event_hash, event.model_copy(update={"correction": None}))
        return list(found.values())

    def version(self, events: list[CanonicalEvent], code: str, issued_at: datetime) -> Read:
        """A cancellation may repeat the events or not, so it means its number as well as their hashes."""
        stage = _STAGES[code]
        version = Version(f"{self._standard}|{self._id}", self._label, stage, issued_at)
        if stage is VersionStage.ORIGINAL:
            return events, version
        if stage is VersionStage.CANCELLATION:
            return [self._cancelling(event, issued_at) for event in events], version
        keeps = frozenset(event.event_hash for event in events)
        correction = Correction(
            f"{self._label} was replaced", issued_at, source_event_id=self._id, replaces=True, keeps=keeps
        )
        return [event.model_copy(update={"correction": correction}) for event in events], version

    def _cancelling(self, event: CanonicalEvent, issued_at: datetime) -> CanonicalEvent:
        why = f"{self._label} was cancelled"
        its = Correction(why, issued_at, event_hash=event.event_hash, source_event_id=self._id)
        return event.model_copy(update={"correction": its})
