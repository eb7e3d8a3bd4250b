"""The documented way to a node on another machine fits what nodes listen on, and what clients are told."""

from __future__ import annotations

import configparser
import re
import tomllib
from urllib.parse import urlsplit

from pages import PAGES, ROOT

from chain_node.engines.besu_program import rpc_flags
from chain_node.networks.services import UNIT_ROOT

MANUAL = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
TEXT = (PAGES / "portolan-node-tunnel@.service").read_text(encoding="utf-8")
UNIT = configparser.ConfigParser(strict=False, interpolation=None)
UNIT.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's words have capitals
UNIT.read_string(TEXT.replace("\\\n", " "))
DEFAULTS = dict(word.split("=", 1) for word in UNIT["Service"]["Environment"].split())


def documented() -> list[str]:
    section = MANUAL.partition("## Several nodes of the chain")[2]
    found = re.search(r"```toml\n(rpc_url = .*?)\n```", section, re.DOTALL)
    assert found is not None
    urls: list[str] = tomllib.loads(found[1])["rpc_url"]
    return urls


def test_documented_endpoints_are_the_own_node_and_the_tunnel_of_the_unit() -> None:
    urls = [urlsplit(url) for url in documented()]

    assert [url.port for url in urls] == [int(DEFAULTS["REMOTE"]), int(DEFAULTS["LOCAL"])]
    assert {url.hostname for url in urls} == {"127.0.0.1"}


def test_node_answers_who_comes_by_the_tunnel() -> None:
    """Besu judges the name that a client calls it by, which is that of the tunnel's near end."""
    flags = dict(flag.split("=", 1) for flag in rpc_flags(host="127.0.0.1", port=int(DEFAULTS["REMOTE"])))

    assert all(urlsplit(url).hostname in flags["--host-allowlist"].split(",") for url in documented())
    assert flags["--rpc-http-host"] == "127.0.0.1"


def test_tunnel_begins_and_ends_on_loopback_and_trusts_no_unknown_host() -> None:
    command = UNIT["Service"]["ExecStart"]

    assert "-L 127.0.0.1:${LOCAL}:127.0.0.1:${REMOTE} ${PLACE}" in command
    for option in ("StrictHostKeyChecking=yes", "BatchMode=yes", "ExitOnForwardFailure=yes"):
        assert f"-o {option}" in command
    assert 'restrict,port-forwarding,permitopen="127.0.0.1:8545"' in TEXT


def test_watch_unit_reads_where_the_nodes_units_read() -> None:
    watch = (PAGES / "portolan-network-watch.service").read_text(encoding="utf-8")

    assert f"--root {UNIT_ROOT}\n" in watch
