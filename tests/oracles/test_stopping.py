"""A process that is asked to end hears it, wherever it is just then."""

from __future__ import annotations

import os
import signal
import threading
from multiprocessing import get_context

from oracles.stopping import StopSignal

ROUNDS = 200
LONGEST_SECONDS = 240


def stopped_again_and_again() -> None:
    """By a signal that comes while one goes to sleep, or wakes: hardly anything else is done. A timer of the system
    sends it: a thread could only while this one has given the interpreter away."""
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGTERM))
    for number in range(ROUNDS):
        stop = StopSignal()
        signal.setitimer(signal.ITIMER_REAL, 0.0003 + number % 97 / 1_000_000)
        while not stop.is_set():
            stop.sleep(0.00001)


def test_signal_that_comes_on_the_way_to_sleep_is_heard() -> None:
    process = get_context("forkserver").Process(target=stopped_again_and_again, daemon=True)
    process.start()
    process.join(LONGEST_SECONDS)
    ended = process.exitcode
    process.kill()
    process.join()

    assert ended == 0


def test_sleep_ends_with_the_signal() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        stop = StopSignal()
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()

        stop.sleep(3_600)

        assert stop.is_set()
        stop.sleep(3_600)  # and none begins after it
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
