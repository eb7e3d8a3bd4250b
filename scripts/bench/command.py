"""`portolan bench`: measures, prints a table, writes the report."""

import platform
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp

from rich.console import Console
from rich.table import Table

from chain_node.cli import PROBLEMS, interruptible
from scripts.bench.catch_up import measure_catch_up
from scripts.bench.event_to_cash import measure_event_to_cash
from scripts.bench.figures import Figure, write_report
from scripts.bench.gateway_writes import measure_gateway_writes
from scripts.bench.indexed_reads import measure_indexed_reads
from scripts.bench.oracle_events import measure_oracle_events
from scripts.bench.relay import measure_relay
from scripts.bench.similarity import measure_similarity
from scripts.gateway_client import GatewayRefused

Measurement = Callable[[Path, Console], list[Figure]]

MEASUREMENTS: dict[str, Measurement] = {
    "oracle-events": measure_oracle_events,
    "relay": measure_relay,
    "event-to-cash": measure_event_to_cash,
    "gateway-writes": measure_gateway_writes,
    "catch-up": measure_catch_up,
    "indexed-reads": measure_indexed_reads,
    "similarity": measure_similarity,
}


def run_command(report: Path, names: Sequence[str] = ()) -> int:
    """Takes the measurements of these names, all if there are none. Writes what was measured, even where a later
    measurement breaks off; then the networks' folder is kept."""
    console, errors = Console(), Console(stderr=True, soft_wrap=True, markup=False)
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        errors.print(f"There is no measurement {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}.")
        return 2
    chosen = {name: measure for name, measure in MEASUREMENTS.items() if not names or name in names}
    figures: list[Figure] = []
    work_dir = Path(mkdtemp(prefix="portolan-bench-"))
    try:
        with interruptible():
            for name, measure in chosen.items():
                figures += measure(work_dir / name, console)
    except (GatewayRefused, RuntimeError, TimeoutError, *PROBLEMS) as error:
        errors.print(f"The benchmark stopped: {error}; logs in {work_dir}")
        return 1
    except KeyboardInterrupt:
        errors.print("The benchmark was stopped.")
        return 130
    finally:
        write_report(report, figures)
        _print(console, figures)
    shutil.rmtree(work_dir)
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
