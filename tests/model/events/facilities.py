"""Suppliers' lines: limit, expiry, committed fee, and the caps and schedules that govern all of them."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from chain_node.client import FacilityTerms
from model import sources
from model.books import Books
from model.financings import PARTS, Facility
from model.reading import reads


@reads("FinancingDesk", "FacilityOpened")
def facility_opened(books: Books, its: Any) -> None:
    terms = FacilityTerms.read(its["terms"])
    number = its["facility"]
    books.facilities[number] = Facility(number, terms, terms.limit, terms.expires_at, counted_at=books.now)


@reads("OrderMatch", "MatchDemanded")
def match_demanded(books: Books, its: Any) -> None:
    books.demanding.discard(its["facility"])
    if its["demanded"]:
        books.demanding.add(its["facility"])


@reads("FinancingDesk", "FacilityLimitSet")
def facility_limit_set(books: Books, its: Any) -> None:
    facility = books.facilities[its["facility"]]
    books.same("previous limit", its["previous"], facility.limit)
    facility.count_commitment(books.now)
    facility.limit = its["limit"]


@reads("FinancingDesk", "FacilityExpirySet")
def facility_expiry_set(books: Books, its: Any) -> None:
    facility = books.facilities[its["facility"]]
    facility.count_commitment(books.now)
    facility.expires_at = its["expiresAt"]


@reads("FinancingDesk", "CommitmentFeeCharged")
def commitment_fee_charged(books: Books, its: Any) -> None:
    financing = books.financings[its["financing"]]
    books.same("committed fee charged", its["amount"], _settle_commitment(books, its["facility"]))
    financing.fees += its["amount"]


@reads("FinancingDesk", "CommitmentFeePaid")
def commitment_fee_paid(books: Books, its: Any) -> None:
    amount = _settle_commitment(books, its["facility"])
    books.same("committed fee paid", its["amount"], amount)
    paid = {**dict.fromkeys(PARTS, 0), "residual": 0, "fees": amount}
    sources.collect(books, books.facilities[its["facility"]], paid, Fraction(0))


def _settle_commitment(books: Books, number: int) -> int:
    facility = books.facilities[number]
    facility.count_commitment(books.now)
    due, facility.committed = math.ceil(facility.committed), Fraction(0)
    return due


@reads("FinancingDesk", "Stopped")
def stopped(books: Books, its: Any) -> None:
    books.stopped.add(("FinancingDesk", int(its["what"])))


@reads("FinancingDesk", "Resumed")
def resumed(books: Books, its: Any) -> None:
    books.stopped.discard(("FinancingDesk", int(its["what"])))


@reads("Concentration", "FinancingAssigned")
def financing_assigned(books: Books, its: Any) -> None:
    books.keys[its["financing"]] = its["keys"]


@reads("Concentration", "DefaultCapSet")
def default_cap_set(books: Books, its: Any) -> None:
    books.caps[its["source"], its["dimension"], 0] = its["cap"]


@reads("Concentration", "CapSet")
def cap_set(books: Books, its: Any) -> None:
    books.caps[its["source"], its["dimension"], its["key"]] = its["cap"]


@reads("Servicing", "ScheduleSet")
def schedule_set(books: Books, its: Any) -> None:
    books.schedule = [(step["daysOverdue"], step["writtenOffBps"]) for step in its["steps"]]
