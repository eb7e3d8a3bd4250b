"""The embedded network: chain, contracts, gateway and oracle nodes as processes of this machine, under one roof."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from rich.console import Console

from chain_node.cli import deploy_with_progress
from chain_node.client import Chain
from chain_node.compile import ROOT
from chain_node.config import CONFIG_ROOT, Network, load_network
from chain_node.engines import Engine, EngineChoices, make_engine
from chain_node.keys import KeyRing, make_keystore
from chain_node.supervisor import Process, Supervisor
from scripts.gateway_client import Credentials

OUTCOME_SECONDS = 20.0
READY_SECONDS = 600.0
"""Long: several validators and other work may have the machine meanwhile."""
GATHER_SECONDS = 0.3
"""Long enough for nodes that were handed their papers together."""
NOT_SIGNED = ("not signed", "refuse", "known")
PASSED_ON = ("PATH", "HOME", "LANG", "SSL_CERT_FILE")
Setting = str | int | float | Sequence[str]
SettingTable = Mapping[str, Setting]
NodeTables = Mapping[str, Mapping[str, Setting | SettingTable]]


@dataclass(frozen=True)
class Outcome:
    """What a node made of a file that it did not sign: `quarantined` or `not signed`, and why."""

    kind: str
    reason: str


@dataclass(frozen=True)
class EmbeddedSettings:
    """`clock` is the chain's time at its first block, the machine's where it is None. Ports of 0 take free ones; an
    `rpc_port` of None is the network's own. `thresholds` are numbers of organisations, by milestone, that are not as
    the network's policies have them; as a `sandbox` the gateway simulates witnesses."""

    data_dir: Path
    network: str = "local"
    """Name of a folder in network-config."""
    clock: datetime | None = None
    gateway_port: int = 0
    rpc_port: int | None = 0
    more_currencies: tuple[str, ...] = ()
    gateway_database_url: str = ""
    gateways: int = 1
    """More than one share `gateway_database_url`, a PostgreSQL."""
    sandbox: bool = False
    thresholds: Mapping[str, int] = field(default_factory=dict)
    block_gas_limit: int | None = None
    """The network's own where it is None."""
    besu: Path | None = None
    """Besu's program, where it is not the one on PATH."""


