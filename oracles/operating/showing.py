"""A node's state as tables for a person."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from oracles.operating.status import Endpoint, Status, Verdict

STYLES = {Verdict.HEALTHY: "green", Verdict.FOR_THE_OPERATOR: "yellow", Verdict.NOT_ABLE_TO_WORK: "red"}
KINDS = ("documents", "captures", "events", "observations", "retractions", "transactions", "readings", "reports")


def show(found: Status, console: Console) -> None:
    """Lines are never cut: hashes and paths must be whole to be copied."""
    console.print(Text(f"Node {found.node} of {found.organisation}: {found.verdict}", STYLES[Verdict(found.code)]))
    if found.process.state == "never ran":
        console.print("It has not run yet.")
        return
    console.print(_facts(found))
    for part in _lists(found):
        console.print(part, soft_wrap=True)


def _facts(found: Status) -> Table:
    table = Table.grid(padding=(0, 2))
    process, chain = found.process, found.chain
    table.add_row("Process", f"{process.state}, {process.pid}, last turn {process.turned_at}")
    network = "none seen yet" if chain.chain_id is None else f"chain {chain.chain_id}, oracle {chain.oracle_address}"
    table.add_row("Network", network)
    if chain.block is not None:
        table.add_row("Block", f"{chain.block}, {chain.lag_seconds:.0f} seconds behind the machine's clock")
    for kind in KINDS:
        counts = found.counts[kind]
        table.add_row(kind.title(), ", ".join(f"{count} {name}" for name, count in counts.items()) or "none")
    refused = "".join(f", {count} {reason}" for reason, count in found.votes.refused.items())
    votes = found.votes
    table.add_row("Facts", f"{votes.signed} signed, {votes.submitted} sent, {votes.confirmed} counted{refused}")
    table.add_row("Outbox", f"{found.outbox.depth} unsettled, the oldest for {found.outbox.oldest_seconds:.0f} seconds")
    table.add_row("Quarantine", f"{found.quarantined} files")
    table.add_row("Disk", f"{found.disk.database_bytes} bytes of database, {found.disk.free_bytes} free")
    return table


def _lists(found: Status) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if found.problems:
        lines = [f"  {problem.name}: {problem.detail}. To do: {problem.do}" for problem in found.problems]
        parts.append(_list("It cannot work:", lines))
    if found.sources:
        table = Table("source", "documents", "last document", "seconds ago", "seconds after its event")
        for source in found.sources:
            delay = "" if source.delay_seconds is None else f"{source.delay_seconds:.0f}"
            table.add_row(
                source.source, str(source.documents), source.last_document_at, f"{source.seconds_since:.0f}", delay
            )
        parts.append(table)
    held = []
    for item in found.held:
        held.append(f"  {item.what} {item.name} {item.milestone} {item.file}: {item.reason}")
        held.append(f"    To do: {item.do}")
    headed = {
        "The chain's nodes:": [_endpoint(endpoint) for endpoint in found.chain.endpoints],
        "Sensors:": found.sensors,
        "Carriers asked:": found.carriers,
        "Carriers that do not answer:": found.silent_carriers,
        "Brokers that cannot be reached:": found.away_brokers,
        "For the operator:": held,
        "Waiting:": found.waiting,
        "Readings under way:": found.readings,
        "Unsettled transactions:": found.transactions,
        "Votes to take back:": found.retractions,
        "Overdue feeds:": found.overdue_feeds,
        "Corrections:": found.corrections,
    }
    return parts + [_list(heading, lines) for heading, lines in headed.items() if lines]


def _list(heading: str, lines: list[str]) -> Group:
    return Group(heading, *(Text(line if line.startswith("  ") else f"  {line}") for line in lines))


def _endpoint(endpoint: Endpoint) -> str:
    block = "no block seen" if endpoint.block is None else f"block {endpoint.block}"
    why = f": {endpoint.reason}" if endpoint.reason else ""
    return f"{endpoint.name} {endpoint.standing}, {block}, {endpoint.failures} failures{why}"
