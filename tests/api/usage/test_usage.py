"""/v1/usage: what each organisation asked, counted off the path of its requests."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from door import LEI, OTHER_LEI, Door

from api.db import Database, utc_now
from api.documents.models import Document
from api.transactions.models import Transaction
from api.usage.counting import UsageCounter
from api.usage.repository import counts


def shown(door: Door, headers: dict[str, str], **query: str) -> Any:
    door.gateway.usage.store()
    answer = door.http.get("/v1/usage", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def operations(day: Any) -> dict[str, tuple[int, int, int]]:
    return {row["operations"]: (row["requests"], row["writes"], row["refused"]) for row in day["operations"]}


def test_requests_writes_and_refusals_are_counted(door: Door) -> None:
    for _ in range(3):
        door.http.get("/v1/clients", headers=door.speaks())
    door.http.post("/v1/clients", json={}, headers=door.speaks())
    door.http.get("/v1/clients/nobody", headers=door.speaks())
    door.http.get("/v1/clients")

    (day,) = shown(door, door.speaks())["items"]

    assert operations(day)["clients"] == (5, 1, 1)
    assert day["day"] == utc_now().date().isoformat()
    assert operations(shown(door, door.speaks())["items"][0])["usage"] == (1, 0, 0)


def test_requests_beyond_the_limit_count_as_refused(door_with: Callable[..., Door]) -> None:
    door = door_with(limits={"requests_per_second": 0.01, "burst": 2})
    for _ in range(5):
        door.http.get("/v1/clients", headers=door.speaks())

    (day,) = shown(door, door.speaks("operator", "usage:read", lei=None), lei=LEI)["items"]

    assert operations(day) == {"clients": (5, 0, 3)}


def test_transactions_gas_and_documents_are_those_of_their_own_day(door: Door) -> None:
    yesterday = utc_now() - timedelta(days=1)
    sent: dict[str, Any] = {"signer": "s", "sender": "0x", "purpose": "p", "to_address": "0x", "data": b""}
    rows = ((100, utc_now(), LEI), (50, yesterday, LEI), (None, yesterday, LEI), (7, yesterday, OTHER_LEI))
    with door.gateway.database.transaction() as session:
        for gas, at, lei in rows:
            session.add(Transaction(**sent, function="f", gas=1, gas_used=gas, owner_lei=lei, created_at=at))
        for cid in ("b1", "b2"):
            filed = Document(cid=cid, owner_lei=LEI, media_type="x", length_bytes=11, sha256="", created_at=yesterday)
            session.add(filed)

    days = {day["day"]: day for day in shown(door, door.speaks())["items"]}

    told = [days[moment.date().isoformat()] for moment in (utc_now(), yesterday)]
    figures = [(day["transactions"], day["gas_used"]) for day in told]
    assert figures == [(1, 100), (2, 50)]
    assert days[yesterday.date().isoformat()]["document_bytes"] == 22


def test_usage_of_others_is_not_told(door: Door) -> None:
    door.http.get("/v1/clients", headers=door.speaks())
    door.gateway.usage.store()

    hidden = door.http.get("/v1/usage", params={"lei": LEI}, headers=door.speaks(lei=OTHER_LEI))

    assert (hidden.status_code, hidden.json()["error"]) == (404, "organisation-unknown")
    (day,) = shown(door, door.speaks(lei=OTHER_LEI))["items"]
    assert operations(day) == {"usage": (1, 0, 1)}
    assert shown(door, door.speaks("operator", "usage:read", lei=None), lei=LEI)["lei"] == LEI


@pytest.mark.parametrize(("first", "last"), [("2026-02-01", "2026-01-01"), ("2024-01-01", "2026-01-01")])
def test_days_out_of_range_are_refused(door: Door, first: str, last: str) -> None:
    refused = door.http.get("/v1/usage", params={"from": first, "to": last}, headers=door.speaks())

    assert (refused.status_code, refused.json()["error"]) == (422, "days-out-of-range")


def test_processes_add_to_one_sum_and_nothing_is_lost_while_the_database_is_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = UsageCounter(database), UsageCounter(database)
    for counter in (one, other, one):
        counter.add(LEI, "invoices", "POST", 201)

    def away(*_: Any) -> None:
        raise OSError("no connection")

    with monkeypatch.context() as patched:
        patched.setattr(database, "run", away)
        with pytest.raises(OSError, match="no connection"):
            one.store()
    one.add(LEI, "invoices", "GET", 200)
    one.store()
    other.store()
    one.store()

    with database.session() as session:
        (row,) = counts(session, LEI, date(2026, 1, 1), utc_now().date())
    assert (row.requests, row.writes, row.refused) == (4, 3, 0)
