"""Goods come into a warehouse, are parted, put together and sold: refusals first."""

from collections.abc import Iterator
from typing import Any

import pytest
from goods import STORE, TONNES, Goods
from listed import pages
from refusing import refused
from trading import LEIS, Trading, await_indexer

from api.receipts.models import Lot, Title
from chain_node.client import Milestone

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def goods(trading: Trading) -> Goods:
    return Goods(trading)


@pytest.fixture(scope="module")
def receipt(goods: Goods) -> Any:
    return goods.store("CT-1", TONNES - 10_000)


def test_warehouse_that_was_not_engaged_may_not_announce(goods: Goods) -> None:
    subject = goods.consignment("CT-NOT")
    goods.desk("supplier").write("/v1/receipts/engagements", {"warehouse_lei": STORE, "engaged": False})

    answer = goods.desk("store").post("/v1/receipts/announcements", goods.announcement("CT-NOT", subject))

    refused(answer, 409, "operator-not-engaged")
    goods.desk("supplier").write("/v1/receipts/engagements", {"warehouse_lei": STORE, "engaged": True})


def test_same_unit_twice_is_refused_by_name(goods: Goods) -> None:
    body = goods.announcement("CT-TWICE", "0x" + "5a" * 32, identifiers=["A1", "a 1"])

    answer = goods.desk("store").post("/v1/receipts/announcements", body)

    refused(answer, 422, "identifier-taken")


def test_reference_of_other_goods_is_refused_by_name(goods: Goods, receipt: Any) -> None:
    body = {"number": "CT-OTHER", "warehouse_lei": STORE, "references": ["despatch_advice:DA-CT-1"]}

    answer = goods.desk("supplier").post("/v1/receipts/consignments", body)

    refused(answer, 409, "reference-taken")
    assert "despatch_advice DA-CT-1" in answer.json()["detail"]


def test_announced_lot_is_minted_only_once_attested(goods: Goods) -> None:
    subject = goods.consignment("CT-EARLY")
    announced = goods.desk("store").write("/v1/receipts/announcements", goods.announcement("CT-EARLY", subject))
    path = f"/v1/receipts/announcements/{announced['id']}"
    assert announced["announcement"]["attested"] == "none"

    early = goods.desk("supplier").post(f"{path}/minting")
    goods.trading.attest(subject, Milestone.STORED, 7_000_000, "store", "inspector")

    refused(early, 409, "entry-not-attested")
    seen = goods.desk("supplier").get(path)
    assert (seen["attested"], seen["attested_thousandths"], seen["state"]) == ("final", "7000000", "announced")
    assert [each["act"] for each in seen["possible"]] == ["minting", "withdrawal"]
    minted = goods.desk("store").write(f"{path}/minting")
    assert minted["receipt"]["left_thousandths"] == "7000000"
    assert goods.desk("supplier").get(path)["state"] == "minted"
    refused(goods.desk("store").post(f"{path}/withdrawal"), 409, "not-announced")


def test_withdrawn_announcement_comes_to_nothing(goods: Goods) -> None:
    subject = goods.consignment("CT-GONE")
    announced = goods.desk("store").write("/v1/receipts/announcements", goods.announcement("CT-GONE", subject))

    taken_back = goods.desk("store").write(f"/v1/receipts/announcements/{announced['id']}/withdrawal")

    assert taken_back["announcement"]["state"] == "withdrawn"
    assert taken_back["announcement"]["possible"] == []


def test_least_of_announced_and_attested_is_the_receipt(goods: Goods, receipt: Any) -> None:
    assert (receipt["state"], receipt["left_thousandths"]) == ("live", str(TONNES - 10_000))
    assert (receipt["commodity"], receipt["unit"], receipt["place"]) == ("180620", "KGM", "USEWR")
    assert receipt["positions"][0]["free"] == str(TONNES - 10_000)
    assert receipt["warehouse"]["lei"] == STORE
    assert {each["act"] for each in receipt["possible"]} == {
        "transfers",
        "release-orders",
        "financings",
        "splits",
        "mergers",
    }


