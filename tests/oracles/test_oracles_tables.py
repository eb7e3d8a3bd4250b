"""CSV files in a node's inbox, and the dry run that shows what a mapping makes of one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operating_desk import config_of
from oracle_bench import Bench
from oracle_fakes import ORDER
from structlog.testing import capture_logs
from test_oracles_crash import dying_at, run_until_dead
from typer.testing import CliRunner

from oracles import corrections
from oracles.checkpoints import Point
from oracles.cli import oracle_app
from oracles.errors import DocumentRefused, SettingsInvalid
from oracles.store.models import CorrectionRow, DocumentRow, EventStatus, ObservationStatus
from oracles.store.retractions import RetractionStatus
from oracles.tables.checking import check
from oracles.tables.reading import load_mapping, read_csv
from oracles.tables.settings import BadRows, CsvSettings
from standards.tables import Mapping

EXAMPLE = Path(__file__).parents[2] / "examples" / "wms"
MAPPING = """
source = "wms"
[time]
column = "when"
formats = ["%Y-%m-%d %H:%M"]
zone = "UTC"
[step]
column = "what"
values = { in = "receiving", store = "storing", out = "picking" }
[quantity]
column = "amount"
unit = { constant = "KGM" }
[[references]]
kind = "order"
column = "order"
[cancellation]
column = "void"
values = ["X"]
"""
NUMBERED = (
    MAPPING
    + """of = { column = "of" }
[event_id]
column = "number"
"""
)
NUMBERED_HEADER = "when,what,amount,order,void,number,of"
HEADER = "when,what,amount,order,void"
RECEIVED = f"2026-05-28 11:00,in,950,{ORDER},"
STORED = f"2026-05-28 11:10,store,950,{ORDER},"
OTHER_RECEIVED = f"2026-05-28 11:05,in,900,{ORDER},"
SOME_TIME_LATER = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp())
BAD = f"28.05.2026 11:20,out,x,{ORDER},"


def table(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


@pytest.fixture
def warehouse(bench: Bench) -> Bench:
    """A node whose inbox takes the tables of a warehouse's system."""
    (bench.folder / "wms.toml").write_text(MAPPING)
    bench.settings_changes = {"csv": [{"files": "wms-*.csv", "mapping": bench.folder / "wms.toml"}]}
    bench.restart()
    return bench


def set_aside(bench: Bench) -> None:
    bench.settings_changes["csv"][0]["bad_rows"] = "set aside"  # type: ignore[index]
    bench.restart()


def in_inbox(bench: Bench) -> list[str]:
    return sorted(path.name for path in (bench.folder / "inbox").iterdir())


# What is refused, or left alone


def test_without_tables_in_the_settings_csv_files_are_left_alone(bench):
    bench.drop("wms-1.csv", table(RECEIVED))

    bench.settle()

    assert (in_inbox(bench), bench.events()) == (["wms-1.csv"], [])


def test_file_that_no_pattern_fits_goes_to_quarantine(warehouse):
    warehouse.drop("other.csv", table(RECEIVED))

    warehouse.settle()

    reason = (warehouse.folder / "quarantine" / "other.csv.reason.txt").read_text()
    assert reason == "no [[csv]] of the settings has a pattern for this name\n"


def test_bad_row_refuses_the_whole_file_and_is_told(warehouse):
    warehouse.drop("wms-1.csv", table(RECEIVED, BAD, "x"))

    warehouse.settle()

    reason = (warehouse.folder / "quarantine" / "wms-1.csv.reason.txt").read_text().splitlines()
    assert reason[0] == "2 of 3 rows are bad, so nothing of it was taken:"
    assert reason[1].startswith(
        "line 3: column when: '28.05.2026 11:20' is no time as '%Y-%m-%d %H:%M'; column amount:"
    )
    assert reason[2] == "line 4: it has 1 cells, the table has 5"
    assert (warehouse.events(), warehouse.chain.sent) == ([], [])


def test_no_more_bad_rows_are_listed_than_a_person_reads(warehouse):
    warehouse.drop("wms-1.csv", table(*[BAD] * 60))

    warehouse.settle()

    lines = (warehouse.folder / "quarantine" / "wms-1.csv.reason.txt").read_text().splitlines()
    assert (len(lines), lines[-1]) == (52, "and 10 bad rows more")


