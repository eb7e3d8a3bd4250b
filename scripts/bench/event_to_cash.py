"""From files in three nodes' inboxes to cash on the supplier's account, in block intervals: alone, and amid others."""

import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import track

from chain_node.client import Milestone
from chain_node.compile import ROOT
from scripts.bench.crowd import SUPPLIER_LEI, Crowd, bundling, hand_in
from scripts.bench.figures import Figure, middle, percentile
from scripts.demo.checks import Checks
from scripts.demo.manifest import Paper, Party, Trade, load_trade
from scripts.demo.story import CASH_WAIT_SECONDS, Story
from scripts.demo.timeline import Timeline
from scripts.embedded import EmbeddedNetwork, EmbeddedSettings
from scripts.gateway_client import GatewayClient

TRADE = ROOT / "examples" / "trade"
SAMPLES = 30
"""Trades idle, and as many amid other facts."""
TRADES = 2 * SAMPLES
FACTS_A_SECOND = 20
OTHER_FACTS = 3_000
"""Consignments for the other facts: more than are used up."""
OPENING_AT_ONCE = 8
MOST_SECONDS = 90.0
"""After so long no further trade is begun: on a machine that does not keep up each would wait longer than the last."""
# What tells one copy of the trade's papers from another.
NUMBERS = ("AS-2026-0042", "PO-2026-0815", "DA-2026-0815", "HAM26051234", "SKL7701926")
WITNESSES = ("carrier", "inspector", "customs")
THRESHOLDS = {Milestone.DEPARTED.name: len(WITNESSES)}
CUSTOMS = Party(name="Customs Office", lei="999900CUSTOMSOFFIC96", jurisdiction="SE", role="CUSTOMS")
CUSTOMS_PAPER = "customs.epcis.json"
QUIET = Console(quiet=True)


def measure_event_to_cash(work_dir: Path, console: Console) -> list[Figure]:
    """Each sample is a trade of its own; its papers are dropped at a random moment between blocks."""
    trade = _for_many(load_trade(TRADE))
    settings = EmbeddedSettings(work_dir, clock=trade.starts_at, thresholds=THRESHOLDS)
    with EmbeddedNetwork(settings, console) as network:
        network.start()
        stories = _open_trades(trade, network, work_dir / "papers", console)
        interval = float(network.definition.config.engine.block_seconds)
        network.set_clock(trade.stages[0].at)
        idle = _samples(stories[:SAMPLES], interval, console, "Turning events into cash")
        with _other_facts(network, stories[0].operator, trade):
            amid = _samples(stories[SAMPLES:], interval, console, f"Amid {FACTS_A_SECOND} other facts a second")
    return [
        *_figures("event_to_cash", idle, interval),
        *_figures("event_to_cash_amid_20_facts_a_second", amid, interval),
    ]


def _samples(stories: Sequence[Story], interval: float, console: Console, what: str) -> list[float]:
    """In block intervals. Who waits in vain counts with as long as he waited."""
    samples: list[float] = []
    until = time.monotonic() + MOST_SECONDS
    for story in track(stories, what, console=console, transient=True):
        if time.monotonic() > until:
            break
        stage = story.trade.stages[0]
        time.sleep(random.uniform(0, 1))  # noqa: S311  # nosec B311 # spreads the samples, guards nothing
        try:
            story.hasten(stage)
        except TimeoutError:
            story.event_to_cash_ms[stage.name] = round(CASH_WAIT_SECONDS * 1000)
        samples.append(story.event_to_cash_ms[stage.name] / 1000 / interval)
    return samples


def _figures(name: str, samples: list[float], interval: float) -> list[Figure]:
    against = f"one block interval ({interval:g} s)"
    half, slowest = middle(samples), percentile(samples, 0.99)
    return [
        Figure(f"{name}_p50", half, "block intervals", against, half, samples),
        Figure(f"{name}_p99", slowest, "block intervals", against, slowest, samples),
    ]


