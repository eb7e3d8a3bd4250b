"""Sensor readings and prices on a fake network: what a node signs, hands to the relays, and sends as a relay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from eth_account import Account
from oracle_fakes import (
    FEEDS_ADDRESS,
    LEI,
    NETWORK_KEY,
    NODE_ACCOUNT,
    NOON,
    SUBJECT,
    TEMPERATURE_RULES,
    WAREHOUSE,
    declared_error,
    epcis,
    epcis_event,
    price_list,
    temperature,
)
from test_oracles_crash import dying_at, run_until_dead

from chain_node.client import FeedKind, FeedRecord, Role, condition_policy, price_feed
from oracles.adapters import read_document
from oracles.chain import FeedKey, ReportKey
from oracles.checkpoints import READING_POINTS, Point, go_on
from oracles.exchange import Exchange, SignedReading
from oracles.judging import Judge
from oracles.measuring import MOST_AT_ONCE
from oracles.operating.status import status_of
from oracles.rules.decisions import Verdict
from oracles.rules.loading import built_in_rules
from oracles.settings import NodeSettings
from oracles.signing import Signer
from oracles.store.models import EventStatus, ReadingRow, ReadingStatus, ReportRow, ReportStatus

TEMPERATURE = condition_policy(FeedKind.TEMPERATURE)
GOODS = FeedKey(FeedKind.TEMPERATURE, TEMPERATURE, SUBJECT)
COCOA = price_feed("cocoa", "TNE", "EUR")
RULES_OF_PRICE = replace(TEMPERATURE_RULES, kind=FeedKind.PRICE, decimals=2, required_roles=0)
OTHERS = {
    name: Account.from_key("0x" + f"{number:02x}" * 32)
    for number, name in enumerate(("inspector", "sensor", "carrier"), 0x21)
}
ROLES = {"inspector": Role.INSPECTOR, "sensor": Role.SENSOR, "carrier": Role.CARRIER}


@pytest.fixture
def node(bench):
    """A warehouse's node that shares an exchange; three others are admitted."""
    for number, (name, account) in enumerate(OTHERS.items(), 20):
        bench.chain.others[account.address] = replace(
            WAREHOUSE, organisation=number, group=number, roles=int(ROLES[name])
        )
    bench.settings_changes = {"exchange": bench.folder / "exchange"}
    bench.restart()
    return bench


@pytest.fixture
def relay(node):
    node.settings_changes |= {"relays": True, "gather_seconds": 0}
    node.restart()
    return node


def exchange_of(bench) -> Exchange:
    return Exchange(bench.folder / "exchange")


def offer(
    bench, name: str, measured: int, *, minutes: int = 10, round: int = 1, key: FeedKey = GOODS, **changes
) -> None:
    """A reading of another node, laid into the exchange."""
    account, at = OTHERS[name], int((NOON - timedelta(minutes=minutes)).timestamp())
    signature = Signer(account).reading(
        bench.chain.chain_id, FEEDS_ADDRESS, feed=key.feed, round=round, version=1, value=measured, at=at
    )
    its = SignedReading(bench.chain.chain_id, FEEDS_ADDRESS, key, round, 1, measured, at, account.address, signature)
    exchange_of(bench).publish(replace(its, **changes))


def readings(bench) -> list[ReadingRow]:
    return [row for row in bench.rows(ReadingRow) if isinstance(row, ReadingRow)]


def reports(bench) -> list[ReportRow]:
    return [row for row in bench.rows(ReportRow) if isinstance(row, ReportRow)]


def statuses(bench) -> list[str]:
    return [row.status for row in readings(bench)]


# What a node does not sign


def test_without_an_exchange_nothing_is_signed(bench):
    bench.drop("sensor.json", epcis(temperature(4)))

    bench.settle()

    assert statuses(bench) == [ReadingStatus.NOT_SIGNED]
    assert "no exchange" in readings(bench)[0].reason


