"""A financing on goods is insured: refusals first, then a loss that the insurer pays."""

from datetime import UTC, datetime
from typing import Any

import pytest
from goods import INSURER, TONNES, Goods
from refusing import refused
from trading import LEIS, Trading, eur

from chain_node.client import Milestone

pytestmark = pytest.mark.node
DAY = 86_400


@pytest.fixture(scope="module")
def goods(trading: Trading) -> Goods:
    made = Goods(trading)
    trading.fund(40_000_000)
    return made


@pytest.fixture(scope="module")
def insured(goods: Goods) -> tuple[dict[str, Any], str]:
    receipt = goods.store("CT-1")
    goods.fresh(receipt["subject"])
    return receipt, str(goods.pledge(goods.facility(), receipt["id"])["id"])


def cover(goods: Goods, insured: tuple[dict[str, Any], str], **changes: Any) -> dict[str, Any]:
    def at(days: int) -> str:
        return datetime.fromtimestamp(goods.now() + days * DAY, UTC).isoformat()

    terms = {
        "financing_id": insured[1],
        "kind": "cargo",
        "limit": eur(5_000_000),
        "deductible": eur(100_000),
        "premium": eur(30_000),
        "offer_until": at(5),
        "pay_by": at(20),
        "until": at(60),
        "waiting_days": 2,
        "claim_days": 30,
        "milestone": "LOST",
        "quantity_thousandths": str(TONNES),
        "subject": insured[0]["subject"],
    }
    return {**terms, **changes}


def fund(goods: Goods, units: int) -> None:
    body = {"lei": INSURER, "amount": eur(units), "payment_reference": f"bank-insurer-{units}-{goods.now()}"}
    goods.trading.operator.write("/v1/cash/issues", body)
    goods.desk("insurer").write("/v1/insurance-policies/deposits", {"amount": eur(units)})


def test_only_insurers_offer_and_only_sound_terms(goods: Goods, insured: tuple[dict[str, Any], str]) -> None:
    path, insurer = "/v1/insurance-policies", goods.desk("insurer")

    refused(goods.desk("stranger").post(path, cover(goods, insured)), 403, "role-missing")
    refused(insurer.post(path, cover(goods, insured, financing_id="999")), 404, "financing-absent")
    foreign = cover(goods, insured, limit={"amount": "1", "currency": "USD"})
    refused(insurer.post(path, foreign), 422, "currency-differs")
    unsound = refused(insurer.post(path, cover(goods, insured, subject=None)), 409, "policy-terms-unsound")
    assert unsound["context"]["financing"] == int(insured[1])


def test_money_that_is_not_there_is_neither_put_down_nor_taken_out(goods: Goods) -> None:
    insurer = goods.desk("insurer")

    refused(insurer.post("/v1/insurance-policies/deposits", {"amount": eur(1)}), 409, "cash-too-low")
    small = refused(insurer.post("/v1/insurance-policies/withdrawals", {"amount": eur(7)}), 409, "position-too-small")
    assert (small["context"]["wanted"], small["context"]["free"]) == (7, 0)


def test_offer_is_taken_back_before_it_is_bound(goods: Goods, insured: tuple[dict[str, Any], str]) -> None:
    offered = goods.desk("insurer").write("/v1/insurance-policies", cover(goods, insured))
    path = f"/v1/insurance-policies/{offered['id']}"
    refused(goods.desk("supplier").post(f"{path}/withdrawal"), 403, "not-insurer-of")

    taken_back = goods.desk("insurer").write(f"{path}/withdrawal")["policy"]

    assert (taken_back["state"], taken_back["possible"]) == ("ended", [])


def test_lost_goods_are_paid_for_by_their_insurer(goods: Goods, insured: tuple[dict[str, Any], str]) -> None:
    receipt, financing = insured
    insurer, supplier, officer = goods.desk("insurer"), goods.desk("supplier"), goods.trading.operator
    policy = insurer.write("/v1/insurance-policies", cover(goods, insured))["policy"]
    path = f"/v1/insurance-policies/{policy['id']}"
    assert (policy["state"], policy["insurer"]["lei"], policy["milestone"]) == ("offered", INSURER, "LOST")
    assert [each["act"] for each in policy["possible"]] == ["acceptance", "withdrawal"]
    refused(goods.desk("stranger").post(f"{path}/acceptance"), 404, "policy-absent")
    refused(supplier.post(f"{path}/premiums", {"amount": eur(1)}), 409, "premium-not-due")
    supplier.write(f"{path}/acceptance")
    refused(supplier.post(f"{path}/binding"), 403, "scope-missing")
    short = refused(officer.post(f"{path}/binding"), 409, "position-too-small")
    assert (short["context"]["wanted"], short["context"]["free"]) == (5_000_000, 0)
    fund(goods, 5_000_000)

    bound = officer.write(f"{path}/binding")["policy"]

    assert (bound["state"], bound["in_force"], bound["premium_due"]) == ("bound", True, eur(30_000))
    assert bound["not_claimable_because"]["error"] == "no-loss-event"
    assert [(each["act"], each["until"]) for each in bound["possible"]] == [("premiums", bound["pay_by"])]
    (position,) = insurer.get("/v1/insurance-policies/positions")["items"]
    assert (position["free"], position["locked"]) == (eur(0), eur(5_000_000))
    refused(supplier.post(f"{path}/claims"), 409, "no-loss-event")
    paid = supplier.write(f"{path}/premiums", {"amount": eur(30_000)})["policy"]
    assert (paid["premium_paid"], paid["premium_due"]) == (eur(30_000), eur(0))

    goods.wait(DAY)
    goods.trading.attest(receipt["subject"], Milestone.LOST, TONNES, "inspector", "carrier")
    waiting = refused(supplier.post(f"{path}/claims"), 409, "waiting-period-runs")
    assert waiting["context"]["endsAt"] > waiting["context"]["now_"]
    goods.wait(3 * DAY)
    owed = int(supplier.get(f"/v1/pledges/{financing}")["owed"]["amount"])
    claimable = supplier.get(path)["claimable"]

    claimed = supplier.write(f"{path}/claims")["policy"]

    assert claimable == claimed["paid"] == eur(5_000_000)
    assert (claimed["state"], claimed["in_force"]) == ("paid", False)
    assert int(claimed["loss"]["amount"]) > 5_000_000
    after = supplier.get(f"/v1/financings/{financing}")["owed"]["total"]["amount"]
    assert int(after) == pytest.approx(owed - 5_000_000, abs=2_000)
    assert [each["act"] for each in claimed["possible"]] == ["waiver"]
    refused(supplier.post(f"{path}/claims"), 409, "policy-state-wrong")

    waived = insurer.write(f"{path}/waiver")["policy"]

    assert (waived["waived"], waived["state"]) == (eur(5_000_000), "ended")
    listed = supplier.get("/v1/insurance-policies", financing_id=financing)["items"]
    assert [each["id"] for each in listed] == ["2", "1"]
    assert LEIS["supplier"] not in str(goods.desk("stranger").get("/v1/insurance-policies"))


def test_statements_tell_what_was_paid_for_cover(goods: Goods) -> None:
    """In the order of the tests above."""

    def moved(name: str) -> list[tuple[str, str]]:
        lines = goods.desk(name).get("/v1/statements/EUR", since="2026-05-01")["movements"]
        return [(line["kind"], line["amount"]["amount"]) for line in lines]

    assert ("premium", "-30000") in moved("supplier")
    assert "insurance_deposit" in {kind for kind, _ in moved("insurer")}
    assert {kind for kind, _ in moved("insurer")} <= {"issue", "insurance_deposit", "insurance_withdrawal"}
