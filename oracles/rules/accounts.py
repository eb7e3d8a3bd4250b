"""Accounts of one fact from several papers: which say the same, and which of those says most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Account:
    """What one paper says of a fact: when (Unix seconds) and how much (thousandths, 0 where it does not tell).

    `is_empty`: it does tell, and says that there was nothing (less than a thousandth).
    """

    event_hash: str
    occurred_at: int
    quantity: int
    is_empty: bool = False

    def agrees_with(self, other: Account) -> bool:
        """To the second, and in quantity unless one of them has measured none."""
        if self.is_empty != other.is_empty:
            return False
        same_quantity = self.quantity == other.quantity or not self.quantity or not other.quantity
        return self.occurred_at == other.occurred_at and same_quantity

    def __str__(self) -> str:
        moment = datetime.fromtimestamp(self.occurred_at, UTC)
        measured = f"{self.quantity} thousandths" if self.quantity else "no quantity"
        measured = "that there was nothing" if self.is_empty else measured
        return f"{self.event_hash} says {measured} at {moment:%Y-%m-%dT%H:%M:%SZ}"


def fullest(accounts: Sequence[Account]) -> Account:
    """Of those that agree the first that tells a quantity; the first of all where none does."""
    return next((its for its in accounts if its.quantity), accounts[0])


def contradiction(one: Account, others: Sequence[Account]) -> str | None:
    """Both figures, where another account says something else; None where all agree."""
    against = [other for other in others if not one.agrees_with(other)]
    if not against:
        return None
    return f"two accounts of one fact: {one}; {'; '.join(map(str, against))}"
