"""What engines of several validators on one machine share: their nodes are stopped, killed, wiped and started again by
their numbers, from 1 on; the network is ready once each sees all others and blocks come. Time is the world's."""

from __future__ import annotations

import ipaddress
import json
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Final

from chain_node.client.node import Node
from chain_node.engines.base import Endpoint, Engine, forget_endpoint, lock_folder, write_endpoint
from chain_node.engines.ports import free_ports, require_free
from chain_node.engines.seats import LOOPBACK, Place, Seat, ValidatorNode
from chain_node.errors import ChainError
from chain_node.keys import NodeIdentity, make_node_key
from chain_node.supervisor import ProcessFailed, Supervisor

_LOOKS: Final = 3
_LOOK_SECONDS: Final = 0.5
_POLL_SECONDS: Final = 0.05
_PEERS_SECONDS: Final = 150.0
_BLOCK_SECONDS: Final = 120.0
"""After all have started: they find each other at once, but a turn may have to pass first."""


@dataclass(frozen=True)
class ValidatorsSettings:
    """How to run them. `data_dir` keeps keys, chains and logs; `port` is the first validator's, 0 takes a free one, as
    all others do. `metrics_port` is where the first tells its figures, the next ones at the next; 0 takes free ones.
    `places` are of those nodes, by their number from 1, that do not run on this machine's loopback."""

    data_dir: Path
    chain_id: int
    validators: int = 4
    host: str = LOOPBACK
    port: int = 0
    block_seconds: int = 1
    metrics_port: int = 0
    places: Mapping[int, Place] = field(default_factory=dict)


