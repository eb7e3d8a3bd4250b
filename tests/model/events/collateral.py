"""What backs a financing, and the money that comes in on it: an invoice's units, or an order's proceeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chain_node.client import Step
from model.books import Books
from model.financings import Financing
from model.reading import reads

KINDS = ("ReceivableCollateral", "OrderCollateral")


def of_all_kinds(event: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def register(reader: Callable[..., None]) -> Callable[..., None]:
        for kind in KINDS:
            reads(kind, event)(reader)
        return reader

    return register


@reads("ReceivableCollateral", "LadderSet")
def ladder_for_invoices_set(books: Books, its: Any) -> None:
    _set_ladder(books, "ReceivableCollateral", its)


@reads("OrderCollateral", "LadderSet")
def ladder_for_orders_set(books: Books, its: Any) -> None:
    _set_ladder(books, "OrderCollateral", its)


def _set_ladder(books: Books, kind: str, its: Any) -> None:
    books.facilities[its["facility"]].ladders[kind] = [Step(*step.values()) for step in its["steps"]]


@of_all_kinds("CollateralTaken")
def collateral_taken(books: Books, its: Any) -> None:
    financing = books.financings[its["financing"]]
    siblings = [one for one in books.pledges(financing.item) if one is not financing]
    financing.units, financing.shared = its["units"], bool(siblings)
    if len(siblings) == 1:
        siblings[0].shared = True


@reads("ReceivableToken", "ProceedsHintFailed")
@reads("OrderEscrow", "ProceedsHintFailed")
def hint_failed(books: Books, its: Any) -> None:
    books.unheard.add(its["id"])


@reads("ReceivableCollateral", "ProceedsAllotted")
def proceeds_of_invoice_allotted(books: Books, its: Any) -> None:
    _keep_cash(books, its, ("owed on pledges",))


@reads("OrderCollateral", "ProceedsAllotted")
def proceeds_of_order_allotted(books: Books, its: Any) -> None:
    financing, order = books.financings[its["financing"]], books.orders[its["itemId"]]
    books.same("what of an order is allotted", (its["cash"], its["units"]), order.allot(financing.units))
    _keep_cash(books, its, ("OrderCollateral", f"order {order.id}"))


def _keep_cash(books: Books, its: Any, from_: tuple[str, ...]) -> None:
    financing = books.financings[its["financing"]]
    books.unheard.discard(its["itemId"])
    financing.units = its["units"]
    financing.cash += its["cash"]
    books.ledgers[books.item_of(financing).currency].post(_custody(books, financing), from_, its["cash"])


@of_all_kinds("ProceedsForwarded")
def proceeds_forwarded(books: Books, its: Any) -> None:
    financing, amount = books.financings[its["financing"]], its["toPool"] + its["toSupplier"]
    books.forwarded[0] += its["toPool"]
    if financing.number in books.exchange.joined:
        books.same("what was exchanged and forwarded", amount, books.exchange.proceeds.pop(financing.number))
        return
    books.same("what was forwarded", amount, financing.cash)
    _release_cash(books, financing, amount)


@of_all_kinds("CollateralReleased")
def collateral_released(books: Books, its: Any) -> None:
    financing = books.financings[its["financing"]]
    books.same("units released", its["units"], financing.units)
    books.same("cash released", its["cash"], financing.cash)
    financing.units = 0
    if financing.number in books.exchange.joined:
        books.exchange.joined[financing.number].quote = 0
    _release_cash(books, financing, its["cash"])


def _release_cash(books: Books, financing: Financing, amount: int) -> None:
    financing.cash -= amount
    currency = books.item_of(financing).currency
    books.ledgers[currency].post(("owed on pledges",), _custody(books, financing), amount)


def _custody(books: Books, financing: Financing) -> tuple[str, ...]:
    return books.addresses[financing.collateral], str(financing.number)
