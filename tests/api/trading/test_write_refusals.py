"""Other writes that the gateway refuses, with nothing stored and nothing sent."""

import threading
from typing import Any

import pytest
from refusing import refused, traces
from sqlalchemy import event
from trading import FACE_VALUE, LADDER, LEIS, WAIT, Trading, eur, facility_request, invoice, until

from api.participants import repository

pytestmark = pytest.mark.node


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

    problem = refused(trading.operator.post("/v1/cash/issues", body), 409, "payment-reference-used")

    assert problem["detail"] == 'The bank payment "camt   77" has already been booked.'
    assert problem["context"]["sent_reference"] == "camt   77"
    assert traces(trading) == before


def test_issue_of_cash_looks_its_participant_up_once(
    trading: Trading, sold: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the request; the gateway's loops, in threads of their names, look at the same rows now and then."""
    body = {"lei": LEIS["lender"], "amount": eur(1), "payment_reference": "camt 78"}
    engine, asked = trading.gateway.database.engine, []
    account, loops = repository.account, {loop.name for loop in trading.gateway.loops}

    def is_asked() -> bool:
        return threading.current_thread().name not in loops

    def noted(session: Any, lei: str) -> str | None:
        if is_asked():
            asked.append(f"account of {lei}")
        return account(session, lei)

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM participant_profiles" in statement and is_asked():
            asked.append(statement)

    # The one is handed to the driver, past the engine's events.
    monkeypatch.setattr(repository, "account", noted)
    event.listen(engine, "before_cursor_execute", note)
    answer = trading.operator.post("/v1/cash/issues", body)
    event.remove(engine, "before_cursor_execute", note)

    assert answer.status_code == 202, answer.text
    assert asked == [f"account of {LEIS['lender']}"]


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
    answer = trading.desks["carrier"].post("/v1/pools/EUR/deposits", {"tranche": "senior", "amount": eur(1)})

    refused(answer, 409, "key-kept-by-organisation")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"currency": "USD"}, 422, "currency-differs"),
        ({"ladders": {}}, 422, "ladder-missing"),
        ({"expires_at": "2026-05-01T00:00:00Z"}, 422, "facility-end-in-past"),
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


def reads(trading: Trading, name: str, cid: str) -> bool:
    desk = trading.desks[name]
    return bool(desk.client.get(f"/v1/documents/{cid}", headers=dict(desk.headers)).status_code == 200)


def test_goods_of_a_receivable_move_one_financing_only(trading: Trading, sold: Any) -> None:
    trading.fund(1_000_000)
    desk, facility = trading.desks["supplier"], trading.grant()["id"]
    uploaded = desk.upload(invoice("AS-2026-12")).json()
    again = uploaded["receivable_id"]
    trading.desks["debtor"].write(f"/v1/receivables/{again}/acceptance", {"waive_set_off": True})
    body = {"facility_id": facility, "receivable_id": again, "amount": eur(FACE_VALUE // 2)}
    desk.write("/v1/financings", body)
    for name in ("lender", "junior"):  # a moment later each lender has a key to the paper, which counts as a trace
        until(lambda name=name: reads(trading, name, uploaded["document_cid"]), f"{name} has no key")
    before = traces(trading)

    refused(desk.post("/v1/financings", body), 409, "consignment-taken")
    assert traces(trading) == before

    second = desk.write("/v1/financings", {**body, "on_acceptance_only": True})
    assert int(second["financing"]["subject"], 16) == 0
    refused(desk.post("/v1/financings", {**body, "on_acceptance_only": True}), 409, "units-out-of-range")
