"""Queries over payment instructions."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from api.lists import Asked, Slice
from api.payments.models import InstructionStatus, PaymentInstruction


def by_id(session: Session, instruction_id: str) -> PaymentInstruction | None:
    return session.exec(select(PaymentInstruction).where(PaymentInstruction.id == instruction_id)).first()


def by_references(session: Session, references: Collection[str]) -> list[PaymentInstruction]:
    wanted = select(PaymentInstruction).where(col(PaymentInstruction.reference).in_(references))
    return list(session.exec(wanted))


def by_end_to_end_id(session: Session, end_to_end_id: str) -> list[PaymentInstruction]:
    wanted = select(PaymentInstruction).where(PaymentInstruction.end_to_end_id == end_to_end_id)
    return list(session.exec(wanted))


def in_status(session: Session, *statuses: InstructionStatus) -> list[PaymentInstruction]:
    wanted = select(PaymentInstruction).where(col(PaymentInstruction.status).in_([s.value for s in statuses]))
    return list(session.exec(wanted.order_by(col(PaymentInstruction.sequence))))


def page(session: Session, asked: Asked, *, lei: str | None) -> Slice[PaymentInstruction]:
    """What is asked for of those of an organisation, or of all where `lei` is None."""
    chosen = select(PaymentInstruction)
    return asked.page(session, chosen if lei is None else chosen.where(PaymentInstruction.lei == lei))


def move(
    session: Session, instruction: PaymentInstruction, was: InstructionStatus, to: InstructionStatus, **values: Any
) -> bool:
    """Takes an instruction from one status to another, once, whoever else tries to; whether it was this caller."""
    session.flush()
    moved = (
        update(PaymentInstruction)
        .where(col(PaymentInstruction.sequence) == instruction.sequence, col(PaymentInstruction.status) == was.value)
        .values(status=to.value, **values)
    )
    done = session.connection().execute(moved).rowcount == 1
    session.refresh(instruction)
    return done
