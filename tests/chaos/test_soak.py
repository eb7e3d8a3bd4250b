"""Cases in random order, again and again, as long as SOAK_MINUTES says; `make soak MINUTES=60` runs it. The first
thing that is lost, doubled, paid twice or changed ends it; SOAK_SEED repeats the same cases on the same validators."""

from __future__ import annotations

import os
import random
import time

import pytest
from chaos_cases import CASES, DEFAULT_SEED, SOAK_ALONE, Case
from link_cases import LINK_CASES
from network_at_work import NetworkAtWork
from stranger_cases import STRANGER_CASES
from support.links import Links

pytestmark = [
    pytest.mark.node,
    pytest.mark.slow,
    pytest.mark.xdist_group("chaos"),
    SOAK_ALONE,
]


def test_whatever_is_done_to_it_nothing_is_lost_doubled_or_changed(at_work: NetworkAtWork) -> None:
    cases: dict[str, Case] = CASES | STRANGER_CASES | (LINK_CASES if isinstance(at_work.links, Links) else {})
    deck: list[str] = []
    seed = int(os.environ.get("SOAK_SEED", DEFAULT_SEED))
    chance, rounds, begun = random.Random(seed), 0, time.monotonic()
    print(f"\nSOAK_SEED={seed}", flush=True)
    while time.monotonic() - begun < 60 * float(os.environ["SOAK_MINUTES"]):
        deck = deck or chance.sample(sorted(cases), len(cases))
        name = deck.pop()
        print(f"{(time.monotonic() - begun) / 60:6.1f} min  {name}", flush=True)
        cases[name](at_work, chance)
        at_work.require_all_is_well()
        rounds += 1
    done = f"{len(at_work.work.finished)} trades, {len(at_work.work.book.accepted())} requests"
    print(f"{rounds} rounds, {at_work.watch.known} blocks, {done}: nothing lost, doubled or changed", flush=True)
    assert rounds > 0
