"""Reads of one receivable among 200,000, as a supplier who is a party to two thousand of them, against an empty route
of the same framework; and how long a read takes at a steady 200 a second. Both sides are asked by the same pump, a
process of its own. Each of the two thousand is read once before the rounds: the node is asked then, and that is a
figure of its own.

The rows are laid into the database as the indexer would have them. They are not on the chain: the token's code is
replaced by one that answers every question with zeros, so that the gateway asks and decodes as ever.
"""

import http.client
import random
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from threading import local
from typing import Final
from urllib.parse import urlsplit

from rich.console import Console
from sqlalchemy import select, text
from sqlmodel import SQLModel

from api.db import Database, insert_many
from api.participants.models import Organisation
from api.receivables.models import Holding, Receivable
from api.resources import load_tables
from chain_node.compile import ROOT
from chain_node.supervisor import Process, Supervisor
from scripts.bench.catch_up import postgres
from scripts.bench.figures import Figure, middle, percentile
from scripts.bench.pumping import Pump
from scripts.embedded import EmbeddedNetwork, EmbeddedSettings, free_port
from scripts.gateway_client import Credentials, GatewayClient, access_token

RECEIVABLES: Final = 200_000
OWN: Final = 2_000
STRANGERS: Final = 1_000
"""From here on numbers of organisations that nobody admitted."""
ROUNDS: Final = 3
READS_A_ROUND: Final = 3_000
IN_FLIGHT: Final = 16
PACE: Final = 200
PACED_READS: Final = 2_000
BURIED_UNDER: Final = 200
"""Blocks on top of those that the rows say they come from."""
WAIT_SECONDS: Final = 60.0
KNOWN_UNTIL: Final = 2_366_841_600
SUPPLIER: Final = {"lei": "999900ACMESUPPLIES58", "name": "Acme Supplies", "jurisdiction": "SE", "roles": ["SUPPLIER"]}
# PUSH2 1024, PUSH1 0, RETURN
_ZEROS: Final = "0x6104006000f3"
_EMPTY_APP: Final = """
import sys, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
async def nothing(): return {}
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
"""
Get = Callable[[str], None]


def measure_indexed_reads(work_dir: Path, console: Console) -> list[Figure]:
    """Reads a second, and the time of the slowest of a hundred in milliseconds."""
    supervisor = Supervisor()
    with postgres() as database_url:
        settings = EmbeddedSettings(work_dir, gateway_database_url=database_url)
        with EmbeddedNetwork(settings, console) as network:
            network.start()
            try:
                with console.status(f"Reading receivables, {RECEIVABLES:,} in the database"):
                    empty_url = _start_empty_app(supervisor, work_dir)
                    token = _supplier_token(network)
                    paths = [f"/v1/receivables/{id_}" for id_ in _lay_rows(network, database_url)]
                    return _measured(network.gateway_url, token, empty_url, paths)
            finally:
                supervisor.stop()


def _measured(url: str, token: str, empty_url: str, paths: Sequence[str]) -> list[Figure]:
    reads, nothings, chance = [], [], random.Random(1)  # noqa: S311 - which rows, not a secret  # nosec B311
    first = _rate(url, token, paths)
    for _ in range(ROUNDS):
        nothings.append(_rate(empty_url, "", ["/"] * READS_A_ROUND))
        reads.append(_rate(url, token, [chance.choice(paths) for _ in range(READS_A_ROUND)]))
    slow = _paced(_getter(url, token), [chance.choice(paths) for _ in range(PACED_READS)])
    against = f"an empty FastAPI route ({middle(nothings):.0f}/s)"
    least, most = percentile(slow, 0.5), percentile(slow, 0.99)
    return [
        Figure("indexed_first_reads", first, "reads/s", against, first / middle(nothings), [first]),
        Figure("indexed_reads", middle(reads), "reads/s", against, middle(reads) / middle(nothings), reads),
        Figure("indexed_read_p99", most, "ms", f"the median at {PACE} reads/s ({least:.1f} ms)", most / least, slow),
    ]


def _start_empty_app(supervisor: Supervisor, work_dir: Path) -> str:
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        try:
            _getter(url, "")("/")
        except (OSError, RuntimeError):
            return False
        return True

    argv = [sys.executable, "-c", _EMPTY_APP, str(port)]
    log_path = work_dir / "logs" / "empty.log"
    supervisor.start(Process(name="empty", argv=argv, env={"PYTHONPATH": str(ROOT)}, log_path=log_path, ready=ready))
    return url


