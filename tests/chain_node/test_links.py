"""Networks of network namespaces whose links are parted, slowed down and healed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import links as links_module
from support.links import Counts, Links, LinksRefused, SlowLine, ip, remove_stale

from chain_node.compile import ROOT

NOT_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are made by root only")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("links")]

PORT = 7_000
WAIT_SECONDS = 2.0
"""For an answer that must not come."""
PATIENCE_SECONDS = 60.0
"""For one that must."""
ECHO = f"""
import socket, threading
def answer(its):
    while some := its.recv(65536):
        its.sendall(some)
with socket.create_server(("0.0.0.0", {PORT})) as server:
    print("ready", flush=True)
    while True:
        threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()
"""
ASK = f"""
import socket, sys, time
begun = time.monotonic()
its, deadline = None, begun + float(sys.argv[3])
while its is None:
    try:
        its = socket.create_connection((sys.argv[1], {PORT}), max(deadline - time.monotonic(), 0.1))
    except OSError as error:  # also where the questions for the neighbour's address were lost
        if time.monotonic() >= deadline:
            sys.exit(f"unreached: {{error}}")
        time.sleep(0.1)
its.settimeout(60)
said, heard = b"x" * int(sys.argv[2]), b""
its.sendall(said)
while some := its.recv(65536) if len(heard) < len(said) else b"":
    heard += some
assert heard == said
print(time.monotonic() - begun)
"""


@contextmanager
def echo(links: Links, number: int) -> Iterator[None]:
    command = [*links.inside(number), sys.executable, "-c", ECHO]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
            yield
        finally:
            server.kill()


def ask(links: Links, from_number: int, to_number: int, size: int = 100, wait: float = PATIENCE_SECONDS) -> float:
    """Seconds until the answer was there. `wait`: for the connection, in seconds. Raises `ConnectionError`."""
    host = links.places[to_number].peers_host or ""
    command = [*links.inside(from_number), sys.executable, "-c", ASK, host, str(size), str(wait)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise ConnectionError(done.stderr)
    return float(done.stdout)


def reaches(links: Links, from_number: int, to_number: int, wait: float = PATIENCE_SECONDS) -> bool:
    try:
        return ask(links, from_number, to_number, wait=wait) > 0
    except ConnectionError:
        return False


def counted(line: SlowLine) -> Counts:
    """Of all that went over it until now: it counts aloud each second."""
    said = len(line.log.read_text().splitlines())
    while len(line.log.read_text().splitlines()) < said + 2:
        time.sleep(0.1)
    return line.counts()


def namespaces(pid: int) -> set[str]:
    return {line.split()[0] for line in ip("netns", "list").splitlines() if f"-{pid}-" in line}


def cables(pid: int) -> set[str]:
    return {line.split()[0] for line in ip("-br", "link").splitlines() if f".{pid}." in line}


# Refusals


def test_machine_without_iproute2_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(LinksRefused, match="install iproute2"):
        Links().__enter__()


def test_process_that_may_make_no_networks_is_told_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ip").write_text("#!/bin/sh\necho 'mount --make-shared failed: Operation not permitted' >&2\nexit 1\n")
    (tmp_path / "ip").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    with pytest.raises(
        LinksRefused, match=r"need root, or CAP_NET_ADMIN and CAP_SYS_ADMIN: .* Operation not permitted"
    ):
        Links().__enter__()


# Partitions


@NOT_ROOT
def test_parted_reach_their_own_side_and_their_clients_alone() -> None:
    with Links(4) as links, echo(links, 2):
        assert all(reaches(links, number, 2) for number in (1, 3, 4))

        links.part((2, 3))

        assert reaches(links, 3, 2)
        assert not any(reaches(links, number, 2, WAIT_SECONDS) for number in (1, 4))
        with socket.create_connection((links.places[2].host, PORT), PATIENCE_SECONDS) as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"
        links.heal()
        assert all(reaches(links, number, 2) for number in (1, 3, 4))


@NOT_ROOT
def test_two_networks_at_once_do_not_meet() -> None:
    with Links(2) as one, Links(2) as other, echo(one, 1):
        assert one.places[1].host != other.places[1].host
        assert reaches(one, 2, 1)
        assert not reaches(other, 2, 1, WAIT_SECONDS)


# Slow links


@NOT_ROOT
def test_slow_link_delays_both_ways_and_only_between_its_two() -> None:
    with Links(3) as links, echo(links, 2):
        with links.slow(1, 2, milliseconds=200, loss=0) as line:
            slow = ask(links, 1, 2)
            before = counted(line)
            ask(links, 3, 2, size=100_000)
            between_others = counted(line).handed_on - before.handed_on
        after = reaches(links, 1, 2)

    assert slow >= 4 * 0.2, "there and back for the connection, there and back for the answer"
    assert before.handed_on > 0
    assert before.lost == 0
    assert between_others < 50, "only what neighbours ask each other: it would have been over a hundred"
    assert after


@NOT_ROOT
def test_lost_packets_are_sent_again_and_all_bytes_arrive() -> None:
    with Links(2) as links, echo(links, 2), links.slow(1, 2, milliseconds=10, loss=0.1, seed=7) as line:
        ask(links, 1, 2, size=300_000)  # a SYN that is lost is said again after 1 and 3 seconds

        counts = counted(line)

    assert counts.lost > 0
    assert counts.handed_on > 2 * 300_000 / 1_500, "each packet is of a size that a line has"


# Leaving


@NOT_ROOT
def test_nothing_is_left_when_a_test_fails() -> None:
    own = os.getpid()
    others = namespaces(own), cables(own)  # a network of other tests may live as long as this process

    def fail() -> None:
        with Links(2) as links, links.slow(1, 2):
            assert len(namespaces(own) - others[0]) == 3
            assert len(cables(own) - others[1]) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert (namespaces(own), cables(own)) == others


@NOT_ROOT
def test_what_a_killed_process_left_is_removed_by_the_next() -> None:
    code = "from support.links import Links\nLinks(2).__enter__()\nprint('ready', flush=True)\ninput()"
    paths = os.pathsep.join([str(ROOT), str(Path(links_module.__file__).parent.parent)])
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": paths}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as its:
        assert its.stdout is not None
        assert its.stdout.readline() == "ready\n"
        remove_stale()
        assert len(namespaces(its.pid)) == 3, "it lives"
        its.send_signal(signal.SIGKILL)

    remove_stale()

    assert namespaces(its.pid) == set()
