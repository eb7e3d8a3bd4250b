"""One validator of several: where it runs, how it is found by its clients and by the others, what it is run by."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chain_node.engines.base import metrics_url
from chain_node.engines.ports import listening_ports
from chain_node.keys import NodeIdentity
from chain_node.supervisor import Process

LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True)
class Place:
    """Where a node runs: the address on which it listens, and the command that its own is put behind, e.g.
    `ip netns exec NAME` for a network namespace, or `env NAME=VALUE`. `peers_host` is for the other nodes alone, where
    they have a network of their own."""

    host: str = LOOPBACK
    behind: tuple[str, ...] = ()
    peers_host: str | None = None


@dataclass(frozen=True)
class Seat:
    """What every validator has, whichever program runs it. `number` counts from 1. Its chain lies in `folder`/chain and
    may be wiped; its key lies beside it and stays. `metrics_port` is on this machine's loopback; None where the
    validator has another one, and tells no figures."""

    number: int
    folder: Path
    log_path: Path
    identity: NodeIdentity
    rpc_port: int
    p2p_port: int
    place: Place
    metrics_port: int | None = field(default=None, kw_only=True)

    @property
    def name(self) -> str:
        return f"validator {self.number}"

    @property
    def reached_at(self) -> str:
        """The address at which its clients on this machine find it."""
        return _reached_at(self.place.host)

    @property
    def peers_host(self) -> str:
        """The address on which it listens for the other nodes."""
        return self.place.peers_host or self.place.host

    @property
    def met_at(self) -> str:
        """The address at which the other nodes find it."""
        return _reached_at(self.peers_host)

    @property
    def rpc_url(self) -> str:
        return f"http://{self.reached_at}:{self.rpc_port}"

    @property
    def metrics_url(self) -> str | None:
        """Where Prometheus finds its figures."""
        return None if self.metrics_port is None else metrics_url(self.metrics_port)

    @property
    def chain_dir(self) -> Path:
        return self.folder / "chain"

    def wipe(self) -> None:
        """Forgets its chain, as after the loss of a disk: the next start fetches it from the others."""
        shutil.rmtree(self.chain_dir, ignore_errors=True)

    def listens(self, pid: int) -> bool:
        """For its clients, for the other nodes and for who watches it."""
        return {self.rpc_port, self.p2p_port, self.metrics_port} - {None} <= listening_ports(pid)


class ValidatorNode(Seat, ABC):
    """One validator, as its program wants it."""

    @property
    @abstractmethod
    def address_for_peers(self) -> str:
        """How the others dial it."""

    @abstractmethod
    def prepare(self, genesis: Path, peers: Sequence[str]) -> None:
        """Makes it ready to be started: the first block, and the addresses of the others."""

    @abstractmethod
    def process(self, more: Sequence[str] = ()) -> Process:
        """How to run it; `more` are further arguments."""


def _reached_at(host: str) -> str:
    return LOOPBACK if host == "0.0.0.0" else host  # noqa: S104  # nosec B104 # compared, not bound
