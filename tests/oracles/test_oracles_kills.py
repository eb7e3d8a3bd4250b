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
from oracle_fakes import declared_error, epcis, epcis_event
from oracle_nodes import DIED_BY_KILL, NodeHome, NodeProcess, Trade, until

from chain_node.client import Milestone, Role
from oracles.checkpoints import CAPTURE_POINTS, DROP_POINTS, RETRACTION_POINTS, VOTE_POINTS, Point
from oracles.http.settings import Right
from oracles.http.tokens import TokenFile
from oracles.sources.directory import papers_in

pytestmark = [pytest.mark.node, pytest.mark.slow]

KILLS = 100
MORE_KILLS = 30
LIFE_SECONDS = 1.5
POINTS = sorted((VOTE_POINTS | CAPTURE_POINTS | DROP_POINTS | RETRACTION_POINTS) - {Point.READING_RECALLED})
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
    unanswered: list[tuple[str, bytes]] = field(default_factory=list)

    def send_all(self, process: NodeProcess) -> None:
        until(lambda: process.poll() is not None or bool(process.lines("listening")))
        if not process.lines("listening"):
            return
        (line,) = process.lines("listening")
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": JSON}
        with httpx.Client(base_url=line["url"], headers=headers, trust_env=False, timeout=60) as client:
            while self.unanswered:
                path, document = self.unanswered[0]
                try:
                    answer = client.post(path, content=document)
                except httpx.TransportError:
                    return
                assert answer.status_code == 202, answer.text
                self.unanswered.pop(0)


@dataclass
class Campaign:
    """Every order has one vote of this node in the end, whatever happens; a `corrected` one is taken back once."""

    name: str
    """Of this campaign: its consignments are known by it on the one chain of all tests."""
    trade: Trade
    home: NodeHome
    sender: Sender
    random: Random
    subjects: dict[str, bytes] = field(default_factory=dict)
    papers: dict[str, dict[str, object]] = field(default_factory=dict)
    corrected: set[str] = field(default_factory=set)
    dropped: dict[str, bytes] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def longest_seconds(self) -> float:
        """Long where points are left that a busy machine never reached in a short life."""
        return LIFE_SECONDS if self.kills.total() < KILLS else 20 * LIFE_SECONDS

    def live(self, point: Point) -> None:
        """One life of the node, which ends at the point; where it is not passed, at a moment of chance."""
        process = NodeProcess(self.home, ("--die-at", f"{point}:{self.random.choice((1, 1, 1, 2))}"))
        self._work(process)
        until(lambda: process.poll() is not None, self.random.uniform(0.2, self.longest_seconds))
        self.kills["chance" if process.poll() is None else point] += 1
        code = process.signal(signal.SIGKILL) if process.poll() is None else process.poll()
        assert code == DIED_BY_KILL, process.log_path.read_text()

    def missing(self) -> list[Point]:
        """Where it has not died yet."""
        return [point for point in POINTS if not self.kills[point]]

    def rest(self) -> None:
        """A life in peace, until nothing is left to do."""
        with self.home.running() as process:
            self.sender.send_all(process)
            until(lambda: not any(self.home.inbox.iterdir()))
            until(lambda: all(self.trade.votes(subject) for subject in self.subjects.values()))
            until(lambda: all(self.taken_back(order) for order in self.corrected))
            until(lambda: set(self.home.transactions()) <= {"settled", "failed", "void"})
            assert process.poll() is None, process.log_path.read_text()

    def taken_back(self, order: str) -> int:
        """How often the network was told that this organisation no longer stands by its vote."""
        chain = self.trade.network.chain
        events = [chain.decode(log) for log in chain.logs(chain.addresses.first_block, chain.block_number())]
        retracted = [e for e in events if e and e.name == "VoteRetracted"]
        return sum(bytes(e.arguments["subject"]) == self.subjects[order] for e in retracted)

    def _work(self, process: NodeProcess) -> None:
        """A new paper by the inbox and one by HTTP, an earlier one again, and now and then one taken back."""
        number = next(self.numbers)
        first = self._opened(f"file-{number}")
        self._drop(f"{number}.json", epcis(first))
        self._drop(f"again-{number}.json", epcis(self.random.choice(list(self.papers.values()))))
        way = self.random.choice(("/capture", "/papers"))
        self.sender.unanswered.append((way, epcis(self._opened(f"sent-{number}"))))
        if number % 3 == 2:
            self._correct(number)
        self.sender.send_all(process)

    def _opened(self, name: str) -> dict[str, object]:
        order = f"PO-{self.name}-{name}"
        self.subjects[order] = self.trade.open(order)
        self.papers[order] = epcis_event(at=self.trade.moment(60), order=order)
        return self.papers[order]

    def _correct(self, number: int) -> None:
        """Only what the network has counted already, so that there is one right answer: the vote is taken back."""
        open_ones = sorted(set(self.subjects) - self.corrected)
        order = self.random.choice(open_ones[: len(open_ones) // 2])
        if self.trade.votes(self.subjects[order]):
            self.corrected.add(order)
            self._drop(f"error-{number}.json", epcis(declared_error(self.papers.pop(order))))

    def _drop(self, name: str, data: bytes) -> None:
        self.dropped[name] = data
        self.home.drop(name, data)


@pytest.mark.parametrize("seed", [1, 2])
def test_node_killed_at_every_point_attests_every_fact_exactly_once(anvil_network, tmp_path: Path, seed: int) -> None:
    campaign = begun(Trade(anvil_network, tmp_path), seed)
    while campaign.kills.total() < KILLS or (campaign.missing() and campaign.kills.total() < KILLS + MORE_KILLS):
        # The point with the fewest deaths is next, so that each has its share.
        campaign.live(min(POINTS, key=lambda point: (campaign.kills[point], campaign.random.random())))

    campaign.rest()

    trade, folder = campaign.trade, campaign.home.folder
    votes = {order: [milestone for milestone, _ in trade.votes(its)] for order, its in campaign.subjects.items()}
    assert votes == {order: [Milestone.RECEIVED] for order in campaign.subjects}
    assert {order: campaign.taken_back(order) for order in campaign.subjects} == {
        order: int(order in campaign.corrected) for order in campaign.subjects
    }
    assert campaign.corrected
    assert not list((folder / "quarantine").iterdir())
    archived = {path.name: path.read_bytes() for path in papers_in(folder / "archive")}
    assert {name: of_name(archived, name) for name in campaign.dropped} == campaign.dropped
    assert {epcis(paper) for paper in campaign.papers.values()} <= set(archived.values())
    assert not campaign.missing(), campaign.kills


def of_name(archived: dict[str, bytes], name: str) -> bytes | None:
    """The paper of a name; it has a further one where a life ended between reserving the name and moving the paper."""
    stem, suffix = name.split(".")
    further = (f"{stem}.{number}.{suffix}" for number in range(2, 10))
    return next((archived[each] for each in (name, *further) if each in archived), None)


def begun(trade: Trade, seed: int) -> Campaign:
    home = trade.node(f"kills-{seed}", Role.WAREHOUSE)
    with home.config.open("a") as file:
        file.write(LISTENING)
    token = TokenFile(home.folder / "tokens.json").create("wms", frozenset({Right.CAPTURE, Right.PAPERS}), None)
    return Campaign(f"KILLS-{seed}", trade, home, Sender(token), Random(seed))
