"""Every case of this folder once, in random order, then again and again as long as SOAK_MINUTES says; `make soak
MINUTES=60` runs it. The first thing that is lost, doubled, paid twice or changed ends it; SOAK_SEED repeats the same
cases on the same validators."""

from __future__ import annotations

import os
import random
import time

import pytest
from chaos_cases import CASES, DEFAULT_SEED, SOAK_ALONE, Case
from link_cases import LINK_CASES
from network_at_work import NetworkAtWork
from soak_deck import cases_in_turn, left_out, report
from stranger_cases import STRANGER_CASES
from support.links import Links

pytestmark = [
    pytest.mark.node,
    pytest.mark.slow,
    pytest.mark.xdist_group("chaos"),
    SOAK_ALONE,
]
EVERY_CASE: dict[str, Case] = CASES | STRANGER_CASES | LINK_CASES


def test_whatever_is_done_to_it_nothing_is_lost_doubled_or_changed(at_work: NetworkAtWork) -> None:
    impossible = set() if isinstance(at_work.links, Links) else set(LINK_CASES)
    cases = {name: case for name, case in EVERY_CASE.items() if name not in impossible}
    seed, minutes = int(os.environ.get("SOAK_SEED", DEFAULT_SEED)), float(os.environ["SOAK_MINUTES"])
    chance, begun, ran = random.Random(seed), time.monotonic(), list[str]()
    print(f"\nSOAK_SEED={seed}", flush=True)
    try:
        for name in cases_in_turn(cases, chance, lambda: time.monotonic() - begun < 60 * minutes):
            print(f"{(time.monotonic() - begun) / 60:6.1f} min  {name}", flush=True)
            cases[name](at_work, chance)
            at_work.require_all_is_well()
            ran.append(name)
    finally:
        print(report(seed, ran, cases, impossible), flush=True)
    done = f"{len(at_work.work.finished)} trades, {len(at_work.work.book.accepted())} requests"
    print(f"{len(ran)} rounds, {at_work.watch.known} blocks, {done}: nothing lost, doubled or changed", flush=True)
    assert left_out(ran, cases) == []
