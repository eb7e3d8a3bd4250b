"""The embedded chain: Foundry's anvil, one node, for one machine. Blocks come at a fixed interval, gas costs nothing,
the rules are mainnet's of the Cancun fork, contract sizes included."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from chain_node.client.node import Node
from chain_node.compile import ROOT
from chain_node.engines.base import Endpoint, Engine, forget_endpoint, lock_folder, metrics_url, write_endpoint
from chain_node.engines.embedded_figures import EmbeddedFigures
from chain_node.engines.ports import listening_ports, require_free
from chain_node.engines.seats import LOOPBACK
from chain_node.errors import ChainError
from chain_node.supervisor import Process, Supervisor
from chain_node.telling import told

BINARY: Final = ROOT / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"


@dataclass(frozen=True)
class AnvilSettings:
    """How to run it. `data_dir` keeps state and log; port 0 takes a free one, so does `metrics_port`, on loopback; None
    tells no figures.

    `genesis_timestamp` (Unix seconds) is the clock of a chain that is new; None is the machine's.
    """

    data_dir: Path
    chain_id: int
    host: str = "127.0.0.1"
    port: int = 0
    block_seconds: int = 1
    block_gas_limit: int = 100_000_000
    genesis_timestamp: int | None = None
    metrics_port: int | None = None


class AnvilEngine(Engine):
    """One anvil process. Its clock runs in real seconds from wherever it was set, and stands still while it is off."""

    def __init__(self, settings: AnvilSettings) -> None:
        self.settings = settings
        self._supervisor = Supervisor()
        self._node: Node | None = None
        self._lock_file: IO[str] | None = None
        self._figures = ExitStack()
        self._metrics_url = ""

    @property
    def rpc_url(self) -> str:
        return self._running().rpc_url

    @property
    def metrics_urls(self) -> tuple[str, ...]:
        return (self._metrics_url,) if self._metrics_url else ()

    @property
    def pid(self) -> int:
        return self._supervisor.pid("chain")

    @property
    def log_path(self) -> Path:
        return self.settings.data_dir / "logs" / "anvil.log"

    def start(self) -> None:
        if self._node is not None:
            return
        found: list[Node] = []
        self._lock_file = lock_folder(self.settings.data_dir)

        def ready() -> bool:
            port = min(listening_ports(self._supervisor.pid("chain")), default=None)
            if port is None:
                return False
            host = self.settings.host
            found.append(Node(f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"))  # noqa: S104  # nosec B104 # compared, not bound
            return True

        process = Process(
            name="chain",
            argv=self._command(),
            env={"PATH": os.defpath, "HOME": str(self.settings.data_dir)},
            log_path=self.log_path,
            ready=ready,
            death_signal=signal.SIGTERM,  # it writes its state when it is told to end
        )
        try:
            self._supervisor.start(process)
            self._node = found[-1]
            self._resume_clock()
            self._tell_figures()
        except BaseException:
            self.stop()
            raise
        metrics = {self.rpc_url: self._metrics_url} if self._metrics_url else {}
        write_endpoint(self.settings.data_dir, Endpoint(self.rpc_url, self.pid, metrics_urls=metrics))

    def stop(self) -> None:
        self._figures.close()
        self._metrics_url = ""
        if self._node is not None:
            self._node.close()
        self._node = None
        self._supervisor.stop()
        if self._lock_file is not None:
            forget_endpoint(self.settings.data_dir)
            self._lock_file.close()
            self._lock_file = None

    def is_healthy(self) -> bool:
        try:
            return self._node is not None and self._node.chain_id() == self.settings.chain_id
        except ChainError:
            return False

    def set_clock(self, timestamp: int) -> None:
        """The next block is of this moment (Unix seconds), at once; later ones go on from there in real seconds.

        Raises `ValueError` for a moment that is not after the latest block: a chain's time never runs back.
        """
        set_clock(self._running(), self.settings.data_dir, timestamp)

    def check(self) -> None:
        """Raises `ProcessFailed` where the process has died."""
        self._supervisor.check()

    def _running(self) -> Node:
        if self._node is None:
            raise RuntimeError("the chain is not running")
        return self._node

    def _resume_clock(self) -> None:
        """Anvil forgets between runs that its clock was set, so blocks start only once it has been told again."""
        node, settings = self._running(), self.settings
        if _clock_mark(settings.data_dir).exists():
            node.request("evm_setTime", node.block().timestamp + 1)
        node.request("evm_setIntervalMining", settings.block_seconds)

    def _tell_figures(self) -> None:
        """By this process, in anvil's stead. Raises `OSError` where the port is taken."""
        port, data = self.settings.metrics_port, self.settings.data_dir
        if port is None:
            return
        if port:
            require_free(port, "the chain cannot tell its figures there (engine.metrics_port)")
        figures = EmbeddedFigures(self.rpc_url, _clock_mark(data))
        self._metrics_url = metrics_url(self._figures.enter_context(told(LOOPBACK, port, figures)))

    def _command(self) -> list[str]:
        settings, data = self.settings, self.settings.data_dir
        state = data / "anvil-state.json"
        command = [str(BINARY), "--quiet", "--no-mining", "--accounts", "0", "--hardfork", "cancun", "--order", "fifo"]
        command += ["--host", settings.host, "--port", str(settings.port), "--chain-id", str(settings.chain_id)]
        command += ["--gas-price", "0", "--base-fee", "0", "--disable-min-priority-fee"]
        command += ["--gas-limit", str(settings.block_gas_limit)]
        command += ["--state", str(state), "--cache-path", str(data / "anvil-cache")]
        if settings.genesis_timestamp is not None and not state.exists():
            _clock_mark(data).write_text("set\n")
            command += ["--timestamp", str(settings.genesis_timestamp)]
        return command


def set_clock(node: Node, data_dir: Path, timestamp: int) -> None:
    """As `AnvilEngine.set_clock`, for a chain that another process runs."""
    latest = node.block().timestamp
    if timestamp <= latest:
        raise ValueError(f"the chain's clock cannot be set to {timestamp}: its latest block is of {latest}")
    _clock_mark(data_dir).write_text("set\n")
    # Sets the clock too, in one request: after `evm_setTime` the next second's block could come first.
    node.request("evm_mine", {"timestamp": timestamp})


def _clock_mark(data_dir: Path) -> Path:
    """Its existence says that the chain's clock is not the machine's."""
    return data_dir / "clock-is-set"
