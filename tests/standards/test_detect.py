from pathlib import Path

import pytest

from standards.detect import NotRecognised, detect
from standards.strict_json import JsonRefused
from standards.xml import XmlRefused

TRADE = Path(__file__).parents[2] / "examples" / "trade"


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("receiving.epcis.json", "epcis"),
        ("departure.dcsa.json", "dcsa"),
        ("receipt-advice.xml", "receipt_advice"),
        ("invoice.ubl.xml", "invoice"),
        ("invoice.cii.xml", "invoice"),
        ("order.ubl.xml", "order"),
    ],
)
def test_documents_of_the_example_trade_are_told_apart(name: str, standard: str) -> None:
    assert detect((TRADE / name).read_bytes()) == standard


@pytest.mark.parametrize(
    ("data", "standard"),
    [
        (b'\xef\xbb\xbf {"type": "ObjectEvent"}', "epcis"),
        (b'{"events": [{"eventType": "TRANSPORT"}]}', "dcsa"),
        (b'{"metadata": {}, "payload": {}}', "dcsa"),
        (b"%PDF-1.7 ...", "invoice"),
    ],
)
def test_the_first_level_is_enough(data: bytes, standard: str) -> None:
    assert detect(data) == standard


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"hello", "neither JSON nor XML nor PDF"),
        (b"[]", "list of events is empty"),
        (b"[1]", "holds no event"),
        (b'{"a": 1}', "neither an EPCIS 2.0 document"),
        (b"<a/>", "root element a"),
        (b'<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2"/>', "EPCIS as XML is not read"),
    ],
)
def test_anything_else_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(NotRecognised, match=why):
        detect(data)


def test_what_cannot_be_read_is_refused_by_its_syntax() -> None:
    with pytest.raises(JsonRefused):
        detect(b'{"type": ')
    with pytest.raises(XmlRefused):
        detect(b"<a>")
