"""What a monitor is told of the pools' money: whole minor units, or nothing."""

from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from api.db import INDEXING, Database
from api.facilities.models import Facility
from api.figures import Figures
from api.indexer.models import Cursor
from api.pool_figures import PoolFigures
from chain_node.errors import NodeUnavailable

EUR, USD = "0x01", "0x02"
NOW = 1_000
LARGE = 2**63 + 1


class FakeChain:
    """Two pools that answer what they are told to answer."""

    def __init__(self, *answers: Any) -> None:
        names = ("LendingPool:USD", "CashToken:EUR", "LendingPool:EUR")
        self.addresses = SimpleNamespace(names=lambda: names)
        self.answers = list(answers)

    def pool(self, currency: str) -> Any:
        return SimpleNamespace(address={"EUR": EUR, "USD": USD}[currency])


@pytest.fixture
def indexed(database: Database) -> Database:
    with database.transaction() as session:
        session.add(Cursor(block_number=10, block_hash="0x0a", block_timestamp=NOW))
    return database


def figures(database: Database, chain: Any) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(PoolFigures(database, lambda: chain))
    return registry


def facility(number: int, pool: str, limit: int, expires_at: int) -> Facility:
    rates = {"discount_rate_bps": 1, "fee_bps": 0, "late_fee_bps": 0, "reserve_bps": 0, "committed_fee_bps": 0}
    flags = {"grace_days": 0, "recourse": False, "revolving": True, "earmarked": False, "day_count": "ACT_360"}
    where = {"block_number": 1, "transaction_hash": "0x03", "opened_at": 1}
    its = {"number": number, "supplier": "0x04", "pool": pool, "limit": limit, "expires_at": expires_at}
    return Facility(**its, **rates, **flags, **where)


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Figures, "answers", lambda self, questions: self.chain.answers[: len(questions)])


def test_without_a_chain_or_a_block_there_are_no_figures(indexed: Database) -> None:
    assert figures(indexed, None).get_sample_value("portolan_pool_cash_units", {"currency": "EUR"}) is None


def test_before_the_first_block_there_are_none(database: Database) -> None:
    assert figures(database, FakeChain()).get_sample_value("portolan_pool_cash_units", {"currency": "EUR"}) is None


def test_node_that_does_not_answer_leaves_the_monitor_its_other_figures(indexed: Database) -> None:
    def away(_: Any) -> Any:
        raise NodeUnavailable("http://a", "no answer")

    chain = FakeChain()
    chain.node = SimpleNamespace(batch=away)  # type: ignore[attr-defined]
    views = dict.fromkeys(("books", "lendable"), SimpleNamespace(encode=bytes))
    contract = SimpleNamespace(address=EUR, interface=SimpleNamespace(functions=views))
    chain.pool = lambda _: contract  # type: ignore[method-assign]

    assert figures(indexed, chain).get_sample_value("portolan_pool_cash_units", {"currency": "EUR"}) is None


@pytest.mark.usefixtures("answered")
def test_each_pool_has_its_cash_and_what_it_promised(indexed: Database) -> None:
    with indexed.transaction() as session:
        session.info[INDEXING] = True
        session.add_all(
            [
                facility(1, EUR, 500, NOW + 1),
                facility(2, EUR, LARGE, NOW + 1),
                facility(3, EUR, 900, NOW),
                facility(4, USD, 7, NOW + 1),
            ]
        )
    chain = FakeChain({"cash": 90, "principalOut": 4}, 80, {"cash": 3, "principalOut": 0}, 0)

    registry = figures(indexed, chain)

    def told(currency: str) -> list[float | None]:
        names = ("cash", "lendable", "principal_out", "facility_limits")
        return [registry.get_sample_value(f"portolan_pool_{name}_units", {"currency": currency}) for name in names]

    assert told("EUR") == [90, 80, 4, 500 + LARGE]
    assert told("USD") == [3, 0, 0, 7]
