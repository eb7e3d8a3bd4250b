"""Statements over what moves seldom: currencies exchanged, by oneself and behind a financing; the first-loss reserve;
what a syndicate lends and gets back."""

from datetime import date
from typing import Any

import pytest
from ordering import acts
from syndicating import facility_of, lends, syndicate
from token_logs import Model, compared
from trading import LEIS, Trading, await_indexer, eur, invoice

from chain_node.client import Milestone, Reading, Report, Role, rate_feed, reading_digest
from chain_node.client.contracts.exchange import Offer
from chain_node.keys import KeyRing

pytestmark = pytest.mark.node
CENTS = 110_000_000
"""Dollars for a euro, with eight decimals."""
DEALER = "stranger"
FACE_VALUE = 10_000_000


def usd(units: int) -> dict[str, str]:
    return {"amount": str(units), "currency": "USD"}


def units(amount: Any) -> int:
    return int(amount["amount"])


def statement(trading: Trading, name: str, currency: str = "EUR") -> Any:
    """Over the whole life of the network, proven, and what the token's raw logs come to."""
    today = trading.desks[name].get(f"/v1/statements/{currency}")["until"]
    told = trading.desks[name].get(f"/v1/statements/{currency}", since="2026-05-01", until=today)
    model = Model(trading, currency).statement(trading.accounts[name], *days(told))
    assert compared(told) == model
    assert told["proof"]["proven"]
    return told


def days(told: Any) -> Any:
    return date.fromisoformat(told["since"]), date.fromisoformat(told["until"])


def of_kind(told: Any, kind: str) -> list[tuple[int, str | None, str | None]]:
    """Amount, counterparty and what it was about."""
    return [
        (units(line["amount"]), line["counterparty"]["name"], (line["reference"] or {}).get("id"))
        for line in told["movements"]
        if line["kind"] == kind
    ]


def issue_usd(trading: Trading, name: str, amount: int) -> None:
    body = {"lei": LEIS[name], "amount": usd(amount), "payment_reference": f"wire-{name}-{amount}"}
    trading.operator.write("/v1/cash/issues", body)


def report_rate(trading: Trading) -> None:
    feed, feeds = rate_feed("EUR", "USD"), trading.chain.feeds
    last = feeds.record(feed)
    round_, version = last.round + 1, feeds.policy(feed)[0].version
    at = max(trading.chain.block().timestamp, last.observed_at + 1)
    readings = []
    for name in ("carrier", "warehouse", "inspector"):
        words: dict[str, Any] = {"feed": feed, "round": round_, "version": version, "value": CENTS}
        digest: Any = reading_digest(trading.chain.chain_id, feeds.address, **words, observed_at=at)
        key = trading.keys[name]
        readings.append(Reading(key.address, CENTS, at, bytes(key.unsafe_sign_hash(digest).signature)))
    trading.send(trading.keys["carrier"], feeds.report(Report(feed, bytes(32), round_, readings)))
    assert feeds.record(feed).round == round_


@pytest.fixture(scope="module")
def dealing(trading: Trading) -> Trading:
    """A dealer with 200,000.00 dollars in its position, offered to everybody."""
    trading.network.mine_at_once()
    registrar, chain = KeyRing(trading.network.data_dir).account("registrar"), trading.chain
    trading.send(registrar, chain.registry.set_roles(LEIS[DEALER], Role.SUPPLIER | Role.FX_DEALER))
    issue_usd(trading, DEALER, 20_000_000)
    exchange, dollars = chain.exchange, chain.cash("USD")
    acts(trading, DEALER, dollars.approve(exchange.address, 20_000_000))
    acts(trading, DEALER, exchange.fund(dollars.address, 20_000_000))
    report_rate(trading)
    ends = chain.block().timestamp + 3_600
    offer = Offer(dollars.address, chain.cash("EUR").address, 20_000_000, CENTS, ends)
    acts(trading, DEALER, exchange.offer(offer))
    await_indexer(trading.gateway, chain)
    return trading


# Currencies


