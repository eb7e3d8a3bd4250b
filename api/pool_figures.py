"""What `/metrics` says of the pools' money: asked from the contracts whenever a monitor asks, at the block that the
database has. Where the node does not answer there are no figures, rather than old ones."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import structlog
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from api.clock import indexed_now
from api.db import Database
from api.errors import GatewayError
from api.facilities.models import Facility
from api.figures import Figures, ask
from chain_node.client import Chain

log = structlog.get_logger()
_FAMILIES: Final = {
    "cash": "The lenders' cash that is neither lent nor set aside, minor units",
    "lendable": "What draws may take of it now, minor units",
    "principal_out": "Lent and not written off, minor units",
    "facility_limits": "Limits of the facilities that it funds and that have not expired, minor units",
}


class PoolFigures(Collector):
    """`connected`: the chain, None while there is no connection to it."""

    def __init__(self, database: Database, connected: Callable[[], Chain | None]) -> None:
        self._database, self._connected = database, connected

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        told: Mapping[str, Mapping[str, int]] = {}
        chain = self._connected()
        try:
            if chain is not None:
                with Session(self._database.engine) as session:
                    told = _told(session, chain)
        except (GatewayError, SQLAlchemyError) as error:
            log.warning("metrics.not-read", error=type(error).__name__)
        for name, said in _FAMILIES.items():
            family = GaugeMetricFamily(f"portolan_pool_{name}_units", said, labels=["currency"])
            for currency, values in told.items():
                family.add_metric([currency], values[name])
            yield family


def _told(session: Session, chain: Chain) -> dict[str, dict[str, int]]:
    """Of each pool by its currency; all of them by one request."""
    pools = {
        name.removeprefix("LendingPool:"): chain.pool(name.removeprefix("LendingPool:"))
        for name in sorted(chain.addresses.names())
        if name.startswith("LendingPool:")
    }
    if not pools:
        return {}
    questions = [ask(pool, view) for pool in pools.values() for view in ("books", "lendable")]
    answers = iter(Figures.at(session, chain).answers(questions))
    limits = _limits(session)
    return {
        currency: {
            "cash": (books := next(answers))["cash"],
            "lendable": next(answers),
            "principal_out": books["principalOut"],
            "facility_limits": limits.get(pool.address, 0),
        }
        for currency, pool in pools.items()
    }


def _limits(session: Session) -> dict[str, int]:
    """By the pool's address. Summed here: a limit may be larger than what a database adds up."""
    found: dict[str, int] = {}
    alive = select(Facility.pool, Facility.limit).where(col(Facility.expires_at) > indexed_now(session))
    for pool, limit in session.exec(alive):
        found[pool] = found.get(pool, 0) + limit
    return found
