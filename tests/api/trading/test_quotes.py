"""A quote says what the contracts later charge, to the minor unit; what it does not say, it refuses."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from refusing import refused
from trading import FACE_VALUE, WAIT, Desk, Trading, await_indexer, await_pool, eur, invoice

from api.clock import indexed_now
from chain_node.client import Milestone

pytestmark = pytest.mark.node
FINANCINGS = "/v1/financings"
TERMS = {"reserve_bps": 100, "late_fee_bps": 400, "grace_days": 5}
_numbers = itertools.count(7001)
NOTHING = {"amount": "0", "currency": "EUR"}


@pytest.fixture(scope="module")
def funded(trading: Trading) -> Trading:
    trading.network.mine_at_once()
    trading.fund(40_000_000)
    return trading


@pytest.fixture
def number() -> str:
    """Of an invoice of the test's own."""
    return f"AS-2026-{next(_numbers)}"


def supplier(trading: Trading) -> Desk:
    return trading.desks["supplier"]


def now(trading: Trading) -> datetime:
    with trading.gateway.database.session() as session:
        return datetime.fromtimestamp(indexed_now(session), UTC)


def text(at: datetime) -> str:
    return at.isoformat()


def units(amount: dict[str, str]) -> int:
    return int(amount["amount"])


def next_block_at(trading: Trading, at: datetime) -> None:
    trading.chain.node.request("evm_setNextBlockTimestamp", int(at.timestamp()))


def ask(trading: Trading, facility: str, receivable: str, **more: Any) -> Any:
    body = {"facility_id": facility, "receivable_id": receivable, "accept": False, **more}
    answer = supplier(trading).post(FINANCINGS, body)
    assert answer.status_code == 201, answer.text
    return answer.json()["quote"]


def charge(quote: Any, name: str) -> int:
    (found,) = [each for each in quote["charges"] if each["name"] == name]
    return units(found["amount"])


# Refused


def test_invoice_that_nobody_has_accepted_is_not_quoted(funded: Trading, number: str) -> None:
    facility = funded.grant()["id"]
    uploaded = supplier(funded).upload(invoice(number)).json()

    problem = refused(
        supplier(funded).post(FINANCINGS, {"facility_id": facility, "invoice_id": uploaded["id"]}),
        409,
        "financing-refused",
    )

    context = problem["context"]
    assert (context["rule"], context["found"], context["needed"]) == ("receivable-accepted", "registered", "accepted")
    assert problem["detail"] == "The receivable is registered; only an accepted one is financed."
    assert {check["name"]: check["passed"] for check in context["checks"]}["facility-runs"]
    assert supplier(funded).get("/v1/quotes", receivable_id=uploaded["receivable_id"])["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"facility_id": "1"},
        {"receivable_id": "0x" + "2a" * 32, "invoice_id": "inv_" + "0" * 24},
        {"quote_id": "qt_" + "0" * 24, "facility_id": "1"},
        {"quote_id": "qt_" + "0" * 24, "accept": False},
        {"invoice_id": "inv_" + "0" * 24, "expected": [{"milestone": "DEPARTED", "at": "2026-05-12T00:00:00"}]},
        {"invoice_id": "inv_" + "0" * 24, "expected": [{"milestone": "DEPARTED", "at": "2026-05-12T00:00:00Z"}] * 2},
    ],
)
def test_request_that_asks_for_nothing_or_for_two_things_is_malformed(funded: Trading, body: dict[str, Any]) -> None:
    assert supplier(funded).post(FINANCINGS, body).status_code == 422


def test_things_of_nobody_are_absent(funded: Trading) -> None:
    refused(supplier(funded).post(FINANCINGS, {"invoice_id": "inv_" + "0" * 24}), 404, "invoice-absent")
    refused(supplier(funded).post(FINANCINGS, {"quote_id": "qt_" + "0" * 24}), 404, "quote-absent")
    refused(supplier(funded).post("/v1/quotes/qt_0/acceptance"), 404, "quote-absent")


def test_step_that_is_not_on_the_ladder_cannot_be_expected(funded: Trading, number: str) -> None:
    facility, sold = funded.grant()["id"], funded.sell(invoice(number))
    expected = [{"milestone": "STORED", "at": text(now(funded))}]
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"], "expected": expected}

    problem = refused(supplier(funded).post(FINANCINGS, body), 422, "milestone-not-on-ladder")

    assert problem["context"]["milestones"] == "STORED"


def test_step_at_the_end_of_time_brings_nothing(funded: Trading, number: str) -> None:
    expected = [{"milestone": "RECEIVED", "at": "9999-12-31T23:59:59-12:00"}]

    quote = ask(funded, funded.grant()["id"], funded.sell(invoice(number))["receivable_id"], expected=expected)

    step = quote["steps"][1]
    assert (step["draw"], step["bounded_by"], step["expected_at"]) == (NOTHING, "time", "9999-12-31T23:59:59Z")


