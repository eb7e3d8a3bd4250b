"""Near-duplicates from upload to view: flagged, never refused, and shown to whom they concern."""

import pytest
from trading import Trading, invoice

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def twins(trading: Trading) -> tuple[str, str]:
    """The example's invoice sold, and the same claim once more under another number; their fingerprints."""
    trading.network.mine_at_once()
    first = trading.sell(invoice())
    copy = trading.desks["supplier"].upload(invoice().replace(b">AS-2026-0042<", b">R-AS-2026-0042<"))
    assert copy.status_code == 201, copy.text
    return first["receivable_id"], copy.json()["receivable_id"]


def test_copy_under_another_number_is_taken_and_flagged_at_upload(trading: Trading, twins: tuple[str, str]) -> None:
    (found,) = [
        item for item in trading.desks["supplier"].get("/v1/invoices")["items"] if item["receivable_id"] == twins[1]
    ]

    (similar,) = trading.desks["supplier"].get(f"/v1/invoices/{found['id']}")["similar"]

    assert (similar["receivable_id"], similar["state"], similar["score"]) == (twins[0], "accepted", 100)
    assert similar["reasons"][0] == "numbers with the same digits behind other signs"
    assert "equal amounts" in similar["reasons"]


@pytest.mark.parametrize("name", ["supplier", "debtor"])
def test_either_receivable_shows_the_other(name: str, trading: Trading, twins: tuple[str, str]) -> None:
    for this, other in (twins, twins[::-1]):
        (similar,) = trading.desks[name].get(f"/v1/receivables/{this}")["similar"]

        assert similar["receivable_id"] == other


def test_operator_and_supervisor_see_it_before_anything_is_financed(trading: Trading, twins: tuple[str, str]) -> None:
    for desk in (trading.operator, trading.supervisor()):
        (similar,) = desk.get(f"/v1/receivables/{twins[1]}")["similar"]

        assert similar["receivable_id"] == twins[0]


def test_another_invoice_is_not_flagged(trading: Trading, twins: tuple[str, str]) -> None:
    other = trading.desks["supplier"].upload(invoice("AS-2026-0777"))

    assert other.status_code == 201, other.text
    assert other.json()["similar"] == []
