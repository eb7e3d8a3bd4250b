"""The edge of a request: idempotency keys, waiting, problems, health, limits."""

import asyncio
from collections import Counter

import httpx
import pytest
from served import OTHER_LEI, Served
from sqlalchemy import func, select
from token_chain import TokenChain

from api.indexer.models import IndexedEvent
from api.transactions import outbox

pytestmark = pytest.mark.node


def _transactions(served: Served) -> int:
    with served.gateway.database.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(outbox.T)).scalar_one())


def test_same_key_with_another_body_is_refused(served: Served) -> None:
    client, key = served.client(), {"Idempotency-Key": "one"}
    client.post("/v1/tellings", json={"value": 1}, headers=key).raise_for_status()

    other = client.post("/v1/tellings", json={"value": 2}, headers=key)

    assert (other.status_code, other.json()["error"]) == (409, "idempotency-key-reused")
    assert _transactions(served) == 1


def test_same_key_with_the_same_body_gets_the_same_answer(served: Served) -> None:
    client, key = served.client(), {"Idempotency-Key": "one"}

    first = client.post("/v1/tellings", json={"value": 1}, headers=key)
    again = client.post("/v1/tellings", json={"value": 1}, headers=key)

    assert first.status_code == again.status_code == 202
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    assert _transactions(served) == 1


def test_hundred_equal_requests_at_once_cause_one_transaction(served: Served, token_chain: TokenChain) -> None:
    async def all_at_once() -> list[httpx.Response]:
        headers = {"Authorization": f"Bearer {served.token()}", "Idempotency-Key": "hundred"}
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(
            base_url=served.url, headers=headers, limits=limits, timeout=180, trust_env=False
        ) as client:
            return await asyncio.gather(*(client.post("/v1/tellings", json={"value": 5}) for _ in range(100)))

    answers = asyncio.run(all_at_once())

    assert Counter(answer.status_code for answer in answers) == {202: 100}
    assert len({answer.content for answer in answers}) == 1
    client = served.client()
    client.post("/v1/tellings", json={"value": 6}, headers={"Prefer": "wait=60"}).raise_for_status()
    assert token_chain.effects() == 2
    assert _transactions(served) == 2


def test_two_processes_that_get_equal_requests_cause_one_transaction(served: Served, token_chain: TokenChain) -> None:
    """The other process has a queue of its own, so only the database stands between the two."""
    from api.idempotency import Answers

    class Unqueued(Answers):
        def turn(self, attempt: object) -> object:  # type: ignore[override]
            from contextlib import asynccontextmanager

            @asynccontextmanager
            async def at_once() -> object:  # type: ignore[misc]
                yield

            return at_once()

    object.__setattr__(served.gateway, "answers", Unqueued(served.gateway.vault.key("stored answers")))

    async def all_at_once() -> list[httpx.Response]:
        headers = {"Authorization": f"Bearer {served.token()}", "Idempotency-Key": "both"}
        async with httpx.AsyncClient(base_url=served.url, headers=headers, timeout=180, trust_env=False) as client:
            return await asyncio.gather(*(client.post("/v1/tellings", json={"value": 5}) for _ in range(20)))

    answers = asyncio.run(all_at_once())

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert _transactions(served) == 1


def test_one_organisations_key_is_not_anothers(served: Served) -> None:
    key = {"Idempotency-Key": "one"}
    served.client().post("/v1/tellings", json={"value": 1}, headers=key).raise_for_status()

    other = served.client(lei=OTHER_LEI).post("/v1/tellings", json={"value": 2}, headers=key)

    assert other.status_code == 202
    assert _transactions(served) == 2


def test_write_without_a_key_is_refused_and_does_nothing(served: Served) -> None:
    client = served.client()
    client.event_hooks = {}

    refused = client.post("/v1/tellings", json={"value": 1})

    assert (refused.status_code, refused.json()["error"]) == (422, "idempotency-key-missing")
    assert client.get("/v1/tellings/count").json() == 0


def test_refusal_is_not_remembered_under_its_key(served: Served, token_chain: TokenChain) -> None:
    client, key = served.client(), {"Idempotency-Key": "one"}
    token_chain.shut()
    refused = client.post("/v1/tellings", json={"value": 1}, headers=key)
    token_chain.shut(shut=False)

    accepted = client.post("/v1/tellings", json={"value": 1}, headers=key)

    assert (refused.status_code, accepted.status_code) == (422, 202)


def test_stored_answers_are_unreadable(served: Served) -> None:
    from sqlmodel import select as select_rows

    from api.idempotency import StoredAnswer

    served.client().post("/v1/tellings", json={"value": 77}, headers={"Idempotency-Key": "clear-text"})

    with served.gateway.database.session() as session:
        stored = session.exec(select_rows(StoredAnswer)).one()
    assert b"value" not in stored.body
    assert "clear-text" not in stored.key_hash


def test_malformed_key_is_refused(served: Served) -> None:
    refused = served.client().post("/v1/tellings", json={"value": 1}, headers={"Idempotency-Key": "x" * 256})

    assert (refused.status_code, refused.json()["error"]) == (422, "idempotency-key-malformed")


def test_waiting_answers_with_the_block(served: Served) -> None:
    answer = served.client().post("/v1/tellings", json={"value": 1}, headers={"Prefer": "respond-async, wait=60"})

    (transaction,) = answer.json()["transactions"]
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "wait"
    assert transaction["status"] == "mined"
    assert transaction["block_number"] > 0


