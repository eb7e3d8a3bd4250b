"""What a firm put into an event beyond the standard: every property of its own, with its namespace and its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from standards import strict_json
from standards.epcis.context import Context
from standards.epcis.events import EpcisEvent, ObjectEvent, StandardEvent, TransformationEvent
from standards.problems import pointer


class Found(NamedTuple):
    """`at` is the JSON pointer of what holds it, `name` is `{namespace}local`, `written` its value as JSON with the
    names inside it expanded alike."""

    at: str
    name: str
    written: str


def extensions(event: EpcisEvent) -> list[Found]:
    """In the order of the event; master data (`ilmd`) count as extensions. Numbers keep all their digits."""
    return list(_of_event(event))


def _of_event(event: EpcisEvent) -> Iterator[Found]:
    context = event.context
    yield from _of(event, "", context)
    if event.error_declaration is not None:
        yield from _of(event.error_declaration, "/errorDeclaration", context)
    if isinstance(event, ObjectEvent | TransformationEvent) and event.ilmd:
        yield from _found("/ilmd", event.ilmd, context)
    if not isinstance(event, StandardEvent):
        return
    for name, place in (("readPoint", event.read_point), ("bizLocation", event.biz_location)):
        if place is not None:
            yield from _of(place, f"/{name}", context)
    for number, element in enumerate(event.sensor_element_list):
        where = pointer("sensorElementList", number)
        yield from _of(element, where, context)
        if element.sensor_metadata is not None:
            yield from _of(element.sensor_metadata, f"{where}/sensorMetadata", context)
        for place_, report in enumerate(element.sensor_report):
            yield from _of(report, f"{where}/sensorReport/{place_}", context)


def _of(part: BaseModel, at: str, context: Context) -> Iterator[Found]:
    if part.model_extra:
        yield from _found(at, part.model_extra, context)


def _found(at: str, members: Mapping[str, Any], context: Context) -> Iterator[Found]:
    for name, value in members.items():
        yield Found(at, context.expanded_name(name), strict_json.write(_expanded(value, context)))


def _expanded(value: Any, context: Context) -> Any:
    if isinstance(value, Mapping):
        return {context.expanded_name(name): _expanded(item, context) for name, item in value.items()}
    return [_expanded(item, context) for item in value] if isinstance(value, list) else value
