"""The life of an invoice."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from chain_node.client import ReceivableState
from model.books import Books
from model.calendar360 import end_of
from model.invoices import NOBODY, OWED, Invoice
from model.reading import reads


@reads("ReceivableToken", "CirculationRulesSet")
def circulation_rules_set(books: Books, its: Any) -> None:
    books.grace_days, books.last_tier = its["rules"]["graceDays"], its["rules"]["mostTier"]


@reads("ReceivableToken", "CustodianListed")
def custodian_listed(books: Books, its: Any) -> None:
    books.custodians[its["custodian"]] = its["index"]


@reads("ReceivableToken", "FunctionStopped")
def function_stopped(books: Books, its: Any) -> None:
    books.stopped.add(("ReceivableToken", int(its["what"])))


@reads("ReceivableToken", "FunctionResumed")
def function_resumed(books: Books, its: Any) -> None:
    books.stopped.discard(("ReceivableToken", int(its["what"])))


@reads("ReceivableToken", "ReceivableRegistered")
def receivable_registered(books: Books, its: Any) -> None:
    assert its["id"] not in books.invoices
    books.invoices[its["id"]] = Invoice(
        id=its["id"],
        supplier=its["supplier"],
        debtor=its["debtor"],
        currency=its["currency"],
        face=its["faceValue"],
        quantity=its["quantity"],
        due_day=its["dueDate"],
    )


@reads("ReceivableToken", "ReceivableAccepted")
def receivable_accepted(books: Books, its: Any) -> None:
    invoice = books.invoices[its["id"]]
    books.same("accepted from", ReceivableState.REGISTERED, invoice.state)
    invoice.state, invoice.waived = ReceivableState.ACCEPTED, its["setOffWaived"]


@reads("ReceivableToken", "TransferSingle")
def transfer_single(books: Books, its: Any) -> None:
    invoice, giver, taker, units = books.invoices[its["id"]], its["from"], its["to"], its["value"]
    if giver == NOBODY:
        invoice.units[taker], invoice.entitled[taker], invoice.tier[taker] = units, Fraction(units), 1
    elif taker == NOBODY:
        invoice.burn(giver, units)
    else:
        custody = giver in books.custodians or taker in books.custodians
        hop = not custody and books.organisations[giver] != books.organisations[taker]
        invoice.move(giver, taker, units, hop, custody, 0 if taker in books.custodians else books.last_tier)
    if taker in books.custodians:
        invoice.custodian = books.custodians[taker]
    if giver in books.custodians and invoice.units[giver] == 0:
        invoice.custodian = 0


@reads("ReceivableToken", "ReceivablePaid")
def receivable_paid(books: Books, its: Any) -> None:
    invoice = books.invoices[its["id"]]
    assert invoice.state in OWED
    invoice.pay(its["amount"])
    books.same("outstanding", its["outstanding"], invoice.outstanding)
    books.ledgers[invoice.currency].post(("escrow",), ("owed to holders",), its["amount"])
    if invoice.outstanding == 0:
        invoice.state = ReceivableState.SETTLED


@reads("ReceivableToken", "ReceivableSettled")
def receivable_settled(books: Books, its: Any) -> None:
    books.same("settled", books.invoices[its["id"]].state, ReceivableState.SETTLED)


@reads("ReceivableToken", "ReceivableDiluted")
def receivable_diluted(books: Books, its: Any) -> None:
    invoice = books.invoices[its["id"]]
    assert invoice.state in OWED
    invoice.face -= its["amount"]
    books.same("face value after dilution", its["faceValue"], invoice.face)
    if invoice.outstanding == 0:
        invoice.state = ReceivableState.SETTLED


@reads("ReceivableToken", "DisputeRecorded")
def dispute_recorded(books: Books, its: Any) -> None:
    invoice, disputed = books.invoices[its["id"]], its["disputed"]
    invoice.disputed = disputed
    if disputed and invoice.state == ReceivableState.ACCEPTED:
        invoice.state = ReceivableState.DISPUTED
    elif not disputed and invoice.state == ReceivableState.DISPUTED:
        over = books.now >= end_of(invoice.due_day + books.grace_days)
        invoice.state = ReceivableState.DEFAULTED if over else ReceivableState.ACCEPTED
    books.same("state after a dispute", its["state"], invoice.state)


@reads("ReceivableToken", "ReceivableDefaulted")
def receivable_defaulted(books: Books, its: Any) -> None:
    invoice = books.invoices[its["id"]]
    assert invoice.state in OWED
    assert books.now >= end_of(invoice.due_day + books.grace_days)
    books.same("outstanding at default", its["outstanding"], invoice.outstanding)
    invoice.state = ReceivableState.DEFAULTED


@reads("ReceivableToken", "CancellationConsented")
def cancellation_consented(books: Books, its: Any) -> None:
    books.invoices[its["id"]].consented = its["given"]


@reads("ReceivableToken", "ReceivableCancelled")
def receivable_cancelled(books: Books, its: Any) -> None:
    books.invoices[its["id"]].state = ReceivableState.CANCELLED


@reads("ReceivableToken", "ProceedsSetAside")
def proceeds_set_aside(books: Books, its: Any) -> None:
    books.invoices[its["id"]].set_aside(its["holder"], its["amount"])


@reads("ReceivableToken", "ProceedsClaimed")
def proceeds_claimed(books: Books, its: Any) -> None:
    invoice = books.invoices[its["id"]]
    invoice.claim(its["holder"], its["amount"])
    books.ledgers[invoice.currency].post(("owed to holders",), ("escrow",), its["amount"])
