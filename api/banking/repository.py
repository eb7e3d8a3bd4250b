"""Queries over statements and movements."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, or_, update
from sqlmodel import Session, SQLModel, col, select

from api.banking.models import BankEntry, BankMessage, EntryStatus
from api.db import insert_new
from api.lists import Asked, Slice


def message(session: Session, kind: str, message_id: str, accounts: str) -> BankMessage | None:
    wanted = select(BankMessage).where(
        BankMessage.kind == kind, BankMessage.message_id == message_id, BankMessage.accounts == accounts
    )
    return session.exec(wanted).first()


def messages(session: Session, asked: Asked) -> Slice[BankMessage]:
    return asked.page(session, select(BankMessage))


def entry(session: Session, entry_id: str) -> BankEntry | None:
    return session.exec(select(BankEntry).where(BankEntry.id == entry_id)).first()


def entries(session: Session, asked: Asked) -> Slice[BankEntry]:
    return asked.page(session, select(BankEntry))


def in_status(session: Session, *statuses: EntryStatus) -> list[BankEntry]:
    wanted = select(BankEntry).where(col(BankEntry.status).in_([status.value for status in statuses]))
    return list(session.exec(wanted.order_by(col(BankEntry.sequence))))


def reversals(session: Session, iban: str, references: Collection[str], amount: int, currency: str) -> list[BankEntry]:
    """Those of money that came in, under one of the references or of the amount. Nothing is ever issued for one, so
    they are in these statuses only."""
    statuses = [each.value for each in (EntryStatus.REVIEW, EntryStatus.DISMISSED, EntryStatus.PENDING)]
    same = and_(col(BankEntry.amount) == amount, col(BankEntry.currency) == currency)
    wanted = select(BankEntry).where(
        col(BankEntry.status).in_(statuses),
        BankEntry.iban == iban,
        col(BankEntry.is_reversal).is_(True),
        col(BankEntry.is_credit).is_(False),
        or_(col(BankEntry.reference).in_(references), same),
    )
    return list(session.exec(wanted.order_by(col(BankEntry.sequence))))


def store(session: Session, values: dict[str, Any]) -> bool:
    """Stores a movement unless it is known; whether it was not."""
    session.flush()
    return insert_new(session.connection(), SQLModel.metadata.tables["bank_entries"], values)


def move(session: Session, entry: BankEntry, was: EntryStatus, to: EntryStatus, **values: Any) -> bool:
    """Takes a movement from one status to another, once, whoever else tries to; whether it was this caller."""
    session.flush()
    moved = (
        update(BankEntry)
        .where(col(BankEntry.sequence) == entry.sequence, col(BankEntry.status) == was.value)
        .values(status=to.value, **values)
    )
    done = session.connection().execute(moved).rowcount == 1
    session.refresh(entry)
    return done
