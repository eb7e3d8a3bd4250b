"""What is done to the links between the validators of a network at work; its clients reach all of them all the time.
As in chaos_cases.py each case harms, looks, and mends."""

from __future__ import annotations

import random
import time
from typing import Final

from chaos_cases import SILENCE_SECONDS, Case
from network_at_work import ALL, NetworkAtWork, wait_for

NOT_IN_A_BLOCK: Final = {"pending", "sent"}


def one_is_cut_off(network: NetworkAtWork, chance: random.Random) -> None:
    """Three go on. The one stands still, says what it knew, and fetches the rest when it is back: without hanging up on
    those whose votes reach it meanwhile, as Kaia's own program does in its first sync (tools/kaia)."""
    lone = chance.choice(ALL)
    others = tuple(number for number in ALL if number != lone)
    network.await_accepted("deposit")
    hung_up = _times_hung_up(network, lone)
    with network.parted((lone,)):
        assert network.goes_on(others)
        stands_at = network.watch.height(lone)
        network.await_finished()
        assert network.watch.height(lone) == stands_at, f"validator {lone} has blocks that it cannot have got"
    assert network.goes_on()
    assert _times_hung_up(network, lone) == hung_up, f"validator {lone} hung up on those that it fetches blocks from"


def halves_are_parted(network: NetworkAtWork, chance: random.Random) -> None:
    """Neither half can make a block; what is asked of the gateway is accepted and waits until they see each other."""
    with network.parted(chance.sample(ALL, 2)):
        time.sleep(SILENCE_SECONDS)  # a block may have been on its way
        halted, before = _heights(network), len(network.work.book.accepted("deposit"))
        network.await_accepted("deposit", 5)
        time.sleep(SILENCE_SECONDS)
        assert _heights(network) == halted, "a half made blocks"
        for asked in network.work.book.accepted("deposit")[before:]:
            shown = [network.work.desks["operator"].get(f"/v1/transactions/{its}") for its in asked.transactions]
            assert {its["status"] for its in shown} <= NOT_IN_A_BLOCK, shown
    assert network.goes_on()


def one_link_is_slow_and_loses(network: NetworkAtWork, chance: random.Random) -> None:
    """200 ms each way and every fiftieth packet lost between two: blocks and trades go on all the time."""
    one, other = chance.sample(ALL, 2)
    with network.own_links.slow(one, other, milliseconds=200, loss=0.02, seed=chance.randrange(2**32)) as line:
        assert network.goes_on()
        network.await_finished()
        assert wait_for(lambda: line.counts().lost > 0), line.counts()
        assert network.goes_on()


def _times_hung_up(network: NetworkAtWork, number: int) -> int:
    """For a vote that came while it took no part in the consensus."""
    log = network.engine.node(number).log_path.read_text(encoding="utf-8", errors="replace")
    return log.count('err="stopped engine"')


def _heights(network: NetworkAtWork) -> dict[int, int]:
    return {number: network.watch.height(number) for number in ALL}


LINK_CASES: Final[dict[str, Case]] = {
    case.__name__: case for case in (one_is_cut_off, halves_are_parted, one_link_is_slow_and_loses)
}
