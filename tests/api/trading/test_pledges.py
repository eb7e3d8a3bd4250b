"""Goods back a financing: refusals first, then a draw, a partial release against repayment, exchanges and a sale."""

from typing import Any

import pytest
from goods import BUYER, STORE, TERMS, TONNES, Goods
from refusing import refused
from trading import LEIS, Trading, eur

pytestmark = pytest.mark.node

OWED = 6_048_000
"""Minor units lent on eight tonnes at 12.00 a kilogram: 9,600,000 less 10 %, of which 70 %."""


@pytest.fixture(scope="module")
def goods(trading: Trading) -> Goods:
    made = Goods(trading)
    trading.fund(40_000_000)
    return made


@pytest.fixture(scope="module")
def facility(goods: Goods) -> str:
    return goods.facility()


@pytest.fixture(scope="module")
def receipt(goods: Goods) -> Any:
    its = goods.store("CT-1")
    goods.fresh(its["subject"])
    return its


@pytest.fixture(scope="module")
def pledge(goods: Goods, facility: str, receipt: Any) -> str:
    return str(goods.pledge(facility, receipt["id"])["id"])


def test_financing_names_either_goods_or_a_receivable(goods: Goods, facility: str, receipt: Any) -> None:
    both = {"facility_id": facility, "receipt_id": receipt["id"], "receivable_id": receipt["id"]}

    for body in (both, {"facility_id": facility}, {**both, "receivable_id": None, "amount": eur(1)}):
        refused(goods.desk("supplier").post("/v1/financings", body), 422, "request-invalid")


def test_goods_of_others_cannot_be_pledged(goods: Goods, facility: str, receipt: Any) -> None:
    body = {"facility_id": facility, "receipt_id": receipt["id"]}

    refused(goods.desk("stranger").post("/v1/financings", body), 404, "facility-absent")


def test_more_than_one_has_cannot_be_pledged_and_both_figures_are_told(
    goods: Goods, facility: str, receipt: Any
) -> None:
    body = {"facility_id": facility, "receipt_id": receipt["id"], "quantity_thousandths": str(TONNES + 1)}

    problem = refused(goods.desk("supplier").post("/v1/financings", body), 409, "units-out-of-range")

    assert problem["context"] == {"id": receipt["id"], "units": TONNES + 1, "available": TONNES}


def test_facility_without_a_lender_s_terms_takes_no_goods(goods: Goods, receipt: Any) -> None:
    bare = goods.trading.grant(ladders={"goods": [{"milestone": "STORED", "advance_rate_bps": 7000}]})["id"]
    body = {"facility_id": bare, "receipt_id": receipt["id"]}

    problem = refused(goods.desk("supplier").post("/v1/financings", body), 409, "margin-terms-unfit")

    assert (problem["context"]["call_level_bps"], problem["context"]["rate_bps"]) == (0, 7000)
    answer = goods.trading.client.get(f"/v1/pledges/terms/{bare}", headers=dict(goods.desk("supplier").headers))
    refused(answer, 404, "margin-terms-absent")


def test_terms_that_make_no_sense_are_refused(goods: Goods, facility: str) -> None:
    body = {**TERMS, "floor_bps": 9600}

    refused(goods.trading.operator.post(f"/v1/pledges/terms/{facility}", body), 422, "margin-terms-invalid")
    assert goods.desk("supplier").get(f"/v1/pledges/terms/{facility}") == TERMS


