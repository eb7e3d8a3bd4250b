"""What a node does while its signer is away: it asks again with back-off, and goes on with everything else."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from oracles.keys.errors import SignerAway

log = structlog.get_logger("oracles")

FIRST_SECONDS: Final = 0.25
LONGEST_SECONDS: Final = 15.0


@dataclass
class SignerPause:
    """Pauses double up to 15 seconds, each a little random."""

    clock: Callable[[], float] = time.monotonic
    _failures: int = 0
    _resume_at: float = 0.0

    @property
    def may_try(self) -> bool:
        return self.clock() >= self._resume_at

    def worked(self) -> None:
        if self._failures:
            log.warning("signer is back", attempts=self._failures)
        self._failures = 0

    def failed(self, error: SignerAway) -> None:
        pause = min(FIRST_SECONDS * 2**self._failures, LONGEST_SECONDS) * (1 + random.random() / 4)  # noqa: S311  # nosec B311 # spreads attempts, guards nothing
        self._failures = min(self._failures + 1, 32)
        self._resume_at = self.clock() + pause
        log.error("signer away", reason=str(error), attempts=self._failures, next_attempt_seconds=round(pause, 2))