class EmbeddedNetwork:
    """Starts and stops the processes; as a context manager it surely stops them, by their process ids.

    `engine` runs the chain in place of the one that the network's file asks for."""

    def __init__(self, settings: EmbeddedSettings, console: Console, engine: Engine | None = None) -> None:
        self.settings, self.console = settings, console
        self.data_dir = settings.data_dir.resolve()
        definition = _with_currencies(load_network(CONFIG_ROOT / settings.network), settings.more_currencies)
        self.definition = _with_thresholds(definition, settings.thresholds)
        self._supervisor = Supervisor()
        self._engine = engine or make_engine(self.definition.config, self.data_dir, self._choices())
        self._chain: Chain | None = None
        self.gateway_urls: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def chain(self) -> Chain:
        if self._chain is None:
            raise RuntimeError("the embedded network is not running")
        return self._chain

    @property
    def rpc_url(self) -> str:
        return self._engine.rpc_url

    @property
    def metrics_urls(self) -> tuple[str, ...]:
        """Where Prometheus finds the figures of the chain's nodes."""
        return self._engine.metrics_urls

    @property
    def _nodes_of_the_chain(self) -> str | tuple[str, ...]:
        """What gateway and oracle nodes are given: all nodes where there are several, so that each may fail."""
        urls = self._engine.rpc_urls
        return urls if len(urls) > 1 else urls[0]

    def start(self, *, gateway: bool = True) -> None:
        """Chain, contracts and gateway; each is ready when this returns."""
        ring = KeyRing.make(self.data_dir)
        self._engine.start()
        addresses = deploy_with_progress(self.definition, ring, self._engine.rpc_url, self.console)
        self._chain = Chain.connect(self._engine.rpc_url, addresses)
        if gateway:
            for _ in range(self.settings.gateways):
                self._start_gateway()

    def stop(self) -> None:
        """In reverse order: nodes, gateway, chain. The state stays."""
        self._supervisor.stop()
        self._engine.stop()

    def check(self) -> None:
        """Raises `ProcessFailed` where a process has died."""
        self._engine.check()
        self._supervisor.check()

    # Clock

    @property
    def in_real_time(self) -> bool:
        """Whether the chain's clock is the world's, which nobody moves."""
        return self.definition.config.engine.in_real_time

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.chain.block().timestamp, UTC)

    def set_clock(self, moment: datetime) -> None:
        """Moves the chain's clock on; a moment that it has passed already changes nothing."""
        if moment > self.now():
            self._engine.set_clock(int(moment.timestamp()))

    # Gateway

    @property
    def gateway_url(self) -> str:
        """The first one's; empty before it is started."""
        return self.gateway_urls[0] if self.gateway_urls else ""

    @property
    def gateway_pids(self) -> list[int]:
        return [self._supervisor.pid(_gateway_name(number)) for number in range(len(self.gateway_urls))]

    def operator_credentials(self) -> Credentials:
        """The operator's client, made once and kept beside the network's keys."""
        kept = self.data_dir / "operator-client.json"
        if not kept.exists():
            made = _portolan("gateway", "client", "create", "--config", str(self._gateway_config), "--operator")
            unfinished = kept.with_suffix(".new")
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(made)
            unfinished.rename(kept)
        client = json.loads(kept.read_text(encoding="utf-8"))
        return Credentials(client["client_id"], client["client_secret"])

    @property
    def _gateway_config(self) -> Path:
        return self.data_dir / "gateway.toml"

    def _start_gateway(self) -> None:
        """One more; all keep the same folder and are issuers by one name, the first one's address."""
        name = _gateway_name(len(self.gateway_urls))
        port = free_port(0 if self.gateway_urls else self.settings.gateway_port)
        config = self.data_dir / f"{name.replace(' ', '-')}.toml"
        url = f"http://127.0.0.1:{port}"
        self.gateway_urls.append(url)
        _write_toml(
            config,
            {
                "rpc_url": self._nodes_of_the_chain,
                "deployments": "deployments.json",
                "data_dir": "gateway",
                "keys_dir": "keys",
                "network_key_file": "network.key",
                "operator_lei": self.definition.config.operator,
                "database_url": self.settings.gateway_database_url,
                "port": port,
                "issuer": self.gateway_url,
                # One person's network: nobody else is slowed down.
                "limits": {"requests_per_second": 0},
                **({"sandbox": {"enabled": True}} if self.settings.sandbox else {}),
            },
        )
        self._run(name, ["gateway", "run", "--config", str(config)], lambda: _gateway_is_ready(url))

    # Nodes

    def node_dir(self, name: str) -> Path:
        return self.data_dir / "nodes" / name

    def node_account(self, name: str) -> str:
        """The address of the node's own key, which is made here at the first call."""
        return make_keystore(self.node_dir(name))

    def start_nodes(self, organisations: Mapping[str, str], more: NodeTables | None = None) -> None:
        """One process a node; `organisations` gives the LEI for each node's name. They share an exchange for what they
        measure, and the first of them relays it. `more` are further settings, by the node's name."""
        relay = next(iter(organisations), "")
        for name, lei in organisations.items():
            self._start_node(name, lei, relays=name == relay, more=(more or {}).get(name, {}))

    def start_relay(self, rules: Mapping[str, int] | None = None, **more: Setting) -> str:
        """A relay without a node, with an account of its own; its address. `rules` are its table `[relay]`, `more` its
        other settings."""
        folder, url = self.node_dir("relay"), f"127.0.0.1:{free_port()}"
        make_keystore(folder)
        config = folder / "relay.toml"
        _write_toml(
            config,
            {
                "name": "relay",
                "rpc_url": self._nodes_of_the_chain,
                "deployments": "../../deployments.json",
                "keystore": "key.json",
                "passphrase_file": "passphrase",  # nosec B105 # the name of a file
                "database": "relay.db",
                **more,
                "http": {"listen": url},
                "relay": rules or {},
            },
        )
        arguments = ["oracle", "relay", "--config", str(config)]
        self._run(
            "node relay", arguments, lambda: any(its.get("event") == "network" for its in self._node_log("relay"))
        )
        return f"http://{url}"

    def stop_nodes(self) -> None:
        """Everything but the chain, at once and in order; the state stays."""
        self._supervisor.stop()

    def _start_node(self, name: str, lei: str, *, relays: bool, more: Mapping[str, Setting | SettingTable]) -> None:
        folder = self.node_dir(name)
        self.node_account(name)
        (folder / "inbox").mkdir(parents=True, exist_ok=True)
        config = folder / "node.toml"
        _write_toml(
            config,
            {
                "name": name,
                "organisation": lei,
                "rpc_url": self._nodes_of_the_chain,
                "deployments": "../../deployments.json",
                "network_key_file": "../../network.key",
                "keystore": "key.json",
                "passphrase_file": "passphrase",  # nosec B105 # the name of a file
                "inbox": "inbox",
                "database": "node.db",
                "exchange": "../exchange",
                "relays": relays,
                "gather_seconds": GATHER_SECONDS,
                # The embedded chain may have the time of its trade.
                "clock_tolerance_seconds": 0,
                **more,
            },
        )
        seen = len(self._node_log(name))
        self._run(
            f"node {name}",
            ["oracle", "run", "--config", str(config)],
            lambda: any(line.get("event") == "network" for line in self._node_log(name)[seen:]),
        )

    def drop(self, name: str, file: Path) -> Path:
        """Hands a file to a node as its owner's systems would: complete, by rename. Returns where it was put."""
        inbox = self.node_dir(name) / "inbox"
        unfinished = inbox.parent / f".{file.name}.part"
        shutil.copyfile(file, unfinished)
        target = inbox / file.name
        unfinished.rename(target)
        return target

    def outcome_of(self, name: str, target: Path) -> Outcome:
        """Waits until the node has decided about a dropped file and says what it logged."""
        deadline = time.monotonic() + OUTCOME_SECONDS
        while time.monotonic() < deadline:
            outcome = _outcome(self._node_log(name), target.name)
            if outcome is not None:
                return outcome
            time.sleep(0.05)
        raise TimeoutError(f"node {name} said nothing of {target.name} in {OUTCOME_SECONDS:g} s: {self.log_hint()}")

    def log_path(self, name: str) -> Path:
        return self.data_dir / "logs" / f"{name.replace(' ', '-')}.log"

    def log_hint(self) -> str:
        return f"see the logs in {self.data_dir / 'logs'}"

    def _node_log(self, name: str) -> list[dict[str, Any]]:
        path = self.log_path(f"node {name}")
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    # Processes

    def _run(self, name: str, arguments: list[str], ready: Any) -> None:
        self._supervisor.start(
            Process(
                name=name,
                argv=[sys.executable, "-m", "scripts.portolan", *arguments],
                env={key: value for key, value in os.environ.items() if key in PASSED_ON} | {"PYTHONPATH": str(ROOT)},
                log_path=self.log_path(name),
                ready=ready,
                ready_timeout_seconds=READY_SECONDS,
            )
        )

    def _choices(self) -> EngineChoices:
        clock = self.settings.clock
        return EngineChoices(
            port=self.settings.rpc_port,
            genesis_timestamp=None if clock is None else int(clock.timestamp()),
            block_gas_limit=self.settings.block_gas_limit,
            besu=self.settings.besu,
        )


