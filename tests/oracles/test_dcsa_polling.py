"""Asking a carrier that pages, fails, rate-limits, repeats, reorders and goes away."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dcsa_carrier import Carrier, body_of, hangs_up, never_ends, says
from oracle_bench import Bench
from oracle_fakes import NOON, dcsa_departure
from oracle_nodes import DIED_BY_KILL, NodeProcess, Trade, until
from structlog.testing import capture_logs
from test_capture_crash import LoneHome
from test_dcsa_callback import KEY, LISTENING, post, secret_file
from test_oracles_updates import of_3, sailing

from chain_node.client import FactStatus, Milestone, Role
from oracles.checkpoints import DROP_POINTS, POLL_POINTS, Checkpoint, go_on
from oracles.dcsa.asking import Asking, retry_after, wait_seconds
from oracles.dcsa.pages import PageUnusable, newest_event, next_page
from oracles.dcsa.polling import Poller
from oracles.dcsa.settings import PollSettings
from oracles.metrics import Metrics
from oracles.operating.status import status_of
from oracles.services import Surroundings, taking
from oracles.store.polls import PollRow

LIMIT = 100_000
DAY = timedelta(days=1)


def made(number: int, **more: Any) -> dict[str, Any]:
    """Each event a departure of a call of its own, made an hour after the one before."""
    call = {"transportCallID": f"CALL-{number}", "modeOfTransport": "VESSEL"}
    at = NOON - DAY + timedelta(minutes=30 * number)
    event = sailing(at, eventID=f"id-{number}", transportCall=call)
    return event | {"eventCreatedDateTime": (at + timedelta(minutes=5)).isoformat()} | more


@dataclass
class Line:
    """A node that asks a carrier, one turn at a time."""

    bench: Bench
    carrier: Carrier
    changes: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOON
    poller: Poller = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    @property
    def settings(self) -> PollSettings:
        values = {"name": "skager", "base_url": self.carrier.url, "page_limit": 3, "timeout_seconds": 60}
        return PollSettings.model_validate(values | self.changes)

    def restart(self, checkpoint: Checkpoint = go_on) -> None:
        changes = self.bench.settings_changes
        changes["dcsa"] = {"schema": ["2.2", "3.0.0-2026-01"]}
        changes["file_limit_bytes"] = LIMIT
        self.bench.restart()
        around = Surroundings(self.bench.settings, self.bench.database, checkpoint, Metrics(), None)
        into_inbox, asking = taking(around, "dcsapoll"), Asking(self.settings, LIMIT)
        self.poller = Poller(
            self.settings,
            self.bench.database,
            into_inbox,
            asking,
            checkpoint,
            around.metrics,
            now=lambda: self.now,
            chance=lambda: 1.0,
        )

    def turn(self) -> float:
        return self.poller.turn(lambda: False)

    def read(self) -> list[str]:
        """The source ids of every event that the node has."""
        self.bench.chain.away = True
        self.bench.turn()
        return sorted(row.source_event_id for row in self.bench.events())

    @property
    def row(self) -> PollRow:
        (row,) = self.bench.rows(PollRow)
        assert isinstance(row, PollRow)
        return row

    def sinces(self) -> list[str]:
        return [asked.query.get("eventCreatedDateTime:gte", "") for asked in self.carrier.asked]


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    with Carrier().running() as running:
        yield running


@pytest.fixture
def line(tmp_path: Path, carrier: Carrier) -> Line:
    return Line(Bench(tmp_path), carrier)


IDS = sorted(f"id-{number}" for number in range(8))


# What goes wrong


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (says(500), "it answered 500"),
        (says(503, Retry_After="7"), "it answered 503"),
        (says(429, Retry_After="40"), "it answered 429"),
        (says(302, Location="https://elsewhere.example/v2/events"), "it answered 302; redirects are not followed"),
        (says(307, Location="/v2/other"), "it answered 307; redirects are not followed"),
        (says(204, b""), "it answered 204"),
        (says(401), "the key or token is not taken"),
        (says(200, b"<html>"), "no list of events"),
        (says(200, b'{"error": 1}'), "no list of events"),
        (says(200, b""), "no list of events"),
        (says(200, b"[" * 50_000), "no list of events"),
        (says(200, b"[]", Content_Encoding="gzip"), "compressed"),
        (says(200, b"[{}]", Next_Page="https://elsewhere.example/v2/events?cursor=1"), "another host"),
        (says(200, b"[{}]", Next_Page="http://127.0.0.1:1/v2/events?cursor=1"), "another host"),
        (says(200, b"[{}]", Next_Page="//elsewhere.example/?cursor=1"), "another host"),
        (says(200, b"[{}]", Next_Page="http://u:p@127.0.0.1/"), "names a user"),
        (says(200, b"[{}]", Next_Page="x" * 5_000), "longer than"),
        (says(200, b"[" + b" " * LIMIT + b"]"), "longer than"),
        (hangs_up, "cannot be asked (RemoteProtocolError)"),
        (never_ends, "longer than"),
    ],
)
def test_failing_carrier_is_asked_again_later_and_nothing_is_taken(line, carrier, fault, why):
    carrier.events = [made(number) for number in range(8)]
    carrier.faults = [fault]
    with capture_logs() as logs:
        wait = line.turn()

    assert why in next(entry["reason"] for entry in logs if entry["event"] == "carrier failed")
    assert wait > 0
    assert list(line.bench.settings.inbox.iterdir()) == []
    assert why in line.row.failure
    line.turn()
    assert line.read() == IDS
    assert line.row.failure == ""


def test_carrier_that_does_not_answer_in_time_is_left(line, carrier):
    line.changes["timeout_seconds"] = 0.2
    line.restart()
    carrier.faults = [lambda handler: handler.rfile.read(1)]

    line.turn()

    assert line.row.failure == "no answer within 0.2 seconds"


def test_carrier_that_is_not_there_is_left(line):
    line.changes["base_url"] = "http://127.0.0.1:9"
    line.restart()

    line.turn()

    assert line.row.failure == "cannot be asked (ConnectError)"


def test_waits_grow_to_their_most_and_a_carrier_is_obeyed_for_longer(line, carrier):
    carrier.faults = [says(500)] * 6 + [says(429, Retry_After="4000")]
    line.changes |= {"least_wait_seconds": 2, "most_wait_seconds": 20}
    line.restart()

    assert [line.turn() for _ in range(8)] == [2, 4, 8, 16, 20, 20, 4000, line.settings.interval_seconds]


@pytest.mark.parametrize("failures", [1, 3, 10_000])
def test_wait_is_left_to_chance_by_half(line, failures):
    most = wait_seconds(line.settings, failures, None, lambda: 1.0)
    assert wait_seconds(line.settings, failures, None, lambda: 0.0) == most / 2
    assert most <= line.settings.most_wait_seconds


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("120", 120),
        ("999999999999", 86_400),
        ("Thu, 28 May 2026 12:00:30 GMT", 30),
        ("Thu, 28 May 2020 12:00:30 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 -0100", None),
        ("Thu, 28 May 2026 12:00:30 +99999999999999", None),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(stated, seconds):
    assert retry_after(stated, NOON) == seconds


def test_same_failure_is_told_once_and_its_end_too(line, carrier):
    carrier.faults = [says(500)] * 3
    with capture_logs() as logs:
        for _ in range(3):
            line.turn()
            line.now += timedelta(hours=1)
        line.turn()

    told = [entry["event"] for entry in logs if "source" in entry]
    assert told == ["carrier failed", "carrier silent", "carrier answers again"]
    assert line.poller.metrics.silent_carriers._value.get() == 0


def test_silence_is_told_of_a_carrier_that_never_answered_too(line, carrier):
    carrier.faults = [says(500)] * 2
    line.turn()
    line.now += timedelta(hours=2)
    with capture_logs() as logs:
        line.turn()

    (entry,) = [entry for entry in logs if entry["event"] == "carrier silent"]
    assert entry["operator_action_required"]
    assert line.poller.metrics.silent_carriers._value.get() == 1
    poll = {"name": "skager", "base_url": carrier.url}
    line.bench.settings_changes["dcsa"] = {"poll": [poll, poll | {"name": "new"}]}
    found = status_of(line.bench.settings, line.now)
    assert found.silent_carriers == ["skager"]
    assert found.carriers == [
        "skager: last answered never, read to nothing yet, failing: it answered 500",
        "new: not asked yet",
    ]


def test_full_disk_moves_no_cursor(line, carrier, monkeypatch):
    carrier.events = [made(number) for number in range(8)]

    def full(_: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(line.poller.taking, "take", full)
        line.turn()
    assert (line.row.read_to, line.row.next_page) == ("", "")
    assert line.row.failure == "the inbox does not take it: No space left on device"

    line.turn()
    assert line.read() == IDS


def test_key_is_sent_read_anew_and_never_told(line, carrier, tmp_path):
    key = tmp_path / "carrier.key"
    line.changes |= {"key_file": key, "key_header": "Consumer-Key", "bearer_file": tmp_path / "token"}
    for path, text in ((key, "s3cret-key"), (tmp_path / "token", "t0ken")):
        path.write_text(text)
        path.chmod(0o600)
    line.restart()
    with capture_logs() as logs:
        line.turn()
        secret_file(key, b"another-key")
        line.turn()
        key.chmod(0o644)
        line.turn()

    sent = [asked.headers["Consumer-Key"] for asked in carrier.asked]
    assert (sent[0], len(sent), sent[0] != sent[1]) == ("s3cret-key", 2, True)
    assert carrier.asked[0].headers["Authorization"] == "Bearer t0ken"
    assert "others may read it (644)" in line.row.failure
    assert not any(secret in json.dumps(logs, default=str) for secret in ("s3cret", "t0ken"))


NO_TIMES = ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000+00:00", "1970-01-01T00:00:00Z"]


@pytest.mark.parametrize("moment", NO_TIMES)
def test_event_of_the_year_one_neither_stops_a_carrier_nor_moves_its_cursor_back(line, carrier, moment):
    carrier.faults = [says(200, json.dumps([{"eventCreatedDateTime": moment}]).encode())]
    line.turn()
    carrier.events = [made(number) for number in range(8)]
    line.restart()

    assert line.turn() == line.settings.interval_seconds

    assert line.read() == IDS
    begun = line.now - timedelta(days=line.settings.first_days)
    assert line.sinces()[1] == f"{begun - timedelta(seconds=line.settings.overlap_seconds):%Y-%m-%dT%H:%M:%SZ}"


def test_cursor_of_the_year_one_in_an_older_database_begins_anew(line, carrier):
    carrier.events = [made(number) for number in range(8)]
    with line.bench.database.session() as session:
        at = "0001-01-01T00:00:00+00:00"
        session.add(PollRow(name="skager", asked_since=NOON.isoformat(), read_to=at, newest=at))

    line.turn()

    assert line.read() == IDS
    assert line.sinces()[0] == f"{line.now - timedelta(days=line.settings.first_days):%Y-%m-%dT%H:%M:%SZ}"


def interrupted(line: Line, carrier: Carrier) -> None:
    """A sweep of which one page was read, and that was left there: the carrier names its pages by whole links."""
    carrier.events, carrier.links = [made(number) for number in range(8)], "url"
    line.changes["most_pages"] = 1
    line.restart()
    line.turn()
    del line.changes["most_pages"]
    assert line.row.next_page.startswith(carrier.url)


def test_sweep_whose_next_page_is_on_a_host_that_was_left_begins_anew(line, carrier):
    interrupted(line, carrier)
    with Carrier().running() as other:
        other.events, other.links = carrier.events, "url"
        line.changes["base_url"] = other.url
        line.restart()
        set_row(line, asked_for="")

        assert line.turn() == line.settings.interval_seconds

        assert line.read() == IDS
        assert [asked.query.get("cursor") for asked in other.asked] == [None, "c3", "c6"]
        assert line.row.failure == ""


def set_row(line: Line, **values: str) -> None:
    with line.bench.database.session() as session:
        row = session.get_one(PollRow, "skager")
        for name, value in values.items():
            setattr(row, name, value)


@pytest.mark.parametrize(
    "change",
    [
        {"carrier_booking_reference": "BK-B"},
        {"carrier_booking_reference": None, "equipment_reference": "BK-A"},
        {"carrier_booking_reference": None},
        {"base_url": "/elsewhere"},
        {"api": "3.0"},
    ],
)
def test_poll_for_something_else_begins_where_a_first_one_does(line, carrier, change):
    carrier.events = [made(number) for number in range(8)]
    line.changes["carrier_booking_reference"] = "BK-A"
    line.restart()
    line.turn()
    assert line.row.read_to
    line.changes |= {name: carrier.url + its if name == "base_url" else its for name, its in change.items()}
    line.restart()
    asked_before = len(carrier.asked)

    line.turn()

    first = carrier.asked[asked_before]
    since = first.query.get("eventCreatedDateTime:gte") or first.query["eventUpdatedDateTimeMin"]
    assert since == f"{NOON - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"
    assert "cursor" not in first.query


def test_poll_for_something_else_leaves_the_sweep_that_was_under_way(line, carrier):
    interrupted(line, carrier)
    line.changes["equipment_reference"] = "APZU4812090"
    line.restart()

    line.turn()

    assert [asked.query.get("cursor") for asked in carrier.asked] == [None, None, "c3", "c6"]
    assert line.read() == IDS


def test_what_changes_nothing_of_what_is_asked_for_is_gone_on_with(line, carrier):
    interrupted(line, carrier)
    line.changes |= {"page_limit": 3, "first_days": 5, "interval_seconds": 60, "base_url": carrier.url + "/"}
    line.restart()

    line.turn()

    assert [asked.query.get("cursor") for asked in carrier.asked] == [None, "c3", "c6"]


def test_database_of_an_earlier_version_is_gone_on_with(line, carrier):
    """It does not know what was asked for; from now on it does."""
    interrupted(line, carrier)
    line.bench.database.close()
    with closing(sqlite3.connect(line.bench.settings.database)) as older:
        older.execute("ALTER TABLE dcsa_poll DROP COLUMN asked_for")
        older.commit()
    line.restart()

    line.turn()

    assert [asked.query.get("cursor") for asked in carrier.asked] == [None, "c3", "c6"]
    assert line.row.asked_for == line.settings.fingerprint


# What goes right


@pytest.mark.parametrize("links", ["cursor", "url", "path"])
def test_all_pages_are_taken_whichever_way_the_next_is_named(line, carrier, links):
    carrier.events, carrier.links = [made(number) for number in range(8)], links
    line.changes["carrier_booking_reference"] = "SKL7701926"
    line.restart()

    assert line.turn() == line.settings.interval_seconds

    assert line.read() == IDS
    assert [asked.query.get("cursor") for asked in carrier.asked] == [None, "c3", "c6"]
    assert {asked.query["carrierBookingReference"] for asked in carrier.asked} == {"SKL7701926"}
    assert {asked.headers["API-Version"] for asked in carrier.asked} == {"2"}


def test_events_of_3_are_asked_for_in_its_own_words(line, carrier):
    carrier.links = "next-cursor"
    carrier.events = [
        of_3(NOON - DAY, told=0, eventID=f"id-{n}") | {"eventUpdatedDateTime": NOON.isoformat()} for n in range(4)
    ]
    line.changes |= {"api": "3.0", "equipment_reference": "APZU4812090"}
    line.restart()

    line.turn()

    assert line.bench.settings.dcsa.schema_versions
    # Four messages tell one and the same fact.
    assert line.read() == ["SMDG|LCL|SKL|id-0"]
    first, second = carrier.asked
    assert first.path == "/events"
    assert set(first.query) == {"eventUpdatedDateTimeMin", "limit", "equipmentReference"}
    assert second.query == first.query | {"cursor": "c3"}


def test_pages_are_stored_as_they_came(line, carrier):
    carrier.events = [made(number) for number in range(5)]
    line.turn()

    stored = sorted(path.read_bytes() for path in line.bench.settings.inbox.iterdir())
    assert stored == sorted([body_of(carrier, carrier.events[:3]), body_of(carrier, carrier.events[3:])])


def test_next_sweep_reaches_back_behind_the_newest_event(line, carrier):
    carrier.events = [made(number) for number in range(3)]
    line.turn()
    late = made(90, eventCreatedDateTime=(NOON - DAY + timedelta(minutes=30)).isoformat(), eventID="late")
    late["eventDateTime"] = (NOON - DAY).isoformat()
    carrier.events.append(late)

    line.turn()

    newest = datetime.fromisoformat(made(2)["eventCreatedDateTime"])
    assert list(dict.fromkeys(line.sinces())) == [
        f"{NOON - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}",
        f"{newest - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
    ]
    assert "late" in line.read()


def test_unchanged_page_is_not_stored_again(line, carrier):
    carrier.events = [made(number) for number in range(3)]
    line.changes["overlap_seconds"] = 10 * 86_400
    line.restart()
    for _ in range(3):
        line.turn()
        line.bench.turn()

    assert len(line.bench.archived()) == 1


def test_repeated_and_reordered_pages_are_read_once(line, carrier):
    carrier.events = [made(number) for number in (5, 1, 1, 7, 0, 3, 5, 2, 4, 6, 6)]
    line.turn()
    carrier.events.reverse()
    line.turn()

    assert line.read() == IDS


def test_event_of_the_future_does_not_hide_those_of_today(line, carrier):
    carrier.events = [made(1), made(2, eventCreatedDateTime="2080-01-01T00:00:00Z", eventClassifierCode="PLN")]
    line.turn()

    assert line.row.read_to == NOON.isoformat()


def test_pages_that_lead_in_circles_end(line, carrier):
    carrier.faults = [says(200, b"[]", Next_Page="a"), says(200, b"[]", Next_Page="b"), says(200, b"[]", Next_Page="a")]
    line.turn()

    assert line.row.failure == "its pages lead in circles"
    assert (len(carrier.asked), line.row.sweep_from) == (3, "")


def test_sweep_of_too_many_pages_is_gone_on_with(line, carrier):
    carrier.events = [made(number) for number in range(8)]
    line.changes["most_pages"] = 2
    line.restart()
    line.turn()
    assert line.row.next_page == "c6"
    line.restart()
    line.turn()

    assert [asked.query.get("cursor") for asked in carrier.asked] == [None, "c3", "c6"]
    assert len(set(line.sinces())) == 1
    assert line.read() == IDS


def test_cursor_that_is_over_begins_the_sweep_anew(line, carrier):
    carrier.events = [made(number) for number in range(8)]
    carrier.gone = {"c6"}
    line.turn()
    assert line.row.next_page == ""
    carrier.gone.clear()
    line.turn()

    assert line.read() == IDS


@pytest.mark.parametrize("body", [b"nothing", b'{"events": 5}', b"[1"])
def test_what_is_no_page_is_told(body):
    with pytest.raises(PageUnusable, match="no list of events"):
        newest_event(body, LIMIT, NOON - DAY, NOON)


def test_newest_event_is_found_in_every_version():
    beta = {"metadata": {"eventCreatedDateTime": "2026-05-01T00:00:00Z"}}
    flat = {"eventCreatedDateTime": "2026-04-01T00:00:00+02:00"}
    of_june = {"eventUpdatedDateTime": "2026-03-01T00:00:00Z"}
    for events in ([flat, of_june, beta, {"metadata": 1}, 7], {"events": [beta]}):
        assert newest_event(json.dumps(events).encode(), LIMIT, NOON - 60 * DAY, NOON) == datetime(
            2026, 5, 1, tzinfo=UTC
        )
    assert newest_event(b"[]", LIMIT, NOON - DAY, NOON) is None


def test_no_header_says_that_it_was_the_last_page(line):
    assert next_page(line.settings, {}, NOON) == ""


# Deaths


class Died(BaseException):
    """Stands for SIGKILL: no `except Exception` sees it."""


@pytest.mark.parametrize("passage", [1, 3])
@pytest.mark.parametrize("point", sorted(POLL_POINTS | DROP_POINTS))
def test_death_between_page_and_cursor_loses_and_doubles_nothing(line, carrier, point, passage):
    carrier.events = [made(number) for number in range(8)]
    passed = 0

    def dies(reached: object) -> None:
        nonlocal passed
        passed += reached is point
        if passed == passage:
            raise Died(point)

    line.restart(dies)
    with pytest.raises(Died):
        line.turn()
    line.restart()
    line.turn()

    assert line.read() == IDS
    assert len(line.bench.events()) == 8


POLLING = """
[[dcsa.poll]]
name = "skager"
base_url = "{url}"
page_limit = 3
interval_seconds = 0.05
least_wait_seconds = 0.05
first_days = 3650
"""


@pytest.fixture
def home(tmp_path: Path, carrier: Carrier) -> LoneHome:
    home = LoneHome(tmp_path)
    home.write()
    with home.config.open("a") as file:
        file.write(POLLING.format(url=carrier.url))
    return home


def ids_in(home: LoneHome) -> list[str]:
    path = home.folder / "node.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return sorted(name for (name,) in database.execute("SELECT source_event_id FROM event"))


@pytest.mark.parametrize("point", sorted(POLL_POINTS | DROP_POINTS))
def test_killed_node_goes_on_where_it_was(home, carrier, point):
    carrier.events = [made(number) for number in range(8)]
    for passage in (1, 2):
        process = NodeProcess(home, ("--die-at", f"{point}:{passage}"))
        assert process.wait_for_death() == DIED_BY_KILL

    process = NodeProcess(home)
    until(lambda: ids_in(home) == IDS)
    carrier.faults = [says(500), hangs_up, says(429, Retry_After="0")]
    carrier.events.append(made(8))
    until(lambda: len(ids_in(home)) == 9)
    process.end()

    assert ids_in(home) == sorted([*IDS, "id-8"])


def test_asking_node_ends_cleanly_while_its_carrier_hangs(home, carrier):
    carrier.faults = [lambda handler: handler.rfile.read(1)]
    process = NodeProcess(home)
    until(lambda: bool(carrier.asked))

    assert process.signal(signal.SIGTERM) == 0


@pytest.mark.node
def test_departure_that_one_node_is_told_and_another_asks_for_becomes_a_fact(anvil_network, carrier, tmp_path):
    trade = Trade(anvil_network, tmp_path)
    subject = trade.open("PO-SAILED")
    skager, inspector = trade.node("skager", Role.CARRIER), trade.node("inspector", Role.INSPECTOR)
    secret_file(skager.folder / "a.secret", KEY)
    for home, table in ((skager, LISTENING), (inspector, POLLING.format(url=carrier.url))):
        with home.config.open("a") as file:
            file.write(table)
    body = dcsa_departure(at=trade.moment(3_600), order="PO-SAILED")
    process = NodeProcess(skager)
    assert post(process, body) == 204
    assert process.signal(signal.SIGKILL) == DIED_BY_KILL
    carrier.events = [*json.loads(body), made(1)]
    carrier.faults = [says(503), hangs_up]

    with skager.running(), inspector.running():
        until(lambda: trade.fact(subject, Milestone.DEPARTED).status is FactStatus.FINAL)

    assert [milestone for milestone, _ in trade.votes(subject)] == [Milestone.DEPARTED] * 2
