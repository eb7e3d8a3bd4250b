"""A background loop: a thread that repeats one pass, soon after it is woken or after a while, and never dies of an
error."""

import threading
import time
from collections.abc import Callable

import structlog
from prometheus_client import Counter

from chain_node.errors import ChainError, RetryableError

log = structlog.get_logger()
_LONGEST_PAUSE_SECONDS = 5.0


class Loop:
    """Calls `step` until stopped. `step` answers whether there is more to do at once. Once woken, it waits for
    `gather_seconds` first: whoever woke it is seldom alone, and one pass serves all."""

    def __init__(
        self,
        name: str,
        step: Callable[[], bool],
        interval_seconds: float,
        failures: Counter,
        gather_seconds: float = 0.0,
    ) -> None:
        self.name = name
        self._step = step
        self._interval_seconds = interval_seconds
        self._failures = failures
        self._gather_seconds = gather_seconds
        self._wake = threading.Event()
        self._stopping = False
        self._pause = 0.0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self, timeout_seconds: float = 10.0) -> None:
        """Lets the present pass end."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping:
            more = self._pass()
            if not more:
                woken = self._wake.wait(self._pause or self._interval_seconds)
                if woken and self._gather_seconds and not self._stopping:
                    time.sleep(self._gather_seconds)
            self._wake.clear()

    def _pass(self) -> bool:
        try:
            more = self._step()
        except RetryableError as error:
            self._failed("loop.retries", error)
        except ChainError as error:
            self._failed("loop.chain-error", error)
        except Exception as error:  # noqa: BLE001 - a loop that died of the unexpected would stop all writes in silence
            self._failed("loop.failed", error)
        else:
            self._pause = 0.0
            return more
        return False

    def _failed(self, what: str, error: Exception) -> None:
        self._failures.labels(self.name).inc()
        self._pause = min(max(self._pause * 2, 0.2), _LONGEST_PAUSE_SECONDS)
        # The class only for the unexpected: messages of a database or a library may quote what must not be in logs.
        said = str(error) if isinstance(error, ChainError) else ""
        log.error(what, loop=self.name, error=type(error).__name__, said=said, pause_seconds=self._pause)
