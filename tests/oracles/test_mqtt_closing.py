"""Windows: when they close, what they say, what comes late, and that a gap says nothing."""

from __future__ import annotations

import errno
import random
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle_fakes import NOON, ORDER, epcis, temperature
from sensor_desk import DEVICES, TOPIC, SensorDesk, event_of, message, metadata_of, minutes, report_of
from structlog.testing import capture_logs

from oracles.checkpoints import Checkpoint, Point
from oracles.mqtt.readings import Reading, Series
from oracles.mqtt.windows import Window, summary, window_document, window_of
from oracles.sources.drop import Drop
from oracles.store.database import Database
from oracles.store.sensors import SensorDeviceRow, SensorDocumentRow
from standards.epcis import event_hash, references, sensor_readings

LATE = 61
UNTIMED = [HealthCheck.too_slow]
"""How long drawing takes says how busy the machine is."""
WINDOW = 900


class Died(BaseException):
    """Stands for SIGKILL: no `except Exception` sees it."""


def dying_at(point: Point, after: int = 0) -> Checkpoint:
    left = after

    def checkpoint(reached: Point) -> None:
        nonlocal left
        if reached is point:
            if not left:
                raise Died(point)
            left -= 1

    return checkpoint


@pytest.fixture
def desk(tmp_path: Path) -> SensorDesk:
    return SensorDesk(tmp_path)


# What makes no document


def test_open_window_says_nothing(desk):
    desk.say(message(minutes(0), 4))

    desk.turn(WINDOW + 59)

    assert desk.documents() == []


def test_window_that_readings_still_arrive_for_stays_open(desk):
    desk.say(message(minutes(30), 4))
    desk.turn(4)
    desk.say(message(minutes(29), 5))
    desk.turn(4)
    assert desk.documents() == []

    desk.turn(1)

    assert metadata_of(desk.documents()[0])["portolan:count"] == "2"


def test_while_the_broker_may_hold_more_a_window_waits_longer(desk):
    desk.say(message(minutes(5), 4))

    desk.turn(60, heard_all=False)
    assert desk.documents() == []
    desk.turn(600, heard_all=False)

    assert len(desk.documents()) == 1


def test_gap_makes_no_document(desk):
    """Two readings three hours apart: what lies between them was not measured."""
    desk.say(message(minutes(200), 4), message(minutes(20), 6))

    desk.turn(60)

    first, second = map(metadata_of, desk.documents())
    assert (first["portolan:windowStart"], first["portolan:windowEnd"]) == (
        "2026-05-28T08:30:00Z",
        "2026-05-28T08:45:00Z",
    )
    assert first["startTime"] == first["endTime"] == "2026-05-28T08:40:00Z"
    assert second["portolan:windowStart"] == "2026-05-28T11:30:00Z"
    assert len(desk.documents()) == 2


def test_reading_of_an_unknown_device_waits_for_the_table(desk):
    desk.say(message(minutes(30), 4), topic="fleet/north/TK-2")
    with capture_logs() as lines:
        desk.turn(60)
        desk.turn(1)
    assert desk.documents() == []
    assert [line["device"] for line in lines if line["event"] == "device without consignment"] == ["TK-2"]
    assert desk.closing.unplaced() == 1

    desk.write_devices(DEVICES + '[[device]]\nid = "TK-2"\ncontainer = "MSKU9070323"\n')
    desk.turn(1)

    (found,) = desk.documents()
    assert [str(its.value) for its in references(event_of(found))] == ["MSKU9070323"]


def test_readings_of_nobodys_devices_do_not_fill_the_disk(desk):
    desk.changes = {"unplaced_limit": 3}
    desk.restart()
    for number in range(5):
        desk.say(message(minutes(30), 4, number), topic="fleet/north/TK-9")
    desk.say(message(minutes(30), 4))

    assert len(desk.rows()) == 4
    assert [text.partition(": ")[2] for text in desk.refused()] == [
        "too many readings wait for the table of devices to name theirs\n"
    ] * 2


