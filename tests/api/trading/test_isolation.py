"""Every operation with a foreign organisation's token: nothing of others can be seen, changed or even noticed."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from httpx import Response
from trading import FACE_VALUE, LEIS, Desk, Trading, eur, facility_request, invoice

from api.resources import load_routers

pytestmark = pytest.mark.node

ABSENT, REFUSED = 404, 403
EVIDENCE = "0x" + "e7" * 32
OBJECTION = {"amount": eur(1), "evidence": EVIDENCE}
AMENDMENT = {"maturity_date": "2026-09-30", "document": EVIDENCE, "valid_until": "2026-06-30T00:00:00Z"}
OPERATIONS: dict[tuple[str, str], tuple[Any, int | str]] = {
    # (method, path): (body, the status a stranger gets, or what is left of the list it gets)
    ("POST", "/v1/participants"): ({}, REFUSED),
    ("POST", "/v1/participants/{lei}/accounts"): ({"account": "0x" + "ab" * 20}, REFUSED),
    ("GET", "/v1/participants"): (None, "itself"),
    ("GET", "/v1/participants/{lei}"): (None, ABSENT),
    ("POST", "/v1/cash/issues"): ({}, REFUSED),
    ("POST", "/v1/cash/parked-claims"): ({"currency": "EUR"}, 409),
    ("GET", "/v1/cash/balances"): (None, ABSENT),
    ("POST", "/v1/invoices"): (invoice("AS-2026-9001"), REFUSED),
    ("GET", "/v1/invoices"): (None, "nothing"),
    ("GET", "/v1/invoices/{invoice_id}"): (None, ABSENT),
    ("GET", "/v1/receivables"): (None, "nothing"),
    ("GET", "/v1/receivables/{receivable_id}"): (None, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/acceptance"): ({"waive_set_off": True}, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/payments"): ({"amount": eur(FACE_VALUE)}, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/transfers"): ({"to_lei": LEIS["lender"], "amount": eur(1)}, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/claims"): (None, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/reservations"): (
        {"facility_id": "{facility_id}", "until": "2026-05-06T00:00:00Z"},
        ABSENT,
    ),
    ("POST", "/v1/receivables/{receivable_id}/reservations/termination"): ({"holder_lei": "{lei}"}, REFUSED),
    ("POST", "/v1/receivables/{receivable_id}/credit-notes"): (OBJECTION, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/disputes"): (OBJECTION, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/disputes/withdrawal"): (None, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/disputes/concession"): (OBJECTION, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/disputes/resolution"): (
        {"taken_off": eur(1), "evidence": EVIDENCE},
        REFUSED,
    ),
    ("POST", "/v1/receivables/{receivable_id}/cancellation"): (None, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/cancellation/consent"): ({"given": True}, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/default"): (None, ABSENT),
    ("POST", "/v1/facilities"): (facility_request(), REFUSED),
    ("POST", "/v1/facilities/{facility_id}/ladders"): (facility_request()["ladders"], REFUSED),
    ("POST", "/v1/facilities/{facility_id}/line"): ({"limit": eur(1)}, REFUSED),
    ("POST", "/v1/facilities/{facility_id}/commitment-fee"): ({"most": eur(1)}, ABSENT),
    ("GET", "/v1/facilities"): (None, "nothing"),
    ("GET", "/v1/facilities/{facility_id}"): (None, ABSENT),
    ("POST", "/v1/financings"): ({"facility_id": "{facility_id}", "receivable_id": "{receivable_id}"}, ABSENT),
    ("POST", "/v1/financings/{financing_id}/poke"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/forward"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/mark-overdue"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/default"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/recourse"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/recourse/closing"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/release"): (None, ABSENT),
    ("GET", "/v1/financings/{financing_id}/amendments"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/amendments/{amendment}/withdrawal"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/amendments"): (AMENDMENT, ABSENT),
    ("POST", "/v1/financings/{financing_id}/impairment"): ({"amount": eur(1)}, REFUSED),
    ("POST", "/v1/financings/{financing_id}/repayments"): ({"amount": eur(1)}, ABSENT),
    ("GET", "/v1/financings"): (None, "nothing"),
    ("GET", "/v1/financings/{financing_id}"): (None, ABSENT),
    ("GET", "/v1/pools"): (None, "no names"),
    ("GET", "/v1/pools/{currency}"): (None, "no names"),
    ("GET", "/v1/pools/{currency}/positions"): (None, "nothing"),
    ("POST", "/v1/pools/{currency}/deposits"): ({"tranche": "senior", "amount": eur(1)}, 409),
    ("POST", "/v1/pools/{currency}/redemption-requests"): ({"tranche": "senior"}, 409),
    ("POST", "/v1/pools/{currency}/redemption-claims"): ({"tranche": "senior"}, 409),
    ("POST", "/v1/pools/{currency}/epochs"): (None, 409),
    ("POST", "/v1/pools/{currency}/reserve"): (None, 409),
    ("GET", "/v1/milestones"): (None, ABSENT),
    ("GET", "/v1/documents/{cid}"): (None, ABSENT),
    ("GET", "/v1/documents/{cid}/envelope"): (None, ABSENT),
}


def routes() -> Iterator[tuple[str, str]]:
    for router in load_routers():
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield from ((method, route.path) for method in route.methods or ())


@pytest.fixture(scope="module")
def places(trading: Trading) -> dict[str, str]:
    """What stands in the paths: all of it the supplier's."""
    trading.network.mine_at_once()
    trading.fund(15_000_000)
    facility = trading.grant()["id"]
    sold = trading.sell(invoice())
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    return {
        "lei": LEIS["supplier"],
        "invoice_id": sold["id"],
        "receivable_id": sold["receivable_id"],
        "subject": sold["subject"],
        "cid": sold["document_cid"],
        "facility_id": facility,
        "financing_id": trading.desks["supplier"].write("/v1/financings", body)["id"],
        "currency": "EUR",
        "amendment": EVIDENCE,
    }


