"""Values at and beyond the edges of what the chain can book: each is refused in words, none breaks the gateway."""

from typing import Any

import pytest
from refusing import refused
from trading import LEIS, Trading, eur, facility_request, invoice

pytestmark = pytest.mark.node
EVIDENCE = "0x" + "e7" * 32
LONG_AGO, FAR_AHEAD = "1900-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
GREATEST = eur(9_999_999_999_999_999)
AMENDMENT = {"maturity_date": "2026-09-30", "document": EVIDENCE, "valid_until": "2026-06-30T00:00:00Z"}


@pytest.fixture(scope="module")
def places(trading: Trading) -> dict[str, str]:
    trading.network.mine_at_once()
    trading.fund(15_000_000)
    facility = trading.grant()["id"]
    sold = trading.sell(invoice())
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    return {
        "receivable": sold["receivable_id"],
        "facility": facility,
        "financing": trading.desks["supplier"].write("/v1/financings", body)["id"],
    }


WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("supplier", "/v1/financings/{financing}/amendments", {**AMENDMENT, "maturity_date": "1960-01-01"}),
    ("supplier", "/v1/financings/{financing}/amendments", {**AMENDMENT, "maturity_date": "9999-12-31"}),
    ("supplier", "/v1/financings/{financing}/amendments", {**AMENDMENT, "valid_until": LONG_AGO}),
    ("supplier", "/v1/financings/{financing}/amendments", {**AMENDMENT, "facility_id": "999999999999999999"}),
    ("operator", "/v1/financings/{financing}/amendments", {**AMENDMENT, "facility_id": "999999999999999999"}),
    ("operator", "/v1/financings/{financing}/impairment", {"amount": eur(-1)}),
    ("operator", "/v1/financings/{financing}/impairment", {"amount": eur(10**70)}),
    ("operator", "/v1/financings/{financing}/impairment", {"amount": eur(10**77 * 9)}),
    ("supplier", "/v1/financings/{financing}/repayments", {"amount": GREATEST}),
    (
        "supplier",
        "/v1/receivables/{receivable}/reservations",
        {"facility_id": "{facility}", "until": LONG_AGO},
    ),
    (
        "supplier",
        "/v1/receivables/{receivable}/reservations",
        {"facility_id": "{facility}", "until": FAR_AHEAD},
    ),
    ("supplier", "/v1/receivables/{receivable}/transfers", {"to_lei": LEIS["stranger"], "amount": GREATEST}),
    ("supplier", "/v1/receivables/{receivable}/credit-notes", {"amount": GREATEST, "evidence": EVIDENCE}),
    ("debtor", "/v1/receivables/{receivable}/payments", {"amount": GREATEST}),
    ("debtor", "/v1/receivables/{receivable}/disputes", {"amount": GREATEST, "evidence": EVIDENCE}),
    (
        "operator",
        "/v1/receivables/{receivable}/disputes/resolution",
        {"taken_off": eur(-1), "evidence": EVIDENCE},
    ),
    (
        "operator",
        "/v1/receivables/{receivable}/disputes/resolution",
        {"taken_off": eur(9 * 10**77), "evidence": EVIDENCE},
    ),
    ("operator", "/v1/facilities", {**facility_request(), "expires_at": LONG_AGO}),
    ("operator", "/v1/facilities", {**facility_request(), "expires_at": FAR_AHEAD}),
    ("operator", "/v1/facilities", {**facility_request(), "limit": GREATEST}),
    ("operator", "/v1/facilities", {**facility_request(), "supplier_lei": LEIS["carrier"]}),
    ("operator", "/v1/facilities/{facility}/line", {"expires_at": LONG_AGO}),
    ("operator", "/v1/facilities/{facility}/line", {"expires_at": FAR_AHEAD}),
    ("operator", "/v1/facilities/{facility}/line", {"limit": GREATEST}),
    ("lender", "/v1/pools/EUR/deposits", {"tranche": "senior", "amount": GREATEST}),
    ("lender", "/v1/pools/EUR/redemption-requests", {"tranche": "senior", "shares": "9" * 30}),
    ("lender", "/v1/pools/EUR/redemption-claims", {"tranche": "senior", "amount": GREATEST}),
    ("operator", "/v1/pools/EUR/deposits", {"tranche": "senior", "amount": eur(1)}),
    ("operator", "/v1/pools/EUR/redemption-claims", {"tranche": "senior"}),
    ("operator", "/v1/financings/{financing}/repayments", {"amount": eur(1)}),
    ("operator", "/v1/receivables/{receivable}/transfers", {"to_lei": LEIS["stranger"], "amount": eur(1)}),
    ("operator", "/v1/receivables/{receivable}/claims", {}),
    (
        "operator",
        "/v1/participants",
        {
            "lei": "213800WSGIIZCXF1P572",
            "name": "Nobody",
            "jurisdiction": "DE",
            "roles": ["LENDER"],
            "kyc_expires_at": LONG_AGO,
        },
    ),
]
READS = [
    ("supplier", "/v1/facilities", {"cursor": "9" * 60}),
    ("supplier", "/v1/financings", {"cursor": "9" * 60}),
    ("supplier", "/v1/receivables", {"cursor": "9" * 30 + "." + "0x" + "ab" * 32}),
    ("supplier", "/v1/facilities", {"cursor": "0"}),
    ("operator", "/v1/facilities", {"cursor": "\u0663"}),
    ("operator", "/v1/invoices", {"cursor": "9" * 60}),
    ("operator", "/v1/participants", {"cursor": "9" * 60}),
    ("operator", "/v1/transactions", {"cursor": "9" * 60}),
    ("supplier", "/v1/facilities/" + "9" * 18, {}),
    ("supplier", "/v1/financings/" + "9" * 30, {}),
    ("supplier", "/v1/milestones", {"subject": "0x" + "ff" * 32}),
    ("lender", "/v1/pools/eur", {}),
]


