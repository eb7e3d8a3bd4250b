"""Goods get warm and bear less than is owed: margin is called, mended, or the goods are sold."""

from typing import Any

import pytest
from goods import BUYER, TONNES, Goods
from refusing import refused
from trading import Trading, eur

pytestmark = pytest.mark.node
DAY = 86_400


@pytest.fixture(scope="module")
def goods(trading: Trading) -> Goods:
    made = Goods(trading)
    trading.fund(40_000_000)
    return made


@pytest.fixture(scope="module")
def facility(goods: Goods) -> str:
    return goods.facility()


def pledged(goods: Goods, facility: str, number: str) -> tuple[dict[str, Any], str]:
    receipt = goods.store(number)
    goods.fresh(receipt["subject"])
    return receipt, str(goods.pledge(facility, receipt["id"])["id"])


@pytest.fixture(scope="module")
def warm(goods: Goods, facility: str) -> tuple[dict[str, Any], str]:
    """A pledge whose goods have just become too warm: two grades lower, 30 % off in all instead of 10."""
    receipt, pledge = pledged(goods, facility, "CT-1")
    refused(goods.trading.operator.post("/v1/margin-calls", {"pledge_id": pledge}), 409, "margin-sufficient")
    goods.fresh(receipt["subject"], warmth=26_000)
    return receipt, pledge


def test_no_call_is_seen_that_is_not_there(goods: Goods) -> None:
    for call_id in ("1-1", "x", "0-0"):
        answer = goods.trading.client.get(f"/v1/margin-calls/{call_id}", headers=dict(goods.desk("supplier").headers))
        refused(answer, 404, "margin-call-absent")


def test_call_names_what_is_owed_and_what_goods_bear_and_is_mended_in_cash(
    goods: Goods, warm: tuple[dict[str, Any], str]
) -> None:
    _, pledge = warm
    supplier, servicer = goods.desk("supplier"), goods.trading.operator
    seen = supplier.get(f"/v1/pledges/{pledge}")
    assert (seen["goods"][0]["grade"], seen["value"], seen["base"]) == (2, eur(6_720_000), eur(4_704_000))
    assert "margin-calls" in [each["act"] for each in seen["possible"]]

    call = servicer.write("/v1/margin-calls", {"pledge_id": pledge})["margin_call"]

    path = f"/v1/margin-calls/{call['id']}"
    assert (call["state"], call["value_at_call"], call["base"]) == ("open", eur(6_720_000), eur(4_704_000))
    shortfall = int(call["shortfall"]["amount"])
    assert shortfall == int(call["owed"]["amount"]) - 4_704_000
    assert [(each["act"], each["until"]) for each in call["possible"]] == [("cure", call["deadline"])]
    refused(servicer.post("/v1/margin-calls", {"pledge_id": pledge}), 409, "margin-call-open")
    early = refused(servicer.post(f"{path}/sale"), 409, "cure-time-left")
    assert early["context"]["deadline"] > early["context"]["now_"]
    refused(supplier.post(f"{path}/ending"), 409, "margin-call-uncured")
    refused(supplier.post(f"{path}/cure", {}), 422, "request-invalid")
    refused(goods.desk("stranger").post(f"{path}/cure", {"amount": eur(1)}), 404, "margin-call-absent")

    mended = supplier.write(f"{path}/cure", {"amount": eur(shortfall + 1_000)})["margin_call"]

    assert ([each["act"] for each in mended["possible"]], mended["shortfall"]) == (["ending"], eur(0))
    ended = supplier.write(f"{path}/ending")["margin_call"]
    assert (ended["state"], ended["possible"], ended["owed"]) == ("ended", [], None)
    assert int(ended["left_owed"]["amount"]) <= 4_704_000
    refused(supplier.post(f"{path}/ending"), 409, "margin-call-missing")


