"""Goods in a warehouse for the resources' tests: who stores, measures, prices and buys them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from trading import LEIS, Desk, Trading, eur, token

from chain_node.client import (
    FeedKind,
    Milestone,
    Reading,
    Report,
    condition_feed,
    condition_policy,
    price_feed,
    reading_digest,
)

STORE, BUYER, SENSORS = "999900HARBORCOLD0054", "999900NORDVIKFOOD017", "999900SENTRYTEMP0097"
INSURER, PRICES = "999900BAYARDCREDIT42", "999900KADEPRICES0069"
PARTIES = {
    "store": (STORE, "WAREHOUSE"),
    "buyer": (BUYER, "DEBTOR"),
    "sensors": (SENSORS, "SENSOR"),
    "prices": (PRICES, "INSPECTOR"),
    "insurer": (INSURER, "INSURER"),
}
TONNES = 8_000_000
"""Thousandths of a kilogram."""
TERMS = {
    "call_level_bps": 8500,
    "release_ratio_bps": 10_000,
    "start_bps": 9500,
    "floor_bps": 6000,
    "least_bid_bps": 1000,
    "tenor_days": 120,
    "cure_seconds": 172_800,
    "sale_seconds": 259_200,
}
LADDERS = {"goods": [{"milestone": "STORED", "advance_rate_bps": 7000}]}


class Goods:
    """A trading network with goods in it. The store acts through the gateway and witnesses by a node of its own."""

    def __init__(self, trading: Trading) -> None:
        self.trading, self.chain = trading, trading.chain
        self.price = price_feed("chocolate", "KGM", "EUR")
        trading.network.mine_at_once()
        for name, (lei, role) in PARTIES.items():
            self._admit(name, lei, role)
        for name in ("inspector", "carrier"):
            assert name in trading.keys

    def _admit(self, name: str, lei: str, role: str) -> None:
        body = {"lei": lei, "name": name.title(), "jurisdiction": "US", "roles": [role]}
        more = {"kyc_expires_at": "2027-05-04T00:00:00Z", "identifiers": [{"scheme": "NAME", "value": name}]}
        answer = self.trading.operator.write("/v1/participants", {**body, **more})
        self.trading.accounts[name] = answer["account"]
        desk = Desk(self.trading.client, token(self.trading.client, answer["client_id"], answer["client_secret"]))
        self.trading.desks[name] = desk
        self.trading.keys[name] = Account.create()
        account = {"account": self.trading.keys[name].address}
        self.trading.operator.write(f"/v1/participants/{lei}/accounts", account)

    def desk(self, name: str) -> Desk:
        return self.trading.desks[name]

    def now(self) -> int:
        return self.chain.block().timestamp

    # Coming in

    def consignment(self, number: str) -> str:
        body = {"number": number, "warehouse_lei": STORE, "references": [f"despatch_advice:DA-{number}"]}
        return str(self.desk("supplier").write("/v1/receipts/consignments", body)["subject"])

    def announcement(self, number: str, subject: str, **changes: Any) -> dict[str, Any]:
        entry = {
            "owner_lei": LEIS["supplier"],
            "number": number,
            "subject": subject,
            "commodity": "180620",
            "unit": "KGM",
            "quantity_thousandths": str(TONNES),
            "place": "USEWR",
            "entered_at": datetime.fromtimestamp(self.now() - 60, UTC).isoformat(),
            "expiry_date": "2027-03-31",
            "identifiers": [f"{number}{unit}" for unit in range(4)],
        }
        return {**entry, **changes}

    def store(self, number: str, quantity: int = TONNES) -> dict[str, Any]:
        """The receipt of goods that came in, as their owner sees it."""
        subject = self.consignment(number)
        announced = self.desk("store").write("/v1/receipts/announcements", self.announcement(number, subject))
        self.trading.attest(subject, Milestone.STORED, quantity, "store", "inspector")
        minted = self.desk("supplier").write(f"/v1/receipts/announcements/{announced['id']}/minting")
        receipt: dict[str, Any] = minted["receipt"]
        return receipt

    # What is known of them

    def report_price(self, cents: int) -> None:
        """So many cents a kilogram."""
        self._report(self.price, self.price, bytes(32), cents * 100, ("store", "inspector", "prices"))

    def report_warmth(self, subject: str, thousandths: int) -> None:
        its = bytes.fromhex(subject[2:])
        policy, feed = condition_policy(FeedKind.TEMPERATURE), condition_feed(FeedKind.TEMPERATURE, its)
        self._report(policy, feed, its, thousandths, ("store", "inspector", "sensors"))

    def _report(self, policy: bytes, feed: bytes, subject: bytes, value: int, names: Sequence[str]) -> None:
        """The organisations differ a little, the first one least: the median is the middle one's."""
        feeds, last = self.chain.feeds, self.chain.feeds.record(feed)
        round_, version = last.round + 1, feeds.policy(policy)[0].version
        at = max(self.now(), last.observed_at + 1)
        readings = []
        for name, seen in zip(names, (value - 1, value, value + 1), strict=True):
            words: dict[str, Any] = {"feed": feed, "round": round_, "version": version, "value": seen}
            digest: Any = reading_digest(self.chain.chain_id, feeds.address, **words, observed_at=at)
            key = self.trading.keys[name]
            readings.append(Reading(key.address, seen, at, bytes(key.unsafe_sign_hash(digest).signature)))
        self.trading.send(self.trading.keys[names[0]], feeds.report(Report(policy, subject, round_, readings)))
        assert feeds.record(feed).round == round_

    def wait(self, seconds: int) -> None:
        self.trading.network.engine.set_clock(self.now() + seconds)
        self.trading.issue("stranger", 1)

    # Lending

    def facility(self, **changes: Any) -> str:
        body = {"limit": eur(50_000_000), "ladders": LADDERS, **changes}
        facility = str(self.trading.grant(**body)["id"])
        self.trading.operator.write(f"/v1/pledges/terms/{facility}", TERMS)
        return facility

    def pledge(self, facility: str, receipt: str, **changes: Any) -> Any:
        body = {"facility_id": facility, "receipt_id": receipt, **changes}
        return self.desk("supplier").write("/v1/financings", body)

    def fresh(self, subject: str, cents: int = 1200, warmth: int = 16_000) -> None:
        """Price and temperature of this moment."""
        self.report_price(cents)
        self.report_warmth(subject, warmth)

    def key_of(self, lei: str) -> LocalAccount:
        """The key that the gateway keeps for an organisation; its lane must be idle."""
        place = self.trading.gateway.settings.keystores_dir
        keystore = json.loads((place / f"{lei}.json").read_text())
        made: LocalAccount = Account.from_key(Account.decrypt(keystore, (place / "passphrase").read_text().strip()))
        return made
