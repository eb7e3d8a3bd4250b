"""A gateway as its operator runs it: a service, its settings, and the operator's client."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pages import PAGES
from rehearsal import Rehearsal
from support.network import RunningNetwork
from support.ports import free_port

OPERATOR = "999900PORTOLANOPER17"
_READY_SECONDS = 600


@dataclass(frozen=True)
class RunGateway:
    """`config` are its settings; `operator` the file with the operator's client."""

    url: str
    folder: Path
    config: Path
    operator: Path


def set_up_gateway(rehearsal: Rehearsal, network: RunningNetwork, folder: Path, **settings: str) -> RunGateway:
    """Lays it out, makes the operator's client and starts the service; ready when this returns."""
    folder.mkdir(mode=0o700)
    port = free_port()
    run = RunGateway(f"http://127.0.0.1:{port}", folder, folder / "gateway.toml", folder / "operator.json")
    values: dict[str, object] = {
        "rpc_url": network.rpc_url,
        "deployments": str(network.deployments),
        "data_dir": str(folder / "data"),
        "keys_dir": str(network.data_dir / "keys"),
        "network_key_file": str(network.data_dir / "network.key"),
        "operator_lei": OPERATOR,
        "port": port,
        "issuer": run.url,
        **settings,
    }
    run.config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    unit = (PAGES / "portolan-gateway.service").read_text(encoding="utf-8")
    unit = unit.replace("/opt/portolan/.venv/bin/portolan", str(rehearsal.stand_ins.folder / "portolan"))
    unit = unit.replace("/etc/portolan", str(folder)).replace(
        "WorkingDirectory=/var/lib/portolan", f"WorkingDirectory={folder}"
    )
    rehearsal.stand_ins.install("portolan-gateway", unit)
    _typed(rehearsal, f"portolan gateway migrate --config {run.config}")
    made = _typed(rehearsal, f"portolan gateway client create --operator --config {run.config}")
    run.operator.touch(mode=0o600)
    run.operator.write_text(made)
    _typed(rehearsal, "systemctl start portolan-gateway")
    _typed(rehearsal, f"until curl -sf {run.url}/readyz; do sleep 0.5; done")
    return run


def _typed(rehearsal: Rehearsal, command: str) -> str:
    done = subprocess.run(
        ["bash", "-c", command],
        env=rehearsal.stand_ins.environment,
        stdout=subprocess.PIPE,
        timeout=_READY_SECONDS,
        text=True,
        check=True,
    )
    return done.stdout
