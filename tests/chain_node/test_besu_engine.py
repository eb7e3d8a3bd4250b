"""Four validators as Besu would run them: command lines, files, starts and stops. The program is a stand-in that each
test may rely on being there; what only Besu itself can show is in test_besu_consensus.py."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import typer
from eth_account import Account
from rich.console import Console
from support.fake_besu import FakeBesu, make_fake_besu
from typer.testing import CliRunner

from chain_node.cli import _tell_nodes, node_app
from chain_node.client import Node
from chain_node.config import CONFIG_ROOT, load_network
from chain_node.engines import EngineChoices, LocalBesuEngine, make_engine
from chain_node.engines.base import ClockFixed, Endpoint, EngineBusy, find_endpoint
from chain_node.engines.besu import BesuSettings
from chain_node.engines.besu_program import besu_version, find_besu
from chain_node.engines.ports import free_ports, listening_ports
from chain_node.engines.seats import Place
from chain_node.engines.validators import make_validator_keys
from chain_node.genesis import qbft_genesis
from chain_node.supervisor import ProcessFailed
from scripts.portolan import app

pytestmark = pytest.mark.xdist_group("fake-besu")

CHAIN_ID = 412348
ALL = (1, 2, 3, 4)
PATIENCE_SECONDS = 60
runner = CliRunner()


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> FakeBesu:
    return make_fake_besu(tmp_path_factory.mktemp("program"))


@pytest.fixture(autouse=True)
def java(fake: FakeBesu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake.java_home))
    monkeypatch.delenv("PORTOLAN_BESU", raising=False)


@pytest.fixture
def settings(fake: FakeBesu, tmp_path: Path) -> BesuSettings:
    return BesuSettings(tmp_path / "data", CHAIN_ID, program=fake.program)


@pytest.fixture
def four(settings: BesuSettings) -> Iterator[LocalBesuEngine]:
    with LocalBesuEngine(settings) as engine:
        yield engine


def argv_of(engine: LocalBesuEngine, number: int) -> list[str]:
    words: list[str] = json.loads((engine.node(number).chain_dir / "argv.json").read_text())
    return words


# Refusals


def test_besu_that_is_not_installed_is_said_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(FileNotFoundError, match=r"besu is not on PATH: install Hyperledger Besu 26\.8.*PORTOLAN_BESU"):
        LocalBesuEngine(BesuSettings(tmp_path / "data", CHAIN_ID)).start()

    assert not (tmp_path / "data").exists()


def test_program_that_is_named_and_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere is no program that can be run: install"):
        find_besu(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ('openjdk version "17.0.15" 2025-04-15', "is Java 17, and Besu needs 21 or newer"),
        ('java version "1.8.0_401"', "is Java 8, and Besu needs 21 or newer"),
        ("coffee", "does not say which Java it is: 'coffee'"),
    ],
)
def test_java_that_besu_cannot_run_on_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, why: str
) -> None:
    old = make_fake_besu(tmp_path, java=said)
    monkeypatch.setenv("JAVA_HOME", str(old.java_home))

    with pytest.raises(ValueError, match=why):
        find_besu(old.program)


def test_missing_java_is_said(tmp_path: Path, fake: FakeBesu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"Java 21 or newer, and JAVA_HOME \(.*\) has no bin/java"):
        find_besu(fake.program)

    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="java is not on PATH, nor is JAVA_HOME set"):
        find_besu(fake.program)


def test_program_that_is_not_besu_has_no_version(tmp_path: Path, fake: FakeBesu) -> None:
    with pytest.raises(ValueError, match="does not say that it is Besu"):
        besu_version(fake.java_home / "bin" / "java", tmp_path)

    assert besu_version(fake.program, tmp_path) == "26.8.0"


@pytest.mark.parametrize(
    ("chain_id", "block_seconds", "strangers", "why"),
    [
        (CHAIN_ID, 1, True, "begun with other validators than these 4"),
        (7, 1, False, "begun with chain id 7"),
        (CHAIN_ID, 5, False, "begun with 5 s between blocks instead of 1"),
    ],
)
def test_chain_of_other_rules_is_not_gone_on_with(
    settings: BesuSettings, chain_id: int, block_seconds: int, strangers: bool, why: str
) -> None:
    own = [identity.address for _, identity in make_validator_keys(settings.data_dir, 4).values()]
    validators = [Account.create().address for _ in ALL] if strangers else own
    (settings.data_dir / "genesis.json").write_text(json.dumps(qbft_genesis(chain_id, validators, block_seconds)))

    with pytest.raises(ValueError, match=f"genesis.json: the chain was {why}"):
        LocalBesuEngine(settings).start()

    assert find_endpoint(settings.data_dir) is None


def test_port_that_is_taken_is_said_and_nothing_is_left_running(fake: FakeBesu, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(ProcessFailed, match=r"validator 1 ended at once[\s\S]*Address already in use"):
            LocalBesuEngine(BesuSettings(tmp_path, CHAIN_ID, port=port, program=fake.program)).start()

    assert find_endpoint(tmp_path) is None


def test_port_of_figures_that_is_taken_is_said_and_nothing_is_left_running(settings: BesuSettings) -> None:
    first = free_run(4)
    with socket.create_server(("127.0.0.1", first + 1)):
        why = rf"port {first + 1} of 127\.0\.0\.1 is taken: validator 2 cannot tell its figures there"

        with pytest.raises(OSError, match=why):
            LocalBesuEngine(replace(settings, metrics_port=first)).start()

    assert find_endpoint(settings.data_dir) is None


def test_node_with_a_network_of_its_own_opens_no_port_for_figures(settings: BesuSettings) -> None:
    """Its loopback is not this machine's. That this machine has no such address ends it here."""
    with pytest.raises(ProcessFailed, match=r"validator 2 ended at once[\s\S]*Cannot assign requested address"):
        LocalBesuEngine(replace(settings, places={2: Place("198.18.7.7")})).start()

    given = json.loads((settings.data_dir / "validators" / "2" / "chain" / "argv.json").read_text())
    assert [flag for flag in given if flag.startswith("--metrics")] == []


