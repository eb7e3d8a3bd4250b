"""What every engine can do."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from chain_node.client.node import Node

_ENDPOINT_FILE: Final = "endpoint.json"


class EngineBusy(Exception):
    """Another process already runs this network's chain."""


@dataclass(frozen=True)
class Endpoint:
    """Where a running chain answers, and as which process."""

    rpc_url: str
    pid: int


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
        endpoint = Endpoint(**json.loads((data_dir / _ENDPOINT_FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    return endpoint if Path(f"/proc/{endpoint.pid}").exists() else None


class Engine(ABC):
    """A chain that this process runs. As a context manager it starts and surely stops."""

    @property
    @abstractmethod
    def rpc_url(self) -> str:
        """Where it answers JSON-RPC; known once it is started."""

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
