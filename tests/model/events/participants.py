"""Who may act, what each holds in cash, and what the witnesses have said."""

from __future__ import annotations

from typing import Any

from chain_node.client import FactStatus, Milestone
from model.books import Books, Fact
from model.invoices import NOBODY
from model.reading import reads


@reads("ParticipantRegistry", "AccountAdmitted")
def account_admitted(books: Books, its: Any) -> None:
    books.organisations[its["account"]] = its["organisation"]


@reads("CashToken", "Transfer")
def transfer(books: Books, its: Any, currency: str) -> None:
    giver = ("bank",) if its["from"] == NOBODY else ("token", its["from"])
    taker = ("bank",) if its["to"] == NOBODY else ("token", its["to"])
    books.ledgers[currency].post(taker, giver, its["value"])


@reads("MilestoneOracle", "SubjectOpened")
def subject_opened(books: Books, its: Any) -> None:
    books.subjects[its["subject"]] = its["beneficiary"]


@reads("MilestoneOracle", "VotesCounted")
def votes_counted(books: Books, its: Any) -> None:
    _heard(_fact(books, its), its)


@reads("MilestoneOracle", "FactFinal")
def fact_final(books: Books, its: Any) -> None:
    fact = _fact(books, its)
    fact.status, fact.quantity = FactStatus.FINAL, its["reliedQuantity"]
    _heard(fact, its)
    _note_loss(books, its, FactStatus.FINAL)


@reads("MilestoneOracle", "FactMeasured")
def fact_measured(books: Books, its: Any) -> None:
    _fact(books, its).quantity = its["quantity"]


@reads("MilestoneOracle", "FactInDispute")
def fact_in_dispute(books: Books, its: Any) -> None:
    _fact(books, its).status = FactStatus.DISPUTED
    _note_loss(books, its, FactStatus.DISPUTED)


def _fact(books: Books, its: Any) -> Fact:
    return books.facts[its["subject"], its["milestone"], its["sequence"]]


def _heard(fact: Fact, its: Any) -> None:
    """The most that was measured, and the latest moment."""
    fact.greatest = max(fact.greatest, its["quantity"])
    fact.occurred_at = max(fact.occurred_at, its["occurredAt"])


def _note_loss(books: Books, its: Any, status: FactStatus) -> None:
    """Never unsaid: what a quorum has said stands, whoever dissents later or of another loss."""
    if its["milestone"] != Milestone.LOST:
        return
    before, latest = books.losses.get(its["subject"], (FactStatus.NONE, 0))
    status = FactStatus.FINAL if before == FactStatus.FINAL else status
    books.losses[its["subject"]] = status, max(latest, _fact(books, its).occurred_at)
