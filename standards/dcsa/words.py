"""The words of 3.0's June dialect in the codes that 2.2 and the January dialect have. A word that is not here stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "classifier": {"ACTUAL": "ACT", "ESTIMATED": "EST", "PLANNED": "PLN"},
    "transport": {"ARRIVED": "ARRI", "DEPARTED": "DEPA"},
    "equipment": {
        "LOADED": "LOAD",
        "DISCHARGED": "DISC",
        "GATED_IN": "GTIN",
        "GATED_OUT": "GTOT",
        "STUFFED": "STUF",
        "STRIPPED": "STRP",
        "PICKED_UP": "PICK",
        "PICK_UP": "PICK",
        "DROPPED_OFF": "DROP",
        "DROP_OFF": "DROP",
        "INSPECTED": "INSP",
        "RESEALED": "RSEA",
        "REMOVED": "RMVD",
        "AVAILABLE_FOR_DROP_OFF": "AVDO",
        "AVAILABLE_FOR_PICK_UP": "AVPU",
        "CROSSED": "CROS",
        "CUSTOMS_SELECTED_FOR_INSPECTION": "CUSI",
        "CUSTOMS_RELEASED": "CUSR",
        "CUSTOMS_SELECTED_FOR_SCAN": "CUSS",
    },
    "shipment": {
        "ISSUED": "ISSU",
        "SURRENDERED": "SURR",
        "VOIDED": "VOID",
        "CANCELLED": "CANC",
        "CONFIRMED": "CONF",
        "RECEIVED": "RECE",
        "DRAFTED": "DRFT",
        "APPROVED": "APPR",
        "REJECTED": "REJE",
        "SUBMITTED": "SUBM",
        "COMPLETED": "CMPL",
        "RELEASED": "RELS",
        "ON_HOLD": "HOLD",
        "REQUESTED": "REQS",
        "SURRENDERED_FOR_DELIVERY": "SUDL",
        "PENDING_SURRENDER_FOR_DELIVERY": "PSDL",
    },
    "reefer": {"MEASURED": "MEAS", "ADJUSTED": "ADJU"},
    "document": {"BOOKING": "BKG", "TRANSPORT_DOCUMENT": "TRD", "CARRIER_BOOKING_REQUEST": "CBR"},
    "reference": {
        "PURCHASE_ORDER": "PO",
        "PURCHASE_ORDER_REFERENCE": "PO",
        "EQUIPMENT": "EQ",
        "EQUIPMENT_REFERENCE": "EQ",
    },
}


def word(kind: str, value: Any) -> Any:
    """The code for a word of that kind."""
    return _WORDS[kind].get(value, value) if isinstance(value, str) else value


def of_document(value: Any) -> Any:
    return word("document", value)


def of_reference(value: Any) -> Any:
    return word("reference", value)
