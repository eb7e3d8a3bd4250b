"""When a process is asked to end."""

from __future__ import annotations

import signal
import threading


class StopSignal:
    """Set by Ctrl-C or SIGTERM; the cycle in progress is finished first. A second signal does not wait."""

    def __init__(self) -> None:
        self._event = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, number: int, _: object) -> None:
        self._event.set()
        signal.signal(number, signal.SIG_DFL)

    def is_set(self) -> bool:
        return self._event.is_set()

    def sleep(self, seconds: float) -> None:
        self._event.wait(seconds)
