"""Four members run a validator each by `portolan network up`; by their votes a fifth comes, and one goes and is cut
off. On Kaia, and on Besu where the agreed version of it is installed."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Container
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from by_commands import MadeNetwork, done, home, make_member, make_network, network_command, own, secret, up
from consortium import LEIS
from support.ports import free_triples

from chain_node.client import Node
from chain_node.engines.base import find_endpoint
from chain_node.engines.besu_program import besu_version
from chain_node.engines.kaia_program import BINARY
from chain_node.errors import ChainError
from chain_node.networks.besu import BesuEngine
from chain_node.networks.catalogue import engine_named
from chain_node.networks.ceremony import load_ceremony


def besu_lacks() -> str:
    """Why it cannot be run with Besu here; nothing where it can."""
    found = shutil.which("besu")
    if found is None:
        return "besu is not on PATH"
    version = besu_version(Path(found), Path.home())
    return "" if version == BesuEngine.version else f"besu on PATH is {version}, members agree on {BesuEngine.version}"


pytestmark = [pytest.mark.node, pytest.mark.slow]
WITHOUT_KAIA = pytest.mark.skipif(not BINARY.exists(), reason="make build/kaia/.stamp builds it")
WITHOUT_BESU = pytest.mark.skipif(bool(besu_lacks()), reason=besu_lacks())
ENGINES = [
    pytest.param("kaia", marks=[pytest.mark.xdist_group("kaia"), WITHOUT_KAIA]),
    pytest.param("besu", marks=[pytest.mark.xdist_group("besu"), WITHOUT_BESU]),
]
HEIGHT = re.compile(r"^(?:klaytn_blockchain_head_blocknumber|ethereum_blockchain_height) (\d+)(?:\.0)?$", re.M)
PATIENCE_SECONDS = 240.0


def until(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.5)


def url_of(made: MadeNetwork, name: str) -> str:
    endpoint = find_endpoint(home(made, name))
    assert endpoint is not None
    return endpoint.rpc_url


def height_told(made: MadeNetwork, name: str) -> int:
    """The newest block by the node's figures for Prometheus."""
    endpoint = find_endpoint(home(made, name))
    assert endpoint is not None
    text = httpx.get(endpoint.metrics_urls[endpoint.rpc_url], trust_env=False, timeout=60).text
    found = HEIGHT.search(text)
    return int(found[1]) if found else -1


def node_of(made: MadeNetwork, name: str) -> Node:
    """Patient: that a busy machine's node is slow is no failure of it."""
    return Node(url_of(made, name), 60.0)


def sees(made: MadeNetwork, name: str, others: int) -> bool:
    try:
        return int(node_of(made, name).request("net_peerCount"), 16) >= others
    except ChainError:
        return False


def rpc(made: MadeNetwork, *names: str) -> list[object]:
    return [word for name in names for word in ("--rpc", f"{name}={url_of(made, name)}")]


def apply(made: MadeNetwork, node: str, *more: object, wait: int = 0) -> int:
    words = [*own(made, node), *secret(made), *rpc(made, node), "--wait", wait, *more]
    result = network_command("apply", *words)
    assert result.exit_code in (0, 3), result.output
    return result.exit_code


def carry_out(made: MadeNetwork, *nodes: str) -> None:
    """Each member applies by itself, again and again, until its part is signed as done."""
    until("every member has carried it out", lambda: sum(apply(made, node, wait=2) for node in nodes) == 0)


def wait_for_blocks(made: MadeNetwork, name: str, count: int) -> None:
    start = node_of(made, name).block_number()
    until(f"{count} more blocks", lambda: node_of(made, name).block_number() >= start + count)


def validators(made: MadeNetwork, name: str) -> set[str]:
    call = engine_named(load_ceremony(made.folder).terms.engine).validators_call()
    return {its.lower() for its in node_of(made, name).request(call.method, *call.params)}


