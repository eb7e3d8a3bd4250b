"""For Brownie: `brownie run scripts/health_check --network portolan-local`, after `portolan node brownie`.

Asks the chain whether it makes blocks, whether the Directory names the contracts of deployments.json, and its own
HealthCheck whether all books agree. Ends with 1 where something is wrong.
"""

import time
from typing import Any

from scripts.console import contracts

_PATIENCE_SECONDS = 20


def main(deployments: str | None = None) -> None:
    """Prints a line for each question, and what is wrong."""
    from brownie import chain

    found = contracts(deployments)
    problems = [*_of_blocks(chain), *_of_the_directory(found), *_of_the_books(found)]
    print(f"block {chain.height}, {len(found)} contracts, {len(found['Directory'].names())} names in the Directory")
    for problem in problems:
        print(f"WRONG: {problem}")
    if problems:
        raise SystemExit(1)
    print("All is well.")


def _of_blocks(chain: Any) -> list[str]:
    """Whether blocks come, not how old they are: the embedded chain may have any clock."""
    begun, until = chain.height, time.monotonic() + _PATIENCE_SECONDS
    while chain.height == begun:
        if time.monotonic() > until:
            return [f"no block came after {begun} in {_PATIENCE_SECONDS} seconds"]
        time.sleep(0.2)
    return []


def _of_the_directory(found: dict[str, Any]) -> list[str]:
    problems = []
    for raw in found["Directory"].names():
        name, address = bytes(raw).rstrip(b"\0").decode(), found["Directory"].moduleOf(raw)
        if name in found and found[name].address != address:
            problems.append(f"the Directory has {name} at {address}, deployments.json at {found[name].address}")
        if name not in found:
            problems.append(f"the Directory has {name} at {address}, deployments.json does not know it")
    return problems


def _of_the_books(found: dict[str, Any]) -> list[str]:
    healthy, invariant, subject = found["HealthCheck"].check()
    return [] if healthy else [f"the books break {invariant!r} (of {subject})"]
