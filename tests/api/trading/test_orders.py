"""Purchase orders through the gateway, on a real chain: agreed, funded, earned by facts, disputed, given back."""

from datetime import UTC, datetime, timedelta
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
from trading import DEPARTURE, LEIS, RECEIPT, Trading, eur

from chain_node.client import Milestone

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def market(trading: Trading) -> Trading:
    trading.network.mine_at_once()
    return trading


def dated(trading: Trading, days: int) -> str:
    """A day so many days from now."""
    now = datetime.fromtimestamp(trading.chain.block().timestamp, UTC)
    return (now + timedelta(days=days)).date().isoformat()


def later(trading: Trading, days: int) -> None:
    """Sets the chain's clock forward, and has a block made of that time."""
    now = trading.chain.block().timestamp
    trading.network.set_clock(datetime.fromtimestamp(now, UTC) + timedelta(days=days))
    trading.issue("lender", 1)


def seen_of(trading: Trading, subject: str) -> Any:
    """What its opener sees of a consignment, where nothing is attested yet."""
    seen = trading.desks["supplier"].get("/v1/milestones", subject=subject)
    assert (seen["subject"], seen["items"]) == (subject, [])
    return seen


# Agreement


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"deposit": eur(VALUE + 1)}, 422, "deposit-out-of-range"),
        ({"deliver_by": "2026-05-03"}, 422, "deliver-by-out-of-range"),
        ({"payouts": [{"milestone": "DEPARTED", "share_bps": 4000}]}, 422, "payouts-invalid"),
        ({"buyer_lei": LEIS["lender"]}, 403, "role-missing"),
        ({"buyer_lei": "213800WSGIIZCXF1P572"}, 404, "participant-absent"),
        (
            {"currency": "JPY", "lines": [{"item": "x", "unit": "H87", "value": {"amount": "1", "currency": "JPY"}}]},
            422,
            "currency-unlisted",
        ),
        ({"references": ["container"]}, 422, "reference-malformed"),
        ({"subject": EVIDENCE}, 409, "order-subject-not-of"),
        ({"deposit": {"amount": "1", "currency": "USD"}}, 422, None),
        ({"lines": []}, 422, None),
        ({"grace_days": 256}, 422, None),
    ],
)
def test_order_that_cannot_be_registered_is_refused(
    changes: dict[str, Any], status: int, error: str | None, market: Trading
) -> None:
    before = traces(market)

    answer = market.desks["supplier"].post("/v1/orders", order_request("PO-X", **changes))

    assert answer.status_code == status, answer.text
    assert error is None or refused(answer, status, error)
    assert traces(market) == before


def test_refusal_names_the_two_numbers_compared(market: Trading) -> None:
    answer = market.desks["supplier"].post("/v1/orders", order_request("PO-X", deposit=eur(VALUE + 1)))

    problem = refused(answer, 422, "deposit-out-of-range")
    assert (problem["context"]["deposit"], problem["context"]["value"]) == (VALUE + 1, VALUE)
    assert str(VALUE + 1) in problem["detail"]
    assert str(VALUE) in problem["detail"]


def test_registered_order_is_read_by_both_sides_in_the_sellers_words(market: Trading) -> None:
    order = registered(market, "PO-1", references=["container:ZZXU2605127"], under_bps=100)

    assert (order["state"], order["number"], order["value"]) == ("registered", "PO-1", eur(VALUE))
    assert [(line["name"], line["unit"], line["value"]) for line in order["lines"]] == [("AS-1012", "H87", eur(VALUE))]
    assert [(step["milestone"], step["share_bps"], step["worth"], step["earned"]) for step in order["milestones"]] == [
        ("DEPARTED", 4000, eur(4_000_000), eur(0)),
        ("RECEIVED", 10_000, eur(6_000_000), eur(0)),
    ]
    assert {(its["kind"], its["value"], its["linked"]) for its in order["references"]} == {
        ("container", "ZZXU2605127", True),
        ("order", "PO-1", True),
    }
    assert next_acts(order) == {"acceptance": ["buyer"], "cancellation": ["seller"]}
    assert market.desks["debtor"].get(f"/v1/orders/{order['id']}") == order
    for query in ({"subject": order["subject"]}, {"order_id": order["id"]}):
        assert market.desks["debtor"].get("/v1/milestones", **query) == seen_of(market, order["subject"])
    stranger = market.desks["stranger"]
    answer = stranger.client.get(f"/v1/milestones?order_id={order['id']}", headers=dict(stranger.headers))
    refused(answer, 404, "order-absent")
    agree(market)


