"""What trades with goods share: parties that act with their own keys, a funded pool, nodes that measure and attest."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from chain_node.client import (
    Chain,
    Entry,
    Event,
    FacilityTerms,
    FactStatus,
    MarginTerms,
    Milestone,
    Receipt,
    Role,
    Step,
    Tranche,
)
from chain_node.commodity_config import CommodityConfig
from chain_node.feed_config import FeedConfig
from chain_node.keys import KeyRing
from chain_node.references import fingerprint, reference, subject
from scripts.demo.checks import Checks
from scripts.demo.goods_manifest import GoodsTrade, Leg
from scripts.demo.hands import Hands
from scripts.demo.money import Currency, from_thousandths
from scripts.demo.timeline import Timeline
from scripts.embedded import EmbeddedNetwork

WAIT_SECONDS = 30.0
ADAPTERS = {"order": "OrderCollateral", "inventory": "InventoryCollateral", "receivable": "ReceivableCollateral"}
FIVE_YEARS_SECONDS = 5 * 365 * 86_400
DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600


@dataclass
class ChainStory:
    trade: GoodsTrade
    folder: Path
    network: EmbeddedNetwork
    timeline: Timeline
    checks: Checks
    hands: Hands = field(init=False)
    currency: Currency = field(init=False)
    facility: int = 0
    financing: int = 0

    def __post_init__(self) -> None:
        self.hands, self.currency = Hands(self.network), Currency(self.trade.currency)
        self.key = KeyRing(self.network.data_dir).network_key()

    @property
    def chain(self) -> Chain:
        return self.network.chain

    @property
    def commodity(self) -> CommodityConfig:
        return self.network.definition.config.commodities[self.trade.goods.commodity]

    @property
    def price(self) -> FeedConfig:
        return self.network.definition.config.feeds[self.commodity.price]

    @property
    def price_feed(self) -> bytes:
        return self.price.policy_id(self.commodity.price)

    @property
    def unit(self) -> str:
        """Of the goods, as a person reads it."""
        return {"KGM": "kg", "C62": "pieces"}.get(self.price.base, self.price.base)

    # Opening

    def onboard(self) -> None:
        """Admits every organisation with an account that it acts with, and the key of its node where it runs one."""
        until = int(self.now().timestamp()) + FIVE_YEARS_SECONDS
        registry = self.chain.registry
        for name, party in self.trade.parties.items():
            roles = int(Role[party.role])
            self.hands.act("registrar", registry.register_organisation(party.lei, "", party.jurisdiction, roles, until))
            receipt = self.hands.act("registrar", registry.admit_account(party.lei, self.hands.make(name)))
            if name in self.trade.nodes():
                account = self.network.node_account(name)
                self.hands.act("registrar", registry.admit_account(party.lei, account))
            self.tell("Registrar", f"admits {party.name} as {party.role.lower()} ({party.lei})", receipt)

    def fund(self) -> None:
        """Junior first: senior money is taken only on top of it."""
        lending, code = self.trade.lending, self.trade.currency
        for name, tranche, amount in (
            ("junior", Tranche.JUNIOR, lending.junior_deposit),
            ("lender", Tranche.SENIOR, lending.deposit),
        ):
            minor, vault = self.currency.minor(amount), self.chain.vault(code, tranche)
            self.issue(name, minor)
            self.hands.act(name, self.chain.cash(code).approve(vault.address, minor))
            receipt = self.hands.act(name, vault.deposit(minor, self.hands.address(name)))
            self.tell(self.name(name), f"funds the {tranche.name.lower()} tranche", receipt, minor)

    def grant_facility(self) -> None:
        lending, desk = self.trade.lending, self.chain.desk
        terms = FacilityTerms(
            supplier=self.hands.address("supplier"),
            pool=str(self.chain.pool(self.trade.currency).address),
            limit=self.currency.minor(lending.limit),
            discount_rate_bps=lending.discount_rate_bps,
            fee_bps=lending.fee_bps,
            reserve_bps=lending.reserve_bps,
            expires_at=int(self.trade.ends_at().timestamp()) + 60 * DAY_SECONDS,
        )
        receipt = self.hands.act("credit-officer", desk.open_facility(terms))
        self.facility = desk.facility_count()
        for paper, rungs in lending.ladders.items():
            steps = [Step(Milestone[rung.milestone], rung.advance_rate_bps, rung.measured) for rung in rungs]
            self.hands.act("credit-officer", desk.set_ladder(self.facility, self.adapter(paper), steps))
        margin = self.chain.inventory_collateral.set_margin_terms(self.facility, self._margin_terms())
        self.hands.act("credit-officer", margin)
        rate = f"{lending.discount_rate_bps / 100:g} % a year"
        what = f"grants {self.name('supplier')} a facility at {rate} on {', '.join(lending.ladders)}"
        self.tell("Credit officer", what, receipt, terms.limit)

    def _margin_terms(self) -> MarginTerms:
        its = self.trade.margin
        shares = (its.call_level_bps, its.release_ratio_bps, its.start_bps, its.floor_bps, its.least_bid_bps)
        return MarginTerms(*shares, its.tenor_days, its.cure_hours * HOUR_SECONDS, its.sale_hours * HOUR_SECONDS)

    # Goods

    def open_consignment(self, number: str, references: Sequence[str]) -> bytes:
        """The supplier opens it, so that every party finds it from its own papers."""
        consignment = subject(self.key, fingerprint(self.key, {"consignment": number}))
        keyed = [reference(self.key, *entry.split(":", 1)) for entry in references]
        receipt = self.hands.act("supplier", self.chain.milestones.open_subject(consignment, keyed))
        self.tell(self.name("supplier"), f"opens consignment {number}: {len(keyed)} references lead to it", receipt)
        return consignment

    def announce_lot(self, consignment: bytes) -> Entry:
        """The supplier engages the warehouse, which announces what is to come in."""
        goods, lots = self.trade.goods, self.chain.lots
        operator = self.chain.registry.membership_of(self.hands.address("warehouse")).organisation
        self.hands.act("supplier", lots.engage_operator(operator, True))
        entry = Entry(
            id=fingerprint(self.key, {"lot": goods.number}),
            owner=self.hands.address("supplier"),
            commodity=self.commodity.code,
            unit=self.price.base,
            quantity=thousandths(goods.quantity),
            subject=consignment,
            sequence=1,
            place=goods.place,
            entered_at=int(self.now().timestamp()),
            expiry_date=days_of(goods.expires_on),
            identifiers=tuple(reference(self.key, "sscc", code) for code in goods.identifiers),
        )
        receipt = self.hands.act("warehouse", lots.announce(entry))
        self.tell(self.name("warehouse"), f"announces lot {goods.number}, {self.shown(entry.quantity)}", receipt)
        refusal = self.hands.refusal("supplier", lots.mint(entry))
        self.checks.record("no_lot_without_an_attested_entry", refusal == "EntryNotAttested", refusal)
        return entry

    def mint_lot(self, entry: Entry) -> None:
        receipt = self.hands.act("supplier", self.chain.lots.mint(entry))
        what = f"is a lot now: {self.shown(entry.quantity)}, title with {self.name('supplier')}"
        self.tell("WarehouseReceiptToken", what, receipt)

    # Papers

    def arrive(self, leg: Leg) -> None:
        self.network.set_clock(leg.at)

    def hand_in(self, leg: Leg, feeds: Sequence[bytes] = (), facts: Sequence[tuple[bytes, Milestone]] = ()) -> None:
        """Hands the papers to the nodes and waits for the values and facts that they should make."""
        before = {feed: self.chain.feeds.record(feed).round for feed in feeds}
        for party in dict.fromkeys(paper.party for paper in leg.papers):
            files = [Path(paper.file).name for paper in leg.papers if paper.party == party]
            self.say(self.name(party), f"hands its node {', '.join(files)}")
        for paper in leg.papers:
            self.network.drop(paper.party, self.folder / paper.file)
        for consignment, milestone in facts:
            self._await_fact(consignment, milestone)
        self.wait_for(
            lambda: all(self.chain.feeds.record(feed).round > before[feed] for feed in feeds), "a feed's value"
        )

    def _await_fact(self, consignment: bytes, milestone: Milestone) -> None:
        facts = self.chain.milestones
        self.wait_for(
            lambda: facts.fact(consignment, milestone, 1).status is FactStatus.FINAL, f"fact {milestone.name}"
        )
        fact = facts.fact(consignment, milestone, 1)
        measured = f", {self.shown(fact.least_quantity)}" if fact.least_quantity else ""
        self.say("MilestoneOracle", f"{milestone.name.lower()} is a fact: {fact.count} organisations{measured}")

    def wait_for(self, true: Any, what: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {what} within {WAIT_SECONDS:g} s: {self.network.log_hint()}")
            time.sleep(0.02)

    # Money

    def issue(self, name: str, amount: int) -> None:
        paid = f"{self.trade.parties[name].lei}-{self.now():%Y%m%d%H%M%S}".encode()[:32].ljust(32, b"\0")
        call = self.chain.cash(self.trade.currency).issue(self.hands.address(name), amount, paid)
        self.hands.act("cash-issuer", call)

    def cash_of(self, name: str) -> int:
        return self.chain.cash(self.trade.currency).balance_of(self.hands.address(name))

    def owed(self) -> int:
        return self.chain.desk.owed(self.financing).total

    def adapter(self, paper: str) -> str:
        return str(self.chain.addresses.address(ADAPTERS[paper]))

    def events(self, receipt: Receipt, name: str) -> list[Event]:
        decoded = [self.chain.decode(log) for log in receipt.logs]
        return [event for event in decoded if event is not None and event.name == name]

    # Telling

    def now(self) -> datetime:
        return self.network.now()

    def name(self, party: str) -> str:
        return self.trade.parties[party].name

    def shown(self, quantity: int) -> str:
        return f"{from_thousandths(quantity)} {self.unit}"

    def say(self, who: str, what: str, amount: int | None = None) -> None:
        self.timeline.add(self.now(), who, what, "" if amount is None else self.currency.show(amount))

    def tell(self, who: str, what: str, receipt: Receipt, amount: int | None = None) -> None:
        shown = "" if amount is None else self.currency.show(amount)
        self.timeline.add(self.now(), who, what, shown, block=receipt.block_number)


def thousandths(quantity: Decimal) -> int:
    return int(quantity * 1000)


def days_of(day: date | None) -> int:
    """Days since 1970-01-01; 0 where there is no day."""
    return 0 if day is None else (day - date(1970, 1, 1)).days
