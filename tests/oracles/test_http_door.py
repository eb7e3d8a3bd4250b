"""Several interfaces behind one listener: whose request it is, who gets to which, and what is told of failures."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from oracles.http.apps import new_app
from oracles.http.bodies import read_body
from oracles.http.clients import Clients
from oracles.http.door import Door
from oracles.http.interfaces import Interface, Limits
from oracles.http.problems import Forbidden
from oracles.http.server import MOST_CONNECTIONS, serving
from oracles.http.settings import HttpSettings, Right
from oracles.http.tokens import TokenFile
from oracles.metrics import Metrics


def interface(name: str, prefix: str, *, knows_senders: bool = False, **more) -> Interface:
    """Says whose request it was; `/fails` below it does what it says, `/body` reads at most ten bytes."""
    app = new_app(name)

    async def fails(request: Request):
        raise LookupError("/var/lib/node")

    async def refuses(request: Request):
        raise Forbidden("not you")

    async def body(request: Request):
        data = await read_body(request, Limits(10, 5))
        return PlainTextResponse(data)

    async def says(request: Request):
        client = getattr(request.state, "client", None)
        return PlainTextResponse(f"{name} {request.url.path} {client.name if client else 'nobody'}")

    app.add_api_route(f"{prefix}/fails", fails, methods=["GET", "POST"])
    app.add_api_route(f"{prefix}/refuses", refuses, methods=["GET"])
    app.add_api_route(f"{prefix}/body", body, methods=["POST"])
    app.add_api_route(prefix or "/at", says, methods=["GET"])
    app.add_api_route(f"{prefix}/at/{{rest:path}}", says, methods=["GET"])
    return Interface(name, prefix, app, knows_senders=knows_senders, **more)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def settings(tmp_path: Path) -> HttpSettings:
    return HttpSettings(listen="127.0.0.1:0", tokens=tmp_path / "tokens.json")


@pytest.fixture
def token(settings) -> str:
    return TokenFile(settings.tokens).create("wms", frozenset(Right))


ALL = (
    interface("root", "", problem_types={401: "example:who", 404: "example:none"}, headers={"X-Root": "1"}),
    interface("signed", "/signed", knows_senders=True),
    interface("long", "/signed/at/longer"),
)


@pytest.fixture
def ask(settings, metrics):
    def asked(path: str, method: str = "GET", among=ALL, token: str = "", content: bytes | None = None):
        door = Door(among, Clients(settings), metrics)
        headers = {"Authorization": f"Bearer {token}"} if token else {}

        async def send():
            transport = httpx.ASGITransport(door, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
                return await client.request(method, path, headers=headers, content=content)

        return asyncio.run(send())

    return asked


@pytest.mark.parametrize("path", ["/at", "/", "/signed2", "/signedx/at", "/%73ignex", "//signed", "/signed/at/longer"])
def test_stranger_gets_to_no_interface_that_leaves_it_to_the_door(ask, path):
    assert ask(path).status_code == 401


def test_wrong_token_does_not_matter_where_the_sender_is_known_by_other_means(ask):
    assert ask("/signed", token="wrong").text == "signed /signed nobody"


@pytest.mark.parametrize("path", ["/else", "/", "/papers"])
def test_path_of_no_interface_is_told_to_everybody(ask, token, path):
    for sent in ("", token):
        answer = ask(path, among=ALL[1:], token=sent)

        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "about:blank"


@pytest.mark.parametrize("path", ["/at/../signed/fails", "/signed/..%2fat", "/signed/../at"])
def test_path_is_taken_as_it_stands(ask, path):
    """What the door takes for the signed interface must not be routed to another by anything behind it."""
    answer = ask(path.replace("..", "%2e%2e"))

    assert answer.status_code in (401, 404)


def test_method_and_path_that_an_interface_lacks_are_problems(ask, token):
    assert ask("/at", "DELETE", token=token).json()["status"] == 405
    assert ask("/none", token=token).json()["type"] == "example:none"
    assert ask("/signed/none").json()["type"] == "about:blank"


def test_each_interface_names_refusals_in_its_own_way(ask):
    assert ask("/at").json()["type"] == "example:who"
    assert ask("/signed/at/longer").json()["type"] == "about:blank"
    assert ask("/at").headers["x-root"] == "1"
    assert "x-root" not in ask("/signed").headers


def test_refusal_ends_the_connection_when_a_body_may_follow(ask):
    assert ask("/at", "POST").headers["connection"] == "close"
    assert "connection" not in ask("/at").headers


def test_failure_of_an_interface_is_told_without_its_inside(ask, token, capsys):
    answer = ask("/fails", token=token)

    assert answer.status_code == 500
    assert answer.json()["title"] == "The node failed"
    assert "var/lib" not in answer.text
    assert "LookupError" in capsys.readouterr().out


def test_failure_of_an_application_that_answers_nothing_is_a_problem_too(ask):
    async def fails(scope, receive, send):
        raise LookupError("/var/lib/node")

    answer = ask("/x", among=[Interface("bare", "", fails, knows_senders=True)])

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "var/lib" not in answer.text


def test_body_is_bounded(ask, token):
    assert ask("/body", "POST", token=token, content=b"x" * 11).json()["title"] == "More than may be sent at once"
    assert ask("/body", "POST", token=token, content=b"").json()["status"] == 400
    assert ask("/body", "POST", token=token, content=b"x" * 10).text == "x" * 10


def test_requests_go_to_the_longest_prefix(ask, token):
    assert ask("/at", token=token).text == "root /at token wms"
    assert ask("/signed").text == "signed /signed nobody"
    assert ask("/signed/at/short").text == "signed /signed/at/short nobody"
    assert ask("/signed/at/longer", token=token).text == "long /signed/at/longer token wms"


def test_requests_are_counted_by_interface(ask, metrics, token):
    ask("/at", token=token)
    ask("/signed/refuses")
    ask("/none/at", "BREW", among=ALL[1:])

    counted = {
        tuple(sample.labels.values()): sample.value
        for sample in next(iter(metrics.requests.collect())).samples
        if sample.name.endswith("_total")
    }
    assert counted == {("root", "GET", "200"): 1, ("signed", "GET", "403"): 1, ("none", "other", "404"): 1}


def test_all_interfaces_listen_at_one_address(settings, metrics, token):
    headers = {"Authorization": f"Bearer {token}"}
    with (
        serving(settings, ALL, metrics) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=120) as client,
    ):
        assert client.get("/signed").text == "signed /signed nobody"
        assert client.get("/at", headers=headers).text == "root /at token wms"
        assert client.get("/at").status_code == 401


# Many connections


@pytest.fixture
def served(settings, metrics) -> Iterator[tuple[str, int]]:
    with serving(settings, ALL, metrics) as url:
        host, port = url.removeprefix("http://").split(":")
        yield host, int(port)


def test_silent_connections_keep_nobody_out(served):
    with ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS * 2):
            stack.enter_context(socket.create_connection(served, 20))
        answers = [httpx.get("http://{}:{}/signed".format(*served), trust_env=False, timeout=120) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3


def test_request_under_way_does_not_give_way_to_silent_connections(served):
    with ExitStack() as stack:
        busy = stack.enter_context(socket.create_connection(served, 20))
        busy.sendall(b"POST /signed/body HTTP/1.1\r\nHost: node\r\nContent-Length: 2\r\nConnection: close\r\n\r\na")
        # The answer to a later one says that this one was begun.
        assert httpx.get("http://{}:{}/signed".format(*served), trust_env=False, timeout=120).status_code == 200
        for _ in range(MOST_CONNECTIONS * 2):
            stack.enter_context(socket.create_connection(served, 20))
        assert httpx.get("http://{}:{}/signed".format(*served), trust_env=False, timeout=120).status_code == 200
        busy.sendall(b"b")
        answer = b"".join(iter(lambda: busy.recv(65_536), b""))

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"ab")
