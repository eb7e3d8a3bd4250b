"""A quote for an order says what the contracts later charge, and leads to cash by one call; what it cannot say, it
refuses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ordering import QUANTITY, VALUE, accepted, agree, cash, funded, order_request, registered
from refusing import refused, traces
from trading import DEPARTURE, LEIS, RECEIPT, Desk, Trading, eur

from api.clock import indexed_now
from chain_node.client import Milestone, Role
from chain_node.keys import KeyRing

pytestmark = pytest.mark.node
FINANCINGS = "/v1/financings"
LADDERS = {
    "order": [
        {"milestone": "ACCEPTED", "advance_rate_bps": 3000},
        {"milestone": "DEPARTED", "advance_rate_bps": 6000},
    ]
}
ON_RECEIPT = [{"milestone": "RECEIVED", "share_bps": 10_000, "measured": True}]
NOTHING = eur(0)


@pytest.fixture(scope="module")
def lending(trading: Trading) -> Trading:
    trading.network.mine_at_once()
    trading.fund(30_000_000)
    return trading


@pytest.fixture(scope="module")
def facility(lending: Trading) -> str:
    return grant(lending)


def grant(trading: Trading, **changes: Any) -> str:
    terms = {"ladders": LADDERS, "limit": eur(50_000_000), "reserve_bps": 100, "late_fee_bps": 400, **changes}
    return str(trading.grant(**terms)["id"])


def supplier(trading: Trading) -> Desk:
    return trading.desks["supplier"]


def now(trading: Trading) -> datetime:
    with trading.gateway.database.session() as session:
        return datetime.fromtimestamp(indexed_now(session), UTC)


def units(amount: dict[str, str]) -> int:
    return int(amount["amount"])


def ask(trading: Trading, order_id: str, **more: Any) -> Any:
    answer = supplier(trading).post(FINANCINGS, {"order_id": order_id, "accept": False, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["quote"]


def charge(quote: Any, name: str) -> int:
    (found,) = [each for each in quote["charges"] if each["name"] == name]
    return units(found["amount"])


# Refused


def test_order_that_its_buyer_has_not_accepted_is_not_quoted(lending: Trading, facility: str) -> None:
    order = registered(lending, "PO-2026-7101")

    problem = refused(supplier(lending).post(FINANCINGS, {"order_id": order["id"]}), 409, "financing-refused")

    context = problem["context"]
    assert (context["rule"], context["found"], context["needed"]) == ("order-accepted", "registered", "accepted")
    assert problem["detail"] == "The order is registered; only an accepted one is financed."
    assert supplier(lending).get("/v1/quotes", order_id=order["id"])["items"] == []


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"amount": eur(VALUE + 1)}, 409, "financing-refused"),
        ({"amount": eur(1)}, 409, "financing-refused"),
        ({"amount": {"amount": "1", "currency": "USD"}}, 422, "currency-differs"),
        ({"on_acceptance_only": True}, 422, "order-has-goods"),
        ({"order_id": "0x" + "77" * 32}, 404, "order-absent"),
        ({"facility_id": "99"}, 404, "facility-absent"),
        ({"invoice_id": "inv_" + "0" * 24}, 422, None),
        ({"sandbox": {"milestones": ["DEPARTED"]}, "accept": True}, 403, "sandbox-off"),
        ({"expected": [{"milestone": "STORED", "at": "2026-05-20T00:00:00Z"}]}, 422, "milestone-not-on-ladder"),
        ({"expected_repayment_at": "2026-07-01T00:00:01Z"}, 422, "repayment-out-of-range"),
    ],
)
def test_order_that_cannot_be_quoted_so_is_refused(
    changes: dict[str, Any], status: int, error: str | None, lending: Trading, facility: str
) -> None:
    orders = supplier(lending).get("/v1/orders", state="accepted")["items"] or [accepted(lending, "PO-2026-7102")]
    before = traces(lending)

    answer = supplier(lending).post(FINANCINGS, {"order_id": orders[0]["id"], "accept": False, **changes})

    assert answer.status_code == status, answer.text
    assert error is None or refused(answer, status, error)
    assert traces(lending) == before


def test_facility_without_a_ladder_for_orders_is_told_of(lending: Trading, facility: str) -> None:
    order, plain = accepted(lending, "PO-2026-7103"), lending.grant()["id"]
    body = {"order_id": order["id"], "facility_id": plain, "accept": False}

    context = refused(supplier(lending).post(FINANCINGS, body), 409, "financing-refused")["context"]

    assert (context["rule"], context["found"], context["needed"]) == ("ladder-set", "0", "1")


def test_order_is_another_ones_secret(lending: Trading, facility: str) -> None:
    quote = ask(lending, accepted(lending, "PO-2026-7104")["id"])

    refused(lending.desks["stranger"].post(FINANCINGS, {"order_id": quote["order_id"]}), 404, "order-absent")
    refused(lending.desks["stranger"].post(f"/v1/quotes/{quote['id']}/acceptance"), 404, "quote-absent")
    assert lending.desks["debtor"].get("/v1/quotes", order_id=quote["order_id"])["items"] == []


def test_buyer_is_told_that_its_purchase_needs_no_quote(lending: Trading, facility: str) -> None:
    trader = Role.SUPPLIER | Role.DEBTOR
    registrar = KeyRing(lending.network.data_dir).account("registrar")
    lending.send(registrar, lending.chain.registry.set_roles(LEIS["stranger"], trader))
    order = supplier(lending).write("/v1/orders", order_request("PO-2026-7105", buyer_lei=LEIS["stranger"]))["order"]

    refused(lending.desks["stranger"].post(FINANCINGS, {"order_id": order["id"]}), 422, "quote-of-purchase")


def test_order_that_backs_a_financing_is_not_quoted_again(lending: Trading, facility: str) -> None:
    order = accepted(lending, "PO-2026-7106")
    supplier(lending).write(FINANCINGS, {"facility_id": facility, "order_id": order["id"]})

    problem = refused(supplier(lending).post(FINANCINGS, {"order_id": order["id"]}), 409, "financing-refused")

    failed = {check["name"]: check["found"] for check in problem["context"]["checks"] if not check["passed"]}
    assert failed["proceeds-are-free"] == "OrderCollateral"
    assert failed["goods-back-no-other-financing"] == "yes"


def test_quote_does_not_outlive_the_terms_it_was_given_on(lending: Trading) -> None:
    facility = grant(lending)
    quote = ask(lending, accepted(lending, "PO-2026-7107")["id"], facility_id=facility)
    lower = [{"milestone": "ACCEPTED", "advance_rate_bps": 2000}, LADDERS["order"][1]]
    lending.operator.write(f"/v1/facilities/{facility}/ladders", {"order": lower})

    problem = refused(supplier(lending).post(f"/v1/quotes/{quote['id']}/acceptance"), 409, "quote-terms-moved")

    context = problem["context"]
    assert (context["term"], context["quoted"], context["now"]) == ("advance_rate_bps of ACCEPTED", 3000, 2000)
    assert supplier(lending).get(FINANCINGS, order_id=quote["order_id"])["items"] == []


# Taken


def test_order_leads_to_cash_by_one_call(lending: Trading, facility: str) -> None:
    """Its buyer's acceptance is the first step: what is quoted as paid at once is there when the call answers."""
    order = accepted(lending, "PO-2026-7108", payouts=ON_RECEIPT)
    before = cash(lending, "supplier")

    taken = supplier(lending).write(FINANCINGS, {"order_id": order["id"], "accept": True})

    quote, (draw,) = taken["quote"], taken["financing"]["draws"]
    assert (quote["state"], quote["financing_id"], quote["order_id"]) == ("accepted", taken["id"], order["id"])
    assert (quote["receivable_id"], quote["invoice_id"]) == (None, None)
    assert all(check["passed"] for check in quote["checks"])
    assert taken["financing"]["collateral_kind"] == "order"
    assert quote["paid_at_once"] == draw["amount"]
    assert cash(lending, "supplier") - before == units(draw["amount"]) > 2_900_000
    listed = supplier(lending).get("/v1/quotes", order_id=order["id"])["items"]
    assert [each["id"] for each in listed] == [quote["id"]]
    agree(lending)


