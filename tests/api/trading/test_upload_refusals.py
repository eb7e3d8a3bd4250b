"""Uploads that the gateway refuses, in business words, with nothing stored and nothing sent."""

import threading
from typing import Any

import pytest
from httpx import Response
from refusing import refused, traces
from trading import LEIS, Trading, invoice

from api.documents.errors import StoreUnavailable
from api.documents.stores import DirectoryStore

pytestmark = pytest.mark.node


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("syntax", ["ubl", "cii"])
def test_same_invoice_again_is_refused_whatever_its_syntax(syntax: str, trading: Trading, sold: Any) -> None:
    problem = refused(trading.desks["supplier"].upload(invoice(syntax=syntax)), 409, "receivable-exists")

    assert problem["context"] == {"id": sold["receivable_id"], "state": "accepted"}
    assert "the debtor has accepted it" in problem["detail"]


@pytest.mark.usefixtures("unchanged")
def test_same_invoice_in_other_spelling_is_refused(trading: Trading) -> None:
    respelled = invoice().replace(b">AS-2026-0042<", b"> as-2026-042 <")

    refused(trading.desks["supplier"].upload(respelled), 409, "receivable-exists")


@pytest.mark.usefixtures("unchanged")
def test_invoice_of_another_seller_is_refused(trading: Trading) -> None:
    problem = refused(trading.desks["stranger"].upload(invoice("AS-2026-1")), 403, "seller-is-not-caller")

    assert problem["context"]["caller"] == LEIS["stranger"]


@pytest.mark.usefixtures("unchanged")
def test_invoice_to_a_buyer_that_is_no_participant_is_refused(trading: Trading) -> None:
    paper = (
        invoice("AS-2026-2")
        .replace(b"4012345000023", b"4012345000047")
        .replace(b"999900BOREALISRETL40", b"999900MERIDIANFUND55")
    )
    problem = refused(trading.desks["supplier"].upload(paper), 422, "debtor-unknown")

    assert {"scheme": "0088", "value": "4012345000047"} in problem["context"]["identifiers"]


@pytest.mark.usefixtures("unchanged")
def test_invoice_that_breaks_the_rules_is_refused_with_their_ids(trading: Trading) -> None:
    due = b'<cbc:PayableAmount currencyID="EUR">10000'
    wrong = invoice("AS-2026-3").replace(due + b"0", due + b"1")
    problem = refused(trading.desks["supplier"].upload(wrong), 422, "invoice-invalid")

    assert "BR-CO-16" in {violation["rule"] for violation in problem["context"]["violations"]}


@pytest.mark.usefixtures("unchanged")
def test_prepayment_invoice_is_refused_with_the_reason(trading: Trading) -> None:
    prepayment = invoice("AS-2026-4").replace(b"InvoiceTypeCode>380<", b"InvoiceTypeCode>386<")
    problem = refused(trading.desks["supplier"].upload(prepayment), 422, "invoice-not-financeable")

    assert any("prepayment" in reason for reason in problem["context"]["refusals"])


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("content", [b"", b"not xml", b"<a/>", b"%PDF-1.7 broken", invoice()[:500]])
def test_bytes_that_are_no_invoice_are_refused(content: bytes, trading: Trading) -> None:
    refused(trading.desks["supplier"].upload(content), 422, "invoice-unreadable")


@pytest.mark.usefixtures("unchanged")
def test_invoice_beyond_five_megabytes_is_refused(trading: Trading) -> None:
    refused(trading.desks["supplier"].upload(b" " * 5_000_001), 413, "invoice-too-large")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("reference", ["container", "container:", "colour:red"])
def test_malformed_reference_is_refused(reference: str, trading: Trading) -> None:
    answer = trading.desks["supplier"].upload(invoice("AS-2026-5"), "application/xml", reference)

    refused(answer, 422, "reference-malformed")


@pytest.mark.usefixtures("unchanged")
def test_given_reference_to_other_goods_is_refused(trading: Trading) -> None:
    answer = trading.desks["supplier"].upload(invoice("AS-2026-6"), "application/xml", "container:ZZXU2605127")

    problem = refused(answer, 409, "reference-taken")
    assert problem["context"] == {"kind": "container", "value": "ZZXU2605127"}


def test_second_invoice_on_one_order_is_taken_and_says_what_it_could_not_link(trading: Trading, sold: Any) -> None:
    paper = invoice("AS-2026-7").replace(b"PO-AS-2026-7", b"PO-2026-0815")
    answer = trading.desks["supplier"].upload(paper)

    assert answer.status_code == 201, answer.text
    assert {(r["kind"], r["linked"]) for r in answer.json()["references"]} == {
        ("invoice", True),
        ("order", False),
        ("despatch_advice", True),
    }


def test_of_equal_uploads_at_once_exactly_one_is_taken(trading: Trading, sold: Any) -> None:
    answers: list[Response] = []
    paper = invoice("AS-2026-8")
    threads = [
        threading.Thread(target=lambda: answers.append(trading.desks["supplier"].upload(paper))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5], [a.text for a in answers]
    assert {a.json()["error"] for a in answers if a.status_code == 409} == {"receivable-exists"}


def test_upload_repeated_under_its_idempotency_key_gets_the_same_answer(trading: Trading, sold: Any) -> None:
    desk, paper = trading.desks["supplier"], invoice("AS-2026-9")

    first = desk.upload(paper, **{"Idempotency-Key": "upload-9"})
    before = traces(trading)
    second = desk.upload(paper, **{"Idempotency-Key": "upload-9"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert traces(trading) == before


@pytest.mark.usefixtures("unchanged")
def test_invoice_that_is_already_due_is_refused_by_the_contract_in_its_words(trading: Trading) -> None:
    late = invoice("AS-2026-10").replace(b"DueDate>2026-07-03", b"DueDate>2026-05-03")
    answer = trading.desks["supplier"].upload(late)

    assert answer.status_code == 422, answer.text
    assert answer.json()["error"] in ("due-date-out-of-range", "invoice-not-financeable", "invoice-invalid")


@pytest.mark.usefixtures("unchanged")
def test_invoice_is_refused_while_the_document_store_is_away(trading: Trading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is registered whose paper is not kept: it is sent again."""

    def away(store: DirectoryStore, data: bytes) -> str:
        raise StoreUnavailable("IPFS at /ip4/127.0.0.1/tcp/5001/http", "connection refused")

    monkeypatch.setattr(DirectoryStore, "put", away)

    refused(trading.desks["supplier"].upload(invoice("AS-2026-7777")), 503, "document-store-unavailable")
