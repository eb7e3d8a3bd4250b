"""What /v1/webhooks refuses before it asks the database for anything of its own: on SQLite only."""

from pathlib import Path
from typing import Any

import pytest
from hook_door import BODY, Door, refused
from receiving import OTHER_LEI


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'gateway.db'}"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"url": "http://10.0.0.1/hook"}, "target-refused"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "target-refused"),
        ({"url": "http://[::1]/hook"}, "target-refused"),
        ({"url": "ftp://127.0.0.1/hook"}, "target-refused"),
        ({"url": "https://name:word@127.0.0.1/hook"}, "target-refused"),
        ({"url": ""}, "request-invalid"),
        ({"types": []}, "request-invalid"),
        ({"types": ["receivable.exploded"]}, "event-type-unknown"),
        ({"types": ["*", "moon.*"]}, "event-type-unknown"),
        ({"secret": "mine"}, "request-invalid"),
        ({"description": "x" * 201}, "request-invalid"),
    ],
)
def test_malformed_webhook_is_refused(door: Door, change: dict[str, Any], error: str) -> None:
    refused(door.ask("POST", "/v1/webhooks", {**BODY, **change}), 422, error)

    assert door.get("/v1/webhooks")["items"] == []


def test_types_beyond_the_token_are_refused(door: Door) -> None:
    scopes = frozenset({"webhooks:write", "receivables:read"})

    answer = door.ask("POST", "/v1/webhooks", {**BODY, "types": ["financing.drawn"]}, scopes=scopes)

    assert refused(answer, 403, "scope-missing")["context"] == {"missing": ["financings:read"]}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"enabled": False}),
        ("DELETE", "", None),
        ("POST", "/secret", {}),
        ("POST", "/ping", None),
        ("GET", "/deliveries", None),
        ("GET", "/deliveries/1", None),
        ("POST", "/deliveries/1/replay", None),
        ("POST", "/replays", {"first": "evt_0000000000000001"}),
    ],
)
def test_webhook_of_others_is_as_absent_as_none(door: Door, method: str, path: str, body: Any) -> None:
    hook = door.hook(BODY["url"])
    missing = "wh_" + "0" * 24

    hidden = refused(door.ask(method, f"/v1/webhooks/{hook['id']}{path}", body, lei=OTHER_LEI), 404, "webhook-absent")
    absent = refused(door.ask(method, f"/v1/webhooks/{missing}{path}", body, lei=OTHER_LEI), 404, "webhook-absent")

    assert hidden["detail"].replace(hook["id"], missing) == absent["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"first": "17"},
        {"first": "evt_0000000000000001", "last": "x"},
        {},
    ],
)
def test_malformed_replay_is_refused(door: Door, body: dict[str, Any]) -> None:
    hook = door.hook(BODY["url"])

    refused(door.ask("POST", f"/v1/webhooks/{hook['id']}/replays", body), 422, "request-invalid")