@pytest.mark.parametrize("at", ["2027-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"])
def test_repayment_after_maturity_is_not_reckoned_with(funded: Trading, number: str, at: str) -> None:
    facility, sold = funded.grant()["id"], funded.sell(invoice(number))
    body = {
        "facility_id": facility,
        "receivable_id": sold["receivable_id"],
        "expected_repayment_at": at,
    }

    refused(supplier(funded).post(FINANCINGS, body), 422, "repayment-out-of-range")


def test_withdrawn_quote_is_not_accepted(funded: Trading, number: str) -> None:
    quote = ask(funded, funded.grant()["id"], funded.sell(invoice(number))["receivable_id"])

    answer = supplier(funded).post(f"/v1/quotes/{quote['id']}/withdrawal")

    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    problem = refused(supplier(funded).post(f"/v1/quotes/{quote['id']}/acceptance"), 409, "quote-not-open")
    assert problem["context"]["state"] == "withdrawn"
    refused(supplier(funded).post(f"/v1/quotes/{quote['id']}/withdrawal"), 409, "quote-not-open")


def test_lower_advance_rate_is_refused_with_both_rates(funded: Trading, number: str) -> None:
    facility, sold = funded.grant()["id"], funded.sell(invoice(number))
    quote = ask(funded, facility, sold["receivable_id"])
    ladder = [{"milestone": "DEPARTED", "advance_rate_bps": 5000}, {"milestone": "RECEIVED", "advance_rate_bps": 9000}]
    funded.operator.write(f"/v1/facilities/{facility}/ladders", {"receivable": ladder})

    problem = refused(supplier(funded).post(f"/v1/quotes/{quote['id']}/acceptance"), 409, "quote-terms-moved")

    context = problem["context"]
    assert (context["term"], context["quoted"], context["now"]) == ("advance_rate_bps of DEPARTED", 6000, 5000)
    assert supplier(funded).get(f"/v1/quotes/{quote['id']}")["state"] == "open"
    assert supplier(funded).get(FINANCINGS, receivable_id=sold["receivable_id"])["items"] == []


def test_limit_that_no_longer_does_is_refused_with_both_amounts(funded: Trading, number: str) -> None:
    facility, sold = funded.grant()["id"], funded.sell(invoice(number))
    quote = ask(funded, facility, sold["receivable_id"])
    funded.operator.write(f"/v1/facilities/{facility}/line", {"limit": eur(1_000_000)})

    problem = refused(supplier(funded).post(f"/v1/quotes/{quote['id']}/acceptance"), 409, "quote-terms-moved")

    context = problem["context"]
    assert (context["term"], context["now"]) == ("limit left", 1_000_000)
    assert context["quoted"] == units(quote["net_payout"])


def test_better_terms_are_no_reason_to_refuse(funded: Trading, number: str) -> None:
    facility, sold = funded.grant()["id"], funded.sell(invoice(number))
    quote = ask(funded, facility, sold["receivable_id"])
    ladder = [{"milestone": "DEPARTED", "advance_rate_bps": 7000}, {"milestone": "RECEIVED", "advance_rate_bps": 9000}]
    funded.operator.write(f"/v1/facilities/{facility}/ladders", {"receivable": ladder})

    taken = supplier(funded).write(f"/v1/quotes/{quote['id']}/acceptance")

    assert [step["advance_rate_bps"] for step in taken["financing"]["ladder"]] == [7000, 9000]


def test_gateway_that_is_no_sandbox_refuses_plainly(funded: Trading) -> None:
    body = {"milestones": ["DEPARTED"]}

    problem = refused(
        supplier(funded).post("/v1/sandbox/milestones", {"receivable_id": "0x" + "2a" * 32, **body}),
        403,
        "sandbox-off",
    )
    assert problem["detail"] == "This gateway simulates nothing: its setting sandbox.enabled is off."
    wish = {"facility_id": "1", "receivable_id": "0x" + "2a" * 32, "accept": True, "sandbox": body}
    refused(supplier(funded).post(FINANCINGS, wish), 403, "sandbox-off")


# Taken


