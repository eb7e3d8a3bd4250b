"""The id that one request, the transactions it causes and the events they bring about have in common (W3C Trace
Context, level 1).

A caller's `traceparent` gives the id where it is as the standard says; otherwise one is made, as the standard says too.
Of what a caller sends nothing else is kept, and `tracestate` is not read: other organisations see the id with the
events that concern them, and may learn no more from it than which of these belong together.
"""

import os
import re
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

HEADER: Final = b"traceparent"
_GIVEN: Final = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
_NO_TRACE, _NO_PARENT = b"0" * 32, b"0" * 16
_SAMPLED: Final = 1
_current: ContextVar[str | None] = ContextVar("trace_id", default=None)


@dataclass(frozen=True, slots=True)
class Trace:
    """`id` has 32 hexadecimal digits; `header` is what the answer tells of it."""

    id: str
    header: tuple[bytes, bytes]


def begin(headers: Iterable[tuple[bytes, bytes]]) -> Trace:
    """The trace of a request with these headers; what is submitted from here on is part of it."""
    given = [value for name, value in headers if name == HEADER]
    found = _read(given[0]) if len(given) == 1 else None
    made = os.urandom(24).hex()
    trace_id, flags = found or (made[:32], 0)
    _current.set(trace_id)
    return Trace(trace_id, (HEADER, traceparent(trace_id, made[32:], flags).encode()))


def trace_id() -> str:
    """Of the request that is served; a new one where a background loop acts by itself."""
    return _current.get() or os.urandom(16).hex()


def traceparent(trace_id: str, parent_id: str | None = None, flags: int = 0) -> str:
    """The header's value; without a parent a new one."""
    return f"00-{trace_id}-{parent_id or os.urandom(8).hex()}-{flags:02x}"


def _read(value: bytes) -> tuple[str, int] | None:
    """Trace id and flags; None where the value does not count. Versions to come may have more behind the flags."""
    match = _GIVEN.fullmatch(value)
    if match is None:
        return None
    version, trace, parent, flags, more = match.groups()
    if version == b"ff" or (version == b"00" and more is not None) or trace == _NO_TRACE or parent == _NO_PARENT:
        return None
    return trace.decode(), int(flags, 16) & _SAMPLED
