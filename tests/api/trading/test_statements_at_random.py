"""Random trades, and every party's statement of random periods: the raw logs of the token come to the same, and the
logs of the other contracts explain each kind."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from ordering import accepted
from token_logs import Model, compared, topic
from trading import LEIS, Trading, await_indexer, eur, invoice

from chain_node.client import Milestone

pytestmark = pytest.mark.node
FIRST = datetime(2026, 5, 5, 8, 0, tzinfo=UTC)
HALF = {"receivable": [{"milestone": "ACCEPTED", "advance_rate_bps": 5_000}]}
PARTIES = ("supplier", "debtor", "lender", "junior", "carrier", "inspector")


class Trader:
    """Does at random what can be done; what the rules refuse is left."""

    def __init__(self, trading: Trading, seed: str) -> None:
        self.trading, self.pick = trading, random.Random(seed)
        self.now, self.sold = FIRST, 0
        self.financings: list[str] = []
        self.receivables: list[str] = []
        self.facility = trading.grant(limit=eur(50_000_000), ladders=HALF, reserve_bps=100)["id"]

    def trade(self, acts: int) -> None:
        """Each kind of act once, and others at random."""
        kinds: list[Callable[[], Any]] = [
            self.issue, self.lend, self.redeem, self.draw, self.pay, self.repay, self.order, self.transfer, self.claim,
            self.wait,
        ]  # fmt: skip
        chosen = [*kinds, *self.pick.choices(kinds, k=acts - len(kinds))]
        for act in self.pick.sample(chosen, len(chosen)):
            act()

    def _units(self, most: int) -> int:
        return self.pick.randrange(1, most)

    def _post(self, name: str, path: str, body: dict[str, Any] | None = None) -> None:
        self.trading.desks[name].post(path, body, Prefer="wait=60")

    def issue(self) -> None:
        self.trading.issue(self.pick.choice(PARTIES), self._units(3_000_000))

    def lend(self) -> None:
        name, tranche = self.pick.choice((("lender", "senior"), ("junior", "junior")))
        units = self._units(5_000_000)
        self.trading.issue(name, units)
        self._post(name, "/v1/pools/EUR/deposits", {"tranche": tranche, "amount": eur(units)})

    def redeem(self) -> None:
        shares = str(self._units(2_000_000) * 10**6)
        self._post("lender", "/v1/pools/EUR/redemption-requests", {"tranche": "senior", "shares": shares})
        self.trading.operator.post("/v1/pools/EUR/epochs", None, Prefer="wait=60")
        self._post("lender", "/v1/pools/EUR/redemption-claims", {"tranche": "senior"})

    def draw(self) -> None:
        self.sold += 1
        sold = self.trading.sell(invoice(f"AS-2026-97{self.sold:02}"))
        self.receivables.append(sold["receivable_id"])
        body = {"facility_id": self.facility, "receivable_id": sold["receivable_id"]}
        answer = self.trading.desks["supplier"].post("/v1/financings", body, Prefer="wait=60")
        if answer.status_code == 201:
            self.financings.append(answer.json()["id"])

    def pay(self) -> None:
        if self.receivables:
            units = self._units(10_000_000)
            self.trading.issue("debtor", units)
            path = f"/v1/receivables/{self.pick.choice(self.receivables)}/payments"
            self._post("debtor", path, {"amount": eur(units)})

    def repay(self) -> None:
        if self.financings:
            path = f"/v1/financings/{self.pick.choice(self.financings)}/repayments"
            self._post("supplier", path, {"amount": eur(self._units(2_000_000))})

    def order(self) -> None:
        order = accepted(self.trading, f"PO-{self.pick.getrandbits(40)}", deposit=eur(self._units(400_000)))
        if self.pick.random() < 0.5:
            self.trading.attest(order["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")

    def transfer(self) -> None:
        """Past the gateway, with a key of one's own; sometimes to oneself."""
        giver, taker = self.pick.choice(("carrier", "inspector")), self.pick.choice(PARTIES)
        cash = self.trading.chain.cash("EUR")
        if held := cash.balance_of(self.trading.accounts[giver]):
            call = cash.call("transfer", self.trading.accounts[taker], self._units(held + 1))
            self.trading.send(self.trading.keys[giver], call)

    def claim(self) -> None:
        for receivable in self.receivables:
            self._post("supplier", f"/v1/receivables/{receivable}/claims")

    def wait(self) -> None:
        self.now += timedelta(hours=self._units(60))
        self.trading.network.set_clock(self.now)


