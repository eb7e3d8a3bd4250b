"""One whole trade through the gateway, on a real chain: what each step says, and that it is what the chain says."""

from dataclasses import dataclass
from typing import Any

import pytest
from trading import DEPARTURE, FACE_VALUE, LEIS, PAYMENT, RECEIPT, Trading, await_indexer, eur, invoice

from chain_node.client import Milestone

pytestmark = pytest.mark.node
SHIPPED, RECEIVED = 1_000_000, 950_000
PARTS = ("late_fees", "fees", "interest", "principal", "recovered", "reserve", "residual")


@dataclass
class Trade:
    trading: Trading
    deposit: Any
    facility: Any
    invoice: Any
    financing_id: str
    shipped: bytes
    received: bytes
    paid: Any

    @property
    def receivable_id(self) -> str:
        return str(self.invoice["receivable_id"])

    def financing(self) -> Any:
        return self.trading.desks["supplier"].get(f"/v1/financings/{self.financing_id}")


@pytest.fixture(scope="module")
def trade(trading: Trading) -> Trade:
    deposit = trading.fund(15_000_000)
    facility = trading.grant()
    sold = trading.sell(invoice(), "container:ZZXU2605127")
    body = {"facility_id": facility["id"], "receivable_id": sold["receivable_id"]}
    opened = trading.desks["supplier"].write("/v1/financings", body)
    trading.network.set_clock(DEPARTURE)
    shipped = trading.attest(sold["subject"], Milestone.DEPARTED, SHIPPED, "carrier", "inspector")
    trading.network.set_clock(RECEIPT)
    received = trading.attest(sold["subject"], Milestone.RECEIVED, RECEIVED, "warehouse", "inspector")
    trading.network.set_clock(PAYMENT)
    trading.issue("debtor", FACE_VALUE)
    paid = trading.desks["debtor"].write(
        f"/v1/receivables/{sold['receivable_id']}/payments", {"amount": eur(FACE_VALUE)}
    )
    await_indexer(trading.gateway, trading.chain)
    return Trade(trading, deposit, facility, sold, opened["id"], shipped, received, paid)


def test_deposit_gives_the_lender_a_position_worth_what_was_paid_in(trade: Trade) -> None:
    position = trade.deposit["position"]

    assert position["lei"] == LEIS["lender"]
    assert position["deposited"] == eur(15_000_000)
    assert position["value"] == eur(15_000_000)


def test_facility_has_the_terms_and_ladder_that_were_granted(trade: Trade) -> None:
    granted = trade.facility["facility"]

    assert granted["supplier"] == {"lei": LEIS["supplier"], "name": "Supplier"}
    assert (granted["limit"], granted["discount_rate_bps"], granted["fee_bps"]) == (eur(10_000_000), 900, 50)
    assert [step["milestone"] for step in granted["ladders"]["receivable"]] == ["DEPARTED", "RECEIVED"]
    assert granted["ladders"]["order"] is None


def test_uploaded_invoice_is_registered_with_its_terms(trade: Trade) -> None:
    taken = trade.invoice

    assert taken["state"] == "registered"
    assert (taken["supplier_lei"], taken["debtor_lei"]) == (LEIS["supplier"], LEIS["debtor"])
    assert taken["terms"]["payable"] == eur(FACE_VALUE)
    assert [t["purpose"] for t in taken["transactions"]] == ["register invoice", "open consignment"]
    linked = {(r["kind"], r["value"]) for r in taken["references"] if r["linked"]}
    assert linked == {
        ("container", "ZZXU2605127"),
        ("invoice", "AS-2026-0042"),
        ("order", "PO-2026-0815"),
        ("despatch_advice", "DA-2026-0815"),
    }


