"""The node's connection to its network: opened when it is needed, let go when it fails, tried again with back-off."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from chain_node.errors import ChainError, OperatorActionRequired
from oracles.chain import NodeChain
from oracles.metrics import Metrics
from oracles.operating.health import Health, Trouble

log = structlog.get_logger("oracles")

FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 15.0


@dataclass
class Link:
    """`chain` is the open connection, or None. Pauses double up to 15 seconds, each a little random."""

    connect: Callable[[], NodeChain]
    metrics: Metrics
    clock: Callable[[], float] = time.monotonic
    chain: NodeChain | None = None
    _failures: int = 0
    _resume_at: float = 0.0

    @property
    def may_try(self) -> bool:
        return self.clock() >= self._resume_at

    def open(self) -> NodeChain:
        if self.chain is None:
            self.chain = self.connect()
        return self.chain

    def talk(self, turn: Callable[[], object], health: Health) -> bool:
        """Whether the turn went through; a network that is away is remembered and said. Raises
        OperatorActionRequired."""
        try:
            turn()
        except OperatorActionRequired:
            raise
        except ChainError as error:
            self.failed(error)
            health.say(Trouble.CHAIN_AWAY, str(error))
            return False
        self.worked()
        health.clear(Trouble.CHAIN_AWAY)
        return True

    def worked(self) -> None:
        if self._failures:
            log.warning("network is back", attempts=self._failures)
        self._failures = 0

    def failed(self, error: ChainError) -> None:
        """Remembers to wait. The connection is opened anew then: that checks that it is still the same network."""
        pause = min(FIRST_PAUSE_SECONDS * 2**self._failures, LONGEST_PAUSE_SECONDS)
        pause *= 1 + random.random() / 4  # noqa: S311  # nosec B311 # spreads attempts, guards nothing
        self._failures += 1
        self._resume_at = self.clock() + pause
        if self.chain is not None:
            self.chain.close()
        self.chain = None
        self.metrics.network_errors.labels(type(error).__name__).inc()
        log.error("network away", reason=str(error), attempts=self._failures, next_attempt_seconds=round(pause, 2))
