"""What is done to a network at work: each case harms it, sees that the rest behaves as it must, and mends it again.
What must hold afterwards is the same for all: `NetworkAtWork.require_all_is_well`.

The tests run them by name, `make soak` at random. `chance` draws whom a case is done to."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from asked import PATIENCE_SECONDS
from network_at_work import ALL, NetworkAtWork, wait_for

from chain_node.supervisor import ProcessFailed

Case = Callable[[NetworkAtWork, random.Random], None]
SOAK_ALONE: Final = pytest.mark.skipif("SOAK_MINUTES" not in os.environ, reason="`make soak` has its case")
"""For what `make test` has no minutes; `make soak` runs each case at least once."""
DEFAULT_SEED: Final = 20261123
SILENCE_SECONDS: Final = 12.0
"""Two rounds' time: where a block could come, it would."""
DAY_SECONDS: Final = 86_400
CLOCK_OFFSET: Final = "PORTOLAN_CLOCK_OFFSET_SECONDS"
"""What our build of Kaia reads (tools/kaia/clock)."""
DATABASE_FILES: Final = ("*.ldb", "*.log", "MANIFEST-*")
VERY_MANY_BLOCKS: Final = 60
"""So many that whoever can fetch blocks has fetched some; static peers are dialled again within half a minute."""
MANY_BLOCKS: Final = 10
"""So many that whoever takes part has some of them."""


def one_is_killed(network: NetworkAtWork, chance: random.Random) -> None:
    """Nobody has to wait for it but when its turn comes."""
    victim = chance.choice(ALL)
    network.await_accepted("deposit")
    network.engine.kill_node(victim)
    network.await_finished()
    assert network.goes_on(tuple(number for number in ALL if number != victim))
    network.engine.start_node(victim)


def two_are_killed_and_one_returns(network: NetworkAtWork, chance: random.Random) -> None:
    """The chain halts; what is asked of the gateway is accepted and waits; one is enough to go on."""
    first, second = chance.sample(ALL, 2)
    left = tuple(number for number in ALL if number not in (first, second))
    for victim in (first, second):
        network.engine.kill_node(victim)
    time.sleep(SILENCE_SECONDS)  # a block may have been on its way
    halted = {number: network.watch.height(number) for number in left}
    network.await_accepted("deposit", 5)
    time.sleep(SILENCE_SECONDS)
    assert {number: network.watch.height(number) for number in left} == halted, "blocks came of two validators alone"
    network.engine.start_node(first)
    assert network.goes_on((*left, first))


def all_are_killed_and_return(network: NetworkAtWork, chance: random.Random) -> None:
    for victim in chance.sample(ALL, len(ALL)):
        network.engine.kill_node(victim)
    for number in chance.sample(ALL, len(ALL)):
        network.engine.start_node(number)
    assert network.goes_on()


def clock_is_a_day_off(network: NetworkAtWork, chance: random.Random) -> None:
    """Whose clock is wrong is as good as dead: the others take none of its blocks, or it takes none of theirs; and no
    block has another day's time."""
    victim, seconds = chance.choice(ALL), chance.choice((-DAY_SECONDS, DAY_SECONDS))
    others = tuple(number for number in ALL if number != victim)
    place = network.engine.node(victim).place
    network.engine.stop_node(victim)
    network.engine.place_node(victim, replace(place, behind=(*place.behind, "env", f"{CLOCK_OFFSET}={seconds}")))
    network.engine.start_node(victim)
    try:
        network.await_finished()
        assert network.goes_on(others)
    finally:
        network.engine.stop_node(victim)
        network.engine.place_node(victim, place)
    network.engine.start_node(victim)
    told = network.watch.block(others[0], network.watch.height(others[0])).timestamp
    assert abs(told - time.time()) < PATIENCE_SECONDS, f"the chain's time is {told}, the machine's {time.time()}"


