"""Node processes on a running network, for tests that kill them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from support.network import RunningNetwork, lei

from chain_node.client import Fact, Milestone, Role
from chain_node.references import NetworkKey, reference
from oracles.cli import oracle_app
from oracles.network import VOTE_EVENTS

WAIT_SECONDS = 240.0
DIED_BY_KILL = -signal.SIGKILL
PASSPHRASE = "of this test alone"


def toml(settings: dict[str, Any]) -> str:
    """Plain values first, then the tables."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items() if not isinstance(value, dict)]
    for table in (name for name, value in settings.items() if isinstance(value, dict)):
        lines += [f"[{table}]", *(f"{name} = {json.dumps(value)}" for name, value in settings[table].items())]
    return "\n".join(lines) + "\n"


@dataclass
class NodeHome:
    """One organisation's node: its folder, its key, its processes."""

    network: RunningNetwork
    folder: Path
    account: LocalAccount
    lei: str
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "node.toml"

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox"

    def write(self) -> None:
        """Keys and settings as an operator would lay them out."""
        self.inbox.mkdir(parents=True, exist_ok=True)
        keystore = Account.encrypt(self.account.key, PASSPHRASE, kdf="pbkdf2", iterations=1000)
        (self.folder / "key.json").write_text(json.dumps(keystore))
        (self.folder / "passphrase").write_text(PASSPHRASE + "\n")
        settings: dict[str, Any] = {
            "name": self.folder.name,
            "organisation": self.lei,
            "rpc_url": self.network.rpc_url,
            "deployments": str(self.network.deployments),
            "network_key_file": str(self.network.data_dir / "network.key"),
            "keystore": "key.json",
            "passphrase_file": "passphrase",
            "inbox": "inbox",
            "database": "node.db",
            "clock_tolerance_seconds": 0,
        }
        self.config.write_text(toml(settings | self.changes))

    def drop(self, name: str, data: bytes) -> float:
        """Renames a file into the inbox; the moment of it, on the machine's clock."""
        part = self.folder / f".{name}.part"
        part.write_bytes(data)
        moment = time.time()
        part.replace(self.inbox / name)
        return moment

    def transactions(self) -> list[str]:
        """The states of the node's transactions, read beside the node."""
        path = self.folder / "node.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return [status for (status,) in database.execute("SELECT status FROM submission ORDER BY id")]

    @contextmanager
    def running(self, *arguments: str) -> Iterator[NodeProcess]:
        process = NodeProcess(self, arguments)
        try:
            yield process
        finally:
            process.end()


class NodeProcess:
    """`portolan oracle run` as a process of its own, with its log lines.

    Forked, which saves it the seconds of importing everything; `fresh` starts a new interpreter instead.
    """

    def __init__(
        self, home: NodeHome, arguments: tuple[str, ...] = (), *, fresh: bool = False, verb: str = "run"
    ) -> None:
        self.log_path = home.folder / f"log-{time.monotonic_ns()}.jsonl"
        self.log_path.touch()
        command = [verb, "--config", str(home.config), *arguments]
        self._code: int | None = None
        self.pid = self._started(command) if fresh else self._forked(command)

    def _started(self, command: list[str]) -> int:
        code = "from oracles.cli import oracle_app; oracle_app()"
        with self.log_path.open("wb") as log:
            return subprocess.Popen([sys.executable, "-c", code, *command], stdout=log, stderr=subprocess.STDOUT).pid

    def _forked(self, command: list[str]) -> int:
        pid = os.fork()
        if pid:
            return pid
        code = 70
        try:
            sys.stdout = sys.stderr = self.log_path.open("w", buffering=1)
            oracle_app(command, standalone_mode=True)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
        finally:
            # Never back into the test runner.
            os._exit(code)

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def lines(self, event: str | None = None) -> list[dict[str, Any]]:
        text = [line for line in self.log_path.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
        found = [json.loads(line) for line in text]
        return [line for line in found if event is None or line["event"] == event]

    def wait_for(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        until(lambda: len(self.lines(event)) >= count or self.poll() is not None)
        assert len(self.lines(event)) >= count, self.log_path.read_text()
        return self.lines(event)

    def wait_for_death(self) -> int:
        until(lambda: self.poll() is not None)
        code = self.poll()
        assert code is not None, self.log_path.read_text()
        return code

    def signal(self, number: int) -> int:
        """Sends a signal and waits for the end it brings."""
        os.kill(self.pid, number)
        return self.wait_for_death()

    def end(self) -> None:
        if self.poll() is None:
            self.signal(signal.SIGTERM)


@dataclass
class Trade:
    """A network with a supplier; makes nodes and opens consignments."""

    network: RunningNetwork
    folder: Path
    supplier: LocalAccount = field(default_factory=lambda: Account.create())

    def __post_init__(self) -> None:
        self.key = NetworkKey.load(self.network.data_dir / "network.key")
        self.network.admit(new_lei(), self.supplier.address, int(Role.SUPPLIER))

    def node(self, name: str, role: Role, **changes: Any) -> NodeHome:
        home = NodeHome(self.network, self.folder / name, Account.create(), new_lei(), changes)
        self.network.admit(home.lei, home.account.address, int(role))
        home.write()
        return home

    def open(self, order: str) -> bytes:
        """A consignment that its order number leads to."""
        subject = os.urandom(32)
        call = self.network.chain.milestones.open_subject(subject, [reference(self.key, "order", order)])
        self.network.send(self.supplier, call)
        return subject

    def fact(self, subject: bytes, milestone: Milestone) -> Fact:
        return self.network.chain.milestones.fact(subject, milestone, 1)

    def votes(self, subject: bytes) -> list[tuple[int, bytes]]:
        """(milestone, evidence) of every vote that the network counted for a consignment, in order."""
        chain = self.network.chain
        events = [chain.decode(log) for log in chain.logs(chain.addresses.first_block, chain.block_number())]
        counted = [e for e in events if e and e.name in VOTE_EVENTS and bytes(e.arguments["subject"]) == subject]
        return [(int(e.arguments["milestone"]), bytes(held)) for e in counted for held in e.arguments["evidence"]]

    def moment(self, seconds_ago: int = 60) -> datetime:
        """On the chain's clock."""
        return datetime.fromtimestamp(self.network.now(), UTC) - timedelta(seconds=seconds_ago)


_made = iter(range(1, 10_000))


def new_lei() -> str:
    return lei(f"ORACLETEST{next(_made):06d}")


def until(true: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
    """Waits for it; the caller's assertion says what was missing."""
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.03)
