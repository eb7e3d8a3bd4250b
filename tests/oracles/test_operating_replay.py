"""Archived documents through the pipeline again."""

from __future__ import annotations

import json

import pytest
from operating_desk import command
from oracle_bench import Bench
from oracle_fakes import NOON, declared_error, epcis, epcis_event

from oracles.store.database import Database, database_lock

RECEIVING = epcis_event()
STORING = epcis_event("storing", order=None)


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
