"""`portolan invariants`: runs forge's invariant campaigns, prints what each went through, writes the report."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.proof.forge import ForgeFailed, Outcome, run_tests

PREFIX = "invariant_"


@dataclass(frozen=True)
class Campaign:
    """What one invariant went through: random sequences, the calls in them, and how many of those reverted."""

    runs: int
    calls: int
    reverts: int
    ok: bool


def run_command(report: Path) -> int:
    """1 where an invariant broke, or where a suite's set-up did; then the report says which."""
    console, errors = Console(), Console(stderr=True, soft_wrap=True, markup=False)
    try:
        results = run_tests(["--match-test", f"^{PREFIX}"])
    except ForgeFailed as error:
        errors.print(str(error))
        return 1
    campaigns = gather(results)
    write_report(report, campaigns)
    _print(console, campaigns)
    failed = [result for result in results if not result.passed]
    for result in failed:
        errors.print(f"{result.suite} {result.name}: {result.reason}")
        errors.print(f"  to see the calls: forge test --match-test '^{result.name}\\b' -vv")
    if not campaigns:
        errors.print("There is no invariant to run.")
    console.print(f"Report: {report}")
    return 0 if campaigns and not failed else 1


def gather(results: Iterable[Outcome]) -> dict[str, Campaign]:
    """By name; one that several suites inherit is the sum of its campaigns, and holds where it holds in all."""
    campaigns: dict[str, Campaign] = {}
    for result in results:
        if not result.name.startswith(PREFIX):
            continue
        counted = result.kind.get("Invariant", {})
        new = Campaign(counted.get("runs", 0), counted.get("calls", 0), counted.get("reverts", 0), result.passed)
        old = campaigns.get(result.name, Campaign(0, 0, 0, True))
        campaigns[result.name] = Campaign(
            old.runs + new.runs, old.calls + new.calls, old.reverts + new.reverts, old.ok and new.ok
        )
    return dict(sorted(campaigns.items()))


def write_report(path: Path, campaigns: dict[str, Campaign]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = {name: asdict(campaign) for name, campaign in campaigns.items()}
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _print(console: Console, campaigns: dict[str, Campaign]) -> None:
    table = Table(title=f"{len(campaigns)} invariants", title_justify="left")
    for heading in ("invariant", "runs", "calls", "reverts", "holds"):
        table.add_column(heading, justify="left" if heading == "invariant" else "right")
    for name, campaign in campaigns.items():
        figures = (str(campaign.runs), str(campaign.calls), str(campaign.reverts))
        table.add_row(name, *figures, "yes" if campaign.ok else "[bold red]no[/]")
    console.print(table)
