"""By what the register of participants may be filtered and sorted; and conditions by LEI for other lists."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from api.lists import FLAG, LEI, MOMENT, TEXT, Listing, column, matched, text_of, words
from api.participants.models import Account, Organisation, Profile
from api.participants.schemas import RoleName
from chain_node.client import Role

_NAME = select(Profile.name).where(col(Profile.lei) == col(Organisation.lei)).correlate(Organisation).scalar_subquery()
PARTICIPANTS = Listing(
    column("name", TEXT, func.coalesce(_NAME, Organisation.lei)),
    column("group_lei", LEI, Organisation.group_lei),
    column("jurisdiction", text_of("[A-Z]{2}", "a country's ISO 3166-1 code, such as DE"), Organisation.jurisdiction),
    matched("role", words(RoleName), lambda role: col(Organisation.roles).op("&")(int(Role[role])) != 0),
    column("kyc_expires_at", MOMENT, Organisation.kyc_expires_at),
    column("suspended", FLAG, Organisation.suspended),
    key=column("lei", LEI, Organisation.lei),
    oldest_first=True,
)


def is_organisation(number: Any) -> Callable[[str], Any]:
    """That a column of organisations' numbers means the one with this LEI."""
    return lambda lei: col(number).in_(select(Organisation.number).where(col(Organisation.lei) == lei))


def is_account_of(account: Any) -> Callable[[str], Any]:
    """That a column of accounts means one of the organisation with this LEI."""

    def matches(lei: str) -> Any:
        numbers = select(Organisation.number).where(col(Organisation.lei) == lei)
        return col(account).in_(select(Account.address).where(col(Account.organisation).in_(numbers)))

    return matches
