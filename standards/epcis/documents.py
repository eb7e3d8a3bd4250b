"""Reading EPCIS 2.0 JSON: a document, a query document, or a bare event with its own context."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from standards import strict_json
from standards.epcis import fields
from standards.epcis.context import Context
from standards.epcis.errors import EpcisInvalid
from standards.epcis.events import EVENT_TYPES, EpcisEvent, ExtendedEvent
from standards.epcis.times import instant
from standards.problems import Problem, pointer, problems_of
from standards.strict_json import DEFAULT_LIMIT_BYTES

DOCUMENT: Final = "EPCISDocument"
QUERY_DOCUMENT: Final = "EPCISQueryDocument"
EVENTS_PATH: Final[Mapping[str, tuple[str, ...]]] = {
    DOCUMENT: ("epcisBody", "eventList"),
    QUERY_DOCUMENT: ("epcisBody", "queryResults", "resultsBody", "eventList"),
}
_QUERY_PROPERTIES: Final = frozenset(("@context", "id", "type", "schemaVersion", "creationDate", "epcisBody"))
_PROPERTIES: Final = {
    DOCUMENT: _QUERY_PROPERTIES | {"instanceIdentifier", "sender", "receiver", "epcisHeader"},
    QUERY_DOCUMENT: _QUERY_PROPERTIES,
}

# A message id, and no part of the fact: a published example of GS1 gives it twice.
MAY_REPEAT: Final = ("eventID",)
_VERSION: Final = re.compile(r"\d+(\.\d+)*", re.ASCII)


@dataclass(frozen=True)
class EpcisDocument:
    """Events in the order of the document. A bare event counts as a document of one event without header."""

    type: str
    context: Context
    events: tuple[EpcisEvent, ...]
    source: Mapping[str, Any]
    schema_version: str | None = None
    creation_date: datetime | None = None


def parse_document(data: bytes, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> EpcisDocument:
    """The document that `data` writes. Raises JsonRefused, or EpcisInvalid with a JSON pointer for each problem."""
    value = strict_json.parse(data, limit_bytes, MAY_REPEAT)
    kind = document_type(value)
    if kind not in EVENTS_PATH:
        context = Context().with_declared(_declared_context(value, kind))
        return EpcisDocument(kind, context, (parse_event(value, context),), value)
    problems = list(_frame_problems(value, kind))
    if problems:
        raise EpcisInvalid(problems)
    context = Context().with_declared(value["@context"])
    events = _events(value, kind, context)
    created = instant(value["creationDate"]) if "creationDate" in value else None
    return EpcisDocument(kind, context, events, value, value.get("schemaVersion"), created)


def parse_event(source: Mapping[str, Any], context: Context | None = None) -> EpcisEvent:
    """One event, given as JSON object; its own `@context` adds to `context`. Raises EpcisInvalid."""
    return _event(source, context or Context().with_declared(source.get("@context")), ())


def document_type(value: Any) -> str:
    """The `type` of a document or event. Raises EpcisInvalid where there is none."""
    if not isinstance(value, dict):
        raise EpcisInvalid([Problem("", "it must be a JSON object")])
    kind = value.get("type")
    if not isinstance(kind, str):
        raise EpcisInvalid([Problem("/type", "it is missing" if kind is None else "it must be text")])
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


def _events(value: Mapping[str, Any], kind: str, context: Context) -> tuple[EpcisEvent, ...]:
    sources, path = event_list(value, kind)
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


def _declared_context(value: Mapping[str, Any], kind: str) -> Any:
    if "@context" not in value:
        what = f"it is missing; an event of type {kind} that stands alone brings its own context"
        raise EpcisInvalid([Problem("/@context", what)])
    problems = list(_context_problems(value["@context"]))
    if problems:
        raise EpcisInvalid(problems)
    return value["@context"]


def _frame_problems(value: Mapping[str, Any], kind: str) -> Iterator[Problem]:
    required = ["@context", "epcisBody"] + (["schemaVersion", "creationDate"] if kind == DOCUMENT else [])
    yield from (Problem(pointer(name), "it is missing") for name in required if name not in value)
    yield from (
        Problem(pointer(name), "it is no property of EPCIS, and an extension needs a namespace (prefix:name)")
        for name in value
        if name not in _PROPERTIES[kind] and not fields.is_uri(name)
    )
    if "@context" in value:
        yield from _context_problems(value["@context"])
    version = value.get("schemaVersion", "2.0")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        yield Problem("/schemaVersion", f"{version!r} is not a version such as '2.0'")
    if "id" in value and not (isinstance(value["id"], str) and fields.is_uri(value["id"])):
        yield Problem("/id", f"{value['id']!r} is not a URI")
    yield from _header_problems(value)


def _header_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("instanceIdentifier", "sender", "receiver"):
        if name in value and not isinstance(value[name], str):
            yield Problem(pointer(name), "it must be text")
    if "epcisHeader" in value and not isinstance(value["epcisHeader"], dict):
        yield Problem("/epcisHeader", "it must be an object")
    if "creationDate" in value:
        try:
            instant(str(value["creationDate"]))
        except ValueError as error:
            yield Problem("/creationDate", str(error))


def _context_problems(declared: Any) -> Iterator[Problem]:
    items = declared if isinstance(declared, list) else [declared]
    for index, item in enumerate(items):
        place = pointer("@context", index) if isinstance(declared, list) else "/@context"
        if isinstance(item, str) and not fields.is_uri(item):
            yield Problem(place, f"{item!r} is not a URI")
        elif not isinstance(item, str | dict):
            yield Problem(place, "it must be the URL of a context or an object of prefixes")
        if item in items[:index]:
            yield Problem(place, "it is listed twice")
