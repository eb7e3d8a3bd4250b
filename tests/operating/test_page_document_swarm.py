"""docs/operating/document-swarm.md, typed as it stands, beside another member's node."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from rehearsal import Rehearsal
from support.kubo import PROGRAM, Kubo, new_swarm_key
from support.ports import free_port

from api.documents.stores import IpfsStore

pytestmark = [pytest.mark.node, pytest.mark.slow]


@pytest.fixture
def key() -> str:
    return new_swarm_key()


@pytest.fixture
def other(tmp_path: Path, key: str) -> Iterator[Kubo]:
    node = Kubo(tmp_path / "other", key)
    try:
        node.start()
        yield node
    finally:
        node.stop()


def test_gateways_node_joins_the_swarm_by_the_page(rehearsal: Rehearsal, tmp_path: Path, other: Kubo, key: str) -> None:
    handed, repo, api_port = tmp_path / "swarm.key", tmp_path / "ipfs", free_port()
    handed.touch(mode=0o600)
    handed.write_text(key)
    kept = IpfsStore(other.address, 10).put(b"sealed by the other member")

    printed = rehearsal.page(
        "document-swarm.md",
        {
            "SWARM_KEY": handed,
            "REPO": repo,
            "HOST": "127.0.0.1",
            "PORT": free_port(),
            "API_PORT": api_port,
            "PORTOLAN_IPFS": PROGRAM,
            "PEER": other.own_address,
        },
    )

    own = IpfsStore(f"/ip4/127.0.0.1/tcp/{api_port}/http", 10)
    assert own.get(kept) == b"sealed by the other member"
    assert stat.S_IMODE((repo / "swarm.key").stat().st_mode) == 0o600
    assert key.splitlines()[2] not in printed
