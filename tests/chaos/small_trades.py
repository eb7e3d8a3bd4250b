"""Small trades and payments that go on while a network is harmed: each trade goes from its invoice to its repayment.

Three organisations must see the goods leave and three must see them arrive, five in all; each time the contracts pay
the supplier at once."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from asked import PATIENCE_SECONDS, Asked, Book, Desk
from rich.console import Console
from support.network import lei

from chain_node.client import Milestone
from chain_node.compile import ROOT
from scripts.demo.checks import Checks
from scripts.demo.dates import days_until, move_papers, utc_now
from scripts.demo.manifest import Paper, Party, Trade, load_trade
from scripts.demo.money import Currency, minor_of
from scripts.demo.story import Story
from scripts.demo.timeline import Timeline
from scripts.embedded import EmbeddedNetwork
from scripts.gateway_client import Credentials, GatewayClient

EXAMPLE: Final = ROOT / "examples" / "trade"
NUMBERS: Final = ("AS-2026-0042", "PO-2026-0815", "DA-2026-0815", "RA-2026-0815", "HAM26051234", "SKL7701926")
"""What tells one copy of the trade's papers from another."""
THRESHOLDS: Final = {Milestone.DEPARTED.name: 3, Milestone.RECEIVED.name: 3}
NODES: Final = ("carrier", "inspector", "customs", "warehouse", "consignee")
SEEN: Final = {
    "ship": {
        "carrier": "departure.dcsa.json",
        "inspector": "inspection.epcis.json",
        "customs": "customs.epcis.json",
    },
    "receive": {
        "warehouse": "receiving.epcis.json",
        "inspector": "receipt-advice.xml",
        "consignee": "consignee.epcis.json",
    },
}
"""The papers of each stage, by whose node is handed them."""
TIMES_AS_MUCH: Final = 1_000
"""Room for so many trades at once, in pool and limit."""
TRADES_AT_ONCE: Final = 2
PAYMENT_SECONDS: Final = 0.5
"""Between two deposits."""
ADMITTED_FOR: Final = timedelta(days=365)
LEAST_DEPOSIT: Final = 10_000
LEAST_ISSUE: Final = 500_000
POLL_SECONDS: Final = 0.3
QUIET: Final = Console(quiet=True)


@dataclass
class SmallTrade:
    """`paid` are the draws that its facts have brought, as the gateway shows them."""

    number: int
    receivable: int = 0
    financing: int = 0
    handed_in: list[str] = field(default_factory=list)
    finished: bool = False


def trade_of_five() -> Trade:
    """The example with two more witnesses, without what only the demo shows, and with room for many."""
    trade = load_trade(EXAMPLE)
    amounts = ("deposit", "junior_deposit", "limit")
    lending = trade.lending.model_copy(update={name: getattr(trade.lending, name) * TIMES_AS_MUCH for name in amounts})
    parties = dict(trade.parties)
    parties["customs"] = Party(name="Customs Office", lei="999900CUSTOMSOFFIC96", jurisdiction="SE", role="CUSTOMS")
    parties["consignee"] = Party(name="Quay Agents", lei=lei("999900QUAYAGENTS"), jurisdiction="SE", role="CONSIGNEE")
    stages = [
        stage.model_copy(update={"papers": [Paper(party=p, file=f) for p, f in SEEN[stage.name].items()]})
        for stage in trade.stages
    ]
    invoice = trade.invoice.model_copy(update={"twins": [], "references": []})
    changes = {"lending": lending, "parties": parties, "stages": stages, "invoice": invoice, "order": None}
    return trade.model_copy(update={**changes, "refused": []})


