"""Counts requests in memory and stores the sums every few seconds, in one transaction: a request pays for an addition.

A process that is killed forgets what it counted since; these are figures of use, not of money."""

import threading
from collections import Counter
from datetime import date
from typing import Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from api.db import Database, utc_now

STORED_EVERY_SECONDS: Final = 5.0
_FIGURES: Final = ("requests", "writes", "refused")
_READING: Final = {"GET", "HEAD", "OPTIONS"}


class UsageCounter:
    """Safe to add to from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted: Counter[tuple[str, date, str, str]] = Counter()
        self._lock = threading.Lock()

    def add(self, lei: str | None, operations: str, method: str, status: int) -> None:
        place = (lei or "", utc_now().date(), operations)
        with self._lock:
            self._counted[(*place, "requests")] += 1
            if method not in _READING:
                self._counted[(*place, "writes")] += 1
            if status >= 400:
                self._counted[(*place, "refused")] += 1

    def store(self) -> bool:
        """Adds what was counted to the table; keeps it for the next time where that fails. Answers False."""
        with self._lock:
            counted, self._counted = self._counted, Counter()
        if counted:
            try:
                self._database.run(lambda session: _add(session, counted))
            except BaseException:
                with self._lock:
                    self._counted.update(counted)
                raise
        return False


def _add(session: Session, counted: Counter[tuple[str, date, str, str]]) -> None:
    table = SQLModel.metadata.tables["usage_counts"]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    # In one order everywhere, so that processes that store at once wait for each other in turn.
    for lei, day, operations in sorted({key[:3] for key in counted}):
        figures = {figure: counted[(lei, day, operations, figure)] for figure in _FIGURES}
        insert = dialect.insert(table).values(lei=lei, day=day, operations=operations, **figures)
        sums = {figure: table.c[figure] + insert.excluded[figure] for figure in _FIGURES}
        session.connection().execute(
            insert.on_conflict_do_update(index_elements=["lei", "day", "operations"], set_=sums)
        )
