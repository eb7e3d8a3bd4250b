"""Whatever comes as a logistics document is read, or refused by name; quickly, and without reaching for anything."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ubl_documents import BOX, consignment, despatch_advice, happened, transportation_status

from standards.detect import NotRecognised, detect
from standards.epcis import event_hash, parse_event
from standards.errors import StandardsError
from standards.ubl import (
    despatch_to_epcis,
    parse_despatch_advice,
    parse_receipt_advice,
    parse_transportation_status,
    status_to_epcis,
    to_epcis,
)
from standards.xml import DEFAULT_LIMIT_BYTES, XmlRefused

READERS: tuple[Callable[[bytes], list[dict[str, Any]]], ...] = (
    lambda data: [to_epcis(parse_receipt_advice(data))],
    lambda data: [despatch_to_epcis(parse_despatch_advice(data))],
    lambda data: status_to_epcis(parse_transportation_status(data)),
)
WRITTEN = (
    despatch_advice(),
    transportation_status(
        consignment(happened(), more=f"<cac:TransportHandlingUnit>{BOX}</cac:TransportHandlingUnit>")
    ),
)
SAMPLES = Path(__file__).parents[4] / "shared" / "data" / "logistics"
CORPUS = [*WRITTEN, *(path.read_bytes() for path in sorted(SAMPLES.rglob("*.xml")))]
EICAR = base64.b64encode(rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").decode()
_VALUE = re.compile(rb">([^<>]*)<")


def read(data: bytes) -> None:
    """By every reader, as far as the hash. Only StandardsError may come out."""
    for reader in READERS:
        try:
            for event in reader(data):
                event_hash(parse_event(json.loads(json.dumps(event))))
        except StandardsError:
            continue
    with contextlib.suppress(StandardsError):
        detect(data)


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE x [<!ENTITY a "a">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        "<!DOCTYPE x [" + '<!ENTITY a "aaaaaaaaaa">' + "".join(
            f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)) + "]>",
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
    ],
)  # fmt: skip
def test_document_type_is_refused_and_nothing_is_fetched(prologue: str, number: int) -> None:
    document = CORPUS[number % len(CORPUS)].split(b"?>", 1)[1].replace(b"<cbc:ID>", b"<cbc:ID>&a;", 1)

    for reader in READERS:
        with pytest.raises(XmlRefused):
            reader(prologue.encode() + document)


def test_document_beyond_the_limit_is_not_even_parsed() -> None:
    with pytest.raises(XmlRefused, match="are more than the"):
        parse_transportation_status(b"<" + b"x" * DEFAULT_LIMIT_BYTES)


def test_deep_nesting_is_refused() -> None:
    data = despatch_advice().replace(b"<cac:Shipment>", b"<cac:Shipment>" + b"<cac:Package>" * 100_000)

    with pytest.raises(XmlRefused):
        parse_despatch_advice(data)


@pytest.mark.parametrize("data", [b"", b" ", b"\xff\xfe<", b"\xef\xbb\xbf", b"<a>\xff</a>", b"%PDF-1.7", b"<?xml?>"])
def test_what_is_no_document_is_refused(data: bytes) -> None:
    for reader in READERS:
        with pytest.raises(StandardsError):
            reader(data)


def attached(content: str) -> str:
    inner = f"<cbc:EmbeddedDocumentBinaryObject>{content}</cbc:EmbeddedDocumentBinaryObject>"
    return f"<cac:DocumentReference><cbc:ID>1</cbc:ID><cac:Attachment>{inner}</cac:Attachment></cac:DocumentReference>"


def test_attachment_is_neither_decoded_nor_part_of_the_fact() -> None:
    (plain,) = status_to_epcis(parse_transportation_status(transportation_status(happened())))
    data = transportation_status(happened(), document=attached(EICAR))

    (event,) = status_to_epcis(parse_transportation_status(data))

    assert event == plain


def test_large_attachment_costs_no_more_than_its_own_size() -> None:
    data = transportation_status(happened(), document=attached("A" * 6_000_000))
    tracemalloc.start()
    try:
        parse_transportation_status(data)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 4 * len(data)


def test_other_papers_of_logistics_are_not_recognised() -> None:
    with pytest.raises(NotRecognised, match="Waybill"):
        detect(despatch_advice().replace(b"DespatchAdvice", b"Waybill"))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_mutated_documents_are_read_or_refused_by_name(data: st.DataObject) -> None:
    document = bytearray(data.draw(st.sampled_from(CORPUS)))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, max(0, len(document) - 1)))
        end = start + data.draw(st.integers(0, 40))
        document[start:end] = data.draw(st.binary(max_size=20))

    read(bytes(document))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_text_in_any_element_is_read_or_refused_by_name(data: st.DataObject) -> None:
    """Keeps the document well-formed, so that what is reached lies behind the parser of XML."""
    document = data.draw(st.sampled_from(CORPUS))
    places = [match for match in _VALUE.finditer(document) if match[1].strip()]
    values = st.text(max_size=30) | st.sampled_from(
        ["-1", "1e999", "99999999999999999999", "0001-01-01", "9999-12-31", "24:00:00", "00:00:00+14:59", "true", "22"]
    )
    for match in sorted(
        data.draw(st.lists(st.sampled_from(places), max_size=5, unique_by=lambda m: m.start())),
        key=lambda m: -m.start(),
    ):
        text = data.draw(values).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        document = document[: match.start(1)] + text.encode("utf-8", "surrogatepass") + document[match.end(1) :]

    read(document)
