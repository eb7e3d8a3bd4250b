"""A breach that is read out late still counts: readings no newer than the feed's value are signed for its past."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from oracle_fakes import NOON, WAREHOUSE, declared_error, epcis, price_list, temperature
from test_oracles_crash import dying_at, run_until_dead
from test_oracles_readings import (
    COCOA,
    GOODS,
    OTHERS,
    ROLES,
    RULES_OF_PRICE,
    exchange_of,
    last_value,
    offer,
    readings,
    reports,
    statuses,
)

from oracles.checkpoints import Point
from oracles.protection.statements import reading_statement
from oracles.store.models import EventStatus, ReadingStatus, ReportStatus

PAST_POINTS = (
    Point.READING_SIGNING,
    Point.READING_SIGNED,
    Point.READING_PUBLISHED,
    Point.REPORT_GATHERING,
    Point.REPORT_GATHERED,
    Point.TRANSACTION_PREPARED,
    Point.TRANSACTION_BROADCAST,
    Point.OUTCOME_RECORDING,
)


@pytest.fixture
def node(bench):
    """A warehouse's node; the feed has a value of half an hour ago, as its first."""
    for number, (name, account) in enumerate(OTHERS.items(), 20):
        bench.chain.others[account.address] = replace(
            WAREHOUSE, organisation=number, group=number, roles=int(ROLES[name])
        )
    bench.settings_changes = {"exchange": bench.folder / "exchange"}
    bench.restart()
    last_value(bench, hours=0)
    bench.chain.records[GOODS.feed] = replace(
        bench.chain.records[GOODS.feed], value=4_000, observed_at=int((NOON - timedelta(minutes=30)).timestamp())
    )
    return bench


@pytest.fixture
def relay(node):
    node.settings_changes |= {"relays": True, "gather_seconds": 0}
    node.restart()
    return node


def measured(celsius: float, minutes: int):
    return temperature(celsius, NOON - timedelta(minutes=minutes))


def late_offer(bench, name: str, value: int, minutes: int = 60, round: int = 2) -> None:
    offer(bench, name, value, minutes=minutes, round=round, late=True)


# What is still not signed


def test_a_reading_from_before_the_feeds_period_is_not_signed(node):
    node.chain.periods[GOODS.feed] = int((NOON - timedelta(minutes=60)).timestamp())
    node.drop("late.json", epcis(measured(25, 60)))

    node.settle()

    (row,) = readings(node)
    assert (row.status, row.signature) == (ReadingStatus.NOT_SIGNED, "")
    assert "from before what the feed remembers" in row.reason


def test_a_late_reading_that_is_too_old_for_the_feed_is_not_signed(node):
    node.drop("late.json", epcis(measured(25, 121)))

    node.settle()

    assert statuses(node) == [ReadingStatus.NOT_SIGNED]


def test_a_late_price_is_not_signed(node):
    node.chain.feed_rules[COCOA] = RULES_OF_PRICE
    node.chain.feed_terms = replace(node.chain.feed_terms, greatest=10**9)
    node.chain.records[COCOA] = node.chain.records[GOODS.feed]
    node.drop("late.json", price_list("7450.5", NOON - timedelta(minutes=31)))

    node.settle()

    (row,) = readings(node)
    assert (row.status, row.reason) == (
        ReadingStatus.NOT_SIGNED,
        "not signed: the feed has a value that is not older",
    )


# What is


@pytest.mark.parametrize(("minutes", "late"), [(60, True), (30, True), (29, False)])
def test_a_reading_no_newer_than_the_feeds_value_is_signed_for_its_past(node, minutes, late):
    node.chain.periods[GOODS.feed] = int((NOON - timedelta(minutes=61)).timestamp())
    node.drop("late.json", epcis(measured(25, minutes)))

    node.settle()

    (its,) = exchange_of(node).readings()
    assert (its.round, its.value, its.late, its.is_signed) == (2, 25_000, late, True)


def test_a_late_reading_keeps_no_newer_one_back(node):
    node.drop("both.json", epcis(measured(25, 60), measured(24, 50), measured(5, 10), measured(6, 5)))

    node.settle()

    out = {(its.value, its.late) for its in exchange_of(node).readings()}
    assert out == {(25_000, True), (5_000, False)}
    assert statuses(node).count(ReadingStatus.WAITING) == 2


def test_a_late_reading_is_signed_anew_for_the_next_round(node):
    node.drop("late.json", epcis(measured(25, 60)))
    node.settle()
    node.chain.records[GOODS.feed] = replace(node.chain.records[GOODS.feed], round=2)

    node.settle()

    (its,) = exchange_of(node).readings()
    assert (its.round, its.late, its.is_signed) == (3, True, True)


def test_a_new_period_ends_a_late_reading(node):
    node.drop("late.json", epcis(measured(25, 60)))
    node.settle()
    node.chain.periods[GOODS.feed] = int((NOON - timedelta(minutes=40)).timestamp())
    node.chain.mine()

    node.settle()

    assert statuses(node) == [ReadingStatus.MISSED]
    assert exchange_of(node).readings() == []


