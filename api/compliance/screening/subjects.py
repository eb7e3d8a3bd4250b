"""What is screened: names, LEIs and accounts of participants and applicants, and the names of their owners."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from api.compliance.onboarding.models import Application, Owner
from api.compliance.personal import Personal
from api.participants.models import Account, Organisation, Profile


@dataclass(frozen=True)
class Subject:
    """One thing to compare: `names` of an organisation or owner, or one exact `value` (an LEI or an account)."""

    kind: str
    id: str
    lei: str
    names: tuple[str, ...] = field(default=(), repr=False)
    value: str = ""

    def digest(self, personal: Personal) -> str:
        return personal.digest(self.kind, self.id, *self.names, self.value)


def all_subjects(session: Session, personal: Personal, lei: str | None = None) -> list[Subject]:
    """Everything there is to compare, or what belongs to one organisation; in a fixed order."""
    found = [*_organisations(session, lei), *_accounts(session, lei), *_owners(session, personal, lei)]
    return sorted(found, key=lambda subject: (subject.kind, subject.id))


def _organisations(session: Session, lei: str | None) -> Iterator[Subject]:
    """By what the gateway was told they are called; a refused applicant is none of ours."""
    profiles = select(Profile.lei, Profile.name)
    applications = select(Application.lei, Application.legal_name).where(col(Application.state) != "rejected")
    on_chain = select(Organisation.lei)
    if lei is not None:
        profiles, applications = profiles.where(Profile.lei == lei), applications.where(Application.lei == lei)
        on_chain = on_chain.where(Organisation.lei == lei)
    names: dict[str, set[str]] = {each: set() for each in session.exec(on_chain)}
    for pairs in (session.exec(profiles), session.exec(applications)):
        for owner, name in pairs:
            names.setdefault(owner, set()).add(name)
    for owner, given in names.items():
        yield Subject("lei", owner, owner, value=owner)
        if given:
            yield Subject("organisation", owner, owner, names=tuple(sorted(given)))


def _accounts(session: Session, lei: str | None) -> Iterator[Subject]:
    chosen = select(Account.address, Organisation.lei).join(
        Organisation, col(Organisation.number) == col(Account.organisation)
    )
    waiting = select(Application.asked, Application.lei).where(
        col(Application.state).in_(("submitted", "in-review", "approved"))
    )
    if lei is not None:
        chosen, waiting = chosen.where(Organisation.lei == lei), waiting.where(Application.lei == lei)
    found = {address.lower(): owner for address, owner in session.exec(chosen)}
    found |= {str(asked["account"]).lower(): owner for asked, owner in session.exec(waiting) if asked.get("account")}
    for address, owner in found.items():
        yield Subject("account", address, owner, value=address)


def _owners(session: Session, personal: Personal, lei: str | None) -> Iterator[Subject]:
    chosen = (
        select(Owner)
        .join(Application, col(Application.id) == col(Owner.application_id))
        .where(col(Application.state) != "rejected")
    )
    if lei is not None:
        chosen = chosen.where(Owner.lei == lei)
    for owner in session.exec(chosen):
        yield Subject("owner", owner.id, owner.lei, names=(str(personal.unseal(owner.sealed, owner.id)["name"]),))
