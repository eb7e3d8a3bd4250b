"""Killed hundreds of times, at every step, each on top of what the deaths before left behind: every intent that was
stored has exactly one effect, none other has any, and the books equal the chain. The account is kept apart from the
gateway's code: from the clients' diary, the node's own answers, and the tables as SQL shows them."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from crash_nursery import FEE
from sqlalchemy import text
from token_chain import TOKEN, TokenChain

from api.checkpoints import Point
from api.db import Database
from api.settings import Settings

pytestmark = [pytest.mark.node, pytest.mark.slow]
HERE = Path(__file__).parent
KILLS_AT_EACH_POINT = 5
"""On each of two databases: 300 in all."""
LIVES_PER_KILL = 3
LANES = 3

PLAIN = ["submit", "send", "mine", "index"]
RECOVERY = ["index", "send", "heal", "mine", "index"]
LOST = ["submit", "send", "forget", "steal", "index", "heal", "mine", "index", "heal", "send", "mine", "index"]
GAP = ["settle", "gap", "submit", "send", "heal", "mine", "index"]
STUCK = ["settle", "submit", "send", "mine_dearly", "index", "heal", "heal", "heal", "mine", "index"]
HOPELESS = ["settle", "hopeless", "submit", "send", *RECOVERY]
REORGANISED = [*PLAIN, "submit", "send", "mine", "mine", "index", "reorganise", *RECOVERY, *RECOVERY]
FRESH = ["submit", "send", "mine", "index"]
SCENES: dict[Point, list[str]] = {
    Point.LANE_OPENING: FRESH,
    Point.REFUSAL_RECORDING: HOPELESS,
    Point.REFUSAL_RECORDED: HOPELESS,
    Point.LOST_FOUND: LOST,
    Point.LOST_TAKING_BACK: LOST,
    Point.LOST_TAKEN_BACK: LOST,
    Point.GAP_FILLING: GAP,
    Point.GAP_FILLED: GAP,
    Point.STUCK_REPLACING: STUCK,
    Point.STUCK_REPLACED: STUCK,
    Point.BRANCH_FOUND: REORGANISED,
    Point.BLOCKS_TAKING_BACK: REORGANISED,
    Point.BLOCKS_TAKEN_BACK: REORGANISED,
}
"""What brings a gateway to the point; of the others every scene does."""
ANY = [PLAIN, [*PLAIN, *PLAIN], ["submit", "send", "forget", *RECOVERY], LOST, REORGANISED]


@contextmanager
def nursery() -> Iterator[subprocess.Popen[str]]:
    paths = os.pathsep.join(map(str, (HERE, HERE.parent, HERE.parents[1], HERE.parents[2])))
    process = subprocess.Popen(
        [sys.executable, str(HERE / "crash_nursery.py")],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@dataclass
class Campaign:
    nursery: subprocess.Popen[str]
    settings: dict[str, Any]
    diary: Path
    lives: int = 0
    killed: Counter[Point] = field(default_factory=Counter)

    def live(self, scene: list[str], death: str = "", lane: int = 0) -> bool:
        """Whether that life ended by the kill."""
        self.lives += 1
        life = {"settings": self.settings, "scene": scene, "death": death, "lane": lane, "diary": str(self.diary)}
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(json.dumps({**life, "first_value": 1_000 * self.lives}) + "\n")
        self.nursery.stdin.flush()
        ended = json.loads(self.nursery.stdout.readline())
        assert not ended["failed"], f"{death or 'settling'}: {ended['failed']}"
        assert ended["signal"] in (0, signal.SIGKILL)
        return bool(ended["signal"])

    def kill_at(self, point: Point, chance: random.Random) -> None:
        scene = SCENES.get(point) or chance.choice(ANY)
        for passage in (chance.randint(1, 3), *[1] * LIVES_PER_KILL):
            lane = LANES + self.lives if scene is FRESH else chance.randrange(LANES)
            if self.live(scene, f"{point}:{passage}", lane):
                self.killed[point] += 1
                return
        raise AssertionError(f"{scene} never comes to {point}")


@dataclass(frozen=True)
class Account:
    """Who did what, by the diary, the node and the tables."""

    token_chain: TokenChain
    database: Database
    diary: Path

    def close(self) -> None:
        """Fails unless all three agree."""
        noted = [line.split() for line in self.diary.read_text().splitlines()]
        tried = {int(value) for kind, value in noted if kind == "tried"}
        hopeless = {int(value) for kind, value in noted if kind == "hopeless"}
        stored = {int(value) for kind, value in noted if kind == "stored"}
        rows = self._rows("SELECT * FROM transactions WHERE purpose LIKE 'intent%'")
        intended = {int(row["purpose"].split()[1]): row for row in rows}
        effects = self._effects()

        assert len(intended) == len(rows)
        assert stored <= set(intended) <= tried | hopeless
        assert {v for v, row in intended.items() if row["status"] == "mined"} == set(intended) - hopeless
        assert {row["status"] for v, row in intended.items() if v in hopeless} <= {"failed"}
        assert Counter(value for _, value, _ in effects) == Counter(set(intended) - hopeless)
        for _, value, block_hash in effects:
            assert intended[value]["block_hash"] == block_hash
        self._books_equal(effects)

    def _books_equal(self, effects: list[tuple[str, int, str]]) -> None:
        told = sorted(row["value"] for row in self._rows("SELECT value FROM test_told"))
        assert told == sorted(value for _, value, _ in effects)
        sums: Counter[str] = Counter()
        for account, value, _ in effects:
            sums[account] += value
        tallies = self._rows("SELECT account, total FROM test_tallies")
        assert {row["account"].lower(): row["total"] for row in tallies} == dict(sums)
        (cursor,) = self._rows("SELECT * FROM indexer_cursor")
        newest = self._ask("eth_getBlockByNumber", "latest", False)
        assert (cursor["block_number"], cursor["block_hash"]) == (int(newest["number"], 16), newest["hash"])
        assert self.token_chain.effects() == len(effects)

    def _effects(self) -> list[tuple[str, int, str]]:
        """Account, value and block of everything that the token did."""
        logs = self._ask("eth_getLogs", {"address": TOKEN, "fromBlock": "0x0", "toBlock": "latest"})
        return [("0x" + log["topics"][1][-40:], int(log["data"], 16), log["blockHash"]) for log in logs]

    def _ask(self, method: str, *params: Any) -> Any:
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx.post(self.token_chain.rpc_url, json=asked, timeout=120, trust_env=False).json()["result"]

    def _rows(self, query: str) -> list[Any]:
        with self.database.engine.connect() as connection:
            return list(connection.execute(text(query)).mappings())


def test_hundreds_of_kills_lose_nothing_and_double_nothing(
    database: Database,
    database_url: str,
    token_chain: TokenChain,
    settings_for: Callable[..., Settings],
    tmp_path: Path,
) -> None:
    settings = settings_for(
        rpc_url=token_chain.rpc_url,
        deployments=token_chain.deployments,
        database_url=database_url,
        max_fee_per_gas=FEE,
        highest_fee_per_gas=FEE * 10,
        replace_after_seconds=0.001,
        reorg_window_blocks=16,
    )
    token_chain.mine(8)
    chance, account = random.Random(database_url[:6]), Account(token_chain, database, tmp_path / "diary")
    deaths = [point for point in Point for _ in range(KILLS_AT_EACH_POINT)]
    chance.shuffle(deaths)
    with nursery() as process:
        campaign = Campaign(process, settings.model_dump(mode="json", exclude_defaults=True), tmp_path / "diary")
        for number, point in enumerate(deaths, 1):
            campaign.kill_at(point, chance)
            if number % 30 == 0:
                campaign.live(["settle"])
                account.close()

    assert campaign.killed == Counter(deaths)
    assert campaign.killed.total() == 150
