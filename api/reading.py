"""Questions that are asked of the database hundreds of times a second: one prepared statement each, past the unit of
work and its transaction. A statement sees what is committed, and all of it as of one moment.

    SEEN = Statement(lambda dialect: select(...).where(Receivable.id == bindparam("id")))
    rows = database.reads.rows(SEEN, id=receivable_id)

Rows come as the driver gives them: our own column types are not applied, and truths of SQLite are numbers.
"""

import asyncio
import json
import re
import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import Engine, Select
from starlette.concurrency import run_in_threadpool

from api.shared_line import SharedLine

_NAMED = re.compile(r"%\((\w+)\)s")
_GONE = (psycopg.OperationalError, psycopg.InterfaceError, sqlite3.OperationalError, sqlite3.ProgrammingError)


class Statement:
    """A select by the name of the dialect, and its text once it is known."""

    def __init__(self, build: Callable[[str], Select[Any]]) -> None:
        self._build = build
        self._texts: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.constants: dict[str, Any] = {}
        """Values that it names itself, once its text is known."""

    def numbered(self, engine: Engine) -> tuple[str, tuple[str, ...]]:
        """With its values as $1, $2 and so on, and their names in that order. Of PostgreSQL only."""
        known = self._texts.get("numbered")
        if known is None:
            text, names = self.text(engine)[0], list[str]()

            def number(found: re.Match[str]) -> str:
                if found[1] not in names:
                    names.append(found[1])
                return f"${names.index(found[1]) + 1}"

            numbered = _NAMED.sub(number, text).replace("%%", "%")
            known = self._texts["numbered"] = numbered, tuple(names)
        return known

    def text(self, engine: Engine) -> tuple[str, tuple[str, ...]]:
        """With the names of its values in their order, where the driver wants them so."""
        name = engine.dialect.name
        known = self._texts.get(name)
        if known is None:
            compiled = self._build(name).compile(dialect=engine.dialect)
            self.constants = {key: value for key, value in compiled.params.items() if value is not None}
            known = self._texts[name] = str(compiled), tuple(getattr(compiled, "positiontup", None) or ())
        return known


class Reads:
    """Connections of their own, each for one question at a time. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._postgres = engine.dialect.name == "postgresql"
        self._idle: deque[Any] = deque()
        self._shared: SharedLine | None = None
        self._opening = False

    async def soon(self, statement: Statement, **values: Any) -> list[tuple[Any, ...]]:
        """As `rows`, on the event loop: over the connection that all requests share, where the database can do so."""
        shared = self._shared
        if shared is not None and shared.is_open and shared.loop is asyncio.get_running_loop():
            text, names = statement.numbered(self._engine)
            try:
                all_values = statement.constants | values
                return await shared.rows(text, [all_values[name] for name in names])
            except _GONE:
                pass  # asked anew, below
        elif self._postgres and not self._opening:
            await self._open()
        return await run_in_threadpool(self.rows, statement, **values)

    async def _open(self) -> None:
        self._opening = True
        self._let_go()
        try:
            self._shared = SharedLine(await run_in_threadpool(self._connect))
        finally:
            self._opening = False

    def rows(self, statement: Statement, **values: Any) -> list[tuple[Any, ...]]:
        """A connection that the database has closed is noticed only in use: then a fresh one is taken, once."""
        try:
            line = self._idle.pop()
        except IndexError:
            return self._ask(self._connect(), statement, values)
        try:
            return self._ask(line, statement, values)
        except _GONE:
            return self._ask(self._connect(), statement, values)

    def _ask(self, line: Any, statement: Statement, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        text, order = statement.text(self._engine)
        try:
            if self._postgres:
                found = line.execute(text, statement.constants | values, prepare=True).fetchall()
            else:
                all_values = statement.constants | values
                found = line.execute(text, [all_values[name] for name in order]).fetchall()
        except BaseException:
            line.close()
            raise
        self._idle.append(line)
        rows: list[tuple[Any, ...]] = found
        return rows

    def _connect(self) -> Any:
        taken = self._engine.raw_connection()
        line: Any = taken.driver_connection
        taken.detach()
        if self._postgres:
            line.autocommit = True
            # The statements find few rows by their keys: the plan is the same whatever the values.
            line.execute("SET plan_cache_mode = force_generic_plan")
        return line

    def _let_go(self) -> None:
        shared, self._shared = self._shared, None
        if shared is None:
            return
        if shared.loop.is_closed():
            shared.close()
        else:
            shared.loop.call_soon_threadsafe(shared.close)

    def close(self) -> None:
        self._let_go()
        while self._idle:
            self._idle.pop().close()


def parts(text: str | None) -> list[list[Any]]:
    """What a statement gathered with `gathered`."""
    found: list[list[Any]] = json.loads(text) if text else []
    return found
