"""Who is who: organisations by LEI, number, account and the names that invoices use."""

from collections.abc import Iterable, Sequence

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from api.errors import Conflict, NotFound
from api.participants import repository
from api.participants.models import Identifier, Profile
from api.participants.schemas import PartyView


def number_of(session: Session, lei: str) -> int | None:
    """The organisation's number on chain; None where the chain does not know it (yet)."""
    organisation = repository.organisation(session, lei)
    return organisation.number if organisation else None


def accounts_of(session: Session, lei: str) -> list[str]:
    number = number_of(session, lei)
    return [] if number is None else [account.address for account in repository.accounts(session, [number])]


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


def acting_account(session: Session, lei: str) -> str:
    """The account by which the organisation acts; NotFound where it was not admitted through this gateway."""
    return _profile(session, lei).account


def signer_of(session: Session, lei: str) -> str:
    """The signer with which the gateway acts for the organisation; Conflict where that keeps its own key."""
    profile = _profile(session, lei)
    if profile.signer is None:
        detail = f"{profile.name} keeps its own key, so the gateway cannot sign for it."
        raise Conflict("key-kept-by-organisation", detail, lei=lei)
    return profile.signer


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
        raise NotFound("participant-absent", f"No participant {lei} was admitted through this gateway.", lei=lei)
    return profile
