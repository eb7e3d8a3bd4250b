"""GS1 Digital Links brought to one form: the resolver of GS1, the finest key only, no query."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from standards.identifiers.epc_urn import RESOLVER, link_of_urn

_GTIN_DIGITS: Final = 14
# A key and at most three qualifiers, each with its value; longer identifiers are none of GS1's.
_MOST_SEGMENTS: Final = 8
_LONGEST_KEY: Final = 1024
_SIGN: Final = r"(?:%[0-9A-Fa-f]{2}|[\"'\-.0-9;<=>?A-Z_a-z])"
_LINK: Final = re.compile(r"https?://[^/?#]+(?P<path>/[^?#]*)(?:\?[^#]*)?", re.ASCII)

_KEYS_BY_NAME: Final = {
    "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017", "gsrn": "8018",
    "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402", "grai": "8003", "giai": "8004",
}  # fmt: skip
_QUALIFIERS_BY_NAME: Final = {
    "cpv": "22", "lot": "10", "ser": "21", "tpx": "235", "glnx": "254", "cpsn": "8011",
}  # fmt: skip

_VALUES: Final = {
    key: re.compile(pattern, re.ASCII)
    for key, pattern in {
        "00": r"\d{18}",
        "01": r"\d{8}|\d{12,14}",
        "253": rf"\d{{13}}{_SIGN}{{0,17}}",
        "255": r"\d{13,25}",
        "401": rf"\d{{4}}{_SIGN}{{1,26}}",
        "402": r"\d{17}",
        "414": r"\d{13}",
        "417": r"\d{13}",
        "8003": rf"\d{{14}}{_SIGN}{{0,16}}",
        "8004": rf"\d{{4}}{_SIGN}{{1,26}}",
        "8006": r"\d{18}",
        "8010": r"\d{4}(?:%2[3Ff]|[0-9A-Z-]){1,26}",
        "8017": r"\d{18}",
        "8018": r"\d{18}",
    }.items()
}

# For each key its qualifiers from coarse to fine: the finest one present identifies the thing, the others are dropped.
_QUALIFIERS: Final = {"01": ("22", "10", "235", "21"), "8006": ("22", "10", "21"), "414": ("254",), "8010": ("8011",)}
_IDENTIFYING: Final = frozenset({"10", "21", "235", "254", "8011"})
_QUALIFIER_VALUE: Final = re.compile(rf"{_SIGN}{{1,28}}", re.ASCII)


def canonical(identifier: str) -> str:
    """The one form of an identifier: EPC URNs and Digital Links as canonical link, anything else unchanged."""
    return _canonical(identifier) if len(identifier) <= _LONGEST_KEY else identifier


@lru_cache(maxsize=65_536)
def _canonical(identifier: str) -> str:
    return link_of_urn(identifier) or canonical_link(identifier) or identifier


def canonical_link(uri: str) -> str | None:
    """`uri` as canonical GS1 Digital Link; None when its path does not end in a GS1 key and that key's qualifiers."""
    match = _LINK.fullmatch(uri)
    if match is None:
        return None
    segments = match["path"].split("/")[1:]
    for start in range(max(0, len(segments) - _MOST_SEGMENTS), len(segments) - 1):
        path = _canonical_path(segments[start:])
        if path is not None:
            return f"{RESOLVER}/{path}"
    return None


def _canonical_path(segments: Sequence[str]) -> str | None:
    key = _KEYS_BY_NAME.get(segments[0], segments[0])
    if len(segments) % 2 or key not in _VALUES or not _VALUES[key].fullmatch(segments[1]):
        return None
    value = segments[1].zfill(_GTIN_DIGITS) if key == "01" else segments[1]
    qualifiers = {
        _QUALIFIERS_BY_NAME.get(name, name): text for name, text in zip(segments[2::2], segments[3::2], strict=True)
    }
    order = _QUALIFIERS.get(key, ())
    if any(name not in order or not _QUALIFIER_VALUE.fullmatch(text) for name, text in qualifiers.items()):
        return None
    finest = [name for name in order if name in qualifiers and name in _IDENTIFYING][-1:]
    return "/".join([key, value, *(part for name in finest for part in (name, qualifiers[name]))])
