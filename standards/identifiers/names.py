"""What an identifier names: its scheme and its code in it, whichever form the identifier has."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote

from standards.identifiers.codes import is_container
from standards.identifiers.digital_link import canonical
from standards.identifiers.epc_urn import RESOLVER

_LINK: Final = re.compile(rf"{re.escape(RESOLVER)}/(\d+)/([^/]+)(?:/(\d+)/([^/]+))?", re.ASCII)
_SCHEMES: Final = {
    "00": "sscc", "01": "product", "253": "document", "255": "coupon", "401": "consignment", "402": "shipment",
    "414": "gln", "417": "gln", "8003": "grai", "8004": "giai", "8006": "piece", "8010": "part", "8017": "gsrn",
    "8018": "gsrn",
}  # fmt: skip
_FINER: Final = {("01", "10"): "lot", ("01", "21"): "item", ("01", "235"): "item"}
_LEI: Final = re.compile(r".*(?:17442|lei)[:/]([A-Z0-9]{18}\d\d)", re.ASCII | re.IGNORECASE)
_UNLOCODE: Final = re.compile(r".*unlocode[:/]([A-Za-z]{2}[A-Za-z2-9]{3})", re.ASCII)
_GEO: Final = re.compile(r"geo:([^;?]+).*", re.ASCII)
_LONGEST: Final = 1024


class Name(NamedTuple):
    """`scheme` is sscc, container, lot, item, product, gln, lei, unlocode, geo … or uri, whose code is the id itself.

    A code below another has both, as in `04012345101010/L1` for a lot of a product.
    """

    scheme: str
    code: str


def named(identifier: str) -> Name:
    """What an identifier names, in the one form that it has in its scheme."""
    text = identifier.strip()
    return _named(text) if len(text) <= _LONGEST else Name("uri", text)


@lru_cache(maxsize=65_536)
def _named(identifier: str) -> Name:
    link = _LINK.fullmatch(canonical(identifier))
    if link is not None and link[1] in _SCHEMES:
        code = unquote(link[2])
        if link[3] is None:
            return Name(_SCHEMES[link[1]], code)
        return Name(_FINER.get((link[1], link[3]), _SCHEMES[link[1]]), f"{code}/{unquote(link[4])}")
    for scheme, pattern in (("lei", _LEI), ("unlocode", _UNLOCODE)):
        match = pattern.fullmatch(identifier)
        if match is not None:
            return Name(scheme, match[1].upper())
    place = _GEO.fullmatch(identifier)
    if place is not None:
        return Name("geo", place[1])
    last = re.split(r"[:/]", identifier)[-1]
    return Name("container", last.upper()) if is_container(last) else Name("uri", identifier)
