"""Queries over organisations, accounts, profiles and identifiers."""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam
from sqlmodel import Session, SQLModel, col, select

from api.compiled_sql import CompiledSql
from api.lists import Asked, Slice
from api.participants.models import Account, Identifier, Organisation, Profile, Tenure


def organisation(session: Session, lei: str) -> Organisation | None:
    return session.exec(select(Organisation).where(Organisation.lei == lei)).first()


def page(session: Session, asked: Asked, *, leis: Iterable[str] | None) -> Slice[Organisation]:
    """What is asked for of these; of all where `leis` is None."""
    chosen = select(Organisation)
    return asked.page(session, chosen if leis is None else chosen.where(col(Organisation.lei).in_(list(leis))))


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


def organisation_of_account(session: Session, address: str) -> int | None:
    return session.exec(select(Account.organisation).where(Account.address == address)).first()


def open_tenure(session: Session, account: str) -> Tenure:
    """That of an account which acts for somebody now."""
    return session.exec(select(Tenure).where(Tenure.account == account, col(Tenure.until_block).is_(None))).one()


def tenures(session: Session, number: int) -> list[Tenure]:
    """Of an organisation, by account and in order."""
    order = (col(Tenure.account), col(Tenure.from_block), col(Tenure.from_log))
    return list(session.exec(select(Tenure).where(Tenure.organisation == number).order_by(*order)))


_PROFILES = SQLModel.metadata.tables[str(Profile.__tablename__)]
_ACCOUNT = CompiledSql(select(_PROFILES.c.account).where(_PROFILES.c.lei == bindparam("lei")), ["lei"])


def account(session: Session, lei: str) -> str | None:
    """The account by which the organisation acts; most writes ask for it."""
    # A profile that is only on its way into the database is its session's alone.
    session.flush()
    found = _ACCOUNT.run(session.connection(), {"lei": lei})
    return str(found[0][0]) if found else None


def profile(session: Session, lei: str) -> Profile | None:
    return session.get(Profile, lei)


def signer_of_account(session: Session, account: str) -> str | None:
    return session.exec(select(Profile.signer).where(Profile.account == account)).first()


def names(session: Session, leis: Iterable[str]) -> dict[str, str]:
    return dict(session.exec(select(Profile.lei, Profile.name).where(col(Profile.lei).in_(set(leis)))).all())


def identifiers(session: Session, leis: Iterable[str]) -> list[Identifier]:
    order = (col(Identifier.scheme), col(Identifier.value))
    return list(session.exec(select(Identifier).where(col(Identifier.lei).in_(set(leis))).order_by(*order)))


def leis_named(session: Session, pairs: Sequence[tuple[str, str]]) -> set[str]:
    """The LEIs to whom any of these (scheme, value) pairs belongs."""
    found = (session.get(Identifier, pair) for pair in pairs)
    return {identifier.lei for identifier in found if identifier is not None}
