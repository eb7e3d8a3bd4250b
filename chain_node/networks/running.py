"""A member's own node of an assembled network, run on its machine: in the foreground, once at a time, and found again
by the other commands. Nothing is started that the members did not agree on."""

from __future__ import annotations

import fcntl
import os
import select
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from chain_node.client import Node
from chain_node.engines.base import (
    Endpoint,
    Engine,
    find_endpoint,
    forget_endpoint,
    lock_folder,
    metrics_url,
    write_endpoint,
)
from chain_node.engines.ports import listening_ports, require_free
from chain_node.errors import ChainError
from chain_node.keys import make_node_key
from chain_node.networks.bundle import check_bundle
from chain_node.networks.cards import CardBody
from chain_node.networks.catalogue import engine_named
from chain_node.networks.ceremony import Ceremony, current_files, load_ceremony
from chain_node.networks.errors import ChangeRefused
from chain_node.networks.member import MemberFolder
from chain_node.networks.programs import Program
from chain_node.networks.services import LocalPorts
from chain_node.supervisor import Process, ProcessFailed, Supervisor

_READY_SECONDS: Final = 180.0
_STOP_SECONDS: Final = 60.0
_DOWN_SECONDS: Final = 120.0
_LOCK_FILE: Final = ".running"
_PID_FILE: Final = "up.pid"
RUN_FILES: Final = frozenset({_LOCK_FILE, _PID_FILE, "endpoint.json"})
"""What `up` leaves beside a node's key; of no use anywhere else."""


@dataclass(frozen=True)
class OwnNode:
    """A node of the network in `folder` whose key lies in `home`."""

    ceremony: Ceremony
    card: CardBody
    folder: Path
    home: Path

    @property
    def name(self) -> str:
        return self.card.node

    @property
    def ports(self) -> LocalPorts:
        return engine_named(self.ceremony.terms.engine).local_ports(self.ceremony.terms, self.card)

    @property
    def rpc_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.rpc}"

    @property
    def metrics_url(self) -> str:
        return metrics_url(self.ports.metrics)

    @property
    def log_path(self) -> Path:
        return self.home / "logs" / f"{self.ceremony.terms.engine}.log"

    def command(self, program: Path) -> list[str]:
        """The same as in Compose file and systemd unit, but for where things lie."""
        terms, state, folder, home = self.ceremony.terms, self.ceremony.state, str(self.folder), str(self.home)
        return engine_named(terms.engine).run_command(terms, state, self.card, str(program), folder, home)


def own_nodes(folder: Path, member: MemberFolder) -> list[OwnNode]:
    """Those nodes of the network, as it stands now, that have a folder here."""
    ceremony = load_ceremony(folder)
    here = (card for card in ceremony.state.ordered if member.node_folder(card.node).is_dir())
    return [OwnNode(ceremony, card, folder, member.node_folder(card.node)) for card in here]


def gone_nodes(folder: Path, member: MemberFolder) -> list[OwnNode]:
    """Those that were voted out and still run here: `down` has to find them too."""
    ceremony = load_ceremony(folder)
    gone = {its.gone.node: its.gone for its in ceremony.proposals.values() if its.gone is not None}
    here = (card for name, card in sorted(gone.items()) if name not in ceremony.state.nodes)
    found = (OwnNode(ceremony, card, folder, member.node_folder(card.node)) for card in here)
    return [own for own in found if _is_up(own.home)]


def choose(nodes: list[OwnNode], member: MemberFolder, wanted: str | None) -> OwnNode:
    """The one that is wanted, or the only one. Raises `ChangeRefused`."""
    names = [its.name for its in nodes]
    if wanted is None and len(nodes) == 1:
        return nodes[0]
    if wanted is None and nodes:
        raise ChangeRefused(
            f"{member.path}: has several nodes of this network ({', '.join(names)}): say which (--node)"
        )
    if wanted in names:
        return nodes[names.index(wanted)]
    what = "no node" if wanted is None else f"no node {wanted}"
    raise ChangeRefused(f"{member.path}: has {what} that is in this network now; here are {', '.join(names) or 'none'}")


def require_agreement(own: OwnNode) -> None:
    """Raises `BundleDiffers` where files are not the agreed ones, `ChangeRefused` where the key is not the card's."""
    check_bundle(own.folder, current_files(own.folder, own.ceremony))
    key = own.home / "key"
    if not key.is_file():
        raise ChangeRefused(f"{key}: the node's key is not there")
    found = make_node_key(key).address.lower()
    if found != own.card.address:
        raise ChangeRefused(f"{key}: is the key of {found}, the card of {own.name} is of {own.card.address}")


