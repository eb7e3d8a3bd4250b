"""A financing that is not paid as agreed: impaired, written off, in default, under recourse."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from chain_node.client import FinancingState
from model import availability, sources
from model.books import Books
from model.calendar360 import BPS, NUMERATORS
from model.reading import reads


@reads("FinancingDesk", "ImpairmentSet")
def impairment_set(books: Books, its: Any) -> None:
    financing = books.financings[its["financing"]]
    financing.impairment = its["impairment"]
    sources.expect(books, financing.facility)


@reads("FinancingDesk", "WrittenOff")
def written_off(books: Books, its: Any) -> None:
    financing, amount = books.financings[its["financing"]], its["amount"]
    financing.accrue(books.now)
    for pool in sources.pools_of(books, financing.facility):
        pool.before_loss = pool.gross(books.now)
    given_up = financing.interest * amount / financing.principal
    # The chain gives up a whole number of its smallest fractions.
    told = Fraction(its["settledNumerator"], NUMERATORS)
    assert 0 <= given_up - told < Fraction(1, NUMERATORS), "interest given up with a loss"
    financing.interest -= told
    # What the pool gives up stays owed, in whole minor units; what the grace may have spared until now is forgiven.
    if told:
        kept = financing.late if financing.late_due else Fraction(0)
        financing.late, financing.late_due = kept + math.ceil(told), True
    financing.principal -= amount
    financing.written_off += amount
    books.same("principal after a loss", its["principal"], financing.principal)
    sources.write_off(books, financing, amount, told)


@reads("FinancingDesk", "FinancingDefaulted")
def financing_defaulted(books: Books, its: Any) -> None:
    financing = books.financings[its["financing"]]
    books.same("owed at default", its["owed"], financing.owed_at(books.now).total)
    financing.state = FinancingState.DEFAULTED
    # The first step's share is expected to be lost; its own event follows where that is more than before.
    least = financing.principal * books.schedule[0][1] // BPS
    if least > financing.impairment:
        financing.impairment = least
        sources.expect(books, financing.facility)


@reads("FinancingDesk", "RecourseOpened")
def recourse_opened(books: Books, its: Any) -> None:
    books.facilities[its["facility"]].recourse_to = its["financing"]


@reads("FinancingDesk", "RecourseClosed")
def recourse_closed(books: Books, its: Any) -> None:
    facility, financing = books.facilities[its["facility"]], books.financings[its["financing"]]
    if facility.recourse_to == financing.number:
        covered = availability.owed_in_all(books, financing) <= availability.value_of(books, financing)
        books.same("let go of", (financing.state, covered), (FinancingState.OPEN, True))
        facility.recourse_to = 0
    books.same("recourse closed", facility.recourse_to, 0)
