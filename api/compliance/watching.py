"""What compliance does by itself, again and again."""

from collections.abc import Mapping

from api.compliance.monitoring.service import Monitor
from api.compliance.onboarding import expiry
from api.compliance.screening.sweep import Screener
from api.db import Database
from api.indexer.models import THE_CURSOR, Cursor
from api.loops import Loop
from api.metrics import Metrics
from api.settings import Settings


class Watch:
    """Raises what nobody asked for: what the rules find, and ends that are near."""

    def __init__(self, database: Database, settings: Settings, pools: Mapping[str, str]) -> None:
        self._database = database
        self._settings = settings.compliance
        self._monitor = Monitor(database, settings, pools)

    def step(self) -> bool:
        """One pass; nothing before the chain was read, since the chain's clock is the one that counts."""
        with self._database.session() as session:
            if session.get(Cursor, THE_CURSOR) is None:
                return False
        self._database.run(lambda session: expiry.raise_cases(session, self._settings.expiry_notice_days))
        return self._monitor.step()


def compliance_loops(
    database: Database, settings: Settings, pools: Mapping[str, str], metrics: Metrics
) -> tuple[Loop, ...]:
    asked, failures = settings.compliance, metrics.loop_failures
    screening = Loop("screener", Screener(database, settings).step, asked.screening_interval_seconds, failures)
    watching = Loop("watch", Watch(database, settings, pools).step, asked.monitoring.interval_seconds, failures)
    return screening, watching
