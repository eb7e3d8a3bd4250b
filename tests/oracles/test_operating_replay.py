"""Archived documents through the pipeline again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import timedelta

import pytest
from capture_desk import filed_as
from operating_desk import command
from oracle_bench import Bench
from oracle_fakes import NOON, ORDER, declared_error, epcis, epcis_event
from test_oracles_updates import SAILED, sailing
from test_oracles_versions import advice, counted, takes_in

from oracles.store.database import Database, database_lock
from oracles.updates import CONTRADICTS

ACME = "acme~" + "1" * 32 + ".json"
HOLDING = '[[hold]]\nname = "damaged"\ndisposition = "damaged"\nreason = "weigh it again"\n'
RECEIVING = epcis_event()
STORING = epcis_event("storing", order="PO-UNLINKED")


def changes(result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["changes"]


def lose_the_database(bench: Bench) -> None:
    bench.database.close()
    for path in bench.folder.glob("node.db*"):
        path.unlink()


@pytest.fixture
def worked(bench):
    """A node that has voted, and that knows of an event without a consignment."""
    bench.drop("receiving.json", epcis(RECEIVING))
    bench.drop("storing.json", epcis(STORING))
    bench.settle()
    assert [event.status for event in bench.events()] == ["vouched", "waiting"]
    return bench


def test_replay_beside_a_running_node_is_refused(worked):
    with database_lock(worked.settings.database):
        result = command(worked, "replay")

    assert result.exit_code == 1
    assert "another process of this node is at work" in result.stderr


def test_archived_file_that_is_no_longer_read_is_told(worked):
    (worked.folder / "archive" / "old.json").write_text("[")

    (change,) = changes(command(worked, "replay", "--json"))

    assert change["file"] == "old.json"
    assert change["becomes"].startswith("no longer read: JSON refused")


def test_replay_of_what_is_known_changes_nothing(worked):
    before = [(event.status, event.reason) for event in worked.events()]

    assert changes(command(worked, "replay", "--json")) == []

    worked.settle()
    assert [(event.status, event.reason) for event in worked.events()] == before
    assert len(worked.chain.counted) == 1


def doubted(bench: Bench) -> None:
    """An event that nobody has signed when another sender takes it back."""
    bench.chain.away = True
    bench.drop("own.json", epcis(RECEIVING))
    bench.turn()
    bench.drop(ACME, epcis(declared_error(RECEIVING)))
    bench.turn()
    bench.chain.away = False
    bench.settle()


def second_original(bench: Bench) -> None:
    """A paper that came twice under one number, of different consignments."""
    bench.chain.link("order", "PO-2", bytes([2]) * 32)
    takes_in(bench, advice(1000), advice(950).replace(ORDER.encode(), b"PO-2"))


def contradicted(bench: Bench) -> None:
    """Two departures of one box from one call, of different consignments, told at one moment."""
    bench.chain.link("order", "PO-2", bytes([2]) * 32)
    other = {"references": [{"referenceType": "PO", "referenceValue": "PO-2"}, sailing()["references"][1]]}
    bench.drop("1.json", json.dumps([sailing()]).encode())
    bench.drop("2.json", json.dumps([sailing(SAILED - timedelta(hours=1), **other)]).encode())
    bench.settle()


def replayed(bench: Bench) -> list[dict[str, str]]:
    told = changes(command(bench, "replay", "--json"))
    bench.restart()
    bench.settle()
    return told


@pytest.mark.parametrize(("happens", "votes"), [(doubted, 0), (second_original, 1), (contradicted, 0)])
def test_event_held_for_the_operator_is_not_released(bench, happens, votes):
    happens(bench)
    before = [(event.status, event.reason) for event in bench.events()]
    assert before[-1][0] == "held"

    assert replayed(bench) == []

    assert [(event.status, event.reason) for event in bench.events()] == before
    assert len(counted(bench)) == votes


@pytest.mark.parametrize("happens", [doubted, second_original, contradicted])
def test_event_that_no_rule_took_is_held_for_what_else_speaks_against_it(bench, happens):
    """The rules came first when it came in; once they take it, its doubt and its version still count."""
    bench.settings_changes["milestones"] = ["STORED"]
    bench.restart()
    happens(bench)
    assert {event.status for event in bench.events()} == {"not signed"}
    del bench.settings_changes["milestones"]

    replayed(bench)

    whys = {doubted: "another sender takes it back", second_original: "another version of its paper"}
    held = bench.events()[-1]
    assert held.status == "held"
    assert whys.get(happens, CONTRADICTS) in held.reason
    assert counted(bench) == ([1_000_000] if happens is second_original else [])


def test_event_that_a_rule_held_is_decided_anew(bench):
    rules = bench.folder / "rules.toml"
    rules.write_text(HOLDING)
    bench.settings_changes["rules"] = str(rules)
    bench.restart()
    bench.drop("receiving.json", epcis(RECEIVING | {"disposition": "damaged"}))
    bench.settle()
    assert (bench.event.status, bench.event.held_for) == ("held", "rule")
    del bench.settings_changes["rules"]

    (change,) = replayed(bench)

    assert change["becomes"] == "decided anew when the node runs"
    assert (bench.event.status, bench.event.held_for) == ("vouched", "")


def test_lost_database_is_filled_again_and_nothing_is_voted_on_twice(worked):
    lose_the_database(worked)

    filled = changes(command(worked, "replay", "--json"))
    worked.restart()
    worked.settle()

    assert [change["file"] for change in filled] == ["receiving.json", "storing.json"]
    first, second = worked.events()
    assert (first.status, second.status) == ("not signed", "waiting")
    assert "has voted on RECEIVED already" in first.reason
    assert len(worked.chain.counted) == 1
    assert worked.archived() == ["receiving.json", "storing.json"]
    assert [row.status for row in worked.rows_of_documents()] == ["archived", "archived"]


def test_dry_run_shows_what_would_change_and_stores_nothing(worked):
    lose_the_database(worked)

    filled = changes(command(worked, "replay", "--dry-run", "--json"))

    assert [change["becomes"] for change in filled] == ["decided when the node runs"] * 2
    # Looked at before a node starts: that one reads its archive by itself.
    worked.database = Database(worked.settings.database)
    worked.database.prepare()
    assert (worked.events(), worked.rows_of_documents()) == ([], [])


def test_event_that_a_changed_rule_takes_is_decided_anew(bench):
    bench.settings_changes["milestones"] = ["STORED"]
    bench.restart()
    bench.drop("receiving.json", epcis(RECEIVING))
    bench.settle()
    assert bench.event.reason == "not signed: this node does not attest RECEIVED"
    del bench.settings_changes["milestones"]

    (change,) = changes(command(bench, "replay", "--json"))
    bench.restart()
    bench.settle()

    assert change["becomes"] == "decided anew when the node runs"
    assert bench.event.status == "vouched"


def test_corrected_event_stays_withdrawn(bench):
    event = epcis_event(order="PO-LATER")
    bench.drop("1.json", epcis(event))
    bench.settle()
    bench.drop("2.json", epcis(declared_error(event)))
    bench.settle()
    assert bench.event.status == "withdrawn"

    assert changes(command(bench, "replay", "--json")) == []
    lose_the_database(bench)
    changes(command(bench, "replay", "--json"))
    bench.restart()
    bench.chain.link("order", "PO-LATER")
    bench.settle()

    assert bench.event.status == "withdrawn"
    assert bench.chain.counted == []


def copy_of_the_database(bench: Bench) -> None:
    source = sqlite3.connect(bench.settings.database)
    copy = sqlite3.connect(bench.folder / "copy.db")
    source.backup(copy)
    source.close()
    copy.close()


@pytest.mark.parametrize("named", [filed_as, lambda capture_id, _: f"capture-{capture_id}.json"], ids=["now", "before"])
def test_capture_clients_correction_is_his_own_after_an_older_database_was_put_back(desk, named):
    bench = desk.bench
    bench.drop("own.json", epcis(RECEIVING))
    bench.settle()
    copy_of_the_database(bench)
    capture_id = desk.capture(epcis(declared_error(RECEIVING)), client="stranger")
    bench.settle()
    (kept,) = set(bench.archived()) - {"own.json"}
    (bench.folder / "archive" / kept).rename(bench.folder / "archive" / named(capture_id, "stranger"))

    lose_the_database(bench)
    shutil.copy(bench.folder / "copy.db", bench.settings.database)
    desk.restart()
    bench.settle()

    assert [row.name for row in bench.rows_of_documents()] == ["own.json", named(capture_id, "stranger")]
    assert bench.chain.retracted == []
    assert bench.event.status == "vouched"


def test_capture_client_still_takes_back_his_own_after_the_database_was_lost(desk):
    bench = desk.bench
    desk.capture(epcis(STORING))
    bench.settle()
    desk.capture(epcis(declared_error(STORING)))
    bench.settle()
    lose_the_database(bench)

    desk.restart()
    bench.settle()

    assert bench.event.status == "withdrawn"


def test_event_laid_to_rest_stays_so(worked):
    worked.drop("other.json", epcis(epcis_event(quantity=1)))
    worked.settle()
    (held,) = [event for event in worked.events() if event.status == "held"]
    command(worked, "held rest", held.event_hash, "--reason", "a typing error")

    assert changes(command(worked, "replay", "--json")) == []


@pytest.mark.parametrize(
    ("options", "files"),
    [
        (["stor*"], ["storing.json"]),
        (["--from", "2100-01-01"], []),
        (["--to", "2020-01-01"], []),
        (["--from", "2020-01-01", "--to", "2100-01-01"], ["receiving.json", "storing.json"]),
    ],
)
def test_documents_are_chosen_by_name_and_day(worked, options, files):
    lose_the_database(worked)

    assert [change["file"] for change in changes(command(worked, "replay", "--json", *options))] == files


def test_papers_are_taken_in_the_order_in_which_they_came(bench):
    """The correction came first by name but last in time: it still takes back what came before."""
    event = epcis_event(order="PO-LATER", at=NOON)
    bench.drop("b.json", epcis(event))
    bench.settle()
    bench.drop("a.json", epcis(declared_error(event)))
    bench.settle()
    lose_the_database(bench)

    filled = changes(command(bench, "replay", "--json"))

    assert [change["file"] for change in filled] == ["b.json", "a.json"]
