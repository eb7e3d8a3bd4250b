"""What lies in quarantine, handed in again or laid aside for good."""

from __future__ import annotations

import json

import pytest
from operating_desk import command
from oracle_fakes import epcis, epcis_event

from oracles.operating.quarantine import DROPPED, RETRIED
from oracles.store.operations import OperatorActRow

SECRET_PAPER = b'{"price": "4711 per piece, do not tell"'


@pytest.fixture
def held(bench):
    """A node with one file in quarantine."""
    bench.drop("bad.json", SECRET_PAPER)
    bench.settle()
    assert bench.quarantined() == ["bad.json", "bad.json.reason.txt"]
    return bench


@pytest.mark.parametrize("verb", ["show", "retry", "drop"])
@pytest.mark.parametrize("name", ["absent.json", "../inbox/x.json", "bad.json.reason.txt", ""])
def test_file_that_does_not_lie_there_is_refused(held, verb, name):
    options = ["--reason", "x"] if verb == "drop" else []

    result = command(held, f"quarantine {verb}", name, *options)

    assert result.exit_code == 1
    assert "quarantine list" in result.stderr
    assert held.quarantined() == ["bad.json", "bad.json.reason.txt"]


def test_drop_needs_a_reason(held):
    assert command(held, "quarantine drop", "bad.json").exit_code == 2


def test_list_and_show_tell_the_reason_but_not_the_paper(held):
    listed = command(held, "quarantine list", "--json")
    shown = command(held, "quarantine show", "bad.json")
    table = command(held, "quarantine list")

    (file,) = json.loads(listed.output)
    assert (file["name"], file["source"], file["size_bytes"]) == ("bad.json", "inbox", len(SECRET_PAPER))
    assert "JSON refused" in file["reason"]
    assert file["sha256"] in shown.output
    assert "bad.json" in table.output
    assert "4711" not in listed.output + shown.output + table.output


def test_retry_reads_the_file_anew(held):
    (held.folder / "quarantine" / "bad.json").write_bytes(epcis(epcis_event()))

    result = command(held, "quarantine retry", "--all", "--who", "Jo")
    held.settle()

    assert result.exit_code == 0, result.output
    assert (held.event.status, held.archived(), held.quarantined()) == ("vouched", ["bad.json"], [])
    (act,) = [row for row in held.rows(OperatorActRow) if isinstance(row, OperatorActRow)]
    assert (act.act, act.who, act.name) == (RETRIED, "Jo", "bad.json")


def test_retry_of_what_is_still_bad_comes_back_with_its_reason(held):
    command(held, "quarantine retry", "bad.json")
    held.settle()

    assert held.quarantined() == ["bad.json", "bad.json.reason.txt"]


def test_dropped_file_is_kept_with_the_record_of_who_and_why(held):
    result = command(held, "quarantine drop", "bad.json", "--reason", "sent by mistake", "--who", "Jo")

    assert result.exit_code == 0, result.output
    assert held.quarantined() == []
    assert (held.folder / "dropped" / "bad.json").read_bytes() == SECRET_PAPER
    record = json.loads((held.folder / "dropped" / "bad.json.dropped.json").read_text())
    assert (record["dropped_by"], record["dropped_because"]) == ("Jo", "sent by mistake")
    assert "JSON refused" in record["reason"]
    (act,) = [row for row in held.rows(OperatorActRow) if isinstance(row, OperatorActRow)]
    assert (act.act, act.sha256, act.reason) == (DROPPED, record["sha256"], "sent by mistake")
