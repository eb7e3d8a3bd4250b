"""What a document is to this node, told before it is dropped: nothing is stored, moved or signed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlmodel import select

from chain_node.client import FeedKind
from chain_node.errors import RetryableError
from chain_node.references import NetworkKey
from oracles.adapters import read_document
from oracles.canonical import CanonicalEvent, Measured
from oracles.chain import Head
from oracles.deciding import own_objection
from oracles.hashing import file_bytes
from oracles.judging import Judge, Judgement
from oracles.network import connector
from oracles.rules.decisions import Decision, Verdict, paper_decision
from oracles.rules.milestones import kind_of
from oracles.settings import NodeSettings
from oracles.signing import account_of
from oracles.store.database import Database
from oracles.store.models import EventRow

THOUSAND = 1000
WHOLE = (FeedKind.DOOR,)
UNITS = {FeedKind.TEMPERATURE: " °C", FeedKind.HUMIDITY: " %", FeedKind.SHOCK: " g"}
VERDICTS = {
    Verdict.SIGN: "would be signed now",
    Verdict.WAIT: "would wait",
    Verdict.REFUSE: "would not be signed",
    Verdict.HOLD: "would be held for the operator",
}


def explain_lines(settings: NodeSettings, path: Path) -> Iterator[str]:
    """Raises DocumentRefused, WrongNetwork. A network that is away leaves what the paper alone decides."""
    document = read_document(str(path), file_bytes(path), settings.file_limit_bytes)
    if document.quotes:
        yield f"{path}: {document.standard}, {len(document.quotes)} values"
        yield from map(_measured_line, document.quotes)
        return
    count = len(document.events)
    yield f"{path}: {document.standard}, {count} event{'' if count == 1 else 's'}"
    connect = connector(settings.rpc_url, settings.deployments, settings.rpc_timeout_seconds)
    try:
        chain = connect()
        head = chain.head()
    except RetryableError as error:
        yield f"Only what the paper decides: {error}"
        judge, head = None, None
    else:
        key = NetworkKey.load(settings.network_key_file)
        judge = Judge(chain, key, account_of(settings.keystore), settings.organisation, settings.milestones)
    database = Database(settings.database) if settings.database.is_file() else None
    for number, event in enumerate(document.events, 1):
        yield ""
        yield from _event_lines(settings, number, event, judge, head, database)


def _event_lines(
    settings: NodeSettings,
    number: int,
    event: CanonicalEvent,
    judge: Judge | None,
    head: Head | None,
    database: Database | None,
) -> Iterator[str]:
    measured = f", {event.quantity / 1000:g} {event.unit}" if event.unit else ""
    when = f"{event.occurred_at:%Y-%m-%dT%H:%M:%SZ} (local {event.local_offset})"
    yield f"{number}. {event.activity}: {kind_of(event.activity) or 'no fact'}, {event.classifier}, {when}{measured}"
    yield f"   hash       {event.event_hash}"
    yield f"   references {', '.join(map(str, event.references)) or 'none'}"
    yield from map(_measured_line, event.measurements)
    for problem in event.unreadable:
        yield f"   unreadable {problem}"
    if event.correction is not None:
        yield f"   correction {event.correction.reason}"
        if not event.correction.replaces:
            return
    known = _known(database, event)
    if known is not None:
        yield f"   known      {known}"
        return
    yield from _decision_lines(_judgement(settings, event, judge, head), event, database)


def _measured_line(its: Measured) -> str:
    shown = its.value if its.kind in WHOLE else its.value / THOUSAND if its.kind > FeedKind.FX else its.value
    return f"   measures   {its.label} {shown:f}{UNITS.get(its.kind, '')} at {its.observed_at:%Y-%m-%dT%H:%M:%SZ}"


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
    reason = "" if decision.verdict is Verdict.SIGN else f": {decision.reason.removeprefix('not signed: ')}"
    yield f"   verdict    {VERDICTS[decision.verdict]}{reason}"


def _known(database: Database | None, event: CanonicalEvent) -> str | None:
    """What this node already decided about the very same event."""
    if database is None:
        return None
    with database.session() as session:
        row = session.exec(select(EventRow).where(EventRow.event_hash == event.event_hash)).first()
    return None if row is None else f"{row.status}{f': {row.reason}' if row.reason else ''}"
