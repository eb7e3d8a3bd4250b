"""What a document is to this node, told before it is dropped: nothing is stored, moved or signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlmodel import select

from chain_node.client import FeedKind
from chain_node.errors import RetryableError
from chain_node.references import NetworkKey
from oracles.adapters import read_document
from oracles.canonical import CanonicalEvent, Measured
from oracles.chain import Head
from oracles.corrections import foretold
from oracles.deciding import own_objection
from oracles.hashing import file_bytes
from oracles.judging import Judge, Judgement
from oracles.keys.opening import named_account
from oracles.measuring import NO_EXCHANGE
from oracles.network import connector
from oracles.rules.decisions import Decision, Verdict, paper_decision
from oracles.rules.milestones import kind_of
from oracles.settings import NodeSettings
from oracles.store.database import Database
from oracles.store.models import EventRow
from oracles.tables.reading import reader_of

THOUSAND = 1000
WHOLE = (FeedKind.DOOR,)
UNITS = {FeedKind.TEMPERATURE: " °C", FeedKind.HUMIDITY: " %", FeedKind.SHOCK: " g"}
VERDICTS = {
    Verdict.SIGN: "would be signed now",
    Verdict.WAIT: "would wait",
    Verdict.REFUSE: "would not be signed",
    Verdict.HOLD: "would be held for the operator",
}


@dataclass(frozen=True)
class _View:
    """What there is to ask; `judge` and `head` are None where the network is away."""

    settings: NodeSettings
    judge: Judge | None
    head: Head | None
    database: Database | None


def explain_lines(settings: NodeSettings, path: Path) -> Iterator[str]:
    """Raises DocumentRefused, WrongNetwork. A network that is away leaves what the paper alone decides."""
    other = partial(read_document, dcsa_versions=settings.dcsa.schema_versions)
    document = reader_of(settings.csv, other)(str(path), file_bytes(path), settings.file_limit_bytes)
    count, noun = len(document.events or document.quotes), "event" if document.events else "value"
    yield f"{path}: {document.standard}, {count} {noun}{'' if count == 1 else 's'}"
    connect = connector(settings.rpc_url, settings.deployments, settings.rpc_timeout_seconds)
    judge: Judge | None = None
    head: Head | None = None
    try:
        chain = connect()
        head = chain.head()
    except RetryableError as error:
        yield f"Only what the paper decides: {error}"
    else:
        key = NetworkKey.load(settings.network_key_file)
        judge = Judge(chain, key, named_account(settings), settings.organisation, settings.milestones)
    if document.set_aside is not None:
        yield f"Set aside: {document.set_aside.reason}"
    view = _View(settings, judge, head, Database(settings.database) if settings.database.is_file() else None)
    for number, event in enumerate(document.events, 1):
        yield ""
        yield from _event_lines(view, number, event)
    for quote in document.quotes:
        yield from _measured_lines(view, quote, None)


def _event_lines(view: _View, number: int, event: CanonicalEvent) -> Iterator[str]:
    measured = f", {event.quantity / 1000:g} {event.unit}" if event.unit else ""
    when = f"{event.occurred_at:%Y-%m-%dT%H:%M:%SZ} (local {event.local_offset})"
    place, fact = f" (line {event.line})" if event.line else "", kind_of(event.activity) or "no fact"
    yield f"{number}.{place} {event.activity}: {fact}, {event.classifier}, {when}{measured}"
    yield f"   hash       {event.event_hash}"
    yield f"   references {', '.join(map(str, event.references)) or 'none'}"
    for its in event.measurements:
        yield from _measured_lines(view, its, event)
    for problem in event.unreadable:
        yield f"   unreadable {problem}"
    if event.correction is not None:
        yield f"   correction {event.correction.reason}"
        yield from _correction_lines(view, event)
        if not event.correction.replaces:
            return
    known = _known(view.database, event)
    if known is not None:
        yield f"   known      {known}"
        return
    yield from _decision_lines(_judgement(view.settings, event, view.judge, view.head), event, view.database)


def _correction_lines(view: _View, event: CanonicalEvent) -> Iterator[str]:
    """What it means for each event that this node knows."""
    if view.database is None or event.correction is None:
        return
    with view.database.session() as session:
        for line in foretold(session, event, event.correction, retracts=view.settings.retracts):
            yield f"   of         {line}"


def _measured_lines(view: _View, its: Measured, event: CanonicalEvent | None) -> Iterator[str]:
    thousandths = its.kind > FeedKind.FX and its.kind not in WHOLE
    shown = its.value / THOUSAND if thousandths else its.value
    yield f"   measures   {its.label} {shown:f}{UNITS.get(its.kind, '')} at {its.observed_at:%Y-%m-%dT%H:%M:%SZ}"
    yield _verdict_line("   reading   ", _measured_decision(view, its, event))


def _measured_decision(view: _View, its: Measured, event: CanonicalEvent | None) -> Decision:
    if view.settings.exchange is None:
        return NO_EXCHANGE
    if view.judge is None or view.head is None:
        return Decision(Verdict.WAIT, "the network is away")
    return view.judge.judge_measured(its, event, view.head)


def _judgement(settings: NodeSettings, event: CanonicalEvent, judge: Judge | None, head: Head | None) -> Judgement:
    if judge is not None and head is not None:
        return judge.judge(event, head)
    kind = kind_of(event.activity)
    milestone, decision = paper_decision(event, kind, settings.milestones)
    if decision.verdict is Verdict.SIGN:
        decision = Decision(Verdict.WAIT, "the network is away")
    return Judgement(decision, kind, milestone)


def _decision_lines(result: Judgement, event: CanonicalEvent, database: Database | None) -> Iterator[str]:
    decision = result.decision
    if result.milestone is not None:
        yield f"   milestone  {result.milestone.name}"
    if result.key is not None:
        yield f"   subject    {result.key.subject.hex()} ({result.match})"
        if database is not None:
            with database.session() as session:
                decision = own_objection(session, event, result.key) or decision
    yield _verdict_line("   verdict   ", decision)


def _verdict_line(heading: str, decision: Decision) -> str:
    reason = "" if decision.verdict is Verdict.SIGN else f": {decision.reason.removeprefix('not signed: ')}"
    return f"{heading} {VERDICTS[decision.verdict]}{reason}"


def _known(database: Database | None, event: CanonicalEvent) -> str | None:
    """What this node already decided about the very same event."""
    if database is None:
        return None
    with database.session() as session:
        row = session.exec(select(EventRow).where(EventRow.event_hash == event.event_hash)).first()
    return None if row is None else f"{row.status}{f': {row.reason}' if row.reason else ''}"
