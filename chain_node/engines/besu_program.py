"""Hyperledger Besu as its users install it: where its program is, the Java that it needs, and the flags with which
every node of ours is run. They are those measured on Besu 26.8; see decision 0049."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chain_node.engines.asked_program import said_by

LEAST_JAVA: Final = 21
_HOW: Final = (
    "install Hyperledger Besu 26.8 (its release archive, with Java 21 or newer) and put its bin folder on PATH, or name"
    " the program with --besu or PORTOLAN_BESU"
)
_PASSED_ON: Final = ("JAVA_HOME", "JAVA_OPTS", "BESU_OPTS")
_APIS: Final = "ADMIN,ETH,NET,PERM,QBFT,TXPOOL,WEB3"


def find_besu(named: Path | None) -> Path:
    """The program, with a Java that it can run on; `named` instead of the one on PATH. Raises `FileNotFoundError` where
    there is none, and `ValueError` where Java is too old, each with what to install."""
    found = shutil.which(str(named) if named is not None else "besu")
    if found is None:
        where = "besu is not on PATH" if named is None else f"{named} is no program that can be run"
        raise FileNotFoundError(f"{where}: {_HOW}")
    _require_java()
    return Path(found).absolute()


def besu_version(program: Path, home: Path) -> str:
    """As the program says it, e.g. 26.8.0. Raises `ValueError`."""
    said = said_by([str(program), "--version"], besu_environment(home))
    version = re.search(r"besu/v?(\d+\.\d+\.\d+)", said)
    if version is None:
        raise ValueError(f"{program} --version does not say that it is Besu: {said.strip()[:200]!r}")
    return version[1]


def besu_environment(home: Path) -> dict[str, str]:
    """Of what is around only what Besu's start script reads."""
    passed_on = {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), **passed_on}


def chain_flags(*, genesis: str, database: str, key: str) -> list[str]:
    return [
        f"--genesis-file={genesis}",
        f"--data-path={database}",
        f"--node-private-key-file={key}",
        "--sync-mode=FULL",
        "--data-storage-format=BONSAI",
        "--min-gas-price=0",
        # Without it the layered pool refuses nonces more than 200 ahead of the chain.
        "--tx-pool-max-future-by-sender=20000",
    ]


def peer_flags(*, host: str, port: int, most_peers: int, static_nodes: str) -> list[str]:
    """No discovery: nodes know each other by the file alone."""
    return [
        f"--p2p-host={host}",
        f"--p2p-port={port}",
        "--discovery-enabled=false",
        "--nat-method=NONE",
        f"--max-peers={most_peers}",
        f"--static-nodes-file={static_nodes}",
    ]


def rpc_flags(*, host: str, port: int, called: Sequence[str] = ("localhost", "127.0.0.1")) -> list[str]:
    """`called` are the names under which clients may ask. WebSocket and GraphQL stay off, as by default."""
    return [
        "--rpc-http-enabled=true",
        f"--rpc-http-host={host}",
        f"--rpc-http-port={port}",
        f"--rpc-http-api={_APIS}",
        f"--host-allowlist={','.join(called)}",
    ]


def metrics_flags(*, host: str, port: int) -> list[str]:
    """For Prometheus, under /metrics, by the same names as JSON-RPC."""
    return ["--metrics-enabled=true", f"--metrics-host={host}", f"--metrics-port={port}"]


def _require_java() -> None:
    """The one that Besu's start script takes: JAVA_HOME's, else the one on PATH."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(str(Path(home) / "bin" / "java") if home else "java")
    if java is None:
        where = f"JAVA_HOME ({home}) has no bin/java" if home else "java is not on PATH, nor is JAVA_HOME set"
        raise FileNotFoundError(f"Besu needs Java {LEAST_JAVA} or newer, and {where}: install one")
    said = said_by([java, "-version"], besu_environment(Path.home()))
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None:
        raise ValueError(f"{java} -version does not say which Java it is: {said.strip()[:200]!r}")
    if int(version[1]) < LEAST_JAVA:
        raise ValueError(
            f"{java} is Java {version[1]}, and Besu needs {LEAST_JAVA} or newer: install one and set JAVA_HOME to it"
        )