def test_order_is_registered_once_whatever_is_written_differently(market: Trading) -> None:
    order = registered(market, "PO-2")

    problem = refused(market.desks["supplier"].post("/v1/orders", order_request(" po-2")), 409, "order-exists")

    assert problem["context"]["id"] in (order["id"], str(int(order["id"], 16)))


def test_reference_of_other_goods_is_refused(market: Trading) -> None:
    registered(market, "PO-3", references=["container:MSKU1234565"])
    body = order_request("PO-4", references=["container:MSKU1234565"])

    refused(market.desks["supplier"].post("/v1/orders", body), 409, "reference-taken")


def test_buyer_accepts_what_it_has_seen_and_nothing_else(market: Trading) -> None:
    order = registered(market, "PO-5", deposit=eur(3_000_000))
    path, seen = f"/v1/orders/{order['id']}/acceptance", {"terms_hash": order["terms_hash"]}

    refused(market.desks["supplier"].post(path, seen), 403, "not-buyer-of")
    other = refused(market.desks["debtor"].post(path, {"terms_hash": EVIDENCE}), 422, "acceptance-differs")
    assert {other["context"]["termsHash"], other["context"]["registered"]} == {EVIDENCE, order["terms_hash"]}
    poor = refused(market.desks["debtor"].post(path, seen), 409, "cash-too-low")
    assert (poor["context"]["balance"], poor["context"]["needed"]) == (eur(0), eur(3_000_000))
    market.issue("debtor", 3_000_000)
    agreed = market.desks["debtor"].write(path, seen)

    assert [each["purpose"] for each in agreed["transactions"]] == ["allow deposit", "accept order"]
    assert (agreed["order"]["state"], agreed["order"]["money"]["held"]) == ("accepted", eur(3_000_000))
    assert agreed["order"]["money"]["unfunded"] == eur(7_000_000)
    refused(market.desks["debtor"].post(path, seen), 409, "order-state-wrong")
    agree(market)


def test_order_nobody_accepted_is_withdrawn_by_its_seller(market: Trading) -> None:
    order = registered(market, "PO-6")
    path = f"/v1/orders/{order['id']}/cancellation"

    refused(market.desks["debtor"].post(path), 403, "not-seller-of")
    withdrawn = market.desks["supplier"].write(path)["order"]

    assert (withdrawn["state"], withdrawn["money"]["outstanding"], withdrawn["next"]) == ("cancelled", eur(0), [])
    refused(market.desks["supplier"].post(path), 409, "order-state-wrong")
    again = registered(market, "PO-6B", subject=order["subject"])
    assert again["subject"] == order["subject"]


def test_accepted_order_cannot_be_withdrawn(market: Trading) -> None:
    order = accepted(market, "PO-7")

    refused(market.desks["supplier"].post(f"/v1/orders/{order['id']}/cancellation"), 409, "order-state-wrong")


def test_list_shows_what_was_asked_for(market: Trading) -> None:
    order = accepted(market, "PO-8", deliver_by="2026-06-11")
    seller, buyer = market.desks["supplier"], market.desks["debtor"]

    def ids(desk: Any, **query: str) -> list[str]:
        return [its["id"] for its in desk.get("/v1/orders", **query)["items"]]

    for query in (
        {"subject": order["subject"]},
        {"number": "PO-8", "state": "accepted"},
        {"deliver_by": "2026-06-11"},
        {"state": "accepted", "seller_lei": LEIS["supplier"], "deliver_by[lte]": "2026-06-11"},
        {"party_lei": LEIS["supplier"], "sort": "deliver_by", "limit": "1"},
    ):
        assert ids(seller, **query) == [order["id"]], query
    strangers = {"seller_lei": LEIS["debtor"], "party_lei": LEIS["lender"], "number": "PO-9999"}
    for name, value in {**strangers, "currency": "USD", "state": "lapsed"}.items():
        assert ids(seller, **{name: value}) == [], name
    every = ids(buyer, buyer_lei=LEIS["debtor"])
    assert order["id"] in every
    pages, cursor = [], None
    while cursor is not None or not pages:
        answer = buyer.get("/v1/orders", limit="2", **({"cursor": cursor} if cursor else {}))
        pages += [its["id"] for its in answer["items"]]
        cursor = answer["next"]
    assert pages == every
    refused(buyer.client.get("/v1/orders?cursor=7", headers=dict(buyer.headers)), 422, "page-unknown")


