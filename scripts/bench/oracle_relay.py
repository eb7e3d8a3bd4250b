"""Facts a second that three nodes bring on chain through a relay, against one transaction for each observation.

Full way both times: papers into three inboxes, one second a block, facts counted on chain. Only the settings differ.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from rich.console import Console

from chain_node.client import Call, Role, sign_call
from chain_node.engines.base import hasten
from chain_node.keys import KeyRing
from chain_node.references import NetworkKey, reference
from scripts.bench.figures import Figure
from scripts.embedded import EmbeddedNetwork, EmbeddedSettings

SECONDS: Final = 60.0
STEPS: Final = ("loading", "departing", "arriving", "unloading", "receiving", "storing")
"""Each makes a fact of its own of the same consignment."""
CONSIGNMENTS_A_PAPER: Final = 8
PAPERS_AHEAD: Final = 12
"""So many wait in an inbox at any time, so that nothing waits for papers."""
MOST_SUBJECTS: Final = 6_000
START_SECONDS: Final = 120.0
NODES: Final = 3
GAS: Final = 2_000_000
PASSPHRASE: Final = "of this benchmark alone"  # noqa: S105 - of keys that are thrown away
RELAY_PORT: Final = 18_710


def measure_oracle_relay(work_dir: Path, console: Console, seconds: float = SECONDS) -> list[Figure]:
    """One figure: facts a second through the relay, for `seconds` after the first fact."""
    with EmbeddedNetwork(EmbeddedSettings(work_dir), console) as network:
        network.start(gateway=False)
        arena = Arena(network)
        arena.admit()
        with console.status("Attesting with a transaction for each observation"):
            alone = arena.facts_per_second("alone", seconds, {"batch_limit": 1})
        url = f"http://127.0.0.1:{RELAY_PORT}"
        with console.status("Attesting through a relay"):
            bundled = arena.facts_per_second(
                "bundled", seconds, {"bundling": {"urls": [url], "patience_seconds": 30}}, relays=True
            )
    against = f"one transaction per observation ({alone:.1f} facts/s)"
    return [Figure("facts_through_relay", bundled, "facts/s", against, bundled / alone, [bundled, alone])]


@dataclass
class Arena:
    """A network with three organisations of every role, and as many consignments as are asked for."""

    network: EmbeddedNetwork
    supplier: LocalAccount = field(default_factory=lambda: Account.create())
    witnesses: list[LocalAccount] = field(default_factory=lambda: [Account.create() for _ in range(NODES)])
    opened: int = 0
    subjects: set[bytes] = field(default_factory=set)
    """Those of this way of attesting: what the one before left in the chain's pool is not counted."""
    nonces: dict[str, int] = field(default_factory=dict)

    def admit(self) -> None:
        """The supplier and the three nodes."""
        registry, until = self.network.chain.registry, int(time.time()) + 10 * 365 * 86_400
        registrar = KeyRing(self.network.data_dir).account("registrar")
        roles = Role.CARRIER | Role.WAREHOUSE | Role.INSPECTOR
        members = [(self.supplier, _lei("BENCHSUPPLY"), int(Role.SUPPLIER))]
        members += [(account, _lei(f"BENCHNODE{n}"), int(roles)) for n, account in enumerate(self.witnesses)]
        for account, lei, its_roles in members:
            self._send(registrar, registry.register_organisation(lei, "", "DE", its_roles, until))
            self._send(registrar, registry.admit_account(lei, account.address))
        hasten(self.network.chain.node)

    def facts_per_second(self, name: str, seconds: float, settings: dict[str, Any], *, relays: bool = False) -> float:
        """With three nodes of these settings, from the first fact on."""
        folder, chain = self.network.data_dir / name, self.network.chain
        self.subjects.clear()
        homes = [folder / f"node-{number}" for number in range(len(self.witnesses))]
        with ExitStack() as stack:
            if relays:
                stack.enter_context(self._running(self._relay(folder / "relay"), "relay"))
            for number, home in enumerate(homes):
                stack.enter_context(self._running(self._node(home, number, settings), "run"))
            feeder = Feeder(self, homes)
            began = chain.block_number() + 1
            self._until_first_fact(feeder, began)
            first, started = chain.block_number(), time.monotonic()
            while time.monotonic() - started < seconds:
                feeder.fill()
                time.sleep(0.2)
            last, elapsed = chain.block_number(), time.monotonic() - started
        return self._facts(first + 1, last) / elapsed

    def open_subject(self, order: str) -> None:
        key, subject = NetworkKey.load(self.network.data_dir / "network.key"), os.urandom(32)
        self.subjects.add(subject)
        call = self.network.chain.milestones.open_subject(subject, [reference(key, "order", order)])
        self._send(self.supplier, call)

    def _until_first_fact(self, feeder: Feeder, began: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._facts(began, self.network.chain.block_number()):
            if time.monotonic() > deadline:
                raise TimeoutError("no fact within two minutes")
            feeder.fill()
            time.sleep(0.2)

    def _facts(self, first: int, last: int) -> int:
        chain = self.network.chain
        if last < first:
            return 0
        events = [chain.decode(log) for log in chain.logs(first, last)]
        made = [event for event in events if event is not None and event.name == "FactFinal"]
        return sum(bytes(event.arguments["subject"]) in self.subjects for event in made)

    def _send(self, account: LocalAccount, call: Call) -> None:
        chain = self.network.chain
        nonce = self.nonces.get(account.address, chain.transaction_count(account.address, "pending"))
        chain.send_raw(sign_call(account, call, nonce=nonce, gas=GAS, chain_id=chain.chain_id).raw)
        self.nonces[account.address] = nonce + 1

    def _node(self, home: Path, number: int, settings: dict[str, Any]) -> Path:
        lei = _lei(f"BENCHNODE{number}")
        own = {
            "organisation": lei,
            "network_key_file": str(self.network.data_dir / "network.key"),
            "inbox": "inbox",
            "clock_tolerance_seconds": 0,
        }
        (home / "inbox").mkdir(parents=True)
        return self._config(home, self.witnesses[number], own | settings)

    def _relay(self, home: Path) -> Path:
        home.mkdir(parents=True)
        # With inboxes that never empty, nodes come to the same paper seconds apart.
        rules = {"items_per_second": 10_000, "quorum_seconds": 10, "answer_seconds": 10}
        return self._config(home, Account.create(), {"http": {"listen": f"127.0.0.1:{RELAY_PORT}"}, "relay": rules})

    def _config(self, home: Path, account: LocalAccount, more: dict[str, Any]) -> Path:
        keystore = Account.encrypt(account.key, PASSPHRASE, kdf="pbkdf2", iterations=1000)
        (home / "key.json").write_text(json.dumps(keystore))
        (home / "passphrase").write_text(PASSPHRASE)
        every = {
            "name": home.name,
            "rpc_url": self.network.rpc_url,
            "deployments": str(self.network.data_dir / "deployments.json"),
            "keystore": "key.json",
            "passphrase_file": "passphrase",
            "database": "node.db",
        } | more
        (home / "node.toml").write_text(_toml(every))
        return home / "node.toml"

    @contextmanager
    def _running(self, config: Path, verb: str) -> Iterator[None]:
        command = [sys.executable, "-m", "scripts.portolan", "oracle", verb, "--config", str(config)]
        with (config.parent / "log.jsonl").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
            try:
                yield
            finally:
                # A node that has much to do finishes its turn first; what it would still send is not measured.
                process.kill()
                process.wait()


@dataclass
class Feeder:
    """Keeps papers in the nodes' inboxes: each has its own of every event, a few seconds apart."""

    arena: Arena
    homes: Sequence[Path]
    papers: int = 0

    def fill(self) -> None:
        while self.arena.opened < MOST_SUBJECTS and self._waiting() < PAPERS_AHEAD:
            orders = [f"BENCH-{self.arena.opened + number}" for number in range(CONSIGNMENTS_A_PAPER)]
            for order in orders:
                self.arena.open_subject(order)
            self.arena.opened += len(orders)
            at = datetime.fromtimestamp(self.arena.network.chain.block().timestamp, UTC) - timedelta(minutes=5)
            for number, home in enumerate(self.homes):
                part = home / "paper.part"
                part.write_bytes(_paper(orders, at + timedelta(seconds=number)))
                part.replace(home / "inbox" / f"{self.papers:06d}.json")
            self.papers += 1

    def _waiting(self) -> int:
        """In the inbox that is worked off slowest."""
        return max(len(os.listdir(home / "inbox")) for home in self.homes)


def _paper(orders: Sequence[str], at: datetime) -> bytes:
    events = [
        _event(order, step, at + timedelta(seconds=place)) for order in orders for place, step in enumerate(STEPS)
    ]
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": at.isoformat(),
        "epcisBody": {"eventList": events},
    }
    return json.dumps(document).encode()


def _event(order: str, step: str, at: datetime) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": at.isoformat(),
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "bizStep": step,
        "epcList": [],
        "quantityList": [{"epcClass": "https://id.gs1.org/01/04012345101010", "quantity": 950}],
        "bizTransactionList": [{"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:4012345000023:{order}"}],
    }


def _toml(settings: dict[str, Any]) -> str:
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items() if not isinstance(value, dict)]
    for name in (name for name, value in settings.items() if isinstance(value, dict)):
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in settings[name].items())]
    return "\n".join(lines) + "\n"


def _lei(stem: str) -> str:
    """A valid LEI that begins with the given digits and capital letters."""
    body = stem.ljust(18, "0")
    check = 98 - int("".join(str(int(c, 36)) for c in body + "00")) % 97
    return f"{body}{check:02d}"