# What a window says


def test_window_says_least_greatest_and_mean_of_its_readings(desk):
    desk.say(*(message(minutes(30 - place), value, place) for place, value in enumerate((4.1, 4.3, -18.05))))

    desk.turn(60)

    (found,) = desk.documents()
    report, metadata = report_of(found), metadata_of(found)
    assert (report.min_value, report.max_value) == (Decimal("-18.05"), Decimal("4.3"))
    assert report.mean_value == Decimal("-3.21667")
    assert (report.type, report.uom, report.value) == ("Temperature", "CEL", None)
    assert metadata == {
        "deviceID": "urn:portolan:device:TK-1",
        "startTime": "2026-05-28T11:30:00Z",
        "endTime": "2026-05-28T11:32:00Z",
        "portolan:windowStart": "2026-05-28T11:30:00Z",
        "portolan:windowEnd": "2026-05-28T11:45:00Z",
        "portolan:part": "1",
        "portolan:count": "3",
    }
    assert event_of(found).step == "sensor_reporting"
    assert [(its.kind, its.value) for its in references(event_of(found))] == [("order", ORDER)]
    assert [its.value for its in sensor_readings(event_of(found)).measurements] == [-18_050, 4_300]


def test_values_that_floats_cannot_hold_are_exact(desk):
    desk.say(*(message(minutes(30), value, place) for place, value in enumerate(("0.1", "0.2", "0.3"))))

    desk.turn(60)

    report = report_of(desk.documents()[0])
    assert (report.min_value, report.max_value, report.mean_value) == tuple(map(Decimal, ("0.1", "0.3", "0.2")))


def test_each_measurement_and_device_has_its_own_window(desk):
    desk.write_devices(DEVICES + f'[[device]]\nid = "TK-2"\norder = "{ORDER}"\n')
    desk.say(message(minutes(30), 4), message(minutes(30), 5, door="shut"))
    desk.turn()
    desk.say(message(minutes(30), 6), topic="fleet/north/TK-2")

    desk.turn(60)

    found = [(metadata_of(data)["deviceID"][-4:], report_of(data).type[-11:]) for data in desk.documents()]
    assert sorted(found) == [("TK-1", "Temperature"), ("TK-1", "rement:door"), ("TK-2", "Temperature")]


def test_device_that_changes_its_container_in_a_window_makes_two_documents(desk):
    change = minutes(20).isoformat()
    desk.write_devices(
        f'[[device]]\nid = "TK-1"\nuntil = {change}\ncontainer = "MSKU9070323"\n'
        f'[[device]]\nid = "TK-1"\nfrom = {change}\nsscc = "003456789012345670"\n'
    )
    desk.say(message(minutes(25), 4), message(minutes(20), 8))

    desk.turn(60)

    found = [(references(event_of(data))[0].kind, report_of(data).max_value) for data in desk.documents()]
    assert found == [("container", 4), ("sscc", 8)]


def test_epcis_event_that_names_its_goods_keeps_them(desk):
    desk.changes = {"payload": "epcis", "mapping": None}
    desk.restart()
    event = temperature(4.5)
    event["sensorElementList"][0]["sensorMetadata"]["deviceID"] = "urn:epc:id:giai:4000001.111"
    desk.say(epcis(event))

    desk.turn(WINDOW)

    (found,) = desk.documents()
    assert event_of(found).source["bizTransactionList"] == event["bizTransactionList"]
    assert metadata_of(found)["deviceID"] == "urn:epc:id:giai:4000001.111"
    assert report_of(found).mean_value == Decimal("4.5")


# Alarms and doors


def test_alarm_goes_at_once_and_counts_in_its_window(desk):
    desk.say(message(minutes(1), 26, alarm=True))
    desk.turn()
    (alarm,) = desk.documents()
    assert (report_of(alarm).exception, report_of(alarm).value) == ("ALARM_CONDITION", 26)

    desk.say(message(minutes(1), 26, alarm=True), message(minutes(2), 4, 1))
    desk.turn(LATE)

    assert len(desk.documents()) == 2
    (window,) = [data for data in desk.documents() if data != alarm]
    assert (report_of(window).min_value, report_of(window).max_value) == (4, 26)


