"""Validators in network namespaces of their own, whose links a test parts, slows down and heals.

    with Links(4) as links:
        engine = KaiaEngine(KaiaSettings(folder, CHAIN_ID, places=links.places))
        links.part((1, 2, 3))                 # from 4: nothing passes between them, and nobody is told
        links.heal()
        with links.slow(1, 2) as line:        # 200 ms each way, every fiftieth packet is lost
            line.counts()

Each validator has two cables into a switch, itself a namespace: one to the other validators, one to their clients here
(gateway, oracles, tests), which stays whole whatever happens to the first. A partition is a second bridge in the
switch. A slow link is a cable of its own between two validators, with a program of ours between its ends
(slow_link.py): the kernel's netem is not needed. All names bear this process's id; what a process that was killed has
left is removed by the next. Needs root, or CAP_NET_ADMIN and CAP_SYS_ADMIN.
"""

from __future__ import annotations

import fcntl
import ipaddress
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from chain_node.engines.seats import Place
from chain_node.supervisor import Process, Supervisor

_CLIENTS = ipaddress.ip_network("198.18.0.0/15")
"""Set aside for trying networks out (RFC 2544): nobody's real address is hidden by it."""
_PEERS = "10.0.0"
"""Behind the switch nobody else sees it."""
_NAMES = "portolan"
_MAIN, _AWAY, _DESK = "main", "away", "desk"
_numbers = itertools.count()


class LinksRefused(Exception):
    """This machine lets nobody make networks, or not this process."""


@dataclass(frozen=True)
class Counts:
    """Of a slow link, both ways together."""

    handed_on: int
    lost: int


