"""The words that rules may use: the codes of each standard, and the traits that adapters set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, get_args

from oracles.canonical import Standard
from standards.dcsa import v2, v3
from standards.epcis.events import EVENT_TYPES
from standards.epcis.fields import is_uri
from standards.epcis.vocabulary import BUSINESS_STEPS

BILL_OF_LADING: Final = "bill of lading"
LADEN: Final = "laden"
CONFORMANT: Final = "conformant"
NON_CONFORMANT: Final = "non-conformant"
TRAITS: Final = frozenset({BILL_OF_LADING, LADEN, CONFORMANT, NON_CONFORMANT})

VOID_SHIPPING: Final = "void_shipping"
SHIPPING: Final = "shipping"

_DCSA: Final = frozenset(
    {
        *(f"TRANSPORT/{code}" for code in ("ARRI", "DEPA", "APPROACHING")),
        *(f"EQUIPMENT/{code}" for code in (*get_args(v2.EquipmentCode), *get_args(v3.EquipmentCode))),
        *(
            f"SHIPMENT/{document}/{code}"
            for document in get_args(v2.DocumentCode)
            for code in get_args(v2.ShipmentCode)
        ),
    }
)
CODES: Final[Mapping[Standard, frozenset[str]]] = {
    Standard.EPCIS: BUSINESS_STEPS | frozenset(EVENT_TYPES),
    Standard.DCSA: _DCSA,
    Standard.UBL: frozenset({"ReceiptAdvice/S", "ReceiptAdvice/D"}),
}
PATTERNS: Final[Mapping[Standard, re.Pattern[str]]] = {
    Standard.UBL_DESPATCH: re.compile(r"DespatchAdvice/[0-9A-Za-z]{1,3}"),
    Standard.UBL_STATUS: re.compile(r"TransportationStatus/(\d{1,3}|none)", re.ASCII),
}
"""Of those whose codes are a list that others keep (UN/ECE Recommendation 24). A standard in neither has no events."""


def is_code(standard: Standard, code: str) -> bool:
    """Whether events of the standard may have the code; in EPCIS also the URI of an event type of one's own."""
    pattern = PATTERNS.get(standard)
    if pattern is not None:
        return pattern.fullmatch(code) is not None
    return code in CODES.get(standard, ()) or (standard is Standard.EPCIS and is_uri(code))
