"""`portolan slither`: the static analysis of the contracts. Every finding that is accepted says why.

contracts/slither.toml lists what is accepted: a detector, where (globs over `Contract.function`), and because. A
finding that nothing accepts fails, and so does an entry that accepts nothing any more.
"""

import json
import shutil
import subprocess
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from chain_node.compile import ROOT

ACCEPTED: Final = ROOT / "contracts" / "slither.toml"
WORK: Final = ROOT / "build" / "slither"
_SWEEPING: Final = ("Low", "Informational", "Optimization")
_KEYS: Final = {"check", "where", "because"}


class SlitherFailed(RuntimeError):
    """The contracts could not be compiled or analysed, or the list of what is accepted cannot be read."""


@dataclass(frozen=True)
class Finding:
    """One finding. `place` is where it is, e.g. `LendingPool.deposit`; `text` is slither's own description."""

    check: str
    impact: str
    place: str
    text: str


@dataclass(frozen=True)
class Accepted:
    """Findings that may stand: those of one detector whose place fits one of the globs."""

    check: str
    where: tuple[str, ...]
    because: str

    def covers(self, finding: Finding) -> bool:
        return finding.check == self.check and any(fnmatchcase(finding.place, glob) for glob in self.where)


def run_command() -> int:
    console, errors = Console(), Console(stderr=True, soft_wrap=True, markup=False)
    try:
        accepted = read_accepted(ACCEPTED)
        findings = analyse()
    except SlitherFailed as error:
        errors.print(str(error))
        return 1
    problems = judge(findings, accepted)
    for problem in problems:
        errors.print(problem)
    console.print(f"slither: {len(findings)} findings, {len(accepted)} explanations, {len(problems)} problems")
    return 1 if problems else 0


def judge(findings: Iterable[Finding], accepted: Iterable[Accepted]) -> list[str]:
    """What is not in order: findings without an explanation, and explanations of nothing."""
    findings, accepted = list(findings), list(accepted)
    problems = [
        f"not accepted in contracts/slither.toml: {f.check} ({f.impact}) at {f.place}\n  {f.text}"
        for f in findings
        if not any(one.covers(f) for one in accepted)
    ]
    for one in accepted:
        for glob in one.where:
            found = [f for f in findings if f.check == one.check and fnmatchcase(f.place, glob)]
            if not found:
                problems.append(f"contracts/slither.toml: {one.check} at {glob} is no longer found; take it out")
            elif "*" in glob and any(f.impact not in _SWEEPING for f in found):
                problems.append(
                    f"contracts/slither.toml: {one.check} is of medium or high impact; name each place of {glob}"
                )
    return problems


def read_accepted(path: Path) -> list[Accepted]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("accepted", [])
    except (OSError, ValueError) as error:
        raise SlitherFailed(f"{path}: {error}") from error
    for number, entry in enumerate(entries, 1):
        if set(entry) != _KEYS or not entry["where"] or not entry["because"].strip():
            raise SlitherFailed(f"{path}: entry {number} needs check, where and because, and nothing else")
    return [Accepted(entry["check"], tuple(entry["where"]), entry["because"]) for entry in entries]


def analyse() -> list[Finding]:
    """Compiles the contracts anew (forge describes only what it compiles) and lets slither look at them."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    folders = ["--out", str(WORK / "out"), "--cache-path", str(WORK / "cache")]
    _run(["forge", "build", "contracts", "--build-info", *folders])
    report = WORK / "findings.json"
    # slither.config.json says the rest. It ends with an error whenever it finds anything: its report is what counts.
    _run(["slither", ".", "--json", str(report)], may_fail=True)
    if not report.exists():
        raise SlitherFailed("slither wrote no report; run `slither .` to see why")
    return read_findings(json.loads(report.read_text(encoding="utf-8")))


def read_findings(report: dict[str, Any]) -> list[Finding]:
    if not report["success"]:
        raise SlitherFailed(f"slither: {report['error']}")
    findings = [
        Finding(item["check"], item["impact"], place_of(item["elements"][0]), item["description"].strip())
        for item in report["results"].get("detectors", [])
    ]
    return sorted(findings, key=lambda f: (f.check, f.place))


def place_of(element: dict[str, Any]) -> str:
    """The element's name with what it is in before it: `Contract.function.variable`."""
    parent = element.get("type_specific_fields", {}).get("parent")
    return f"{place_of(parent)}.{element['name']}" if parent else str(element["name"])


def _run(command: list[str], may_fail: bool = False) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # nosec B603 # a list, no shell
    if done.returncode != 0 and not may_fail:
        said = (done.stderr.strip() or done.stdout.strip())[-4000:]
        raise SlitherFailed(f"`{' '.join(command)}` ended with {done.returncode}: {said}")
