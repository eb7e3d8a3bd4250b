"""Several validators on this machine that come to consensus by Istanbul BFT: Kaia, built from tools/kaia.

More than two thirds of them must be there for blocks to come; a block is final once it is there. Time is the world's.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chain_node.engines.kaia_node import KaiaNode
from chain_node.engines.kaia_program import BINARY, ROUND_MILLISECONDS
from chain_node.engines.seats import Seat
from chain_node.engines.validators import ValidatorsEngine, ValidatorsSettings
from chain_node.genesis import kaia_genesis


@dataclass(frozen=True)
class KaiaSettings(ValidatorsSettings):
    """A proposer that takes longer than `round_milliseconds` loses its turn."""

    round_milliseconds: int = ROUND_MILLISECONDS


class KaiaEngine(ValidatorsEngine):
    """Validators that Kaia runs."""

    def __init__(self, settings: KaiaSettings) -> None:
        super().__init__(settings)
        self._round_milliseconds = settings.round_milliseconds

    def _require_program(self) -> None:
        if not BINARY.exists():
            raise FileNotFoundError(f"{BINARY} is not there: `make build/kaia/.stamp` builds it (Go 1.26.5 or newer)")

    def _node(self, seat: Seat) -> KaiaNode:
        return KaiaNode(
            **vars(seat),
            chain_id=self.settings.chain_id,
            block_seconds=self.settings.block_seconds,
            round_milliseconds=self._round_milliseconds,
        )

    def _genesis(self, addresses: Sequence[str]) -> dict[str, Any]:
        return kaia_genesis(self.settings.chain_id, addresses, int(time.time()))
