"""Amounts between the manifest's major units, the gateway's minor units and what a person reads."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from standards.money import from_minor, minor_units, to_minor


@dataclass(frozen=True)
class Currency:
    code: str

    def minor(self, major: Decimal) -> int:
        """Minor units of an amount that must be exact in them. Raises `standards.money.AmountInexact`."""
        return to_minor(major, self.code)

    def show(self, minor: int) -> str:
        return f"{from_minor(minor, self.code):,.{minor_units(self.code)}f} {self.code}"

    def json(self, minor: int) -> dict[str, str]:
        return {"amount": str(minor), "currency": self.code}


def minor_of(money: dict[str, Any]) -> int:
    return int(money["amount"])


def from_thousandths(quantity: int) -> str:
    """A quantity as a person writes it: 1000000 is "1,000", 1045875 is "1,045.875"."""
    text = f"{Decimal(quantity).scaleb(-3):,.3f}"
    return text.rstrip("0").rstrip(".")
