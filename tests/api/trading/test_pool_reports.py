"""Statements, concentrations and maturity ladders, reconciled with the pool's own books on chain."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from mirror import differences
from refusing import refused
from trading import FACE_VALUE, LEIS, Trading, await_indexer, eur, invoice

from chain_node.client import Dimension, Milestone
from chain_node.keys import KeyRing

pytestmark = pytest.mark.node
PATH = "/v1/pools/EUR"
CAP = 7_000_000


@pytest.fixture(scope="module")
def busy(trading: Trading) -> Trading:
    """Two invoices are lent on, one is paid; a lender has taken some of its money back; the reserve has got its own."""
    trading.network.mine_at_once()
    trading.fund(30_000_000)
    facility = trading.grant(limit=eur(20_000_000), reserve_bps=100)["id"]
    supplier, sold = trading.desks["supplier"], [trading.sell(invoice(f"AS-2026-950{n}")) for n in range(2)]
    for each in sold:
        body = {"facility_id": facility, "receivable_id": each["receivable_id"]}
        supplier.write("/v1/financings", body)
        trading.attest(each["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")
    cap_debtor(trading, CAP)
    trading.network.set_clock(datetime(2026, 6, 9, 8, 0, tzinfo=UTC))
    trading.issue("debtor", FACE_VALUE)
    trading.desks["debtor"].write(f"/v1/receivables/{sold[0]['receivable_id']}/payments", {"amount": eur(FACE_VALUE)})
    lender = trading.desks["lender"]
    lender.write(f"{PATH}/redemption-requests", {"tranche": "senior", "shares": str(4_000_000 * 10**6)})
    trading.operator.write(f"{PATH}/epochs")
    lender.write(f"{PATH}/redemption-claims", {"tranche": "senior"})
    trading.operator.write(f"{PATH}/reserve")
    await_indexer(trading.gateway, trading.chain)
    return trading


def cap_debtor(trading: Trading, cap: int) -> None:
    officer = KeyRing(trading.network.data_dir).account("credit-officer")
    number = trading.chain.registry.membership_of(trading.accounts["debtor"]).organisation
    pool = trading.chain.pool("EUR").address
    trading.send(officer, trading.chain.concentration.set_cap(pool, Dimension.DEBTOR, number, cap))


def units(amount: dict[str, str]) -> int:
    return int(amount["amount"])


def get(trading: Trading, report: str, name: str = "lender", **query: str) -> Any:
    return trading.desks[name].get(f"{PATH}/{report}", **query)


# Refusals


def test_period_that_ends_before_it_begins_is_refused(busy: Trading) -> None:
    desk = busy.desks["lender"]
    query = {"since": "2026-06-02", "until": "2026-06-01"}

    answer = desk.client.get(f"{PATH}/statement", params=query, headers=dict(desk.headers))

    assert refused(answer, 422, "period-reversed")["context"] == query


@pytest.mark.parametrize("report", ["statement", "concentration", "maturities"])
def test_pool_that_is_none_has_no_reports(busy: Trading, report: str) -> None:
    desk = busy.desks["lender"]

    refused(desk.client.get(f"/v1/pools/JPY/{report}", headers=dict(desk.headers)), 404, "pool-absent")


def test_supplier_is_not_told_whose_risk_the_pool_is(busy: Trading) -> None:
    desk = busy.desks["supplier"]

    refused(desk.client.get(f"{PATH}/concentration", headers=dict(desk.headers)), 403, "not-a-lender-of")


# Statement


def test_money_sums_to_what_is_on_the_pools_account(busy: Trading) -> None:
    money = get(busy, "statement", since="2026-05-01", until="2026-06-30")["money"]

    moved = {each["kind"]: (each["count"], units(each["amount"])) for each in money["movements"]}
    assert units(money["opening"]) == 0
    assert sum(amount for _, amount in moved.values()) == units(money["closing"])
    pool = busy.chain.pool("EUR")
    assert units(money["closing"]) == busy.chain.cash("EUR").balance_of(pool.address)
    assert moved["deposits"] == (2, 30_000_000 + 7_500_000)
    assert (moved["draws"][0], moved["redemptions paid"][0], moved["sent to the reserve"][0]) == (2, 1, 1)
    assert moved["for the reserve"][1] == -moved["sent to the reserve"][1] > 0
    assert {"fees", "interest and principal"} < set(moved)


def test_worth_is_the_contracts_and_what_was_earned_is_the_rest(busy: Trading) -> None:
    whole = get(busy, "statement", since="2026-05-01", until="2026-06-30")

    worth, pool = whole["worth"], busy.chain.pool("EUR")
    assert units(worth["closing"]) == pool.gross_assets(whole["block_number"])
    parts = {name: units(worth[name]) for name in worth}
    assert (
        parts["opening"] + parts["deposits"] - parts["redeemed"] - parts["losses"] + parts["earned"]
        == (parts["closing"])
    )
    # Thirty-six days of nine per cent on what both invoices were lent.
    lent = 2 * (6_000_000 * 10_000 // 10_150)
    assert abs(parts["earned"] - lent * 900 * 36 // 3_600_000) < lent * 900 // 3_600_000
    assert (parts["opening"], parts["losses"]) == (0, 0)


def test_one_period_goes_on_where_the_other_ended(busy: Trading) -> None:
    first = get(busy, "statement", since="2026-05-01", until="2026-05-31")
    second = get(busy, "statement", since="2026-06-01", until="2026-06-30")

    assert first["money"]["closing"] == second["money"]["opening"]
    assert first["worth"]["closing"] == second["worth"]["opening"]
    assert [each["closing"] for each in first["lenders"]] == [each["opening"] for each in second["lenders"]]
    assert "redemptions paid" not in {each["kind"] for each in first["money"]["movements"]}


def test_lender_sees_its_own_shares_and_what_moved_them(busy: Trading) -> None:
    (its,) = get(busy, "statement", since="2026-05-01", until="2026-06-30")["lenders"]

    assert (its["lender"]["lei"], its["tranche"]) == (LEIS["lender"], "senior")
    assert its["opening"] == {"shares": "0", "value": eur(0)}
    kinds = [each["kind"] for each in its["movements"]]
    assert kinds == ["deposit", "redemption request", "claim"]
    assert sum(int(each["shares"]) for each in its["movements"]) == int(its["closing"]["shares"])
    (position,) = busy.desks["lender"].get(f"{PATH}/positions")["items"]
    assert (its["closing"]["shares"], its["closing"]["value"]) == (position["shares"], position["value"])
    paid = sum(units(each["assets"]) for each in its["movements"])
    assert paid == units(position["deposited"]) - units(position["withdrawn"])


def test_operator_sees_every_lender(busy: Trading) -> None:
    whole = busy.operator.get(f"{PATH}/statement", since="2026-05-01", until="2026-06-30")

    assert {(each["lender"]["lei"], each["tranche"]) for each in whole["lenders"]} == {
        (LEIS["lender"], "senior"),
        (LEIS["junior"], "junior"),
    }


def test_statement_is_of_the_present_month_unless_it_is_said(busy: Trading) -> None:
    told = get(busy, "statement")

    assert (told["since"], told["until"]) == ("2026-06-01", "2026-06-09")


# Concentration and maturities


def test_debtor_is_held_against_its_cap(busy: Trading) -> None:
    told = get(busy, "concentration")

    (debtor,) = told["debtors"]
    number = busy.chain.registry.membership_of(busy.accounts["debtor"]).organisation
    pool = busy.chain.pool("EUR").address
    exposure = busy.chain.concentration.exposure_of(pool, Dimension.DEBTOR, number)
    assert (debtor["key"], debtor["name"]) == (LEIS["debtor"], "Debtor")
    assert units(debtor["principal"]) == exposure == units(told["principal_out"]) > 0
    assert (debtor["share_bps"], debtor["cap"], debtor["room"]) == (10_000, eur(CAP), eur(CAP - exposure))


def test_suppliers_groups_and_currencies_have_the_same_sum(busy: Trading) -> None:
    told = busy.operator.get(f"{PATH}/concentration")

    for dimension, key in (
        ("supplier_groups", LEIS["supplier"]),
        ("suppliers", LEIS["supplier"]),
        ("currencies", "EUR"),
    ):
        (its,) = told[dimension]
        assert (its["key"], its["principal"], its["cap"]) == (key, told["principal_out"], None), dimension
    assert told["countries"] == []


def test_principal_lies_in_the_bucket_of_its_day(busy: Trading) -> None:
    told = get(busy, "maturities", "supplier")

    lent = 6_000_000 * 10_000 // 10_150
    assert busy.chain.pool("EUR").books(told["block_number"]).principal_out == lent
    assert (told["principal_out"], told["through_syndicates"]) == (eur(lent), eur(0))
    filled = [each for each in told["buckets"] if each["financings"]]
    # The ninth of June to the third of July.
    assert [(each["name"], each["financings"], each["principal"]) for each in filled] == [
        ("8 to 30 days", 1, eur(lent))
    ]
    assert filled[0]["first_day"] <= "2026-07-03" <= filled[0]["last_day"]
    ends = [each["last_day"] for each in told["buckets"][:-1]]
    begins = [each["first_day"] for each in told["buckets"][1:]]
    for end, begin in zip(ends, begins, strict=True):
        assert date.fromisoformat(end) + timedelta(days=1) == date.fromisoformat(begin)


def test_books_are_the_chains(busy: Trading) -> None:
    assert differences(busy.gateway.database, busy.chain) == []
