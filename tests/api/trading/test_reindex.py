"""`portolan gateway reindex`, as it is typed: in a process of its own that has served nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from mirror import differences, rows
from ordering import EVIDENCE, QUANTITY, accepted
from trading import Trading, await_indexer, eur, invoice

from chain_node.client import Milestone
from chain_node.compile import ROOT

pytestmark = pytest.mark.node


def _config(trading: Trading, place: Path) -> Path:
    settings = trading.gateway.settings
    names = ("rpc_url", "deployments", "data_dir", "keys_dir", "network_key_file", "database_url")
    file = place / "gateway.toml"
    file.write_text("".join(f"{name} = '{getattr(settings, name)}'\n" for name in names))
    return file


def _reindex(config: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.portolan", "gateway", "reindex", "--config", str(config)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


def test_rows_after_a_reindex_equal_those_before(trading: Trading, tmp_path: Path) -> None:
    trading.network.mine_at_once()
    trading.fund(20_000_000)
    facility = trading.grant()["id"]
    sold = trading.sell(invoice(), "container:ZZXU2605127")
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    trading.desks["supplier"].write("/v1/financings", body)
    order = accepted(trading, "PO-2026-0901", deposit=eur(1_000_000))
    trading.attest(order["subject"], Milestone.DEPARTED, QUANTITY, "carrier", "inspector")
    trading.desks["debtor"].write(f"/v1/orders/{order['id']}/disputes", {"evidence": EVIDENCE})
    await_indexer(trading.gateway, trading.chain)
    before = rows(trading.gateway.database)

    command = _reindex(_config(trading, tmp_path))
    await_indexer(trading.gateway, trading.chain)

    assert command.returncode == 0, command.stderr
    assert len([table for table in before.values() if table]) > 5
    assert rows(trading.gateway.database) == before
    assert differences(trading.gateway.database, trading.chain) == []
