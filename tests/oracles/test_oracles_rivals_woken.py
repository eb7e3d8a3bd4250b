"""Papers of one fact that lie in the database unmatched: none is signed before all of them were compared."""

from __future__ import annotations

import pytest
from oracle_bench import Bench
from oracle_fakes import SUBJECT, epcis, epcis_event

from oracles import deciding
from oracles.store.models import EventStatus

HELD, VOUCHED, WAITING = EventStatus.HELD, EventStatus.VOUCHED, EventStatus.WAITING
MANY = deciding.MOST_AT_ONCE + 6


def lay_waiting(bench: Bench, first: bytes, second: bytes, between: int = MANY) -> None:
    """Two papers of consignments that are not linked yet, and others between them that stay so."""
    bench.drop("000.json", first)
    bench.drop("010.json", epcis(*[epcis_event(order=f"PO-U{place}", quantity=10) for place in range(between)]))
    bench.drop("999.json", second)
    bench.settle()
    assert {row.status for row in bench.events()} == {WAITING}


def papers(**second) -> tuple[bytes, bytes]:
    first, other = epcis_event(order="PO-X", quantity=950), epcis_event(**{"order": "PO-X", "quantity": 10, **second})
    return epcis(first), epcis(other)


def ends(bench: Bench) -> list[str]:
    rows = bench.events()
    return [rows[0].status, rows[-1].status]


@pytest.mark.parametrize("linked", ["while the node is stopped", "while the network is away", "while it runs"])
def test_however_many_are_woken_two_that_differ_are_held(bench, linked):
    lay_waiting(bench, *papers())
    if linked == "while the network is away":
        bench.chain.away = True
        bench.turn(60)
    bench.chain.link("order", "PO-X")
    bench.chain.away = False
    if linked == "while the node is stopped":
        bench.restart()

    bench.settle()

    assert ends(bench) == [HELD, HELD]
    assert (bench.chain.sent, bench.observations()) == ([], [])


def test_two_that_share_no_reference_are_held_after_a_restart_too(bench):
    other = epcis_event(quantity=10, order="PO-Y")
    lay_waiting(bench, epcis(epcis_event(order="PO-X", quantity=950)), epcis(other))
    bench.chain.link("order", "PO-X")
    bench.chain.link("order", "PO-Y", SUBJECT)
    bench.restart()

    bench.settle()

    assert ends(bench) == [HELD, HELD]
    assert bench.chain.sent == []


def test_one_that_comes_in_the_turn_of_the_link_is_compared_with_what_waited(bench):
    bench.drop("first.json", epcis(epcis_event(order="PO-X", quantity=950)))
    bench.settle()
    bench.turn()
    bench.chain.link("order", "PO-X")
    bench.chain.link("order", "PO-Y", SUBJECT)
    bench.drop("second.json", epcis(epcis_event(order="PO-Y", quantity=10)))

    bench.settle()

    assert ends(bench) == [HELD, HELD]
    assert bench.chain.sent == []


def test_new_ones_beyond_a_turn_are_compared(bench, monkeypatch):
    monkeypatch.setattr(deciding, "MOST_NEW", 3)
    bench.chain.link("order", "PO-X")
    bench.chain.away = True
    for name, paper in zip(("000.json", "999.json"), papers(), strict=True):
        bench.drop(name, paper)
        bench.drop(f"{name}.more.json", epcis(*[epcis_event(order=f"PO-{name}{at}") for at in range(5)]))
    bench.turn(60)
    bench.turn(60)
    assert len(bench.events()) == 12
    bench.chain.away = False

    bench.settle()

    marked = [row for row in bench.events() if row.subject]
    assert [row.status for row in marked] == [HELD, HELD]
    assert bench.chain.sent == []


def test_what_agrees_is_signed_once_and_all_others_are_asked(bench):
    """The first look after a start takes many turns; what came first is signed when it is over."""
    lay_waiting(bench, *papers(quantity=950, disposition="in_progress"), between=3 * deciding.MOST_AT_ONCE)
    bench.chain.link("order", "PO-X")
    bench.restart()
    bench.turn()
    assert bench.chain.sent == []

    bench.settle()

    assert sorted(ends(bench)) == [EventStatus.NOT_SIGNED, VOUCHED]
    assert len(bench.chain.counted) == 1
    assert {row.status for row in bench.events()[1:-1]} == {WAITING}
