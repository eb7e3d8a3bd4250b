"""All books of a network: the model. What each event must have said is worked out from them first, and compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from chain_node.client import Dimension, FactStatus, FinancingState
from model.financings import Facility, Financing, Parts
from model.fx import Exchange
from model.goods import Goods
from model.insurance import Insurance
from model.invoices import Invoice
from model.ledger import Ledger
from model.orders import Order
from model.pools import FirstLoss, Pool, PoolTerms
from model.syndicates import Syndicate


class Disagreement(AssertionError):
    """The chain said one thing and the model another."""


@dataclass
class Fact:
    status: FactStatus = FactStatus.NONE
    quantity: int = 0
    greatest: int = 0
    occurred_at: int = 0


@dataclass
class Books:
    """The model. `addresses` are the deployed names by address; `terms` what each pool was made with, by its name. Each
    pool has a ledger of its own; what is not a pool's is in that of the pool with its currency's name. `unheard` are
    items that were paid and whose collateral did not take the hint, `moving` what a refinancing pays the old source;
    `losses` the worst that was ever said of each consignment lost, and the latest moment; `demanding` lend on
    matched invoices only."""

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
    syndicates: dict[str, Syndicate] = field(default_factory=dict)
    organisations: dict[str, int] = field(default_factory=dict)
    groups: dict[int, int] = field(default_factory=dict)
    custodians: dict[str, int] = field(default_factory=dict)
    facts: defaultdict[tuple[bytes, int, int], Fact] = field(default_factory=lambda: defaultdict(Fact))
    losses: dict[bytes, tuple[FactStatus, int]] = field(default_factory=dict)
    subjects: dict[bytes, int] = field(default_factory=dict)
    keys: dict[int, dict[str, Any]] = field(default_factory=dict)
    caps: dict[tuple[str, Dimension, int], int] = field(default_factory=dict)
    schedule: list[tuple[int, int]] = field(default_factory=list)
    grace_days: int = 0
    stopped: set[tuple[str, int]] = field(default_factory=set)
    demanding: set[int] = field(default_factory=set)
    epochs: defaultdict[str, list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))
    moving: list[tuple[Facility, Parts, Fraction]] = field(default_factory=list)
    unheard: set[int] = field(default_factory=set)
    forwarded: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    tolerances: dict[int, int] = field(default_factory=dict)
    goods: Goods = field(default_factory=Goods)
    insurance: Insurance = field(default_factory=Insurance)
    exchange: Exchange = field(default_factory=Exchange)

    def __post_init__(self) -> None:
        self._places = {name: address for address, name in self.addresses.items()}
        for name, terms in self.terms.items():
            ledger = self.ledgers[name] = Ledger(name)
            created = terms.created_at
            self.pools[name] = Pool(terms, ledger, self._earner(name), senior_at=created, closed_at=created)
            self.reserves[name] = FirstLoss()

    def _earner(self, pool: str) -> Callable[[int], Fraction]:
        """The exact interest of its own financings, and of its part in those of syndicates."""

        def earned(now: int) -> Fraction:
            own = sum((its.interest_at(now) for its in self.financings_of(f"LendingPool:{pool}")), Fraction(0))
            for syndicate in self.syndicates.values():
                place = syndicate.place(pool)
                if place is not None:
                    own += sum(its[place] for its in syndicate.earned_at(now).values())
            return own

        return earned

    # Checking

    def balance(self) -> None:
        """Both sides of every ledger are equal, and what contracts hold is what they say they hold it for."""
        for ledger in self.ledgers.values():
            ledger.check()
        for currency in self.currencies:
            for holder in _SHARED_HOLDERS:
                self._check_cash(currency, holder, self.ledgers[currency].total(_SHARED_HOLDERS[holder]))
        for name, pool in self.pools.items():
            self._check_cash(pool.terms.currency, f"LendingPool:{name}", pool.ledger.total("pool"))
            self._check_cash(pool.terms.currency, f"FirstLossReserve:{name}", pool.ledger.total("reserve held"))
            self.same(f"{name}: expected losses", pool.impairment, self._expected_by(name))
            assert not pool.arriving
        assert not self.moving
        for number, rest in self.forwarded.items():
            assert rest == 0, f"financing {number}: {rest} forwarded and not applied"
        self.forwarded.clear()
        self.goods.settle()
        self.insurance.settle()
        assert not any(self.exchange.proceeds.values()), "sold and not forwarded"

    def _check_cash(self, currency: str, holder: str, said: int) -> None:
        held = self.ledgers[currency].of("token", self.address(holder))
        self.same(f"{currency}: what {holder} holds and what it holds it for", held, said)

    def _expected_by(self, pool: str) -> int:
        shared = (its.expected[place] for its in self.syndicates.values() if (place := its.place(pool)) is not None)
        return sum(its.impairment for its in self.financings_of(f"LendingPool:{pool}")) + sum(shared)

    def same(self, what: str, chain: Any, model: Any) -> None:
        self.compared += 1
        if chain != model:
            raise Disagreement(f"{what}: chain {chain}, model {model}")

    # Looking up

    def address(self, name: str) -> str:
        return self._places[name]

    @property
    def currencies(self) -> list[str]:
        return sorted({its.currency for its in self.terms.values()})

    def source_of(self, facility: Facility) -> str:
        """Who lends on it: a pool's name, or a syndicate's."""
        return self.addresses[facility.terms.pool].removeprefix("LendingPool:")

    def syndicate_of(self, facility: Facility) -> Syndicate | None:
        return self.syndicates.get(self.source_of(facility))

    def currency_of(self, facility: Facility) -> str:
        syndicate = self.syndicate_of(facility)
        return self.terms[self.source_of(facility) if syndicate is None else syndicate.members[0].pool].currency

    def financings_of(self, source: str) -> list[Financing]:
        address = self.address(source)
        return [its for its in self.financings.values() if its.facility.terms.pool == address]

    def item_of(self, financing: Financing) -> Invoice | Order:
        """What backs it."""
        return self.orders[financing.item] if financing.item in self.orders else self.invoices[financing.item]

    def pledges(self, item: int) -> list[Financing]:
        return [one for one in self.financings.values() if one.item == item and one.state != FinancingState.RELEASED]


_SHARED_HOLDERS = {
    "ReceivableToken": "escrow",
    "OrderEscrow": "parked in escrow",
    "ReceivableCollateral": "ReceivableCollateral",
    "OrderCollateral": "OrderCollateral",
    "InventoryCollateral": "InventoryCollateral",
    "FinancingDesk": "parked",
    "InsurancePolicies": "insurers",
    "FxQuotes": "dealers",
}