@pytest.mark.parametrize(
    ("member", "status", "why"),
    [
        ({"roles": int(Role.CUSTOMS)}, ReadingStatus.WAITING, "this node is customs"),
        ({"suspended": True}, ReadingStatus.WAITING, "does not admit"),
        ({"group": 3}, ReadingStatus.NOT_SIGNED, "group that gains"),
    ],
)
def test_a_node_that_would_not_count_signs_nothing(node, member, status, why):
    node.chain.member = replace(WAREHOUSE, **member)
    node.drop("sensor.json", epcis(temperature(4)))

    node.settle()

    (row,) = readings(node)
    assert (row.status, row.signature) == (status, "")
    assert why in row.reason
    assert exchange_of(node).readings() == []


@pytest.mark.parametrize(
    ("event", "status", "why"),
    [
        (temperature(4, NOON - timedelta(hours=3)), ReadingStatus.NOT_SIGNED, "10800 seconds old, the feed takes 7200"),
        (temperature(4, NOON + timedelta(hours=1)), ReadingStatus.WAITING, "in the future"),
        (temperature(81), ReadingStatus.HELD, "81000 lies outside the feed's band"),
        (temperature(4, order="PO-UNKNOWN"), ReadingStatus.WAITING, "no consignment is linked"),
    ],
)
def test_a_value_that_would_not_count_is_not_signed(node, event, status, why):
    node.drop("sensor.json", epcis(event))

    node.settle()

    (row,) = readings(node)
    assert (row.status, row.signature) == (status, "")
    assert why in row.reason


def test_a_price_with_more_digits_than_the_feed_is_held(node):
    node.chain.feed_rules[COCOA] = RULES_OF_PRICE
    node.drop("prices.json", price_list("7450.123"))

    node.settle()

    assert statuses(node) == [ReadingStatus.HELD]


def test_an_unreadable_report_keeps_nothing_else_back(node):
    event = temperature(4)
    event["sensorElementList"][0]["sensorReport"].append({"type": "Temperature", "value": 4})
    node.drop("sensor.json", epcis(event))

    node.settle()

    assert statuses(node) == [ReadingStatus.PUBLISHED]


def test_a_correction_before_signing_takes_the_reading_back(node):
    event = temperature(4, order="PO-LATER")
    node.drop("sensor.json", epcis(event))
    node.settle()
    node.drop("error.json", epcis(declared_error(event)))

    node.settle()

    assert statuses(node) == [ReadingStatus.WITHDRAWN]


def test_a_corrected_reading_is_taken_out_of_the_exchange(node):
    event = temperature(4)
    node.drop("sensor.json", epcis(event))
    node.settle()
    assert len(exchange_of(node).readings()) == 1

    node.drop("error.json", epcis(declared_error(event)))
    node.turn()

    assert exchange_of(node).readings() == []
    assert (statuses(node), node.event.status) == ([ReadingStatus.RECALLED], EventStatus.WITHDRAWN)


def test_a_corrected_reading_keeps_its_place_until_its_round_is_over(node):
    """Two values signed for one round would be two accounts of it."""
    event = temperature(4)
    node.drop("sensor.json", epcis(event))
    node.settle()
    node.drop("error.json", epcis(declared_error(event), temperature(5)))
    node.settle()
    assert statuses(node) == [ReadingStatus.RECALLED, ReadingStatus.WAITING]

    node.chain.records[GOODS.feed] = FeedRecord(4_100, 0, 0, int(NOON.timestamp()) - 900, 1, 0)
    node.settle()

    assert statuses(node) == [ReadingStatus.WITHDRAWN, ReadingStatus.PUBLISHED]
    assert [its.value for its in exchange_of(node).readings()] == [5_000]


def test_a_corrected_reading_that_a_relay_had_already_is_raised(node):
    event = temperature(4)
    node.drop("sensor.json", epcis(event))
    node.settle()
    node.drop("error.json", epcis(declared_error(event)))
    node.turn()

    key = ReportKey(TEMPERATURE, SUBJECT, 1)
    node.chain.counted_readings[key] = frozenset({WAREHOUSE.organisation})
    node.chain.records[GOODS.feed] = FeedRecord(4_000, 0, 0, int(NOON.timestamp()) - 600, 1, 0)
    node.settle()

    assert statuses(node) == [ReadingStatus.COUNTED]
    assert node.event.status == EventStatus.HELD
    assert "cannot be taken back" in node.event.reason


