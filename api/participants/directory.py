"""The register of participants as each of them may see it: itself, and those it deals with."""

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import NotFound
from api.participants import repository
from api.participants.models import Organisation
from api.participants.schemas import AccountView, IdentifierView, ParticipantView
from api.receivables import service as receivables
from api.values import Page, moment
from chain_node.client import Role


def view(session: Session, principal: Principal, lei: str) -> ParticipantView:
    """One participant; NotFound where the caller has nothing to do with it."""
    organisation = repository.organisation(session, lei)
    if organisation is None or not (principal.sees_all or lei in _dealt_with(session, principal)):
        raise NotFound("participant-absent", f"There is no participant {lei} that you deal with.", lei=lei)
    return _views(session, principal, [organisation])[0]


def page(session: Session, principal: Principal, before: str | None, limit: int) -> Page[ParticipantView]:
    """The caller and those it deals with, by LEI; all for who sees all."""
    leis = None if principal.sees_all else _dealt_with(session, principal)
    found = repository.organisations(session, leis=leis, after=before, limit=limit)
    following = found[-1].lei if len(found) == limit else None
    return Page(items=_views(session, principal, found), next=following)


def _dealt_with(session: Session, principal: Principal) -> set[str]:
    """The caller itself and the other sides of its receivables."""
    if principal.lei is None:
        return set()
    return {principal.lei, *receivables.counterparties(session, principal.lei)}


def _views(session: Session, principal: Principal, organisations: list[Organisation]) -> list[ParticipantView]:
    names = repository.names(session, (organisation.lei for organisation in organisations))
    accounts: dict[int, list[AccountView]] = {organisation.number: [] for organisation in organisations}
    for account in repository.accounts(session, accounts):
        accounts[account.organisation].append(AccountView(address=account.address, frozen=account.frozen))
    shown = [organisation.lei for organisation in organisations if principal.sees(organisation.lei)]
    identifiers: dict[str, list[IdentifierView]] = {organisation.lei: [] for organisation in organisations}
    for row in repository.identifiers(session, shown):
        identifiers[row.lei].append(IdentifierView(scheme=row.scheme, value=row.value))
    return [
        ParticipantView(
            lei=organisation.lei,
            name=names.get(organisation.lei, organisation.lei),
            group_lei=organisation.group_lei,
            jurisdiction=organisation.jurisdiction,
            roles=[role.name for role in Role if role & organisation.roles and role.name],
            kyc_expires_at=moment(organisation.kyc_expires_at),
            suspended=organisation.suspended,
            accounts=accounts[organisation.number],
            identifiers=identifiers[organisation.lei],
        )
        for organisation in organisations
    ]
