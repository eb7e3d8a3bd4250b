"""What `/metrics` says beyond what is counted as it happens: read from the database, the disk and the parts of this
process whenever a monitor asks, so that nothing else pays for it.

Figures of the database are the same from each gateway on it: take the greatest, not the sum.
"""

import shutil
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, case, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import SQLModel

from api.db import utc_now
from api.events.models import NOTES
from api.indexer import position
from api.indexer.apply import count_poison
from api.participants.models import Organisation
from api.transactions.models import OPEN, Status
from api.transactions.outbox import LANES, T
from api.webhooks.models import DeliveryStatus
from api.webhooks.queue import D, W

if TYPE_CHECKING:
    from api.gateway import Gateway

log = structlog.get_logger()
PREFIX: Final = "portolan_"
SOON_SECONDS: Final = 30 * 86_400
"""How long before the end of an organisation's admission it counts as ending soon."""
_HEAD_STALE_SECONDS = 10.0
_PENDING, _DEAD = DeliveryStatus.PENDING.value, DeliveryStatus.DEAD.value
_POISON = "Events in the database that a handler failed on; above 0 rows differ from the chain"
_ORGANISATIONS = SQLModel.metadata.tables[str(Organisation.__tablename__)]


class Observed(Collector):
    """Where the database cannot be read, what is known without it is still there."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway

    def describe(self) -> Iterator[Metric]:
        """Nothing: so that registering asks neither the database nor the disk."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        checks = readiness(self._gateway)
        yield _gauge("ready", "1 while requests can be served", all(checks.values()))
        yield _family("ready_check", "1 while this is as serving requests takes it", "check", checks.items())
        yield _gauge("event_streams", "Streams of events that are open", self._gateway.feed.open_streams())
        try:
            yield _gauge("disk_free_bytes", "Room where the gateway keeps its files", _free_bytes(self._gateway))
            if checks["database"]:
                with self._gateway.database.engine.connect() as connection:
                    yield from list(_stored(connection, self._gateway))
        except (SQLAlchemyError, OSError) as error:
            log.warning("metrics.not-read", error=type(error).__name__)


def readiness(gateway: "Gateway") -> dict[str, bool]:
    """What serving requests takes, and whether it is there."""
    database = database_answers(gateway)
    lag = gateway.follower.lag_blocks() if database else None
    watch = gateway.link.watch
    # Of several nodes one must be fit to be read from.
    endpoints = {} if watch is None else {"endpoints": watch.current is not None}
    return {
        "database": database,
        "chain": chain_answers(gateway),
        "indexer": lag is not None and lag <= gateway.settings.ready_lag_blocks,
        # An event that no handler could take leaves rows that differ from the chain.
        "rows": database and poison_events(gateway) == 0,
        # Without it requests that wait learn late of what another process recorded.
        "listener": gateway.notices.is_up(),
        **endpoints,
    }


def database_answers(gateway: "Gateway") -> bool:
    try:
        with gateway.database.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def chain_answers(gateway: "Gateway") -> bool:
    return gateway.follower.head is not None and time.monotonic() - gateway.follower.head_seen < _HEAD_STALE_SECONDS


def poison_events(gateway: "Gateway") -> int:
    with gateway.database.engine.connect() as connection:
        return count_poison(connection)


def _stored(connection: Connection, gateway: "Gateway") -> Iterator[Metric]:
    yield from _transactions(connection)
    yield from _reading(connection, gateway.follower.head)
    yield from _webhooks(connection)
    notes = connection.execute(select(func.count()).select_from(NOTES)).scalar_one()
    yield _gauge("event_notes_waiting", "What requests told and the log of events does not have yet", notes)
    yield from _admissions(connection)