def test_a_reading_corrected_after_it_counted_is_raised(relay):
    event = temperature(4)
    for name, value in (("sensor", 4_100), ("carrier", 4_200)):
        offer(relay, name, value)
    relay.drop("sensor.json", epcis(event))
    relay.settle()
    assert statuses(relay) == [ReadingStatus.COUNTED]

    relay.drop("error.json", epcis(declared_error(event)))
    relay.settle()

    assert (statuses(relay), relay.event.status) == ([ReadingStatus.COUNTED], EventStatus.HELD)


@pytest.mark.parametrize("point", [Point.READING_RECALLED, Point.READING_SIGNED, Point.READING_PUBLISHED])
def test_death_while_a_reading_is_corrected_leaves_none_in_the_exchange(node, point):
    event = temperature(4)
    node.restart(dying_at(point))
    node.drop("sensor.json", epcis(event))
    dead = run_until_dead(node)
    node.restart(dying_at(point) if point is Point.READING_RECALLED else go_on)
    node.drop("error.json", epcis(declared_error(event)))
    assert run_until_dead(node) is not dead

    node.restart()
    node.settle()

    assert exchange_of(node).readings() == []
    assert statuses(node) == [ReadingStatus.RECALLED]


def unmatched(node, many: int, minutes: int) -> None:
    """As many readings of goods that nobody ever links, each a second older than the one before."""
    at = NOON - timedelta(minutes=minutes)
    events = [temperature(4, at - timedelta(seconds=n), order=f"PO-ELSEWHERE-{n}") for n in range(many)]
    node.drop(f"{minutes}.json", epcis(*events))
    node.settle()


@pytest.mark.parametrize("many", [10, MOST_AT_ONCE, 2 * MOST_AT_ONCE])
def test_readings_without_a_consignment_keep_no_later_one_back(node, many):
    unmatched(node, many, minutes=30)
    node.drop("later.json", epcis(temperature(5, order="PO-LATER")))
    node.settle()
    node.chain.link("order", "PO-LATER")

    node.settle()

    assert statuses(node) == [ReadingStatus.WAITING] * many + [ReadingStatus.PUBLISHED]


@pytest.mark.parametrize("turns", range(4))
def test_oldest_of_a_feed_goes_first_however_many_readings_wait_between(node, turns):
    """Wherever among those that wait for nothing the turns have come to when the feed's round is over."""
    node.drop("open.json", epcis(temperature(3, NOON - timedelta(minutes=60))))
    node.drop("older.json", epcis(temperature(21, NOON - timedelta(minutes=50))))
    node.settle()
    unmatched(node, MOST_AT_ONCE, minutes=30)
    unmatched(node, 2 * MOST_AT_ONCE, minutes=5)
    node.drop("newer.json", epcis(temperature(5, NOON - timedelta(minutes=10))))
    for _ in range(1 + turns):
        node.chain.mine()
        node.turn()

    node.chain.records[GOODS.feed] = FeedRecord(4_100, 0, 0, int(NOON.timestamp()) - 3_600, 1, 0)
    node.settle()

    of_feed = [row.status for row in sorted(readings(node), key=lambda row: row.observed_at) if row.subject]
    assert of_feed == [ReadingStatus.MISSED, ReadingStatus.PUBLISHED, ReadingStatus.WAITING]


# What it signs


def test_a_reading_is_signed_for_the_next_round_and_lies_in_the_exchange(node):
    node.drop("sensor.json", epcis(temperature(-18.5)))

    node.settle()

    (its,) = exchange_of(node).readings()
    assert (its.key, its.round, its.version, its.value) == (GOODS, 1, 1, -18_500)
    assert its.signer == NODE_ACCOUNT.address
    assert its.is_signed
    assert node.event.status == EventStatus.NOT_SIGNED
    assert "goes to the feeds" in node.event.reason


