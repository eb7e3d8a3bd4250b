"""`?prepare=true`: every write shows the very transactions that it would send, and stores nothing; signed, they are
taken back."""

import json
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from httpx import Response
from operations import Operation, all_operations, described
from refusing import refused
from sqlalchemy import func, select
from sqlmodel import SQLModel
from test_isolation import OPERATIONS
from trading import FACE_VALUE, LEIS, WAIT, Desk, Trading, await_indexer, eur, invoice, token

from api.db import chain_tables
from api.transactions.outbox import T
from chain_node.client import sign_call

pytestmark = pytest.mark.node

DESCRIBED = all_operations()
OWN_LEI = "999900BAYARDCREDIT42"
DESCRIPTION = described()


def _causes_transactions(operation: Operation) -> bool:
    """Whether its answer tells the transactions that it caused."""
    told = DESCRIPTION["paths"][operation.path][operation.method.lower()]["responses"].get("202", {})
    named = told.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
    return "transactions" in DESCRIPTION["components"]["schemas"].get(named, {}).get("properties", {})


WRITES = [operation for operation in DESCRIBED if _causes_transactions(operation)]


def send(desk: Desk, path: str, body: Any, *, prepare: bool) -> Response:
    """A write, or its preparation; an invoice goes as XML."""
    headers = {**desk.headers, **WAIT, "Idempotency-Key": uuid.uuid4().hex}
    query = {"prepare": "true"} if prepare else {}
    if isinstance(body, bytes):
        headers["Content-Type"] = "application/xml"
        answer: Response = desk.client.post(path, content=body, params=query, headers=headers)
    else:
        answer = desk.client.post(path, json=body, params=query, headers=headers)
    return answer


OF_LOOPS = (
    {"events", "event_parties", "event_notes", "usage_counts", "document_keys", "document_place"}
    | {f"screening_{name}" for name in ("subjects", "hits", "state")}
    | {"compliance_cases", "monitoring_state", "webhook_deliveries", "webhook_attempts"}
)
"""What the gateway fills by itself, whenever it comes to it, from what is on the chain."""


def stored(trading: Trading) -> dict[str, Any]:
    """Everything that a request could leave behind: rows, and files."""
    of_the_chain = {str(kind.__tablename__) for kind in chain_tables()} | OF_LOOPS
    with trading.gateway.database.engine.connect() as connection:
        rows = {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in SQLModel.metadata.tables.items()
            if not name.startswith(("indexer_", "test_")) and name not in of_the_chain
        }
    data_dir = trading.gateway.settings.data_dir
    return {**rows, "files": sorted(str(p) for p in data_dir.rglob("*") if p.is_file() and "gateway.db" not in p.name)}


def sent(trading: Trading, ids: list[str]) -> list[tuple[str, str, str]]:
    """Account, contract and data of transactions."""
    with trading.gateway.database.engine.connect() as connection:
        chosen = select(T.c.sender, T.c.to_address, T.c.data).where(T.c.id.in_(ids)).order_by(T.c.sequence)
        found = connection.execute(chosen)
        return [(row[0], row[1], "0x" + row[2].hex()) for row in found]


