"""From a sensor's message to a signed reading: what the node makes of windows, and what the chain does."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import pytest
from mqtt_broker import PASSWORD, Broker
from oracle_fakes import NOON, SUBJECT, epcis, temperature
from oracle_nodes import DIED_BY_KILL, Trade, until
from sensor_desk import SensorDesk, message
from test_mqtt_broker import mqtt_table

from chain_node.client import FeedKind, Role, condition_feed, condition_policy
from oracles.chain import FeedKey
from oracles.exchange import Exchange
from oracles.store.models import ReadingRow, ReadingStatus

GOODS = FeedKey(FeedKind.TEMPERATURE, condition_policy(FeedKind.TEMPERATURE), SUBJECT)
TEN_YEARS = 315_360_000


def minutes_ago(count: int) -> bytes:
    return message(NOON - timedelta(minutes=count), 4 + count, count)


def test_window_becomes_signed_values_for_the_feed(bench, tmp_path):
    """The least first, then the greatest; the reading that came late is another event, and too late for the feed."""
    (tmp_path / "sensors").mkdir()
    desk = SensorDesk(tmp_path / "sensors")
    bench.settings_changes = {"exchange": bench.folder / "exchange"}
    bench.restart()

    desk.say(minutes_ago(20), minutes_ago(25), minutes_ago(29))
    desk.turn(60)
    desk.say(minutes_ago(28))
    desk.turn(60)
    for number, document in enumerate(desk.documents()):
        bench.drop(f"mqtt-north~{number}.json", document)
    bench.settle()

    readings = [row for row in bench.rows(ReadingRow) if isinstance(row, ReadingRow)]
    assert sorted(row.value for row in readings) == ["24000", "32000", "33000"]
    (its,) = Exchange(bench.folder / "exchange").readings()
    # One reading of a feed is under way at a time, the oldest first.
    assert its.key == GOODS
    assert its.value == 32_000
    assert [row.status for row in readings].count(ReadingStatus.PUBLISHED) == 1


@pytest.mark.node
def test_readings_over_mqtt_become_the_value_of_a_feed_although_the_node_is_killed(anvil_network, tmp_path: Path):
    """The sensor operator's node dies after it made its session; what its sensors say meanwhile waits at the broker."""
    broker = Broker(tmp_path / "broker", tls=True, password=True)
    trade = Trade(anvil_network, tmp_path)
    subject = trade.open("PO-COLD")
    exchange = str(trade.folder / "exchange")
    roles = {"warehouse": Role.WAREHOUSE, "inspector": Role.INSPECTOR, "sensors": Role.SENSOR}
    warehouse, inspector, sensors = (
        trade.node(name, role, exchange=exchange, relays=name == "sensors") for name, role in roles.items()
    )
    (sensors.folder / "password").write_text(PASSWORD)
    (sensors.folder / "devices.toml").write_text('[[device]]\nid = "TK-1"\norder = "PO-COLD"\n')
    changes = {"tls_ca": str(broker.folder / "ca.pem"), "username": "node", "password_file": "password"}
    with sensors.config.open("a") as file:
        # The chain's clock is not this machine's: for the sensors' node its moments are long ago.
        file.write(mqtt_table(broker, oldest_seconds=TEN_YEARS, quiet_seconds=1, **changes))
    broker.start()
    with sensors.running() as process:
        process.wait_for("broker")
        assert process.signal(signal.SIGKILL) == DIED_BY_KILL

    at = trade.moment(120)
    broker.publish("fleet/north/TK-1", *(message(at, celsius, n) for n, celsius in enumerate((4.1, 4.1, 4.1))))
    feeds = trade.network.chain.feeds
    with warehouse.running(), inspector.running(), sensors.running() as process:
        for node, celsius in ((warehouse, 4), (inspector, 4.3)):
            node.drop("seen.json", epcis(temperature(celsius, at, order="PO-COLD")))
        (handed,) = process.wait_for("sensors handed over")
        until(lambda: feeds.record(condition_feed(FeedKind.TEMPERATURE, subject)).round == 1)
    broker.stop()

    assert handed["file"].startswith("mqtt-north~")
    assert feeds.record(condition_feed(FeedKind.TEMPERATURE, subject)).value == 4_100
    assert [path.name for path in (sensors.folder / "archive").iterdir()] == [handed["file"]]
