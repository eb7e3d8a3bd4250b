"""Every list of the gateway: it can be filtered and sorted by each column that it declares, and read page by page."""

import re

import pytest
from listed import EVIDENCE, listings, require_filtered, require_read_by_twos, require_sorted
from refusing import refused
from trading import LEIS, Trading, await_indexer, eur, invoice

from api.compliance.audit.trail import Linker
from chain_node.client import Milestone

pytestmark = pytest.mark.node
PAPER = {"document": EVIDENCE, "valid_until": "2026-06-30T00:00:00Z"}
PLACES = {"financing_id", "currency"}
LISTS = {path: its for path, its in listings().items() if set(re.findall(r"\{(\w+)\}", path)) <= PLACES}


@pytest.fixture(scope="module")
def places(trading: Trading) -> dict[str, str]:
    """At least three of everything, of which not all are alike."""
    trading.network.mine_at_once()
    trading.fund(20_000_000)
    desk, sold = trading.desks["supplier"], {}
    for number in ("AS-2026-71", "AS-2026-72", "AS-2026-73"):
        sold, facility = trading.sell(invoice(number)), trading.grant(fee_bps=int(number[-2:]))["id"]
        wish = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
        desk.write("/v1/financings", {**wish, "accept": False})
        financing = desk.write("/v1/financings", wish)
    desk.upload(invoice("AS-2026-74"))
    trading.attest(sold["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")
    for units in (1_000, 1_000, 3_000):
        desk.write(f"/v1/financings/{financing['id']}/repayments", {"amount": eur(units)})
    for day in ("2026-09-30", "2026-10-15", "2026-10-31"):
        desk.write(f"/v1/financings/{financing['id']}/amendments", {**PAPER, "maturity_date": day})
    await_indexer(trading.gateway, trading.chain)
    settle_what_loops_do(trading)
    return {"financing_id": financing["id"], "currency": "EUR", "subject": sold["subject"]}


def settle_what_loops_do(trading: Trading) -> None:
    """What the gateway would add to the lists by itself a moment later: cases, and places in the audit trail."""
    ran = trading.operator.post("/v1/monitoring/runs", {"from_block": 0})
    assert ran.status_code == 200, ran.text
    linker = Linker(trading.gateway.database)
    while linker.step():
        pass


def test_no_list_of_the_first_ones_is_left_out() -> None:
    assert set(LISTS) >= {
        "/v1/transactions",
        "/v1/clients",
        "/v1/participants",
        "/v1/invoices",
        "/v1/receivables",
        "/v1/facilities",
        "/v1/financings",
        "/v1/financings/{financing_id}/amendments",
        "/v1/financings/{financing_id}/repayments",
        "/v1/quotes",
        "/v1/pools",
        "/v1/pools/{currency}/positions",
        "/v1/milestones",
        "/v1/audit/entries",
        "/v1/cases",
        "/v1/screening/lists",
        "/v1/screening/hits",
        "/v1/applications",
        "/v1/orders",
        "/v1/receipts",
        "/v1/receipts/announcements",
        "/v1/release-orders",
        "/v1/pledges",
        "/v1/pledges/offers",
        "/v1/margin-calls",
        "/v1/readings",
        "/v1/insurance-policies",
    }


def besides(path: str, places: dict[str, str]) -> dict[str, str]:
    return {"subject": places["subject"]} if path == "/v1/milestones" else {}


@pytest.mark.parametrize("path", LISTS)
def test_list_read_by_twos_is_the_list(path: str, trading: Trading, places: dict[str, str]) -> None:
    require_read_by_twos(trading.operator, path.format(**places), besides(path, places))


@pytest.mark.parametrize("path", LISTS)
def test_list_is_sorted_by_each_of_its_columns(path: str, trading: Trading, places: dict[str, str]) -> None:
    require_sorted(trading.operator, path.format(**places), LISTS[path], besides(path, places))


@pytest.mark.parametrize("path", LISTS)
def test_list_is_filtered_by_each_of_its_columns(path: str, trading: Trading, places: dict[str, str]) -> None:
    require_filtered(trading.operator, path.format(**places), LISTS[path], besides(path, places))


def test_receivables_are_told_apart_by_state_and_day(trading: Trading, places: dict[str, str]) -> None:
    desk = trading.desks["supplier"]

    registered = desk.get("/v1/receivables", state="registered")["items"]
    both = desk.client.get("/v1/receivables?state=registered&state=accepted", headers=dict(desk.headers)).json()
    late = desk.get("/v1/receivables", **{"due_date[gt]": "2026-07-03"})["items"]

    assert len(registered) == 1
    assert len(both["items"]) == 4
    assert late == []


def test_currency_of_facilities_and_financings_is_a_filter(trading: Trading, places: dict[str, str]) -> None:
    for path in ("/v1/facilities", "/v1/financings"):
        assert len(trading.operator.get(path, currency="EUR")["items"]) == 3
        assert trading.operator.get(path, currency="USD")["items"] == []


def test_filter_never_shows_what_is_not_ones_own(trading: Trading, places: dict[str, str]) -> None:
    stranger = trading.desks["stranger"]

    assert stranger.get("/v1/receivables", supplier_lei=LEIS["supplier"])["items"] == []
    assert stranger.get("/v1/facilities", supplier_lei=LEIS["supplier"], currency="EUR")["items"] == []
    cursor = trading.operator.get("/v1/receivables", limit="2")["next"]
    assert stranger.get("/v1/receivables", cursor=cursor)["items"] == []


def test_new_rows_do_not_move_those_that_a_cursor_leads_to(trading: Trading, places: dict[str, str]) -> None:
    desk = trading.desks["supplier"]
    before = [item["id"] for item in desk.get("/v1/receivables")["items"]]
    first = desk.get("/v1/receivables", limit="2")

    desk.upload(invoice("AS-2026-75"))
    rest = desk.get("/v1/receivables", cursor=first["next"])

    assert [item["id"] for item in first["items"] + rest["items"]] == before


@pytest.mark.parametrize(
    ("query", "error", "word"),
    [
        ({"colour": "red"}, "query-unknown", "state"),
        ({"before": "1"}, "query-unknown", "colour"),
        ({"state": "lost"}, "query-invalid", "accepted"),
        ({"state[gte]": "accepted"}, "query-unknown", "state"),
        ({"due_date[gte]": "tomorrow"}, "query-invalid", "2026-05-04"),
        ({"due_date": "2026-02-30"}, "query-invalid", "a day"),
        ({"face_value[gte]": "1.5"}, "query-invalid", "minor units"),
        ({"registered_at[lt]": "2026-05-04"}, "query-invalid", "a moment"),
        ({"supplier_lei": "x"}, "query-invalid", "LEI"),
        ({"sort": "colour"}, "sort-unknown", "due_date"),
        ({"sort": "supplier_lei"}, "sort-unknown", "due_date"),
        ({"sort": "due_date,paid,state,id"}, "query-invalid", "3 columns"),
        ({"limit": "0"}, "query-invalid", "200"),
        ({"limit": "many"}, "query-invalid", "200"),
        ({"cursor": "bm9uZQ"}, "page-unknown", "earlier answer"),
        ({"cursor": "\u0663"}, "page-unknown", "earlier answer"),
    ],
)
def test_what_a_list_cannot_do_is_refused_in_words(
    query: dict[str, str], error: str, word: str, trading: Trading, places: dict[str, str]
) -> None:
    answer = trading.operator.client.get("/v1/receivables", params=query, headers=dict(trading.operator.headers))

    problem = refused(answer, 422, error)
    if word != "colour":
        assert word in problem["detail"], problem


def test_cursor_of_another_order_is_refused(trading: Trading, places: dict[str, str]) -> None:
    cursor = trading.operator.get("/v1/receivables", limit="2", sort="due_date")["next"]
    desk = trading.operator

    answer = desk.client.get("/v1/receivables", params={"cursor": cursor}, headers=dict(desk.headers))

    assert "another order" in refused(answer, 422, "page-unknown")["detail"]
