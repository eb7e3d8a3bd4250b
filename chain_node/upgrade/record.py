"""upgrade.json: how far the upgrade under way is. It lies beside deployments.json, which changes at the end."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chain_node.deploy.record import Record
from chain_node.upgrade.plan import run_off_name


@dataclass
class UpgradeRecord(Record):
    """As a deployment's; `complete` says that the new contracts stand. `plan` is the digest of all that was announced,
    `modules` what was asked for, `renewed` with all that hangs on it."""

    number: int = 0
    modules: list[str] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    holder_lei: str = ""

    @property
    def summary(self) -> dict[str, Any]:
        """What deployments.json keeps of it."""
        return {
            "number": self.number,
            "modules": self.modules,
            "renewed": self.renewed,
            "plan": self.plan,
            "first_block": self.first_block,
        }


def upgrade_path(folder: Path) -> Path:
    return folder / "upgrade.json"


def run_off_path(folder: Path, number: int) -> Path:
    """The list of contracts as it was before the upgrade: who works on the old version reads it."""
    return folder / f"deployments-run-off-{number}.json"


def merged(base: Record, upgrade: UpgradeRecord) -> Record:
    """The list of contracts after the upgrade: the new by their names, the old by their run-off names. What an earlier
    build made says so, because what today's sources compile to is no measure for it."""
    result = deepcopy(base)
    for name, entry in base.contracts.items():
        old = {**entry}
        if base.code_version != upgrade.code_version:
            old.setdefault("code_version", base.code_version)
        if name in upgrade.renewed:
            result.contracts[name] = upgrade.contracts[name]
            result.contracts[run_off_name(upgrade.number, name)] = old
        else:
            result.contracts[name] = old
    result.code_version = upgrade.code_version
    result.upgrades = [*base.upgrades, upgrade.summary]
    return result
