"""What was attested about a consignment, to the parties of the deal that it belongs to."""

from collections.abc import Collection
from dataclasses import astuple, dataclass
from hashlib import sha256
from typing import Final

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import Malformed, NotFound
from api.invoices import service as invoices
from api.milestones import repository
from api.milestones.models import Fact, FactStatus, Policy, RefusedVote, Subject, Vote
from api.milestones.schemas import FactView, MilestonesView, RefusedVoteView, VoteView
from api.orders import service as orders
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.receipts import service as receipts
from api.receivables import service as receivables
from api.values import hex32, is_hex32, moment, moment_or_none
from chain_node.client import Milestone
from chain_node.references import NetworkKey
from chain_node.references import subject as subject_of

SIMULATED: Final = hex32(sha256(b"portolan sandbox 1: simulated, nobody has seen this").digest())
"""The evidence of every simulated vote, on chain too: anyone can tell it from a witness's."""


def simulated_among(session: Session, subjects: Collection[str]) -> set[str]:
    """Those of the consignments of which something was simulated."""
    return repository.subjects_with_evidence(session, subjects, SIMULATED)


def policies(session: Session) -> dict[int, Policy]:
    """When milestones stand, by their number."""
    return repository.policies(session)


def fact(session: Session, subject_id: str, milestone: int, sequence: int) -> Fact | None:
    return session.get(Fact, (subject_id, milestone, sequence))


def of_receivable(session: Session, principal: Principal, key: NetworkKey, receivable_id: str) -> MilestonesView:
    """What is known of the goods of a receivable to which the caller is a party."""
    receivable = receivables.find(session, principal, receivable_id)
    found = repository.subject(session, hex32(subject_of(key, int(receivable.id, 16))))
    if found is None:
        detail = f"No consignment has been opened for receivable {receivable_id}."
        raise NotFound("subject-absent", detail, receivable_id=receivable_id)
    return _view(session, found)


def of_subject(session: Session, principal: Principal, subject_id: str) -> MilestonesView:
    """What is known of a consignment of the caller's own."""
    found = repository.subject(session, subject_id) if is_hex32(subject_id) else None
    if found is None or not (principal.sees_all or _is_party(session, principal, found)):
        raise NotFound(
            "subject-absent", f"There is no consignment {subject_id[:80]} of yours.", subject=subject_id[:80]
        )
    return _view(session, found)


def of_receipt(session: Session, principal: Principal, receipt_id: str) -> MilestonesView:
    """What is known of goods in a warehouse that are, or were, the caller's, or that it keeps."""
    return of_subject(session, principal, receipts.find(session, principal, receipt_id).subject)


def sees(session: Session, principal: Principal, subject_id: str) -> bool:
    """Whether there is such a consignment, and it is the caller's business: as a party, or as a witness of it."""
    found = repository.subject(session, subject_id)
    if found is None or principal.sees_all:
        return found is not None
    number = participants.number_of(session, principal.lei) if principal.lei else None
    return _is_party(session, principal, found) or repository.has_voted(session, subject_id, number)


@dataclass(frozen=True)
class Whose:
    """Whose goods the caller asks for: one of these."""

    subject: str | None = None
    receivable_id: str | None = None
    order_id: str | None = None
    receipt_id: str | None = None


def asked(session: Session, principal: Principal, key: NetworkKey, whose: Whose) -> MilestonesView:
    """By whichever of them the caller named."""
    if sum(named is not None for named in astuple(whose)) != 1:
        raise Malformed("subject-missing", "Name one of `subject`, `receivable_id`, `order_id` and `receipt_id`.")
    if whose.receipt_id is not None:
        return of_receipt(session, principal, whose.receipt_id)
    if whose.order_id is not None:
        return of_subject(session, principal, orders.find(session, principal, whose.order_id).subject)
    if whose.subject is not None:
        return of_subject(session, principal, whose.subject)
    return of_receivable(session, principal, key, str(whose.receivable_id))


def _is_party(session: Session, principal: Principal, subject: Subject) -> bool:
    """Who opened it, a party to the invoice whose goods it is, to the order, or to a warehouse
    receipt of them."""
    if principal.lei is None:
        return False
    if subject.opened_by in participants.accounts_of(session, principal.lei):
        return True
    if receipts.is_party_of_subject(session, principal, subject.id):
        return True
    parties = {*invoices.parties_of_subject(session, subject.id), *orders.parties_of_subject(session, subject.id)}
    return principal.sees(*parties)


def _view(session: Session, subject: Subject) -> MilestonesView:
    votes, refused = repository.votes(session, subject.id), repository.refused(session, subject.id)
    parties = participants.parties_by_number(session, {vote.organisation for vote in votes})
    policies = repository.policies(session)
    facts = {(fact.milestone, fact.sequence): fact for fact in repository.facts(session, subject.id)}
    keys = sorted({*facts, *((vote.milestone, vote.sequence) for vote in refused if vote.milestone in policies)})
    return MilestonesView(
        subject=subject.id,
        opened_at=moment(subject.opened_at),
        items=[
            _fact_view(
                facts.get(key) or _nothing_yet(subject.id, key),
                policies.get(key[0]),
                [_vote_view(vote, parties) for vote in votes if (vote.milestone, vote.sequence) == key],
                [_refused_view(vote) for vote in refused if (vote.milestone, vote.sequence) == key],
            )
            for key in keys
        ],
    )


def _nothing_yet(subject_id: str, key: tuple[int, int]) -> Fact:
    """Stands for a milestone of which every vote was refused."""
    return Fact(subject=subject_id, milestone=key[0], sequence=key[1])


def _fact_view(fact: Fact, policy: Policy | None, votes: list[VoteView], refused: list[RefusedVoteView]) -> FactView:
    known = {milestone.value: milestone.name for milestone in Milestone}
    return FactView(
        milestone=known.get(fact.milestone, str(fact.milestone)),
        sequence=fact.sequence,
        status=fact.status,
        count=fact.count,
        threshold=policy.threshold if policy else None,
        quantity_thousandths=str(fact.relied_quantity if fact.status == FactStatus.FINAL else fact.least_quantity),
        greatest_quantity_thousandths=str(fact.greatest_quantity),
        occurred_at=moment(fact.occurred_at) if fact.count else None,
        final_at=moment_or_none(fact.final_at),
        usable_from=moment_or_none(fact.usable_from if fact.status == FactStatus.FINAL else None),
        transaction_hash=fact.final_transaction,
        simulated=any(vote.simulated for vote in votes),
        votes=votes,
        refused=refused,
    )


def _vote_view(vote: Vote, parties: dict[int, PartyView]) -> VoteView:
    party = parties[vote.organisation]
    return VoteView(
        organisation_lei=party.lei,
        organisation_name=party.name,
        occurred_at=moment(vote.occurred_at),
        quantity_thousandths=str(vote.quantity),
        evidence=vote.evidence,
        transaction_hash=vote.transaction_hash,
        block_number=vote.block_number,
        at=moment(vote.voted_at),
        simulated=vote.evidence == SIMULATED,
        withdrawn_at=moment_or_none(vote.withdrawn_at),
    )


def _refused_view(vote: RefusedVote) -> RefusedVoteView:
    return RefusedVoteView(
        signer=vote.signer,
        reason=vote.reason,
        transaction_hash=vote.transaction_hash,
        block_number=vote.block_number,
        at=moment(vote.refused_at),
    )
