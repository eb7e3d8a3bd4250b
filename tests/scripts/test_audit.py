"""The audit of the locked packages, against an advisory service of the test's own."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scripts.proof.audit import CLEAN, NOT_ASKED, WEAK, run_command

ADVISORY = {
    "id": "PYSEC-1",
    "modified": "2026-01-01T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "summary": "weak",
    "aliases": [],
    "affected": [{"package": {"name": "weakling", "ecosystem": "PyPI"}, "ranges": [], "versions": ["1.0"]}],
}


class Advisories(BaseHTTPRequestHandler):
    """Knows one weakness, of a package called weakling."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        known: dict[str, Any] = {"vulns": [ADVISORY]} if asked["package"]["name"] == "weakling" else {}
        body = json.dumps(known).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the test's screen."""


@pytest.fixture
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join(10)


def lock(directory: Path, *packages: str) -> Path:
    made = directory / "requirements.txt"
    made.write_text("\n".join(packages) + "\n")
    return made


def test_service_that_is_away_is_no_clean_bill(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_command("http://127.0.0.1:9/", lock(tmp_path, "sound==1.0"))

    assert outcome == NOT_ASKED
    assert "No audit was made" in capsys.readouterr().out


def test_weak_package_is_named(service: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_command(service, lock(tmp_path, "sound==1.0", "weakling==1.0"))

    assert outcome == WEAK
    assert "weakling 1.0: PYSEC-1" in capsys.readouterr().out


def test_packages_without_advisories_pass(service: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(service, lock(tmp_path, "sound==1.0")) == CLEAN
    assert "None of 1 packages" in capsys.readouterr().out
