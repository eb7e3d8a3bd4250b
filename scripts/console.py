"""For Brownie, after `portolan node start` and `portolan node brownie`:

brownie run console                        says what the contracts of the running chain hold
brownie console                            and there: from scripts.console import contracts; c = contracts()
"""

import json
from pathlib import Path
from typing import Any

DEPLOYMENTS = Path("build/networks/local/deployments.json")


def contracts(deployments: Path | str = DEPLOYMENTS) -> dict[str, Any]:
    """The deployed contracts as Brownie's objects, by their deployed names, e.g. `contracts()["CashToken:EUR"]`.

    `persist=False` because Brownie 1.22.2 fails to note a project's contract of a live network in its own database.
    """
    from brownie.project.main import get_loaded_projects

    (loaded,) = get_loaded_projects()
    entries = json.loads(Path(deployments).read_text(encoding="utf-8"))["contracts"]
    return {name: loaded[e["contract"]].at(e["address"], persist=False) for name, e in entries.items()}


def main(deployments: str = str(DEPLOYMENTS)) -> None:
    """Prints, per currency, the cash issued and the pool's books, in minor units."""
    found = contracts(deployments)
    for name, contract in found.items():
        if name.startswith("CashToken:"):
            code = name.removeprefix("CashToken:")
            pool = found[f"LendingPool:{code}"]
            print(f"{code}: {contract.totalSupply()} issued; pool {pool.grossAssets()} gross, {pool.netAssets()} net")
