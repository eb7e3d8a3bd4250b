"""Queries over consignments, facts and votes."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from api.milestones.models import Fact, Policy, RefusedVote, Subject, Vote


def subject(session: Session, subject_id: str) -> Subject | None:
    return session.get(Subject, subject_id)


def facts(session: Session, subject_id: str) -> list[Fact]:
    order = (col(Fact.milestone), col(Fact.sequence))
    return list(session.exec(select(Fact).where(Fact.subject == subject_id).order_by(*order)))


def facts_of_many(session: Session, subject_ids: Collection[str]) -> list[Fact]:
    return list(session.exec(select(Fact).where(col(Fact.subject).in_(subject_ids))))


def votes(session: Session, subject_id: str) -> list[Vote]:
    order = (col(Vote.block_number), col(Vote.organisation))
    return list(session.exec(select(Vote).where(Vote.subject == subject_id).order_by(*order)))


def has_voted(session: Session, subject_id: str, organisation: int | None) -> bool:
    chosen = select(Vote).where(Vote.subject == subject_id, Vote.organisation == organisation).limit(1)
    return organisation is not None and session.exec(chosen).first() is not None


def votes_on(session: Session, key: tuple[str, int, int]) -> list[Vote]:
    """The votes on one fact, by (subject, milestone, sequence), in the order in which they were counted."""
    subject_id, milestone, sequence = key
    chosen = select(Vote).where(Vote.subject == subject_id, Vote.milestone == milestone, Vote.sequence == sequence)
    return list(session.exec(chosen.order_by(col(Vote.block_number), col(Vote.log_index))))


def subjects_with_evidence(session: Session, subjects: Collection[str], evidence: str) -> set[str]:
    """Consignments with a vote that rests on this evidence."""
    if not subjects:
        return set()
    return set(session.exec(select(Vote.subject).where(col(Vote.subject).in_(subjects), Vote.evidence == evidence)))


def refused(session: Session, subject_id: str) -> list[RefusedVote]:
    order = (col(RefusedVote.block_number), col(RefusedVote.log_index))
    return list(session.exec(select(RefusedVote).where(RefusedVote.subject == subject_id).order_by(*order)))


def policies(session: Session) -> dict[int, Policy]:
    return {policy.milestone: policy for policy in session.exec(select(Policy))}
