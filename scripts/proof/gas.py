"""`portolan gas`: what each operation costs as a whole transaction, against its budget.

The tests in tests/contracts/gas run the operations, hold them against their budgets and log one line for each; this
turns the lines into build/gas.json and docs/gas.md.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from chain_node.compile import ROOT
from scripts.proof.forge import ForgeFailed, Outcome, run_tests

PAGE: Final = ROOT / "docs" / "gas.md"
TESTS: Final = "tests/contracts/gas/*"
MARK: Final = "gas|"

PEERS: Final[Mapping[str, str]] = {
    "register": "Huma 220k, Isle 246–274k",
    "accept": "Huma 124–167k",
    "transfer of a part to a new holder": "TradeTrust 108k, T-REX 195k",
    "pay": "Huma 448k",
    "claim": "Isle 171k",
    "deposit by a new lender": "Huma 175k, Isle 109–161k",
    "request redeem": "Huma 186k, Isle 197k",
    "close epoch, 1 lender": "Huma 288k (to 394k)",
    "close epoch, 10 lenders": "Huma 288k (to 394k)",
    "close epoch, 100 lenders": "Huma 288k (to 394k)",
    "redemption claim": "Huma 119k",
    "repay through the full waterfall": "Huma 425k, Isle 251k",
    "attest with 3 signatures -> base -> draw -> cash": "Huma 454k for the draw alone",
    "ten of them in one attest, each": "Huma 454k for the draw alone",
}
"""Other systems of this field at the same step, as whole transactions; how they were measured is said on the page."""

HEAD: Final = """# Gas

Written by `make gas` from the tests in [tests/contracts/gas](../tests/contracts/gas); do not edit. CI runs the same
tests, and fails where an operation is above its budget, where one that misses it gets dearer, or where this page is
not what they give.

Each figure is one whole transaction: the 21,000 of the envelope, calldata, cold storage, refunds taken off. The tests
run in *steady use*: a slot that is nonzero in the life of a running network is nonzero beforehand, and what the
operation itself brings into being is new. Each test says which is which. Compiled for cancun with the optimiser at
1,000,000 runs, without the intermediate representation.

| operation | gas | budget | headroom | peers |
|---|---:|---:|---:|---|
"""

FOOT: Final = """
*Peers* are open protocols at the corresponding step, measured with their own test suites (Huma, TradeTrust, T-REX) or
as whole transactions through their proxies (Isle). They differ in what a step does, so read them as an order of
magnitude.
"""


@dataclass(frozen=True)
class Cost:
    """Gas of one operation and the most that it may take; `ceiling` is above the budget while that is not met."""

    gas: int
    budget: int
    ceiling: int


def run_command(report: Path, check: bool) -> int:
    """Writes report and page; with `check` leaves the page alone and fails where it differs."""
    console, errors = Console(), Console(stderr=True, soft_wrap=True, markup=False)
    try:
        results = run_tests(["--match-path", TESTS, "-vv"])  # without -vv forge keeps the log to itself
        costs = gather(results)
    except (ForgeFailed, ValueError) as error:
        errors.print(str(error))
        return 1
    write_report(report, costs)
    _print(console, costs)
    problems = [f"{result.suite} {result.name}: {result.reason}" for result in results if not result.passed]
    problems += [f"{name} takes {c.gas:,}, above {c.ceiling:,}" for name, c in costs.items() if c.gas > c.ceiling]
    missing = [f"nothing measures: {name}" for name in PEERS if name not in costs]
    problems += missing or _put(render(costs), check)
    for problem in problems:
        errors.print(problem)
    console.print(f"Report: {report}")
    return 1 if problems else 0


def gather(results: Iterable[Outcome]) -> dict[str, Cost]:
    """From the lines `gas|operation|gas|budget`, with `|ceiling` where the budget is not met yet. Raises `ValueError`
    where two measure the same."""
    costs: dict[str, Cost] = {}
    for line in (line for result in results for line in result.lines if line.startswith(MARK)):
        _, operation, gas, budget, *ceiling = line.split("|")
        if operation in costs:
            raise ValueError(f"two tests measure: {operation}")
        costs[operation] = Cost(int(gas), int(budget), int(ceiling[0] if ceiling else budget))
    return dict(sorted(costs.items(), key=lambda item: _place(item[0])))


def _place(operation: str) -> tuple[int, str]:
    """Those with peers first, in the order of a trade; the others behind them by name."""
    order = list(PEERS)
    return (order.index(operation) if operation in PEERS else len(order), operation)


def render(costs: Mapping[str, Cost]) -> str:
    rows = [
        f"| {name} | {c.gas:,} | {c.budget:,} | {(c.budget - c.gas) / c.budget:.0%} | {PEERS.get(name, '')} |"
        for name, c in costs.items()
    ]
    missed = [
        f"\n{name}: **over its budget**, held at {c.ceiling:,}.\n" for name, c in costs.items() if c.gas > c.budget
    ]
    return HEAD + "\n".join(rows) + "\n" + "".join(missed) + FOOT


def write_report(path: Path, costs: Mapping[str, Cost]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = {name: {"gas": cost.gas, "budget": cost.budget} for name, cost in costs.items()}
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _put(page: str, check: bool) -> list[str]:
    if not check:
        PAGE.write_text(page, encoding="utf-8")
        return []
    found = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    return [] if found == page else ["docs/gas.md is not what the tests give; run `make gas`"]


def _print(console: Console, costs: Mapping[str, Cost]) -> None:
    table = Table(title="Gas of whole transactions", title_justify="left")
    for heading in ("operation", "gas", "budget"):
        table.add_column(heading, justify="left" if heading == "operation" else "right")
    for name, cost in costs.items():
        style = "bold red" if cost.gas > cost.budget else ""
        table.add_row(name, f"{cost.gas:,}", f"{cost.budget:,}", style=style)
    console.print(table)
