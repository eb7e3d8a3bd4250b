"""What the EPCIS events of all UBL documents are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from standards.epcis.references import CONTAINER_URN, OWN_NAMES, ReferenceKind, own_urn
from standards.identifiers import IdentifierInvalid, container, gln, gtin, sscc
from standards.strict_json import json_able

GS1_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
RESOLVER: Final = "https://id.gs1.org"
_UNIT: Final = re.compile(r"[A-Z0-9]{2,3}", re.ASCII)


def sscc_links(units: Iterable[str]) -> list[str]:
    """Those whose check digit is right."""
    return [link for unit in units if (link := _link("00", sscc, unit)) is not None]


def consignment_links(number: str | None) -> list[str]:
    """Of a GINC."""
    return [f"{RESOLVER}/401/{quote(number, safe='')}"] if number else []


def container_urns(boxes: Iterable[str]) -> list[str]:
    """Those whose check digit is right."""
    found = []
    for box in boxes:
        try:
            found.append(f"{CONTAINER_URN}{container(box)}")
        except IdentifierInvalid:
            continue
    return found


def party_link(identifier: str | None) -> str | None:
    """Of a party that is known by its GLN."""
    return _link("417", gln, identifier or "")


def place_link(identifier: str | None) -> str | None:
    """Of a place that is known by its GLN."""
    return _link("414", gln, identifier or "")


def document(name: str | None, kind: ReferenceKind, number: str) -> dict[str, str]:
    """An entry of bizTransactionList; `name` is the word of the CBV for it."""
    return ({"type": name} if name else {}) | {"bizTransaction": own_urn(kind, number)}


def quantity_element(
    gtin_: str | None, seller_item: str | None, line: str, quantity: Decimal | None, unit: str | None
) -> dict[str, Any]:
    """How much of which item; an item without a valid GTIN keeps the name that it came with."""
    name = gtin_ or seller_item or f"line {line}"
    element: dict[str, Any] = {"epcClass": _link("01", gtin, gtin_ or "") or f"{OWN_NAMES}item:{quote(name, safe='')}"}
    if quantity is not None:
        element["quantity"] = json_able(quantity)
    if unit is not None and _UNIT.fullmatch(unit):
        element["uom"] = unit
    return element


def plain(value: Any) -> Any:
    """A number in one writing; anything else as it is."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _link(key: str, check: Any, text: str) -> str | None:
    try:
        return f"{RESOLVER}/{key}/{check(text)}"
    except IdentifierInvalid:
        return None
