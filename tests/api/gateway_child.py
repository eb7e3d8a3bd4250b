"""A gateway process with the toy resource, for tests of several on one database. Prints its address, and serves until
it is stopped. Argument: the settings as JSON."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from served import toy_router

from api.main import create_app
from api.settings import Settings

HERE = Path(__file__).parent


@dataclass
class Child:
    process: subprocess.Popen[str]
    url: str

    def metric(self, name: str) -> float:
        """A figure of its /metrics; 0 where it has none of that name."""
        told = httpx.get(f"{self.url}/metrics", timeout=120, trust_env=False).text
        values = [line.split()[-1] for line in told.splitlines() if line.startswith(f"{name} ")]
        return float(values[0]) if values else 0.0

    def kill(self) -> None:
        """As `kill -9` would."""
        self.process.kill()
        self.process.wait()


@contextmanager
def children(settings: Settings, count: int) -> Iterator[list[Child]]:
    """So many gateways, all ready."""
    values = json.dumps(settings.model_dump(mode="json", exclude_defaults=True))
    paths = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    command = [sys.executable, str(HERE / "gateway_child.py"), values]
    environment = {**os.environ, "PYTHONPATH": paths}
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for _ in range(count)
    ]
    try:
        yield [Child(process, _address(process)) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url.startswith("http://"), f"the gateway ended with {process.wait()}"
    deadline = time.monotonic() + 240
    while httpx.get(f"{url}/readyz", timeout=120, trust_env=False).status_code != 200:
        assert time.monotonic() < deadline, httpx.get(f"{url}/readyz", timeout=120, trust_env=False).text
        time.sleep(0.05)
    return url


def main(settings: str) -> None:
    app = create_app(Settings(**json.loads(settings)), [toy_router()])
    listener = socket.create_server(("127.0.0.1", 0), backlog=200)
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    # What it says from here on goes to nobody.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
