"""Reading EPCIS 2.0 JSON: a document, a query document, or a bare event with its own context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from standards import strict_json
from standards.epcis import fields
from standards.epcis.context import Context
from standards.epcis.errors import EpcisInvalid
from standards.epcis.events import EVENT_TYPES, EpcisEvent, ExtendedEvent
from standards.epcis.frame import DocumentFrame, QueryFrame
from standards.problems import Problem, pointer, problems_of
from standards.strict_json import DEFAULT_LIMIT_BYTES

DOCUMENT: Final = "EPCISDocument"
QUERY_DOCUMENT: Final = "EPCISQueryDocument"
EVENTS_PATH: Final[Mapping[str, tuple[str, ...]]] = {
    DOCUMENT: ("epcisBody", "eventList"),
    QUERY_DOCUMENT: ("epcisBody", "queryResults", "resultsBody", "eventList"),
}
FRAMES: Final[Mapping[str, type[DocumentFrame | QueryFrame]]] = {DOCUMENT: DocumentFrame, QUERY_DOCUMENT: QueryFrame}

# A message id, and no part of the fact: a published example of GS1 gives it twice.
MAY_REPEAT: Final = ("eventID",)


@dataclass(frozen=True)
class EpcisDocument:
    """Events in the order of the document. A bare event counts as a document of one event without header."""

    type: str
    context: Context
    events: tuple[EpcisEvent, ...]
    source: Mapping[str, Any]
    schema_version: str | None = None
    creation_date: datetime | None = None
    sender: str | None = None
    receiver: str | None = None


def parse_document(data: bytes, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> EpcisDocument:
    """The document that `data` writes. Raises JsonRefused, or EpcisInvalid with a JSON pointer for each problem."""
    return read_document(strict_json.parse(data, limit_bytes, MAY_REPEAT))


def read_document(value: Any) -> EpcisDocument:
    """The document of a value that `strict_json.parse` gave. Raises EpcisInvalid."""
    kind = document_type(value)
    if kind not in FRAMES:
        return _lone_event(value, kind)
    try:
        frame = FRAMES[kind].model_validate(value)
    except ValidationError as error:
        raise EpcisInvalid(problems_of(error, ())) from error
    context = Context().with_declared(frame.declared_context)
    events = _events(frame.event_list, EVENTS_PATH[kind], context)
    sides = (frame.sender, frame.receiver) if isinstance(frame, DocumentFrame) else ()
    return EpcisDocument(kind, context, events, value, frame.schema_version, frame.creation_date, *sides)


def parse_event(source: Mapping[str, Any], context: Context | None = None) -> EpcisEvent:
    """One event, given as JSON object; its own `@context` adds to `context`. Raises EpcisInvalid."""
    return _event(source, context or Context(), ())


def document_type(value: Any) -> str:
    """The `type` of a document or event: of EPCIS, or a URI of one's own. Raises EpcisInvalid where there is none."""
    if not isinstance(value, dict):
        raise EpcisInvalid([Problem("", "it must be a JSON object")])
    kind = value.get("type")
    if not isinstance(kind, str):
        raise EpcisInvalid([Problem("/type", "it is missing" if kind is None else "it must be text")])
    if kind not in EVENTS_PATH and kind not in EVENT_TYPES and not fields.is_uri(kind):
        raise EpcisInvalid([Problem("/type", f"{kind!r} is no document or event of EPCIS")])
    return kind


def event_list(value: Mapping[str, Any], kind: str) -> tuple[list[Any], tuple[str, ...]]:
    """The events of a document and the path to them. Raises EpcisInvalid where the way there is broken."""
    path = EVENTS_PATH[kind]
    here: Any = value
    for depth, key in enumerate(path):
        if not isinstance(here, dict) or key not in here:
            what = "it must be an object" if not isinstance(here, dict) else "it is missing"
            raise EpcisInvalid([Problem(pointer(*path[: depth + isinstance(here, dict)]), what)])
        here = here[key]
    if not isinstance(here, list):
        raise EpcisInvalid([Problem(pointer(*path), "it must be a list of events")])
    return here, path


def _lone_event(value: Mapping[str, Any], kind: str) -> EpcisDocument:
    if "@context" not in value:
        what = "it is missing; an event that stands alone brings its own context"
        raise EpcisInvalid([Problem("/@context", what)])
    event = parse_event(value)
    return EpcisDocument(kind, event.context, (event,), value)


def _events(sources: Sequence[Any], path: tuple[str, ...], context: Context) -> tuple[EpcisEvent, ...]:
    events: list[EpcisEvent] = []
    problems: list[Problem] = []
    for index, source in enumerate(sources):
        try:
            events.append(_event(source, context, (*path, index)))
        except EpcisInvalid as error:
            problems += error.problems
    if problems:
        raise EpcisInvalid(problems)
    return tuple(events)


def _event(source: Any, context: Context, path: tuple[str | int, ...]) -> EpcisEvent:
    kind = source.get("type") if isinstance(source, dict) else None
    if not isinstance(kind, str):
        what = "it must be an event (an object with a type)"
        raise EpcisInvalid([Problem(pointer(*path), what)])
    try:
        event = EVENT_TYPES.get(kind, ExtendedEvent).model_validate(source)
    except ValidationError as error:
        raise EpcisInvalid(problems_of(error, path)) from error
    event._source = source
    event._context = context.with_declared(source.get("@context"))
    return event