def test_what_cannot_be_done_while_it_runs_is_refused(four: LocalBesuEngine) -> None:
    with pytest.raises(EngineBusy, match="already runs in"):
        make_engine_again(four).start()
    with pytest.raises(ClockFixed, match="real time"):
        four.set_clock(2_000_000_000)
    with pytest.raises(ValueError, match="validator 2 runs"):
        four.wipe_node(2)
    with pytest.raises(KeyError, match="no validator 5 among 4"):
        four.stop_node(5)
    four.stop_node(3)
    with pytest.raises(ProcessFailed, match=r"validator 3 ended at once[\s\S]*Unknown option: --no-such"):
        four.start_node(3, ["--no-such=1"])
    assert not four.runs(3)


def free_run(count: int) -> int:
    """The first of so many ports one after the other that are free, below those of outgoing connections."""
    while True:
        first = free_ports(1)[0]
        try:
            with ExitStack() as stack:
                for port in range(first, first + count):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
        except OSError:
            continue
        return first


def make_engine_again(engine: LocalBesuEngine) -> LocalBesuEngine:
    settings = engine.settings
    assert isinstance(settings, BesuSettings)
    return LocalBesuEngine(settings)


@pytest.mark.parametrize("command", [["start"], ["up"], ["demo"]])
def test_commands_say_in_a_sentence_that_besu_is_missing(tmp_path: Path, command: list[str]) -> None:
    folder = tmp_path / "data"
    where: dict[str, tuple[typer.Typer, list[str]]] = {
        "start": (node_app, ["--data-dir", str(folder)]),
        "up": (app, ["--data-dir", str(folder)]),
        "demo": (app, ["--work-dir", str(folder), "--report", str(tmp_path / "demo.json")]),
    }
    called, arguments = where[command[0]]

    result = runner.invoke(
        called, [*command, "--network", "besu", *arguments], env={"PORTOLAN_BESU": str(tmp_path / "nowhere")}
    )

    assert result.exit_code == 1
    assert "nowhere is no program that can be run: install Hyperledger Besu" in result.output.replace("\n", " ")
    assert "Traceback" not in result.output


# Command lines and files


def test_flags_are_those_that_were_measured_and_keep_to_this_machine(four: LocalBesuEngine) -> None:
    its = four.node(2)
    expected = [
        f"--genesis-file={four.genesis_path}",
        f"--data-path={its.folder}/chain",
        f"--node-private-key-file={its.folder}/key",
        "--sync-mode=FULL",
        "--data-storage-format=BONSAI",
        "--min-gas-price=0",
        "--tx-pool-max-future-by-sender=20000",
        "--p2p-host=127.0.0.1",
        f"--p2p-port={its.p2p_port}",
        "--discovery-enabled=false",
        "--nat-method=NONE",
        "--max-peers=25",
        f"--static-nodes-file={its.folder}/static-nodes.json",
        "--p2p-interface=127.0.0.1",
        "--rpc-http-enabled=true",
        "--rpc-http-host=127.0.0.1",
        f"--rpc-http-port={its.rpc_port}",
        "--rpc-http-api=ADMIN,ETH,NET,PERM,QBFT,TXPOOL,WEB3",
        "--host-allowlist=localhost,127.0.0.1",
        "--metrics-enabled=true",
        "--metrics-host=127.0.0.1",
        f"--metrics-port={its.metrics_port}",
    ]

    assert argv_of(four, 2) == expected
    peers = json.loads((its.folder / "static-nodes.json").read_text())
    assert peers == [
        f"enode://{other.identity.public_key}@127.0.0.1:{other.p2p_port}" for other in four.nodes if other is not its
    ]


