"""Runs a trade from its documents to the books and writes the report."""

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from chain_node.cli import forget_network
from chain_node.config import CONFIG_ROOT, load_network
from chain_node.engines import ClockFixed
from scripts.demo import chain_books
from scripts.demo.books import Books, check_books, close_books, print_books
from scripts.demo.checks import Checks
from scripts.demo.dates import days_until, move_papers, utc_now
from scripts.demo.goods_manifest import KIND_WITHOUT_WORD, StockTrade, kind_of, load_goods_trade
from scripts.demo.line import LineStory
from scripts.demo.manifest import Trade, load_trade
from scripts.demo.stock import StockStory
from scripts.demo.story import Story
from scripts.demo.timeline import Timeline
from scripts.embedded import EmbeddedNetwork, EmbeddedSettings
from scripts.gateway_client import GatewayClient
from standards.invoices import parse_invoice


def run_demo(
    folder: Path, work_dir: Path, report: Path, console: Console, network: str = "local", besu: Path | None = None
) -> bool:
    """`network` is a folder of network-config, `besu` the program of one that Besu runs. Returns whether every
    check held. The report says so from the first moment on, even where the demo breaks off."""
    checks, timeline = Checks(console), Timeline(console)
    outcome: dict[str, Any] = {"event_to_cash_ms": {}, "books": {}}
    checks.results["the_demo_runs_to_its_end"] = False
    _write(report, checks, timeline, outcome)
    try:
        in_real_time = load_network(CONFIG_ROOT / network).config.engine.in_real_time
        if kind_of(folder) != KIND_WITHOUT_WORD:
            if in_real_time:
                raise ClockFixed(f"{folder}: this trade waits for days, and the chain {network} runs in real time")
            _run_goods_trade(folder, work_dir, timeline, checks, outcome)
            return _ended(console, checks, report)
        trade = load_trade(folder)
        forget_network(work_dir)
        console.print(f"[bold]{trade.title}[/]\n")
        settings = EmbeddedSettings(work_dir, network, besu=besu)
        if in_real_time:
            _run_in_real_time(trade, folder, settings, timeline, checks, outcome)
        else:
            _run(trade, folder, replace(settings, clock=trade.starts_at), timeline, checks, outcome)
        return _ended(console, checks, report)
    finally:
        _write(report, checks, timeline, outcome)


def _ended(console: Console, checks: Checks, report: Path) -> bool:
    checks.results["the_demo_runs_to_its_end"] = True
    _close(console, checks, report)
    return checks.ok


def _run_goods_trade(folder: Path, work_dir: Path, timeline: Timeline, checks: Checks, outcome: dict[str, Any]) -> None:
    """Nobody needs the gateway here: parties sign for themselves, and their nodes attest."""
    trade = load_goods_trade(folder)
    forget_network(work_dir)
    timeline.console.print(f"[bold]{trade.title}[/]\n")
    settings = EmbeddedSettings(work_dir, clock=trade.starts_at, more_currencies=(trade.currency,))
    with EmbeddedNetwork(settings, timeline.console) as network:
        network.start(gateway=False)
        kind = StockStory if isinstance(trade, StockTrade) else LineStory
        story = kind(trade, folder, network, timeline, checks)  # type: ignore[arg-type]
        story.run()
        books = chain_books.close_books(story)
        chain_books.check_books(story, books)
        outcome["books"] = books.as_dict()
        if isinstance(story, LineStory):
            outcome["event_to_cash_ms"] = story.event_to_cash_ms
        timeline.console.print()
        chain_books.print_books(timeline.console, story, books)


def _write(report: Path, checks: Checks, timeline: Timeline, outcome: dict[str, Any]) -> None:
    document = {"ok": checks.ok, "timeline": timeline.as_dicts(), **outcome, "checks": checks.results}
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _run_in_real_time(
    trade: Trade,
    folder: Path,
    settings: EmbeddedSettings,
    timeline: Timeline,
    checks: Checks,
    outcome: dict[str, Any],
) -> None:
    """With copies of the papers, so dated that the trade has just been lived."""
    days = days_until(trade.payment.at, utc_now())
    with TemporaryDirectory(prefix="portolan-papers-") as papers:
        move_papers(folder, Path(papers), days)
        outcome["papers_moved_by_days"] = days
        timeline.console.print(
            f"The chain {settings.network} runs in real time: all papers' dates are {days} days later."
        )
        _run(load_trade(Path(papers)), Path(papers), settings, timeline, checks, outcome)


def _run(
    trade: Trade,
    folder: Path,
    settings: EmbeddedSettings,
    timeline: Timeline,
    checks: Checks,
    outcome: dict[str, Any],
) -> None:
    currency = parse_invoice((folder / trade.invoice.file).read_bytes()).currency
    with EmbeddedNetwork(replace(settings, more_currencies=(currency,)), timeline.console) as network:
        network.start()
        operator = GatewayClient(network.gateway_url, network.operator_credentials())
        story = Story(trade, folder, network, timeline, checks, operator)
        outcome["event_to_cash_ms"] = story.event_to_cash_ms
        try:
            outcome["books"] = _tell(story).as_dict()
        finally:
            story.close()
            operator.close()


def _tell(story: Story) -> Books:
    story.onboard()
    story.network.start_nodes({name: party.lei for name, party in story.trade.nodes().items()})
    story.fund()
    story.sell()
    story.open_financing(story.grant_facility())
    for stage in story.trade.stages:
        story.travel(stage)
    story.settle()
    if story.network.in_real_time:
        story.wait_for_epoch()
    else:
        story.redeem()
    books = close_books(story)
    check_books(story, books)
    story.timeline.console.print()
    print_books(story.timeline.console, story.currency, books)
    return books


def _close(console: Console, checks: Checks, report: Path) -> None:
    failed = [name for name, holds in checks.results.items() if not holds]
    if failed:
        console.print(f"\n[bold red]{len(failed)} of {len(checks.results)} checks failed:[/] {', '.join(failed)}")
    else:
        console.print(f"\n[bold green]All {len(checks.results)} checks hold.[/]")
    console.print(f"Report: {report}")
