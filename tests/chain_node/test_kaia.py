"""Four real validators: consensus, deaths and returns. `make build/kaia/.stamp` builds the program."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from eth_account import Account
from support.network import lei

from chain_node.client import AddressBook, Chain, Node, Role, sign_call, sign_transaction
from chain_node.compile import compile_contracts
from chain_node.config import CONFIG_ROOT, load_network
from chain_node.deploy import deploy
from chain_node.engines import KaiaEngine, kaia
from chain_node.engines.base import ClockFixed, EngineBusy, find_endpoint
from chain_node.engines.kaia import KaiaSettings
from chain_node.engines.ports import listening_ports
from chain_node.engines.seats import Place
from chain_node.engines.validators import make_validator_keys
from chain_node.errors import AlreadyKnown, ChainError, ContractReverted, NonceTooLow, UnderpricedReplacement
from chain_node.genesis import kaia_genesis
from chain_node.keys import KeyRing
from chain_node.supervisor import ProcessFailed

pytestmark = [pytest.mark.node, pytest.mark.slow, pytest.mark.xdist_group("kaia")]

CHAIN_ID = 412347
ALL = (1, 2, 3, 4)
PATIENCE_SECONDS = 300.0
"""Rounds that end without a block get longer and longer; a busy machine makes them longer still."""
SILENCE_SECONDS = 12.0
"""Two rounds' time: where a block could come, it would."""


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def height(engine: KaiaEngine, number: int) -> int:
    """-1 where it does not answer."""
    try:
        return Node(engine.node(number).rpc_url, 60.0).block_number()
    except ChainError:
        return -1


def hashes(engine: KaiaEngine, number: int, blocks: range) -> list[bytes]:
    node = Node(engine.node(number).rpc_url, 60.0)
    return [node.block(at).hash for at in blocks]


def goes_on(engine: KaiaEngine, numbers: tuple[int, ...] = ALL) -> bool:
    """Whether all of them get blocks that none of them has now."""
    known = max(height(engine, number) for number in numbers)
    return wait_for(lambda: all(height(engine, number) > known + 1 for number in numbers))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KaiaEngine]:
    with KaiaEngine(KaiaSettings(tmp_path_factory.mktemp("kaia"), CHAIN_ID)) as engine:
        yield engine


@pytest.fixture
def four(engine: KaiaEngine) -> KaiaEngine:
    """The module's network with all its validators, whatever the test before has done to them."""
    for number in ALL:
        engine.start_node(number)
    assert goes_on(engine)
    return engine


# Refusals


def test_chain_of_other_validators_is_not_gone_on_with(tmp_path: Path) -> None:
    strangers = [Account.create().address for _ in ALL]
    (tmp_path / "genesis.json").write_text(json.dumps(kaia_genesis(CHAIN_ID, strangers, 1)))

    with pytest.raises(ValueError, match=r"genesis.json: the chain was begun with other validators than these 4"):
        KaiaEngine(KaiaSettings(tmp_path, CHAIN_ID)).start()

    assert find_endpoint(tmp_path) is None


def test_chain_of_another_id_is_not_gone_on_with(tmp_path: Path) -> None:
    validators = [identity.address for _, identity in make_validator_keys(tmp_path, 4).values()]
    (tmp_path / "genesis.json").write_text(json.dumps(kaia_genesis(7, validators, 1)))

    with pytest.raises(ValueError, match="begun with chain id 7"):
        KaiaEngine(KaiaSettings(tmp_path, CHAIN_ID)).start()


def test_missing_program_is_said_with_what_builds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kaia, "BINARY", tmp_path / "nowhere")

    with pytest.raises(FileNotFoundError, match=r"make build/kaia/\.stamp"):
        KaiaEngine(KaiaSettings(tmp_path, CHAIN_ID)).start()


