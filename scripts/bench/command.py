"""`portolan bench`: measures, prints a table, writes the report."""

import platform
import shutil
from pathlib import Path
from tempfile import mkdtemp

from rich.console import Console
from rich.table import Table

from chain_node.errors import ChainError
from chain_node.supervisor import ProcessFailed
from scripts.bench.event_to_cash import measure_event_to_cash
from scripts.bench.figures import Figure, write_report
from scripts.bench.gateway_writes import measure_gateway_writes
from scripts.gateway_client import GatewayRefused

MEASUREMENTS = {"event-to-cash": measure_event_to_cash, "gateway-writes": measure_gateway_writes}


def run_command(report: Path) -> int:
    console = Console()
    figures: list[Figure] = []
    work_dir = Path(mkdtemp(prefix="portolan-bench-"))
    try:
        for name, measure in MEASUREMENTS.items():
            figures += measure(work_dir / name, console)
    except (GatewayRefused, ProcessFailed, ChainError, TimeoutError, RuntimeError) as error:
        Console(stderr=True, soft_wrap=True).print(f"The benchmark stopped: {error}")
        return 1
    shutil.rmtree(work_dir)
    write_report(report, figures)
    _print(console, figures)
    console.print(f"Report: {report}")
    return 0


def _print(console: Console, figures: list[Figure]) -> None:
    table = Table(title=f"Measured on {platform.machine()}, Python {platform.python_version()}", title_justify="left")
    for heading in ("figure", "value", "against", "ratio", "samples"):
        table.add_column(heading, justify="right" if heading in ("value", "ratio", "samples") else "left")
    for figure in figures:
        value = f"{figure.value:.2f} {figure.unit}"
        table.add_row(figure.name, value, figure.against, f"{figure.ratio:.2f}", str(len(figure.samples)))
    console.print(table)
