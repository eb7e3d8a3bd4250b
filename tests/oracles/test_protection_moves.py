"""Whatever happens to a node, its database and its store: no key has two signatures that could both count."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from oracle_bench import Bench
from oracle_fakes import FEEDS_ADDRESS, NODE_ACCOUNT, NOON, ORACLE_ADDRESS, FakeChain, epcis, epcis_event

from chain_node.client import Milestone
from oracles.checkpoints import Death, Point, die_at
from oracles.protection.errors import ProtectionBehind
from oracles.protection.guard import open_protection, remember
from oracles.protection.interchange import read_export, write_export
from oracles.protection.places import Place
from oracles.protection.statements import About, SignedStatement, Statement, StatementKey
from oracles.protection.store import ProtectionStore
from oracles.store.database import Database
from oracles.store.models import EventStatus

MEMORY = Path("/dev/shm")  # noqa: S108
"""What a disk would take for each step is not what this is about."""
PLACE = Place("fake", 412346, ORACLE_ADDRESS, FEEDS_ADDRESS)
SIGNER = NODE_ACCOUNT.address
AGE = 100
RECEIVED = int(Milestone.RECEIVED)
KEYS = [StatementKey(About.VOTE, 412346, ORACLE_ADDRESS, bytes((number,)) * 32, RECEIVED, 1) for number in range(2)]
KEYS += [StatementKey(About.READING, 412346, FEEDS_ADDRESS, bytes(32), number, 1) for number in range(1)]

keys = st.sampled_from(KEYS)
figures = st.integers(1, 2)
batches = st.lists(st.tuples(keys, figures), min_size=1, max_size=6)


class Moves(RuleBasedStateMachine):
    """A node on one of two machines. The model is what it has let out: accounts by key, with the moment of each."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.released: dict[StatementKey, list[tuple[Statement, int]]] = {}
        self.closed: set[StatementKey] = set()
        self.exports: list[Path] = []
        self.backups: list[Path] = []
        self.now, self.machine, self.has_all = 1_000, 0, True
        self.open()

    @property
    def home(self) -> Path:
        home = self.folder / str(self.machine)
        home.mkdir(exist_ok=True)
        return home

    def open(self) -> None:
        is_new = not (self.home / "node.db").exists()
        self.database = Database(self.home / "node.db")
        if is_new:
            self.database.prepare()
        self.store = open_protection(self.home / "protection.db", self.database)

    def shut(self) -> None:
        self.store.close()
        self.database.close()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.shut()
            shutil.rmtree(self.folder)

    # What a node does

    @rule(wanted=batches)
    def sign(self, wanted: list[tuple[StatementKey, int]]) -> None:
        statements = [self.statement(key, figure) for key, figure in wanted]
        answers = self.store.allow(statements, SIGNER, self.now)
        with self.database.session() as session:
            remember(session, self.store)
        self.has_all = True
        for its, objection in zip(statements, answers, strict=True):
            if objection is None:
                self.release(its)

    @rule(wanted=batches)
    def sign_and_start_again(self, wanted: list[tuple[StatementKey, int]]) -> None:
        self.sign(wanted)
        self.restart()

    @rule(wanted=batches)
    def die_before_it_is_stored(self, wanted: list[tuple[StatementKey, int]]) -> None:
        """Between write-ahead and signature, or with a signature that no commit kept: nothing has left the node."""
        self.store.allow([self.statement(key, figure) for key, figure in wanted], SIGNER, self.now)
        self.restart()

    def statement(self, key: StatementKey, figure: int) -> Statement:
        if key.about is About.VOTE:
            return Statement(key, 500, figure)
        return Statement(key, self.now - 10 * figure, figure, self.now - 10 * figure + AGE)

    def release(self, its: Statement) -> None:
        assert its.key not in self.closed
        for earlier, _ in self.released.get(its.key, []):
            if earlier.account != its.account:
                assert earlier.void_after is not None, f"two votes: {earlier}, {its}"
                assert earlier.void_after < self.now, f"two readings: {earlier}, {its}"
        self.released.setdefault(its.key, []).append((its, self.now))

    @rule(seconds=st.integers(-20, 150))
    def time_passes(self, seconds: int) -> None:
        """Now and then backwards, as a reorganisation has it."""
        self.now += seconds

    @rule()
    def restart(self) -> None:
        self.shut()
        self.open()

    # What an operator does

    @rule()
    def back_up_database(self) -> None:
        self.shut()
        path = self.folder / f"backup-{len(self.backups)}.db"
        shutil.copy(self.home / "node.db", path)
        self.backups.append(path)
        self.open()

    @precondition(lambda self: getattr(self, "backups", None))
    @rule(data=st.data())
    def restore_database(self, data) -> None:
        """Of this machine or of the other: where it never met this store, the node must not start."""
        self.shut()
        kept = self.folder / "kept.db"
        shutil.copy(self.home / "node.db", kept)
        shutil.copy(data.draw(st.sampled_from(self.backups)), self.home / "node.db")
        try:
            self.open()
            self.has_all = False
        except ProtectionBehind:
            self.database.close()
            shutil.copy(kept, self.home / "node.db")
            self.open()

    @rule()
    def export(self) -> None:
        path = self.folder / f"export-{len(self.exports)}.json"
        write_export(self.store, PLACE, path)
        self.exports.append(path)

    @precondition(lambda self: getattr(self, "exports", None))
    @rule(data=st.data())
    def take_in_any_export(self, data) -> None:
        self.take_in(data.draw(st.sampled_from(self.exports)))

    def take_in(self, path: Path) -> None:
        found = read_export(path, PLACE)
        merged = self.store.merge(found.signed(PLACE), found.closed_keys(PLACE))
        assert not set(merged.closed) - self.closed
        with self.database.session() as session:
            remember(session, self.store)

    @rule()
    def move(self) -> None:
        """To the other machine, the way docs/operating.md has it: stop, export, import there, start there."""
        self.export()
        self.shut()
        self.machine = 1 - self.machine
        try:
            self.open()
        except ProtectionBehind:
            self.store = ProtectionStore(self.home / "protection.db")
        self.take_in(self.exports[-1])
        self.restart()

    @rule(key=keys, figure=figures)
    def take_in_what_somebody_else_signed(self, key: StatementKey, figure: int) -> None:
        """A second node of the organisation has signed too; nothing of this is let out by this one."""
        its = SignedStatement(self.statement(key, figure), SIGNER, self.now)
        merged = self.store.merge([its])
        self.closed |= set(merged.closed)
        with self.database.session() as session:
            remember(session, self.store)

    @precondition(lambda self: getattr(self, "has_all", False))
    @rule(key=keys, figure=figures)
    def restore_an_older_store(self, key: StatementKey, figure: int) -> None:
        """The one thing that must not be: where the database knows better, the node does not start."""
        self.shut()
        older = self.folder / "older.db"
        shutil.copy(self.home / "protection.db", older)
        self.open()
        head = self.store.head()
        self.sign([(key, figure)])
        if self.store.head() == head:
            return
        self.shut()
        newest = self.folder / "newest.db"
        shutil.copy(self.home / "protection.db", newest)
        shutil.copy(older, self.home / "protection.db")
        with pytest.raises(ProtectionBehind):
            self.open()
        self.database.close()
        shutil.copy(newest, self.home / "protection.db")
        self.open()

    @invariant()
    def store_is_whole(self) -> None:
        if hasattr(self, "store"):
            self.store.check()