def test_quote_for_an_order_equals_what_the_chain_charges(lending: Trading, facility: str) -> None:
    order = accepted(lending, "PO-2026-7109", payouts=ON_RECEIPT)
    funded(lending, order["id"])
    received = datetime(2026, 5, 28, 12, tzinfo=UTC)
    assert now(lending) < DEPARTURE < RECEIPT == received
    expected = [{"milestone": "DEPARTED", "at": DEPARTURE.isoformat()}]
    quote = ask(lending, order["id"], expected=expected, expected_repayment_at=received.isoformat())
    set_next = lending.chain.node.request

    financing = supplier(lending).write(f"/v1/quotes/{quote['id']}/acceptance")["id"]
    opened = supplier(lending).get(f"{FINANCINGS}/{financing}")["draws"][0]
    set_next("evm_setNextBlockTimestamp", int(DEPARTURE.timestamp()))
    lending.attest(order["subject"], Milestone.DEPARTED, QUANTITY, "carrier", "inspector")
    set_next("evm_setNextBlockTimestamp", int(received.timestamp()))
    lending.attest(order["subject"], Milestone.RECEIVED, QUANTITY, "warehouse", "inspector")

    booked = supplier(lending).get(f"{FINANCINGS}/{financing}")
    if not booked["repayments"]:
        supplier(lending).write(f"{FINANCINGS}/{financing}/forward")
        booked = supplier(lending).get(f"{FINANCINGS}/{financing}")
    (repayment,) = booked["repayments"]
    assert booked["state"] == "repaid"
    late = datetime.fromisoformat(opened["at"]) - datetime.fromisoformat(quote["quoted_at"])
    assert timedelta(0) <= late < timedelta(minutes=5)
    for step, draw in zip(quote["steps"], booked["draws"], strict=True):
        assert (step["base"], step["bounded_by"]) == (draw["base"], None)
        # The first was drawn that much later than quoted: so little interest less is owed at the second.
        assert abs(units(step["draw"]) - units(draw["amount"])) <= 500
    assert abs(charge(quote, "interest") - units(repayment["interest"])) <= 500
    assert abs(charge(quote, "fee") - units(repayment["fees"])) <= 3
    assert abs(charge(quote, "reserve") - units(repayment["reserve"])) <= 5
    assert repayment["late_fees"] == NOTHING
    assert quote["maturity_date"] == booked["maturity_date"] == order["deliver_by"]
    agree(lending)


def test_order_without_a_facility_goes_to_the_cheapest_that_lends_on_orders(lending: Trading, facility: str) -> None:
    lending.grant(discount_rate_bps=1)  # on receivables only
    dear, cheap = (grant(lending, discount_rate_bps=rate) for rate in (890, 10))

    quote = ask(lending, accepted(lending, "PO-2026-7110")["id"])

    assert quote["facility_id"] == cheap != dear
    assert "The buyer pays in full" in quote["assumptions"][0]


def test_withdrawn_quote_for_an_order_is_told_and_not_accepted(lending: Trading, facility: str) -> None:
    quote = ask(lending, accepted(lending, "PO-2026-7111")["id"])

    supplier(lending).post(f"/v1/quotes/{quote['id']}/withdrawal")

    refused(supplier(lending).post(FINANCINGS, {"quote_id": quote["id"]}), 409, "quote-not-open")
