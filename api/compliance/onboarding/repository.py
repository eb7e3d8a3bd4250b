"""Queries over applications, owners and papers."""

from collections.abc import Iterable
from datetime import date

from sqlmodel import Session, col, select

from api.compliance.onboarding.models import Application, Owner, Paper
from api.participants.models import Organisation


def by_id(session: Session, application_id: str) -> Application | None:
    return session.exec(select(Application).where(Application.id == application_id)).first()


def standing(session: Session, lei: str) -> Application | None:
    """The application of that LEI which was not rejected."""
    return session.exec(select(Application).where(Application.lei == lei, Application.state != "rejected")).first()


def owners(session: Session, application_id: str) -> list[Owner]:
    return list(session.exec(select(Owner).where(Owner.application_id == application_id).order_by(Owner.id)))


def persons(session: Session) -> list[tuple[str, str]]:
    """(LEI, person) of every owner of whom was not rejected."""
    chosen = (
        select(Owner.lei, Owner.person)
        .join(Application, col(Application.id) == col(Owner.application_id))
        .where(col(Application.state) != "rejected")
    )
    return [(lei, person) for lei, person in session.exec(chosen)]


def papers(session: Session, application_ids: Iterable[str]) -> list[Paper]:
    """In the order in which they came."""
    chosen = select(Paper).where(col(Paper.application_id).in_(list(application_ids)))
    return list(session.exec(chosen.order_by(col(Paper.sequence))))


def papers_expiring(session: Session, until: date) -> list[Paper]:
    """Papers that count and expire by then, of applications that were not rejected; the first to expire first."""
    chosen = (
        select(Paper)
        .join(Application, col(Application.id) == col(Paper.application_id))
        .where(col(Application.state) != "rejected", col(Paper.replaced).is_(False), col(Paper.expires_on) <= until)
    )
    return list(session.exec(chosen.order_by(col(Paper.expires_on), col(Paper.sequence))))


def organisations_expiring(session: Session, until: int) -> list[Organisation]:
    chosen = select(Organisation).where(col(Organisation.kyc_expires_at) <= until)
    return list(session.exec(chosen.order_by(col(Organisation.kyc_expires_at), col(Organisation.lei))))
