"""What every engine can do."""

from __future__ import annotations

import fcntl
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from chain_node.client.node import Node

_ENDPOINT_FILE: Final = "endpoint.json"


class EngineBusy(Exception):
    """Another process already runs this network's chain."""


class ClockFixed(ValueError):
    """The chain's clock is the world's: no one can move it."""


@dataclass(frozen=True)
class Endpoint:
    """Where a running chain answers, and as which process. `more_urls` are those of its other nodes; `metrics_urls` say
    where each node, by its `rpc_url`, tells Prometheus its figures."""

    rpc_url: str
    pid: int
    more_urls: tuple[str, ...] = ()
    metrics_urls: Mapping[str, str] = field(default_factory=dict)


def metrics_url(port: int) -> str:
    """Figures are told on loopback, whoever may reach the rest."""
    return f"http://127.0.0.1:{port}/metrics"


def write_endpoint(data_dir: Path, endpoint: Endpoint) -> None:
    """Lets other commands on this machine find the running chain; whole or not at all, since they may look any time."""
    unfinished = data_dir / f".{_ENDPOINT_FILE}.{os.getpid()}"
    unfinished.write_text(json.dumps(asdict(endpoint)) + "\n", encoding="utf-8")
    unfinished.rename(data_dir / _ENDPOINT_FILE)


def forget_endpoint(data_dir: Path) -> None:
    (data_dir / _ENDPOINT_FILE).unlink(missing_ok=True)


def find_endpoint(data_dir: Path) -> Endpoint | None:
    """The chain that runs in this data directory; None where none does, also after it was killed."""
    try:
        found = json.loads((data_dir / _ENDPOINT_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    more, metrics = tuple(found.get("more_urls", ())), found.get("metrics_urls", {})
    endpoint = Endpoint(found["rpc_url"], found["pid"], more, metrics)
    return endpoint if Path(f"/proc/{endpoint.pid}").exists() else None


def lock_folder(data_dir: Path) -> IO[str]:
    """Two chains that write the same state would each lose the other's. Held until it is closed, or its process ends.
    Raises `EngineBusy`."""
    data_dir.mkdir(parents=True, exist_ok=True)
    file = (data_dir / ".running").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise EngineBusy(f"a chain already runs in {data_dir}") from error
    return file


class Engine(ABC):
    """A chain that this process runs. As a context manager it starts and surely stops."""

    @property
    @abstractmethod
    def rpc_url(self) -> str:
        """Where it answers JSON-RPC; known once it is started."""

    @property
    def rpc_urls(self) -> tuple[str, ...]:
        """All of its nodes, the preferred one first; known once it is started."""
        return (self.rpc_url,)

    @property
    def metrics_urls(self) -> tuple[str, ...]:
        """Where Prometheus finds the figures of each of its nodes that tells them; known once it is started."""
        return ()

    @property
    @abstractmethod
    def pid(self) -> int:
        """The process that answers there."""

    @abstractmethod
    def start(self) -> None:
        """Returns once the chain answers. Raises `ProcessFailed` with the tail of its log."""

    @abstractmethod
    def stop(self) -> None:
        """Stops it and keeps its state. Does nothing where it is not running."""

    @abstractmethod
    def is_healthy(self) -> bool:
        """Whether it runs and answers."""

    @abstractmethod
    def check(self) -> None:
        """Raises `ProcessFailed` where a process of it has died."""

    def set_clock(self, timestamp: int) -> None:
        """Moves the chain's clock on to a moment (Unix seconds). Raises `ValueError` for one that is not after the
        latest block, and `ClockFixed` where the clock is the world's."""
        raise ClockFixed(f"the clock cannot be set to {timestamp}: this chain runs in real time")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def hasten(node: Node) -> None:
    """Asks for a block at once, where the node can be asked; elsewhere blocks come when they come. So a deployment
    takes no longer than its work, and need not know on which engine it runs."""
    if node.client_version().lower().startswith("anvil"):
        node.request("evm_mine")
