"""Before anything of a fact is signed: do all papers that speak of it say the same?

What says the same is one account, of which the fullest is signed. What does not is held, every account of it, and shown
to the operator with its figures; a correction that withdraws one of them lets the other go on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from oracles.chain import Key
from oracles.rules.accounts import Account, contradiction, fullest
from oracles.rules.decisions import SIGN, Decision, Verdict, chain_seconds
from oracles.store.database import rows_with
from oracles.store.mapping import moment_of
from oracles.store.models import EventReferenceRow, EventRow, EventStatus, ObservationRow, ObservationStatus
from oracles.store.resolutions import ResolutionAction
from oracles.store.retractions import OPEN, RetractionRow, RetractionStatus

CONFLICT = "conflict"
RULE = "rule"


@dataclass(frozen=True)
class Considering:
    """`seconds` that a firm gives its second source before its first is signed; `now` is the chain's, Unix seconds."""

    seconds: int
    now: int


def own_objection(session: Session, account: Account, key: Key) -> Decision | None:
    """What this node said before of the same fact binds it, once it is signed."""
    prior = _prior(session, key)
    if prior is None or prior.status == ObservationStatus.DECIDED:
        return None
    retraction = session.exec(select(RetractionRow).where(RetractionRow.observation_id == prior.id)).first()
    if retraction is not None and retraction.status in OPEN:
        return Decision(Verdict.WAIT, "this node's other account of the fact is being taken back")
    both = _both(prior, account)
    if retraction is not None and retraction.status == RetractionStatus.RETRACTED:
        return Decision(Verdict.HOLD, f"after a retraction there is no other vote on a fact: {both}")
    if (prior.occurred_at, prior.quantity) == (account.occurred_at, account.quantity) and not account.is_empty:
        return Decision(Verdict.REFUSE, "not signed: this node has vouched for the same already, from another paper")
    if prior.occurred_at == account.occurred_at and not account.quantity and not account.is_empty:
        return Decision(Verdict.REFUSE, "not signed: this node has vouched for it already, with its quantity")
    return Decision(Verdict.HOLD, f"differs from what this node vouched for: {both}")


def told_before(session: Session, keys: Collection[Key], events: Collection[int]) -> set[Key]:
    """Of these facts those that events other than these speak of, or on which this node has decided: of the rest there
    is nothing to be compared with. Two questions for all, where `own_objection` and `rivals` ask for each."""
    subjects = {key.subject.hex() for key in keys}
    spoken = select(EventRow.id, EventRow.subject, EventRow.milestone, EventRow.sequence)
    decided = select(ObservationRow.subject, ObservationRow.milestone, ObservationRow.sequence)
    others = {its[1:] for its in rows_with(session, spoken, EventRow.subject, subjects) if its[0] not in events}
    found = others | set(rows_with(session, decided, ObservationRow.subject, subjects))
    return {key for key in keys if (key.subject.hex(), int(key.milestone), key.sequence) in found}


def settle(session: Session, row: EventRow, key: Key, considering: Considering, *, alone: bool = False) -> Decision:
    """Whether an event that nothing else speaks against is signed, and what becomes of those that speak of its fact.
    `alone`: nothing else speaks of it."""
    its = account_of(row)
    others = [] if alone else rivals(session, row, key)
    decided = row.resolved == ResolutionAction.SIGN
    why = contradiction(its, [account_of(other) for other in others])
    if why is not None and not decided:
        return _held(session, row, others, why)
    if decided:
        _give_way(session, its, others)
    agreeing = [other for other in others if other.considered_at is not None and its.agrees_with(account_of(other))]
    best = fullest([account_of(found) for found in sorted([row, *agreeing], key=lambda found: found.id or 0)])
    row.considered_at = min([considering.now, *(at for at in (row.considered_at, *_times(agreeing)) if at is not None)])
    if best != its and not decided:
        return Decision(Verdict.REFUSE, f"not signed: another paper says the same: {best}")
    until = row.considered_at + considering.seconds
    if considering.now < until and not decided:
        return Decision(Verdict.WAIT, f"another source may still speak, until {until}", until)
    for other in agreeing:
        _take_back(session, other)
        other.status, other.reason = EventStatus.NOT_SIGNED, f"not signed: another paper says the same: {its}"
        other.retry_at = None
    return SIGN


def rivals(session: Session, row: EventRow, key: Key) -> list[EventRow]:
    """Other events of the fact that may still be signed, in the order in which they came.

    What the operator dropped counts against what was held with it: to drop one is not yet to decide for the other.
    """
    found = _open_events(session, key, and_dropped=row.held_for == CONFLICT)
    return [other for other in found if other.id != row.id]