def test_a_fact_with_a_reading_is_both_voted_on_and_measured(node):
    sensors = temperature(4)["sensorElementList"]
    node.drop("receiving.json", epcis(epcis_event("receiving", sensorElementList=sensors)))

    node.settle()

    assert len(node.chain.counted) == 1
    assert statuses(node) == [ReadingStatus.PUBLISHED]


def test_a_price_is_signed_in_the_decimals_of_its_feed(node):
    node.chain.feed_rules[COCOA] = RULES_OF_PRICE
    node.chain.feed_terms = replace(node.chain.feed_terms, greatest=10**9)
    node.drop("prices.json", price_list("7450.5"))
    node.drop("again.json", price_list("7450.5"))

    node.settle()

    (its,) = exchange_of(node).readings()
    assert (its.key.policy_id, its.value) == (COCOA, 745_050)
    assert len(readings(node)) == 1


def test_a_reading_waits_for_its_consignment(node):
    node.drop("sensor.json", epcis(temperature(4, order="PO-LATER")))
    node.settle()
    node.chain.link("order", "PO-LATER")

    node.settle()

    assert statuses(node) == [ReadingStatus.PUBLISHED]


def test_one_reading_a_feed_is_open_and_the_oldest_goes_first(node):
    moments = [NOON - timedelta(minutes=minutes) for minutes in (5, 30)]
    node.drop("sensor.json", epcis(*(temperature(value, at) for value, at in zip((4, 21), moments, strict=True))))

    node.settle()

    assert statuses(node) == [ReadingStatus.WAITING, ReadingStatus.PUBLISHED]
    (its,) = exchange_of(node).readings()
    assert its.value == 21_000


def test_a_changed_policy_has_the_reading_signed_anew(node):
    node.drop("sensor.json", epcis(temperature(4)))
    node.settle()
    node.chain.feed_rules[TEMPERATURE] = replace(TEMPERATURE_RULES, version=2)

    node.settle()

    (its,) = exchange_of(node).readings()
    assert its.version == 2
    assert its.is_signed


def test_a_reading_whose_time_is_over_makes_room_for_the_next(node):
    moments = [NOON - timedelta(minutes=minutes) for minutes in (119, 5)]
    node.drop("sensor.json", epcis(*(temperature(value, at) for value, at in zip((4, 21), moments, strict=True))))
    node.settle()
    node.chain.now = NOON + timedelta(minutes=5)

    node.settle()

    assert statuses(node) == [ReadingStatus.MISSED, ReadingStatus.PUBLISHED]
    assert [its.value for its in exchange_of(node).readings()] == [21_000]


def test_a_round_without_this_node_leaves_its_reading_behind(node):
    node.drop("sensor.json", epcis(temperature(4)))
    node.settle()
    node.chain.records[GOODS.feed] = replace(node.chain.feed_record(GOODS, 0), round=1, observed_at=1)
    node.settle()

    assert statuses(node) == [ReadingStatus.MISSED]
    assert exchange_of(node).readings() == []


# The relay


def test_a_quorum_of_readings_becomes_one_report(relay):
    offer(relay, "inspector", 5_000)
    offer(relay, "sensor", 6_000)
    relay.drop("sensor.json", epcis(temperature(4)))

    relay.settle()

    record = relay.chain.records[GOODS.feed]
    assert (record.value, record.round) == (5_000, 1)
    assert [row.status for row in reports(relay)] == [ReportStatus.REPORTED]
    assert statuses(relay) == [ReadingStatus.COUNTED]
    assert len(relay.chain.sent) == 1


def test_too_few_readings_wait(relay):
    offer(relay, "sensor", 6_000)
    relay.drop("sensor.json", epcis(temperature(4)))

    relay.settle()

    assert reports(relay) == []
    assert statuses(relay) == [ReadingStatus.PUBLISHED]


