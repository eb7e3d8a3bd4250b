"""An invoice as the network sees it: who owes whom how much by when, and for which goods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from stdnum import lei as stdnum_lei

from standards import money
from standards.invoices import identity as identities

Syntax = Literal["UBL", "CII"]

# Schemes of ISO 6523 ICD / Peppol EAS by which parties are found
LEI_SCHEME: Final = "0199"
GLN_SCHEME: Final = "0088"
VAT_SCHEME: Final = "VAT"
TAX_SCHEME: Final = "TAX"
UNNAMED_SCHEME: Final = "LEGAL"


@dataclass(frozen=True)
class Party:
    """A party with the identifiers that its paper carries, as written; empty text where it carries none."""

    name: str = ""
    trading_name: str = ""
    vat: str = ""
    tax_number: str = ""
    legal_id: str = ""
    legal_scheme: str = ""
    endpoint: str = ""
    endpoint_scheme: str = ""
    other_ids: tuple[tuple[str, str], ...] = ()
    country: str = ""

    @property
    def identifiers(self) -> tuple[tuple[str, str], ...]:
        """(scheme, normalised value), the strongest first. Schemes: VAT, an ICD/EAS code, LEGAL where none is named,
        TAX. An identifier without any scheme in `other_ids` (a supplier number) names nobody to a third party."""
        named = [
            (VAT_SCHEME, identities.normalised_vat(self.vat)),
            (self.legal_scheme or UNNAMED_SCHEME, self.legal_id),
            *((scheme, value) for scheme, value in self.other_ids if scheme),
            (self.endpoint_scheme, self.endpoint),
            (TAX_SCHEME, self.tax_number),
        ]
        kept = [(scheme.upper(), identities.normalised_identifier(value)) for scheme, value in named if scheme]
        return tuple(dict.fromkeys(pair for pair in kept if pair[1]))

    @property
    def lei(self) -> str | None:
        """The party's LEI, if it gives one with right check digits under scheme 0199."""
        candidates = [
            (self.endpoint_scheme, self.endpoint),
            (self.legal_scheme, self.legal_id),
            *self.other_ids,
        ]
        for scheme, value in candidates:
            if scheme == LEI_SCHEME and stdnum_lei.is_valid(value):
                return str(stdnum_lei.compact(value))
        return None

    def is_same_as(self, other: Party) -> bool:
        """Whether the two share an identifier or, where either has none, the name."""
        mine, theirs = set(self.identifiers), set(other.identifiers)
        if mine and theirs:
            return bool(mine & theirs) or _unschemed(self) & _unschemed(other) != set()
        return bool(_unschemed(self) & _unschemed(other) or _names(self) & _names(other))

    def terms(self) -> dict[str, Any]:
        """JSON-able summary."""
        return {
            "name": self.name or self.trading_name,
            "lei": self.lei,
            "country": self.country or None,
            "identifiers": [{"scheme": scheme, "value": value} for scheme, value in self.identifiers],
        }


def _unschemed(party: Party) -> set[str]:
    return {identities.normalised_identifier(value) for scheme, value in party.other_ids if not scheme} - {""}


def _names(party: Party) -> set[str]:
    return {identities.normalised_number(name) for name in (party.name, party.trading_name)} - {""}


