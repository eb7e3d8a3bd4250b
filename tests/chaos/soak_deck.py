"""In which order a soak takes its cases, and what it says of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence


def cases_in_turn(cases: Collection[str], chance: random.Random, time_is_left: Callable[[], bool]) -> Iterator[str]:
    """Each case once, whatever the time; then the whole deck shuffled anew, again and again, while time is left."""
    yield from chance.sample(sorted(cases), len(cases))
    deck: list[str] = []
    while time_is_left():
        deck = deck or chance.sample(sorted(cases), len(cases))
        yield deck.pop()


def left_out(ran: Sequence[str], cases: Collection[str]) -> list[str]:
    return sorted(set(cases) - set(ran))


def report(seed: int, ran: Sequence[str], cases: Collection[str], impossible: Collection[str]) -> str:
    """One line for each case: how often it was passed, or why it was not."""
    times = Counter(ran)
    lines = [f"SOAK_SEED={seed}: {len(times)} of {len(cases)} cases passed"]
    lines += [f"  {times[name]:3} x {name}" if times[name] else f"  not passed: {name}" for name in sorted(cases)]
    return "\n".join([*lines, *(f"  only for root, left out: {name}" for name in sorted(impossible))])
