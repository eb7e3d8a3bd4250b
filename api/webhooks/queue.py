"""The statements of the queue: events become deliveries, deliveries are claimed, attempted, ended.

A webhook's deliveries are numbered under the lock of its row, in the order of its events. Of one resource only the
lowest pending one may be claimed, so that a later event never arrives before an earlier one. A claim ends with its
time: whoever was killed with one leaves it to the next, who repeats it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update
from sqlmodel import Session, SQLModel

from api.db import utc_now
from api.events import service as events
from api.events.models import EVENTS, PARTIES, EventRow
from api.events.sight import Sight
from api.webhooks import models
from api.webhooks.models import DeliveryStatus, Webhook

W = SQLModel.metadata.tables[str(models.Webhook.__tablename__)]
D = SQLModel.metadata.tables[str(models.Delivery.__tablename__)]
A = SQLModel.metadata.tables[str(models.DeliveryAttempt.__tablename__)]
_GROUP = 500
_PENDING = DeliveryStatus.PENDING.value


@dataclass(frozen=True)
class Claim:
    """A delivery that this process, and no other, may attempt now."""

    webhook_id: str
    number: int
    token: str


def sight(webhook: Webhook) -> Sight:
    """Which events it is told."""
    types = () if "*" in webhook.types else tuple(webhook.types)
    return Sight(webhook.lei, frozenset(webhook.kinds), types)


def resource_of(row: EventRow) -> str:
    return f"{row.kind}:{row.resource_id}"


def waiting_for_events(connection: Connection) -> list[str]:
    """Webhooks that events have come for, perhaps of types that they did not ask for."""
    of_its_own = exists().where(PARTIES.c.lei == W.c.lei, PARTIES.c.sequence > W.c.through)
    of_any = and_(W.c.lei.is_(None), exists().where(EVENTS.c.sequence > W.c.through))
    return list(connection.execute(select(W.c.id).where(W.c.enabled, or_(of_its_own, of_any))).scalars())


def fill(session: Session, webhook_id: str) -> bool:
    """Queues the next events of a webhook; whether there may be more. Changes nothing where another process did it."""
    webhook = session.get(Webhook, webhook_id)
    last = events.last(session)
    if webhook is None or not webhook.enabled:
        return False
    found = events.following(session, sight(webhook), webhook.through, _GROUP, through=last)
    through = found[-1].sequence if len(found) == _GROUP else last
    moved = {"through": through, "queued": W.c.queued + len(found)}
    stands = (W.c.id == webhook_id) & (W.c.through == webhook.through) & W.c.enabled
    queued = session.connection().execute(update(W).where(stands).values(moved).returning(W.c.queued)).scalar()
    if queued is None:
        return False
    _insert(session.connection(), webhook_id, int(queued), found, is_replay=False)
    return through < last


def repeat(connection: Connection, webhook_id: str, found: Sequence[EventRow]) -> tuple[int, int]:
    """Queues events once more, behind all that waits; the numbers of the first and the last delivery."""
    queued = _advance(connection, webhook_id, len(found))
    _insert(connection, webhook_id, queued, found, is_replay=True)
    return queued - len(found) + 1, queued


def ping(connection: Connection, webhook_id: str) -> int:
    """Queues a delivery of no event; its number. It waits for nothing, and nothing for it."""
    number = _advance(connection, webhook_id, 1)
    row = {"event": None, "type": "webhook.ping", "resource": f"ping:{number}", "is_replay": False}
    connection.execute(insert(D), [_fresh(webhook_id, number, utc_now()) | row])
    return number


def _advance(connection: Connection, webhook_id: str, count: int) -> int:
    advanced = update(W).where(W.c.id == webhook_id).values(queued=W.c.queued + count).returning(W.c.queued)
    return int(connection.execute(advanced).scalar_one())


def _fresh(webhook_id: str, number: int, now: datetime) -> dict[str, Any]:
    return {
        "webhook_id": webhook_id,
        "number": number,
        "status": _PENDING,
        "attempts": 0,
        "due_at": now,
        "created_at": now,
    }


def _insert(connection: Connection, webhook_id: str, last: int, found: Sequence[EventRow], *, is_replay: bool) -> None:
    now = utc_now()
    rows = [
        _fresh(webhook_id, number, now)
        | {"event": row.sequence, "type": row.type, "resource": resource_of(row), "is_replay": is_replay}
        for number, row in enumerate(found, last - len(found) + 1)
    ]
    if rows:
        connection.execute(insert(D), rows)


def claim(
    connection: Connection, token: str, until: datetime, *, most: int, busy: dict[str, int], at_once: int
) -> list[Claim]:
    """Takes up to `most` deliveries that are due, the longest due first. `busy` is what is under way by webhook: each
    may have `at_once`, or 1 while it fails."""
    now, earlier = utc_now(), D.alias("earlier")
    first = ~exists().where(
        earlier.c.webhook_id == D.c.webhook_id,
        earlier.c.resource == D.c.resource,
        earlier.c.status == _PENDING,
        earlier.c.number < D.c.number,
    )
    free = and_(D.c.status == _PENDING, or_(D.c.claimed_until.is_(None), D.c.claimed_until < now))
    full = [webhook_id for webhook_id, count in busy.items() if count >= at_once]
    failing = [webhook_id for webhook_id in busy if webhook_id not in full]
    room = and_(D.c.webhook_id.not_in(full), or_(W.c.failures == 0, D.c.webhook_id.not_in(failing)))
    due = (
        select(D.c.webhook_id, D.c.number, W.c.failures)
        .join(W, W.c.id == D.c.webhook_id)
        .where(free, D.c.due_at <= now, W.c.enabled, first, room)
        .order_by(D.c.due_at, D.c.number)
        .limit(most * 4)
        .with_for_update(of=D, skip_locked=True)
    )
    chosen = _within_limits(connection.execute(due).all(), most, busy, at_once)
    taken = update(D).values(claim=token, claimed_until=until)
    return [
        Claim(webhook_id, number, token)
        for webhook_id, number in chosen
        # Said again for SQLite, which has no row locks.
        if connection.execute(taken.where(D.c.webhook_id == webhook_id, D.c.number == number, free)).rowcount == 1
    ]


def _within_limits(due: Sequence[Any], most: int, busy: dict[str, int], at_once: int) -> list[tuple[str, int]]:
    counts, chosen = dict(busy), list[tuple[str, int]]()
    for webhook_id, number, failures in due:
        if len(chosen) < most and counts.get(webhook_id, 0) < (1 if failures else at_once):
            counts[webhook_id] = counts.get(webhook_id, 0) + 1
            chosen.append((webhook_id, number))
    return chosen


def release(connection: Connection, claimed: Claim) -> None:
    """Gives up a claim without an attempt."""
    connection.execute(update(D).where(_held(claimed)).values(claim=None, claimed_until=None))


def _held(claimed: Claim) -> Any:
    return (D.c.webhook_id == claimed.webhook_id) & (D.c.number == claimed.number) & (D.c.claim == claimed.token)


def missed(connection: Connection, webhook_id: str, number: int, resource: str) -> list[int]:
    """Events of the resource that were given up since one of it arrived, the oldest first."""
    its = (D.c.webhook_id == webhook_id) & (D.c.resource == resource) & (D.c.number < number)
    arrived = select(func.max(D.c.number)).where(its, D.c.status == DeliveryStatus.DELIVERED.value)
    since = connection.execute(arrived).scalar() or 0
    lost = select(D.c.event).where(its, D.c.status == DeliveryStatus.DEAD.value, D.c.number > since)
    found = connection.execute(lost.order_by(D.c.number)).scalars()
    return list(dict.fromkeys(event for event in found if event is not None))


def record(
    connection: Connection,
    claimed: Claim,
    status: DeliveryStatus,
    attempt: dict[str, Any],
    due_at: datetime | None = None,
) -> bool:
    """Ends an attempt: the delivery with it, or until it is due again. False where the claim had ended before."""
    now = utc_now()
    ended: dict[str, Any] = {"status": status.value, "claim": None, "claimed_until": None, "attempts": D.c.attempts + 1}
    ended |= {"ended_at": now} if due_at is None else {"due_at": due_at}
    number = connection.execute(update(D).where(_held(claimed)).values(ended).returning(D.c.attempts)).scalar()
    if number is None:
        return False
    its = {"webhook_id": claimed.webhook_id, "delivery": claimed.number, "number": number, "at": now}
    connection.execute(insert(A), [its | attempt])
    _count_failure(connection, claimed.webhook_id, arrived=status is DeliveryStatus.DELIVERED)
    return True


def _count_failure(connection: Connection, webhook_id: str, *, arrived: bool) -> None:
    """Writes nothing for one success after another."""
    if arrived:
        connection.execute(update(W).where(W.c.id == webhook_id, W.c.failures != 0).values(failures=0))
    else:
        connection.execute(update(W).where(W.c.id == webhook_id).values(failures=W.c.failures + 1))


def forget_before(connection: Connection, moment: datetime) -> None:
    """Drops what ended before."""
    old = D.c.ended_at < moment
    kept = select(D.c.number).where(D.c.webhook_id == A.c.webhook_id, D.c.number == A.c.delivery, old)
    connection.execute(delete(A).where(exists(kept)))
    connection.execute(delete(D).where(old))


def drop(connection: Connection, webhook_id: str) -> None:
    """Forgets a webhook with all that waits for it."""
    connection.execute(delete(A).where(A.c.webhook_id == webhook_id))
    connection.execute(delete(D).where(D.c.webhook_id == webhook_id))
    connection.execute(delete(W).where(W.c.id == webhook_id))