def test_pledged_goods_are_drawn_on_at_once(goods: Goods, facility: str, receipt: Any, pledge: str) -> None:
    seen = goods.desk("supplier").get(f"/v1/pledges/{pledge}")

    assert (seen["market_value"], seen["value"], seen["base"]) == (eur(9_600_000), eur(8_640_000), eur(OWED))
    assert (seen["owed"]["amount"], seen["gap"], seen["advance_rate_bps"]) == (str(OWED), "none", 7000)
    assert seen["bears_before_call"] == eur(7_344_000)
    (lot,) = seen["goods"]
    assert (lot["quantity_thousandths"], lot["grade"], lot["haircut_bps"]) == (str(TONNES), 0, 1000)
    assert lot["warehouse"]["lei"] == STORE
    assert {each["act"] for each in seen["possible"]} >= {"goods", "substitutions", "releases", "offers"}
    financing = goods.desk("supplier").get(f"/v1/financings/{pledge}")
    assert (financing["pledged"], financing["pledged_thousandths"]) == (None, str(TONNES))
    held = goods.desk("supplier").get(f"/v1/receipts/{receipt['id']}")
    assert (held["financing_id"], held["in_custody_thousandths"]) == (pledge, str(TONNES))
    assert held["possible"] == []


def test_the_same_goods_back_one_financing(goods: Goods, facility: str, receipt: Any, pledge: str) -> None:
    body = {"facility_id": facility, "receipt_id": receipt["id"]}

    problem = refused(goods.desk("supplier").post("/v1/financings", body), 409, "units-out-of-range")

    assert problem["context"]["available"] == 0


def test_nothing_comes_in_on_goods_that_could_be_forwarded(goods: Goods, pledge: str) -> None:
    refused(goods.desk("supplier").post(f"/v1/financings/{pledge}/forward"), 409, "nothing-to-forward")


def test_more_goods_than_a_payment_frees_are_not_given_back(goods: Goods, receipt: Any, pledge: str) -> None:
    body = {"amount": eur(1_000_000), "receipt_id": receipt["id"], "quantity_thousandths": "1000000"}

    problem = refused(
        goods.desk("supplier").post(f"/v1/pledges/{pledge}/releases", body), 409, "release-exceeds-payment"
    )

    assert (problem["context"]["value"], problem["context"]["most"]) == (1_080_000, 1_000_000)


def test_no_more_than_is_in_custody_is_given_back(goods: Goods, pledge: str, receipt: Any) -> None:
    body = {"amount": eur(2_000_000), "receipt_id": receipt["id"], "quantity_thousandths": str(TONNES + 1)}

    problem = refused(goods.desk("supplier").post(f"/v1/pledges/{pledge}/releases", body), 409, "custody-exceeded")

    assert problem["context"] == {"quantity": TONNES + 1, "pledged": TONNES}


def test_partial_release_against_repayment(goods: Goods, receipt: Any, pledge: str) -> None:
    goods.fresh(receipt["subject"])
    body = {"amount": eur(2_000_000), "receipt_id": receipt["id"], "quantity_thousandths": "1500000"}

    answer = goods.desk("supplier").write(f"/v1/pledges/{pledge}/releases", body)["pledge"]

    assert int(answer["owed"]["amount"]) == pytest.approx(OWED - 2_000_000, abs=2_000)
    assert answer["goods"][0]["quantity_thousandths"] == "6500000"
    step = answer["steps"][-1]
    assert (step["kind"], step["quantity_thousandths"]) == ("released for payment", "1500000")
    assert (step["amount"], step["to_pool"]) == (eur(1_620_000), eur(2_000_000))
    free = goods.desk("supplier").get(f"/v1/receipts/{receipt['id']}")["positions"][0]["free"]
    assert free == "1500000"


def test_goods_are_added_and_exchanged_for_others(goods: Goods, receipt: Any, pledge: str) -> None:
    other = goods.store("CT-3")
    goods.fresh(receipt["subject"])
    goods.report_warmth(other["subject"], 16_000)
    path, supplier = f"/v1/pledges/{pledge}", goods.desk("supplier")

    added = supplier.write(f"{path}/goods", {"receipt_id": receipt["id"], "quantity_thousandths": "500000"})["pledge"]
    assert added["goods"][0]["quantity_thousandths"] == "7000000"

    body = {"receipt_id": receipt["id"], "quantity_thousandths": "2000000", "offered_receipt_id": other["id"]}
    less = supplier.post(f"{path}/substitutions", {**body, "offered_quantity_thousandths": "1000000"}, Prefer="wait=60")
    refused(less, 409, "substitute-too-small")
    swapped = supplier.write(f"{path}/substitutions", {**body, "offered_quantity_thousandths": "2000000"})["pledge"]

    assert [lot["quantity_thousandths"] for lot in swapped["goods"]] == ["5000000", "2000000"]
    assert swapped["steps"][-1]["kind"] == "exchanged"
    refused(supplier.post(f"{path}/drops", {"receipt_id": other["id"]}), 409, "lot-not-empty")


