"""Why an invoice cannot be financed, whatever the rules of form say about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from standards import money
from standards.invoices import Invoice
from standards.invoices.identity import CORRECTION, CREDIT, PREPAYMENT
from standards.invoices.profile import is_lineless

# UNTDID 1001 codes that claim payment for something delivered: commercial, debit note, partial, self-billed,
# insurer's, forwarder's, freight, construction.
FINANCEABLE_TYPES: Final = frozenset({"326", "380", "383", "389", "575", "623", "780", "875", "876", "877"})
FACTORED_TYPE: Final = "393"

# Words that speak of nothing else on an invoice
_ASSIGNED: Final = re.compile(
    r"\bfactoring\b|\babgetreten\b|\babtretung\b|\bzession\b|\böverlåt(?:en|its|it)\b|\boverdra(?:tt|get|gen)\b"
    r"|\bcédée?s?\b|\bcession de créances?\b|\bsubrog\w*|\bcedut[oa]\b|\bcedid[oa]\b|\bgecedeerd\b|\bcessie\b",
    re.IGNORECASE,
)
# Words that do only beside a claim: people and seats are assigned too, and goods have power factors.
_MAYBE_ASSIGNED: Final = re.compile(r"\bassign(?:ed|ment|ee)\b|\btransferred\b|\bfactor\b", re.IGNORECASE)
_CLAIM: Final = re.compile(r"\binvoice|\breceivable|\bclaims?\b|\bdebts?\b|\bpay|\bpaid\b", re.IGNORECASE)


def refusals(invoice: Invoice) -> list[str]:
    """Return every reason why the invoice cannot be financed, as sentences; none means that it can."""
    checks = (_kind, _amount, _currency, _assignment, _due, _parties)
    return [reason for check in checks for reason in check(invoice)]


def _kind(invoice: Invoice) -> Iterator[str]:
    classes = {
        CREDIT: "a credit note claims nothing",
        CORRECTION: "a corrected invoice (384) changes another one; finance that one after its correction",
        PREPAYMENT: "a prepayment invoice (386) claims money for goods that are not delivered yet",
    }
    if invoice.type_class in classes:
        yield f"type {invoice.type_code}: {classes[invoice.type_class]}"
    elif invoice.type_code != FACTORED_TYPE and invoice.type_code not in FINANCEABLE_TYPES:
        yield f"type {invoice.type_code} is not a claim for payment that can be financed"
    if is_lineless(invoice.profile):
        yield f"profile {invoice.profile} has no lines by design and is no invoice under EN 16931"
    elif not invoice.lines:
        yield "the invoice has no lines, so that no goods stand behind it"


def _amount(invoice: Invoice) -> Iterator[str]:
    try:
        money.minor_units(invoice.currency)
    except money.CurrencyUnknown as unknown:
        yield str(unknown)
        return
    for name, amount in (("amount due", invoice.payable_amount), ("paid amount", invoice.prepaid_amount)):
        try:
            money.to_minor(amount, invoice.currency)
        except money.AmountInexact as inexact:
            yield f"{name}: {inexact}"
    if invoice.payable_amount <= 0:
        due = money.written(invoice.payable_amount, invoice.currency)
        yield f"the amount due is {due}; only a positive one can be financed"
    if invoice.prepaid_amount != 0:
        paid = money.written(invoice.prepaid_amount, invoice.currency)
        yield f"{paid} were paid in advance, so that the face value is in doubt"


def _currency(invoice: Invoice) -> Iterator[str]:
    by_currency: dict[str, list[str]] = {}
    for name, currency in dict.fromkeys(invoice.foreign_amounts):
        by_currency.setdefault(currency, []).append(name)
    for currency, names in by_currency.items():
        yield f"{', '.join(names)} in {currency or 'no currency'}, not in the invoice's currency {invoice.currency}"


def _assignment(invoice: Invoice) -> Iterator[str]:
    if invoice.payee is not None and not invoice.payee.is_same_as(invoice.supplier):
        payee = invoice.payee.name or invoice.payee.trading_name or "an unnamed party"
        yield f"already assigned: payable to {payee}, not to the seller"
    if invoice.type_code == FACTORED_TYPE:
        yield "already assigned: type 393 is a factored invoice"
    for note in (*invoice.notes, invoice.payment_terms):
        found = _ASSIGNED.search(note) or (_CLAIM.search(note) and _MAYBE_ASSIGNED.search(note))
        if found:
            yield f"already assigned, by its own words: {found[0][:60]!r}"
            return


def _due(invoice: Invoice) -> Iterator[str]:
    if invoice.due_date is None:
        yield "no due date is stated, and the payment terms do not settle one beyond doubt"
    elif invoice.due_date < invoice.issue_date:
        yield f"due on {invoice.due_date}, before it was issued on {invoice.issue_date}"


def _parties(invoice: Invoice) -> Iterator[str]:
    if not invoice.supplier.identifiers:
        yield "the seller has no VAT number, legal registration, GLN, LEI or electronic address to be known by"
    elif set(invoice.supplier.identifiers) & set(invoice.debtor.identifiers):
        yield "seller and buyer are the same party"
