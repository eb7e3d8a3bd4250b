"""Orders whose sides, arbiter and witnesses do whatever comes to mind: what `next` names can be done and nothing else,
and the rows follow the chain, also when they are built anew."""

import os
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mirror import differences, rows
from ordering import EVIDENCE, PAYOUTS, accepted, registered
from sqlmodel import SQLModel
from trading import WAIT, Trading, await_indexer, eur

from api.building import build_gateway
from chain_node.client import Milestone

pytestmark = pytest.mark.node
DAY = 86_400
STEPS = 40
SEED = int(os.environ.get("PORTOLAN_ORDERS_SEED", "11"))
REFUSALS = (403, 409, 422)
ON_ACCEPTANCE = [{"milestone": "ACCEPTED", "share_bps": 1000}, *PAYOUTS]
ON_ARRIVAL = [*ON_ACCEPTANCE[:2], {"milestone": "RECEIVED", "share_bps": 10_000}]
UNMEASURED = [
    {"item": "lamps", "unit": "C62", "value": eur(999_999)},
    {"item": "poles", "unit": "KGM", "value": eur(7)},
]


class Market:
    """Three orders of different terms, one of them financed, and another each time that one has ended."""

    def __init__(self, trading: Trading, seed: int) -> None:
        self.trading, self.chance, self.count = trading, random.Random(seed), 0
        trading.network.mine_at_once()
        trading.fund(20_000_000)
        for name in ("supplier", "debtor"):
            trading.issue(name, 900_000_000)
        ladders = {"order": [{"milestone": "DEPARTED", "advance_rate_bps": 5000}]}
        self.facility = str(trading.grant(ladders=ladders)["id"])
        self.orders = [self._another() for _ in range(3)]
        body = {"facility_id": self.facility, "order_id": self.orders[0]}
        self.financing = trading.desks["supplier"].write("/v1/financings", body)["id"]

    def _another(self) -> str:
        self.count += 1
        terms = [
            {"payouts": PAYOUTS, "under_bps": 500},
            {"payouts": ON_ACCEPTANCE, "deposit": eur(1_234_567)},
            {"lines": UNMEASURED, "payouts": ON_ARRIVAL},
        ][self.count % 3]
        now = self.trading.chain.block().timestamp
        grace = {"deliver_by": _day(now + self.chance.choice([5, 40]) * DAY), "grace_days": self.chance.choice([0, 9])}
        make = registered if self.count > 3 and self.chance.random() < 0.3 else accepted
        return str(make(self.trading, f"PO-R{self.count}", **{**terms, **grace})["id"])

    def step(self) -> str:
        place = self.chance.randrange(len(self.orders))
        order = self.trading.operator.get(f"/v1/orders/{self.orders[place]}")
        if order["ended_at"] is not None and self.chance.random() < 0.5:
            self.orders[place] = self._another()
            return "another"
        doing = self.chance.choice([self._act, self._act, self._act, self._attest, self._wait, self._lend])
        told = doing(order)
        await_indexer(self.trading.gateway, self.trading.chain)
        return told

    def _act(self, order: Any) -> str:
        """Something, by somebody: done if `next` names it for them, refused if it does not."""
        who = self.chance.choice(["seller", "buyer", "arbiter"])
        act = self.chance.choice(list(self._bodies(order, who)))
        desk = {"seller": self.trading.desks["supplier"], "buyer": self.trading.desks["debtor"]}.get(
            who, self.trading.operator
        )
        named = {each["act"] for each in order["next"] if each["at"] is None and {who, "anyone"} & set(each["by"])}
        body = self._bodies(order, who)[act]

        answer = desk.post(f"/v1/orders/{order['id']}/{act}", body, **WAIT)

        assert answer.status_code == 201 or answer.status_code in REFUSALS, answer.text
        # Money may be put in by either side, and an arbiter has no account to act by.
        if (act, who) not in (("deposits", "seller"), ("payments", "seller")):
            assert (answer.status_code == 201) is (act in named), (who, act, named, answer.text)
        return f"{who} {act} {answer.status_code}"

    def _bodies(self, order: Any, who: str) -> dict[str, dict[str, Any] | None]:
        money = order["money"]
        unfunded, held = (int(money[name]["amount"]) for name in ("unfunded", "held"))
        room = int(money["waived"]["amount"]) if order["state"] == "lapsed" else unfunded
        part = {"amount": eur(max(1, self.chance.choice([room, room // 3])))}
        split = {"to_seller": eur(self.chance.choice([0, held // 2, held]))}
        of_sides: dict[str, dict[str, Any] | None] = {
            "acceptance": {"terms_hash": order["terms_hash"]},
            "cancellation": None,
            "deposits": part,
            "payments": part,
            "disputes": {"evidence": EVIDENCE},
            "splits": split,
        }
        of_anyone: dict[str, dict[str, Any] | None] = {"settlement": None, "refund": None, "disputes/end": None}
        decision = {"disputes/decision": {**split, "evidence": EVIDENCE}}
        return {**of_anyone, **(decision if who == "arbiter" else of_sides)}

    def _attest(self, order: Any) -> str:
        milestone, names = self.chance.choice(
            [(Milestone.DEPARTED, ("carrier", "inspector")), (Milestone.RECEIVED, ("warehouse", "inspector"))]
        )
        quantity = self.chance.choice([0, 300_000, 700_000, 960_000, 1_000_000])
        sequence, pair = self.chance.randint(1, 2), self.chance.choice([names, names, names[:1]])
        self.trading.attest(order["subject"], milestone, quantity, *pair, sequence=sequence)
        return f"{milestone.name} {sequence} {quantity} by {len(pair)}"

    def _wait(self, order: Any) -> str:
        days = self.chance.choice([1, 3, 12, 31])
        self.trading.network.engine.set_clock(self.trading.chain.block().timestamp + days * DAY)
        self.trading.issue("lender", 1)
        return f"{days} days"

    def _lend(self, order: Any) -> str:
        act = self.chance.choice(["poke", "forward", "release"])
        answer = self.trading.desks["supplier"].post(f"/v1/financings/{self.financing}/{act}", **WAIT)
        assert answer.status_code == 201 or answer.status_code in REFUSALS, answer.text
        return f"{act} {answer.status_code}"


def _day(seconds: int) -> str:

    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


@pytest.fixture(scope="module")
def market(trading: Trading) -> Market:
    return Market(trading, SEED)


def test_what_comes_next_can_be_done_and_nothing_else(market: Market) -> None:
    trading, taken = market.trading, []

    for _ in range(STEPS):
        taken.append(market.step())
        assert differences(trading.gateway.database, trading.chain) == [], taken

    assert sum(step.endswith("201") for step in taken) > STEPS // 8, taken


def test_orders_read_anew_are_the_same(market: Market, tmp_path: Path) -> None:
    trading = market.trading
    rebuilt = build_gateway(trading.network.settings(tmp_path, f"sqlite:///{tmp_path / 'rebuilt.db'}"))
    SQLModel.metadata.create_all(rebuilt.database.engine)

    while rebuilt.follower.step():
        pass

    await_indexer(trading.gateway, trading.chain)
    assert rows(rebuilt.database) == rows(trading.gateway.database)
    rebuilt.database.close()
