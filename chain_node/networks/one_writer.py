"""One command at a time writes a network's folder: the log is read, signed and written again in one piece."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SILENT_SECONDS: Final = 3.0
_POLL_SECONDS: Final = 0.05


@contextmanager
def one_writer(folder: Path, tell: Callable[[str], None], silent_seconds: float = SILENT_SECONDS) -> Iterator[None]:
    """Waits until no other command writes here; `tell` hears of it once that lasts. The folder itself is locked, so
    that no file of ours lies among the agreed ones; the lock ends with the process."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not _taken(descriptor, silent_seconds):
            tell(f"{folder}: another command is writing the ceremony's log; waiting until it has ended.")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(_POLL_SECONDS)
        else:
            return True