# Money and facts


def test_no_more_is_put_in_than_is_unfunded(market: Trading) -> None:
    order = accepted(market, "PO-20")
    market.issue("debtor", VALUE + 1)
    path = f"/v1/orders/{order['id']}"

    for where in ("deposits", "payments"):
        answer = market.desks["debtor"].post(f"{path}/{where}", {"amount": eur(VALUE + 1)})
        problem = refused(answer, 409, "payment-exceeds-outstanding")
        assert (problem["context"]["amount"], problem["context"]["outstanding"]) == (VALUE + 1, VALUE)
    usd = {"amount": {"amount": "1", "currency": "USD"}}
    refused(market.desks["debtor"].post(f"{path}/deposits", usd), 422, "currency-differs")
    nothing = refused(market.desks["debtor"].post(f"{path}/settlement"), 409, "nothing-due")
    assert (nothing["context"]["earned"], nothing["context"]["held"]) == (0, 0)


def test_facts_pay_an_order_out_to_its_end(market: Trading) -> None:
    order = accepted(market, "PO-21", deposit=eur(3_000_000))
    before = cash(market, "supplier")
    market.network.set_clock(DEPARTURE)

    shipped = market.attest(order["subject"], Milestone.DEPARTED, QUANTITY, "carrier", "inspector")
    seen = market.desks["supplier"].get(f"/v1/orders/{order['id']}")
    assert [(its["earned"], its["paid"], its["to_come"]) for its in seen["milestones"]] == [
        (eur(4_000_000), eur(3_000_000), eur(1_000_000)),
        (eur(0), eur(0), eur(6_000_000)),
    ]
    payout = seen["movements"][-1]
    assert (payout["kind"], payout["amount"], payout["party"]) == ("payout", eur(3_000_000), "Supplier")
    assert payout["transaction_hash"] == f"0x{shipped.hex()}"
    assert cash(market, "supplier") - before == 3_000_000

    topped = funded(market, order["id"], 7_000_000)
    assert (topped["money"]["due"], topped["money"]["held"]) == (eur(1_000_000), eur(7_000_000))
    assert next_acts(topped)["settlement"] == ["anyone"]
    settled = market.operator.write(f"/v1/orders/{order['id']}/settlement")["order"]
    assert settled["money"]["paid"] == eur(4_000_000)

    market.network.set_clock(RECEIPT)
    market.attest(order["subject"], Milestone.RECEIVED, 600_000, "warehouse", "inspector")
    part = market.desks["debtor"].get(f"/v1/orders/{order['id']}")
    assert part["milestones"][1]["delivered_thousandths"] == "600000"
    assert [its["paid"] for its in part["milestones"]] == [eur(4_000_000), eur(3_600_000)]
    agree(market)
    market.attest(order["subject"], Milestone.RECEIVED, 400_000, "warehouse", "inspector", sequence=2)
    done = market.desks["debtor"].get(f"/v1/orders/{order['id']}")

    assert (done["state"], done["money"]["paid"], done["next"]) == ("settled", eur(VALUE), [])
    assert [its["to_come"] for its in done["milestones"]] == [eur(0), eur(0)]
    assert [its["kind"] for its in done["movements"]] == ["deposit", "payout", "deposit", "payout", "payout", "payout"]
    assert cash(market, "supplier") - before == VALUE
    agree(market)


