"""Where a facility's money comes from and goes back to: a pool, or a syndicate's members in their shares."""

from __future__ import annotations

from fractions import Fraction

from model.books import Books
from model.financings import Facility, Financing, Parts
from model.pools import Pool
from model.syndicates import Syndicate, lendable


def pools_of(books: Books, facility: Facility) -> list[Pool]:
    syndicate = books.syndicate_of(facility)
    if syndicate is None:
        return [books.pools[books.source_of(facility)]]
    return [books.pools[member.pool] for member in syndicate.members]


def lendable_by(books: Books, facility: Facility, drawn: bool = False) -> int:
    """`drawn`: just before the money left that has left."""
    its = [pool.lent_of if drawn else pool.lendable(books.now) for pool in pools_of(books, facility)]
    syndicate = books.syndicate_of(facility)
    return its[0] if syndicate is None else lendable(syndicate.members, its)


def lend(books: Books, financing: Financing, amount: int) -> None:
    facility = financing.facility
    syndicate = books.syndicate_of(facility)
    parts = [amount] if syndicate is None else syndicate.lend(amount, facility.terms, books.now)
    for pool, part in zip(pools_of(books, facility), parts, strict=True):
        pool.ledger.post(_loan(books, facility, financing, syndicate), ("in transit",), part)


def collect(
    books: Books, facility: Facility, paid: Parts, settled: Fraction, financing: Financing | None = None
) -> None:
    """Sends a payment on its way to the pools; their own events say that it has arrived."""
    syndicate = books.syndicate_of(facility)
    parts = [(paid, settled)] if syndicate is None else syndicate.collect(paid, settled, facility.terms, books.now)
    for pool, (part, its_settled) in zip(pools_of(books, facility), parts, strict=True):
        if financing is not None:
            pool.ledger.post(("in transit",), _loan(books, facility, financing, syndicate), part["principal"])
        if any(part.values()) or its_settled:
            pool.arriving.append((part, its_settled))
    expect(books, facility)


def write_off(books: Books, financing: Financing, amount: int, given_up: Fraction) -> None:
    facility = financing.facility
    syndicate = books.syndicate_of(facility)
    losses = [amount]
    if syndicate is not None:
        losses = syndicate.write_off(amount, given_up, facility.terms, books.now)
    for pool, loss in zip(pools_of(books, facility), losses, strict=True):
        pool.ledger.post(("losses",), _loan(books, facility, financing, syndicate), loss)
    expect(books, facility)


def expect(books: Books, facility: Facility) -> None:
    """Where expected losses lie follows what is out."""
    syndicate = books.syndicate_of(facility)
    if syndicate is not None:
        ours = books.financings_of(books.source_of(facility))
        syndicate.expect(sum(its.impairment for its in ours))


def _loan(books: Books, facility: Facility, financing: Financing, syndicate: Syndicate | None) -> tuple[str, ...]:
    """A syndicate's members have their parts of all its financings together."""
    return "loan", str(financing.number) if syndicate is None else books.source_of(facility)
