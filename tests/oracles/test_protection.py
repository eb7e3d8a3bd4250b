"""The store that is written before every signature: what it refuses, what it notices, what survives what."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from oracle_fakes import NODE_ACCOUNT, NOON, SUBJECT, epcis, epcis_event

from chain_node.client import Milestone, Observation
from oracles.protection.errors import ProtectionBehind, ProtectionDamaged, ProtectionError, ProtectionMissing
from oracles.protection.statements import About, Statement, StatementKey, reading_statement, vote_statements
from oracles.protection.store import ProtectionStore
from oracles.store.models import EventStatus, ObservationStatus

ORACLE = "0x00000000000000000000000000000000000000AA"
SIGNER = NODE_ACCOUNT.address
AT = int(NOON.timestamp())
KEY = StatementKey(About.VOTE, 412346, ORACLE, SUBJECT, int(Milestone.RECEIVED), 1)


def vote(quantity: int = 950_000, at: int = AT, key: StatementKey = KEY) -> Statement:
    return Statement(key, at, quantity)


def reading(value: int, at: int = AT, *, round: int = 1, void_after: int = AT + 100) -> Statement:
    return reading_statement(
        412346, ORACLE, feed=SUBJECT, round=round, version=1, value=value, at=at, void_after=void_after
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "protection.db"


@pytest.fixture
def store(path: Path):
    opened = ProtectionStore(path)
    yield opened
    opened.close()


def allowed(store: ProtectionStore, *statements: Statement, now: int = AT) -> list[bool]:
    return [answer is None for answer in store.allow(statements, SIGNER, now)]


# What is refused


def test_second_account_of_a_fact_is_refused_with_both_figures(store):
    assert allowed(store, vote()) == [True]

    (objection,) = store.allow([vote(949_000)], SIGNER, AT)

    assert "then 950000 thousandths" in str(objection)
    assert "now 949000 thousandths" in str(objection)


def test_other_moment_is_another_account(store):
    allowed(store, vote())

    assert allowed(store, vote(at=AT + 1)) == [False]


def test_another_account_of_the_organisation_is_bound_too(store):
    allowed(store, vote())

    assert store.allow([vote(1)], "0x" + "22" * 20, AT) != [None]


def test_two_accounts_in_one_batch_bind_the_first(store):
    assert allowed(store, vote(), vote(1), vote()) == [True, False, True]


def test_reading_of_another_moment_is_refused_while_the_first_could_count(store):
    allowed(store, reading(5))

    assert allowed(store, reading(6, AT + 10, void_after=AT + 110), now=AT + 100) == [False]


def test_clock_that_goes_back_frees_nothing(store):
    allowed(store, reading(5), now=AT + 50)

    assert allowed(store, reading(6, AT - 90, void_after=AT + 10), now=AT + 10) == [False]


# What is allowed


def test_same_statement_again_is_allowed_and_writes_nothing(store):
    allowed(store, vote())
    head = store.head()

    assert allowed(store, vote()) == [True]
    assert store.head() == head


def test_one_refused_item_does_not_block_the_others(store):
    allowed(store, vote())
    other = vote(7, key=replace(KEY, second=2))

    assert allowed(store, vote(1), other) == [False, True]


def test_next_reading_is_allowed_once_the_first_can_no_longer_count(store):
    allowed(store, reading(5))
    later = reading(6, AT + 60, void_after=AT + 160)

    assert allowed(store, later, now=AT + 101) == [True]
    assert allowed(store, reading(7, AT + 61, void_after=AT + 161), now=AT + 102) == [False]


def test_what_differs_in_any_part_of_its_key_is_another_fact(store):
    allowed(store, vote())
    others = [
        replace(KEY, chain_id=1),
        replace(KEY, contract="0x" + "BB" * 20),
        replace(KEY, subject=b"\x02" * 32),
        replace(KEY, first=int(Milestone.LOADED)),
        replace(KEY, second=2),
    ]

    assert allowed(store, *(vote(1, key=key) for key in others)) == [True] * 5


def test_two_processes_on_one_store_bind_each_other(store, path):
    second = ProtectionStore(path)
    assert allowed(store, vote()) == [True]

    assert allowed(second, vote(1), vote()) == [False, True]
    assert second.head() == store.head()
    second.close()


def test_votes_are_stated_as_they_are_signed(store):
    observation = Observation(SUBJECT, int(Milestone.RECEIVED), 1, AT, 950_000)

    assert vote_statements(412346, ORACLE, [observation]) == [vote()]


# What is noticed


def damaged(path: Path) -> str:
    with pytest.raises(ProtectionDamaged) as refused:
        ProtectionStore(path).check()
    return str(refused.value)


def test_changed_figure_is_noticed(store, path):
    allowed(store, vote())
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE statement SET figure = '1'")
    raw.close()

    assert "row 1 was changed or lost" in damaged(path)


def test_lost_row_is_noticed(store, path):
    allowed(store, vote(), vote(key=replace(KEY, second=2)))
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM statement WHERE number = 1")
    raw.close()

    assert "row 1 was changed or lost" in damaged(path)


def test_torn_file_is_noticed(store, path):
    allowed(store, *(vote(key=replace(KEY, second=number)) for number in range(200)))
    store.close()
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])

    assert "damaged" in damaged(path) or "cannot be read" in damaged(path)


def test_file_of_another_kind_is_refused(path):
    path.write_text("not a database " * 100)

    assert "cannot be read" in damaged(path)


def test_other_database_is_refused(bench):
    bench.turn()

    assert "is not a protection store" in damaged(bench.folder / "node.db")


def test_store_of_a_later_version_is_refused(store, path):
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 2")
    raw.close()

    with pytest.raises(ProtectionError, match="later version"):
        ProtectionStore(path)


def test_store_is_for_its_owner_alone(store, path):
    assert path.stat().st_mode & 0o777 == 0o600


# In a node


def receiving(quantity: int) -> bytes:
    return epcis(epcis_event("receiving", quantity=quantity, at=NOON))


def backup(bench) -> dict[str, bytes]:
    """The database as a backup has it; the protection store is not in it."""
    with bench.database.session() as session:
        session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return {"node.db": (bench.folder / "node.db").read_bytes()}


def restore(bench, files: dict[str, bytes]) -> None:
    bench.database.close()
    for stale in bench.folder.glob("node.db*"):
        stale.unlink()
    for name, data in files.items():
        (bench.folder / name).write_bytes(data)
    # The papers since then are lost, too: what lies in the archive would be taken up (test_oracles_older_database).
    for paper in (bench.folder / "archive").iterdir():
        paper.unlink()
    bench.restart()


def sign_nothing_more(bench) -> None:
    bench.chain.counted.clear()
    bench.chain.voted.clear()


def test_restored_database_does_not_sign_another_figure(bench):
    bench.turn()
    files = backup(bench)
    bench.drop("first.json", receiving(950))
    bench.settle()
    assert len(bench.chain.counted) == 1

    # As if the vote had never reached the chain: only the store knows of it.
    sign_nothing_more(bench)
    restore(bench, files)
    assert bench.events() == []
    bench.drop("second.json", receiving(900))
    bench.settle()

    assert bench.chain.counted == []
    assert bench.event.status == EventStatus.HELD
    assert "then 950000 thousandths" in bench.event.reason
    assert "now 900000 thousandths" in bench.event.reason


def test_restored_database_signs_the_same_figure_again(bench):
    bench.turn()
    files = backup(bench)
    bench.drop("first.json", receiving(950))
    bench.settle()

    sign_nothing_more(bench)
    restore(bench, files)
    bench.drop("second.json", receiving(950))
    bench.settle()

    assert [quantity for _, quantity, _ in bench.chain.counted] == [950_000]


def test_right_paper_is_signed_after_a_refused_one(bench):
    bench.turn()
    files = backup(bench)
    bench.drop("first.json", receiving(950))
    bench.settle()
    sign_nothing_more(bench)
    restore(bench, files)
    bench.drop("wrong.json", receiving(900))
    bench.settle()

    bench.drop("right.json", receiving(950))
    bench.settle()

    assert [quantity for _, quantity, _ in bench.chain.counted] == [950_000]


def test_refused_item_is_held_and_the_rest_of_its_batch_signed(bench):
    store = ProtectionStore(bench.folder / "protection.db")
    allowed(store, vote(1))
    store.close()
    bench.drop("events.json", epcis(epcis_event("receiving", at=NOON), epcis_event("loading", at=NOON)))
    bench.settle()

    held, signed = bench.events()
    assert (held.status, signed.status) == (EventStatus.HELD, EventStatus.VOUCHED)
    assert sorted(row.status for row in bench.observations()) == [
        ObservationStatus.COUNTED,
        ObservationStatus.WITHDRAWN,
    ]
    assert len(bench.chain.counted) == 1


def test_refusal_is_raised_to_the_operator(bench, capsys):
    store = ProtectionStore(bench.folder / "protection.db")
    allowed(store, vote(1))
    store.close()
    bench.drop("events.json", receiving(950))
    bench.settle()

    line = next(line for line in capsys.readouterr().out.splitlines() if "signature refused" in line)
    assert "operator_action_required" in line
    assert "then 1 thousandths" in line


# At the start


def test_missing_store_of_a_database_that_signed_is_refused(bench):
    bench.drop("first.json", receiving(950))
    bench.settle()
    for file in bench.folder.glob("protection.db*"):
        file.unlink()

    with pytest.raises(ProtectionMissing, match=r"protection import.*protection rebuild"):
        bench.restart()
    assert not (bench.folder / "protection.db").exists()


def test_store_of_an_older_backup_is_refused(bench):
    bench.drop("first.json", receiving(950))
    bench.settle()
    old = ProtectionStore(bench.folder / "older.db")
    bench.node._protection.close()
    for file in bench.folder.glob("protection.db*"):
        file.unlink()
    old.close()
    shutil.move(bench.folder / "older.db", bench.folder / "protection.db")

    with pytest.raises(ProtectionBehind, match="older than the last signature: it has 0 statements"):
        bench.restart()


def test_another_store_of_the_same_length_is_refused(bench):
    bench.drop("first.json", receiving(950))
    bench.settle()
    bench.node._protection.close()
    for file in bench.folder.glob("protection.db*"):
        file.unlink()
    other = ProtectionStore(bench.folder / "protection.db")
    allowed(other, vote(1), vote(2, key=replace(KEY, second=2)))
    other.close()

    with pytest.raises(ProtectionBehind, match="not the protection store"):
        bench.restart()


def test_database_of_before_there_was_a_store_is_refused(bench):
    bench.drop("first.json", receiving(950))
    bench.settle()
    with bench.database.session() as session:
        session.connection().exec_driver_sql("DELETE FROM protection_mark")

    with pytest.raises(ProtectionMissing, match="made without this protection store"):
        bench.restart()


def test_dry_run_needs_no_store(bench):
    bench.restart(dry=True)

    assert bench.node._protection is None


def test_withdrawn_vote_that_was_signed_stays_bound(bench, monkeypatch):
    wrong = epcis_event("receiving", at=NOON, quantity=950)
    with monkeypatch.context() as patch:
        patch.setattr(bench.node._connected().outbox, "run", lambda: 0)
        bench.drop("wrong.json", epcis(wrong))
        bench.turn()
    error = wrong | {"errorDeclaration": {"declarationTime": NOON.isoformat(), "reason": "incorrect_data"}}
    bench.drop("error.json", epcis(error))
    bench.turn()

    bench.drop("right.json", receiving(900))
    bench.settle()

    assert bench.chain.counted == []
    assert EventStatus.HELD in {row.status for row in bench.events()}
