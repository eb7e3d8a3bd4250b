"""What the node answers: query documents, jobs, pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from oracles.capture.events import GS1_CONTEXT, own_context
from oracles.capture.headers import EpcFormat
from oracles.capture.keys import moment_of
from oracles.capture.problems import NotAcceptable
from oracles.capture.queries import Page, Row
from oracles.capture.store import errors_of
from oracles.store.captures import CapturedEventRow, CaptureRow, CaptureStatus
from standards import strict_json
from standards.epcis.documents import MAY_REPEAT
from standards.epcis.forms import in_links, links

QUERY_NAME: Final = "SimpleEventQuery"


def query_document(rows: Sequence[CapturedEventRow], form: EpcFormat) -> dict[str, Any]:
    """Raises NotAcceptable."""
    return {
        "@context": [GS1_CONTEXT],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": time_text(datetime.now(UTC)),
        "epcisBody": {
            "queryResults": {
                "queryName": QUERY_NAME,
                "resultsBody": {"eventList": [event(row, form) for row in rows]},
            }
        },
    }


def event(row: CapturedEventRow, form: EpcFormat, *, alone: bool = False) -> dict[str, Any]:
    """The event as it was captured, with its id and the time of its recording; `alone` with its whole context."""
    source: dict[str, Any] = strict_json.parse(row.source.encode(), len(row.source.encode()), MAY_REPEAT)
    declared = source.pop("@context") if alone else list(own_context(source))
    source.pop("@context", None)
    given = {"eventID": row.event_id, "recordTime": time_text(moment_of(row.record_time))}
    return ({"@context": declared} if declared else {}) | _in_form(source, form, row.event_id) | given


def _in_form(source: dict[str, Any], form: EpcFormat, event_id: str) -> dict[str, Any]:
    if form is EpcFormat.LINKS:
        return in_links(source)
    if form is EpcFormat.URNS:
        found = links(source)
        if found:
            why = "a Digital Link does not tell how long the company prefix is, which an EPC URN needs"
            raise NotAcceptable(
                f"event {event_id} was captured with {found[0]}: {why}. Ask for Never_Translates or "
                "Always_GS1_Digital_Link"
            )
    return source


def job(row: CaptureRow) -> dict[str, Any]:
    finished = {"finishedAt": _z(row.finished_at)} if row.finished_at else {}
    return {
        "captureID": row.capture_id,
        "createdAt": _z(row.created_at),
        **finished,
        "running": row.status == CaptureStatus.RECEIVED,
        "success": row.success,
        "captureErrorBehaviour": row.behaviour,
        "errors": errors_of(row),
    }


def page_headers(page: Page[Row], path: str, query_string: str) -> Mapping[str, str]:
    """Where the next page is, while there is one."""
    if page.token is None:
        return {}
    pairs = [pair for pair in parse_qsl(query_string, keep_blank_values=True) if pair[0] != "nextPageToken"]
    url = f"{path}?{urlencode([*pairs, ('nextPageToken', page.token)])}"
    expires = datetime.fromtimestamp(page.expires, UTC)
    return {"Link": f'<{url}>; rel="next"', "GS1-Next-Page-Token-Expires": time_text(expires)}


def time_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _z(text: str) -> str:
    return time_text(datetime.fromisoformat(text))
