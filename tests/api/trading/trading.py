"""A real network for the resources' tests: anvil, our contracts, a gateway, and the parties of the example trade."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from fastapi.testclient import TestClient
from httpx import Response
from support.network import copy_template

from api.auth.scopes import SCOPES
from api.auth.service import create_client
from api.gateway import Gateway
from api.indexer.models import THE_CURSOR, Cursor
from api.settings import Settings
from chain_node.client import (
    AddressBook,
    Call,
    Chain,
    Milestone,
    Observation,
    Vote,
    attestation_digest,
    sign_call,
)
from chain_node.compile import ROOT
from chain_node.config import load_network
from chain_node.engines.anvil import AnvilEngine, AnvilSettings

TRADE = ROOT / "examples" / "trade"
OPENING = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
DEPARTURE = datetime(2026, 5, 12, 6, 0, tzinfo=UTC)
RECEIPT = datetime(2026, 5, 28, 12, 0, tzinfo=UTC)
PAYMENT = datetime(2026, 7, 2, 9, 0, tzinfo=UTC)
FACE_VALUE = 10_000_000
WAIT = {"Prefer": "wait=60"}
BANK = {"name": "Portolan Network", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}

LEIS = {
    "supplier": "999900ACMESUPPLIES58",
    "debtor": "999900BOREALISRETL40",
    "lender": "999900MERIDIANFUND54",
    "junior": "999900CAIRNCAPITAL43",
    "carrier": "999900SKAGERLINES098",
    "warehouse": "999900VINTERHAMNAB25",
    "inspector": "999900PLUMBLINEINS71",
    "stranger": "999900SOUNDERSURVY30",
}
ROLES = {**{name: name.upper() for name in LEIS}, "junior": "LENDER", "stranger": "SUPPLIER"}
IDENTIFIERS = {"supplier": ("VAT", "DE 999 999 903"), "debtor": ("0088", "4012345000023")}
WITNESSES = ("carrier", "warehouse", "inspector")
LADDER = [
    {"milestone": "DEPARTED", "advance_rate_bps": 6000},
    {"milestone": "RECEIVED", "advance_rate_bps": 8000, "measured": True},
]


@dataclass(frozen=True)
class Network:
    """A deployed chain and its keys."""

    engine: AnvilEngine
    chain: Chain
    data_dir: Path

    def set_clock(self, moment: datetime) -> None:
        self.engine.set_clock(int(moment.timestamp()))

    def mine_at_once(self) -> None:
        """A block for each transaction instead of one a second."""
        self.chain.node.request("evm_setIntervalMining", 0)
        self.chain.node.request("evm_setAutomine", True)

    def mine_by_the_clock(self) -> None:
        """A block a second, as the network does by itself."""
        self.chain.node.request("evm_setAutomine", False)
        self.chain.node.request("evm_setIntervalMining", self.engine.settings.block_seconds)

    def settings(self, data_dir: Path, database_url: str, **changes: Any) -> Settings:
        values = {
            "rpc_url": self.engine.rpc_url,
            "deployments": self.data_dir / "deployments.json",
            "data_dir": data_dir,
            "keys_dir": self.data_dir / "keys",
            "network_key_file": self.data_dir / "network.key",
            "database_url": database_url,
            "banking": {"accounts": {"EUR": BANK}},
        }
        return Settings(**{**values, **changes})


def start_network(data_dir: Path) -> Network:
    """A network of its own in `data_dir`, deployed on the day on which the trades begin."""
    copy_template(data_dir, int(OPENING.timestamp()))
    engine = AnvilEngine(AnvilSettings(data_dir, load_network(ROOT / "network-config" / "local").config.chain_id))
    engine.start()
    return Network(engine, Chain.connect(engine.rpc_url, AddressBook.load(data_dir / "deployments.json")), data_dir)


def invoice(number: str = "AS-2026-0042", syntax: str = "ubl") -> bytes:
    """The example's invoice, valid by all rules; a number of its own makes it another invoice of another order."""
    text = (TRADE / f"invoice.{syntax}.xml").read_text(encoding="utf-8")
    if number != "AS-2026-0042":
        text = text.replace("AS-2026-0042", number).replace("-2026-0815", f"-{number}")
    return text.encode()