def database_is_damaged(network: NetworkAtWork, chance: random.Random) -> None:
    """Its files are overwritten while it is down. It dies of that, stands still, has holes, or mends itself and fetches
    what is lost; in all but the last case its operator wipes it, and it fetches all."""
    victim = chance.choice(ALL)
    others = tuple(number for number in ALL if number != victim)
    network.engine.kill_node(victim)
    damaged = damage(network.engine.node(victim).chain_dir, chance)
    assert len(damaged) > 1, f"there was nothing to damage but {damaged}"
    if is_whole(network, victim):
        print(f"validator {victim} mended itself and fetched what was lost")
        return
    print(f"validator {victim} did not come back by itself and is wiped")
    with suppress(KeyError):  # it did not even start
        network.engine.kill_node(victim)
    assert network.goes_on(others)
    network.engine.wipe_node(victim)
    network.engine.start_node(victim)
    assert is_whole(network, victim), f"validator {victim} did not fetch the chain"


def damage(chain_dir: Path, chance: random.Random) -> list[str]:
    """Overwrites the middle of each file of the database, and cuts off the end; which files it were."""
    found = (path for kind in DATABASE_FILES for path in chain_dir.rglob(kind))
    files = sorted(path for path in found if path.stat().st_size > 0)
    for path in files:
        content = bytearray(path.read_bytes())
        start, end = len(content) // 4, len(content) * 3 // 4
        content[start:end] = chance.randbytes(end - start)
        path.write_bytes(content[: max(1, len(content) - chance.randrange(1, 64))])
    return [str(path.relative_to(chain_dir)) for path in files]


def is_whole(network: NetworkAtWork, victim: int) -> bool:
    """Whether it starts, comes to where the others were, and has all blocks up to there; one that stands still while
    many blocks come does not."""
    known = network.watch.known
    try:
        network.engine.start_node(victim)
    except ProcessFailed:
        return False
    wait_for(
        lambda: (
            not network.engine.runs(victim)
            or network.watch.height(victim) >= known
            or network.watch.known > known + VERY_MANY_BLOCKS
        )
    )
    runs = network.engine.runs(victim) and network.watch.height(victim) >= known
    return runs and not network.watch.holes(victim, known)


def is_voted_out_and_in(network: NetworkAtWork, chance: random.Random) -> None:
    """Two of four votes change nothing; three remove a validator at once, and let it in again."""
    victim = chance.choice(ALL)
    address = network.engine.node(victim).identity.address
    voters = [number for number in ALL if number != victim]
    chance.shuffle(voters)
    vote(network, voters[:2], "removevalidator", address)
    assert wait_for(lambda: bool(network.watch.ask(voters[0], "governance_showTally"))), "no vote is counted"
    known = network.watch.known
    assert wait_for(lambda: network.watch.known > known + MANY_BLOCKS)
    assert validators(network, voters[0]) == addresses(network, ALL), "two of four have removed a validator"
    vote(network, voters[2:], "removevalidator", address)
    left = addresses(network, voters)
    assert wait_for(lambda: all(validators(network, number) == left for number in ALL)), "it was not voted out"
    network.await_finished()
    vote(network, voters[:2], "addvalidator", address)
    assert wait_for(lambda: all(validators(network, number) == addresses(network, ALL) for number in ALL))
    assert network.goes_on()


def vote(network: NetworkAtWork, voters: Sequence[int], what: str, address: str) -> None:
    """As their operators would: each over its own validator's console."""
    for voter in voters:
        network.watch.ask(voter, "governance_vote", f"governance.{what}", address)


def validators(network: NetworkAtWork, number: int) -> set[str]:
    """As a validator knows them now."""
    return {address.lower() for address in network.watch.ask(number, "istanbul_getValidators", "latest")}


def addresses(network: NetworkAtWork, numbers: Sequence[int]) -> set[str]:
    return {network.engine.node(number).identity.address.lower() for number in numbers}


CASES: Final[dict[str, Case]] = {
    case.__name__: case
    for case in (
        one_is_killed,
        two_are_killed_and_one_returns,
        all_are_killed_and_return,
        clock_is_a_day_off,
        database_is_damaged,
        is_voted_out_and_in,
    )
}