def shown(prepared: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    each = prepared["transactions"]
    return [(its["sender"], its["transaction"]["to"], its["transaction"]["data"]) for its in each]


def prepare(trading: Trading, desk: Desk, path: str, body: Any) -> Response:
    """Nothing is stored for it. Now and then something is for the write before, just then: so it may be asked again,
    while what it leaves itself it leaves each time."""
    for _ in range(5):
        before = stored(trading)
        prepared = send(desk, path, body, prepare=True)
        after = stored(trading)
        if after == before:
            break
        time.sleep(0.2)
    assert after == before, path
    return prepared


def twice(trading: Trading, desk: Desk, path: str, body: Any) -> Response:
    """Prepared, then done: the same refusal both times, or what was prepared is what is sent."""
    prepared = prepare(trading, desk, path, body)

    done = send(desk, path, body, prepare=False)
    told = done.json()
    caused = told.get("transactions") or told.get("context", {}).get("transactions")
    if caused is None:
        assert (prepared.status_code, prepared.json()["error"]) == (done.status_code, told["error"]), path
    else:
        assert prepared.status_code == 200, (path, prepared.text)
        assert shown(prepared.json()) == sent(trading, [t["id"] for t in caused]), path
    return done


@pytest.fixture(scope="module")
def places(trading: Trading) -> dict[str, str]:
    trading.network.mine_at_once()
    trading.fund(15_000_000)
    for name in ("supplier", "debtor", "lender"):
        trading.issue(name, 20_000_000)
    facility = trading.grant(committed_fee_bps=0)["id"]
    sold = trading.sell(invoice("AS-2026-0901"))
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    return {
        "lei": LEIS["supplier"],
        "invoice_id": sold["id"],
        "receivable_id": sold["receivable_id"],
        "subject": sold["subject"],
        "cid": sold["document_cid"],
        "facility_id": facility,
        "financing_id": trading.desks["supplier"].write("/v1/financings", body)["id"],
        "currency": "EUR",
        "amendment": "0x" + "e7" * 32,
    }


class Unknown(dict[str, str]):
    """Ids of things that there are not, for paths that no test here has made anything for."""

    def __missing__(self, name: str) -> str:
        return "1"


def where(operation: Operation, places: dict[str, str]) -> str:
    return operation.path.format_map(Unknown(places))


def body_of(operation: Operation, places: dict[str, str]) -> Any:
    body = OPERATIONS.get((operation.method, operation.path), (None, 0))[0]
    if body is None or body == {}:
        body = operation.body(places)
    if isinstance(body, dict):
        return {k: v.format_map(Unknown(places)) if isinstance(v, str) else v for k, v in body.items()}
    return body


@pytest.mark.parametrize("operation", WRITES, ids=lambda o: o.path)
def test_write_that_causes_transactions_says_that_it_can_be_prepared(operation: Operation) -> None:
    told = DESCRIPTION["paths"][operation.path]["post"]

    assert "prepare" in [parameter["name"] for parameter in told["parameters"]]
    schema = told["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/PreparedView"}


def test_writes_are_those_of_the_whole_gateway() -> None:
    assert {"/v1/invoices", "/v1/financings", "/v1/participants", "/v1/cash/issues"} <= {o.path for o in WRITES}
    assert len(WRITES) > 35


@pytest.mark.parametrize("operation", WRITES, ids=lambda o: o.path)
def test_prepared_is_what_would_be_sent_and_nothing_is_stored(
    operation: Operation, trading: Trading, places: dict[str, str]
) -> None:
    """By each party in turn: whoever may not is refused alike, whoever may sends what was prepared."""
    for name in ("stranger", "lender", "debtor", "supplier"):
        answer = twice(trading, trading.desks[name], where(operation, places), body_of(operation, places))
        assert answer.status_code < 500
    twice(trading, trading.operator, where(operation, places), body_of(operation, places))


def test_whole_trade_is_prepared_as_it_is_done(trading: Trading, places: dict[str, str]) -> None:
    """Writes in an order in which each of them succeeds."""
    supplier, debtor, lender = (trading.desks[name] for name in ("supplier", "debtor", "lender"))
    operator = trading.operator
    account = Account.create().address
    admitted = {
        "lei": OWN_LEI,
        "name": "Bayard Credit",
        "jurisdiction": "DE",
        "roles": ["LENDER"],
        "kyc_expires_at": "2027-05-04T00:00:00Z",
        "account": account,
        "document_key": None,
    }
    objection = {"amount": eur(1_000), "evidence": "0x" + "e7" * 32}
    assert twice(trading, operator, "/v1/participants", admitted).status_code == 201
    issue = {"lei": LEIS["debtor"], "amount": eur(5), "payment_reference": "bank-prepared"}
    assert twice(trading, operator, "/v1/cash/issues", issue).status_code == 201
    assert twice(trading, supplier, "/v1/invoices", invoice("AS-2026-0902")).status_code == 201
    waived, disputed = (
        f"/v1/receivables/{supplier.upload(invoice(number)).json()['receivable_id']}"
        for number in ("AS-2026-0903", "AS-2026-0904")
    )
    steps: list[tuple[Desk, str, Any]] = [
        (debtor, f"{waived}/acceptance", {"waive_set_off": True}),
        (supplier, f"{waived}/transfers", {"to_lei": LEIS["lender"], "amount": eur(1_000)}),
        (debtor, f"{waived}/payments", {"amount": eur(FACE_VALUE // 2)}),
        (lender, f"{waived}/claims", None),
        (debtor, f"{disputed}/acceptance", {"waive_set_off": False}),
        (debtor, f"{disputed}/disputes", objection),
        (supplier, f"{disputed}/disputes/concession", {**objection, "amount": eur(10)}),
        (operator, f"{disputed}/disputes/resolution", {"taken_off": eur(1), "evidence": "0x" + "e7" * 32}),
        (supplier, f"{disputed}/credit-notes", objection),
        (debtor, f"{disputed}/cancellation/consent", {"given": True}),
        (supplier, f"{disputed}/cancellation", None),
        (lender, "/v1/pools/EUR/deposits", {"tranche": "senior", "amount": eur(1_000)}),
        (lender, "/v1/pools/EUR/redemption-requests", {"tranche": "senior"}),
        (operator, f"/v1/facilities/{places['facility_id']}/line", {"limit": eur(20_000_000)}),
    ]
    for desk, path, body in steps:
        answer = twice(trading, desk, path, body)
        assert answer.status_code == 201, (path, answer.text)


def test_prepared_admission_makes_no_key(trading: Trading) -> None:
    body = {
        "lei": "999900SKAGERLINES098",
        "name": "Nobody",
        "jurisdiction": "DE",
        "roles": ["LENDER"],
        "kyc_expires_at": "2027-05-04T00:00:00Z",
    }

    answer = prepare(trading, trading.operator, "/v1/participants", body)

    assert answer.status_code in (409, 422), answer.text


@pytest.mark.parametrize("asked", ["maybe", "", "true&prepare=true"])
def test_malformed_prepare_is_refused(asked: str, trading: Trading, places: dict[str, str]) -> None:
    path = f"/v1/receivables/{places['receivable_id']}/claims?prepare={asked}"

    refused(trading.desks["supplier"].post(path), 422, "prepare-malformed")


def test_write_without_a_transaction_has_nothing_to_prepare(trading: Trading) -> None:
    body = {"url": "https://192.0.2.1/", "types": ["*"]}

    answer = send(trading.desks["supplier"], "/v1/webhooks", body, prepare=True)

    assert answer.status_code == 422
    assert trading.desks["supplier"].get("/v1/webhooks")["items"] == []


# An organisation that keeps its own key


@pytest.fixture(scope="module")
def own(trading: Trading, places: dict[str, str]) -> tuple[Desk, LocalAccount]:
    """A lender that keeps its key."""
    key: LocalAccount = Account.create()
    body = {
        "lei": "999900OWNKEYLENDER" + check_digits("999900OWNKEYLENDER"),
        "name": "Own Key Lender",
        "jurisdiction": "DE",
        "roles": ["LENDER"],
        "kyc_expires_at": "2027-05-04T00:00:00Z",
        "account": key.address,
    }
    answer = trading.operator.write("/v1/participants", body)
    issue = {"lei": body["lei"], "amount": eur(1_000_000), "payment_reference": f"bank-{uuid.uuid4()}"}
    trading.operator.write("/v1/cash/issues", issue)
    return Desk(trading.client, token(trading.client, answer["client_id"], answer["client_secret"])), key


def check_digits(text: str) -> str:
    """ISO 7064, MOD 97-10."""
    digits = "".join(str(int(letter, 36)) for letter in text)
    return f"{98 - int(digits) * 100 % 97:02d}"


def hand_in(desk: Desk, **body: Any) -> Response:
    headers = {**desk.headers, **WAIT, "Idempotency-Key": uuid.uuid4().hex}
    answer: Response = desk.client.post("/v1/transactions", json=body, headers=headers)
    return answer


def signed(key: LocalAccount, transaction: Mapping[str, Any], **changes: Any) -> str:
    return "0x" + key.sign_transaction({**transaction, **changes}).raw_transaction.hex().removeprefix("0x")


def deposit(desk: Desk, units: int = 1_000) -> list[dict[str, Any]]:
    answer = send(desk, "/v1/pools/EUR/deposits", {"tranche": "senior", "amount": eur(units)}, prepare=True)
    assert answer.status_code == 200, answer.text
    prepared: list[dict[str, Any]] = answer.json()["transactions"]
    return prepared


def test_write_of_who_keeps_its_key_is_refused_and_names_the_way(own: tuple[Desk, LocalAccount]) -> None:
    answer = send(own[0], "/v1/pools/EUR/deposits", {"tranche": "senior", "amount": eur(1)}, prepare=False)

    assert "prepare=true" in refused(answer, 409, "key-kept-by-organisation")["detail"]


def test_deposit_is_prepared_signed_and_handed_in(trading: Trading, own: tuple[Desk, LocalAccount]) -> None:
    desk, key = own
    prepared = deposit(desk, 5_000)
    assert [each["function"] for each in prepared] == ["CashToken.approve", "TrancheVault.deposit"]
    assert [each["transaction"]["nonce"] for each in prepared] == [0, 1]
    assert {each["sender"] for each in prepared} == {key.address}

    answers = [hand_in(desk, raw=signed(key, each["transaction"]), purpose=each["purpose"]) for each in prepared]

    assert [(a.status_code, a.json()["status"]) for a in answers] == [(201, "mined")] * 2, answers[-1].text
    assert [a.json()["purpose"] for a in answers] == [each["purpose"] for each in prepared]
    (position,) = desk.get("/v1/pools/EUR/positions")["items"]
    assert position["account"] == key.address
    listed = desk.get("/v1/transactions")["items"]
    assert {a.json()["id"] for a in answers} <= {each["id"] for each in listed}


def test_same_bytes_are_one_transaction_however_often_they_are_handed_in(
    trading: Trading, own: tuple[Desk, LocalAccount]
) -> None:
    desk, key = own
    (approve, _) = deposit(desk, 77)
    raw, answers = signed(key, approve["transaction"]), list[Response]()

    threads = [threading.Thread(target=lambda: answers.append(hand_in(desk, raw=raw))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status_code for answer in answers} == {201}, [a.text for a in answers]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert trading.chain.transaction_count(key.address) == approve["transaction"]["nonce"] + 1


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"chainId": 1}, 422, "chain-id-differs"),
        ({"to": "0x" + "11" * 20}, 422, "call-unknown"),
        ({"data": "0xdeadbeef"}, 422, "call-unknown"),
        ({"value": 1}, 422, "value-not-zero"),
        ({"nonce": 0}, 409, "nonce-used"),
        ({"nonce": 5_000}, 409, "nonce-too-far-ahead"),
    ],
)
def test_signed_transaction_that_is_none_of_ours_is_refused(
    change: dict[str, Any], status: int, error: str, trading: Trading, own: tuple[Desk, LocalAccount]
) -> None:
    desk, key = own
    if trading.chain.transaction_count(key.address) == 0:
        assert hand_in(desk, raw=signed(key, deposit(desk)[0]["transaction"])).status_code == 201
    (approve, _) = deposit(desk)
    before = stored(trading)["transactions"]
    if "to" in change:
        change = {"to": Account.create().address}

    refused(hand_in(desk, raw=signed(key, approve["transaction"], **change)), status, error)

    assert stored(trading)["transactions"] == before


@pytest.mark.parametrize("raw", ["0x02", "0x02f8", "0x" + "00" * 200, "0x02" + "ff" * 120])
def test_bytes_that_are_no_transaction_are_refused(raw: str, own: tuple[Desk, LocalAccount]) -> None:
    refused(hand_in(own[0], raw=raw), 422, "transaction-unreadable")


def test_transaction_of_another_account_is_refused(trading: Trading, own: tuple[Desk, LocalAccount]) -> None:
    (approve, _) = deposit(own[0])

    refused(hand_in(own[0], raw=signed(Account.create(), approve["transaction"])), 403, "account-of-another")
    refused(hand_in(trading.desks["stranger"], raw=signed(own[1], approve["transaction"])), 403, "account-of-another")


def test_transaction_that_would_be_refused_says_why(trading: Trading, own: tuple[Desk, LocalAccount]) -> None:
    desk, key = own
    nonce = trading.chain.transaction_count(key.address, "pending")
    call = trading.chain.cash("EUR").transfer(trading.accounts["lender"], 10**12)
    raw = sign_call(key, call, nonce=nonce, gas=500_000, chain_id=trading.chain.chain_id).raw

    answer = hand_in(desk, raw="0x" + raw.hex())

    assert answer.status_code in (403, 409, 422)
    assert answer.json()["error"] == "erc20-insufficient-balance", answer.text


def keystore_of(trading: Trading, name: str) -> LocalAccount:
    """The key that the gateway keeps for a party."""
    place = trading.gateway.settings.keystores_dir
    keystore = json.loads((place / f"{LEIS[name]}.json").read_text())
    key: LocalAccount = Account.from_key(Account.decrypt(keystore, (place / "passphrase").read_text().strip()))
    return key


def test_nonces_of_a_key_that_the_gateway_keeps_are_its_own(trading: Trading, places: dict[str, str]) -> None:
    prepared = deposit(trading.desks["lender"])

    answer = hand_in(trading.desks["lender"], raw=signed(keystore_of(trading, "lender"), prepared[0]["transaction"]))

    refused(answer, 409, "key-kept-by-gateway")


# Messages in place of transactions


def message_of(trading: Trading) -> tuple[str, dict[str, Any], str]:
    """A receivable, and the debtor's acceptance of it as a message with its signature."""
    receivable = trading.desks["supplier"].upload(invoice(f"AS-{uuid.uuid4().hex[:8]}")).json()["receivable_id"]
    path = f"/v1/receivables/{receivable}/acceptance"
    (prepared,) = send(trading.desks["debtor"], path, {"waive_set_off": True}, prepare=True).json()["transactions"]
    message = encode_typed_data(full_message=prepared["typed_data"])
    signature = keystore_of(trading, "debtor").sign_message(message).signature.hex().removeprefix("0x")
    return receivable, prepared["typed_data"], "0x" + signature


def test_acceptance_is_given_by_signature(trading: Trading, places: dict[str, str]) -> None:
    receivable, message, signature = message_of(trading)

    answer = hand_in(trading.desks["debtor"], typed_data=message, signature=signature)

    assert answer.status_code == 201, answer.text
    assert trading.desks["supplier"].get(f"/v1/receivables/{receivable}")["state"] == "accepted"


def test_allowance_is_given_by_signature(trading: Trading, own: tuple[Desk, LocalAccount]) -> None:
    desk, key = own
    (approve, _) = deposit(desk, 4_321)
    message = encode_typed_data(full_message=approve["typed_data"])
    signature = "0x" + key.sign_message(message).signature.hex().removeprefix("0x")

    answer = hand_in(desk, typed_data=approve["typed_data"], signature=signature)

    assert answer.status_code == 201, answer.text
    spender = approve["typed_data"]["message"]["spender"]
    assert trading.chain.cash("EUR").allowance(key.address, spender) == 4_321


@pytest.mark.parametrize(
    ("where", "name", "value", "status", "error"),
    [
        ("message", "faceValue", "1", 403, "signature-of-another"),
        ("message", "signer", "0x" + "11" * 20, 403, "signature-of-another"),
        ("message", "id", "word", 422, "message-unknown"),
        ("domain", "chainId", "1", 422, "message-unknown"),
        ("domain", "verifyingContract", "0x" + "11" * 20, 422, "message-unknown"),
        ("domain", "name", "Another", 422, "message-unknown"),
    ],
)
def test_message_that_was_changed_is_refused(
    where: str, name: str, value: str, status: int, error: str, trading: Trading, places: dict[str, str]
) -> None:
    receivable, message, signature = message_of(trading)
    changed = {**message, where: {**message[where], name: value}}

    refused(hand_in(trading.desks["debtor"], typed_data=changed, signature=signature), status, error)

    assert trading.desks["supplier"].get(f"/v1/receivables/{receivable}")["state"] == "registered"


def test_message_of_another_organisation_is_refused(trading: Trading, places: dict[str, str]) -> None:
    _, message, signature = message_of(trading)

    refused(hand_in(trading.desks["supplier"], typed_data=message, signature=signature), 403, "account-of-another")


def test_unknown_message_is_refused(trading: Trading, places: dict[str, str]) -> None:
    _, message, signature = message_of(trading)
    for changed in ({**message, "primaryType": "Attestation"}, {}, {"primaryType": "Permit"}):
        refused(hand_in(trading.desks["debtor"], typed_data=changed, signature=signature), 422, "message-unknown")


def test_everything_stays_what_the_chain_says(trading: Trading, own: tuple[Desk, LocalAccount]) -> None:
    from mirror import differences

    await_indexer(trading.gateway, trading.chain)

    assert differences(trading.gateway.database, trading.chain) == []
