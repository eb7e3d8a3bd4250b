"""How much one organisation may ask, how long a request may take, how deep a body may be; what every answer carries."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from door import LEI, OTHER_LEI, Door
from hypothesis import given, settings
from hypothesis import strategies as st
from served import serve

from api.auth.principal import Principal
from api.auth.scopes import ORGANISATION_SCOPES
from api.errors import Malformed
from api.json_body import parsed
from api.limits import FAILED_PROOFS_BURST, Buckets, LimitSettings
from api.protocol import PatientProtocol
from api.settings import Settings

SLOW = {"requests_per_second": 0.01, "burst": 3}


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 3)), max_size=60))
def test_bucket_never_gives_more_than_burst_and_rate_allow(steps: list[tuple[float, int]]) -> None:
    now = 0.0
    bucket = Buckets(per_second=2.0, burst=5, clock=lambda: now)
    given_out = 0

    for pause, cost in steps:
        now += pause
        left = bucket.take("x", cost)
        given_out += cost if left.taken else 0
        assert given_out <= 5 + 2.0 * now + 1e-6
        assert 0 <= left.remaining <= 5
        if not left.taken:
            now += left.next_seconds
            assert bucket.take("x", cost).taken
            given_out += cost


def stop_clock(buckets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the machine takes between two requests, nothing is refilled."""
    now = time.monotonic()
    monkeypatch.setattr(buckets, "_clock", lambda: now)


