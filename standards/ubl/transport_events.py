"""A transportation status as EPCIS events: one for each thing that it says happened to a consignment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import quote

from standards.epcis.references import BOOKING_TYPE, OWN_NAMES
from standards.identifiers import IdentifierInvalid, unlocode
from standards.ubl.event_parts import (
    GS1_CONTEXT,
    consignment_links,
    container_urns,
    document,
    place_link,
    sscc_links,
)
from standards.ubl.moments import offset_of
from standards.ubl.transportation_status import Condition, TransportationStatus, TransportEvent

NAMESPACE: Final = f"{OWN_NAMES}ubl:transportation-status:"
CONTEXT: Final = [GS1_CONTEXT, {"ubl": NAMESPACE}]

BUSINESS_STEPS: Final[Mapping[str, str]] = {
    "1": "arriving",
    "3": "arriving",
    "40": "arriving",
    "13": "collecting",
    "21": "other",
    "22": "other",
    "24": "departing",
    "127": "departing",
    "27": "shipping",
    "29": "unloading",
    "48": "loading",
    "91": "storing",
}
"""By the code of Recommendation 24; what is missing has no step. That a carrier delivered is not yet that its receiver
accepted."""
DISPOSITIONS: Final[Mapping[str, str]] = {"3": "damaged", "18": "damaged", "218": "damaged", "31": "in_transit"}


def status_to_epcis(status: TransportationStatus) -> list[dict[str, Any]]:
    """Bare EPCIS 2.0 events, at least one: a status without events is a TransactionEvent of its own. A cancellation
    declares all of them errors."""
    events = [_event(status, event) for event in status.events] or [_without_events(status)]
    if status.is_cancelled:
        for event in events:
            event["errorDeclaration"] = {"declarationTime": status.issued, "reason": "did_not_occur"}
    return events


def _event(status: TransportationStatus, its: TransportEvent) -> dict[str, Any]:
    event: dict[str, Any] = {
        "@context": CONTEXT,
        "type": "ObjectEvent",
        "eventTime": its.occurred,
        "eventTimeZoneOffset": offset_of(its.occurred),
        "recordTime": status.issued,
        "action": "OBSERVE",
        "epcList": _objects(its),
        "ubl:transportationStatus": _original(status, its),
    }
    if its.type_code in BUSINESS_STEPS:
        event["bizStep"] = BUSINESS_STEPS[its.type_code]
    if its.type_code in DISPOSITIONS:
        event["disposition"] = DISPOSITIONS[its.type_code]
    place = _place(its)
    if place is not None:
        event["readPoint"] = {"id": place}
    documents = _documents(status, its)
    return event | ({"bizTransactionList": documents} if documents else {})


def _without_events(status: TransportationStatus) -> dict[str, Any]:
    number = {"bizTransaction": f"{NAMESPACE}{quote(status.id, safe='')}"}
    return {
        "@context": CONTEXT,
        "type": "TransactionEvent",
        "eventTime": status.issued,
        "eventTimeZoneOffset": offset_of(status.issued),
        "recordTime": status.issued,
        "action": "OBSERVE",
        "bizTransactionList": [number],
        "epcList": [],
        "ubl:transportationStatus": _head(status),
    }


def _objects(its: TransportEvent) -> list[str]:
    consignment = its.consignment
    if consignment is None:
        return []
    units, boxes = sscc_links(consignment.handling_units), container_urns(consignment.containers)
    return units + boxes + consignment_links(consignment.ginc)


def _documents(status: TransportationStatus, its: TransportEvent) -> list[dict[str, str]]:
    """What the document names as a whole is said of its consignment only where it has but one."""
    found = []
    if its.consignment is not None and its.consignment.number:
        found.append(document(None, "consignment", its.consignment.number))
    if len(status.consignments) <= 1:
        found += [document("bol", "transport_document", number) for number in status.transport_documents]
        if status.shipping_order:
            found.append(document(BOOKING_TYPE, "booking", status.shipping_order))
    return found


def _place(its: TransportEvent) -> str | None:
    if its.place is None:
        return None
    try:
        if its.place_scheme in ("UNLOCODE", "UN/LOCODE"):
            return f"{OWN_NAMES}unlocode:{unlocode(its.place)}"
    except IdentifierInvalid:
        return None
    return place_link(its.place)


def _head(status: TransportationStatus) -> dict[str, Any]:
    """Of the message: not when it was made, nor its status."""
    stated = {
        "ubl:id": status.id,
        "ubl:typeCode": status.type_code,
        "ubl:executionCode": status.execution_code,
        "ubl:sender": status.sender,
    }
    return {name: value for name, value in stated.items() if value is not None}


def _original(status: TransportationStatus, its: TransportEvent) -> dict[str, Any]:
    """What the status states of this event. A later status with the same event is the same event."""
    stated: dict[str, Any] = {"ubl:eventType": its.type_code, "ubl:complete": its.is_actual}
    if its.id is not None:
        stated["ubl:eventID"] = its.id
    if status.sender is not None:
        stated["ubl:sender"] = status.sender
    conditions = [*its.conditions, *(its.consignment.conditions if its.consignment else ())]
    return stated | {"ubl:condition": [_condition(condition) for condition in conditions]}


def _condition(condition: Condition) -> dict[str, str]:
    return {f"ubl:{name}": value for name, value in asdict(condition).items() if value is not None}
