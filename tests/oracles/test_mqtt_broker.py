"""With a real broker: what it acknowledged comes in once, whatever of the two dies; what it refuses is said."""

from __future__ import annotations

import errno
import json
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mqtt_broker import HOST, PASSWORD, Authority, Broker
from oracle_fakes import LEI, NOON
from oracle_nodes import DIED_BY_KILL, NodeProcess, until
from sensor_desk import DEVICES, TOPIC, message, metadata_of, minutes, report_of, table
from structlog.testing import capture_logs
from test_capture_crash import LoneHome

from oracles.checkpoints import DROP_POINTS, MQTT_POINTS, go_on
from oracles.errors import OracleError
from oracles.metrics import Metrics
from oracles.mqtt.service import MqttUnusable, hearing
from oracles.mqtt.standing import sensor_lines
from oracles.mqtt.taking import Message, Taking
from oracles.settings import NodeSettings
from oracles.store.database import Database


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.stop()


@dataclass
class Listener:
    """The service of a node by itself, in this process. Times are of noon, as the node's clock is told."""

    folder: Path
    broker: Broker
    changes: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.inbox = self.folder / "inbox"
        self.inbox.mkdir()
        (self.folder / "devices.toml").write_text(DEVICES)
        self.metrics = Metrics()

    @property
    def settings(self) -> NodeSettings:
        own = table(port=self.broker.port, devices=self.folder / "devices.toml", quiet_seconds=0, retry_seconds=1)
        values = {
            "name": "warehouse",
            "organisation": LEI,
            "rpc_url": "http://127.0.0.1:1",
            "deployments": self.folder / "deployments.json",
            "network_key_file": self.folder / "network.key",
            "inbox": self.inbox,
            "database": self.folder / "node.db",
            "mqtt": [own | self.changes],
        }
        return NodeSettings.model_validate(values)

    @contextmanager
    def running(self) -> Iterator[None]:
        database = Database(self.folder / "node.db")
        database.prepare()
        self.metrics = Metrics()
        with hearing(self.settings, database, go_on, self.metrics, lambda: self.now):
            yield
        database.close()

    def connected(self) -> bool:
        return self.figure("broker_connected") == 1

    def figure(self, name: str, **labels: str) -> float | None:
        labels = {"source": "mqtt-north"} | labels
        return self.metrics.registry.get_sample_value(f"portolan_oracle_{name}", labels)

    def values(self) -> list[str]:
        with closing(sqlite3.connect(self.folder / "node.db")) as database:
            return [value for (value,) in database.execute("SELECT value FROM sensor_reading ORDER BY at")]

    def documents(self) -> list[bytes]:
        return [path.read_bytes() for path in self.inbox.iterdir() if not path.name.startswith(".")]


@pytest.fixture
def listener(tmp_path: Path, broker: Broker) -> Listener:
    return Listener(tmp_path, broker)


def wait(true: Callable[[], bool]) -> None:
    until(true)
    assert true()


# What cannot begin


def test_files_that_cannot_be_used_are_all_said_at_the_start(tmp_path):
    names = ("ca.pem", "other.pem", "node.key", "password")
    for name in names:
        (tmp_path / name).write_text("")
    listener = Listener(tmp_path, Broker(tmp_path / "broker"))
    files = {"tls_ca": tmp_path / "ca.pem", "username": "node", "password_file": tmp_path / "password"}
    first, second = (
        table(**files),
        table(name="south", host="localhost")
        | {
            "username": "node",
            "password_file": tmp_path / "password",
        },
    )
    settings = listener.settings.model_copy(
        update={
            "mqtt": tuple(
                type(listener.settings.mqtt[0]).model_validate(its | {"devices": listener.folder / "devices.toml"})
                for its in (first, second)
            )
        }
    )

    with pytest.raises(MqttUnusable) as raised, hearing(settings, Database(None), go_on, Metrics()):
        pass

    assert isinstance(raised.value, OracleError)
    assert len(raised.value.problems) == 2
    assert "tls_ca" in raised.value.problems[0]
    assert "password_file" in raised.value.problems[1]


# What the broker, or the way to it, refuses


def test_wrong_password_is_said_and_tried_again(tmp_path):
    broker = Broker(tmp_path / "broker", password=True)
    broker.start()
    (tmp_path / "password").write_text("wrong\n")
    listener = Listener(tmp_path, broker, {"username": "node", "password_file": tmp_path / "password"})

    with capture_logs() as lines, listener.running():
        wait(lambda: any(line["event"] == "broker away" for line in lines))
        wait(lambda: away_lines(listener) != [])
    broker.stop()

    assert away_lines(listener)[0].endswith(": the broker refuses this user name and password")
    (line,) = [line for line in lines if line["event"] == "broker away"]
    assert (line["reason"], line["operator_action_required"]) == (
        "the broker refuses this user name and password",
        True,
    )
    assert "wrong" not in json.dumps(lines)