def test_table_is_not_taken_before_it_has_stood_still(warehouse):
    """Its first half is a table as well."""
    whole = table(RECEIVED, STORED)
    path = warehouse.folder / "inbox" / "wms-1.csv"
    path.write_bytes(whole[: whole.index(STORED.encode())])
    warehouse.turn(0)
    warehouse.turn(0.5)
    assert warehouse.events() == []

    with path.open("ab") as file:
        file.write(STORED.encode() + b"\n")
    warehouse.turn(0.6)
    warehouse.turn(0.6)
    assert warehouse.events() == []
    warehouse.settle()

    assert [event.activity for event in warehouse.events()] == ["receiving", "storing"]


def test_mapping_that_cannot_be_used_stops_the_node_with_all_problems(warehouse):
    (warehouse.folder / "wms.toml").write_text(MAPPING.replace('"UTC"', '"Nowhere"').replace("storing", "stowing"))

    with pytest.raises(SettingsInvalid) as refused:
        warehouse.restart()

    assert len(refused.value.problems) == 2
    assert "'time.zone'" in str(refused.value)


@pytest.mark.parametrize(
    ("csv", "why"),
    [
        ({"files": "wms-*.txt", "mapping": "wms.toml"}, "files"),
        ({"files": "wms-*.csv"}, "mapping"),
        ({"files": "wms-*.csv", "mapping": "wms.toml", "bad_rows": "drop"}, "bad_rows"),
    ],
)
def test_settings_name_what_is_wrong_with_a_table(bench, csv, why):
    with pytest.raises(ValueError, match=why):
        CsvSettings.model_validate(csv)


# What is taken


def test_rows_are_attested_and_the_file_is_archived(warehouse):
    warehouse.drop("wms-1.csv", table(RECEIVED, STORED))

    with capture_logs() as logs:
        warehouse.settle()

    assert [quantity for _, quantity, _ in warehouse.chain.counted] == [950_000, 950_000]
    assert warehouse.archived() == ["wms-1.csv"]
    assert [line["line"] for line in logs if line["event"] == "event"] == [2, 3]
    assert [event.line for event in warehouse.events()] == [2, 3]


def test_longer_export_of_the_same_table_adds_only_its_new_rows(warehouse):
    warehouse.drop("wms-1.csv", table(RECEIVED))
    warehouse.settle()
    warehouse.drop("wms-2.csv", table(RECEIVED, STORED))
    warehouse.settle()

    assert len(warehouse.events()) == len(warehouse.chain.counted) == 2


def test_cancelling_row_takes_back_what_was_voted_on(warehouse):
    warehouse.drop("wms-1.csv", table(RECEIVED))
    warehouse.settle()

    for name in ("wms-2.csv", "wms-3.csv"):
        warehouse.drop(name, table(STORED, RECEIVED, RECEIVED.replace("950", "-950") + "X"))
        warehouse.settle()

    assert [row.status for row in warehouse.observations()] == [ObservationStatus.RETRACTED, ObservationStatus.COUNTED]
    assert [row.status for row in warehouse.retractions()] == [RetractionStatus.RETRACTED]


def test_cancelling_row_in_the_same_table_keeps_its_row_from_being_signed(warehouse):
    warehouse.drop("wms-1.csv", table(RECEIVED, f"{RECEIVED}X"))

    warehouse.settle()

    assert (warehouse.event.status, warehouse.chain.sent) == (EventStatus.WITHDRAWN, [])


@pytest.fixture
def numbering(bench: Bench) -> Bench:
    """A warehouse whose rows have numbers, by which others cancel them."""
    (bench.folder / "wms.toml").write_text(NUMBERED)
    bench.settings_changes = {"csv": [{"files": "wms-*.csv", "mapping": bench.folder / "wms.toml"}]}
    bench.restart()
    return bench


def numbered_table(*rows: str) -> bytes:
    return "\n".join([NUMBERED_HEADER, *rows, ""]).encode()


DOUBLE = numbered_table(f"2026-05-28 11:00,in,100,{ORDER},,1,", f"2026-05-28 11:10,in,90,{ORDER},,2,")
BOTH_CANCELLED = numbered_table(f"2026-05-28 11:20,in,0,{ORDER},X,3,1", f"2026-05-28 11:20,in,0,{ORDER},X,4,2")