@pytest.mark.parametrize(("who", "path", "body"), WRITES)
def test_write_beyond_the_edge_is_refused(
    who: str, path: str, body: dict[str, Any], trading: Trading, places: dict[str, str]
) -> None:
    desk = trading.operator if who == "operator" else trading.desks[who]
    filled = {key: value.format(**places) if isinstance(value, str) else value for key, value in body.items()}

    answer = desk.post(path.format(**places), filled)

    assert answer.status_code in (403, 404, 409, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("who", "path", "query"), READS)
def test_read_beyond_the_edge_is_refused_or_empty(
    who: str, path: str, query: dict[str, str], trading: Trading, places: dict[str, str]
) -> None:
    desk = trading.operator if who == "operator" else trading.desks[who]

    answer = desk.client.get(path, params=query, headers=dict(desk.headers))

    assert answer.status_code in (200, 404, 422), answer.text


@pytest.mark.parametrize("amount", ["-5", "0", "007", "1.5", "1e3", "", "1" * 17])
def test_amount_that_is_none_is_refused_in_words(trading: Trading, amount: str) -> None:
    body = {**facility_request(), "limit": {"amount": amount, "currency": "EUR"}}

    problem = refused(trading.operator.post("/v1/facilities", body), 422, "request-invalid")

    assert (
        "/body/limit/amount: must be minor units: a whole number of up to 16 digits, more than 0" in problem["detail"]
    )


@pytest.mark.parametrize("moment", [0, 1_800_000_000, "1800000000", 1.5, "2027-01-01", "soon"])
def test_number_is_no_moment(trading: Trading, places: dict[str, str], moment: Any) -> None:
    refused(
        trading.operator.post("/v1/facilities", {**facility_request(), "expires_at": moment}), 422, "request-invalid"
    )


@pytest.mark.parametrize("day", [0, 20_000, "0", "20260930", "2026-09-31"])
def test_number_is_no_day(trading: Trading, places: dict[str, str], day: Any) -> None:
    path = f"/v1/financings/{places['financing']}/amendments"

    refused(trading.desks["supplier"].post(path, {**AMENDMENT, "maturity_date": day}), 422, "request-invalid")
