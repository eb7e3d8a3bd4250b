"""Queries over balances."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from api.cash.models import Balance, ParkedPayout


def balances(session: Session, accounts: Iterable[str]) -> list[Balance]:
    wanted = select(Balance).where(col(Balance.account).in_(set(accounts))).order_by(col(Balance.currency))
    return list(session.exec(wanted))


def balance(session: Session, currency: str, account: str) -> int:
    found = session.get(Balance, (currency, account))
    return found.amount if found else 0


def parked(session: Session, payees: Iterable[str]) -> list[ParkedPayout]:
    """What waits for the accounts."""
    wanted = select(ParkedPayout).where(col(ParkedPayout.payee).in_(set(payees))).order_by(col(ParkedPayout.keeper))
    return [each for each in session.exec(wanted) if each.amount]