def test_currency_that_is_exchanged_is_sold_in_one_statement_and_bought_in_the_other(dealing: Trading) -> None:
    exchange, euros = dealing.chain.exchange, dealing.chain.cash("EUR")
    (quote,) = exchange.open_quotes(sold=dealing.chain.cash("USD").address, bought=euros.address)
    dealing.issue("lender", 100_000)
    acts(dealing, "lender", euros.approve(exchange.address, 100_000))
    acts(dealing, "lender", exchange.take(quote, 100_000))
    acts(dealing, DEALER, exchange.withdraw(euros.address, 40_000))

    sold, bought = statement(dealing, "lender"), statement(dealing, "lender", "USD")

    assert of_kind(sold, "fx_sale") == [(-100_000, "Currency exchange", str(quote))]
    assert of_kind(bought, "fx_purchase") == [(110_000, "Currency exchange", str(quote))]
    assert of_kind(statement(dealing, DEALER, "USD"), "fx_deposit") == [(-20_000_000, "Currency exchange", None)]
    assert of_kind(statement(dealing, DEALER), "fx_withdrawal") == [(40_000, "Currency exchange", None)]


def test_invoice_in_euro_behind_dollars_leaves_its_rest_in_dollars(dealing: Trading) -> None:
    """Drawn in dollars, paid in euro, exchanged on its way: each side's statement is in what moved."""
    chain, supplier = dealing.chain, dealing.desks["supplier"]
    for name, amount, tranche in (("junior", 3_000_000, "junior"), ("lender", 12_000_000, "senior")):
        issue_usd(dealing, name, amount)
        dealing.desks[name].write("/v1/pools/USD/deposits", {"tranche": tranche, "amount": usd(amount)})
    facility = dealing.grant(currency="USD", limit=usd(20_000_000))["id"]
    officer = KeyRing(dealing.network.data_dir).account("credit-officer")
    dealing.send(officer, chain.conversions.accept_currency(int(facility), chain.cash("EUR").address, True))
    sold = dealing.sell(invoice("AS-2026-9701"))
    custodian = chain.addresses.address("ReceivableCollateral")
    dealing.attest(sold["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")
    acts(dealing, "supplier", chain.receivables.set_approval_for_all(custodian, True))
    opening = chain.desk.open_financing(
        facility=int(facility),
        collateral=custodian,
        item_id=int(sold["receivable_id"], 16),
        units=FACE_VALUE,
        subject=bytes.fromhex(sold["subject"][2:]),
    )
    acts(dealing, "supplier", opening)
    await_indexer(dealing.gateway, chain)
    (financing,) = supplier.get("/v1/financings")["items"]
    dealing.issue("debtor", FACE_VALUE)

    dealing.desks["debtor"].write(f"/v1/receivables/{sold['receivable_id']}/payments", {"amount": eur(FACE_VALUE)})
    if supplier.get(f"/v1/financings/{financing['id']}")["state"] != "repaid":
        supplier.write(f"/v1/financings/{financing['id']}/forward")

    told = statement(dealing, "supplier", "USD")
    (drawn,), (rest,) = of_kind(told, "disbursement"), of_kind(told, "collateral_proceeds")
    assert drawn[1:] == ("Lending pool USD", financing["id"])
    assert rest[1:] == ("Receivables held as collateral", financing["id"])
    (repayment,) = supplier.get(f"/v1/financings/{financing['id']}")["repayments"]
    paid = sum(units(repayment[part]) for part in ("late_fees", "fees", "interest", "principal", "reserve"))
    assert (drawn[0], rest[0] + paid) == (units(repayment["principal"]), FACE_VALUE * 11 // 10)
    assert statement(dealing, "supplier")["movements"] == []
    (its,) = told["financings"]
    assert (its["paid"]["total"], its["after"]["total"]) == (usd(paid), usd(0))
    (payment,) = of_kind(statement(dealing, "debtor"), "receivable_payment")
    assert payment == (-FACE_VALUE, "Receivables", sold["receivable_id"])


# The reserve


def test_reserve_takes_and_gives_back_a_sponsors_money(trading: Trading) -> None:
    trading.network.mine_at_once()
    reserve, euros = trading.chain.reserve("EUR"), trading.chain.cash("EUR")
    servicer = KeyRing(trading.network.data_dir).account("servicer")
    trading.issue("junior", 500_000)
    acts(trading, "junior", euros.approve(reserve.address, 500_000))
    acts(trading, "junior", reserve.deposit(500_000))
    trading.send(servicer, reserve.release(trading.accounts["junior"], 200_000))

    told = statement(trading, "junior")

    assert of_kind(told, "reserve_deposit") == [(-500_000, "First-loss reserve EUR", "EUR")]
    assert of_kind(told, "reserve_release") == [(200_000, "First-loss reserve EUR", "EUR")]
    pool = trading.desks["junior"].get("/v1/pools/EUR")
    assert pool["reserve"]["held"] == eur(300_000)


# A syndicate


@pytest.fixture(scope="module")
def shared(trading: Trading) -> dict[str, Any]:
    """A financing half out of the network's pool and half out of another, drawn and paid back by the debtor."""
    trading.network.mine_at_once()
    trading.fund(10_000_000)
    members = syndicate(trading)
    lends(trading, members, 5_000_000)
    number = len(trading.operator.get("/v1/facilities")["items"]) + 1
    facility = facility_of(trading, members.syndicate, number)
    await_indexer(trading.gateway, trading.chain)
    supplier, sold = trading.desks["supplier"], trading.sell(invoice("AS-2026-9702"))
    opened = supplier.write("/v1/financings", {"facility_id": facility, "receivable_id": sold["receivable_id"]})[
        "financing"
    ]
    trading.attest(sold["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")
    half_way = trading.operator.get("/v1/pools/EUR")
    trading.network.engine.set_clock(trading.chain.block().timestamp + 20 * 86_400)
    trading.issue("debtor", FACE_VALUE)
    trading.desks["debtor"].write(f"/v1/receivables/{sold['receivable_id']}/payments", {"amount": eur(FACE_VALUE)})
    if supplier.get(f"/v1/financings/{opened['id']}")["state"] != "repaid":
        supplier.write(f"/v1/financings/{opened['id']}/forward")
    await_indexer(trading.gateway, trading.chain)
    return {"financing": supplier.get(f"/v1/financings/{opened['id']}"), "half_way": half_way}


def test_draw_out_of_a_syndicate_is_one_disbursement_in_parts(trading: Trading, shared: dict[str, Any]) -> None:
    financing = shared["financing"]

    told = statement(trading, "supplier")

    parts = [each for each in of_kind(told, "disbursement") if each[2] == financing["id"]]
    (draw,) = financing["draws"]
    assert sum(amount for amount, *_ in parts) == units(draw["amount"])
    assert len(parts) == 2
    assert abs(parts[0][0] - parts[1][0]) <= 1
    assert "Lending pool EUR" in {name for _, name, _ in parts}
    (rest,) = [each for each in of_kind(told, "collateral_proceeds") if each[2] == financing["id"]]
    assert rest[0] == units(financing["repayments"][0]["residual"])


def test_pool_shows_what_it_has_out_through_the_syndicate(trading: Trading, shared: dict[str, Any]) -> None:
    drawn = units(shared["financing"]["draws"][0]["amount"])

    (before,), (after,) = (its["syndicates"] for its in (shared["half_way"], trading.operator.get("/v1/pools/EUR")))

    assert abs(units(before["principal_out"]) - drawn // 2) <= 1
    assert before["principal_out"] == shared["half_way"]["principal_out"]
    assert after["principal_out"] == eur(0)


def test_income_of_a_syndicate_is_its_members_by_their_shares(trading: Trading, shared: dict[str, Any]) -> None:
    """The lenders' statements have their pool's half of the interest, and the pool's own statement says where it is
    from."""
    (repayment,) = shared["financing"]["repayments"]
    interest = units(repayment["interest"])

    income = 0
    for name in ("lender", "junior"):
        told = statement(trading, name)
        (its,) = told["positions"]
        income += units(its["income"])
    told = trading.operator.get("/v1/pools/EUR/statement", since="2026-05-01")

    assert interest > 10_000
    assert abs(income - interest // 2) <= 3
    came = {each["kind"]: units(each["amount"]) for each in told["money"]["movements"]}
    assert abs(came["interest and principal"] - (interest + units(repayment["principal"])) // 2) <= 2
