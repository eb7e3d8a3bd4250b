"""Financings on orders: opened by the seller, drawn by facts, repaid out of the escrow, handed over to the invoice; and
by the buyer, whose draws go into the escrow."""

from datetime import UTC, datetime
from typing import Any

import pytest
from ordering import (
    EVIDENCE,
    QUANTITY,
    VALUE,
    accepted,
    agree,
    cash,
    funded,
    next_acts,
    order_request,
    registered,
    stored,
)
from refusing import refused, traces
from trading import DEPARTURE, LEIS, RECEIPT, WAIT, Trading, eur, facility_request, invoice

from chain_node.client import MarginTerms, Milestone, Role
from chain_node.keys import KeyRing

pytestmark = pytest.mark.node
LADDER = [
    {"milestone": "ACCEPTED", "advance_rate_bps": 3000},
    {"milestone": "DEPARTED", "advance_rate_bps": 6000},
]
LADDERS = {"order": LADDER, "receivable": [{"milestone": "ACCEPTED", "advance_rate_bps": 8000}]}
MARGIN = MarginTerms(9000, 10_000, 9500, 6000, 1000, 90, 172_800, 259_200)
ON_RECEIPT = [{"milestone": "RECEIVED", "share_bps": 10_000, "measured": True}]


@pytest.fixture(scope="module")
def lending(trading: Trading) -> Trading:
    trading.network.mine_at_once()
    trading.fund(30_000_000)
    return trading


@pytest.fixture(scope="module")
def facility(lending: Trading) -> str:
    return str(lending.grant(ladders=LADDERS, limit=eur(50_000_000))["id"])


@pytest.fixture(scope="module")
def earmarked(lending: Trading) -> str:
    """A facility of the buyer's, whose draws pay its orders."""
    changes = {"supplier_lei": LEIS["stranger"], "earmarked": True, "reserve_bps": 0, "fee_bps": 0}
    ladders = {"purchase": [{"milestone": "ACCEPTED", "advance_rate_bps": 8000}]}
    granted = lending.operator.write("/v1/facilities", {**facility_request(), **changes, "ladders": ladders})
    assert granted["facility"]["ladders"]["purchase"][0]["milestone"] == "ACCEPTED"
    return str(granted["id"])


def open_on(trading: Trading, facility: str, order_id: str, **changes: Any) -> Any:
    body = {"facility_id": facility, "order_id": order_id, **changes}
    return trading.desks["supplier"].write("/v1/financings", body)["financing"]


def seen(trading: Trading, financing: Any) -> Any:
    return trading.desks["supplier"].get(f"/v1/financings/{financing['id']}")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"amount": eur(VALUE + 1)}, 409, "units-out-of-range"),
        ({"amount": {"amount": "1", "currency": "USD"}}, 422, "currency-differs"),
        ({"on_acceptance_only": True}, 422, "order-has-goods"),
        ({"order_id": "0x" + "77" * 32}, 404, "order-absent"),
        ({"facility_id": "99"}, 404, "facility-absent"),
        ({"receivable_id": "0x" + "77" * 32}, 422, None),
        ({"order_id": None}, 422, None),
    ],
)
def test_order_that_cannot_be_financed_so_is_refused(
    changes: dict[str, Any], status: int, error: str | None, lending: Trading, facility: str
) -> None:
    order = lending.desks["supplier"].get("/v1/orders", state="accepted")["items"] or [accepted(lending, "PO-50")]
    before = traces(lending)
    body = {"facility_id": facility, "order_id": order[0]["id"], **changes}

    answer = lending.desks["supplier"].post("/v1/financings", body)

    assert answer.status_code == status, answer.text
    assert error is None or refused(answer, status, error)
    assert traces(lending) == before


def test_refusal_of_too_much_names_both_numbers(lending: Trading, facility: str) -> None:
    order = accepted(lending, "PO-51")
    body = {"facility_id": facility, "order_id": order["id"], "amount": eur(VALUE + 1)}

    context = refused(lending.desks["supplier"].post("/v1/financings", body), 409, "units-out-of-range")["context"]

    assert (context["units"], context["available"]) == (VALUE + 1, VALUE)


