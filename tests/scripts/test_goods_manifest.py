import shutil
from pathlib import Path

import pytest

from scripts.demo.goods_manifest import LineTrade, StockTrade, kind_of, load_goods_trade
from scripts.demo.manifest import ManifestInvalid

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def stock(tmp_path: Path) -> Path:
    folder = tmp_path / "stock"
    shutil.copytree(EXAMPLES / "trade-stock", folder)
    return folder


def change(folder: Path, old: str, new: str) -> None:
    manifest = folder / "trade.toml"
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems(folder: Path) -> str:
    with pytest.raises(ManifestInvalid) as refused:
        load_goods_trade(folder)
    return str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fee_bps = 50", "fee_bps = 50\nfees = 1", "lending.fees"),
        ('commodity = "chocolate"', 'commodity = "cocoa"', "'cocoa' is none of chocolate, lamps"),
        ('role = "WAREHOUSE"', 'role = "SUPPLIER"', "'warehouse' is no party with an oracle role"),
        ("[parties.buyer]", "[parties.purchaser]", "parties.buyer is missing"),
        ("999900NORDVIKFOOD017", "999900CACAOTERRA0030", "two parties have the LEI 999900CACAOTERRA0030"),
        ("at = 2026-07-08T14:00:00Z", "at = 2026-07-10T14:00:00Z", "must follow each other in time"),
        ("at = 2026-07-08T14:00:00Z", "at = 2026-07-08T14:00:00", "a moment needs its zone"),
        ('quantity = "8000"', 'quantity = "8000.0001"', "goods.quantity"),
        ('place = "USEWR"', 'place = "Newark"', "goods.place"),
        ('milestone = "STORED"', 'milestone = "SHELVED"', "'SHELVED' is no milestone"),
        ("entry/sensors.epcis.json", "entry/none.epcis.json", "entry/none.epcis.json is named but not in the folder"),
        ('kind = "stock"', 'kind = "stocks"', "'stocks'"),
    ],
)
def test_a_manifest_that_cannot_be_run_is_refused_in_words(stock: Path, old: str, new: str, said: str) -> None:
    change(stock, old, new)

    assert said in problems(stock)


def test_the_examples_can_be_run() -> None:
    stock, line = load_goods_trade(EXAMPLES / "trade-stock"), load_goods_trade(EXAMPLES / "trade-line")

    assert isinstance(stock, StockTrade)
    assert set(stock.nodes()) == {"warehouse", "inspector", "sensors", "reporter"}
    assert isinstance(line, LineTrade)
    assert set(line.lending.ladders) == {"order", "inventory", "receivable"}


@pytest.mark.parametrize(
    ("trade", "kind"), [("trade", "invoice"), ("trade-stock", "stock"), ("trade-line", "line"), ("nowhere", "invoice")]
)
def test_a_folder_says_its_kind(trade: str, kind: str) -> None:
    assert kind_of(EXAMPLES / trade) == kind