def test_without_the_sensor_operator_there_is_no_report(relay):
    offer(relay, "inspector", 5_000)
    offer(relay, "carrier", 5_000)
    relay.drop("sensor.json", epcis(temperature(4)))

    relay.settle()

    assert reports(relay) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"value": 4_001},
        {"signature": b"\x01" * 65},
        {"signature": b""},
        {"chain_id": 1},
        {"feed_oracle": "0x00000000000000000000000000000000000000FF"},
        {"round": 2},
        {"version": 7},
        {"observed_at": 1},
    ],
)
def test_a_forged_or_foreign_reading_counts_nothing(relay, changes):
    offer(relay, "inspector", 5_000)
    offer(relay, "sensor", 4_000, **changes)
    relay.drop("sensor.json", epcis(temperature(4)))

    relay.settle()

    assert reports(relay) == []


def test_readings_that_lie_too_far_apart_are_not_sent_again_and_again(relay):
    offer(relay, "inspector", 5_000)
    offer(relay, "sensor", 20_000)
    relay.drop("sensor.json", epcis(temperature(4)))
    relay.settle()
    assert (reports(relay), relay.chain.sent) == ([], [])

    offer(relay, "sensor", 6_000, minutes=9)
    relay.settle()

    assert relay.chain.records[GOODS.feed].value == 5_000


def test_rubbish_in_the_exchange_stops_nothing(relay):
    folder: Path = relay.folder / "exchange"
    (folder / "a.reading.json").write_bytes(b"{")
    (folder / "b.reading.json").write_bytes(b"[]")
    (folder / "c.reading.json").write_bytes(b"x" * 5_000)
    (folder / "d.reading.json").mkdir()
    offer(relay, "inspector", 5_000)
    offer(relay, "sensor", 6_000)
    relay.drop("sensor.json", epcis(temperature(4)))

    relay.settle()

    assert relay.chain.records[GOODS.feed].round == 1


def test_the_relay_gives_others_time_to_join(node):
    node.settings_changes |= {"relays": True, "gather_seconds": 90}
    node.restart()
    offer(node, "inspector", 5_000)
    offer(node, "sensor", 6_000)
    node.drop("sensor.json", epcis(temperature(4)))
    node.turn()
    node.turn()
    offer(node, "carrier", 5_500)

    node.settle()

    (report,) = node.chain.counted_readings.values()
    assert len(report) == 4


def test_a_feed_whose_heartbeat_is_due_does_not_wait_for_more(node):
    node.settings_changes |= {"relays": True, "gather_seconds": 90}
    node.restart()
    last_value(node, hours=5)
    offer(node, "inspector", 5_000, round=2)
    offer(node, "sensor", 6_000, round=2)
    node.drop("sensor.json", epcis(temperature(4)))
    node.turn()
    node.turn()

    node.settle()

    (report,) = node.chain.counted_readings.values()
    assert len(report) == 3


def test_a_feed_whose_heartbeat_is_not_due_waits_for_more(node):
    node.settings_changes |= {"relays": True, "gather_seconds": 90}
    node.restart()
    last_value(node, hours=3)
    offer(node, "inspector", 5_000, round=2)
    offer(node, "sensor", 6_000, round=2)
    node.drop("sensor.json", epcis(temperature(4)))

    node.turn()
    node.turn()

    assert reports(node) == []


# The heartbeat: four hours


def last_value(bench, *, hours: int) -> None:
    at = int((bench.chain.now - timedelta(hours=hours)).timestamp())
    bench.chain.records[GOODS.feed] = replace(bench.chain.feed_record(GOODS, 0), round=1, observed_at=at)


def overdue(bench) -> tuple[float | None, list[str]]:
    gauge = bench.node.metrics.registry.get_sample_value("portolan_oracle_overdue_feeds")
    return gauge, status_of(bench.settings).overdue_feeds


@pytest.mark.parametrize("hours", [3, 5])
def test_a_feed_that_this_node_does_not_serve_is_not_its_concern(node, hours):
    last_value(node, hours=hours)

    node.settle()

    assert overdue(node) == (0, [])