def test_paid_receivable_is_settled_with_its_payment(trade: Trade) -> None:
    receivable = trade.trading.desks["debtor"].get(f"/v1/receivables/{trade.receivable_id}")

    assert (receivable["state"], receivable["set_off_waived"]) == ("settled", True)
    assert (receivable["paid"], receivable["outstanding"]) == (eur(FACE_VALUE), eur(0))
    assert [payment["amount"] for payment in receivable["payments"]] == [eur(FACE_VALUE)]
    assert receivable["holders"] == []


def test_each_draw_is_in_the_transaction_of_its_fact(trade: Trade) -> None:
    draws = trade.financing()["draws"]

    assert [draw["transaction_hash"] for draw in draws] == [f"0x{trade.shipped.hex()}", f"0x{trade.received.hex()}"]
    assert [draw["base"] for draw in draws] == [eur(6_000_000), eur(7_600_000)]
    assert draws[0]["amount"] == eur(6_000_000 * 10_000 // 10_050)


def test_payment_repays_by_the_waterfall_and_hands_the_rest_to_the_supplier(trade: Trade) -> None:
    financing = trade.financing()
    (repayment,) = financing["repayments"]

    assert financing["state"] == "repaid"
    parts = [int(repayment[part]["amount"]) for part in PARTS]
    assert sum(parts) == FACE_VALUE
    assert repayment["still_owed"] == eur(0)
    assert repayment["transaction_hash"] == trade.paid["transactions"][-1]["hash"]
    drawn = sum(int(draw["amount"]["amount"]) for draw in financing["draws"])
    supplier = trade.trading.desks["supplier"].get("/v1/cash/balances")
    assert supplier["balances"] == [{"currency": "EUR", "amount": eur(drawn + parts[-1])}]


def test_milestones_join_votes_with_the_names_of_their_organisations(trade: Trade) -> None:
    answer = trade.trading.desks["supplier"].get("/v1/milestones", receivable_id=trade.receivable_id)

    departed, received = answer["items"]
    assert (departed["milestone"], departed["status"], departed["count"]) == ("DEPARTED", "final", 2)
    assert departed["transaction_hash"] == f"0x{trade.shipped.hex()}"
    assert {vote["organisation_name"] for vote in departed["votes"]} == {"Carrier", "Inspector"}
    assert received["quantity_thousandths"] == str(RECEIVED)
    assert answer["subject"] == trade.invoice["subject"]


def test_debtor_finds_the_milestones_by_subject_too(trade: Trade) -> None:
    answer = trade.trading.desks["debtor"].get("/v1/milestones", subject=trade.invoice["subject"])

    assert [fact["milestone"] for fact in answer["items"]] == ["DEPARTED", "RECEIVED"]


def test_lenders_earn_exactly_the_interest_that_came_in(trade: Trade) -> None:
    (repayment,) = trade.financing()["repayments"]
    positions = [trade.trading.desks[name].get("/v1/pools/EUR/positions")["items"][0] for name in ("lender", "junior")]
    assert [position["tranche"] for position in positions] == ["senior", "junior"]

    incomes = [int(p["value"]["amount"]) - int(p["deposited"]["amount"]) for p in positions]

    # Each vault rounds its holder's shares down, by at most one minor unit.
    assert 0 <= int(repayment["interest"]["amount"]) - sum(incomes) <= 2


def test_document_comes_back_to_its_readers_as_it_was_handed_in(trade: Trade) -> None:
    path = f"/v1/documents/{trade.invoice['document_cid']}"

    for desk in (trade.trading.desks["supplier"], trade.trading.desks["debtor"], trade.trading.operator):
        answer = desk.client.get(path, headers=dict(desk.headers))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
        assert answer.content == invoice()


def test_document_store_holds_nothing_in_the_clear(trade: Trade) -> None:
    settings = trade.trading.gateway.settings
    assert settings.documents_dir is not None
    files = [path for path in settings.documents_dir.rglob("*") if path.is_file()]

    assert files
    for path in files:
        assert b"Borealis" not in path.read_bytes()
