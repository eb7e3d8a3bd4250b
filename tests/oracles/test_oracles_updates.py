"""One movement told anew: the newest actual account counts, what was signed is never replaced in silence."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_fakes import NETWORK_KEY, NOON, ORDER, temperature
from sqlmodel import select
from structlog.testing import capture_logs

from chain_node.client import Milestone
from oracles.adapters import read_document
from oracles.checkpoints import go_on
from oracles.metrics import Metrics
from oracles.rules.decisions import Verdict, chain_seconds
from oracles.rules.loading import built_in_rules
from oracles.rules.updates import Account, Ruling, ruling
from oracles.store.database import Database
from oracles.store.models import EventRow, EventStatus, ObservationStatus, ReadingRow
from oracles.store.movements import MovementRow
from oracles.store.retractions import RetractionRow
from oracles.storing import Storing
from oracles.updates import foretold_update

SAILED = NOON - timedelta(hours=5)
BOX, OTHER_BOX = "APZU4812090", "MSKU9070323"


def sailing(at: datetime = SAILED, told: int = 1, classifier: str = "ACT", **more: Any) -> dict[str, Any]:
    """A departure; `told` is the hour after it at which the carrier said so."""
    event = {
        "eventID": f"{at:%H%M}-{told}-{classifier}",
        "eventCreatedDateTime": (SAILED + timedelta(hours=told)).isoformat(),
        "eventType": "TRANSPORT",
        "eventClassifierCode": classifier,
        "eventDateTime": at.isoformat(),
        "transportEventTypeCode": "DEPA",
        "transportCall": {"transportCallID": "CALL-1", "modeOfTransport": "VESSEL", "transportCallSequenceNumber": 1},
        "references": [
            {"referenceType": "PO", "referenceValue": ORDER},
            {"referenceType": "EQ", "referenceValue": BOX},
        ],
    }
    return event | more


def loading(at: datetime = SAILED, told: int = 1, **more: Any) -> dict[str, Any]:
    event = sailing(at, told) | {
        "eventType": "EQUIPMENT",
        "equipmentEventTypeCode": "LOAD",
        "equipmentReference": BOX,
        "emptyIndicatorCode": "LADEN",
    }
    del event["transportEventTypeCode"]
    return event | more


def tell(bench, name: str, *events: dict[str, Any]) -> None:
    bench.drop(f"{name}.json", json.dumps(list(events)).encode())
    bench.turn()


def facts(bench) -> list[tuple[int, int]]:
    """(milestone, second) of everything the network counted."""
    return [(row.milestone, row.occurred_at) for row in bench.observations() if row.status == ObservationStatus.COUNTED]


def statuses(bench) -> list[str]:
    return [row.status for row in bench.events()]


DELAYED = SAILED + timedelta(minutes=20)


@pytest.mark.parametrize("classifier", ["EST", "PLN"])
@pytest.mark.parametrize("told", [0, 9])
def test_estimate_never_overwrites_a_fact_however_new_it_is(bench, classifier, told):
    tell(bench, "actual", sailing(told=1))
    tell(bench, "estimate", sailing(DELAYED, told=told, classifier=classifier))
    bench.settle()

    assert facts(bench) == [(Milestone.DEPARTED, chain_seconds(SAILED))]


def test_actual_event_follows_its_estimate(bench):
    tell(bench, "all", sailing(told=0, classifier="PLN"), sailing(DELAYED, told=0, classifier="EST"), sailing(DELAYED))
    bench.settle()

    assert facts(bench) == [(Milestone.DEPARTED, chain_seconds(DELAYED))]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("together", [False, True])
def test_newest_account_counts_in_whichever_order_they_come(bench, reverse, together):
    bench.chain.away = True
    accounts = [sailing(told=1), sailing(DELAYED, told=3), sailing(SAILED + timedelta(minutes=9), told=2)]
    if reverse:
        accounts.reverse()
    if together:
        tell(bench, "all", *accounts)
    else:
        for number, account in enumerate(accounts):
            tell(bench, f"paper-{number}", account)

    bench.chain.away = False
    bench.settle()

    assert facts(bench) == [(Milestone.DEPARTED, chain_seconds(DELAYED))]
    assert sorted(statuses(bench)) == [EventStatus.VOUCHED, EventStatus.WITHDRAWN, EventStatus.WITHDRAWN]


def test_older_message_that_comes_after_signing_changes_nothing(bench):
    tell(bench, "new", sailing(DELAYED, told=3))
    bench.settle()
    with capture_logs() as logs:
        tell(bench, "old", sailing(told=1))
        bench.settle()

    assert statuses(bench) == [EventStatus.VOUCHED, EventStatus.WITHDRAWN]
    assert not [line for line in logs if line.get("operator_action_required")]


def test_newer_account_after_signing_is_held_for_the_operator(bench):
    tell(bench, "first", sailing(told=1))
    bench.settle()
    with capture_logs() as logs:
        tell(bench, "second", sailing(DELAYED, told=2))
        bench.settle()

    assert facts(bench) == [(Milestone.DEPARTED, chain_seconds(SAILED))]
    assert statuses(bench) == [EventStatus.HELD, EventStatus.HELD]
    assert [line["event"] for line in logs if line.get("operator_action_required")] == ["update to look at"]


def test_signed_but_unsent_account_is_neither_sent_nor_signed_otherwise(bench, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(bench.node._connected().outbox, "run", lambda: 0)
        tell(bench, "first", sailing(told=1))
    assert [row.status for row in bench.observations()] == [ObservationStatus.SIGNED]

    with capture_logs() as logs:
        tell(bench, "second", sailing(DELAYED, told=2))
        bench.settle()

    assert [line["event"] for line in logs if line.get("operator_action_required")] == ["update to look at"]
    assert facts(bench) == []
    assert statuses(bench) == [EventStatus.WITHDRAWN, EventStatus.HELD]


def test_two_accounts_of_one_moment_are_both_held(bench):
    bench.chain.away = True
    tell(bench, "both", sailing(told=1), sailing(DELAYED, told=1, eventID="other"))
    bench.chain.away = False
    bench.settle()

    assert statuses(bench) == [EventStatus.HELD, EventStatus.HELD]
    assert facts(bench) == []


def test_account_that_is_told_again_last_counts_again(bench):
    bench.chain.away = True
    tell(bench, "first", sailing(told=1))
    tell(bench, "second", sailing(DELAYED, told=2))
    tell(bench, "first-again", sailing(told=3))
    bench.chain.away = False
    bench.settle()

    assert facts(bench) == [(Milestone.DEPARTED, chain_seconds(SAILED))]
    assert statuses(bench) == [EventStatus.VOUCHED, EventStatus.WITHDRAWN]


def test_signed_account_that_is_told_again_last_stands(bench):
    tell(bench, "first", sailing(told=1))
    bench.settle()
    tell(bench, "second", sailing(DELAYED, told=2))
    tell(bench, "first-again", sailing(told=3))
    bench.settle()

    assert facts(bench) == [(Milestone.DEPARTED, chain_seconds(SAILED))]
    assert statuses(bench) == [EventStatus.VOUCHED, EventStatus.WITHDRAWN]


def test_account_that_replaces_one_and_contradicts_another_does_both(bench):
    bench.chain.away = True
    tell(bench, "all", sailing(told=1), sailing(DELAYED, told=2), sailing(SAILED + timedelta(minutes=5), told=2))

    assert statuses(bench) == [EventStatus.WITHDRAWN, EventStatus.HELD, EventStatus.HELD]


def test_repeat_makes_an_account_newer_than_what_came_between(bench):
    tell(bench, "first", sailing(told=1))
    tell(bench, "again", sailing(told=3))
    tell(bench, "late", sailing(DELAYED, told=2))
    bench.settle()

    assert facts(bench) == [(Milestone.DEPARTED, chain_seconds(SAILED))]


def test_box_that_turns_out_empty_was_not_loaded(bench):
    bench.chain.away = True
    tell(bench, "laden", loading(told=1))
    tell(bench, "empty", loading(told=2, emptyIndicatorCode="EMPTY"))
    bench.chain.away = False
    bench.settle()

    assert statuses(bench) == [EventStatus.WITHDRAWN, EventStatus.NOT_SIGNED]


@pytest.mark.parametrize(
    "other",
    [
        {"references": [{"referenceType": "EQ", "referenceValue": OTHER_BOX}]},
        {"transportCall": {"transportCallID": "CALL-2", "modeOfTransport": "VESSEL"}},
        {"transportCall": {"transportCallID": "CALL-1", "modeOfTransport": "VESSEL", "transportCallSequenceNumber": 2}},
        {"transportEventTypeCode": "ARRI"},
    ],
)
def test_other_movements_are_left_alone(bench, other):
    bench.chain.away = True
    tell(bench, "one", sailing(told=1))
    tell(bench, "two", sailing(DELAYED, told=2, **other))

    assert EventStatus.WITHDRAWN not in statuses(bench)
    assert len(bench.rows(MovementRow)) == 2


def test_gate_without_a_call_may_be_passed_twice(bench):
    bench.chain.away = True
    for told in (1, 2):
        event = loading(at=SAILED + timedelta(hours=told), told=told, transportCall=None)
        tell(bench, f"gate-{told}", event | {"equipmentEventTypeCode": "GTOT"})

    assert EventStatus.WITHDRAWN not in statuses(bench)


@pytest.mark.parametrize(
    ("told", "at", "signed", "verdict", "why", "replaces"),
    [
        (1, DELAYED, False, Verdict.REFUSE, "a newer message, of", 0),
        (2, DELAYED, False, Verdict.HOLD, "contradicts", 0),
        (3, DELAYED, False, None, "", 1),
        (3, DELAYED, True, Verdict.HOLD, "differs from what this node signed", 1),
        (3, SAILED, True, None, "", 0),
    ],
)
def test_what_a_message_would_mean_is_foretold_and_nothing_changed(bench, told, at, signed, verdict, why, replaces):
    bench.chain.away = not signed
    tell(bench, "known", sailing(told=2))
    bench.settle()
    (event,) = read_document("paper", json.dumps(sailing(at, told, eventID="new")).encode(), 10_000).events
    before = statuses(bench), len(bench.rows(MovementRow))

    with bench.database.session() as session:
        decision, replaced = foretold_update(session, event)

    assert (statuses(bench), len(bench.rows(MovementRow))) == before
    assert len(replaced) == replaces
    assert (decision.verdict if decision else None) == verdict
    assert why in (decision.reason if decision else "")


MESSAGES = st.tuples(st.integers(0, 3), st.integers(1, 6), st.sampled_from(["ACT", "ACT", "ACT", "EST"]))


@settings(max_examples=40, deadline=None)
@given(st.lists(MESSAGES, min_size=1, max_size=7, unique_by=lambda its: its[1]), st.randoms(use_true_random=False))
def test_any_sequence_of_messages_signs_the_newest_account(messages, random):
    """Each of a minute, told at a moment of its own; in any order, some of them twice."""
    actual = [(told, minutes) for minutes, told, classifier in messages if classifier == "ACT"]
    order = [*messages, *messages[:2]]
    random.shuffle(order)
    database = Database(None)
    database.prepare()
    storing = Storing(database, NETWORK_KEY, built_in_rules(), go_on, Metrics())
    for minutes, told, classifier in order:
        message = json.dumps(sailing(SAILED + timedelta(minutes=minutes), told, classifier)).encode()
        storing.store(read_document("paper", message, 10_000))

    with database.session() as session:
        rows = session.exec(select(EventRow).where(EventRow.status == EventStatus.NEW)).all()
    database.close()
    newest = [(SAILED + timedelta(minutes=max(actual)[1])).isoformat()] if actual else []
    assert [row.occurred_at for row in rows] == newest


# 3.0 and retractions


def of_3(at: datetime = SAILED, told: int = 1, classifier: str = "ACT", **more: Any) -> dict[str, Any]:
    party = {"partyCode": "SKL", "codeListProvider": "SMDG", "codeListName": "LCL"}
    event = {
        "eventRouting": {"originatingParty": party},
        "eventID": "evt-1",
        "eventDateTime": at.isoformat(),
        "eventUpdatedDateTime": (SAILED + timedelta(hours=told)).isoformat(),
        "eventClassification": {
            "eventTypeCode": "TRANSPORT",
            "eventClassifierCode": classifier,
            "transportEventTypeCode": "DEPA",
        },
        "shipmentDetails": {"shipmentReferences": [{"typeCode": "PO", "reference": ORDER}]},
    }
    return event | more


@pytest.fixture
def bench_3(bench):
    bench.settings_changes["dcsa"] = {"schema": ["2.2", "3.0.0-2026-01", "3.0.0-beta-1"]}
    bench.restart()
    return bench


def test_event_of_3_is_overridden_as_a_whole_by_its_later_update(bench_3):
    bench_3.chain.away = True
    wrong = {"shipmentReferences": [{"typeCode": "PO", "reference": "PO-WRONG"}]}
    tell(bench_3, "new", of_3(told=2))
    tell(bench_3, "old", of_3(told=1, shipmentDetails=wrong))
    tell(bench_3, "estimate", of_3(DELAYED, told=3, classifier="EST"))
    bench_3.chain.away = False
    bench_3.settle()

    assert facts(bench_3) == [(Milestone.DEPARTED, chain_seconds(SAILED))]
    assert statuses(bench_3) == [EventStatus.VOUCHED, EventStatus.WITHDRAWN, EventStatus.NOT_SIGNED]


def test_event_of_3_without_its_party_replaces_nothing(bench_3):
    bench_3.chain.away = True
    tell(bench_3, "one", of_3(told=1, eventRouting={}, eventClassification=of_3()["eventClassification"]))
    tell(bench_3, "two", of_3(DELAYED, told=2, eventRouting={}))

    assert EventStatus.WITHDRAWN not in statuses(bench_3)


@pytest.mark.parametrize("first", ["event", "retraction"])
@pytest.mark.parametrize(
    ("event", "retraction"),
    [
        (of_3(), {"eventRouting": of_3()["eventRouting"], "eventID": "evt-1", "isRetracted": True}),
        (
            sailing(),
            {
                "metadata": {
                    "eventID": "r-1",
                    "eventCreatedDateTime": NOON.isoformat(),
                    "eventType": "TRANSPORT",
                    "retractedEventID": sailing()["eventID"],
                }
            },
        ),
    ],
    ids=["3.0", "metadata only"],
)
def test_retracted_event_is_never_signed_whichever_came_first(bench_3, first, event, retraction):
    bench_3.chain.away = True
    papers = {"event": event, "retraction": retraction}
    tell(bench_3, "a", papers.pop(first))
    tell(bench_3, "b", *papers.values())
    tell(bench_3, "again", event, retraction)
    bench_3.chain.away = False
    bench_3.settle()

    assert sorted(statuses(bench_3)) == [EventStatus.NOT_SIGNED, EventStatus.WITHDRAWN]
    assert bench_3.chain.sent == []


def test_retraction_after_the_vote_takes_it_back(bench_3):
    tell(bench_3, "event", of_3())
    bench_3.settle()
    tell(bench_3, "retraction", of_3(isRetracted=True, told=2))

    assert statuses(bench_3)[0] == EventStatus.CORRECTED
    assert len(bench_3.rows(RetractionRow)) == 1


@pytest.mark.parametrize("retracted_first", [False, True])
def test_repeat_is_retracted_by_its_own_id(bench, retracted_first):
    bench.chain.away = True
    first, again = sailing(), sailing(told=2, eventID="again")
    retraction = sailing(told=3, eventID="r", retractedEventID="again")
    tell(bench, "event", first)
    for number, paper in enumerate([retraction, again] if retracted_first else [again, retraction]):
        tell(bench, f"paper-{number}", paper)
    bench.chain.away = False
    bench.settle()

    assert statuses(bench)[0] == EventStatus.WITHDRAWN
    assert bench.chain.sent == []


def test_other_version_is_quarantined_naming_both(bench):
    tell(bench, "three", of_3())
    bench.turn(60)

    (reason,) = bench.folder.glob("quarantine/*.reason.txt")
    assert "shape of Track & Trace 3.0.0-2026-01; only 2.2 is read here" in reason.read_text()


def reefer(celsius: float, told: int, at: datetime = NOON - timedelta(minutes=10)) -> dict[str, Any]:
    kind = {"eventTypeCode": "REEFER", "eventClassifierCode": "ACT", "reeferEventTypeCode": "MEAS"}
    probes = [{"temperature": celsius}]
    details = {"temperatureUnit": "CEL", "temperatureProbeMeasurements": probes}
    return of_3(at, eventClassification=kind, reeferDetails=details) | {
        "eventUpdatedDateTime": (NOON - timedelta(minutes=10 - told)).isoformat()
    }


def test_reefer_measures_for_the_feed_and_its_update_replaces_the_value(bench_3):
    bench_3.chain.away = True
    tell(bench_3, "cold", reefer(-18.5, told=1))
    tell(bench_3, "warm", reefer(-8.5, told=2))
    tell(bench_3, "late", reefer(-28.5, told=0))

    rows = [(row.value, row.status) for row in bench_3.rows(ReadingRow)]
    assert rows == [("-18500", "withdrawn"), ("-8500", "new")]


def test_reading_of_a_carrier_is_the_same_as_that_of_a_sensor(bench_3):
    bench_3.chain.away = True
    event = reefer(4.5, told=1)
    tell(bench_3, "carrier", event)
    bench_3.drop("sensor.json", json.dumps(temperature(4.5) | {"@context": "https://ref.gs1.org/x"}).encode())
    bench_3.turn(60)

    carrier, sensor = bench_3.rows(ReadingRow)
    assert (carrier.value, carrier.observed_at, carrier.policy_id) == (
        sensor.value,
        sensor.observed_at,
        sensor.policy_id,
    )


def test_ruling_is_the_other_way_round_for_the_other(bench):
    old = Account("a", SAILED, frozenset(), SAILED)
    new = Account("b", DELAYED, frozenset(), NOON)

    assert (ruling("call|x", new, old), ruling("call|x", old, new)) == (Ruling.NEWER, Ruling.OLDER)
    assert ruling("call|x", Account("b", SAILED, frozenset(), NOON), old) is Ruling.AGREES
    assert ruling("event|x", Account("b", SAILED, frozenset(), NOON), old) is Ruling.NEWER
