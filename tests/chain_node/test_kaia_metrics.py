"""What a Kaia node tells Prometheus by our flags: what rules and dashboards name, to its own machine alone."""

from __future__ import annotations

import socket
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from support.observability import FOLDER

from chain_node.engines.kaia_node import KaiaNode
from chain_node.engines.kaia_program import BINARY, ROUND_MILLISECONDS, metrics_flags
from chain_node.engines.ports import free_ports
from chain_node.engines.seats import Place
from chain_node.genesis import kaia_genesis
from chain_node.keys import make_node_key
from chain_node.networks.documents import pretty
from chain_node.supervisor import Supervisor

pytestmark = [
    pytest.mark.node,
    pytest.mark.slow,
    pytest.mark.xdist_group("kaia"),
    pytest.mark.skipif(not BINARY.exists(), reason="make build/kaia/.stamp builds it"),
]
CHAIN_ID = 412_348
PATIENCE_SECONDS = 120.0


def test_node_tells_what_rules_name_and_to_its_own_machine_alone(tmp_path: Path) -> None:
    rpc_port, p2p_port, metrics_port = free_ports(3)
    node = alone(tmp_path, rpc_port, p2p_port)
    process = node.process(metrics_flags(host="127.0.0.1", port=metrics_port))

    with Supervisor() as supervisor:
        supervisor.start(replace(process, ready=lambda: node.listens(supervisor.pid(node.name))))
        until("a block is told", lambda: "klaytn_blockchain_head_blocknumber 1" in told(metrics_port))
        figures = {line.split("{")[0].split(" ")[0] for line in told(metrics_port).splitlines()}
        # A socket that listens on every address is reached at this one too.
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", metrics_port), timeout=60)

    named = tomllib.loads((FOLDER / "engines.toml").read_text(encoding="utf-8"))["kaia"]["names"]
    assert set(named) <= figures


def alone(folder: Path, rpc_port: int, p2p_port: int) -> KaiaNode:
    """The one validator of its network."""
    node = KaiaNode(
        number=1,
        folder=folder,
        log_path=folder / "kaia.log",
        identity=make_node_key(folder / "key"),
        rpc_port=rpc_port,
        p2p_port=p2p_port,
        place=Place(),
        chain_id=CHAIN_ID,
        block_seconds=1,
        round_milliseconds=ROUND_MILLISECONDS,
    )
    genesis = folder / "genesis.json"
    genesis.write_bytes(pretty(kaia_genesis(CHAIN_ID, [node.identity.address], int(time.time()))))
    node.prepare(genesis, [])
    return node


def told(port: int) -> str:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=60).text
    except httpx.HTTPError:
        return ""


def until(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.5)
