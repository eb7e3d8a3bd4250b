"""`portolan oracle hash`: what it reads, and what it will not."""

from __future__ import annotations

from oracle_fakes import epcis, epcis_event
from typer.testing import CliRunner

from oracles.cli import oracle_app


def run(*arguments: object, given: bytes | None = None):
    return CliRunner().invoke(oracle_app, ["hash", *map(str, arguments)], input=given)


def test_a_device_without_end_is_refused():
    result = run("/dev/zero")

    assert result.exit_code == 1
    assert result.stderr == "/dev/zero: more than the 67108864 bytes allowed\n"


def test_a_dash_is_the_standard_input(tmp_path):
    (tmp_path / "a.json").write_bytes(epcis(epcis_event()))

    result = run("-", given=epcis(epcis_event()))

    assert result.exit_code == 0
    assert result.stdout == run(tmp_path / "a.json").stdout


def test_a_misspelt_step_is_refused_with_its_place(tmp_path):
    (tmp_path / "a.json").write_bytes(epcis(epcis_event("recieving")))

    result = run(tmp_path / "a.json")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "/epcisBody/eventList/0/bizStep: 'recieving' is neither a word of the vocabulary" in result.stderr