def away_lines(listener: Listener) -> list[str]:
    """What `status` says of a broker that is not reached."""
    with Database(listener.folder / "node.db").session() as session:
        return [line for line in sensor_lines(session, listener.settings.mqtt) if "broker away" in line]


def test_status_says_that_a_broker_is_not_reached_until_it_is(tmp_path):
    broker = Broker(tmp_path / "broker")
    listener = Listener(tmp_path, broker)

    with listener.running():
        wait(lambda: away_lines(listener) != [])
        broker.start()
        wait(lambda: away_lines(listener) == [])
    broker.stop()


def test_broker_of_another_authority_is_not_spoken_to(tmp_path):
    broker = Broker(tmp_path / "broker", tls=True, password=True)
    broker.start()
    (tmp_path / "other").mkdir()
    Authority(tmp_path / "other")
    (tmp_path / "password").write_text(PASSWORD)
    changes = {"tls_ca": tmp_path / "other" / "ca.pem", "username": "node", "password_file": tmp_path / "password"}
    listener = Listener(tmp_path, broker, changes)

    with capture_logs() as lines, listener.running():
        wait(lambda: any(line["event"] == "broker away" for line in lines))
    broker.stop()

    (line,) = [line for line in lines if line["event"] == "broker away"]
    assert line["reason"].startswith("TLS: the broker's certificate is not good")
    assert line["operator_action_required"]


def test_readings_come_over_tls_with_a_password(tmp_path):
    broker = Broker(tmp_path / "broker", tls=True, password=True)
    broker.start()
    (tmp_path / "password").write_text(PASSWORD + "\n")
    changes = {"tls_ca": broker.folder / "ca.pem", "username": "node", "password_file": tmp_path / "password"}
    listener = Listener(tmp_path, broker, changes)

    with listener.running():
        wait(listener.connected)
        broker.publish(TOPIC, message(minutes(30), 4))
        wait(lambda: len(listener.documents()) == 1)
    broker.stop()

    assert report_of(listener.documents()[0]).mean_value == 4


def test_messages_that_cannot_be_read_are_kept_aside_and_stop_nothing(listener, broker):
    bad = [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 3000,
        json.dumps({"at": "2026-05-28T11:00:00", "celsius": 4, "n": 1}).encode(),
    ]
    bad += [message(NOON + timedelta(hours=1), 4), b"x" * 100_000]

    with capture_logs() as lines, listener.running():
        wait(listener.connected)
        broker.publish(TOPIC, *bad, message(minutes(30), 4))
        wait(lambda: len(listener.documents()) == 1)

    kept = {path.name for path in (listener.folder / "quarantine").iterdir()}
    assert len([name for name in kept if name.endswith(".payload")]) == len(bad)
    assert all(f"{name}.reason.txt" in kept for name in kept if name.endswith(".payload"))
    assert listener.figure("sensor_messages_total", result="refused") == len(bad)
    told = [line["kind"] for line in lines if line["event"] == "message refused"]
    assert len(told) == len(set(told))
    assert max(path.stat().st_size for path in (listener.folder / "quarantine").iterdir()) <= 65_536 + len(TOPIC) + 1


# What is lost and doubled: nothing


def test_what_was_published_while_the_node_was_away_comes_later(listener, broker):
    with listener.running():
        wait(listener.connected)
    broker.publish(TOPIC, *(message(minutes(40 - place), place, place) for place in range(20)))

    with listener.running():
        wait(lambda: len(listener.values()) == 20)

    assert listener.values() == [str(place) for place in range(20)]