def test_open_door_goes_at_once_and_a_shut_one_with_its_window(desk):
    desk.say(message(minutes(30), door="shut"), message(minutes(25), door="open"))
    desk.turn()
    (opened,) = desk.documents()
    assert report_of(opened).boolean_value is True

    desk.turn(LATE)
    assert desk.documents() == [opened]
    desk.say(message(minutes(20), door="shut"))
    desk.turn(LATE)

    shut = desk.documents()[1]
    assert report_of(shut).boolean_value is False
    assert metadata_of(shut)["portolan:part"] == "2"


def test_alarm_of_an_unknown_device_is_not_lost(desk):
    desk.say(message(minutes(1), 26, alarm=True), topic="fleet/north/TK-2")
    with capture_logs() as lines:
        desk.turn()
    assert lines[0]["operator_action_required"]
    assert desk.documents() == []

    desk.write_devices(f'[[device]]\nid = "TK-2"\norder = "{ORDER}"\n')
    desk.turn()
    desk.turn()

    assert report_of(desk.documents()[0]).value == 26


def test_alarms_of_unknown_devices_keep_no_other_back(desk):
    desk.say(*(message(minutes(1), 26, number, alarm=True) for number in range(201)), topic="fleet/north/TK-9")
    desk.say(message(minutes(1), 27, alarm=True))

    desk.turn()
    desk.turn()

    assert [report_of(data).value for data in desk.documents()] == [27]


def test_epcis_alarm_goes_on_byte_for_byte(desk):
    desk.changes = {"payload": "epcis", "mapping": None}
    desk.restart()
    event = temperature(26)
    event["sensorElementList"][0]["sensorReport"][0]["exception"] = "gs1:ALARM_CONDITION"
    event["sensorElementList"][0]["sensorMetadata"]["deviceID"] = "urn:epc:id:giai:4000001.111"
    desk.say(epcis(event), epcis(event))
    desk.turn()
    assert desk.documents() == [epcis(event)]

    desk.turn(WINDOW)

    assert len(desk.documents()) == 2


# Late and repeated


def test_late_readings_make_a_supplement_and_change_nothing(desk):
    desk.say(message(minutes(30), 4))
    desk.turn(LATE)
    (first,) = desk.documents()
    desk.say(message(minutes(29), 4, 1))

    with capture_logs() as lines:
        desk.turn(LATE)

    assert [line["readings"] for line in lines if line["event"] == "late readings"] == [1]
    assert first in desk.documents()
    (second,) = [data for data in desk.documents() if data != first]
    assert (metadata_of(second)["portolan:part"], metadata_of(second)["portolan:count"]) == ("2", "1")
    assert desk.figure("sensor_windows_total", kind="supplement") == 1


def test_supplement_that_says_the_same_is_another_event(desk):
    series, at = Series("TK-1", "", "Temperature", "CEL"), minutes(30)
    readings = [Reading(series, at, Decimal(4))]
    both = [window_document(series, {}, Window(at, 900, part), readings) for part in (1, 2)]

    first, second = (event_hash(event_of(data or b"")) for data in both)

    assert first != second


def test_repetition_after_the_window_closed_changes_nothing(desk):
    desk.say(message(minutes(30), 4))
    desk.turn(LATE)
    before = desk.documents()

    desk.say(message(minutes(30), 4))
    desk.turn(LATE)

    assert desk.documents() == before
    assert desk.figure("sensor_messages_total", result="known") == 1


def test_what_went_out_is_forgotten_when_it_could_not_come_again(desk):
    desk.changes = {"oldest_seconds": 3600}
    desk.restart()
    desk.say(message(minutes(30), 4))
    desk.turn(LATE)

    desk.turn(2 * 86_400)

    assert desk.rows() == desk.rows(SensorDocumentRow) == []
    desk.say(message(minutes(30), 4))
    assert "longer ago than this source takes" in desk.refused()[0]