def findings(made: MadeNetwork, *names: str) -> list[tuple[str, str, str]]:
    words = [*own(made), *rpc(made, *names), "--watch", 6, "--json"]
    result = network_command("doctor", *words)
    found = [(f["area"], f["node"], f["what"]) for f in json.loads(result.output)["findings"]]
    return [finding for finding in found if finding[0] != "disk"]  # how full this machine is, is its own affair


def findings_that_stay(
    made: MadeNetwork, *names: str, areas: Container[str] | None = None
) -> list[tuple[str, str, str]]:
    """Of `areas`, or of all. Two nodes that call each other at once both hang up, and do not see each other until they
    try again, half a minute later."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = [its for its in findings(made, *names) if areas is None or its[0] in areas]
        if not found or time.monotonic() > deadline:
            return found


@pytest.mark.parametrize("engine", ENGINES)
def test_members_run_their_chain_and_vote_one_in_and_one_out(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = free_triples(5)
    made = make_network(tmp_path, monkeypatch, ports[:4], engine=engine)
    with ExitStack() as running:
        for name in made.nodes:
            running.enter_context(up(made, name))
        until("all see all others", lambda: all(sees(made, name, 3) for name in made.nodes))
        before = node_of(made, "v0").block_number()
        wait_for_blocks(made, "v0", 8)
        until("it tells whom it sees", lambda: "sees 3 of 3 others" in done("running", *own(made, "v1")))
        until("each tells its own figures", lambda: all(height_told(made, name) > before for name in made.nodes))
        assert findings_that_stay(made, *made.nodes) == []
        taken = network_command("up", *own(made, "v0"))
        assert taken.exit_code == 1
        assert "already runs" in taken.output

        # A fifth comes
        larger = MadeNetwork(made.name, made.root, {**made.member_dirs, "v4": tmp_path / "member-4"})
        make_member(larger, "v4", LEIS[4], ports[4])
        card = larger.member_dirs["v4"] / "cards" / "v4.json"
        why = ["--why", "a fifth member"]
        done("add-validator", *own(made, "v0"), "--card", card, *why, *secret(made))
        for name in ("v1", "v2"):
            done("approve", *own(made, name)[:1], 1, *own(made, name)[1:], *secret(made))
        for name in ("v0", "v1"):
            assert apply(made, name) == 3
        assert len(validators(made, "v0")) == 4
        running.enter_context(up(larger, "v4"))
        carry_out(larger, *larger.nodes)
        assert validators(made, "v0") == {n.address for n in load_ceremony(made.folder).state.validators}
        until("the fifth sees the others", lambda: sees(larger, "v4", 4))
        coming = node_of(larger, "v4").block_number()
        mine = load_ceremony(made.folder).state.nodes["v4"].address

        def proposed() -> bool:
            block = node_of(larger, "v4").request("eth_getBlockByNumber", "latest", False)
            return int(block["number"], 16) > coming and block["miner"].lower() == mine

        until("the fifth proposes", proposed)

        # One goes
        done("remove-validator", *own(made, "v0"), "--node", "v3", "--why", "leaves", *secret(made))
        for name in ("v1", "v2"):
            number = max(load_ceremony(made.folder).proposals)
            done("approve", *own(made, name)[:1], number, *own(made, name)[1:], *secret(made))
        staying = ("v0", "v1", "v2", "v4")
        carry_out(larger, *staying)
        gone = load_ceremony(made.folder).proposals[number].gone
        assert gone is not None
        assert gone.address not in validators(made, "v0")

        # And is cut off, though its `up` runs on
        until("the one that went sees nobody", lambda: int(node_of(made, "v3").request("net_peerCount"), 16) == 0)
        wait_for_blocks(made, "v0", 8)
        stands = node_of(made, "v3").block_number()
        wait_for_blocks(made, "v0", 8)
        assert node_of(made, "v3").block_number() == stands < node_of(made, "v0").block_number() - 8
        assert "has ended" in done("down", *own(made, "v3"), "--node", "v3")
        assert findings_that_stay(larger, *staying, areas=("peers", "lists")) == []
        assert "has ended" in done("down", *own(larger, "v4"))
