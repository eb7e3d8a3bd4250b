"""What was found out about a document: as text for people, as JSON lines for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from chain_node.client import FeedKind
from oracles.canonical import CanonicalEvent, Standard
from oracles.explained import Explained, Explanation, Sensed
from oracles.rules.decisions import Decision, Verdict

_THOUSAND: Final = 1000
_WHOLE: Final = (FeedKind.DOOR,)
_UNITS: Final = {FeedKind.TEMPERATURE: " °C", FeedKind.HUMIDITY: " %", FeedKind.SHOCK: " g"}
_VERDICTS: Final = {
    Verdict.SIGN: "would be signed now",
    Verdict.WAIT: "would wait",
    Verdict.REFUSE: "would not be signed",
    Verdict.HOLD: "would be held for the operator",
}


def text_lines(its: Explanation) -> Iterator[str]:
    count, noun = len(its.events or its.quotes), "event" if its.events else "value"
    yield f"{its.name}: {_spoken(its)}, {count} {noun}{'' if count == 1 else 's'}"
    if its.away:
        yield f"Only what the paper decides: {its.away}"
    if its.set_aside:
        yield f"Set aside: {its.set_aside}"
    for found in its.events:
        yield ""
        yield from _event_lines(found)
    for quote in its.quotes:
        yield from _sensed_lines(quote)


def _spoken(its: Explanation) -> str:
    """The standard with the version that the events are of: rules have one name for all versions of Track & Trace."""
    versions = sorted({found.event.standard_version for found in its.events} - {""})
    if its.standard is not Standard.DCSA or not versions:
        return str(its.standard)
    return f"{its.standard.rpartition(' ')[0]} {', '.join(versions)}"


def json_lines(its: Explanation) -> Iterator[str]:
    for found in its.events:
        yield json.dumps(_event_object(its, found), ensure_ascii=False)
    for quote in its.quotes:
        yield json.dumps({"document": its.name, "standard": its.standard} | _sensed_object(quote), ensure_ascii=False)


def _event_lines(its: Explained) -> Iterator[str]:
    event, result = its.event, its.judgement
    measured = f", {event.quantity / _THOUSAND:g} {event.unit}" if event.unit else ""
    when = f"{event.occurred_at:%Y-%m-%dT%H:%M:%SZ} (local {event.local_offset})"
    place = f" (line {event.line})" if event.line else ""
    yield f"{its.number}.{place} {event.activity}: {event.kind or 'no fact'}, {event.classifier}, {when}{measured}"
    yield f"   hash       {event.event_hash}"
    yield f"   references {', '.join(map(str, event.references)) or 'none'}"
    if event.place is not None:
        yield f"   place      {event.place}"
    if event.extensions:
        yield f"   extensions {', '.join(found.name for found in event.extensions)}"
    for sensed in its.sensed:
        yield from _sensed_lines(sensed)
    for problem in event.unreadable:
        yield f"   unreadable {problem}"
    if event.correction is not None:
        yield f"   correction {event.correction.reason}"
        yield from (f"   of         {line}" for line in its.corrects)
        if its.is_correction:
            return
    if its.known:
        yield f"   known      {its.known}"
        return
    for name in its.replaces:
        yield f"   replaces   {name}"
    if result.rule or its.kind_rule:
        yield f"   rule       {result.rule or its.kind_rule}"
    if result.milestone is not None:
        yield f"   milestone  {result.milestone.name}"
    if result.key is not None:
        yield f"   subject    {result.key.subject.hex()} ({result.match})"
    yield _verdict_line("   verdict   ", result.decision)


def _sensed_lines(its: Sensed) -> Iterator[str]:
    measured = its.measured
    thousandths = measured.kind > FeedKind.FX and measured.kind not in _WHOLE
    shown = measured.value / _THOUSAND if thousandths else measured.value
    moment = f"{measured.observed_at:%Y-%m-%dT%H:%M:%SZ}"
    yield f"   measures   {measured.label} {shown:f}{_UNITS.get(measured.kind, '')} at {moment}"
    yield _verdict_line("   reading   ", its.decision)


def _verdict_line(heading: str, decision: Decision) -> str:
    why = _reason(decision)
    return f"{heading} {_VERDICTS[decision.verdict]}{f': {why}' if why else ''}"


def _reason(decision: Decision) -> str:
    return "" if decision.verdict is Verdict.SIGN else decision.reason.removeprefix("not signed: ")


def _event_object(explanation: Explanation, its: Explained) -> dict[str, Any]:
    result = its.judgement
    return {
        "document": explanation.name,
        "number": its.number,
        "network_away": explanation.away,
        "set_aside": explanation.set_aside,
        "kind_rule": its.kind_rule,
        "rule": result.rule or its.kind_rule,
        "milestone": result.milestone.name if result.milestone else None,
        "subject": result.key.subject.hex() if result.key else None,
        "match": result.match,
        "verdict": str(result.decision.verdict),
        "would_be_signed": result.decision.verdict is Verdict.SIGN and not its.known,
        "reason": _reason(result.decision),
        "known": its.known,
        "corrects": list(its.corrects),
        "replaces": list(its.replaces),
        "readings": [_sensed_object(sensed) for sensed in its.sensed],
        "event": _canonical_object(its.event),
    }


def _sensed_object(its: Sensed) -> dict[str, Any]:
    return {
        "label": its.measured.label,
        "value": str(its.measured.value),
        "observed_at": its.measured.observed_at.isoformat(),
        "verdict": str(its.decision.verdict),
        "would_be_signed": its.decision.verdict is Verdict.SIGN,
        "reason": _reason(its.decision),
    }


def _canonical_object(event: CanonicalEvent) -> dict[str, Any]:
    return event.model_dump(mode="json", exclude={"measurements", "raw_sha256", "received_at"})
