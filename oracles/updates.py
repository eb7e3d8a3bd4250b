"""Movements told anew: the newest actual account counts. What was not signed gives way to it; what was is raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session, col, select

from oracles.canonical import CanonicalEvent, Standard
from oracles.corrections import corrected_before, withdraw
from oracles.rules.decisions import Decision, Verdict
from oracles.rules.updates import Account, Ruling, ruling
from oracles.store.mapping import utc_text
from oracles.store.models import EventRow, EventStatus, ObservationRow, ObservationStatus
from oracles.store.movements import MessageRow, MovementRow

SAYS_OTHERWISE: Final = "a newer message, of {}, says otherwise"
CONTRADICTS: Final = "contradicts another message of the same moment"
DIFFERS: Final = "differs from what this node signed, in a newer message"


@dataclass(frozen=True)
class Update:
    """What an account did to others, in one sentence. `raised`: the operator must look at it. `revived`: an event that
    had been replaced counts again."""

    text: str
    raised: bool = False
    revived: bool = False


def apply_update(session: Session, event: CanonicalEvent, row: EventRow) -> Update | None:
    """Settles what a message means for other accounts of its movement; `row` is the event's, new or known before.

    None where there is nothing to say.
    """
    if event.activity.standard is not Standard.DCSA or event.correction is not None:
        return None
    _remember_message(session, event, row)
    if row.status == EventStatus.CORRECTED:
        return None
    if row.status == EventStatus.WITHDRAWN and not _is_replaced(session, row):
        return None
    correction = corrected_before(session, event, row.document_id)
    if correction is not None:
        if row.status in (EventStatus.WITHDRAWN, EventStatus.HELD):
            return None
        effect = withdraw(session, row, correction.reason)
        return Update(str(effect), raised=effect.raised)
    if not event.movements or event.recorded_at is None:
        return None
    own = _own_accounts(session, event, row)
    return _settle(session, event, row, own) if own else None


def foretold_update(session: Session, event: CanonicalEvent) -> tuple[Decision | None, list[str]]:
    """What other accounts of its movement would decide about an event that is new, and the hashes of those that it
    would replace; changes nothing."""
    if not event.movements or event.recorded_at is None:
        return None, []
    told_at = utc_text(event.recorded_at)
    found = _others(session, event, 0, [(name, told_at) for name in event.movements])
    late = [account.told_at for (account, _), result in found if result is Ruling.OLDER]
    if late:
        return Decision(Verdict.REFUSE, f"not signed: {SAYS_OTHERWISE.format(max(late))}"), []
    older = [other for (_, other), result in found if result is Ruling.NEWER]
    if any(result is Ruling.UNDECIDED for _, result in found):
        return Decision(Verdict.HOLD, CONTRADICTS), [other.event_hash for other in older]
    signed = any(_was_signed(session, other) for other in older)
    return Decision(Verdict.HOLD, DIFFERS) if signed else None, [other.event_hash for other in older]


def _remember_message(session: Session, event: CanonicalEvent, row: EventRow) -> None:
    assert row.id is not None
    if not event.source_event_id:
        return
    told = select(MessageRow).where(MessageRow.event_id == row.id, MessageRow.source_event_id == event.source_event_id)
    if session.exec(told).first() is None:
        session.add(MessageRow(event_id=row.id, source_event_id=event.source_event_id))
        session.flush()


def _is_replaced(session: Session, row: EventRow) -> bool:
    replaced = select(MovementRow).where(MovementRow.event_id == row.id, col(MovementRow.replaced))
    return session.exec(replaced).first() is not None


def _own_accounts(session: Session, event: CanonicalEvent, row: EventRow) -> list[MovementRow]:
    """The event's own rows, told now; none where a message as new as this one was known."""
    assert row.id is not None
    assert event.recorded_at is not None
    told_at = utc_text(event.recorded_at)
    known = {found.name: found for found in session.exec(select(MovementRow).where(MovementRow.event_id == row.id))}
    own: list[MovementRow] = []
    for name in event.movements:
        account = known.get(name) or MovementRow(name=name, event_id=row.id, told_at="")
        if account.told_at < told_at:
            account.told_at = told_at
            own.append(account)
    session.add_all(own)
    session.flush()
    return own