def test_cancelling_row_that_does_not_say_what_it_cancels_is_bad(numbering):
    numbering.drop("wms-1.csv", numbered_table(f"2026-05-28 11:00,in,100,{ORDER},,1,"))
    numbering.settle()

    numbering.drop("wms-2.csv", numbered_table(f"2026-05-28 11:20,in,-100,{ORDER},X,3,"))
    numbering.settle()

    assert numbering.quarantined() == ["wms-2.csv", "wms-2.csv.reason.txt"]
    reason = (numbering.folder / "quarantine" / "wms-2.csv.reason.txt").read_text()
    assert "line 2" in reason
    assert "column of: it is empty: the row cancels another, and does not say which" in reason


def test_two_cancelling_rows_that_look_alike_take_back_two_rows(numbering):
    numbering.drop("wms-1.csv", DOUBLE)
    numbering.settle()
    assert [event.status for event in numbering.events()] == [EventStatus.HELD] * 2

    numbering.drop("wms-2.csv", BOTH_CANCELLED)
    numbering.settle()

    assert [event.status for event in numbering.events()][:2] == [EventStatus.WITHDRAWN] * 2
    assert numbering.chain.counted == []


def test_two_cancelling_rows_that_look_alike_take_back_two_votes(numbering):
    rows = numbered_table(f"2026-05-28 11:00,in,100,{ORDER},,1,", f"2026-05-28 11:10,store,100,{ORDER},,2,")
    numbering.drop("wms-1.csv", rows)
    numbering.settle()
    assert len(numbering.chain.counted) == 2

    numbering.drop("wms-2.csv", BOTH_CANCELLED)
    numbering.settle()

    assert len(numbering.chain.retracted) == 2


def test_cancelling_row_that_an_older_version_took_is_known_and_the_one_it_swallowed_is_not(numbering, monkeypatch):
    numbering.drop("wms-1.csv", DOUBLE)
    numbering.settle()
    digest = corrections._digest
    monkeypatch.setattr(corrections, "_digest", lambda *its, **_: digest(*its, with_number=False))
    # The first of them alone, as an older version took both.
    numbering.drop("wms-2.csv", BOTH_CANCELLED.rsplit(b"\n", 2)[0] + b"\n")
    numbering.settle()
    monkeypatch.undo()
    numbering.drop("wms-3.csv", BOTH_CANCELLED)
    numbering.settle()

    assert [row.cancelled_id.rpartition(":")[2] for row in numbering.rows(CorrectionRow)] == ["1", "2"]


def test_good_rows_are_taken_and_bad_ones_lie_in_quarantine_as_a_table(warehouse):
    set_aside(warehouse)
    warehouse.drop("wms-1.csv", table(RECEIVED, BAD, STORED))

    with capture_logs() as logs:
        warehouse.settle()

    assert [event.activity for event in warehouse.events()] == ["receiving", "storing"]
    rows, reason = [warehouse.folder / "quarantine" / name for name in warehouse.quarantined()]
    assert rows.read_bytes() == f"{HEADER}\r\n{BAD}\r\n".encode()
    assert "1 of 3 rows of wms-1.csv are bad" in reason.read_text()
    assert "line 3: column when" in reason.read_text()
    (line,) = [line for line in logs if line["event"] == "rows set aside"]
    assert line["operator_action_required"]


def test_mended_rows_are_taken_when_they_are_handed_in_again(warehouse):
    set_aside(warehouse)
    warehouse.drop("wms-1.csv", table(RECEIVED, BAD))
    warehouse.settle()
    aside = warehouse.folder / "quarantine" / warehouse.quarantined()[0]

    mended = aside.read_bytes().replace(b"28.05.2026 11:20", b"2026-05-28 11:20").replace(b",x,", b",950,")
    warehouse.drop(aside.name, mended)
    warehouse.settle()

    assert [event.activity for event in warehouse.events()] == ["receiving", "picking"]


def test_file_of_bad_rows_alone_is_refused_as_a_whole(warehouse):
    set_aside(warehouse)
    warehouse.drop("wms-1.csv", table(BAD))

    warehouse.settle()

    assert warehouse.quarantined() == ["wms-1.csv", "wms-1.csv.reason.txt"]


def test_table_without_rows_is_archived(warehouse):
    warehouse.drop("wms-1.csv", table())

    warehouse.settle()

    assert (warehouse.archived(), warehouse.events()) == (["wms-1.csv"], [])


