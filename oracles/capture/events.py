"""One event on its way in: checked to the end, in the form in which it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from pydantic import ValidationError

from oracles.adapters import epcis
from oracles.canonical import CanonicalEvent
from oracles.capture.keys import Key, keys, micros, term
from oracles.capture.problems import Invalid, LimitExceeded, NodeFailed
from oracles.errors import FLAWS
from standards import strict_json
from standards.epcis import EpcisEvent, EpcisInvalid, parse_event
from standards.epcis.context import GS1_CONTEXTS
from standards.epcis.documents import EVENTS_PATH, FRAMES, MAY_REPEAT, document_type
from standards.errors import StandardsError
from standards.problems import pointer, problems_of, summary

GS1_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
VERSION: Final = "2.0"


@dataclass(frozen=True)
class Received:
    """A document whose frame is right: its events as they came, and what its context declares for them."""

    events: Sequence[Any]
    context: Sequence[Any]
    path: Sequence[str | int]


@dataclass(frozen=True)
class Checked:
    """An event that can be captured. `source` stands alone: it carries what its document's context declared.

    `event_id` is the sender's; None where the sender gave none.
    """

    source: str
    event_hash: str
    declaration: str
    event_id: str | None
    type: str
    event_time: int
    keys: Sequence[Key]
    canonical: CanonicalEvent


def received(data: bytes, limit_bytes: int, event_limit: int) -> Received:
    """A document, a query document or a bare event. Raises Invalid, LimitExceeded."""
    try:
        value = strict_json.parse(data, limit_bytes, MAY_REPEAT)
        kind = document_type(value)
        if kind not in FRAMES:
            return _alone(value)
        frame = FRAMES[kind].model_validate(value)
    except ValidationError as error:
        raise Invalid(f"EPCIS refused: {summary(problems_of(error, ()))}") from error
    except StandardsError as error:
        raise Invalid(str(error)) from error
    version = frame.schema_version
    if version is not None and version != VERSION and not version.startswith(f"{VERSION}."):
        raise Invalid(f"EPCIS refused: /schemaVersion: {version!r} is not a version of EPCIS {VERSION}")
    if not frame.event_list:
        raise Invalid(f"EPCIS refused: {pointer(*EVENTS_PATH[kind])}: it holds no event")
    if len(frame.event_list) > event_limit:
        raise LimitExceeded(f"it holds {len(frame.event_list)} events; {event_limit} may come in one document")
    return Received(frame.event_list, _listed(frame.declared_context), EVENTS_PATH[kind])


def lone_event(data: bytes, limit_bytes: int) -> Received:
    """A bare event, and no document. Raises Invalid."""
    found = received(data, limit_bytes, 1)
    if found.path:
        raise Invalid("a document goes to /capture; here comes one event, with its own @context")
    return found


def check(document: Received, index: int) -> Checked:
    """One event of a document. Raises Invalid, NodeFailed, each naming the event's place."""
    where = pointer(*document.path, index) if document.path else ""
    try:
        return _checked(document.events[index], document.context)
    except EpcisInvalid as error:
        at = [type(problem)(where + problem.pointer, problem.message) for problem in error.problems]
        raise Invalid(f"EPCIS refused: {summary(at)}") from error
    except StandardsError as error:
        raise Invalid(f"{where or 'the event'}: {error}") from error
    except FLAWS as error:
        # One event that our own code cannot take must not stop the others, nor the node.
        raise NodeFailed(f"{where or 'the event'}: this node failed on it ({type(error).__name__})") from error


def read(source: str) -> EpcisEvent:
    """An event as it was kept."""
    return parse_event(strict_json.parse(source.encode(), len(source.encode()), MAY_REPEAT))


def canonical(source: str) -> CanonicalEvent:
    """An event as it was kept, as the pipeline takes it."""
    event = read(source)
    return epcis.canonical(event, epcis.activity(event))


def _alone(value: Mapping[str, Any]) -> Received:
    if "@context" not in value:
        raise Invalid("EPCIS refused: /@context: it is missing; an event that stands alone brings its own context")
    return Received([value], [], ())


def _checked(given: Any, context: Sequence[Any]) -> Checked:
    source = given
    if isinstance(given, dict):
        source = {"@context": _joined(context, _listed(given.get("@context")))} | {
            name: value for name, value in given.items() if name != "@context"
        }
    event = parse_event(source)
    found = epcis.canonical(event, epcis.activity(event))
    return Checked(
        source=strict_json.write(source),
        event_hash=found.event_hash,
        declaration=_declaration(event),
        event_id=event.event_id,
        type=event.type,
        event_time=micros(event.occurred_at),
        keys=keys(event),
        canonical=found,
    )


def _declaration(event: EpcisEvent) -> str:
    """What tells one error declaration of an event from another; '' for the event itself."""
    declared = event.error_declaration
    if declared is None:
        return ""
    reason = term("reason", declared.reason, event.context) if declared.reason else ""
    parts = (str(micros(declared.declaration_time)), reason, *sorted(declared.corrective_event_ids))
    return sha256("\n".join(parts).encode()).hexdigest()


def _listed(declared: Any) -> list[Any]:
    if declared is None:
        return []
    return declared if isinstance(declared, list) else [declared]


def _joined(outer: Sequence[Any], inner: Sequence[Any]) -> list[Any]:
    """What is declared later counts more, so only the first of two equal declarations may go."""
    joined = [*outer, *inner]
    return [item for place, item in enumerate(joined) if item not in joined[place + 1 :]] or [GS1_CONTEXT]


def own_context(source: Mapping[str, Any]) -> Iterator[Any]:
    """What an event's context declares beyond that of GS1."""
    for item in _listed(source.get("@context")):
        if not isinstance(item, str) or item not in GS1_CONTEXTS:
            yield item
