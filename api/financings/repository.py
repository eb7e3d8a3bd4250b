"""Queries over financings, draws and repayments."""

from collections.abc import Sequence

from sqlmodel import Session, SQLModel, col, select

from api.db import insert_new
from api.financings.models import AmendmentWords, Consent, Draw, Financing, FinancingState, Repayment, WriteOff


def financing(session: Session, number: int) -> Financing | None:
    return session.get(Financing, number)


def by_transaction(session: Session, transaction_hash: str) -> Financing | None:
    return session.exec(select(Financing).where(Financing.transaction_hash == transaction_hash)).first()


def watches(session: Session, subject: str) -> bool:
    """Whether a financing that is not released follows the consignment."""
    chosen = select(Financing).where(Financing.subject == subject, Financing.state != FinancingState.RELEASED)
    return session.exec(chosen).first() is not None


def page(
    session: Session, *, accounts: Sequence[str] | None, item_id: str | None, before: int | None, limit: int
) -> list[Financing]:
    """The newest first; those of the supplier accounts, or all where `accounts` is None."""
    chosen = select(Financing).order_by(col(Financing.number).desc()).limit(limit)
    if accounts is not None:
        chosen = chosen.where(col(Financing.supplier).in_(accounts))
    if item_id is not None:
        chosen = chosen.where(Financing.item_id == item_id)
    if before is not None:
        chosen = chosen.where(col(Financing.number) < before)
    return list(session.exec(chosen))


def consent(session: Session, amendment: str) -> Consent | None:
    return session.get(Consent, amendment)


def consents(session: Session, financing: int) -> list[tuple[Consent, AmendmentWords | None]]:
    """The newest first, each with its words where the gateway was told them."""
    chosen = (
        select(Consent, AmendmentWords)
        .outerjoin(AmendmentWords, col(AmendmentWords.amendment) == col(Consent.amendment))
        .where(Consent.financing == financing)
        .order_by(col(Consent.first_block).desc(), col(Consent.amendment))
    )
    return [(consent, words) for consent, words in session.exec(chosen)]


def remember_words(session: Session, words: AmendmentWords) -> None:
    """Once: equal digests stand for equal words."""
    insert_new(session.connection(), SQLModel.metadata.tables["amendment_words"], words.model_dump())


def draws(session: Session, numbers: Sequence[int]) -> list[Draw]:
    order = (col(Draw.block_number), col(Draw.log_index))
    return list(session.exec(select(Draw).where(col(Draw.financing).in_(numbers)).order_by(*order)))


def repayments(session: Session, numbers: Sequence[int]) -> list[Repayment]:
    order = (col(Repayment.block_number), col(Repayment.log_index))
    return list(session.exec(select(Repayment).where(col(Repayment.financing).in_(numbers)).order_by(*order)))


def write_offs(session: Session, numbers: Sequence[int]) -> list[WriteOff]:
    order = (col(WriteOff.block_number), col(WriteOff.log_index))
    return list(session.exec(select(WriteOff).where(col(WriteOff.financing).in_(numbers)).order_by(*order)))
