"""What a carrier is asked for, and what its pages say. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

from oracles.dcsa.settings import PollSettings
from standards import strict_json
from standards.epcis.times import instant
from standards.errors import StandardsError

LONGEST_NEXT: Final = 4_096
_MOMENTS: Final = ("eventCreatedDateTime", "eventUpdatedDateTime")
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before it nothing was published: year 1 is what some programs write where they know no time."""
_PORTS: Final = {"http": 80, "https": 443}


class PageUnusable(Exception):
    """What a carrier answered cannot be gone on with; `why` is for the operator."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Api:
    """How the two interfaces differ."""

    path: str
    since: str
    next_header: str
    version: str


APIS: Final[Mapping[str, Api]] = {
    "2.2": Api("/v2/events", "eventCreatedDateTime:gte", "Next-Page", "2"),
    "3.0": Api("/events", "eventUpdatedDateTimeMin", "Next-Page-Cursor", "3.0.0"),
}


@dataclass(frozen=True)
class Question:
    """A request: `parameters` are None where the URL has them already."""

    url: str
    parameters: Mapping[str, str] | None


def question(settings: PollSettings, sweep_from: datetime, next_page: str) -> Question:
    """For the first page of a sweep, or the one that the carrier named. Raises PageUnusable for one elsewhere."""
    api = APIS[settings.api]
    url = settings.base_url + api.path
    parameters = {api.since: f"{sweep_from:%Y-%m-%dT%H:%M:%SZ}", "limit": str(settings.page_limit), **settings.filters}
    if not next_page:
        return Question(url, parameters)
    if settings.api == "2.2" and next_page.startswith(("http:", "https:", "/", "?")):
        return Question(_linked(url, next_page), None)
    # The parameters of the first page go along, for carriers that keep none.
    return Question(url, parameters | {"cursor": next_page})


def next_page(settings: PollSettings, headers: Mapping[str, str], sweep_from: datetime) -> str:
    """What the answer says of the page after it; empty where it was the last. Raises PageUnusable."""
    stated = headers.get(APIS[settings.api].next_header, "").strip()
    if len(stated) > LONGEST_NEXT or not stated.isprintable():
        raise PageUnusable(f"what it says of its next page is longer than {LONGEST_NEXT} signs, or not text")
    if stated:
        question(settings, sweep_from, stated)
    return stated


def newest_event(body: bytes, limit_bytes: int, since: datetime, now: datetime) -> datetime | None:
    """When the newest event of a page was made; None where it has none. A moment ahead of `now` counts as now: an
    event of next year must not make this year's be passed over; one before `since`, from where was asked, counts as
    that. Raises PageUnusable where it is no list of events."""
    try:
        value = strict_json.parse(body, limit_bytes)
    except StandardsError as error:
        raise PageUnusable(f"it answered with no list of events: {error}") from error
    events = value.get("events") if isinstance(value, dict) else value
    if not isinstance(events, list):
        raise PageUnusable("it answered with no list of events")
    return max(min(max(_moments(events), default=now), now), min(since, now)) if events else None


def first_moment(settings: PollSettings, read_to: str, now: datetime) -> datetime:
    """Where a sweep begins: behind the newest event read, for those that were made late."""
    newest = datetime.fromisoformat(read_to) if read_to else _EARLIEST
    if newest <= _EARLIEST:
        return now - timedelta(days=settings.first_days)
    return newest - timedelta(seconds=settings.overlap_seconds)


def _linked(url: str, link: str) -> str:
    target = urljoin(url, link)
    if _origin(urlsplit(target)) != _origin(urlsplit(url)):
        raise PageUnusable(f"its next page is on another host ({urlsplit(target).hostname})")
    return target


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    try:
        port = parts.port
    except ValueError as error:
        raise PageUnusable("its next page has no port that there is") from error
    if parts.username or parts.password:
        raise PageUnusable("its next page names a user")
    return parts.scheme, parts.hostname, port or _PORTS.get(parts.scheme)


def _moments(events: list[Any]) -> Iterator[datetime]:
    for event in events:
        if not isinstance(event, dict):
            continue
        metadata = event.get("metadata")
        for part in (event, metadata if isinstance(metadata, dict) else {}):
            for name in _MOMENTS:
                try:
                    yield instant(str(part.get(name))).astimezone(UTC)
                except ValueError:
                    continue