# Silence


def test_silent_device_is_said_until_it_speaks(desk):
    desk.say(message(minutes(0), 4))
    with capture_logs() as lines:
        desk.turn(600)
        assert desk.figure("stale_sensors") == 0
        desk.turn(1)
        assert desk.figure("stale_sensors") == 1
        desk.turn(1)
        desk.say(message(desk.now, 4))
        desk.turn(1)

    assert desk.figure("stale_sensors") == 0
    told = [line["event"] for line in lines if line["event"].startswith("sensor ")]
    assert told == ["sensor silent", "sensor no longer silent"]


def test_retained_message_does_not_say_that_its_device_speaks(desk):
    desk.say(message(minutes(0), 4), retained=True)

    assert len(desk.rows()) == 1
    assert desk.rows(SensorDeviceRow) == []


def test_device_whose_journey_is_over_is_not_waited_for(desk):
    desk.write_devices(f'[[device]]\nid = "TK-1"\nuntil = {NOON.isoformat()}\norder = "{ORDER}"\n')
    desk.say(message(minutes(1), 4))

    with capture_logs() as lines:
        desk.turn(3600)

    assert desk.figure("stale_sensors") == 0
    assert not [line for line in lines if line["event"].startswith("sensor ")]


def test_device_that_is_silent_for_long_is_forgotten(desk):
    desk.say(message(minutes(1), 4))
    desk.turn(604_800)
    assert desk.figure("stale_sensors") == 1

    desk.turn(1)

    assert desk.figure("stale_sensors") == 0
    assert desk.rows(SensorDeviceRow) == []


# Death


@pytest.mark.parametrize(
    "point",
    [
        Point.MQTT_STORING,
        Point.MQTT_STORED,
        Point.MQTT_CLOSING,
        Point.MQTT_CLOSED,
        Point.DROP_WRITTEN,
        Point.DROP_PLACED,
        Point.MQTT_HANDED,
    ],
)
@pytest.mark.parametrize("after", [0, 2])
def test_death_at_any_point_loses_and_doubles_nothing(desk, point, after):
    payloads = [message(minutes(70 - 16 * place), place, place, alarm=place == 2) for place in range(4)]

    def work() -> None:
        for payload in payloads:
            desk.say(payload)
        desk.turn(LATE)
        desk.turn(LATE)

    desk.restart(dying_at(point, after))
    with pytest.raises(Died):
        work()
    # The table may say something else by then: what was settled stays as it was.
    desk.restart()
    work()

    windows = [data for data in desk.documents() if report_of(data).exception is None]
    assert [metadata_of(data)["portolan:count"] for data in windows] == ["1"] * 4
    assert [report_of(data).max_value for data in windows] == [0, 1, 2, 3]
    assert {metadata_of(data)["portolan:part"] for data in windows} == {"1"}
    assert len(desk.documents()) == 5
    assert all(row.body is None for row in desk.rows(SensorDocumentRow))


def test_document_that_was_settled_is_the_same_after_the_table_changed(desk):
    desk.restart(dying_at(Point.DROP_WRITTEN))
    desk.say(message(minutes(30), 4))
    with pytest.raises(Died):
        desk.turn(LATE)
    desk.write_devices('[[device]]\nid = "TK-1"\norder = "PO-OTHER"\n')
    desk.restart()

    desk.turn(LATE)

    assert [references(event_of(data))[0].value for data in desk.documents()] == [ORDER]


# Properties

moments = st.integers(min_value=0, max_value=3 * WINDOW * 1000).map(lambda ms: minutes(60) + timedelta(milliseconds=ms))
values = st.decimals(min_value=-90, max_value=90, places=4, allow_nan=False)


