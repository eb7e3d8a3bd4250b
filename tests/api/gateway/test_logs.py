"""Logs tell what was done, and never a secret or what a document says. A real process, its real log."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from served import keyed
from sqlmodel import Session
from token_chain import TokenChain

from api.auth.service import NewClient, create_client
from api.db import Database
from api.settings import Settings
from api.signers import Signers

pytestmark = pytest.mark.node
HERE = Path(__file__).parents[1]
COMMENT, PIN, KEY = "invoice 4711 of Acme Supplies over 100,000.00", "pin-99-secret", "key-of-the-retry-1"
SERVER = """
import json, sys, time
from served import serve
from api.logs import configure_logs
from api.settings import Settings
configure_logs("DEBUG")
with serve(Settings(**json.loads(sys.argv[1]))) as running:
    print(running.url, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'gateway.db'}"


def _call_everything(url: str, client: NewClient) -> str:
    """Requests that succeed, are refused and fail; the token that they carried."""
    grant = {"grant_type": "client_credentials"}
    credentials = (client.client_id, client.client_secret)
    with httpx.Client(base_url=url, timeout=120, trust_env=False, event_hooks={"request": [keyed]}) as http:
        http.post("/oauth/token", data=grant, auth=(client.client_id, "wrong-" + PIN))
        token = str(http.post("/oauth/token", data=grant, auth=credentials).json()["access_token"])
        http.headers["Authorization"] = f"Bearer {token}"
        told = {"value": 5, "comment": COMMENT, "pin": PIN}
        written = http.post("/v1/tellings", json=told, headers={"Idempotency-Key": KEY, "Prefer": "wait=60"})
        assert written.status_code == 201
        assert http.post("/v1/tellings", json={**told, "value": 0}).status_code == 422
        assert http.post("/v1/tellings", json={**told, "value": PIN}).status_code == 422
        assert http.post("/v1/tellings/broken", json=told).status_code == 500
        assert http.get(f"/v1/transactions?subject_id={PIN}").status_code == 200
    return token


def test_log_holds_no_secret_and_no_document(
    tmp_path: Path,
    database: Database,
    database_url: str,
    token_chain: TokenChain,
    settings_for: Callable[..., Settings],
) -> None:
    token_chain.request("evm_setAutomine", True)
    settings = settings_for(rpc_url=token_chain.rpc_url, deployments=token_chain.deployments, database_url=database_url)
    made: NewClient = database.run(lambda session: _client(session))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    command = [sys.executable, "-c", SERVER, settings.model_dump_json(exclude_defaults=True)]
    log_file = tmp_path / "gateway.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert process.stdout is not None
            token = _call_everything(process.stdout.readline().strip(), made)
            time.sleep(0.5)
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()

    text = log_file.read_text()
    keystores = Signers(settings.keys_dir, settings.keystores_dir)
    (organisation,) = settings.keystores_dir.glob("*.json")
    private_key = keystores.get(f"org:{organisation.stem}")._key.to_hex()
    passphrase = (settings.keystores_dir / "passphrase").read_text()
    for secret in (made.client_secret, token, PIN, COMMENT, KEY, private_key, passphrase, "Traceback"):
        assert secret not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"request", "request.failed"} <= {line["event"] for line in lines}
    assert all("request_id" in line for line in lines if line["event"] == "request")


def _client(session: Session) -> NewClient:
    return create_client(session, lei="999900SOUNDERSURVY30")