def _gateway_name(number: int) -> str:
    return "gateway" if number == 0 else f"gateway {number + 1}"


def _gateway_is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _with_currencies(network: Network, more: tuple[str, ...]) -> Network:
    currencies = [*network.config.currencies, *(code for code in more if code not in network.config.currencies)]
    return network.model_copy(update={"config": network.config.model_copy(update={"currencies": currencies})})


def _with_thresholds(network: Network, thresholds: Mapping[str, int]) -> Network:
    policies = dict(network.config.policies)
    for milestone, threshold in thresholds.items():
        policies[milestone] = policies[milestone].model_copy(update={"threshold": threshold})
    return network.model_copy(update={"config": network.config.model_copy(update={"policies": policies})})


def _outcome(log: list[dict[str, Any]], file: str) -> Outcome | None:
    """A file is known by name when it is taken, its events by their hash when they are decided."""
    hashes: set[str] = set()
    for line in log:
        if line.get("file") == file and line["event"] == "document quarantined":
            return Outcome("quarantined", line["reason"])
        if line.get("file") == file and line["event"] == "event":
            hashes.add(line["event_hash"])
        decided = line.get("verdict", line.get("status"))
        if line.get("event_hash") in hashes and decided in NOT_SIGNED:
            return Outcome("not signed", line["reason"].removeprefix("not signed: "))
    return None


def _portolan(*arguments: str) -> str:
    done = subprocess.run(  # nosec B603 # a list, no shell
        [sys.executable, "-m", "scripts.portolan", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"portolan {' '.join(arguments[:3])} failed: {done.stderr.strip()}")
    return done.stdout


def _write_toml(path: Path, values: Mapping[str, Setting | SettingTable]) -> None:
    """Plain values first, then the tables."""
    tables = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if key not in tables]
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def free_port(wanted: int = 0) -> int:
    """The wanted port, or any for 0. Raises `OSError` where it is taken: whoever answers there is a stranger."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise OSError(f"the gateway cannot listen on 127.0.0.1:{wanted}: {error.strerror}") from error
        return int(listener.getsockname()[1])
