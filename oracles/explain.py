"""What a document is to this node, told before it is dropped: nothing is stored, moved or signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlmodel import select

from chain_node.errors import RetryableError
from chain_node.references import NetworkKey
from oracles.canonical import CanonicalEvent, Measured
from oracles.chain import Head
from oracles.corrections import foretold
from oracles.explain_texts import json_lines, text_lines
from oracles.explained import Explained, Explanation, Sensed
from oracles.hashing import file_bytes
from oracles.judging import Judge, Judgement
from oracles.keys.opening import named_account
from oracles.measuring import NO_EXCHANGE
from oracles.network import connector
from oracles.reading import reader
from oracles.rivals import open_accounts, own_objection
from oracles.rules.accounts import Account, contradiction
from oracles.rules.book import Rulebook
from oracles.rules.decisions import NOTHING_THERE, Decision, Verdict, chain_seconds, own_decision, paper_view
from oracles.settings import NodeSettings
from oracles.store.database import Database
from oracles.store.models import EventRow
from oracles.updates import foretold_update


@dataclass(frozen=True)
class _View:
    """What there is to ask; `judge` and `head` are None where the network is away."""

    settings: NodeSettings
    rules: Rulebook
    judge: Judge | None = None
    head: Head | None = None
    database: Database | None = None
    away: str = ""


def explain_lines(settings: NodeSettings, path: Path) -> Iterator[str]:
    """For people. Raises DocumentRefused, RulesInvalid, WrongNetwork. A network that is away leaves what the paper
    alone decides."""
    yield from text_lines(explained(settings, path))


def explain_json(settings: NodeSettings, path: Path) -> Iterator[str]:
    """For programs: one JSON object a line for each event or value. Raises likewise."""
    yield from json_lines(explained(settings, path))


def explained(settings: NodeSettings, path: Path) -> Explanation:
    document = reader(settings)(str(path), file_bytes(path), settings.file_limit_bytes)
    view = _view(settings)
    events = [_explained(view, number, event) for number, event in enumerate(document.events, 1)]
    quotes = [Sensed(its, _measured_decision(view, its, None)) for its in document.quotes]
    aside = document.set_aside.reason if document.set_aside else ""
    return Explanation(str(path), document.standard, _compared(view, events), quotes, view.away, aside)


def _view(settings: NodeSettings) -> _View:
    rules = settings.rulebook()
    database = Database(settings.database) if settings.database.is_file() else None
    if database is not None:
        database.prepare()
    view = _View(settings, rules, database=database)
    try:
        chain = connector(settings.rpc_url, settings.deployments, settings.rpc_timeout_seconds)()
        head = chain.head()
    except RetryableError as error:
        return replace(view, away=str(error))
    key = NetworkKey.load(settings.network_key_file)
    judge = Judge(chain, key, named_account(settings), settings.organisation, rules)
    return replace(view, judge=judge, head=head)


def _explained(view: _View, number: int, event: CanonicalEvent) -> Explained:
    said = view.rules.kind_rule(event)
    sensed = [Sensed(its, _measured_decision(view, its, event)) for its in event.measurements]
    result = _judgement(view, event)
    found = Explained(number, event.model_copy(update={"kind": result.kind}), sensed, result, said.name if said else "")
    if event.correction is not None and not event.correction.replaces:
        why = Decision(Verdict.REFUSE, "not signed: it is a correction")
        found = replace(found, judgement=replace(result, decision=why), is_correction=True)
    if event.correction is not None:
        found = replace(found, corrects=_corrects(view, event))
    if found.is_correction:
        return found
    known = _known(view.database, event)
    return replace(found, known=known) if known else _told(view.database, found)


def _told(database: Database | None, its: Explained) -> Explained:
    """With what other messages about the same movement mean for it."""
    if database is None:
        return its
    with database.session() as session:
        told, replaced = foretold_update(session, its.event)
    if told is not None and its.judgement.decision.verdict is not Verdict.REFUSE:
        its = replace(its, judgement=replace(its.judgement, decision=told))
    return replace(its, replaces=replaced)


def _compared(view: _View, events: Sequence[Explained]) -> list[Explained]:
    """With what this node and the document's other events say of the same facts."""
    accounts = {its.number: _account(its.event) for its in events if _speaks(its)}
    return [
        replace(its, judgement=replace(its.judgement, decision=_decision(view, its, events, accounts)))
        if its.number in accounts
        else its
        for its in events
    ]


def _decision(view: _View, its: Explained, events: Sequence[Explained], accounts: dict[int, Account]) -> Decision:
    key, own = its.judgement.key, accounts[its.number]
    assert key is not None
    others = [accounts[other.number] for other in events if other.number in accounts and other.judgement.key == key]
    if view.database is not None:
        with view.database.session() as session:
            objection = own_objection(session, own, key)
            others += open_accounts(session, key)
        if objection is not None:
            return objection
    why = contradiction(own, [other for other in others if other.event_hash != own.event_hash])
    return its.judgement.decision if why is None else Decision(Verdict.HOLD, why, for_operator=True)


def _speaks(its: Explained) -> bool:
    decision = its.judgement.decision
    speaks = decision.verdict is Verdict.SIGN or decision == NOTHING_THERE
    return speaks and its.judgement.key is not None and not its.known


def _account(event: CanonicalEvent) -> Account:
    return Account(event.event_hash, chain_seconds(event.occurred_at), event.quantity, event.is_empty)


def _measured_decision(view: _View, its: Measured, event: CanonicalEvent | None) -> Decision:
    if view.settings.exchange is None:
        return NO_EXCHANGE
    if view.judge is None or view.head is None:
        return Decision(Verdict.WAIT, "the network is away")
    return view.judge.judge_measured(its, event, view.head)


def _judgement(view: _View, event: CanonicalEvent) -> Judgement:
    if view.judge is not None and view.head is not None:
        return view.judge.judge(event, view.head)
    paper = paper_view(event, view.rules)
    decision = paper.decision
    if decision.verdict is Verdict.SIGN:
        held = own_decision(paper, event, chain_seconds(event.occurred_at))
        decision = held if held.verdict is Verdict.HOLD else Decision(Verdict.WAIT, "the network is away")
    return Judgement(decision, paper.kind, paper.milestone, rule=paper.rule)


def _corrects(view: _View, event: CanonicalEvent) -> tuple[str, ...]:
    """What a correction means for each event that this node knows."""
    if view.database is None or event.correction is None:
        return ()
    with view.database.session() as session:
        return tuple(foretold(session, event, event.correction, retracts=view.settings.retracts))


def _known(database: Database | None, event: CanonicalEvent) -> str:
    """What this node already decided about the very same event."""
    if database is None:
        return ""
    with database.session() as session:
        row = session.exec(select(EventRow).where(EventRow.event_hash == event.event_hash)).first()
    return "" if row is None else f"{row.status}{f': {row.reason}' if row.reason else ''}"
