"""The price rule on a real network: pledged goods that are offered far from what their feed says."""

from typing import Any

import pytest
from goods import TONNES, Goods
from trading import LEIS, Trading, await_indexer, eur

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def goods(trading: Trading) -> Goods:
    made = Goods(trading)
    trading.fund(40_000_000)
    return made


def price_cases(trading: Trading) -> list[Any]:
    await_indexer(trading.gateway, trading.chain)
    ran = trading.operator.post("/v1/monitoring/runs", {"from_block": 0})
    assert ran.status_code == 200, ran.text
    found: list[Any] = trading.operator.get("/v1/cases", kind="price")["items"]
    return found


def test_pledged_goods_offered_far_below_their_feed_are_a_case(trading: Trading, goods: Goods) -> None:
    receipt, supplier = goods.store("CT-1"), goods.desk("supplier")
    goods.fresh(receipt["subject"], cents=1_200)
    pledge = goods.pledge(goods.facility(), receipt["id"])["id"]
    tonne = {"receipt_id": receipt["id"], "quantity_thousandths": str(TONNES // 8), "until": "2026-12-01T00:00:00Z"}

    supplier.write(f"/v1/pledges/{pledge}/offers", {**tonne, "price": eur(1_150_000)})
    near = price_cases(trading)
    supplier.write(f"/v1/pledges/{pledge}/offers", {**tonne, "price": eur(600_000)})
    (case,) = price_cases(trading)

    assert near == []
    assert (case["lei"], case["figures"]["price"], case["figures"]["reference"]) == (
        LEIS["supplier"],
        "600000",
        "1200000",
    )
    assert case["figures"]["source"] == "feed of commodity 180620"