def admission(name: str) -> dict[str, Any]:
    """What the operator says of a party when it admits it."""
    scheme, value = IDENTIFIERS.get(name, ("NAME", name))
    return {
        "lei": LEIS[name],
        "name": name.title(),
        "jurisdiction": "DE",
        "roles": [ROLES[name]],
        "kyc_expires_at": "2027-05-04T00:00:00Z",
        "identifiers": [{"scheme": scheme, "value": value}],
    }


@dataclass
class Desk:
    """One party at the gateway."""

    client: TestClient
    headers: Mapping[str, str]

    def get(self, path: str, **query: str) -> Any:
        answer = self.client.get(path, params=query, headers=dict(self.headers))
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def write(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A write that waits for the chain, and must succeed."""
        answer = self.post(path, body, **WAIT)
        assert answer.status_code == 201, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Response:
        answer: Response = self.client.post(path, json=body, headers={**self.headers, **headers})
        return answer

    def upload(self, content: bytes, media_type: str = "application/xml", *references: str, **headers: str) -> Response:
        sent = {**self.headers, "Content-Type": media_type, **WAIT, **headers}
        query = {"reference": list(references)}
        answer: Response = self.client.post("/v1/invoices", content=content, params=query, headers=sent)
        return answer


@dataclass
class Trading:
    """A network with a gateway in front of it and the parties admitted."""

    network: Network
    gateway: Gateway
    client: TestClient
    operator: Desk
    desks: dict[str, Desk] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    keys: dict[str, LocalAccount] = field(default_factory=dict)

    @property
    def chain(self) -> Chain:
        return self.network.chain

    def admit(self, name: str) -> Any:
        body = admission(name)
        if name in WITNESSES:
            self.keys[name] = Account.create()
            body["account"] = self.keys[name].address
        answer = self.operator.write("/v1/participants", body)
        self.open(name, answer)
        return answer

    def open(self, name: str, admitted: Mapping[str, Any]) -> Desk:
        """The desk of who was admitted."""
        self.accounts[name] = admitted["account"]
        self.desks[name] = Desk(self.client, token(self.client, admitted["client_id"], admitted["client_secret"]))
        return self.desks[name]

    def narrow(self, name: str, *scopes: str) -> Desk:
        """A party with a client of few scopes."""
        return self._desk(lei=LEIS[name], scopes=scopes)

    def supervisor(self) -> Desk:
        reading = [scope for scope in SCOPES if scope.endswith(":read")]
        return self._desk(lei=None, scopes=("supervisor", *reading), operator=True)

    def _desk(self, *, lei: str | None, scopes: tuple[str, ...], operator: bool = False) -> Desk:
        made = self.gateway.database.run(
            lambda session: create_client(session, lei=lei, scopes=scopes, operator=operator)
        )
        return Desk(self.client, token(self.client, made.client_id, made.client_secret))

    def issue(self, name: str, units: int, reference: str = "") -> Any:
        body = {
            "lei": LEIS[name],
            "amount": {"amount": str(units), "currency": "EUR"},
            "payment_reference": reference or f"bank-{uuid.uuid4()}",
        }
        return self.operator.write("/v1/cash/issues", body)

    def fund(self, units: int) -> Any:
        """Senior money, and a quarter of it in junior money first, so that its floor is kept."""
        self.deposit("junior", -(-units // 4), "junior")
        return self.deposit("lender", units, "senior")

    def deposit(self, name: str, units: int, tranche: str) -> Any:
        self.issue(name, units)
        return self.desks[name].write("/v1/pools/EUR/deposits", {"tranche": tranche, "amount": eur(units)})

    def grant(self, **changes: Any) -> Any:
        return self.operator.write("/v1/facilities", {**facility_request(), **changes})

    def sell(self, content: bytes, *references: str) -> Any:
        """Uploaded and accepted."""
        answer = self.desks["supplier"].upload(content, "application/xml", *references)
        assert answer.status_code == 201, answer.text
        receivable = answer.json()["receivable_id"]
        self.desks["debtor"].write(f"/v1/receivables/{receivable}/acceptance", {"waive_set_off": True})
        return answer.json()

    def attest(self, subject: str, milestone: Milestone, quantity: int, *names: str, sequence: int = 1) -> bytes:
        """The witnesses' votes, relayed by the first of them in one transaction; its hash, once it is in a block."""
        observations, votes = self.votes(subject, milestone, quantity, *names, sequence=sequence)
        return self.send(self.keys[names[0]], self.chain.milestones.attest(observations, votes))

    def votes(
        self, subject: str, milestone: Milestone, quantity: int, *names: str, sequence: int = 1
    ) -> tuple[list[Observation], list[Vote]]:
        now = self.chain.block().timestamp
        observations = [Observation(bytes.fromhex(subject[2:]), int(milestone), sequence, now - 60, quantity)]
        oracle, evidence = self.chain.addresses.address("MilestoneOracle"), b"\x11" * 32
        digest = Hash32(attestation_digest(self.chain.chain_id, oracle, observations, 1, evidence))
        votes = [
            Vote(self.keys[name].address, 1, evidence, bytes(self.keys[name].unsafe_sign_hash(digest).signature))
            for name in names
        ]
        return observations, votes

    def send(self, account: LocalAccount, call: Call) -> bytes:
        """Past the gateway, as anybody may; the transaction's hash, once the gateway has read its block."""
        nonce = self.chain.transaction_count(account.address)
        signed = sign_call(account, call, nonce=nonce, gas=5_000_000, chain_id=self.chain.chain_id)
        self.chain.send_raw(signed.raw)
        await_receipt(self.chain, signed.hash)
        await_indexer(self.gateway, self.chain)
        return signed.hash


def token(client: TestClient, client_id: str, client_secret: str) -> dict[str, str]:
    answer = client.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, client_secret))
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def operator_of(gateway: Gateway, client: TestClient) -> Desk:
    made = gateway.database.run(lambda session: create_client(session, lei=None, operator=True))
    return Desk(client, token(client, made.client_id, made.client_secret))