def test_order_needs_a_ladder_and_its_buyers_word(lending: Trading, facility: str) -> None:
    order, plain = registered(lending, "PO-52"), lending.grant()["id"]
    desk = lending.desks["supplier"]

    refused(desk.post("/v1/financings", {"facility_id": plain, "order_id": order["id"]}), 409, "ladder-missing")
    early = refused(
        desk.post("/v1/financings", {"facility_id": facility, "order_id": order["id"]}), 409, "item-not-financeable"
    )
    assert (early["context"]["state"], early["context"]["needed"]) == (1, 2)


def test_order_is_financed_and_repaid_out_of_the_escrow(lending: Trading, facility: str) -> None:
    order = accepted(lending, "PO-53", payouts=ON_RECEIPT)
    funded(lending, order["id"])
    before = cash(lending, "supplier")

    opened = open_on(lending, facility, order["id"])

    assert (opened["collateral_kind"], opened["collateral"]) == ("order", "OrderCollateral")
    assert (opened["item_id"], opened["subject"], opened["pledged"]) == (order["id"], order["subject"], eur(VALUE))
    assert opened["base"] == eur(3_000_000)
    assert cash(lending, "supplier") - before == int(opened["principal"]["amount"]) > 2_900_000
    assigned = lending.desks["debtor"].get(f"/v1/orders/{order['id']}")
    assert (assigned["proceeds_go_to"], assigned["invoicing_permitted"]) == ("OrderCollateral", False)
    split = lending.desks["supplier"].post(f"/v1/orders/{order['id']}/splits", {"to_seller": eur(1)})
    refused(split, 409, "split-not-theirs")
    twice = {"facility_id": facility, "order_id": order["id"]}
    refused(lending.desks["supplier"].post("/v1/financings", twice), 409, "consignment-taken")
    agree(lending)

    lending.network.set_clock(DEPARTURE)
    shipped = lending.attest(order["subject"], Milestone.DEPARTED, QUANTITY, "carrier", "inspector")
    drawn = seen(lending, opened)["draws"]
    assert [draw["base"] for draw in drawn] == [eur(3_000_000), eur(6_000_000)]
    assert drawn[1]["transaction_hash"] == f"0x{shipped.hex()}"

    lending.network.set_clock(RECEIPT)
    received = lending.attest(order["subject"], Milestone.RECEIVED, QUANTITY, "warehouse", "inspector")
    paid = lending.desks["supplier"].get(f"/v1/orders/{order['id']}")
    assert (paid["state"], paid["movements"][-1]["party"]) == ("settled", "OrderCollateral")
    assert paid["movements"][-1]["transaction_hash"] == f"0x{received.hex()}"
    if seen(lending, opened)["state"] != "repaid":
        lending.desks["supplier"].write(f"/v1/financings/{opened['id']}/forward")
    repaid = seen(lending, opened)

    assert (repaid["state"], repaid["owed"]["total"]) == ("repaid", eur(0))
    (repayment,) = repaid["repayments"]
    parts = ("late_fees", "fees", "interest", "principal", "recovered", "reserve", "residual")
    assert sum(int(repayment[part]["amount"]) for part in parts) == VALUE
    principal = sum(int(draw["amount"]["amount"]) for draw in drawn)
    assert int(repayment["principal"]["amount"]) == principal
    assert cash(lending, "supplier") - before == principal + int(repayment["residual"]["amount"])
    agree(lending)
    released = lending.desks["supplier"].write(f"/v1/financings/{opened['id']}/release")["financing"]
    assert released["state"] == "released"


