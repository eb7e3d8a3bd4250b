"""The papers that the measurements hand to nodes."""

from __future__ import annotations

import json
from datetime import datetime


def sighting(order: str, number: int, at: datetime, observer: int = 0, step: str = "receiving") -> bytes:
    """Goods that were received, say: of an order, by SSCC, counted, at a place, with a note of its own. Each `observer`
    tells the same fact in an event of its own."""
    event = {
        "type": "ObjectEvent",
        "eventTime": at.isoformat(),
        "eventTimeZoneOffset": "+01:00",
        "epcList": [f"urn:epc:id:sscc:4012345.{number:010d}"],
        "action": "OBSERVE",
        "bizStep": step,
        "disposition": "in_transit" if step == "departing" else "in_progress",
        "readPoint": {"id": f"urn:epc:id:sgln:4012345.00011.{987 + observer}"},
        "bizLocation": {"id": "urn:epc:id:sgln:4012345.00011.0"},
        "bizTransactionList": [{"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:4012345000009:{order}"}],
        "quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.998877", "quantity": 950, "uom": "KGM"}],
        "example:dock": f"gate {number % 40}",
    }
    document = {
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            {"example": "https://ns.example.com/epcis/"},
        ],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": at.isoformat(),
        "epcisBody": {"eventList": [event]},
    }
    return json.dumps(document).encode()
