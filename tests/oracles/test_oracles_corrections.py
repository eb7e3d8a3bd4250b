"""Papers that take back earlier ones: what was not sent is withdrawn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from oracle_fakes import NOON, declared_error, epcis, epcis_event, receipt_advice

from oracles.store.models import CorrectionRow, EventStatus, ObservationStatus


def test_declared_error_withdraws_a_vote_that_was_not_sent(bench):
    bench.chain.away = True
    event = epcis_event()
    bench.drop("event.json", epcis(event))
    bench.turn()
    bench.drop("error.json", epcis(declared_error(event)))
    bench.turn()

    bench.chain.away = False
    bench.settle()

    assert bench.event.status == EventStatus.WITHDRAWN
    assert bench.chain.sent == []


def test_declared_error_withdraws_a_signed_batch_and_its_other_items_are_sent(bench, monkeypatch):
    wrong, right = epcis_event("receiving"), epcis_event("storing")
    with monkeypatch.context() as patch:
        patch.setattr(bench.node._connected().outbox, "run", lambda: 0)
        bench.drop("events.json", epcis(wrong, right))
        bench.turn()
    assert [row.status for row in bench.observations()] == [ObservationStatus.SIGNED] * 2

    bench.drop("error.json", epcis(declared_error(wrong)))
    bench.settle()

    assert [row.status for row in bench.observations()] == [ObservationStatus.WITHDRAWN, ObservationStatus.COUNTED]
    assert len(bench.chain.counted) == 1


def test_declared_error_that_comes_first_keeps_its_event_from_being_signed(bench):
    event = epcis_event()
    bench.drop("error.json", epcis(declared_error(event)))
    bench.settle()

    bench.drop("event.json", epcis(event))
    bench.settle()

    assert bench.event.status == EventStatus.WITHDRAWN
    assert bench.chain.sent == []


def test_withdrawn_event_leaves_room_for_the_right_one(bench):
    bench.chain.away = True
    wrong = epcis_event(quantity=1000)
    bench.drop("wrong.json", epcis(wrong, declared_error(wrong, "incorrect_data"), epcis_event(quantity=950)))
    bench.turn()

    bench.chain.away = False
    bench.settle()

    assert [quantity for _, quantity, _ in bench.chain.counted] == [950_000]


def test_same_correction_again_changes_nothing(bench):
    event = epcis_event()
    for name in ("first.json", "second.json"):
        bench.drop(name, epcis(declared_error(event)))
        bench.settle()

    assert len(bench.rows(CorrectionRow)) == 1


def test_voided_shipping_is_withdrawn(bench):
    bench.chain.away = True
    shipping = epcis_event("shipping", at=NOON - timedelta(hours=3))
    shipping["bizTransactionList"].append({"type": "bol", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000030:BL-1"})
    bench.drop("shipping.json", epcis(shipping, epcis_event("departing", at=NOON - timedelta(hours=2))))
    bench.turn()
    bench.drop("void.json", epcis(epcis_event("void_shipping", at=NOON - timedelta(hours=1))))
    bench.turn()

    bench.chain.away = False
    bench.settle()

    statuses = {event.activity: event.status for event in bench.events()}
    assert statuses["shipping"] == EventStatus.WITHDRAWN
    assert statuses["void_shipping"] == EventStatus.NOT_SIGNED
    assert statuses["departing"] == EventStatus.VOUCHED


@pytest.mark.parametrize("lines", [((950, 0),), ((1, 0),)])
def test_cancelled_receipt_advice_is_withdrawn_whatever_its_lines_say(bench, lines):
    bench.chain.away = True
    bench.drop("advice.xml", receipt_advice((950, 0)))
    bench.turn()
    bench.drop("cancel.xml", receipt_advice(*lines, status="1"))
    bench.turn()

    bench.chain.away = False
    bench.settle()

    assert bench.events()[0].status == EventStatus.WITHDRAWN
    assert bench.chain.sent == []


def test_cancellation_that_comes_first_keeps_the_advice_from_being_signed(bench):
    bench.drop("cancel.xml", receipt_advice((1, 0), status="1"))
    bench.settle()

    bench.drop("advice.xml", receipt_advice((950, 0)))
    bench.settle()

    assert bench.chain.sent == []


def test_replaced_receipt_advice_gives_way_to_the_new_one(bench):
    bench.chain.away = True
    bench.drop("advice.xml", receipt_advice((1000, 0)))
    bench.turn()
    bench.drop("replacement.xml", receipt_advice((950, 0), status="5"))
    bench.turn()

    bench.chain.away = False
    bench.settle()

    assert [quantity for _, quantity, _ in bench.chain.counted] == [950_000]
