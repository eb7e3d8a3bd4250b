"""Looks at the nodes in a thread of its own, for programs that have no loop for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from chain_node.client.endpoints.rules import Change
from chain_node.client.endpoints.watch import Watch


@contextmanager
def watching(watch: Watch) -> Iterator[Watch]:
    """Until the block ends; then the watch is closed. The first look is left to whoever connects."""
    ends = threading.Event()

    def look() -> None:
        while not ends.wait(watch.rules.look_seconds):
            if watch.has_looked:
                _look(watch)

    thread = threading.Thread(target=look, name="endpoints", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        ends.set()
        thread.join()
        watch.close()


def _look(watch: Watch) -> None:
    try:
        watch.look()
    except Exception as error:  # noqa: BLE001 - without looks a fork would not be seen: the next may succeed
        watch.tell(Change("look failed", {"error": type(error).__name__}, is_alert=True))
