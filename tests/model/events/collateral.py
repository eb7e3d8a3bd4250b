"""What backs a financing, and the money that comes in on it."""

from __future__ import annotations

from typing import Any

from model.books import Books
from model.financings import Financing
from model.reading import reads


@reads("ReceivableCollateral", "CollateralTaken")
def collateral_taken(books: Books, its: Any) -> None:
    financing = books.financings[its["financing"]]
    siblings = [one for one in books.pledges(financing.item) if one is not financing]
    financing.units, financing.shared = its["units"], bool(siblings)
    if len(siblings) == 1:
        siblings[0].shared = True


@reads("ReceivableCollateral", "ProceedsAllotted")
def proceeds_allotted(books: Books, its: Any) -> None:
    financing = books.financings[its["financing"]]
    financing.units = its["units"]
    financing.cash += its["cash"]
    currency = books.currency_of(financing.facility)
    books.ledgers[currency].post(("custody", str(financing.number)), ("owed on pledges",), its["cash"])


@reads("ReceivableCollateral", "ProceedsForwarded")
def proceeds_forwarded(books: Books, its: Any) -> None:
    financing, amount = books.financings[its["financing"]], its["toPool"] + its["toSupplier"]
    books.same("what was forwarded", amount, financing.cash)
    books.forwarded[0] += its["toPool"]
    _release_cash(books, financing, amount)


@reads("ReceivableCollateral", "CollateralReleased")
def collateral_released(books: Books, its: Any) -> None:
    financing = books.financings[its["financing"]]
    books.same("units released", its["units"], financing.units)
    books.same("cash released", its["cash"], financing.cash)
    financing.units = 0
    _release_cash(books, financing, its["cash"])


def _release_cash(books: Books, financing: Financing, amount: int) -> None:
    financing.cash -= amount
    currency = books.currency_of(financing.facility)
    books.ledgers[currency].post(("owed on pledges",), ("custody", str(financing.number)), amount)
