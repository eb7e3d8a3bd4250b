"""`portolan demo`: refuses in one sentence what cannot be run, and says how it ended by its exit code."""

from pathlib import Path

from rich.console import Console

from chain_node.cli import PROBLEMS, interruptible
from scripts.demo.manifest import ManifestInvalid
from scripts.demo.run import run_demo
from scripts.gateway_client import GatewayRefused

REFUSALS = (ManifestInvalid, GatewayRefused, RuntimeError, TimeoutError, *PROBLEMS)


def run_command(trade: Path, work_dir: Path, report: Path, network: str, besu: Path | None = None) -> int:
    console = Console(width=max(140, Console().width))
    errors = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    try:
        with interruptible():
            return 0 if run_demo(trade, work_dir, report, console, network, besu) else 1
    except REFUSALS as error:
        errors.print(f"The demo stopped: {error}")
        return 1
    except KeyboardInterrupt:
        errors.print("The demo was stopped; nothing of it is left running.")
        return 130
