"""After whole lives of goods the rows are what the contracts say, and a gateway rebuilt from nothing has the same."""

from pathlib import Path

import pytest
from goods import TONNES, Goods
from mirror import differences, rows
from sqlmodel import SQLModel
from trading import LEIS, Trading, await_indexer, eur

from api.building import build_gateway
from chain_node.client import Milestone

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def goods(trading: Trading) -> Goods:
    """Goods that came in, were parted, put together, pledged, called for, offered, insured and ordered out."""
    made = Goods(trading)
    trading.fund(40_000_000)
    receipt, supplier = made.store("CT-1"), made.desk("supplier")
    path = f"/v1/receipts/{receipt['id']}"
    supplier.write(f"{path}/splits", {"quantity_thousandths": "1000000", "identifiers": ["CT-10"]})
    found = supplier.get("/v1/receipts", subject=receipt["subject"])["items"]
    (part,) = [each for each in found if each["part_of"]]
    supplier.write(f"/v1/receipts/{part['id']}/mergers", {"into": receipt["id"]})
    supplier.write(f"{path}/transfers", {"to_lei": LEIS["debtor"], "quantity_thousandths": "500000"})
    made.fresh(receipt["subject"])
    pledge = made.pledge(made.facility(), receipt["id"])["id"]
    offer = {"receipt_id": receipt["id"], "quantity_thousandths": "1", "price": eur(2), "until": "2026-12-01T00:00:00Z"}
    supplier.write(f"/v1/pledges/{pledge}/offers", offer)
    made.fresh(receipt["subject"], warmth=26_000)
    call = supplier.write("/v1/margin-calls", {"pledge_id": pledge})["id"]
    supplier.write(f"/v1/margin-calls/{call}/cure", {"amount": eur(3_000_000)})
    supplier.write(f"/v1/margin-calls/{call}/ending")
    order = {"receipt_id": receipt["id"], "quantity_thousandths": "400000", "deadline": "2026-05-20T00:00:00Z"}
    left = made.desk("debtor").write("/v1/release-orders", order)["id"]
    trading.attest(receipt["subject"], Milestone.RELEASED, 400_000, "store", "inspector")
    made.desk("store").write(f"/v1/release-orders/{left}/confirmation")
    made.desk("debtor").write("/v1/release-orders", {**order, "quantity_thousandths": "100000"})
    supplier.write(f"/v1/pledges/{pledge}/releases", {**offer_part(receipt["id"]), "amount": eur(500_000)})
    made.store("CT-2", TONNES // 2)
    return made


def offer_part(receipt_id: str) -> dict[str, str]:
    return {"receipt_id": receipt_id, "quantity_thousandths": "100000"}


def test_rows_equal_the_chain_after_whole_lives_of_goods(goods: Goods) -> None:
    await_indexer(goods.trading.gateway, goods.chain)

    assert differences(goods.trading.gateway.database, goods.chain) == []


def test_goods_rebuilt_from_nothing_have_the_same_rows(goods: Goods, tmp_path: Path) -> None:
    settings = goods.trading.network.settings(tmp_path, f"sqlite:///{tmp_path / 'rebuilt.db'}")
    rebuilt = build_gateway(settings)
    SQLModel.metadata.create_all(rebuilt.database.engine)

    while rebuilt.follower.step():
        pass

    await_indexer(goods.trading.gateway, goods.chain)
    found = rows(rebuilt.database)
    assert found == rows(goods.trading.gateway.database)
    filled = ("lots", "lot_steps", "pledge_steps", "margin_calls", "release_orders", "feed_values", "goods_offers")
    assert all(found[table] for table in filled)
    rebuilt.database.close()
