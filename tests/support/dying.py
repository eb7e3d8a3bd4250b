"""Processes that end themselves, as `kill -9` would."""

import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

# Forked from a server that has imported the gateway and has no threads: starting Python anew for each takes longer than
# all the rest, and a fork of the test's own process keeps whatever lock one of its threads held just then, for ever.
_CONTEXT = get_context("forkserver")
_LONGEST_SECONDS = 240
_OURS = {"api", "chain_node", "standards"}


def run_until_killed(target: Callable[..., None], *values: Any) -> None:
    """Runs `target` in a process of its own, which must kill itself."""
    # What is loaded here is loaded there, when the first such process is asked for.
    _CONTEXT.set_forkserver_preload(sorted(name for name in sys.modules if name.partition(".")[0] in _OURS))
    process = _CONTEXT.Process(target=target, args=values, daemon=True)
    process.start()
    process.join(_LONGEST_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError(f"the process lived on for {_LONGEST_SECONDS} seconds")
    assert process.exitcode == -signal.SIGKILL
