"""docs/operating/carrier.md, typed as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from rehearsal import Rehearsal
from support.network import RunningNetwork, lei
from support.ports import free_port
from witnesses import departure, handed_files, open_consignment

from chain_node.client import Role

pytestmark = [pytest.mark.node, pytest.mark.slow]


def test_carrier_is_onboarded_by_the_page(
    rehearsal: Rehearsal, present_network: RunningNetwork, tmp_path: Path
) -> None:
    subject = open_consignment(present_network, "PO-PAGE")
    paper = tmp_path / "first.json"
    paper.write_bytes(departure(present_network, "PO-PAGE"))
    firm = lei("PAGECARRIER")

    rehearsal.page(
        "carrier.md",
        {
            "LEI": firm,
            "NODE": tmp_path / "skager",
            "HANDED": handed_files(present_network, tmp_path / "handed"),
            "RPC_URL": present_network.rpc_url,
            "METRICS_PORT": free_port(),
            "NETWORK": present_network.data_dir,
            "PAPER": paper,
        },
    )

    registry = present_network.chain.registry
    assert registry.organisation(registry.organisation_of(firm)).roles == int(Role.CARRIER)
    counted = [
        event
        for log in present_network.chain.logs(1, present_network.chain.block_number())
        if (event := present_network.chain.decode(log)) and bytes(event.arguments.get("subject", b"")) == subject
    ]
    assert len(counted) >= 2  # opened, and told of
    assert (tmp_path / "skager-backup.tar.gz").exists()
