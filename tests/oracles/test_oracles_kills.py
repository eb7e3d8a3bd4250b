"""One node killed two hundred times while papers keep coming, at every point where it could be half-way.

What must be true afterwards is kept beside it, in this process, and knows nothing of the node's own books.
"""

from __future__ import annotations

import itertools
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx
import pytest
from capture_desk import JSON
from oracle_fakes import epcis, epcis_event
from oracle_nodes import DIED_BY_KILL, NodeHome, NodeProcess, Trade, until

from chain_node.client import Milestone, Role
from oracles.checkpoints import CAPTURE_POINTS, VOTE_POINTS, Point
from oracles.http.settings import Right
from oracles.http.tokens import TokenFile

pytestmark = [pytest.mark.node, pytest.mark.slow]

KILLS = 100
MOST_PASSAGES = 2
LIFE_SECONDS = 4.0
LISTENING = """
[http]
listen = "127.0.0.1:0"
tokens = "tokens.json"

[capture]
"""


@dataclass
class Sender:
    """Another firm's system: sends a document again until the node has said that it has it."""

    token: str
    unanswered: list[bytes] = field(default_factory=list)

    def send_all(self, process: NodeProcess) -> None:
        until(lambda: process.poll() is not None or bool(process.lines("listening")))
        if not process.lines("listening"):
            return
        (line,) = process.lines("listening")
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": JSON}
        with httpx.Client(base_url=line["url"], headers=headers, trust_env=False, timeout=10) as client:
            while self.unanswered:
                try:
                    answer = client.post("/capture", content=self.unanswered[0])
                except httpx.TransportError:
                    return
                assert answer.status_code == 202, answer.text
                self.unanswered.pop(0)


@dataclass
class Campaign:
    """`expected` has for every consignment how many votes of this node there must be: one, whatever happens."""

    name: str
    """Of this campaign: its consignments are known by it on the one chain of all tests."""
    trade: Trade
    home: NodeHome
    sender: Sender
    random: Random
    expected: dict[str, bytes] = field(default_factory=dict)
    papers: dict[str, bytes] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    dropped: dict[str, bytes] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def live(self, point: Point) -> None:
        """One life of the node, which ends at the point; where it is not passed, at a moment of chance."""
        passage = self.random.randint(1, MOST_PASSAGES)
        process = NodeProcess(self.home, ("--die-at", f"{point}:{passage}"))
        self._work(process)
        until(lambda: process.poll() is not None, self.random.uniform(0.2, LIFE_SECONDS))
        self.kills["chance" if process.poll() is None else point] += 1
        code = process.signal(signal.SIGKILL) if process.poll() is None else process.poll()
        assert code == DIED_BY_KILL, process.log_path.read_text()

    def _work(self, process: NodeProcess) -> None:
        """New papers by both ways in, some of them twice, and an earlier one again."""
        number = next(self.numbers)
        for way in ("file", "capture"):
            order = f"PO-{self.name}-{way}-{number}"
            self.expected[order] = self.trade.open(order)
            self.papers[order] = epcis(epcis_event(at=self.trade.moment(60), order=order))
        self._drop(f"{number}.json", self.papers[f"PO-{self.name}-file-{number}"])
        self._drop(f"again-{number}.json", self.random.choice(list(self.papers.values())))
        self.sender.unanswered.append(self.papers[f"PO-{self.name}-capture-{number}"])
        self.sender.send_all(process)

    def _drop(self, name: str, data: bytes) -> None:
        self.dropped[name] = data
        self.home.drop(name, data)

    def rest(self) -> None:
        """A life in peace, until nothing is left to do."""
        with self.home.running() as process:
            self.sender.send_all(process)
            until(lambda: not any(self.home.inbox.iterdir()))
            until(lambda: all(len(self.trade.votes(subject)) for subject in self.expected.values()))
            until(lambda: set(self.home.transactions()) <= {"settled", "failed", "void"})
            assert process.poll() is None, process.log_path.read_text()


@pytest.mark.parametrize("seed", [1, 2])
def test_node_killed_at_every_point_attests_every_fact_exactly_once(anvil_network, tmp_path: Path, seed: int) -> None:
    campaign = begun(Trade(anvil_network, tmp_path), seed)
    points = sorted(VOTE_POINTS | CAPTURE_POINTS)
    while campaign.kills.total() < KILLS:
        # The point with the fewest deaths is next, so that each has its share.
        campaign.live(min(points, key=lambda point: (campaign.kills[point], campaign.random.random())))

    campaign.rest()

    trade, home = campaign.trade, campaign.home
    votes = [[milestone for milestone, _ in trade.votes(subject)] for subject in campaign.expected.values()]
    assert votes == [[Milestone.RECEIVED]] * len(campaign.expected)
    assert not list((home.folder / "quarantine").iterdir())
    archived = {path.name: path.read_bytes() for path in (home.folder / "archive").iterdir()}
    assert {name: archived.get(name) for name in campaign.dropped} == campaign.dropped
    assert set(campaign.papers.values()) <= set(archived.values())
    assert min(campaign.kills[point] for point in points) > 0, campaign.kills


def begun(trade: Trade, seed: int) -> Campaign:
    home = trade.node("warehouse", Role.WAREHOUSE)
    with home.config.open("a") as file:
        file.write(LISTENING)
    token = TokenFile(home.folder / "tokens.json").create("wms", frozenset({Right.CAPTURE}), None)
    return Campaign(f"KILLS-{seed}", trade, home, Sender(token), Random(seed))
