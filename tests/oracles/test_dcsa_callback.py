"""What carriers send: signed, whole and on disk, or refused with nothing stored."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
from base64 import b64encode
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from oracle_bench import Bench
from oracle_fakes import dcsa_departure
from oracle_nodes import DIED_BY_KILL, NodeProcess, until
from structlog.testing import capture_logs
from test_capture_crash import LoneHome
from test_oracles_updates import of_3

from oracles.checkpoints import DROP_POINTS, go_on
from oracles.dcsa.app import CALLBACKS, EVENTS
from oracles.dcsa.secrets import SecretUnusable, read_secret
from oracles.dcsa.signatures import signature
from oracles.http.clients import Clients
from oracles.http.door import Door
from oracles.http.settings import Right
from oracles.http.tokens import TokenFile
from oracles.metrics import Metrics
from oracles.services import Surroundings, interfaces
from oracles.settings import NodeSettings
from oracles.store.models import EventStatus

CALLBACK = f"{CALLBACKS}/callback"
SUBSCRIPTION = "b80d923d-e8ac-4c34-9506-55d3de347034"
KEY, NEXT_KEY = b"k" * 32, b"n" * 32
LIMIT = 20_000


def secret_file(path: Path, key: bytes, mode: int = 0o600) -> Path:
    path.write_text(b64encode(key).decode() + "\n")
    path.chmod(mode)
    return path


@dataclass
class Harbour:
    """A node that listens for carriers, asked without a socket."""

    bench: Bench
    tokens: TokenFile = field(init=False)
    door: Door = field(init=False)

    def __post_init__(self) -> None:
        folder = self.bench.folder
        self.tokens = TokenFile(folder / "tokens.json")
        subscription = {
            "name": "skager",
            "id": SUBSCRIPTION,
            "secret": secret_file(folder / "a.secret", KEY),
            "next_secret": secret_file(folder / "b.secret", NEXT_KEY),
        }
        self.bench.settings_changes |= {
            "http": {"tokens": self.tokens.path, "read_seconds": 0.3},
            "dcsa": {"schema": ["2.2", "3.0.0-2026-01"], "subscriptions": [subscription], "takes_events": True},
            "file_limit_bytes": LIMIT,
        }
        self.restart()

    def restart(self) -> None:
        self.bench.restart()
        settings, metrics = self.bench.settings, Metrics()
        around = Surroundings(settings, self.bench.database, go_on, metrics, None)
        assert settings.http is not None
        self.door = Door(list(interfaces(around)), Clients(settings.http), metrics)

    def ask(self, method: str, path: str, headers: Mapping[str, str], content: Any = None) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.door, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
                return await client.request(method, path, headers=dict(headers), content=content)

        return asyncio.run(send())

    def call(self, body: bytes, key: bytes = KEY, **changes: str | None) -> httpx.Response:
        """A callback; a header that is changed to None is left out."""
        headers: dict[str, str | None] = {
            "Content-Type": "application/json",
            "Subscription-ID": SUBSCRIPTION,
            "Notification-Signature": signature(key, body),
            "API-Version": "2.2.0",
        }
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        return self.ask("POST", CALLBACK, {name: value for name, value in headers.items() if value is not None}, body)

    def events(self, body: bytes, *rights: Right, **headers: str) -> httpx.Response:
        token = self.tokens.create(f"c{len(self.tokens.tokens())}", frozenset(rights)) if rights else "unknown"
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} | headers
        return self.ask("POST", f"{EVENTS}/events", sent, body)

    def stored(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.bench.settings.inbox.iterdir())]


@pytest.fixture
def harbour(tmp_path: Path) -> Harbour:
    return Harbour(Bench(tmp_path))


def refused(answer: httpx.Response, status: int, why: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
    assert why in answer.json()["detail"]
    assert answer.headers["API-Version"]


@pytest.mark.parametrize(
    ("changes", "status", "why"),
    [
        ({"Subscription_ID": "another"}, 401, "Subscription-ID is not known"),
        ({"Subscription_ID": None}, 400, "Subscription-ID must be there once"),
        ({"Notification_Signature": None}, 400, "Notification-Signature must be there once"),
        ({"Notification_Signature": "sha256=" + "0" * 64}, 401, "not that of this body"),
        ({"Notification_Signature": "sha512=" + "0" * 128}, 401, "must be sha256="),
        ({"Notification_Signature": "0" * 64}, 401, "must be sha256="),
        ({"Notification_Signature": ""}, 401, "must be sha256="),
        ({"Notification_Signature": signature(b"x" * 32, dcsa_departure())}, 401, "not that of this body"),
        ({"API_Version": "3.0.0"}, 400, "only 2 is taken"),
        ({"Content_Type": "text/plain"}, 415, "application/json"),
        ({"Content_Type": None}, 415, "application/json"),
        ({"Content_Type": "application/json; charset=utf-16"}, 415, "UTF-8"),
        ({"Content_Encoding": "gzip"}, 415, "not compressed"),
    ],
)
def test_callback_that_is_not_as_it_must_be_is_refused_and_nothing_stored(harbour, changes, status, why):
    refused(harbour.call(dcsa_departure(), **changes), status, why)
    assert harbour.stored() == []


def test_changed_byte_breaks_the_signature(harbour):
    body = dcsa_departure()
    stated = signature(KEY, body)
    for changed in (body + b" ", b" " + body, body.replace(b": ", b":"), body[:-1] + b"\n]"):
        refused(harbour.call(changed, Notification_Signature=stated), 401, "not that of this body")
    assert harbour.stored() == []


def test_body_that_is_too_long_is_refused_before_it_is_read(harbour):
    body = b"[" + b" " * LIMIT + b"]"
    refused(harbour.call(body), 413, f"{LIMIT} bytes")
    assert harbour.stored() == []


def test_body_that_is_too_slow_is_refused(harbour):
    async def drip() -> Any:
        yield b"["
        await asyncio.sleep(60)

    headers = {
        "Content-Type": "application/json",
        "Subscription-ID": SUBSCRIPTION,
        "Notification-Signature": signature(KEY, b"[]"),
    }
    refused(harbour.ask("POST", CALLBACK, headers, drip()), 408, "did not arrive")
    assert harbour.stored() == []


def test_empty_body_is_refused(harbour):
    refused(harbour.call(b""), 400, "no body")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_refused(harbour, method):
    refused(harbour.ask(method, CALLBACK, {}), 405, method)


def test_no_secret_and_no_body_is_in_a_log_line(harbour):
    with capture_logs() as logs:
        harbour.call(dcsa_departure(), Notification_Signature="sha256=" + "0" * 64)
        harbour.call(dcsa_departure())
    text = json.dumps(logs, default=str)

    assert b64encode(KEY).decode() not in text
    assert "PO-2026" not in text
    assert "callback refused" in text
    assert '"client": "subscription skager"' in text


def test_secret_that_goes_away_is_our_fault_and_raised(harbour):
    (harbour.bench.folder / "a.secret").unlink()
    with capture_logs() as logs:
        refused(harbour.call(dcsa_departure()), 500, "its log says more")

    assert next(line["event"] for line in logs if line.get("operator_action_required")) == "secret unusable"
    assert harbour.stored() == []


@pytest.mark.parametrize("key", [KEY, NEXT_KEY])
def test_signed_callback_is_on_disk_byte_for_byte_when_it_is_answered(harbour, key):
    body = dcsa_departure()
    answer = harbour.call(body, key)

    assert (answer.status_code, answer.content, answer.headers["API-Version"]) == (204, b"", "2.2.0")
    assert harbour.stored() == [body]
    harbour.bench.settle()
    assert harbour.bench.event.status == EventStatus.VOUCHED


def test_signature_may_be_in_capitals_and_the_version_left_out(harbour):
    body = dcsa_departure()
    stated = "sha256=" + signature(KEY, body).removeprefix("sha256=").upper()

    assert harbour.call(body, Notification_Signature=stated, API_Version=None).status_code == 204


def test_replaced_secret_is_good_at_once_and_the_old_one_is_not(harbour):
    secret_file(harbour.bench.folder / "a.secret", b"c" * 32)

    refused(harbour.call(dcsa_departure()), 401, "not that of this body")
    assert harbour.call(dcsa_departure(), b"c" * 32).status_code == 204


def test_replayed_callback_changes_nothing(harbour):
    body = dcsa_departure()
    for _ in range(3):
        assert harbour.call(body).status_code == 204
    assert harbour.stored() == [body]
    harbour.bench.settle()
    for _ in range(3):
        assert harbour.call(body).status_code == 204
    harbour.bench.settle()

    assert len(harbour.bench.events()) == len(harbour.bench.archived()) == 1
    assert len(harbour.bench.chain.counted) == 1


def test_bad_event_is_set_aside_alone(harbour):
    (good,) = json.loads(dcsa_departure())
    bad = good | {"eventDateTime": "yesterday"}
    assert harbour.call(json.dumps([bad, good]).encode()).status_code == 204
    harbour.bench.settle()

    assert harbour.bench.event.status == EventStatus.VOUCHED
    assert len(harbour.bench.quarantined()) == 2


def test_what_is_no_json_is_set_aside_with_its_reason(harbour):
    assert harbour.call(b"[{").status_code == 204
    harbour.bench.settle()

    (reason,) = harbour.bench.folder.glob("quarantine/*.reason.txt")
    assert "JSON" in reason.read_text()


def test_message_without_events_leaves_nothing(harbour):
    assert harbour.call(b"[]").status_code == 204
    assert harbour.stored() == []


def test_carrier_that_looks_whether_anybody_is_there_finds_somebody(harbour):
    answer = harbour.ask("HEAD", CALLBACK, {})

    assert (answer.status_code, answer.headers["API-Version"]) == (204, "2.2.0")


# 3.0


def test_events_of_3_are_taken_from_clients_that_may_send_them(harbour):
    body = json.dumps({"events": [of_3()]}).encode()
    refused(harbour.events(body), 401, "token")
    refused(harbour.events(body, Right.CAPTURE), 403, "may not events")
    refused(harbour.events(body, Right.EVENTS, **{"API-Version": "2"}), 400, "only 3 is taken")
    assert harbour.stored() == []

    answer = harbour.events(body, Right.EVENTS, **{"API-Version": "3.0.0"})

    assert (answer.status_code, answer.json(), answer.headers["API-Version"]) == (
        200,
        {"feedbackElements": []},
        "3.0.0",
    )
    harbour.bench.settle()
    assert harbour.bench.event.status == EventStatus.VOUCHED


# Settings and files


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (b"c2VjcmV0c2VjcmV0c2VjcmV0", 0o644, "others may read it (644)"),
        (b"c2VjcmV0c2VjcmV0c2VjcmV0", 0o620, "others may read it (620)"),
        (b"", 0o600, "one line"),
        (b"two words", 0o600, "one line"),
        (b"two\nlines", 0o600, "one line"),
        ("schlüssel".encode(), 0o600, "other signs"),
        (b"A" * 10_000, 0o600, "one line"),
    ],
)
def test_file_that_others_read_or_that_holds_no_secret_is_refused(tmp_path, content, mode, why):
    path = tmp_path / "x.secret"
    path.write_bytes(content)
    path.chmod(mode)

    with pytest.raises(SecretUnusable) as error:
        read_secret(path)

    assert why in str(error.value)
    assert content.decode() not in str(error.value) or not content


@pytest.mark.parametrize(("content", "why"), [("not Base64!", "Base64"), ("c2hvcnQ=", "has 5 bytes")])
def test_node_does_not_start_on_a_secret_that_signs_nothing(harbour, content, why):
    (harbour.bench.folder / "b.secret").write_text(content.replace(" ", "-"))

    with pytest.raises(SecretUnusable, match=why):
        harbour.restart()


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"schema": "2.3"}, "'2.3' is not one of 2.2, 3.0.0-beta-1"),
        ({"schema": []}, "at least 1 item"),
        ({"takes_events": True}, "must name the dialect of 3.0"),
        (
            {"subscriptions": [{"name": "a", "id": "1", "secret": "x"}, {"name": "b", "id": "1", "secret": "x"}]},
            "twice",
        ),
        ({"poll": [{"name": "a", "base_url": "http://carrier.example"}]}, "must be https"),
        ({"poll": [{"name": "a", "base_url": "https://u:p@carrier.example"}]}, "plain URL"),
        ({"poll": [{"name": "a", "base_url": "https://carrier.example?x=1"}]}, "plain URL"),
        ({"poll": [{"name": "A b", "base_url": "https://carrier.example"}]}, "name"),
        ({"poll": [{"name": "a", "base_url": "https://carrier.example", "api": "3.0"}]}, "must name"),
        ({"schema": "3.0.0-2026-06", "poll": [{"name": "a", "base_url": "https://carrier.example"}]}, "must name"),
    ],
)
def test_setting_that_cannot_be_is_refused(bench, table, why):
    bench.settings_changes["dcsa"] = table
    with pytest.raises(ValueError, match=why):
        _ = bench.settings


def test_callbacks_need_a_listener_but_no_clients(harbour):
    changes = harbour.bench.settings_changes
    with pytest.raises(ValueError, match=r"'dcsa'.*\[http\]"):
        Bench(harbour.bench.folder, settings_changes={"dcsa": changes["dcsa"]})
    quiet = {"http": {}, "dcsa": dict(changes["dcsa"], takes_events=False)}

    assert isinstance(Bench(harbour.bench.folder, settings_changes=quiet).settings, NodeSettings)


# Over a socket, with real processes


LISTENING = f"""
[http]
listen = "127.0.0.1:0"

