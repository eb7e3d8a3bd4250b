"""Who is who: organisations by LEI, number, account and the names that invoices use."""

from collections.abc import Iterable, Sequence

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from api.errors import Conflict, NotFound
from api.participants import repository
from api.participants.models import Identifier, Organisation, Profile, Tenure
from api.participants.schemas import PartyView
from api.transactions.preparing import is_preparing, outside_signer


def number_of(session: Session, lei: str) -> int | None:
    """The organisation's number on chain; None where the chain does not know it (yet)."""
    organisation = repository.organisation(session, lei)
    return organisation.number if organisation else None


def group_leis(session: Session, leis: Iterable[str]) -> dict[str, str]:
    """The LEI of the group that each organisation on chain belongs to: its own where it belongs to no other's."""
    found = (repository.organisation(session, lei) for lei in set(leis))
    return {each.lei: each.group_lei or each.lei for each in found if each is not None}


def jurisdiction_of(session: Session, number: int) -> str:
    """ISO 3166-1 alpha-2 of a known organisation, by its number on chain."""
    return session.get_one(Organisation, number).jurisdiction


def accounts_of(session: Session, lei: str) -> list[str]:
    number = number_of(session, lei)
    return [] if number is None else [account.address for account in repository.accounts(session, [number])]


def tenures_of(session: Session, lei: str) -> list[Tenure] | None:
    """Which accounts acted for the organisation, from when to when; None where the chain does not know it."""
    number = number_of(session, lei)
    return None if number is None else repository.tenures(session, number)


def leis_by_number(session: Session, numbers: Iterable[int]) -> dict[int, str]:
    """Of organisations by their number on chain; unknown ones are left out."""
    return repository.leis_of_numbers(session, numbers)


def leis_by_account(session: Session, accounts: Iterable[str]) -> dict[str, str]:
    """Of the organisations that accounts act for; accounts of nobody are left out."""
    return repository.leis_of_accounts(session, accounts)


def number_of_account(session: Session, account: str) -> int | None:
    """The number of the organisation that the account belongs to; None for an account of nobody."""
    return repository.organisation_of_account(session, account)


def account_of_number(session: Session, number: int) -> str:
    """The account by which the organisation acts or, where it was not admitted here, the first that it has."""
    lei = repository.leis_of_numbers(session, [number])[number]
    profile = repository.profile(session, lei)
    return profile.account if profile else repository.accounts(session, [number])[0].address


def parties_by_number(session: Session, numbers: Iterable[int]) -> dict[int, PartyView]:
    """Organisations in few words, by their number on chain."""
    leis = repository.leis_of_numbers(session, numbers)
    parties = parties_by_lei(session, leis.values())
    return {number: parties[lei] for number, lei in leis.items()}


def parties_by_account(session: Session, accounts: Iterable[str]) -> dict[str, PartyView]:
    """Organisations in few words, by account; accounts of nobody are left out."""
    leis = repository.leis_of_accounts(session, accounts)
    parties = parties_by_lei(session, leis.values())
    return {account: parties[lei] for account, lei in leis.items()}


def parties_by_lei(session: Session, leis: Iterable[str]) -> dict[str, PartyView]:
    """Organisations in few words; the LEI stands in for a name that the gateway was not told."""
    wanted = set(leis)
    names = repository.names(session, wanted)
    return {lei: PartyView(lei=lei, name=names.get(lei, lei)) for lei in wanted}


def is_known(session: Session, lei: str) -> bool:
    """Whether the organisation was admitted through this gateway."""
    return repository.profile(session, lei) is not None


def acting_account(session: Session, lei: str) -> str:
    """The account by which the organisation acts; NotFound where it was not admitted through this gateway."""
    account = repository.account(session, lei)
    if account is None:
        raise _absent(lei)
    return account


def signer_of(session: Session, lei: str) -> str:
    """The signer with which the gateway acts for the organisation; Conflict where that keeps its own key, unless the
    write is only prepared."""
    profile = _profile(session, lei)
    if profile.signer is None and is_preparing(session):
        return outside_signer(profile.account)
    if profile.signer is None:
        detail = f"{profile.name} keeps its own key, so the gateway cannot sign for it: ask with ?prepare=true."
        raise Conflict("key-kept-by-organisation", detail, lei=lei)
    return profile.signer


def signer_of_account(session: Session, account: str) -> str | None:
    """The signer with which the gateway acts by the account; None where it has no key of it."""
    return repository.signer_of_account(session, account)


def document_key_of(session: Session, lei: str) -> str | None:
    """The organisation's own X25519 public key, if it gave one."""
    profile = repository.profile(session, lei)
    return profile.document_key if profile else None


def leis_named(session: Session, identifiers: Sequence[tuple[str, str]]) -> set[str]:
    """Whom any of these (scheme, normalised value) pairs names."""
    return repository.leis_named(session, identifiers)


def add_profile(session: Session, profile: Profile, names: Sequence[tuple[str, str]]) -> None:
    """Stores what the gateway is told of a new participant; Conflict where it, or a name of it, is taken."""
    if repository.profile(session, profile.lei) is not None:
        raise Conflict("organisation-exists", f"{profile.lei} is already a participant.", lei=profile.lei)
    for scheme, value in names:
        if taken := repository.leis_named(session, [(scheme, value)]):
            detail = f"The identifier {scheme} {value} already belongs to another participant."
            raise Conflict("identifier-taken", detail, scheme=scheme, value=value, lei=taken.pop())
    session.add(profile)
    session.add_all(Identifier(scheme=scheme, value=value, lei=profile.lei) for scheme, value in names)
    try:
        session.flush()
    except IntegrityError as error:
        detail = f"{profile.lei} or one of its identifiers is being admitted by another request."
        raise Conflict("organisation-exists", detail, lei=profile.lei) from error


def _profile(session: Session, lei: str) -> Profile:
    profile = repository.profile(session, lei)
    if profile is None:
        raise _absent(lei)
    return profile


def _absent(lei: str) -> NotFound:
    return NotFound("participant-absent", f"No participant {lei} was admitted through this gateway.", lei=lei)