def test_call_is_mended_in_goods(goods: Goods, facility: str) -> None:
    receipt, pledge = pledged(goods, facility, "CT-2")
    more = goods.store("CT-3", TONNES // 2)
    goods.fresh(receipt["subject"], warmth=26_000)
    goods.report_warmth(more["subject"], 16_000)
    supplier = goods.desk("supplier")
    call = supplier.write("/v1/margin-calls", {"pledge_id": pledge})["margin_call"]
    body = {"receipt_id": more["id"], "quantity_thousandths": str(TONNES // 2)}

    supplier.write(f"/v1/margin-calls/{call['id']}/cure", body)
    ended = supplier.write(f"/v1/margin-calls/{call['id']}/ending")["margin_call"]

    assert ended["state"] == "ended"
    assert len(supplier.get(f"/v1/pledges/{pledge}")["goods"]) == 2


def test_goods_of_a_call_that_nobody_mends_are_sold_to_who_bids(goods: Goods, facility: str) -> None:
    receipt, pledge = pledged(goods, facility, "CT-4")
    goods.fresh(receipt["subject"], warmth=26_000)
    operator, buyer = goods.trading.operator, goods.desk("buyer")
    call = operator.write("/v1/margin-calls", {"pledge_id": pledge})["margin_call"]
    path = f"/v1/margin-calls/{call['id']}"
    refused(buyer.client.get(path, headers=dict(buyer.headers)), 404, "margin-call-absent")
    goods.wait(2 * DAY + 60)
    goods.fresh(receipt["subject"], warmth=26_000)
    assert goods.desk("supplier").get(path)["state"] == "expired"

    selling = operator.write(f"{path}/sale")["margin_call"]

    (lot,) = selling["goods"]
    assert (selling["state"], lot["left_thousandths"], lot["least_bid_thousandths"]) == (
        "selling",
        str(TONNES),
        str(TONNES // 10),
    )
    (offered,) = [c for c in buyer.get("/v1/margin-calls", on_sale="true")["items"] if c["id"] == call["id"]]
    assert (offered["owed"], offered["supplier"], offered["sales"]) == (None, None, [])
    assert buyer.get("/v1/margin-calls")["items"] == []
    bid = {"receipt_id": receipt["id"], "quantity_thousandths": "2000000", "most": eur(2_300_000)}
    small = refused(buyer.post(f"{path}/bids", {**bid, "quantity_thousandths": "1"}), 409, "bid-out-of-range")
    assert small["context"] == {"quantity": 1, "least": TONNES // 10, "left": TONNES}
    low = refused(buyer.post(f"{path}/bids", {**bid, "most": eur(1)}), 409, "bid-price-too-high")
    assert low["context"]["price"] > low["context"]["most"] == 1
    issue = {"lei": BUYER, "amount": eur(2_300_000), "payment_reference": "bank-bid"}
    operator.write("/v1/cash/issues", issue)

    buyer.write(f"{path}/bids", bid)

    assert buyer.get(f"/v1/receipts/{receipt['id']}")["positions"][0]["free"] == "2000000"
    seen = goods.desk("supplier").get(path)
    assert [sale["quantity_thousandths"] for sale in seen["sales"]] == ["2000000"]
    assert seen["goods"][0]["left_thousandths"] == "6000000"
    assert int(seen["owed"]["amount"]) < int(call["owed"]["amount"]) - 2_000_000
    refused(operator.post(f"{path}/sale"), 409, "sale-running")


def test_statements_tell_what_was_paid_on_a_call_and_for_goods(goods: Goods) -> None:
    """In the order of the tests above: mended in cash, and bid for."""

    def moved(name: str) -> set[tuple[str, bool, str]]:
        lines = goods.desk(name).get("/v1/statements/EUR", since="2026-05-01")["movements"]
        return {(line["kind"], int(line["amount"]["amount"]) > 0, (line["reference"] or {})["kind"]) for line in lines}

    assert ("margin_call_payment", False, "financing") in moved("supplier")
    assert ("disbursement", True, "financing") in moved("supplier")
    assert "repayment" not in {kind for kind, _, _ in moved("supplier")}
    assert moved("buyer") == {("issue", True, "bank_payment"), ("goods_purchase", False, "financing")}
