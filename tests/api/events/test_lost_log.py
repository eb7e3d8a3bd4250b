"""Events of a log that was lost, as after an older copy of the database was put back, are not taken for others."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from served import LEI, OTHER_LEI, Served, serve
from streamed import say

from api.db import Database
from api.events.events import leap
from api.events.router import router
from api.settings import Settings

BEGINNING = "evt_0000000000000000"
WAYS = ("list", "after", "header")
RESTORED_AT = 1_790_000_000


@pytest.fixture
def served(database: Database, database_url: str, settings_for: Callable[..., Settings]) -> Iterator[Served]:
    with serve(settings_for(database_url=database_url), [router]) as running:
        yield running


def restored(served: Served, at: float = RESTORED_AT) -> str:
    """The id of the event that says so."""
    with served.gateway.database.engine.begin() as connection:
        return f"evt_{leap(connection, at)[1]:016x}"


def ask(served: Served, way: str, after: str, lei: str = LEI) -> Any:
    with served.client(lei=lei) as client:
        if way == "list":
            return client.get("/v1/events", params={"after": after})
        if way == "after":
            return client.get("/v1/events/stream", params={"after": after, "seconds": "0"})
        return client.get("/v1/events/stream", params={"seconds": "0"}, headers={"Last-Event-ID": after})


def kept_by(answer: Any) -> str:
    """The last event that is left, as the refusal of a lost one names it."""
    assert (answer.status_code, answer.json()["error"]) == (410, "event-of-lost-log"), answer.text
    return str(answer.json()["context"]["last"])


def seen(served: Served, after: str, lei: str = LEI) -> list[tuple[str, str]]:
    answer = ask(served, "list", after, lei)
    assert answer.status_code == 200, answer.text
    return [(event["id"], event["type"]) for event in answer.json()["items"]]


@pytest.mark.parametrize("way", WAYS)
def test_event_beyond_the_log_is_refused_with_the_last_that_there_is(way: str, served: Served) -> None:
    told = say(served, 3)

    answer = ask(served, way, "evt_0000000000000004")

    assert kept_by(answer) == told[-1]
    assert answer.json()["context"]["id"] == "evt_0000000000000004"


@pytest.mark.parametrize("way", WAYS)
def test_event_of_the_lost_log_is_refused_however_far_the_new_one_has_come(way: str, served: Served) -> None:
    kept = say(served, 3)
    restored(served)
    say(served, 10)

    answer = ask(served, way, "evt_0000000000000004")

    assert kept_by(answer) == kept[-1]


@pytest.mark.parametrize("way", WAYS)
def test_beginning_of_an_empty_log_is_taken(way: str, served: Served) -> None:
    assert ask(served, way, BEGINNING).status_code == 200


@pytest.mark.parametrize("way", WAYS)
def test_event_of_others_is_a_place_in_the_log_as_well(way: str, served: Served) -> None:
    (foreign,) = say(served, 1, lei=OTHER_LEI)
    (mine,) = say(served, 1)

    answer = ask(served, way, foreign)

    assert answer.status_code == 200
    assert mine in answer.text


def test_all_whom_anything_was_told_are_told_once_where_the_log_goes_on(served: Served) -> None:
    (mine,) = say(served, 1)
    (foreign,) = say(served, 1, lei=OTHER_LEI)

    said = restored(served)
    after = say(served, 1)

    assert seen(served, mine) == [(said, "log.restored"), (after[0], "receivable.paid")]
    assert seen(served, foreign, OTHER_LEI) == [(said, "log.restored")]
    with served.client() as client:
        assert client.get(f"/v1/events/{said}").json()["body"] == {"last": foreign}


def test_no_event_has_an_id_that_one_had_in_a_log_lost_since(served: Served) -> None:
    """The same copy is put back twice: what the first of the two logs told is unknown to the second."""
    (kept,) = say(served, 1)
    with served.gateway.database.engine.connect() as copy:
        first, at = leap(copy, RESTORED_AT)[1], RESTORED_AT + 1
        copy.rollback()

    second = restored(served, at)

    assert int(second[4:], 16) - first > 1_000_000
    lost = ask(served, "list", f"evt_{first + 1:016x}")
    assert kept_by(lost) == kept


def test_clock_that_stands_still_gives_no_number_twice(served: Served) -> None:
    assert restored(served) < restored(served, RESTORED_AT - 5) < say(served, 1)[0]
