"""`portolan ask`: what it refuses before it asks, and what it makes of a gateway's answers."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from scripts.ask import CannotAsk, ask, picked

SECRET = "s3cret-of-the-client"


class Desk(BaseHTTPRequestHandler):
    """Gives tokens to one client, and tells what it was asked."""

    def do_GET(self) -> None:
        self._answer(200, {"items": [{"id": "row_1"}], "auth": self.headers["Authorization"]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/oauth/token":
            self._answer(200, {"access_token": "the-token"})
        elif self.path == "/v1/refused":
            context = {"id": "row_1", "problems": [{"where": "/body", "why": "closed"}]}
            self._answer(409, {"error": "row-closed", "detail": "Row 1 is closed.", "context": context})
        else:
            sent = {"type": self.headers["Content-Type"], "key": self.headers["Idempotency-Key"], "body": body.decode()}
            self._answer(201, sent)

    def _answer(self, status: int, told: object) -> None:
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on the test's screen."""


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def client(tmp_path: Path) -> Path:
    made = tmp_path / "client.json"
    made.write_text(json.dumps({"client_id": "client_1", "client_secret": SECRET, "lei": None}))
    made.chmod(0o600)
    return made


def asked(*words: object) -> Result:
    app = typer.Typer()
    app.command()(ask)
    return CliRunner().invoke(app, [str(word) for word in words])


def refused(*words: object) -> str:
    result = asked(*words)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert SECRET not in result.output
    return result.stderr


def test_client_that_is_missing_open_or_none_is_refused(tmp_path: Path, client: Path) -> None:
    assert "say who asks" in refused("GET", "/v1/rows")
    assert "No such file" in refused("GET", "/v1/rows", "--client", tmp_path / "absent.json")
    client.write_text(f'{{"client_secret": "{SECRET}"')
    assert "must be a JSON object with client_id" in refused("GET", "/v1/rows", "--client", client)
    client.chmod(0o644)
    assert f"can be read by others: chmod 600 {client}" in refused("GET", "/v1/rows", "--client", client)


def test_question_that_the_gateway_does_not_know_is_not_put(client: Path) -> None:
    as_client = ("--client", client, "--gateway", "http://127.0.0.1:9")

    assert "say GET, or POST" in refused("DELETE", "/v1/rows", *as_client)
    assert "say GET, or POST" in refused("GET", "/v1/rows", "{}", *as_client)
    assert "cannot be reached" in refused("GET", "/v1/rows", *as_client)


def test_body_that_is_no_json_is_refused(gateway: str, client: Path) -> None:
    assert "the body is not JSON" in refused("POST", "/v1/rows", "{a: 1}", "--client", client, "--gateway", gateway)


def test_refusal_is_told_with_its_reason_and_context(gateway: str, client: Path) -> None:
    told = refused("POST", "/v1/refused", "{}", "--client", client, "--gateway", gateway)

    assert told == "The gateway refused: 409 row-closed: Row 1 is closed.\n  id: row_1\n"


def test_what_is_not_in_the_answer_is_said_with_what_is() -> None:
    for name, why in (("other", "there is items"), ("items.1", "there is 1 rows"), ("items.0.x", "there is nothing")):
        with pytest.raises(CannotAsk, match=why):
            picked({"items": ["a"]}, name)


def test_answer_is_shown_picked_from_or_kept_for_the_owner_alone(gateway: str, client: Path, tmp_path: Path) -> None:
    who, kept = ("--client", client, "--gateway", gateway), tmp_path / "answer.json"

    shown = asked("GET", "/v1/rows", *who)
    part = asked("GET", "/v1/rows", *who, "--pick", "items.0.id")
    kept_at = asked("GET", "/v1/rows", *who, "--out", kept)

    assert json.loads(shown.stdout)["auth"] == "Bearer the-token"
    assert part.stdout == "row_1\n"
    assert kept_at.stdout == f"{kept.stat().st_size} bytes in {kept}\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_answer_that_has_no_place_is_not_asked_for(gateway: str, client: Path, tmp_path: Path) -> None:
    kept = tmp_path / "answer.json"
    kept.write_text("of before")

    told = refused("POST", "/v1/rows", "{}", "--client", client, "--gateway", "http://127.0.0.1:9", "--out", kept)
    refused("POST", "/v1/refused", "{}", "--client", client, "--gateway", gateway, "--out", tmp_path / "other.json")

    assert "File exists" in told
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["answer.json", "client.json"]


def test_refusal_is_told_once_with_the_figures_it_names(gateway: str, client: Path) -> None:
    told = refused("POST", "/v1/refused", "{}", "--client", client, "--gateway", gateway)

    assert "Row 1 is closed." in told
    assert "  id: row_1" in told
    assert "problems" not in told


def test_write_has_a_key_of_its_own_and_a_files_media_type(gateway: str, client: Path, tmp_path: Path) -> None:
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(b"%PDF")

    sent = [
        json.loads(asked("POST", "/v1/rows", body, "--client", client, "--gateway", gateway).stdout)
        for body in ('{"a": 1}', f"@{paper}")
    ]

    assert [one["type"] for one in sent] == ["application/json", "application/pdf"]
    assert [one["body"] for one in sent] == ['{"a": 1}', "%PDF"]
    assert len({one["key"] for one in sent}) == 2