def _transactions(connection: Connection) -> Iterator[Metric]:
    counted = select(T.c.status, func.count(), func.min(T.c.created_at)).where(T.c.status.in_(OPEN))
    found = {status: (count, since) for status, count, since in connection.execute(counted.group_by(T.c.status))}
    open_ = {status: found[status][0] if status in found else 0 for status in OPEN}
    yield _gauge("transactions_open", "Transactions not yet final", sum(open_.values()))
    yield _family("transactions_waiting", "Transactions not yet final, by status", "status", open_.items())
    oldest = min((since for _, since in found.values()), default=None)
    yield _gauge("transactions_oldest_open_seconds", "Age of the oldest of them", _age(oldest))
    unsent = found.get(Status.PENDING.value, (0, None))[1]
    yield _gauge("transactions_oldest_unsent_seconds", "Age of the oldest that no node has", _age(unsent))
    lanes = _lanes(connection)
    yield _gauge("nonce_gaps", "Nonces that were given back and hold up later ones", sum(gap for _, gap in lanes))
    yield _gauge("lanes_under_way", "Accounts with transactions that are not in a block", len(lanes))


def _lanes(connection: Connection) -> list[tuple[str, int]]:
    """Accounts with nonces under way, and how many nonces between them nobody holds. An account that signs for itself
    has no lane with nonces to give."""
    held = select(
        T.c.sender, func.min(T.c.nonce).label("lowest"), func.count(T.c.nonce.distinct()).label("held")
    ).where(T.c.status.in_(OPEN), T.c.nonce.is_not(None))
    under_way = held.group_by(T.c.sender).subquery()
    gap = case((LANES.c.next_nonce > under_way.c.lowest, LANES.c.next_nonce - under_way.c.lowest), else_=None)
    chosen = select(under_way.c.sender, gap - under_way.c.held).join(LANES, LANES.c.sender == under_way.c.sender)
    return [(sender, max(0, int(missing or 0))) for sender, missing in connection.execute(chosen)]


def _reading(connection: Connection, head: int | None) -> Iterator[Metric]:
    yield _gauge("indexer_poison_events_recorded", _POISON, count_poison(connection))
    cursor = position.read(connection)
    if cursor is None or head is None:
        return
    behind = max(0, head - cursor.number)
    yield _gauge("indexer_lag_blocks", "Blocks of the node that are not in the database", behind)
    since = time.time() - cursor.timestamp if behind else 0.0
    yield _gauge("indexer_lag_seconds", "Since the newest block in the database; 0 where none is left to read", since)


def _webhooks(connection: Connection) -> Iterator[Metric]:
    joined = select(D.c.status, func.count(), func.min(D.c.created_at)).join(W, W.c.id == D.c.webhook_id)
    counted = joined.where(W.c.enabled, D.c.status.in_((_PENDING, _DEAD))).group_by(D.c.status)
    found = {status: (count, since) for status, count, since in connection.execute(counted)}
    pending, since = found.get(_PENDING, (0, None))
    yield _gauge("webhook_deliveries_pending", "Deliveries to webhooks in use that have not arrived", pending)
    yield _gauge("webhook_oldest_pending_seconds", "Age of the oldest of them", _age(since))
    dead = found.get(_DEAD, (0, None))[0]
    yield _gauge("webhook_dead_letters", "Deliveries that were given up, as long as they are kept", dead)
    failing = select(func.count()).select_from(W).where(W.c.enabled, W.c.failures > 0)
    yield _gauge("webhooks_failing", "Webhooks whose last attempt failed", connection.execute(failing).scalar_one())


def _admissions(connection: Connection) -> Iterator[Metric]:
    now, ends = int(time.time()), _ORGANISATIONS.c.kyc_expires_at
    counted = select(
        func.count(case((ends <= now, 1))), func.count(case((ends.between(now + 1, now + SOON_SECONDS), 1)))
    )
    over, soon = connection.execute(counted.where(_ORGANISATIONS.c.suspended.is_(False))).one()
    yield _gauge("participants_kyc_expired", "Organisations, not suspended, whose checks have expired", over)
    yield _gauge("participants_kyc_expiring", "Organisations whose checks expire within 30 days", soon)


def _free_bytes(gateway: "Gateway") -> int:
    return shutil.disk_usage(gateway.settings.data_dir).free


def _age(since: datetime | None) -> float:
    """In seconds; 0 of nothing."""
    return 0.0 if since is None else max(0.0, (utc_now() - since).total_seconds())


def _gauge(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, said, value=value)


def _family(name: str, said: str, label: str, values: Iterable[tuple[str, float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(PREFIX + name, said, labels=[label])
    for named, value in values:
        family.add_metric([named], value)
    return family