def unmatched(session: Session, keyed: Collection[str], known: Collection[int]) -> list[EventRow]:
    """Undecided events without a consignment that have one of these references (as on chain), save those `known`."""
    sharing = select(EventReferenceRow.event_id).where(col(EventReferenceRow.keyed).in_(keyed))
    statement = select(EventRow).where(
        col(EventRow.id).in_(sharing),
        col(EventRow.status).in_([EventStatus.NEW, EventStatus.WAITING]),
        EventRow.subject == "",
    )
    return [row for row in session.exec(statement.order_by(col(EventRow.id))) if row.id not in known]


def open_accounts(session: Session, key: Key) -> list[Account]:
    """What papers say of a fact of which nothing is signed yet."""
    return [account_of(row) for row in _open_events(session, key)]


def _open_events(session: Session, key: Key, *, and_dropped: bool = False) -> list[EventRow]:
    # What is held for anything else (the network, the protection store) is not the operator's to sign.
    held = (col(EventRow.status) == EventStatus.HELD) & (col(EventRow.held_for) != "")
    open_ones = (col(EventRow.status) == EventStatus.WAITING) | held
    decided = select(ObservationRow.event_id).where(ObservationRow.status == ObservationStatus.DECIDED)
    wanted = or_(open_ones, col(EventRow.id).in_(decided))
    if and_dropped:
        wanted = or_(wanted, col(EventRow.resolved) == ResolutionAction.DROP)
    statement = select(EventRow).where(
        EventRow.subject == key.subject.hex(),
        EventRow.milestone == int(key.milestone),
        EventRow.sequence == key.sequence,
        wanted,
    )
    found = session.exec(statement.order_by(col(EventRow.id))).all()
    return [row for row in found if not _is_signed(session, row)]


def contradicts(session: Session, row: EventRow, key: Key) -> Decision | None:
    """An event that is never signed still speaks against what others say of its fact: then all of them are held."""
    others = rivals(session, row, key)
    why = contradiction(account_of(row), [account_of(other) for other in others])
    return None if why is None else _held(session, row, others, why)


def is_empty(row: EventRow) -> bool:
    """Whether its paper measured, and found nothing: one that did not measure has no unit."""
    return bool(row.unit) and not row.quantity


def account_of(row: EventRow) -> Account:
    return Account(row.event_hash, chain_seconds(moment_of(row.occurred_at)), row.quantity, is_empty(row))


def _held(session: Session, row: EventRow, others: Sequence[EventRow], why: str) -> Decision:
    """Holds the event and those that contradict it, save where the operator has decided about one of these."""
    its = account_of(row)
    row.held_for = CONFLICT
    for other in others:
        if other.resolved or its.agrees_with(account_of(other)):
            continue
        _take_back(session, other)
        against = contradiction(account_of(other), [its])
        if other.held_for != CONFLICT and against is not None:
            other.status, other.reason, other.retry_at = EventStatus.HELD, against, None
            other.held_for = CONFLICT
    session.flush()
    return Decision(Verdict.HOLD, why, for_operator=True)


def _give_way(session: Session, its: Account, others: Sequence[EventRow]) -> None:
    for other in others:
        if not its.agrees_with(account_of(other)) and other.resolved != ResolutionAction.DROP:
            _take_back(session, other)
            other.status, other.retry_at = EventStatus.NOT_SIGNED, None
            other.reason = f"not signed: the operator decided for another account: {its}"
    session.flush()


def _take_back(session: Session, row: EventRow) -> None:
    """Nothing of it is signed yet, so what was to be signed can go."""
    statement = select(ObservationRow).where(
        ObservationRow.event_id == row.id, ObservationRow.status == ObservationStatus.DECIDED
    )
    for observation in session.exec(statement):
        observation.status, observation.reason = ObservationStatus.WITHDRAWN, "another paper speaks of the same fact"
    session.flush()


def _both(prior: ObservationRow, account: Account) -> str:
    return f"then {prior.quantity} thousandths at {prior.occurred_at}, now {account.quantity} at {account.occurred_at}"


def _prior(session: Session, key: Key) -> ObservationRow | None:
    statement = select(ObservationRow).where(
        ObservationRow.subject == key.subject.hex(),
        ObservationRow.milestone == int(key.milestone),
        ObservationRow.sequence == key.sequence,
        ObservationRow.status != ObservationStatus.WITHDRAWN,
    )
    return session.exec(statement).first()


def _is_signed(session: Session, row: EventRow) -> bool:
    statement = select(ObservationRow.id).where(
        ObservationRow.event_id == row.id,
        col(ObservationRow.status).not_in([ObservationStatus.WITHDRAWN, ObservationStatus.DECIDED]),
    )
    return session.exec(statement).first() is not None


def _times(rows: Sequence[EventRow]) -> list[int | None]:
    return [row.considered_at for row in rows]
