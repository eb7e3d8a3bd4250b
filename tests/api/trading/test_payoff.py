"""What pays a financing off on a day is what the desk says at that day's last second: in time, in grace, and late."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from refusing import refused
from trading import Trading, await_indexer, eur, invoice

from chain_node.client import Milestone

pytestmark = pytest.mark.node
MATURITY = date(2026, 7, 3)
PARTS = ("late_fees", "fees", "interest", "principal", "recovered", "reserve", "residual")


@pytest.fixture(scope="module")
def drawn(trading: Trading) -> Any:
    """Sixty per cent are out; three days of grace, late fees after them; months of thirty days."""
    trading.network.mine_at_once()
    trading.fund(20_000_000)
    terms = {"late_fee_bps": 700, "grace_days": 3, "reserve_bps": 40, "day_count": "30/360"}
    facility = trading.grant(**terms)["id"]
    sold = trading.sell(invoice())
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    financing = trading.desks["supplier"].write("/v1/financings", body)["id"]
    trading.attest(sold["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")
    return financing


def payoff(trading: Trading, financing: str, **query: str) -> Any:
    return trading.desks["supplier"].get(f"/v1/financings/{financing}/payoff", **query)


def owed_at(trading: Trading, financing: str, at: datetime) -> Any:
    """What the desk says once the chain's clock is there."""
    trading.network.set_clock(at)
    await_indexer(trading.gateway, trading.chain)
    return trading.desks["supplier"].get(f"/v1/financings/{financing}")["owed"]


def last_second(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)


def test_day_that_is_over_is_refused_with_both_days(trading: Trading, drawn: str) -> None:
    desk = trading.desks["supplier"]
    answer = desk.client.get(f"/v1/financings/{drawn}/payoff", params={"on": "2026-05-03"}, headers=dict(desk.headers))

    problem = refused(answer, 422, "payoff-in-past")

    assert problem["context"] == {"on": "2026-05-03", "today": "2026-05-04"}


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "2999-01-01"])
def test_day_that_is_none_is_malformed(trading: Trading, drawn: str, day: str) -> None:
    desk = trading.desks["supplier"]
    answer = desk.client.get(f"/v1/financings/{drawn}/payoff", params={"on": day}, headers=dict(desk.headers))

    assert answer.status_code == 422


@pytest.mark.parametrize("repayment", ["0x00-1", "none", "0x00-999999999999"])
def test_repayment_that_is_none_is_absent(trading: Trading, drawn: str, repayment: str) -> None:
    desk = trading.desks["supplier"]
    path = f"/v1/financings/{drawn}/repayments/{repayment}"

    refused(desk.client.get(path, headers=dict(desk.headers)), 404, "repayment-absent")


@pytest.fixture(scope="module")
def repaid(trading: Trading, drawn: str) -> Any:
    """A part of it, some days after the draw, so that the books have interest in them."""
    trading.network.set_clock(datetime(2026, 5, 20, 13, 7, 11, tzinfo=UTC))
    return trading.desks["supplier"].write(f"/v1/financings/{drawn}/repayments", {"amount": eur(2_000_000)})


def test_repayment_is_listed_and_shown_with_its_waterfall(trading: Trading, drawn: str, repaid: Any) -> None:
    desk = trading.desks["supplier"]

    (listed,) = desk.get(f"/v1/financings/{drawn}/repayments")["items"]
    shown = desk.get(f"/v1/financings/{drawn}/repayments/{listed['id']}")

    assert listed["amount"] == eur(2_000_000)
    assert {**listed, "waterfall": shown["waterfall"]} == shown
    assert [step["part"] for step in shown["waterfall"]] == list(PARTS)
    assert [step["amount"] for step in shown["waterfall"]] == [listed[part] for part in PARTS]
    assert sum(int(step["amount"]["amount"]) for step in shown["waterfall"]) == 2_000_000
    assert repaid["financing"]["repayments"] == [listed]


def test_payoff_is_what_the_desk_says_then(trading: Trading, drawn: str, repaid: Any) -> None:
    """All of them are asked for now, and held against the desk as the days come."""
    after = [timedelta(days=n) for n in (-30, -3, 0, 1, 3, 4, 25)]
    days = [date(2026, 5, 31), *(MATURITY + gap for gap in after)]
    asked = {day: payoff(trading, drawn, on=str(day)) for day in days}

    for day in sorted(days):
        told = asked[day]
        assert told["owed"] == owed_at(trading, drawn, last_second(day)), day
        assert (told["on"], told["total"], told["insurers"]) == (str(day), told["owed"]["total"], eur(0))
        assert payoff(trading, drawn)["owed"] == told["owed"]

    late = {day: int(asked[day]["owed"]["late_fees"]["amount"]) for day in days}
    # Owed in full once the grace has passed without payment.
    assert [late[MATURITY + timedelta(days=n)] for n in (0, 1, 3)] == [0, 0, 0]
    assert late[MATURITY + timedelta(days=4)] > 0


def test_paying_what_was_said_pays_all(trading: Trading, drawn: str, repaid: Any) -> None:
    total = payoff(trading, drawn)["total"]
    trading.issue("supplier", 10_000_000)

    paid = trading.desks["supplier"].write(f"/v1/financings/{drawn}/repayments", {"amount": total})["financing"]

    assert (paid["state"], paid["owed"]["total"]) == ("repaid", eur(0))
    assert payoff(trading, drawn)["total"] == eur(0)
    page = trading.desks["supplier"].get(f"/v1/financings/{drawn}/repayments", limit="1")
    assert page["items"][0]["still_owed"] == eur(0)
    rest = trading.desks["supplier"].get(f"/v1/financings/{drawn}/repayments", limit="1", cursor=page["next"])
    assert rest["items"][0]["amount"] == eur(2_000_000)
