"""Queries over cases."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from api.compliance.cases.models import Case, CaseNote


def by_id(session: Session, case_id: str) -> Case | None:
    return session.exec(select(Case).where(Case.id == case_id)).first()


def notes(session: Session, case_ids: Iterable[str]) -> list[CaseNote]:
    """In the order in which they were made."""
    chosen = select(CaseNote).where(col(CaseNote.case_id).in_(list(case_ids))).order_by(col(CaseNote.id))
    return list(session.exec(chosen))