@pytest.mark.parametrize(
    "point",
    [
        Point.ROWS_SET_ASIDE,
        Point.DOCUMENT_STORING,
        Point.DOCUMENT_STORED,
        Point.DOCUMENT_MOVED,
        Point.DOCUMENT_FILED,
    ],
)
def test_death_while_rows_are_set_aside_doubles_and_loses_none(warehouse, point):
    set_aside(warehouse)
    warehouse.restart(dying_at(point))
    warehouse.drop("wms-1.csv", table(RECEIVED, BAD, STORED))
    assert run_until_dead(warehouse)

    warehouse.restart()
    warehouse.settle()

    assert len(warehouse.events()) == len(warehouse.chain.counted) == 2
    assert len(warehouse.quarantined()) == 2
    assert len(warehouse.rows(DocumentRow)) == 1
    assert in_inbox(warehouse) == []


# The dry run


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(oracle_app, ["csv", "check", *map(str, arguments)])
    return result.exit_code, result.output


def test_check_names_all_problems_of_a_mapping(tmp_path):
    (tmp_path / "wms.toml").write_text("source = 1\n")

    code, output = run("--mapping", tmp_path / "wms.toml", EXAMPLE / "wms.csv")

    assert code == 1
    assert [line.split("'")[1] for line in output.splitlines()] == ["source", "time", "step", "references"]


def test_check_says_that_a_file_would_not_be_taken(tmp_path):
    (tmp_path / "wms.toml").write_text(MAPPING)
    (tmp_path / "wms.csv").write_bytes(table(RECEIVED, BAD))

    refused, output = run("--mapping", tmp_path / "wms.toml", tmp_path / "wms.csv")
    taken, _ = run("--mapping", tmp_path / "wms.toml", "--set-aside", tmp_path / "wms.csv")

    assert (refused, taken) == (1, 0)
    assert "1 attested, 1 bad: nothing of the file would be taken" in output


def verdicts(tmp_path: Path, data: bytes, mapping: str = MAPPING, now: int = SOME_TIME_LATER) -> list[tuple[str, str]]:
    (tmp_path / "wms.toml").write_text(mapping)
    (tmp_path / "wms.csv").write_bytes(data)
    rows = check(tmp_path / "wms.csv", tmp_path / "wms.toml", "refuse", 10**6, now=now).rows
    return [(row.verdict, row.reason) for row in rows]


def test_check_holds_rows_that_say_different_things_of_one_fact(tmp_path):
    (first, why), (second, _), (stored, _) = verdicts(tmp_path, table(RECEIVED, OTHER_RECEIVED, STORED))

    assert (first, second, stored) == ("held", "held", "attested")
    assert why == (
        "two accounts of one fact: this one says 950 KGM at 2026-05-28T11:00:00Z, "
        "line 3 says 900 KGM at 2026-05-28T11:05:00Z"
    )


def test_check_holds_a_row_that_says_that_there_was_nothing(tmp_path):
    ((verdict, why),) = verdicts(tmp_path, table(RECEIVED.replace("950", "0")))

    assert (verdict, why) == ("held", "the paper says that there was nothing")


def test_check_lets_a_row_of_the_future_wait(tmp_path):
    then = int(datetime(2026, 5, 28, 11, tzinfo=UTC).timestamp())

    assert verdicts(tmp_path, table(RECEIVED), now=then) == [("attested", "")]
    assert verdicts(tmp_path, table(RECEIVED), now=then - 90) == [
        ("waits", "in the future: 90 seconds ahead of this machine's clock")
    ]


@pytest.mark.parametrize("cancelled_first", [False, True])
def test_check_says_which_row_takes_another_back(cancelled_first, tmp_path):
    rows = [f"{RECEIVED}X", RECEIVED] if cancelled_first else [RECEIVED, f"{RECEIVED}X"]
    told = verdicts(tmp_path, table(*rows, OTHER_RECEIVED))

    assert sorted(verdict for verdict, _ in told) == ["attested", "taken back", "takes back"]
    assert told[-1] == ("attested", ""), "what is taken back speaks against nobody"
    assert told[cancelled_first] == ("taken back", f"by line {2 if cancelled_first else 3}")


def test_check_takes_back_by_number_where_rows_have_one(tmp_path):
    told = verdicts(tmp_path, DOUBLE + BOTH_CANCELLED.split(b"\n", 1)[1], NUMBERED)

    assert [verdict for verdict, _ in told] == ["taken back", "taken back", "takes back", "takes back"]