def test_payment_past_the_escrow_counts_as_paid(market: Trading) -> None:
    order = accepted(market, "PO-22", deliver_by=dated(market, 20))
    market.issue("debtor", VALUE)

    paid = market.desks["debtor"].write(f"/v1/orders/{order['id']}/payments", {"amount": eur(VALUE)})["order"]

    assert (paid["state"], paid["money"]["paid"], paid["money"]["funded"]) == ("settled", eur(VALUE), eur(0))
    assert [its["paid"] for its in paid["milestones"]] == [eur(4_000_000), eur(6_000_000)]
    agree(market)


# Goods against payment


def test_goods_and_money_change_hands_at_once(market: Trading) -> None:
    order = accepted(market, "PO-25", deliver_by="2026-12-30", deposit=eur(6_000_000))
    lot, path = stored(market, order), f"/v1/orders/{order['id']}/offers"
    offer = {"lot_id": lot, "quantity_thousandths": "600000", "price": eur(5_000_000)}

    refused(market.desks["debtor"].post(path, offer), 403, "not-seller-of")
    offered = market.desks["supplier"].write(path, offer)
    purposes = [its["purpose"] for its in offered["transactions"]]
    assert purposes == ["offer goods", "let escrow take goods", "let escrow sell goods"]
    (its,) = offered["order"]["offers"]
    assert (its["state"], its["lot_id"], its["price"]) == ("open", lot, eur(5_000_000))
    assert next_acts(offered["order"])["offers/{digest}/delivery"] == ["buyer"]
    dear = market.desks["supplier"].write(path, {**offer, "price": eur(6_000_001)})["order"]["offers"][-1]
    short = refused(market.desks["debtor"].post(f"{path}/{dear['digest']}/delivery"), 409, "delivery-unfunded")
    assert (short["context"]["price"], short["context"]["held"]) == (6_000_001, 6_000_000)
    market.desks["supplier"].write(path, {**offer, "price": eur(6_000_001), "open": False})
    refused(market.desks["debtor"].post(f"{path}/{dear['digest']}/delivery"), 409, "delivery-not-offered")
    refused(market.desks["supplier"].post(f"{path}/{its['digest']}/delivery"), 403, "not-buyer-of")
    before = cash(market, "supplier")
    taken = market.desks["debtor"].write(f"{path}/{its['digest']}/delivery")["order"]

    assert {its["digest"]: its["state"] for its in taken["offers"]} == {
        its["digest"]: "taken",
        dear["digest"]: "withdrawn",
    }
    assert (taken["money"]["paid"], taken["money"]["held"]) == (eur(5_000_000), eur(1_000_000))
    assert cash(market, "supplier") - before == 5_000_000
    assert market.chain.lots.position(int(lot, 16), market.accounts["debtor"]).free == 600_000
    agree(market)


# Deadlines, disputes, splits


def test_what_is_not_earned_goes_back_when_the_days_of_grace_are_over(market: Trading) -> None:
    order = accepted(market, "PO-30", deliver_by=dated(market, 1), grace_days=1, deposit=eur(2_000_000))
    path, held = f"/v1/orders/{order['id']}", cash(market, "debtor")

    early = refused(market.desks["debtor"].post(f"{path}/refund"), 409, "refund-too-early")
    told = datetime.fromtimestamp(int(early["context"]["from"]), UTC)
    assert datetime.fromisoformat(order["refundable_from"]) == told
    assert told.strftime("%Y-%m-%dT%H:%M:%SZ") in early["detail"]
    assert "refund" not in next_acts(order)
    later(market, 3)
    lapsed = market.desks["debtor"].write(f"{path}/refund")["order"]

    assert (lapsed["state"], lapsed["money"]["refunded"]) == ("lapsed", eur(2_000_000))
    assert (lapsed["money"]["waived"], lapsed["refundable_from"]) == (eur(VALUE), None)
    assert cash(market, "debtor") - held == 2_000_000
    refused(market.operator.post(f"{path}/refund-claims", {"lei": LEIS["debtor"]}), 409, "nothing-to-refund")
    refused(market.operator.post(f"{path}/refund-claims", {"lei": LEIS["lender"]}), 409, "nothing-to-refund")
    refused(market.desks["debtor"].post(f"{path}/refund"), 409, "order-state-wrong")
    agree(market)


