"""Looks at the nodes in a thread of its own, for programs that have no loop for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from chain_node.client.endpoints.watch import Watch


@contextmanager
def watching(watch: Watch) -> Iterator[Watch]:
    """Until the block ends; then the watch is closed."""
    ends = threading.Event()

    def look() -> None:
        while not ends.wait(watch.rules.look_seconds):
            watch.look()

    thread = threading.Thread(target=look, name="endpoints", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        ends.set()
        thread.join()
        watch.close()
