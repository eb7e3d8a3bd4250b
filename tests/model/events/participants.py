"""Who may act, what each holds in cash, and what the witnesses have said."""

from __future__ import annotations

from typing import Any

from chain_node.client import FactStatus
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


@reads("MilestoneOracle", "FactFinal")
def fact_final(books: Books, its: Any) -> None:
    _fact(books, its).status, _fact(books, its).quantity = FactStatus.FINAL, its["reliedQuantity"]
    _fact(books, its).occurred_at = its["occurredAt"]


@reads("MilestoneOracle", "FactMeasured")
def fact_measured(books: Books, its: Any) -> None:
    _fact(books, its).quantity = its["quantity"]


@reads("MilestoneOracle", "FactInDispute")
def fact_in_dispute(books: Books, its: Any) -> None:
    _fact(books, its).status = FactStatus.DISPUTED


def _fact(books: Books, its: Any) -> Fact:
    return books.facts[its["subject"], its["milestone"], its["sequence"]]