def test_a_corrected_late_reading_leaves_the_exchange(node):
    event = measured(25, 60)
    node.drop("late.json", epcis(event))
    node.settle()
    node.drop("error.json", epcis(declared_error(event)))

    node.settle()

    assert exchange_of(node).readings() == []
    assert readings(node)[0].status == ReadingStatus.RECALLED


def test_a_late_reading_has_a_key_of_its_own_by_its_moment():
    def key(at: int, late: bool):
        about = {"feed": GOODS.feed, "round": 2, "version": 1, "value": 1, "void_after": None}
        return reading_statement(1, "0x0", **about, at=at, late=late).key

    assert len({key(5, True), key(6, True), key(5, False)}) == 3
    assert key(5, False) == key(6, False)


# The relay


def test_a_breach_that_a_quorum_read_out_late_is_reported_and_counts(relay):
    before = relay.chain.records[GOODS.feed]
    late_offer(relay, "inspector", 25_500, minutes=61)
    late_offer(relay, "sensor", 25_200, minutes=59)
    relay.drop("late.json", epcis(measured(25, 60)))

    relay.settle()

    ((key, value, observed_at),) = relay.chain.past_values
    assert (key.round, value) == (2, 25_200)
    assert observed_at == int((NOON - timedelta(minutes=61)).timestamp())
    assert relay.chain.records[GOODS.feed] == before
    assert statuses(relay) == [ReadingStatus.COUNTED]
    assert [row.status for row in reports(relay)] == [ReportStatus.REPORTED]


def test_what_was_reported_of_the_past_is_not_reported_again_though_others_leave_it_there(relay):
    late_offer(relay, "inspector", 25_500)
    late_offer(relay, "sensor", 25_200)
    relay.drop("late.json", epcis(measured(25, 60)))
    relay.settle()
    relay.restart()

    relay.settle()

    assert len(relay.chain.past_values) == len(reports(relay)) == 1


def test_two_breaches_of_the_past_follow_each_other(relay):
    for minutes, value in ((60, 25_000), (50, 30_000)):
        late_offer(relay, "inspector", value, minutes=minutes)
        late_offer(relay, "sensor", value, minutes=minutes)
        relay.drop(f"{minutes}.json", epcis(measured(value / 1000, minutes)))
        relay.settle()

    assert [value for _, value, _ in relay.chain.past_values] == [25_000, 30_000]
    assert statuses(relay) == [ReadingStatus.COUNTED, ReadingStatus.COUNTED]


def test_the_past_and_the_next_value_are_both_reported(relay):
    for name in ("inspector", "sensor"):
        late_offer(relay, name, 25_000)
        offer(relay, name, 5_000, minutes=10, round=2)
    relay.drop("both.json", epcis(measured(25, 60), measured(5, 10)))

    relay.settle()

    assert [value for _, value, _ in relay.chain.past_values] == [25_000]
    record = relay.chain.records[GOODS.feed]
    assert (record.round, record.value) == (2, 5_000)
    assert sorted(statuses(relay)) == [ReadingStatus.COUNTED, ReadingStatus.COUNTED]


def test_late_and_newer_readings_make_no_report_together(relay):
    late_offer(relay, "inspector", 25_000)
    offer(relay, "sensor", 5_000, minutes=10, round=2)
    offer(relay, "carrier", 5_000, minutes=10, round=2)
    relay.drop("late.json", epcis(measured(25, 60)))

    relay.settle()

    assert (relay.chain.past_values, reports(relay)) == ([], [])


def test_one_outlier_keeps_no_breach_from_being_reported(relay):
    late_offer(relay, "inspector", 25_500)
    late_offer(relay, "sensor", 25_200)
    late_offer(relay, "carrier", 4_000)
    relay.drop("late.json", epcis(measured(25, 60)))

    relay.settle()

    assert [value for _, value, _ in relay.chain.past_values] == [25_200]
    assert statuses(relay) == [ReadingStatus.COUNTED]


def test_without_the_sensor_operator_the_past_is_not_reported(relay):
    late_offer(relay, "inspector", 25_500)
    late_offer(relay, "carrier", 25_200)
    relay.drop("late.json", epcis(measured(25, 60)))

    relay.settle()

    assert (relay.chain.past_values, statuses(relay)) == ([], [ReadingStatus.PUBLISHED])


@pytest.mark.parametrize("point", PAST_POINTS)
def test_death_at_any_point_ends_in_one_report_of_the_past(relay, point):
    late_offer(relay, "inspector", 25_500)
    late_offer(relay, "sensor", 25_200)
    relay.restart(dying_at(point))
    relay.drop("late.json", epcis(measured(25, 60)))
    assert run_until_dead(relay)

    relay.restart()
    relay.settle()

    assert len(relay.chain.past_values) == 1
    assert statuses(relay) == [ReadingStatus.COUNTED]
    assert relay.event.status == EventStatus.NOT_SIGNED
