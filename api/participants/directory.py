"""The register of participants as each of them may see it: itself, and those it deals with."""

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import NotFound
from api.lists import Asked
from api.orders import service as orders
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


def page(session: Session, principal: Principal, asked: Asked) -> Page[ParticipantView]:
    """What is asked for of the caller and those it deals with; of all for who sees all."""
    found = repository.page(session, asked, leis=None if principal.sees_all else _dealt_with(session, principal))
    return Page(items=_views(session, principal, found.rows), next=found.next)


def _dealt_with(session: Session, principal: Principal) -> set[str]:
    """The caller itself and the other sides of its receivables and orders."""
    if principal.lei is None:
        return set()
    lei = principal.lei
    return {lei, *receivables.counterparties(session, lei), *orders.counterparties(session, lei)}


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
