"""What a sensor measured at one moment, however its message was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from standards.epcis import DOOR_TYPE, fields
from standards.epcis.references import CONTAINER_URN, OWN_NAMES, ReferenceKind, own_urn
from standards.errors import StandardsError
from standards.identifiers import container, sscc

MOST_DIGITS: Final = 12
"""Before the point, and behind it: within these sums are exact, and no sensor needs more."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

About = Mapping[str, Any]
"""The part of an EPCIS event that says what it is about: epcList, bizTransactionList, readPoint, …"""


class PayloadRefused(StandardsError):
    """A message is not what this source was declared to bring. `kind` groups such messages, `str()` says the place."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(f"{kind}: {why}")
        self.kind = kind


@dataclass(frozen=True)
class Series:
    """What belongs together in a window. `about` is canonical JSON, empty where the table of devices has to say it."""

    device: str
    about: str
    type: str
    uom: str = ""
    component: str = ""

    @property
    def is_door(self) -> bool:
        return self.type == DOOR_TYPE


@dataclass(frozen=True)
class Reading:
    """`value` in the series' unit; of a door 1 (open) or 0. `sequence` is the device's own number, where it has one."""

    series: Series
    at: datetime
    value: Decimal
    sequence: str = ""
    alarm: bool = False

    @property
    def is_urgent(self) -> bool:
        """Whether it must not wait for the end of its window: an alarm, or a door that is open."""
        return self.alarm or (self.series.is_door and self.value == 1)


def checked_value(number: int | Decimal) -> Decimal:
    """A value without superfluous digits. Raises PayloadRefused for one that no sensor measures."""
    value = Decimal(number)
    if not value:
        return Decimal(0)
    if not value.is_finite() or value.adjusted() >= MOST_DIGITS:
        raise PayloadRefused("value out of bounds", "it has more digits before the point than any sensor measures")
    text = f"{value:f}"
    shortest = text.rstrip("0").rstrip(".") if "." in text else text
    if len(shortest.partition(".")[2]) > MOST_DIGITS:
        raise PayloadRefused("value out of bounds", f"it has more than {MOST_DIGITS} decimals")
    return Decimal(shortest)


def plain(value: Decimal) -> str:
    """The value's one written form, without exponent."""
    return f"{value:f}"


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // _MICROSECOND


def moment_of(microseconds: int) -> datetime:
    return EPOCH + microseconds * _MICROSECOND


def device_uri(device: str) -> str:
    """The device as EPCIS wants it: its own URI, or one of ours around its name."""
    return device if fields.is_uri(device) else f"{OWN_NAMES}device:{quote(device, safe='')}"


def about_of(kinds: Mapping[ReferenceKind, str], place: str | None = None) -> About:
    """References by their kind as parts of an event. Raises IdentifierInvalid where a check digit is wrong."""
    boxes = []
    if "container" in kinds:
        boxes.append(f"{CONTAINER_URN}{container(kinds['container'])}")
    if "sscc" in kinds:
        boxes.append(f"https://id.gs1.org/00/{sscc(kinds['sscc'])}")
    papers = [
        {"bizTransaction": own_urn(kind, value)} for kind, value in kinds.items() if kind not in ("container", "sscc")
    ]
    about: dict[str, Any] = {"epcList": boxes}
    if papers:
        about["bizTransactionList"] = papers
    if place is not None:
        about["readPoint"] = {"id": place}
    return about
