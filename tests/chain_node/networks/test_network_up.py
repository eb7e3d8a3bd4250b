"""`portolan network up|down|running`: a member's own node, run by a stand-in for Besu."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
from pathlib import Path

import httpx
import pytest
from by_commands import MadeNetwork, done, home, make_network, network_command, own, secret, up
from support.fake_besu import FakeBesu, make_fake_besu
from support.ports import free_triples

from chain_node.client import Node
from chain_node.engines.base import find_endpoint
from chain_node.networks.member import MemberFolder, open_to_others

pytestmark = pytest.mark.xdist_group("fake-besu")

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> FakeBesu:
    return make_fake_besu(tmp_path_factory.mktemp("program"))


@pytest.fixture(autouse=True)
def around(fake: FakeBesu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake.java_home))
    monkeypatch.setenv("PORTOLAN_BESU", str(fake.program))


@pytest.fixture
def quay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeNetwork:
    return make_network(tmp_path, monkeypatch, free_triples(2))


def refused(*arguments: object) -> str:
    result = network_command(*arguments)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    return result.output


# Refusals


def test_changed_file_of_the_agreement_starts_nothing(quay: MadeNetwork) -> None:
    with (quay.folder / "permissions" / "static-nodes.json").open("a") as file:
        file.write(" ")

    assert "static-nodes.json: is not what the cards make of it" in refused("up", *own(quay))
    assert not (home(quay) / "logs").exists()


def test_node_that_is_not_here_or_not_in_the_network_is_refused(quay: MadeNetwork, tmp_path: Path) -> None:
    (home(quay).parent / "stranger").mkdir()

    assert "has no node v1 that is in this network now; here are v0" in refused("up", *own(quay), "--node", "v1")
    assert "has no node stranger that is in this network" in refused("up", *own(quay), "--node", "stranger")
    elsewhere = [quay.name, "--root", quay.root, "--member-dir", tmp_path / "nowhere"]
    for command in ("up", "down", "running"):
        assert "has no node that is in this network now; here are none" in refused(command, *elsewhere)


def test_one_of_several_nodes_must_be_named(quay: MadeNetwork) -> None:
    shutil.copytree(home(quay, "v1"), home(quay).parent / "v1")

    for command in ("up", "down"):
        assert "has several nodes of this network (v0, v1): say which (--node)" in refused(command, *own(quay))


def test_key_of_another_node_is_refused(quay: MadeNetwork) -> None:
    shutil.copy(home(quay, "v1") / "key", home(quay) / "key")
    assert "the card of v0 is of 0x" in refused("up", *own(quay))

    (home(quay) / "key").unlink()
    assert "key: the node's key is not there" in refused("up", *own(quay))


def test_program_of_another_version_or_none_is_refused(quay: MadeNetwork, tmp_path: Path) -> None:
    older = make_fake_besu(tmp_path / "older", version="25.1.0")

    said = refused("up", *own(quay), "--besu", older.program)
    assert "is Besu 25.1.0, the members of quay agreed on 26.8.0" in said
    said = refused("up", *own(quay), "--besu", tmp_path / "nowhere")
    assert "nowhere is no program that can be run: install Hyperledger Besu" in said


def test_what_does_not_run_is_said_and_cannot_be_ended(quay: MadeNetwork) -> None:
    assert "v0: is not running" in refused("running", *own(quay))
    assert "v0 of quay is not running." in refused("down", *own(quay))


def test_port_that_is_taken_is_said_with_the_log_and_leaves_nothing(quay: MadeNetwork) -> None:
    card = json.loads((quay.folder / "cards" / "v0.json").read_text())
    with socket.create_server(("127.0.0.1", card["body"]["port"])):
        said = refused("up", *own(quay))

    assert "v0 ended at once, exit code 1" in said
    assert "cannot listen: Address already in use" in said
    assert "v0: is not running" in refused("running", *own(quay))


def test_port_of_figures_that_is_taken_is_said_and_starts_nothing(quay: MadeNetwork) -> None:
    port = json.loads((quay.folder / "cards" / "v0.json").read_text())["body"]["port"] + 20_000
    with socket.create_server(("127.0.0.1", port)):
        said = refused("up", *own(quay))

    assert f"port {port} of 127.0.0.1 is taken: v0 cannot tell its figures there" in said
    assert not (home(quay) / "logs").exists()
    assert "v0: is not running" in refused("running", *own(quay))


# Up and down


def test_members_nodes_run_until_they_are_taken_down(quay: MadeNetwork) -> None:
    with up(quay, "v0") as first, up(quay, "v1"):
        endpoint = find_endpoint(home(quay))
        assert endpoint is not None
        assert Node(endpoint.rpc_url).chain_id() == 77_009
        assert f"v0: answers at {endpoint.rpc_url}, block " in done("running", *own(quay))
        url = endpoint.metrics_urls[endpoint.rpc_url]
        assert f"sees 1 of 1 others, figures at {url}\n" in done("running", *own(quay))
        assert f"figures at {url}" in done("status", *own(quay))
        assert first.stdout is not None
        assert first.stdout.readline() == f"Figures for Prometheus: {url}\n"
        assert "already runs in" in refused("up", *own(quay))

        assert "v0 of quay has ended; its chain is kept." in done("down", *own(quay))

        assert first.wait() == 0
        assert not Path(f"/proc/{endpoint.pid}").exists()
        assert "v0: is not running" in refused("running", *own(quay))
        assert "v1: answers at" in done("running", *own(quay, "v1"))
        done("down", *own(quay, "v1"))
    done("check", quay.name, "--root", quay.root)
    assert (home(quay) / "database").is_dir()


def test_node_that_was_voted_out_is_taken_down_while_it_runs(quay: MadeNetwork) -> None:
    with up(quay, "v1") as gone:
        done("remove-validator", *own(quay), "--node", "v1", "--why", "leaves", *secret(quay))
        done("approve", quay.name, 1, *own(quay, "v1")[1:], *secret(quay))
        assert "has no node v1 that is in this network" in refused("up", *own(quay, "v1"), "--node", "v1")

        assert "v1 of quay has ended; its chain is kept." in done("down", *own(quay, "v1"), "--node", "v1")

        assert gone.wait() == 0
    assert "has no node v1 that is in this network now" in refused("down", *own(quay, "v1"), "--node", "v1")


def test_node_is_run_by_the_flags_of_its_unit_from_where_its_things_lie(quay: MadeNetwork) -> None:
    with up(quay):
        given = json.loads((home(quay) / "database" / "argv.json").read_text())

    unit = (quay.folder / "nodes" / "v0" / "portolan-quay-v0.service").read_text()
    started = unit.partition("ExecStart=")[2].partition("\nRestart=")[0].replace("\\\n", " ")
    wanted = [
        word.replace("/etc/portolan/quay", str(quay.folder)).replace("/var/lib/portolan/quay/v0", str(home(quay)))
        for word in shlex.split(started)[1:]
    ]
    assert given == wanted


def test_nodes_of_one_machine_tell_their_figures_each_at_its_own_port_of_loopback(quay: MadeNetwork) -> None:
    with up(quay, "v0"), up(quay, "v1"):
        told = [find_endpoint(home(quay, name)) for name in quay.nodes]
        urls = [url for endpoint in told if endpoint is not None for url in endpoint.metrics_urls.values()]
        assert len(set(urls)) == 2
        for name, url in zip(quay.nodes, urls, strict=True):
            port = json.loads((quay.folder / "cards" / f"{name}.json").read_text())["body"]["port"] + 20_000
            assert url == f"http://127.0.0.1:{port}/metrics"
            assert "ethereum_blockchain_height" in httpx.get(url, trust_env=False, timeout=60).text
            assert (
                f"| {name} | 127.0.0.1 | tcp | {port} | the same machine |" in (quay.folder / "firewall.md").read_text()
            )
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", port), timeout=60)


def test_what_a_node_writes_is_its_owners_alone_and_has_no_key(quay: MadeNetwork) -> None:
    with up(quay):
        assert open_to_others(MemberFolder(quay.member_dirs["v0"])) == []
        log = home(quay) / "logs" / "besu.log"
        assert (home(quay) / "key").read_text().strip() not in log.read_text()


def test_death_of_the_node_ends_up_with_its_log(quay: MadeNetwork) -> None:
    with up(quay) as process:
        endpoint = find_endpoint(home(quay))
        assert endpoint is not None
        os.kill(endpoint.pid, signal.SIGKILL)
        _, errors = process.communicate()

    assert process.returncode == 1
    assert "v0 died, killed by SIGKILL" in errors
    assert "fake besu is up" in errors
    assert "v0: is not running" in refused("running", *own(quay))


def test_up_that_was_killed_is_not_taken_for_running_and_its_number_for_nobody(quay: MadeNetwork) -> None:
    with up(quay) as process:
        process.kill()
        process.wait()
        left = (home(quay) / "up.pid").read_text()
        (home(quay) / "up.pid").write_text(f"{os.getpid()}\n")

        assert left == f"{process.pid}\n"
        assert "v0: is not running" in refused("running", *own(quay))
        assert "v0 of quay is not running." in refused("down", *own(quay))


def test_number_of_a_stranger_is_never_signalled(quay: MadeNetwork) -> None:
    with up(quay) as process:
        (home(quay) / "up.pid").write_text(f"{os.getpid()}\n")

        assert "is just being started or stopped" in refused("down", *own(quay))

        assert process.poll() is None
