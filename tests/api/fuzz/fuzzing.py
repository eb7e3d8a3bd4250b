"""A gateway that listens, on a chain of its own, with a trade under way; and schemathesis to send it requests."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from served import keyed, serve

from api.db import Database
from api.migrations import migrate
from api.resources import load_routers
from chain_node.compile import ROOT

sys.path.insert(0, str(Path(__file__).parents[1] / "trading"))
from ordering import accepted
from trading import LEIS, Trading, await_indexer, eur, invoice, operator_of, start_network

PROGRAM = ROOT / "build" / "schemathesis" / "venv" / "bin" / "schemathesis"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)


@dataclass(frozen=True)
class Target:
    """What is fuzzed: its address, a token for each kind of caller, values that lead to what there is."""

    url: str
    tokens: Mapping[str, str]
    parameters: Mapping[str, str]

    @property
    def operations(self) -> int:
        """How many are described."""
        paths = httpx.get(f"{self.url}/openapi.json", timeout=180, trust_env=False).json()["paths"]
        return sum(len(methods) for methods in paths.values())


@contextmanager
def target(directory: Path) -> Iterator[Target]:
    """A gateway with something of everything, until the block ends."""
    network = start_network(directory / "network")
    (directory / "gateway").mkdir()
    settings = network.settings(directory / "gateway", f"sqlite:///{directory / 'gateway.db'}")
    database = Database(settings.database_url)
    migrate(database.engine)
    database.close()
    try:
        with serve(settings, list(load_routers())) as served:
            hooks: Any = {"request": [keyed]}
            client: Any = httpx.Client(base_url=served.url, timeout=180, trust_env=False, event_hooks=hooks)
            trading = Trading(network, served.gateway, client, operator_of(served.gateway, client))
            yield Target(served.url, *_trade(trading))
    finally:
        network.engine.stop()


def _trade(trading: Trading) -> tuple[dict[str, str], dict[str, str]]:
    trading.network.mine_at_once()
    for name in LEIS:
        trading.admit(name)
    trading.fund(15_000_000)
    facility, sold = trading.grant()["id"], trading.sell(invoice())
    opening = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    financing = trading.desks["supplier"].write("/v1/financings", opening)["id"]
    waiting = trading.desks["supplier"].upload(invoice("AS-2026-0043")).json()
    order = accepted(trading, "PO-2026-0043", deposit=eur(1_000_000))
    await_indexer(trading.gateway, trading.chain)
    (transaction, *_) = trading.operator.get("/v1/transactions", limit="1")["items"]
    callers = {"operator": trading.operator, "supplier": trading.desks["supplier"], "supervisor": trading.supervisor()}
    return {name: desk.headers["Authorization"] for name, desk in callers.items()}, {
        "path.receivable_id": waiting["receivable_id"],
        "path.invoice_id": sold["id"],
        "path.order_id": order["id"],
        "path.digest": order["terms_hash"],
        "path.facility_id": facility,
        "path.financing_id": financing,
        "path.lei": LEIS["supplier"],
        "path.currency": "EUR",
        "path.cid": sold["document_cid"],
        "path.transaction_id": transaction["id"],
    }


def fuzzed(its: Target, caller: str, directory: Path, *, phases: str, examples: int, seed: int) -> tuple[int, str]:
    """Schemathesis over every operation with a caller's token: its exit code, and what it says."""
    config = directory / f"schemathesis-{caller}.toml"
    config.write_text(_config(its.parameters), encoding="utf-8")
    command = [PROGRAM, "--config-file", config, "run", f"{its.url}/openapi.json"]
    command += ["--header", f"Authorization: {its.tokens[caller]}", "--checks", ",".join(CHECKS)]
    command += ["--phases", phases, "--max-examples", str(examples), "--seed", str(seed)]
    command += ["--generation-database", "none", "--continue-on-failure", "--no-shrink", "--warnings", "off"]
    done = subprocess.run([str(part) for part in command], cwd=directory, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def _config(parameters: Mapping[str, str]) -> str:
    """Paths lead to what there is. A stale If-Match is refused before the body is read."""
    lines = [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in parameters.items()]
    refused = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "422"]
    checks = ["[checks.negative_data_rejection]", f"expected-statuses = {json.dumps(refused)}"]
    return "\n".join([*checks, "[parameters]", *lines, ""])
