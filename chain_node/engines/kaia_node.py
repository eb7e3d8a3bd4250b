"""One validator of a Kaia network: its folder, its key, its command line."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain_node.engines.kaia_program import (
    BINARY,
    DATABASE_FLAGS,
    chain_flags,
    kaia_environment,
    metrics_flags,
    peer_flags,
    rpc_flags,
)
from chain_node.engines.seats import LOOPBACK, ValidatorNode
from chain_node.supervisor import Process, ProcessFailed

_APIS: Final = "eth,net,web3,debug,txpool,istanbul,governance"
_MOST_PEERS: Final = 25
_INIT_SECONDS: Final = 60.0


@dataclass(frozen=True)
class KaiaNode(ValidatorNode):
    """A validator that Kaia runs."""

    chain_id: int
    block_seconds: int
    round_milliseconds: int

    @property
    def address_for_peers(self) -> str:
        return f"kni://{self.identity.public_key}@{self.met_at}:{self.p2p_port}?discport=0&ntype=cn"

    def prepare(self, genesis: Path, peers: Sequence[str]) -> None:
        """Gives it the first block, where it has none yet, and the addresses of the others."""
        if not self._begun.exists():
            self.wipe()
            self._initialise(genesis)
            self._begun.write_text("its chain begins with the network's genesis block\n", encoding="utf-8")
        self.listed_path.write_text(json.dumps(list(peers)) + "\n", encoding="utf-8")

    def wipe(self) -> None:
        """Forgets its chain, as after the loss of a disk: the next start fetches it from the others."""
        self._begun.unlink(missing_ok=True)
        super().wipe()

    def process(self, more: Sequence[str] = ()) -> Process:
        """How to run it; `more` are further arguments."""
        return Process(
            name=self.name,
            argv=[*self.place.behind, *self._command(), *more],
            env=self._environment(),
            log_path=self.log_path,
            ready=lambda: False,
            ready_timeout_seconds=60.0,
            stop_timeout_seconds=20.0,
            death_signal=signal.SIGTERM,  # it closes its database when it is told to end
        )

    @property
    def listed_path(self) -> Path:
        """The nodes that it dials, and that alone it talks with; read anew for each that comes."""
        return self.chain_dir / "klay" / "static-nodes.json"

    @property
    def _begun(self) -> Path:
        return self.folder / "begun"

    def _initialise(self, genesis: Path) -> None:
        command = [str(BINARY), "init", "--datadir", str(self.chain_dir), *DATABASE_FLAGS, str(genesis)]
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            done = subprocess.run(  # nosec B603 # a list, no shell
                command,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=_INIT_SECONDS,
                check=False,
            )
        if done.returncode != 0:
            raise ProcessFailed(
                self.name, f"could not take its genesis block, exit code {done.returncode}", self.log_path
            )

    def _environment(self) -> Mapping[str, str]:
        return kaia_environment(self.folder)

    def _command(self) -> list[str]:
        host = self.place.host
        chain = chain_flags(
            database=str(self.chain_dir),
            key=str(self.folder / "key"),
            rewardbase=self.identity.address,
            chain_id=self.chain_id,
            block_seconds=self.block_seconds,
            round_milliseconds=self.round_milliseconds,
        )
        peers = peer_flags(
            host=self.peers_host, port=self.p2p_port, most_peers=_MOST_PEERS, listed=str(self.listed_path)
        )
        told = [] if self.metrics_port is None else metrics_flags(host=LOOPBACK, port=self.metrics_port)
        return [str(BINARY), *chain, *peers, *rpc_flags(host=host, port=self.rpc_port, apis=_APIS), *told]
