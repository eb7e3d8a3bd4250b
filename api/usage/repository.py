"""Reads what was used, by UTC day."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Date, cast, literal_column
from sqlmodel import Session, col, func, select

from api.documents.models import Document
from api.transactions.models import Transaction
from api.usage.models import UsageCount


def counts(session: Session, lei: str, first: date, last: date) -> Sequence[UsageCount]:
    chosen = select(UsageCount).where(UsageCount.lei == lei, UsageCount.day >= first, UsageCount.day <= last)
    return session.exec(chosen.order_by(col(UsageCount.day).desc(), UsageCount.operations)).all()


def transactions(session: Session, lei: str, first: date, last: date) -> dict[date, tuple[int, int]]:
    """Of each day: how many were begun, and the gas that those in blocks have used."""
    day = _day(session, Transaction.created_at)
    mine = col(Transaction.owner_lei) == lei if lei else col(Transaction.owner_lei).is_(None)
    sums = select(day, func.count(), func.coalesce(func.sum(Transaction.gas_used), 0)).where(mine)
    return {_as_date(row[0]): (int(row[1]), int(row[2])) for row in _of_days(session, sums, Transaction, first, last)}


def document_bytes(session: Session, lei: str, first: date, last: date) -> dict[date, int]:
    """Of each day: the length of the documents that were filed, before they were sealed."""
    sums = select(_day(session, Document.created_at), func.sum(Document.length_bytes)).where(Document.owner_lei == lei)
    return {_as_date(row[0]): int(row[1]) for row in _of_days(session, sums, Document, first, last)}


def _of_days(session: Session, sums: Any, model: Any, first: date, last: date) -> Sequence[Any]:
    begins = datetime.combine(first, time(), UTC)
    ends = datetime.combine(last + timedelta(days=1), time(), UTC)
    within = sums.where(col(model.created_at) >= begins, col(model.created_at) < ends)
    return session.connection().execute(within.group_by(_day(session, model.created_at))).all()


def _day(session: Session, moment: Any) -> Any:
    """SQLite keeps moments as text in UTC."""
    if session.get_bind().dialect.name == "postgresql":
        return cast(func.timezone(literal_column("'UTC'"), moment), Date)
    return func.date(moment)


def _as_date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
