"""Prices and conditions of goods with what each witness has signed, and grades: refusals first."""

from typing import Any

import pytest
from eth_account import Account
from goods import PRICES, SENSORS, STORE, Goods
from refusing import refused
from trading import LEIS, Trading

from chain_node.client import FeedKind, Milestone, condition_feed, reading_digest

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def goods(trading: Trading) -> Goods:
    return Goods(trading)


@pytest.fixture(scope="module")
def warm(goods: Goods) -> Any:
    """Goods of which two temperatures are known, the second too high."""
    receipt = goods.store("CT-1")
    goods.fresh(receipt["subject"])
    goods.trading.send(goods.trading.keys["store"], goods.chain.valuations.enrol(int(receipt["id"], 16)))
    goods.fresh(receipt["subject"], cents=1210, warmth=26_000)
    return receipt


def of(goods: Goods, name: str, path: str) -> Any:
    return goods.trading.client.get(path, headers=dict(goods.desk(name).headers))


def test_readings_of_others_goods_are_nobody_s_business(goods: Goods, warm: Any) -> None:
    subject = warm["subject"]

    for path in (f"/v1/readings?subject={subject}", f"/v1/readings/feeds?subject={subject}"):
        refused(of(goods, "stranger", path), 404, "subject-absent")
    refused(of(goods, "stranger", f"/v1/readings/grades/{subject}"), 404, "subject-absent")
    reading = goods.desk("supplier").get("/v1/readings", subject=subject)["items"][0]["id"]
    refused(of(goods, "stranger", f"/v1/readings/{reading}"), 404, "reading-absent")
    refused(of(goods, "supplier", "/v1/readings/0x1.1"), 404, "reading-absent")
    refused(of(goods, "supplier", "/v1/readings?cursor=x"), 422, "page-unknown")


def test_prices_are_everybody_s_with_what_each_witness_signed(goods: Goods, warm: Any) -> None:
    newest, oldest = goods.desk("stranger").get("/v1/readings", kind="PRICE")["items"]
    assert (newest["value"], oldest["value"], newest["evidence"]) == ("121000", "120000", None)
    assert newest["unit"] == "EUR for one KGM, times 10^4"

    seen = goods.desk("stranger").get(f"/v1/readings/{newest['id']}")

    assert [its["value"] for its in seen["evidence"]] == ["120999", "121000", "121001"]
    assert {its["organisation"]["lei"] for its in seen["evidence"]} == {STORE, LEIS["inspector"], PRICES}
    _require_signed(goods, seen, goods.price)


def test_conditions_are_shown_to_their_parties(goods: Goods, warm: Any) -> None:
    subject = warm["subject"]

    for name in ("supplier", "store", "inspector"):
        newest = goods.desk(name).get("/v1/readings", subject=subject)["items"][0]
        assert (newest["kind"], newest["value"], newest["subject"]) == ("TEMPERATURE", "26000", subject)
    seen = goods.desk("supplier").get(f"/v1/readings/{newest['id']}")
    assert {its["organisation"]["lei"] for its in seen["evidence"]} == {STORE, LEIS["inspector"], SENSORS}
    _require_signed(goods, seen, condition_feed(FeedKind.TEMPERATURE, bytes.fromhex(subject[2:])))


def _require_signed(goods: Goods, seen: Any, feed: bytes) -> None:
    """That each signature shown is over the value shown beside it."""
    its = seen["evidence"][1]
    signature = bytes.fromhex(its["signature"][2:])
    version = goods.chain.feeds.policy(bytes.fromhex(seen["feed_id"][2:]))[0].version
    observed_at = goods.chain.feeds.record(feed).observed_at
    digest = reading_digest(
        goods.chain.chain_id,
        goods.chain.feeds.address,
        feed=feed,
        round=seen["round"],
        version=version,
        value=int(its["value"]),
        observed_at=observed_at,
    )
    vs = int.from_bytes(signature[32:])
    s, parity = vs & (1 << 255) - 1, vs >> 255
    signer = Account._recover_hash(digest, vrs=(27 + parity, int.from_bytes(signature[:32]), s))
    assert signer == its["signer"]


def test_feeds_say_what_may_be_relied_on_until_when(goods: Goods, warm: Any) -> None:
    feeds = {its["kind"]: its for its in goods.desk("stranger").get("/v1/readings/feeds")["items"] if its["value"]}

    assert (feeds["PRICE"]["status"], feeds["PRICE"]["value"], feeds["PRICE"]["round"]) == ("usable", "121000", 2)
    assert feeds["PRICE"]["due_at"] < feeds["PRICE"]["stale_from"]
    of_goods = goods.desk("supplier").get("/v1/readings/feeds", subject=warm["subject"])["items"]
    known = {its["kind"]: its["status"] for its in of_goods}
    assert known == {"TEMPERATURE": "usable", "HUMIDITY": "missing", "SHOCK": "missing", "DOOR": "missing"}


def test_grade_shows_the_breach_that_it_comes_of_and_is_noted(goods: Goods, warm: Any) -> None:
    path = f"/v1/readings/grades/{warm['subject']}"

    seen = goods.desk("supplier").get(path)

    assert (seen["grade"], seen["known"], seen["noted_grade"]) == (2, True, 0)
    (condition,) = seen["conditions"]
    assert (condition["value"], condition["high"], condition["deepest"]) == ("26000", "20000", "6000")
    assert [each["act"] for each in seen["possible"]] == ["assessment", "inspections"]
    noted = goods.desk("supplier").write(f"{path}/assessment")["grade"]
    assert (noted["noted_grade"], [step["kind"] for step in noted["steps"]]) == (2, ["enrolled", "worsened"])
    assert "assessment" not in [each["act"] for each in noted["possible"]]


def test_grade_is_set_by_listed_inspectors_only(goods: Goods, warm: Any) -> None:
    path = f"/v1/readings/grades/{warm['subject']}/inspections"
    refused(goods.desk("prices").post(path, {"sequence": 1, "grade": 0}), 404, "subject-absent")
    goods.trading.attest(warm["subject"], Milestone.INSPECTED, 0, "prices")

    refused(goods.desk("prices").post(path, {"sequence": 1, "grade": 0}), 403, "inspector-unlisted")
    refused(goods.desk("prices").post(path, {"sequence": 1, "grade": 6}), 422, "request-invalid")


def test_milestones_of_a_receipt_carry_each_vote_s_evidence(goods: Goods, warm: Any) -> None:
    seen = goods.desk("store").get("/v1/milestones", receipt_id=warm["id"])

    stored = next(fact for fact in seen["items"] if fact["milestone"] == "STORED")
    assert {vote["organisation_lei"] for vote in stored["votes"]} == {STORE, LEIS["inspector"]}
    assert all(vote["evidence"] == "0x" + "11" * 32 for vote in stored["votes"])
    refused(of(goods, "stranger", f"/v1/milestones?receipt_id={warm['id']}"), 404, "receipt-absent")
