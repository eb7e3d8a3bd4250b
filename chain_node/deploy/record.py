"""deployments.json: what a deployment has done so far, written whole or not at all after each step."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from chain_node.errors import DeploymentsInvalid


@dataclass
class Record:
    """`contracts` by deployed name: address, contract, block, transaction, code_hash, arguments; after an upgrade also
    code_version, where an earlier build made it. `upgrades` in their order, see chain_node/upgrade."""

    network: str
    chain_id: int
    code_version: str
    plan: str
    deployer: str
    first_nonce: int
    first_block: int
    steps_total: int
    steps_done: int = 0
    complete: bool = False
    sandbox: bool = False
    contracts: dict[str, dict[str, Any]] = field(default_factory=dict)
    upgrades: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """None where there is no such file. Raises `DeploymentsInvalid` where it is not one of ours."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise DeploymentsInvalid(f"{path}: not a record of a deployment: {error}") from error

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
