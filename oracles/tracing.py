"""The id that a paper's event keeps in the log, from its coming in to what became of the vote on it: the first half of
its event hash. Every node that has the paper names it the same, and nobody has to hand it on.

A relay has no papers: its lines name facts, in the words of the nodes' lines.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any, Final

from chain_node.client import Milestone
from oracles.canonical import HASH_PREFIX, evidence_of

_DIGITS: Final = 32


def trace_of(event_hash: str) -> str:
    """32 hexadecimal digits, as W3C Trace Context has them. Raises ValueError for what is no event hash."""
    return evidence_of(event_hash).hex()[:_DIGITS]


def traces_of(evidence: Iterable[str]) -> list[str]:
    """Of facts whose evidence, in hexadecimal digits, is their event's hash."""
    return [each[:_DIGITS] for each in evidence]


def fact_named(milestone: int, sequence: int, subject: str) -> str:
    """`RECEIVED/1 8f…`, as every line about several facts names each of them."""
    return f"{Milestone(milestone).name}/{sequence} {subject}"


def with_trace(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For structlog: whatever line names an event has its trace."""
    event_hash = fields.get("event_hash")
    if isinstance(event_hash, str) and event_hash.startswith(HASH_PREFIX):
        fields.setdefault("trace_id", trace_of(event_hash))
    return fields
