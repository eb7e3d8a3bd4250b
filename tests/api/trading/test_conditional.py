"""Conditional requests: what a client has already is not sent again, and what has changed under it is not written."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from refusing import refused, traces
from trading import LADDER, WAIT, Desk, Trading, await_indexer, eur, invoice

pytestmark = pytest.mark.node


def ask(desk: Desk, path: str, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return desk.client.get(path, headers={**desk.headers, **named})


@pytest.fixture(scope="module")
def facility(trading: Trading) -> str:
    trading.network.mine_at_once()
    made: str = trading.grant()["id"]
    trading.sell(invoice())
    await_indexer(trading.gateway, trading.chain)
    return f"/v1/facilities/{made}"


@pytest.mark.parametrize(
    "path", ["{facility}", "/v1/facilities", "/v1/receivables", "/v1/pools/EUR", "/v1/participants"]
)
def test_answer_that_the_client_has_is_not_sent_again(path: str, trading: Trading, facility: str) -> None:
    at = path.format(facility=facility)
    first = ask(trading.operator, at)

    again = ask(trading.operator, at, If_None_Match=f'"other", {first.headers["etag"]}')
    weakened = ask(trading.operator, at, If_None_Match=f"W/{first.headers['etag']}")
    other = ask(trading.operator, at, If_None_Match='"other"')

    assert (again.status_code, again.content) == (304, b"")
    assert weakened.status_code == 304
    assert (other.status_code, other.content) == (200, first.content)
    for answer in (first, again):
        assert answer.headers["etag"] == first.headers["etag"]
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["vary"] == "Authorization"


def test_document_is_not_sent_again(trading: Trading, facility: str) -> None:
    (sold, *_) = trading.operator.get("/v1/invoices")["items"]
    first = ask(trading.operator, f"/v1/documents/{sold['document_cid']}")

    assert ask(trading.operator, str(first.url.path), If_None_Match=first.headers["etag"]).status_code == 304


def test_refusals_and_writes_are_not_kept(trading: Trading, facility: str) -> None:
    absent = ask(trading.operator, "/v1/facilities/999", If_None_Match="*")
    written = trading.operator.post(f"{facility}/line", {"limit": eur(20_000_000)}, Prefer="wait=60")

    assert (absent.status_code, absent.headers["cache-control"]) == (404, "no-store")
    assert (written.status_code, written.headers["cache-control"]) == (201, "no-store")


def test_write_meant_for_a_state_that_has_passed_changes_nothing(trading: Trading, facility: str) -> None:
    old = ask(trading.operator, facility).headers["etag"]
    trading.operator.write(f"{facility}/line", {"limit": eur(30_000_000)})
    before = traces(trading)

    problem = refused(
        trading.operator.post(f"{facility}/line", {"limit": eur(1)}, **{"If-Match": old}), 412, "precondition-failed"
    )

    assert problem["context"]["etag"] == ask(trading.operator, facility).headers["etag"] != old
    assert traces(trading) == before


def test_write_meant_for_the_present_state_is_made_and_its_repetition_answered(trading: Trading, facility: str) -> None:
    now = ask(trading.operator, facility).headers["etag"]
    sent = {"If-Match": now, "Idempotency-Key": str(uuid.uuid4()), "Prefer": "wait=60"}

    first = trading.operator.post(f"{facility}/line", {"limit": eur(40_000_000)}, **sent)
    again = trading.operator.post(f"{facility}/line", {"limit": eur(40_000_000)}, **sent)

    assert first.status_code == 201, first.text
    assert first.json()["facility"]["limit"] == eur(40_000_000)
    assert (again.status_code, again.content) == (201, first.content)


def test_any_state_is_named_by_a_star(trading: Trading, facility: str) -> None:
    present = trading.operator.post(f"{facility}/ladders", {"receivable": LADDER}, **{"If-Match": "*", **WAIT})
    absent = trading.operator.post("/v1/facilities/999/line", {"limit": eur(1)}, **{"If-Match": "*"})

    assert present.status_code == 201, present.text
    refused(absent, 404, "facility-absent")


def test_state_of_what_has_none_cannot_be_named(trading: Trading, facility: str) -> None:
    body = {"facility_id": "1", "receivable_id": "0x" + "77" * 32}

    refused(trading.desks["supplier"].post("/v1/financings", body, **{"If-Match": "*"}), 412, "precondition-impossible")


def test_writes_meant_for_one_state_at_once_are_made_or_refused(trading: Trading, facility: str) -> None:
    """Until the gateway has read the block of the first, its facility is as all of them say."""
    now = ask(trading.operator, facility).headers["etag"]

    def change(units: int) -> int:
        sent = {"If-Match": now, "Prefer": "wait=60"}
        return int(trading.operator.post(f"{facility}/line", {"limit": eur(units)}, **sent).status_code)

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(change, range(50_000_001, 50_000_005)))

    assert set(statuses) <= {201, 412}
    assert 201 in statuses
