"""Reading DCSA Track & Trace: a list of events, one event, or an object with `events`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from standards import strict_json
from standards.dcsa import v2, v3
from standards.dcsa.events import DcsaEvent, Retraction
from standards.dcsa.flattening import Flat, malformed, of_3, of_beta, originator
from standards.dcsa.versions import DEFAULT_VERSIONS, Version, version_of
from standards.errors import StandardsError
from standards.problems import Problem, pointer, problems_of, summary
from standards.strict_json import DEFAULT_LIMIT_BYTES

Message = DcsaEvent | Retraction
Path = tuple[str | int, ...]
Kind = TypeVar("Kind", DcsaEvent, Retraction)

_LONGEST_ID: Final = 500


class DcsaInvalid(StandardsError):
    """A document or event that Track & Trace does not allow; `problems` holds each with its JSON pointer."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"DCSA Track & Trace refused: {summary(problems)}")
        self.problems = tuple(problems)


def parse_events(
    data: bytes, limit_bytes: int = DEFAULT_LIMIT_BYTES, versions: Collection[Version] = DEFAULT_VERSIONS
) -> list[Message]:
    """The events in their order. Raises JsonRefused, or DcsaInvalid when any one of them is not as its version asks,
    or has the shape of a version that is not among `versions`."""
    value = strict_json.parse(data, limit_bytes)
    sources, path = _sources(value)
    events: list[Message] = []
    problems: list[Problem] = []
    for place, source in sources:
        try:
            events.append(_message(source, (*path, *place), versions))
        except DcsaInvalid as error:
            problems += error.problems
    if problems:
        raise DcsaInvalid(problems)
    return events


def split_events(data: bytes, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> list[bytes]:
    """Each event of a document as a document of its own, digit for digit. Raises JsonRefused."""
    sources, _ = _sources(strict_json.parse(data, limit_bytes))
    return [strict_json.write(source).encode() for _, source in sources]


def _sources(value: Any) -> tuple[list[tuple[tuple[int, ...], Any]], tuple[str, ...]]:
    if isinstance(value, list):
        return [((index,), source) for index, source in enumerate(value)], ()
    if isinstance(value, dict) and isinstance(value.get("events"), list):
        return [((index,), source) for index, source in enumerate(value["events"])], ("events",)
    return [((), value)], ()


def _message(source: Any, path: Path, versions: Collection[Version]) -> Message:
    if not isinstance(source, dict):
        raise DcsaInvalid([Problem(pointer(*path), "it must be an event (an object)")])
    version = version_of(source, versions)
    if version not in versions:
        read = " and ".join(sorted(versions))
        what = f"it has the shape of Track & Trace {version}; only {read} is read here"
        raise DcsaInvalid([Problem(pointer(*path), what)])
    flat = _flat(source, version, path)
    is_retracted, retracted = flat.values.pop("isRetracted", None), flat.values.get("retractedEventID")
    if is_retracted not in (None, True, False):
        raise DcsaInvalid([_problem(flat, path, "isRetracted", "it must be true or false")])
    if is_retracted or retracted is not None:
        return _retraction(source, version, flat, path)
    event: DcsaEvent = _validated(_model(version, flat.values.get("eventType")), flat, path)
    return event.came_as(version, source, flat.fact, str(flat.values["eventDateTime"]))


def _model(version: Version, event_type: Any) -> type[DcsaEvent]:
    if version is Version.V2_2:
        return v2.EVENT_TYPES.get(str(event_type), v2.UnknownEvent)
    return v3.EVENT_TYPES.get(str(event_type), v3.UnknownEvent)


def _flat(source: Mapping[str, Any], version: Version, path: Path) -> Flat:
    if version is Version.V2_2:
        return Flat(dict(source), {}, v2.fact_of(source))
    faults = [Problem(pointer(*path, *place), what) for place, what in malformed(source)]
    if faults:
        raise DcsaInvalid(faults)
    if version is Version.BETA_1:
        return of_beta(source)
    flat = of_3(source)
    identifier = flat.values.get("eventID")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= _LONGEST_ID:
        # Without it no later message could say that this one is no longer true.
        raise DcsaInvalid([_problem(flat, path, "eventID", f"it must be text of 1 to {_LONGEST_ID} characters")])
    flat.values["eventID"] = f"{originator(source)}|{identifier}"
    return flat


def _retraction(source: Mapping[str, Any], version: Version, flat: Flat, path: Path) -> Retraction:
    """Of 3.0 and by the flag an event takes back itself; else it names another."""
    values: dict[str, Any] = {
        name: flat.values[name] for name in ("eventID", "eventCreatedDateTime") if name in flat.values
    }
    retracted = flat.values.get("retractedEventID", flat.values.get("eventID"))
    if "eventCreatedDateTime" not in values and version in (Version.JANUARY_2026, Version.JUNE_2026):
        # Any data but the id are irrelevant there, and may be missing.
        values["eventCreatedDateTime"] = flat.values.get("eventDateTime", "1970-01-01T00:00:00Z")
    if retracted is not None:
        values["retractedEventID"] = retracted
    named = Flat(values, flat.places)
    event = _validated(Retraction, named, path)
    fact = {"retractedEventID": event.retracted_id}
    return event.came_as(version, source, fact, str(values["eventCreatedDateTime"]))


def _validated(model: type[Kind], flat: Flat, path: Path) -> Kind:
    try:
        return model.model_validate(flat.values)
    except ValidationError as error:
        raise DcsaInvalid([_moved(problem, flat, path) for problem in problems_of(error, ())]) from error


def _moved(problem: Problem, flat: Flat, path: Path) -> Problem:
    """The problem at the place that the property came from."""
    _, _, place = problem.pointer.partition("/")
    name, slash, below = place.partition("/")
    origin = flat.places.get(name, (name,) if name else ())
    return Problem(f"{pointer(*path, *origin)}{slash}{below}", problem.message)


def _problem(flat: Flat, path: Path, name: str, what: str) -> Problem:
    return Problem(pointer(*path, *flat.places.get(name, (name,))), what)
