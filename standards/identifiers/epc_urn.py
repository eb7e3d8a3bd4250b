"""EPC URNs (GS1 Tag Data Standard) turned into canonical GS1 Digital Links.

Only this way round: a link does not tell how long the company prefix is, which a URN needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from standards.identifiers.codes import check_digit

RESOLVER: Final = "https://id.gs1.org"
URN: Final = "urn:epc:"

# Digits of company prefix and reference together, without the check digit.
ITEM: Final = 13
PLACE: Final = 12
UNIT: Final = 17
SHIPMENT: Final = 16

_NUMBER: Final = r"(?P<prefix>\d{6,12})\.(?P<reference>\d*)"
_TEXT: Final = r"(?:%[0-9A-Fa-f]{2}|[!'()*+,.0-9:;=A-Z_a-z-])"
_PART: Final = r"(?:%2[3Ff]|[0-9A-Z-])"

# A Digital Link carries these percent-encoded, an EPC URN may carry them plain.
_ENCODED_IN_LINKS: Final = str.maketrans({sign: f"%{ord(sign):02X}" for sign in "!()*+,:"})

Groups = dict[str, str]
Rule = tuple[re.Pattern[str], Callable[[Groups], str | None]]


def link_of_urn(urn: str) -> str | None:
    """The canonical Digital Link of an EPC, EPC class or EPC pattern URN; None for anything else."""
    if not urn.startswith(URN):
        return None
    kind, _, rest = urn[len(URN) :].partition(":")
    scheme, _, body = rest.partition(":")
    rule = _RULES.get(f"{kind}:{scheme}")
    match = rule[0].fullmatch(body) if rule else None
    path = rule[1](match.groupdict()) if rule and match else None
    return None if path is None else f"{RESOLVER}/{path}"


def _encoded(text: str) -> str:
    return text.translate(_ENCODED_IN_LINKS)


def _item(groups: Groups) -> str | None:
    """GTIN-14: the reference's first digit (the indicator) moves to the front."""
    prefix, reference = groups["prefix"], groups["reference"]
    if len(prefix) + len(reference) != ITEM:
        return None
    digits = reference[0] + prefix + reference[1:]
    return digits + check_digit(digits)


def _number(groups: Groups, length: int, lead: str = "") -> str | None:
    digits = groups["prefix"] + groups["reference"]
    if len(digits) != length:
        return None
    return lead + digits + check_digit(lead + digits)


def _sscc(groups: Groups) -> str | None:
    prefix, reference = groups["prefix"], groups["reference"]
    if len(prefix) + len(reference) != UNIT:
        return None
    digits = reference[0] + prefix + reference[1:]
    return f"00/{digits}{check_digit(digits)}"


def _place(groups: Groups) -> str | None:
    number = _number(groups, PLACE)
    if number is None:
        return None
    extension = groups["text"]
    return f"414/{number}" if extension == "0" else f"414/{number}/254/{_encoded(extension)}"


def _item_with(key: str, qualifier: str = "") -> Callable[[Groups], str | None]:
    def build(groups: Groups) -> str | None:
        number = _item(groups)
        if number is None:
            return None
        tail = f"{groups.get('piece', '')}{groups.get('total', '')}"
        return f"{key}/{number}{tail}" + (f"/{qualifier}/{_encoded(groups['text'])}" if qualifier else "")

    return build


def _numbered(key: str, length: int, lead: str = "") -> Callable[[Groups], str | None]:
    def build(groups: Groups) -> str | None:
        number = _number(groups, length, lead)
        return None if number is None else f"{key}/{number}{_encoded(groups.get('text', ''))}"

    return build


def _joined(key: str, qualifier: str = "") -> Callable[[Groups], str | None]:
    """Company prefix and a free reference, one after the other, without a check digit."""

    def build(groups: Groups) -> str | None:
        tail = f"/{qualifier}/{groups['serial']}" if qualifier else ""
        return f"{key}/{groups['prefix']}{_encoded(groups['text'])}{tail}"

    return build


def _rule(pattern: str, build: Callable[[Groups], str | None]) -> Rule:
    return re.compile(pattern, re.ASCII), build


_RULES: Final[dict[str, Rule]] = {
    "id:sgtin": _rule(rf"{_NUMBER}\.(?P<text>{_TEXT}{{1,20}})", _item_with("01", "21")),
    "id:sscc": _rule(_NUMBER, _sscc),
    "id:sgln": _rule(rf"{_NUMBER}\.(?P<text>{_TEXT}{{1,20}})", _place),
    "id:pgln": _rule(_NUMBER, _numbered("417", PLACE)),
    "id:grai": _rule(rf"{_NUMBER}\.(?P<text>{_TEXT}{{1,16}})", _numbered("8003", PLACE, "0")),
    "id:giai": _rule(rf"(?P<prefix>\d{{6,12}})\.(?P<text>{_TEXT}{{1,24}})", _joined("8004")),
    "id:gsrn": _rule(_NUMBER, _numbered("8018", UNIT)),
    "id:gsrnp": _rule(_NUMBER, _numbered("8017", UNIT)),
    "id:gdti": _rule(rf"{_NUMBER}\.(?P<text>{_TEXT}{{1,20}})", _numbered("253", PLACE)),
    "id:sgcn": _rule(rf"{_NUMBER}\.(?P<text>\d{{1,12}})", _numbered("255", PLACE)),
    "id:ginc": _rule(rf"(?P<prefix>\d{{6,12}})\.(?P<text>{_TEXT}{{1,24}})", _joined("401")),
    "id:gsin": _rule(_NUMBER, _numbered("402", SHIPMENT)),
    "id:cpi": _rule(
        rf"(?P<prefix>\d{{6,12}})\.(?P<text>{_PART}{{1,24}})\.(?P<serial>\d{{1,12}})", _joined("8010", "8011")
    ),
    "id:itip": _rule(
        rf"{_NUMBER}\.(?P<piece>\d\d)\.(?P<total>\d\d)\.(?P<text>{_TEXT}{{1,20}})", _item_with("8006", "21")
    ),
    "id:upui": _rule(rf"{_NUMBER}\.(?P<text>{_TEXT}{{1,28}})", _item_with("01", "235")),
    "class:lgtin": _rule(rf"{_NUMBER}\.(?P<text>{_TEXT}{{1,20}})", _item_with("01", "10")),
    "idpat:sgtin": _rule(rf"{_NUMBER}\.\*", _item_with("01")),
    "idpat:upui": _rule(rf"{_NUMBER}\.\*", _item_with("01")),
    "idpat:itip": _rule(rf"{_NUMBER}\.(?P<piece>\d\d)\.(?P<total>\d\d)\.\*", _item_with("8006")),
    "idpat:grai": _rule(rf"{_NUMBER}\.\*", _numbered("8003", PLACE, "0")),
    "idpat:gdti": _rule(rf"{_NUMBER}\.\*", _numbered("253", PLACE)),
    "idpat:sgcn": _rule(rf"{_NUMBER}\.\*", _numbered("255", PLACE)),
    "idpat:cpi": _rule(rf"(?P<prefix>\d{{6,12}})\.(?P<text>{_PART}{{1,24}})\.\*", _joined("8010")),
}
