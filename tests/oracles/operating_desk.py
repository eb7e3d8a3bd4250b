"""An operator beside a node of the bench: its commands, and its process as the heartbeat shows it."""

from __future__ import annotations

import json
from pathlib import Path

from oracle_bench import Bench
from oracle_fakes import FEEDS_ADDRESS, LEI, NETWORK_KEY, ORACLE_ADDRESS
from typer.testing import CliRunner

from oracles.cli import oracle_app


def beating(bench: Bench, turns: int = 1) -> None:
    """As `run` goes round."""
    left = iter(range(turns))
    bench.node.run(lambda: next(left, None) is None, lambda _: None)


def still_running(bench: Bench) -> None:
    """The heartbeat as a process leaves it that has not been stopped."""
    bench.node.health.stopped = False
    bench.node.health.write(bench.database)


def config_of(bench: Bench) -> Path:
    (bench.folder / "network.key").write_text(NETWORK_KEY.secret.hex())
    addresses = {"MilestoneOracle": ORACLE_ADDRESS, "FeedOracle": FEEDS_ADDRESS}
    contracts = {name: {"address": address, "contract": name} for name, address in addresses.items()}
    deployments = {
        "network": "fake",
        "chain_id": bench.chain.chain_id,
        "first_block": 1,
        "complete": True,
        "contracts": contracts,
    }
    (bench.folder / "deployments.json").write_text(json.dumps(deployments))
    values: dict[str, object] = {"name": "warehouse", "organisation": LEI, "rpc_url": "http://127.0.0.1:9"}
    values |= {"deployments": "deployments.json", "network_key_file": "network.key"}
    values |= {"inbox": "inbox", "database": "node.db"}
    values |= bench.settings_changes
    config = bench.folder / "node.toml"
    config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    return config


def command(bench: Bench, names: str, *arguments: object):
    """What `portolan oracle <names> --config ... <arguments>` answers."""
    line = [*names.split(), "--config", str(config_of(bench)), *map(str, arguments)]
    return CliRunner().invoke(oracle_app, line)
