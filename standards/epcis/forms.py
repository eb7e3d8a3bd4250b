"""The two forms of a GS1 identifier in an event: EPC URN and Digital Link. The event hash is the same in both.

A URN becomes a link without loss. The way back is never taken: a link does not tell how long the company prefix is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from standards.identifiers import canonical_link, link_of_urn

Change = Callable[[str], str]

_ONE: Final = ("parentID",)
_MANY: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_INSIDE: Final[Mapping[str, str]] = {
    "readPoint": "id",
    "bizLocation": "id",
    "quantityList": "epcClass",
    "childQuantityList": "epcClass",
    "inputQuantityList": "epcClass",
    "outputQuantityList": "epcClass",
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
}


def in_links(source: Mapping[str, Any]) -> dict[str, Any]:
    """The event with each EPC URN as Digital Link; a URN that has no such form (a container's) stays."""
    return _changed(source, lambda identifier: link_of_urn(identifier.strip()) or identifier)


def links(source: Mapping[str, Any]) -> list[str]:
    """The Digital Links among the event's identifiers, in the order of the event."""
    found: list[str] = []

    def look(identifier: str) -> str:
        if canonical_link(identifier.strip()) is not None:
            found.append(identifier)
        return identifier

    _changed(source, look)
    return found


def _changed(source: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """A copy of the event; what has not the form that EPCIS gives it (events of one's own type) is left alone."""
    changed = dict(source)
    for name, value in source.items():
        if name in _ONE and isinstance(value, str):
            changed[name] = change(value)
        elif name in _MANY and isinstance(value, list):
            changed[name] = _list(value, change)
        elif name in _INSIDE:
            changed[name] = _inside(value, _INSIDE[name], change)
        elif name == "sensorElementList" and isinstance(value, list):
            changed[name] = [_sensor(element, change) for element in value]
    return changed


def _list(values: list[Any], change: Change) -> list[Any]:
    return _unrepeated(values, [change(value) if isinstance(value, str) else value for value in values])


def _inside(value: Any, name: str, change: Change) -> Any:
    if isinstance(value, list):
        return _unrepeated(value, [_inside(item, name, change) for item in value])
    if isinstance(value, dict) and isinstance(value.get(name), str):
        return value | {name: change(value[name])}
    return value


def _unrepeated(values: list[Any], changed: list[Any]) -> list[Any]:
    """A list that names one thing in both forms keeps both: the standard allows no repeats, the hash counts them."""
    kept: list[Any] = []
    for value, new in zip(values, changed, strict=True):
        kept.append(value if new in kept or (new != value and new in values) else new)
    return kept


def _sensor(element: Any, change: Change) -> Any:
    if not isinstance(element, dict):
        return element
    return element | {
        name: _inside(element[name], "deviceID", change)
        for name in ("sensorMetadata", "sensorReport")
        if name in element
    }
