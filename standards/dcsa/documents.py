"""Reading DCSA Track & Trace 2.2: a list of events, one event, or an object with `events`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from standards import strict_json
from standards.dcsa.events import EVENT_TYPES, DcsaEvent
from standards.errors import StandardsError
from standards.problems import Problem, pointer, problems_of, summary
from standards.strict_json import DEFAULT_LIMIT_BYTES


class DcsaInvalid(StandardsError):
    """A document or event that Track & Trace 2.2 does not allow; `problems` holds each with its JSON pointer."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"DCSA Track & Trace refused: {summary(problems)}")
        self.problems = tuple(problems)


def parse_events(data: bytes, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> list[DcsaEvent]:
    """The events in their order. Raises JsonRefused, or DcsaInvalid when any one of them is not as 2.2 asks."""
    value = strict_json.parse(data, limit_bytes)
    sources, path = _sources(value)
    events: list[DcsaEvent] = []
    problems: list[Problem] = []
    for place, source in sources:
        try:
            events.append(_event(source, (*path, *place)))
        except DcsaInvalid as error:
            problems += error.problems
    if problems:
        raise DcsaInvalid(problems)
    return events


def _sources(value: Any) -> tuple[list[tuple[tuple[int, ...], Any]], tuple[str, ...]]:
    if isinstance(value, list):
        return [((index,), source) for index, source in enumerate(value)], ()
    if isinstance(value, dict) and isinstance(value.get("events"), list):
        return [((index,), source) for index, source in enumerate(value["events"])], ("events",)
    return [((), value)], ()


def _event(source: Any, path: tuple[str | int, ...]) -> DcsaEvent:
    if not isinstance(source, dict):
        raise DcsaInvalid([Problem(pointer(*path), "it must be an event (an object)")])
    if "metadata" in source or "eventRouting" in source:
        what = "it has the shape of Track & Trace 3.0, of which no version is stable; only 2.2 is read"
        raise DcsaInvalid([Problem(pointer(*path), what)])
    model = EVENT_TYPES.get(str(source.get("eventType")), DcsaEvent)
    try:
        event = model.model_validate(source)
    except ValidationError as error:
        raise DcsaInvalid(problems_of(error, path)) from error
    event._source = source
    return event
