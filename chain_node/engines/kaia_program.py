"""Kaia as tools/kaia builds it: where its program is, and the flags with which every node of ours is run."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from chain_node.compile import ROOT
from chain_node.engines.asked_program import said_by

BINARY: Final = ROOT / "build" / "kaia" / "kaia"
ROUND_MILLISECONDS: Final = 4_000
DATABASE_FLAGS: Final = ("--db.single", "--db.num-statetrie-shards", "1")
_HOW: Final = (
    "`make build/kaia/.stamp` builds it (Go 1.26.5 or newer); another place is named with --kaia or PORTOLAN_KAIA"
)
_MOST_REQUEST_BYTES: Final = 16 * 1024 * 1024
"""A deployment's batch of contracts is larger than Kaia's half a megabyte."""
_POOL: Final = {
    "txpool.exec-slots.account": 4_096,
    "txpool.exec-slots.all": 16_384,
    "txpool.nonexec-slots.account": 4_096,
    "txpool.nonexec-slots.all": 16_384,
}
"""A gateway sends many of one account's transactions at once, and not always in order."""


def find_kaia(named: Path | None) -> Path:
    """The program; `named` instead of the one that was built here. Raises `FileNotFoundError`."""
    found = shutil.which(str(named if named is not None else BINARY))
    if found is None:
        where = f"{BINARY} is not there" if named is None else f"{named} is no program that can be run"
        raise FileNotFoundError(f"{where}: {_HOW}")
    return Path(found).absolute()


def kaia_version(program: Path, home: Path) -> str:
    """As the program says it, e.g. 1.0.3. Raises `ValueError`."""
    said = said_by([str(program), "version"], kaia_environment(home))
    version = re.search(r"Kaia v(\d+\.\d+\.\d+)", said)
    if version is None:
        raise ValueError(f"{program} version does not say that it is Kaia: {said.strip()[:200]!r}")
    return version[1]


def kaia_environment(home: Path) -> Mapping[str, str]:
    """Of what is around nothing but PATH: Kaia takes every flag from variables too."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home)}


def chain_flags(
    *, database: str, key: str, rewardbase: str, chain_id: int, block_seconds: int, round_milliseconds: int
) -> list[str]:
    flags = ["--datadir", database, *DATABASE_FLAGS, "--rewardbase", rewardbase]
    flags += ["--nodekey", key, "--networkid", str(chain_id)]
    # With `full` instead a validator that was killed once came back with another hash for a final block.
    flags += ["--syncmode", "full", "--gcmode", "archive", "--ipcdisable", "--verbosity", "3", "--ntp.disable"]
    flags += ["--block-generation-interval", str(block_seconds), "--round.timeout", f"{round_milliseconds}ms"]
    for key_, value in _POOL.items():
        flags += [f"--{key_}", str(value)]
    return flags


def peer_flags(*, host: str, port: int, most_peers: int, listed: str) -> list[str]:
    """No discovery, and no port asked of a router: nodes know each other by the file `listed` alone, and talk with no
    others. It listens on `host`."""
    flags = ["--p2p.addr", host, "--port", str(port), "--nodiscover", "--nat", "none"]
    return [*flags, "--maxconnections", str(most_peers), "--p2p.listed", listed]


def metrics_flags(*, host: str, port: int) -> list[str]:
    """For Prometheus, under /metrics. Not Kaia's own exporter, which listens on every address of the machine."""
    return ["--metrics", "--metrics.addr", f"{host}:{port}"]


def rpc_flags(*, host: str, port: int, apis: str) -> list[str]:
    flags = ["--rpc", "--rpcaddr", host, "--rpcport", str(port), "--rpcapi", apis]
    return [*flags, "--maxRequestContentLength", str(_MOST_REQUEST_BYTES)]
