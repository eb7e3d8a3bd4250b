"""Looks at a running network again and again: the doctor's eyes, without his words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chain_node.client import Node
from chain_node.networks.bundle import CEREMONY_FILE
from chain_node.networks.catalogue import engine_named
from chain_node.networks.ceremony import Ceremony, load_ceremony
from chain_node.networks.doctor import Doctor
from chain_node.networks.documents import parse, read_bytes
from chain_node.networks.errors import ChangeRefused
from chain_node.networks.facts import glance


def require_nodes(ceremony: Ceremony, urls: Collection[str]) -> None:
    """Raises `ChangeRefused` for a name that is no node's: what answers there would count as one."""
    agreed = sorted(ceremony.state.nodes)
    for stranger in sorted(set(urls) - set(agreed)):
        raise ChangeRefused(
            f"--rpc {stranger}: is no node of {ceremony.terms.name}, whose nodes are {', '.join(agreed)}"
        )


class NetworkWatch:
    """`urls` by node; nodes that nobody agreed on are refused, those that were voted out meanwhile asked no more. One
    that lets `timeout_seconds` pass is silent."""

    def __init__(self, folder: Path, urls: Mapping[str, str], timeout_seconds: float) -> None:
        self._folder = folder
        self._stamp, self._ceremony = self._log_stamp(), load_ceremony(folder)
        self._engine = engine_named(self._ceremony.terms.engine)
        self._genesis = parse(folder / "genesis.json", read_bytes(folder / "genesis.json"))
        if not urls:
            raise ChangeRefused("--rpc NODE=http://… of one node at least is needed")
        require_nodes(self._ceremony, urls)
        self._ways = {name: Node(url, timeout_seconds) for name, url in urls.items()}

    def look(self, now: int) -> Doctor:
        """What the nodes say now; they are asked at once, so that a silent one holds nobody up. Raises what is wrong
        with the agreed files, nothing for what a node says."""
        self._read_again()
        ways = {name: way for name, way in self._ways.items() if name in self._ceremony.state.nodes}
        with ThreadPoolExecutor(max_workers=max(1, len(ways))) as pool:
            seen = pool.map(lambda name: glance(self._engine, name, ways[name]), ways)
            facts = dict(zip(ways, seen, strict=True))
        return Doctor(self._engine, self._ceremony, facts, {}, now, self._genesis)

    def close(self) -> None:
        for way in self._ways.values():
            way.close()

    def _read_again(self) -> None:
        """Members decide while we watch."""
        stamp = self._log_stamp()
        if stamp != self._stamp:
            self._stamp, self._ceremony = stamp, load_ceremony(self._folder)

    def _log_stamp(self) -> tuple[int, int, int] | None:
        path = self._folder / CEREMONY_FILE
        if not path.exists():
            return None
        found = path.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size
