"""The lists about goods: they are filtered, sorted and read page by page as all lists are, and tell nobody more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from goods import BUYER, INSURER, STORE, TONNES, Goods
from listed import listings, require_filtered, require_read_by_twos, require_sorted
from refusing import refused
from trading import LEIS, Desk, Trading, await_indexer, eur

pytestmark = pytest.mark.node
LISTS = {
    path: its
    for path, its in listings().items()
    if path.split("/")[2] in ("receipts", "release-orders", "pledges", "margin-calls", "readings", "insurance-policies")
}


def at(goods: Goods, days: int) -> str:
    return (datetime.fromtimestamp(goods.now(), UTC) + timedelta(days=days)).isoformat()


@pytest.fixture(scope="module")
def goods(trading: Trading) -> Goods:
    """At least two of everything, of which not all are alike."""
    made = Goods(trading)
    trading.fund(60_000_000)
    supplier, operator = made.desk("supplier"), trading.operator
    facility, receipts = made.facility(), [made.store(f"CT-{number}") for number in (1, 2, 3)]
    sold, free = receipts[0], receipts[2]
    for receipt in receipts:
        made.fresh(receipt["subject"])
    made.fresh(free["subject"], warmth=-18_000)
    pledges = [str(made.pledge(facility, receipt["id"])["id"]) for receipt in receipts[:2]]
    _offer(made, sold["id"], pledges[0], "2000000", buyer_lei=BUYER)
    _offer(made, sold["id"], pledges[0], "1")
    for quantity, more in (("1000", {"to_lei": LEIS["debtor"]}), ("2000", {}), ("2000", {})):
        body = {"receipt_id": free["id"], "quantity_thousandths": quantity, "deadline": at(made, 7), **more}
        ordered = supplier.write("/v1/release-orders", body)["release_order"]
    made.desk("store").write(f"/v1/release-orders/{ordered['id']}/declination")
    pledged = {"receipt_id": sold["id"], "quantity_thousandths": "1000", "deadline": at(made, 5), "pledged": True}
    supplier.write("/v1/release-orders", pledged)
    for limit in (5_000_000, 5_000_000, 6_000_000):
        _cover(made, sold, pledges[0], limit)
    for receipt in receipts[:2]:
        made.fresh(receipt["subject"], warmth=26_000)
    calls = [operator.write("/v1/margin-calls", {"pledge_id": pledge})["margin_call"]["id"] for pledge in pledges]
    made.wait(2 * 86_400 + 60)
    for receipt in receipts[:2]:
        made.fresh(receipt["subject"], warmth=26_000)
    operator.write(f"/v1/margin-calls/{calls[0]}/sale")
    await_indexer(trading.gateway, trading.chain)
    return made


def _offer(goods: Goods, receipt: str, pledge: str, quantity: str, **more: Any) -> None:
    body = {"receipt_id": receipt, "quantity_thousandths": quantity, "price": eur(2_400_000), "until": at(goods, 200)}
    goods.desk("supplier").write(f"/v1/pledges/{pledge}/offers", {**body, **more})


def _cover(goods: Goods, receipt: Any, financing: str, limit: int) -> None:
    terms = {
        "financing_id": financing,
        "kind": "cargo",
        "limit": eur(limit),
        "deductible": eur(100_000),
        "premium": eur(30_000),
        "offer_until": at(goods, 5),
        "pay_by": at(goods, 20),
        "until": at(goods, 60),
        "waiting_days": 2,
        "milestone": "LOST",
        "quantity_thousandths": str(TONNES),
        "subject": receipt["subject"],
    }
    goods.desk("insurer").write("/v1/insurance-policies", terms)


def items(desk: Desk, path: str, **query: str) -> list[Any]:
    found: list[Any] = desk.get(path, **query)["items"]
    return found


def refusal(desk: Desk, path: str, error: str) -> dict[str, Any]:
    return refused(desk.client.get(path, headers=dict(desk.headers)), 422, error)


@pytest.mark.parametrize("query", ["before=1.2", "colour=red", "sort=colour", "state[gte]=open"])
@pytest.mark.parametrize("path", LISTS)
def test_what_a_list_cannot_do_is_refused(path: str, query: str, goods: Goods) -> None:
    refusal(goods.trading.operator, f"{path}?{query}", "sort-unknown" if query[:4] == "sort" else "query-unknown")


@pytest.mark.parametrize("path", LISTS)
def test_cursor_that_no_answer_gave_is_refused(path: str, goods: Goods) -> None:
    refusal(goods.trading.operator, f"{path}?cursor=bm9uZQ", "page-unknown")


@pytest.mark.parametrize("path", LISTS)
def test_list_has_enough_to_be_told_apart(path: str, goods: Goods) -> None:
    assert len(items(goods.trading.operator, path)) >= 2


@pytest.mark.parametrize("path", LISTS)
def test_list_read_by_twos_is_the_list(path: str, goods: Goods) -> None:
    require_read_by_twos(goods.trading.operator, path, {})


@pytest.mark.parametrize("path", LISTS)
def test_list_is_sorted_by_each_of_its_columns(path: str, goods: Goods) -> None:
    require_sorted(goods.trading.operator, path, LISTS[path], {})


@pytest.mark.parametrize("path", LISTS)
def test_list_is_filtered_by_each_of_its_columns(path: str, goods: Goods) -> None:
    require_filtered(goods.trading.operator, path, LISTS[path], {})


@pytest.mark.parametrize("path", LISTS)
def test_filter_never_shows_what_is_not_ones_own(path: str, goods: Goods) -> None:
    stranger = goods.desk("stranger")
    seen = items(stranger, path)
    cursor = goods.trading.operator.get(path, limit="1")["next"]

    assert LEIS["supplier"] not in str([each for each in seen if each.get("buyer", "") is not None])
    assert all(each in seen for each in items(stranger, path, cursor=cursor))
    for name in ("supplier_lei", "owner_lei", "seller_lei", "insurer_lei", "warehouse_lei"):
        if name in LISTS[path].columns:
            assert all(each in seen for each in items(stranger, path, **{name: LEIS["supplier"]}))


def test_parties_of_goods_are_filters(goods: Goods) -> None:
    operator = goods.trading.operator
    every = {path: items(operator, path) for path in LISTS}

    for path, name, lei in (
        ("/v1/receipts", "warehouse_lei", STORE),
        ("/v1/receipts/announcements", "owner_lei", LEIS["supplier"]),
        ("/v1/release-orders", "owner_lei", LEIS["supplier"]),
        ("/v1/pledges", "supplier_lei", LEIS["supplier"]),
        ("/v1/pledges/offers", "seller_lei", LEIS["supplier"]),
        ("/v1/margin-calls", "supplier_lei", LEIS["supplier"]),
        ("/v1/insurance-policies", "insurer_lei", INSURER),
    ):
        assert items(operator, path, **{name: lei}) == every[path], path
        assert items(operator, path, **{name: LEIS["stranger"]}) == [], path
    assert len(items(operator, "/v1/pledges/offers", buyer_lei=BUYER)) == 1
    assert len(items(operator, "/v1/release-orders", to_lei=LEIS["debtor"])) == 1


def test_requests_that_await_a_lender_are_told_apart_by_state(goods: Goods) -> None:
    supplier, store = goods.desk("supplier"), goods.desk("store")
    both = "state=awaits lender&state=declined"

    (asked,) = items(supplier, "/v1/release-orders", state="awaits lender")
    assert (asked["state"], asked["ordered_at"]) == ("awaits lender", None)
    assert items(supplier, "/v1/release-orders", state="unapproved") == []
    assert items(supplier, "/v1/release-orders", state="expired") == []
    assert len(items(supplier, "/v1/release-orders", state="ordered")) == 2
    told = supplier.client.get(f"/v1/release-orders?{both}", headers=dict(supplier.headers)).json()["items"]
    assert sorted(each["state"] for each in told) == ["awaits lender", "declined"]
    assert asked["id"] not in [each["id"] for each in items(store, "/v1/release-orders")]


def test_bidders_cannot_ask_for_what_only_parties_are_told(goods: Goods) -> None:
    buyer, path = goods.desk("buyer"), "/v1/margin-calls?on_sale=true"
    (seen,) = items(buyer, "/v1/margin-calls", on_sale="true")
    assert (seen["state"], seen["supplier"], seen["owed_at_call"]) == ("selling", None, None)

    for query in ("owed_at_call[gte]=1", "value_at_call=1", "sort=-left_owed", f"supplier_lei={LEIS['supplier']}"):
        assert "both sides" in refusal(buyer, f"{path}&{query}", "query-invalid")["detail"]

    assert items(buyer, "/v1/margin-calls", on_sale="true", pledge_id=seen["pledge_id"]) == [seen]
    assert items(buyer, "/v1/margin-calls", **{"owed_at_call[gte]": "1"}) == []


def test_readings_below_zero_are_found_and_sorted(goods: Goods) -> None:
    subject = items(goods.trading.operator, "/v1/receipts", sort="-block_number", limit="1")[0]["subject"]
    desk, of = goods.desk("supplier"), {"subject": subject}
    whole = items(desk, "/v1/readings", **of)

    cold = items(desk, "/v1/readings", **of, **{"value[lt]": "0"})
    assert [int(each["value"]) for each in cold] == [-18_000]
    assert items(desk, "/v1/readings", **of, sort="value")[0] == cold[0]
    require_sorted(desk, "/v1/readings", LISTS["/v1/readings"], of)
    require_filtered(desk, "/v1/readings", LISTS["/v1/readings"], of)
    assert {each["subject"] for each in whole} == {subject}
    assert items(desk, "/v1/readings", kind="TEMPERATURE") == []
