"""The table `[[mqtt]]` and the table of devices: all that is wrong with them is said before anything begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from oracle_fakes import LEI, NOON, ORDER
from pydantic import ValidationError
from sensor_desk import DEVICES, MAPPING, SensorDesk, message, minutes, table
from structlog.testing import capture_logs
from test_capture_crash import LoneHome
from typer.testing import CliRunner

from oracles.cli import oracle_app
from oracles.errors import SettingsInvalid
from oracles.mqtt.devices import Devices, DevicesUnusable, read_devices
from oracles.mqtt.settings import MqttSettings
from oracles.mqtt.standing import sensor_lines
from oracles.operating.status import status_of
from oracles.settings import NodeSettings, load_settings
from oracles.store.database import Database
from oracles.store.mapping import utc_text
from oracles.store.sensors import SensorSourceRow


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "North Sea"}, "name"),
        ({"port": 0}, "port"),
        ({"topics": []}, "topics"),
        ({"topics": ["fleet/#/x"]}, "is not a topic filter"),
        ({"topics": ["fleet/a+"]}, "is not a topic filter"),
        ({"topics": [""]}, "is not a topic filter"),
        ({"mapping": None}, "payload 'mapping' and the table 'mapping' go together"),
        ({"payload": "epcis"}, "payload 'mapping' and the table 'mapping' go together"),
        ({"devices": None}, "nothing would say which consignment"),
        ({"tls_key": "node.key"}, "tls_certificate and tls_key go together"),
        ({"tls_certificate": "node.pem", "tls_key": "node.key"}, "without it there is no TLS"),
        ({"username": "node"}, "username and password_file go together"),
        (
            {"username": "n", "password_file": "p", "host": "broker.example.com"},
            "a password would go to broker.example",
        ),
        ({"late_seconds": 3600, "oldest_seconds": 3600}, "must lie within oldest_seconds"),
        ({"stale_seconds": 604_800}, "must lie below forget_seconds"),
        ({"windows": 5}, "Extra inputs"),
    ],
)
def test_table_that_cannot_be_meant_is_refused(tmp_path, changes, why):
    (tmp_path / "devices.toml").write_text(DEVICES)

    with pytest.raises(ValidationError, match=why):
        MqttSettings.model_validate(table(**({"devices": tmp_path / "devices.toml"} | changes)))


def test_two_sources_of_one_name_are_refused(tmp_path):
    (tmp_path / "devices.toml").write_text(DEVICES)
    own = table(devices=tmp_path / "devices.toml")
    folders = dict.fromkeys(("deployments", "network_key_file", "inbox", "database"), tmp_path)

    with pytest.raises(ValidationError, match="two tables have the name 'north'"):
        NodeSettings(name="n", organisation=LEI, rpc_url="http://127.0.0.1:1", mqtt=[own, own], **folders)


def test_all_problems_of_a_file_are_said_at_once(tmp_path):
    home = LoneHome(tmp_path)
    home.write()
    with home.config.open("a") as file:
        file.write('[[mqtt]]\nname = "a"\nhost = "127.0.0.1"\ntopics = ["#"]\npayload = "epcis"\ntls_ca = "none.pem"\n')
        file.write('[[mqtt]]\nname = "b"\nhost = "127.0.0.1"\ntopics = ["a#"]\npayload = "other"\n')

    with pytest.raises(SettingsInvalid) as raised:
        load_settings(home.config)

    text = str(raised.value)
    assert "setting 'mqtt.0.tls_ca': there is no file" in text
    assert "setting 'mqtt.1.topics': 'a#' is not a topic filter" in text
    assert "setting 'mqtt.1.payload'" in text


# Devices


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[device", "is not TOML"),
        ('[[device]]\nid = "A"\n', "names nothing that it travels with"),
        ('[[device]]\nid = "A"\norder = "1"\nship = "x"\n', "Extra inputs"),
        ('[[device]]\nid = "A"\ncontainer = "MSKU9070324"\n', "MSKU9070324"),
        ('[[device]]\nid = "A"\nsscc = "1"\n', "SSCC"),
        ('[[device]]\nid = "A"\norder = "1"\nplace = "shed 4"\n', "is no URI"),
        ('[[device]]\nid = "A"\norder = "1"\nfrom = 2026-05-01T00:00:00\n', "timezone"),
        (
            '[[device]]\nid = "A"\norder = "1"\nfrom = 2026-05-02T00:00:00Z\nuntil = 2026-05-01T00:00:00Z\n',
            "'from' must lie before 'until'",
        ),
        ('[[device]]\nid = "A"\norder = "1"\n[[device]]\nid = "A"\norder = "2"\n', "two entries cover every moment"),
        (
            '[[device]]\nid = "A"\norder = "1"\nuntil = 2026-05-02T00:00:00Z\n'
            '[[device]]\nid = "A"\norder = "2"\nfrom = 2026-05-01T00:00:00Z\n',
            "two entries cover 2026-05-01",
        ),
    ],
)
def test_table_of_devices_that_cannot_be_meant_is_refused(text, why):
    with pytest.raises(DevicesUnusable, match=why):
        read_devices(text, Path("devices.toml"))


def test_devices_travel_with_one_thing_after_the_other(tmp_path):
    file = tmp_path / "devices.toml"
    change = datetime(2026, 5, 1, tzinfo=UTC)
    file.write_text(
        f'[[device]]\nid = "A"\norder = "1"\nuntil = {change.isoformat()}\n'
        f'[[device]]\nid = "A"\norder = "2"\nfrom = {change.isoformat()}\nplace = "geo:53.5,9.9"\n'
    )
    devices = Devices(file)
    devices.look()

    before, after = devices.about("A", change - timedelta(microseconds=1)), devices.about("A", change)

    assert before is not None
    assert before["bizTransactionList"] == [{"bizTransaction": "urn:portolan:order:1"}]
    assert after is not None
    assert after["bizTransactionList"] == [{"bizTransaction": "urn:portolan:order:2"}]
    assert after["readPoint"] == {"id": "geo:53.5,9.9"}
    assert devices.about("B", change) is None


def test_table_that_became_unreadable_leaves_the_one_before_in_force(tmp_path):
    desk = SensorDesk(tmp_path, database=Database(None))
    desk.say(message(minutes(30), 4))
    desk.write_devices("[[device")

    with capture_logs() as lines:
        desk.turn(60)
        desk.turn(1)

    assert len(desk.documents()) == 1
    (line,) = [line for line in lines if line["event"] == "devices not read"]
    assert line["operator_action_required"]


# What the operator asks


@pytest.fixture
def home(tmp_path: Path) -> LoneHome:
    home = LoneHome(tmp_path)
    home.write()
    (tmp_path / "devices.toml").write_text(DEVICES)
    values = MAPPING["values"]
    with home.config.open("a") as file:
        file.write(
            '[[mqtt]]\nname = "north"\nhost = "127.0.0.1"\ntopics = ["#"]\npayload = "mapping"\n'
            'devices = "devices.toml"\noldest_seconds = 315360000\n'
            '[mqtt.mapping]\ntopic = "fleet/{fleet}/{device}"\ndevice = "{device}"\ntime = "$.at"\n'
            f'values = [{{ path = "{values[0]["path"]}", type = "Temperature", uom = "CEL" }}]\n'
        )
    return home


def test_message_is_explained_without_a_broker(home):
    (home.folder / "payload.json").write_bytes(message(NOON, 4.5))
    arguments = ["message", "--config", str(home.config), "--topic", "fleet/north/TK-1"]

    result = CliRunner().invoke(oracle_app, [*arguments, str(home.folder / "payload.json")])

    assert result.exit_code == 0, result.output
    assert "TK-1: Temperature 4.5 CEL at 2026-05-28T12:00:00+00:00" in result.output
    assert ORDER in result.output
    assert "window  2026-05-28T12:00:00+00:00 of 900 seconds" in result.output


def test_message_that_would_be_refused_is_explained_with_its_reason(home):
    (home.folder / "payload.json").write_bytes(b"{}")
    arguments = ["message", "--config", str(home.config), "--topic", "fleet/north/TK-1"]

    result = CliRunner().invoke(oracle_app, [*arguments, str(home.folder / "payload.json")])

    assert result.exit_code == 1
    assert "no time: $.at is not there" in result.output


def test_status_names_silent_devices_and_those_without_consignment(tmp_path, home):
    desk = SensorDesk(tmp_path)
    desk.say(message(minutes(30), 4))
    desk.say(message(minutes(30), 4), topic="fleet/north/TK-2")
    desk.turn(601)

    with desk.database.session() as session:
        said = list(sensor_lines(session, load_settings(home.config).mqtt))

    assert said == [
        "mqtt-north: 2 devices, 1 readings in open windows, 1 documents handed over, 0 waiting",
        "  silent TK-1 since 2026-05-28T12:00:00Z",
        "  silent TK-2 since 2026-05-28T12:00:00Z",
        "  no consignment for TK-2 at 2026-05-28T11:30:00Z: 1 readings wait",
    ]


@pytest.mark.parametrize(("seconds", "away"), [(60, []), (61, ["mqtt-north"])])
def test_status_names_a_broker_that_is_not_reached(tmp_path, home, seconds, away):
    desk = SensorDesk(tmp_path)
    since = utc_text(NOON)
    with desk.database.session() as session:
        session.add(SensorSourceRow(source="mqtt-north", session="", away_since=since, failure="connection refused"))

    found = status_of(load_settings(home.config), NOON + timedelta(seconds=seconds))

    assert f"  broker away since {since}: connection refused" in found.sensors
    assert found.away_brokers == away


def test_status_of_a_node_that_never_heard_a_sensor_says_the_rest(home):
    """Its database is of before there were sensors."""
    database = Database(None)
    with database.session() as session:
        assert list(sensor_lines(session, load_settings(home.config).mqtt)) == []
