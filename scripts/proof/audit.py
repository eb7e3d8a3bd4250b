"""`portolan audit`: asks an advisory service whether a locked Python package has a known weakness.

It ends with 0 where every package was looked up and none is known to be weak, with 1 where one is, and with 3 where the
service could not be asked about all of them: then nothing is proven, which must not look like a clean bill.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from chain_node.compile import ROOT

LOCK: Final = ROOT / "requirements.txt"
CLEAN, WEAK, NOT_ASKED = 0, 1, 3
_NAMED = 5


def run_command(service: str = "", lock: Path = LOCK) -> int:
    """`service` is the address of an OSV service; PyPI's own advisories where empty."""
    console = Console(highlight=False, soft_wrap=True)
    said = _ask(service, lock)
    if said is None:
        console.print("The advisory service cannot be asked: nothing is known about the packages. No audit was made.")
        return NOT_ASKED
    weak = [package for package in said if package.get("vulns")]
    unknown = [str(package["name"]) for package in said if "skip_reason" in package]
    for package in weak:
        for found in package["vulns"]:
            mended = ", ".join(found.get("fix_versions", [])) or "no version yet"
            console.print(f"{package['name']} {package['version']}: {found['id']}, mended in {mended}")
    if unknown:
        named = ", ".join(unknown[:_NAMED]) + (", ..." if len(unknown) > _NAMED else "")
        console.print(f"The advisory service does not answer for {len(unknown)} of {len(said)} packages: {named}.")
    if weak:
        return WEAK
    if unknown or not said:
        console.print("The audit is not complete: the service is away, or it is not the one that knows these packages.")
        return NOT_ASKED
    console.print(f"None of {len(said)} packages has a known weakness.")
    return CLEAN


def _ask(service: str, lock: Path) -> list[dict[str, Any]] | None:
    """What the service says of each package; None where it says nothing."""
    chosen = ["--vulnerability-service", "osv", "--osv-url", service] if service else []
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--no-deps", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", *chosen]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # nosec B603 # a list, no shell
    try:
        return list(json.loads(done.stdout)["dependencies"])
    except (ValueError, KeyError, TypeError):
        return None
