"""What lender and supplier settle between them: amendments, reservations that end early, fees for an open line."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mirror import differences
from refusing import refused
from trading import LEIS, Trading, await_indexer, eur, invoice

pytestmark = pytest.mark.node
EVIDENCE = "0x" + "e7" * 32
WORDS = {"maturity_date": "2026-07-10", "document": EVIDENCE, "valid_until": "2026-06-30T00:00:00Z"}


@pytest.fixture(scope="module")
def funded(trading: Trading) -> Trading:
    trading.network.mine_at_once()
    trading.fund(20_000_000)
    return trading


@pytest.fixture(scope="module")
def financing(funded: Trading) -> str:
    sold, facility = funded.sell(invoice("AS-2026-81")), funded.grant()["id"]
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    return str(funded.desks["supplier"].write("/v1/financings", body)["id"])


def amendments(trading: Trading, financing: str, name: str = "") -> list[dict[str, Any]]:
    desk = trading.desks[name] if name else trading.operator
    items: list[dict[str, Any]] = desk.get(f"/v1/financings/{financing}/amendments")["items"]
    return items


def until_day(trading: Trading, financing: str, maturity_date: str, name: str = "") -> dict[str, Any]:
    """The amendment to that maturity: those of one second come in any order."""
    all_of_it = amendments(trading, financing, name)
    (found,) = [its for its in all_of_it if its["terms"]["maturity_date"] == maturity_date]
    return found


def in_days(trading: Trading, days: int) -> str:
    return (datetime.fromtimestamp(trading.chain.block().timestamp, UTC) + timedelta(days=days)).isoformat()


def test_amendment_to_a_facility_that_is_not_there_is_refused(funded: Trading, financing: str) -> None:
    body = {**WORDS, "facility_id": "99"}

    refused(funded.desks["supplier"].post(f"/v1/financings/{financing}/amendments", body), 404, "facility-absent")

    assert amendments(funded, financing) == []


def test_amendment_is_read_and_repeated_by_the_other_side(funded: Trading, financing: str) -> None:
    path = f"/v1/financings/{financing}/amendments"

    funded.desks["supplier"].write(path, WORDS)
    (asked,) = amendments(funded, financing)
    assert (asked["state"], asked["approved_at"], asked["carried_out_at"]) == ("awaits credit officer", None, None)
    assert asked["agreed_at"] is not None
    assert asked["terms"] == {**WORDS, "facility_id": None}
    funded.operator.write(path, {key: value for key, value in asked["terms"].items() if value is not None})

    (done,) = amendments(funded, financing, "supplier")
    assert (done["state"], done["amendment"]) == ("carried out", asked["amendment"])
    assert done["approved_at"] == done["carried_out_at"] is not None
    await_indexer(funded.gateway, funded.chain)
    assert differences(funded.gateway.database, funded.chain) == []


def test_amendment_that_nobody_answers_expires(funded: Trading, financing: str) -> None:
    until = in_days(funded, 1)
    body = {**WORDS, "maturity_date": "2026-07-20", "valid_until": until}
    funded.operator.write(f"/v1/financings/{financing}/amendments", body)
    assert until_day(funded, financing, "2026-07-20", "supplier")["state"] == "awaits supplier"

    funded.network.set_clock(datetime.fromisoformat(until) + timedelta(seconds=1))
    funded.issue("debtor", 1)

    assert until_day(funded, financing, "2026-07-20")["state"] == "expired"


def test_amendment_is_overtaken_by_another(funded: Trading, financing: str) -> None:
    path = f"/v1/financings/{financing}/amendments"
    first, second = ({**WORDS, "maturity_date": day} for day in ("2026-07-15", "2026-07-16"))
    funded.desks["supplier"].write(path, first)
    funded.desks["supplier"].write(path, second)

    funded.operator.write(path, second)

    states = {its["terms"]["maturity_date"]: its["state"] for its in amendments(funded, financing)}
    assert (states["2026-07-15"], states["2026-07-16"]) == ("overtaken", "carried out")


def test_agreement_is_taken_back_by_the_side_that_gave_it(funded: Trading, financing: str) -> None:
    path = f"/v1/financings/{financing}/amendments"
    words = {**WORDS, "maturity_date": "2026-07-25"}
    funded.desks["supplier"].write(path, words)
    asked = until_day(funded, financing, "2026-07-25")
    assert asked["state"] == "awaits credit officer"

    refused(funded.desks["supplier"].post(f"{path}/0x{'77' * 32}/withdrawal"), 404, "amendment-absent")
    refused(funded.operator.post(f"{path}/{asked['amendment']}/withdrawal"), 409, "not-approved")
    funded.desks["supplier"].write(f"{path}/{asked['amendment']}/withdrawal")
    withdrawn = until_day(funded, financing, "2026-07-25")
    assert withdrawn["amendment"] == asked["amendment"]
    assert (withdrawn["state"], withdrawn["agreed_at"]) == ("withdrawn", None)
    funded.operator.write(path, words)

    assert until_day(funded, financing, "2026-07-25")["state"] == "awaits supplier"
    await_indexer(funded.gateway, funded.chain)
    assert differences(funded.gateway.database, funded.chain) == []


def test_reservation_is_ended_by_the_credit_officer_only(funded: Trading) -> None:
    receivable, facility = funded.sell(invoice("AS-2026-82"))["receivable_id"], funded.grant()["id"]
    desk, path = funded.desks["supplier"], f"/v1/receivables/{receivable}/reservations"
    reserved = desk.write(path, {"facility_id": facility, "until": in_days(funded, 2)})
    assert reserved["holders"][0]["reserved_until"] is not None
    holder = {"holder_lei": LEIS["supplier"]}

    refused(desk.post(f"{path}/termination", holder), 403, "scope-missing")
    freed = funded.operator.write(f"{path}/termination", holder)

    assert freed["holders"][0]["reserved_until"] is None


def test_committed_fee_is_paid_as_far_as_it_is_due(funded: Trading) -> None:
    facility = funded.grant(committed_fee_bps=100)["id"]
    desk, path = funded.desks["supplier"], f"/v1/facilities/{facility}/commitment-fee"
    funded.network.set_clock(datetime.fromisoformat(in_days(funded, 10)))
    funded.issue("supplier", 100_000)
    due = int(desk.get(f"/v1/facilities/{facility}")["commitment_due"]["amount"])
    before = int(desk.get("/v1/cash/balances")["balances"][0]["amount"]["amount"])

    refused(desk.post(path, {"most": {"amount": "1", "currency": "USD"}}), 422, "currency-differs")
    refused(desk.post(path, {"most": eur(due - 1)}), 409, "commitment-fee-exceeds-most")
    refused(desk.post(path, {"most": eur(before + 1)}), 409, "cash-too-low")
    paid = desk.write(path, {"most": eur(due + 100)})["facility"]

    assert int(paid["commitment_due"]["amount"]) < due
    left = int(desk.get("/v1/cash/balances")["balances"][0]["amount"]["amount"])
    assert due <= before - left <= due + 100
    await_indexer(funded.gateway, funded.chain)
    assert differences(funded.gateway.database, funded.chain) == []


def test_line_without_a_committed_fee_has_nothing_to_pay(funded: Trading) -> None:
    facility = funded.grant()["id"]

    answer = funded.desks["supplier"].post(f"/v1/facilities/{facility}/commitment-fee", {"most": eur(1)})

    refused(answer, 409, "nothing-due")


def test_recourse_that_is_not_open_is_not_closed(funded: Trading, financing: str) -> None:
    answer = funded.operator.post(f"/v1/financings/{financing}/recourse/closing")

    refused(answer, 409, "recourse-not-open")