@dataclass(frozen=True)
class SlowLine:
    """A slow link while there is one."""

    log: Path

    def counts(self) -> Counts:
        """A second old at most."""
        said = [line for line in self.log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
        return Counts(**json.loads(said[-1])) if said else Counts(0, 0)


class Links:
    """So many validators' networks, made when entered and removed when left."""

    def __init__(self, validators: int = 4) -> None:
        self._numbers = range(1, validators + 1)
        self._stem = f"{_NAMES}-{os.getpid()}-{next(_numbers)}"
        self._switch = f"{self._stem}-switch"
        self._uplink = f"pl{self._stem.removeprefix(_NAMES).replace('-', '.')}"
        self._clients = _CLIENTS

    def __enter__(self) -> Self:
        remove_stale()
        try:
            self._make()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """With a namespace go the cables that end in it, but only some moments later: the one to here goes at once."""
        ip("link", "del", self._uplink, check=False)
        for name in _namespaces():
            if name.startswith(f"{self._stem}-"):
                ip("netns", "del", name)

    @property
    def places(self) -> Mapping[int, Place]:
        """Where the validators run, as their engine wants it."""
        return {
            number: Place(str(self._clients[number]), self.inside(number), _peer(number)) for number in self._numbers
        }

    def inside(self, number: int) -> tuple[str, ...]:
        """What a command is put behind to run where that validator does."""
        return ("ip", "netns", "exec", self._home(number))

    # Faults

    def part(self, away: Collection[int]) -> None:
        """Cuts those off from all others; among themselves they go on seeing each other."""
        for number in self._numbers:
            bridge = _AWAY if number in away else _MAIN
            ip("-n", self._switch, "link", "set", f"peers{number}", "master", bridge)

    def heal(self) -> None:
        """Everybody reaches everybody again, also connections that were there before."""
        self.part(())

    @contextmanager
    def slow(
        self, one: int, other: int, *, milliseconds: int = 200, loss: float = 0.02, seed: int = 1
    ) -> Iterator[SlowLine]:
        """The link between two, as long as the block lasts; also their connections that are there already use it."""
        ends = (f"slow{one}", f"slow{other}")
        with tempfile.TemporaryDirectory(prefix=f"{_NAMES}-slow-") as folder, Supervisor() as supervisor:
            log = Path(folder) / "slow_link.log"
            try:
                self._lay_slow_cable(one, other)
                self._lay_slow_cable(other, one)
                command = ["ip", "netns", "exec", self._switch, sys.executable, "-S", str(_SLOW_LINK), *ends]
                supervisor.start(
                    Process(
                        name=f"slow link {one}-{other}",
                        argv=[*command, str(milliseconds), str(loss), str(seed)],
                        env={"PATH": os.environ.get("PATH", os.defpath)},
                        log_path=log,
                        ready=lambda: log.exists() and "ready" in log.read_text(encoding="utf-8"),
                    )
                )
                self._route(one, other)
                self._route(other, one)
                yield SlowLine(log)
            finally:
                for end in ends:  # with a cable go its routes
                    ip("-n", self._switch, "link", "del", end, check=False)

    def _lay_slow_cable(self, number: int, towards: int) -> None:
        """Packets of a size that a line has: each is lost for itself."""
        end, home = f"slow{number}", self._home(number)
        ip("-n", self._switch, "link", "add", end, "type", "veth", "peer", "name", f"to{towards}", "netns", home)
        ip("-n", home, "link", "set", f"to{towards}", "gso_max_segs", "1", "up")
        ip("-n", self._switch, "link", "set", end, "up")

    def _route(self, number: int, towards: int) -> None:
        route = (f"{_peer(towards)}/32", "dev", f"to{towards}", "src", _peer(number))
        ip("-n", self._home(number), "route", "add", *route)

    # Making

    def _make(self) -> None:
        try:
            self._add_namespace(self._switch)
        except LinksRefused as refused:
            raise LinksRefused(f"network faults need root, or CAP_NET_ADMIN and CAP_SYS_ADMIN: {refused}") from None
        for bridge in (_MAIN, _AWAY, _DESK):
            ip("-n", self._switch, "link", "add", bridge, "type", "bridge")
            ip("-n", self._switch, "link", "set", bridge, "up")
        self._connect_here()
        for number in self._numbers:
            self._add_namespace(self._home(number))
            self._lay_cable(number, f"peers{number}", "peers", f"{_peer(number)}/24", _MAIN)
            address = f"{self._clients[number]}/{self._clients.prefixlen}"
            self._lay_cable(number, f"clients{number}", "clients", address, _DESK)

    def _add_namespace(self, name: str) -> None:
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")

    def _lay_cable(self, number: int, end: str, name: str, address: str, bridge: str) -> None:
        home = self._home(number)
        ip("-n", self._switch, "link", "add", end, "type", "veth", "peer", "name", name, "netns", home)
        ip("-n", home, "addr", "add", address, "dev", name)
        ip("-n", home, "link", "set", name, "up")
        ip("-n", self._switch, "link", "set", end, "master", bridge, "up")

    def _connect_here(self) -> None:
        """One at a time on this machine: each takes the first network that no one has."""
        with (Path(tempfile.gettempdir()) / f"{_NAMES}-links.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            taken = [route["dst"] for route in json.loads(ip("-j", "-4", "route", "show")) if route["dst"] != "default"]
            used = [ipaddress.ip_network(text) for text in taken]
            self._clients = next(
                net for net in _CLIENTS.subnets(new_prefix=24) if not any(net.overlaps(other) for other in used)
            )
            ip("link", "add", self._uplink, "type", "veth", "peer", "name", "here", "netns", self._switch)
            ip("addr", "add", f"{self._clients[-2]}/{self._clients.prefixlen}", "dev", self._uplink)
            ip("link", "set", self._uplink, "up")
        ip("-n", self._switch, "link", "set", "here", "master", _DESK, "up")

    def _home(self, number: int) -> str:
        return f"{self._stem}-v{number}"


_SLOW_LINK = Path(__file__).with_name("slow_link.py")


def _peer(number: int) -> str:
    return f"{_PEERS}.{number}"


def ip(*words: str, check: bool = True) -> str:
    """iproute2's command and what it says. Raises `LinksRefused` with why it did not."""
    command = ["ip", *words]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise LinksRefused("there is no `ip` command: install iproute2") from None
    if check and done.returncode != 0:
        raise LinksRefused(f"`{' '.join(command)}`: {done.stderr.strip() or done.returncode}")
    return done.stdout


def _namespaces() -> list[str]:
    folder = Path("/run/netns")
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


def remove_stale() -> None:
    """What processes that were killed have left."""
    for name in _namespaces():
        stem, _, rest = name.partition("-")
        pid = rest.partition("-")[0]
        if stem == _NAMES and pid.isdigit() and not Path(f"/proc/{pid}").exists():
            ip("netns", "del", name, check=False)  # another test may be at it too
