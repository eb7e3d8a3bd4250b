"""For Brownie, after `portolan node start` and `portolan node brownie`:

brownie console --network portolan-local                  with the running chain's contracts, e.g. HealthCheck[0]
brownie run console --network portolan-local              says what its cash tokens and pools hold
brownie console, and there: from scripts.console import contracts; c = contracts(); c["LendingPool:EUR"].netAssets()
"""

import json
from pathlib import Path
from typing import Any


def deployments_of_active_network() -> Path:
    """The list of contracts of the network that Brownie is connected to, where `portolan node brownie` found it, else
    where `portolan node start` keeps it."""
    from brownie.network.main import show_active

    active = str(show_active())
    link = Path("build/brownie/lists") / f"{active}.json"
    return link if link.exists() else Path("build/networks") / active.removeprefix("portolan-") / "deployments.json"


def contracts(deployments: Path | str | None = None) -> dict[str, Any]:
    """The deployed contracts as Brownie's objects, by their deployed names, e.g. `contracts()["CashToken:EUR"]`.

    `persist=False` because Brownie 1.22.2 fails to note a project's contract of a live network in its own database.
    """
    from brownie.project.main import get_loaded_projects

    (loaded,) = get_loaded_projects()
    path = Path(deployments) if deployments else deployments_of_active_network()
    entries = json.loads(path.read_text(encoding="utf-8"))["contracts"]
    return {name: loaded[e["contract"]].at(e["address"], persist=False) for name, e in entries.items()}


def main(deployments: str | None = None) -> None:
    """Prints, per currency, the cash issued and the pool's books, in minor units."""
    found = contracts(deployments)
    for name, contract in found.items():
        if name.startswith("CashToken:"):
            code = name.removeprefix("CashToken:")
            pool = found[f"LendingPool:{code}"]
            print(f"{code}: {contract.totalSupply()} issued; pool {pool.grossAssets()} gross, {pool.netAssets()} net")
