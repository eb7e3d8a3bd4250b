"""What goes wrong with invoices and financings, and how the gateway follows it: disputes, dilution, default, losses."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mirror import differences
from refusing import refused
from trading import DEPARTURE, FACE_VALUE, LEIS, Trading, await_indexer, eur, invoice

from chain_node.client import Milestone

pytestmark = pytest.mark.node
EVIDENCE = "0x" + "e7" * 32
DUE = datetime(2026, 7, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def funded(trading: Trading) -> Trading:
    trading.network.mine_at_once()
    trading.fund(20_000_000)
    return trading


def sell(trading: Trading, number: str, *, waive: bool = True) -> str:
    answer = trading.desks["supplier"].upload(invoice(number))
    assert answer.status_code == 201, answer.text
    receivable = str(answer.json()["receivable_id"])
    trading.desks["debtor"].write(f"/v1/receivables/{receivable}/acceptance", {"waive_set_off": waive})
    return receivable


def agree(trading: Trading) -> None:
    """Rows and chain, at the newest block."""
    await_indexer(trading.gateway, trading.chain)
    assert differences(trading.gateway.database, trading.chain) == []


def objection(units: int) -> dict[str, Any]:
    return {"amount": eur(units), "evidence": EVIDENCE}


def test_only_its_debtor_disputes_an_invoice(funded: Trading) -> None:
    receivable = sell(funded, "AS-2026-61", waive=False)
    path = f"/v1/receivables/{receivable}/disputes"

    refused(funded.desks["supplier"].post(path, objection(1)), 403, "role-missing")
    refused(funded.desks["debtor"].post(path, objection(FACE_VALUE + 1)), 422, "dispute-amount-out-of-range")
    refused(funded.desks["debtor"].post(f"{path}/withdrawal"), 409, "no-dispute")


def test_who_waived_set_off_has_nothing_to_dispute(funded: Trading) -> None:
    receivable = sell(funded, "AS-2026-62")

    answer = funded.desks["debtor"].post(f"/v1/receivables/{receivable}/disputes", objection(1))

    refused(answer, 409, "set-off-is-waived")


def test_dispute_is_conceded_in_part_and_resolved_by_the_arbiter(funded: Trading) -> None:
    receivable = sell(funded, "AS-2026-63", waive=False)
    path = f"/v1/receivables/{receivable}"

    opened = funded.desks["debtor"].write(f"{path}/disputes", objection(3_000_000))
    assert (opened["state"], opened["disputed"]) == ("disputed", eur(3_000_000))
    conceded = funded.desks["supplier"].write(f"{path}/disputes/concession", objection(1_000_000))
    assert (conceded["disputed"], conceded["face_value"]) == (eur(2_000_000), eur(9_000_000))
    split = {"taken_off": eur(500_000), "evidence": EVIDENCE}
    resolved = funded.operator.write(f"{path}/disputes/resolution", split)

    assert (resolved["state"], resolved["disputed"], resolved["outstanding"]) == ("accepted", eur(0), eur(8_500_000))
    assert resolved["registered_value"] == eur(FACE_VALUE)
    assert [(o["kind"], o["amount"]) for o in resolved["objections"]] == [
        ("dispute opened", eur(3_000_000)),
        ("dispute conceded", eur(1_000_000)),
        ("dispute resolved", eur(500_000)),
    ]
    assert [holder["units"] for holder in resolved["holders"]] == [eur(8_500_000)]
    agree(funded)


def test_credit_note_lowers_what_is_owed(funded: Trading) -> None:
    receivable = sell(funded, "AS-2026-64", waive=False)
    path = f"/v1/receivables/{receivable}/credit-notes"

    refused(funded.desks["debtor"].post(path, objection(1)), 403, "role-missing")
    noted = funded.desks["supplier"].write(path, objection(400_000))

    assert (noted["face_value"], noted["outstanding"]) == (eur(9_600_000), eur(9_600_000))
    agree(funded)


def test_accepted_invoice_is_cancelled_with_the_debtors_consent(funded: Trading) -> None:
    receivable = sell(funded, "AS-2026-65")
    path = f"/v1/receivables/{receivable}/cancellation"

    refused(funded.desks["supplier"].post(path), 409, "consent-missing")
    consented = funded.desks["debtor"].write(f"{path}/consent", {"given": True})
    assert consented["cancellation_consented"] is True
    cancelled = funded.desks["supplier"].write(path)

    assert (cancelled["state"], cancelled["outstanding"], cancelled["holders"]) == ("cancelled", eur(0), [])
    agree(funded)


def test_invoice_nobody_accepted_is_cancelled_by_its_supplier_alone(funded: Trading) -> None:
    receivable = funded.desks["supplier"].upload(invoice("AS-2026-66")).json()["receivable_id"]
    path = f"/v1/receivables/{receivable}/cancellation"

    refused(funded.desks["debtor"].post(path), 403, "role-missing")

    assert funded.desks["supplier"].write(path)["state"] == "cancelled"


def test_units_go_on_to_the_next_tier_and_each_claims_its_share(funded: Trading) -> None:
    receivable = sell(funded, "AS-2026-67")
    path = f"/v1/receivables/{receivable}"
    part = {"to_lei": LEIS["stranger"], "amount": eur(2_500_000)}

    refused(
        funded.desks["supplier"].post(f"{path}/transfers", {**part, "to_lei": "213800WSGIIZCXF1P572"}),
        404,
        "participant-absent",
    )
    handed_on = funded.desks["supplier"].write(f"{path}/transfers", part)
    assert handed_on["transfers"] == 1
    assert [(its["holder"], its["tier"], its["units"]) for its in handed_on["holders"]] == [
        ("Supplier", 1, eur(7_500_000))
    ]
    assert handed_on["elsewhere"] == eur(2_500_000)
    seen_by_all = funded.operator.get(path)
    tiers = {holder["holder"]: (holder["tier"], holder["units"]) for holder in seen_by_all["holders"]}
    assert tiers == {"Supplier": (1, eur(7_500_000)), "Stranger": (2, eur(2_500_000))}

    funded.issue("debtor", 4_000_000)
    funded.desks["debtor"].write(f"{path}/payments", {"amount": eur(4_000_000)})
    for name, share in (("supplier", 3_000_000), ("stranger", 1_000_000)):
        assert [holder["claimable"] for holder in funded.desks[name].get(path)["holders"]] == [eur(share)]
    claimed = funded.desks["stranger"].write(f"{path}/claims")

    assert [h["units"] for h in claimed["holders"] if h["holder"] == "Stranger"] == [eur(1_500_000)]
    assert funded.desks["stranger"].get("/v1/cash/balances")["balances"] == [
        {"currency": "EUR", "amount": eur(1_000_000)}
    ]
    refused(funded.desks["stranger"].post(f"{path}/claims"), 409, "nothing-to-claim")
    agree(funded)


def test_debtor_does_not_see_who_holds_its_debt(funded: Trading) -> None:
    receivable = sell(funded, "AS-2026-60")
    path = f"/v1/receivables/{receivable}"

    seen = funded.desks["debtor"].get(path)

    assert (seen["holders"], seen["elsewhere"]) == ([], eur(10_000_000))
    assert funded.operator.get(path)["elsewhere"] == eur(0)


def test_holder_who_hands_its_last_units_on_is_told_what_came_of_it(funded: Trading) -> None:
    receivable = sell(funded, "AS-2026-59")
    path = f"/v1/receivables/{receivable}"
    part = {"amount": eur(2_500_000)}
    funded.desks["supplier"].write(f"{path}/transfers", {**part, "to_lei": LEIS["stranger"]})

    handed_on = funded.desks["stranger"].write(f"{path}/transfers", {**part, "to_lei": LEIS["lender"]})

    assert (handed_on["holders"], handed_on["elsewhere"]) == ([], eur(10_000_000))
    assert funded.desks["stranger"].client.get(path, headers=dict(funded.desks["stranger"].headers)).status_code == 404


def test_reserved_units_are_kept_for_their_facility(funded: Trading) -> None:
    receivable, first, second = sell(funded, "AS-2026-68"), funded.grant()["id"], funded.grant()["id"]
    desk, path = funded.desks["supplier"], f"/v1/receivables/{receivable}/reservations"
    until = datetime.fromtimestamp(funded.chain.block().timestamp, UTC) + timedelta(days=2)
    body = {"facility_id": first, "until": until.isoformat()}

    refused(desk.post(path, {**body, "facility_id": "999"}), 404, "facility-absent")
    reserved = desk.write(path, body)
    assert [holder["reserved_until"] is not None for holder in reserved["holders"]] == [True]

    financing = {"receivable_id": receivable, "facility_id": second}
    refused(desk.post("/v1/financings", financing), 409, "item-reserved")
    assert desk.write("/v1/financings", {**financing, "facility_id": first})["id"]
    agree(funded)


def test_line_is_changed_by_the_credit_officer(funded: Trading) -> None:
    facility = funded.grant(committed_fee_bps=100, grace_days=5, recourse=True, day_count="30/360")["id"]
    path = f"/v1/facilities/{facility}/line"

    refused(funded.operator.post(path, {}), 422, "nothing-asked")
    refused(funded.operator.post(path, {"limit": {"amount": "1", "currency": "USD"}}), 422, "currency-differs")
    changed = funded.operator.write(path, {"limit": eur(12_000_000), "expires_at": "2026-10-01T00:00:00Z"})["facility"]

    assert (changed["limit"], changed["expires_at"]) == (eur(12_000_000), "2026-10-01T00:00:00Z")
    assert (changed["day_count"], changed["grace_days"], changed["recourse"]) == ("30/360", 5, True)
    agree(funded)


@pytest.fixture(scope="module")
def late(funded: Trading) -> tuple[str, str]:
    """A financing with recourse, late fees and a reserve that was drawn on departure: receivable, financing."""
    facility = funded.grant(limit=eur(10_000_000), reserve_bps=100, late_fee_bps=400, grace_days=5, recourse=True)["id"]
    sold = funded.sell(invoice("AS-2026-71"))
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    opened = funded.desks["supplier"].write("/v1/financings", body)["id"]
    funded.network.set_clock(DEPARTURE)
    funded.attest(sold["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")
    return sold["receivable_id"], opened


def test_supplier_repays_ahead_out_of_its_own_cash(funded: Trading, late: tuple[str, str]) -> None:
    path = f"/v1/financings/{late[1]}/repayments"

    refused(funded.desks["supplier"].post(path, {"amount": eur(10**12)}), 409, "cash-too-low")
    repaid = funded.desks["supplier"].write(path, {"amount": eur(1_000_000)})["financing"]

    (repayment,) = repaid["repayments"]
    parts = ("late_fees", "fees", "interest", "principal", "recovered", "reserve", "residual")
    assert sum(int(repayment[part]["amount"]) for part in parts) == 1_000_000
    assert repaid["owed"]["total"] == repayment["still_owed"]
    assert repaid["available"] == eur(0)
    agree(funded)


def test_what_is_not_late_is_not_called_late(funded: Trading, late: tuple[str, str]) -> None:
    path = f"/v1/financings/{late[1]}"

    refused(funded.operator.post(f"{path}/mark-overdue"), 409, "nothing-to-write-off")
    refused(funded.operator.post(f"{path}/default"), 409, "grace-not-over")
    refused(funded.operator.post(f"{path}/recourse"), 409, "still-covered")
    refused(funded.desks["supplier"].post(f"{path}/release"), 409, "still-owed")
    refused(funded.desks["supplier"].post(f"/v1/receivables/{late[0]}/default"), 409, "not-overdue")


def test_both_sides_put_the_maturity_off(funded: Trading, late: tuple[str, str]) -> None:
    path = f"/v1/financings/{late[1]}/amendments"
    words = {"maturity_date": "2026-07-10", "document": EVIDENCE, "valid_until": "2026-06-30T00:00:00Z"}

    refused(funded.desks["supplier"].post(path, {**words, "maturity_date": None}), 422, "nothing-asked")
    asked = funded.desks["supplier"].write(path, words)["financing"]
    assert asked["maturity_date"] == "2026-07-03"
    granted = funded.operator.write(path, words)["financing"]

    assert granted["maturity_date"] == "2026-07-10"
    assert granted["overdue_from"] == "2026-07-16T00:00:00Z"
    agree(funded)


def test_expected_loss_lowers_the_exit_price_at_once(funded: Trading, late: tuple[str, str]) -> None:
    path = f"/v1/financings/{late[1]}/impairment"

    refused(funded.operator.post(path, {"amount": eur(10**9)}), 409, "impairment-exceeds-principal")
    funded.operator.write(path, {"amount": eur(1_000_000)})

    pool = funded.operator.get("/v1/pools/EUR")
    assert int(pool["gross"]["amount"]) - int(pool["net"]["amount"]) == 1_000_000
    agree(funded)
    assert funded.operator.write(path, {"amount": eur(0)})["financing"]["impairment"] == eur(0)


@dataclass
class Defaulted:
    """What was said before a default, of it, and after its loss was taken."""

    receivable: str
    financing: str
    before: Any
    invoice: Any
    declared: Any
    lost: Any
    after: Any


@pytest.fixture(scope="module")
def defaulted(funded: Trading, late: tuple[str, str]) -> Defaulted:
    receivable, financing = late
    operator, path = funded.operator, f"/v1/financings/{financing}"
    funded.network.set_clock(DUE + timedelta(days=45))
    before = operator.get("/v1/pools/EUR")
    unpaid = operator.write(f"/v1/receivables/{receivable}/default")
    declared = operator.write(f"{path}/default")["financing"]
    lost = operator.write(f"{path}/mark-overdue")["financing"]
    agree(funded)
    return Defaulted(receivable, financing, before, unpaid, declared, lost, operator.get("/v1/pools/EUR"))


def exit_assets(pool: Any, tranche: str) -> int:
    return int(pool["tranches"][tranche]["exit_assets"]["amount"])


def test_default_charges_late_fees_and_opens_the_recourse(funded: Trading, defaulted: Defaulted) -> None:
    declared = defaulted.declared

    assert (defaulted.invoice["state"], declared["state"]) == ("defaulted", "defaulted")
    assert int(declared["owed"]["late_fees"]["amount"]) > 0
    refused(funded.operator.post(f"/v1/financings/{defaulted.financing}/mark-overdue"), 409, "nothing-to-write-off")


def test_loss_by_the_schedule_is_juniors_before_seniors(defaulted: Defaulted) -> None:
    due, lost = int(defaulted.declared["write_off_due"]["amount"]), defaulted.lost

    assert due == int(lost["owed"]["written_off"]["amount"]) > 0
    assert [loss["amount"] for loss in lost["write_offs"]] == [eur(due)]
    assert lost["write_off_due"] == eur(0)
    with_its_interest = int(defaulted.after["lost"]["amount"])
    assert due < with_its_interest <= due + int(defaulted.declared["owed"]["interest"]["amount"]) + 1
    assert exit_assets(defaulted.after, "junior") < exit_assets(defaulted.before, "junior")
    assert exit_assets(defaulted.after, "senior") >= exit_assets(defaulted.before, "senior")


def test_late_payment_recovers_the_loss_and_ends_the_recourse(funded: Trading, defaulted: Defaulted) -> None:
    receivable, financing = defaulted.receivable, defaulted.financing
    facility = f"/v1/facilities/{defaulted.declared['facility_id']}"
    assert funded.operator.get(facility)["recourse_to"] == financing
    funded.issue("debtor", FACE_VALUE)
    funded.desks["debtor"].write(f"/v1/receivables/{receivable}/payments", {"amount": eur(FACE_VALUE)})

    its = funded.operator.get(f"/v1/financings/{financing}")
    repayment = its["repayments"][-1]
    assert (its["state"], its["owed"]["total"]) == ("repaid", eur(0))
    assert repayment["recovered"] == its["write_offs"][0]["amount"]
    assert int(repayment["late_fees"]["amount"]) > 0
    assert funded.operator.get(facility)["recourse_to"] is None
    pool = funded.operator.get("/v1/pools/EUR")
    assert pool["recovered"] == repayment["recovered"]
    assert int(pool["streaming"]["amount"]) > 0
    agree(funded)
    assert int(funded.operator.write("/v1/pools/EUR/reserve")["pool"]["reserve"]["held"]["amount"]) > 0
    released = funded.desks["supplier"].write(f"/v1/financings/{financing}/release")["financing"]
    assert released["state"] == "released"
    agree(funded)
