"""From files in two nodes' inboxes to cash on the supplier's account, many times over, in block intervals."""

import random
import time
from pathlib import Path

from rich.console import Console
from rich.progress import track

from chain_node.compile import ROOT
from scripts.bench.figures import Figure, middle, percentile
from scripts.demo.checks import Checks
from scripts.demo.manifest import Trade, load_trade
from scripts.demo.story import Story
from scripts.demo.timeline import Timeline
from scripts.embedded import EmbeddedNetwork, EmbeddedSettings
from scripts.gateway_client import GatewayClient

TRADE = ROOT / "examples" / "trade"
TRADES = 12
# What tells one copy of the trade's papers from another.
NUMBERS = ("AS-2026-0042", "PO-2026-0815", "DA-2026-0815", "HAM26051234", "SKL7701926")
QUIET = Console(quiet=True)


def measure_event_to_cash(work_dir: Path, console: Console) -> list[Figure]:
    """Each sample is a trade of its own; its papers are dropped at a random moment between blocks."""
    trade = _for_many(load_trade(TRADE))
    with EmbeddedNetwork(EmbeddedSettings(work_dir, clock=trade.starts_at), console) as network:
        network.start()
        stories = _open_trades(trade, network, work_dir / "papers", console)
        stage = trade.stages[0]
        for story in track(stories, "Turning events into cash", console=console, transient=True):
            time.sleep(random.uniform(0, 1))  # noqa: S311 - spreads the samples, guards nothing
            story.travel(stage)
        interval = float(network.definition.config.engine.block_seconds)
    samples = [story.event_to_cash_ms[stage.name] / 1000 / interval for story in stories]
    against = f"one block interval ({interval:g} s)"
    middle_value, slowest = middle(samples), percentile(samples, 0.99)
    return [
        Figure("event_to_cash_p50", middle_value, "block intervals", against, middle_value, samples),
        Figure("event_to_cash_p99", slowest, "block intervals", against, slowest, samples),
    ]


def _for_many(trade: Trade) -> Trade:
    """The trade without what only the demo shows, with room for all its copies."""
    lending = trade.lending
    amounts = ("deposit", "junior_deposit", "limit")
    roomy = lending.model_copy(update={name: getattr(lending, name) * TRADES for name in amounts})
    invoice = trade.invoice.model_copy(update={"twins": [], "references": []})
    return trade.model_copy(update={"lending": roomy, "invoice": invoice, "order": None, "refused": []})


def _open_trades(trade: Trade, network: EmbeddedNetwork, papers: Path, console: Console) -> list[Story]:
    """Financings on as many invoices, each waiting for its goods to depart."""
    checks, timeline = Checks(QUIET), Timeline(QUIET)
    operator = GatewayClient(network.gateway_url, network.operator_credentials())
    first = Story(trade, _copy(papers, 0), network, timeline, checks, operator)
    first.onboard()
    network.start_nodes({name: party.lei for name, party in trade.nodes().items()})
    first.fund()
    facility = first.grant_facility()
    stories = [first] + [
        Story(trade, _copy(papers, n), network, timeline, checks, operator, first.desks, first.accounts)
        for n in range(1, TRADES)
    ]
    for story in track(stories, "Opening financings", console=console, transient=True):
        story.sell()
        story.open_financing(facility)
    return stories


def _copy(papers: Path, number: int) -> Path:
    """The example's papers with numbers of their own."""
    folder = papers / str(number)
    folder.mkdir(parents=True)
    for paper in TRADE.iterdir():
        text = paper.read_text(encoding="utf-8")
        for known in NUMBERS:
            text = text.replace(known, f"{known[:-3]}{number + 100}")
        (folder / paper.name).write_text(text, encoding="utf-8")
    return folder
