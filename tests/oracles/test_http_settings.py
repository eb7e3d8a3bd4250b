"""The table [http], and the tokens that an operator makes."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from oracle_fakes import LEI
from typer.testing import CliRunner

from oracles.cli import oracle_app
from oracles.errors import SettingsInvalid
from oracles.http.settings import Right
from oracles.http.tokens import TokenFile, TokensUnusable
from oracles.settings import load_settings

BASE = f"""
name = "warehouse"
organisation = "{LEI}"
rpc_url = "http://127.0.0.1:9"
deployments = "deployments.json"
network_key_file = "network.key"
inbox = "inbox"
database = "node.db"
"""
TLS = 'tls_certificate = "node.pem"\ntls_key = "node.key"\n'
CLIENTS = 'client_ca = "ca.pem"\nclient_subjects = { "CN=wms,O=Acme" = ["capture"] }\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for name in ("deployments.json", "network.key", "node.pem", "node.key", "ca.pem"):
        (tmp_path / name).touch()
    return tmp_path / "node.toml"


def load(config: Path, table: str):
    config.write_text(f"{BASE}\n[http]\n{table}")
    return load_settings(config, needs_key=False)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("", "nobody could come in"),
        ('tokens = "t"\nlane = 7', "'http.lane' is not known"),
        ('tokens = "t"\nlisten = "localhost:80"', "setting 'http.listen'"),
        ('tokens = "t"\nlisten = "127.0.0.1:65536"', "65536 is no port"),
        ('tokens = "t"\nlisten = "127.0.0.1.1:80"', "setting 'http.listen'"),
        ('tokens = "t"\nlisten = "0.0.0.0:80"', "without TLS it may listen on the loopback interface only"),
        ('tokens = "t"\nlisten = "[::]:80"', "without TLS it may listen on the loopback interface only"),
        ('tokens = "t"\ntls_certificate = "node.pem"', "tls_certificate and tls_key go together"),
        (CLIENTS, "client certificates need TLS"),
        (TLS + 'client_ca = "ca.pem"', "client_ca and client_subjects go together"),
        (TLS + 'client_subjects = { "CN=wms" = ["capture"] }', "client_ca and client_subjects go together"),
        (TLS + CLIENTS.replace("CN=wms,O=Acme", "wms"), "is not the subject of a certificate"),
        (TLS + CLIENTS.replace("capture", "sign"), "setting 'http.client_subjects"),
        (TLS.replace("node.key", "none.key") + CLIENTS, "setting 'http.tls_key': there is no file"),
        ('tokens = "t"\nevent_limit = 0', "setting 'http.event_limit' is not known"),
        ('tokens = "t"\nread_seconds = 0', "setting 'http.read_seconds'"),
        ('tokens = "t"\n[capture]\nevent_limit = 0', "setting 'capture.event_limit'"),
        ('tokens = "t"\n[capture]\ntokens = "t"', "setting 'capture.tokens' is not known"),
        ("[capture]", "nobody could come in"),
    ],
)
def test_settings_that_make_no_sense_are_refused(config, table, why):
    with pytest.raises(SettingsInvalid) as refused:
        load(config, table)

    assert why in str(refused.value)


def test_table_that_is_none_is_refused(config):
    config.write_text(f"{BASE}\nhttp = 7\n")

    with pytest.raises(SettingsInvalid, match="setting 'http'"):
        load_settings(config, needs_key=False)


def test_interface_without_a_listener_is_refused(config):
    config.write_text(f"{BASE}\n[capture]\n")

    with pytest.raises(SettingsInvalid, match="setting 'capture': it comes in over HTTP"):
        load_settings(config, needs_key=False)


def test_node_listens_to_nobody_unless_told(config):
    config.write_text(BASE)

    assert load_settings(config, needs_key=False).http is None


def test_node_listens_on_loopback_unless_told_otherwise(config):
    http = load(config, 'tokens = "tokens.json"').http

    assert (http.host, http.port) == ("127.0.0.1", 8710)
    assert http.tokens == config.parent / "tokens.json"


def test_node_may_listen_everywhere_with_tls(config):
    http = load(config, f'listen = "[::]:443"\n{TLS}{CLIENTS}').http

    assert (http.host, http.port) == ("::", 443)
    assert http.client_subjects == {"CN=wms,O=Acme": {Right.CAPTURE}}
    assert http.client_ca == config.parent / "ca.pem"


# Tokens


def run(*arguments: object):
    return CliRunner().invoke(oracle_app, ["token", *map(str, arguments)])


@pytest.fixture
def tokens(config) -> TokenFile:
    load(config, 'tokens = "tokens.json"')
    return TokenFile(config.parent / "tokens.json")


def test_token_is_refused_where_the_node_takes_none(config):
    config.write_text(BASE)

    result = run("create", "wms", "--config", config)

    assert result.exit_code == 1
    assert "setting 'http.tokens' is missing" in result.stderr


def test_name_is_given_once(config, tokens):
    assert run("create", "wms", "--config", config).exit_code == 0

    result = run("create", "wms", "--config", config)

    assert result.exit_code == 1
    assert "there is a token 'wms' already" in result.stderr
    assert len(tokens.tokens()) == 1


def test_unknown_token_is_not_revoked(config, tokens):
    result = run("revoke", "tms", "--config", config)

    assert result.exit_code == 1
    assert "there is no token 'tms'" in result.stderr


def test_right_that_is_none_is_refused(config, tokens):
    assert run("create", "wms", "--may", "sign", "--config", config).exit_code == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[7]",
        '[{"name": "wms"}]',
        '[{"name": "w", "sha256": "ab", "rights": [], "created_at": "2026-01-01T00:00:00Z", "expires_at": null}]',
        f'[{{"name": "w", "sha256": "{"ab" * 32}", "rights": [], "created_at": "2026-01-01", "expires_at": null}}]',
        f'[{{"name": "w", "sha256": "{"ab" * 32}", "rights": ["x"], "created_at": "2026-01-01T00:00:00Z",'
        ' "expires_at": null}]',
    ],
)
def test_file_that_was_not_written_here_is_refused(tokens, text):
    tokens.path.write_text(text)

    with pytest.raises(TokensUnusable, match="is not a file of tokens"):
        tokens.tokens()


def test_token_is_shown_once_and_kept_as_a_hash(config, tokens):
    every = [word for right in Right for word in ("--may", right)]
    result = run("create", "wms", *every, "--days", 30, "--config", config)

    secret = result.stdout.strip()
    assert result.exit_code == 0, result.stderr
    assert secret.startswith("portolan_")
    assert secret not in tokens.path.read_text()
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600
    found = tokens.find(secret.encode())
    assert found.name == "wms"
    assert found.rights == set(Right)
    assert (found.expires_at - found.created_at).days == 30
    assert tokens.find(secret[:-1].encode()) is None
    assert secret not in run("list", "--config", config).stdout


def test_token_may_only_capture_unless_told(config, tokens):
    secret = run("create", "wms", "--config", config).stdout.strip()

    assert tokens.find(secret.encode()).rights == {Right.CAPTURE}
    assert run("list", "--config", config).stdout.startswith("wms: capture, made 20")


def test_revoked_token_is_gone(config, tokens):
    wms, tms = (run("create", name, "--config", config).stdout.strip() for name in ("wms", "tms"))

    assert run("revoke", "wms", "--config", config).exit_code == 0

    assert tokens.find(wms.encode()) is None
    assert tokens.find(tms.encode()).name == "tms"
    assert [entry["name"] for entry in json.loads(tokens.path.read_text())] == ["tms"]