def test_node_elsewhere_is_put_behind_its_command_and_answers_to_its_address(
    settings: BesuSettings, fake: FakeBesu
) -> None:
    places = {2: Place("127.0.0.2", ("env", "-u", "NOTHING"))}
    with LocalBesuEngine(BesuSettings(**{**vars(settings), "places": places})) as engine:
        flags = argv_of(engine, 2)
        its = engine.node(2)
        assert its.rpc_url == f"http://127.0.0.2:{its.rpc_port}"
        assert Node(its.rpc_url).chain_id() == CHAIN_ID
        assert list(its.process().argv[:4]) == ["env", "-u", "NOTHING", str(fake.program)]

    for flag in ("--p2p-host", "--p2p-interface", "--rpc-http-host"):
        assert f"{flag}=127.0.0.2" in flags
    assert "--host-allowlist=localhost,127.0.0.1,127.0.0.2" in flags


def test_node_between_two_networks_meets_the_others_on_the_one_and_its_clients_on_the_other(
    settings: BesuSettings, fake: FakeBesu
) -> None:
    places = {2: Place("127.0.0.2", peers_host="127.0.0.3")}
    with LocalBesuEngine(BesuSettings(**{**vars(settings), "places": places})) as engine:
        flags, its = argv_of(engine, 2), engine.node(2)
        met = (engine.node(1).folder / "static-nodes.json").read_text()

    assert {"--p2p-host=127.0.0.3", "--p2p-interface=127.0.0.3", "--rpc-http-host=127.0.0.2"} <= set(flags)
    assert its.rpc_url == f"http://127.0.0.2:{its.rpc_port}"
    assert f"@127.0.0.3:{its.p2p_port}" in met


def test_first_block_names_the_validators_and_is_the_same_at_each_start(four: LocalBesuEngine) -> None:
    addresses = [its.identity.address for its in four.nodes]
    written = json.loads(four.genesis_path.read_text())

    assert written == qbft_genesis(CHAIN_ID, addresses, 1)
    assert written == qbft_genesis(CHAIN_ID, addresses[::-1], 1)
    assert written["config"]["qbft"]["requesttimeoutseconds"] == 4
    assert int(written["gasLimit"], 16) == 30_000_000


def test_keys_are_their_owners_alone_and_in_no_log_and_no_argument(four: LocalBesuEngine) -> None:
    for its in four.nodes:
        key = its.folder / "key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert key.read_text().strip() not in " ".join(argv_of(four, its.number)) + its.log_path.read_text()