def _settle(session: Session, event: CanonicalEvent, row: EventRow, own: Sequence[MovementRow]) -> Update | None:
    assert row.id is not None
    found = _others(session, event, row.id, [(account.name, account.told_at) for account in own])
    newer = [other for other, result in found if result is Ruling.OLDER]
    if newer:
        return _late(session, row, own, max(account.told_at for account, _ in newer))
    revived = any(account.replaced for account in own)
    for account in own:
        account.replaced = False
    if revived and _was_signed(session, row):
        row.status, row.reason = EventStatus.VOUCHED, "told again after another account: its vote stands"
    elif revived:
        row.status, row.reason = EventStatus.NEW, ""
    undecided = [other for (_, other), result in found if result is Ruling.UNDECIDED]
    older = [pair for pair, result in found if result is Ruling.NEWER]
    signed = _replace(session, event, older)
    held = _hold_both(session, row, undecided) or signed
    session.flush()
    if not (undecided or older):
        return Update("told again, counts again", revived=True) if revived else None
    replaced = ", ".join(other.event_hash for _, other in older)
    text = f"replaces {replaced}" if older else CONTRADICTS
    if not held:
        return Update(text, revived=revived)
    if row.status == EventStatus.NEW:
        why = DIFFERS if older else text
        row.status, row.reason = EventStatus.HELD, why
    return Update(text, raised=True, revived=revived)


Other = tuple[MovementRow, EventRow]


def _others(
    session: Session, event: CanonicalEvent, own_id: int, own: Sequence[tuple[str, str]]
) -> list[tuple[Other, Ruling]]:
    """Other accounts that stand, each event once, with how this one stands to them; `own` are its movements, each with
    when it was told."""
    found: dict[int, tuple[Other, Ruling]] = {}
    for name, told_at in own:
        statement = select(MovementRow, EventRow).where(
            MovementRow.event_id == EventRow.id,
            MovementRow.name == name,
            MovementRow.event_id != own_id,
            ~col(MovementRow.replaced),
            col(EventRow.status).not_in((EventStatus.WITHDRAWN, EventStatus.CORRECTED)),
        )
        new = Account(event.event_hash, event.occurred_at, event.activity.traits, _moment(told_at))
        for account, other in session.exec(statement):
            traits = frozenset(other.traits.split(",")) if other.traits else frozenset[str]()
            old = Account(other.event_hash, _moment(other.occurred_at), traits, _moment(account.told_at))
            result = ruling(name, new, old)
            if result is not Ruling.AGREES:
                found[account.event_id] = ((account, other), result)
    return list(found.values())


def _late(session: Session, row: EventRow, own: Sequence[MovementRow], told_at: str) -> Update:
    """An older message never overwrites a newer one."""
    text = SAYS_OTHERWISE.format(told_at)
    for account in own:
        account.replaced = True
    row.status, row.reason = EventStatus.WITHDRAWN, f"came late: {text}"
    session.flush()
    return Update(text)


def _hold_both(session: Session, row: EventRow, others: Sequence[EventRow]) -> bool:
    for other in others:
        if other.status in (EventStatus.NEW, EventStatus.WAITING):
            other.status, other.reason = EventStatus.HELD, f"{row.event_hash} contradicts it and was told at one moment"
    return bool(others)


def _replace(session: Session, event: CanonicalEvent, older: Sequence[Other]) -> bool:
    """Takes back older accounts; whether something of them was signed, so that the operator must decide."""
    raised = False
    for _, other in older:
        signed = _was_signed(session, other)
        effect = withdraw(session, other, f"a newer message replaces it ({event.event_hash})")
        raised = raised or signed or effect.raised
        for account in session.exec(select(MovementRow).where(MovementRow.event_id == other.id)):
            account.replaced = True
    return raised


def _was_signed(session: Session, row: EventRow) -> bool:
    """Whatever a node signed once it must not sign differently, sent or not."""
    open_ones = (ObservationStatus.DECIDED, ObservationStatus.WITHDRAWN)
    statement = select(ObservationRow).where(
        ObservationRow.event_id == row.id, col(ObservationRow.status).not_in(open_ones)
    )
    return session.exec(statement).first() is not None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
