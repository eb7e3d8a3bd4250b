from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from eth_account import Account
from prometheus_client.parser import text_string_to_metric_families
from support.network import GENESIS, RunningNetwork, copy_template, lei, start_network
from support.observability import named

from chain_node.client import Node, Role
from chain_node.compile import ROOT
from chain_node.engines.anvil import BINARY, AnvilEngine, AnvilSettings, set_clock
from chain_node.engines.base import EngineBusy, find_endpoint
from chain_node.errors import NodeUnavailable
from chain_node.supervisor import ProcessFailed

pytestmark = pytest.mark.node

CHAIN_ID = 412346
DAY = 86_400
TRADE_DAY = GENESIS + 40 * DAY


def wait_for(condition: Callable[[], bool], seconds: float = 120.0) -> bool:
    """Long: a busy machine takes half a minute to start a process that imports us."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the second: it ends while it is read
        return False


def test_chain_answers_on_loopback_with_blocks_of_no_price(tmp_path: Path) -> None:
    with AnvilEngine(AnvilSettings(tmp_path, CHAIN_ID)) as engine:
        node = Node(engine.rpc_url)
        block = node.request("eth_getBlockByNumber", "latest", False)

        assert engine.rpc_url.startswith("http://127.0.0.1:")
        assert engine.is_healthy()
        assert node.chain_id() == CHAIN_ID
        assert int(node.request("eth_gasPrice"), 16) == int(block["baseFeePerGas"], 16) == 0
        assert int(block["gasLimit"], 16) == 100_000_000
        assert abs(int(block["timestamp"], 16) - time.time()) < 60


def test_blocks_come_each_second_without_transactions(tmp_path: Path) -> None:
    with AnvilEngine(AnvilSettings(tmp_path, CHAIN_ID, genesis_timestamp=GENESIS)) as engine:
        node = Node(engine.rpc_url)
        start = time.monotonic()
        number = node.block_number()

        assert wait_for(lambda: node.block_number() >= number + 5)

        assert time.monotonic() - start > 2, "four whole seconds lie between the five, but the first may be late"
        assert GENESIS < node.block().timestamp < GENESIS + 60


def test_contract_above_mainnets_size_is_refused(tmp_path: Path) -> None:
    """Initialisation code that returns 0x6001 zero bytes; one byte less is taken."""
    with AnvilEngine(AnvilSettings(tmp_path, CHAIN_ID)) as engine:
        node, sender = Node(engine.rpc_url), Account.create().address

        assert node.estimate_gas(None, bytes.fromhex("6160006000f3"), sender) > 0
        with pytest.raises(Exception, match=r"(?i)size"):
            node.estimate_gas(None, bytes.fromhex("6160016000f3"), sender)


def test_clock_goes_on_in_real_seconds_from_where_it_is_set(tmp_path: Path) -> None:
    with AnvilEngine(AnvilSettings(tmp_path, CHAIN_ID, genesis_timestamp=GENESIS)) as engine:
        node = Node(engine.rpc_url)

        engine.set_clock(TRADE_DAY)

        newest = node.block_number()
        # The seconds' own blocks may have come since.
        assert TRADE_DAY in [node.block(number).timestamp for number in range(1, newest + 1)]
        assert wait_for(lambda: node.block_number() >= newest + 3)
        assert TRADE_DAY + 1 <= node.block().timestamp <= TRADE_DAY + 60


def test_clock_is_never_set_back(tmp_path: Path) -> None:
    with AnvilEngine(AnvilSettings(tmp_path, CHAIN_ID, genesis_timestamp=GENESIS)) as engine:
        engine.set_clock(TRADE_DAY)

        with pytest.raises(ValueError, match=f"cannot be set to {TRADE_DAY - 1}: its latest block is of {TRADE_DAY}"):
            engine.set_clock(TRADE_DAY - 1)


def test_state_and_clock_are_still_there_after_a_restart(own_network: RunningNetwork) -> None:
    chain, account = own_network.chain, Account.create().address
    own_network.engine.set_clock(TRADE_DAY)
    own_network.admit(lei("RESTARTED"), account, Role.CARRIER)
    before = chain.block()

    own_network.engine.stop()
    own_network.engine.start()

    node = Node(own_network.rpc_url)
    assert node.block(before.number) == before
    assert wait_for(lambda: node.block_number() >= before.number + 2)
    assert before.timestamp < node.block().timestamp < before.timestamp + 60
    code = node.code(chain.registry.address)
    assert code
    data = chain.registry.interface.functions["isAdmitted"].encode(account)
    assert int.from_bytes(node.call(chain.registry.address, data, None, "latest"), "big") == 1


def test_clock_set_by_another_process_is_kept_too(tmp_path: Path) -> None:
    settings = AnvilSettings(tmp_path, CHAIN_ID)
    future = int(time.time()) + 400 * 86_400
    with AnvilEngine(settings) as engine:
        set_clock(Node(engine.rpc_url), tmp_path, future)

    with AnvilEngine(settings) as engine:
        node = Node(engine.rpc_url)
        number = node.block_number()
        assert wait_for(lambda: node.block_number() > number)
        assert future < node.block().timestamp < future + 60


def test_machines_clock_is_followed_where_none_was_set(tmp_path: Path) -> None:
    settings = AnvilSettings(tmp_path, CHAIN_ID)
    with AnvilEngine(settings):
        pass

    with AnvilEngine(settings) as engine:
        node = Node(engine.rpc_url)
        assert wait_for(lambda: node.block_number() >= 2)
        assert abs(node.block().timestamp - time.time()) < 60


def test_second_engine_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with AnvilEngine(AnvilSettings(tmp_path, CHAIN_ID)), pytest.raises(EngineBusy, match=f"already runs in {tmp_path}"):
        AnvilEngine(AnvilSettings(tmp_path, CHAIN_ID)).start()


def test_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with AnvilEngine(AnvilSettings(tmp_path / "a", CHAIN_ID)) as first:
        port = int(first.rpc_url.rpartition(":")[2])

        with pytest.raises(ProcessFailed, match=r"chain ended at once[\s\S]*Address already in use"):
            AnvilEngine(AnvilSettings(tmp_path / "b", CHAIN_ID, port=port)).start()


def test_running_chain_is_found_until_it_stops(tmp_path: Path) -> None:
    with AnvilEngine(AnvilSettings(tmp_path, CHAIN_ID)) as engine:
        endpoint = find_endpoint(tmp_path)
        assert endpoint is not None
        assert (endpoint.rpc_url, endpoint.pid) == (engine.rpc_url, engine.pid)
        pid = engine.pid

    assert find_endpoint(tmp_path) is None
    assert not is_running(pid)
    with pytest.raises(NodeUnavailable):
        Node(endpoint.rpc_url).chain_id()


def test_port_of_figures_that_is_taken_is_said_and_the_chain_does_not_run_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        engine = AnvilEngine(AnvilSettings(tmp_path, CHAIN_ID, metrics_port=port))

        with pytest.raises(OSError, match=rf"port {port} of 127\.0\.0\.1 is taken: the chain cannot tell its figures"):
            engine.start()

    assert find_endpoint(tmp_path) is None
    with AnvilEngine(AnvilSettings(tmp_path, CHAIN_ID)) as again:
        assert again.metrics_urls == ()
        found = find_endpoint(tmp_path)
        assert found is not None
        assert found.metrics_urls == {}


def test_chain_that_anvil_runs_tells_its_figures_by_who_runs_anvil(tmp_path: Path) -> None:
    with AnvilEngine(AnvilSettings(tmp_path, CHAIN_ID, metrics_port=0)) as engine:
        (url,) = engine.metrics_urls
        endpoint = find_endpoint(tmp_path)
        assert endpoint is not None
        assert endpoint.metrics_urls == {engine.rpc_url: url}
        assert wait_for(lambda: figures(url).get("head_block", 0) >= 1)
        assert wait_for(lambda: set(figures(url)) == {"answers", "head_block", "block_age_seconds"})
        assert wait_for(lambda: figures(url).get("block_age_seconds", DAY) < DAY)
        port = int(url.removesuffix("/metrics").rpartition(":")[2])
        assert url == f"http://127.0.0.1:{port}/metrics"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=10)

        engine.set_clock(int(time.time()) + DAY)
        # Blocks of a clock that was set have no age.
        assert wait_for(lambda: figures(url).get("answers") == 1)
        assert "block_age_seconds" not in figures(url)

        os.kill(engine.pid, signal.SIGKILL)
        os.waitid(os.P_PID, engine.pid, os.WEXITED | os.WNOWAIT)
        assert figures(url) == {"answers": 0}

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)


def figures(url: str) -> dict[str, float]:
    """Those of the one node, by their names without what all have in common."""
    text = httpx.get(url, trust_env=False, timeout=60).text
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    mine = [its for its in found if its.labels]
    assert {its.labels["node"] for its in mine} == {"embedded"}
    assert {its.name for its in found} <= named()
    return {its.name.removeprefix("portolan_network_node_"): its.value for its in mine}


def test_chain_that_was_killed_is_noticed_and_starts_again(tmp_path: Path) -> None:
    settings = AnvilSettings(tmp_path, CHAIN_ID)
    engine = AnvilEngine(settings)
    engine.start()
    os.kill(engine.pid, signal.SIGKILL)
    # Its sockets close before it has ended: until then it answers nobody and is not dead.
    os.waitid(os.P_PID, engine.pid, os.WEXITED | os.WNOWAIT)
    assert not engine.is_healthy()

    with pytest.raises(ProcessFailed, match="chain died, killed by SIGKILL"):
        engine.check()

    assert find_endpoint(tmp_path) is None
    engine.stop()
    with engine:
        assert engine.is_healthy()


def test_chain_dies_with_its_parent_and_keeps_its_state(tmp_path: Path) -> None:
    code = (
        "import time; from pathlib import Path; from chain_node.engines.anvil import AnvilEngine, AnvilSettings\n"
        f"engine = AnvilEngine(AnvilSettings(Path({str(tmp_path)!r}), {CHAIN_ID})); engine.start(); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    assert wait_for(lambda: find_endpoint(tmp_path) is not None)
    endpoint = find_endpoint(tmp_path)
    assert endpoint is not None
    assert wait_for(lambda: Node(endpoint.rpc_url).block_number() >= 2)

    parent.kill()
    parent.wait()

    assert wait_for(lambda: not is_running(endpoint.pid))
    with AnvilEngine(AnvilSettings(tmp_path, CHAIN_ID)) as again:
        assert Node(again.rpc_url).block_number() >= 2


def test_network_of_the_fixture_is_a_copy_and_no_deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others' tests rely on it: it is there soon."""
    copy_template(tmp_path / "made")  # where it was never made on this machine
    monkeypatch.setattr("support.network.deploy", lambda *_: pytest.fail("it is deployed anew"))
    network = start_network(tmp_path / "network")
    try:
        assert network.chain.block().timestamp < GENESIS + 600
    finally:
        network.engine.stop()


def test_binary_is_the_one_that_npm_installed() -> None:
    assert stat.S_IMODE(BINARY.stat().st_mode) & 0o100