@dataclass
class SmallTrades:
    """The work: `begin` lets it go on, `rest` ends it in good order, `finish_all` waits until all of it has come to its
    end."""

    network: EmbeddedNetwork
    papers: Path
    book: Book = field(default_factory=Book)
    trades: list[SmallTrade] = field(default_factory=list)
    desks: dict[str, Desk] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._count, self._deposits = itertools.count(), itertools.count()
        self._resting = threading.Event()
        self._threads: list[threading.Thread] = []
        self._facility = ""
        example = trade_of_five()
        self._days = days_until(example.payment.at, utc_now())
        self._moved = self.papers / "moved"
        move_papers(EXAMPLE, self._moved, self._days)
        self._trade = trade_of_five().model_copy(update={"payment": load_trade(self._moved).payment})
        self._face = 0

    # Opening

    def open(self) -> None:
        """Admits everybody, starts the five nodes, funds the pool, grants the facility."""
        url = self.network.gateway_url
        self.desks["operator"] = Desk(url, self.network.operator_credentials(), self.book)
        for asked in [self._admit(name, party) for name, party in self._trade.parties.items()]:
            self._mined(asked)
        self.network.start_nodes({name: self._trade.parties[name].lei for name in NODES})
        lending, pooled = self._trade.lending, Currency("EUR")
        # Junior first: senior money is taken only on top of it.
        for name, tranche, major in (
            ("junior", "junior", lending.junior_deposit),
            ("lender", "senior", lending.deposit),
        ):
            self._mined(self._issue(name, pooled.minor(major)))
            self._mined(self._deposit(name, tranche, pooled.minor(major)))
        self._grant_facility()
        for name in ("lender", "debtor"):
            self._mined(self._issue(name, TIMES_AS_MUCH * self._face))

    def _grant_facility(self) -> None:
        operator = GatewayClient(self.network.gateway_url, self.network.operator_credentials())
        story = Story(self._trade, self._copy(), self.network, Timeline(QUIET), Checks(QUIET), operator)
        try:
            self._facility, self._face = story.grant_facility(), story.face_value
        finally:
            operator.close()

    def _admit(self, name: str, party: Party) -> Asked:
        own = {"account": self.network.node_account(name)} if name in NODES else {}
        body = {
            "lei": party.lei,
            "name": party.name,
            "jurisdiction": party.jurisdiction,
            "roles": [party.role],
            "kyc_expires_at": (utc_now() + ADMITTED_FOR).isoformat(),
            "identifiers": [identifier.model_dump() for identifier in party.identifiers],
        }
        asked = self.desks["operator"].post("admit", "/v1/participants", {**body, **own})
        credentials = Credentials(asked.answer["client_id"], asked.answer["client_secret"])
        self.desks[name] = Desk(self.network.gateway_url, credentials, self.book)
        self.accounts[name] = asked.answer["account"]
        return asked

    # Going on

    def begin(self) -> None:
        self._resting.clear()
        tasks: list[Callable[[], None]] = [self._trade_on] * TRADES_AT_ONCE + [self._pay_in]
        self._threads = [threading.Thread(target=self._noting, args=(task,), daemon=True) for task in tasks]
        for thread in self._threads:
            thread.start()

    def rest(self) -> None:
        """Begins nothing new, and returns when all that was begun has come to its end."""
        self._resting.set()
        for thread in self._threads:
            thread.join()
        self._threads = []
        self._until(lambda: all(map(self._is_mined, self.book.accepted())), "a request was accepted and never mined")

    @property
    def finished(self) -> list[SmallTrade]:
        return [trade for trade in self.trades if trade.finished]

    def _noting(self, task: Callable[[], None]) -> None:
        """A thread's failure is a problem of the whole, and its loss must not look like quiet."""
        try:
            task()
        except Exception as error:  # noqa: BLE001 - whatever it is, the check names it
            self.book.problem(f"{type(error).__name__}: {error}")

    def _trade_on(self) -> None:
        while not self._resting.is_set():
            trade = SmallTrade(next(self._count))
            self.trades.append(trade)
            self._live(trade, self._copy(trade.number))

    def _live(self, trade: SmallTrade, papers: Path) -> None:
        supplier, debtor = self.desks["supplier"], self.desks["debtor"]
        sold = supplier.upload("upload", "/v1/invoices", (papers / self._trade.invoice.file).read_bytes())
        self._mined(sold)
        receivable = sold.answer["receivable_id"]
        trade.receivable = int(receivable, 16)
        self._mined(debtor.post("accept", f"/v1/receivables/{receivable}/acceptance", {"waive_set_off": True}))
        body = {"facility_id": self._facility, "receivable_id": receivable}
        self._mined(supplier.post("open", "/v1/financings", body))
        self._until(lambda: self._financing_of(trade, receivable), "the financing is shown nowhere")
        for stage in SEEN:
            self._see(trade, stage, papers)
        path = f"/v1/receivables/{receivable}/payments"
        self._mined(debtor.post("pay", path, {"amount": self._json(self._face)}, self._face))
        trade.finished = True

    def _see(self, trade: SmallTrade, stage: str, papers: Path) -> None:
        """Three nodes are handed their papers; returns when the supplier has its money."""
        for party, file in SEEN[stage].items():
            # A name of its own: a file that comes before the node has taken its namesake takes that one's place.
            self.network.drop(party, (papers / file).rename(papers / f"{trade.number}-{file}"))
        trade.handed_in.append(stage)
        wanted = len(trade.handed_in)
        self._until(lambda: len(self._draws(trade)) >= wanted, f"trade {trade.number}: stage {stage} paid nothing")

    def _pay_in(self) -> None:
        """Deposits, and cash that comes in: nobody waits for them, so they pile up while the chain halts. Each amount
        is there once."""
        while not self._resting.wait(PAYMENT_SECONDS):
            number = next(self._deposits)
            amount = LEAST_DEPOSIT + number
            self._deposit("lender", "junior", amount)
            if number % 3 == 0:
                self._issue("lender", LEAST_ISSUE + number)

    def _deposit(self, name: str, tranche: str, amount: int) -> Asked:
        body = {"tranche": tranche, "amount": self._json(amount)}
        return self.desks[name].post("deposit", "/v1/pools/EUR/deposits", body, amount)

    def _issue(self, name: str, amount: int) -> Asked:
        reference = {"payment_reference": f"CHAOS {name} {amount}"}
        body = {"lei": self._trade.parties[name].lei, "amount": self._json(amount), **reference}
        return self.desks["operator"].post("issue", "/v1/cash/issues", body, amount)

    # Looking

    def _financing_of(self, trade: SmallTrade, receivable: str) -> bool:
        found = self.desks["supplier"].get("/v1/financings", receivable_id=receivable)["items"]
        trade.financing = int(found[0]["id"]) if found else 0
        return bool(found)

    def _draws(self, trade: SmallTrade) -> list[int]:
        shown = self.desks["supplier"].get(f"/v1/financings/{trade.financing}")
        return [minor_of(draw["amount"]) for draw in shown["draws"]]

    def _mined(self, asked: Asked) -> None:
        self._until(lambda: self._is_mined(asked), f"{asked.kind} was accepted and never mined")

    def _is_mined(self, asked: Asked) -> bool:
        """Remembered in the request: each has to be asked about once."""
        if asked.mined is None:
            hashes = []
            for transaction in asked.transactions:
                shown = self.desks["operator"].get(f"/v1/transactions/{transaction}")
                if shown["status"] in ("pending", "sent"):
                    return False
                if shown["status"] != "mined":
                    what = f"{asked.kind} {asked.key} was accepted and is {shown['status']}"
                    self.book.problem(f"{what}: {shown['error']}")
                hashes.append(shown["hash"])
            asked.mined = hashes
        return True

    def _until(self, true: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(otherwise)
            time.sleep(POLL_SECONDS)

    # Papers

    def _json(self, minor: int) -> dict[str, str]:
        return {"amount": str(minor), "currency": "EUR"}

    def _copy(self, number: int = -1) -> Path:
        """The example's papers of today, with numbers of their own, and those of the two more witnesses."""
        folder = self.papers / f"{number + 1:05d}"
        folder.mkdir(parents=True)
        for paper in self._moved.iterdir():
            text = paper.read_text(encoding="utf-8")
            for known in NUMBERS:
                text = text.replace(known, f"{known[:-4]}{10_001 + number}")
            (folder / paper.name).write_text(text, encoding="utf-8")
        for party, of, place in (("customs", "inspection", 54), ("consignee", "receiving", 61)):
            seen = json.loads((folder / f"{of}.epcis.json").read_text(encoding="utf-8"))
            seen["epcisBody"]["eventList"][0]["readPoint"]["id"] = f"https://id.gs1.org/414/40123450000{place}"
            (folder / f"{party}.epcis.json").write_text(json.dumps(seen), encoding="utf-8")
        return folder
