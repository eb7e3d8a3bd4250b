"""A valid receiving event by default; a test states only what differs."""

import json
from typing import Any

GS1_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def event(**changes: Any) -> dict[str, Any]:
    """The event with `changes`; a change to None takes the property away."""
    whole = {
        "type": "ObjectEvent",
        "eventTime": "2026-05-28T09:30:00+02:00",
        "eventTimeZoneOffset": "+02:00",
        "action": "OBSERVE",
        "bizStep": "receiving",
        "quantityList": [{"epcClass": "https://id.gs1.org/01/04012345101010", "quantity": 500}],
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def document(*events: Any, **changes: Any) -> dict[str, Any]:
    whole = {
        "@context": [GS1_CONTEXT, {"example": "https://ns.example.com/epcis/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-05-28T08:05:00Z",
        "epcisBody": {"eventList": list(events) or [event()]},
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def written(value: Any) -> bytes:
    return json.dumps(value).encode()
