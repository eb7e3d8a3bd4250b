"""docs/operating/key-loss.md, typed as it stands: an oracle node's key is stolen, a keystore of the gateway lost, and
in a network of members a validator's key and a member's are replaced."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gateways import set_up_gateway
from members import MEMBERS, NAME, make_network, typed
from rehearsal import Rehearsal
from support.network import RunningNetwork, lei
from support.ports import free_port
from witnesses import handed_files

from chain_node.admissions import carry_out, steps
from chain_node.client.admission import read_request
from chain_node.keys import address_of
from chain_node.networks.ceremony import load_ceremony
from scripts.ask import credentials
from scripts.gateway_client import GatewayClient

pytestmark = [pytest.mark.node, pytest.mark.slow]
ANSWER = "7. The others answer (each, on the telephone with the member)"


def members_network(
    rehearsal: Rehearsal, where: Path
) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    """What the member fills in, and what two others do; each has its own copy of the network's folder."""
    root, sent = make_network(rehearsal, where), where / "sent"
    sent.mkdir()
    (where / "next-pass").write_text("another passphrase that is long enough\n")
    for at in (1, 2):
        shutil.copytree(root, where / f"copy-{at}")
    own = {"NAME": NAME, "ROOT": root, "OWN": where / "own-0", "PASS": where / "pass", "NEW_PASS": where / "next-pass"}
    node = {"MEMBER": MEMBERS[0], "NODE": "v0", "HOST": "127.0.0.1", "PORT": 30399, "SENT": sent}
    first, second = (
        {"OTHER_ROOT": where / f"copy-{at}", "OTHER_OWN": where / f"own-{at}", "OTHER_PASS": where / "pass"}
        for at in (1, 2)
    )
    return {**own, **node}, first, second


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

    members, first, second = members_network(rehearsal, tmp_path)

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
            **members,
            **first,
            "PROPOSAL": 1,
        },
        {"3. The gateway cannot open an organisation's key (the gateway's operator)": lose_keystore},
    )
    for answers in ({**second, "PROPOSAL": 1}, {**first, "PROPOSAL": 2}, {**second, "PROPOSAL": 2}):
        rehearsal.again("key-loss.md", ANSWER, answers, {**first, "PROPOSAL": 1})

    again = read_request(new / "admission-request.json", present_network.now())
    assert chain.registry.membership_of(request.account).frozen
    assert chain.registry.is_admitted(again.account)
    assert chain.registry.membership_of(again.account).organisation == chain.registry.organisation_of(firm)
    assert (keystores / f"{customer}.json").read_bytes() == (kept / f"{customer}.json").read_bytes()
    GatewayClient(gateway.url, credentials(own)).close()
    agreed = load_ceremony(tmp_path / "copy-2" / NAME).state
    assert "v0-new" in agreed.nodes
    assert "v0" not in agreed.nodes
    assert [its.key for its in agreed.members.values() if its.lei == MEMBERS[0]] == [
        address_of(tmp_path / "own-0" / "member-2.json").lower()
    ]
