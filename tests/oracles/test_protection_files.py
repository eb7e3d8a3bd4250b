"""Export and import: whole or not at all, of this network or not at all, and never looser than before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from oracle_bench import Bench
from oracle_fakes import FEEDS_ADDRESS, LEI, NOON, ORACLE_ADDRESS, SUBJECT, FakeChain, epcis, epcis_event
from test_protection import AT, KEY, allowed, reading, receiving, vote
from typer.testing import CliRunner

from oracles.cli import oracle_app
from oracles.protection.errors import ProtectionFileRefused
from oracles.protection.interchange import digest_of, read_export, write_export
from oracles.protection.places import Place
from oracles.protection.statements import About, StatementKey
from oracles.protection.store import ProtectionStore
from oracles.store.models import EventStatus

PLACE = Place("fake", 412346, ORACLE_ADDRESS, FEEDS_ADDRESS)
READING_KEY = StatementKey(About.READING, 412346, FEEDS_ADDRESS, SUBJECT, 1, 1)


def measured(value: int, **more):
    its = reading(value, **more)
    return replace(its, key=replace(its.key, contract=FEEDS_ADDRESS))


@pytest.fixture
def stores(tmp_path):
    made = [ProtectionStore(tmp_path / name) for name in ("one.db", "two.db")]
    yield made
    for store in made:
        store.close()


@pytest.fixture
def exported(stores, tmp_path) -> Path:
    allowed(stores[0], vote(), measured(-(10**40)))
    write_export(stores[0], PLACE, tmp_path / "export.json")
    return tmp_path / "export.json"


def take(store: ProtectionStore, path: Path):
    found = read_export(path, PLACE)
    return store.merge(found.signed(PLACE), found.closed_keys(PLACE))


def refusal(path: Path, place: Place = PLACE) -> str:
    with pytest.raises(ProtectionFileRefused) as refused:
        read_export(path, place)
    return str(refused.value)


# Refusals


def test_truncated_file_is_refused(exported):
    data = exported.read_bytes()
    exported.write_bytes(data[: len(data) // 2])

    assert "is not whole" in refusal(exported)


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content["votes"][0].update(quantity=1),
        lambda content: content["votes"].pop(),
        lambda content: content["readings"][0].update(value="7"),
        lambda content: content["network"].update(name="other"),
        lambda content: content.update(exportedAt="2026-01-01"),
    ],
)
def test_edited_file_is_refused(exported, edit):
    content = json.loads(exported.read_text())
    edit(content)
    exported.write_text(json.dumps(content))

    assert "its digest is another" in refusal(exported)


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content.update(version=2),
        lambda content: content.update(more=1),
        lambda content: content["votes"][0].update(quantity="950000"),
        lambda content: content["votes"][0].update(subject="0x01"),
        lambda content: content["readings"][0].update(value="1e5"),
    ],
)
def test_file_of_another_form_is_refused_though_its_digest_is_right(exported, edit):
    content = json.loads(exported.read_text())
    edit(content)
    exported.write_text(json.dumps(content | {"digest": digest_of(content)}))

    assert "is no protection file of version 1" in refusal(exported)


@pytest.mark.parametrize("text", ["[]", "null", "[" * 100_000, ""])
def test_file_of_another_kind_is_refused(tmp_path, text):
    (tmp_path / "other.json").write_text(text)

    assert "nothing was taken in" in refusal(tmp_path / "other.json")


def test_file_of_another_network_is_refused(exported):
    text = refusal(exported, replace(PLACE, chain_id=1))

    assert "is of fake (chain 412346" in text


def test_export_overwrites_nothing(exported, stores):
    with pytest.raises(FileExistsError):
        write_export(stores[0], PLACE, exported)


# What it does


def test_import_binds_as_the_first_store_did(exported, stores):
    assert take(stores[1], exported).added == 2

    assert allowed(stores[1], vote(1), vote(), measured(7), measured(-(10**40))) == [False, True, False, True]


def test_second_import_changes_nothing(exported, stores):
    take(stores[1], exported)
    head = stores[1].head()

    assert take(stores[1], exported).added == 0
    assert stores[1].head() == head


def test_contradiction_closes_the_key_for_good_and_is_said(exported, stores):
    allowed(stores[1], vote(1))

    assert take(stores[1], exported).closed == (KEY,)
    assert allowed(stores[1], vote(1), vote(), vote(2)) == [False, False, False]


def test_closed_key_stays_closed_through_another_export(exported, stores, tmp_path):
    allowed(stores[1], vote(1))
    take(stores[1], exported)
    write_export(stores[1], PLACE, tmp_path / "second.json")
    third = ProtectionStore(tmp_path / "three.db")

    merged = take(third, tmp_path / "second.json")

    assert KEY in merged.closed
    assert allowed(third, vote(), vote(1)) == [False, False]
    third.close()


def test_readings_that_followed_each_other_lawfully_are_no_contradiction(stores, tmp_path):
    allowed(stores[0], measured(5), now=AT)
    allowed(stores[0], measured(6, at=AT + 60, void_after=AT + 160), now=AT + 101)
    write_export(stores[0], PLACE, tmp_path / "export.json")

    assert take(stores[1], tmp_path / "export.json").closed == ()
    assert allowed(stores[1], measured(6, at=AT + 60, void_after=AT + 160), measured(7), now=AT + 150) == [True, False]


def test_statements_of_other_networks_stay_at_home(stores, tmp_path):
    allowed(stores[0], vote(key=replace(KEY, chain_id=1)))

    assert write_export(stores[0], PLACE, tmp_path / "export.json") == 0


def test_export_is_for_its_owner_alone(exported):
    assert exported.stat().st_mode & 0o777 == 0o600


# The commands


def run(bench: Bench, *arguments: object):
    return CliRunner().invoke(
        oracle_app, ["protection", *map(str, arguments), "--config", str(bench.folder / "node.toml")]
    )


@pytest.fixture
def node(bench) -> Bench:
    """One that could be run from the command line, and has signed a vote."""
    contracts = {"MilestoneOracle": ORACLE_ADDRESS, "FeedOracle": FEEDS_ADDRESS}
    entries = {name: {"address": address, "contract": name} for name, address in contracts.items()}
    deployments = {"network": "fake", "chain_id": 412346, "first_block": 0, "complete": True, "contracts": entries}
    (bench.folder / "deployments.json").write_text(json.dumps(deployments))
    (bench.folder / "network.key").write_text("ab" * 32)
    lines = [f'name = "warehouse"\norganisation = "{LEI}"\nrpc_url = "http://127.0.0.1:1"']
    lines += [
        'deployments = "deployments.json"\nnetwork_key_file = "network.key"\ninbox = "inbox"\ndatabase = "node.db"'
    ]
    (bench.folder / "node.toml").write_text("\n".join(lines))
    bench.drop("first.json", receiving(950))
    bench.settle()
    return bench


def lose_the_store(bench: Bench) -> None:
    bench.node._protection.close()
    for file in bench.folder.glob("protection.db*"):
        file.unlink()


def test_show_tells_what_was_signed(node):
    text = run(node, "show").stdout

    assert "votes     1" in text
    assert "950000 thousandths" in text


def test_show_makes_no_store(node):
    lose_the_store(node)

    result = run(node, "show")

    assert result.exit_code == 1
    assert "there is no protection store" in result.stderr
    assert not (node.folder / "protection.db").exists()


def test_import_brings_a_lost_store_back_from_export_and_database(node, tmp_path):
    assert run(node, "export", tmp_path / "export.json").exit_code == 0
    node.drop("later.json", epcis(epcis_event("loading", at=NOON)))
    node.settle()
    lose_the_store(node)

    result = run(node, "import", tmp_path / "export.json")
    node.restart()

    assert result.exit_code == 0, result.output
    assert "2 statements taken in; 2 in" in result.stdout
    node.chain.voted.clear()
    assert [its.statement.figure for its in node.node._protection.signed()] == [950_000, 950_000]


def test_import_while_the_node_runs_is_refused(node, tmp_path):
    run(node, "export", tmp_path / "export.json")
    from oracles.store.database import database_lock

    with database_lock(node.folder / "node.db"):
        result = run(node, "import", tmp_path / "export.json")

    assert result.exit_code == 1
    assert "another process of this node is at work" in result.stderr


def test_rebuild_wants_to_be_told_that_gaps_are_accepted(node):
    lose_the_store(node)

    result = run(node, "rebuild")

    assert result.exit_code == 1
    assert "--accept-gaps" in result.stderr
    assert not (node.folder / "protection.db").exists()


def test_rebuild_needs_the_network(node):
    lose_the_store(node)

    result = run(node, "rebuild", "--accept-gaps")

    assert result.exit_code == 1
    assert "does not answer" in result.stderr


def test_node_on_a_new_machine_is_bound_by_the_export(node, tmp_path):
    """The database stayed behind; only configuration, key and export moved."""
    run(node, "export", tmp_path / "export.json")
    folder = tmp_path / "new machine"
    folder.mkdir()
    new = Bench(folder, FakeChain())
    for name in ("deployments.json", "network.key", "node.toml"):
        (folder / name).write_bytes((node.folder / name).read_bytes())
    new.node._protection.close()

    assert run(new, "import", tmp_path / "export.json").exit_code == 0
    new.restart()
    new.drop("again.json", receiving(900))
    new.settle()

    assert new.chain.counted == []
    assert new.event.status == EventStatus.HELD


def test_reading_binds_for_the_longer_of_the_times_that_two_stores_know(stores, tmp_path):
    allowed(stores[0], measured(5, void_after=AT + 1_000))
    allowed(stores[1], measured(5, void_after=AT + 100))
    write_export(stores[0], PLACE, tmp_path / "export.json")

    merged = [take(stores[1], tmp_path / "export.json").added for _ in range(2)]

    assert merged == [1, 0]
    assert allowed(stores[1], measured(6), now=AT + 500) == [False]
    assert allowed(stores[1], measured(5), now=AT + 500) == [True]
