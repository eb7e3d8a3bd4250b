"""docs/operating/halted-chain.md, typed as it stands, after the service's process was killed outright. What a member
types of its validator is typed in a network of members whose validators are all down."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from gateways import set_up_gateway
from members import NAME, make_network, typed
from rehearsal import Rehearsal
from support.network import RunningNetwork, lei
from support.ports import free_triples

from chain_node.client import AddressBook, Chain
from chain_node.engines.base import find_endpoint
from scripts.ask import credentials
from scripts.gateway_client import GatewayClient

pytestmark = [pytest.mark.node, pytest.mark.slow]


def test_chain_whose_process_died_goes_on_by_the_page(
    rehearsal: Rehearsal, present_network: RunningNetwork, tmp_path: Path
) -> None:
    gateway = set_up_gateway(rehearsal, present_network, tmp_path / "gateway")
    firm, folder, url = lei("PAGEHALTED"), present_network.data_dir, present_network.rpc_url
    operator = GatewayClient(gateway.url, credentials(gateway.operator))
    ends = (datetime.now(UTC) + timedelta(days=300)).isoformat()
    body = {"lei": firm, "name": "Fund", "jurisdiction": "LU", "roles": ["LENDER"], "kyc_expires_at": ends}
    account = str(operator.post("/v1/participants", body)["account"])
    operator.close()
    program, port = rehearsal.stand_ins.folder / "portolan", urlsplit(url).port
    start = f"ExecStart={program} node start --data-dir {folder} --port {port}"
    rehearsal.stand_ins.install("portolan-chain", f"[Service]\nWorkingDirectory={folder}\n{start}\n")

    # From here on it is the system's service, as it is where somebody is on duty for it.
    present_network.engine.stop()
    typed(
        rehearsal, "systemctl start portolan-chain", f"until portolan node status --data-dir {folder}; do sleep 1; done"
    )

    def halt() -> None:
        assert find_endpoint(folder) is not None
        os.kill(rehearsal.stand_ins.pid("portolan-chain"), signal.SIGKILL)
        while find_endpoint(folder) is not None or answers(url):
            time.sleep(0.1)
        while httpx.get(f"{gateway.url}/readyz", timeout=60, trust_env=False).status_code == 200:
            assert find_endpoint(folder) is None

    rehearsal.page(
        "halted-chain.md",
        {
            "NETWORK": folder,
            "RPC_URL": url,
            "PORTOLAN_GATEWAY": gateway.url,
            "PORTOLAN_CLIENT": gateway.operator,
            "LEI": firm,
            "NAME": NAME,
            "ROOT": make_network(rehearsal, tmp_path),
            "OWN": tmp_path / "own-0",
            "NODE": "v0",
            "NODE_URL": f"http://127.0.0.1:{free_triples(1)[0]}",
        },
        {"1. Is it the chain?": halt},
    )

    chain = Chain.connect(url, AddressBook.load(present_network.deployments))
    assert chain.cash("EUR").balance_of(account) == 1
    chain.close()


def answers(url: str) -> bool:
    try:
        return bool(httpx.post(url, json={}, timeout=5, trust_env=False).status_code)
    except httpx.TransportError:
        return False
