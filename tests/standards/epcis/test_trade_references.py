from typing import Any

import pytest
from epcis_factories import event

from standards.epcis import TradeReference, parse_event, quantity_thousandths, references


def documents(*transactions: tuple[str | None, str]) -> list[tuple[str, str]]:
    listed = [{"bizTransaction": identifier} | ({"type": kind} if kind else {}) for kind, identifier in transactions]
    return [(found.kind, found.value) for found in references(parse_event(event(bizTransactionList=listed)))]


@pytest.mark.parametrize(
    ("kind", "identifier", "reference"),
    [
        ("po", "urn:epcglobal:cbv:bt:4012345000023:PO-2026-0815", ("order", "PO-2026-0815")),
        ("po", "urn:epcglobal:cbv:bt:4012345000023:PO%2F2026%3A1", ("order", "PO/2026:1")),
        ("cbv:BTT-po", "http://transaction.acme.com/po/12345678?x=1", ("order", "12345678")),
        ("desadv", "urn:epcglobal:cbv:bt:0614141073467:1152", ("despatch_advice", "1152")),
        ("inv", "urn:epc:id:gdti:0614141.00001.1618034", ("invoice", "1618034")),
        ("https://ref.gs1.org/cbv/BTT-bol", "urn:uuid:f81d4fae-7dec", ("transport_document", "f81d4fae-7dec")),
        ("urn:portolan:btt:booking", "urn:portolan:booking:SKL7701926", ("booking", "SKL7701926")),
        (None, "urn:portolan:transport_document:HAM%2026", ("transport_document", "HAM 26")),
    ],
)
def test_document_is_known_by_type_and_number(kind: str | None, identifier: str, reference: tuple[str, str]) -> None:
    assert documents((kind, identifier)) == [reference]


@pytest.mark.parametrize(
    ("kind", "identifier"),
    [("recadv", "urn:epcglobal:cbv:bt:1:RA-1"), (None, "http://a.example/po/1"), ("po", "https://a.example"),
     (None, "urn:portolan:receipt_advice:RA-1"), ("po", "urn:portolan:elsewhere:1")],
)  # fmt: skip
def test_other_documents_name_no_trade(kind: str | None, identifier: str) -> None:
    assert documents((kind, identifier)) == []


def test_boxes_are_known_by_sscc_container_and_consignment() -> None:
    whole = event(
        type="AggregationEvent",
        quantityList=None,
        parentID="urn:epc:id:sscc:4012345.0000000333",
        childEPCs=["urn:epc:id:bic:APZU4812090", "urn:epc:id:ginc:0614141.xyz47", "urn:epc:id:giai:4000001.1"],
    )

    assert references(parse_event(whole)) == [
        TradeReference("sscc", "040123450000003338"),
        TradeReference("container", "APZU4812090"),
        TradeReference("consignment", "0614141xyz47"),
    ]


def test_container_with_a_wrong_check_digit_is_no_reference() -> None:
    assert references(parse_event(event(epcList=["urn:epc:id:bic:APZU4812091"]))) == []


def test_each_reference_is_named_once() -> None:
    order = ("po", "urn:epcglobal:cbv:bt:1:PO-1")

    assert documents(order, ("po", "https://a.example/po/PO-1"), order) == [("order", "PO-1")]


def quantity(**changes: Any) -> tuple[int, str | None]:
    return quantity_thousandths(parse_event(event(**changes)))


def amounts(*items: tuple[object, str | None]) -> list[dict[str, object]]:
    return [
        {"epcClass": "a:b"} | ({"quantity": n} if n is not None else {}) | ({"uom": u} if u else {}) for n, u in items
    ]


def test_pieces_are_summed_whatever_they_are_called() -> None:
    assert quantity(quantityList=amounts((500, None), (250, "C62"), (200, "H87"))) == (950_000, "C62")


def test_serial_items_count_as_a_piece_each() -> None:
    items = ["urn:epc:id:sgtin:4012345.011111.1", "https://a.example/01/04012345111118/21/2", "urn:epc:id:bic:X"]

    assert quantity(epcList=items, quantityList=None) == (2_000, "C62")


def test_weights_keep_their_thousandths_and_round_down() -> None:
    assert quantity(quantityList=amounts((1.2345, "KGM"), (2, "KGM"))) == (3_234, "KGM")


@pytest.mark.parametrize(
    "listed", [amounts((1, "KGM"), (1, "C62")), amounts((1, "KGM"), (None, "KGM")), amounts((None, None))]
)
def test_mixed_units_and_missing_amounts_measure_nothing(listed: list[dict[str, object]]) -> None:
    assert quantity(quantityList=listed) == (0, None)


def test_items_among_weights_measure_nothing() -> None:
    items = ["urn:epc:id:sgtin:4012345.011111.1"]

    assert quantity(epcList=items, quantityList=amounts((5, "KGM"))) == (0, None)


def test_an_event_without_goods_measures_nothing() -> None:
    assert quantity(quantityList=None, epcList=[]) == (0, None)