@pytest.fixture(scope="module")
def traded(trading: Trading) -> Trading:
    trading.network.mine_at_once()
    trading.network.set_clock(FIRST)
    trading.fund(20_000_000)
    for name in ("carrier", "inspector"):
        trading.issue(name, 1_000_000)
    Trader(trading, "statements").trade(28)
    await_indexer(trading.gateway, trading.chain)
    return trading


def get(trading: Trading, name: str, **query: str) -> Any:
    return trading.desks[name].get("/v1/statements/EUR", **query)


@pytest.mark.parametrize("name", PARTIES)
def test_statements_of_random_periods_are_what_the_raw_logs_come_to(traded: Trading, name: str) -> None:
    model, pick = Model(traded), random.Random(name)
    today = datetime.fromtimestamp(traded.chain.block().timestamp, UTC).date()
    span = (today - date(2026, 5, 4)).days + 1

    for turn in range(12):
        since = date(2026, 5, 4) + timedelta(days=pick.randrange(span) if turn else 0)
        until = since + timedelta(days=pick.randrange((today - since).days + 1)) if turn else today
        told = get(traded, name, since=str(since), until=str(until))
        assert compared(told) == model.statement(traded.accounts[name], since, until), (since, until)
        assert told["proof"]["proven"]


def test_kinds_are_those_that_the_other_contracts_logs_explain(traded: Trading) -> None:
    chain, found = traded.chain, set()
    at = {address.lower(): name.partition(":")[0] for name, address in chain.addresses.addresses.items()}
    told_by = {
        "pool_deposit": topic("Deposit(address,address,uint256,uint256)"),
        "pool_redemption": topic("Withdraw(address,address,address,uint256,uint256)"),
        "disbursement": topic("Disbursed(address,uint256)"),
        "receivable_payment": topic("ReceivablePaid(uint256,address,uint256,uint256)"),
    }
    sides = {
        "issue": "bank", "pool_deposit": "LendingPool", "pool_redemption": "LendingPool",
        "disbursement": "LendingPool", "repayment": "LendingPool", "receivable_payment": "ReceivableToken",
        "receivable_proceeds": "ReceivableToken", "collateral_proceeds": "ReceivableCollateral",
        "collateral_release": "ReceivableCollateral", "escrow_deposit": "OrderEscrow", "escrow_payout": "OrderEscrow",
        "transfer": "", "own_transfer": "",
    }  # fmt: skip
    signs = {"issue": 1, "pool_deposit": -1, "pool_redemption": 1, "disbursement": 1, "repayment": -1,
             "receivable_payment": -1, "receivable_proceeds": 1, "collateral_proceeds": 1, "collateral_release": 1,
             "escrow_deposit": -1, "escrow_payout": 1}  # fmt: skip
    moved = Model(traded).moved
    for name in PARTIES:
        for line in get(traded, name, since="2026-05-04")["movements"]:
            kind, amount = line["kind"], int(line["amount"]["amount"])
            same = [
                each for each in moved if (each.transaction, each.amount) == (line["transaction_hash"], abs(amount))
            ]
            ends = [(each.giver, each.taker) if amount < 0 else (each.taker, each.giver) for each in same]
            others = {other for mine, other in ends if mine == line["account"].lower()}
            assert {"bank" if int(other, 16) == 0 else at.get(other, "") for other in others} == {sides[kind]}, line
            assert signs.get(kind, amount) * amount > 0, line
            receipt = chain.node.request("eth_getTransactionReceipt", line["transaction_hash"])
            seen = {log["topics"][0] for log in receipt["logs"]}
            assert kind not in told_by or told_by[kind] in seen, line
            found.add(kind)

    assert found >= {"issue", "pool_deposit", "disbursement", "receivable_payment", "escrow_deposit", "transfer"}


def test_all_statements_together_are_all_the_cash_there_is(traded: Trading) -> None:
    """What parties hold, with what the network's contracts hold, was issued."""
    closing = sum(int(get(traded, name)["closing"]["amount"]["amount"]) for name in LEIS)

    cash = traded.chain.cash("EUR")
    contracts = sum(cash.balance_of(address) for address in traded.chain.addresses.addresses.values())
    issued = sum(each.amount for each in Model(traded).moved if int(each.giver, 16) == 0)
    assert closing + contracts == issued > 0
