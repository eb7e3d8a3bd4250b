"""What becomes known of a consignment: to who opened it, and to the parties of the invoice whose goods it is."""

from collections.abc import Collection, Mapping

from sqlmodel import col, select

from api.events.registry import Kind, at, hashed, plain, tells, whole, word
from api.events.telling import Telling
from api.invoices import service as invoices
from api.milestones.models import Subject
from api.receivables import events as receivables
from chain_node.client import Event, Milestone


def _parties(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    openers = dict(telling.session.exec(select(Subject.id, Subject.opened_by).where(col(Subject.id).in_(ids))).all())
    leis = telling.leis_of_accounts(openers.values())
    found = {each: {*invoices.parties_of_subject(telling.session, each)} for each in ids}
    for each, account in openers.items():
        found[each] |= {leis[account]} if account in leis else set()
    sold = invoices.receivables_of_subjects(telling.session, ids)
    of_receivables = receivables.parties(telling, set(sold.values())) if sold else {}
    for each, receivable_id in sold.items():
        found[each] |= set(of_receivables.get(receivable_id, ()))
    return found


def _name(event: Event, _: str) -> str:
    number = int(event.arguments["milestone"])
    known = {milestone.value: milestone.name for milestone in Milestone}
    return known.get(number, str(number))


MILESTONE = Kind("milestone", "milestones:read", hashed("subject"), _parties)
_SEQUENCE, _OCCURRED = plain("sequence"), at("occurredAt")

tells(MILESTONE, "MilestoneOracle", "SubjectOpened", "consignment_opened")
tells(
    MILESTONE,
    "MilestoneOracle",
    "VotesCounted",
    "attested",
    milestone=_name,
    sequence=_SEQUENCE,
    occurred_at=_OCCURRED,
    quantity_thousandths=whole("quantity"),
)
tells(
    MILESTONE,
    "MilestoneOracle",
    "FactFinal",
    "final",
    milestone=_name,
    sequence=_SEQUENCE,
    occurred_at=_OCCURRED,
    quantity_thousandths=whole("reliedQuantity"),
)
tells(
    MILESTONE,
    "MilestoneOracle",
    "FactMeasured",
    "measured",
    milestone=_name,
    sequence=_SEQUENCE,
    quantity_thousandths=whole("quantity"),
)
tells(
    MILESTONE,
    "MilestoneOracle",
    "FactInDispute",
    "disputed",
    milestone=_name,
    sequence=_SEQUENCE,
    least_quantity_thousandths=whole("leastQuantity"),
    greatest_quantity_thousandths=whole("greatestQuantity"),
)
tells(MILESTONE, "MilestoneOracle", "VoteRetracted", "vote_retracted", milestone=_name, sequence=_SEQUENCE)
tells(MILESTONE, "MilestoneOracle", "Equivocated", "vote_withdrawn", milestone=_name, sequence=_SEQUENCE)
tells(
    MILESTONE,
    "MilestoneOracle",
    "VoteRefused",
    "vote_refused",
    milestone=_name,
    sequence=_SEQUENCE,
    reason=word("reason"),
)