class ValidatorsEngine(Engine):
    """All validators of a network. Each can be stopped, killed, wiped and started again by its number, from 1 on."""

    def __init__(self, settings: ValidatorsSettings) -> None:
        self.settings = settings
        self._supervisor = Supervisor()
        self._nodes: tuple[ValidatorNode, ...] = ()
        self._lock_file: IO[str] | None = None

    # What a program brings

    @abstractmethod
    def _require_program(self) -> None:
        """Raises `OSError` or `ValueError` where it is not there or cannot be run, with what has to be installed."""

    @abstractmethod
    def _node(self, seat: Seat) -> ValidatorNode:
        """The validator of a seat."""

    @abstractmethod
    def _genesis(self, addresses: Sequence[str]) -> dict[str, Any]:
        """The first block's description, if the chain began now."""

    def _is_enough(self, running: int) -> bool:
        """Whether so many of them make blocks: more than two thirds."""
        return 3 * running > 2 * len(self._nodes)

    # Which they are

    @property
    def nodes(self) -> tuple[ValidatorNode, ...]:
        """Known while it runs, also those that are stopped just now."""
        return self._nodes

    @property
    def rpc_url(self) -> str:
        return self._first().rpc_url

    @property
    def rpc_urls(self) -> tuple[str, ...]:
        """Also of those that are stopped just now."""
        return tuple(node.rpc_url for node in self._nodes)

    @property
    def metrics_urls(self) -> tuple[str, ...]:
        """Also of those that are stopped just now."""
        return tuple(node.metrics_url for node in self._nodes if node.metrics_url is not None)

    @property
    def pid(self) -> int:
        return self.pid_of(self._first().number)

    @property
    def genesis_path(self) -> Path:
        return self.settings.data_dir / "genesis.json"

    def node(self, number: int) -> ValidatorNode:
        """Raises `KeyError` for a number that no validator has."""
        for its in self._nodes:
            if its.number == number:
                return its
        raise KeyError(f"there is no validator {number} among {len(self._nodes)}")

    def runs(self, number: int) -> bool:
        return self._supervisor.runs(self.node(number).name)

    def pid_of(self, number: int) -> int:
        return self._supervisor.pid(self.node(number).name)

    # All of them

    def start(self) -> None:
        """Returns once each sees all others, and blocks come. Raises `ProcessFailed`, `GenesisInvalid`, or `ValueError`
        where the chain that is there was begun with others."""
        if self._nodes:
            return
        self._require_program()
        self._lock_file = lock_folder(self.settings.data_dir)
        try:
            self._nodes = self._make_nodes()
            self._write_genesis()
            for node in self._nodes:
                node.prepare(self.genesis_path, self._peers_of(node))
            for node in self._nodes:
                self._start(node)
            self._await_peers()
            self._await_block()
        except BaseException:
            self.stop()
            raise
        self._publish()

    def stop(self) -> None:
        self._supervisor.stop()
        self._nodes = ()
        if self._lock_file is not None:
            forget_endpoint(self.settings.data_dir)
            self._lock_file.close()
            self._lock_file = None

    def is_healthy(self) -> bool:
        """Whether those that run answer, and are enough to go on."""
        running = [node for node in self._nodes if self.runs(node.number)]
        if not running or not self._is_enough(len(running)):
            return False
        return all(_chain_id(node) == self.settings.chain_id for node in running)

    def check(self) -> None:
        self._supervisor.check()

    # One of them

    def start_node(self, number: int, more: Sequence[str] = ()) -> None:
        """Returns once it listens; it may have blocks to fetch yet. `more` are further arguments of its program."""
        node = self.node(number)
        if self.runs(number):
            return
        node.prepare(self.genesis_path, self._peers_of(node))
        self._start(node, more)
        self._publish()

    def stop_node(self, number: int) -> None:
        """In good order, with its state."""
        self._supervisor.stop_one(self.node(number).name)
        self._publish()

    def kill_node(self, number: int) -> None:
        """As `kill -9` does."""
        self._supervisor.kill_one(self.node(number).name)
        self._publish()

    def wipe_node(self, number: int) -> None:
        """Its chain is lost, its key is not. Raises `ValueError` while it runs."""
        if self.runs(number):
            raise ValueError(f"validator {number} runs: stop it before its chain is wiped")
        self.node(number).wipe()

    def place_node(self, number: int, place: Place) -> None:
        """Where it runs from its next start on. Raises `ValueError` while it runs, and where others would lose it."""
        node = self.node(number)
        if self.runs(number):
            raise ValueError(f"validator {number} runs: stop it before it is placed elsewhere")
        if (place.host, place.peers_host) != (node.place.host, node.place.peers_host):
            raise ValueError(f"validator {number} is known to the others at {node.met_at}, and that cannot change")
        self._nodes = tuple(replace(its, place=place) if its is node else its for its in self._nodes)

    # Parts

    def _make_nodes(self) -> tuple[ValidatorNode, ...]:
        settings, count = self.settings, self.settings.validators
        ports = free_ports(3 * count)
        nodes = []
        for number in range(1, count + 1):
            folder = validator_dir(settings.data_dir, number)
            seat = Seat(
                number=number,
                folder=folder,
                log_path=settings.data_dir / "logs" / f"validator-{number}.log",
                identity=make_node_key(folder / "key"),
                rpc_port=ports.pop(),
                p2p_port=ports.pop(),
                metrics_port=self._metrics_port(number, ports.pop()),
                place=settings.places.get(number, Place(settings.host)),
            )
            nodes.append(self._node(replace(seat, rpc_port=settings.port) if settings.port and number == 1 else seat))
        return tuple(nodes)

    def _metrics_port(self, number: int, free: int) -> int | None:
        """None for one that has a network of its own: its loopback is not this machine's, and nothing else may tell."""
        settings = self.settings
        if number in settings.places and not ipaddress.ip_address(settings.places[number].host).is_loopback:
            return None
        if not settings.metrics_port:
            return free
        port = settings.metrics_port + number - 1
        require_free(port, f"validator {number} cannot tell its figures there (engine.metrics_port)")
        return port

    def _write_genesis(self) -> None:
        """Once for this folder. A chain that was begun with other validators is not another's to go on with."""
        wanted = self._genesis([node.identity.address for node in self._nodes])
        if not self.genesis_path.exists():
            unfinished = self.genesis_path.with_suffix(".new")
            unfinished.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
            unfinished.rename(self.genesis_path)
        found = json.loads(self.genesis_path.read_text(encoding="utf-8"))
        for what in self._differences(found, wanted):
            raise ValueError(f"{self.genesis_path}: the chain was begun with {what}")

    def _differences(self, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
        """What a chain was begun with that this one must not have."""
        differs = []
        if found["extraData"] != wanted["extraData"]:
            differs.append(f"other validators than these {len(self._nodes)}")
        if found["config"]["chainId"] != self.settings.chain_id:
            differs.append(f"chain id {found['config']['chainId']}")
        return differs

    def _peers_of(self, node: ValidatorNode) -> list[str]:
        return [other.address_for_peers for other in self._nodes if other is not node]

    def _start(self, node: ValidatorNode, more: Sequence[str] = ()) -> None:
        def listens() -> bool:
            return node.listens(self._supervisor.pid(node.name))

        self._supervisor.start(replace(node.process(more), ready=listens))

    def _first(self) -> ValidatorNode:
        """The first that runs: where this network's clients on this machine go."""
        for node in self._nodes:
            if self.runs(node.number):
                return node
        raise RuntimeError("the chain is not running")

    def _publish(self) -> None:
        running = [node for node in self._nodes if self.runs(node.number)]
        if not running:
            forget_endpoint(self.settings.data_dir)
            return
        first, *others = running
        more = tuple(node.rpc_url for node in others)
        metrics = {node.rpc_url: node.metrics_url for node in running if node.metrics_url is not None}
        write_endpoint(self.settings.data_dir, Endpoint(first.rpc_url, self.pid_of(first.number), more, metrics))

    def _await_peers(self) -> None:
        """Votes are not handed on: when one dies, the others must already see each other. Two that call each other at
        once may both hang up, and a connection that fails is tried again after half a minute or more: so all must see
        all others at one look, and still at the next."""
        deadline, others, looks = time.monotonic() + _PEERS_SECONDS, len(self._nodes) - 1, 0
        while looks < _LOOKS:
            seen = {node.name: _peers_seen(node) for node in self._nodes}
            looks = looks + 1 if min(seen.values()) >= others else 0
            self._supervisor.check()
            if time.monotonic() > deadline:
                name, fewest = min(seen.items(), key=lambda its: its[1])
                log_path = next(node.log_path for node in self._nodes if node.name == name)
                raise ProcessFailed(name, f"saw {fewest} of {others} others after a long wait", log_path)
            time.sleep(_LOOK_SECONDS)

    def _await_block(self) -> None:
        """One block that was not there before: then enough of them have found each other."""
        first, client = self._nodes[0], Node(self._nodes[0].rpc_url)
        deadline, known = time.monotonic() + _BLOCK_SECONDS, client.block_number()
        try:
            while client.block_number() == known:
                self._supervisor.check()
                if time.monotonic() > deadline:
                    raise ProcessFailed(first.name, f"had no new block in {_BLOCK_SECONDS:g} s", first.log_path)
                time.sleep(_POLL_SECONDS)
        finally:
            client.close()


def _peers_seen(node: ValidatorNode) -> int:
    client = Node(node.rpc_url)
    try:
        return int(client.request("net_peerCount"), 16)
    finally:
        client.close()


def validator_dir(data_dir: Path, number: int) -> Path:
    return data_dir / "validators" / str(number)


def make_validator_keys(data_dir: Path, validators: int) -> dict[str, tuple[Path, NodeIdentity]]:
    """The keys of a network's validators and where they lie, by their names; made where they are missing."""
    paths = {f"validator {number}": validator_dir(data_dir, number) / "key" for number in range(1, validators + 1)}
    return {name: (path, make_node_key(path)) for name, path in paths.items()}


def _chain_id(node: ValidatorNode) -> Any:
    client = Node(node.rpc_url)
    try:
        return client.chain_id()
    except ChainError:
        return None
    finally:
        client.close()