@settings(max_examples=200, deadline=None, suppress_health_check=UNTIMED)
@given(st.lists(st.tuples(moments, values), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_document_and_the_figures_of_another_sum(drawn, order):
    series = Series("TK-1", "", "Temperature", "CEL")
    readings = [Reading(series, at, value) for at, value in drawn]
    shuffled = list(readings)
    order.shuffle(shuffled)
    window = Window(minutes(60), 3 * WINDOW)

    assert window_document(series, {}, window, shuffled) == window_document(series, {}, window, readings)

    found, exact = summary(readings), [Fraction(value) for _, value in drawn]
    assert (Fraction(found.least), Fraction(found.greatest)) == (min(exact), max(exact))
    assert abs(Fraction(found.mean) - sum(exact) / len(exact)) <= Fraction(1, 2 * 10**7)
    assert (found.first, found.last) == (min(at for at, _ in drawn), max(at for at, _ in drawn))


@given(moments, st.sampled_from([1, 7, 60, 900, 86_400]))
def test_moment_lies_in_its_window_which_begins_at_a_whole_multiple(at, seconds):
    start = window_of(at, seconds)

    assert start <= at < start + timedelta(seconds=seconds)
    assert int(start.timestamp()) % seconds == 0
    assert start.microsecond == 0


@settings(max_examples=15, deadline=None, suppress_health_check=UNTIMED)
@given(st.lists(st.tuples(moments, values), min_size=1, max_size=12, unique=True), st.integers(0, 2**32))
def test_any_arrival_order_and_any_repetition_gives_the_same_windows(tmp_path_factory, drawn, seed):
    """What a node makes of the messages themselves, in batches, with repetitions, with a restart in between."""
    payloads = [message(at, str(value), place) for place, (at, value) in enumerate(drawn)]
    dice = random.Random(seed)

    plain, other = (SensorDesk(tmp_path_factory.mktemp("desk"), database=Database(None)) for _ in range(2))
    plain.say(*payloads)
    mixed = [*payloads, *dice.choices(payloads, k=len(payloads))]
    dice.shuffle(mixed)
    middle = dice.randrange(len(mixed))
    other.say(*mixed[:middle])
    other.restart()
    other.say(*mixed[middle:])
    for desk in (plain, other):
        desk.turn(WINDOW)
        desk.database.close()

    assert other.documents() == plain.documents()
    starts = {window_of(at, WINDOW) for at, _ in drawn}
    assert len(plain.documents()) == len(starts)


# Refused, and put back


def put_back(desk: SensorDesk) -> None:
    for path in list(desk.quarantine.glob("*.payload")):
        path.replace(desk.inbox / path.name)
        path.with_name(path.name + ".reason.txt").unlink()


def test_refused_message_that_is_put_back_is_read_anew(desk):
    desk.say(message(NOON + timedelta(minutes=20), 4, alarm=True))
    assert "clock ahead" in desk.refused()[0]
    put_back(desk)

    desk.turn(900)

    assert [report_of(data).value for data in desk.documents()] == [4]
    assert list(desk.inbox.glob("*.payload")) == list(desk.quarantine.iterdir()) == []


def test_refused_message_that_is_put_back_too_early_is_refused_again(desk):
    desk.say(b"{", topic=TOPIC)
    before = {path.name: path.read_bytes() for path in desk.quarantine.iterdir()}
    put_back(desk)

    desk.turn()

    assert {path.name: path.read_bytes() for path in desk.quarantine.iterdir()} == before
    assert before[min(before, key=len)] == f"{TOPIC}\n{{".encode()


# A disk that takes nothing


def test_document_that_the_inbox_does_not_take_is_handed_over_later(desk, monkeypatch):
    desk.say(message(minutes(30), 4))
    with monkeypatch.context() as broken:
        broken.setattr(Drop, "put", _full)
        with pytest.raises(OSError, match="No space"):
            desk.turn(LATE)
    assert desk.documents() == []
    desk.write_devices('[[device]]\nid = "TK-1"\norder = "PO-OTHER"\n')

    desk.turn()

    assert [references(event_of(data))[0].value for data in desk.documents()] == [ORDER]


def _full(*_: object) -> str:
    raise OSError(errno.ENOSPC, "No space left on device")
