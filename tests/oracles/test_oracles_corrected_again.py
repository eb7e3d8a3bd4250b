"""Where corrections end: what is corrected twice, replaced or stated again after its vote was taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from oracle_fakes import NOON, declared_error, epcis, epcis_event, receipt_advice
from structlog.testing import capture_logs
from test_oracles_retracting import raised

from chain_node.client import Refusal
from oracles.store.models import EventStatus


@pytest.mark.parametrize("reason", ["did_not_occur", "incorrect_data"])
def test_event_corrected_twice_is_taken_back_once(voted, reason):
    event = epcis_event()
    voted.drop("error.json", voted.wrong)
    voted.settle()
    later = declared_error(event, reason) | {"recordTime": NOON.isoformat()}
    later["errorDeclaration"]["declarationTime"] = (NOON + timedelta(hours=1)).isoformat()
    voted.drop("again.json", epcis(later))
    with capture_logs() as logs:
        voted.settle()

    assert (len(voted.chain.retracted), raised(logs)) == (1, [])


def test_replaced_figure_after_a_retraction_is_held_with_both_figures(bench):
    bench.drop("advice.xml", receipt_advice((1000, 0)))
    bench.settle()

    bench.drop("replacement.xml", receipt_advice((950, 0), status="5"))
    with capture_logs() as logs:
        bench.settle()

    first, second = bench.events()
    assert (first.status, second.status) == (EventStatus.CORRECTED, EventStatus.HELD)
    assert "then 1000000 thousandths" in second.reason
    assert "now 950000" in second.reason
    assert raised(logs)
    assert [quantity for _, quantity, _ in bench.chain.counted] == [1_000_000]
    assert len(bench.chain.retracted) == 1


def test_corrective_event_waits_for_the_retraction_and_is_held(bench):
    wrong, right = epcis_event(quantity=1000), epcis_event(quantity=950, eventID="urn:uuid:right")
    error = declared_error(wrong, "incorrect_data")
    error["errorDeclaration"]["correctiveEventIDs"] = ["urn:uuid:right"]
    bench.drop("wrong.json", epcis(wrong))
    bench.turn()
    bench.drop("right.json", epcis(error, right))
    bench.turn()
    assert bench.events()[1].status == EventStatus.WAITING

    bench.settle()

    assert [event.status for event in bench.events()] == [EventStatus.CORRECTED, EventStatus.HELD]
    assert len(bench.chain.retracted) == len(bench.chain.counted) == 1


def test_second_account_is_not_signed_where_the_first_was_sent_and_refused(bench):
    """Both signatures would be there to show: that is what the network calls two accounts of one fact."""
    wrong = epcis_event(quantity=1000)
    bench.drop("wrong.json", epcis(wrong))
    bench.turn()
    bench.chain.refuse = Refusal.TOO_OLD
    bench.drop("right.json", epcis(declared_error(wrong, "incorrect_data"), epcis_event(quantity=950)))

    bench.settle()

    assert [event.status for event in bench.events()] == [EventStatus.WITHDRAWN, EventStatus.HELD]
    assert len(bench.chain.sent) == 1


def test_correction_of_a_correction_is_held_and_changes_nothing(bench):
    shipping = epcis_event("shipping", at=NOON - timedelta(hours=3))
    shipping["bizTransactionList"].append({"type": "bol", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000030:BL-1"})
    void = epcis_event("void_shipping", at=NOON - timedelta(hours=1))
    for name, event in (("shipping", shipping), ("void", void)):
        bench.drop(f"{name}.json", epcis(event))
        bench.settle()
    assert len(bench.chain.retracted) == 1

    bench.drop("error.json", epcis(declared_error(void)))
    with capture_logs() as logs:
        bench.settle()

    shipped, voided = bench.events()
    assert (shipped.status, voided.status) == (EventStatus.CORRECTED, EventStatus.HELD)
    assert "is itself a correction" in voided.reason
    assert raised(logs)
    assert (len(bench.chain.retracted), len(bench.chain.counted)) == (1, 1)


def test_event_stated_again_after_its_correction_is_held(voted):
    voted.drop("error.json", voted.wrong)
    voted.settle()

    voted.drop("again.json", epcis(epcis_event(recordTime=(NOON + timedelta(hours=2)).isoformat())))
    with capture_logs() as logs:
        voted.settle()

    assert voted.event.status == EventStatus.HELD
    assert "stated again after it was corrected" in voted.event.reason
    assert [line["event"] for line in raised(logs)] == ["stated again"]
    assert len(voted.chain.counted) == len(voted.chain.retracted) == 1


def test_event_that_comes_late_after_its_correction_stays_withdrawn(bench):
    bench.drop("error.json", epcis(declared_error(epcis_event())))
    bench.settle()

    bench.drop("late.json", epcis(epcis_event(recordTime=(NOON - timedelta(minutes=30)).isoformat())))
    bench.settle()

    assert bench.event.status == EventStatus.WITHDRAWN


def test_event_first_seen_after_its_correction_but_written_later_is_held(bench):
    bench.drop("error.json", epcis(declared_error(epcis_event())))
    bench.settle()

    bench.drop("again.json", epcis(epcis_event(recordTime=(NOON + timedelta(hours=2)).isoformat())))
    bench.settle()

    assert bench.event.status == EventStatus.HELD
    assert bench.chain.sent == []
