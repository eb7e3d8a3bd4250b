import shutil
from pathlib import Path

import pytest

from scripts.demo.manifest import ManifestInvalid, load_trade

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "trade"


@pytest.fixture
def trade(tmp_path: Path) -> Path:
    folder = tmp_path / "trade"
    shutil.copytree(EXAMPLE, folder)
    return folder


def change(folder: Path, old: str, new: str) -> None:
    manifest = folder / "trade.toml"
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_examples_can_be_run() -> None:
    trade = load_trade(EXAMPLE)

    assert set(trade.nodes()) == {"carrier", "warehouse", "inspector"}
    assert [stage.name for stage in trade.stages] == ["ship", "receive"]


def test_an_unknown_key_is_named(trade: Path) -> None:
    change(trade, "fee_bps = 50", "fee_bps = 50\nfees = 1")

    with pytest.raises(ManifestInvalid, match=r"lending\.fees"):
        load_trade(trade)


def test_all_problems_are_reported_at_once(trade: Path) -> None:
    change(trade, 'deposit = "70000.00"', 'deposit = "-1"')
    change(trade, 'jurisdiction = "DE"', 'jurisdiction = "Germany"')

    with pytest.raises(ManifestInvalid) as refused:
        load_trade(trade)

    assert len(refused.value.problems) == 2
    assert "lending.deposit" in str(refused.value)
    assert "parties.supplier.jurisdiction" in str(refused.value)


def test_a_paper_that_is_not_there_is_named(trade: Path) -> None:
    (trade / "receiving.epcis.json").unlink()

    with pytest.raises(ManifestInvalid, match=r"receiving\.epcis\.json is named but not in the folder"):
        load_trade(trade)


def test_a_paper_of_a_party_without_a_node_is_refused(trade: Path) -> None:
    change(trade, '{ party = "inspector", file = "inspection', '{ party = "lender", file = "inspection')

    with pytest.raises(ManifestInvalid, match="'lender' is no party with an oracle role"):
        load_trade(trade)


def test_stages_out_of_order_are_refused(trade: Path) -> None:
    change(trade, "at = 2026-05-28T13:00:00Z", "at = 2026-05-11T13:00:00Z")

    with pytest.raises(ManifestInvalid, match="follow each other in time"):
        load_trade(trade)


def test_a_moment_without_a_zone_is_refused(trade: Path) -> None:
    change(trade, "starts_at = 2026-05-04T09:00:00Z", "starts_at = 2026-05-04T09:00:00")

    with pytest.raises(ManifestInvalid, match="needs its zone"):
        load_trade(trade)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('milestone = "RECEIVED", advance', 'milestone = "RECIEVED", advance', "'RECIEVED' is no milestone"),
        ('milestone = "DEPARTED"\nat', 'milestone = "ACCEPTED"\nat', "acceptance is the debtor's act"),
        ("999900MERIDIANFUND54", "999900MERIDIANFUND55", "'999900MERIDIANFUND55' is no LEI"),
        ("999900MERIDIANFUND54", "999900ACMESUPPLIES58", "two parties have the LEI 999900ACMESUPPLIES58"),
        ('milestone = "DEPARTED", advance', 'milestone = "STORED", advance', "in the order of the journey"),
        ('deposit = "70000.00"', 'deposit = "70000.001"', "lending.deposit: 70000.001 EUR does not fit"),
    ],
)
def test_mistakes_are_found_before_anything_is_started(trade: Path, old: str, new: str, said: str) -> None:
    change(trade, old, new)

    with pytest.raises(ManifestInvalid) as refused:
        load_trade(trade)

    assert said in str(refused.value)


def test_an_invoice_that_cannot_be_financed_is_refused_by_its_name(trade: Path) -> None:
    invoice = trade / "invoice.ubl.xml"
    text = invoice.read_text(encoding="utf-8")
    invoice.write_text(text.replace("InvoiceTypeCode>380<", "InvoiceTypeCode>386<"), encoding="utf-8")

    with pytest.raises(ManifestInvalid, match=r"invoice\.ubl\.xml cannot be financed"):
        load_trade(trade)
