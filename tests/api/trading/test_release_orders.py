"""Goods leave a warehouse: by their owner's order, out of a lender's custody, or not at all."""

from datetime import UTC, datetime
from typing import Any

import pytest
from goods import STORE, TONNES, Goods
from refusing import refused
from trading import LEIS, Trading

from chain_node.client import Milestone

pytestmark = pytest.mark.node
DAY = 86_400


@pytest.fixture(scope="module")
def goods(trading: Trading) -> Goods:
    made = Goods(trading)
    trading.fund(20_000_000)
    return made


@pytest.fixture(scope="module")
def receipt(goods: Goods) -> Any:
    return goods.store("CT-1")


def ordered(goods: Goods, receipt: Any, quantity: int, **more: Any) -> dict[str, Any]:
    deadline = datetime.fromtimestamp(goods.now() + 7 * DAY, UTC).isoformat()
    return {"receipt_id": receipt["id"], "quantity_thousandths": str(quantity), "deadline": deadline, **more}


def test_more_than_is_free_cannot_leave(goods: Goods, receipt: Any) -> None:
    body = ordered(goods, receipt, TONNES + 1)

    problem = refused(goods.desk("supplier").post("/v1/release-orders", body), 409, "units-out-of-range")

    assert problem["context"]["available"] == TONNES
    refused(goods.desk("stranger").post("/v1/release-orders", body), 404, "receipt-absent")
    pledged = refused(
        goods.desk("supplier").post("/v1/release-orders", {**body, "pledged": True}), 409, "custody-exceeded"
    )
    assert pledged["context"]["pledged"] == 0


def test_deadline_beyond_a_month_is_refused(goods: Goods, receipt: Any) -> None:
    body = ordered(goods, receipt, 1, deadline="2026-12-31T00:00:00Z")

    refused(goods.desk("supplier").post("/v1/release-orders", body), 422, "order-deadline-out-of-range")


def test_goods_leave_once_their_exit_is_attested(goods: Goods, receipt: Any) -> None:
    supplier = goods.desk("supplier")
    body = ordered(goods, receipt, 3_000_000, to_lei=LEIS["debtor"])

    order = supplier.write("/v1/release-orders", body)["release_order"]

    path = f"/v1/release-orders/{order['id']}"
    assert (order["state"], order["sequence"], order["attested"]) == ("ordered", 1, "none")
    assert [each["act"] for each in order["possible"]] == ["declination"]
    assert goods.desk("debtor").get(path)["to"]["lei"] == LEIS["debtor"]
    refused(supplier.post(f"{path}/confirmation"), 409, "exit-not-attested")
    refused(supplier.post(f"{path}/lapse"), 409, "order-not-lapsed")
    refused(supplier.post(f"{path}/declination"), 403, "role-missing")
    goods.trading.attest(receipt["subject"], Milestone.RELEASED, 2_990_000, "store", "inspector")
    assert [each["act"] for each in supplier.get(path)["possible"]] == ["confirmation"]

    done = goods.desk("store").write(f"{path}/confirmation")["release_order"]

    assert (done["state"], done["released_thousandths"], done["kept_thousandths"]) == ("left", "2990000", "10000")
    left = supplier.get(f"/v1/receipts/{receipt['id']}")
    assert (left["left_thousandths"], left["steps"][-1]["kind"]) == (str(TONNES - 2_990_000), "left the warehouse")
    refused(supplier.post(f"{path}/confirmation"), 409, "order-not-open")


def test_warehouse_declines_what_has_not_left(goods: Goods, receipt: Any) -> None:
    order = goods.desk("supplier").write("/v1/release-orders", ordered(goods, receipt, 1_000))["release_order"]
    assert order["sequence"] == 2

    declined = goods.desk("store").write(f"/v1/release-orders/{order['id']}/declination")["release_order"]

    assert (declined["state"], declined["kept_thousandths"], declined["possible"]) == ("declined", "1000", [])


def test_pledged_goods_leave_with_their_lender_s_consent(goods: Goods) -> None:
    receipt, supplier, officer = goods.store("CT-2"), goods.desk("supplier"), goods.trading.operator
    goods.fresh(receipt["subject"])
    pledge = str(goods.pledge(goods.facility(), receipt["id"])["id"])
    refused(supplier.post("/v1/release-orders", ordered(goods, receipt, 1)), 409, "units-out-of-range")

    asked = supplier.write("/v1/release-orders", ordered(goods, receipt, 1_000_000, pledged=True))["release_order"]

    path = f"/v1/release-orders/{asked['id']}"
    assert (asked["state"], asked["pledge_id"]) == ("awaits lender", pledge)
    assert [each["id"] for each in supplier.get("/v1/release-orders", state="awaits lender")["items"]] == [asked["id"]]
    refused(supplier.post(f"{path}/consent"), 403, "scope-missing")
    refused(supplier.post(f"{path}/confirmation"), 409, "order-not-open")
    uncovered = refused(officer.post(f"{path}/consent"), 409, "goods-uncovered")
    assert uncovered["context"]["owed"] > uncovered["context"]["base"]
    supplier.write(f"/v1/financings/{pledge}/repayments", {"amount": {"amount": "2000000", "currency": "EUR"}})
    goods.fresh(receipt["subject"])

    agreed = officer.write(f"{path}/consent")["release_order"]

    assert (agreed["state"], agreed["pledge_id"]) == ("ordered", pledge)
    assert agreed["lender"] == goods.trading.gateway.signers.address("office:credit-officer")
    lot = supplier.get(f"/v1/pledges/{pledge}")["goods"][0]
    assert (lot["quantity_thousandths"], lot["leaving_thousandths"]) == ("7000000", "1000000")
    refused(supplier.post(f"{path}/withdrawal"), 409, "release-consented")
    assert goods.desk("store").get("/v1/release-orders", receipt_id=receipt["id"])["items"][0]["id"] == asked["id"]


def test_what_was_asked_of_a_lender_is_taken_back(goods: Goods) -> None:
    receipt, supplier = goods.store("CT-3"), goods.desk("supplier")
    goods.fresh(receipt["subject"])
    goods.pledge(goods.facility(), receipt["id"])
    asked = supplier.write("/v1/release-orders", ordered(goods, receipt, 1, pledged=True))["release_order"]

    taken_back = supplier.write(f"/v1/release-orders/{asked['id']}/withdrawal")["release_order"]

    assert (taken_back["state"], taken_back["possible"]) == ("unapproved", [])


def test_order_whose_time_is_over_lapses(goods: Goods, receipt: Any) -> None:
    order = goods.desk("supplier").write("/v1/release-orders", ordered(goods, receipt, 5_000))["release_order"]
    goods.wait(8 * DAY)
    path = f"/v1/release-orders/{order['id']}"
    assert [each["act"] for each in goods.desk("supplier").get(path)["possible"]] == ["declination", "lapse"]

    lapsed = goods.desk("supplier").write(f"{path}/lapse")["release_order"]

    assert (lapsed["state"], lapsed["kept_thousandths"]) == ("lapsed", "5000")
    assert goods.desk("stranger").get("/v1/release-orders")["items"] == []
    assert STORE in str(goods.desk("store").get(f"/v1/receipts/{receipt['id']}"))