@contextmanager
def _other_facts(network: EmbeddedNetwork, operator: GatewayClient, trade: Trade) -> Iterator[None]:
    """Papers about other consignments at all nodes, at an even pace, while the block runs."""
    crowd = Crowd(network, WITNESSES, "departing")
    body = {"lei": SUPPLIER_LEI, "name": "Crowd Supplies", "jurisdiction": "SE", "roles": ["SUPPLIER"]}
    until = trade.payment.at.replace(year=trade.payment.at.year + 1)
    own = {"kyc_expires_at": until.isoformat(), "account": crowd.supplier.address}
    operator.post("/v1/participants", {**body, **own})
    papers = crowd.write_papers(crowd.open(OTHER_FACTS), network.data_dir / "nodes" / "papers")
    ended = threading.Event()

    def feed() -> None:
        began = time.monotonic()
        for place in range(OTHER_FACTS):
            if ended.wait(max(0.0, began + place / FACTS_A_SECOND - time.monotonic())):
                return
            hand_in(network, papers, place)

    feeder = threading.Thread(target=feed, name="other facts")
    feeder.start()
    try:
        yield
    finally:
        ended.set()
        feeder.join()


def _for_many(trade: Trade) -> Trade:
    """The trade without what only the demo shows, with a third witness, and room for all its copies."""
    lending = trade.lending
    amounts = ("deposit", "junior_deposit", "limit")
    roomy = lending.model_copy(update={name: getattr(lending, name) * TRADES for name in amounts})
    invoice = trade.invoice.model_copy(update={"twins": [], "references": []})
    parties = {name: party for name, party in trade.parties.items() if name != "warehouse"} | {"customs": CUSTOMS}
    departure = trade.stages[0]
    stage = departure.model_copy(update={"papers": [*departure.papers, Paper(party="customs", file=CUSTOMS_PAPER)]})
    changes = {
        "lending": roomy,
        "invoice": invoice,
        "order": None,
        "refused": [],
        "parties": parties,
        "stages": [stage],
    }
    return trade.model_copy(update=changes)


def _open_trades(trade: Trade, network: EmbeddedNetwork, papers: Path, console: Console) -> list[Story]:
    """Financings on as many invoices, each waiting for its goods to depart."""
    checks, timeline = Checks(QUIET), Timeline(QUIET)
    operator = GatewayClient(network.gateway_url, network.operator_credentials())
    first = Story(trade, _copy(papers, 0), network, timeline, checks, operator)
    first.onboard()
    network.start_nodes({name: trade.parties[name].lei for name in WITNESSES}, bundling(network, WITNESSES))
    first.fund()
    facility = first.grant_facility()
    stories = [first] + [
        Story(trade, _copy(papers, n), network, timeline, checks, operator, first.desks, first.accounts)
        for n in range(1, TRADES)
    ]

    def open_one(story: Story) -> None:
        story.sell()
        story.open_financing(facility)

    with ThreadPoolExecutor(OPENING_AT_ONCE) as pool:
        opened = pool.map(open_one, stories)
        for _ in track(opened, "Opening financings", total=TRADES, console=console, transient=True):
            pass
    return stories


def _copy(papers: Path, number: int) -> Path:
    """The example's papers with numbers of their own, and the third witness' paper."""
    folder = papers / str(number)
    folder.mkdir(parents=True)
    for paper in TRADE.iterdir():
        text = paper.read_text(encoding="utf-8")
        for known in NUMBERS:
            text = text.replace(known, f"{known[:-3]}{number + 100}")
        (folder / paper.name).write_text(text, encoding="utf-8")
    seen = json.loads((folder / "inspection.epcis.json").read_text(encoding="utf-8"))
    seen["epcisBody"]["eventList"][0]["readPoint"]["id"] = "https://id.gs1.org/414/4012345000054"
    (folder / CUSTOMS_PAPER).write_text(json.dumps(seen), encoding="utf-8")
    return folder
