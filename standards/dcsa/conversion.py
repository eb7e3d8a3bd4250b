"""DCSA events as EPCIS events, so that one hash names a fact whichever way it came.

The whole original stands inside under `dcsa:event`, less what belongs to the message and not to the fact (its id and
when it was made): any stated fact that changes, the classifier among them, changes the hash; a repeat does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from standards.dcsa.conditions import sensor_elements
from standards.dcsa.documents import Message
from standards.dcsa.events import DcsaEvent, Location, OfCall, Retraction, ShipmentEvent, TransportEvent
from standards.dcsa.versions import Version
from standards.epcis.references import BOOKING_TYPE, CONTAINER_URN, OWN_NAMES, ReferenceKind, own_urn
from standards.strict_json import json_able

EPCIS_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

# Gates are passed at both ends of a voyage: neither alone is a departure or an arrival of the goods.
BUSINESS_STEPS: Final[Mapping[str, str]] = {
    "ARRI": "arriving",
    "DEPA": "departing",
    "LOAD": "loading",
    "DISC": "unloading",
    "GTIN": "entering_exiting",
    "GTOT": "entering_exiting",
    "STUF": "packing",
    "STRP": "unpacking",
    "INSP": "inspecting",
    "PICK": "other",
    "DROP": "other",
    "RSEA": "other",
    "RMVD": "other",
}
DOCUMENT_TYPES: Final[Mapping[str, tuple[str, ReferenceKind]]] = {
    "BKG": (BOOKING_TYPE, "booking"),
    "CBR": (BOOKING_TYPE, "booking"),
    "TRD": ("bol", "transport_document"),
    "PO": ("po", "order"),
}
_DEGREES: Final = re.compile(r"[+-]?\d{1,3}(\.\d{1,20})?", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def namespace(version: Version) -> str:
    """Of names that an event of that version has and EPCIS has not."""
    return f"{OWN_NAMES}dcsa:track-and-trace:{version}:"


def to_epcis(event: Message) -> dict[str, Any]:
    """A bare EPCIS 2.0 event: shipping documents as TransactionEvent, everything else as ObjectEvent."""
    names = namespace(event.version)
    converted: dict[str, Any] = {
        "@context": [EPCIS_CONTEXT, {"dcsa": names}],
        "type": "ObjectEvent",
        "eventTime": event.moment_text,
        "eventTimeZoneOffset": event.local_offset,
        "epcList": [],
        "action": "OBSERVE",
        "dcsa:event": json_able(event.fact),
    }
    if event.id is not None:
        converted["eventID"] = _event_id(event.id, names)
    if isinstance(event, Retraction):
        return converted
    return converted | {"recordTime": event.created_at.isoformat()} | _told(event, names)


def _told(event: DcsaEvent, names: str) -> dict[str, Any]:
    told: dict[str, Any] = {"epcList": list(_objects(event))}
    if event.code in BUSINESS_STEPS:
        told["bizStep"] = BUSINESS_STEPS[event.code]
    place = _place(event)
    if place is not None:
        told["readPoint"] = {"id": place}
    documents = list(_documents(event, names))
    if documents:
        told["bizTransactionList"] = documents
    if isinstance(event, ShipmentEvent):
        told |= {"type": "TransactionEvent", "action": _action(event)}
    elements = sensor_elements(event)
    if elements:
        told["sensorElementList"] = elements
    return told


def _event_id(identifier: str, names: str) -> str:
    if _UUID.fullmatch(identifier):
        return f"urn:uuid:{identifier.lower()}"
    return f"{names}event:{quote(identifier, safe='')}"


def _objects(event: DcsaEvent) -> Iterator[str]:
    if event.container is not None:
        yield f"{CONTAINER_URN}{event.container}"
    if isinstance(event, TransportEvent) and event.vessel_number is not None:
        yield f"urn:epc:id:imovn:{event.vessel_number}"


def _place(event: DcsaEvent) -> str | None:
    if not isinstance(event, OfCall):
        return None
    call = event.transport_call
    for location in (event.location, call.location if call else None):
        place = _of_location(location) if location else None
        if place is not None:
            return place
    return f"{OWN_NAMES}unlocode:{quote(call.unlocode, safe='')}" if call and call.unlocode else None


def _of_location(location: Location) -> str | None:
    if location.unlocode:
        return f"{OWN_NAMES}unlocode:{quote(location.unlocode, safe='')}"
    latitude, longitude = _degrees(location.latitude, 90), _degrees(location.longitude, 180)
    return f"geo:{latitude},{longitude}" if latitude and longitude else None


def _degrees(value: Any, most: int) -> str | None:
    """A coordinate, given as text or number, in one writing; None for what is none."""
    text = str(value).strip()
    if not _DEGREES.fullmatch(text) or abs(Decimal(text)) > most:
        return None
    return f"{Decimal(text).normalize():f}"


def _documents(event: DcsaEvent, names: str) -> Iterator[dict[str, str]]:
    references = [(reference.type, reference.value) for reference in event.document_references]
    references += [(reference.type, reference.value) for reference in event.party_references]
    if isinstance(event, ShipmentEvent):
        references.insert(0, (event.document_code, event.document_id))
    named = list(dict.fromkeys(reference for reference in references if reference[0] in DOCUMENT_TYPES))
    for name, value in named:
        transaction_type, kind = DOCUMENT_TYPES[name]
        yield {"type": transaction_type, "bizTransaction": own_urn(kind, value)}
    if isinstance(event, ShipmentEvent) and event.document_code not in DOCUMENT_TYPES:
        yield {"bizTransaction": f"{names}{event.document_code}:{quote(event.document_id, safe='')}"}


def _action(event: ShipmentEvent) -> str:
    """Issuing ties the goods to the document; surrender, voiding and cancelling free them."""
    return {"ISSU": "ADD", "SURR": "DELETE", "VOID": "DELETE", "CANC": "DELETE"}.get(event.code, "OBSERVE")
