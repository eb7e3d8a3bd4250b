"""Double entry: every posting takes from one account what it gives to another, so that a currency sums to nothing."""

from __future__ import annotations

from collections import defaultdict

Account = tuple[str, ...]


class Ledger:
    """One currency's accounts; what is owned or held is positive, what it is owed to is negative."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.balances: defaultdict[Account, int] = defaultdict(int)
        self.postings = 0

    def post(self, debit: Account, credit: Account, amount: int) -> None:
        assert amount >= 0, f"{self.currency}: {amount} from {credit} to {debit}"
        self.balances[debit] += amount
        self.balances[credit] -= amount
        self.postings += amount != 0

    def of(self, *account: str) -> int:
        return self.balances.get(account, 0)

    def total(self, kind: str) -> int:
        """All accounts of one kind together."""
        return sum(amount for account, amount in self.balances.items() if account[0] == kind)

    def check(self) -> None:
        """What holds after every transaction: both sides are equal, and nothing is left half-way."""
        assert sum(self.balances.values()) == 0
        waiting = {
            account: amount for account, amount in self.balances.items() if account[0] == "in transit" and amount
        }
        assert not waiting, f"{self.currency}: {waiting}"
