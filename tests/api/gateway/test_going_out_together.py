"""What one turn of the event loop has to say goes out together: answers to a connection, lines to the log, statements
to the database; and what is asked for most is found before the framework looks for it."""

import asyncio
import io
import threading
from typing import Any, cast

import pytest
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.types import Scope

from api.auth.principal import Principal
from api.gateway import Gateway
from api.logs import Lines
from api.protocol import Gathering
from api.straight import Straight, straight


class Wire:
    """A transport that remembers what the kernel would be given."""

    def __init__(self) -> None:
        self.sent: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.sent.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.sent


class Shown(BaseModel):
    name: str


def gathering(wire: Wire) -> Gathering:
    return Gathering(cast(asyncio.Transport, wire), asyncio.get_running_loop())


def test_head_and_body_are_one_write() -> None:
    async def answer(wire: Wire) -> None:
        transport = gathering(wire)
        transport.write(b"head ")
        transport.write(b"body")
        assert wire.sent == []
        await asyncio.sleep(0)
        transport.write(b"next")
        await asyncio.sleep(0)

    wire = Wire()
    asyncio.run(answer(wire))

    assert wire.sent == [b"head body", b"next"]


def test_what_was_written_before_the_end_is_sent_first() -> None:
    async def answer(wire: Wire) -> None:
        transport = gathering(wire)
        transport.write(b"last words")
        transport.close()
        assert transport.is_closing()
        await asyncio.sleep(0)

    wire = Wire()
    asyncio.run(answer(wire))

    assert wire.sent == [b"last words", "closed"]


class Counted(io.StringIO):
    writes = 0

    def write(self, text: str) -> int:
        self.writes += 1
        return super().write(text)


def test_lines_of_one_turn_are_one_write_and_keep_their_order() -> None:
    async def three(lines: Lines) -> None:
        for number in range(3):
            lines.msg(f"line {number}")
        await asyncio.sleep(0)

    stream = Counted()
    asyncio.run(three(Lines(stream)))

    assert (stream.getvalue(), stream.writes) == ("line 0\nline 1\nline 2\n", 1)


def test_line_of_a_thread_is_written_at_once_behind_what_waits() -> None:
    async def beside(lines: Lines, stream: io.StringIO) -> None:
        lines.msg("of the loop")
        thread = threading.Thread(target=lines.msg, args=("of the thread",))
        thread.start()
        thread.join()
        assert stream.getvalue() == "of the loop\nof the thread\n"

    stream = Counted()
    asyncio.run(beside(Lines(stream), stream))

    assert stream.getvalue() == "of the loop\nof the thread\n"


def say(lines: Lines, name: int) -> None:
    for number in range(200):
        lines.msg(f"{name} {number}")


def test_no_line_of_many_threads_is_lost() -> None:
    stream = io.StringIO()
    lines = Lines(stream)

    async def turns() -> None:
        for number in range(200):
            lines.msg(f"loop {number}")
            if number % 3 == 0:
                await asyncio.sleep(0)
        await asyncio.sleep(0)

    threads = [threading.Thread(target=say, args=(lines, n)) for n in range(3)]
    for thread in threads:
        thread.start()
    asyncio.run(turns())
    for thread in threads:
        thread.join()

    assert len(set(stream.getvalue().splitlines())) == 800


async def read(gateway: Gateway, principal: Principal, thing_id: str) -> bytes:
    return b"{}"


def scope(**other: Any) -> Scope:
    return {"type": "http", "method": "GET", "path": "/v1/things/7", "root_path": "", **other}


@pytest.fixture
def found_in() -> Straight:
    router = APIRouter(prefix="/v1/things")
    straight(router, "/{thing_id}", Shown, "See one thing", "things:read")(read)
    return Straight([router])


def test_route_is_found_with_its_parameter(found_in: Straight) -> None:
    asked = scope()

    route = found_in.found(asked)

    assert route is not None
    assert (asked["route"], asked["path_params"]) == (route, {"thing_id": "7"})


@pytest.mark.parametrize(
    "other",
    [
        {"method": "POST"},
        {"path": "/v1/things/"},
        {"path": "/v1/things"},
        {"path": "/v1/things/7/parts"},
        {"path": "/v2/things/7"},
        {"root_path": "/behind"},
    ],
)
def test_everything_else_is_left_to_the_framework(found_in: Straight, other: dict[str, Any]) -> None:
    asked = scope(**other)

    assert found_in.found(asked) is None
    assert "route" not in asked


@pytest.mark.parametrize("path", ["/{thing_id}/parts", "/{group}/{thing_id}", "/all"])
def test_path_that_cannot_be_found_in_front_is_refused(path: str) -> None:
    with pytest.raises(TypeError, match="its one parameter"):
        straight(APIRouter(prefix="/v1/things"), path, Shown, "See one thing", "things:read")(read)
