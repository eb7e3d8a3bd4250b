"""docs/operating/restore-gateway.md, typed as it stands: the data of a gateway is lost after its back-up."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gateways import RunGateway, set_up_gateway
from rehearsal import Rehearsal
from support.network import RunningNetwork, lei

from scripts.ask import credentials
from scripts.gateway_client import GatewayClient

pytestmark = [pytest.mark.node, pytest.mark.slow]


def admit(gateway: RunGateway, firm: str) -> None:
    body = {"lei": firm, "name": "Lender", "jurisdiction": "LU", "roles": ["LENDER"]}
    ends = (datetime.now(UTC) + timedelta(days=300)).isoformat()
    operator = GatewayClient(gateway.url, credentials(gateway.operator))
    operator.post("/v1/participants", {**body, "kyc_expires_at": ends})
    operator.close()


def cash_of(gateway: RunGateway, firm: str) -> str:
    """Issues ten euro to it, with the office's key, and says what it has."""
    operator = GatewayClient(gateway.url, credentials(gateway.operator))
    amount = {"amount": "1000", "currency": "EUR"}
    operator.post("/v1/cash/issues", {"lei": firm, "amount": amount, "payment_reference": "bank-after"})
    (balance,) = operator.get("/v1/cash/balances", lei=firm)["balances"]
    operator.close()
    return str(balance["amount"]["amount"])


def test_lost_gateway_is_restored_by_the_page(
    rehearsal: Rehearsal, present_network: RunningNetwork, tmp_path: Path
) -> None:
    gateway = set_up_gateway(rehearsal, present_network, tmp_path / "gateway")
    before, since = lei("PAGEBEFORE"), lei("PAGESINCE")
    admit(gateway, before)
    data, backup = gateway.folder / "data", tmp_path / "backup"
    backup.mkdir(mode=0o700)

    def disaster() -> None:
        admit(gateway, since)
        shutil.rmtree(data / "keystores")
        (data / "gateway.db").write_bytes(b"not a database any more")

    rehearsal.page(
        "restore-gateway.md",
        {
            "GATEWAY_CONFIG": gateway.config,
            "DATA": data,
            "BACKUP": backup,
            "PORTOLAN_GATEWAY": gateway.url,
            "PORTOLAN_CLIENT": gateway.operator,
            "OUT": tmp_path / "replayed",
        },
        {"2. Stop what is left, and put it aside": disaster},
    )

    operator = GatewayClient(gateway.url, credentials(gateway.operator))
    known = {participant["lei"] for participant in operator.get("/v1/participants", limit="200")["items"]}
    operator.close()
    assert {before, since} <= known  # the later one from the chain
    assert cash_of(gateway, before) == "1000"
    assert list(gateway.folder.glob("data.lost-*"))
