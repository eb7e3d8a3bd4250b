"""An account of what a network has done, from its chain alone: who was paid for what, and where each cent is.

It reads events in their order and asks the gateway for nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from asked import Asked

from chain_node.client import Chain, Event

BLOCKS_AT_ONCE: Final = 500
NOBODY: Final = "0x" + "00" * 20


@dataclass
class ChainAccount:
    """`read` goes on where the last reading ended."""

    chain: Chain
    currency: str = "EUR"
    events: list[Event] = field(default_factory=list)
    balances: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    issued: int = 0
    withdrawn: int = 0
    _next: int = 0

    def read(self, until: int) -> None:
        for start in range(self._next, until + 1, BLOCKS_AT_ONCE):
            for log in self.chain.logs(start, min(until, start + BLOCKS_AT_ONCE - 1)):
                event = self.chain.decode(log)
                if event is not None:
                    self.events.append(event)
                    self._book(event)
        self._next = until + 1

    def _book(self, event: Event) -> None:
        if event.contract != f"CashToken:{self.currency}":
            return
        its = event.arguments
        if event.name == "Transfer":
            self.balances[its["from"]] -= its["value"]
            self.balances[its["to"]] += its["value"]
        self.issued += its["amount"] if event.name == "CashIssued" else 0
        self.withdrawn += its["amount"] if event.name == "CashWithdrawn" else 0

    def named(self, name: str) -> list[Event]:
        return [its for its in self.events if its.name == name]

    # What must hold

    def of_requests(self, accepted: Iterable[Asked]) -> list[str]:
        """Where the accepted requests and what was done differ: each is there once, and nothing else is."""
        wanted: dict[str, Counter[int]] = defaultdict(Counter)
        for asked in accepted:
            wanted[asked.kind][asked.amount] += 1
        return [
            *_differ("deposits", wanted["deposit"], self._amounts("Deposit", "assets")),
            *_differ("issues", wanted["issue"], self._amounts("CashIssued", "amount")),
            *_differ("payments", wanted["pay"], self._amounts("ReceivablePaid", "amount")),
            *self._once("upload", wanted, "ReceivableRegistered", "id"),
            *self._once("accept", wanted, "ReceivableAccepted", "id"),
            *self._once("open", wanted, "FinancingOpened", "itemId"),
            *self._once("pay", wanted, "Repaid", "financing"),
        ]

    def _amounts(self, name: str, argument: str) -> Counter[int]:
        return Counter(its.arguments[argument] for its in self.named(name))

    def _once(self, kind: str, wanted: dict[str, Counter[int]], name: str, argument: str) -> list[str]:
        found = Counter(its.arguments[argument] for its in self.named(name))
        twice = [f"{name} of {thing}: {times} times" for thing, times in found.items() if times != 1]
        asked, there = sum(wanted[kind].values()), sum(found.values())
        return twice + ([f"{asked} accepted to {kind}, {there} times {name}"] if asked != there else [])

    def of_facts(self, facts: dict[int, int]) -> list[str]:
        """`facts` say how many stages of each financing were handed in: each is one fact, paid in its own transaction,
        once."""
        problems = []
        draws: dict[int, list[Event]] = defaultdict(list)
        for draw in self.named("Drawn"):
            draws[draw.arguments["financing"]].append(draw)
        final = Counter((its.arguments["subject"], its.arguments["milestone"]) for its in self.named("FactFinal"))
        problems += [f"fact {fact} became final {times} times" for fact, times in final.items() if times != 1]
        by_transaction = Counter(its.transaction_hash for its in self.named("FactFinal"))
        for financing, stages in facts.items():
            its = draws.pop(financing, [])
            if len(its) != stages:
                problems.append(f"financing {financing}: {stages} facts, paid {len(its)} times")
            problems += [
                f"financing {financing}: drawn {draw.arguments['amount']} without a fact"
                for draw in its
                if not by_transaction[draw.transaction_hash]
            ]
        problems += [f"financing {financing} was drawn on and belongs to nobody's trade" for financing in draws]
        if sum(final.values()) != sum(facts.values()):
            problems.append(f"{sum(facts.values())} facts were handed in, {sum(final.values())} are final")
        return problems

    def of_books(self, block: int) -> list[str]:
        """Where balances, supply, or the contracts' own books do not add up at that block, to which it must be read."""
        cash = self.chain.cash(self.currency)
        held = {account: amount for account, amount in self.balances.items() if account != NOBODY}
        problems = [
            f"{account} holds {theirs}, its movements make {amount}"
            for account, amount in held.items()
            if (theirs := cash.balance_of(account, block)) != amount
        ]
        total, supply, flown = sum(held.values()), cash.total_supply(block), self.issued - self.withdrawn
        if not total == supply == flown:
            problems.append(f"held {total}, supply {supply}, issued less withdrawn {flown}")
        health: Any = self.chain.health.check(block)
        return problems + ([] if health.healthy else [f"the health check says {health}"])


def _differ(what: str, wanted: Counter[int], found: Counter[int]) -> list[str]:
    """By amount: what was accepted and is not there, and what is there and nobody asked for."""
    lost, more = sorted((wanted - found).elements()), sorted((found - wanted).elements())
    problems = [f"{what} accepted and not on chain: {lost[:10]}"] if lost else []
    return problems + ([f"{what} on chain that nobody asked for, or twice: {more[:10]}"] if more else [])
