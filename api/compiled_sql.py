"""Statements that each write passes: compiled once, and handed to the driver past SQLAlchemy's way of doing so.

That way costs some 150 microseconds of interpreter a statement, the driver's own 15. Types, transactions and errors are
as ever: values pass the column's types, the connection's transaction is the session's, and what the driver raises
leaves as SQLAlchemy's. psycopg prepares on the server what is executed more than a few times, sqlite3 keeps it parsed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import Executable

from api.db import begin_writing, passes

Process = Callable[[Any], Any] | None


@dataclass(frozen=True)
class _Compiled:
    """For one dialect: the text, and how values go in and come out."""

    text: str
    names: tuple[str, ...] | None
    """In the order in which the driver takes them; None where it takes them by name."""
    binds: Mapping[str, Callable[[Any], Any]]
    results: tuple[Process, ...]
    reads: bool

    def parameters(self, values: Mapping[str, Any]) -> Any:
        binds = self.binds
        given = {name: binds[name](value) if name in binds else value for name, value in values.items()}
        return given if self.names is None else [given[name] for name in self.names]

    def of(self, count: int) -> str:
        """The text for so many rows, where values are taken in order."""
        assert self.names is not None
        one = f"({', '.join('?' * len(self.names))})"
        before, values, after = self.text.partition(f" VALUES {one}")
        assert values, "not an INSERT of plain values"
        return f"{before} VALUES {', '.join([one] * count)}{after}"

    def row(self, row: Sequence[Any]) -> tuple[Any, ...]:
        told = zip(self.results, row, strict=True)
        return tuple(value if process is None else process(value) for process, value in told)


class CompiledSql:
    """One INSERT or SELECT, all of whose parameters are named in `names`; no lists among them."""

    def __init__(self, statement: Executable, names: Sequence[str]) -> None:
        self._statement, self._names = statement, list(names)
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Within the connection's transaction. The rows that it answers; raises as `Connection.execute` does."""
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name) or self._compile(dialect)
        passes(connection, compiled.text)
        raw: Any = connection.connection.driver_connection
        if not compiled.reads:
            begin_writing(raw)
        cursor = raw.cursor()
        try:
            cursor.execute(compiled.text, compiled.parameters(values))
            return [compiled.row(row) for row in cursor.fetchall()] if compiled.results else []
        except dialect.loaded_dbapi.Error as error:
            raise self._translated(connection, cursor, compiled.text, error) from error
        finally:
            cursor.close()

    def run_all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """An INSERT that answers nothing, of many rows at once; how many it has added. sqlite3 gives the interpreter
        away for each row of `executemany`, so there they are one statement; psycopg sends them in one go."""
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name) or self._compile(dialect)
        raw: Any = connection.connection.driver_connection
        passes(connection, compiled.text)
        begin_writing(raw)
        cursor = raw.cursor()
        given = [compiled.parameters(row) for row in rows]
        try:
            if compiled.names is None:
                cursor.executemany(compiled.text, given)
            else:
                cursor.execute(compiled.of(len(given)), [value for row in given for value in row])
            return int(cursor.rowcount)
        except dialect.loaded_dbapi.Error as error:
            raise self._translated(connection, cursor, compiled.text, error) from error
        finally:
            cursor.close()

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=self._names)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        its: Any = compiled
        assert set(its.params) == set(self._names), "a value that is not named would be left out"
        results = tuple(each.type._cached_result_processor(dialect, None) for each in its._result_columns)
        names = None if its.positiontup is None else tuple(its.positiontup)
        fresh = _Compiled(compiled.string, names, dict(its._bind_processors), results, self._statement.is_select)
        self._compiled[dialect.name] = fresh
        return fresh

    @staticmethod
    def _translated(connection: Connection, cursor: Any, text: str, error: Any) -> DBAPIError:
        dialect = connection.dialect
        lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)
        base = dialect.loaded_dbapi.Error
        told: Any = DBAPIError.instance(
            text, None, error, base, hide_parameters=True, connection_invalidated=lost, dialect=dialect
        )
        if lost:
            connection.invalidate(error)
        return cast(DBAPIError, told)
