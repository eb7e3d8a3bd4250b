"""Queries over movements, and what the rules compare them with."""

from collections.abc import Iterable
from dataclasses import fields
from typing import NamedTuple

import sqlalchemy as sql
from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from api.compliance.monitoring.models import THE_STATE, MonitoringState, Movement
from api.compliance.monitoring.rules import Move
from api.participants.models import Account, Organisation
from api.receivables.models import Receivable


class Measured(NamedTuple):
    """Of a receivable, what its price is taken from."""

    id: str
    supplier: int
    debtor: int
    currency: str
    registered_value: int
    quantity: int


def looked_until(session: Session) -> int:
    """The last block that was looked at; 0 before the first."""
    state = session.get(MonitoringState, THE_STATE)
    return 0 if state is None else state.block_number


def remember(session: Session, block_number: int) -> None:
    session.merge(MonitoringState(id=THE_STATE, block_number=block_number))


def newest(session: Session, since: int) -> tuple[int, int, int]:
    """How many movements there are from that block on, when the first of them was, and the last block with one."""
    counted = select(func.count(), func.min(Movement.moved_at), func.max(Movement.block_number)).where(
        col(Movement.block_number) >= since
    )
    count, first, last = session.exec(counted).one()
    return int(count), int(first or 0), int(last or 0)


def moves_since(session: Session, block_number: int) -> list[Move]:
    """Movements between two organisations from that block on."""
    return _moves(session, col(Movement.block_number) >= block_number)


def moves_after(session: Session, moment: int, assets: Iterable[str]) -> list[Move]:
    """Movements of those assets between two organisations after that moment."""
    return _moves(session, col(Movement.moved_at) > moment, col(Movement.asset).in_(set(assets)))


def _moves(session: Session, *which: ColumnElement[bool]) -> list[Move]:
    """What goes to and from contracts, is issued or redeemed, or stays in one hand, is left out by the database: it is
    most of what there is."""
    giver, taker = aliased(Account), aliased(Account)
    paying, paid = aliased(Organisation), aliased(Organisation)
    told = (col(getattr(Movement, field.name)) for field in fields(Move) if field.name not in ("giver", "taker"))
    chosen = (
        sql.select(*told, col(paying.lei).label("giver"), col(paid.lei).label("taker"))
        .join(giver, col(giver.address) == col(Movement.giver))
        .join(taker, col(taker.address) == col(Movement.taker))
        .join(paying, col(paying.number) == col(giver.organisation))
        .join(paid, col(paid.number) == col(taker.organisation))
        .where(col(giver.organisation) != col(taker.organisation), *which)
    )
    return [Move(**row) for row in session.connection().execute(chosen).mappings()]


def leis_by_account(session: Session) -> dict[str, str]:
    chosen = select(Account.address, Organisation.lei).join(
        Organisation, col(Organisation.number) == col(Account.organisation)
    )
    return dict(session.exec(chosen).all())


def groups(session: Session) -> dict[str, str]:
    """Each organisation's ultimate parent."""
    return dict(session.exec(select(Organisation.lei, Organisation.group_lei)).all())


def leis_by_number(session: Session) -> dict[int, str]:
    return dict(session.exec(select(Organisation.number, Organisation.lei)).all())


def new_receivables(session: Session, since: int) -> tuple[int, int]:
    """How many receivables there are from that block on whose goods are counted, and the last block with one."""
    counted = select(func.count(), func.max(Receivable.block_number)).where(*_measured_from(since))
    count, last = session.exec(counted).one()
    return int(count), int(last or 0)


def measured_receivables(session: Session, since: int) -> list[Measured]:
    """Receivables from that block on whose goods are counted, in the order in which they were registered."""
    return _measured(session, *_measured_from(since))


def measured_between(session: Session, pairs: Iterable[tuple[int, int]]) -> list[Measured]:
    """All receivables of those suppliers whose goods are counted, in the order in which they were registered."""
    suppliers = {supplier for supplier, _ in pairs}
    return _measured(session, col(Receivable.supplier).in_(suppliers), col(Receivable.quantity) > 0)


def _measured_from(since: int) -> tuple[ColumnElement[bool], ...]:
    return col(Receivable.block_number) >= since, col(Receivable.quantity) > 0


def _measured(session: Session, *which: ColumnElement[bool]) -> list[Measured]:
    """Columns instead of rows of the unit of work: an organisation may have a hundred thousand."""
    columns = (col(getattr(Receivable, name)) for name in Measured._fields)
    order = (col(Receivable.block_number), col(Receivable.id))
    found = session.connection().execute(sql.select(*columns).where(*which).order_by(*order))
    return [Measured(*row) for row in found]