def ask(desk: Desk, operation: tuple[str, str], places: dict[str, str]) -> Response:
    method, path = operation
    body = OPERATIONS[operation][0]
    arguments: dict[str, Any] = {"headers": {**desk.headers}}
    if isinstance(body, bytes):
        arguments |= {"content": body, "headers": {**desk.headers, "Content-Type": "application/xml"}}
    elif body is not None:
        filled = {k: v.format(**places) if isinstance(v, str) else v for k, v in body.items()}
        arguments["json"] = filled
    if path == "/v1/cash/balances":
        arguments["params"] = {"lei": places["lei"]}
    if path == "/v1/milestones":
        arguments["params"] = {"subject": places["subject"]}
    answer: Response = desk.client.request(method, path.format(**places), **arguments)
    return answer


def test_every_operation_is_on_the_list() -> None:
    assert set(routes()) == set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_stranger_gets_nothing_of_others(operation: tuple[str, str], trading: Trading, places: dict[str, str]) -> None:
    expected = OPERATIONS[operation][1]

    answer = ask(trading.desks["stranger"], operation, places)

    if isinstance(expected, int):
        assert answer.status_code == expected, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert "Supplier" not in answer.text
        return
    assert answer.status_code == 200, answer.text
    shown = [item["lei"] for item in answer.json()["items"]] if expected == "itself" else answer.json().get("items")
    if expected == "itself":
        assert shown == [LEIS["stranger"]]
    elif expected == "nothing":
        assert shown == []
    else:
        assert not any(lei in answer.text for lei in LEIS.values())


def test_stranger_cannot_tell_what_is_hidden_from_what_is_not_there(trading: Trading, places: dict[str, str]) -> None:
    desk = trading.desks["stranger"]
    missing = f"0x{'77' * 32}"

    hidden = desk.client.get(f"/v1/receivables/{places['receivable_id']}", headers=dict(desk.headers)).json()
    absent = desk.client.get(f"/v1/receivables/{missing}", headers=dict(desk.headers)).json()

    assert {**hidden, "detail": "", "context": {}, "instance": ""} == {
        **absent,
        "detail": "",
        "context": {},
        "instance": "",
    }
    assert hidden["detail"].replace(places["receivable_id"], missing) == absent["detail"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_operation_without_a_token_is_refused(
    operation: tuple[str, str], trading: Trading, places: dict[str, str]
) -> None:
    assert ask(Desk(trading.client, {}), operation, places).status_code == 401


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_operation_without_its_scope_is_refused(
    operation: tuple[str, str], trading: Trading, places: dict[str, str]
) -> None:
    """The token of the supplier itself, but for transactions only."""
    answer = ask(trading.narrow("supplier", "transactions:read"), operation, places)

    assert (answer.status_code, answer.json()["error"]) == (403, "scope-missing")


def test_debtor_sees_the_receivable_but_not_how_it_is_financed(trading: Trading, places: dict[str, str]) -> None:
    desk = trading.desks["debtor"]

    assert desk.get(f"/v1/receivables/{places['receivable_id']}")["state"] == "accepted"
    assert desk.get("/v1/financings")["items"] == []
    assert ask(desk, ("GET", "/v1/financings/{financing_id}"), places).status_code == 404


def test_supervisor_sees_all_and_changes_nothing(trading: Trading, places: dict[str, str]) -> None:
    desk = trading.supervisor()

    for operation, (_, expected) in OPERATIONS.items():
        answer = ask(desk, operation, places)
        assert answer.status_code == (200 if operation[0] == "GET" else 403), (operation, expected, answer.text)


def test_counterparties_see_each_other_in_the_register(trading: Trading, places: dict[str, str]) -> None:
    register = trading.desks["debtor"].get("/v1/participants")["items"]

    assert {party["lei"] for party in register} == {LEIS["debtor"], LEIS["supplier"]}
    (supplier,) = [party for party in register if party["lei"] == LEIS["supplier"]]
    assert supplier["identifiers"] == []