def test_message_that_the_disk_does_not_take_stays_with_the_broker(listener, broker, monkeypatch):
    tried: list[int] = []
    take = Taking.take

    def full_at_first(self: Taking, messages: Sequence[Message]) -> None:
        tried.append(len(messages))
        if len(tried) < 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        take(self, messages)

    monkeypatch.setattr(Taking, "take", full_at_first)
    with capture_logs() as lines, listener.running():
        wait(listener.connected)
        broker.publish(TOPIC, message(minutes(40), 1))
        wait(lambda: len(listener.values()) == 1)

    assert len(tried) == 3
    assert {line["reason"] for line in lines if line["event"] == "sensors not stored"} == {"No space left on device"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_broker_that_dies_and_comes_back_is_found_again(listener, broker, number):
    with listener.running():
        wait(listener.connected)
        broker.publish(TOPIC, message(minutes(40), 1))
        wait(lambda: len(listener.values()) == 1)
        broker.stop(number)
        wait(lambda: not listener.connected())
        broker.start()
        wait(listener.connected)
        broker.publish(TOPIC, message(minutes(39), 2))
        wait(lambda: len(listener.values()) == 2)


def test_broker_that_lost_the_session_is_said(listener, broker):
    with listener.running():
        wait(listener.connected)
    broker.stop()
    for store in broker.folder.glob("mosquitto.db*"):
        store.unlink()
    broker.start()

    with capture_logs() as lines, listener.running():
        wait(listener.connected)

    (line,) = [line for line in lines if line["event"] == "broker lost the session"]
    assert line["operator_action_required"]


def test_retained_and_repeated_messages_count_once(listener, broker):
    broker.publish(TOPIC, message(minutes(40), 1), retain=True)
    for _ in range(2):
        with listener.running():
            wait(listener.connected)
            broker.publish(TOPIC, message(minutes(40), 1), message(minutes(20), 2, 1))
            wait(lambda: len(listener.values()) == 2)
            wait(lambda: len(listener.documents()) == 2)

    assert [metadata_of(data)["portolan:count"] for data in listener.documents()] == ["1", "1"]


def test_topic_that_the_settings_no_longer_name_is_given_up(listener, broker):
    with listener.running():
        wait(listener.connected)
    listener.changes = {"topics": ["fleet/south/#"]}
    with listener.running():
        wait(listener.connected)
        broker.publish(TOPIC, message(minutes(40), 1))
        broker.publish("fleet/south/TK-1", message(minutes(40), 2))
        wait(lambda: len(listener.values()) == 1)

    assert listener.values() == ["2"]


# Real processes, killed


@pytest.fixture
def home(tmp_path: Path, broker: Broker) -> LoneHome:
    """A node whose network does not answer, but whose broker does. Its clock is the machine's."""
    home = LoneHome(tmp_path)
    home.write()
    (tmp_path / "devices.toml").write_text(DEVICES)
    with home.config.open("a") as file:
        file.write(mqtt_table(broker))
    return home


def mqtt_table(broker: Broker, **changes: Any) -> str:
    """The settings as an operator writes them."""
    values = {
        "name": "north",
        "host": HOST,
        "port": broker.port,
        "topics": ["fleet/#"],
        "payload": "mapping",
        "devices": "devices.toml",
        "window_seconds": 60,
        "late_seconds": 0,
        "quiet_seconds": 0,
        "retry_seconds": 1,
    } | changes
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    return "\n".join(["", "[[mqtt]]", *lines, MAPPING_TABLE])


MAPPING_TABLE = """
[mqtt.mapping]
topic = "fleet/{fleet}/{device}"
device = "{device}"
time = "$.at"
sequence = "$.n"
values = [{ path = "$.celsius", type = "Temperature", uom = "CEL" }]
"""


def count(home: LoneHome, statement: str) -> int:
    with closing(sqlite3.connect(f"file:{home.folder / 'node.db'}?mode=ro", uri=True)) as database:
        return int(database.execute(statement).fetchone()[0])


@pytest.mark.parametrize("point", sorted(MQTT_POINTS | DROP_POINTS))
def test_process_killed_at_any_point_loses_and_doubles_nothing(home, broker, point):
    """Ten windows of one reading each, an hour ago and before."""
    with home_running(home) as process:
        process.wait_for("broker")
    began = datetime.now(UTC).replace(second=30, microsecond=0) - timedelta(hours=1)
    payloads = [message(began - timedelta(minutes=place), place, place) for place in range(10)]
    broker.publish(TOPIC, *payloads)
    process = NodeProcess(home, ("--die-at", point))
    assert process.wait_for_death() == DIED_BY_KILL
    broker.publish(TOPIC, payloads[0], payloads[9])

    with home_running(home):
        until(lambda: count(home, "SELECT COUNT(*) FROM event") == 10)
        until(lambda: not any((home.folder / "inbox").glob("[!.]*")))

    assert count(home, "SELECT COUNT(*) FROM event") == 10
    assert count(home, "SELECT COUNT(*) FROM reading") == 10
    assert count(home, "SELECT COUNT(DISTINCT value) FROM reading") == 10
    assert count(home, "SELECT MAX(part) FROM sensor_document") == 1


@contextmanager
def home_running(home: LoneHome) -> Iterator[NodeProcess]:
    process = NodeProcess(home)
    try:
        yield process
    finally:
        process.end()