def test_another_funder_has_its_part_back_by_a_claim(market: Trading) -> None:
    order = accepted(market, "PO-31", deliver_by=dated(market, 1), grace_days=1)
    path = f"/v1/orders/{order['id']}"
    market.issue("supplier", 500_000)
    market.desks["supplier"].write(f"{path}/deposits", {"amount": eur(500_000)})
    later(market, 3)
    lapsed = market.operator.write(f"{path}/refund")["order"]
    assert next_acts(lapsed)["refund-claims"] == ["anyone"]
    before = cash(market, "supplier")

    claimed = market.desks["debtor"].write(f"{path}/refund-claims", {"lei": LEIS["supplier"]})["order"]

    assert cash(market, "supplier") - before == 500_000
    assert "refund-claims" not in next_acts(claimed)
    agree(market)


def test_dispute_holds_the_money_until_the_arbiter_splits_it(market: Trading) -> None:
    order = accepted(market, "PO-32", deliver_by=dated(market, 20), deposit=eur(1_000_000))
    path = f"/v1/orders/{order['id']}/disputes"
    body = {"to_seller": eur(400_000), "evidence": EVIDENCE}

    refused(market.operator.post(f"{path}/decision", body), 409, "order-state-wrong")
    disputed = market.desks["debtor"].write(path, {"evidence": EVIDENCE})["order"]
    assert (disputed["state"], disputed["dispute"]["by"]) == ("disputed", "buyer")
    assert next_acts(disputed)["disputes/decision"] == ["arbiter"]
    running = refused(market.desks["supplier"].post(f"{path}/end"), 409, "dispute-running")
    assert int(running["context"]["until"]) > int(running["context"]["now_"])
    refused(market.desks["supplier"].post(f"{path}/decision", body), 403, "scope-missing")
    too_much = {**body, "to_seller": eur(1_000_001)}
    over = refused(market.operator.post(f"{path}/decision", too_much), 422, "split-out-of-range")
    assert (over["context"]["toSeller"], over["context"]["held"]) == (1_000_001, 1_000_000)
    closed = market.operator.write(f"{path}/decision", body)["order"]

    assert (closed["state"], closed["dispute"], closed["money"]["paid"]) == ("closed", None, eur(400_000))
    assert closed["money"]["refunded"] == eur(600_000)
    assert [(its["kind"], its["by"] and its["by"]["name"]) for its in closed["steps"]] == [
        ("dispute opened", "Debtor"),
        ("dispute decided", None),
    ]
    agree(market)


def test_dispute_is_taken_back_by_who_opened_it_and_used_up(market: Trading) -> None:
    order = accepted(market, "PO-33", deliver_by=dated(market, 20))
    path = f"/v1/orders/{order['id']}/disputes"

    market.desks["supplier"].write(path, {"evidence": EVIDENCE})
    ended = market.desks["supplier"].write(f"{path}/end")["order"]

    assert (ended["state"], [its["kind"] for its in ended["steps"]]) == (
        "accepted",
        ["dispute opened", "dispute ended"],
    )
    assert next_acts(ended)["disputes"] == ["buyer"]
    refused(market.desks["supplier"].post(path, {"evidence": EVIDENCE}), 409, "dispute-used")
    agree(market)


def test_order_ends_by_a_split_that_both_sides_agree_to(market: Trading) -> None:
    order = accepted(market, "PO-34", deliver_by=dated(market, 20), deposit=eur(1_000_000))
    path = f"/v1/orders/{order['id']}/splits"

    one = market.desks["supplier"].write(path, {"to_seller": eur(300_000)})["order"]
    assert (one["state"], one["steps"][0]["to_seller"]) == ("accepted", eur(300_000))
    market.desks["debtor"].write(path, {"to_seller": eur(200_000)})
    both = market.desks["debtor"].write(path, {"to_seller": eur(300_000)})["order"]

    assert (both["state"], both["money"]["paid"], both["money"]["refunded"]) == ("closed", eur(300_000), eur(700_000))
    agree(market)
