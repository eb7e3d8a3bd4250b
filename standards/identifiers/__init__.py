"""Identifiers of goods, places, parties and boxes: checked by their check digits, brought to one form."""

from standards.identifiers.classes import class_link
from standards.identifiers.codes import (
    IdentifierInvalid,
    check_digit,
    container,
    gln,
    gtin,
    is_container,
    lei,
    sscc,
    unlocode,
    vessel,
)
from standards.identifiers.digital_link import canonical, canonical_link
from standards.identifiers.epc_urn import link_of_urn
from standards.identifiers.names import Name, named

__all__ = [
    "IdentifierInvalid",
    "Name",
    "canonical",
    "canonical_link",
    "check_digit",
    "class_link",
    "container",
    "gln",
    "gtin",
    "is_container",
    "lei",
    "link_of_urn",
    "named",
    "sscc",
    "unlocode",
    "vessel",
]
