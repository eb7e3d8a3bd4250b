"""forge's tests, run and read from its JSON."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chain_node.compile import ROOT


class ForgeFailed(RuntimeError):
    """forge did not come as far as running tests; the message is its own."""


@dataclass(frozen=True)
class Outcome:
    """One test. `kind` is what forge counted, e.g. {"Invariant": {"runs": 256, ...}}; `lines` is what it logged."""

    suite: str
    name: str
    passed: bool
    reason: str
    kind: dict[str, Any]
    lines: tuple[str, ...]


def run_tests(arguments: Sequence[str]) -> list[Outcome]:
    """Runs `forge test` with these arguments. A test that fails is a result; only a run that cannot begin raises."""
    command = ["forge", "test", "--json", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # nosec B603 # a list, no shell
    try:
        suites = json.loads(done.stdout)
    except ValueError as error:
        said = (done.stderr.strip() or done.stdout.strip())[-4000:]
        raise ForgeFailed(f"`{' '.join(command)}` ended with {done.returncode}: {said}") from error
    return read_results(suites)


def read_results(suites: dict[str, Any]) -> list[Outcome]:
    """Reads what `forge test --json` prints, in the order of suites and names."""
    return [
        Outcome(
            suite=suite,
            name=signature.partition("(")[0],
            passed=result["status"] == "Success",
            reason=result["reason"] or "",
            kind=result["kind"],
            lines=tuple(result["decoded_logs"]),
        )
        for suite, ran in sorted(suites.items())
        for signature, result in sorted(ran["test_results"].items())
    ]