MOVED = settings(max_examples=40, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
def test_no_order_of_moves_lets_out_two_signatures_of_one_key():
    run_state_machine_as_test(Moves, settings=MOVED)


# SIGKILL


def killed_at(folder: Path, point: Point) -> None:
    """A process of its own takes a paper and dies there."""
    pid = os.fork()
    if not pid:
        try:
            bench = Bench(folder, FakeChain())
            bench.restart(die_at(Death(point, 1)))
            bench.drop("first.json", epcis(epcis_event("receiving", at=NOON, quantity=950)))
            bench.settle()
        finally:
            os._exit(70)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


@pytest.mark.parametrize("point", [Point.VOTE_BOUND, Point.VOTE_SIGNING, Point.VOTE_SIGNED, Point.TRANSACTION_PREPARED])
def test_node_killed_about_its_signature_is_bound_though_its_database_is_lost(tmp_path, point):
    killed_at(tmp_path, point)
    for file in [*tmp_path.glob("node.db*"), *(tmp_path / "inbox").iterdir()]:
        file.unlink()

    bench = Bench(tmp_path, FakeChain())
    bench.drop("second.json", epcis(epcis_event("receiving", at=NOON, quantity=900)))
    bench.settle()

    assert bench.chain.counted == []
    assert bench.event.status == EventStatus.HELD
    assert "then 950000 thousandths" in bench.event.reason


@pytest.mark.parametrize("point", [Point.VOTE_BOUND, Point.VOTE_SIGNING])
def test_node_killed_about_its_signature_signs_the_same_after_a_restart(tmp_path, point):
    killed_at(tmp_path, point)

    bench = Bench(tmp_path, FakeChain())
    bench.settle()

    assert [quantity for _, quantity, _ in bench.chain.counted] == [950_000]