def test_offered_goods_are_seen_and_bought_by_whom_they_are_offered_to(goods: Goods, receipt: Any, pledge: str) -> None:
    goods.fresh(receipt["subject"])
    body = {
        "receipt_id": receipt["id"],
        "quantity_thousandths": "2000000",
        "price": eur(2_400_000),
        "buyer_lei": BUYER,
        "until": "2026-12-01T00:00:00Z",
    }
    offer = goods.desk("supplier").write(f"/v1/pledges/{pledge}/offers", body)["offer"]
    path = f"/v1/pledges/offers/{offer['id']}"
    assert (offer["state"], offer["buyer"]["lei"]) == ("open", BUYER)
    assert goods.desk("stranger").get("/v1/pledges/offers")["items"] == []
    refused(goods.desk("stranger").post(f"{path}/purchase"), 404, "offer-absent")
    refused(goods.desk("buyer").post(f"{path}/purchase"), 409, "cash-too-low")
    _pay_in(goods, BUYER, 2_400_000)
    owed = int(goods.desk("supplier").get(f"/v1/pledges/{pledge}")["owed"]["amount"])

    bought = goods.desk("buyer").write(f"{path}/purchase")

    assert bought["offer"]["state"] == "over"
    seen = goods.desk("supplier").get(f"/v1/pledges/{pledge}")
    assert int(seen["owed"]["amount"]) == pytest.approx(owed - 2_400_000, abs=2_000)
    assert (seen["steps"][-1]["kind"], seen["steps"][-1]["buyer"]["lei"]) == ("sold", BUYER)
    owned = goods.desk("buyer").get(f"/v1/receipts/{receipt['id']}")
    assert owned["positions"][0]["free"] == "2000000"
    assert goods.desk("buyer").get("/v1/pledges")["items"] == []
    refused(goods.desk("buyer").post(f"{path}/purchase"), 409, "offer-over")


def test_offer_is_taken_back_by_its_seller_alone(goods: Goods, receipt: Any, pledge: str) -> None:
    body = {"receipt_id": receipt["id"], "quantity_thousandths": "1", "price": eur(2), "until": "2026-12-01T00:00:00Z"}
    offer = goods.desk("supplier").write(f"/v1/pledges/{pledge}/offers", body)["offer"]
    path = f"/v1/pledges/offers/{offer['id']}"
    assert [each["id"] for each in goods.desk("buyer").get("/v1/pledges/offers")["items"]][:1] == [offer["id"]]

    refused(goods.desk("buyer").post(f"{path}/withdrawal"), 403, "not-pledgor-of")
    taken_back = goods.desk("supplier").write(f"{path}/withdrawal")

    assert taken_back["offer"]["state"] == "over"


def _pay_in(goods: Goods, lei: str, units: int) -> None:
    body = {"lei": lei, "amount": eur(units), "payment_reference": f"bank-{lei}-{units}-{goods.now()}"}
    goods.trading.operator.write("/v1/cash/issues", body)


def test_pledge_is_nobody_else_s_business(goods: Goods, pledge: str) -> None:
    for name in ("stranger", "store", "buyer"):
        answer = goods.desk(name).client.get(f"/v1/pledges/{pledge}", headers=dict(goods.desk(name).headers))
        assert answer.status_code == 404
    assert [each["id"] for each in goods.trading.operator.get("/v1/pledges")["items"]] == [pledge]
    assert LEIS["supplier"] not in goods.desk("stranger").get("/v1/pledges").__str__()
