"""What the gateway refuses, in business words, with nothing stored and nothing sent."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Response
from sqlmodel import func, select
from trading import FACE_VALUE, LADDER, LEIS, WAIT, Trading, eur, facility_request, invoice

from api.documents.models import Document, DocumentKey
from api.invoices.models import InvoiceRow
from api.transactions.models import Transaction

pytestmark = pytest.mark.node


def traces(trading: Trading) -> tuple[int, ...]:
    """How much there is of everything that an upload leaves behind."""
    documents = trading.gateway.settings.documents_dir
    assert documents is not None
    with trading.gateway.database.session() as session:
        rows = [
            session.exec(select(func.count()).select_from(table)).one()
            for table in (InvoiceRow, Document, DocumentKey, Transaction)
        ]
    return (*rows, sum(1 for path in documents.rglob("*") if path.is_file()))


def refused(answer: Response, status: int, error: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["error"] == error, problem
    assert " " in problem["detail"]
    return problem


@pytest.fixture(scope="module")
def sold(trading: Trading) -> Any:
    trading.network.mine_at_once()
    return trading.sell(invoice(), "container:ZZXU2605127")


@pytest.fixture
def unchanged(trading: Trading, sold: Any) -> Iterator[None]:
    before = traces(trading)
    yield
    assert traces(trading) == before


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
def test_acceptance_by_the_supplier_is_refused(trading: Trading, sold: Any) -> None:
    path = f"/v1/receivables/{sold['receivable_id']}/acceptance"

    refused(trading.desks["supplier"].post(path, {"waive_set_off": True}), 403, "not-debtor-of")


@pytest.mark.usefixtures("unchanged")
def test_second_acceptance_is_refused(trading: Trading, sold: Any) -> None:
    path = f"/v1/receivables/{sold['receivable_id']}/acceptance"

    refused(trading.desks["debtor"].post(path, {"waive_set_off": True}), 409, "receivable-state-wrong")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("amount", "status", "error"),
    [
        (eur(FACE_VALUE + 1), 409, "payment-exceeds-outstanding"),
        (eur(FACE_VALUE), 409, "cash-too-low"),
        ({"amount": "1", "currency": "USD"}, 422, "currency-differs"),
        (eur(0), 422, None),
        ({"amount": "1.5", "currency": "EUR"}, 422, None),
        ({"amount": 1.5, "currency": "EUR"}, 422, None),
        (eur(-5), 422, None),
    ],
)
def test_payment_that_cannot_be_made_is_refused(
    amount: Any, status: int, error: str | None, trading: Trading, sold: Any
) -> None:
    answer = trading.desks["debtor"].post(f"/v1/receivables/{sold['receivable_id']}/payments", {"amount": amount})

    assert answer.status_code == status, answer.text
    assert error is None or answer.json()["error"] == error


def test_bank_payment_is_issued_once(trading: Trading, sold: Any) -> None:
    trading.issue("lender", 100, "camt 77")
    before = traces(trading)
    body = {"lei": LEIS["lender"], "amount": eur(100), "payment_reference": "  camt   77 "}

    refused(trading.operator.post("/v1/cash/issues", body), 409, "payment-reference-used")
    assert traces(trading) == before


@pytest.mark.usefixtures("unchanged")
def test_cash_in_a_currency_that_the_network_lacks_is_refused(trading: Trading) -> None:
    body = {"lei": LEIS["lender"], "amount": {"amount": "1", "currency": "JPY"}, "payment_reference": "x"}

    refused(trading.operator.post("/v1/cash/issues", body), 422, "currency-unlisted")


@pytest.mark.usefixtures("unchanged")
def test_organisation_is_admitted_once(trading: Trading) -> None:
    body = {
        "lei": LEIS["supplier"],
        "name": "Again",
        "jurisdiction": "DE",
        "roles": ["SUPPLIER"],
        "kyc_expires_at": "2027-05-04T00:00:00Z",
    }

    refused(trading.operator.post("/v1/participants", body), 409, "organisation-exists")


@pytest.mark.usefixtures("unchanged")
def test_identifier_of_another_participant_is_refused(trading: Trading) -> None:
    body = {
        "lei": "213800WSGIIZCXF1P572",
        "name": "Impostor",
        "jurisdiction": "DE",
        "roles": ["SUPPLIER"],
        "kyc_expires_at": "2027-05-04T00:00:00Z",
        "identifiers": [{"scheme": "vat", "value": "de-999999903"}],
    }

    problem = refused(trading.operator.post("/v1/participants", body), 409, "identifier-taken")
    assert problem["context"]["lei"] == LEIS["supplier"]


@pytest.mark.usefixtures("unchanged")
def test_oracle_that_keeps_its_own_key_cannot_write_through_the_gateway(trading: Trading) -> None:
    answer = trading.desks["carrier"].post("/v1/pools/EUR/deposits", {"amount": eur(1)})

    refused(answer, 409, "key-kept-by-organisation")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"currency": "USD"}, 422, "currency-differs"),
        ({"ladders": {}}, 422, "ladder-missing"),
        ({"expires_at": "2026-05-01T00:00:00Z"}, 422, "facility-terms-invalid"),
        ({"supplier_lei": LEIS["lender"]}, 403, "role-missing"),
        ({"supplier_lei": "213800WSGIIZCXF1P572"}, 404, "participant-absent"),
    ],
)
def test_facility_with_impossible_terms_is_refused(
    change: dict[str, Any], status: int, error: str, trading: Trading
) -> None:
    refused(trading.operator.post("/v1/facilities", {**facility_request(), **change}), status, error)


def test_facilities_opened_at_once_each_get_their_own_ladder(trading: Trading, sold: Any) -> None:
    answers: list[Any] = []

    def grant(rate: int) -> None:
        ladder = [{"milestone": "DEPARTED", "advance_rate_bps": rate}]
        body = {**facility_request(), "fee_bps": rate, "ladders": {"receivable": ladder}}
        answers.append(trading.operator.post("/v1/facilities", body, **WAIT).json()["facility"])

    threads = [threading.Thread(target=grant, args=(rate,)) for rate in range(101, 107)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({facility["id"] for facility in answers}) == 6
    for facility in answers:
        assert facility["ladders"]["receivable"][0]["advance_rate_bps"] == facility["fee_bps"]


def test_ladder_can_be_set_anew(trading: Trading, sold: Any) -> None:
    facility = trading.grant()["id"]
    higher = [{**LADDER[0], "advance_rate_bps": 7000}]

    answer = trading.operator.write(f"/v1/facilities/{facility}/ladders", {"receivable": higher})

    assert answer["facility"]["ladders"]["receivable"] == [
        {"milestone": "DEPARTED", "advance_rate_bps": 7000, "measured": False}
    ]


def test_financing_is_refused_for_what_cannot_be_pledged(trading: Trading, sold: Any) -> None:
    desk, facility = trading.desks["supplier"], trading.grant()["id"]
    waiting = desk.upload(invoice("AS-2026-11")).json()["receivable_id"]
    before = traces(trading)

    body = {"facility_id": facility, "receivable_id": waiting}
    refused(desk.post("/v1/financings", body), 409, "item-not-financeable")
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"], "amount": eur(FACE_VALUE + 1)}
    refused(desk.post("/v1/financings", body), 409, "units-out-of-range")
    refused(desk.post("/v1/financings", {**body, "facility_id": "999"}), 404, "facility-absent")
    assert traces(trading) == before


def test_receivable_is_financed_once(trading: Trading, sold: Any) -> None:
    trading.fund(1_000_000)
    desk, facility = trading.desks["supplier"], trading.grant()["id"]
    again = desk.upload(invoice("AS-2026-12")).json()["receivable_id"]
    trading.desks["debtor"].write(f"/v1/receivables/{again}/acceptance", {"waive_set_off": True})
    body = {"facility_id": facility, "receivable_id": again, "amount": eur(FACE_VALUE // 2)}
    desk.write("/v1/financings", body)
    before = traces(trading)

    refused(desk.post("/v1/financings", body), 409, "item-already-pledged")
    assert traces(trading) == before
