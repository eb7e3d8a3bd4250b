"""The API at block N equals the chain at N: step by step through a messy trade, and after a rebuild from nothing."""

import json
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from mirror import differences, rows
from sqlmodel import SQLModel
from trading import FACE_VALUE, LEIS, Trading, await_indexer, eur, invoice

from api.building import build_gateway
from chain_node.client import FactStatus, Milestone
from chain_node.errors.reverts import VoteNotCounted
from chain_node.keys import KeyRing

pytestmark = pytest.mark.node
DAY = 86_400
STEPS = 60


def _financed(trading: Trading, facility: str, number: str) -> tuple[str, str, str]:
    """A sold and financed invoice: receivable, subject, financing."""
    sold = trading.sell(invoice(number))
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    opened = trading.desks["supplier"].write("/v1/financings", body)
    return sold["receivable_id"], sold["subject"], opened["id"]


class Messy:
    """Random steps, each of them allowed by the contracts or refused by them; either way the rows must follow."""

    def __init__(self, trading: Trading, seed: int) -> None:
        self.trading = trading
        self.chance = random.Random(seed)
        self.ring = KeyRing(trading.network.data_dir)
        trading.network.mine_at_once()
        trading.fund(20_000_000)
        trading.issue("debtor", 30_000_000)
        ladders = {
            "receivable": [
                {"milestone": "ACCEPTED", "advance_rate_bps": 1000},
                {"milestone": "DEPARTED", "advance_rate_bps": 6000},
                {"milestone": "RECEIVED", "advance_rate_bps": 8000, "measured": True},
            ]
        }
        facility = trading.grant(ladders=ladders, limit=eur(20_000_000))["id"]
        self.unpledged = str(trading.desks["supplier"].upload(invoice(f"AS-2026-{seed}9")).json()["receivable_id"])
        path = f"/v1/receivables/{self.unpledged}/acceptance"
        trading.desks["debtor"].write(path, {"waive_set_off": False})
        self.deals = [_financed(trading, facility, f"AS-2026-{seed}{i}") for i in range(3)]

    def step(self) -> str:
        names = [
            "attest",
            "attest_short",
            "attest_alone",
            "retract",
            "pay",
            "poke",
            "repay",
            "wait",
            "impair",
            "deposit",
            "release",
            "redeem",
            "close_epoch",
            "claim",
            "credit",
            "call_late",
        ]
        name = self.chance.choice(names)
        getattr(self, f"_{name}")(*self.chance.choice(self.deals))
        await_indexer(self.trading.gateway, self.trading.chain)
        return name

    def _milestone(self) -> tuple[Milestone, tuple[str, str]]:
        if self.chance.random() < 0.5:
            return Milestone.DEPARTED, ("carrier", "inspector")
        return Milestone.RECEIVED, ("warehouse", "inspector")

    def _attest(self, receivable: str, subject: str, financing: str) -> None:
        milestone, names = self._milestone()
        quantity = self.chance.choice([0, 400_000, 950_000, 1_000_000])
        self.trading.attest(subject, milestone, quantity, *names, sequence=self.chance.randint(1, 2))

    def _attest_short(self, receivable: str, subject: str, financing: str) -> None:
        """Two that disagree, one after the other: a dispute where tolerance does not reconcile them."""
        milestone, (first, second) = self._milestone()
        self.trading.attest(subject, milestone, 900_000, first)
        self.trading.attest(subject, milestone, self.chance.choice([500_000, 899_000]), second)

    def _attest_alone(self, receivable: str, subject: str, financing: str) -> None:
        self.trading.attest(subject, Milestone.RECEIVED, 700_000, "warehouse", sequence=self.chance.randint(1, 3))

    def _retract(self, receivable: str, subject: str, financing: str) -> None:
        """Of a fact that rests on the vote, or gathers with it; otherwise there is nothing to retract."""
        milestone, (name, _) = self._milestone()
        chain, sequence = self.trading.chain, self.chance.randint(1, 2)
        fact = chain.milestones.fact(bytes.fromhex(subject[2:]), milestone, sequence)
        if fact.status not in (FactStatus.GATHERING, FactStatus.FINAL):
            return
        observations, votes = self.trading.votes(subject, milestone, fact.least_quantity, name, sequence=sequence)
        call = chain.milestones.retract(observations, 0, votes[0], b"\x22" * 32)
        with suppress(VoteNotCounted):
            chain.simulate(call, self.trading.keys[name].address)
            self.trading.send(self.trading.keys[name], call)

    def _pay(self, receivable: str, subject: str, financing: str) -> None:
        amount = {"amount": eur(self.chance.choice([1, 333_333, 2_500_000, FACE_VALUE]))}
        answer = self.trading.desks["debtor"].post(f"/v1/receivables/{receivable}/payments", amount, Prefer="wait=60")
        assert answer.status_code in (201, 409), answer.text

    def _poke(self, receivable: str, subject: str, financing: str) -> None:
        answer = self.trading.desks["supplier"].post(f"/v1/financings/{financing}/poke", Prefer="wait=60")
        assert answer.status_code in (201, 409), answer.text

    def _repay(self, receivable: str, subject: str, financing: str) -> None:
        """Out of the supplier's own cash: what was repaid ahead is not lent again."""
        supplier, desk = self._supplier(), self.trading.chain.desk
        owed = desk.owed(int(financing))
        cash = self.trading.chain.cash("EUR").balance_of(supplier.address)
        amount = min(self.chance.choice([1, 50_000, owed.total]), owed.total, cash)
        if amount == 0 or desk.financing(int(financing)).state.name != "OPEN":
            return
        allowed = self.trading.chain.cash("EUR").approve(self.trading.chain.addresses.address("FinancingDesk"), amount)
        self.trading.send(supplier, allowed)
        self.trading.send(supplier, desk.repay(int(financing), amount))

    def _wait(self, receivable: str, subject: str, financing: str) -> None:
        network = self.trading.network
        network.engine.set_clock(network.chain.block().timestamp + self.chance.choice([3600, DAY, 9 * DAY, 25 * DAY]))

    def _impair(self, receivable: str, subject: str, financing: str) -> None:
        principal = self.trading.chain.desk.financing(int(financing)).principal
        if self.trading.chain.desk.financing(int(financing)).state.name == "OPEN":
            impairment = self.chance.choice([0, principal // 3])
            call = self.trading.chain.desk.set_impairment(int(financing), impairment)
            self.trading.send(self.ring.account("credit-officer"), call)

    def _deposit(self, receivable: str, subject: str, financing: str) -> None:
        self.trading.fund(self.chance.randint(1, 1_000_000))

    def _release(self, receivable: str, subject: str, financing: str) -> None:
        its = self.trading.chain.desk.financing(int(financing))
        if its.state.name != "RELEASED" and self.trading.chain.desk.owed(int(financing)).total == 0:
            self.trading.send(self._supplier(), self.trading.chain.desk.release(int(financing)))

    def _redeem(self, receivable: str, subject: str, financing: str) -> None:
        name, tranche = self.chance.choice([("lender", "senior"), ("junior", "junior")])
        body = {"tranche": tranche, "shares": str(self.chance.randint(1, 10**12))}
        self._ask(name, "/v1/pools/EUR/redemption-requests", body)

    def _close_epoch(self, receivable: str, subject: str, financing: str) -> None:
        self._ask("lender", "/v1/pools/EUR/epochs")

    def _claim(self, receivable: str, subject: str, financing: str) -> None:
        name, tranche = self.chance.choice([("lender", "senior"), ("junior", "junior")])
        self._ask(name, "/v1/pools/EUR/redemption-claims", {"tranche": tranche})

    def _credit(self, receivable: str, subject: str, financing: str) -> None:
        """On an invoice of its own, not pledged and without waiver: nothing else could be lowered."""
        body = {"amount": eur(self.chance.choice([1, 250_000])), "evidence": "0x" + "e7" * 32}
        self._ask("supplier", f"/v1/receivables/{self.unpledged}/credit-notes", body)

    def _call_late(self, receivable: str, subject: str, financing: str) -> None:
        for act in ("default", "mark-overdue"):
            self._ask("supplier", f"/v1/financings/{financing}/{act}")

    def _ask(self, name: str, path: str, body: dict[str, Any] | None = None) -> None:
        answer = self.trading.desks[name].post(path, body, Prefer="wait=60")
        assert answer.status_code in (201, 409), answer.text

    def _supplier(self) -> LocalAccount:
        """The key that the gateway keeps for the supplier; its lane must be idle."""
        place = self.trading.gateway.settings.keystores_dir
        keystore = json.loads((place / f"{LEIS['supplier']}.json").read_text())
        account: LocalAccount = Account.from_key(Account.decrypt(keystore, (place / "passphrase").read_text().strip()))
        return account


@pytest.fixture(scope="module")
def messy(trading: Trading) -> Messy:
    return Messy(trading, seed=7)


def test_rows_equal_the_chain_after_each_step_of_a_messy_trade(messy: Messy) -> None:
    gateway, chain = messy.trading.gateway, messy.trading.chain

    taken = []
    for _ in range(STEPS):
        taken.append(messy.step())
        assert differences(gateway.database, chain) == [], taken


def test_gateway_rebuilt_from_nothing_has_the_same_rows(messy: Messy, tmp_path: Path) -> None:
    trading = messy.trading
    settings = trading.network.settings(tmp_path, f"sqlite:///{tmp_path / 'rebuilt.db'}")
    rebuilt = build_gateway(settings)
    SQLModel.metadata.create_all(rebuilt.database.engine)

    while rebuilt.follower.step():
        pass

    await_indexer(trading.gateway, trading.chain)
    assert differences(rebuilt.database, trading.chain) == []
    assert rows(rebuilt.database) == rows(trading.gateway.database)
    rebuilt.database.close()
