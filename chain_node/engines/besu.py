"""Several validators on this machine that come to consensus by QBFT: Hyperledger Besu, installed by its users.

For demos and tests. Networks of several members run one node each, with lists of who is let in (`portolan network`);
here all listen on this machine alone, and no lists are kept.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chain_node.engines.besu_program import (
    besu_environment,
    chain_flags,
    find_besu,
    metrics_flags,
    peer_flags,
    rpc_flags,
)
from chain_node.engines.seats import LOOPBACK, Seat, ValidatorNode
from chain_node.engines.validators import ValidatorsEngine, ValidatorsSettings
from chain_node.genesis import qbft_genesis
from chain_node.supervisor import Process

_READY_SECONDS: Final = 180.0
"""A Java machine starts in some ten seconds, and several at once on a busy machine in many more."""
_STOP_SECONDS: Final = 60.0
_ANYWHERE: Final = "0.0.0.0"  # noqa: S104  # nosec B104 # compared, not bound


@dataclass(frozen=True)
class BesuSettings(ValidatorsSettings):
    """`program` is Besu's, where it is not the one on PATH."""

    program: Path | None = None


@dataclass(frozen=True)
class BesuNode(ValidatorNode):
    """A validator that Besu runs."""

    program: Path
    genesis: Path
    most_peers: int

    @property
    def address_for_peers(self) -> str:
        return f"enode://{self.identity.public_key}@{self.met_at}:{self.p2p_port}"

    def prepare(self, genesis: Path, peers: Sequence[str]) -> None:
        """Besu reads the first block at each start, and refuses one that its database was not begun with."""
        self.chain_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._static_nodes.write_text(json.dumps(list(peers)) + "\n", encoding="utf-8")

    def process(self, more: Sequence[str] = ()) -> Process:
        """How to run it; `more` are further arguments."""
        return Process(
            name=self.name,
            argv=[*self.place.behind, str(self.program), *self._flags(), *more],
            env=besu_environment(self.folder),
            log_path=self.log_path,
            ready=lambda: False,
            ready_timeout_seconds=_READY_SECONDS,
            stop_timeout_seconds=_STOP_SECONDS,
            death_signal=signal.SIGTERM,  # it closes its database when it is told to end
        )

    @property
    def _static_nodes(self) -> Path:
        return self.folder / "static-nodes.json"

    def _flags(self) -> list[str]:
        host = self.place.host
        called = ("*",) if host == _ANYWHERE else tuple(dict.fromkeys(("localhost", "127.0.0.1", host)))
        return [
            *chain_flags(genesis=str(self.genesis), database=str(self.chain_dir), key=str(self.folder / "key")),
            *peer_flags(
                host=self.met_at,
                port=self.p2p_port,
                most_peers=self.most_peers,
                static_nodes=str(self._static_nodes),
            ),
            f"--p2p-interface={self.peers_host}",
            *rpc_flags(host=host, port=self.rpc_port, called=called),
            *([] if self.metrics_port is None else metrics_flags(host=LOOPBACK, port=self.metrics_port)),
        ]


class LocalBesuEngine(ValidatorsEngine):
    """Validators that Besu runs on this machine."""

    def __init__(self, settings: BesuSettings) -> None:
        super().__init__(settings)
        self._named = settings.program
        self._program: Path | None = None

    def _require_program(self) -> None:
        self._program = find_besu(self._named)

    def _node(self, seat: Seat) -> BesuNode:
        if self._program is None:
            raise RuntimeError("the chain is not running")
        most_peers = max(25, self.settings.validators)
        return BesuNode(**vars(seat), program=self._program, genesis=self.genesis_path, most_peers=most_peers)

    def _genesis(self, addresses: Sequence[str]) -> dict[str, Any]:
        return qbft_genesis(self.settings.chain_id, addresses, self.settings.block_seconds)

    def _differences(self, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
        """Of QBFT also the time between blocks is a rule of the first one."""
        was, shall = (its["config"].get("qbft", {}).get("blockperiodseconds") for its in (found, wanted))
        differs = super()._differences(found, wanted)
        return differs if was == shall else [*differs, f"{was} s between blocks instead of {shall}"]

    def _is_enough(self, running: int) -> bool:
        """QBFT is content with exactly two thirds."""
        return 3 * running >= 2 * len(self._nodes)
