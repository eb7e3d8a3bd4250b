"""Queries over consignments, facts and votes."""

from sqlmodel import Session, col, select

from api.milestones.models import Fact, Policy, RefusedVote, Subject, Vote


def subject(session: Session, subject_id: str) -> Subject | None:
    return session.get(Subject, subject_id)


def facts(session: Session, subject_id: str) -> list[Fact]:
    order = (col(Fact.milestone), col(Fact.sequence))
    return list(session.exec(select(Fact).where(Fact.subject == subject_id).order_by(*order)))


def votes(session: Session, subject_id: str) -> list[Vote]:
    order = (col(Vote.block_number), col(Vote.organisation))
    return list(session.exec(select(Vote).where(Vote.subject == subject_id).order_by(*order)))


def votes_on(session: Session, key: tuple[str, int, int]) -> list[Vote]:
    """The votes on one fact, by (subject, milestone, sequence), in the order in which they were counted."""
    subject_id, milestone, sequence = key
    chosen = select(Vote).where(Vote.subject == subject_id, Vote.milestone == milestone, Vote.sequence == sequence)
    return list(session.exec(chosen.order_by(col(Vote.block_number), col(Vote.log_index))))


def refused(session: Session, subject_id: str) -> list[RefusedVote]:
    order = (col(RefusedVote.block_number), col(RefusedVote.log_index))
    return list(session.exec(select(RefusedVote).where(RefusedVote.subject == subject_id).order_by(*order)))


def policies(session: Session) -> dict[int, Policy]:
    return {policy.milestone: policy for policy in session.exec(select(Policy))}
