"""Queries over organisations, accounts, profiles and identifiers."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session, col, select

from api.participants.models import Account, Identifier, Organisation, Profile


def organisation(session: Session, lei: str) -> Organisation | None:
    return session.exec(select(Organisation).where(Organisation.lei == lei)).first()


def organisations(session: Session, *, leis: Iterable[str] | None, after: str | None, limit: int) -> list[Organisation]:
    """By LEI; all where `leis` is None."""
    chosen = select(Organisation).order_by(col(Organisation.lei)).limit(limit)
    if leis is not None:
        chosen = chosen.where(col(Organisation.lei).in_(list(leis)))
    if after is not None:
        chosen = chosen.where(col(Organisation.lei) > after)
    return list(session.exec(chosen))


def leis_of_numbers(session: Session, numbers: Iterable[int]) -> dict[int, str]:
    wanted = select(Organisation.number, Organisation.lei).where(col(Organisation.number).in_(set(numbers)))
    return dict(session.exec(wanted).all())


def leis_of_accounts(session: Session, addresses: Iterable[str]) -> dict[str, str]:
    wanted = (
        select(Account.address, Organisation.lei)
        .join(Organisation, col(Organisation.number) == col(Account.organisation))
        .where(col(Account.address).in_(set(addresses)))
    )
    return dict(session.exec(wanted).all())


def accounts(session: Session, numbers: Iterable[int]) -> list[Account]:
    wanted = select(Account).where(col(Account.organisation).in_(set(numbers))).order_by(col(Account.address))
    return list(session.exec(wanted))


def profile(session: Session, lei: str) -> Profile | None:
    return session.get(Profile, lei)


def names(session: Session, leis: Iterable[str]) -> dict[str, str]:
    return dict(session.exec(select(Profile.lei, Profile.name).where(col(Profile.lei).in_(set(leis)))).all())


def identifiers(session: Session, leis: Iterable[str]) -> list[Identifier]:
    order = (col(Identifier.scheme), col(Identifier.value))
    return list(session.exec(select(Identifier).where(col(Identifier.lei).in_(set(leis))).order_by(*order)))


def leis_named(session: Session, pairs: Sequence[tuple[str, str]]) -> set[str]:
    """The LEIs to whom any of these (scheme, value) pairs belongs."""
    found = (session.get(Identifier, pair) for pair in pairs)
    return {identifier.lei for identifier in found if identifier is not None}