def test_financing_goes_from_the_order_to_the_invoice(lending: Trading, facility: str) -> None:
    order = accepted(lending, "PO-54", payouts=ON_RECEIPT, deliver_by="2026-08-30")
    opened = open_on(lending, facility, order["id"])
    sold = lending.sell(invoice("AS-2026-0054"))
    receivable, path = sold["receivable_id"], f"/v1/financings/{opened['id']}/handover"
    match = {"receivable_id": receivable}

    refused(lending.desks["supplier"].post(f"/v1/orders/{order['id']}/invoices", match), 409, "invoicing-not-permitted")
    assert lending.desks["supplier"].post(path, {}).status_code == 422
    assert lending.desks["supplier"].post(path, {**match, "quantity_thousandths": "1"}).status_code == 422
    refused(lending.desks["supplier"].post(path, {"lot_id": receivable}), 409, "units-out-of-range")
    # The first follows an approval, so that what the contract says is known once it was sent; then it is said at once.
    for headers in (WAIT, {}):
        answer = lending.desks["supplier"].post(path, {**match, "amount": eur(2_000_000)}, **headers)
        low = refused(answer, 409, "handover-uncovered")["context"]
        assert int(low["owed"]) > int(low["base"]) == 1_600_000
    handed = lending.desks["supplier"].write(path, match)["financing"]

    assert (handed["collateral_kind"], handed["item_id"]) == ("receivable", receivable)
    assert (handed["principal"], handed["subject"]) == (opened["principal"], order["subject"])
    assert [(its["collateral_kind"], its["item_id"]) for its in handed["handovers"]] == [("order", order["id"])]
    assert handed["base"] == eur(8_000_000)
    of_order = lending.desks["supplier"].get("/v1/financings", order_id=order["id"])["items"]
    assert [its["id"] for its in of_order] == [opened["id"]]
    matched = lending.desks["supplier"].write(f"/v1/orders/{order['id']}/invoices", match)["order"]
    assert (matched["state"], matched["money"]["invoiced"]) == ("settled", eur(VALUE))
    assert [its["receivable_id"] for its in matched["invoices"]] == [receivable]
    agree(lending)

    lending.issue("debtor", VALUE)
    lending.desks["debtor"].write(f"/v1/receivables/{receivable}/payments", {"amount": eur(VALUE)})
    if seen(lending, opened)["state"] != "repaid":
        lending.desks["supplier"].write(f"/v1/financings/{opened['id']}/forward")
    assert seen(lending, opened)["state"] == "repaid"
    agree(lending)


def test_matched_invoice_is_financed_with_its_orders_goods(lending: Trading, facility: str) -> None:
    order = accepted(lending, "PO-55", payouts=ON_RECEIPT, deliver_by="2026-08-30")
    sold = lending.sell(invoice("AS-2026-0055"))
    path = f"/v1/orders/{order['id']}/invoices"
    body = {"receivable_id": sold["receivable_id"]}

    refused(lending.desks["debtor"].post(path, body), 409, "match-not-by-seller")
    lending.desks["supplier"].write(path, body)
    refused(lending.desks["supplier"].post(path, body), 409, "already-matched")
    opened = lending.desks["supplier"].write("/v1/financings", {"facility_id": facility, **body})["financing"]

    assert (opened["collateral_kind"], opened["subject"]) == ("receivable", order["subject"])
    agree(lending)


def test_financing_goes_from_the_order_to_its_goods_and_on_to_their_invoice(lending: Trading) -> None:
    """Nothing is drawn before the invoice: what the goods are worth is not known here, so that they bear no debt."""
    ladders = {
        "order": [{"milestone": "DEPARTED", "advance_rate_bps": 6000}],
        "goods": [{"milestone": "STORED", "advance_rate_bps": 8000}],
        "receivable": LADDERS["receivable"],
    }
    facility = lending.grant(ladders=ladders)["id"]
    assert lending.desks["supplier"].get(f"/v1/facilities/{facility}")["ladders"]["goods"][0]["milestone"] == "STORED"
    officer = KeyRing(lending.network.data_dir).account("credit-officer")
    lending.send(officer, lending.chain.inventory_collateral.set_margin_terms(int(facility), MARGIN))
    order = accepted(lending, "PO-56", payouts=ON_RECEIPT, deliver_by="2026-08-30")
    opened = open_on(lending, facility, order["id"])
    lot, path = stored(lending, order), f"/v1/financings/{opened['id']}/handover"
    desk = lending.desks["supplier"]

    too_many = {"lot_id": lot, "quantity_thousandths": str(QUANTITY + 1)}
    told = refused(desk.post(path, too_many), 409, "units-out-of-range")["context"]
    assert (told["units"], told["available"]) == (QUANTITY + 1, QUANTITY)
    on_goods = desk.write(path, {"lot_id": lot})
    assert [its["purpose"] for its in on_goods["transactions"]] == [
        "let custodian sell goods",
        "let custodian take goods",
        "hand financing over",
    ]
    backed = on_goods["financing"]
    assert (backed["collateral_kind"], backed["item_id"], backed["pledged"]) == ("goods", lot, None)
    assert backed["pledged_thousandths"] == str(QUANTITY)
    agree(lending)
    sold = lending.sell(invoice("AS-2026-0056"))
    match = {"receivable_id": sold["receivable_id"]}
    desk.write(f"/v1/orders/{order['id']}/invoices", match)
    on_invoice = desk.write(path, match)["financing"]

    assert (on_invoice["collateral_kind"], on_invoice["subject"]) == ("receivable", order["subject"])
    assert [its["collateral_kind"] for its in on_invoice["handovers"]] == ["order", "goods"]
    assert lending.chain.lots.position(int(lot, 16), lending.accounts["debtor"]).free == QUANTITY
    agree(lending)


