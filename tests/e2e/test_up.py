"""`portolan up`: what `make up` starts, tells and stops."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 600.0


@contextmanager
def running(data_dir: Path, gateway_port: int, rpc_port: int) -> Iterator[subprocess.Popen[str]]:
    """`portolan up` until it says that it runs; killed at the end if it is still there."""
    arguments = ["--port", str(gateway_port), "--rpc-port", str(rpc_port), "--data-dir", str(data_dir)]
    output = data_dir.parent / f"up-{gateway_port}.txt"
    with output.open("w", encoding="utf-8") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.portolan", "up", *arguments],
            cwd=ROOT,
            stdout=sink,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        deadline = time.monotonic() + LONGEST_SECONDS
        while "Ctrl-C stops it" not in output.read_text(encoding="utf-8"):
            assert process.poll() is None, output.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, output.read_text(encoding="utf-8")
            time.sleep(0.1)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def block_number(rpc_port: int) -> int:
    request = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}
    return int(
        httpx.post(f"http://127.0.0.1:{rpc_port}", json=request, trust_env=False, timeout=60).json()["result"], 16
    )


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.node
@pytest.mark.slow
def test_up_serves_until_it_is_interrupted_and_goes_on_where_it_was(tmp_path: Path) -> None:
    data_dir, gateway_port, rpc_port = tmp_path / "network", free_port(), free_port()

    with running(data_dir, gateway_port, rpc_port) as process:
        client = json.loads((data_dir / "operator-client.json").read_text(encoding="utf-8"))
        token = httpx.post(
            f"http://127.0.0.1:{gateway_port}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(client["client_id"], client["client_secret"]),
            trust_env=False,
            timeout=60,
        ).json()["access_token"]
        listed = httpx.get(
            f"http://127.0.0.1:{gateway_port}/v1/participants",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=60,
        ).json()
        roles = {role for participant in listed["items"] for role in participant["roles"]}
        children = children_of(process.pid)
        height = block_number(rpc_port)
        process.send_signal(signal.SIGINT)
        assert process.wait(240) == 0

    assert {"CARRIER", "WAREHOUSE", "INSPECTOR"} <= roles
    assert len(children) == 5
    assert not [pid for pid in children if os.path.exists(f"/proc/{pid}")]
    with running(data_dir, gateway_port, rpc_port):
        assert block_number(rpc_port) >= height


@pytest.mark.node
@pytest.mark.slow
def test_a_port_that_is_taken_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        arguments = ["--port", str(taken.getsockname()[1]), "--rpc-port", "0", "--data-dir", str(tmp_path / "network")]
        done = subprocess.run(
            [sys.executable, "-m", "scripts.portolan", "up", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )

    assert done.returncode == 1
    assert "the gateway cannot listen on 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.node
@pytest.mark.slow
def test_a_chain_that_dies_ends_the_network_with_a_sentence(tmp_path: Path) -> None:
    data_dir = tmp_path / "network"
    with running(data_dir, free_port(), free_port()) as process:
        chain = next(pid for pid in children_of(process.pid) if "anvil" in Path(f"/proc/{pid}/cmdline").read_text())
        os.kill(chain, signal.SIGKILL)
        assert process.wait(240) == 1

    said = next(tmp_path.glob("up-*.txt")).read_text(encoding="utf-8")
    assert "The network stopped: chain died, killed by SIGKILL" in said
    assert "Traceback" not in said
