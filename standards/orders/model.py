"""A purchase order: who buys what from whom, for how much, and when it should arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from standards import money
from standards.invoices.model import Party


@dataclass(frozen=True)
class OrderLine:
    """One order line. `price` is per `base_quantity` units; `net_amount` is None where the order states none."""

    id: str
    quantity: Decimal
    unit: str
    net_amount: Decimal | None
    price: Decimal | None
    base_quantity: Decimal = Decimal(1)
    item_name: str = ""
    item_ids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Order:
    """`payable_amount` is in the main unit of the currency as written; None where the order names no total."""

    profile: str
    number: str
    issue_date: date
    type_code: str
    currency: str
    buyer: Party
    seller: Party
    payable_amount: Decimal | None
    lines: tuple[OrderLine, ...]
    delivery_start: date | None = None
    delivery_end: date | None = None
    delivery_terms: str | None = None
    payment_terms: str = ""

    @property
    def payable(self) -> int | None:
        """Expected amount in minor units, None where unstated. Raises money.CurrencyUnknown or money.AmountInexact."""
        return None if self.payable_amount is None else money.to_minor(self.payable_amount, self.currency)

    @property
    def unit(self) -> str | None:
        """The one unit code of all lines, or None where they differ or there are none."""
        units = {line.unit for line in self.lines}
        return units.pop() if len(units) == 1 and "" not in units else None

    def quantity_thousandths(self) -> int:
        """Ordered quantity in thousandths of its unit; 0 when the lines cannot be measured in one unit."""
        thousandths = money.total(line.quantity for line in self.lines).scaleb(3, money.EXACT)
        is_measurable = self.unit and thousandths > 0 and thousandths == int(thousandths)
        return int(thousandths) if is_measurable else 0

    def terms(self) -> dict[str, Any]:
        """JSON-able terms; money as strings of minor units."""
        payable = self.payable
        return {
            "number": self.number,
            "issue_date": self.issue_date.isoformat(),
            "currency": self.currency,
            "payable": None if payable is None else {"amount": str(payable), "currency": self.currency},
            "buyer": self.buyer.terms(),
            "seller": self.seller.terms(),
            "delivery_start": self.delivery_start.isoformat() if self.delivery_start else None,
            "delivery_end": self.delivery_end.isoformat() if self.delivery_end else None,
            "delivery_terms": self.delivery_terms,
            "unit": self.unit,
            "quantity_thousandths": str(self.quantity_thousandths()),
            "lines": len(self.lines),
        }