def test_port_that_is_taken_is_said_and_nothing_is_left_running(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(ProcessFailed, match=r"validator 1 ended at once[\s\S]*address already in use"):
            KaiaEngine(KaiaSettings(tmp_path, CHAIN_ID, port=port)).start()

    assert find_endpoint(tmp_path) is None


def test_second_engine_on_the_same_folder_is_refused(engine: KaiaEngine) -> None:
    with pytest.raises(EngineBusy, match="already runs in"):
        KaiaEngine(engine.settings).start()


def test_clock_of_the_world_is_not_moved(engine: KaiaEngine) -> None:
    with pytest.raises(ClockFixed, match="real time"):
        engine.set_clock(int(time.time()) + 86_400)


def test_chain_of_a_validator_that_runs_is_not_wiped(four: KaiaEngine) -> None:
    with pytest.raises(ValueError, match="validator 2 runs"):
        four.wipe_node(2)
    with pytest.raises(KeyError, match="no validator 5 among 4"):
        four.wipe_node(5)


def test_validator_that_runs_or_would_be_lost_to_the_others_is_not_placed_elsewhere(four: KaiaEngine) -> None:
    with pytest.raises(ValueError, match="validator 2 runs"):
        four.place_node(2, Place())
    four.stop_node(2)
    with pytest.raises(ValueError, match=r"known to the others at 127\.0\.0\.1"):
        four.place_node(2, Place("127.0.0.2"))


def test_clock_that_is_wrong_by_no_number_stops_the_start(four: KaiaEngine) -> None:
    four.stop_node(2)
    four.place_node(2, Place(behind=("env", "PORTOLAN_CLOCK_OFFSET_SECONDS=a day")))
    try:
        with pytest.raises(ProcessFailed, match="must be whole seconds, not a day"):
            four.start_node(2)
    finally:
        four.place_node(2, Place())


# Consensus


def test_four_validators_agree_on_each_block(four: KaiaEngine) -> None:
    last = min(height(four, number) for number in ALL)
    node = Node(four.rpc_url)

    seen = {number: hashes(four, number, range(last + 1)) for number in ALL}
    listed = {address.lower() for address in node.request("istanbul_getValidators", hex(last))}
    proposers = {node.request("eth_getBlockByNumber", hex(at), False)["miner"] for at in range(1, last + 1)}

    assert all(seen[number] == seen[1] for number in ALL)
    assert len(set(seen[1])) == last + 1
    assert listed == {its.identity.address.lower() for its in four.nodes}
    assert proposers <= listed
    assert four.is_healthy()
    assert node.chain_id() == CHAIN_ID


def test_validators_of_a_started_network_see_each_other(tmp_path: Path) -> None:
    """A connection may still be lost when the start is over; it comes back."""
    with KaiaEngine(KaiaSettings(tmp_path, CHAIN_ID)) as engine:
        nodes = [Node(its.rpc_url) for its in engine.nodes]

        assert wait_for(lambda: [node.request("net_peerCount") for node in nodes] == ["0x3"] * 4)


def test_network_costs_nothing_and_only_this_machine_reaches_it(four: KaiaEngine) -> None:
    node = Node(four.rpc_url)

    assert int(node.request("eth_gasPrice"), 16) == 0
    assert int(node.request("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16) == 0
    for number in ALL:
        its = four.node(number)
        assert listening_ports(four.pid_of(number)) == {its.rpc_port, its.p2p_port, its.metrics_port}
        assert listening_addresses(four.pid_of(number)) == {"0100007F"}, "127.0.0.1 as the kernel writes it"


def listening_addresses(pid: int) -> set[str]:
    links = {os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            row = line.split()
            if row[3] == "0A" and f"socket:[{row[9]}]" in links:
                found.add(row[1].rpartition(":")[0])
    return found


def test_keys_are_their_owners_alone_and_in_no_log(four: KaiaEngine) -> None:
    for its in four.nodes:
        key = its.folder / "key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        for log in its.log_path.parent.glob("*.log"):
            assert key.read_text().strip() not in log.read_text(errors="replace")


def test_running_network_is_found_with_all_its_nodes(four: KaiaEngine) -> None:
    endpoint = find_endpoint(four.settings.data_dir)

    assert endpoint is not None
    assert (endpoint.rpc_url, endpoint.pid) == (four.rpc_url, four.pid)
    assert endpoint.more_urls == tuple(its.rpc_url for its in four.nodes[1:])
    assert four.rpc_urls == (four.rpc_url, *endpoint.more_urls)
    assert endpoint.metrics_urls == {its.rpc_url: its.metrics_url for its in four.nodes}


def test_each_validator_tells_its_own_figures(four: KaiaEngine) -> None:
    seen = height(four, 1)
    assert len(set(four.metrics_urls)) == 4

    def told(url: str) -> int:
        text = httpx.get(url, trust_env=False, timeout=PATIENCE_SECONDS).text
        found = re.search(r"^klaytn_blockchain_head_blocknumber (\d+)$", text, re.M)
        return int(found[1]) if found else -1

    assert wait_for(lambda: min(told(url) for url in four.metrics_urls) > seen)


def test_pools_refusals_are_told_apart(four: KaiaEngine) -> None:
    node, account = Node(four.rpc_url), Account.create()

    def send(nonce: int, data: bytes = b"") -> bytes:
        signed = sign_transaction(account, to=account.address, data=data, nonce=nonce, gas=60_000, chain_id=CHAIN_ID)
        return node.send_raw(signed.raw)

    later = send(1)  # its turn comes when the one before it is there
    with pytest.raises(AlreadyKnown):
        send(1)
    with pytest.raises(UnderpricedReplacement):
        send(1, b"other")
    assert node.receipt(later) is None
    send(0)
    assert wait_for(lambda: node.receipt(later) is not None)
    with pytest.raises(NonceTooLow):
        send(0)


def test_contracts_are_deployed_and_all_validators_have_what_happens(four: KaiaEngine, tmp_path: Path) -> None:
    network, ring = load_network(CONFIG_ROOT / "kaia"), KeyRing.make(tmp_path)
    deploy(Node(four.rpc_url), network, ring, compile_contracts(), tmp_path / "deployments.json")
    book = AddressBook.load(tmp_path / "deployments.json")
    first, last = Chain.connect(four.rpc_url, book), Chain.connect(four.node(4).rpc_url, book)
    registrar, until = ring.account("registrar"), first.block().timestamp + 86_400
    call = first.registry.register_organisation(lei("FOURVALIDATORS"), "", "DE", Role.CARRIER, until)

    signed = sign_call(registrar, call, nonce=0, gas=1_000_000, chain_id=CHAIN_ID)
    last.send_raw(signed.raw)

    assert wait_for(lambda: all(its.receipt(signed.hash) is not None for its in (first, last)))
    receipt = first.receipt(signed.hash)
    assert receipt is not None
    assert receipt.succeeded
    (whole,) = first.whole_blocks([receipt.block_number])
    assert [mined.hash for mined in whole.mined] == [signed.hash]
    assert [first.named(log) for log in whole.logs] == [("ParticipantRegistry", "OrganisationRegistered")]
    assert last.whole_blocks([receipt.block_number]) == [whole]
    with pytest.raises(ChainError, match="no block"):
        first.whole_blocks([receipt.block_number + 1_000_000])

    again = sign_call(registrar, call, nonce=1, gas=1_000_000, chain_id=CHAIN_ID)
    with pytest.raises(ContractReverted, match=lei("FOURVALIDATORS")):
        first.simulate(call, registrar.address)
    first.send_raw(again.raw)
    assert wait_for(lambda: last.receipt(again.hash) is not None)
    why = last.transaction_revert(again.hash)
    assert why is not None
    assert lei("FOURVALIDATORS") in str(why)


# Deaths and returns


def test_death_is_noticed_and_one_killed_validator_stops_nobody(four: KaiaEngine) -> None:
    os.kill(four.pid_of(4), signal.SIGKILL)
    os.waitid(os.P_PID, four.pid_of(4), os.WEXITED | os.WNOWAIT)
    with pytest.raises(ProcessFailed, match="validator 4 died, killed by SIGKILL"):
        four.check()

    four.kill_node(4)

    four.check()
    assert goes_on(four, (1, 2, 3))
    assert four.is_healthy()
    final = range(height(four, 1) + 1)
    four.start_node(4)
    assert wait_for(lambda: height(four, 4) >= final.stop)
    assert hashes(four, 4, final) == hashes(four, 1, final)


def test_two_killed_validators_halt_the_chain_until_one_returns(four: KaiaEngine) -> None:
    for number in (3, 4):
        four.kill_node(number)
    assert not four.is_healthy()
    time.sleep(SILENCE_SECONDS)  # a block may have been on its way
    halted = {number: height(four, number) for number in (1, 2)}
    time.sleep(SILENCE_SECONDS)
    assert {number: height(four, number) for number in (1, 2)} == halted
    final = range(min(halted.values()) + 1)
    before = hashes(four, 1, final)

    four.start_node(3)

    assert goes_on(four, (1, 2, 3))
    four.start_node(4)
    assert goes_on(four)
    assert all(hashes(four, number, final) == before for number in ALL)


def test_endpoint_is_of_one_that_runs_when_the_first_is_dead(four: KaiaEngine) -> None:
    four.kill_node(1)

    endpoint = find_endpoint(four.settings.data_dir)
    assert endpoint is not None
    assert endpoint.rpc_url == four.rpc_url == four.node(2).rpc_url
    assert four.rpc_urls == tuple(its.rpc_url for its in four.nodes)
    assert goes_on(four, (2, 3, 4))


def test_validator_that_lost_its_chain_fetches_it_from_the_others(four: KaiaEngine) -> None:
    four.kill_node(2)
    final = range(height(four, 1) + 1)
    four.wipe_node(2)

    four.start_node(2, ["--verbosity", "2"])

    assert wait_for(lambda: height(four, 2) >= final.stop)
    assert hashes(four, 2, final) == hashes(four, 1, final)


def test_network_goes_on_after_all_were_killed_at_once(four: KaiaEngine) -> None:
    final = range(min(height(four, number) for number in ALL) + 1)
    before = hashes(four, 1, final)
    for number in ALL:
        os.kill(four.pid_of(number), signal.SIGKILL)
    four.stop()
    assert find_endpoint(four.settings.data_dir) is None

    four.start()

    assert goes_on(four)
    assert all(hashes(four, number, final) == before for number in ALL)
