"""Peppol ReceiptAdvice as one canonical event: the quantity is what was accepted over all lines."""

from __future__ import annotations

from typing import Final

from oracles.adapters import epcis
from oracles.canonical import Activity, CanonicalEvent, Correction, Standard
from standards.epcis import event_hash, parse_event
from standards.ubl import ReceiptAdvice, parse_receipt_advice, to_epcis

REPLACES: Final = "5"
VERSION: Final = "2"
"""Of UBL; Peppol's profile is told by the document itself."""


def read(data: bytes, limit_bytes: int) -> list[CanonicalEvent]:
    """Raises StandardsError."""
    advice = parse_receipt_advice(data, limit_bytes)
    converted = parse_event(to_epcis(advice))
    activity = Activity(Standard.UBL, f"ReceiptAdvice/{advice.type_code}")
    name = event_hash(converted)
    correction = _correction(advice, name)
    return [
        epcis.canonical(converted, activity, source_event_id=_source_id(advice), correction=correction, version=VERSION)
    ]


def _source_id(advice: ReceiptAdvice) -> str:
    """Numbers are their writer's own: the parties keep two writers apart."""
    return "|".join((advice.receiver or "", advice.supplier or "", advice.id))


def _correction(advice: ReceiptAdvice, name: str) -> Correction | None:
    """A cancellation may repeat the lines or not, so it means its number as well as its hash."""
    if advice.is_cancelled:
        reason = f"receipt advice {advice.id} was cancelled"
        return Correction(reason, advice.issued_at, event_hash=name, source_event_id=_source_id(advice))
    if advice.status_code == REPLACES:
        reason = f"receipt advice {advice.id} was replaced"
        return Correction(reason, advice.issued_at, source_event_id=_source_id(advice), replaces=True)
    return None
