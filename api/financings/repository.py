"""Queries over financings, draws and repayments."""

from collections.abc import Collection, Iterable, Sequence

from sqlmodel import Session, SQLModel, col, select

from api.db import insert_new
from api.financings.models import (
    AmendmentWords,
    Consent,
    Draw,
    Financing,
    FinancingState,
    Handover,
    Repayment,
    WriteOff,
)
from api.lists import Asked, Slice


def financing(session: Session, number: int) -> Financing | None:
    return session.get(Financing, number)


def by_transaction(session: Session, transaction_hash: str) -> Financing | None:
    return session.exec(select(Financing).where(Financing.transaction_hash == transaction_hash)).first()


def numbers_opened(session: Session, transaction_hashes: Iterable[str]) -> dict[str, int]:
    wanted = col(Financing.transaction_hash).in_(set(transaction_hashes))
    return dict(session.exec(select(Financing.transaction_hash, Financing.number).where(wanted)).all())


def watches(session: Session, subject: str) -> bool:
    """Whether a financing that is not released follows the consignment."""
    chosen = select(Financing).where(Financing.subject == subject, Financing.state != FinancingState.RELEASED)
    return session.exec(chosen).first() is not None


def page(
    session: Session, asked: Asked, *, accounts: Sequence[str] | None, collateral: str | None = None
) -> Slice[Financing]:
    """What is asked for of those of the supplier accounts, or of all where `accounts` is None; with `collateral` of
    those whose collateral that adapter keeps."""
    chosen = select(Financing)
    if collateral is not None:
        chosen = chosen.where(Financing.collateral == collateral)
    return asked.page(session, chosen if accounts is None else chosen.where(col(Financing.supplier).in_(accounts)))


def by_numbers(session: Session, numbers: Collection[int]) -> list[Financing]:
    return list(session.exec(select(Financing).where(col(Financing.number).in_(set(numbers)))))


def numbers_of(session: Session, accounts: Sequence[str]) -> list[int]:
    return list(session.exec(select(Financing.number).where(col(Financing.supplier).in_(accounts))))


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


def handovers(session: Session, numbers: Sequence[int]) -> list[Handover]:
    order = (col(Handover.block_number), col(Handover.log_index))
    return list(session.exec(select(Handover).where(col(Handover.financing).in_(numbers)).order_by(*order)))


def repayment(session: Session, transaction_hash: str, log_index: int) -> Repayment | None:
    return session.get(Repayment, (transaction_hash, log_index))


def live(session: Session, numbers: Collection[int]) -> list[Financing]:
    """Those of the financings on which something may be out."""
    states = (FinancingState.OPEN.value, FinancingState.DEFAULTED.value)
    chosen = select(Financing).where(col(Financing.state).in_(states)).order_by(col(Financing.number))
    wanted = set(numbers)
    return [each for each in session.exec(chosen) if each.number in wanted]


def write_offs(session: Session, numbers: Sequence[int]) -> list[WriteOff]:
    order = (col(WriteOff.block_number), col(WriteOff.log_index))
    return list(session.exec(select(WriteOff).where(col(WriteOff.financing).in_(numbers)).order_by(*order)))
