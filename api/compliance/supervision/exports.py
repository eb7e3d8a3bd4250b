"""The ledger as files: every row of a table, streamed, amounts as text."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Column, Connection, Engine, Select, String, collate, select
from sqlmodel import SQLModel

from api.values import WholeNumber

TABLES: Final = {
    "participants": "organisations",
    "receivables": "receivables",
    "payments": "receivable_payments",
    "financings": "financings",
    "draws": "draws",
    "repayments": "repayments",
    "pools": "pools",
    "positions": "pool_positions",
    "movements": "movements",
    "cases": "compliance_cases",
    "hits": "screening_hits",
    "audit": "audit_entries",
}
"""What can be exported, and where it is."""
_BATCH: Final = 1_000
# A spreadsheet takes a cell that begins like this for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def in_key_order(connection: Connection, table_name: str) -> Iterator[dict[str, Any]]:
    """Every row of a table, streamed, in one order on both databases: by its key, text by its bytes."""
    table = SQLModel.metadata.tables[table_name]
    bytewise = connection.dialect.name == "postgresql"
    order = [collate(c, "C") if bytewise and _is_text(c) else c for c in table.primary_key.columns]
    chosen: Select[Any] = select(table).order_by(*order)
    for row in connection.execution_options(yield_per=_BATCH).execute(chosen).mappings():
        yield {column.name: _told(column, row[column.name]) for column in table.columns}


def _is_text(column: Column[Any]) -> bool:
    return isinstance(column.type, String)


def _told(column: Column[Any], value: Any) -> Any:
    """A value as JSON can say it; amounts as text, whatever their size."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(column.type, WholeNumber) and value is not None else value


def export(engine: Engine, what: str, kind: str) -> Iterator[bytes]:
    """The export's file, piece by piece: JSON lines, or CSV (RFC 4180) with a header."""
    with engine.connect() as connection:
        rows = in_key_order(connection, TABLES[what])
        yield from _csv(rows, TABLES[what]) if kind == "csv" else _lines(rows)


def _lines(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _csv(rows: Iterator[dict[str, Any]], table: str) -> Iterator[bytes]:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, [column.name for column in SQLModel.metadata.tables[table].columns])
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
        yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(_FORMULA) and not value.removeprefix("-").isdigit():
        return "'" + value
    return value
