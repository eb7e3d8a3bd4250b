"""A financing as it is paid as agreed: opened, drawn, repaid, extended, refinanced, closed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from chain_node.client import FinancingState
from model import availability, sources
from model.books import Books
from model.events.collateral import KINDS
from model.financings import Financing
from model.reading import reads


@reads("FinancingDesk", "FinancingOpened")
def financing_opened(books: Books, its: Any) -> None:
    facility, number = books.facilities[its["facility"]], its["financing"]
    collateral = its["collateral"]
    ladder = facility.ladders[books.addresses[collateral]]
    books.financings[number] = Financing(number, facility, collateral, its["itemId"], its["subject"], ladder)


@reads("FinancingDesk", "MaturitySet")
def maturity_set(books: Books, its: Any) -> None:
    financing = books.financings[its["financing"]]
    books.same("previous maturity", its["previousDay"], financing.maturity)
    financing.accrue(books.now)
    if not financing.late_due:
        financing.late = Fraction(0)
    financing.maturity = its["maturityDay"]


@reads("FinancingDesk", "Drawn")
def drawn(books: Books, its: Any) -> None:
    financing, amount = books.financings[its["financing"]], its["amount"]
    facility = financing.facility
    books.same("base of the draw", its["base"], availability.base_of(books, financing))
    books.same("amount of the draw", amount, availability.available(books, financing, drawn=True))
    fee, reserve = facility.charges(amount)
    books.same("charges of the draw", (its["fee"], its["reserve"]), (fee, reserve))
    financing.draw(amount, fee, reserve, books.now)
    books.same("principal after the draw", its["principal"], financing.principal)
    facility.count_commitment(books.now)
    facility.drawn += amount
    assert financing.owed().total + financing.ahead <= its["base"], "more is owed than the base bears"
    assert facility.drawn <= facility.limit
    sources.lend(books, financing, amount)


@reads("FinancingDesk", "Repaid")
def repaid(books: Books, its: Any) -> None:
    financing, told = books.financings[its["financing"]], its["parts"]
    amount = sum(told.values())
    financing.accrue(books.now)
    owed, parts = financing.owed().total, financing.split(amount)
    books.same("waterfall", told, parts)
    books.same("still owed", its["stillOwed"], owed - amount + parts["residual"])
    taken = amount - parts["residual"] + _taken_by_insurers(books, financing, its["payer"], told)
    # Its own collateral, or that of another of the supplier's, which answers for it under recourse.
    if its["payer"] in map(books.address, (*KINDS, "InventoryCollateral")):
        books.forwarded[0] -= taken
    elif its["payer"] != books.address("Servicing"):
        financing.ahead += amount - parts["residual"]
    facility = financing.facility
    if facility.terms.revolving and parts["principal"] + parts["recovered"]:
        facility.count_commitment(books.now)
        facility.drawn -= parts["principal"] + parts["recovered"]
    settled = min(financing.interest, Fraction(parts["interest"]))
    financing.pay(parts)
    if facility.recourse_to == financing.number and financing.state == FinancingState.REPAID:
        facility.recourse_to = 0
    if amount > parts["residual"]:
        if its["payer"] == books.address("Servicing"):
            books.moving.append((facility, parts, settled))
        else:
            sources.collect(books, facility, parts, settled, financing)


def _taken_by_insurers(books: Books, financing: Financing, payer: str, parts: dict[str, int]) -> int:
    """Premium before anything else, and what they have paid after all else; of their own payment nothing."""
    insurance, paid = books.insurance, sum(parts.values())
    if payer == books.address("InsurancePolicies"):
        books.same("what a claim brings", paid, insurance.claimed)
        insurance.claimed = 0
        return 0
    if payer == books.address("Servicing"):
        return 0
    premium = insurance.served_first(financing.number, paid, books.now)
    return premium + insurance.served_last(financing.number, parts["residual"])


@reads("FinancingDesk", "FinancingClosed")
def financing_closed(books: Books, its: Any) -> None:
    financing = books.financings[its["financing"]]
    owed = financing.owed_at(books.now).total + books.insurance.due(financing.number, books.now)
    books.same("owed at release", 0, owed)
    financing.state = FinancingState.RELEASED


@reads("FinancingDesk", "Refinanced")
def refinanced(books: Books, its: Any) -> None:
    financing, to = books.financings[its["financing"]], books.facilities[its["to"]]
    financing.facility, financing.state, financing.late_due = to, FinancingState.OPEN, False
    financing.ladder = to.ladders[books.addresses[financing.collateral]]
    amount = its["amount"]
    books.same("charges of a refinancing", (its["fee"], its["reserve"]), to.charges(amount))
    to.count_commitment(books.now)
    to.drawn += amount
    financing.draw(amount, its["fee"], its["reserve"], books.now)
    # The old source is paid with what the new one has lent, so that both are counted when the old one's members share.
    sources.lend(books, financing, amount)
    sources.collect(books, *books.moving.pop(), financing)


@reads("FinancingDesk", "PayoutParked")
def payout_parked(books: Books, its: Any) -> None:
    currency = books.addresses[its["cash"]].partition(":")[2]
    books.ledgers[currency].post(("parked", its["payee"]), ("owed to payees",), its["amount"])


@reads("FinancingDesk", "ParkedClaimed")
def parked_claimed(books: Books, its: Any) -> None:
    currency = books.addresses[its["cash"]].partition(":")[2]
    books.ledgers[currency].post(("owed to payees",), ("parked", its["payee"]), its["amount"])