class OwnNodeRun(Engine):
    """One node, as a child of this process."""

    def __init__(self, own: OwnNode, program: Program) -> None:
        self.own, self._program = own, program
        self._supervisor = Supervisor()
        self._lock_file: IO[str] | None = None

    @property
    def rpc_url(self) -> str:
        return self.own.rpc_url

    @property
    def metrics_urls(self) -> tuple[str, ...]:
        return (self.own.metrics_url,)

    @property
    def pid(self) -> int:
        return self._supervisor.pid(self.own.name)

    def start(self) -> None:
        """Returns once it listens for its clients and for the other nodes; blocks come when enough are there."""
        if self._lock_file is not None:
            return
        self._lock_file = lock_folder(self.own.home)
        try:
            forget_endpoint(self.own.home)
            # Kaia would run on without its figures, and somebody else's be taken for them.
            require_free(self.own.ports.metrics, f"{self.own.name} cannot tell its figures there")
            (self.own.home / _PID_FILE).write_text(f"{os.getpid()}\n", encoding="ascii")
            self._supervisor.start(self._process())
        except BaseException:
            self.stop()
            raise
        metrics = {self.rpc_url: self.own.metrics_url}
        write_endpoint(self.own.home, Endpoint(self.rpc_url, self.pid, metrics_urls=metrics))

    def stop(self) -> None:
        self._supervisor.stop()
        if self._lock_file is not None:
            forget_endpoint(self.own.home)
            (self.own.home / _PID_FILE).unlink(missing_ok=True)
            self._lock_file.close()
            self._lock_file = None

    def is_healthy(self) -> bool:
        return self._supervisor.runs(self.own.name) and standing(self.own).height is not None

    def check(self) -> None:
        self._supervisor.check()

    def _process(self) -> Process:
        own, ports = self.own, self.own.ports
        wanted = {ports.rpc, ports.metrics, own.card.port}
        return Process(
            name=own.name,
            argv=own.command(self._program.path),
            env=self._program.environment(own.home),
            log_path=own.log_path,
            ready=lambda: wanted <= listening_ports(self._supervisor.pid(own.name)),
            ready_timeout_seconds=_READY_SECONDS,
            stop_timeout_seconds=_STOP_SECONDS,
            death_signal=signal.SIGTERM,  # it closes its database when it is told to end
        )


@dataclass(frozen=True)
class Standing:
    """What is seen of an own node. `height` and `peers` are None where it does not answer, and `why` says so."""

    running: bool
    rpc_url: str = ""
    height: int | None = None
    peers: int | None = None
    why: str = ""


def standing(own: OwnNode) -> Standing:
    if not _is_up(own.home):
        return Standing(running=False)
    endpoint = find_endpoint(own.home)
    if endpoint is None:
        return Standing(True, own.rpc_url, why="it is just being started, or has just died")
    node = Node(endpoint.rpc_url, timeout_seconds=3)
    try:
        peers = int(node.request("net_peerCount"), 16)
        return Standing(True, endpoint.rpc_url, node.block_number(), peers)
    except ChainError as error:
        return Standing(True, endpoint.rpc_url, why=str(error))
    finally:
        node.close()


def take_down(own: OwnNode) -> bool:
    """Has a node's `up` end it in good order, and waits for that; False where none runs. Raises `ProcessFailed`."""
    if not _is_up(own.home):
        return False
    try:
        pid = int((own.home / _PID_FILE).read_text(encoding="ascii"))
        handle = os.pidfd_open(pid)
    except (OSError, ValueError) as error:
        raise ProcessFailed(own.name, f"is just being started or stopped ({error})", own.log_path) from error
    try:
        if not _holds(pid, own.home / _LOCK_FILE):  # the number of one that was killed may be another's by now
            raise ProcessFailed(own.name, "is just being started or stopped", own.log_path)
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        ended = select.poll()
        ended.register(handle, select.POLLIN)
        if not ended.poll(_DOWN_SECONDS * 1_000):
            raise ProcessFailed(own.name, f"has not ended after {_DOWN_SECONDS:g} s", own.log_path)
    finally:
        os.close(handle)
    return True


def _holds(pid: int, file: Path) -> bool:
    """Whether this very process has the file open."""
    try:
        return any(entry.exists() and entry.samefile(file) for entry in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def _is_up(home: Path) -> bool:
    """Whether an `up` holds the node's folder: as long as it lives, and not a moment longer."""
    try:
        file = (home / _LOCK_FILE).open("r")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