def test_check_tells_orders_in_one_container_apart(tmp_path):
    mapping = MAPPING + '[[references]]\nkind = "container"\ncolumn = "box"\n'
    rows = [f"2026-05-28 11:0{minute},in,95{minute},PO-{minute},,MSKU0000006" for minute in range(3)]
    data = "\n".join([f"{HEADER},box", *rows, "2026-05-28 11:09,in,959,,,MSKU0000006", ""]).encode()

    verdict, *_, (alone, why) = verdicts(tmp_path, data, mapping)

    assert (verdict[0], alone) == ("held", "held")
    assert "line 2" in why
    assert "line 4" in why
    assert (
        verdicts(tmp_path, data.replace(b"2026-05-28 11:09,in,959,,,MSKU0000006\n", b""), mapping)
        == [("attested", "")] * 3
    )


def test_node_does_with_each_row_what_the_check_said(warehouse, tmp_path):
    data = table(RECEIVED, OTHER_RECEIVED, STORED, RECEIVED.replace("11:00", "10:00").replace("950", "0"))
    said = [verdict for verdict, _ in verdicts(tmp_path, data)]

    warehouse.drop("wms-1.csv", data)
    warehouse.settle()

    became = {EventStatus.HELD: "held", EventStatus.VOUCHED: "attested"}
    assert [became[row.status] for row in warehouse.events()] == said
    assert said.count("held") == 3


def test_check_of_the_example_shows_what_each_row_means():
    code, output = run("--json", "--mapping", EXAMPLE / "wms.toml", EXAMPLE / "wms.csv")

    told = json.loads(output)
    assert (code, told["taken"]) == (0, True)
    assert [(row["line"], row["verdict"], row["milestone"]) for row in told["rows"]] == [
        (3, "attested", "RECEIVED"),
        (4, "attested", "STORED"),
        (5, "no event", ""),
        (6, "taken back", ""),
        (7, "takes back", ""),
    ]
    assert (told["rows"][0]["quantity"], told["rows"][0]["unit"]) == (12_950_000, "KGM")
    assert told["rows"][0]["occurred_at"] == "2026-05-27T06:15:00Z"


def test_check_prints_a_table_in_which_nothing_is_markup(tmp_path):
    (tmp_path / "wms.toml").write_text(MAPPING)
    (tmp_path / "wms.csv").write_bytes(table(RECEIVED.replace(ORDER, "[red]PO[/red]"), RECEIVED, RECEIVED))

    code, output = run("--mapping", tmp_path / "wms.toml", tmp_path / "wms.csv")

    assert code == 0
    assert "order [red]PO[/red]" in output
    assert "the same again: as line 3; taken once" in output


# Whatever comes


def why_refused(data: bytes, mapping: Mapping, bad_rows: BadRows) -> str | None:
    """None where it is taken; anything else than DocumentRefused fails the test."""
    try:
        read_csv("wms.csv", data, 10**6, mapping, bad_rows)
    except DocumentRefused as error:
        return error.why
    return None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["refuse", "set aside"]))
def test_any_bytes_are_taken_or_refused_with_a_reason(example, data, bad_rows):
    assert why_refused(data, example, bad_rows) != ""


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(["refuse", "set aside"]))
def test_changed_tables_are_taken_or_refused_with_a_reason(example, data, bad_rows):
    written = bytearray((EXAMPLE / "wms.csv").read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(written)))
        written[place : place + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=6))

    assert why_refused(bytes(written), example, bad_rows) != ""


@pytest.fixture(scope="module")
def example():
    return load_mapping(EXAMPLE / "wms.toml")


def test_check_goes_by_the_rules_of_a_node_where_its_settings_are_given(bench):
    rules = '[[attest]]\nname = "elsewhere"\nmilestones = ["RECEIVED"]\nplace = ["unlocode:CLSAI"]\n'
    (bench.folder / "rules.toml").write_text(rules)
    config = config_of(bench)
    config.write_text(f'rules = "rules.toml"\n{config.read_text()}')
    arguments = ["--json", "--mapping", EXAMPLE / "wms.toml", EXAMPLE / "wms.csv"]

    _, by_program = run(*arguments)
    _, by_node = run("--config", config, *arguments)

    assert '"verdict": "attested"' in by_program
    assert '"verdict": "attested"' not in by_node
    assert by_node.count("not attested") > by_program.count("not attested")


def test_check_says_what_is_wrong_with_the_settings(tmp_path):
    (tmp_path / "node.toml").write_text("")
    arguments = ["--mapping", EXAMPLE / "wms.toml", EXAMPLE / "wms.csv"]

    code, output = run("--config", tmp_path / "node.toml", *arguments)

    assert code == 1
    assert "setting 'inbox'" in output