def test_quote_equals_what_the_chain_charges_on_the_quoted_dates(funded: Trading, number: str) -> None:
    """Two draws and the repayment, each in a block of the very second that was quoted."""
    facility = funded.grant(**TERMS)["id"]
    sold = funded.sell(invoice(number))
    departed, received, paid = (now(funded) + timedelta(days=n) for n in (2, 9, 40))
    quote = ask(
        funded,
        facility,
        sold["receivable_id"],
        expected=[
            {"milestone": "DEPARTED", "at": text(departed)},
            {"milestone": "RECEIVED", "at": text(received), "quantity_thousandths": "950000"},
        ],
        expected_repayment_at=text(paid),
    )
    financing = supplier(funded).write(FINANCINGS, {"quote_id": quote["id"]})["id"]

    next_block_at(funded, departed)
    funded.attest(sold["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")
    next_block_at(funded, received)
    funded.attest(sold["subject"], Milestone.RECEIVED, 950_000, "warehouse", "inspector")
    pay_at(funded, sold["receivable_id"], paid)

    booked = supplier(funded).get(f"{FINANCINGS}/{financing}")
    draws, (repayment,) = booked["draws"], booked["repayments"]
    for step, draw in zip(quote["steps"], draws, strict=True):
        assert datetime.fromisoformat(draw["at"]) == datetime.fromisoformat(step["expected_at"])
        assert (step["draw"], step["fee"], step["reserve"]) == (draw["amount"], draw["fee"], draw["reserve"])
        assert (step["base"], step["bounded_by"]) == (draw["base"], None)
    assert datetime.fromisoformat(repayment["at"]) == paid
    assert charge(quote, "interest") == units(repayment["interest"]) > 0
    assert charge(quote, "fee") == units(repayment["fees"]) > 0
    assert charge(quote, "reserve") == units(repayment["reserve"]) > 0
    assert units(quote["net_payout"]) == units(repayment["principal"])
    assert quote["rest_at_repayment"] == repayment["residual"]
    assert units(quote["owed_at_repayment"]) + units(repayment["residual"]) == FACE_VALUE
    assert units(quote["total_cost"]) == sum(units(repayment[part]) for part in ("interest", "fees", "reserve"))
    assert (repayment["late_fees"], repayment["still_owed"], booked["state"]) == (NOTHING, NOTHING, "repaid")
    flows = [(units(flow["amount"]), datetime.fromisoformat(flow["at"])) for flow in quote["cash_flows"]]
    assert flows[:2] == [(units(draw["amount"]), datetime.fromisoformat(draw["at"])) for draw in draws]
    assert flows[2] == (units(repayment["residual"]) - FACE_VALUE, paid)
    assert 1_300 < quote["annual_rate_bps"] < 3_500


def test_committed_fee_and_thirty_days_months_are_the_chains_too(funded: Trading, number: str) -> None:
    facility = funded.grant(committed_fee_bps=120, day_count="30/360")["id"]
    sold = funded.sell(invoice(number))
    departed = now(funded) + timedelta(days=3)
    received, paid = departed + timedelta(days=1, hours=7), departed + timedelta(days=12)
    quote = ask(
        funded,
        facility,
        sold["receivable_id"],
        expected=[
            {"milestone": "DEPARTED", "at": text(departed)},
            {"milestone": "RECEIVED", "at": text(received)},
        ],
        expected_repayment_at=text(paid),
    )
    financing = supplier(funded).write(f"/v1/quotes/{quote['id']}/acceptance")["id"]

    next_block_at(funded, departed)
    funded.attest(sold["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")
    next_block_at(funded, received)
    funded.attest(sold["subject"], Milestone.RECEIVED, 1_000_000, "warehouse", "inspector")
    pay_at(funded, sold["receivable_id"], paid)

    booked = supplier(funded).get(f"{FINANCINGS}/{financing}")
    (repayment,) = booked["repayments"]
    # What was due at the quote is known in whole minor units: that much rounding, and what follows from it in the
    # second draw.
    fees = charge(quote, "fee") + charge(quote, "committed fee")
    assert charge(quote, "committed fee") > 0
    assert 0 <= fees - units(repayment["fees"]) <= 1
    for step, draw in zip(quote["steps"], booked["draws"], strict=True):
        assert 0 <= units(draw["amount"]) - units(step["draw"]) <= 1
    assert abs(charge(quote, "interest") - units(repayment["interest"])) <= 1


def test_draw_at_acceptance_differs_by_the_seconds_that_went_by_only(funded: Trading, number: str) -> None:
    """The goods have left before anything is asked for: the first step is drawn at once."""
    facility = funded.grant(**TERMS)["id"]
    sold = funded.sell(invoice(number))
    funded.attest(sold["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")
    later = text(now(funded) + timedelta(days=30))

    taken = supplier(funded).write(
        FINANCINGS,
        {
            "facility_id": facility,
            "invoice_id": sold["id"],
            "expected": [{"milestone": "RECEIVED", "at": later}],
            "accept": True,
        },
    )

    quote, (draw,) = taken["quote"], taken["financing"]["draws"]
    assert (quote["state"], quote["financing_id"]) == ("accepted", taken["id"])
    first = quote["steps"][0]
    assert (first["milestone"], first["reached"]) == ("DEPARTED", True)
    assert (quote["paid_at_once"], first["fee"], first["reserve"]) == (draw["amount"], draw["fee"], draw["reserve"])
    drawn, quoted = datetime.fromisoformat(draw["at"]), datetime.fromisoformat(quote["quoted_at"])
    assert timedelta(0) <= drawn - quoted < timedelta(minutes=5)
    assert units(taken["financing"]["available"]) == 0


def test_invoice_without_a_facility_goes_to_the_cheapest(funded: Trading, number: str) -> None:
    dear, cheap = (funded.grant(discount_rate_bps=rate)["id"] for rate in (890, 10))
    sold = funded.sell(invoice(number))

    quote = supplier(funded).post(FINANCINGS, {"invoice_id": sold["id"]}).json()["quote"]

    assert quote["facility_id"] == cheap != dear
    assert quote["invoice_id"] == sold["id"]
    assert "reached at once" in quote["assumptions"][-1]
    assert all(check["passed"] for check in quote["checks"])


def test_accepted_quote_is_not_accepted_again(funded: Trading, number: str) -> None:
    quote = ask(funded, funded.grant()["id"], funded.sell(invoice(number))["receivable_id"])
    taken = supplier(funded).write(f"/v1/quotes/{quote['id']}/acceptance")

    problem = refused(supplier(funded).post(f"/v1/quotes/{quote['id']}/acceptance"), 409, "quote-not-open")

    assert problem["context"]["state"] == "accepted"
    listed = supplier(funded).get("/v1/quotes", receivable_id=quote["receivable_id"])["items"]
    assert [(each["id"], each["state"], each["financing_id"]) for each in listed] == [
        (quote["id"], "accepted", taken["id"])
    ]


def test_quote_that_many_accept_at_once_opens_one_financing(funded: Trading, number: str) -> None:
    """Each with a key of its own, so that none is a repetition of another."""
    quote = ask(funded, funded.grant()["id"], funded.sell(invoice(number))["receivable_id"])

    with ThreadPoolExecutor(6) as threads:
        path = f"/v1/quotes/{quote['id']}/acceptance"
        answers = list(threads.map(lambda _: supplier(funded).post(path, **WAIT), range(6)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    refused_by = {answer.json()["error"] for answer in answers if answer.status_code == 409}
    assert "quote-not-open" in refused_by
    opened = supplier(funded).get(FINANCINGS, receivable_id=quote["receivable_id"])["items"]
    assert len(opened) == 1
    sent = supplier(funded).get("/v1/transactions", limit="20")["items"]
    its = [each for each in sent if each["subject_id"] == quote["receivable_id"]]
    assert [each["purpose"] for each in its].count("open financing") == 1


def test_part_of_an_invoice_is_quoted_on_acceptance_only(funded: Trading, number: str) -> None:
    ladder = {"receivable": [{"milestone": "ACCEPTED", "advance_rate_bps": 4000}]}
    facility = funded.grant(ladders=ladder)["id"]
    sold = funded.sell(invoice(number))
    body = {"amount": eur(2_500_000), "on_acceptance_only": True}

    quote = ask(funded, facility, sold["receivable_id"], **body)
    taken = supplier(funded).write(f"/v1/quotes/{quote['id']}/acceptance")

    assert (quote["pledged"], quote["steps"][0]["base"]) == (eur(2_500_000), eur(1_000_000))
    (draw,) = taken["financing"]["draws"]
    assert (draw["amount"], draw["base"]) == (quote["paid_at_once"], eur(1_000_000))
    second = ask(funded, facility, sold["receivable_id"], **body)
    # A pledge that shares its invoice counts for one minor unit less.
    assert second["steps"][0]["base"] == eur(2_499_999 * 4 // 10)


# At the end, as the chain's clock goes on from there


def test_quote_expires(funded: Trading, number: str) -> None:
    quote = ask(funded, funded.grant()["id"], funded.sell(invoice(number))["receivable_id"])
    funded.network.set_clock(datetime.fromisoformat(quote["valid_until"]))
    await_indexer(funded.gateway, funded.chain)

    problem = refused(supplier(funded).post(f"/v1/quotes/{quote['id']}/acceptance"), 409, "quote-expired")

    context = problem["context"]
    assert context["now"] >= context["valid_until"]
    assert supplier(funded).get(f"/v1/quotes/{quote['id']}")["state"] == "expired"


def pay_at(trading: Trading, receivable: str, at: datetime) -> None:
    """The debtor pays all of it in a block of that second: allowance and payment wait for it together."""
    node = trading.chain.node
    trading.issue("debtor", FACE_VALUE)
    node.request("evm_setAutomine", False)
    answer = trading.desks["debtor"].post(f"/v1/receivables/{receivable}/payments", {"amount": eur(FACE_VALUE)})
    assert answer.status_code == 202, answer.text
    await_pool(trading.chain, 2)
    node.request("evm_mine", {"timestamp": int(at.timestamp())})
    trading.network.mine_at_once()
    await_indexer(trading.gateway, trading.chain)
