"""The lenders' shares of a tranche."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from chain_node.client import Tranche
from model.books import Books
from model.invoices import NOBODY
from model.reading import reads

Handler = Callable[[Tranche, Books, Any, str], None]


def of_both_tranches(event: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        for tranche in Tranche:
            reads(f"{tranche.name.title()}Tranche", event)(partial(handler, tranche))
        return handler

    return register


@of_both_tranches("Transfer")
def moved(tranche: Tranche, books: Books, its: Any, currency: str) -> None:
    shares = books.pools[currency].shares[tranche]
    for account, sign in ((its["from"], -1), (its["to"], 1)):
        if account != NOBODY:
            shares.balances[account] += sign * its["value"]


@of_both_tranches("Deposit")
def bought(tranche: Tranche, books: Books, its: Any, currency: str) -> None:
    expected = books.pools[currency].deposit(tranche, its["assets"], books.now)
    books.same("shares bought", its["shares"], expected)


@of_both_tranches("RedeemRequest")
def asked_back(tranche: Tranche, books: Books, its: Any, currency: str) -> None:
    shares = books.pools[currency].shares[tranche]
    books.same("epoch of a request", its["requestId"], shares.current.number)
    shares.current.requested += its["shares"]
    shares.asked[its["controller"]][shares.current.number] += its["shares"]


@of_both_tranches("Withdraw")
def claimed(tranche: Tranche, books: Books, its: Any, currency: str) -> None:
    shares = books.pools[currency].shares[tranche]
    shares.claimed[its["owner"]] += its["assets"]
    shares.claimed_shares[its["owner"]] += its["shares"]
    books.ledgers[currency].post(("paid out", tranche.name), ("pool", "set aside"), its["assets"])


@of_both_tranches("EpochPaid")
def epoch_paid(tranche: Tranche, books: Books, its: Any, currency: str) -> None:
    books.epochs[f"{tranche}{currency}"].append((its["epoch"], its["shares"], its["assets"]))
