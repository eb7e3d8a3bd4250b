"""Dates and times of UBL, which stand apart and may lack a zone, as RFC 3339 text."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from standards.epcis.times import instant
from standards.ubl.reading import Reader

_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?", re.ASCII)
_TIME: Final = re.compile(r"(\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)?", re.ASCII)
_LAST_SECOND: Final = "23:59:59"


def moment_of_issue(reader: Reader) -> str:
    """When the document was issued; at the end of the day where it states no time."""
    day, zone = _day(reader, "cbc:IssueDate")
    time = _time(reader, "cbc:IssueTime", zone)
    return f"{day}T{time or _LAST_SECOND + (zone or 'Z')}"


def moment_of_delivery(reader: Reader, issued: str) -> str:
    """When the goods came; at issue where no date is stated."""
    delivery = reader.first("cac:Shipment/cac:Delivery")
    return issued if delivery is None else moment_of(delivery, "cbc:ActualDelivery", issued) or issued


def moment_of(reader: Reader, name: str, issued: str) -> str | None:
    """What `<name>Date` and `<name>Time` state; None without a date. Without time of day it is by the end of that
    day, though not after the issue."""
    if reader.text(f"{name}Date") is None:
        return None
    day, zone = _day(reader, f"{name}Date")
    time = _time(reader, f"{name}Time", zone)
    if time is not None:
        return f"{day}T{time}"
    return issued if issued.startswith(day) else f"{day}T{_LAST_SECOND}{zone or _zone(issued)}"


def offset_of(moment: str) -> str:
    """As EPCIS writes it, `+02:00`."""
    return "+00:00" if moment.endswith("Z") else moment[-len("+02:00") :]


def as_instant(reader: Reader, moment: str) -> datetime:
    """The moment in UTC, or the document's own refusal."""
    try:
        return instant(moment)
    except ValueError as error:
        raise reader.refuse(str(error), reader.line) from error


def _day(reader: Reader, path: str) -> tuple[str, str | None]:
    text = reader.required(path)
    match = _DATE.fullmatch(text)
    try:
        day = date.fromisoformat(match[1]) if match else None
    except ValueError:
        day = None
    if match is None or day is None:
        raise reader.refuse(f"{path} is {text!r}, not a date of the calendar", reader.line)
    return day.isoformat(), match[2]


def _time(reader: Reader, path: str, zone: str | None) -> str | None:
    text = reader.text(path)
    if text is None:
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise reader.refuse(f"{path} is {text!r}, not a time of day", reader.line)
    return f"{match[1]}{match[2] or zone or 'Z'}"


def _zone(moment: str) -> str:
    return "Z" if moment.endswith("Z") else moment[-len("+02:00") :]
