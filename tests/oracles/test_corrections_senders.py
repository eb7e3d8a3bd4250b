"""Who may take back what: only the sender of a paper, and the firm itself through its inbox."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from oracle_fakes import NOON, POLICY, WAREHOUSE, dcsa_departure, declared_error, epcis, epcis_event
from structlog.testing import capture_logs

from chain_node.client import Milestone, Role
from oracles.origins import OWN, origin_of
from oracles.sources.drop import Drop, sender_tag, source_of, tag_of
from oracles.store.captures import CaptureRow
from oracles.store.models import DocumentRow

EVENT = epcis_event()
ERROR = epcis(declared_error(EVENT))
ACME, BOREALIS = "acme~" + "1" * 32 + ".json", "borealis~" + "2" * 32 + ".json"


def name_of(source: str, sender: str, number: int) -> str:
    return f"{source}~{tag_of(sender)}-{number:032x}.json"


def statuses(bench) -> list[tuple[str, str]]:
    return [(event.status, event.reason) for event in bench.events()]


def raised(logs) -> list[str]:
    return [line["effect"] for line in logs if line["event"] == "correction for the operator"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("own.json", ACME),
        (ACME, BOREALIS),
        (name_of("http", "token wms", 1), name_of("http", "token other", 2)),
        (name_of("dcsa", "skager", 1), name_of("dcsapoll", "meridian", 2)),
    ],
)
def test_vote_on_one_senders_paper_is_not_taken_back_for_another(bench, first, second):
    bench.drop(first, epcis(EVENT))
    bench.settle()
    with capture_logs() as logs:
        bench.drop(second, ERROR)
        bench.settle()

    assert bench.chain.retracted == []
    assert bench.retractions() == []
    assert bench.event.status == "vouched"
    assert ["came from another sender" in effect for effect in raised(logs)] == [True]


def test_paper_that_another_sender_takes_back_is_held_before_it_is_signed(bench):
    bench.chain.away = True
    bench.drop("own.json", epcis(EVENT))
    bench.turn()
    bench.drop(ACME, ERROR)
    bench.turn()
    bench.chain.away = False
    bench.settle()

    assert statuses(bench) == [("held", "another sender takes it back: declared an error (did_not_occur)")]
    assert bench.observations() == []


def test_error_that_another_sender_declared_ahead_holds_the_event(bench):
    bench.drop(ACME, ERROR)
    bench.settle()
    bench.drop("own.json", epcis(EVENT))
    bench.settle()

    assert statuses(bench) == [("held", "another sender takes it back: declared an error (did_not_occur)")]


def test_shipping_is_not_voided_by_who_knows_its_order(bench):
    bench.drop("own.json", epcis(epcis_event("shipping")))
    bench.settle()
    signed = [(row.status, row.quantity) for row in bench.observations()]
    bench.drop(ACME, epcis(epcis_event("void_shipping", at=NOON - timedelta(minutes=5))))
    bench.settle()

    assert bench.chain.retracted == []
    assert [(row.status, row.quantity) for row in bench.observations()] == signed


def departure(number: str, **more: object) -> bytes:
    (event,) = json.loads(dcsa_departure())
    return json.dumps([event | {"eventID": number} | more]).encode()


def retraction(number: str, of: str) -> bytes:
    at = (NOON - timedelta(hours=1)).isoformat()
    call = {"transportCallID": "OTHER-CALL", "modeOfTransport": "VESSEL"}
    return departure(number, retractedEventID=of, transportCall=call, eventCreatedDateTime=at, eventDateTime=at)


@pytest.fixture
def sailed(bench):
    """A departure that the carrier skager called 1001, voted on and counted."""
    bench.chain.member = replace(WAREHOUSE, roles=int(Role.WAREHOUSE | Role.CARRIER))
    eligible = int(Role.WAREHOUSE | Role.CARRIER | Role.INSPECTOR)
    bench.chain.policies = {int(milestone): replace(POLICY, eligible_roles=eligible) for milestone in Milestone}
    bench.drop(name_of("dcsa", "skager", 1), departure("1001"))
    bench.settle()
    assert [row.status for row in bench.observations()] == ["counted"]
    return bench


def test_carrier_does_not_retract_an_event_of_another_with_the_same_number(sailed):
    with capture_logs() as logs:
        sailed.drop(name_of("dcsapoll", "meridian", 2), retraction("2002", "1001"))
        sailed.settle()

    assert sailed.chain.retracted == []
    assert len(raised(logs)) == 1


def test_carrier_retracts_its_own_event_also_over_its_other_way_in(sailed):
    sailed.drop(name_of("dcsapoll", "skager", 2), retraction("2002", "1001"))
    sailed.settle()

    assert len(sailed.chain.retracted) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [(ACME, "acme~" + "3" * 32 + ".json"), (ACME, "own.json"), ("own.json", "error.json")],
)
def test_sender_and_firm_take_a_paper_back(bench, first, second):
    bench.drop(first, epcis(EVENT))
    bench.settle()
    bench.drop(second, ERROR)
    bench.settle()

    assert len(bench.chain.retracted) == 1


def test_firm_hands_in_what_another_sender_could_not_take_back(bench):
    bench.drop("own.json", epcis(EVENT))
    bench.settle()
    bench.drop(ACME, ERROR)
    bench.settle()
    bench.drop("error.json", ERROR)
    bench.settle()

    assert len(bench.chain.retracted) == 1


def test_client_is_the_same_sender_over_capture_and_papers(bench):
    with bench.database.session() as session:
        for number, name in enumerate(["capture/abc", name_of("http", "token wms", 1), "own.json", ACME], 1):
            session.add(DocumentRow(id=number, name=name, sha256="", received_at="", status="archived"))
        job = {"behaviour": "rollback", "status": "filed", "created_at": "", "sha256": ""}
        session.add(CaptureRow(capture_id="abc", client="token wms", **job))
        session.flush()
        captured, posted, own, acme = (origin_of(session, number) for number in (1, 2, 3, 4))

    assert captured == posted
    assert (own, acme) == (OWN, "acme")


def test_sender_is_in_the_name_of_a_file_and_its_source_is_as_before(tmp_path):
    names = [Drop(tmp_path, "http").put(b"{}", ".json", sender) for sender in ("token wms", "token b", "")]

    assert [sender_tag(name) for name in names] == [tag_of("token wms"), tag_of("token b"), ""]
    assert {source_of(name) for name in names} == {"http"}
    assert len(set(names)) == 3
