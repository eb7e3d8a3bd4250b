from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from epcis_factories import document, event, written
from hypothesis import given
from hypothesis import strategies as st

from standards.epcis import DOOR_TYPE, Measurement, SensorReadings, parse_document, sensor_readings

TEN = datetime(2026, 5, 28, 10, 0, tzinfo=UTC)


def readings(*reports: dict[str, Any], metadata: dict[str, Any] | None = None, **changes: Any) -> SensorReadings:
    element: dict[str, Any] = {"sensorReport": list(reports)}
    if metadata is not None:
        element["sensorMetadata"] = metadata
    (found,) = parse_document(written(document(event(sensorElementList=[element], **changes)))).events
    return sensor_readings(found)


def report(**changes: Any) -> dict[str, Any]:
    whole = {"type": "Temperature", "value": 26.1, "uom": "CEL"} | changes
    return {name: value for name, value in whole.items() if value is not None}


def only(found: SensorReadings) -> Measurement:
    assert found.problems == ()
    (measurement,) = found.measurements
    return measurement


def why(found: SensorReadings) -> str:
    assert found.measurements == ()
    (problem,) = found.problems
    assert problem.pointer == "/sensorElementList/0/sensorReport/0"
    return problem.message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"uom": None}, "names no unit"),
        ({"uom": "A93"}, "'A93' is not one of temperature; read are CEL, FAH, KEL"),
        ({"uom": "cel"}, "'cel' is not one of temperature"),
        ({"type": "RelativeHumidity", "uom": "C62"}, "'C62' is not one of humidity"),
        ({"type": "RelativeHumidity", "value": -1, "uom": "P1"}, "negative"),
        ({"type": "Acceleration", "uom": "CEL"}, "'CEL' is not one of shock"),
        ({"type": "Acceleration", "uom": "MSK", "component": "x"}, "one component (x)"),
        ({"value": None}, "neither value nor minValue nor maxValue"),
        ({"value": None, "meanValue": 20}, "neither value nor minValue nor maxValue"),
        ({"value": -273.16}, "below absolute zero"),
        ({"value": -460, "uom": "FAH"}, "below absolute zero"),
        ({"value": 3e9}, "more than any sensor measures"),
        ({"exception": "ERROR_CONDITION"}, "fault of its own"),
        ({"exception": "gs1:ERROR_CONDITION"}, "fault of its own"),
        ({"minValue": 8, "maxValue": 2}, "minValue 8 is above maxValue 2"),
        ({"type": DOOR_TYPE, "value": 1, "uom": None}, "needs a booleanValue"),
    ],
)
def test_a_report_that_says_nothing_sure_is_refused(changes: dict[str, Any], said: str) -> None:
    assert said in why(readings(report(**changes)))


@pytest.mark.parametrize(
    ("kind", "value", "unit", "condition", "expected"),
    [
        ("Temperature", 26.1, "CEL", "temperature", 26_100),
        ("Temperature", -18, "CEL", "temperature", -18_000),
        ("Temperature", 273.15, "KEL", "temperature", 0),
        ("Temperature", 32, "FAH", "temperature", 0),
        ("Temperature", 80, "FAH", "temperature", 26_667),
        ("Temperature", -40, "FAH", "temperature", -40_000),
        ("Temperature", 0.0005, "CEL", "temperature", 1),
        ("Temperature", -0.0005, "CEL", "temperature", -1),
        ("gs1:Temperature", 4, "CEL", "temperature", 4_000),
        ("RelativeHumidity", 61.25, "P1", "humidity", 61_250),
        ("Acceleration", 2.5, "K40", "shock", 2_500),
        ("Acceleration", 9.80665, "MSK", "shock", 1_000),
        ("Acceleration", 25, "MSK", "shock", 2_549),
    ],
)
def test_units_become_thousandths(kind: str, value: float, unit: str, condition: str, expected: int) -> None:
    found = only(readings(report(type=kind, value=value, uom=unit)))

    assert (found.condition, found.value) == (condition, expected)


@given(st.decimals(min_value=-400, max_value=1000, places=4))
def test_fahrenheit_agrees_with_whole_numbers(degrees: Decimal) -> None:
    """Computed in ten-thousandths of a degree, without fractions: (f - 32) x 5 / 9, in thousandths, half away."""
    found = only(readings(report(value=float(degrees), uom="FAH")))

    ninths = (int(degrees * 10_000) - 320_000) * 5
    assert abs(found.value * 90 - ninths) <= 45
    assert Fraction(abs(ninths), 90) - abs(found.value) <= Fraction(1, 2)


@pytest.mark.parametrize(("is_open", "value"), [(True, 1), (False, 0)])
def test_a_door_is_open_or_closed(is_open: bool, value: int) -> None:
    found = only(readings({"type": DOOR_TYPE, "booleanValue": is_open}))

    assert (found.condition, found.value) == ("door", value)


@pytest.mark.parametrize("kind", ["AbsoluteHumidity", "Speed", "Illuminance", "Mass", "example:Abc"])
def test_what_is_no_condition_is_left_out(kind: str) -> None:
    assert readings(report(type=kind, uom="A93")) == SensorReadings()


def test_extremes_of_a_period_follow_each_other_up_to_its_end() -> None:
    period = {"startTime": "2026-05-28T08:00:00Z", "endTime": "2026-05-28T10:00:00Z", "deviceID": "urn:epc:id:giai:4.1"}
    found = readings(report(value=5, minValue=2, maxValue=9.5, meanValue=6), metadata=period).measurements

    assert [(m.value, (TEN - m.measured_at).total_seconds()) for m in found] == [(2_000, 2), (9_500, 1), (5_000, 0)]
    assert {m.device for m in found} == {"urn:epc:id:giai:4.1"}


def test_a_value_that_is_its_own_extreme_counts_once() -> None:
    assert only(readings(report(value=5, minValue=5, maxValue=5))).value == 5_000


@pytest.mark.parametrize(
    ("own", "metadata", "hour"),
    [
        ("2026-05-28T05:00:00Z", {"time": "2026-05-28T06:00:00Z"}, 5),
        (None, {"time": "2026-05-28T06:00:00Z"}, 6),
        (None, {"startTime": "2026-05-28T05:00:00Z", "endTime": "2026-05-28T06:30:00Z"}, 6),
        (None, {"startTime": "2026-05-28T05:00:00Z"}, 7),
        (None, None, 7),
    ],
)
def test_the_nearest_time_counts(own: str | None, metadata: dict[str, Any] | None, hour: int) -> None:
    assert only(readings(report(time=own), metadata=metadata)).measured_at.hour == hour


def test_an_odd_report_spoils_none_of_the_others() -> None:
    found = readings(report(uom=None), report(value=4), report(type="RelativeHumidity", value=60, uom="P1"))

    assert [m.value for m in found.measurements] == [4_000, 60_000]
    assert len(found.problems) == 1


def test_official_samples_are_read_or_refused_report_by_report(samples: Path) -> None:
    files = sorted((samples / "epcis" / "gs1-examples" / "WithSensorData").glob("*.jsonld"))
    read = {file.stem: [sensor_readings(e) for e in parse_document(file.read_bytes()).events] for file in files}

    assert len(read) == 18
    first = [m for found in read["SensorDataExample1"] for m in found.measurements]
    assert [m.value for m in first] == [26_000, 26_100, 26_200]
    assert [m.measured_at.minute for m in first] == [5, 35, 55]
    assert sum(len(found.measurements) for events in read.values() for found in events) > 15