def _supplier_token(network: EmbeddedNetwork) -> str:
    operator = GatewayClient(network.gateway_url, network.operator_credentials())
    made = operator.post("/v1/participants", {**SUPPLIER, "kyc_expires_at": "2045-01-01T00:00:00Z"})
    operator.close()
    return access_token(network.gateway_url, Credentials(made["client_id"], made["client_secret"]))


def _lay_rows(network: EmbeddedNetwork, database_url: str) -> list[str]:
    """Rows of receivables with a holding each; the ids of the supplier's own, spread evenly among them."""
    chain, database = network.chain, Database(database_url)
    chain.node.request("anvil_setCode", chain.addresses.address("ReceivableToken"), _ZEROS)
    chain.node.request("anvil_setCode", chain.addresses.address("ReceivableDisputes"), _ZEROS)
    chain.node.request("anvil_mine", hex(BURIED_UNDER))
    _await_monitor(database, chain.block_number())
    tables = SQLModel.metadata.tables
    load_tables()
    organisations = tables["organisations"]
    with database.engine.begin() as connection:
        insert_many(connection, organisations, [_stranger(STRANGERS + n) for n in range(997)])
        chosen = select(organisations.c.number).where(organisations.c.lei == SUPPLIER["lei"])
        supplier = int(connection.execute(chosen).scalar_one())
        ids = ["0x" + sha256(f"receivable {n}".encode()).hexdigest() for n in range(RECEIVABLES)]
        every = RECEIVABLES // OWN
        rows = [_receivable(id_, supplier if n % every == 0 else STRANGERS + n % 997, n) for n, id_ in enumerate(ids)]
        insert_many(connection, tables[str(Receivable.__tablename__)], rows)
        held = [{"receivable_id": id_, "holder": f"0x{n % 997:040x}", "units": 10_000_000} for n, id_ in enumerate(ids)]
        insert_many(connection, tables[str(Holding.__tablename__)], held)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    database.close()
    return ids[::every]


def _await_monitor(database: Database, block: int) -> None:
    """Until the rules of monitoring begin further on than the rows that are laid: those are history."""
    looked = text("SELECT 1 FROM monitoring_state WHERE block_number >= :block")
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        with database.engine.connect() as connection:
            if connection.execute(looked, {"block": block}).first() is not None:
                return
        if time.monotonic() > deadline:
            raise RuntimeError(f"the gateway has not looked at block {block} for {WAIT_SECONDS} s")
        time.sleep(0.2)


def _stranger(number: int) -> dict[str, object]:
    lei = f"STRANGER{number:012d}"
    row = Organisation(
        number=number, lei=lei, group_lei=lei, jurisdiction="SE", roles=1, kyc_expires_at=KNOWN_UNTIL, suspended=False
    )
    return row.model_dump()


def _receivable(id_: str, supplier: int, number: int) -> dict[str, object]:
    row = Receivable(
        id=id_,
        supplier=supplier,
        # Of the own ones both sides are one organisation: the only one that there is.
        debtor=supplier if supplier < STRANGERS else STRANGERS + number % 499,
        currency="EUR",
        registered_value=10_000_000,
        face_value=10_000_000,
        quantity=1_000,
        due_date=20_700,
        registered_at=1_780_000_000 + number,
        block_number=1 + number // 20_000,
        transaction_hash="0x" + sha256(id_.encode()).hexdigest(),
    )
    return row.model_dump()


def _rate(url: str, token: str, paths: Sequence[str]) -> float:
    """Requests a second, so many in flight."""
    told = f"Host: {urlsplit(url).netloc}\r\n" + (f"Authorization: Bearer {token}\r\n" if token else "")
    with Pump([url], [f"GET {path} HTTP/1.1\r\n{told}\r\n".encode() for path in paths], IN_FLIGHT) as pump:
        begun = time.monotonic()
        pump.go()
        return len(paths) / (time.monotonic() - begun)


def _paced(get: Get, paths: Sequence[str]) -> list[float]:
    """Milliseconds of each request, from the moment it was due: one that had to wait for others counts its wait."""
    begun = time.monotonic()

    def at_its_time(numbered: tuple[int, str]) -> float:
        number, path = numbered
        due = begun + number / PACE
        time.sleep(max(0.0, due - time.monotonic()))
        get(path)
        return (time.monotonic() - due) * 1000

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        return list(pool.map(at_its_time, enumerate(paths)))


def _getter(url: str, token: str) -> Get:
    """Gets over one kept-alive connection a thread. Raises RuntimeError for a refusal."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    connections, headers = local(), {"Authorization": f"Bearer {token}"} if token else {}

    def get(path: str) -> None:
        connection = getattr(connections, "open", None)
        if connection is None:
            connection = connections.open = http.client.HTTPConnection(str(host), port, timeout=60)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path} was refused: {answer.status} {body[:300]!r}")

    return get