def test_of_what_is_around_only_javas_settings_reach_besu(
    settings: BesuSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BESU_OPTS", "-Xmx512m")
    monkeypatch.setenv("BESU_RPC_HTTP_HOST", "0.0.0.0")  # noqa: S104
    with LocalBesuEngine(settings) as engine:
        given = dict(engine.node(1).process().env)

    assert given.pop("HOME") == str(settings.data_dir / "validators" / "1")
    assert given == {name: os.environ[name] for name in ("PATH", "JAVA_HOME", "BESU_OPTS")}


def test_networks_file_and_choices_decide_what_is_run(tmp_path: Path, fake: FakeBesu) -> None:
    config = load_network(CONFIG_ROOT / "besu").config

    engine = make_engine(config, tmp_path, EngineChoices(port=0, besu=fake.program))

    assert isinstance(engine, LocalBesuEngine)
    assert engine.settings == BesuSettings(tmp_path, CHAIN_ID, validators=4, port=0, program=fake.program)


@pytest.mark.parametrize(
    ("choices", "port"),
    [
        (EngineChoices(), 9551),
        (EngineChoices(port=0), 0),
        (EngineChoices(port=9000), 0),
        (EngineChoices(port=9000, metrics_port=9_100), 9_100),
        (EngineChoices(metrics_port=0), 0),
    ],
)
def test_figures_are_where_the_file_says_but_for_a_second_chain(
    tmp_path: Path, choices: EngineChoices, port: int
) -> None:
    engine = make_engine(load_network(CONFIG_ROOT / "besu").config, tmp_path, choices)

    assert isinstance(engine, LocalBesuEngine)
    assert engine.settings.metrics_port == port


# Starts and stops


def test_running_network_is_found_with_all_its_nodes(four: LocalBesuEngine) -> None:
    endpoint = find_endpoint(four.settings.data_dir)

    assert endpoint is not None
    assert (endpoint.rpc_url, endpoint.pid) == (four.rpc_url, four.pid)
    assert endpoint.more_urls == tuple(its.rpc_url for its in four.nodes[1:])
    assert endpoint.metrics_urls == {its.rpc_url: its.metrics_url for its in four.nodes}
    assert four.is_healthy()
    assert Node(four.rpc_url).chain_id() == CHAIN_ID


def test_each_node_is_stopped_killed_wiped_and_started_again_by_its_number(four: LocalBesuEngine) -> None:
    four.kill_node(1)
    assert four.rpc_url == four.node(2).rpc_url
    left = find_endpoint(four.settings.data_dir)
    assert left is not None
    assert left.metrics_urls == {its.rpc_url: its.metrics_url for its in four.nodes[1:]}
    assert four.is_healthy(), "three of four are enough"
    four.stop_node(4)
    assert not four.is_healthy(), "two of four are not"
    four.check()

    key = (four.node(4).folder / "key").read_text()
    four.wipe_node(4)
    assert not four.node(4).chain_dir.exists()
    four.start_node(4, ["--logging=WARN"])
    four.start_node(1)
    four.start_node(1)

    assert four.is_healthy()
    assert argv_of(four, 4)[-1] == "--logging=WARN"
    assert (four.node(4).folder / "key").read_text() == key
    assert four.rpc_url == four.node(1).rpc_url


def test_death_is_noticed_and_all_end_with_the_engine(four: LocalBesuEngine) -> None:
    pids = [four.pid_of(number) for number in ALL]
    os.kill(pids[2], 9)
    os.waitid(os.P_PID, pids[2], os.WEXITED | os.WNOWAIT)
    with pytest.raises(ProcessFailed, match="validator 3 died, killed by SIGKILL"):
        four.check()

    four.stop()

    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert find_endpoint(four.settings.data_dir) is None


def test_each_node_tells_its_figures_on_loopback_and_status_says_where(four: LocalBesuEngine) -> None:
    assert len(set(four.metrics_urls)) == 4
    for its, url in zip(four.nodes, four.metrics_urls, strict=True):
        assert "ethereum_blockchain_height" in httpx.get(url, trust_env=False, timeout=PATIENCE_SECONDS).text
        assert url == f"http://127.0.0.1:{its.metrics_port}/metrics"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", its.metrics_port or 0), timeout=PATIENCE_SECONDS)

    endpoint = find_endpoint(four.settings.data_dir)
    assert endpoint is not None
    lines = [rf"{its.rpc_url}  block \d+, sees 3 others, figures at {its.metrics_url}\n" for its in four.nodes]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not all(re.search(line, told := status_of(endpoint)) for line in lines):
        assert time.monotonic() < deadline, told  # on a busy machine one may not answer at once
    assert "4 of 4 validators run:" in told


def status_of(endpoint: Endpoint) -> str:
    """What `portolan node status` says of the nodes."""
    said = Console(record=True, width=200)
    _tell_nodes(said, load_network(CONFIG_ROOT / "besu"), endpoint)
    return said.export_text()


def test_nodes_that_are_told_a_port_take_one_after_the_other(settings: BesuSettings) -> None:
    first = free_run(4)

    with LocalBesuEngine(replace(settings, metrics_port=first)) as engine:
        assert [its.metrics_port for its in engine.nodes] == [first, first + 1, first + 2, first + 3]
        engine.kill_node(2)
        engine.start_node(2)
        assert engine.node(2).metrics_port == first + 1


def test_second_start_has_the_same_validators_on_the_same_chain(settings: BesuSettings) -> None:
    seen = []
    for _ in range(2):
        with LocalBesuEngine(settings) as engine:
            seen.append((engine.genesis_path.read_bytes(), [its.identity for its in engine.nodes]))

    assert seen[0] == seen[1]


def test_two_of_three_are_enough_for_qbft(settings: BesuSettings) -> None:
    with LocalBesuEngine(BesuSettings(**{**vars(settings), "validators": 3})) as engine:
        engine.stop_node(3)
        assert engine.is_healthy()
        engine.stop_node(2)
        assert not engine.is_healthy()


def test_ports_of_ipv6_sockets_are_seen_as_java_has_them() -> None:
    if not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    with socket.socket(socket.AF_INET6) as listener:
        listener.bind(("::ffff:127.0.0.1", 0))
        listener.listen()

        assert listener.getsockname()[1] in listening_ports(os.getpid())
