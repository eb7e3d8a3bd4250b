"""docs/operating/restore-oracle.md, typed as it stands, after the disk of a node that had voted was lost."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from rehearsal import Rehearsal
from support.network import RunningNetwork, lei
from support.ports import free_port
from witnesses import departure, handed_files, open_consignment

from chain_node.admissions import carry_out, steps
from chain_node.client import Chain
from chain_node.client.admission import read_request
from oracles.network import VOTE_EVENTS

pytestmark = [pytest.mark.node, pytest.mark.slow]


def votes(chain: Chain, subject: bytes) -> int:
    events = [chain.decode(log) for log in chain.logs(chain.addresses.first_block, chain.block_number())]
    return sum(1 for e in events if e and e.name in VOTE_EVENTS and bytes(e.arguments["subject"]) == subject)


def typed(rehearsal: Rehearsal, *lines: str) -> None:
    environment = rehearsal.stand_ins.environment
    subprocess.run(["bash", "-euc", "\n".join(lines)], env=environment, check=True, timeout=600, capture_output=True)


def test_lost_node_is_restored_by_the_page(
    rehearsal: Rehearsal, present_network: RunningNetwork, tmp_path: Path
) -> None:
    orders = ("PO-BEFORE", "PO-AFTER")
    subjects = [open_consignment(present_network, order) for order in orders]
    node, kept, since, handed = (tmp_path / name for name in ("skager", "kept", "since", "handed"))
    for folder in (kept, since):
        folder.mkdir()
    for order in orders:
        (since / f"{order}.json").write_bytes(departure(present_network, order))
    handed_files(present_network, handed)
    says = f"--organisation {lei('PAGERESTORE')} --legal-name Skager --jurisdiction DK --roles CARRIER --name skager"
    files = f"--deployments {handed}/deployments.json --network-key {handed}/network.key"
    own = f"--rpc-url {present_network.rpc_url} --folder {node} --metrics-port {free_port()} --user root"
    typed(rehearsal, f"portolan oracle init --yes {says} {files} {own}")
    chain = present_network.chain
    request = read_request(node / "admission-request.json", present_network.now())
    carry_out(chain, present_network.keys.account("registrar"), steps(chain, request, present_network.now() + 10**7))
    counted = f"until portolan oracle status --config {node}/node.toml | grep '%d counted'; do sleep 1; done"
    typed(
        rehearsal,
        f"cp {node}/key.json {node}/passphrase {node}/network.key {kept}",
        f"cp {node}/portolan-oracle-skager.service {tmp_path}",
        f"systemctl link {tmp_path}/portolan-oracle-skager.service",
        "systemctl start portolan-oracle-skager",
        f"cp {since}/PO-BEFORE.json {node}/.part; mv {node}/.part {node}/inbox/before.json",
        counted % 1,
        f"portolan oracle backup --config {node}/node.toml {tmp_path}/backup.tar.gz",
        f"cp {since}/PO-AFTER.json {node}/.part; mv {node}/.part {node}/inbox/after.json",
        counted % 2,
        f"portolan oracle protection export --config {node}/node.toml {tmp_path}/protection.json",
        "systemctl stop portolan-oracle-skager",
    )
    shutil.rmtree(node)  # the disk is lost

    rehearsal.page(
        "restore-oracle.md",
        {
            "NODE": node,
            "KEPT": kept,
            "BACKUP": tmp_path / "backup.tar.gz",
            "PROTECTION": tmp_path / "protection.json",
            "PAPERS": since,
        },
    )

    assert [votes(chain, subject) for subject in subjects] == [1, 1]
