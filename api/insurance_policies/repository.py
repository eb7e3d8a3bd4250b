"""Queries over insurance policies."""

from collections.abc import Sequence

from sqlalchemy import or_
from sqlmodel import Session, col, select

from api.insurance_policies.models import InsurancePolicy
from api.lists import Asked, Slice


def policy(session: Session, number: int) -> InsurancePolicy | None:
    return session.get(InsurancePolicy, number)


def by_transaction(session: Session, transaction_hash: str) -> InsurancePolicy | None:
    chosen = select(InsurancePolicy).where(InsurancePolicy.transaction_hash == transaction_hash)
    return session.exec(chosen).first()


def page(
    session: Session, asked: Asked, *, accounts: Sequence[str] | None, financings: Sequence[int]
) -> Slice[InsurancePolicy]:
    """What is asked for of those of these insurers or on these financings; of all where `accounts` is None."""
    chosen = select(InsurancePolicy)
    if accounts is not None:
        mine = or_(col(InsurancePolicy.insurer).in_(accounts), col(InsurancePolicy.financing).in_(financings))
        chosen = chosen.where(mine)
    return asked.page(session, chosen)
