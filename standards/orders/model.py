"""A purchase order: who buys what from whom, for how much, and when it should arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
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

    @property
    def net(self) -> Decimal | None:
        """What it comes to in the main unit, as stated or from its price; None where neither is given."""
        if self.net_amount is not None or self.price is None or not self.base_quantity:
            return self.net_amount
        with localcontext() as context:
            context.prec = 40
            return self.price * self.quantity / self.base_quantity

    def priced(self, value: int) -> PricedLine:
        """With `value` minor units of the order's total."""
        thousandths = self.quantity.scaleb(3, money.EXACT)
        measured = self.unit and thousandths > 0 and thousandths == int(thousandths)
        item = ":".join(self.item_ids[0]) if self.item_ids else self.item_name or self.id
        return PricedLine(item, self.unit, int(thousandths) if measured else 0, value)


@dataclass(frozen=True)
class PricedLine:
    """A line as money is kept for it: `quantity_thousandths` is 0 where it has no such number, `value` minor units."""

    item: str
    unit: str
    quantity_thousandths: int
    value: int


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

    def priced_lines(self, most: int = 16) -> tuple[PricedLine, ...]:
        """The lines with the expected total divided among them, in proportion to their net amounts (the total has taxes
        and charges in it). One line for all of it where there are more than `most`, where a line has no amount above
        zero, or where its part would be nothing; none where the order names no total. The values sum to the total."""
        payable, nets = self.payable, [line.net for line in self.lines]
        if not payable:
            return ()
        if len(nets) > most or any(net is None or net <= 0 for net in nets):
            return (self._whole(payable),)
        upto = [Decimal(0)]
        for net in nets:
            upto.append(upto[-1] + (net or Decimal(0)))
        bounds = [int(payable * Fraction(sum_) / Fraction(upto[-1])) for sum_ in upto]
        values = [above - below for below, above in pairwise(bounds)]
        if not all(values):
            return (self._whole(payable),)
        return tuple(line.priced(value) for line, value in zip(self.lines, values, strict=True))

    def _whole(self, payable: int) -> PricedLine:
        return PricedLine(self.number, self.unit or "", self.quantity_thousandths(), payable)

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
