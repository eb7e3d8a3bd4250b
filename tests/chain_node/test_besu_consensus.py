"""Four real validators on Besu: consensus, deaths and returns. Only where Besu is installed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator

import pytest

from chain_node.client import Node
from chain_node.engines import LocalBesuEngine
from chain_node.engines.besu import BesuSettings
from chain_node.errors import ChainError

pytestmark = [
    pytest.mark.node,
    pytest.mark.slow,
    pytest.mark.xdist_group("besu"),
    pytest.mark.skipif(shutil.which("besu") is None, reason="besu is not on PATH"),
]

CHAIN_ID = 412348
ALL = (1, 2, 3, 4)
PATIENCE_SECONDS = 300.0
"""After two deaths the others' rounds have doubled: measured were up to two minutes."""


def wait_for(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def height(engine: LocalBesuEngine, number: int) -> int:
    """-1 where it does not answer."""
    try:
        return Node(engine.node(number).rpc_url, 60.0).block_number()
    except ChainError:
        return -1


def hashes(engine: LocalBesuEngine, number: int, blocks: range) -> list[bytes]:
    node = Node(engine.node(number).rpc_url, 60.0)
    return [node.block(at).hash for at in blocks]


def goes_on(engine: LocalBesuEngine, numbers: tuple[int, ...] = ALL) -> bool:
    known = max(height(engine, number) for number in numbers)
    return wait_for(lambda: all(height(engine, number) > known + 1 for number in numbers))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBesuEngine]:
    with LocalBesuEngine(BesuSettings(tmp_path_factory.mktemp("besu"), CHAIN_ID)) as engine:
        yield engine


@pytest.fixture
def four(engine: LocalBesuEngine) -> LocalBesuEngine:
    for number in ALL:
        engine.start_node(number)
    assert goes_on(engine)
    return engine


def test_four_besu_validators_agree_on_each_block_and_it_costs_nothing(four: LocalBesuEngine) -> None:
    last = min(height(four, number) for number in ALL)
    node = Node(four.rpc_url)

    seen = {number: hashes(four, number, range(last + 1)) for number in ALL}
    listed = {address.lower() for address in node.request("qbft_getValidatorsByBlockNumber", "latest")}

    assert all(seen[number] == seen[1] for number in ALL)
    assert listed == {its.identity.address.lower() for its in four.nodes}
    assert node.chain_id() == CHAIN_ID
    assert int(node.request("eth_gasPrice"), 16) == 0
    assert int(node.request("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16) == 0
    assert four.is_healthy()


def test_one_killed_besu_validator_stops_nobody_and_catches_up(four: LocalBesuEngine) -> None:
    four.kill_node(4)

    assert goes_on(four, (1, 2, 3))
    final = range(height(four, 1) + 1)
    four.start_node(4)
    assert wait_for(lambda: height(four, 4) >= final.stop)
    assert hashes(four, 4, final) == hashes(four, 1, final)


def test_two_killed_besu_validators_are_too_many_until_one_returns(four: LocalBesuEngine) -> None:
    final = range(min(height(four, number) for number in ALL) + 1)
    before = hashes(four, 1, final)
    for number in (3, 4):
        four.kill_node(number)
    assert not four.is_healthy()

    four.start_node(3)

    assert goes_on(four, (1, 2, 3))
    four.start_node(4)
    assert goes_on(four)
    assert all(hashes(four, number, final) == before for number in ALL)


def test_besu_validator_that_lost_its_chain_fetches_it_from_the_others(four: LocalBesuEngine) -> None:
    four.kill_node(2)
    final = range(height(four, 1) + 1)
    four.wipe_node(2)

    four.start_node(2)

    assert wait_for(lambda: height(four, 2) >= final.stop)
    assert hashes(four, 2, final) == hashes(four, 1, final)


def test_besu_network_goes_on_after_it_was_stopped_whole(four: LocalBesuEngine) -> None:
    final = range(min(height(four, number) for number in ALL) + 1)
    before = hashes(four, 1, final)
    four.stop()

    four.start()

    assert goes_on(four)
    assert all(hashes(four, number, final) == before for number in ALL)