# The buyer's side: an earmarked facility pays the order, and what the escrow gives back repays it


@pytest.fixture(scope="module")
def bought(lending: Trading) -> Any:
    """The buyer of this order is a borrower itself: a trader, which is a supplier to the network and a debtor too."""
    trader = Role.SUPPLIER | Role.DEBTOR
    registrar = KeyRing(lending.network.data_dir).account("registrar")
    lending.send(registrar, lending.chain.registry.set_roles(LEIS["stranger"], trader))
    body = order_request("PO-60", buyer_lei=LEIS["stranger"], deliver_by="2026-06-10", grace_days=0)
    order = lending.desks["supplier"].write("/v1/orders", body)["order"]
    accepting = {"terms_hash": order["terms_hash"]}
    return lending.desks["stranger"].write(f"/v1/orders/{order['id']}/acceptance", accepting)["order"]


def test_buyers_draws_go_into_the_escrow_and_come_back_as_repayment(
    lending: Trading, earmarked: str, bought: Any
) -> None:
    desk, path = lending.desks["stranger"], f"/v1/orders/{bought['id']}"
    opened = desk.write("/v1/financings", {"facility_id": earmarked, "order_id": bought["id"]})["financing"]
    assert (opened["collateral_kind"], opened["purpose"], opened["principal"]) == ("purchase", None, eur(0))
    for_ = {"order_id": bought["id"], "most": eur(5_000_000)}
    usd = {**for_, "most": {"amount": "1", "currency": "USD"}}
    refused(desk.post(f"/v1/financings/{opened['id']}/purpose", usd), 422, "currency-differs")
    said = desk.write(f"/v1/financings/{opened['id']}/purpose", for_)["financing"]
    assert said["purpose"] == {"kind": "purchase", "item_id": bought["id"], "most": eur(5_000_000), "paid": eur(0)}

    drawn = desk.write(f"/v1/financings/{opened['id']}/poke")["financing"]

    assert (drawn["principal"], drawn["purpose"]["paid"]) == (eur(5_000_000), eur(5_000_000))
    order = desk.get(path)
    assert (order["money"]["held"], order["refunds_go_to"]) == (eur(5_000_000), "PurchaseCollateral")
    assert next_acts(order)["deposits"] == ["buyer"]
    refused(desk.post(f"/v1/financings/{opened['id']}/delivery", {"digest": EVIDENCE}), 409, "delivery-not-offered")
    agree(lending)

    lending.network.set_clock(datetime(2026, 6, 11, 9, tzinfo=UTC))
    lending.issue("lender", 1)
    lapsed = desk.write(f"{path}/refund")["order"]
    assert (lapsed["state"], lapsed["movements"][-1]["party"]) == ("lapsed", "PurchaseCollateral")
    if not desk.get(f"/v1/financings/{opened['id']}")["repayments"]:
        desk.write(f"/v1/financings/{opened['id']}/forward")
    (repayment,) = desk.get(f"/v1/financings/{opened['id']}")["repayments"]
    paid = ("late_fees", "fees", "interest", "principal", "reserve")
    assert sum(int(repayment[part]["amount"]) for part in paid) == 5_000_000
    agree(lending)
