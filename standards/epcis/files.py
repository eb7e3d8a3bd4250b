"""The event hashes of a whole file, also of one that breaks rules which do not touch the hash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from standards import strict_json
from standards.epcis.context import Context
from standards.epcis.documents import EVENTS_PATH, MAY_REPEAT, document_type, event_list
from standards.epcis.errors import EpcisInvalid
from standards.epcis.event_hash import event_hash
from standards.problems import Problem, pointer
from standards.strict_json import DEFAULT_LIMIT_BYTES

_ESSENTIAL = ("type", "eventTime", "eventTimeZoneOffset")


def event_hashes(data: bytes, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> list[str]:
    """The hash of each event of a document, query document or bare event, in their order.

    Asks only for what a hash needs (JSON, the way to the events, their type and time), not for a valid document.
    Raises JsonRefused, or EpcisInvalid with JSON pointers.
    """
    value = strict_json.parse(data, limit_bytes, MAY_REPEAT)
    kind = document_type(value)
    sources, path = event_list(value, kind) if kind in EVENTS_PATH else ([value], ())
    context = Context() if kind not in EVENTS_PATH else Context().with_declared(value.get("@context"))
    hashes, problems = [], []
    for index, source in enumerate(sources):
        try:
            hashes.append(_hash(source, context))
        except EpcisInvalid as error:
            place = pointer(*path, index) if path else ""
            problems += [Problem(place + problem.pointer, problem.message) for problem in error.problems]
    if problems:
        raise EpcisInvalid(problems)
    return hashes


def _hash(source: Any, context: Context) -> str:
    if not isinstance(source, Mapping):
        raise EpcisInvalid([Problem("", "it must be an event (an object)")])
    missing = [Problem(pointer(name), "it is missing") for name in _ESSENTIAL if not isinstance(source.get(name), str)]
    if missing:
        raise EpcisInvalid(missing)
    return event_hash(source, context.with_declared(source.get("@context")))
