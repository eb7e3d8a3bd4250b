"""What a monitor is told of the state of things is what the database holds at that moment."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from support.observability import exposed, named

from api.building import build_gateway
from api.chain_link import ChainLink
from api.db import INDEXING, Database, utc_now
from api.endpoints import EndpointFigures
from api.events.models import EventNote
from api.gateway import Gateway
from api.indexer.models import Cursor
from api.observing import Observed
from api.participants.models import Organisation
from api.pool_figures import PoolFigures
from api.settings import Settings
from api.transactions.models import Lane, Status, Transaction
from api.webhooks.models import Delivery, DeliveryStatus, Webhook

HOUR = timedelta(hours=1)
WITHOUT_NODES: Any = SimpleNamespace(status=list)
"""A watch over no nodes; the figures have their names all the same."""
ACCOUNT, OTHER = "0x01", "0x02"


@pytest.fixture
def gateway(database: Database, database_url: str, settings_for: Callable[..., Settings]) -> Iterator[Gateway]:
    """Its loops do not run, and it has no chain."""
    made = build_gateway(settings_for(database_url=database_url))
    yield made
    made.close()


def figures(gateway: Gateway) -> Callable[..., float | None]:
    """Asks each time anew; None where there is no such figure."""
    registry = CollectorRegistry()
    registry.register(Observed(gateway))

    def figure(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"portolan_{name}", labels)

    return figure


def stored(gateway: Gateway, *rows: Any) -> None:
    with gateway.database.transaction() as session:
        session.info[INDEXING] = any(isinstance(row, Organisation) for row in rows)
        session.add_all(rows)


def transaction(status: Status, sender: str = ACCOUNT, **changes: Any) -> Transaction:
    fields = {"signer": "org", "purpose": "test", "to_address": "0x03", "data": b"", "function": "f", "gas": 1}
    return Transaction(**fields, sender=sender, status=status.value, **changes)


def test_without_a_database_the_gateway_still_says_that_it_is_not_ready(settings_for: Callable[..., Settings]) -> None:
    gateway = build_gateway(settings_for(database_url="postgresql+psycopg://nobody@127.0.0.1:9/none"))

    figure = figures(gateway)

    assert (figure("ready"), figure("ready_check", check="database")) == (0, 0)
    assert (figure("transactions_open"), figure("indexer_lag_blocks")) == (None, None)
    assert (figure("disk_free_bytes") or 0) > 0


def test_nothing_waits_in_an_empty_gateway(gateway: Gateway) -> None:
    figure = figures(gateway)

    assert figure("ready_check", check="database") == 1
    assert figure("ready_check", check="chain") == figure("ready") == 0
    assert figure("indexer_lag_blocks") is None
    for name in ("transactions_open", "transactions_oldest_open_seconds", "nonce_gaps", "lanes_under_way"):
        assert figure(name) == 0
    for name in ("webhook_deliveries_pending", "webhook_dead_letters", "webhooks_failing", "event_notes_waiting"):
        assert figure(name) == 0


def test_oldest_transaction_that_waits_is_told_and_final_ones_are_not(gateway: Gateway) -> None:
    figure, now = figures(gateway), utc_now()
    stored(
        gateway,
        transaction(Status.MINED, nonce=0, created_at=now - 9 * HOUR),
        transaction(Status.SENT, nonce=1, created_at=now - 3 * HOUR),
        transaction(Status.PENDING, created_at=now - 2 * HOUR),
        transaction(Status.PENDING),
        Lane(sender=ACCOUNT, signer="org", next_nonce=2),
    )

    assert figure("transactions_open") == 3
    assert (figure("transactions_waiting", status="pending"), figure("transactions_waiting", status="sent")) == (2, 1)
    assert 3 * 3600 <= (figure("transactions_oldest_open_seconds") or 0) < 4 * 3600
    assert 2 * 3600 <= (figure("transactions_oldest_unsent_seconds") or 0) < 3 * 3600
    assert (figure("lanes_under_way"), figure("nonce_gaps")) == (1, 0)


def test_nonces_that_nobody_holds_are_counted_lane_by_lane(gateway: Gateway) -> None:
    figure = figures(gateway)
    stored(
        gateway,
        *(transaction(Status.SENT, nonce=nonce) for nonce in (4, 7, 8)),
        Lane(sender=ACCOUNT, signer="org", next_nonce=9),
        *(transaction(Status.SENT, OTHER, nonce=nonce) for nonce in (3, 9)),
        Lane(sender=OTHER, signer=f"outside:{OTHER}", next_nonce=0),
    )

    assert (figure("lanes_under_way"), figure("nonce_gaps")) == (2, 2)


def test_indexer_lags_only_while_blocks_are_left_to_read(gateway: Gateway) -> None:
    figure = figures(gateway)
    stored(gateway, Cursor(block_number=10, block_hash="0x0a", block_timestamp=int(time.time()) - 600))
    gateway.follower.head = 10
    assert (figure("indexer_lag_blocks"), figure("indexer_lag_seconds")) == (0, 0)

    gateway.follower.head = 13

    assert figure("indexer_lag_blocks") == 3
    assert 600 <= (figure("indexer_lag_seconds") or 0) < 1200


@pytest.mark.parametrize("enabled", [True, False])
def test_deliveries_of_webhooks_in_use_wait(gateway: Gateway, enabled: bool) -> None:
    figure, earlier = figures(gateway), utc_now() - HOUR
    hook = {"url": "https://hook.example", "types": ["*"], "kinds": [], "secret": b"", "through": 0}
    stored(gateway, Webhook(id="wh_1", enabled=enabled, failures=3, **hook))
    states = (DeliveryStatus.DELIVERED, DeliveryStatus.DEAD, DeliveryStatus.PENDING, DeliveryStatus.PENDING)
    fields = {"webhook_id": "wh_1", "type": "t", "resource": "r", "created_at": earlier}
    stored(gateway, *(Delivery(number=n, status=s.value, **fields) for n, s in enumerate(states)))

    assert figure("webhook_deliveries_pending") == (2 if enabled else 0)
    assert figure("webhook_dead_letters") == figure("webhooks_failing") == int(enabled)
    assert ((figure("webhook_oldest_pending_seconds") or 0) >= 3600) is enabled


def test_ends_of_admissions_and_notes_are_told(gateway: Gateway) -> None:
    figure, now = figures(gateway), int(time.time())
    body = {"group_lei": "", "jurisdiction": "SE", "roles": 1}
    ends = {1: now - 1, 2: now + 86_400, 3: now + 90 * 86_400}
    stored(
        gateway,
        *(Organisation(number=n, lei=f"lei{n}", kyc_expires_at=at, **body) for n, at in ends.items()),
        Organisation(number=4, lei="lei4", kyc_expires_at=now - 1, suspended=True, **body),
    )
    stored(gateway, EventNote(type="t", kind="k", resource_id="r", leis=[], body={}, occurred_at=0))

    assert (figure("participants_kyc_expired"), figure("participants_kyc_expiring")) == (1, 1)
    assert figure("event_notes_waiting") == 1


def test_whatever_rules_and_dashboards_name_of_the_gateway_is_exposed(
    gateway: Gateway, settings_for: Callable[..., Settings]
) -> None:
    over_several = ChainLink(settings_for(rpc_url="http://127.0.0.1:9,http://127.0.0.1:10")).watch
    assert over_several is not None
    gateway.metrics.registry.register(EndpointFigures(over_several))
    stored(gateway, Cursor(block_number=10, block_hash="0x0a", block_timestamp=0))
    gateway.follower.head = 10
    gateway.metrics.registry.register(Observed(gateway))
    gateway.metrics.registry.register(EndpointFigures(WITHOUT_NODES))
    gateway.metrics.registry.register(PoolFigures(gateway.database, lambda: None))

    others = ("portolan_oracle_", "portolan_network_")
    wanted = {name for name in named() if name.startswith("portolan_") and not name.startswith(others)}

    assert len(wanted) > 20
    assert wanted - exposed(gateway.metrics.registry) == set()
