"""A disk that is really full, and a machine whose clock is really off."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from oracle_fakes import epcis, epcis_event
from oracle_nodes import Trade, until

from chain_node.client import Role

pytestmark = [pytest.mark.node, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
RUN = "from oracles.cli import oracle_app; oracle_app()"
ROOM_BYTES = 3 * 1024 * 1024


class Beside:
    """A node process that is not a child of the test runner's imports: its own interpreter, with its log lines."""

    def __init__(self, command: list[str], log: Path, **environment: str) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
            )

    def lines(self, event: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in found if line["event"] == event]

    def wait_for(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        until(lambda: len(self.lines(event)) >= count or self.process.poll() is not None)
        assert len(self.lines(event)) >= count, self.log.read_text()
        return self.lines(event)

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(240)


@contextmanager
def beside(command: list[str], log: Path, **environment: str) -> Iterator[Beside]:
    node = Beside(command, log, **environment)
    try:
        yield node
    finally:
        node.end()


def may_mount() -> bool:
    tried = ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"]
    return os.geteuid() == 0 and subprocess.run(tried, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="no file system of its own can be mounted here")
def test_node_on_a_full_disk_loses_nothing_and_goes_on_by_itself(anvil_network, tmp_path):
    """Its folder is a small file system of its own, which is filled to the last byte while it works. Without a reserve
    it meets the full disk in the middle of its work."""
    trade = Trade(anvil_network, tmp_path)
    orders = [f"PO-FULL-{number}" for number in range(3)]
    subjects = [trade.open(order) for order in orders]
    home = trade.node("full", Role.WAREHOUSE, disk_reserve_bytes=0)
    template = shutil.copytree(home.folder, tmp_path / "template")
    inside = (
        f"mount -t tmpfs -o size={ROOM_BYTES} tmpfs {home.folder} && cp -a {template}/. {home.folder}/"
        f" && exec {sys.executable} -c '{RUN}' run --config {home.config}"
    )

    with beside(["unshare", "-m", "sh", "-c", inside], tmp_path / "full.jsonl") as node:
        # The file system as the node sees it: nobody else does.
        folder = Path(f"/proc/{node.process.pid}/root{home.folder}")
        node.wait_for("network")
        drop(trade, folder, "0.json", orders[0])
        node.wait_for("vote counted")
        # What is to come is placed first: a full disk takes no file from anybody.
        drop(trade, folder, "1.json", orders[1], into=".later")
        fill(folder / "ballast")
        (folder / ".later").replace(folder / "inbox" / "1.json")
        hindered = node.wait_for("work hindered")
        assert hindered[0]["problem"] == "disk full"
        assert trade.votes(subjects[1]) == []
        assert (folder / "inbox" / "1.json").stat().st_size

        (folder / "ballast").unlink()
        node.wait_for("work goes on")
        node.wait_for("vote counted", 2)
        drop(trade, folder, "2.json", orders[2])
        node.wait_for("vote counted", 3)
        until(lambda: len(list((folder / "archive").iterdir())) == 3)
        archived = sorted(path.name for path in (folder / "archive").iterdir())

    assert node.process.returncode == 0, node.log.read_text()
    assert [len(trade.votes(subject)) for subject in subjects] == [1, 1, 1]
    assert archived == ["0.json", "1.json", "2.json"]


def drop(trade: Trade, folder: Path, name: str, order: str, into: str = "") -> None:
    part = folder / ".part"
    part.write_bytes(epcis(epcis_event(at=trade.moment(), order=order)))
    part.replace(folder / into if into else folder / "inbox" / name)


def fill(path: Path) -> None:
    """Writes until nothing more goes in."""
    with path.open("wb", buffering=0) as file:
        for size in (4096, 1):
            with pytest.raises(OSError, match="No space left on device"):
                write_for_ever(file, bytes(size))


def write_for_ever(file: FileIO, data: bytes) -> None:
    while True:
        file.write(data)


SHIFTED = """
import datetime, os, time
offset = float(os.environ["CLOCK_IS_OFF_BY"])
real_time, real_datetime = time.time, datetime.datetime
time.time = lambda: real_time() + offset

class Shifted(real_datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(real_time() + offset, tz)

datetime.datetime = Shifted
"""


def test_node_whose_clock_is_off_decides_by_the_chains_clock(own_network, tmp_path):
    """Three days ahead: what happened a minute ago is neither too old for it nor in the future; and it says so."""
    trade = Trade(own_network, tmp_path)
    subject = trade.open("PO-CLOCK")
    home = trade.node("skewed", Role.WAREHOUSE, clock_tolerance_seconds=300)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SHIFTED)
    command = [sys.executable, "-c", RUN, "run", "--config", str(home.config)]
    # The chain of the tests has a time of its own: off is what differs from that.
    offset = own_network.now() - time.time() + 3 * 86_400

    paths = f"{tmp_path / 'site'}:{ROOT}"
    with beside(command, tmp_path / "skewed.jsonl", PYTHONPATH=paths, CLOCK_IS_OFF_BY=str(offset)) as node:
        (said,) = node.wait_for("clock off")
        home.drop("receiving.json", epcis(epcis_event(at=trade.moment(), order="PO-CLOCK")))
        home.drop("future.json", epcis(epcis_event("storing", at=trade.moment(-3600 * 2), order="PO-CLOCK")))
        node.wait_for("vote counted")
        until(lambda: len(node.lines("decision")) == 2)
        verdicts = {line["milestone"]: line["verdict"] for line in node.lines("decision")}

    assert "behind this machine's clock" in said["reason"]
    assert verdicts == {"RECEIVED": "sign", "STORED": "wait"}
    assert len(trade.votes(subject)) == 1
