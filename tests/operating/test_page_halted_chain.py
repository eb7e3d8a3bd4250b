"""docs/operating/halted-chain.md, typed as it stands, after the chain's process was killed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from gateways import set_up_gateway
from rehearsal import Rehearsal
from support.network import RunningNetwork, lei

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

    def halt() -> None:
        endpoint = find_endpoint(folder)
        assert endpoint is not None
        # Its state is on the disk, as a node's is; then it dies.
        present_network.engine.stop()
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
        },
        {"1. Is it the chain?": halt},
    )

    chain = Chain.connect(url, AddressBook.load(present_network.deployments))
    assert chain.cash("EUR").balance_of(account) == 1
    chain.close()
