"""docs/operating/suspected-fraud.md, typed as it stands, about an invoice that its debtor has accepted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from gateways import RunGateway, set_up_gateway
from rehearsal import Rehearsal
from support.network import RunningNetwork

from chain_node.errors import ContractReverted
from scripts.ask import credentials
from scripts.gateway_client import GatewayClient

pytestmark = [pytest.mark.node, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
OPENING = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
SUPPLIER, DEBTOR = "999900ACMESUPPLIES58", "999900BOREALISRETL40"
PARTIES = {
    SUPPLIER: ("SUPPLIER", {"scheme": "VAT", "value": "DE 999 999 903"}),
    DEBTOR: ("DEBTOR", {"scheme": "0088", "value": "4012345000023"}),
}


def accepted_invoice(gateway: RunGateway, folder: Path) -> tuple[str, dict[str, Path]]:
    """The example's invoice, registered by its supplier and accepted; its id, and the parties' clients."""
    operator = GatewayClient(gateway.url, credentials(gateway.operator))
    clients = {}
    for lei, (role, identifier) in PARTIES.items():
        body: dict[str, Any] = {"lei": lei, "name": role.title(), "jurisdiction": "DE", "roles": [role]}
        body |= {"kyc_expires_at": "2027-05-04T00:00:00Z", "identifiers": [identifier]}
        clients[lei] = folder / f"{role.lower()}.json"
        clients[lei].touch(mode=0o600)
        clients[lei].write_text(json.dumps(operator.post("/v1/participants", body)))
    operator.close()
    supplier, debtor = (GatewayClient(gateway.url, credentials(clients[lei])) for lei in PARTIES)
    invoice = (ROOT / "examples" / "trade" / "invoice.ubl.xml").read_bytes()
    receivable = str(supplier.upload("/v1/invoices", invoice, "application/xml", {})["receivable_id"])
    debtor.post(f"/v1/receivables/{receivable}/acceptance", {"waive_set_off": False})
    for session in (supplier, debtor):
        session.close()
    return receivable, clients


def test_suspected_fraud_is_stopped_by_the_page(
    rehearsal: Rehearsal, own_network: RunningNetwork, tmp_path: Path
) -> None:
    own_network.engine.set_clock(int(OPENING.timestamp()))
    gateway = set_up_gateway(rehearsal, own_network, tmp_path / "gateway")
    receivable, clients = accepted_invoice(gateway, tmp_path)
    (tmp_path / "hint.pdf").write_bytes(b"%PDF-1.7 the container was empty")
    (tmp_path / "evidence").mkdir()
    account = json.loads(clients[SUPPLIER].read_text())["account"]
    tried: list[str] = []

    def suspect_tries() -> None:
        """While it is frozen."""
        registry = own_network.chain.registry
        assert not registry.is_admitted(account)
        with pytest.raises(ContractReverted):
            registry.require_admitted(account, account)
        tried.append(account)

    rehearsal.page(
        "suspected-fraud.md",
        {
            "PORTOLAN_GATEWAY": gateway.url,
            "PORTOLAN_CLIENT": gateway.operator,
            "SUSPECT": SUPPLIER,
            "RECEIVABLE": receivable,
            "DEBTOR": clients[DEBTOR],
            "HINT": tmp_path / "hint.pdf",
            "EVIDENCE": tmp_path / "evidence",
            "GATEWAY_CONFIG": gateway.config,
        },
        {"5. When it was nothing, or when it is over": suspect_tries},
    )

    assert tried == [account]
    assert own_network.chain.registry.is_admitted(account)
