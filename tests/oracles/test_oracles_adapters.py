"""From papers to canonical events: kinds, milestones, quantities, references."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from oracle_fakes import NOON, dcsa_departure, epcis, epcis_event, receipt_advice

from chain_node.client import Milestone
from oracles.adapters import read_document
from oracles.canonical import Classifier, Kind, Reference, evidence_of
from oracles.errors import DocumentRefused
from oracles.rules.milestones import kind_of, milestone_of

LIMIT = 1_000_000


def read(data: bytes):
    return list(read_document("paper", data, LIMIT).events)


def dcsa(**changes) -> bytes:
    (event,) = json.loads(dcsa_departure())
    del event["transportEventTypeCode"], event["transportCall"]
    return json.dumps([event | changes]).encode()


@pytest.mark.parametrize(
    ("step", "milestone"),
    [
        ("loading", Milestone.LOADED),
        ("departing", Milestone.DEPARTED),
        ("arriving", Milestone.ARRIVED),
        ("unloading", Milestone.DISCHARGED),
        ("receiving", Milestone.RECEIVED),
        ("accepting", Milestone.RECEIVED),
        ("storing", Milestone.STORED),
        ("holding", Milestone.STORED),
        ("https://ref.gs1.org/cbv/BizStep-receiving", Milestone.RECEIVED),
        ("shipping", None),
        ("picking", Milestone.RELEASED),
        ("inspecting", None),
        ("void_shipping", None),
        ("sensor_reporting", None),
    ],
)
def test_business_step_gives_its_milestone(step, milestone):
    (event,) = read(epcis(epcis_event(step)))

    assert milestone_of(kind_of(event.activity)) is milestone


def test_shipping_with_a_bill_of_lading_is_loading():
    bill = [{"type": "bol", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000030:BL-1"}]

    (event,) = read(epcis(epcis_event("shipping", bizTransactionList=bill)))

    assert kind_of(event.activity) is Kind.GOODS_LOADED


@pytest.mark.parametrize(
    ("disposition", "kind"),
    [
        ("conformant", Kind.INSPECTED),
        ("non_conformant", Kind.INSPECTION_FAILED),
        ("damaged", Kind.INSPECTION_FAILED),
        ("in_progress", None),
    ],
)
def test_inspection_counts_by_its_finding(disposition, kind):
    (event,) = read(epcis(epcis_event("inspecting", disposition=disposition)))

    assert kind_of(event.activity) is kind


def test_inspection_that_finds_both_is_not_sound():
    both = {"disposition": "conformant", "persistentDisposition": {"set": ["damaged"]}}

    (event,) = read(epcis(epcis_event("inspecting", **both)))

    assert kind_of(event.activity) is Kind.INSPECTION_FAILED


def test_quantities_of_one_unit_are_summed_in_thousandths():
    amounts = [
        {"epcClass": f"https://id.gs1.org/01/0401234510{n}", "quantity": q} for n, q in ((1010, 500.5), (1027, 2))
    ]

    (event,) = read(epcis(epcis_event(quantityList=amounts)))

    assert (event.quantity, event.unit) == (502_500, "C62")


def test_quantities_of_different_units_are_not_measurable():
    amounts = [
        {"epcClass": "https://id.gs1.org/01/04012345101010", "quantity": 5},
        {"epcClass": "https://id.gs1.org/01/04012345101027", "quantity": 5, "uom": "KGM"},
    ]

    (event,) = read(epcis(epcis_event(quantityList=amounts)))

    assert event.quantity == 0


def test_receipt_advice_counts_what_was_accepted_over_all_lines():
    (event,) = read(receipt_advice((500, 0), (300, 20), (170, 0)))

    assert (event.quantity, milestone_of(kind_of(event.activity))) == (950_000, Milestone.RECEIVED)
    assert event.references == (Reference("order", "PO-2026-0815"),)


def test_receipt_advice_that_answers_only_a_document_is_no_fact():
    (event,) = read(receipt_advice((500, 0), type_code="D"))

    assert kind_of(event.activity) is None


@pytest.mark.parametrize(
    ("code", "load", "milestone"),
    [
        ("LOAD", "LADEN", Milestone.LOADED),
        ("LOAD", "EMPTY", None),
        ("DISC", "LADEN", Milestone.DISCHARGED),
        ("DISC", "EMPTY", None),
        ("GTOT", "LADEN", None),
        ("INSP", "LADEN", None),
        ("STRP", "EMPTY", Milestone.STORED),
    ],
)
def test_equipment_event_gives_its_milestone(code, load, milestone):
    (event,) = read(dcsa(eventType="EQUIPMENT", equipmentEventTypeCode=code, emptyIndicatorCode=load))

    assert milestone_of(kind_of(event.activity)) is milestone


def test_departure_of_a_transport_is_departed_with_the_carriers_references():
    (event,) = read(dcsa_departure())

    assert milestone_of(kind_of(event.activity)) is Milestone.DEPARTED
    assert event.classifier is Classifier.ACTUAL
    assert Reference("order", "PO-2026-0815") in event.references


def test_title_document_moves_no_money():
    (event,) = read(
        dcsa(eventType="SHIPMENT", shipmentEventTypeCode="SURR", documentTypeCode="TRD", documentID="HAM26051234")
    )

    assert kind_of(event.activity) is Kind.TITLE_CHANGED
    assert milestone_of(kind_of(event.activity)) is None


def test_estimate_and_actual_of_one_departure_have_different_hashes():
    (actual,), (estimate,) = read(dcsa_departure("ACT")), read(dcsa_departure("EST"))

    assert actual.event_hash != estimate.event_hash
    assert estimate.classifier is Classifier.ESTIMATED


def test_message_id_is_no_part_of_the_event():
    (first,), (second,) = read(dcsa_departure()), read(dcsa_departure())

    assert first.event_hash == second.event_hash


def test_evidence_is_the_hash_in_the_event_name():
    (event,) = read(epcis(epcis_event()))

    assert event.evidence == evidence_of(event.event_hash)
    assert event.evidence.hex() in event.event_hash


def test_event_time_is_kept_as_instant_with_its_local_offset():
    (event,) = read(epcis(epcis_event() | {"eventTime": "2026-05-28T14:00:00+02:00", "eventTimeZoneOffset": "+02:00"}))

    assert (event.occurred_at, event.local_offset) == (NOON, "+02:00")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"hello", "neither JSON nor XML"),
        (b'{"type": "EPCISDocument", "epcisBody"', "JSON refused"),
        (b"<a", "XML refused"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "XML refused"),
        (b"<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'/>", "goes to the gateway"),
        (epcis(), "no event"),
        (epcis(epcis_event("receiving", eventTime="yesterday")), "/epcisBody/eventList/0/eventTime"),
        (b"[" * 100_000, "JSON refused"),
    ],
)
def test_malformed_document_is_refused_in_one_sentence_that_names_it(data, why):
    with pytest.raises(DocumentRefused, match=why) as refused:
        read(data)

    assert str(refused.value).startswith("paper: ")
    assert "\n" not in str(refused.value)


def test_document_beyond_the_limit_is_refused():
    with pytest.raises(DocumentRefused, match="larger than the 10 bytes"):
        read_document("paper", epcis(epcis_event()), 10)


TRADE = Path(__file__).parents[2] / "examples" / "trade"


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("departure.dcsa.json", [(Milestone.LOADED, 0), (Milestone.DEPARTED, 0)]),
        ("inspection.epcis.json", [(Milestone.DEPARTED, 0)]),
        ("receiving.epcis.json", [(Milestone.RECEIVED, 950_000)]),
        ("receipt-advice.xml", [(Milestone.RECEIVED, 950_000)]),
    ],
)
def test_papers_of_the_example_trade_give_their_facts(name, facts):
    events = read((TRADE / name).read_bytes())

    assert [(milestone_of(kind_of(event.activity)), event.quantity) for event in events] == facts
    assert all(Reference("order", "PO-2026-0815") in event.references for event in events)
