"""All books of a network: the model. What each event must have said is worked out from them first, and compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from chain_node.client import Dimension, FactStatus, FinancingState
from model.financings import Facility, Financing
from model.invoices import Invoice
from model.ledger import Ledger
from model.orders import Order
from model.pools import FirstLoss, Pool, PoolTerms


class Disagreement(AssertionError):
    """The chain said one thing and the model another."""


@dataclass
class Fact:
    status: FactStatus = FactStatus.NONE
    quantity: int = 0


@dataclass
class Books:
    """The model. `addresses` are the deployed names by address; `pools` what each was made with."""

    addresses: Mapping[str, str]
    terms: Mapping[str, PoolTerms]
    last_tier: int
    now: int = 0
    compared: int = 0
    invoices: dict[int, Invoice] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    facilities: dict[int, Facility] = field(default_factory=dict)
    financings: dict[int, Financing] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    reserves: dict[str, FirstLoss] = field(default_factory=dict)
    organisations: dict[str, int] = field(default_factory=dict)
    groups: dict[int, int] = field(default_factory=dict)
    custodians: dict[str, int] = field(default_factory=dict)
    facts: defaultdict[tuple[bytes, int, int], Fact] = field(default_factory=lambda: defaultdict(Fact))
    subjects: dict[bytes, int] = field(default_factory=dict)
    keys: dict[int, dict[str, Any]] = field(default_factory=dict)
    caps: dict[tuple[str, Dimension, int], int] = field(default_factory=dict)
    schedule: list[tuple[int, int]] = field(default_factory=list)
    grace_days: int = 0
    stopped: set[tuple[str, int]] = field(default_factory=set)
    epochs: defaultdict[str, list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))
    arriving: list[dict[str, int]] = field(default_factory=list)
    before_loss: int = 0
    forwarded: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self._places = {name: address for address, name in self.addresses.items()}
        for currency, terms in self.terms.items():
            ledger = self.ledgers[currency] = Ledger(currency)
            earned = self._earner(currency)
            created = terms.created_at
            self.pools[currency] = Pool(terms, ledger, earned, senior_at=created, closed_at=created)
            self.reserves[currency] = FirstLoss()

    def _earner(self, currency: str) -> Callable[[int], Fraction]:
        return lambda now: sum(
            (its.interest_at(now) for its in self.financings.values() if self.currency_of(its.facility) == currency),
            Fraction(0),
        )

    # Checking

    def balance(self) -> None:
        """Both sides of every ledger are equal, and what contracts hold is what they say they hold it for."""
        for currency, ledger in self.ledgers.items():
            ledger.check()
            for name, kinds in _HOLDERS.items():
                holder = self.address(name.format(currency))
                held, said = ledger.of("token", holder), sum(ledger.total(kind) for kind in kinds)
                self.same(f"{currency}: what {name} holds and what it holds it for", held, said)
        assert not self.arriving
        for number, rest in self.forwarded.items():
            assert rest == 0, f"financing {number}: {rest} forwarded and not applied"
        self.forwarded.clear()

    def same(self, what: str, chain: Any, model: Any) -> None:
        self.compared += 1
        if chain != model:
            raise Disagreement(f"{what}: chain {chain}, model {model}")

    # Looking up

    def address(self, name: str) -> str:
        return self._places[name]

    def currency_of(self, facility: Facility) -> str:
        return self.addresses[facility.terms.pool].partition(":")[2]

    def pool_of(self, facility: Facility) -> Pool:
        return self.pools[self.currency_of(facility)]

    def item_of(self, financing: Financing) -> Invoice | Order:
        """What backs it."""
        return self.orders[financing.item] if financing.item in self.orders else self.invoices[financing.item]

    def pledges(self, item: int) -> list[Financing]:
        return [one for one in self.financings.values() if one.item == item and one.state != FinancingState.RELEASED]


_HOLDERS = {
    "LendingPool:{}": ("pool",),
    "FirstLossReserve:{}": ("reserve held",),
    "ReceivableToken": ("escrow",),
    "OrderEscrow": ("parked in escrow",),
    "ReceivableCollateral": ("ReceivableCollateral",),
    "OrderCollateral": ("OrderCollateral",),
    "FinancingDesk": ("parked",),
}
