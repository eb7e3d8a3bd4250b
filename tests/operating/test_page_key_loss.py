"""docs/operating/key-loss.md, typed as it stands: an oracle node's key is stolen, a keystore of the gateway lost."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gateways import set_up_gateway
from rehearsal import Rehearsal
from support.network import RunningNetwork, lei
from witnesses import free_port, handed_files

from chain_node.admissions import carry_out, steps
from chain_node.client.admission import read_request
from scripts.ask import credentials
from scripts.gateway_client import GatewayClient

pytestmark = [pytest.mark.node, pytest.mark.slow]


def typed(rehearsal: Rehearsal, *lines: str) -> None:
    environment = rehearsal.stand_ins.environment
    subprocess.run(["bash", "-euc", "\n".join(lines)], env=environment, check=True, timeout=900, capture_output=True)


def test_lost_keys_are_replaced_by_the_page(
    rehearsal: Rehearsal, present_network: RunningNetwork, tmp_path: Path
) -> None:
    firm, customer, chain = lei("PAGEKEYLOSS"), lei("PAGECUSTOMER"), present_network.chain
    old, new, handed, kept = (tmp_path / name for name in ("skager", "skager-2", "handed", "kept"))
    handed_files(present_network, handed)
    says = f"--organisation {firm} --legal-name Skager --jurisdiction DK --roles CARRIER --name skager --user root"
    files = f"--deployments {handed}/deployments.json --network-key {handed}/network.key --folder {old}"
    typed(
        rehearsal,
        f"portolan oracle init --yes {says} {files} --rpc-url {present_network.rpc_url} --metrics-port {free_port()}",
        f"systemctl link {old}/portolan-oracle-skager.service",
        "systemctl start portolan-oracle-skager",
    )
    request = read_request(old / "admission-request.json", present_network.now())
    carry_out(chain, present_network.keys.account("registrar"), steps(chain, request, present_network.now() + 10**7))
    gateway = set_up_gateway(rehearsal, present_network, tmp_path / "gateway")
    operator = GatewayClient(gateway.url, credentials(gateway.operator))
    ends = (datetime.now(UTC) + timedelta(days=300)).isoformat()
    body = {"lei": customer, "name": "Fund", "jurisdiction": "LU", "roles": ["LENDER"], "kyc_expires_at": ends}
    own = tmp_path / "customer.json"
    own.touch(mode=0o600)
    own.write_text(json.dumps(operator.post("/v1/participants", body)))
    keystores = gateway.folder / "data" / "keystores"
    shutil.copytree(keystores, kept)

    def lose_keystore() -> None:
        (keystores / f"{customer}.json").write_text("damaged")

    rehearsal.page(
        "key-loss.md",
        {
            "ACCOUNT": request.account,
            "NETWORK": present_network.data_dir,
            "RPC_URL": present_network.rpc_url,
            "LEI": firm,
            "OLD": old,
            "NEW": new,
            "METRICS_PORT": free_port(),
            "PORTOLAN_GATEWAY": gateway.url,
            "PORTOLAN_CLIENT": gateway.operator,
            "CUSTOMER": customer,
            "DATA": gateway.folder / "data",
            "APART": kept,
        },
        {"3. The gateway cannot open an organisation's key (the gateway's operator)": lose_keystore},
    )

    again = read_request(new / "admission-request.json", present_network.now())
    assert chain.registry.membership_of(request.account).frozen
    assert chain.registry.is_admitted(again.account)
    assert chain.registry.membership_of(again.account).organisation == chain.registry.organisation_of(firm)
    assert (keystores / f"{customer}.json").read_bytes() == (kept / f"{customer}.json").read_bytes()
    GatewayClient(gateway.url, credentials(own)).close()
