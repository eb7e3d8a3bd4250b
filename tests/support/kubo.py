"""A Kubo daemon for a test: in a private swarm, on loopback, at ports that the system chooses."""

import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

import ipfshttpclient

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "build" / "kubo" / "ipfs"
_START_SECONDS = 240.0


def new_swarm_key() -> str:
    return f"/key/swarm/psk/1.0.0/\n/base16/\n{secrets.token_hex(32)}\n"


class Kubo:
    """One node with its repository in a directory. It can be started again after it was stopped or killed."""

    def __init__(self, directory: Path, swarm_key: str) -> None:
        assert PROGRAM.exists(), "Kubo is built from tools/kubo: make build/kubo/.stamp"
        self._directory = directory
        # LIBP2P_FORCE_PNET: without its swarm's key it does not start, rather than join the public network.
        self._environment = {
            **os.environ,
            "IPFS_PATH": str(directory),
            "LIBP2P_FORCE_PNET": "1",
            "HOME": str(directory),
        }
        directory.mkdir()
        self._run("init", "--profile=test")
        (directory / "swarm.key").write_text(swarm_key)
        self._run("config", "Routing.Type", "none")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """The multiaddress of its API; the same again after a restart."""
        return f"{(self._directory / 'api').read_text().strip()}/http"

    def start(self) -> None:
        log = self._directory / "daemon.log"
        with log.open("wb") as output:
            command = [PROGRAM, "daemon", "--migrate=false"]
            self._process = subprocess.Popen(command, env=self._environment, stdout=output, stderr=output)
        deadline = time.monotonic() + _START_SECONDS
        while b"Daemon is ready" not in log.read_bytes():
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        # From now on at the same place.
        self._run("config", "Addresses.API", self.address.removesuffix("/http"))

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def peers(self) -> int:
        with ipfshttpclient.Client(self.address, timeout=60) as client:
            return len(client.swarm.peers().as_json().get("Peers") or [])

    @property
    def own_address(self) -> str:
        """By which other nodes of the swarm reach it while it runs."""
        with ipfshttpclient.Client(self.address, timeout=60) as client:
            (told,) = client.id().as_json()["Addresses"]
        return str(told)

    def connect(self, other: "Kubo") -> None:
        """CalledProcessError where the two cannot talk. By the daemon's own client: ipfshttpclient sends each letter of
        the address as an address of its own."""
        self._run("swarm", "connect", other.own_address)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def _run(self, *arguments: str) -> None:
        subprocess.run([PROGRAM, *arguments], env=self._environment, check=True, capture_output=True)