[[dcsa.subscriptions]]
name = "skager"
id = "{SUBSCRIPTION}"
secret = "a.secret"
"""


@pytest.fixture
def home(tmp_path: Path) -> LoneHome:
    home = LoneHome(tmp_path)
    home.write()
    secret_file(tmp_path / "a.secret", KEY)
    with home.config.open("a") as file:
        file.write(LISTENING)
    return home


def post(process: NodeProcess, body: bytes) -> int:
    (line,) = process.wait_for("listening")
    headers = {
        "Content-Type": "application/json",
        "Subscription-ID": SUBSCRIPTION,
        "Notification-Signature": signature(KEY, body),
    }
    with httpx.Client(base_url=line["url"], trust_env=False, timeout=120) as client:
        try:
            return client.post(CALLBACK, content=body, headers=headers).status_code
        except httpx.TransportError:
            return 0


def events_in(home: LoneHome) -> int:
    with closing(sqlite3.connect(f"file:{home.folder / 'node.db'}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT COUNT(*) FROM event").fetchone()[0])


def test_acknowledged_callbacks_survive_sigkill(home):
    for number in range(4):
        process = NodeProcess(home)
        assert post(process, dcsa_departure(order=f"PO-{number}")) == 204
        assert process.signal(signal.SIGKILL) == DIED_BY_KILL

    process = NodeProcess(home)
    until(lambda: events_in(home) == 4)
    process.end()
    assert events_in(home) == 4


@pytest.mark.parametrize("point", sorted(DROP_POINTS))
def test_callback_that_died_on_arrival_may_be_sent_again(home, point):
    body = dcsa_departure()
    process = NodeProcess(home, ("--die-at", point))
    assert post(process, body) == 0
    assert process.wait_for_death() == DIED_BY_KILL

    process = NodeProcess(home)
    assert post(process, body) == 204
    until(lambda: events_in(home) == 1 and len(list((home.folder / "archive").iterdir())) == 1)
    process.end()

    assert events_in(home) == 1
    assert [path.read_bytes() for path in (home.folder / "archive").iterdir()] == [body]