@dataclass(frozen=True)
class Line:
    """One invoice line. `price` is the net price per `base_quantity` units (one where it names none)."""

    id: str
    quantity: Decimal
    unit: str
    net_amount: Decimal
    price: Decimal
    base_quantity: Decimal = Decimal(1)
    item_name: str = ""
    item_ids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Invoice:
    """The terms of one invoice or credit note. The `*_amount` fields are in the main unit of the currency, as
    written; `payable`, `tax_inclusive` and `prepaid` are the same in minor units. `foreign_amounts` names the amounts
    that the paper states in another currency, with that currency: nothing here is converted."""

    syntax: Syntax
    profile: str
    number: str
    issue_date: date
    type_code: str
    currency: str
    is_credit_note: bool
    supplier: Party
    debtor: Party
    payee: Party | None
    payable_amount: Decimal
    tax_inclusive_amount: Decimal
    prepaid_amount: Decimal
    lines: tuple[Line, ...]
    due_date: date | None = None
    due_date_from_terms: bool = False
    payment_terms: str = ""
    order_reference: str | None = None
    despatch_reference: str | None = None
    receipt_reference: str | None = None
    payment_means: str | None = None
    payment_reference: str | None = None
    iban: str | None = None
    notes: tuple[str, ...] = ()
    foreign_amounts: tuple[tuple[str, str], ...] = ()

    @property
    def payable(self) -> int:
        """Amount due in minor units. Raises money.CurrencyUnknown or money.AmountInexact."""
        return money.to_minor(self.payable_amount, self.currency)

    @property
    def tax_inclusive(self) -> int:
        """Total with tax in minor units. Raises money.CurrencyUnknown or money.AmountInexact."""
        return money.to_minor(self.tax_inclusive_amount, self.currency)

    @property
    def prepaid(self) -> int:
        """Sum already paid in minor units. Raises money.CurrencyUnknown or money.AmountInexact."""
        return money.to_minor(self.prepaid_amount, self.currency)

    @property
    def type_class(self) -> str:
        """INVOICE, CREDIT, CORRECTION or PREPAYMENT."""
        return identities.type_class(self.type_code, self.is_credit_note)

    @property
    def unit(self) -> str | None:
        """The one unit code of all lines, or None where they differ or there are none."""
        units = {line.unit for line in self.lines}
        return units.pop() if len(units) == 1 and "" not in units else None

    def identity(self) -> dict[str, str]:
        """What the fingerprint is taken over. `seller` is empty where the paper names no seller identifier."""
        scheme, value = next(iter(self.supplier.identifiers), ("", ""))
        return {
            "seller": f"{scheme}:{identities.unpadded(value)}" if value else "",
            "number": identities.normalised_number(self.number),
            "year": f"{self.issue_date.year:04d}",
            "type": self.type_class,
        }

    def quantity_thousandths(self) -> int:
        """Invoiced quantity in thousandths of its unit; 0 when the lines have no common unit, a finer fraction,
        or no positive sum: then the goods cannot be measured against the invoice."""
        thousandths = money.total(line.quantity for line in self.lines).scaleb(3, money.EXACT)
        is_measurable = self.unit and thousandths > 0 and thousandths == int(thousandths)
        return int(thousandths) if is_measurable else 0

    def terms(self) -> dict[str, Any]:
        """JSON-able terms; money as strings of minor units, None where the currency has none."""
        return {
            "number": self.number,
            "issue_date": self.issue_date.isoformat(),
            "due_date": self.due_date.isoformat() if self.due_date else None,
            "due_date_from_terms": self.due_date_from_terms,
            "type_code": self.type_code,
            "profile": self.profile,
            "payable": self._money(self.payable_amount),
            "tax_inclusive": self._money(self.tax_inclusive_amount),
            "prepaid": self._money(self.prepaid_amount),
            "supplier": self.supplier.terms(),
            "debtor": self.debtor.terms(),
            "payee": self.payee.terms() if self.payee else None,
            "order_reference": self.order_reference,
            "despatch_reference": self.despatch_reference,
            "receipt_reference": self.receipt_reference,
            "payment_means": self.payment_means,
            "payment_reference": self.payment_reference,
            "iban": self.iban,
            "unit": self.unit,
            "quantity_thousandths": str(self.quantity_thousandths()),
            "lines": len(self.lines),
        }

    def _money(self, value: Decimal) -> dict[str, str] | None:
        try:
            return {"amount": str(money.to_minor(value, self.currency)), "currency": self.currency}
        except money.MoneyInvalid:
            return None