def test_waiting_for_a_chain_that_makes_no_blocks_ends_in_time(served: Served, token_chain: TokenChain) -> None:
    token_chain.request("evm_setAutomine", False)

    answer = served.client().post("/v1/tellings", json={"value": 1}, headers={"Prefer": "wait=1"})

    assert answer.status_code == 202
    assert answer.elapsed.total_seconds() < 45  # a second, and what a busy machine needs; the most is a minute


def test_answer_after_waiting_is_the_one_that_is_repeated(served: Served) -> None:
    client, headers = served.client(), {"Prefer": "wait=60", "Idempotency-Key": "waited"}

    first = client.post("/v1/tellings", json={"value": 1}, headers=headers)
    again = client.post("/v1/tellings", json={"value": 1}, headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content


def test_contracts_refusal_is_a_problem_with_its_reason(served: Served) -> None:
    refused = served.client().post("/v1/tellings", json={"value": 0})

    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    body = refused.json()
    assert body["error"] == "payment-reference-missing"
    assert body["type"] == "urn:portolan:problem:payment-reference-missing"
    assert {"title", "status", "detail", "context", "instance"} <= set(body)


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("DELETE", "/v1/tellings", 405, "method-not-allowed"),
        ("POST", "/v1/tellings", 422, "request-invalid"),
        ("GET", "/v1/transactions/tx_unknown", 404, "transaction-unknown"),
        ("GET", "/v1/transactions?limit=0", 422, "query-invalid"),
    ],
)
def test_every_refusal_is_a_problem(served: Served, method: str, path: str, status: int, error: str) -> None:
    answer = served.client().request(method, path)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_what_nobody_foresaw_is_told_without_its_inside(served: Served) -> None:
    answer = served.client().post("/v1/tellings/broken", json={"value": 1, "comment": "31-7-12"})

    assert answer.status_code == 500
    assert answer.json()["error"] == "internal-error"
    assert "31-7-12" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-request-id"]


def test_body_beyond_the_limit_is_refused(served: Served) -> None:
    most = served.gateway.settings.largest_body_bytes

    answer = served.client().post("/v1/tellings", content=b"x" * (most + 1))

    assert (answer.status_code, answer.json()["error"]) == (413, "body-too-large")


def test_callers_request_id_is_kept_when_it_is_a_plain_word(served: Served) -> None:
    client = served.client()

    assert client.get("/healthz", headers={"X-Request-Id": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert client.get("/healthz", headers={"X-Request-Id": 'a"b'}).headers["x-request-id"] != 'a"b'


def test_transactions_of_others_are_not_shown(served: Served) -> None:
    (mine,) = served.client().post("/v1/tellings", json={"value": 1}).json()["transactions"]

    other, operator = served.client(lei=OTHER_LEI), served.client(lei=None)

    assert other.get(f"/v1/transactions/{mine['id']}").status_code == 404
    assert other.get("/v1/transactions").json()["items"] == []
    assert operator.get(f"/v1/transactions/{mine['id']}").json()["id"] == mine["id"]


def test_transactions_are_paged_from_the_newest(served: Served) -> None:
    client = served.client()
    ids = [client.post("/v1/tellings", json={"value": v}).json()["transactions"][0]["id"] for v in range(1, 6)]

    first = client.get("/v1/transactions?limit=3").json()
    rest = client.get(f"/v1/transactions?limit=3&cursor={first['next']}").json()

    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None


def test_gateway_is_ready_only_while_its_chain_answers(served: Served, token_chain: TokenChain) -> None:
    client = served.client()
    client.post("/v1/tellings", json={"value": 1}, headers={"Prefer": "wait=60"}).raise_for_status()
    ready = client.get("/readyz")
    token_chain.engine.stop()
    served.gateway.follower.head_seen = float("-inf")

    away, alive = client.get("/readyz"), client.get("/healthz")
    refused = client.post("/v1/tellings", json={"value": 1})

    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert (away.status_code, away.json()["checks"]["chain"]) == (503, False)
    assert alive.status_code == 200
    assert (refused.status_code, refused.json()["error"]) == (503, "node-unavailable")
    assert refused.headers["retry-after"]


def test_gateway_whose_rows_lack_an_event_is_not_ready(served: Served) -> None:
    client = served.client()
    client.post("/v1/tellings", json={"value": 1}, headers={"Prefer": "wait=60"}).raise_for_status()
    place = {"block_hash": "0x01", "log_index": 0, "block_number": 1, "transaction_hash": "0x02"}
    event = IndexedEvent(**place, contract="CashToken:EUR", name="Transfer", status="poison", error="ValueError")
    with served.gateway.database.transaction() as session:
        session.add(event)

    ready, metrics = client.get("/readyz"), client.get("/metrics")

    assert ready.status_code == 503
    assert (ready.json()["poison_events"], ready.json()["checks"]["rows"]) == (1, False)
    assert "portolan_indexer_poison_events_recorded 1.0" in metrics.text


def test_metrics_count_requests_and_transactions(served: Served) -> None:
    client = served.client()
    client.post("/v1/tellings", json={"value": 1}, headers={"Prefer": "wait=60"}).raise_for_status()

    text = client.get("/metrics").text

    assert 'portolan_http_requests_total{method="POST",route="/v1/tellings",status="201"} 1.0' in text
    assert 'portolan_transactions_settled_total{status="mined"} 1.0' in text
    assert "portolan_indexer_block" in text
