"""From the outside world's formats to canonical events. Every one goes through EPCIS, so that one hash names a fact."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from typing import Final

from oracles.adapters import dcsa, epcis, prices, ubl
from oracles.canonical import Document, Standard
from oracles.errors import FLAWS, DocumentRefused
from standards.dcsa import DEFAULT_VERSIONS, Version
from standards.detect import detected
from standards.errors import StandardsError

VersionReader = Callable[[bytes, int], ubl.Read]

_VERSION_READERS: Final[Mapping[str, tuple[Standard, VersionReader]]] = {
    "receipt_advice": (Standard.UBL, ubl.receipt_advice),
    "despatch_advice": (Standard.UBL_DESPATCH, ubl.despatch_advice),
    "transportation_status": (Standard.UBL_STATUS, ubl.transportation_status),
}
"""Of papers that are numbered and may be sent again."""


def read_document(
    name: str, data: bytes, limit_bytes: int, dcsa_versions: Collection[Version] = DEFAULT_VERSIONS
) -> Document:
    """All events of a file, or DocumentRefused with what its sender must mend."""
    if len(data) > limit_bytes:
        raise DocumentRefused(name, f"it is larger than the {limit_bytes} bytes that this node reads")
    try:
        found, value = detected(data, limit_bytes)
        if found == "prices":
            return _price_list(name, data, limit_bytes)
        if found in _VERSION_READERS:
            return _numbered(name, data, limit_bytes, *_VERSION_READERS[found])
        if found == "dcsa":
            standard, events = Standard.DCSA, dcsa.read(data, limit_bytes, dcsa_versions)
        elif found == "epcis":
            standard, events = Standard.EPCIS, epcis.read_parsed(value)
        else:
            raise DocumentRefused(name, f"an {found} is no logistics event; it goes to the gateway")
    except StandardsError as error:
        raise DocumentRefused(name, str(error)) from error
    except FLAWS as error:
        # One paper that our own code cannot take must not stop the node, nor be lost.
        raise DocumentRefused(name, f"this program failed on it ({type(error).__name__}: {error})") from error
    if not events:
        raise DocumentRefused(name, "it holds no event")
    return Document(name, sha256(data).hexdigest(), standard, tuple(events))


def _numbered(name: str, data: bytes, limit_bytes: int, standard: Standard, read: VersionReader) -> Document:
    events, version = read(data, limit_bytes)
    return Document(name, sha256(data).hexdigest(), standard, tuple(events), version=version)


def _price_list(name: str, data: bytes, limit_bytes: int) -> Document:
    quotes = prices.read(data, limit_bytes)
    if not quotes:
        raise DocumentRefused(name, "it holds no price")
    return Document(name, sha256(data).hexdigest(), Standard.PRICES, quotes=tuple(quotes))
