"""When a process is asked to end."""

from __future__ import annotations

import os
import select
import signal


class StopSignal:
    """Set by Ctrl-C or SIGTERM; the cycle in progress is finished first. A second signal does not wait.

    A pipe wakes who sleeps. A `threading.Event` would not do: who waits for it takes its lock, and so does who sets it,
    and a signal is handled in the very thread that waits, which would then wait for itself for ever.
    """

    def __init__(self) -> None:
        self._stopped = False
        told, self._tell = os.pipe()
        self._waiting = select.poll()
        self._waiting.register(told, select.POLLIN)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, number: int, _: object) -> None:
        self._stopped = True
        os.write(self._tell, b"\0")
        signal.signal(number, signal.SIG_DFL)

    def is_set(self) -> bool:
        return self._stopped

    def sleep(self, seconds: float) -> None:
        self._waiting.poll(max(seconds, 0) * 1_000)
