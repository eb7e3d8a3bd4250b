from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.network import copy_template
from typer.testing import CliRunner

from chain_node import cli
from chain_node.client import AddressBook, Node
from chain_node.compile import ROOT
from chain_node.engines.base import Endpoint, find_endpoint
from chain_node.keys import OFFICE_KEYS, KeyRing

pytestmark = pytest.mark.node

runner = CliRunner()
PATIENCE_SECONDS = 120
START = "from chain_node.cli import node_app; node_app()"


def node(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", START, *arguments]
    env = {**os.environ, "COLUMNS": "200"}
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_until_deployed(folder: Path, process: subprocess.Popen[str]) -> Endpoint:
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while time.monotonic() < deadline and process.poll() is None:
            endpoint = find_endpoint(folder)
            if endpoint is not None and '"complete": true' in _text(folder / "deployments.json"):
                return endpoint
            time.sleep(0.05)
    except BaseException:
        process.kill()
        raise
    process.kill()
    raise AssertionError(f"not started: {process.communicate()[0]}")


def said_until(last: str, process: subprocess.Popen[str]) -> str:
    """What it says, to the end of that line."""
    assert process.stdout is not None
    said = ""
    while last not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


def stopped(process: subprocess.Popen[str], by: signal.Signals = signal.SIGTERM) -> str:
    """What it said in its life; it must end well."""
    process.send_signal(by)
    try:
        said = process.communicate(timeout=PATIENCE_SECONDS)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"not stopped: {process.communicate()[0]}") from None
    assert process.returncode == 0, said
    return said


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_start_deploys_says_where_it_listens_and_stops_cleanly(tmp_path: Path) -> None:
    process = node("start", "--data-dir", str(tmp_path / "net"), "--port", "0")
    endpoint = wait_until_deployed(tmp_path / "net", process)

    status = runner.invoke(cli.node_app, ["status", "--data-dir", str(tmp_path / "net")], env={"COLUMNS": "200"})
    said = said_until("Ctrl-C stops it.", process) + stopped(process, signal.SIGINT)

    assert f"The chain local answers at {endpoint.rpc_url} (chain id 412346)." in said
    assert list(endpoint.metrics_urls) == [endpoint.rpc_url]
    told = f"Figures for Prometheus: {endpoint.metrics_urls[endpoint.rpc_url]}\n"
    assert told in said
    assert told in status.output
    contracts = len(AddressBook.load(tmp_path / "net" / "deployments.json").names())
    assert f"Its {contracts} contracts are listed in" in said
    assert said.rstrip().endswith("Stopped; the chain's state is kept.")
    assert status.exit_code == 0
    assert f"process {endpoint.pid}" in status.output
    assert "Every invariant of lending holds: yes." in status.output
    assert "LendingPool:EUR" in status.output
    assert find_endpoint(tmp_path / "net") is None


def test_second_start_finds_everything_and_fresh_forgets_it(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    copy_template(folder)
    governor = KeyRing(folder).address("governor")
    again = node("start", "--data-dir", str(folder), "--port", "0")
    wait_until_deployed(folder, again)
    stopped(again)
    assert KeyRing(folder).address("governor") == governor
    (folder / "deployments.json").unlink()

    fresh = node("start", "--data-dir", str(folder), "--port", "0", "--fresh")
    wait_until_deployed(folder, fresh)
    stopped(fresh)

    assert KeyRing(folder).address("governor") != governor


class Finalised:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


class Watched:
    def check(self) -> None:
        pytest.fail("it is watched on")


def test_interruption_that_a_finaliser_loses_still_ends_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: lost.append(unraisable.exc_type))

    with cli.until_interrupted() as interruption:
        Finalised()
        assert lost == [KeyboardInterrupt]
        cli.watch(Watched(), interruption)


def test_fresh_removes_no_folder_that_is_not_a_network(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep")

    result = runner.invoke(cli.node_app, ["start", "--data-dir", str(tmp_path), "--fresh"], env={"COLUMNS": "300"})

    assert result.exit_code == 1
    assert "is not the folder of a network: nothing is removed" in result.output
    assert (tmp_path / "precious").read_text() == "keep"


def test_deploy_starts_the_chain_where_none_runs(tmp_path: Path) -> None:
    command = "import typer; from chain_node.cli import deploy_command; typer.run(deploy_command)"

    argv = [sys.executable, "-c", command, "--data-dir", str(tmp_path)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    contracts = len(AddressBook.load(tmp_path / "deployments.json").names())
    assert f"{contracts} contracts stand" in done.stdout


def test_clock_is_moved_from_another_process(tmp_path: Path) -> None:
    copy_template(tmp_path / "net")
    process = node("start", "--data-dir", str(tmp_path / "net"), "--port", "0")
    endpoint = wait_until_deployed(tmp_path / "net", process)
    arguments = ["clock", "2026-05-12T06:40:00", "--data-dir", str(tmp_path / "net")]

    moved = runner.invoke(cli.node_app, arguments)
    refused = runner.invoke(cli.node_app, arguments, env={"COLUMNS": "300"})
    timestamp = Node(endpoint.rpc_url).block().timestamp
    stopped(process)

    assert moved.exit_code == 0
    assert 1778568000 <= timestamp < 1778568060
    assert refused.exit_code == 1
    assert "the chain's clock cannot be set to 1778568000" in refused.output


def test_status_of_a_stopped_chain_says_so(tmp_path: Path) -> None:
    result = runner.invoke(cli.node_app, ["status", "--data-dir", str(tmp_path)])

    assert result.exit_code == 1
    assert "The chain local is not running" in result.output


def test_keys_are_listed_without_secrets(tmp_path: Path) -> None:
    result = runner.invoke(cli.node_app, ["keys", "--data-dir", str(tmp_path)], env={"COLUMNS": "300"})

    ring = KeyRing(tmp_path)
    assert result.exit_code == 0
    for name in OFFICE_KEYS:
        assert ring.address(name) in result.output
    assert ring.passphrase_path.read_text().strip() not in result.output
    assert ring.network_key_path.read_text().strip() not in result.output


def test_unknown_network_is_one_sentence_with_the_file() -> None:
    result = runner.invoke(cli.node_app, ["status", "--network", "mars"], env={"COLUMNS": "300"})

    assert result.exit_code == 1
    assert "network-config/mars/network.toml: cannot be read: No such file or directory" in result.output
    assert "Traceback" not in result.output


def test_interfaces_are_checked_by_command() -> None:
    result = runner.invoke(cli.node_app, ["abi", "--check"])

    assert result.exit_code == 0, result.output
