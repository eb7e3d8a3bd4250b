"""docs/operating/lender.md, typed as it stands."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gateways import set_up_gateway
from rehearsal import Rehearsal
from support.network import RunningNetwork, lei

from chain_node.client import Role, Tranche

pytestmark = [pytest.mark.node, pytest.mark.slow]


def test_lender_is_onboarded_by_the_page(rehearsal: Rehearsal, present_network: RunningNetwork, tmp_path: Path) -> None:
    gateway = set_up_gateway(rehearsal, present_network, tmp_path / "gateway")
    papers, handed, firm = tmp_path / "papers", tmp_path / "handed", lei("PAGELENDER")
    papers.mkdir()
    handed.mkdir()
    for name in ("registration", "ownership"):
        (papers / f"{name}.pdf").write_bytes(f"%PDF-1.7 {name}".encode())

    printed = rehearsal.page(
        "lender.md",
        {
            "PORTOLAN_GATEWAY": gateway.url,
            "PORTOLAN_CLIENT": gateway.operator,
            "LEI": firm,
            "KYC_ENDS": (datetime.now(UTC) + timedelta(days=300)).strftime("%Y-%m-%dT00:00:00Z"),
            "PAPERS": papers,
            "HANDED": handed,
        },
    )

    admitted = json.loads((handed / "lender.json").read_text())
    chain = present_network.chain
    assert chain.registry.organisation(chain.registry.organisation_of(firm)).roles == int(Role.LENDER)
    assert chain.vault("EUR", Tranche.JUNIOR).balance_of(admitted["account"]) > 0
    assert chain.pool("EUR").books().cash == 10_000_000
    assert admitted["client_secret"] not in printed