def test_more_than_is_free_cannot_be_sold_and_both_figures_are_told(goods: Goods, receipt: Any) -> None:
    body = {"to_lei": LEIS["debtor"], "quantity_thousandths": str(TONNES)}

    answer = goods.desk("supplier").post(f"/v1/receipts/{receipt['id']}/transfers", body)

    refused(answer, 409, "units-out-of-range")
    assert answer.json()["context"] == {"id": receipt["id"], "units": TONNES, "available": TONNES - 10_000}


def test_part_of_another_s_lot_can_be_neither_seen_nor_split(goods: Goods, receipt: Any) -> None:
    body = {"quantity_thousandths": "1", "identifiers": ["CT-10"]}

    answer = goods.desk("stranger").post(f"/v1/receipts/{receipt['id']}/splits", body)

    refused(answer, 404, "receipt-absent")
    assert goods.desk("stranger").get("/v1/receipts")["items"] == []


def test_split_part_is_sold_and_the_rest_put_together_again(goods: Goods) -> None:
    whole = goods.store("CT-2")
    path, supplier = f"/v1/receipts/{whole['id']}", goods.desk("supplier")

    supplier.write(f"{path}/splits", {"quantity_thousandths": "3000000", "identifiers": ["CT-20", "CT-21"]})
    one, other = supplier.get("/v1/receipts", subject=whole["subject"])["items"]
    part = one if one["part_of"] else other
    assert (part["part_of"], part["left_thousandths"], part["identifiers"]) == (whole["id"], "3000000", 2)
    supplier.write(f"/v1/receipts/{part['id']}/splits", {"quantity_thousandths": "1000000", "identifiers": ["CT-20"]})
    supplier.write(f"/v1/receipts/{part['id']}/mergers", {"into": whole["id"]})
    rest = supplier.get(path)
    assert (rest["left_thousandths"], rest["identifiers"]) == ("7000000", 3)
    assert supplier.get(f"/v1/receipts/{part['id']}")["state"] == "merged"

    supplier.write(f"{path}/transfers", {"to_lei": LEIS["debtor"], "quantity_thousandths": "2000000"})

    bought = goods.desk("debtor").get(path)
    assert [p["free"] for p in bought["positions"]] == ["2000000"]
    assert (bought["elsewhere_thousandths"], bought["financing_id"]) == ("5000000", None)
    kept = goods.desk("store").get(path)
    assert sorted(p["free"] for p in kept["positions"]) == ["2000000", "5000000"]
    assert {step["kind"] for step in kept["steps"]} >= {"minted", "split off", "merged from", "title passed on"}


def test_lists_are_filtered_and_paged(goods: Goods, receipt: Any) -> None:
    supplier = goods.desk("supplier")
    seen = [each["id"] for page in pages(supplier, "/v1/receipts", limit="1") for each in page]

    assert receipt["id"] in seen
    assert len(seen) == len(set(seen)) == len(supplier.get("/v1/receipts")["items"])
    assert {each["state"] for each in supplier.get("/v1/receipts", state="merged")["items"]} <= {"merged"}
    refused(supplier.client.get("/v1/receipts?cursor=x", headers=dict(supplier.headers)), 422, "page-unknown")


@pytest.fixture(scope="module")
def rows(goods: Goods) -> Iterator[tuple[list[Lot], list[Title]]]:
    from sqlmodel import select

    await_indexer(goods.trading.gateway, goods.chain)
    with goods.trading.gateway.database.session() as session:
        yield list(session.exec(select(Lot))), list(session.exec(select(Title)))


def test_rows_are_what_the_contract_says(goods: Goods, rows: tuple[list[Lot], list[Title]]) -> None:
    lots, titles = rows

    for lot in lots:
        stock = goods.chain.lots.stock(int(lot.id, 16))
        assert (lot.received, lot.released, lot.state) == (stock.received, stock.released, stock.state.name.lower())
    for title in titles:
        assert title.units == goods.chain.lots.title_of(int(title.lot_id, 16), title.owner)
    assert len(lots) > 3