def test_a_feed_within_its_heartbeat_is_not_overdue(node):
    last_value(node, hours=3)
    node.drop("sensor.json", epcis(temperature(4)))

    node.settle()

    assert overdue(node) == (0, [])


def test_an_overdue_feed_is_said_until_it_has_a_value(node):
    last_value(node, hours=5)
    node.drop("sensor.json", epcis(temperature(4)))
    node.settle()
    due_at = int((NOON - timedelta(hours=1)).timestamp())
    assert overdue(node) == (1, [f"{GOODS} due at {due_at}"])

    last_value(node, hours=0)
    node.chain.mine()
    node.settle()

    assert overdue(node) == (0, [])


def test_a_feed_whose_source_has_ended_is_not_waited_for(node):
    last_value(node, hours=5)
    node.drop("sensor.json", epcis(temperature(4)))
    node.settle()
    node.chain.now += timedelta(days=1)

    node.chain.mine()
    node.settle()

    assert overdue(node) == (0, [])


def test_values_follow_each_other_round_by_round(relay):
    moments = [NOON - timedelta(minutes=minutes) for minutes in (30, 5)]
    relay.drop("sensor.json", epcis(*(temperature(value, at) for value, at in zip((4, 21), moments, strict=True))))
    for round_, (value, minutes) in enumerate(((5_000, 31), (20_000, 6)), 1):
        offer(relay, "inspector", value, minutes=minutes, round=round_)
        offer(relay, "sensor", value, minutes=minutes, round=round_)

    relay.settle()
    relay.settle()

    record = relay.chain.records[GOODS.feed]
    assert (record.round, record.value) == (2, 20_000)
    assert statuses(relay) == [ReadingStatus.COUNTED, ReadingStatus.COUNTED]


@pytest.mark.parametrize(
    "point", sorted({*READING_POINTS, Point.TRANSACTION_PREPARED, Point.TRANSACTION_BROADCAST, Point.OUTCOME_RECORDING})
)
def test_death_at_any_point_ends_in_one_report(relay, point):
    offer(relay, "inspector", 5_000)
    offer(relay, "sensor", 6_000)
    relay.restart(dying_at(point))
    relay.drop("sensor.json", epcis(temperature(4)))
    assert run_until_dead(relay)

    relay.restart()
    relay.settle()

    assert relay.chain.records[GOODS.feed].round == 1
    assert statuses(relay) == [ReadingStatus.COUNTED]
    assert [row.status for row in reports(relay)] == [ReportStatus.REPORTED]


def test_a_relay_needs_its_exchange(tmp_path: Path):
    folders = dict.fromkeys(("deployments", "network_key_file", "inbox", "database"), tmp_path)

    with pytest.raises(ValueError, match="a node that relays needs the folder"):
        NodeSettings(name="relay", organisation=LEI, rpc_url="http://127.0.0.1:1", relays=True, **folders)


# What an operator is told


def test_the_judge_says_of_each_value_whether_it_would_be_signed(node):
    judge = Judge(node.chain, NETWORK_KEY, None, LEI, built_in_rules())
    document = read_document("sensor.json", epcis(temperature(4), temperature(81)), 10**6)
    first, second = document.events

    decisions = [judge.judge_measured(event.measurements[0], event, node.chain.head()) for event in (first, second)]

    assert [decision.verdict for decision in decisions] == [Verdict.SIGN, Verdict.HOLD]


def test_status_and_metrics_show_readings_and_reports(relay):
    offer(relay, "inspector", 5_000)
    offer(relay, "sensor", 6_000)
    relay.drop("sensor.json", epcis(temperature(4), temperature(5, order="PO-LATER")))
    relay.settle()

    found = status_of(relay.settings)

    assert found.counts["readings"] == {"counted": 1, "waiting": 1}
    assert found.counts["reports"] == {"reported": 1}
    assert any("waiting temperature 5000" in line for line in found.readings)
    registry = relay.node.metrics.registry
    assert registry.get_sample_value("portolan_oracle_reports_total", {"answer": "reported"}) == 1
    assert registry.get_sample_value("portolan_oracle_readings_total", {"answer": "counted"}) == 1
