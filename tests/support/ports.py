"""Ports for programs that cannot take any free one by themselves."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

from chain_node.engines.ports import free_ports


def free_port() -> int:
    """One of those that the system gives to nobody: what is started later, or again, finds it free still."""
    return free_ports(1)[0]


def free_triples(count: int) -> tuple[int, ...]:
    """Ports for peers that are free together with those that JSON-RPC and figures then have, 10,000 and 20,000 above;
    none of them is one that the system gives to outgoing connections."""
    found: list[int] = []
    while len(found) < count:
        port = random.randint(10_000, 12_700)
        if port in found:
            continue
        try:
            with ExitStack() as stack:
                for its in (port, port + 10_000, port + 20_000):
                    stack.enter_context(socket.create_server(("127.0.0.1", its)))
        except OSError:
            continue
        found.append(port)
    return tuple(found)