def eur(units: int) -> dict[str, str]:
    return {"amount": str(units), "currency": "EUR"}


def facility_request() -> dict[str, Any]:
    return {
        "supplier_lei": LEIS["supplier"],
        "currency": "EUR",
        "limit": eur(10_000_000),
        "discount_rate_bps": 900,
        "fee_bps": 50,
        "expires_at": "2026-09-01T00:00:00Z",
        "ladders": {"receivable": LADDER},
    }


def await_receipt(chain: Chain, transaction_hash: bytes) -> None:
    receipt = until(lambda: chain.receipt(transaction_hash), "the transaction is in no block")
    assert receipt.succeeded, chain.transaction_revert(transaction_hash)


def await_indexer(gateway: Gateway, chain: Chain) -> None:
    """Until the gateway's rows are those of a block no older than the chain's present head."""
    head = chain.block_number()
    until(lambda: (lag := _position(gateway)) is not None and lag >= head, f"the gateway has not read block {head}")


def await_pool(chain: Chain, count: int) -> None:
    """Until so many transactions wait for a block that is not made by itself."""

    def waiting() -> bool:
        return int(chain.node.request("txpool_status")["pending"], 16) >= count

    until(waiting, f"the node has not got {count} transactions")


def _position(gateway: Gateway) -> int | None:
    with gateway.database.session() as session:
        cursor = session.get(Cursor, THE_CURSOR)
    return cursor.block_number if cursor else None


def until(what: Any, otherwise: str, seconds: float = 120.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)
    return found