def test_requests_beyond_the_limit_are_refused_with_when_to_go_on(
    door_with: Callable[..., Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    door = door_with(limits=SLOW)
    stop_clock(door.gateway.limit._buckets, monkeypatch)
    answers = [door.http.get("/v1/clients", headers=door.speaks()) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit"] for answer in answers[:2]] == [
        '"organisation";r=2;t=100',
        '"organisation";r=1;t=200',
    ]
    refused = answers[3]
    assert refused.headers["ratelimit-policy"] == '"organisation";q=3;w=300'
    assert refused.json()["error"] == "rate-limited"
    assert int(refused.headers["retry-after"]) == refused.json()["context"]["seconds"] == 100


def test_one_organisations_limit_is_not_anothers(door_with: Callable[..., Door]) -> None:
    door = door_with(limits=SLOW)
    for _ in range(4):
        door.http.get("/v1/clients", headers=door.speaks())

    assert door.http.get("/v1/clients", headers=door.speaks()).status_code == 429
    assert door.http.get("/v1/clients", headers=door.speaks(lei=OTHER_LEI)).status_code == 200
    assert door.http.get("/healthz").status_code == 200


def test_limit_can_be_left_away(door_with: Callable[..., Door]) -> None:
    door = door_with(limits={"requests_per_second": 0, "burst": 1})

    answers = [door.http.get("/v1/clients", headers=door.speaks()) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit" not in answers[0].headers


def test_who_guesses_secrets_is_made_to_wait(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(door.gateway.failed_proofs, monkeypatch)
    client = door.make()
    guesses = [door.ask({}, (client.client_id, "")) for _ in range(2)]
    caller = "testclient"
    for _ in range(FAILED_PROOFS_BURST):
        door.gateway.failed_proofs.take(caller)

    refused = door.ask({}, (client.client_id, client.client_secret))

    assert [guess.status_code for guess in guesses] == [401, 401]
    assert (refused.status_code, refused.json()["error"]) == (429, "rate-limited")
    assert int(refused.headers["retry-after"]) >= 1


def test_every_answer_carries_what_keeps_browsers_from_mischief(door: Door) -> None:
    for answer in (
        door.http.get("/healthz"),
        door.http.get("/v1/clients"),
        door.http.get("/v1/clients", headers=door.speaks()),
        door.http.get("/nowhere"),
        door.ask({}),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] in ("no-store", "private, no-cache")
        assert answer.headers["strict-transport-security"]
    assert door.http.get("/.well-known/jwks.json").headers["cache-control"] == "max-age=300"
    assert "content-security-policy" not in door.http.get("/docs").headers


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"scopes": ' + b"[" * 40 + b"]" * 40 + b"}", "json-too-deep"),
        (b'{"scopes": ' + b"[" * 32 + b"]" * 32 + b"}", "json-too-deep"),
        (b'{"jwks": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}", "json-too-deep"),
        (b'{"name": NaN}', "json-invalid"),
        (b'{"name": ' + b"9" * 10_000 + b"}", "json-invalid"),
        (b'{"name": "\\u0000"}', "text-invalid"),
        (b'{"name": "\\ud800"}', "text-invalid"),
        (b'{"jwks": {"\\ud800": 1}}', "text-invalid"),
        (b'{"name": "\xff"}', "json-invalid"),
        (b'{"name": ', "request-invalid"),
    ],
)
def test_body_that_something_behind_would_choke_on_is_refused(door: Door, body: bytes, error: str) -> None:
    headers = {**door.speaks(), "Content-Type": "application/json"}

    answer = door.http.post("/v1/clients", content=body, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (422, error)
    assert answer.headers["content-type"] == "application/problem+json"


_VALUES = st.recursive(
    st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


def _depth(value: Any) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def _holds_nul(value: Any) -> bool:
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return (isinstance(value, str) and "\x00" in value) or any(map(_holds_nul, inner))


@settings(deadline=None)
@given(_VALUES)
def test_body_is_read_as_json_reads_it_or_refused(value: Any) -> None:
    body = json.dumps(value).encode()
    hostile = _holds_nul(value) or _depth(value) > 4

    if hostile:
        with pytest.raises(Malformed):
            parsed(body, 4)
    else:
        assert parsed(body, 4) == value


def test_address_with_nul_is_refused(door: Door) -> None:
    for path in ("/v1/clients/a%00b", "/v1/clients?lei=%00"):
        answer = door.http.get(path, headers=door.speaks())
        assert (answer.status_code, answer.json()["error"]) == (422, "text-invalid")


class Impatient(PatientProtocol):
    head_seconds = 0.3
    largest_head_bytes = 4_096


@pytest.fixture
def address(settings_for: Callable[..., Settings], database: Any, database_url: str, monkeypatch: Any) -> Any:
    """Where a gateway listens that is in a hurry."""
    monkeypatch.setattr("served.PatientProtocol", Impatient)
    limits = {"request_seconds": 0.3, "body_seconds": 0.6}  # for bodies that stop: others come in one piece
    with serve(settings_for(database_url=database_url, limits=limits)) as served:
        yield served, (httpx.URL(served.url).host, httpx.URL(served.url).port)


def _answer(connection: socket.socket) -> bytes:
    connection.settimeout(120)
    received = b""
    while part := connection.recv(65_536):
        received += part
    return received


def test_connection_that_sends_no_head_in_time_is_closed(address: Any) -> None:
    for begun in (b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"):
        with socket.create_connection(address[1]) as connection:
            connection.sendall(begun)
            assert _answer(connection).startswith(b"HTTP/1.1 408 ")


def test_head_that_comes_drop_by_drop_is_not_waited_for(address: Any) -> None:
    with socket.create_connection(address[1]) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        with pytest.raises(OSError, match=r"pipe|reset"):
            _drip(connection)


def _drip(connection: socket.socket) -> None:
    """For longer than any machine needs to look up, and less than a head may hold."""
    for _ in range(500):
        connection.sendall(b"X-A: b\r\n")
        time.sleep(0.1)


def test_head_beyond_the_size_is_refused(address: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Impatient, "head_seconds", 60.0)  # its second half may come late
    with socket.create_connection(address[1]) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nX-Long: " + b"a" * 3_000)
        connection.sendall(b"a" * 3_000)
        assert _answer(connection).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("path", ["/v1/tellings", "/oauth/token"])
def test_body_that_stops_is_not_waited_for(address: Any, path: str) -> None:
    served, where = address
    principal = Principal("client_test", LEI, ORGANISATION_SCOPES)
    bearer = served.gateway.tokens.issue(principal)  # by itself: one that is asked for may be asked for too slowly
    token = f"Authorization: Bearer {bearer}\r\n" if path != "/oauth/token" else ""
    kind = "application/json" if path != "/oauth/token" else "application/x-www-form-urlencoded"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{token}Content-Type: {kind}\r\nContent-Length: 100\r\n\r\n"
    with socket.create_connection(where) as connection:
        connection.sendall(head.encode() + b'{"value"')
        assert _answer(connection).startswith(b"HTTP/1.1 408 ")


def test_connection_is_kept_between_requests(address: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is for heads that were begun, not for pauses between requests."""
    monkeypatch.setattr(Impatient, "head_seconds", 4.0)
    served, _ = address
    with httpx.Client(base_url=served.url, timeout=120, trust_env=False) as client:
        assert client.get("/healthz").status_code == 200
        time.sleep(4.5)
        assert client.get("/healthz").status_code == 200


def test_settings_of_limits_are_checked() -> None:
    with pytest.raises(ValueError, match="greater than or equal"):
        LimitSettings(requests_per_second=-1)
